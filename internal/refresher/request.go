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
	"trueup/internal/retry"
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

// Request queues a run, or returns the open run (R7.1). If the open run may come too late
// for the order's pairs, another run follows it: all orders during an open run lead to one
// run after it.
func (r *Requests) Request(ctx context.Context, o Order) (run Run, err error) {
	wanted := r.wanted(o)
	err = retry.Do(ctx, retry.Policy{First: 5 * time.Millisecond, Longest: 100 * time.Millisecond}, func() error {
		run, _, err = r.Queue.Request(ctx, wanted, once.Change{})
		if err != nil || run.ID == wanted.ID || !follows(wanted, run) {
			return err
		}
		return r.queueNext(ctx, run, wanted)
	})
	return run, err
}

// queueNext queues a run after the open one, unless an equivalent one is queued.
func (r *Requests) queueNext(ctx context.Context, open, wanted Run) error {
	if next := open.Next; next != nil && (next.ID == wanted.ID || next.Trigger == TriggerSchedule || wanted.Trigger != TriggerSchedule && !extends(wanted, *next)) {
		return nil // equivalent; the nightly run must keep its id
	}
	err := r.Queue.QueueNext(ctx, open.ID, wanted)
	if errors.Is(err, ErrLost) { // the open run has ended meanwhile
		return retry.Again(err)
	}
	return err
}

// extends reports whether a run asks about all pairs that another one asks about, and more.
func extends(run, other Run) bool {
	return run.GroupID == "" && run.Kind != KindPending && other.Kind == KindPending
}

// RequestNow returns the edit that requests a run for the order of a person. Its result is the queued
// or the open run. Unlike Request, it does not try again if the open run ends meanwhile.
func (r *Requests) RequestNow(o Order) once.Edit[Run] {
	wanted := r.wanted(o)
	return once.Edit[Run]{
		Preview: func(ctx context.Context) (Run, error) { return r.Queue.Requested(ctx, wanted) },
		Apply: func(ctx context.Context, c once.Change) (Run, []byte, error) {
			run, first, err := r.Queue.Request(ctx, wanted, c)
			if err != nil || run.ID == wanted.ID || run.Final() || !follows(wanted, run) {
				return run, first, err
			}
			// The reply is stored. If the open run has ended meanwhile, the person sees it as
			// ended and can request again.
			if err := r.queueNext(ctx, run, wanted); err != nil && !errors.Is(err, ErrLost) {
				return run, first, err
			}
			return run, first, nil
		},
	}
}

// follows reports whether another run is due after the open one. A queued full run of the whole
// organisation covers all pairs. The order of a person gets the open run, if that is full.
func follows(wanted, open Run) bool {
	switch wanted.Trigger {
	case TriggerSchedule:
		return true // so that the day's run is found again if the event is delivered twice
	case TriggerImport, TriggerDeletion:
		return open.State == StateRunning || open.GroupID != "" || open.Hold == HoldConfirmed || extends(wanted, open)
	default:
		return extends(wanted, open) // a person who asks for everything gets it after the pending run
	}
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
	event.Subject = subject(id)
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
