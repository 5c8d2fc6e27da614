// Package retry waits between tries.
//
// The loops that try are those of their packages: what is worth another try, and for
// how long, differs. What they share is one line of arithmetic, so no library is used.
package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff is a series of pauses that grow. A Backoff is for one series.
type Backoff struct {
	First time.Duration // the longest that the first pause can be
	Most  time.Duration // the longest that any pause can be; 0 for no limit

	next time.Duration
}

// Wait waits between half of a time and all of it, at random, so that those who try at
// the same time do not try again at the same time. The time doubles with each pause. It
// returns the cause when ctx ends first.
func (b *Backoff) Wait(ctx context.Context) error {
	longest := max(b.next, b.First)
	if b.Most > 0 {
		longest = min(longest, b.Most)
	}
	b.next = 2 * longest
	return Sleep(ctx, longest/2+rand.N(longest/2+1)) //nolint:gosec // spreads retries; guards nothing
}

// Sleep waits for d. It returns the cause when ctx ends first.
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
