package refresher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/semaphore"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/lease"
)

// Worker processes runs. It requests the nightly run, and a run for changes that no run has read.
type Worker struct {
	*Requests
	Store Store
	// Source opens the source for an attempt at a run: the service, or the current statements.
	Source func(ctx context.Context, run Run) (entitlement.Source, error)
	// Publish writes what is derived from licence data (R7.5). It is called before the run
	// ends, unless the run failed, and may be called more than once for a run. run has its
	// final state.
	Publish func(ctx context.Context, run Run) error
	Zone    *time.Location // defines when a day starts
	// Moves is true if the answer for one pair can depend on others: a line of a statement that a
	// removed pair had may belong to another pair. Then a run after a removal is full.
	Moves bool

	Lease time.Duration // how long a silent attempt keeps its run
	// AskTimeout limits a question about one batch, including the source's own retries.
	AskTimeout time.Duration
	// Reserve is the time kept free at the end of an invocation to store the last batch and for
	// Publish. A question or Publish starts only if it can end before.
	Reserve time.Duration
	// Pause is the delay before a pass that retries pairs that failed.
	Pause time.Duration
	// Progress is called after each saved position and when the refresh ends: every process
	// that lists agreements must then read them again.
	Progress func(ctx context.Context, ended bool)
}

// maxFruitless is how many attempts in a row may end without saving a position.
const maxFruitless = 5

// errLate means that the time of the invocation runs short.
var errLate = errors.New("refresher: the invocation has no time left")

// ErrTime means that an invocation has less time than one batch may take. The function's
// timeout is configured too short.
var ErrTime = errors.New("refresher: the time limit of the invocation is shorter than the time for one batch")

// Handle processes a run until ctx's deadline is near. It returns the id of the run that needs
// another invocation: the same one if time ran short, or the one queued after it; empty for
// none. ErrBusy means that another attempt owns the run. Any other error is a fault; retry the
// call.
func (w *Worker) Handle(ctx context.Context, id string) (next string, err error) {
	read, err := w.Store.Run(ctx, id)
	switch {
	case err != nil:
		return "", err
	case read.Final():
		return w.Waiting(ctx)
	case w.hasLease(read):
		return "", ErrBusy
	}
	if !w.timeFor(ctx, w.Pause+w.AskTimeout) {
		return "", ErrTime
	}
	run, err := w.claim(ctx, read)
	if err != nil {
		return "", err
	}
	a := &attempt{Worker: w, run: run, claimed: run, saving: semaphore.NewWeighted(1)}
	queued, err := a.workWithLease(ctx)
	if !errors.Is(err, errLate) {
		return queued, err
	}
	a.run.Lease = time.Time{} // the next attempt need not wait
	if err := w.Store.Save(ctx, a.run); err != nil {
		return "", err
	}
	w.Log.InfoContext(ctx, "refresh continued", "run", run.ID, "attempt", run.Attempt, "checked", a.run.Checked, "total", a.run.Total)
	return run.ID, nil
}

// Waiting returns the id of an open run that no attempt owns; empty for none. Periodic calls
// find runs whose invocation was lost.
func (w *Worker) Waiting(ctx context.Context) (id string, err error) {
	open, err := w.Store.Open(ctx)
	if err != nil || open.ID == "" || w.hasLease(open) {
		return "", err
	}
	return open.ID, nil
}

func (w *Worker) hasLease(run Run) bool {
	return run.State == StateRunning && w.Clock().Before(run.Lease)
}

// timeFor reports whether work that takes up to d may start.
func (w *Worker) timeFor(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || deadline.Sub(w.Clock()) > d+w.Reserve
}

// claim starts the next attempt at a run.
func (w *Worker) claim(ctx context.Context, read Run) (Run, error) {
	now := w.Clock()
	claimed := read
	claimed.Token = now.UnixMilli()
	claimed.State, claimed.Attempt, claimed.Fruitless, claimed.Lease = StateRunning, read.Attempt+1, read.Fruitless+1, now.Add(w.Lease)
	if read.StartedAt.IsZero() {
		// Read before the pairs: a change after this point counts as not seen, even if the run
		// reads it.
		var err error
		if claimed.Seen, claimed.Reached, err = w.Store.Changes(ctx); err != nil {
			return Run{}, err
		}
		if read.Kind == KindPending {
			fresh, err := w.Store.Freshness(ctx)
			if err != nil {
				return Run{}, err
			}
			claimed.Since = fresh.Settled
			// Without a full run before, all pairs wait, and there is nothing that the answers could supplement.
			if fresh.At.IsZero() || w.Moves && read.Trigger == TriggerDeletion {
				claimed.Kind, claimed.Since = KindFull, ""
			}
		}
		claimed.Total, err = w.Store.Count(ctx, claimed.scope())
		if errors.Is(err, ErrForgotten) {
			claimed.Since = ""
			claimed.Total, err = w.Store.Count(ctx, claimed.scope())
		}
		if err != nil {
			return Run{}, err
		}
		claimed.StartedAt = now
	}
	// A confirmed run publishes data of today. The function that confirms does not know the
	// time zone.
	if claimed.Date == "" || read.Hold == HoldConfirmed {
		claimed.Date = day.In(now, w.Zone)
	}
	return w.Store.Claim(ctx, read, claimed)
}

// workWithLease processes the run and renews its lease.
func (a *attempt) workWithLease(ctx context.Context) (queued string, err error) {
	ctx, stop := lease.Lease{
		Until: a.claimed.Lease, For: a.Lease, Clock: a.Clock, Lost: ErrLost,
		Renew: func(ctx context.Context, until time.Time) error { return a.Store.Renew(ctx, a.claimed, until) },
	}.Keep(ctx)
	defer stop()
	queued, err = a.work(ctx)
	if err != nil && errors.Is(context.Cause(ctx), ErrLost) {
		return "", ErrLost // not the context.Canceled that it caused
	}
	return queued, err
}

func (a *attempt) work(ctx context.Context) (queued string, err error) {
	if a.run.Fruitless > maxFruitless {
		run := a.run
		run.State, run.Reason, run.ReasonArgs = StateFailed, ReasonInterrupted, errs.Pairs("attempts", strconv.Itoa(maxFruitless))
		return a.finish(ctx, run)
	}
	if a.run.Pass < passDone {
		if a.source, err = a.Source(ctx, a.claimed); err != nil {
			return "", fmt.Errorf("open the source: %w", err)
		}
	}
	for a.run.Pass == 0 || a.run.Pass < passDone && a.run.Failed > 0 && !a.run.Stopped && !a.down {
		if err := a.pass(ctx); err != nil {
			return "", err
		}
	}
	return a.settle(ctx)
}

// settle applies or holds the answers put aside, and ends the run. It changes a copy, because
// a.run is saved if time runs short.
func (a *attempt) settle(ctx context.Context) (queued string, err error) {
	run := a.run
	switch {
	case run.Aside == 0:
	case run.Drops() && run.Hold != HoldConfirmed:
		run.Hold = HoldOn
	default:
		if a.run.Pass < passDone { // ask nothing more, so that the decision cannot change
			a.run.Pass = passDone
			if err := a.save(ctx); err != nil {
				return "", err
			}
		}
		if err := a.apply(ctx); err != nil {
			return "", err
		}
		run.Changed += run.Aside
	}
	run.setResult()
	if err := a.discard(ctx); err != nil {
		return "", err
	}
	if run.State != StateFailed {
		if !a.timeFor(ctx, 0) {
			return "", errLate
		}
		if err := a.Publish(ctx, run); err != nil {
			return "", fmt.Errorf("publish: %w", err)
		}
	}
	a.Progress(ctx, true)
	return a.finish(ctx, run)
}

// setResult sets the final state and reason of a run.
func (r *Run) setResult() {
	failed := errs.Pairs("failed", strconv.Itoa(r.Failed), "checked", strconv.Itoa(r.Checked))
	switch {
	case r.Failed == 0 && !r.Stopped && r.Hold != HoldOn:
		r.State, r.Reason, r.ReasonArgs = StateSucceeded, "", nil
		return
	case r.Valid+r.Invalid == 0 && !entitlement.OfPair(r.Reason):
		r.State = StateFailed
	default:
		r.State = StatePartial
	}
	switch {
	case r.Reason != "" && (r.Stopped || r.State == StateFailed): // keep the source's reason
	case r.Hold == HoldOn:
		r.Reason, r.ReasonArgs = ReasonHeld, errs.Pairs("before", strconv.FormatInt(r.Before, 10), "after", strconv.FormatInt(r.After, 10))
	default:
		r.Reason, r.ReasonArgs = ReasonPairsFailed, failed
	}
}

// apply applies the answers put aside. It scans the pairs instead of a list of answers, so that
// an attempt that continues also summarizes what its predecessor applied without summarizing.
func (a *attempt) apply(ctx context.Context) error {
	scope := a.run.scope()
	if a.run.Hold == HoldConfirmed {
		scope = Scope{} // agreements may have moved to other groups, and runs may have ended, since
	}
	for {
		page, err := a.Store.Pairs(ctx, scope, BatchSize, a.run.Cursor)
		if err != nil {
			return err
		}
		var aside []Known
		agreements := map[string]bool{}
		for _, k := range page.Items {
			switch {
			case k.Aside == a.run.ID:
				aside = append(aside, k)
			case k.Mark.Run != a.run.ID || k.Mark.Aside == 0:
				continue
			}
			agreements[k.AgreementID] = true
		}
		if len(aside) > 0 {
			if !a.timeFor(ctx, 0) {
				return errLate
			}
			if err := a.Store.Apply(ctx, a.claimed, aside); err != nil {
				return err
			}
		}
		if err := a.summarize(ctx, agreements); err != nil {
			return err
		}
		if page.Next == "" {
			return nil // keep the cursor: if a later step fails, only the last page is repeated
		}
		if a.run.Cursor = page.Next; len(aside) > 0 {
			if err := a.save(ctx); err != nil {
				return err
			}
		}
	}
}

// discard ends the hold of runs without remaining answers: later answers replaced them, or
// their pairs were removed. It reads all pairs, so a pending run leaves it to the next full one.
func (a *attempt) discard(ctx context.Context) error {
	if a.run.Kind == KindPending {
		return nil
	}
	held, err := a.Store.Held(ctx)
	held = slices.DeleteFunc(held, func(h Run) bool { return h.ID == a.run.ID })
	if err != nil || len(held) == 0 {
		return err
	}
	left := map[string]bool{} // ids of runs with answers put aside
	for cursor := ""; ; {
		page, err := a.Store.Pairs(ctx, Scope{}, BatchSize, cursor)
		if err != nil {
			return err
		}
		for _, k := range page.Items {
			left[k.Aside] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for _, h := range held {
		if !left[h.ID] {
			if err := a.Store.Discard(ctx, a.claimed, h.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish ends the run and logs one line.
func (a *attempt) finish(ctx context.Context, run Run) (queued string, err error) {
	run.EndedAt, run.Lease, run.Position = a.Clock(), time.Time{}, Position{Pass: passDone}
	if queued, err = a.Store.Finish(ctx, run, []audit.Event{endedEvent(run)}); err != nil {
		return "", err
	}
	a.Log.InfoContext(ctx, "refresh ended", "run", run.ID, "kind", string(run.Kind), "trigger", string(run.Trigger), "state", string(run.State), "reason", run.Reason, "hold", string(run.Hold),
		"attempt", run.Attempt, "checked", run.Checked, "valid", run.Valid, "invalid", run.Invalid, "failed", run.Failed, "changed", run.Changed,
		"run_failed", count(run.State == StateFailed), "run_held", count(run.Hold == HoldOn),
		"run_partial", count(run.State == StatePartial && run.Trigger == TriggerSchedule),
		"duration_ms", float64(run.EndedAt.Sub(run.StartedAt).Microseconds())/1000)
	if run.Refreshed() {
		a.Log.InfoContext(ctx, "refresh completed", "run", run.ID, "started_at", run.StartedAt, "run_completed", 1)
	}
	return queued, nil
}

// count returns 1 if happened is true, else 0, as the value of a metric.
func count(happened bool) int {
	if happened {
		return 1
	}
	return 0
}

// endedEvent returns the audit event of a run that ended.
func endedEvent(run Run) audit.Event {
	after := map[string]string{"kind": string(run.Kind), "trigger": string(run.Trigger), "state": string(run.State)}
	for name, value := range map[string]string{"group": run.GroupID, "reason": run.Reason, "hold": string(run.Hold)} {
		if value != "" {
			after[name] = value
		}
	}
	for name, n := range map[string]int{
		"checked": run.Checked, "valid": run.Valid, "invalid": run.Invalid, "failed": run.Failed, "changed": run.Changed,
	} {
		after[name] = strconv.Itoa(n)
	}
	return audit.Event{
		ID: id.New(run.EndedAt, run.ID+"."+strconv.Itoa(run.Attempt)), At: run.EndedAt, By: run.By, Action: "refresh." + string(run.State),
		Subject: run.Subject(), After: after, Source: audit.SourceRefresh,
	}
}
