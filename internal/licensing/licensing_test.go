package licensing_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/licensing"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/people"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// noCopies is a bucket without saved copies of users.
type noCopies struct{ objects.Bucket }

func (noCopies) Open(context.Context, string, string, string) (objects.Object, error) {
	return objects.Object{}, objects.ErrNotFound
}

var quiet = slog.New(slog.DiscardHandler)

var (
	noon  = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	today = subscription.Today{Now: noon, Zone: time.UTC}
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// events returns a function that makes audit events with different ids.
func events() func(action string) audit.Event {
	var n atomic.Int64
	return func(action string) audit.Event {
		return audit.Event{ID: id.New(noon, fmt.Sprint(time.Now().UnixNano(), n.Add(1))), At: noon, By: "admin", Action: action, Source: audit.SourceAPI}
	}
}

// organisation is a table with users u000, u001 … and subscriptions.
type organisation struct {
	t     *testing.T
	name  string
	table *dynamo.Table
	*licensing.Licensing
}

func of(table *dynamo.Table) *licensing.Licensing {
	return &licensing.Licensing{
		Subscriptions: table.Subscriptions, People: table.People, Register: people.New(table.People, table.Journal, noCopies{}, quiet), Log: quiet,
	}
}

// newOrganisation has users without licences, and subscriptions with these quantities.
func newOrganisation(t *testing.T, users int, quantities map[string]int) *organisation {
	t.Helper()
	o := &organisation{t: t, name: storetest.Table(t)}
	o.table = dynamo.Open(storetest.Client(t), o.name)
	o.Licensing = of(o.table)
	for name, n := range quantities {
		h := subscription.Holding{Subscription: subscription.Subscription{
			ID: name, Name: name, Kind: subscription.ForUsers, Services: []subscription.Service{{ID: name, Name: name}}, CreatedAt: noon, Version: 1,
		}, Seats: subscription.Seats{Quantity: n, Available: n, AsOf: noon, Version: 1}}
		_, err := o.table.Subscriptions.Create(t.Context(), h, once.Change{Event: events()("subscription.created")})
		must(t, err)
	}
	var changes []subscription.Change
	for i := range users {
		name := fmt.Sprintf("u%03d", i)
		u := subscription.User{ID: name, UPN: name + "@example.org", Name: name, Location: "BE", Type: subscription.Member, CreatedAt: noon, Version: 1}
		changes = append(changes, subscription.Change{After: u, Event: events()(licensing.UserCreated)})
	}
	for len(changes) > 0 {
		n := subscription.Fitting(changes, 30)
		_, refused, err := o.table.People.Apply(t.Context(), changes[:n], today, once.Entry{})
		must(t, err)
		if refused != nil {
			t.Fatalf("%+v", refused)
		}
		changes = changes[n:]
	}
	return o
}

func names(from, to int) (ids []string) {
	for i := from; i < to; i++ {
		ids = append(ids, fmt.Sprintf("u%03d", i))
	}
	return ids
}

// assign returns a request to assign licences.
func assign(call string, users []string, subscriptions ...string) licensing.Request {
	r := licensing.Request{UserIDs: users, Call: subscription.Call{ID: call, By: "admin", At: noon}, Today: today, Event: events()}
	for _, id := range subscriptions {
		r.Want.Add = append(r.Want.Add, subscription.Assignment{Subscription: id})
	}
	return r
}

// outcomes counts the outcomes of results, and the codes of violations.
func outcomes(results []licensing.Result) map[string]int {
	counts := map[string]int{}
	for _, r := range results {
		counts[string(r.Outcome)]++
		for _, v := range r.Violations {
			counts[v.Code]++
		}
	}
	return counts
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

// checked returns the number of users with a licence of each subscription, after comparing it with the
// seats (L1).
func (o *organisation) checked(users int) map[string]int {
	o.t.Helper()
	held := map[string]int{}
	all, err := o.table.People.Users(context.WithoutCancel(o.t.Context()), names(0, users))
	must(o.t, err)
	for _, u := range all {
		for id := range u.Licenses {
			held[id]++
		}
	}
	subscriptions, err := o.table.Subscriptions.Subscriptions(context.WithoutCancel(o.t.Context()))
	must(o.t, err)
	for _, h := range subscriptions {
		if s := h.Seats; s.Assigned != held[h.ID] || s.Available != s.Quantity-s.Assigned {
			o.t.Errorf("%d users hold %s: %+v", held[h.ID], h.ID, s)
		}
	}
	return held
}

// L9: when licences run out, earlier users of the list win. L7: who has it already is unchanged.
func TestEarlierUsersWin(t *testing.T) {
	t.Parallel()
	const users = 120
	o := newOrganisation(t, users, map[string]int{"suite": 50, "voice": 200})
	results, err := o.Change(t.Context(), assign("first", names(0, 10), "suite"))
	must(t, err)
	same(t, "first", outcomes(results), map[string]int{"assigned": 10})
	request := assign("second", slices.Concat(names(60, users), names(0, 60)), "suite", "voice")
	rehearsed := request
	rehearsed.DryRun = true
	before, err := o.Change(t.Context(), rehearsed)
	must(t, err)
	same(t, "held after a rehearsal", o.checked(users), map[string]int{"suite": 10})
	results, err = o.Change(t.Context(), request)
	must(t, err)
	// 40 are free: for the first 40 users of the list, and those who have one get the other.
	same(t, "second", outcomes(results), map[string]int{"assigned": 50, "refused": 70, subscription.NoLicenseFree: 70})
	same(t, "rehearsed", outcomes(before), outcomes(results))
	for i, r := range results {
		earlier := i < 40 || i >= 60 && i < 70
		if (r.Outcome == subscription.Assigned) != earlier {
			t.Errorf("number %d, %s: %s", i, r.UserID, r.Outcome)
		}
	}
	same(t, "held", o.checked(users), map[string]int{"suite": 50, "voice": 50})
	page, err := o.table.Audit.Events(t.Context(), audit.Query{From: noon.Add(-time.Hour), To: noon.Add(time.Hour), Subject: "user/u060", Limit: 10})
	must(t, err)
	for _, e := range page.Items { // L18
		if e.Action == licensing.LicensesChanged && e.After["call"] != "second" {
			t.Errorf("%+v", e)
		}
	}
	if len(page.Items) != 2 {
		t.Errorf("%d events, want the creation and one change", len(page.Items))
	}
	again, err := o.Change(t.Context(), request)
	must(t, err)
	same(t, "the same call again", outcomes(again), outcomes(results)) // L8
	another := request
	another.Call.ID = "third"
	again, err = o.Change(t.Context(), another)
	must(t, err)
	same(t, "another call", outcomes(again), map[string]int{"unchanged": 50, "refused": 70, subscription.NoLicenseFree: 70})
}

// A rehearsal has the results of the same call afterwards, with the reasons and the licences to buy. When
// these are bought nobody is refused because none is free, and one fewer is not enough.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		users   int
		replace bool
	}{"add": {40, false}, "replace": {40, true}, "replace again": {41, true}, "more than are judged together": {230, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users := test.users
			random := rand.New(rand.NewPCG(uint64(users), 13))
			o := newOrganisation(t, users, map[string]int{"suite": 12, "voice": 14, "local": 9, "extra": 6})
			o.limitedTo("local", "BE")
			for _, id := range names(0, users) {
				switch random.IntN(4) {
				case 0:
					o.moved(id, "")
				case 1:
					o.moved(id, "FR")
				}
			}
			// What some users have before.
			for _, id := range []string{"suite", "voice", "extra"} {
				var some []string
				for _, user := range names(0, users) {
					if random.IntN(6) == 0 && len(some) < 6 {
						some = append(some, user)
					}
				}
				_, err := o.Change(t.Context(), assign("before "+id, some, id))
				must(t, err)
			}
			must(t, reseat(o, 4)) // a shortage, if more users have one
			request := assign("call", append(names(0, users), "nobody"), "suite", "voice", "local")
			random.Shuffle(users, func(i, j int) { request.UserIDs[i], request.UserIDs[j] = request.UserIDs[j], request.UserIDs[i] })
			if test.replace {
				request.Want.Add = request.Want.Add[:2]
			}
			request.Want.Replace, request.Acknowledged = test.replace, true
			rehearsal := request
			rehearsal.DryRun = true
			rehearsed, err := o.Change(t.Context(), rehearsal)
			must(t, err)
			missing := licensing.Missing(rehearsed, o.seats(), true)
			done, err := o.Change(t.Context(), request)
			must(t, err)
			same(t, "the call, and its rehearsal", done, rehearsed)
			same(t, "licences to buy", licensing.Missing(done, o.seats(), false), missing)
			counts := outcomes(done)
			if counts["assigned"] == 0 || counts[subscription.NoLicenseFree] < 2 || counts[subscription.LocationMissing] == 0 || len(missing) < 2 {
				t.Errorf("the example shows too little: %v, missing %v", counts, missing)
			}
			again := func() int {
				t.Helper()
				results, err := o.Change(t.Context(), rehearsal)
				must(t, err)
				return outcomes(results)[subscription.NoLicenseFree]
			}
			for id, n := range missing {
				o.buy(id, n-1)
				if again() == 0 {
					t.Errorf("%d of %s are enough, %d are missing", n-1, id, n)
				}
				o.buy(id, 1)
			}
			if n := again(); n > 0 {
				t.Errorf("%d users are refused after %v were bought", n, missing)
			}
		})
	}
}

// A user who is refused is judged with what is left after later users, in a rehearsal too.
func TestRehearsalOfTheLastLicence(t *testing.T) {
	t.Parallel()
	o := newOrganisation(t, 2, map[string]int{"suite": 1, "voice": 1})
	_, err := o.Change(t.Context(), assign("before", names(1, 2), "suite"))
	must(t, err)
	request := assign("call", names(0, 2), "suite", "voice") // the second user takes the last voice
	rehearsal := request
	rehearsal.DryRun = true
	rehearsed, err := o.Change(t.Context(), rehearsal)
	must(t, err)
	same(t, "licences to buy, rehearsed", licensing.Missing(rehearsed, o.seats(), true), map[string]int{"suite": 1, "voice": 1})
	done, err := o.Change(t.Context(), request)
	must(t, err)
	same(t, "the call", outcomes(done), map[string]int{"assigned": 1, "refused": 1, subscription.NoLicenseFree: 2})
	same(t, "the call, and its rehearsal", done, rehearsed)
	same(t, "licences to buy", licensing.Missing(done, o.seats(), false), map[string]int{"suite": 1, "voice": 1})
}

// A rehearsal in parts counts what its earlier parts take and release.
func TestRehearsalInParts(t *testing.T) {
	t.Parallel()
	o := newOrganisation(t, 9, map[string]int{"suite": 5, "voice": 2})
	_, err := o.Change(t.Context(), assign("before", names(3, 5), "voice"))
	must(t, err)
	var rehearsed, done [2][]licensing.Result
	var before, after licensing.Tally
	for part, users := range [][]string{names(0, 5), names(5, 9)} {
		request := assign("call", users, []string{"suite", "voice"}[part])
		request.Want.Replace, request.Acknowledged = true, true
		request.DryRun, request.Taken = true, before.Taken
		rehearsed[part], err = o.Change(t.Context(), request)
		must(t, err)
		before.Add(rehearsed[part])
	}
	same(t, "licences to buy, rehearsed", before.Missing(o.seats(), true), map[string]int{"voice": 2})
	for part, users := range [][]string{names(0, 5), names(5, 9)} {
		request := assign("call", users, []string{"suite", "voice"}[part])
		request.Want.Replace, request.Acknowledged = true, true
		done[part], err = o.Change(t.Context(), request)
		must(t, err)
		after.Add(done[part])
	}
	same(t, "the call, and its rehearsal", done, rehearsed)
	same(t, "licences to buy", after.Missing(o.seats(), false), map[string]int{"voice": 2})
	same(t, "outcomes of the second part", outcomes(done[1]), map[string]int{"assigned": 2, "refused": 2, subscription.NoLicenseFree: 2})
}

// seats returns all subscriptions.
func (o *organisation) seats() map[string]subscription.Holding {
	o.t.Helper()
	all, err := o.table.Subscriptions.Subscriptions(o.t.Context())
	must(o.t, err)
	seats := map[string]subscription.Holding{}
	for _, h := range all {
		seats[h.ID] = h
	}
	return seats
}

// buy adds licences.
func (o *organisation) buy(id string, n int) {
	o.t.Helper()
	edit := o.table.Subscriptions.Reseat(id, func(h subscription.Holding) (subscription.Seats, error) {
		return h.Seats.WithQuantity(h.Seats.Quantity+n, noon), nil
	})
	_, _, err := edit.Apply(o.t.Context(), once.Change{Event: events()("subscription.quantity_set")})
	must(o.t, err)
}

// limitedTo limits a subscription to a country.
func (o *organisation) limitedTo(id, country string) {
	o.t.Helper()
	read := o.seats()[id].Subscription
	after := read
	after.Countries = []string{country}
	_, err := o.table.Subscriptions.Describe(o.t.Context(), read, after, events()("subscription.changed"))
	must(o.t, err)
}

// moved gives a user another usage location.
func (o *organisation) moved(id, location string) {
	o.t.Helper()
	users, err := o.table.People.Users(o.t.Context(), []string{id})
	must(o.t, err)
	after := users[0]
	after.Location = location
	_, err = o.Edit(o.t.Context(), users[0], after, today, events()(licensing.UserEdited))
	must(o.t, err)
}

// R9.5: a replacement that removes licences needs an acknowledgement. L6: it is all or nothing for each
// user.
func TestReplaceNeedsAcknowledgement(t *testing.T) {
	t.Parallel()
	o := newOrganisation(t, 4, map[string]int{"old": 4, "new": 2})
	_, err := o.Change(t.Context(), assign("first", names(0, 4), "old"))
	must(t, err)
	replace := assign("second", append(names(0, 4), "nobody"), "new")
	replace.Want.Replace = true
	results, err := o.Change(t.Context(), replace)
	if e := errs.As(err); e == nil || e.Code != "acknowledgement_required" || e.Args["users"] != "2" || e.Args["licenses"] != "2" || results != nil {
		t.Errorf("%v, %v", results, err)
	}
	same(t, "held", o.checked(4), map[string]int{"old": 4})
	replace.Acknowledged = true
	results, err = o.Change(t.Context(), replace)
	must(t, err)
	same(t, "results", outcomes(results), map[string]int{"assigned": 2, "refused": 3, subscription.NoLicenseFree: 2, subscription.UserNotFound: 1})
	same(t, "held", o.checked(4), map[string]int{"old": 2, "new": 2})
}

// L11 and L12: a deletion releases all licences, and a restoration assigns those that are free.
func TestRestore(t *testing.T) {
	t.Parallel()
	o := newOrganisation(t, 3, map[string]int{"suite": 1, "voice": 3})
	_, err := o.Change(t.Context(), assign("first", names(0, 1), "suite", "voice"))
	must(t, err)
	deletion := licensing.Deletion{UserIDs: names(0, 1), Today: today, Event: events()}
	if _, err := o.Delete(t.Context(), deletion); errs.CodeOf(err) != "deletion_acknowledgement_required" {
		t.Errorf("without an acknowledgement: %v", err)
	}
	deletion.Acknowledged = true
	results, err := o.Delete(t.Context(), deletion)
	must(t, err)
	same(t, "freed", results[0].Removed, []string{"suite", "voice"})
	again := deletion
	again.UserIDs, again.Acknowledged = []string{"u000", "nobody"}, false
	results, err = o.Delete(t.Context(), again)
	must(t, err)
	same(t, "a repetition", outcomes(results), map[string]int{"unchanged": 1, "refused": 1, subscription.UserNotFound: 1})
	same(t, "held", o.checked(3), map[string]int{})
	_, err = o.Change(t.Context(), assign("second", names(0, 2), "suite"))
	must(t, err)
	restoration := licensing.Restoration{
		UserID: "u000", Licenses: true, Call: subscription.Call{ID: "third", By: "admin"},
		Today: subscription.Today{Now: noon.Add(30 * 24 * time.Hour), Zone: time.UTC}, Event: events()(licensing.UserRestored),
	}
	const days = 24 * time.Hour
	for name, test := range map[string]struct {
		at   time.Duration
		upn  string
		code string
	}{
		"after 30 days":             {30 * days, "", subscription.UserNotRestorable},
		"long after":                {36 * days, "", subscription.UserNotRestorable},
		"on day 29, a name in use":  {29 * days, "U002@example.org", subscription.UserNameTaken},
		"on day 0, as another user": {0, "u001@example.org", subscription.UserNameTaken},
	} {
		refused := restoration
		refused.Call.At, refused.UPN = noon.Add(test.at), test.upn
		d, _, err := o.Restore(t.Context(), refused)
		if err != nil || d.Outcome != subscription.Refused || d.Violations[0].Code != test.code {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	restoration.Call.At = noon.Add(30*days - time.Millisecond) // the last moment of day 29
	d, _, err := o.Restore(t.Context(), restoration)
	must(t, err)
	if d.Outcome != subscription.Restored || len(d.Violations) != 1 || d.Violations[0].Code != subscription.NoLicenseFree {
		t.Errorf("%+v", d)
	}
	same(t, "held", o.checked(3), map[string]int{"suite": 1, "voice": 1})
}

// A user is created with all licences, or not at all.
func TestCreate(t *testing.T) {
	t.Parallel()
	o := newOrganisation(t, 0, map[string]int{"suite": 1})
	create := func(name, upn string) subscription.Decision {
		t.Helper()
		d, _, err := o.Create(t.Context(), licensing.Creation{
			User:     subscription.User{ID: name, UPN: upn, Name: name, Location: "BE", Type: subscription.Member},
			Licenses: []subscription.Assignment{{Subscription: "suite"}}, Call: subscription.Call{ID: name, By: "admin", At: noon}, Today: today, Event: events()(licensing.UserCreated),
		})
		must(t, err)
		return d
	}
	if d := create("u000", "ann@example.org"); d.Outcome != subscription.Created || d.After.Version != 1 {
		t.Errorf("%+v", d)
	}
	if d := create("u001", "bob@example.org"); d.Outcome != subscription.Refused || d.Violations[0].Code != subscription.NoLicenseFree {
		t.Errorf("without a free licence: %+v", d)
	}
	same(t, "held", o.checked(2), map[string]int{"suite": 1})
	edited := create("u000", "ann@example.org") // a repetition
	if edited.Outcome != subscription.Created || edited.After.Version != 1 {
		t.Errorf("again: %+v", edited)
	}
	must(t, reseat(o, 5))
	if d := create("u002", "ANN@example.org"); d.Outcome != subscription.Refused || d.Violations[0].Code != subscription.UserNameTaken {
		t.Errorf("a name in use: %+v", d)
	}
	same(t, "held", o.checked(3), map[string]int{"suite": 1})
}

func reseat(o *organisation, quantity int) error {
	edit := o.table.Subscriptions.Reseat("suite", func(h subscription.Holding) (subscription.Seats, error) {
		return h.Seats.WithQuantity(quantity, noon), nil
	})
	_, _, err := edit.Apply(o.t.Context(), once.Change{Event: events()("subscription.quantity_set")})
	return err
}

// 32 clients assign the last ten licences to 64 users, each user wanted by two clients: ten get one,
// nobody else, and each refusal is right.
func TestNeverOverAssigned(t *testing.T) {
	t.Parallel()
	const users, clients, free = 64, 32, 10
	o := newOrganisation(t, users, map[string]int{"suite": free})
	var all sync.WaitGroup
	results := make([][]licensing.Result, clients)
	for c := range clients {
		all.Go(func() {
			r, err := of(dynamo.Open(storetest.Client(t), o.name)).Change(t.Context(), assign(fmt.Sprint(c), []string{fmt.Sprintf("u%03d", 2*c), fmt.Sprintf("u%03d", (2*c+3)%users)}, "suite"))
			if err != nil {
				t.Error(err)
			}
			results[c] = r
		})
	}
	all.Wait()
	same(t, "held", o.checked(users), map[string]int{"suite": free})
	won := 0
	for _, r := range results {
		counts := outcomes(r)
		won += counts["assigned"]
		if counts["refused"] != counts[subscription.NoLicenseFree] || counts["assigned"]+counts["refused"]+counts["unchanged"] != 2 {
			t.Errorf("%v", counts)
		}
	}
	if won != free {
		t.Errorf("%d licences were assigned, %d were free", won, free)
	}
}

// meanwhile does something after the first read of the seats.
type meanwhile struct {
	subscription.People
	do func()
}

func (m *meanwhile) UsersAndSubscriptions(ctx context.Context, ids []string, seats subscription.Need) ([]subscription.User, []subscription.Holding, error) {
	users, all, err := m.People.UsersAndSubscriptions(ctx, ids, seats)
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return users, all, err
}

// L9: a licence that comes free after the seats were read is not refused, and one that is taken then is.
func TestRefusedOnlyWhenNoneFree(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		quantity  int
		meanwhile func(o *organisation) error
		want      map[string]int
	}{
		"removed from another user": {1, func(o *organisation) error {
			r := assign("removal", names(0, 1))
			r.Want.Remove, r.Acknowledged = []string{"suite"}, true
			_, err := o.Change(o.t.Context(), r)
			return err
		}, map[string]int{"assigned": 1}},
		"another user is deleted": {1, func(o *organisation) error {
			_, err := o.Delete(o.t.Context(), licensing.Deletion{UserIDs: names(0, 1), Acknowledged: true, Today: today, Event: events()})
			return err
		}, map[string]int{"assigned": 1}},
		"bought": {1, func(o *organisation) error { return reseat(o, 2) }, map[string]int{"assigned": 1}},
		"the last one is taken": {2, func(o *organisation) error {
			_, err := o.Change(o.t.Context(), assign("other", names(2, 3), "suite"))
			return err
		}, map[string]int{"refused": 1, subscription.NoLicenseFree: 1}},
		"the user gets the last one from another call": {2, func(o *organisation) error {
			_, err := o.Change(o.t.Context(), assign("other", names(1, 2), "suite"))
			return err
		}, map[string]int{"unchanged": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOrganisation(t, 3, map[string]int{"suite": test.quantity})
			_, err := o.Change(t.Context(), assign("before", names(0, 1), "suite"))
			must(t, err)
			l := *o.Licensing
			m := &meanwhile{o.Licensing.People, func() { must(t, test.meanwhile(o)) }}
			l.People = m
			results, err := l.Change(t.Context(), assign("call", names(1, 2), "suite"))
			must(t, err)
			if m.do != nil {
				t.Error("nothing happened meanwhile")
			}
			same(t, "outcome", outcomes(results), test.want)
			o.checked(3)
		})
	}
}

// A process that dies at any store call leaves users with all or nothing, and seats that agree with
// them; the same call afterwards completes the work and reports every user as assigned (L8).
func TestDeathAtEveryStoreCall(t *testing.T) {
	t.Parallel()
	const users = 120
	quantities := map[string]int{"suite": users, "voice": users}
	calls := deadAt(t, newOrganisation(t, users, quantities), 0, false, users)
	if calls < 8 {
		t.Fatalf("only %d store calls", calls)
	}
	for n := 1; n <= calls; n++ {
		for _, done := range []bool{false, true} {
			if done && n < calls {
				continue // to die after a call is to die before the next one
			}
			t.Run(fmt.Sprintf("call %d, done %t", n, done), func(t *testing.T) {
				t.Parallel()
				o := newOrganisation(t, users, quantities)
				deadAt(t, o, n, done, users)
				held := o.checked(users)
				if held["suite"] != held["voice"] {
					t.Errorf("users have a part of their licences: %v", held)
				}
				results, err := o.Change(t.Context(), assign("call", names(0, users), "suite", "voice"))
				must(t, err)
				same(t, "again", outcomes(results), map[string]int{"assigned": users})
				same(t, "held", o.checked(users), map[string]int{"suite": users, "voice": users})
			})
		}
	}
}

// deadAt assigns two licences to each user by a process that dies at its n-th store call: before the
// call or, with done, after it was carried out. It does not die if n is 0. It returns the number of
// calls.
func deadAt(t *testing.T, o *organisation, n int, done bool, users int) int {
	t.Helper()
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	if n > 0 {
		proxy.SetHooks(faultproxy.Hooks{
			Before: func(i int, _ string) {
				if i > n || i == n && !done {
					kill()
					panic(http.ErrAbortHandler) // the call is never sent
				}
			},
			After: func(i int, _ string) {
				if i == n {
					kill()
				}
			},
		})
	}
	client := engine.NewClient(proxy.URL, func(options *dynamodb.Options) {
		options.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts, r.RateLimiter = 1, ratelimit.None })
	})
	_, _ = of(dynamo.Open(client, o.name)).Change(ctx, assign("call", names(0, users), "suite", "voice")) // a dead process returns no result
	return proxy.Requests()
}

// L8: a repetition of a call that switched services off reports the same outcome, as one that assigned does.
func TestL8_ServicesAreSwitchedOnce(t *testing.T) {
	t.Parallel()
	o := newOrganisation(t, 3, map[string]int{"suite": 3})
	suite := o.seats()["suite"].Subscription
	after := suite
	after.Services = []subscription.Service{{ID: "chat", Name: "Chat"}, {ID: "mail", Name: "Mail"}}
	_, err := o.table.Subscriptions.Describe(t.Context(), suite, after, events()("subscription.edited"))
	must(t, err)
	_, err = o.Change(t.Context(), assign("first", names(0, 3), "suite"))
	must(t, err)
	second := assign("second", names(0, 3), "suite")
	second.Want.Add[0].Off = []string{"chat"}
	for range 2 {
		results, err := o.Change(t.Context(), second)
		must(t, err)
		for _, r := range results {
			if r.Outcome != subscription.Assigned {
				t.Errorf("%s %v", r.Outcome, r.Violations)
			}
		}
	}
	third := second
	third.Call.ID = "third"
	results, err := o.Change(t.Context(), third)
	must(t, err)
	if results[0].Outcome != subscription.Unchanged {
		t.Errorf("by another call: %s", results[0].Outcome)
	}
}
