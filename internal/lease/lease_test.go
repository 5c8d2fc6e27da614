package lease_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"trueup/internal/lease"
)

var errLost = errors.New("lost")

func TestKeep(t *testing.T) {
	t.Parallel()
	fault := errors.New("fault")
	for name, c := range map[string]struct {
		renew func(n int) error // result of the n-th renewal, from 1
		ends  time.Duration     // when the context ends; 0 for never
	}{
		"renewed":                      {func(int) error { return nil }, 0},
		"lost at the second renewal":   {func(n int) error { return map[bool]error{true: errLost}[n == 2] }, 20 * time.Second},
		"a fault that passes":          {func(n int) error { return map[bool]error{true: fault}[n == 2] }, 0},
		"faults until it has run out":  {func(int) error { return fault }, 40 * time.Second},
		"faults after the third":       {func(n int) error { return map[bool]error{true: fault}[n > 3] }, 70 * time.Second},
		"lost, whatever else it tells": {func(int) error { return errors.Join(fault, errLost) }, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin, n := time.Now(), 0
				ctx, stop := lease.Lease{
					Until: begin.Add(30 * time.Second), For: 30 * time.Second, Clock: time.Now, Lost: errLost,
					Renew: func(_ context.Context, until time.Time) error {
						n++
						if want := time.Now().Add(30 * time.Second); !until.Equal(want) {
							t.Errorf("renewed until %v, want %v", until, want)
						}
						return c.renew(n)
					},
				}.Keep(t.Context())
				select {
				case <-ctx.Done():
					if c.ends == 0 || time.Since(begin) != c.ends || !errors.Is(context.Cause(ctx), errLost) {
						t.Errorf("ended after %v: %v", time.Since(begin), context.Cause(ctx))
					}
				case <-time.After(5 * time.Minute):
					if c.ends != 0 || n != 29 && n != 30 {
						t.Errorf("has not ended after %d renewals", n)
					}
				}
				stop()
				if ctx.Err() == nil {
					t.Error("the context goes on after stop")
				}
			})
		})
	}
}
