package subscription_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/subscription"
)

func TestReclaim(t *testing.T) {
	t.Parallel()
	priced := catalog()
	for id, amount := range map[string]int64{"suite": 3690, "voice": 700} {
		h := priced[id]
		h.Price = subscription.Price{Amount: amount, Currency: "EUR"}
		priced[id] = h
	}
	unwatched := priced["benelux"]
	unwatched.Unwatched = true
	priced["benelux"] = unwatched
	day := 24 * time.Hour
	who := func(change func(*subscription.User)) subscription.User {
		u := user("BE", "voice", "suite", "teams", "benelux", "gone")
		u.CreatedAt, u.Seen = noon.Add(-400*day), noon.Add(-90*day)
		for id, g := range u.Licenses {
			g.At = noon.Add(-200 * day)
			u.Licenses[id] = g
		}
		change(&u)
		return u
	}
	for name, test := range map[string]struct {
		user subscription.User
		want []string
	}{
		"inactive":              {who(func(*subscription.User) {}), []string{"suite", "voice", "teams"}},
		"active":                {who(func(u *subscription.User) { u.Seen = noon.Add(-89 * day) }), nil},
		"never signed in":       {who(func(u *subscription.User) { u.Seen = time.Time{} }), []string{"suite", "voice", "teams"}},
		"created lately":        {who(func(u *subscription.User) { u.Seen, u.CreatedAt = time.Time{}, noon.Add(-10*day) }), nil},
		"disabled":              {who(func(u *subscription.User) { u.Disabled = true }), nil},
		"excluded":              {who(func(u *subscription.User) { u.Excluded = true }), nil},
		"excluded until today":  {who(func(u *subscription.User) { u.Excluded, u.ExcludedUntil = true, today }), nil},
		"excluded until before": {who(func(u *subscription.User) { u.Excluded, u.ExcludedUntil = true, "2026-11-28" }), []string{"suite", "voice", "teams"}},
		"a licence of late":     {who(func(u *subscription.User) { u.Licenses["suite"] = subscription.Grant{At: noon.Add(-29 * day)} }), []string{"voice", "teams"}},
		"a licence for 30 days": {who(func(u *subscription.User) { u.Licenses["suite"] = subscription.Grant{At: noon.Add(-30 * day)} }), []string{"suite", "voice", "teams"}},
		"deleted":               {who(func(u *subscription.User) { u.DeletedAt = noon }), nil},
	} {
		var got []string
		for _, s := range (subscription.Reclaim{InactiveDays: 90, HeldDays: 30, Now: noon, Zone: time.UTC}).Suggest(test.user, priced) {
			got = append(got, s.Subscription)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	costs := subscription.Costs{}
	costs.Add(subscription.Price{Amount: 3690, Currency: "EUR"}, 3)
	costs.Add(subscription.Price{Amount: 100, Currency: "USD"}, 1)
	costs.Add(subscription.Price{}, 5)
	if diff := cmp.Diff(subscription.Costs{"EUR": 11070, "USD": 100}, costs); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
