// Package lease renews the lease on a piece of work while a process works on it. The lease of a
// dead process expires, so another process can take over the work.
package lease

import (
	"context"
	"errors"
	"time"
)

// Lease is a lease that ends at Until unless it is renewed.
type Lease struct {
	Until time.Time
	For   time.Duration // duration of each renewal
	Clock func() time.Time
	// Renew moves the end of the lease. An error that is Lost means that another process holds
	// the lease; any other error may be transient.
	Renew func(ctx context.Context, until time.Time) error
	Lost  error
}

// Keep renews the lease until stop is called, which waits for an in-flight renewal. The returned
// context is cancelled with the cause Lost when the lease is lost, or expired because renewals
// failed.
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
