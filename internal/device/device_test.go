package device_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/subscription"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func at(hours int) time.Time { return noon.Add(time.Duration(hours) * time.Hour) }

func TestIneligible(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		device device.Device
		want   []device.Ineligible
	}{
		"eligible":        {device.Device{OS: "Windows", OSVersion: "10.0.22631.4460", Join: device.JoinHybrid}, nil},
		"the first build": {device.Device{OS: "windows", OSVersion: "10.0.17134.1", Join: device.JoinDirectory}, nil},
		"an old build":    {device.Device{OS: "Windows", OSVersion: "10.0.16299.15", Join: device.JoinDirectory}, []device.Ineligible{device.WindowsTooOld}},
		"Windows 7":       {device.Device{OS: "Windows", OSVersion: "6.1.7601", Join: device.JoinHybrid}, []device.Ineligible{device.WindowsTooOld}},
		"a phone":         {device.Device{OS: "iOS", OSVersion: "18.1", Join: device.JoinRegistered}, []device.Ineligible{device.NotWindows, device.NotJoined}},
		"nothing known":   {device.Device{}, []device.Ineligible{device.WindowsUnknown, device.JoinNotKnown}},
		"no build":        {device.Device{OS: "Windows", OSVersion: "11", Join: device.JoinDirectory, Disabled: true}, []device.Ineligible{device.WindowsUnknown, device.IsDisabled}},
	} {
		if diff := cmp.Diff(test.want, test.device.Ineligible()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// L17: devices of nested groups count once, and those that joined last have no licence.
func TestAll(t *testing.T) {
	t.Parallel()
	groups := map[string]device.Group{
		"office": {ID: "office", Devices: map[string]time.Time{"a": at(3), "b": at(1)}, Groups: []string{"branch", "gone"}},
		"branch": {ID: "branch", Devices: map[string]time.Time{"a": at(2), "c": at(9), "d": at(1)}, Groups: []string{"office"}},
	}
	members := device.Licensed(device.All("office", groups), subscription.Seats{Quantity: 3}, true)
	want := []device.Member{{"b", at(1), true}, {"d", at(1), true}, {"a", at(2), true}, {"c", at(9), false}}
	if diff := cmp.Diff(want, members); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]time.Time{at(1), at(1), at(2), at(9)}, device.Joined(members)); diff != "" {
		t.Errorf("joined (-want +got)\n%s", diff)
	}
	for _, m := range device.Licensed(members, subscription.Seats{Quantity: 9}, false) {
		if m.Licensed {
			t.Errorf("%s has a licence of an expired subscription", m.DeviceID)
		}
	}
	if got := device.All("gone", groups); len(got) != 0 {
		t.Errorf("%v", got)
	}
	deep := map[string]device.Group{}
	for i := range device.DepthMax + 2 {
		deep[string(rune('A'+i))] = device.Group{Devices: map[string]time.Time{string(rune('a' + i)): noon}, Groups: []string{string(rune('A' + i + 1))}}
	}
	if got := device.All("A", deep); len(got) != device.DepthMax {
		t.Errorf("%d devices of nested groups, want %d", len(got), device.DepthMax)
	}
}

// L17: devices of a group that is nested later have joined later, whenever they joined that group. Of two ways to a
// device the earlier one counts.
func TestNestedLater(t *testing.T) {
	t.Parallel()
	devices := func(ids ...string) map[string]time.Time {
		joined := map[string]time.Time{}
		for _, id := range ids {
			joined[id] = at(1)
		}
		return joined
	}
	groups := map[string]device.Group{
		"rooms":  {Devices: map[string]time.Time{"a": at(5)}, Groups: []string{"branch", "first", "yard"}, Nested: map[string]time.Time{"branch": at(7), "yard": at(8)}},
		"branch": {Devices: devices("b"), Groups: []string{"deep"}, Nested: map[string]time.Time{"deep": at(3)}},
		"deep":   {Devices: devices("c")},
		"first":  {Devices: devices("d")}, // since when is not known
		"yard":   {Groups: []string{"deep", "first"}},
	}
	want := []device.Member{{DeviceID: "d", Joined: at(1)}, {DeviceID: "a", Joined: at(5)}, {DeviceID: "b", Joined: at(7)}, {DeviceID: "c", Joined: at(7)}}
	if diff := cmp.Diff(want, device.All("rooms", groups)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// R10.1: a group holds one subscription at most, and a subscription belongs to one group.
func TestDeviceGroupIsOneToOne(t *testing.T) {
	t.Parallel()
	h := subscription.Holding{Subscription: subscription.Subscription{ID: "apps", Kind: subscription.ForDevices}, Seats: subscription.Seats{Quantity: 2, Available: 2}}
	ended, users := h, h
	ended.Seats.EndsOn, users.Kind = "2026-11-28", subscription.ForUsers
	for name, test := range map[string]struct {
		group   device.Group
		holding subscription.Holding
		holder  string
		devices int
		want    string
		seen    int // by the caller, if more than 0
	}{
		"enough licences":          {device.Group{Type: device.Security}, h, "", 2, "", 2},
		"no devices":               {device.Group{Type: device.Distribution}, h, "", 0, "", 0},
		"held already":             {device.Group{ID: "g", Type: device.Dynamic, Subscription: "apps"}, h, "g", 5, "", 4},
		"too many devices":         {device.Group{Type: device.Security}, h, "", 3, "devices_too_many", 0},
		"another number":           {device.Group{Type: device.Security}, h, "", 2, "devices_differ", 1},
		"a Microsoft 365 group":    {device.Group{Type: device.Microsoft365}, h, "", 0, "group_type_unsupported", 0},
		"the group has another":    {device.Group{Type: device.Security, Subscription: "other"}, h, "", 1, "group_has_subscription", 0},
		"another group has it":     {device.Group{ID: "g", Type: device.Security}, h, "h", 1, "subscription_has_group", 0},
		"an expired subscription":  {device.Group{Type: device.Security}, ended, "", 1, "subscription_expired", 0},
		"a subscription for users": {device.Group{Type: device.Security}, users, "", 1, "subscription_for_users", 0},
	} {
		h := test.holding
		h.Group = test.holder
		a := device.Assignment{Subscription: h.ID, Today: subscription.Today{Now: noon, Zone: time.UTC}}
		if test.seen > 0 {
			a.Devices = &test.seen
		}
		err := device.Assign(test.group, h, make([]device.Member, test.devices), a)
		if code := errs.CodeOf(err); code != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
