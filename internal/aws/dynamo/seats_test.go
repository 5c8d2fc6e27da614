package dynamo_test

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// TestSeats makes random changes one after another, several users in a transaction. After each, the
// seats are what the users have, the result is what subscription.Seats says, and only a quantity makes
// the number of free licences negative (L1).
func TestSeats(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng := mathrand.New(mathrand.NewPCG(seed, 1))
			s := open(t)
			subs := []string{"s0", "s1", "s2"}
			world := newSeatWorld(map[string]subscription.Seats{}, map[string]subscription.User{})
			seats, users := world.seats, world.users
			var ids []string
			for i, id := range subs {
				seats[id] = subscribe(t, s, holdingOf(id, id, i+1)).Seats
			}
			for i := range 6 {
				u := enrol(t, s, fmt.Sprintf("u%d@example.com", i))
				ids, users[u.ID] = append(ids, u.ID), u
			}
			world = newSeatWorld(seats, users)
			done, refused := 0, 0
			for range 40 {
				if rng.IntN(6) == 0 {
					id := subs[rng.IntN(len(subs))]
					after := reseat(t, s, id, toQuantity(rng.IntN(6))).Seats
					next := newSeatWorld(world.seats, world.users)
					next.seats[id] = world.seats[id].WithQuantity(after.Quantity, noon)
					world = newSeatWorld(next.seats, next.users)
				} else {
					changes := randomChanges(rng, world, ids, subs)
					_, refusal, err := s.People.Apply(ctx, changes, today, once.Entry{})
					must(t, err)
					next, ok := world.apply(changes)
					if ok != (refusal == nil) {
						t.Fatalf("%s\nrefused: %+v, want done: %v", world.text, refusal, ok)
					}
					if refusal != nil && !world.refuses(changes, refusal) {
						t.Fatalf("%s\nrefused: %+v", world.text, refusal)
					}
					world = next
					if ok {
						done++
					} else {
						refused++
					}
				}
				sameAs(t, s, world, ids)
			}
			if done < 5 || refused < 5 {
				t.Errorf("%d transactions done, %d refused", done, refused)
			}
		})
	}
}

// randomChanges returns changes of the licences of up to three users.
func randomChanges(rng *mathrand.Rand, w *seatWorld, ids, subs []string) (changes []subscription.Change) {
	for _, i := range rng.Perm(len(ids))[:1+rng.IntN(3)] {
		u := w.users[ids[i]]
		c := changing(u)
		switch {
		case !u.DeletedAt.IsZero():
			restoring(&c.After)
		case rng.IntN(8) == 0:
			deleted(&c.After)
		}
		if c.After.DeletedAt.IsZero() {
			for _, id := range subs {
				switch rng.IntN(3) {
				case 0:
					with(id)(&c.After)
				case 1:
					without(id)(&c.After)
				}
			}
		}
		changes = append(changes, c)
	}
	return changes
}

// sameAs compares the table with a state of the model.
func sameAs(t *testing.T, s *dynamo.Table, w *seatWorld, ids []string) {
	t.Helper()
	users, err := s.People.Users(t.Context(), ids)
	must(t, err)
	holders := map[string]int{}
	for _, u := range users {
		equal(t, "a user", shownUser(u), shownUser(w.users[u.ID]))
		for id := range u.Licenses {
			holders[id]++
		}
	}
	all, err := s.Subscriptions.Subscriptions(t.Context())
	must(t, err)
	for _, h := range all {
		equal(t, "seats of "+h.ID, h.Seats, w.seats[h.ID])
		if h.Seats.Assigned != holders[h.ID] || h.Seats.Available != h.Seats.Quantity-h.Seats.Assigned {
			t.Errorf("%d users hold a licence of %s", holders[h.ID], shownSeats(h.ID, h.Seats))
		}
	}
}

// assignPatiently assigns a licence to a user who has none, and returns the refusal if there is one.
func assignPatiently(ctx context.Context, s *dynamo.Table, u subscription.User, id string) (*subscription.Refusal, error) {
	_, refused, err := s.People.Apply(ctx, []subscription.Change{changing(u, with(id))}, today, once.Entry{})
	return refused, err
}

// TestNeverOverAssigned has 32 processes assign the last 10 licences of a subscription at once, while
// transactions conflict as on AWS. Ten get one, the others are refused with the seats that were found,
// and no call fails.
func TestNeverOverAssigned(t *testing.T) {
	t.Parallel()
	const clients, free = 32, 10
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	direct := dynamo.Open(client, table)
	subscribe(t, direct, holdingOf("s", "S", free))
	var users []subscription.User
	for i := range clients {
		users = append(users, enrol(t, direct, fmt.Sprintf("u%d@example.com", i)))
	}
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	proxy.Contend(faultproxy.Contention{Hold: 6 * time.Millisecond, Latency: 2 * time.Millisecond})
	var assigned, refused atomic.Int64
	var g errgroup.Group
	for _, u := range users {
		// The engine may be slow, so the timeout is long: the test does not measure time.
		s := dynamo.Open(engine.NewClient(proxy.URL), table, dynamo.RetryTimeout(time.Minute))
		g.Go(func() error {
			r, err := assignPatiently(ctx, s, u, "s")
			switch {
			case err != nil:
				return err
			case r == nil:
				assigned.Add(1)
			case r.Seats["s"].Available != 0 || r.Seats["s"].Assigned != free || len(r.Moved) > 0:
				return fmt.Errorf("refused: %+v", *r)
			default:
				refused.Add(1)
			}
			return nil
		})
	}
	must(t, g.Wait())
	equal(t, "assigned", assigned.Load(), int64(free))
	equal(t, "refused", refused.Load(), int64(clients-free))
	seats := seatsOf(t, direct, "s")
	equal(t, "seats", seats, subscription.Seats{Quantity: free, Assigned: free, AsOf: noon, Version: 1})
	found, err := direct.People.UsersByID(ctx, idsOf(users))
	must(t, err)
	holders := 0
	for _, u := range found {
		holders += len(u.Licenses)
	}
	equal(t, "holders", holders, free)
	if proxy.Counts()[faultproxy.TransactionConflict] == 0 {
		t.Error("no transactions met")
	}
}

func idsOf(users []subscription.User) (ids []string) {
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	return ids
}

// TestManyAdminsOneSubscription has processes assign and release licences of one subscription without a
// pause, while transactions conflict as on AWS. Every call succeeds, and the number of attempts stays
// bounded although all of them need the same item.
func TestManyAdminsOneSubscription(t *testing.T) {
	t.Parallel()
	const processes, each, most = 8, 4, 12
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	direct := dynamo.Open(client, table)
	subscribe(t, direct, holdingOf("s", "S", processes))
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	proxy.Contend(faultproxy.Contention{Hold: 10 * time.Millisecond, Latency: 2 * time.Millisecond})
	var g errgroup.Group
	for p := range processes {
		u := enrol(t, direct, fmt.Sprintf("u%d@example.com", p))
		s := dynamo.Open(engine.NewClient(proxy.URL), table, dynamo.RetryTimeout(time.Minute)) // the engine may be slow
		g.Go(func() error {
			for i := range each {
				c := changing(u, with("s"))
				if i%2 == 1 {
					c = changing(u, without("s"))
				}
				_, refused, err := s.People.Apply(ctx, []subscription.Change{c}, today, once.Entry{})
				if err != nil || refused != nil {
					return fmt.Errorf("process %d, change %d: %+v, %w", p, i, refused, err)
				}
				u = c.After
			}
			return nil
		})
	}
	must(t, g.Wait())
	equal(t, "seats", seatsOf(t, direct, "s").Assigned, 0)
	transactions, conflicts := proxy.Operations()["TransactWriteItems"], proxy.Counts()[faultproxy.TransactionConflict]
	t.Logf("%d transactions for %d changes, %d conflicts, %d heads read", transactions, processes*each, conflicts, proxy.Operations()["GetItem"])
	if transactions > most*processes*each {
		t.Errorf("%d transactions for %d changes, want at most %d for each", transactions, processes*each, most)
	}
	if conflicts == 0 {
		t.Error("no transactions met")
	}
	// A conflict about seats says nothing about the journal.
	if heads := proxy.Operations()["GetItem"]; heads > conflicts/2 {
		t.Errorf("%d heads of the journal were read for %d conflicts", heads, conflicts)
	}
}

// TestManyAdminsManySubscriptions is the same with a subscription each: processes do not wait for each other in the journal.
func TestManyAdminsManySubscriptions(t *testing.T) {
	t.Parallel()
	const processes, each, most = 16, 4, 3
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	direct := dynamo.Open(client, table)
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	proxy.Contend(faultproxy.Contention{Hold: 60 * time.Millisecond, Latency: 30 * time.Millisecond})
	var g errgroup.Group
	for p := range processes {
		id := fmt.Sprint("s", p)
		subscribe(t, direct, holdingOf(id, id, each))
		s := dynamo.Open(engine.NewClient(proxy.URL), table, dynamo.RetryTimeout(time.Minute))
		g.Go(func() error {
			for i := range each {
				_, refused, err := s.People.Apply(ctx, []subscription.Change{creating(fmt.Sprintf("u%d-%d@example.com", p, i), id)}, today, once.Entry{})
				if err != nil || refused != nil {
					return fmt.Errorf("process %d, user %d: %+v, %w", p, i, refused, err)
				}
			}
			return nil
		})
	}
	must(t, g.Wait())
	transactions, conflicts := proxy.Operations()["TransactWriteItems"], proxy.Counts()[faultproxy.TransactionConflict]
	t.Logf("%d transactions for %d users, %d conflicts", transactions, processes*each, conflicts)
	if transactions > most*processes*each {
		t.Errorf("%d transactions for %d users, want at most %d for each", transactions, processes*each, most)
	}
}

// TestLostReplyIsAssignedOnce loses the reply of the transaction that assigns a licence. The process
// repeats it and reports it as done, the seats are taken once, and a new process that was not told finds
// it done.
func TestLostReplyIsAssignedOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, lost := range []faultproxy.Kind{faultproxy.CutReply, faultproxy.CutBody} {
		t.Run(string(lost), func(t *testing.T) {
			t.Parallel()
			client, table := storetest.Client(t), storetest.Table(t)
			direct := dynamo.Open(client, table)
			subscribe(t, direct, holdingOf("s", "S", 3))
			u := enrol(t, direct, "ann@example.com")
			proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
			defer proxy.Close()
			lose := faultproxy.Faults{{Kind: lost, Rate: 1, Operations: []string{"TransactWriteItems"}}}
			proxy.SetFaults(lose)
			proxy.SetHooks(faultproxy.Hooks{After: func(_ int, operation string) {
				if operation == "TransactWriteItems" {
					proxy.SetFaults(nil)
				}
			}})
			s := dynamo.Open(engine.NewClient(proxy.URL), table)
			entry := once.Entry{Key: "me/1", BodyHash: "h", Response: []byte("first"), Expires: noon.Add(time.Hour)}
			c := changing(u, with("s"))
			first, refused, err := s.People.Apply(ctx, []subscription.Change{c}, today, entry)
			must(t, err)
			if first != nil || refused != nil {
				t.Errorf("%q, %+v", first, refused)
			}
			if proxy.Counts()[lost] == 0 {
				t.Error("no reply was lost")
			}
			equal(t, "assigned", seatsOf(t, direct, "s").Assigned, 1)

			// The process dies instead: its successor finds out.
			proxy.SetHooks(faultproxy.Hooks{})
			proxy.SetFaults(lose)
			second := changing(c.After, without("s"))
			dying := dynamo.Open(engine.NewClient(proxy.URL), table, dynamo.RetryTimeout(time.Millisecond))
			_, _, err = dying.People.Apply(ctx, []subscription.Change{second}, today, once.Entry{})
			if errs.KindOf(err) != errs.Unavailable {
				t.Errorf("without any reply: %v", err)
			}
			proxy.SetFaults(nil)
			successor := dynamo.Open(engine.NewClient(proxy.URL), table)
			_, refused, err = successor.People.Apply(ctx, []subscription.Change{second}, today, once.Entry{})
			must(t, err)
			equalUser(t, "the successor", refused, &subscription.Refusal{Moved: []string{u.ID}})
			equal(t, "released", seatsOf(t, direct, "s").Assigned, 0)
			equal(t, "version", mustUser(t, direct, u.ID).Version, second.After.Version)
			first, _, err = successor.People.Apply(ctx, []subscription.Change{c}, today, entry)
			must(t, err)
			equal(t, "answer of the first call", string(first), "first")
		})
	}
}
