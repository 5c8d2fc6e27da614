package directory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/day"
	"trueup/internal/directory"
	"trueup/internal/subscription"
)

const (
	skuE3    = "05e9a617-0261-4cee-bb44-138d3ef5d965"
	skuVisio = "c5928f49-12ba-48f7-ada3-0d743a3601d5"
)

// holding returns a subscription for users with services a and b.
func holding(id, name, sku, part string, available int, endsOn day.Date) subscription.Holding {
	return subscription.Holding{
		Subscription: subscription.Subscription{ID: id, Name: name, SKU: sku, PartNumber: part, Kind: subscription.ForUsers, Services: []subscription.Service{{ID: "A", Name: "A"}, {ID: "b", Name: "B"}}},
		Seats:        subscription.Seats{Quantity: available, Available: available, EndsOn: endsOn},
	}
}

func subscriptions() []subscription.Holding {
	devices := holding("kiosks", "Apps for devices", "", "OFFICE_PROPLUS_DEVICE1", 5, "")
	devices.Kind = subscription.ForDevices
	return []subscription.Holding{
		holding("old-e3", "E3 of 2024", skuE3, "SPE_E3", 9, "2025-12-31"),
		holding("new-e3", "E3 of 2026", skuE3, "SPE_E3", 3, "2027-12-31"),
		holding("more-e3", "E3 of Ghent", skuE3, "SPE_E3", 2, ""),
		holding("visio", "Visio Plan 2", skuVisio, "VISIOCLIENT", 0, ""),
		holding("power", "Power BI Pro", "", "", 7, ""),
		devices,
	}
}

var titles = map[string][]string{"microsoft365e3": {"SPE_E3", "spe_e3", "OTHER"}}

func TestAdopt(t *testing.T) {
	t.Parallel()
	x := directory.NewIndex(subscriptions(), titles, "2026-11-26")
	holds := func(grants map[string][]string) subscription.User {
		u := subscription.User{ID: "an", Licenses: map[string]subscription.Grant{}}
		for id, off := range grants {
			u.Licenses[id] = subscription.Grant{Off: off, Via: subscription.Direct}
		}
		return u
	}
	add := func(id string, off ...string) subscription.Assignment {
		return subscription.Assignment{Subscription: id, Off: off}
	}
	for name, test := range map[string]struct {
		stated []directory.LicenseRef
		user   subscription.User
		remove bool
		want   directory.Adoption
	}{
		"nothing is stated": {nil, holds(map[string][]string{"visio": nil}), true, directory.Adoption{}},
		"the same": {
			[]directory.LicenseRef{{SKU: skuVisio, Off: []string{}}, {Title: "power bi  PRO"}},
			holds(map[string][]string{"visio": nil, "power": {"b"}}), true,
			directory.Adoption{},
		},
		"missing, by SKU, part number and title": {
			[]directory.LicenseRef{{SKU: "C5928F49-12BA-48F7-ADA3-0D743A3601D5"}, {PartNumber: "spe_e3"}, {Title: "Power BI Pro"}},
			holds(nil), false,
			directory.Adoption{Want: subscription.Want{Add: []subscription.Assignment{add("new-e3"), add("power"), add("visio")}}, Missing: []string{"new-e3", "power", "visio"}},
		},
		"a title of the catalog: the active one with most free": {
			[]directory.LicenseRef{{Title: "Microsoft 365 E3"}},
			holds(nil), false,
			directory.Adoption{Want: subscription.Want{Add: []subscription.Assignment{add("new-e3")}}, Missing: []string{"new-e3"}},
		},
		"the one that the user holds, though it has expired": {
			[]directory.LicenseRef{{SKU: skuE3}}, holds(map[string][]string{"old-e3": nil}), true, directory.Adoption{},
		},
		"one licence for two of a SKU": {
			[]directory.LicenseRef{{SKU: skuE3}},
			holds(map[string][]string{"old-e3": nil, "more-e3": nil}), true,
			directory.Adoption{Want: subscription.Want{Remove: []string{"old-e3"}}, Extra: []string{"old-e3"}},
		},
		"stated in two ways": {
			[]directory.LicenseRef{{SKU: skuVisio}, {Title: "Visio Plan 2"}}, holds(map[string][]string{"visio": nil}), true, directory.Adoption{},
		},
		"extra, without and with removal": {
			[]directory.LicenseRef{}, holds(map[string][]string{"visio": nil, "power": nil}), false, directory.Adoption{Extra: []string{"power", "visio"}},
		},
		"removal": {
			[]directory.LicenseRef{},
			holds(map[string][]string{"visio": nil, "power": nil}), true,
			directory.Adoption{Want: subscription.Want{Remove: []string{"power", "visio"}}, Extra: []string{"power", "visio"}},
		},
		"no removal beside an unknown licence": {
			[]directory.LicenseRef{{Title: "Copilot"}},
			holds(map[string][]string{"visio": nil}), true,
			directory.Adoption{Extra: []string{"visio"}, Unknown: []directory.LicenseRef{{Title: "Copilot"}}},
		},
		"licences for devices are unknown": {
			[]directory.LicenseRef{{PartNumber: "OFFICE_PROPLUS_DEVICE1"}},
			holds(nil), false,
			directory.Adoption{Unknown: []directory.LicenseRef{{PartNumber: "OFFICE_PROPLUS_DEVICE1"}}},
		},
		"other services off": {
			[]directory.LicenseRef{{SKU: skuVisio, Off: []string{"B", "a", "z"}}},
			holds(map[string][]string{"visio": {"b"}}), false,
			directory.Adoption{Want: subscription.Want{Add: []subscription.Assignment{add("visio", "A", "b")}}, Services: []string{"visio"}, UnknownServices: []string{"z"}},
		},
		"services that the file does not state stay off": {
			[]directory.LicenseRef{{SKU: skuVisio}}, holds(map[string][]string{"visio": {"b"}}), false, directory.Adoption{},
		},
		"services switched on": {
			[]directory.LicenseRef{{SKU: skuVisio, Off: []string{}}},
			holds(map[string][]string{"visio": {"b"}}), false,
			directory.Adoption{Want: subscription.Want{Add: []subscription.Assignment{add("visio")}}, Services: []string{"visio"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := x.Adopt(test.stated, test.user, test.remove)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			want := len(test.want.Missing)+len(test.want.Extra)+len(test.want.Services)+len(test.want.Unknown) > 0
			if got.Differs() != want {
				t.Errorf("differs: %v", got.Differs())
			}
		})
	}
}

// TestAdoptIsWhatDecideTakes gives what a file states to Decide: the user holds it afterwards, and a second
// comparison finds no difference.
func TestAdoptIsWhatDecideTakes(t *testing.T) {
	t.Parallel()
	all := subscriptions()
	x := directory.NewIndex(all, titles, "2026-11-26")
	free := map[string]subscription.Holding{}
	for _, s := range all {
		free[s.ID] = s
	}
	user := subscription.User{ID: "an", UPN: "an@example.org", Location: "BE", Licenses: map[string]subscription.Grant{"visio": {Off: []string{"b"}}, "old-e3": {}}}
	stated := []directory.LicenseRef{{SKU: skuVisio, Off: []string{}}, {Title: "Power BI Pro"}}
	decided := subscription.Decide(user, x.Adopt(stated, user, true).Want, free, subscription.Call{ID: "file"}, "2026-11-26")
	if decided.Outcome != subscription.Assigned || len(decided.After.Licenses) != 2 {
		t.Fatalf("%+v", decided)
	}
	if again := x.Adopt(stated, decided.After, true); again.Differs() || again.Want.Add != nil || again.Want.Remove != nil {
		t.Errorf("%+v", again)
	}
}
