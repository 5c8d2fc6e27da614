package snapshot

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"trueup/internal/refresher"
)

// recent is the view of the organisation that was read last.
type recent struct {
	reading singleflight.Group // concurrent calls of Recent share a read

	mu        sync.Mutex // guards the fields below
	view      *View
	freshness refresher.Freshness
	at        time.Time // when the read began
	forgotten time.Time // what was read from before this moment is not kept
}

// Recent is like Live, but may return what an earlier call read at most most ago, and age is how
// long ago that was, or 0 if it was read for this call. Calls at the same time share one read. A
// Library without Clock always reads.
func (l *Library) Recent(ctx context.Context, most time.Duration) (v *View, freshness refresher.Freshness, age time.Duration, err error) {
	if most <= 0 || l.Clock == nil {
		v, freshness, err = l.Live(ctx)
		return v, freshness, 0, err
	}
	asked := l.wall()
	if v, freshness, age = l.last.within(most, asked); v != nil {
		return v, freshness, age, nil
	}
	type live struct {
		view      *View
		freshness refresher.Freshness
		began     time.Time
	}
	own := false
	shared, err, _ := l.last.reading.Do("", func() (any, error) {
		own = true
		began := l.wall()
		v, freshness, err := l.Live(ctx)
		return live{v, freshness, began}, err
	})
	if err != nil && !own && ctx.Err() == nil { // the other call may have been cancelled
		v, freshness, err = l.Live(ctx)
		return v, freshness, 0, err
	}
	read := shared.(live) //nolint:forcetypeassert // as returned above
	if err == nil && !own {
		// A slow read may have begun long before this call, and lack what was written since.
		if age = max(0, asked.Sub(read.began)); age > most {
			v, freshness, err = l.Live(ctx)
			return v, freshness, 0, err
		}
	}
	return read.view, read.freshness, age, err
}

// Forget makes the next call of Recent read. It is for a process that has changed what reports show.
func (l *Library) Forget() {
	l.last.reading.Forget("")
	l.last.mu.Lock()
	defer l.last.mu.Unlock()
	l.last.view = nil
	if l.Clock != nil {
		l.last.forgotten = l.wall()
	}
}

// wall returns the time without its monotonic part, which stands still while Lambda has frozen the
// process.
func (l *Library) wall() time.Time { return l.Clock().Round(0) }

// within returns the view if it was read at most most before now; nil otherwise.
func (r *recent) within(most time.Duration, now time.Time) (v *View, freshness refresher.Freshness, age time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if age = now.Sub(r.at); r.view == nil || age < 0 || age > most {
		return nil, freshness, 0
	}
	return r.view, r.freshness, age
}

// keep keeps a view whose read began at a moment, unless one that was read later is kept.
func (r *recent) keep(v *View, freshness refresher.Freshness, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at.After(r.forgotten) && (r.view == nil || !at.Before(r.at)) {
		r.view, r.freshness, r.at = v, freshness, at
	}
}
