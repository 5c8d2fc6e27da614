package refresher

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"trueup/internal/id"
)

// Work processes the run with that id and the runs queued after it, until none is left. When
// the time of the invocation runs short, it starts another invocation. A run that another
// attempt owns is not an error.
func (r *Refresher) Work(ctx context.Context, id string) error {
	for id != "" {
		next, err := r.Handle(ctx, id)
		switch {
		case errors.Is(err, ErrBusy), errors.Is(err, ErrLost):
			return nil // the other attempt ends it, or Waiting finds it
		case err != nil:
			return fmt.Errorf("refresh %s: %w", id, err)
		case next != "" && (next == id || !r.timeFor(ctx, r.Pause+r.AskTimeout)):
			return r.Wake(ctx, next)
		}
		id = next
	}
	return nil
}

// WorkDue processes the run that is waiting or due, if any.
func (r *Refresher) WorkDue(ctx context.Context) error {
	id, err := r.Due(ctx)
	if err != nil {
		return fmt.Errorf("look for a refresh that is due: %w", err)
	}
	return r.Work(ctx, id)
}

// WorkNight requests the run of the night in which an event was due, in the refresher's zone,
// and processes it.
func (r *Refresher) WorkNight(ctx context.Context, due time.Time) error {
	run, err := r.Nightly(ctx, due.In(cmp.Or(r.Zone, time.UTC)))
	if err != nil {
		return fmt.Errorf("request the night's refresh: %w", err)
	}
	return r.Work(ctx, run.ID)
}

// Start starts an invocation for a queued run. A fault is only logged, because the schedule
// finds the run by Due.
func (r *Refresher) Start(ctx context.Context, id string) {
	if err := r.Wake(ctx, id); err != nil {
		r.Log.WarnContext(ctx, "refresh not called", "run", id, "error", err)
	}
}

// tellTime limits how long a change made by a user waits for the request of a refresh.
const tellTime = 3 * time.Second

// Tell requests a run because pairs were added (TriggerImport) or removed (TriggerDeletion),
// and starts it. The run may cover changes of several people, so By is the trigger. The change
// itself is already stored; a fault is only logged, because Due finds changes that no run has
// read.
func (r *Refresher) Tell(ctx context.Context, trigger Trigger) {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	now := r.Clock()
	own := id.New(now, rand.Text())
	run, err := r.Request(ctx, Order{ID: own, Trigger: trigger, By: string(trigger)})
	if err != nil {
		r.Log.WarnContext(ctx, "refresh not requested", "trigger", string(trigger), "error", err)
		return
	}
	if run.ID == own { // otherwise the requester of the open run starts it
		r.Start(ctx, own)
	}
}

// RetryAfter is how long Due waits before it repeats a run that failed or was stopped.
const RetryAfter = time.Hour

// Due returns the id of a run that needs an invocation; empty for none. When no run is open and
// a change was not read by any run, it requests a run, so that a change is not lost with its
// own request. A run that failed, or whose source became unavailable, is repeated after
// RetryAfter. A held run waits for confirmation and is not repeated.
func (r *Refresher) Due(ctx context.Context) (runID string, err error) {
	open, err := r.Store.Open(ctx)
	if err != nil || open.ID != "" {
		if r.attended(open) {
			return "", err
		}
		return open.ID, err
	}
	fresh, err := r.Store.Freshness(ctx)
	if err != nil || !fresh.Stale() {
		return "", err
	}
	seen, err := r.seen(ctx, fresh)
	if err != nil || seen {
		return "", err
	}
	now := r.Clock()
	run, err := r.Request(ctx, Order{ID: id.New(now, "due"), Trigger: TriggerImport, By: "schedule"})
	return run.ID, err
}

// lately is how many of the latest runs are searched for a run of the whole organisation.
const lately = 50

// seen reports whether a run of the whole organisation has read the last change and need not be
// repeated yet.
func (r *Refresher) seen(ctx context.Context, fresh Freshness) (bool, error) {
	page, err := r.Store.Runs(ctx, lately, "")
	if err != nil {
		return false, err
	}
	var last Run // by EndedAt: the id of a nightly run contains the start of its day, not the time of the request
	for _, run := range page.Items {
		if run.GroupID == "" && run.Final() && run.EndedAt.After(last.EndedAt) {
			last = run
		}
	}
	return last.Seen >= fresh.Changes && (last.State != StateFailed && !last.Stopped || r.Clock().Before(last.EndedAt.Add(RetryAfter))), nil
}
