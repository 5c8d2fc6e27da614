package dynamo_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/people"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
)

var today = subscription.Today{Now: noon, Zone: time.UTC}

func grant() subscription.Grant {
	return subscription.Grant{At: noon, By: "me", Call: "call", Via: subscription.Direct}
}

// creating returns the creation of a user with licences.
func creating(upn string, subscriptions ...string) subscription.Change {
	u := subscription.User{ID: rand.Text(), UPN: upn, Name: upn, Location: "NL", Type: subscription.Member, CreatedAt: noon, Version: 1}
	for _, id := range subscriptions {
		with(id)(&u)
	}
	return subscription.Change{After: u, Event: edited("user.created")}
}

// changing returns a change of a user.
func changing(u subscription.User, changes ...func(*subscription.User)) subscription.Change {
	after := u
	after.Licenses = maps.Clone(u.Licenses)
	after.Version++
	for _, change := range changes {
		change(&after)
	}
	return subscription.Change{Before: u, After: after, Event: edited("user.changed")}
}

func with(id string, off ...string) func(*subscription.User) {
	return func(u *subscription.User) {
		if u.Licenses == nil {
			u.Licenses = map[string]subscription.Grant{}
		}
		g := grant()
		g.Off = off
		u.Licenses[id] = g
	}
}

func without(id string) func(*subscription.User) {
	return func(u *subscription.User) { delete(u.Licenses, id) }
}

func named(upn string) func(*subscription.User) {
	return func(u *subscription.User) { u.UPN = upn }
}

func deleted(u *subscription.User) {
	u.Former, u.Licenses, u.DeletedAt = u.Licenses, nil, noon
}

func restoring(u *subscription.User) { u.Former, u.DeletedAt = nil, time.Time{} }

// makeChanges makes changes that must not be refused.
func makeChanges(t *testing.T, s *dynamo.Table, changes ...subscription.Change) {
	t.Helper()
	_, refused, err := s.People.Apply(t.Context(), changes, today, once.Entry{})
	must(t, err)
	if refused != nil {
		t.Fatalf("refused: %+v", *refused)
	}
}

// enrol creates a user with licences.
func enrol(t *testing.T, s *dynamo.Table, upn string, subscriptions ...string) subscription.User {
	t.Helper()
	c := creating(upn, subscriptions...)
	makeChanges(t, s, c)
	return c.After
}

// changeUser changes a user.
func changeUser(t *testing.T, s *dynamo.Table, u subscription.User, changes ...func(*subscription.User)) subscription.User {
	t.Helper()
	c := changing(u, changes...)
	makeChanges(t, s, c)
	return c.After
}

func mustUser(t *testing.T, s *dynamo.Table, id string) subscription.User {
	t.Helper()
	users, err := s.People.Users(t.Context(), []string{id})
	must(t, err)
	return users[0]
}

// equalUser compares users; no licences are equal to an empty map of them.
func equalUser(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestR9_2_Users(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	subscribe(t, s, holdingOf("e3", "E3", 5))
	subscribe(t, s, holdingOf("e5", "E5", 5))
	full := creating("Ann@Example.com", "e3")
	with("e5", "files", "mail")(&full.After)
	full.After.ObjectID, full.After.Department, full.After.Disabled, full.After.Seen = "object", "Sales", true, noon.Add(-time.Hour)
	full.After.Type, full.After.Name = subscription.Guest, "Ann"
	bare := creating("bob@example.com")
	bare.After.Location = ""
	makeChanges(t, s, full, bare)
	users, err := s.People.Users(ctx, []string{bare.After.ID, "none", full.After.ID, bare.After.ID, ""})
	must(t, err)
	equalUser(t, "users in the order of the ids", users, []subscription.User{bare.After, {}, full.After, bare.After, {}})
	users, err = s.People.ByUPN(ctx, []string{"nobody@example.com", " ann@EXAMPLE.com ", "BOB@example.com", "", "ann@example.com"})
	must(t, err)
	equalUser(t, "users by name", users, []subscription.User{{}, full.After, bare.After, {}, full.After})
	for _, ask := range []func([]string) ([]subscription.User, error){
		func(ids []string) ([]subscription.User, error) { return s.People.Users(ctx, ids) },
		func(names []string) ([]subscription.User, error) { return s.People.ByUPN(ctx, names) },
	} {
		none, err := ask(nil)
		must(t, err)
		equal(t, "users of no ids", len(none), 0)
	}
	equal(t, "seats", seatsOf(t, s, "e3"), subscription.Seats{Quantity: 5, Assigned: 1, Available: 4, AsOf: noon, Version: 1})
}

// Many users are read in batches.
func TestR9_2_ManyUsers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	subscribe(t, s, holdingOf("e3", "E3", 200))
	all := map[string]subscription.User{}
	var ids, names []string
	var left []subscription.Change
	for i := range 130 {
		c := creating(fmt.Sprintf("user%03d@example.com", i), "e3")
		all[c.After.ID] = c.After
		ids, names, left = append(ids, c.After.ID), append(names, c.After.UPN), append(left, c)
	}
	transactions := 0
	for len(left) > 0 {
		n := subscription.Fitting(left, len(left))
		makeChanges(t, s, left[:n]...)
		left = left[n:]
		transactions++
	}
	equal(t, "transactions: one subscription, and three actions for each user", transactions, 5)
	equal(t, "seats", seatsOf(t, s, "e3").Assigned, 130)
	for what, read := range map[string]func() ([]subscription.User, error){
		"by id":   func() ([]subscription.User, error) { return s.People.Users(ctx, ids) },
		"by name": func() ([]subscription.User, error) { return s.People.ByUPN(ctx, names) },
	} {
		users, err := read()
		must(t, err)
		for i, u := range users {
			if u.ID != ids[i] {
				t.Fatalf("%s: user %d is %s, want %s", what, i, u.ID, ids[i])
			}
		}
	}
	walked := map[string]subscription.User{}
	for walk, last := s.People.Walk(), false; !last; {
		var part []subscription.User
		var err error
		part, last, err = walk.Next(ctx)
		must(t, err)
		for _, u := range part {
			walked[u.ID] = u
		}
	}
	equalUser(t, "all users", walked, all)
	byID, err := s.People.UsersByID(ctx, []string{ids[3], "none", ids[7]})
	must(t, err)
	equalUser(t, "two users", byID, map[string]subscription.User{ids[3]: all[ids[3]], ids[7]: all[ids[7]]})
}

// Every change is in the journal, in the same transaction.
func TestR9_2_ChangesAreInTheJournal(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	a, b := creating("a@example.com"), creating("b@example.com")
	makeChanges(t, s, a, b)
	changeUser(t, s, a.After, named("c@example.com"))
	head := mustHead(t, s, people.JournalName)
	equal(t, "weight", head.Weight, int64(3))
	equal(t, "first stripe, which is not used", head.Position[0], journal.Point{})
	var bodies []string
	for stripe, p := range head.Position {
		for _, e := range entries(t, s, people.JournalName, stripe, 0, p.Seq) {
			bodies = append(bodies, e.Body)
		}
	}
	equal(t, "entries", bodies, []string{
		people.Body([]people.Change{{ID: a.After.ID, Version: 1}, {ID: b.After.ID, Version: 1}}),
		people.Body([]people.Change{{ID: a.After.ID, Version: 2}}),
	})
	for key, it := range storetest.Dump(t, client, table) {
		if strings.HasPrefix(key, "JOURNAL#") && !strings.Contains(key, "HEAD") && fmt.Sprint(it["expires"]) != fmt.Sprint(noon.Add(30*24*time.Hour).Unix()) {
			t.Errorf("%s expires at %v", key, it["expires"])
		}
	}
}

func TestR9_5_DeletedUsers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	subscribe(t, s, holdingOf("e3", "E3", 1))
	ann := enrol(t, s, "ann@example.com", "e3")
	gone := changeUser(t, s, ann, deleted)
	equal(t, "L11: seats", seatsOf(t, s, "e3").Available, 1)
	equalUser(t, "deleted user", mustUser(t, s, ann.ID), gone)
	equal(t, "what she held", gone.Former, map[string]subscription.Grant{"e3": grant()})
	byName, err := s.People.ByUPN(ctx, []string{"ann@example.com"})
	must(t, err)
	equalUser(t, "her name", byName, []subscription.User{{}})
	expires := storetest.Dump(t, client, table)["USER#"+ann.ID+"|USER"]["expires"]
	equal(t, "when the item may be deleted", fmt.Sprint(expires), fmt.Sprint(noon.AddDate(0, 0, 37).Unix()))

	other := enrol(t, s, "ann@example.com", "e3") // L11: the name and the seat are free at once
	_, refused, err := s.People.Apply(ctx, []subscription.Change{changing(gone, restoring)}, today, once.Entry{})
	must(t, err)
	equalUser(t, "restoration with a taken name", refused, &subscription.Refusal{Names: []string{ann.ID}})
	back := changeUser(t, s, gone, restoring, named("ann2@example.com"))
	equalUser(t, "restored user", mustUser(t, s, ann.ID), back)
	if _, has := storetest.Dump(t, client, table)["USER#"+ann.ID+"|USER"]["expires"]; has {
		t.Error("the item of a restored user expires")
	}
	byName, err = s.People.ByUPN(ctx, []string{"ann@example.com", "ann2@example.com"})
	must(t, err)
	equalUser(t, "both names", byName, []subscription.User{other, back})
}

// Names pass between the users of one transaction.
func TestR9_2_NamesInOneTransaction(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	a, b := enrol(t, s, "a@example.com"), enrol(t, s, "b@example.com")
	first, second := changing(a, named("b@example.com")), changing(b, named("A@example.com"))
	makeChanges(t, s, first, second)
	users, err := s.People.ByUPN(ctx, []string{"a@example.com", "b@example.com"})
	must(t, err)
	equalUser(t, "after a swap", users, []subscription.User{second.After, first.After})
	a, b = first.After, second.After

	c := creating("a@example.com")
	makeChanges(t, s, changing(b, deleted), c)
	users, err = s.People.ByUPN(ctx, []string{"a@example.com"})
	must(t, err)
	equalUser(t, "after a deletion and a creation", users, []subscription.User{c.After})

	twice := []subscription.Change{creating("new@example.com"), creating("NEW@example.com")}
	_, refused, err := s.People.Apply(ctx, twice, today, once.Entry{})
	must(t, err)
	equalUser(t, "one name for two users", refused, &subscription.Refusal{Names: []string{twice[1].After.ID}})

	spelt := changeUser(t, s, a, named("B@EXAMPLE.com"))
	equalUser(t, "another spelling", mustUser(t, s, a.ID), spelt)

	// The user that has the name is not as it was read: nothing says that the name is taken.
	_, refused, err = s.People.Apply(ctx, []subscription.Change{changing(a, deleted), changing(c.After, named("b@example.com"))}, today, once.Entry{})
	must(t, err)
	equalUser(t, "a name of a user that has changed", refused, &subscription.Refusal{Moved: []string{a.ID}})
	// It has given up the name, which a third user has now.
	moved := changeUser(t, s, spelt, named("z@example.com"))
	third := enrol(t, s, "b@example.com")
	_, refused, err = s.People.Apply(ctx, []subscription.Change{changing(spelt, deleted), changing(c.After, named("b@example.com"))}, today, once.Entry{})
	must(t, err)
	equalUser(t, "a name that a third user has", refused, &subscription.Refusal{Moved: []string{a.ID}, Names: []string{c.After.ID}})
	users, err = s.People.ByUPN(ctx, []string{"z@example.com", "b@example.com", "a@example.com"})
	must(t, err)
	equalUser(t, "nothing changed", users, []subscription.User{moved, third, c.After})
}

// A refusal names every condition that did not hold, and changes nothing.
func TestL1_Refusals(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	ended := holdingOf("ended", "Ended", 9)
	ended.Seats.EndsOn = "2026-11-20"
	for _, h := range []subscription.Holding{holdingOf("full", "Full", 1), holdingOf("free", "Free", 9), ended, holdingOf("short", "Short", 2)} {
		subscribe(t, s, h)
	}
	ann := enrol(t, s, "ann@example.com", "full", "short")
	bob := enrol(t, s, "bob@example.com", "short")
	full := seatsOf(t, s, "full")
	short := reseat(t, s, "short", toQuantity(0)).Seats
	stale := ann
	stale.Version = 7
	exists := creating("new@example.com")
	exists.After.ID = bob.ID
	one := func(u subscription.User, changes ...func(*subscription.User)) []subscription.Change {
		return []subscription.Change{changing(u, changes...)}
	}
	for what, c := range map[string]struct {
		changes []subscription.Change
		want    subscription.Refusal
	}{
		"another version":      {one(stale, with("free")), subscription.Refusal{Moved: []string{ann.ID}}},
		"a user that exists":   {[]subscription.Change{exists}, subscription.Refusal{Moved: []string{bob.ID}}},
		"a user that does not": {one(subscription.User{ID: "none", UPN: "x@example.com", Version: 1}, with("free")), subscription.Refusal{Moved: []string{"none"}}},
		"a taken name":         {one(ann, named("BOB@example.com")), subscription.Refusal{Names: []string{ann.ID}}},
		"none free":            {one(bob, with("full")), subscription.Refusal{Seats: map[string]subscription.Seats{"full": full}}},
		"an expired term":      {one(bob, with("ended")), subscription.Refusal{Seats: map[string]subscription.Seats{"ended": ended.Seats}}},
		"no such subscription": {one(bob, with("none")), subscription.Refusal{Seats: map[string]subscription.Seats{"none": {}}}},
		"one of two licences":  {one(bob, with("free"), with("full")), subscription.Refusal{Seats: map[string]subscription.Seats{"full": full}}},
		"too few for two":      {[]subscription.Change{creating("c@example.com", "full"), creating("d@example.com", "full")}, subscription.Refusal{Seats: map[string]subscription.Seats{"full": full}}},
		"all of it":            {[]subscription.Change{changing(stale, with("ended")), changing(bob, with("full"), named("ann@example.com"))}, subscription.Refusal{Moved: []string{ann.ID}, Names: []string{bob.ID}, Seats: map[string]subscription.Seats{"full": full, "ended": ended.Seats}}},
		"one of a shortage that another one releases": {
			[]subscription.Change{changing(ann, without("short")), creating("c@example.com", "short")},
			subscription.Refusal{Seats: map[string]subscription.Seats{"short": short}},
		},
	} {
		before := storetest.Dump(t, client, table)
		_, refused, err := s.People.Apply(ctx, c.changes, today, once.Entry{})
		must(t, err)
		equalUser(t, what, refused, &c.want)
		equal(t, what+": nothing changed", storetest.Dump(t, client, table), before)
	}
	// A seat that one user of a transaction releases is free for another one.
	makeChanges(t, s, changing(ann, without("full")), changing(bob, with("full")))
	equal(t, "seats", seatsOf(t, s, "full"), full)
	equal(t, "released during a shortage", func() int {
		makeChanges(t, s, changing(mustUser(t, s, ann.ID), without("short")))
		return seatsOf(t, s, "short").Available
	}(), -1)
}

// Calls that no caller may make are errors and change nothing.
func TestL6_ImpossibleChanges(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table)
	ann := enrol(t, s, "ann@example.com")
	var many []subscription.Change
	for i := range 49 {
		many = append(many, creating(fmt.Sprintf("u%d@example.com", i)))
	}
	skipped := changing(ann)
	skipped.After.Version++
	swapped := changing(ann)
	swapped.After.ID = "other"
	before := storetest.Dump(t, client, table)
	for what, changes := range map[string][]subscription.Change{
		"none": nil, "more than fit": many, "a user twice": {changing(ann), changing(ann)}, "a version too far": {skipped}, "another user": {swapped},
	} {
		_, refused, err := s.People.Apply(t.Context(), changes, today, once.Entry{})
		if err == nil || refused != nil || errs.As(err) != nil {
			t.Errorf("%s: %+v, %v", what, refused, err)
		}
	}
	equal(t, "nothing changed", storetest.Dump(t, client, table), before)
}

// The largest change that the domain allows is one transaction: 40 licences replaced by 40 others, and
// another name.
func TestL6_TheLargestReplacement(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := creating("ann@example.com")
	for i := range 2 * subscription.MaxGrants {
		subscribe(t, s, holdingOf(fmt.Sprint("s", i), fmt.Sprint("S", i), 1))
		if i < subscription.MaxGrants {
			with(fmt.Sprint("s", i))(&c.After)
		}
	}
	makeChanges(t, s, c)
	replaced := changing(c.After, named("anna@example.com"))
	clear(replaced.After.Licenses)
	for i := range subscription.MaxGrants {
		with(fmt.Sprint("s", subscription.MaxGrants+i))(&replaced.After)
	}
	entry := once.Entry{Key: "me/1", BodyHash: "h", Response: []byte("first"), Expires: noon.Add(time.Hour)}
	_, refused, err := s.People.Apply(t.Context(), []subscription.Change{replaced}, today, entry)
	must(t, err)
	if refused != nil {
		t.Fatalf("refused: %+v", refused)
	}
	all, err := s.Subscriptions.Subscriptions(t.Context())
	must(t, err)
	for _, h := range all {
		want := 0
		if _, has := replaced.After.Licenses[h.ID]; has {
			want = 1
		}
		equal(t, "assigned of "+h.ID, h.Seats.Assigned, want)
	}
}

// Users with as many services off as the domain allows are stored, and so are the events of a change of
// all of them: an item has at most 400 KB, and a transaction 4 MB.
func TestL3_TheLargestUsers(t *testing.T) {
	t.Parallel()
	s := open(t)
	subscribe(t, s, holdingOf("s", "S", 99))
	off := func(letter string) func(*subscription.User) {
		return with("s", strings.Repeat(letter, subscription.OffMaxBytes-3))
	}
	var created, changes []subscription.Change
	for i := range 40 {
		c := creating(fmt.Sprintf("%s%d@example.com", strings.Repeat("ภ", subscription.UPNMaxChars-20), i), "s")
		off("x")(&c.After)
		c.After.Name, c.After.Department = strings.Repeat("ภ", subscription.NameMaxChars), strings.Repeat("ภ", subscription.NameMaxChars)
		created = append(created, c)
	}
	created = created[:subscription.Fitting(created, len(created))]
	makeChanges(t, s, created...)
	for _, c := range created {
		changes = append(changes, changing(c.After, off("y")))
	}
	changes = changes[:subscription.Fitting(changes, len(changes))]
	makeChanges(t, s, changes...)
	if len(created) < 10 || len(changes) < 7 {
		t.Errorf("%d and %d in a transaction", len(created), len(changes))
	}
	equalUser(t, "a user", mustUser(t, s, changes[0].After.ID), changes[0].After)
}

func TestL8_ApplyIsDoneOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	subscribe(t, s, holdingOf("e3", "E3", 5))
	entry := once.Entry{Key: "me/1", BodyHash: "h", Response: []byte("first"), Expires: noon.Add(time.Hour)}
	c := creating("ann@example.com", "e3")
	first, refused, err := s.People.Apply(ctx, []subscription.Change{c}, today, entry)
	must(t, err)
	if refused != nil || first != nil {
		t.Fatalf("%q, %+v", first, refused)
	}
	for what, again := range map[string]subscription.Change{"the same change": c, "another one": creating("bob@example.com", "e3")} {
		first, refused, err = s.People.Apply(ctx, []subscription.Change{again}, today, entry)
		must(t, err)
		if refused != nil || string(first) != "first" {
			t.Errorf("%s: %q, %+v", what, first, refused)
		}
	}
	entry.BodyHash = "other"
	_, _, err = s.People.Apply(ctx, []subscription.Change{creating("bob@example.com", "e3")}, today, entry)
	equal(t, "another body", errs.CodeOf(err), "idempotency_key_reused")
	equal(t, "seats", seatsOf(t, s, "e3").Assigned, 1)
	_, refused, err = s.People.Apply(ctx, []subscription.Change{c}, today, once.Entry{})
	must(t, err)
	equalUser(t, "a repetition without a key", refused, &subscription.Refusal{Moved: []string{c.After.ID}})
}

// Audit events say which licences and services a user had and has. They have no personal data.
func TestL18_EventsOfUsers(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table)
	subscribe(t, s, holdingOf("e3", "E3", 5))
	subscribe(t, s, holdingOf("e5", "E5", 5))
	c := creating("canary@example.com", "e3")
	c.After.Name, c.After.Department = "Canary Bird", "Canary team"
	c.Event.After = map[string]string{"call": "call-1"}
	makeChanges(t, s, c)
	u := changeUser(t, s, c.After, with("e3", "mail"), with("e5", "files"))
	u = changeUser(t, s, u, without("e3"), func(u *subscription.User) {
		u.UPN, u.Name, u.Location, u.Department = "canary2@example.com", "Canary Two", "BE", "Canary group"
		u.ObjectID, u.Type, u.Disabled, u.Seen = "o", subscription.Guest, true, noon
	})
	u = changeUser(t, s, u, deleted)
	changeUser(t, s, u, restoring)
	type note struct{ Before, After map[string]string }
	var notes []note
	for _, e := range eventsOf(t, s, "user/"+c.After.ID) {
		notes = append(notes, note{e.Before, e.After})
	}
	slices.SortFunc(notes, func(a, b note) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	want := []note{
		{map[string]string{"licenses": ""}, map[string]string{"licenses": "e3", "call": "call-1"}},
		{
			map[string]string{"licenses": "e3", "servicesOff/e3": ""},
			map[string]string{"licenses": "e3, e5", "servicesOff/e3": "mail", "servicesOff/e5": "files"},
		},
		{
			map[string]string{"licenses": "e3, e5", "servicesOff/e3": "mail"},
			map[string]string{"licenses": "e5", "changed": "userPrincipalName, displayName, usageLocation, department, objectId, type, enabled, lastSignIn"},
		},
		{map[string]string{"licenses": "e5", "servicesOff/e5": "files"}, map[string]string{"licenses": ""}},
		{},
	}
	slices.SortFunc(want, func(a, b note) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	equal(t, "notes", notes, want)
	for key, it := range storetest.Dump(t, client, table) {
		if text := strings.ToLower(key + fmt.Sprint(it)); strings.Contains(text, "canary") && !strings.HasPrefix(key, "USER#") && !strings.HasPrefix(key, "UPN#") {
			t.Errorf("personal data in %s: %v", key, it)
		}
	}
}

// meanwhile returns a client that calls do before each request of an operation, with their number.
func meanwhile(t *testing.T, operation string, do func(n int)) *dynamodb.Client {
	t.Helper()
	n := 0
	return engine.NewClient(storetest.Endpoint(t), func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("meanwhile", func(
				ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				if awsmiddleware.GetOperationName(ctx) == operation {
					n++
					do(n)
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.After)
		})
	})
}

// A name that passes from one user to another while it is looked up is looked up again.
func TestR9_2_NamesThatMove(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	table := storetest.Table(t)
	direct := dynamo.Open(storetest.Client(t), table)
	a := enrol(t, direct, "a@example.com")
	moves := 0
	reader := dynamo.Open(meanwhile(t, "BatchGetItem", func(n int) {
		if n == 2 { // between the name and the user
			moves++
			makeChanges(t, direct, changing(a, deleted))
			enrol(t, direct, "a@example.com")
		}
	}), table)
	users, err := reader.People.ByUPN(ctx, []string{"a@example.com"})
	must(t, err)
	equal(t, "moves", moves, 1)
	if users[0].Version != 1 || users[0].ID == a.ID {
		t.Errorf("found %+v", users[0])
	}
}
