package subscription_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/subscription"
)

// R9.7: who waits, who does not, and what ends the waiting.
func TestDecideWaiting(t *testing.T) {
	t.Parallel()
	earlier := noon.Add(-time.Hour)
	waits := func(u subscription.User, ids ...string) subscription.User {
		u.Waiting = map[string]subscription.Grant{}
		for _, id := range ids {
			u.Waiting[id] = subscription.Grant{At: earlier, By: "other", Call: "earlier", Via: subscription.Direct}
		}
		return u
	}
	wait := func(want subscription.Want, off ...string) subscription.Want {
		want.Wait = true
		want.Add[0].Off, want.Add[0].KeepOff = off, off == nil
		return want
	}
	full := user("BE")
	for i := range subscription.MaxGrants {
		full.Licenses[fmt.Sprint("other", i)] = subscription.Grant{At: earlier}
	}
	var almost []string
	for i := range subscription.MaxGrants {
		almost = append(almost, fmt.Sprint("other", i))
	}
	for name, test := range map[string]struct {
		user    subscription.User
		want    subscription.Want
		outcome subscription.Outcome
		codes   []string
		waiting []string // afterwards
		left    []string
		version int64
	}{
		"none is free":                 {user("BE"), wait(add("none")), subscription.Waiting, nil, []string{"none"}, nil, 4},
		"without wait":                 {user("BE"), add("none"), subscription.Refused, []string{"no_license_free"}, nil, nil, 3},
		"one is free":                  {user("BE"), wait(add("suite")), subscription.Assigned, nil, nil, nil, 4},
		"waits already":                {waits(user("BE"), "none"), wait(add("none")), subscription.Waiting, nil, []string{"none"}, nil, 3},
		"holds it":                     {user("BE", "none"), wait(add("none")), subscription.Unchanged, nil, nil, nil, 3},
		"another reason":               {user(""), wait(add("none")), subscription.Refused, []string{"usage_location_missing"}, nil, nil, 3},
		"expired":                      {user("BE"), wait(add("ended")), subscription.Refused, []string{"subscription_expired"}, nil, nil, 3},
		"of devices":                   {user("BE"), wait(add("pcs")), subscription.Refused, []string{"subscription_for_devices"}, nil, nil, 3},
		"too many licences":            {full, wait(add("none")), subscription.Refused, []string{"too_many_licenses"}, nil, nil, 3},
		"too many licences and places": {waits(user("BE"), almost...), wait(add("none")), subscription.Refused, []string{"too_many_licenses"}, slices.Sorted(slices.Values(almost)), nil, 3},
		"gets it":                      {waits(user("BE"), "suite", "none"), add("suite"), subscription.Assigned, nil, []string{"none"}, nil, 4},
		"is to lose it":                {waits(user("BE"), "none", "suite"), subscription.Want{Remove: []string{"none"}}, subscription.Removed, nil, []string{"suite"}, []string{"none"}, 4},
		"is to have another one":       {waits(user("BE"), "none"), subscription.Want{Add: add("suite").Add, Replace: true}, subscription.Assigned, nil, nil, []string{"none"}, 4},
		"is refused something else":    {waits(user("BE"), "none"), add("ended"), subscription.Refused, []string{"subscription_expired"}, []string{"none"}, nil, 3},
	} {
		before := maps.Clone(test.user.Waiting)
		d := subscription.Decide(test.user, test.want, catalog(), call, today)
		var codes []string
		for _, v := range d.Violations {
			codes = append(codes, v.Code)
		}
		got := []any{d.Outcome, codes, slices.Sorted(maps.Keys(d.After.Waiting)), d.Left, d.After.Version}
		if diff := cmp.Diff([]any{test.outcome, test.codes, test.waiting, test.left, test.version}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if diff := cmp.Diff(before, test.user.Waiting); diff != "" {
			t.Errorf("%s: the user was changed (-want +got)\n%s", name, diff)
		}
	}

	// The place stays when what is off changes, and the licence has what the place says.
	first := subscription.Decide(waits(user("BE"), "none"), wait(add("none"), "x", "x"), func() map[string]subscription.Holding {
		all := catalog()
		none := all["none"]
		none.Services = append(none.Services, subscription.Service{ID: "y", Name: "y"})
		all["none"] = none
		return all
	}(), call, today)
	if diff := cmp.Diff(subscription.Grant{At: earlier, By: "other", Call: "earlier", Off: []string{"x"}, Via: subscription.Direct}, first.After.Waiting["none"]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	u := waits(user("BE"), "suite")
	u.Waiting["suite"] = subscription.Grant{At: earlier, By: "other", Off: []string{"teams"}}
	d := subscription.Decide(u, subscription.Want{Add: []subscription.Assignment{{Subscription: "suite", KeepOff: true}}}, catalog(), call, today)
	if diff := cmp.Diff([]string{"teams"}, d.After.Licenses["suite"].Off); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// A service that was removed from the subscription while the user waited is dropped.
	u.Waiting["suite"] = subscription.Grant{At: earlier, By: "other", Off: []string{"gone", "teams"}}
	d = subscription.Decide(u, subscription.Want{Add: []subscription.Assignment{{Subscription: "suite", KeepOff: true}}}, catalog(), call, today)
	if diff := cmp.Diff([]string{"teams"}, d.After.Licenses["suite"].Off); d.Outcome != subscription.Assigned || diff != "" {
		t.Errorf("%s %v (-want +got)\n%s", d.Outcome, d.Violations, diff)
	}
	d = subscription.Decide(u, subscription.Want{Add: []subscription.Assignment{{Subscription: "suite", Off: []string{"gone"}}}}, catalog(), call, today)
	if d.Outcome != subscription.Refused {
		t.Errorf("a service that the call names and that is gone: %s", d.Outcome)
	}
	deleted := subscription.DecideDeletion(u, noon)
	if len(deleted.After.Waiting) > 0 || !slices.Equal(deleted.Left, []string{"suite"}) {
		t.Errorf("%+v", deleted)
	}
}
