package lease

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrInterrupted is what Worker.Process returns if it saved its work because the invocation ends.
var ErrInterrupted = errors.New("lease: interrupted before the end of the invocation")

// Event is what a Worker reports, for the log of its owner.
type Event int

// The events.
const (
	Interrupted Event = iota // the invocation ends, and a later one continues the record
	Failed                   // a fault while the record was processed
	Lost                     // another process took the lease
	NotReleased              // the next process waits until the lease expires
)

// Worker works on records that wait, the first one first, while it holds a lease. So one process at a time
// works on them, wherever processes die. Whoever stores a record calls Work afterwards: if another process
// has the lease, that one takes the record too, because it looks for further records after it has released
// the lease.
type Worker[R any] struct {
	For     time.Duration // how long a process that stops renewing keeps the lease
	Reserve time.Duration // the time before the end of an invocation at which no more work begins
	Clock   func() time.Time
	// NewHolder returns a new name of a holder.
	NewHolder func() string
	Acquire   func(ctx context.Context, holder string, now, until time.Time) (acquired bool, err error)
	Renew     func(ctx context.Context, holder string, until time.Time) error
	Release   func(ctx context.Context, holder string) error
	// Lost is the error of Renew and Process that means that another process holds the lease.
	Lost error
	// Waiting returns the records that wait, in order.
	Waiting func(ctx context.Context) ([]R, error)
	ID      func(R) string
	// Process works on one record. After a fault the worker goes on with the next one. The context ends
	// when the lease is lost.
	Process func(ctx context.Context, r R) error
	Report  func(ctx context.Context, e Event, id string, err error) // id is empty if the event is about none
}

// Work works on the records that wait, if no other process does. Its error has the faults of all records.
func (w Worker[R]) Work(ctx context.Context) error {
	failed := map[string]error{}
	faults := func(err error) error {
		for _, fault := range failed {
			err = errors.Join(err, fault)
		}
		return err
	}
	for {
		waiting, err := w.waiting(ctx, failed)
		if err != nil {
			return err
		}
		if len(waiting) == 0 || w.IsEnding(ctx) {
			return faults(nil)
		}
		holder, now := w.NewHolder(), w.Clock()
		acquired, err := w.Acquire(ctx, holder, now, now.Add(w.For))
		if err != nil || !acquired {
			return faults(err)
		}
		err = w.holding(ctx, holder, failed)
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second) // even if ctx has ended
		if err := w.Release(release, holder); err != nil {
			w.Report(ctx, NotReleased, "", err)
		}
		cancel()
		switch {
		case errors.Is(err, w.Lost): // the other process goes on, or the schedule
			w.Report(ctx, Lost, "", nil)
			return faults(nil)
		case err != nil:
			return faults(err)
		}
	}
}

// waiting returns the records that wait and did not fail.
func (w Worker[R]) waiting(ctx context.Context, failed map[string]error) (waiting []R, err error) {
	all, err := w.Waiting(ctx)
	for _, r := range all {
		if failed[w.ID(r)] == nil {
			waiting = append(waiting, r)
		}
	}
	return waiting, err
}

// IsEnding reports whether the invocation has too little time for more work.
func (w Worker[R]) IsEnding(ctx context.Context) bool {
	deadline, limited := ctx.Deadline()
	return ctx.Err() != nil || limited && deadline.Sub(w.Clock()) < w.Reserve
}

// holding works on the records that wait while the process holds the lease.
func (w Worker[R]) holding(ctx context.Context, holder string, failed map[string]error) error {
	ctx, stop := Lease{
		Until: w.Clock().Add(w.For), For: w.For, Clock: w.Clock, Lost: w.Lost,
		Renew: func(ctx context.Context, until time.Time) error { return w.Renew(ctx, holder, until) },
	}.Keep(ctx)
	defer stop()
	for !w.IsEnding(ctx) {
		waiting, err := w.waiting(ctx, failed)
		if err != nil || len(waiting) == 0 {
			return err
		}
		id := w.ID(waiting[0])
		err = w.Process(ctx, waiting[0])
		if cause := context.Cause(ctx); errors.Is(cause, w.Lost) {
			return w.Lost // instead of the context.Canceled that it caused
		}
		switch {
		case errors.Is(err, w.Lost):
			return err
		case errors.Is(err, ErrInterrupted):
			w.Report(ctx, Interrupted, id, nil)
			return nil
		case err != nil:
			w.Report(ctx, Failed, id, err)
			failed[id] = fmt.Errorf("%s: %w", id, err)
		}
	}
	return nil
}
