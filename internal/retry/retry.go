// Package retry waits between attempts.
//
// Each package has its own retry loop, because what is worth a retry, and for how long, differs.
// They share only the arithmetic of the pauses, so no library is used.
package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is a series of growing pauses. Use a new Backoff for each series.
type Backoff struct {
	First time.Duration // maximum of the first pause
	Most  time.Duration // maximum of any pause; 0 for no limit

	next time.Duration
}

// Wait waits for a random duration between half of the current maximum and all of it, so that
// concurrent callers do not retry at the same time. The maximum doubles with each pause. Wait
// returns the cause if ctx ends first.
func (b *Backoff) Wait(ctx context.Context) error {
	longest := max(b.next, b.First)
	if b.Most > 0 {
		longest = min(longest, b.Most)
	}
	b.next = 2 * longest
	return Sleep(ctx, longest/2+rand.N(longest/2+1)) //nolint:gosec // spreads retries; guards nothing
}

// Sleep waits for d. It returns the cause if ctx ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
