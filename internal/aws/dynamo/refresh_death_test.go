package dynamo_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// refresherAt returns a worker whose clock is ahead.
func refresherAt(ahead time.Duration, store refresher.Store) *refresher.Worker {
	return workerOn(store, licenses(10), func() time.Time { return time.Now().Add(ahead) })
}

// manyPairs stores 130 pairs, which take two batches.
func manyPairs(t *testing.T, s *dynamo.Table) {
	t.Helper()
	r := rows{}
	for n := range 130 {
		name := fmt.Sprint("Office ", n%3)
		r[name] = append(r[name], fmt.Sprint(1000+n))
	}
	apply(t, s, "agreements/many.csv", "", r)
}

// completed checks that a run counted and stored everything once.
func completed(t *testing.T, s *dynamo.Table, id string) {
	t.Helper()
	store := refreshes(s)
	run, err := store.Run(t.Context(), id)
	must(t, err)
	equal(t, "run", fmt.Sprintln(run.State, run.Total, run.Checked, run.Valid, run.Changed), "succeeded 130 130 130 130\n")
	n := 0
	must(t, store.Answers(t.Context(), func(some []refresher.Answered) error {
		for _, a := range some {
			if n++; a.State != agreement.ValidationValid || len(a.Entitlements) != 1 {
				t.Errorf("%+v", a)
			}
		}
		return nil
	}))
	equal(t, "pairs", n, 130)
	page, err := find(s).List(t.Context(), agreement.Query{Validation: agreement.ValidationValid, Limit: 10})
	must(t, err)
	equal(t, "agreements", len(page.Items), 3)
	open, err := store.Open(t.Context())
	must(t, err)
	equal(t, "open", open.ID, "")
}

// A process dies at a request to the table, which is done or not. Another process continues
// the refresh.
func TestR7_2_DeathDuringARefresh(t *testing.T) {
	t.Parallel()
	for n := 2; n < 40; n += 4 {
		t.Run(fmt.Sprint("request ", n), func(t *testing.T) {
			t.Parallel()
			table := storetest.Table(t)
			direct := dynamo.Open(storetest.Client(t), table)
			manyPairs(t, direct)
			proxy := faultproxy.New(storetest.Endpoint(t), uint64(n), nil)
			defer proxy.Close()
			dying := refresherAt(0, refreshes(dynamo.Open(engine.NewClient(proxy.URL), table)))
			run, err := dying.Request(t.Context(), refresher.Order{ID: "run", Trigger: refresher.TriggerNow})
			must(t, err)
			ctx, die := context.WithCancel(t.Context())
			defer die()
			before := proxy.Requests()
			proxy.SetHooks(faultproxy.Hooks{Before: func(request int, _ string) {
				if request == before+n {
					die()
				}
			}})
			if _, err := dying.Handle(ctx, run.ID); err == nil && proxy.Requests() >= before+n && ctx.Err() == nil {
				t.Error("it did not die")
			}
			proxy.Close() // its last request may still be on its way to the table
			for next := run.ID; next != ""; {
				next, err = refresherAt(time.Hour, refreshes(direct)).Handle(t.Context(), next)
				must(t, err)
			}
			completed(t, direct, run.ID)
		})
	}
}

// Replies that are lost after the write, conflicts and throttling change nothing.
func TestR7_2_FaultsDuringARefresh(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			table := storetest.Table(t)
			direct := dynamo.Open(storetest.Client(t), table)
			manyPairs(t, direct)
			proxy := faultproxy.New(storetest.Endpoint(t), seed, faultproxy.Faults{
				{Kind: faultproxy.CutReply, Rate: 0.1}, {Kind: faultproxy.TransactionConflict, Rate: 0.1}, {Kind: faultproxy.Unprocessed, Rate: 0.2},
			})
			defer proxy.Close()
			r := refresherAt(0, refreshes(dynamo.Open(engine.NewClient(proxy.URL), table, dynamo.RetryTimeout(30*time.Second))))
			run, err := r.Request(t.Context(), refresher.Order{ID: "run", Trigger: refresher.TriggerNow})
			must(t, err)
			for next, tries := run.ID, 0; next != ""; tries++ {
				waits, err := r.Handle(t.Context(), next)
				if err != nil { // the claim of the run may have succeeded
					r.Clock = func() time.Time { return time.Now().Add(time.Duration(tries+1) * time.Hour) }
					waits = next
				}
				if next = waits; tries > 20 {
					t.Fatal(err)
				}
			}
			completed(t, direct, run.ID)
		})
	}
}

// SPEC 13: a request with the key of an earlier request gets the same answer.
func TestR13_RefreshRequestedTwice(t *testing.T) {
	t.Parallel()
	s := open(t)
	store := refreshes(s)
	request := func(name, hash string) (refresher.Run, string, error) {
		run := refresher.Run{ID: name, Trigger: refresher.TriggerNow, RequestedAt: noon, State: refresher.StateQueued}
		event := audit.Event{ID: id.New(noon, name), At: noon, By: "ann", Action: "refresh.requested", Source: audit.SourceAPI}
		shown, err := store.Requested(t.Context(), run)
		must(t, err)
		run, first, err := store.Request(t.Context(), run, once.Change{
			Event: event, Of: shown,
			Entry: once.Entry{Key: "ann/key", BodyHash: hash, Response: []byte("run " + shown.ID), Expires: noon.Add(time.Hour)},
		})
		return run, string(first), err
	}
	run, first, err := request("1", "a")
	must(t, err)
	equal(t, "the first", first, "")
	_, first, err = request("2", "a")
	must(t, err)
	equal(t, "while it is open", first, "run 1")
	run, err = store.Claim(t.Context(), run, refresher.Run{ID: run.ID, State: refresher.StateRunning, Attempt: 1})
	must(t, err)
	run.State = refresher.StateSucceeded
	_, err = store.Finish(t.Context(), run, nil)
	must(t, err)
	_, first, err = request("3", "a")
	must(t, err)
	equal(t, "after it ended", first, "run 1")
	if _, _, err = request("4", "b"); err == nil {
		t.Error("the key of another body was taken")
	}
	page, err := store.Runs(t.Context(), 10, "")
	must(t, err)
	equal(t, "runs", len(page.Items), 1)
	events, err := s.Audit.Events(t.Context(), audit.Query{From: noon.Add(-time.Hour), To: noon.Add(time.Hour), Limit: 10})
	must(t, err)
	equal(t, "events", len(events.Items), 1)
}

// Runs are listed newest first, page by page.
func TestR7_1_ListOfRuns(t *testing.T) {
	t.Parallel()
	store := refreshes(open(t))
	for n := range 5 {
		run := refresher.Run{ID: fmt.Sprint("run ", n), Trigger: refresher.TriggerNow, RequestedAt: noon, State: refresher.StateQueued, GroupID: "g", By: "ann", Date: "2026-11-21"}
		run, _, err := store.Request(t.Context(), run, once.Change{})
		must(t, err)
		claimed := run
		claimed.State, claimed.Attempt = refresher.StateRunning, 1
		run, err = store.Claim(t.Context(), run, claimed)
		must(t, err)
		run.State = refresher.StateSucceeded
		_, err = store.Finish(t.Context(), run, nil)
		must(t, err)
	}
	var ids []string
	for cursor := ""; ; {
		page, err := store.Runs(t.Context(), 2, cursor)
		must(t, err)
		for _, r := range page.Items {
			ids = append(ids, r.ID)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	equal(t, "runs", ids, []string{"run 4", "run 3", "run 2", "run 1", "run 0"})
	if _, err := store.Runs(t.Context(), 2, "nonsense"); err == nil {
		t.Error("a damaged cursor was taken")
	}
}
