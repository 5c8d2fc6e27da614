// Package retry calls a function until it succeeds, with growing random pauses. It has the only
// loop that repeats failed attempts; a caller says which errors are worth a retry, and for how
// long. Polling another process at fixed intervals is not a retry; it uses Sleep.
//
// The pauses and deadlines are real time. Tests fake it with testing/synctest. No library is
// used: the AWS SDK retries requests, but cannot build a transaction again from current data.
package retry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"trueup/internal/errs"
)

// Policy limits the retries of Do.
type Policy struct {
	// Attempts is the maximum number of calls; 0 for no limit.
	Attempts int
	// Timeout is the time after the start of Do in which calls may begin; 0 for no limit.
	Timeout time.Duration
	// First is the maximum of the first pause. The maximum doubles with each pause, up to
	// Longest. A pause is random between zero and its maximum (full jitter), so that concurrent
	// callers do not retry at the same time. With the zero values there are no pauses.
	First, Longest time.Duration
}

// Do calls try until it returns nil or an error that is not from Again or AtOnce, and returns that
// error. try must be repeatable.
//
// If the policy allows no further attempt, Do returns errs.Unavailable try_again, which wraps
// the error of the last attempt. If ctx ends first, it returns the cause, with the text of the
// error of the last attempt. It calls try at least once.
func Do(ctx context.Context, p Policy, try func() error) error {
	limited, stop := ctx, context.CancelFunc(func() {})
	if p.Timeout > 0 {
		limited, stop = context.WithTimeout(ctx, p.Timeout)
	}
	defer stop()
	longest := p.First
	for attempt := 1; ; {
		err := try()
		var again *repeatable
		if !errors.As(err, &again) {
			return err
		}
		pause := time.Duration(0)
		if !again.atOnce {
			if attempt == p.Attempts {
				return errs.Wrap(again.error, errs.Unavailable, "try_again")
			}
			attempt++
			longest = min(longest, p.Longest)
			pause = rand.N(longest + 1) //nolint:gosec // spreads retries; guards nothing
			longest *= 2
		}
		if Sleep(limited, pause) == nil {
			continue
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: the last attempt: %s", context.Cause(ctx), again.Error())
		}
		return errs.Wrap(again.error, errs.Unavailable, "try_again")
	}
}

// repeatable is the error of an attempt after which another one may succeed.
type repeatable struct {
	error
	atOnce bool
}

func (e *repeatable) Unwrap() error { return e.error }

// Again makes Do try again after a pause. err says why.
func Again(err error) error { return &repeatable{error: err} }

// AtOnce makes Do try again without a pause, and does not count as an attempt. It is for a
// function that waits, or corrects what it sends, and limits by itself how often.
func AtOnce(err error) error { return &repeatable{error: err, atOnce: true} }

// Sleep waits for d. It returns the cause if ctx ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil || d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
