package refresher

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"trueup/internal/day"
	"trueup/internal/id"
)

// Work processes the run with that id and the runs queued after it, until none is left. When
// the time of the invocation runs short, it starts another invocation. A run that another
// attempt owns is not an error.
func (w *Worker) Work(ctx context.Context, id string) error {
	for id != "" {
		next, err := w.Handle(ctx, id)
		switch {
		case errors.Is(err, ErrBusy), errors.Is(err, ErrLost):
			return nil // the other attempt ends it, or Waiting finds it
		case err != nil:
			return fmt.Errorf("refresh %s: %w", id, err)
		case next != "" && (next == id || !w.timeFor(ctx, w.Pause+w.AskTimeout)):
			return w.Wake(ctx, next)
		}
		id = next
	}
	return nil
}

// WorkDue processes the run that is waiting or due, if any.
func (w *Worker) WorkDue(ctx context.Context) error {
	id, err := w.Due(ctx)
	if err != nil {
		return fmt.Errorf("look for a refresh that is due: %w", err)
	}
	return w.Work(ctx, id)
}

// WorkNight requests the run of the night in which an event was due, in the worker's zone, and
// processes it.
func (w *Worker) WorkNight(ctx context.Context, due time.Time) error {
	run, err := w.Nightly(ctx, due.In(cmp.Or(w.Zone, time.UTC)))
	if err != nil {
		return fmt.Errorf("request the night's refresh: %w", err)
	}
	return w.Work(ctx, run.ID)
}

// Nightly requests the run of a day: the date of due in its location, when an event of the
// schedule was due. Repeated and late deliveries of the event lead to one run.
func (w *Worker) Nightly(ctx context.Context, due time.Time) (Run, error) {
	date := day.In(due, due.Location())
	begin, _ := date.Time()
	return w.Request(ctx, Order{ID: id.New(begin, "schedule"), Kind: KindFull, Trigger: TriggerSchedule, By: "schedule", Date: date})
}

// RetryAfter is how long Due waits before it repeats a run that failed, was stopped or left pairs.
const RetryAfter = time.Hour

// Due returns the id of a run that needs an invocation; empty for none. When no run is open and
// a change was not read by any run, it requests a run, so that a change is not lost with its
// own request. After RetryAfter it repeats a run that failed or whose source became unavailable,
// if the licence data is stale, and asks again about pairs that a pending run left, until a full
// run has ended. A held run waits for confirmation and is not repeated.
func (w *Worker) Due(ctx context.Context) (runID string, err error) {
	open, err := w.Store.Open(ctx)
	if err != nil || open.ID != "" {
		if w.hasLease(open) {
			return "", err
		}
		return open.ID, err
	}
	fresh, err := w.Store.Freshness(ctx)
	if err != nil {
		return "", err
	}
	last, settled, err := w.Store.Latest(ctx)
	if err != nil {
		return "", err
	}
	now := w.Clock()
	unread := fresh.Stale() && last.Seen < fresh.Changes
	failed := fresh.Stale() && (last.State == StateFailed || last.Stopped)
	if !unread && (!failed && !settled.LeavesPairs() || now.Before(last.EndedAt.Add(RetryAfter))) {
		return "", nil
	}
	kind := KindPending
	if failed {
		kind = last.Kind // repeated
	}
	run, err := w.Request(ctx, Order{ID: id.New(now, "due"), Kind: kind, Trigger: TriggerImport, By: "schedule"})
	return run.ID, err
}

// Latest returns, of some runs, the last one of the whole organisation that has ended, and the last one that
// is settled, as Store.Latest.
func Latest(runs []Run) (last, settled Run) {
	// The last by EndedAt: the id of a nightly run contains the start of its day, not the time of
	// the request.
	for _, run := range runs {
		if run.GroupID != "" || !run.Final() {
			continue
		}
		if run.EndedAt.After(last.EndedAt) {
			last = run
		}
		if run.Settled() && run.EndedAt.After(settled.EndedAt) {
			settled = run
		}
	}
	return last, settled
}
