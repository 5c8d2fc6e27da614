package lease_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/lease"
)

// desk is where records wait, and who has the lease.
type desk struct {
	waiting []string
	holder  string
	until   time.Time
	log     []string
}

// worker returns a worker that processes a record for a minute.
func (d *desk) worker(name string, process func(ctx context.Context, record string) error) lease.Worker[string] {
	n := 0
	return lease.Worker[string]{
		For: 30 * time.Second, Reserve: time.Minute, Clock: time.Now, Lost: errLost,
		NewHolder: func() string { n++; return fmt.Sprint(name, n) },
		Acquire: func(_ context.Context, holder string, now, until time.Time) (bool, error) {
			if d.holder != "" && now.Before(d.until) {
				return false, nil
			}
			d.holder, d.until = holder, until
			return true, nil
		},
		Renew: func(_ context.Context, holder string, until time.Time) error {
			if d.holder != holder {
				return errLost
			}
			d.until = until
			return nil
		},
		Release: func(_ context.Context, holder string) error {
			if d.holder == holder {
				d.holder = ""
			}
			return nil
		},
		Waiting: func(context.Context) ([]string, error) { return slices.Clone(d.waiting), nil },
		ID:      strings.Clone,
		Process: func(ctx context.Context, record string) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Minute):
			}
			err := process(ctx, record)
			d.log = append(d.log, fmt.Sprint(name, " ", record, " ", err))
			if err == nil {
				d.waiting = slices.DeleteFunc(d.waiting, func(w string) bool { return w == record })
			}
			return err
		},
		Report: func(_ context.Context, e lease.Event, id string, err error) {
			d.log = append(d.log, fmt.Sprintf("%s: event %d %s %v", name, e, id, err))
		},
	}
}

func TestWorker(t *testing.T) {
	t.Parallel()
	good := func(context.Context, string) error { return nil }
	fault := errors.New("fault")
	for name, c := range map[string]struct {
		do   func(t *testing.T, d *desk)
		log  []string
		left []string
	}{
		"in order": {func(t *testing.T, d *desk) {
			if err := d.worker("w", good).Work(t.Context()); err != nil || d.holder != "" {
				t.Errorf("%v, held by %q", err, d.holder)
			}
		}, []string{"w a <nil>", "w b <nil>", "w c <nil>"}, nil},
		"a fault of one": {func(t *testing.T, d *desk) {
			err := d.worker("w", func(_ context.Context, record string) error {
				return map[string]error{"b": fault}[record]
			}).Work(t.Context())
			if !errors.Is(err, fault) || d.holder != "" {
				t.Errorf("%v, held by %q", err, d.holder)
			}
		}, []string{"w a <nil>", "w b fault", "w: event 1 b fault", "w c <nil>"}, []string{"b"}},
		"the invocation ends": {func(t *testing.T, d *desk) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+30*time.Second)
			defer cancel()
			if err := d.worker("w", good).Work(ctx); err != nil || d.holder != "" {
				t.Errorf("%v, held by %q", err, d.holder)
			}
		}, []string{"w a <nil>", "w b <nil>"}, []string{"c"}},
		"the work is saved": {func(t *testing.T, d *desk) {
			err := d.worker("w", func(context.Context, string) error { return lease.ErrInterrupted }).Work(deadline(t, 90*time.Second))
			if err != nil || d.holder != "" {
				t.Errorf("%v, held by %q", err, d.holder)
			}
		}, []string{"w a lease: interrupted before the end of the invocation", "w: event 0 a <nil>"}, []string{"a", "b", "c"}},
		"another process works": {func(t *testing.T, d *desk) {
			d.holder, d.until = "other", time.Now().Add(time.Second)
			if err := d.worker("w", good).Work(t.Context()); err != nil || d.holder != "other" {
				t.Errorf("%v, held by %q", err, d.holder)
			}
		}, nil, []string{"a", "b", "c"}},
		"another process died": {func(t *testing.T, d *desk) {
			d.holder, d.until = "other", time.Now()
			if err := d.worker("w", good).Work(t.Context()); err != nil || d.holder != "" {
				t.Errorf("%v, held by %q", err, d.holder)
			}
		}, []string{"w a <nil>", "w b <nil>", "w c <nil>"}, nil},
		"the lease is lost": {func(t *testing.T, d *desk) {
			go func() { time.Sleep(15 * time.Second); d.holder = "other" }()
			if err := d.worker("w", good).Work(t.Context()); err != nil || d.holder != "other" {
				t.Errorf("%v, held by %q", err, d.holder)
			}
		}, []string{"w: event 2  <nil>"}, []string{"a", "b", "c"}},
		"a record that arrives while the lease is held": {func(t *testing.T, d *desk) {
			d.waiting = []string{"a"}
			second := d.worker("second", good)
			err := d.worker("first", func(ctx context.Context, record string) error {
				if record == "a" {
					d.waiting = append(d.waiting, "b")
					return second.Work(ctx)
				}
				return nil
			}).Work(t.Context())
			if err != nil || d.holder != "" {
				t.Errorf("%v, held by %q", err, d.holder)
			}
		}, []string{"first a <nil>", "first b <nil>"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &desk{waiting: []string{"a", "b", "c"}}
				c.do(t, d)
				if diff := cmp.Diff(c.log, d.log); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if len(c.left) != len(d.waiting) || len(c.left) > 0 && !slices.Equal(c.left, d.waiting) {
					t.Errorf("%v are left, want %v", d.waiting, c.left)
				}
			})
		})
	}
}

// deadline returns a context that ends after a time.
func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
