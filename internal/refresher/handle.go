package refresher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/semaphore"

	"trueup/internal/audit"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/lease"
)

// Refresher is the use case.
type Refresher struct {
	Store Store
	// Source returns what to ask in an attempt: the service, or the statements
	// as they are now.
	Source func(ctx context.Context) (entitlement.Source, error)
	// Publish makes what is derived from licence data (R7.5), before the run ends and unless
	// it failed; nil for nothing. It may be called more than once for a run. The
	// run has its final state.
	Publish func(ctx context.Context, run Run) error
	Clock   func() time.Time
	Zone    *time.Location // in which a day begins and ends; nil for UTC
	Log     *slog.Logger

	Lease time.Duration // how long an attempt that falls silent keeps its run
	// AskTimeout is how long the source may take for a batch, with all its own retries.
	AskTimeout time.Duration
	// Reserve is the time that is left at the end of an invocation to store the
	// last batch, and for Publish. What is asked or published begins
	// only when it can end before.
	Reserve time.Duration
	// Pause is how long to wait before pairs that failed are asked about again.
	Pause time.Duration
	// Progress is called after each saved position, and when the refresh ends: what
	// was stored until then has to be read by every process that lists agreements.
	// nil for nothing.
	Progress func(ctx context.Context, ended bool)
	// Wake has an invocation work at a run (see Work), without waiting for it.
	Wake func(ctx context.Context, id string) error
}

// maxFruitless is how many attempts in a row may die without saving a position.
const maxFruitless = 5

// errLate means that the time of the invocation has run short.
var errLate = errors.New("refresher: the invocation has no time left")

// ErrTime means that an invocation has less time than a single batch may take:
// a mistake in what the function is deployed with.
var ErrTime = errors.New("refresher: the invocation's time is shorter than a batch may take")

// Handle works at a run for as long as ctx's deadline allows. It returns the id
// of the run that waits for another invocation: the same one when time ran short,
// or the one queued after it; empty for none. ErrBusy when another attempt owns
// the run. Any other error is a fault, after which the same call should be
// repeated.
func (r *Refresher) Handle(ctx context.Context, id string) (next string, err error) {
	read, err := r.Store.Run(ctx, id)
	switch {
	case err != nil:
		return "", err
	case read.Final():
		return r.Waiting(ctx)
	case r.attended(read):
		return "", ErrBusy
	}
	if !r.timeFor(ctx, r.Pause+r.AskTimeout) {
		return "", ErrTime
	}
	run, err := r.claim(ctx, read)
	if err != nil {
		return "", err
	}
	a := &attempt{Refresher: r, run: run, claimed: run, saving: semaphore.NewWeighted(1)}
	queued, err := a.attend(ctx)
	if !errors.Is(err, errLate) {
		return queued, err
	}
	a.run.Lease = time.Time{} // the next attempt need not wait
	if err := r.Store.Save(ctx, a.run); err != nil {
		return "", err
	}
	r.Log.InfoContext(ctx, "refresh goes on", "run", run.ID, "attempt", run.Attempt, "checked", a.run.Checked, "total", a.run.Total)
	return run.ID, nil
}

// Waiting returns the id of a run that is open and that no attempt works at;
// empty for none. Called from time to time, it finds what a lost invocation left.
func (r *Refresher) Waiting(ctx context.Context) (id string, err error) {
	open, err := r.Store.Open(ctx)
	if err != nil || open.ID == "" || r.attended(open) {
		return "", err
	}
	return open.ID, nil
}

func (r *Refresher) attended(run Run) bool {
	return run.State == StateRunning && r.Clock().Before(run.Lease)
}

// timeFor reports whether something that takes so long can begin.
func (r *Refresher) timeFor(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || deadline.Sub(r.Clock()) > d+r.Reserve
}

// claim makes the next attempt at a run.
func (r *Refresher) claim(ctx context.Context, read Run) (Run, error) {
	now := r.Clock()
	claimed := read
	claimed.Token = now.UnixMilli()
	claimed.State, claimed.Attempt, claimed.Fruitless, claimed.Lease = StateRunning, read.Attempt+1, read.Fruitless+1, now.Add(r.Lease)
	if read.StartedAt.IsZero() {
		// What changes after this was not seen, though it may well be.
		seen, err := r.Store.Changes(ctx)
		if err != nil {
			return Run{}, err
		}
		if claimed.Total, err = r.Store.Count(ctx, read.GroupID); err != nil {
			return Run{}, err
		}
		claimed.StartedAt, claimed.Seen = now, seen
		if claimed.Date == "" {
			claimed.Date = r.today(now)
		}
	}
	return r.Store.Claim(ctx, read, claimed)
}

// attend works at the run for as long as the attempt owns it.
func (a *attempt) attend(ctx context.Context) (queued string, err error) {
	ctx, stop := lease.Lease{
		Until: a.claimed.Lease, For: a.Lease, Clock: a.Clock, Lost: ErrLost,
		Renew: func(ctx context.Context, until time.Time) error { return a.Store.Renew(ctx, a.claimed, until) },
	}.Keep(ctx)
	defer stop()
	queued, err = a.work(ctx)
	if err != nil && errors.Is(context.Cause(ctx), ErrLost) {
		return "", ErrLost // not the context.Canceled that it surfaced as
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
		if a.source, err = a.Source(ctx); err != nil {
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

// settle decides what becomes of the answers put aside, and ends the run. It
// changes a copy: what is saved when time runs short is the run as it was.
func (a *attempt) settle(ctx context.Context) (queued string, err error) {
	run := a.run
	switch {
	case run.Aside == 0:
	case run.Drops() && run.Hold != HoldConfirmed:
		run.Hold = HoldOn
	default:
		if a.run.Pass < passDone { // the verdict must stay what it is
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
	run.conclude()
	if err := a.discard(ctx); err != nil {
		return "", err
	}
	if a.Publish != nil && run.State != StateFailed {
		if !a.timeFor(ctx, 0) {
			return "", errLate
		}
		if err := a.Publish(ctx, run); err != nil {
			return "", fmt.Errorf("publish: %w", err)
		}
	}
	a.progressed(ctx, true)
	return a.finish(ctx, run)
}

func (r *Refresher) progressed(ctx context.Context, ended bool) {
	if r.Progress != nil {
		r.Progress(ctx, ended)
	}
}

// conclude says how a run ended that asks no more.
func (r *Run) conclude() {
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
	case r.Reason != "" && (r.Stopped || r.State == StateFailed): // that of the source
	case r.Hold == HoldOn:
		r.Reason, r.ReasonArgs = ReasonHeld, errs.Pairs("before", strconv.FormatInt(r.Before, 10), "after", strconv.FormatInt(r.After, 10))
	default:
		r.Reason, r.ReasonArgs = ReasonPairsFailed, failed
	}
}

// apply makes the answers put aside those of their pairs. It goes through the
// pairs and not a list of such answers, so that an attempt that goes on
// summarizes what its predecessor applied and did not.
func (a *attempt) apply(ctx context.Context) error {
	scope := a.run.GroupID
	if a.run.Hold == HoldConfirmed {
		scope = "" // since it was held, agreements may have moved
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
			return nil // the cursor stays: the last page again, should the rest fail
		}
		if a.run.Cursor = page.Next; len(aside) > 0 {
			if err := a.save(ctx); err != nil {
				return err
			}
		}
	}
}

// discard ends the hold of runs of whose answers nothing is left: later answers
// have replaced them, or their pairs are gone.
func (a *attempt) discard(ctx context.Context) error {
	held, err := a.Store.Held(ctx)
	held = slices.DeleteFunc(held, func(h Run) bool { return h.ID == a.run.ID })
	if err != nil || len(held) == 0 {
		return err
	}
	left := map[string]bool{} // runs
	for cursor := ""; ; {
		page, err := a.Store.Pairs(ctx, "", BatchSize, cursor)
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

// finish ends the run, and leaves one line in the log about it.
func (a *attempt) finish(ctx context.Context, run Run) (queued string, err error) {
	run.EndedAt, run.Lease, run.Position = a.Clock(), time.Time{}, Position{Pass: passDone}
	if queued, err = a.Store.Finish(ctx, run, []audit.Event{a.endedEvent(run)}); err != nil {
		return "", err
	}
	a.Log.InfoContext(ctx, "refresh ended", "run", run.ID, "trigger", string(run.Trigger), "state", string(run.State), "reason", run.Reason, "hold", string(run.Hold),
		"attempt", run.Attempt, "checked", run.Checked, "valid", run.Valid, "invalid", run.Invalid, "failed", run.Failed, "changed", run.Changed,
		"run_failed", count(run.State == StateFailed), "run_held", count(run.Hold == HoldOn),
		"duration_ms", float64(run.EndedAt.Sub(run.StartedAt).Microseconds())/1000)
	return queued, nil
}

// count is what a metric counts.
func count(happened bool) int {
	if happened {
		return 1
	}
	return 0
}

// endedEvent is the audit event of a run that ended.
func (r *Refresher) endedEvent(run Run) audit.Event {
	after := map[string]string{"trigger": string(run.Trigger), "state": string(run.State)}
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
		Subject: subject(run.ID), After: after, Source: audit.SourceRefresh,
	}
}

func subject(id string) string { return "refresh/" + id }
