package retry_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"trueup/internal/retry"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			b := retry.Backoff{First: 10 * time.Millisecond, Most: 50 * time.Millisecond}
			for _, milliseconds := range []int{10, 20, 40, 50, 50} {
				longest := time.Duration(milliseconds) * time.Millisecond
				began := time.Now()
				if err := b.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took < longest/2 || took > longest {
					t.Errorf("it waited for %v, want %v to %v", took, longest/2, longest)
				}
			}
		}
	})
}

func TestWaitEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		b := retry.Backoff{First: time.Hour}
		began := time.Now()
		if err := b.Wait(ctx); !errors.Is(err, cause) || time.Since(began) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		if err := retry.Sleep(ctx, time.Hour); !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
	})
}
