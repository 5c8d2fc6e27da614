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

// Order asks for a refresh.
type Order struct {
	ID      string // of the run that it leads to, if it leads to one of its own
	Trigger Trigger
	GroupID string // only this license group; empty for the whole organisation, always for TriggerSchedule, Import and Deletion
	By      string
	Date    day.Date // the day that it belongs to; empty for the one on which it begins
}

func (r *Refresher) wanted(o Order) Run {
	return Run{ID: o.ID, Trigger: o.Trigger, GroupID: o.GroupID, By: o.By, Date: o.Date, RequestedAt: r.Clock(), State: StateQueued}
}

// Request queues a run, or returns the one that is open (R7.1). If that one may come too
// late for the order's pairs, another follows it: all orders that come while a run is
// open lead to one run after it.
func (r *Refresher) Request(ctx context.Context, o Order) (Run, error) {
	wanted := r.wanted(o)
	for {
		run, _, err := r.Store.Request(ctx, wanted, once.Change{})
		if err != nil || run.ID == wanted.ID || !follows(wanted, run) {
			return run, err
		}
		if run.Next != nil && (run.Next.ID == wanted.ID || run.Next.Trigger == TriggerSchedule || wanted.Trigger != TriggerSchedule) {
			return run, nil // it is as good; the nightly one must keep its id
		}
		if err = r.Store.Follow(ctx, run.ID, wanted); !errors.Is(err, ErrLost) {
			return run, err
		}
		// It has ended since.
	}
}

// RequestNow returns the edit that does what Request does for a person's order, which no
// run follows. Its result is the run, queued or open.
func (r *Refresher) RequestNow(o Order) once.Edit[Run] {
	wanted := r.wanted(o)
	return once.Edit[Run]{
		Preview: func(ctx context.Context) (Run, error) { return r.Store.Requested(ctx, wanted) },
		Apply: func(ctx context.Context, c once.Change) (Run, []byte, error) {
			return r.Store.Request(ctx, wanted, c)
		},
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
	return r.Request(ctx, Order{ID: own, Trigger: TriggerSchedule, By: "schedule", Date: day.Date(due.Format(time.DateOnly))})
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
