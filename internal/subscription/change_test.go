package subscription_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trueup/internal/subscription"
)

func TestDelta(t *testing.T) {
	t.Parallel()
	before, after := user("BE", "suite", "voice"), user("BE", "suite", "none")
	c := subscription.Change{Before: before, After: after}
	if diff := cmp.Diff(map[string]int{"voice": -1, "none": 1}, c.Delta()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// L11: a deleted user releases the name in the change that deletes it.
func TestNames(t *testing.T) {
	t.Parallel()
	ann := user("BE")
	bob, gone, respelled := ann, ann, ann
	bob.UPN, gone.DeletedAt, respelled.UPN = "Bob@example.org", noon, "ANN@Example.org"
	for name, test := range map[string]struct {
		before, after   subscription.User
		taken, released string
	}{
		"new":       {subscription.User{}, ann, "ann@example.org", ""},
		"renamed":   {ann, bob, "bob@example.org", "ann@example.org"},
		"respelled": {ann, respelled, "", ""},
		"deleted":   {ann, gone, "", "ann@example.org"},
		"restored":  {gone, bob, "bob@example.org", ""},
		"unchanged": {ann, ann, "", ""},
	} {
		taken, released := subscription.Change{Before: test.before, After: test.after}.Names()
		if taken != test.taken || released != test.released {
			t.Errorf("%s: takes %q and releases %q", name, taken, released)
		}
	}
}

func TestRestorable(t *testing.T) {
	t.Parallel()
	u := user("BE")
	if u.Restorable(noon) {
		t.Error("a user that is not deleted is restorable")
	}
	u.DeletedAt = noon
	end := noon.Add(30 * 24 * time.Hour)
	if !u.Restorable(end.Add(-time.Nanosecond)) || u.Restorable(end) || !u.RestorableUntil().Equal(end) {
		t.Errorf("restorable until %s", u.RestorableUntil())
	}
}

// Fitting counts what a transaction of the store has: a user, an event and names for each change, and
// the subscriptions once.
func TestFitting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var changes []subscription.Change
		for i := range rapid.IntRange(1, 120).Draw(t, "changes") {
			c := subscription.Change{Before: user("BE"), After: user("BE")}
			c.Before.ID, c.After.ID = strconv.Itoa(i), strconv.Itoa(i)
			for n := range rapid.IntRange(0, 3).Draw(t, "licences") {
				c.After.Licenses["s"+strconv.Itoa((i*n)%7)] = subscription.Grant{}
			}
			switch rapid.IntRange(0, 2).Draw(t, "name") {
			case 1:
				c.Before = subscription.User{}
			case 2:
				c.After.UPN = "x@example.org"
			}
			changes = append(changes, c)
		}
		limit := rapid.IntRange(1, 60).Draw(t, "limit")
		n := subscription.Fitting(changes, limit)
		if n < 1 || n > limit || n > len(changes) {
			t.Fatalf("%d of %d fit, limit %d", n, len(changes), limit)
		}
		if got := actions(changes[:n]); got > subscription.MaxActions {
			t.Fatalf("%d changes take %d actions", n, got)
		}
		if n < len(changes) && n < limit && actions(changes[:n+1]) <= subscription.MaxActions {
			t.Fatalf("%d changes would fit, not only %d", n+1, n)
		}
	})
	full := subscription.Change{Before: user("BE"), After: user("BE")}
	for i := range subscription.MaxGrants {
		full.Before.Licenses["old"+strconv.Itoa(i)], full.After.Licenses["new"+strconv.Itoa(i)] = subscription.Grant{}, subscription.Grant{}
	}
	full.After.UPN = "x@example.org"
	if subscription.Fitting([]subscription.Change{full}, 1) != 1 {
		t.Error("the largest change of one user does not fit a transaction")
	}
	// Every user has as many services off as possible: ids of 120 kB are stored three times for each.
	bulky := subscription.Change{Before: user("BE"), After: user("BE")}
	bulky.After.Licenses["s"] = subscription.Grant{Off: []string{strings.Repeat("x", subscription.OffMaxBytes-3)}}
	if n := subscription.Fitting(slices.Repeat([]subscription.Change{bulky}, 40), 40); n != 14 {
		t.Errorf("%d changes of 256 kB fit 3.6 MB, want 14", n)
	}
}

func actions(changes []subscription.Change) (n int) {
	touched := map[string]bool{}
	for _, c := range changes {
		n += 2
		taken, released := c.Names()
		for _, name := range []string{taken, released} {
			if name != "" {
				n++
			}
		}
		for id := range c.Delta() {
			touched[id] = true
		}
	}
	return n + len(touched)
}

// A decision is all or nothing, keeps what was not asked for, and never takes a licence that is not
// free.
func TestDecideKeepsItsPromises(t *testing.T) {
	t.Parallel()
	ids := []string{"suite", "voice", "kiosk", "teams", "none", "ended", "benelux", "pcs", "unknown"}
	rapid.Check(t, func(t *rapid.T) {
		u := user(rapid.SampledFrom([]string{"", "BE", "FR", "LU"}).Draw(t, "location"), rapid.SliceOfDistinct(rapid.SampledFrom(ids), rapid.ID).Draw(t, "held")...)
		added := rapid.SliceOfDistinct(rapid.SampledFrom(ids), rapid.ID).Draw(t, "add")
		want := add(added...)
		want.Replace = rapid.Bool().Draw(t, "replace")
		for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom(ids), rapid.ID).Draw(t, "remove") {
			if !slices.Contains(added, id) {
				want.Remove = append(want.Remove, id)
			}
		}
		free := catalog()
		d := subscription.Decide(u, want, free, call, today)
		need := subscription.SeatsOf(want.Add)
		needed := maps.Clone(free)
		for id, h := range free {
			if !need(id) {
				h.Seats = subscription.Seats{}
				needed[id] = h
			}
		}
		if diff := cmp.Diff(d, subscription.Decide(u, want, needed, call, today)); diff != "" {
			t.Fatalf("with the seats of what is added only (-want +got)\n%s", diff)
		}
		c := subscription.Change{Before: u, After: d.After}
		if d.Outcome == subscription.Refused || d.Outcome == subscription.Unchanged {
			if len(c.Delta()) > 0 || cmp.Diff(u, d.After) != "" || (d.Outcome == subscription.Refused) != (len(d.Violations) > 0) {
				t.Fatalf("%+v", d)
			}
			return
		}
		for id, n := range c.Delta() {
			s := free[id]
			if n > 0 && (s.Seats.Available < 1 || s.Seats.Status(today) != subscription.Active || s.Kind != subscription.ForUsers) {
				t.Fatalf("%s was assigned: %+v", id, s)
			}
		}
		for _, id := range added {
			if _, has := d.After.Licenses[id]; !has {
				t.Fatalf("%s is not assigned: %+v", id, d)
			}
		}
		for id := range u.Licenses {
			_, has := d.After.Licenses[id]
			if removed := slices.Contains(want.Remove, id) || want.Replace && !slices.Contains(added, id); has == removed {
				t.Fatalf("%s: held afterwards %v", id, has)
			}
		}
		again := subscription.Decide(d.After, want, free, subscription.Call{ID: "another", At: noon}, today)
		if again.Outcome != subscription.Unchanged {
			t.Fatalf("decided again: %+v", again)
		}
	})
}
