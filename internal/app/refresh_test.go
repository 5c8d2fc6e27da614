package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	reference "trueup/infra/local/vlsc"
	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/entitlement"
	"trueup/internal/manifest"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
	"trueup/internal/vlsc"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// refreshStand is a worker between the real store and the reference server. Its timeouts are
// short, so that a test can wait for many of them.
type refreshStand struct {
	*refresher.Worker
	t       *testing.T
	server  *reference.Server
	answers refresher.Answers
	n       int
	called  *calls
}

// calls records the DynamoDB actions that a client called, by the names that grants use.
type calls struct {
	mu      sync.Mutex
	actions map[manifest.Action]bool
}

// record is a client option that records the client's calls. A transaction needs the grant of
// each of its actions.
func (c *calls) record(o *dynamodb.Options) {
	o.APIOptions = append(slices.Clone(o.APIOptions), func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("record", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			c.mu.Lock()
			if transaction, ok := in.Parameters.(*dynamodb.TransactWriteItemsInput); ok {
				for _, i := range transaction.TransactItems {
					c.actions["dynamodb:PutItem"] = c.actions["dynamodb:PutItem"] || i.Put != nil
					c.actions["dynamodb:UpdateItem"] = c.actions["dynamodb:UpdateItem"] || i.Update != nil
					c.actions["dynamodb:DeleteItem"] = c.actions["dynamodb:DeleteItem"] || i.Delete != nil
					c.actions["dynamodb:ConditionCheckItem"] = c.actions["dynamodb:ConditionCheckItem"] || i.ConditionCheck != nil
				}
			} else {
				c.actions[manifest.Action("dynamodb:"+stack.ID())] = true
			}
			c.mu.Unlock()
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	})
}

// pairsOfStand is more than two batches.
const pairsOfStand = 240

func newRefreshStand(t *testing.T) *refreshStand {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	called := &calls{actions: map[manifest.Action]bool{}}
	table := storetest.Table(t)
	store := dynamo.Open(storetest.Client(t), table, dynamo.RetryTimeout(20*time.Second))
	for a := range 3 {
		n := agreement.New{Type: agreement.TypeVolume, ID: rand.Text(), Name: fmt.Sprint("Agreement ", a), By: "me", At: time.Now()}
		for p := range pairsOfStand / 3 {
			number := fmt.Sprintf("%02d%05d", a, p)
			n.Pairs = append(n.Pairs, agreement.Pair{Authorization: number, License: number, Program: agreement.ProgramOpenValue})
		}
		event := audit.Event{ID: rand.Text(), At: time.Now(), By: "me", Action: "agreement.created", Source: audit.SourceAPI}
		if _, _, err := store.Agreements.Create(n).Apply(t.Context(), once.Change{Event: event}); err != nil {
			t.Fatal(err)
		}
	}
	server := reference.New("trueup", "secret", time.Hour, time.Now)
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	// Each attempt has a new client, as a new process would: a client remembers a delay that the
	// service asked for.
	source := func(context.Context, refresher.Run) (entitlement.Source, error) {
		return vlsc.NewService(vlsc.Config{
			Endpoint: front.URL + reference.BasePath, TokenURL: front.URL + reference.TokenPath,
			Credentials: func(context.Context) (string, string, error) { return "trueup", "secret", nil },
			Timeout:     500 * time.Millisecond, Now: time.Now, Log: quiet,
		})
	}
	store = dynamo.Open(dynamodb.New(storetest.Client(t).Options(), called.record), table, dynamo.RetryTimeout(20*time.Second))
	refreshes := dynamo.NewRefreshes(store, register.New(store.Agreements, store.Journal, noCopies{}, quiet))
	return &refreshStand{
		t: t, server: server, answers: refreshes, called: called,
		Worker: &refresher.Worker{
			Requests: &refresher.Requests{
				Queue: refreshes, Clock: time.Now, Log: quiet,
				Wake: func(context.Context, string) error { return errors.New("an invocation had too little time") },
			},
			Store: refreshes, Source: source, Zone: time.UTC,
			Publish: func(context.Context, refresher.Run) error { return nil }, Progress: func(context.Context, bool) {},
			Lease: 30 * time.Second, AskTimeout: 10 * time.Second, Reserve: time.Second, Pause: 10 * time.Millisecond,
		},
	}
}

// run requests a run and works until no run is waiting.
func (s *refreshStand) run() refresher.Run {
	s.t.Helper()
	s.n++
	run, err := s.Request(s.t.Context(), refresher.Order{ID: fmt.Sprintf("run-%d", s.n), Kind: refresher.KindFull, Trigger: refresher.TriggerNow, By: "me"})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.work(run.ID)
}

func (s *refreshStand) work(id string) refresher.Run {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.Work(ctx, id); err != nil {
		s.t.Fatal(err)
	}
	run, err := s.Store.Run(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return run
}

// known returns the stored entitlements of every pair, and the number of pairs in each state.
func (s *refreshStand) known() (entitlements map[agreement.PairKey][]entitlement.Entitlement, states map[agreement.Validation]int) {
	s.t.Helper()
	entitlements, states = map[agreement.PairKey][]entitlement.Entitlement{}, map[agreement.Validation]int{}
	err := s.answers.Answers(s.t.Context(), func(some []refresher.Answered) error {
		for _, a := range some {
			entitlements[a.Pair.Key()] = a.Entitlements
			states[a.State]++
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return entitlements, states
}

func TestR7_2_LastGoodEntitlementsStayWhateverTheSourceDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		faults reference.Faults
		state  refresher.State
		reason []string // one of them
	}{
		{"hangs", reference.Faults{Mode: "hang"}, refresher.StateFailed, []string{entitlement.ReasonTimeout}},
		{"resets in the middle", reference.Faults{Mode: "reset"}, refresher.StateFailed, []string{entitlement.ReasonUnreachable}},
		{"truncated JSON", reference.Faults{Mode: "truncated"}, refresher.StateFailed, []string{entitlement.ReasonDamaged}},
		{"a list ten times as long", reference.Faults{Mode: "longer"}, refresher.StateFailed, []string{entitlement.ReasonDamaged}},
		{"an empty list", reference.Faults{Mode: "empty"}, refresher.StateFailed, []string{entitlement.ReasonDamaged}},
		{"half of the pairs", reference.Faults{Mode: "fewer"}, refresher.StateFailed, []string{entitlement.ReasonDamaged}},
		{"a wrong schema", reference.Faults{Mode: "schema"}, refresher.StateFailed, []string{entitlement.ReasonDamaged}},
		{"500s", reference.Faults{Mode: "error"}, refresher.StateFailed, []string{entitlement.ReasonFailed}},
		{"403s", reference.Faults{Mode: "forbidden"}, refresher.StateFailed, []string{entitlement.ReasonDenied}},
		{"quota", reference.Faults{Quota: 1, RetryAfter: 3600}, refresher.StatePartial, []string{entitlement.ReasonQuota, refresher.ReasonPairsFailed}},
		{"some pairs later", reference.Faults{Mode: "later"}, refresher.StatePartial, []string{refresher.ReasonPairsFailed}},
		{"nothing of anything", reference.Faults{Mode: "none"}, refresher.StatePartial, []string{refresher.ReasonHeld}},
		{"half of everything", reference.Faults{Mode: "half"}, refresher.StatePartial, []string{refresher.ReasonHeld}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newRefreshStand(t)
			if run := s.run(); run.State != refresher.StateSucceeded || run.Checked != pairsOfStand || run.Changed == 0 {
				t.Fatalf("sound: %+v", run)
			}
			good, states := s.known()
			fresh, err := s.Store.Freshness(t.Context())
			if err != nil || fresh.At.IsZero() || len(good) != pairsOfStand {
				t.Fatalf("%+v, %v, %d pairs", fresh, err, len(good))
			}

			s.server.SetFaults(c.faults)
			run := s.run()
			if run.State != c.state || !slices.Contains(c.reason, run.Reason) || run.Checked != run.Valid+run.Invalid+run.Failed {
				t.Errorf("%s %s: %+v", run.State, run.Reason, run)
			}
			if now, _ := s.known(); !cmp.Equal(good, now) {
				t.Errorf("entitlements are others:\n%s", cmp.Diff(good, now))
			}
			if held := run.Reason == refresher.ReasonHeld; held != (run.Hold == refresher.HoldOn) || held && run.Before <= run.After {
				t.Errorf("hold %q from %d to %d", run.Hold, run.Before, run.After)
			}
			if run.State == refresher.StateFailed || run.Hold == refresher.HoldOn {
				if now, err := s.Store.Freshness(t.Context()); err != nil || !now.At.Equal(fresh.At) {
					t.Errorf("R7.3 the data are as of %v, and said to be as of %v (%v)", fresh.At, now.At, err)
				}
			}

			s.server.SetFaults(reference.Faults{})
			if again := s.run(); again.State != refresher.StateSucceeded || again.Changed != 0 {
				t.Errorf("sound again: %+v", again)
			}
			now, later := s.known()
			if diff := cmp.Diff(states, later); diff != "" || !cmp.Equal(good, now) {
				t.Errorf("sound again (-before +now): %s", diff)
			}
			if run.Hold == refresher.HoldOn {
				if old := s.stored(run.ID); old.Hold != refresher.HoldDiscarded {
					t.Errorf("what was held is %q", old.Hold)
				}
			}
		})
	}
}

func (s *refreshStand) stored(id string) refresher.Run {
	s.t.Helper()
	run, err := s.Store.Run(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return run
}

func TestHeldEntitlementsApplyOnceConfirmed(t *testing.T) {
	t.Parallel()
	s := newRefreshStand(t)
	s.run()
	good, _ := s.known()
	s.server.SetFaults(reference.Faults{Mode: "half"})
	held := s.run()
	if held.Hold != refresher.HoldOn {
		t.Fatalf("%+v", held)
	}
	confirmed, err := s.Confirm(t.Context(), held.ID, audit.Event{ID: rand.Text(), At: time.Now(), By: "me", Action: "refresh.confirmed", Source: audit.SourceAPI})
	if err != nil || confirmed.State != refresher.StateQueued {
		t.Fatalf("%+v, %v", confirmed, err)
	}
	if run := s.work(held.ID); run.State != refresher.StateSucceeded || run.Hold != refresher.HoldConfirmed {
		t.Errorf("%+v", run)
	}
	var before, after int
	now, _ := s.known()
	for key, list := range good {
		for i, e := range list {
			before, after = before+e.Effective, after+now[key][i].Effective
		}
	}
	if after >= before || after == 0 {
		t.Errorf("from %d to %d", before, after)
	}
	s.called.granted(t, "refresh") // all that a refresh does was done
}

// granted checks that the function has a grant for each recorded action. The local engine does
// not check grants.
func (c *calls) granted(t *testing.T, function string) {
	t.Helper()
	f, ok := manifest.Find(function)
	if !ok {
		t.Fatalf("there is no function %s", function)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for action, used := range c.actions {
		if used && !slices.ContainsFunc(f.Grants, func(g manifest.Grant) bool { return g.Resource == manifest.Table && slices.Contains(g.Actions, action) }) {
			t.Errorf("%s is not granted %s", function, action)
		}
	}
	if !c.actions["dynamodb:UpdateItem"] {
		t.Error("nothing was recorded")
	}
}
