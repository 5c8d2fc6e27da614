package retry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"trueup/internal/errs"
	"trueup/internal/retry"
)

var errBusy, errBroken, errEnough = errors.New("busy"), errors.New("broken"), errors.New("enough")

func TestDo(t *testing.T) {
	t.Parallel()
	again, atOnce := retry.Again(errBusy), retry.AtOnce(errBusy)
	for name, test := range map[string]struct {
		policy  retry.Policy
		results []error       // of the attempts; the last one repeats
		ends    time.Duration // when the context ends; 0 for never
		calls   int           // 0 if it depends on the pauses
		most    time.Duration // the longest time that it may take
		want    error
		kind    errs.Kind
	}{
		"success": {policy: retry.Policy{Attempts: 3}, results: []error{nil}, calls: 1},
		"success after a while": {
			policy: retry.Policy{Attempts: 3, First: time.Second, Longest: time.Minute}, results: []error{again, again, nil}, calls: 3, most: 3 * time.Second,
		},
		"an error that is not repeatable": {policy: retry.Policy{Attempts: 3}, results: []error{again, errBroken}, calls: 2, want: errBroken},
		"a wrapped request to try again":  {policy: retry.Policy{Attempts: 2}, results: []error{fmt.Errorf("write: %w", again), nil}, calls: 2},
		"no attempts left":                {policy: retry.Policy{Attempts: 3}, results: []error{again}, calls: 3, want: errBusy, kind: errs.Unavailable},
		"a short longest pause": {
			policy: retry.Policy{Attempts: 5, First: time.Second, Longest: 2 * time.Second}, results: []error{again}, calls: 5, most: 7 * time.Second,
			want: errBusy, kind: errs.Unavailable,
		},
		"a first pause above the longest": {
			policy: retry.Policy{Attempts: 3, First: time.Hour, Longest: time.Second}, results: []error{again}, calls: 3, most: 2 * time.Second,
			want: errBusy, kind: errs.Unavailable,
		},
		"the timeout is over": {
			policy: retry.Policy{Timeout: time.Minute, First: time.Second, Longest: time.Second}, results: []error{again}, most: time.Minute,
			want: errBusy, kind: errs.Unavailable,
		},
		"the context ends": {
			policy: retry.Policy{Timeout: time.Hour, First: time.Second, Longest: time.Second}, results: []error{again}, ends: time.Minute, most: time.Minute,
			want: errEnough,
		},
		"the context has ended":            {policy: retry.Policy{First: time.Second, Longest: time.Second}, results: []error{again}, ends: -1, calls: 1, want: errEnough},
		"the context ends, without pauses": {results: []error{atOnce}, ends: -1, calls: 1, want: errEnough},
		"attempts that do not count": {
			policy: retry.Policy{Attempts: 2, First: time.Hour, Longest: time.Hour}, results: []error{atOnce, atOnce, atOnce, nil}, calls: 4,
		},
		"an attempt that counts after ones that do not": {
			policy: retry.Policy{Attempts: 2, First: time.Second, Longest: time.Second}, results: []error{atOnce, atOnce, again}, calls: 4, most: time.Second,
			want: errBusy, kind: errs.Unavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				switch {
				case test.ends > 0:
					time.AfterFunc(test.ends, func() { cancel(errEnough) })
				case test.ends < 0:
					cancel(errEnough)
				}
				calls, began := 0, time.Now()
				err := retry.Do(ctx, test.policy, func() error {
					calls++
					return test.results[min(calls, len(test.results))-1]
				})
				if !errors.Is(err, test.want) || errs.KindOf(err) != test.kind {
					t.Errorf("got %v, want %v of kind %d", err, test.want, test.kind)
				}
				if took := time.Since(began); took > test.most {
					t.Errorf("it took %v, want at most %v", took, test.most)
				}
				if test.calls > 0 && calls != test.calls || calls == 0 {
					t.Errorf("%d calls, want %d", calls, test.calls)
				}
			})
		})
	}
}

// TestDoWaitsUntilTheEnd checks that Do uses all of the time that it has.
func TestDoWaitsUntilTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := retry.Do(t.Context(), retry.Policy{Timeout: time.Minute, First: time.Second, Longest: time.Second}, func() error { return retry.Again(errBusy) })
		if took := time.Since(began); took != time.Minute || errs.KindOf(err) != errs.Unavailable {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// TestPauses checks that the pauses are spread over their whole range, which doubles up to the
// longest.
func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const series = 200
		most := []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 50 * time.Second, 50 * time.Second}
		var sums [5]time.Duration
		for range series {
			n, last := -1, time.Now()
			_ = retry.Do(t.Context(), retry.Policy{Attempts: 6, First: 10 * time.Second, Longest: 50 * time.Second}, func() error {
				if pause := time.Since(last); n >= 0 {
					sums[n] += pause
					if pause > most[n] {
						t.Errorf("pause %d was %v, want at most %v", n, pause, most[n])
					}
				}
				n, last = n+1, time.Now()
				return retry.Again(errBusy)
			})
		}
		for n, sum := range sums {
			if average := sum / series; average < most[n]/3 || average > most[n]*2/3 {
				t.Errorf("pause %d was %v on average, want about half of %v", n, average, most[n])
			}
		}
	})
}

// TestNestedDo checks that the request to try again of an inner Do does not reach the outer one.
func TestNestedDo(t *testing.T) {
	t.Parallel()
	outer, inner := 0, 0
	err := retry.Do(t.Context(), retry.Policy{Attempts: 5}, func() error {
		outer++
		return retry.Do(t.Context(), retry.Policy{Attempts: 3}, func() error {
			inner++
			return retry.Again(errBusy)
		})
	})
	if outer != 1 || inner != 3 || errs.KindOf(err) != errs.Unavailable {
		t.Errorf("%d outer and %d inner calls, %v", outer, inner, err)
	}
}

func TestSleepEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errEnough) })
		began := time.Now()
		if err := retry.Sleep(ctx, time.Hour); !errors.Is(err, errEnough) || time.Since(began) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		if err := retry.Sleep(ctx, 0); !errors.Is(err, errEnough) {
			t.Errorf("got %v", err)
		}
	})
}
