package subscription_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/internal/subscription"
)

const today = "2026-11-29"

var (
	noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	call = subscription.Call{ID: "call", By: "admin", At: noon}
)

func active(n int) subscription.Seats {
	return subscription.Seats{Quantity: n, Available: n, EndsOn: "2027-01-31", Months: 12, Version: 1}
}

// catalog has the subscriptions of the tests.
func catalog() map[string]subscription.Holding {
	service := func(id string) subscription.Service { return subscription.Service{ID: id, Name: id} }
	teams, phone, mail, basic := service("teams"), service("phone"), service("mail"), service("mail-basic")
	phone.Requires = []string{"teams"}
	mail.Excludes = []string{"mail-basic"}
	teams.Countries = []string{"BE", "NL"}
	all := map[string]subscription.Holding{}
	for id, services := range map[string][]subscription.Service{
		"suite": {teams, mail, service("drive")}, "voice": {phone}, "kiosk": {basic}, "teams": {teams}, "none": {service("x")}, "ended": {service("x")}, "benelux": {service("y")},
	} {
		all[id] = subscription.Holding{Subscription: subscription.Subscription{ID: id, Name: id, Kind: subscription.ForUsers, Services: services, Version: 1}, Seats: active(10)}
	}
	all["pcs"] = subscription.Holding{Subscription: subscription.Subscription{ID: "pcs", Kind: subscription.ForDevices}, Seats: active(10)}
	none, ended, benelux := all["none"], all["ended"], all["benelux"]
	none.Seats = subscription.Seats{Quantity: 2, Assigned: 2, EndsOn: "2027-01-31", Version: 1}
	ended.Seats.EndsOn = "2026-11-28"
	benelux.Countries = []string{"BE", "LU", "NL"}
	all["none"], all["ended"], all["benelux"] = none, ended, benelux
	return all
}

func user(location string, held ...string) subscription.User {
	u := subscription.User{ID: "u", UPN: "ann@example.org", Name: "Ann", Location: location, Version: 3, Licenses: map[string]subscription.Grant{}}
	for _, id := range held {
		u.Licenses[id] = subscription.Grant{At: noon.Add(-time.Hour), By: "other", Call: "earlier", Via: subscription.Direct}
	}
	return u
}

func add(ids ...string) (want subscription.Want) {
	for _, id := range ids {
		want.Add = append(want.Add, subscription.Assignment{Subscription: id})
	}
	return want
}

// kept says nothing about services.
func kept(id string) subscription.Want {
	return subscription.Want{Add: []subscription.Assignment{{Subscription: id, KeepOff: true}}}
}

func off(id string, services ...string) subscription.Want {
	return subscription.Want{Add: []subscription.Assignment{{Subscription: id, Off: services}}}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	disabled := user("BE")
	disabled.Disabled = true
	repeated := user("BE", "none")
	repeated.Licenses["none"] = subscription.Grant{At: noon, By: "admin", Call: "call", Via: subscription.Direct}
	full := user("BE")
	for i := range subscription.MaxGrants {
		full.Licenses[string(rune('A'+i))] = subscription.Grant{}
	}
	bulky := user("BE", "suite")
	bulky.Licenses["bulk"] = subscription.Grant{Off: []string{strings.Repeat("x", subscription.OffMaxBytes-3)}}
	without := user("BE", "suite", "kiosk")
	without.Licenses["suite"] = subscription.Grant{Off: []string{"mail"}}
	type result struct {
		Outcome                 subscription.Outcome
		Holds                   []string
		Added, Removed, Changed []string
		Wanted                  []string
		Violations              []string // code, subscription and arguments
		Warnings                []subscription.WarningCode
	}
	for name, test := range map[string]struct {
		user subscription.User
		want subscription.Want
		is   result
	}{
		"one":                                      {user("BE"), add("suite"), result{Outcome: "assigned", Holds: []string{"suite"}, Added: []string{"suite"}}},
		"two, sorted":                              {user("BE"), add("voice", "suite"), result{Outcome: "assigned", Holds: []string{"suite", "voice"}, Added: []string{"suite", "voice"}}},
		"a service off":                            {user("BE"), off("suite", "mail", "mail"), result{Outcome: "assigned", Holds: []string{"suite -mail"}, Added: []string{"suite"}}},
		"L7: held already, none free":              {user("BE", "none"), add("none"), result{Outcome: "unchanged", Holds: []string{"none"}}},
		"L7: held already, expired":                {user("BE", "ended"), add("ended"), result{Outcome: "unchanged", Holds: []string{"ended"}}},
		"L8: held already, by this call":           {repeated, add("none"), result{Outcome: "assigned", Holds: []string{"none"}}},
		"L3: changing services takes no seat":      {user("BE", "suite"), off("suite", "mail"), result{Outcome: "assigned", Holds: []string{"suite -mail"}, Changed: []string{"suite"}}},
		"nothing said: what is off stays off":      {without, kept("suite"), result{Outcome: "unchanged", Holds: holds(without)}},
		"nothing said, replace: it stays off":      {without, subscription.Want{Add: kept("suite").Add, Replace: true}, result{Outcome: "removed", Holds: []string{"suite -mail"}, Removed: []string{"kiosk"}}},
		"nothing said, new: all on":                {user("BE"), kept("suite"), result{Outcome: "assigned", Holds: []string{"suite"}, Added: []string{"suite"}}},
		"an empty list: all on":                    {without, subscription.Want{Add: add("suite").Add, Remove: []string{"kiosk"}}, result{Outcome: "assigned", Holds: []string{"suite"}, Removed: []string{"kiosk"}, Changed: []string{"suite"}}},
		"L3: all services off":                     {user("BE"), off("suite", "teams", "mail", "drive"), result{Outcome: "refused", Violations: []string{"all_services_off suite"}}},
		"L3: all that are offered are off":         {user("FR"), off("suite", "mail", "drive"), result{Outcome: "refused", Violations: []string{"usage_location_prohibited suite FR"}}},
		"unknown service":                          {user("BE"), off("suite", "y", "x"), result{Outcome: "refused", Violations: []string{"service_unknown suite x", "service_unknown suite y"}}},
		"R9.3: none free":                          {user("BE"), add("none"), result{Outcome: "refused", Violations: []string{"no_license_free none"}, Wanted: []string{"none"}}},
		"R9.3: expired":                            {user("BE"), add("ended"), result{Outcome: "refused", Violations: []string{"subscription_expired ended 2026-11-28"}}},
		"L5: no location":                          {user(""), add("suite"), result{Outcome: "refused", Violations: []string{"usage_location_missing suite"}}},
		"L5: another location":                     {user("FR"), add("benelux"), result{Outcome: "refused", Violations: []string{"usage_location_prohibited benelux FR"}}},
		"L5: an allowed location":                  {user("LU"), add("benelux"), result{Outcome: "assigned", Holds: []string{"benelux"}, Added: []string{"benelux"}}},
		"L5: a service that is not offered is off": {user("FR"), add("suite"), result{Outcome: "assigned", Holds: []string{"suite"}, Added: []string{"suite"}, Warnings: []subscription.WarningCode{"service_not_offered"}}},
		"L5: no service is offered":                {user("FR"), add("teams"), result{Outcome: "refused", Violations: []string{"usage_location_prohibited teams FR"}}},
		"unknown":                                  {user("BE"), add("x"), result{Outcome: "refused", Violations: []string{"subscription_not_found x"}}},
		"for devices":                              {user("BE"), add("pcs"), result{Outcome: "refused", Violations: []string{"subscription_for_devices pcs"}}},
		"all violations at once":                   {user(""), add("none", "ended", "x"), result{Outcome: "refused", Violations: []string{"usage_location_missing ended", "subscription_expired ended 2026-11-28", "usage_location_missing none", "subscription_not_found x"}}},
		"R9.3: none free is told last":             {user("FR"), add("none", "benelux"), result{Outcome: "refused", Violations: []string{"usage_location_prohibited benelux FR"}}},
		"R9.3: one of two is free":                 {user("BE"), add("suite", "none"), result{Outcome: "refused", Violations: []string{"no_license_free none"}, Wanted: []string{"none", "suite"}}},
		"L6: all or nothing":                       {user("BE", "suite"), subscription.Want{Add: add("none").Add, Remove: []string{"suite"}}, result{Outcome: "refused", Holds: []string{"suite"}, Violations: []string{"no_license_free none"}, Wanted: []string{"none"}}},
		"L4: exclusion in either order":            {user("BE", "kiosk"), add("suite"), result{Outcome: "refused", Holds: []string{"kiosk"}, Violations: []string{"services_exclude suite mail mail-basic"}}},
		"L4: exclusion, named by the other":        {user("BE", "suite"), add("kiosk"), result{Outcome: "refused", Holds: []string{"suite"}, Violations: []string{"services_exclude kiosk mail mail-basic"}}},
		"L4: the excluded service is off":          {user("BE", "kiosk"), off("suite", "mail"), result{Outcome: "assigned", Holds: []string{"kiosk", "suite -mail"}, Added: []string{"suite"}}},
		"L4: replaced by what excludes it":         {user("BE", "kiosk"), subscription.Want{Add: add("suite").Add, Replace: true}, result{Outcome: "assigned", Holds: []string{"suite"}, Added: []string{"suite"}, Removed: []string{"kiosk"}}},
		"L4: what it requires is missing":          {user("BE"), add("voice"), result{Outcome: "refused", Violations: []string{"service_required voice phone teams"}}},
		"L4: what it requires is in another":       {user("BE", "suite"), add("voice"), result{Outcome: "assigned", Holds: []string{"suite", "voice"}, Added: []string{"voice"}}},
		"L4: what it requires is not offered":      {user("FR", "suite"), add("voice"), result{Outcome: "refused", Holds: []string{"suite"}, Violations: []string{"service_required voice phone teams"}}},
		"L4: removing what another requires":       {user("BE", "suite", "voice"), subscription.Want{Remove: []string{"suite"}}, result{Outcome: "refused", Holds: []string{"suite", "voice"}, Violations: []string{"service_required voice phone teams"}}},
		"L4: switching off what another requires":  {user("BE", "suite", "voice"), off("suite", "teams"), result{Outcome: "refused", Holds: []string{"suite", "voice"}, Violations: []string{"service_required voice phone teams"}}},
		"L4: another one still has it":             {user("BE", "suite", "teams", "voice"), subscription.Want{Remove: []string{"suite"}}, result{Outcome: "removed", Holds: []string{"teams", "voice"}, Removed: []string{"suite"}}},
		"L4: what was wrong before blocks nothing": {user("BE", "voice", "benelux"), subscription.Want{Remove: []string{"benelux"}}, result{Outcome: "removed", Holds: []string{"voice"}, Removed: []string{"benelux"}}},
		"removal":                            {user("BE", "suite"), subscription.Want{Remove: []string{"suite", "suite"}}, result{Outcome: "removed", Removed: []string{"suite"}}},
		"removal of what is not held":        {user("BE"), subscription.Want{Remove: []string{"suite", "x"}}, result{Outcome: "unchanged"}},
		"removal of an unknown subscription": {user("BE", "gone"), subscription.Want{Remove: []string{"gone"}}, result{Outcome: "removed", Removed: []string{"gone"}}},
		"replace by nothing":                 {user("BE", "suite", "voice"), subscription.Want{Replace: true}, result{Outcome: "removed", Removed: []string{"suite", "voice"}}},
		"replace by the same":                {user("BE", "none"), subscription.Want{Add: add("none").Add, Replace: true}, result{Outcome: "unchanged", Holds: []string{"none"}}},
		"too many":                           {full, add("suite"), result{Outcome: "refused", Holds: slices.Sorted(maps.Keys(full.Licenses)), Violations: []string{"too_many_licenses suite 40"}}},
		"too many services off":              {bulky, off("suite", "mail"), result{Outcome: "refused", Holds: holds(bulky), Violations: []string{"too_many_services_off suite 120000"}}},
		"as many as fit, and more on":        {bulky, subscription.Want{Remove: []string{"suite"}}, result{Outcome: "removed", Holds: holds(bulky)[:1], Removed: []string{"suite"}}},
		"disabled":                           {disabled, add("suite"), result{Outcome: "assigned", Holds: []string{"suite"}, Added: []string{"suite"}, Warnings: []subscription.WarningCode{"user_disabled"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := subscription.Decide(test.user, test.want, catalog(), call, today)
			got := result{Outcome: d.Outcome, Holds: holds(d.After), Added: d.Added, Removed: d.Removed, Changed: d.Changed, Wanted: d.Wanted}
			for _, v := range d.Violations {
				text := v.Code + " " + v.Subscription
				for _, arg := range []string{"date", "location", "service", "other", "max"} {
					if value, has := v.Args[arg]; has {
						text += " " + value
					}
				}
				if got.Violations = append(got.Violations, text); v.Error() == "" {
					t.Errorf("%s has no error", v.Code)
				}
			}
			for _, w := range d.Warnings {
				got.Warnings = append(got.Warnings, w.Code)
			}
			if diff := cmp.Diff(test.is, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			wantVersion := test.user.Version
			if len(d.Added)+len(d.Removed)+len(d.Changed) > 0 {
				wantVersion++
			}
			if d.After.Version != wantVersion {
				t.Errorf("version %d, want %d", d.After.Version, wantVersion)
			}
			for _, id := range d.Added {
				if diff := cmp.Diff(call, subscription.Call{ID: d.After.Licenses[id].Call, By: d.After.Licenses[id].By, At: d.After.Licenses[id].At}); diff != "" {
					t.Errorf("%s: (-want +got)\n%s", id, diff)
				}
			}
			for _, id := range d.Changed {
				if was, is := test.user.Licenses[id], d.After.Licenses[id]; was.At != is.At || was.By != is.By || is.Call != call.ID {
					t.Errorf("%s lost its beginning, or a repetition would not report it: %+v", id, is)
				}
			}
		})
	}
}

// holds lists the licences of a user, with the services that are off.
func holds(u subscription.User) (list []string) {
	for _, id := range slices.Sorted(maps.Keys(u.Licenses)) {
		text := id
		for _, service := range u.Licenses[id].Off {
			text += " -" + service
		}
		list = append(list, text)
	}
	return list
}
