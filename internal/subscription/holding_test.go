package subscription_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/subscription"
)

// users and devices return a subscription with 5 licences, whose users or devices use as many as given.
func users(n int) subscription.Holding {
	return subscription.Holding{Subscription: subscription.Subscription{Kind: subscription.ForUsers}, Seats: subscription.Seats{Quantity: 5, Assigned: n, Available: 5 - n, EndsOn: "2026-12-31", Version: 3}}
}

func devices(n int) subscription.Holding {
	h := users(0)
	h.Kind, h.Group, h.Joined = subscription.ForDevices, "rooms", make([]time.Time, n)
	for i := range h.Joined {
		h.Joined[i] = noon.Add(time.Duration(i) * time.Hour)
	}
	return h
}

// R9.4: each kind of conflict has its own ways out, of users and of devices.
func TestR9_4_WaysOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		holding  subscription.Holding
		shortage []subscription.Way
	}{
		"users":   {users(7), []subscription.Way{subscription.WayBuy, subscription.WayRemove, subscription.WayDelete}},
		"devices": {devices(7), []subscription.Way{subscription.WayBuy, subscription.WayRemoveDevices, subscription.WayUnassign}},
	} {
		found := test.holding.Conflicts(time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC), time.UTC)
		if len(found) != 2 || found[0].Kind != subscription.Shortage || found[1].Kind != subscription.Expiration || found[0].ShortBy != 2 {
			t.Fatalf("%s: %+v", name, found)
		}
		if diff := cmp.Diff(test.shortage, found[0].WaysOut); diff != "" {
			t.Errorf("%s: ways out of a shortage (-want +got)\n%s", name, diff)
		}
		if diff := cmp.Diff([]subscription.Way{subscription.WayRenew}, found[1].WaysOut); diff != "" {
			t.Errorf("%s: ways out of an expiration (-want +got)\n%s", name, diff)
		}
	}
	want := []access.Permission{access.Buy, access.Buy, access.RemoveLicense, access.DeleteUser, access.DeviceLicenses, access.DeviceLicenses}
	for i, w := range subscription.Ways {
		if w.Permission() != want[i] {
			t.Errorf("%s needs %s, want %s", w, w.Permission(), want[i])
		}
	}
}

// A number of licences below those that are used has to be acknowledged, of users and of devices.
func TestQuantityBelowUse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		holding subscription.Holding
		code    string
	}{
		"users":   {users(4), "quantity_below_assigned"},
		"devices": {devices(4), "quantity_below_devices"},
	} {
		h := test.holding
		if h.Used() != 4 || h.Free() != 1 {
			t.Errorf("%s: %d used, %d free", name, h.Used(), h.Free())
		}
		_, err := h.WithQuantity(3, false, noon)
		if e := errs.As(err); e == nil || e.Kind != errs.Conflict || e.Code != test.code || e.Args["quantity"] != "3" || e.Args["assigned"] != "4" {
			t.Errorf("%s: not acknowledged: %v", name, err)
		}
		s, err := h.WithQuantity(3, true, noon)
		if err != nil || s.Quantity != 3 || s.Version != 4 || !s.ShortSince.Equal(noon) {
			t.Errorf("%s: acknowledged: %+v, %v", name, s, err)
		}
		h.Seats = s
		if s, err := h.WithQuantity(3, false, noon.Add(time.Hour)); err != nil || s != h.Seats {
			t.Errorf("%s: the same number: %+v, %v", name, s, err)
		}
		if found := h.Conflicts(noon.Add(24*time.Hour), time.UTC); len(found) != 1 || found[0].ShortBy != 1 || !found[0].Since.Equal(noon) || found[0].DaysLeft != 89 {
			// The fourth device joined at 15:00, before which nothing was short.
			if name != "devices" || len(found) != 1 || !found[0].Since.Equal(noon.Add(3*time.Hour)) {
				t.Errorf("%s: %+v", name, found)
			}
		}
		if s, err := h.WithQuantity(4, false, noon); err != nil || s.Quantity != 4 {
			t.Errorf("%s: more licences in a shortage: %+v, %v", name, s, err)
		}
		if _, err := h.Renewed("2027-12-31", 2, noon, today); errs.CodeOf(err) != test.code {
			t.Errorf("%s: renewed with too few: %v", name, err)
		}
		if s, err := h.Renewed("2027-12-31", 9, noon, today); err != nil || s.Quantity != 9 || s.Available != 9-s.Assigned || s.EndsOn != "2027-12-31" || s.Version != h.Seats.Version+1 {
			t.Errorf("%s: renewed: %+v, %v", name, s, err)
		}
	}
}
