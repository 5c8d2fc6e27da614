// Package lease keeps the lease on a piece of work while somebody works at it.
// Whoever died does not renew it, so that another can take the work over.
package lease

import (
	"context"
	"errors"
	"time"
)

// Lease is a lease that ends at Until unless it is renewed.
type Lease struct {
	Until time.Time
	For   time.Duration // how long each renewal lasts
	Clock func() time.Time
	// Renew makes the lease end at another time. An error that is Lost means that
	// somebody else has it; any other may pass.
	Renew func(ctx context.Context, until time.Time) error
	Lost  error
}

// Keep renews the lease until stop is called, which waits for a renewal under
// way. The context it returns ends with the cause Lost when the lease is lost,
// or has ended because no renewal came through.
func (l Lease) Keep(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		until := l.Until
		tick := time.NewTicker(l.For / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			next := l.Clock().Add(l.For)
			switch err := l.Renew(ctx, next); {
			case err == nil:
				until = next
			case errors.Is(err, l.Lost) || l.Clock().After(until):
				cancel(l.Lost)
			}
		}
	}()
	return ctx, func() { cancel(context.Canceled); <-done }
}
