package snapshot_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/snapshot"
)

// watched counts the reads of a library, each of which reads the freshness once.
type watched struct {
	refresher.Records
	reads atomic.Int64
	hold  chan struct{} // reads wait until it is closed; nil for no wait
}

func (r *watched) Freshness(ctx context.Context) (refresher.Freshness, error) {
	r.reads.Add(1)
	if r.hold != nil {
		select {
		case <-r.hold:
		case <-ctx.Done():
			return refresher.Freshness{}, context.Cause(ctx)
		}
	}
	return r.Records.Freshness(ctx)
}

// settable is a clock that a test sets while the library reads it.
type settable struct{ at atomic.Pointer[time.Time] }

func (s *settable) now() time.Time       { return *s.at.Load() }
func (s *settable) set(at time.Time)     { s.at.Store(&at) }
func (s *settable) pass(d time.Duration) { s.set(s.now().Add(d)) }

// recently returns a library with a clock that the test sets, and its reads.
func (w *world) recently() (l *snapshot.Library, clock *settable, reads *watched) {
	l, clock, reads = w.library(), &settable{}, &watched{Records: w}
	clock.set(now)
	l.Clock, l.Refreshes = clock.now, reads
	return l, clock, reads
}

// licences returns the licences that a view owns.
func licences(v *snapshot.View) int {
	return v.Installations(report.Filter{}, report.Order{}, settings()).Totals.Owned
}

// TestRecent checks that a view is used again for as long as the caller allows, and then read.
func TestRecent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l, clock, reads := w.recently()
	const second = time.Second
	for _, step := range []struct {
		what      string
		after     time.Duration // since the step before
		most      time.Duration
		change    int // licences that are bought before the call
		forget    bool
		owned     int
		age       time.Duration
		wantReads int64
	}{
		{what: "the first call reads", most: 5 * second, owned: 3, wantReads: 1},
		{what: "a change is not shown yet", after: 2 * second, most: 5 * second, change: 4, owned: 3, age: 2 * second, wantReads: 1},
		{what: "up to the limit", after: 3 * second, most: 5 * second, owned: 3, age: 5 * second, wantReads: 1},
		{what: "a smaller limit of the caller", most: 4 * second, owned: 4, wantReads: 2},
		{what: "what that call read is used", after: second, most: 5 * second, change: 6, owned: 4, age: second, wantReads: 2},
		{what: "a caller who wants the current data", most: 0, owned: 6, wantReads: 3},
		{what: "what that call read is used, too", after: second, most: 5 * second, owned: 6, age: second, wantReads: 3},
		{what: "too old", after: 5 * second, most: 5 * second, change: 7, owned: 7, wantReads: 4},
		{what: "the clock was set back", after: -time.Minute, most: 5 * second, change: 8, owned: 8, wantReads: 5},
		{what: "this process changed something", after: second, most: 5 * second, change: 9, forget: true, owned: 9, wantReads: 6},
		{what: "and nothing since", after: second, most: 5 * second, owned: 9, wantReads: 7},
		{what: "kept again", after: second, most: 5 * second, owned: 9, age: second, wantReads: 7},
	} {
		clock.pass(step.after)
		if step.change > 0 {
			w.mu.Lock()
			w.agreements[1].Licenses = step.change
			w.at++
			w.mu.Unlock()
		}
		if step.forget {
			l.Forget()
		}
		v, _, age, err := l.Recent(t.Context(), step.most)
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if got := licences(v); got != step.owned || age != step.age || reads.reads.Load() != step.wantReads {
			t.Errorf("%s: %d licences, %v old, after %d reads; want %d, %v and %d", step.what, got, age, reads.reads.Load(), step.owned, step.age, step.wantReads)
		}
	}
	clock.pass(time.Minute)
	failing := errors.New("failing")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(failing)
	if _, _, _, err := l.Recent(ctx, 5*second); err == nil {
		t.Error("an error is no view")
	}
}

// TestRecentIsShared checks that concurrent calls share one read and one report, and that the
// cancellation of one of them fails no other.
func TestRecentIsShared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l, _, reads := w.recently()
	reads.hold = make(chan struct{})
	first, cancel := context.WithCancel(t.Context())
	var calls, cancelled sync.WaitGroup
	cancelled.Go(func() {
		if _, _, _, err := l.Recent(first, time.Second); !errors.Is(err, context.Canceled) {
			t.Errorf("the cancelled call: %v", err)
		}
	})
	for reads.reads.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	for range 20 {
		calls.Go(func() {
			v, _, _, err := l.Recent(t.Context(), time.Second)
			if err != nil {
				t.Error(err)
				return
			}
			if got := licences(v); got != 3 {
				t.Errorf("%d licences", got)
			}
		})
	}
	time.Sleep(50 * time.Millisecond) // they wait for the first call
	if n := reads.reads.Load(); n != 1 {
		t.Errorf("%d reads at the same time", n)
	}
	cancel()
	cancelled.Wait()
	close(reads.hold)
	calls.Wait()
}

// TestRecentOfASlowRead checks that a call uses the read of another one only if that began recently
// enough for it, and returns its age.
func TestRecentOfASlowRead(t *testing.T) {
	t.Parallel()
	for most, want := range map[time.Duration]struct{ age, reads int64 }{5 * time.Second: {3, 1}, time.Second: {0, 2}} {
		l, clock, reads := newWorld(t).recently()
		reads.hold = make(chan struct{})
		var calls sync.WaitGroup
		recent := func(most, wanted time.Duration) {
			if _, _, age, err := l.Recent(t.Context(), most); err != nil || age != wanted {
				t.Errorf("at most %v: %v old, want %v, error %v", most, age, wanted, err)
			}
		}
		calls.Go(func() { recent(5*time.Second, 0) })
		for reads.reads.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		clock.pass(3 * time.Second)
		calls.Go(func() { recent(most, time.Duration(want.age)*time.Second) })
		time.Sleep(50 * time.Millisecond) // it waits for the first call
		close(reads.hold)
		calls.Wait()
		if n := reads.reads.Load(); n != want.reads {
			t.Errorf("at most %v: %d reads, want %d", most, n, want.reads)
		}
	}
}
