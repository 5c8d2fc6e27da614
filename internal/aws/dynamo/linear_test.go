package dynamo_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"strconv"
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
	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/id"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// Porcupine looks for an order of the operations of a history that the model allows and in
// which no operation precedes one that had ended before it began. Its run time grows fast
// with the length of a history. Histories of this length take milliseconds, and nearly
// always show a planted fault.
const (
	linearHistories = 20
	linearClients   = 5
	linearSteps     = 7 // of each client: a change or a list, and the reads that it needs
	linearTimeout   = 20 * time.Second
)

// histories returns how many histories to check: n, fewer under the race detector, or the value of
// TRUEUP_HISTORIES, see make histories.
func histories(n int) uint64 {
	if more, err := strconv.ParseUint(os.Getenv("TRUEUP_HISTORIES"), 10, 32); err == nil {
		return more
	}
	return uint64(n / rarely)
}

// faults has the faults of requests in a history: conflicts in 30 % of the transactions,
// lost replies, throttling and others.
var faults = faultproxy.Faults{
	{Kind: faultproxy.TransactionConflict, Rate: 0.3, Operations: []string{"TransactWriteItems"}},
	{Kind: faultproxy.CutReply, Rate: 0.05},
	{Kind: faultproxy.CutBody, Rate: 0.03},
	{Kind: faultproxy.TransactionThrottled, Rate: 0.05},
	{Kind: faultproxy.Throttling, Rate: 0.03},
	{Kind: faultproxy.InternalError, Rate: 0.03},
	{Kind: faultproxy.Unprocessed, Rate: 0.1},
	{Kind: faultproxy.Delay, Rate: 0.1, Delay: 30 * time.Millisecond},
}

// history is the operations of clients on a table.
type history struct {
	t     *testing.T
	seed  uint64
	fault planted
	table string
	proxy *faultproxy.Proxy
	began time.Time

	mu   sync.Mutex
	ops  []porcupine.Operation
	made []operation // operations that created agreements, or may have
}

// client does one operation after another. It stands for a process; when the process dies,
// it stands for a new one.
type client struct {
	*history
	number int
	rng    *mathrand.Rand
	store  *dynamo.Table
	log    *rememberedHead
	reg    *register.Reader
	lists  int
}

// start makes the client a new process.
func (c *client) start() {
	c.store = dynamo.Open(engine.NewClient(c.proxy.URL, func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts, r.MaxBackoff, r.RateLimiter = 5, 20*time.Millisecond, ratelimit.None
		})
		if c.fault == twoSteps {
			o.APIOptions = append(o.APIOptions, checkThenWrite(storetest.Client(c.t)))
		}
	}), c.table)
	c.log, c.lists = &rememberedHead{Log: c.store.Journal}, 0
	c.reg = register.New(c.store.Agreements, c.log, nil, nil)
}

// now returns the time since the history began, in nanoseconds.
func (h *history) now() int64 { return int64(time.Since(h.began)) }

// record adds an operation that began at call and ends now.
func (c *client) record(op operation, call int64, out outcome) {
	end := c.now()
	if out.unknown {
		end = math.MaxInt64
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ops = append(c.ops, porcupine.Operation{ClientId: c.number, Input: &op, Call: call, Output: &out, Return: end})
}

// do makes one change and records it. done reports that it was done, or may have been.
func (c *client) do(ctx context.Context, op operation, change func(context.Context) (agreement.Agreement, error)) (done bool) {
	call := c.now()
	a, err := change(ctx)
	out := outcome{}
	switch kind := errs.KindOf(err); {
	case err == nil:
		out.after = shownAs(a)
	case kind == errs.Conflict || kind == errs.Stale || kind == errs.NotFound:
		out.code, out.violations = errs.CodeOf(err), errs.As(err).Violations
	case kind == errs.Unavailable || ctx.Err() != nil:
		out.unknown = true
	default:
		c.t.Errorf("seed %d: %s: %v", c.seed, op.kind, err)
		out.unknown = true
	}
	c.record(op, call, out)
	return out.code == ""
}

func shownAs(a agreement.Agreement) shown {
	return shown{id: a.ID, name: a.Name, group: a.GroupID, version: a.Version, count: a.PairCount}
}

// read does a read and records it if it succeeds. A failed read proves nothing.
func (c *client) read(ctx context.Context, op operation, read func(context.Context) (outcome, error)) bool {
	call := c.now()
	out, err := read(ctx)
	switch {
	case err == nil:
		c.record(op, call, out)
		return true
	case errs.KindOf(err) != errs.Unavailable && ctx.Err() == nil:
		c.t.Errorf("seed %d: %s: %v", c.seed, op.kind, err)
	}
	return false
}

// get reads a random agreement that was created, and returns it and the pairs that it was
// created with.
func (c *client) get(ctx context.Context) (a agreement.Agreement, pairs []agreement.PairKey) {
	c.mu.Lock()
	var op operation
	if len(c.made) > 0 {
		op = c.made[c.rng.IntN(len(c.made))]
	}
	c.mu.Unlock()
	if op.id == "" {
		return a, nil
	}
	c.read(ctx, operation{kind: opGet, id: op.id}, func(ctx context.Context) (outcome, error) {
		var err error
		if a, err = c.store.Agreements.Agreement(ctx, op.id); errs.KindOf(err) == errs.NotFound {
			return outcome{code: errs.CodeOf(err)}, nil
		}
		return outcome{after: shownAs(a)}, err
	})
	return a, op.pairs
}

// list reads all agreements at one moment: with one read if it omits the pairs, or with the
// pairs, until a second read finds the agreements unchanged.
func (c *client) list(ctx context.Context) bool {
	withPairs := c.rng == nil || c.rng.IntN(2) == 0
	return c.read(ctx, operation{kind: opList}, func(ctx context.Context) (outcome, error) {
		c.lists++
		c.log.frozen = c.fault == staleList && c.lists%3 != 1
		for {
			all, at, err := c.reg.All(ctx, journal.Position{})
			if err != nil {
				return outcome{}, err
			}
			if !withPairs {
				var out outcome
				for _, a := range all {
					out.listed = append(out.listed, shownAs(a))
				}
				return out, nil
			}
			var ids []string
			for _, a := range all {
				ids = append(ids, a.ID)
			}
			pairs, err := c.reg.PairsOf(ctx, ids)
			if err != nil {
				return outcome{}, err
			}
			if _, now, err := c.reg.All(ctx, at); err != nil {
				return outcome{}, err
			} else if now != at {
				continue
			}
			var out outcome
			for _, a := range all {
				s := shownAs(a)
				s.pairs = slices.Sorted(slices.Values(pairs[a.ID]))
				out.listed = append(out.listed, s)
			}
			return out, nil
		}
	})
}

// groups reads the groups, without the built-in one.
func (c *client) groups(ctx context.Context) (groups []group.Group) {
	c.read(ctx, operation{kind: opGroups}, func(ctx context.Context) (outcome, error) {
		all, err := c.store.Groups.Groups(ctx)
		if err != nil {
			return outcome{}, err
		}
		groups = all[1:] // the first is the built-in one
		out := outcome{groups: map[string]string{}}
		for _, g := range groups {
			out.groups[g.ID] = g.Name
		}
		return out, nil
	})
	return groups
}

// Few names, pairs and groups, so that clients conflict.
func (c *client) name() string      { return "name " + string(rune('a'+c.rng.IntN(c.fault.names()))) }
func (c *client) groupName() string { return "group " + string(rune('a'+c.rng.IntN(3))) }

func (c *client) newPairs(n int) (pairs []agreement.Pair, keys []agreement.PairKey) {
	for _, i := range c.rng.Perm(8)[:n] {
		pairs = append(pairs, numbered(fmt.Sprint(100+i))...)
	}
	return pairs, keysOf(pairs)
}

func keysOf(pairs []agreement.Pair) (keys []agreement.PairKey) {
	for _, p := range pairs {
		keys = append(keys, p.Key())
	}
	return keys
}

func (c *client) target(ctx context.Context) agreement.Target {
	switch c.rng.IntN(4) {
	case 0:
		return agreement.Target{}
	case 1:
		if groups := c.groups(ctx); len(groups) > 0 {
			return agreement.Target{GroupID: groups[c.rng.IntN(len(groups))].ID}
		}
	}
	return agreement.Target{NewName: c.groupName()}
}

// step does a random operation. The first one creates an agreement. The operations that
// show a planted fault are more frequent.
func (c *client) step(ctx context.Context, first bool) {
	event := edited("changed")
	creates, lists := c.fault.shares()
	if first {
		creates = 100
	}
	switch n := c.rng.IntN(100); {
	case n < creates:
		op := operation{kind: opCreate, id: rand.Text(), name: c.name(), target: c.target(ctx)}
		pairs, keys := c.newPairs(1 + c.rng.IntN(3))
		op.pairs, op.fresh = keys, id.New(noon, op.id)
		made := c.do(ctx, op, func(ctx context.Context) (agreement.Agreement, error) {
			a, _, err := c.store.Agreements.Create(agreement.New{
				Type: agreement.TypeVolume, ID: op.id, Name: op.name, Pairs: pairs, Group: op.target, By: "me", At: noon,
			}).Apply(ctx, once.Change{Event: event})
			return a, err
		})
		if made {
			c.mu.Lock()
			c.made = append(c.made, op)
			c.mu.Unlock()
		}
		return
	case n < creates+lists:
		c.list(ctx)
		return
	case n < creates+lists+6:
		op := operation{kind: opCreateGroup, id: rand.Text(), name: c.groupName()}
		c.do(ctx, op, func(ctx context.Context) (a agreement.Agreement, err error) {
			_, err = c.store.Groups.CreateGroup(ctx, group.Group{ID: op.id, Name: op.name, CreatedAt: noon, Version: 1}, once.Change{Event: event})
			return a, err
		})
		return
	case n < creates+lists+15:
		if groups := c.groups(ctx); len(groups) > 0 {
			g := groups[c.rng.IntN(len(groups))]
			c.do(ctx, operation{kind: opDeleteGroup, id: g.ID}, func(ctx context.Context) (agreement.Agreement, error) {
				return agreement.Agreement{}, c.store.Groups.DeleteGroup(ctx, g, event)
			})
		}
		return
	}
	a, has := c.get(ctx)
	if a.ID == "" {
		return
	}
	op := operation{id: a.ID, version: a.Version}
	switch c.rng.IntN(6) {
	case 0:
		op.kind, op.name = opRename, c.name()
		c.do(ctx, op, func(ctx context.Context) (agreement.Agreement, error) {
			return c.store.Agreements.Update(ctx, a, agreement.Edit{Name: &op.name, At: noon}, event)
		})
	case 1, 2:
		op.kind, op.target, op.fresh = opMove, c.target(ctx), id.New(noon, a.ID+event.ID)
		c.do(ctx, op, func(ctx context.Context) (agreement.Agreement, error) {
			return c.store.Agreements.Update(ctx, a, agreement.Edit{Group: &op.target, At: noon}, event)
		})
	case 3:
		pairs, keys := c.newPairs(1)
		op.kind, op.pairs = opAdd, keys
		c.do(ctx, op, func(ctx context.Context) (agreement.Agreement, error) {
			after, _, err := c.store.Agreements.AddPairs(a, pairs).Apply(ctx, once.Change{Event: event})
			return after, err
		})
	case 4:
		op.kind, op.pairs = opRemove, has[:1]
		c.do(ctx, op, func(ctx context.Context) (agreement.Agreement, error) {
			return c.store.Agreements.RemovePairs(ctx, a, op.pairs, event)
		})
	case 5:
		op.kind = opDelete
		c.do(ctx, op, func(ctx context.Context) (agreement.Agreement, error) {
			return agreement.Agreement{}, c.store.Agreements.Delete(ctx, a, event)
		})
	}
}

// run runs a client in a history. The client dies in one operation of six.
func (c *client) run(ctx context.Context) {
	c.start()
	for i := range linearSteps {
		if c.rng.IntN(6) > 0 {
			c.step(ctx, i == 0)
			continue
		}
		dying, dead := context.WithTimeout(ctx, time.Duration(c.rng.Int64N(int64(40*time.Millisecond))))
		c.step(dying, i == 0)
		dead()
		c.start()
	}
}

// makeHistory runs clients concurrently on a new table.
func makeHistory(t *testing.T, seed uint64, fault planted) *history {
	t.Helper()
	h := &history{t: t, seed: seed, fault: fault, table: storetest.Table(t), began: time.Now()}
	h.proxy = faultproxy.New(storetest.Endpoint(t), seed, faults)
	defer h.proxy.Close()
	var clients errgroup.Group
	for n := range linearClients {
		c := &client{history: h, number: n, rng: mathrand.New(mathrand.NewPCG(seed, uint64(n)))}
		clients.Go(func() error {
			c.run(t.Context())
			return nil
		})
	}
	must(t, clients.Wait())
	h.proxy.SetFaults(nil)
	last := &client{history: h, number: linearClients}
	last.start()
	if !last.list(t.Context()) {
		t.Errorf("seed %d: the last list failed", seed)
	}
	last.groups(t.Context())
	return h
}

// String returns the history, with one line for each operation, in the order of their start.
func (h *history) String() string {
	var b strings.Builder
	slices.SortFunc(h.ops, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	for _, op := range h.ops {
		fmt.Fprintf(&b, "client %d, %6.1f to %6.1f ms: %s\n", op.ClientId, float64(op.Call)/1e6, min(float64(op.Return)/1e6, 1e5), linearModel.DescribeOperation(op.Input, op.Output))
	}
	return b.String()
}

// tally counts operations by kind and outcome.
type tally struct {
	sync.Mutex
	n map[string]int
}

func (c *tally) count(h *history) {
	c.Lock()
	defer c.Unlock()
	for _, op := range h.ops {
		what := "done"
		if out := op.Output.(*outcome); out.unknown {
			what = "unknown"
		} else if out.code != "" {
			what = out.code
		}
		c.n[what]++
		if what == "done" {
			c.n[op.Input.(*operation).kind]++
		}
	}
	for kind, n := range h.proxy.Counts() {
		c.n[string(kind)] += n
	}
}

// TestR2_3_R2_4_R4_3_Linearizable checks names, pairs and membership of license groups:
// with concurrent clients, conflicts, lost replies and clients that die, all results are
// as if the operations were done one after another.
func TestR2_3_R2_4_R4_3_Linearizable(t *testing.T) {
	t.Parallel()
	seen := tally{n: map[string]int{}}
	t.Run("histories", func(t *testing.T) {
		for seed := range histories(linearHistories) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				h := makeHistory(t, seed, sound)
				began := time.Now()
				result, info := porcupine.CheckOperationsVerbose(linearModel, h.ops, linearTimeout)
				if took := time.Since(began); took > time.Second {
					t.Logf("seed %d: checked in %s", seed, took)
				}
				if result != porcupine.Ok {
					t.Errorf("seed %d: %s; the history:\n%s", seed, result, h)
					for _, part := range info.PartialLinearizationsOperations() {
						for _, order := range part {
							t.Logf("ordered %d of %d operations", len(order), len(h.ops))
						}
					}
				}
				seen.count(h)
			})
		}
	})
	t.Logf("%v", seen.n)
	if histories(linearHistories) < linearHistories {
		return // few histories do not have everything
	}
	for _, what := range []string{
		opCreate, opRename, opMove, opAdd, opRemove, opDelete, opCreateGroup, opDeleteGroup, opGet, opList, opGroups,
		"unknown", "taken", "version_stale", "agreement_not_found",
		string(faultproxy.TransactionConflict), string(faultproxy.CutReply), string(faultproxy.CutBody), string(faultproxy.Throttling),
	} {
		if seen.n[what] == 0 {
			t.Errorf("%s never happened", what)
		}
	}
}
