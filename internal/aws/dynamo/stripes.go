package dynamo

import (
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"trueup/internal/journal"
)

// stripes assigns the stripes of a journal to the transactions of this process. Concurrent
// transactions of the process use different stripes. The next transaction gets the stripe
// that was used last, so a process that makes one change at a time keeps one stripe. After
// a conflict with another process, a transaction moves to another stripe: otherwise the
// other process might always append before this one has read the head of the stripe. The
// first stripe is not assigned.
type stripes struct {
	free   *semaphore.Weighted // of the stripes in idle
	mu     sync.Mutex
	idle   []*stripe // the stripe used last is the last
	spread int       // exchange uses the stripes up to this number
}

// firstSpread is how many stripes are used until processes conflict. With few concurrent
// changes, readers then have few heads to read.
const firstSpread = 8

// stripe is what this process knows about a stripe. Only the transaction that it is
// assigned to may use it.
type stripe struct {
	number int
	known  bool
	head   journal.Point // position of the stripe, if known
	// shared means that the last append of this process conflicted with another process:
	// then the head is read before the next append.
	shared bool
}

func newStripes() *stripes {
	s := &stripes{free: semaphore.NewWeighted(journal.Stripes - 1), spread: firstSpread}
	for i := journal.Stripes - 1; i > 0; i-- {
		s.idle = append(s.idle, &stripe{number: i})
	}
	first := s.idle[len(s.idle)-firstSpread:]
	mathrand.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] }) //nolint:gosec // spreads processes; guards nothing
	return s
}

func (j *journals) stripesOf(name journal.Name) *stripes {
	all, _ := j.stripes.LoadOrStore(name, newStripes())
	return all.(*stripes)
}

// take returns the stripe that was used last, and waits if all are in use.
func (s *stripes) take(ctx context.Context) (*stripe, error) {
	if err := s.free.Acquire(ctx, 1); err != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.idle) - 1
	taken := s.idle[last]
	s.idle = s.idle[:last]
	return taken, nil
}

func (s *stripes) release(st *stripe) {
	s.mu.Lock()
	s.idle = append(s.idle, st)
	s.mu.Unlock()
	s.free.Release(1)
}

// exchange returns an idle stripe in place of one that another process uses, chosen among
// twice as many stripes as before. It returns the same stripe if none is idle.
func (s *stripes) exchange(st *stripe) *stripe {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spread = min(2*s.spread, journal.Stripes-1)
	var within []int
	for i, other := range s.idle {
		if other.number <= s.spread {
			within = append(within, i)
		}
	}
	if len(within) == 0 {
		return st
	}
	i := within[mathrand.IntN(len(within))] //nolint:gosec // spreads processes; guards nothing
	other := s.idle[i]
	s.idle = append(slices.Delete(s.idle, i, i+1), nil)
	copy(s.idle[1:], s.idle) // the stripe given up is the last to be used again
	s.idle[0] = st
	other.shared = true // its head must be read
	return other
}

// append runs actions and appends a record to a stripe, in one transaction. It
// returns the error of the record's guard if its conditions do not hold.
func (j *journals) append(ctx context.Context, actions []*action, r record) error {
	all := j.stripesOf(r.name)
	st, err := all.take(ctx)
	if err != nil {
		return err
	}
	defer func() { all.release(st) }()
	return j.db.retry(ctx, func() error {
		err := j.appendTo(ctx, st, actions, r)
		if errors.Is(err, errBehind) {
			st = all.exchange(st)
		}
		return err
	})
}

// appendTo tries once to append a record to a stripe. It returns errBehind if it failed
// only because of another transaction in the same stripe.
func (j *journals) appendTo(ctx context.Context, st *stripe, actions []*action, r record) error {
	if err := j.locate(ctx, st, r.name); err != nil {
		return err
	}
	var conditions []*action
	if r.guard != nil {
		conditions = r.guard.conditions(st.number)
	}
	head, entry := j.recording(r, st.number, st.head)
	t := j.db.transaction(slices.Concat(actions, conditions, []*action{head, entry}))
	// A transaction with a conflict was not done, and is built again. A transaction with an
	// unknown outcome must be repeated unchanged. The SDK must not repeat it: if a reply is
	// lost and the repetition has a conflict, the transaction may have been done.
	err := j.db.try(ctx, t, unrepeated)
	if transient := (errTransient{}); isTransient(err) && !errors.As(err, &transient) {
		st.known = false
		err = j.db.retry(ctx, func() error { return j.db.try(ctx, t) })
	}
	if err == nil {
		st.head, st.known = pointAfter(head), true
		return nil
	}
	if conflict := (errConflict{}); errors.As(err, &conflict) {
		if !slices.ContainsFunc(conflict.at, func(a *action) bool { return a == head || a == entry }) {
			return err // about other items, such as seats: the next attempt need not read the head
		}
		st.known, st.shared = false, true
		return errTransient{fmt.Errorf("%w: %w", errBehind, err)}
	}
	st.known = false
	condition := conditionOf(err)
	if condition == nil {
		return err
	}
	old, moved := refused(err, head)
	delete(condition.failed, head)
	if moved {
		if i, err := decode[headItem](old); err == nil {
			st.head, st.known = i.point(), true
		}
	}
	found := map[*action]item{}
	for _, c := range conditions {
		if old, failed := refused(err, c); failed {
			found[c] = old
		}
	}
	if len(found) > 0 {
		return r.guard.failed(ctx, conditions, found)
	}
	if len(condition.failed) > 0 {
		return condition
	}
	st.shared = true
	return errTransient{errBehind}
}

// pointAfter returns the position of a stripe after a transaction with the action head.
func pointAfter(head *action) journal.Point {
	values := head.Update.ExpressionAttributeValues
	next, _ := number(values, ":next")
	return journal.Point{Seq: next, Tip: attr(values, ":tip")}
}

// locate reads the position of a stripe, if this process does not know it or if another
// process uses the stripe.
func (j *journals) locate(ctx context.Context, st *stripe, name journal.Name) error {
	if st.known && !st.shared {
		return nil
	}
	p, sort := headKey(name, st.number)
	it, err := j.db.get(ctx, p, sort)
	if err != nil {
		return err
	}
	i, err := decode[headItem](it)
	if err != nil {
		return err
	}
	now := i.point()
	st.shared = st.known && now != st.head
	st.head, st.known = now, true
	return nil
}
