package refresher

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/once"
)

// Requests requests, confirms and starts runs. Functions that do not process runs have only this
// part.
type Requests struct {
	Queue Queue
	Clock func() time.Time
	// Wake starts an invocation that calls Worker.Work for a run, without waiting for it.
	Wake func(ctx context.Context, id string) error
	Log  *slog.Logger
}

// Order is a request for a refresh.
type Order struct {
	ID      string // of the run, if the order gets a run of its own
	Kind    Kind   // required
	Trigger Trigger
	GroupID string // only this license group; empty for the whole organisation, and always empty for TriggerSchedule, TriggerImport and TriggerDeletion
	By      string
	Date    day.Date // the day that it belongs to; empty for the day on which it begins
}

func (r *Requests) wanted(o Order) Run {
	return Run{ID: o.ID, Kind: o.Kind, Trigger: o.Trigger, GroupID: o.GroupID, By: o.By, Date: o.Date, RequestedAt: r.Clock(), State: StateQueued}
}

// Request queues a run, or returns the open run (R7.1). If the open run does not serve the order,
// another run follows it: all orders during an open run lead to at most one run after it.
func (r *Requests) Request(ctx context.Context, o Order) (Run, error) {
	run, _, err := r.Queue.Request(ctx, r.wanted(o), once.Change{})
	return run, err
}

// RequestNow returns the edit that requests a run for the order of a person. Its result is the
// queued or the open run, with the run that follows it.
func (r *Requests) RequestNow(o Order) once.Edit[Run] {
	wanted := r.wanted(o)
	return once.Edit[Run]{
		Preview: func(ctx context.Context) (Run, error) { return r.Queue.Requested(ctx, wanted) },
		Apply: func(ctx context.Context, c once.Change) (Run, []byte, error) {
			return r.Queue.Request(ctx, wanted, c)
		},
	}
}

// Following returns the run to queue when open ends, if wanted is requested while it is open; nil
// if nothing is to follow. changed reports whether open.Next must be replaced by it.
func Following(open, wanted Run) (next *Run, changed bool) {
	switch next = open.Next; {
	case open.ID == wanted.ID || open.serves(wanted):
		return next, false
	case next == nil:
		return &wanted, true
	case next.ID == wanted.ID || next.Trigger == TriggerSchedule || wanted.Trigger != TriggerSchedule && next.includes(wanted):
		return next, false
	}
	merged := wanted
	// An audit event names the run of a person. The run of a night needs its own id, so that it
	// is found again if its event is delivered twice.
	if next.Trigger == TriggerNow && wanted.Trigger != TriggerSchedule {
		merged = *next
	}
	if !merged.includes(*next) || !merged.includes(wanted) {
		merged.Kind, merged.GroupID = KindFull, ""
	}
	merged.Version = next.Version + 1
	return &merged, true
}

// serves reports whether the open run does what is wanted. A person who requests a run gets a
// running one. A run after a change must start after the change.
func (r Run) serves(wanted Run) bool {
	switch {
	case wanted.Trigger == TriggerSchedule, r.Hold == HoldConfirmed: // a confirmed run asks about no pair
		return false
	case wanted.Trigger == TriggerNow:
		return r.includes(wanted)
	default:
		return r.State == StateQueued && r.includes(wanted)
	}
}

// includes reports whether the run asks about all pairs that other asks about.
func (r Run) includes(other Run) bool {
	if r.Kind == KindPending {
		// Only a pending run after a removal can become full (Worker.Moves).
		return other.Kind == KindPending && (r.Trigger == TriggerDeletion || other.Trigger != TriggerDeletion)
	}
	return r.GroupID == "" || r.GroupID == other.GroupID && other.Kind != KindPending
}

// Confirm queues a held run again, to apply the answers that it put aside and no later
// answer has replaced. The run needs an invocation. The event names who confirmed; its
// Subject, Before and After are filled in. It returns errs.NotFound refresh_not_found,
// errs.Conflict refresh_not_held, or errs.Conflict refresh_running while any run is open.
func (r *Requests) Confirm(ctx context.Context, id string, event audit.Event) (Run, error) {
	read, err := r.Queue.Run(ctx, id)
	if err != nil {
		return Run{}, err
	}
	if read.Hold != HoldOn || !read.Final() {
		return Run{}, errs.New(errs.Conflict, "refresh_not_held")
	}
	confirmed := read
	confirmed.State, confirmed.Hold, confirmed.EndedAt, confirmed.Fruitless = StateQueued, HoldConfirmed, time.Time{}, 0
	// The claim sets the day in the organisation's time zone. The previous release sets it only
	// here, and in UTC.
	confirmed.Date = day.In(r.Clock(), time.UTC)
	event.Subject = read.Subject()
	event.Before, event.After = map[string]string{"hold": string(HoldOn)}, map[string]string{"hold": string(HoldConfirmed)}
	run, err := r.Queue.Confirm(ctx, read, confirmed, event)
	if errors.Is(err, ErrBusy) {
		return Run{}, errs.Wrap(err, errs.Conflict, "refresh_running")
	}
	return run, err
}

// Start starts an invocation for a queued run. A fault is only logged, because the schedule
// finds the run by Due.
func (r *Requests) Start(ctx context.Context, id string) {
	if err := r.Wake(ctx, id); err != nil {
		r.Log.WarnContext(ctx, "refresh not called", "run", id, "error", err)
	}
}

// requestTimeout limits how long a change made by a user waits for the request of a refresh.
const requestTimeout = 3 * time.Second

// PairsChanged requests a run because pairs were added (TriggerImport) or removed (TriggerDeletion),
// and starts it. The run may cover changes of several people, so By is the trigger. The change
// itself is already stored; a fault is only logged, because Due finds changes that no run has
// read.
func (r *Requests) PairsChanged(ctx context.Context, trigger Trigger) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	now := r.Clock()
	own := id.New(now, rand.Text())
	run, err := r.Request(ctx, Order{ID: own, Kind: KindPending, Trigger: trigger, By: string(trigger)})
	if err != nil {
		r.Log.WarnContext(ctx, "refresh not requested", "trigger", string(trigger), "error", err)
		return
	}
	if run.ID == own { // otherwise the requester of the open run starts it
		r.Start(ctx, own)
	}
}
