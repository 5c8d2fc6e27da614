package licensing_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/aws/dynamo"
	"trueup/internal/licensing"
	"trueup/internal/once"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// waiting returns a request to assign a licence of suite, or to wait for one since some seconds after noon.
func waiting(seconds int, users ...string) licensing.Request {
	r := assign(fmt.Sprint("wait-", seconds, users), users, "suite")
	r.Want.Wait, r.Call.At = true, noon.Add(time.Duration(seconds)*time.Second)
	return r
}

// removal returns a request to take licences of suite back.
func removal(users ...string) licensing.Request {
	r := assign("remove", users)
	r.Want.Remove, r.Acknowledged = []string{"suite"}, true
	return r
}

// queue returns the ids of the users who wait for suite, in order.
func (o *organisation) queue() (ids []string) {
	o.t.Helper()
	users, err := licensing.Queue(o.t.Context(), o.Register, "suite")
	must(o.t, err)
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	return ids
}

// holders returns which of the users hold suite.
func (o *organisation) holders(users int) (ids []string) {
	o.t.Helper()
	all, err := o.table.People.Users(o.t.Context(), names(0, users))
	must(o.t, err)
	for _, u := range all {
		if _, holds := u.Licenses["suite"]; holds {
			ids = append(ids, u.ID)
		}
		if _, both := u.Waiting["suite"]; both && (len(u.Licenses) > 0 || !u.DeletedAt.IsZero()) {
			o.t.Errorf("%s holds a licence or is deleted, and waits", u.ID)
		}
	}
	return ids
}

// scheduled serves everybody who can be served, as the schedule does.
func (o *organisation) scheduled() int {
	o.t.Helper()
	n, err := o.Serve(o.t.Context(), licensing.Serving{Today: today, Event: events()})
	must(o.t, err)
	return n
}

// settled runs the schedule once, after which nobody may wait while a licence is free.
func (o *organisation) settled(users int) {
	o.t.Helper()
	o.scheduled()
	o.checked(users)
	o.holders(users)
	if free := o.seats()["suite"].Seats.Available; free > 0 && len(o.queue()) > 0 {
		o.t.Errorf("%d licences are free, and %q wait", free, o.queue())
	}
}

// R9.7: 20 users hold the licences and 40 wait, not in the order of their ids. While eight processes
// remove licences and buy others, those who wait longest get them, and as many as there are.
func TestWaitingUsersAreServedInOrder(t *testing.T) {
	t.Parallel()
	const holders, waiters, bought, clients = 20, 40, 6, 8
	o := newOrganisation(t, holders+waiters, map[string]int{"suite": holders})
	_, err := o.Change(t.Context(), assign("hold", names(0, holders), "suite"))
	must(t, err)
	order := names(holders, holders+waiters)
	rand.New(rand.NewPCG(7, 7)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for i, id := range order {
		results, err := o.Change(t.Context(), waiting(i, id))
		must(t, err)
		same(t, id, outcomes(results), map[string]int{"waiting": 1})
	}
	same(t, "queue", o.queue(), order)
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			mine := of(dynamo.Open(storetest.Client(t), o.name))
			for i := c; i < holders; i += clients {
				if _, err := mine.Change(t.Context(), removal(fmt.Sprintf("u%03d", i))); err != nil {
					t.Error(err)
				}
			}
			if c < bought {
				o.buy("suite", 1)
				mine.ServeFirst(t.Context(), []string{"suite"}, today, events())
			}
		})
	}
	all.Wait()
	o.settled(holders + waiters)
	want := slices.Sorted(slices.Values(order[:holders+bought]))
	same(t, "served", o.holders(holders+waiters), want)
	same(t, "left", o.queue(), order[holders+bought:])
}

// R9.7: clients have users wait, remove and assign licences, remove places, buy and lower at random, and
// all of it fails at times. Nobody is ever over, and after one run of the schedule nobody waits while a licence
// is free.
func TestNobodyWaitsWhileALicenceIsFree(t *testing.T) {
	t.Parallel()
	const users, clients, steps = 24, 6, 12
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			o := newOrganisation(t, users, map[string]int{"suite": 4})
			var all sync.WaitGroup
			for c := range clients {
				all.Go(func() {
					rng := rand.New(rand.NewPCG(seed, uint64(c)))
					mine := of(dynamo.Open(storetest.Client(t), o.name))
					for step := range steps {
						ids := names(0, users)
						rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
						var err error
						switch ids = ids[:1+rng.IntN(4)]; rng.IntN(8) {
						case 0, 1, 2:
							_, err = mine.Change(t.Context(), waiting(step, ids...))
						case 3, 4:
							_, err = mine.Change(t.Context(), removal(ids...))
						case 5:
							_, err = mine.Change(t.Context(), assign(fmt.Sprint(c, step), ids, "suite"))
						case 6:
							err = reseat(o, 2+rng.IntN(8))
						default: // a process that stops at a random moment
							ctx, stop := context.WithTimeout(t.Context(), time.Duration(rng.IntN(40))*time.Millisecond)
							_, _ = mine.Change(ctx, removal(ids...))
							stop()
						}
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			o.settled(users)
			same(t, "a second run serves", o.scheduled(), 0)
		})
	}
}

// A process that releases a licence and dies at any store call leaves the licence with a user, and the
// schedule gives it to the first who waits.
func TestDeathWhileServing(t *testing.T) {
	t.Parallel()
	const users = 4
	prepared := func(t *testing.T) *organisation {
		o := newOrganisation(t, users, map[string]int{"suite": 1})
		_, err := o.Change(t.Context(), assign("hold", names(0, 1), "suite"))
		must(t, err)
		for i, id := range []string{"u002", "u001", "u003"} {
			_, err := o.Change(t.Context(), waiting(i, id))
			must(t, err)
		}
		return o
	}
	die := func(t *testing.T, o *organisation, n int, done bool) int {
		proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
		defer proxy.Close()
		ctx, kill := context.WithCancel(t.Context())
		defer kill()
		if n > 0 {
			proxy.SetHooks(faultproxy.Hooks{
				Before: func(i int, _ string) {
					if i > n || i == n && !done {
						kill()
						panic(http.ErrAbortHandler)
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
		_, _ = of(dynamo.Open(client, o.name)).Change(ctx, removal("u000"))
		return proxy.Requests()
	}
	o := prepared(t)
	calls := die(t, o, 0, false)
	same(t, "served", o.holders(users), []string{"u002"})
	if calls < 6 {
		t.Fatalf("only %d store calls", calls)
	}
	for n := 1; n <= calls; n++ {
		for _, done := range []bool{false, true} {
			if done && n < calls {
				continue // to die after a call is to die before the next one
			}
			t.Run(fmt.Sprintf("call %d, done %t", n, done), func(t *testing.T) {
				t.Parallel()
				o := prepared(t)
				die(t, o, n, done)
				o.settled(users)
				switch held := o.holders(users); {
				case slices.Equal(held, []string{"u000"}): // the removal was not made
					same(t, "queue", o.queue(), []string{"u002", "u001", "u003"})
				default:
					same(t, "held", held, []string{"u002"})
					same(t, "queue", o.queue(), []string{"u001", "u003"})
				}
			})
		}
	}
}

// A user whom another reason refuses keeps the place, is told why, and later ones are served. The first
// users are served by a call, the rest by the schedule.
func TestWaitingUsersArePassedOver(t *testing.T) {
	t.Parallel()
	const users = 60
	o := newOrganisation(t, users, map[string]int{"suite": 0})
	_, err := o.Change(t.Context(), waiting(0, names(0, users)...))
	must(t, err)
	for _, id := range names(0, 30) {
		o.moved(id, "FR")
	}
	o.limitedTo("suite", "BE")
	o.buy("suite", 2)
	o.ServeFirst(t.Context(), []string{"suite"}, today, events())
	same(t, "served by the call", o.holders(users), []string(nil))
	same(t, "served by the schedule", o.scheduled(), 2)
	same(t, "held", o.holders(users), []string{"u030", "u031"})
	same(t, "left", o.queue(), slices.Concat(names(0, 30), names(32, users)))
	all, err := o.table.People.Users(t.Context(), []string{"u000", "u040"})
	must(t, err)
	for i, want := range []string{subscription.LocationForbidden, ""} {
		code := ""
		if found := licensing.Blocked(all[i], "suite", o.seats(), "2026-11-29"); len(found) > 0 {
			code = found[0].Code
		}
		same(t, all[i].ID, code, want)
	}
	o.moved("u000", "BE")
	o.buy("suite", 1)
	o.scheduled()
	same(t, "held", o.holders(users), []string{"u000", "u030", "u031"})
}

// Nobody begins to wait while a licence is free: the transaction checks it.
func TestWaitingNeedsThatNoneIsFree(t *testing.T) {
	t.Parallel()
	o := newOrganisation(t, 1, map[string]int{"suite": 1})
	all, err := o.table.People.Users(t.Context(), []string{"u000"})
	must(t, err)
	after := all[0]
	after.Version++
	after.Waiting = map[string]subscription.Grant{"suite": {At: noon, By: "admin", Via: subscription.Direct}}
	join := []subscription.Change{{Before: all[0], After: after, Event: events()(licensing.WaitingJoined)}}
	_, refused, err := o.table.People.Apply(t.Context(), join, today, once.Entry{})
	must(t, err)
	if refused == nil || refused.Seats["suite"].Available != 1 {
		t.Errorf("%+v", refused)
	}
	same(t, "queue", o.queue(), []string(nil))
	must(t, reseat(o, 0))
	_, refused, err = o.table.People.Apply(t.Context(), join, today, once.Entry{})
	must(t, err)
	if refused != nil {
		t.Errorf("%+v", refused)
	}
	same(t, "queue", o.queue(), []string{"u000"})
}

// counted is a register that has other numbers of waiting users, or fails.
type counted struct {
	subscription.Register
	waiting map[string]int
	err     error
}

func (c counted) Waiting(context.Context) (map[string]int, error) { return c.waiting, c.err }

// A waiting list is bounded, and says so.
func TestWaitingListIsBounded(t *testing.T) {
	t.Parallel()
	o := newOrganisation(t, 3, map[string]int{"suite": 0})
	o.Register = counted{Register: o.Register, waiting: map[string]int{"suite": subscription.PlacesMax - 2}}
	results, err := o.Change(t.Context(), waiting(0, names(0, 3)...))
	must(t, err)
	same(t, "outcomes", outcomes(results), map[string]int{"waiting": 2, "refused": 1, subscription.WaitingListFull: 1})
	same(t, "the last one", results[2].Violations[0].Args["max"], "10000")
	same(t, "queue", o.queue(), names(0, 2))
}

// A fault while waiting users are served does not fail the change that releases a licence.
func TestFaultWhileServing(t *testing.T) {
	t.Parallel()
	o := newOrganisation(t, 2, map[string]int{"suite": 1})
	_, err := o.Change(t.Context(), assign("hold", names(0, 1), "suite"))
	must(t, err)
	_, err = o.Change(t.Context(), waiting(0, "u001"))
	must(t, err)
	register := o.Register
	o.Register = counted{Register: register, err: errors.New("broken")}
	results, err := o.Change(t.Context(), removal("u000"))
	must(t, err)
	same(t, "outcomes", outcomes(results), map[string]int{"removed": 1})
	o.Register = register
	same(t, "served", o.scheduled(), 1)
	same(t, "held", o.holders(2), []string{"u001"})
}

// A rehearsal serves nobody, and an expired subscription neither. Places for a deleted one are removed.
func TestPlacesThatAreNotServed(t *testing.T) {
	t.Parallel()
	o := newOrganisation(t, 2, map[string]int{"suite": 1})
	_, err := o.Change(t.Context(), assign("hold", names(0, 1), "suite"))
	must(t, err)
	_, err = o.Change(t.Context(), waiting(0, "u001"))
	must(t, err)
	rehearsal := removal("u000")
	rehearsal.DryRun = true
	_, err = o.Change(t.Context(), rehearsal)
	must(t, err)
	same(t, "queue", o.queue(), []string{"u001"})
	expire := o.table.Subscriptions.Reseat("suite", func(h subscription.Holding) (subscription.Seats, error) {
		s := h.Seats.WithQuantity(2, noon)
		s.EndsOn = "2026-11-28"
		return s, nil
	})
	_, _, err = expire.Apply(t.Context(), once.Change{Event: events()("subscription.changed")})
	must(t, err)
	same(t, "served", o.scheduled(), 0)
	same(t, "queue", o.queue(), []string{"u001"})
	_, err = o.Change(t.Context(), removal("u000"))
	must(t, err)
	must(t, o.table.Subscriptions.Delete(t.Context(), o.seats()["suite"].Subscription, events()("subscription.deleted")))
	same(t, "served", o.scheduled(), 0)
	same(t, "queue", o.queue(), []string(nil))
}
