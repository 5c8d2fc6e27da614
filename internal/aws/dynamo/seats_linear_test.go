package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/journal"
	"trueup/internal/licensing"
	"trueup/internal/once"
	"trueup/internal/people"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// One transaction changes users of several subscriptions, so a history cannot be divided by
// subscription. It is divided by time instead: after each round all clients stop, and every request
// that is under way has ended. So the operations of a round are ordered before those of the next one,
// and a history of hundreds of operations is checked as fast as its rounds.
const (
	seatHistories  = 20
	seatRounds     = 6
	seatClients    = 5
	seatSteps      = 3 // of each client in a round: a change with the reads that it needs, or reads
	seatOperations = 300
	seatsAtOnce    = 6 // histories: they mostly wait for the engine, and for pauses between attempts
	seatUsers      = 6
	seatQuantity   = 5 // the largest
)

// seatHistory is the operations of clients on a table.
type seatHistory struct {
	t      *testing.T
	seed   uint64
	fault  seatFault
	rounds int
	table  string
	began  time.Time
	proxy  *faultproxy.Proxy // of the round

	mu     sync.Mutex
	ops    []porcupine.Operation
	open   []unanswered            // operations of the round
	calls  map[string][]attempt    // of the round, by call and user
	events map[string]bool         // whether the event of a change must be stored, by id
	subs   []string                // ids of subscriptions
	users  []string                // ids
	faults map[faultproxy.Kind]int // that happened
	moment int                     // counts changes of quantities
	direct *dynamo.Table           // without faults
	// register finds waiting users, of whom there are none.
	register subscription.Register
	plant    func(*dynamodb.Options) // of a planted fault; nil for none
}

// unanswered is an operation whose client received no result.
type unanswered struct {
	porcupine.Operation
	events []audit.Event
}

// seatClient does one operation after another. It stands for a process; when the process dies, it
// stands for a new one.
type seatClient struct {
	*seatHistory
	number   int
	rng      *mathrand.Rand
	store    *dynamo.Table
	licenses *licensing.Licensing
	called   int              // calls of the licensing
	position journal.Position // up to which the journal was read; a new process has it from a saved copy
	versions map[string]int64 // of users, up to there
}

// start makes the client a new process.
func (c *seatClient) start() {
	c.store = dynamo.Open(engine.NewClient(c.proxy.URL, func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts, r.MaxBackoff, r.RateLimiter = 5, 20*time.Millisecond, ratelimit.None
		})
		if c.plant != nil {
			c.plant(o)
		}
	}), c.table)
	c.licenses = &licensing.Licensing{Subscriptions: c.store.Subscriptions, People: c.fault.people(c.store), Register: c.register, Log: quiet}
}

func (h *seatHistory) now() int64 { return int64(time.Since(h.began)) }

func (h *seatHistory) record(client int, call int64, op seatOp, out seatOut) {
	end := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: &op, Call: call, Output: &out, Return: end})
}

// write makes one change and records it. The process may die while it waits for the result.
func (c *seatClient) write(ctx context.Context, op seatOp, events []audit.Event, do func(context.Context) (seatOut, error)) (out seatOut, ok bool) {
	if c.rng.IntN(6) == 0 {
		dying, dead := context.WithTimeout(ctx, time.Duration(c.rng.Int64N(int64(40*time.Millisecond))))
		defer func() { dead(); c.start() }()
		ctx = dying
	}
	call := c.now()
	out, err := do(ctx)
	done := err == nil && out.refused == nil
	if err == nil {
		c.record(c.number, call, op, out)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if errs.KindOf(err) != errs.Unavailable && ctx.Err() == nil && c.fault == seatsSound {
			c.t.Errorf("seed %d: %s: %v", c.seed, op.what, err)
		}
		c.open = append(c.open, unanswered{porcupine.Operation{ClientId: c.number, Input: &op, Call: call}, events})
		return out, false
	}
	for _, e := range events {
		c.events[e.ID] = done
	}
	return out, done
}

// read reads and records the results if the read succeeds. A failed read proves nothing.
func (c *seatClient) read(ctx context.Context, read func(context.Context) ([]seatOp, []seatOut, error)) bool {
	call := c.now()
	ops, outs, err := read(ctx)
	if err != nil {
		if errs.KindOf(err) != errs.Unavailable && ctx.Err() == nil {
			c.t.Errorf("seed %d: %v", c.seed, err)
		}
		return false
	}
	for i, op := range ops {
		c.record(c.number, call, op, outs[i])
	}
	return true
}

// readUsers reads users. They are not of one moment.
func (c *seatClient) readUsers(ctx context.Context, ids ...string) (users []subscription.User, ok bool) {
	ok = c.read(ctx, func(ctx context.Context) (ops []seatOp, outs []seatOut, err error) {
		users, err = c.store.People.Users(ctx, ids)
		for i, u := range users {
			ops, outs = append(ops, seatOp{kind: opUser, id: ids[i]}), append(outs, seatOut{user: u})
		}
		return ops, outs, err
	})
	return users, ok
}

func (c *seatClient) readSeats(ctx context.Context, id string) bool {
	return c.read(ctx, func(ctx context.Context) ([]seatOp, []seatOut, error) {
		h, err := c.store.Subscriptions.Subscription(ctx, id)
		return []seatOp{{kind: opSeats, id: id}}, []seatOut{{seats: h.Seats}}, err
	})
}

// readAllSeats reads the seats of all subscriptions. They are not of one moment.
func (c *seatClient) readAllSeats(ctx context.Context) bool {
	return c.read(ctx, func(ctx context.Context) (ops []seatOp, outs []seatOut, err error) {
		all, err := c.store.Subscriptions.Subscriptions(ctx)
		for _, h := range all {
			ops, outs = append(ops, seatOp{kind: opSeats, id: h.ID}), append(outs, seatOut{seats: h.Seats})
		}
		return ops, outs, err
	})
}

// readVersions reads the journal, and records which versions of users it has. The stripes are not read
// at one moment, so each user is an operation.
func (c *seatClient) readVersions(ctx context.Context, ids ...string) bool {
	return c.read(ctx, func(ctx context.Context) (ops []seatOp, outs []seatOut, err error) {
		head, err := c.store.Journal.Head(ctx, people.JournalName)
		if err != nil {
			return nil, nil, err
		}
		for stripe, p := range head.Position {
			for c.position[stripe].Seq < p.Seq {
				part, err := c.store.Journal.Entries(ctx, people.JournalName, stripe, c.position[stripe].Seq, p.Seq)
				if err != nil {
					return nil, nil, err
				}
				for _, e := range part {
					c.position[stripe].Seq = e.Seq
					c.apply(e.Body)
				}
			}
		}
		for _, id := range ids {
			ops, outs = append(ops, seatOp{kind: opVersion, id: id}), append(outs, seatOut{version: c.versions[id]})
		}
		return ops, outs, nil
	})
}

// apply applies an entry of the journal.
func (c *seatClient) apply(body string) {
	for line := range strings.Lines(body) {
		var id string
		var version int64
		if _, err := fmt.Sscanf(line, "u %s %d\n", &id, &version); err != nil {
			c.t.Errorf("line %q of an entry: %v", line, err)
		}
		c.versions[id] = max(c.versions[id], version)
	}
}

// change applies changes of users.
func (c *seatClient) change(ctx context.Context, what string, changes ...subscription.Change) (seatOut, bool) {
	var events []audit.Event
	for _, one := range changes {
		events = append(events, one.Event)
	}
	return c.write(ctx, seatOp{kind: opApply, what: what, changes: changes}, events, func(ctx context.Context) (seatOut, error) {
		_, refused, err := c.store.People.Apply(ctx, changes, today, once.Entry{})
		return seatOut{refused: refused}, err
	})
}

// quantityAt returns the moment, after noon, of a change of a quantity: each has its own.
func quantityAt(op *seatOp) time.Duration {
	var n int
	_, _ = fmt.Sscanf(op.what, opQuantity+" %d", &n)
	return time.Duration(n) * time.Millisecond
}

// quantity changes the number of licences of a subscription.
func (c *seatClient) quantity(ctx context.Context, id string, n int) {
	c.mu.Lock()
	c.moment++
	op := seatOp{kind: opQuantity, id: id, quantity: n, what: fmt.Sprint(opQuantity, " ", c.moment)}
	c.mu.Unlock()
	event := edited("subscription.changed")
	c.write(ctx, op, []audit.Event{event}, func(ctx context.Context) (seatOut, error) {
		h, _, err := c.store.Subscriptions.Reseat(id, func(h subscription.Holding) (subscription.Seats, error) {
			return h.Seats.WithQuantity(n, noon.Add(quantityAt(&op))), nil
		}).Apply(ctx, once.Change{Event: event})
		return seatOut{seats: h.Seats}, err
	})
}

// Few users, subscriptions and names, so that clients conflict.
func (c *seatClient) subscription() string { return c.subs[c.rng.IntN(len(c.subs))] }

func (c *seatClient) some(n int) (ids []string) {
	for _, i := range c.rng.Perm(len(c.users))[:n] {
		ids = append(ids, c.users[i])
	}
	return ids
}

// step makes a random change with the reads that it needs, or reads. The changes depend only on what
// was read: the store must judge everything that may have changed since.
func (c *seatClient) step(ctx context.Context) {
	switch n := c.rng.IntN(100); {
	case n < c.fault.reads():
		for range 3 {
			switch c.rng.IntN(4) {
			case 0:
				c.readSeats(ctx, c.subscription())
			case 1:
				c.readAllSeats(ctx)
			case 2:
				c.readUsers(ctx, c.some(1)...)
			case 3:
				c.readVersions(ctx, c.some(2)...)
			}
		}
	case c.fault.calls(c.rng):
		c.changeLicenses(ctx)
	case n < c.fault.reads()+10:
		c.quantity(ctx, c.subscription(), c.rng.IntN(seatQuantity+1))
	case n < c.fault.reads()+22:
		c.assignMany(ctx)
	default:
		users, ok := c.readUsers(ctx, c.some(1)...)
		if ok {
			what, one := c.random(users[0])
			c.change(ctx, what, one)
		}
	}
}

// assignMany assigns a licence to several users, two in a transaction.
func (c *seatClient) assignMany(ctx context.Context) {
	id := c.subscription()
	users, ok := c.readUsers(ctx, c.some(4)...)
	if !ok {
		return
	}
	users = slices.DeleteFunc(users, func(u subscription.User) bool {
		_, holds := u.Licenses[id]
		return holds || !u.DeletedAt.IsZero()
	})
	for chunk := range slices.Chunk(users, 2) {
		var changes []subscription.Change
		for _, u := range chunk {
			changes = append(changes, changing(u, with(id)))
		}
		if out, _ := c.change(ctx, "assign several", changes...); out.refused != nil && len(out.refused.Seats) > 0 {
			return
		}
	}
}

// random returns a random change of a user.
func (c *seatClient) random(u subscription.User) (what string, change subscription.Change) {
	if c.fault == seatsLookedUp {
		if len(u.Licenses) > 0 {
			return "remove", changing(u, without("s1"))
		}
		return "assign", changing(u, with("s1"))
	}
	if !u.DeletedAt.IsZero() {
		return "restore", changing(u, restoring, with(c.subscription()))
	}
	held := slices.Sorted(maps.Keys(u.Licenses))
	switch n := c.rng.IntN(10); {
	case n < 3 && len(held) > 0:
		return "remove", changing(u, without(held[c.rng.IntN(len(held))]))
	case n < 6:
		replaced := changing(u)
		clear(replaced.After.Licenses)
		for _, i := range c.rng.Perm(len(c.subs))[:min(1+c.rng.IntN(2), len(c.subs))] {
			with(c.subs[i])(&replaced.After)
		}
		return "replace", replaced
	case n < 7:
		return "rename", changing(u, named(fmt.Sprintf("name%d@example.com", c.rng.IntN(seatUsers+2))))
	case n < 8:
		return "delete", changing(u, deleted)
	default:
		return "assign", changing(u, with(c.subscription()))
	}
}

// round runs all clients at the same time, and ends when every request has ended.
func (h *seatHistory) round(number int, clients []*seatClient) {
	h.proxy = faultproxy.New(storetest.Endpoint(h.t), h.seed<<8|uint64(number), h.fault.requests())
	var running errgroup.Group
	for _, c := range clients {
		running.Go(func() error {
			c.start()
			for range h.fault.steps() {
				c.step(h.t.Context())
			}
			return nil
		})
	}
	must(h.t, running.Wait())
	h.proxy.Close() // waits for requests whose client has died
	for kind, n := range h.proxy.Counts() {
		h.faults[kind] += n
	}
	h.settle()
}

// settle decides which unanswered operations of a round were done. An event is stored in the
// transaction of its change. What was not done is left out: it allows every order.
func (h *seatHistory) settle() {
	stored, ofCalls := h.storedEvents()
	h.settleCalls(ofCalls)
	for _, u := range h.open {
		done := stored[u.events[0].ID]
		for _, e := range u.events {
			if stored[e.ID] != done && h.fault == seatsSound {
				h.t.Errorf("seed %d: a part of %s was done", h.seed, describedSeatOp(u.Input.(*seatOp), &seatOut{unanswered: true}))
			}
			h.events[e.ID] = done
		}
		if done {
			u.Output, u.Return = &seatOut{unanswered: true}, h.now()
			h.ops = append(h.ops, u.Operation)
		}
	}
	h.open = nil
}

// storedEvents returns the ids of all audit events, and how many there are of each call and user.
func (h *seatHistory) storedEvents() (stored map[string]bool, ofCalls map[string]int) {
	stored, ofCalls = map[string]bool{}, map[string]int{}
	q := audit.Query{From: noon, To: noon.Add(time.Hour), Limit: 1000}
	for {
		page, err := h.direct.Audit.Events(h.t.Context(), q)
		must(h.t, err)
		for _, e := range page.Items {
			stored[e.ID] = true
			if call := e.After["call"]; call != "" {
				ofCalls[call+" "+e.Subject]++
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return stored, ofCalls
		}
	}
}

func (h *seatHistory) client(number int) *seatClient {
	return &seatClient{seatHistory: h, number: number, rng: mathrand.New(mathrand.NewPCG(h.seed, uint64(number))), versions: map[string]int64{}}
}

// readEverything reads everything while no client runs.
func (c *seatClient) readEverything(ctx context.Context) bool {
	_, ok := c.readUsers(ctx, c.users...)
	return ok && c.readAllSeats(ctx) && c.readVersions(ctx, c.users...)
}

// makeSeatHistory runs clients concurrently on a new table.
func makeSeatHistory(t *testing.T, seed uint64, fault seatFault) *seatHistory {
	t.Helper()
	h := &seatHistory{
		t: t, seed: seed, fault: fault, rounds: fault.rounds(), table: storetest.Table(t), began: time.Now(),
		subs: fault.subscriptions(), events: map[string]bool{}, faults: map[faultproxy.Kind]int{},
	}
	h.direct = dynamo.Open(storetest.Client(t), h.table)
	h.register = people.New(h.direct.People, h.direct.Journal, noCopies{}, quiet)
	h.plant = fault.plant(t)
	ctx := t.Context()
	observer := h.client(seatClients)
	observer.store = h.direct
	var clients []*seatClient
	for n := range seatClients {
		clients = append(clients, h.client(n))
	}
	for i, id := range h.subs {
		call := h.now()
		n := i + 2
		subscribe(t, h.direct, holdingOf(id, id, n))
		h.record(seatClients, call, seatOp{kind: opQuantity, id: id, quantity: n}, seatOut{unanswered: true})
	}
	for i := range seatUsers {
		c := creating(fmt.Sprintf("name%d@example.com", i))
		c.After.ID = id.New(noon, fmt.Sprint(i))
		h.users = append(h.users, c.After.ID)
		call := h.now()
		makeChanges(t, h.direct, c)
		h.record(seatClients, call, seatOp{kind: opApply, what: "create", changes: []subscription.Change{c}}, seatOut{})
	}
	for number := range h.rounds {
		h.round(number, clients)
		if !observer.readEverything(ctx) {
			t.Errorf("seed %d: the reads after round %d failed", seed, number)
		}
	}
	return h
}

// String returns the history, with one line for each operation, in the order of their start.
func (h *seatHistory) String() string {
	var b strings.Builder
	slices.SortFunc(h.ops, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	for _, op := range h.ops {
		fmt.Fprintf(&b, "client %d, %6.1f to %6.1f ms: %s\n", op.ClientId, float64(op.Call)/1e6, float64(op.Return)/1e6, describedSeatOp(op.Input.(*seatOp), op.Output.(*seatOut)))
	}
	return b.String()
}

// compare compares the seats with the users (L1), the journal with the users, and the audit events with
// the results (L18).
func (h *seatHistory) compare() error {
	ctx := h.t.Context()
	users, err := h.direct.People.Users(ctx, h.users)
	if err != nil {
		return err
	}
	holders := map[string]int{}
	for _, u := range users {
		for id := range u.Licenses {
			holders[id]++
		}
	}
	all, err := h.direct.Subscriptions.Subscriptions(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	for _, s := range all {
		if s.Seats.Assigned != holders[s.ID] || s.Seats.Available != s.Seats.Quantity-s.Seats.Assigned {
			wrong = append(wrong, fmt.Errorf("%d users have a licence of %s", holders[s.ID], shownSeats(s.ID, s.Seats)))
		}
	}
	stored, _ := h.storedEvents()
	for id, done := range h.events {
		if stored[id] != done {
			wrong = append(wrong, fmt.Errorf("event %s is stored: %v, the change was done: %v", id, stored[id], done))
		}
	}
	return errors.Join(wrong...)
}

// count counts operations by kind and outcome.
func (c *tally) countSeats(h *seatHistory) {
	c.Lock()
	defer c.Unlock()
	c.n["operations"] += len(h.ops)
	for _, op := range h.ops {
		in, out := op.Input.(*seatOp), op.Output.(*seatOut)
		what := in.kind
		if in.kind == opApply {
			what = in.what
		}
		if in.kind == opLicenses {
			what = "licences " + string(out.decision.Outcome)
		}
		switch {
		case out.unanswered:
			what = "unanswered"
		case out.refused != nil:
			for reason, n := range map[string]int{"moved": len(out.refused.Moved), "name taken": len(out.refused.Names), "none free": len(out.refused.Seats)} {
				c.n[reason] += n
			}
			what = "refused"
		}
		c.n[what]++
	}
	for kind, n := range h.faults {
		c.n[string(kind)] += n
	}
}

// TestSeatsAreLinearizable checks users, seats of several subscriptions, names and the journal, and the calls of
// package licensing with what they refuse: with concurrent clients, conflicts, lost replies and clients that die, all results are as if the
// operations were done one after another. So no licence is over-assigned or lost, and a refusal for want
// of a licence is true (L1, L6, L9).
func TestSeatsAreLinearizable(t *testing.T) {
	t.Parallel()
	seen := tally{n: map[string]int{}}
	var running errgroup.Group
	running.SetLimit(seatsAtOnce)
	for seed := range histories(seatHistories) {
		running.Go(func() error {
			t.Run(fmt.Sprint(seed), func(t *testing.T) { // not parallel: it waits, and needs no processor of its own
				h := makeSeatHistory(t, seed, seatsSound)
				if len(h.ops) < seatOperations {
					t.Errorf("seed %d: only %d operations", seed, len(h.ops))
				}
				began := time.Now()
				result := porcupine.CheckOperationsTimeout(seatModel, h.ops, linearTimeout)
				if took := time.Since(began); took > time.Second {
					t.Logf("seed %d: checked in %s", seed, took)
				}
				if result != porcupine.Ok {
					t.Errorf("seed %d: %s; the history:\n%s", seed, result, h)
				}
				if err := h.compare(); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
				seen.countSeats(h)
			})
			return nil
		})
	}
	must(t, running.Wait())
	t.Logf("%v", seen.n)
	if histories(seatHistories) < seatHistories {
		return // few histories do not have everything
	}
	for _, what := range []string{
		"assign", "assign several", "remove", "replace", "rename", "delete", "restore", opQuantity, opSeats, opUser, opVersion,
		"unanswered", "moved", "name taken", "none free", opNoneFree, opDeleted, opLoses, "licences assigned", "licences removed", "licences unchanged",
		string(faultproxy.TransactionConflict), string(faultproxy.CutReply), string(faultproxy.CutBody), string(faultproxy.Throttling),
	} {
		if seen.n[what] == 0 {
			t.Errorf("%s never happened", what)
		}
	}
}
