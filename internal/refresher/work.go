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

// Work works at the run with that id, and at those queued after it, until none
// waits or the invocation's time is short: then another one goes on. A run that
// another attempt owns is no failure: there is nothing to do.
func (r *Refresher) Work(ctx context.Context, id string) error {
	for id != "" {
		next, err := r.Handle(ctx, id)
		switch {
		case errors.Is(err, ErrBusy), errors.Is(err, ErrLost):
			return nil // whoever has it ends it, or Waiting finds it
		case err != nil:
			return fmt.Errorf("refresh %s: %w", id, err)
		case next != "" && (next == id || !r.timeFor(ctx, r.Pause+r.AskTimeout)):
			return r.Wake(ctx, next)
		}
		id = next
	}
	return nil
}

// WorkDue works at the run that waits or is due, if there is one.
func (r *Refresher) WorkDue(ctx context.Context) error {
	id, err := r.Due(ctx)
	if err != nil {
		return fmt.Errorf("look for a refresh that is due: %w", err)
	}
	return r.Work(ctx, id)
}

// WorkNight requests the run of the night in which an event was due, in the refresher's
// zone, and works at it.
func (r *Refresher) WorkNight(ctx context.Context, due time.Time) error {
	run, err := r.Nightly(ctx, due.In(cmp.Or(r.Zone, time.UTC)))
	if err != nil {
		return fmt.Errorf("request the night's refresh: %w", err)
	}
	return r.Work(ctx, run.ID)
}

// Start has a run begin that was queued. A fault is logged and no more, because
// then the schedule does, by Due.
func (r *Refresher) Start(ctx context.Context, id string) {
	if err := r.Wake(ctx, id); err != nil {
		r.Log.WarnContext(ctx, "refresh not called", "run", id, "error", err)
	}
}

// tellTime is how long somebody who changed something waits at most because others are told.
const tellTime = 3 * time.Second

// Tell requests a run because pairs came (TriggerImport) or went
// (TriggerDeletion), and has it begin. It is about what many may have done, so it
// is by none of them. What it is about is done already: a fault is logged and no
// more, because Due finds that nobody has looked at the change.
func (r *Refresher) Tell(ctx context.Context, trigger Trigger) {
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	now := r.Clock()
	own := id.New(now, rand.Text())
	run, _, err := r.Request(ctx, Order{ID: own, Trigger: trigger, By: string(trigger)})
	if err != nil {
		r.Log.WarnContext(ctx, "refresh not requested", "trigger", string(trigger), "error", err)
		return
	}
	if run.ID == own { // otherwise whoever requested the open one has it begin
		r.Start(ctx, own)
	}
}

// RetryAfter is how long after a run whose source was down Due requests another one.
const RetryAfter = time.Hour

// Due returns the id of a run that waits for somebody to work at it; empty for
// none. When nothing waits, nothing is open, and something changed that no run
// has looked at, it requests a run: so no change is forgotten whose own request
// was lost. A run that failed, or whose source stopped answering, is
// followed by another one RetryAfter later; one that is held waits for whoever
// confirms it, and not for another.
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
	run, _, err := r.Request(ctx, Order{ID: id.New(now, "due"), Trigger: TriggerImport, By: "schedule"})
	return run.ID, err
}

// lately is how many runs are looked through for the last one of the whole organisation.
const lately = 50

// seen reports whether a run of the whole organisation has looked at the last
// change, and need not be repeated yet.
func (r *Refresher) seen(ctx context.Context, fresh Freshness) (bool, error) {
	page, err := r.Store.Runs(ctx, lately, "")
	if err != nil {
		return false, err
	}
	var last Run // by its end: the id of a night's run has the time of its day and not of its request
	for _, run := range page.Items {
		if run.GroupID == "" && run.Final() && run.EndedAt.After(last.EndedAt) {
			last = run
		}
	}
	return last.Seen >= fresh.Changes && (last.State != StateFailed && !last.Stopped || r.Clock().Before(last.EndedAt.Add(RetryAfter))), nil
}
