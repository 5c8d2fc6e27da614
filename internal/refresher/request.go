package refresher

import (
	"context"
	"errors"
	"time"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/once"
)

// Order is somebody's or something's wish for a refresh.
type Order struct {
	ID      string // of the run that it leads to, if it leads to one of its own
	Trigger Trigger
	GroupID string // only this license group; empty for the whole organisation, always for TriggerSchedule, Import and Deletion
	By      string
	Date    day.Date // the day that it belongs to; empty for the one on which it begins

	Events []audit.Event                 // stored with the run
	Reply  func(Run) (once.Entry, error) // what an Idempotency-Key stands for; nil for none
}

// Request queues a run, or returns the one that is open (R7.1). When that one
// may come too late for the order's pairs, another follows it: orders that
// come while a run is open lead to one run after it. first is the first answer to the same
// Idempotency-Key, and nothing else was done then.
func (r *Refresher) Request(ctx context.Context, o Order) (run Run, first []byte, err error) {
	wanted := Run{ID: o.ID, Trigger: o.Trigger, GroupID: o.GroupID, By: o.By, Date: o.Date, RequestedAt: r.Clock(), State: StateQueued}
	reply := o.Reply
	if reply == nil {
		reply = func(Run) (once.Entry, error) { return once.Entry{}, nil }
	}
	for {
		run, first, err = r.Store.Request(ctx, wanted, o.Events, reply)
		if err != nil || first != nil || run.ID == wanted.ID || !follows(wanted, run) {
			return run, first, err
		}
		if run.Next != nil && (run.Next.ID == wanted.ID || run.Next.Trigger == TriggerSchedule || wanted.Trigger != TriggerSchedule) {
			return run, nil, nil // it is as good; the nightly one must keep its id
		}
		if err = r.Store.Follow(ctx, run.ID, wanted); !errors.Is(err, ErrLost) {
			return run, nil, err
		}
		// It ended meanwhile.
	}
}

// follows reports whether another run is due after the open one. A queued run of the
// whole organisation comes by everything. A person gets the run that there is.
func follows(wanted, open Run) bool {
	switch wanted.Trigger {
	case TriggerSchedule:
		return true // so that the day's run is found again when the event is delivered twice
	case TriggerImport, TriggerDeletion:
		return open.State == StateRunning || open.GroupID != "" || open.Hold == HoldConfirmed
	default:
		return false
	}
}

// Nightly requests the run of a day: that on which, in its location, an event of
// the schedule was due. However often the event is delivered, and however late,
// it is one run.
func (r *Refresher) Nightly(ctx context.Context, due time.Time) (Run, error) {
	y, m, d := due.Date()
	own := id.New(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), "schedule")
	run, _, err := r.Request(ctx, Order{ID: own, Trigger: TriggerSchedule, By: "schedule", Date: day.Date(due.Format(time.DateOnly))})
	return run, err
}

// today is the day that it is in the refresher's zone.
func (r *Refresher) today(now time.Time) day.Date {
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	return day.Date(now.In(zone).Format(time.DateOnly))
}

// Confirm lets a run that is held apply what it put aside: all that no later
// answer has replaced. The run is queued again and needs an invocation. The event says who
// confirmed; its Subject, Before and After are filled in. errs.NotFound
// refresh_not_found; errs.Conflict refresh_not_held, and refresh_running
// while any run is open.
func (r *Refresher) Confirm(ctx context.Context, id string, event audit.Event) (Run, error) {
	read, err := r.Store.Run(ctx, id)
	if err != nil {
		return Run{}, err
	}
	if read.Hold != HoldOn || !read.Final() {
		return Run{}, errs.New(errs.Conflict, "refresh_not_held")
	}
	confirmed := read
	confirmed.State, confirmed.Hold, confirmed.EndedAt, confirmed.Fruitless = StateQueued, HoldConfirmed, time.Time{}, 0
	confirmed.Date = r.today(r.Clock()) // what it publishes is of now, and the day that it was held on stays as it was
	event.Subject = subject(id)
	event.Before, event.After = map[string]string{"hold": string(HoldOn)}, map[string]string{"hold": string(HoldConfirmed)}
	run, err := r.Store.Confirm(ctx, read, confirmed, event)
	if errors.Is(err, ErrBusy) {
		return Run{}, errs.Wrap(err, errs.Conflict, "refresh_running")
	}
	return run, err
}
