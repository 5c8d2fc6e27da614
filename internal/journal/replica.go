package journal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/errs"
	"trueup/internal/objects"
)

// State is what the entries of a journal add up to. A new State is that of a
// journal without entries.
type State interface {
	// Reset makes the state that of a journal without entries.
	Reset()
	// Restore replaces the state by a saved copy. It may keep the bytes. On an error
	// the state is as it was.
	Restore(saved []byte) error
	// Prepare reads whatever else it takes to apply entries, and returns how to
	// apply them. The entries of a stripe are in order; head was read before them.
	// Others may read the state meanwhile, until apply is called.
	Prepare(ctx context.Context, head Head, entries []Entry) (apply func(), err error)
	// Save returns a copy that Restore understands.
	Save() []byte
}

// Rebuilder is a State that does not need the entries of the past: it can be
// read from the table.
type Rebuilder interface {
	State
	// Rebuild reads the state, at least as it was when the first call began, and
	// returns how to apply it. head is where the journal stood then. After an error
	// the next call goes on where it stopped, as a process may need several calls.
	// Reset gives up what was read.
	Rebuild(ctx context.Context, head Head) (apply func(), err error)
}

// Outrunner is a State that reads the changed things themselves, which may be newer
// than the entries.
type Outrunner interface {
	State
	// IsAhead reports whether the last Prepare read things that are newer than the
	// entries it was given, or may be.
	IsAhead() bool
}

// Replica is a process's copy of what a journal adds up to.
type Replica[S State] struct {
	Name  Name
	Log   Log
	Files objects.Bucket // where copies are saved, under CopiesPrefix
	State S
	Warn  *slog.Logger // told when a saved copy cannot be used; nil to log nothing

	turn       sync.Mutex   // held while the state is brought up to date; guards the fields below
	looked     bool         // whether a saved copy was looked for
	tried      int64        // Head.Saved when a copy was looked for last
	useless    bool         // whether the copy could not be used
	rebuilding *rebuilding  // under way; nil for none
	mu         sync.RWMutex // guards State and the fields below
	at         Head
	applied    int64 // how often at has changed
	ahead      bool  // whether the state may have a part of what came after at
}

// rebuilding is what is known of a rebuilding from when it begins until the state
// is where the journal stands.
type rebuilding struct {
	began   Head     // where the journal stood before anything was read
	reached Position // up to where the journal was seen to be one branch since
	applied bool     // whether the state is what was read
}

// Read calls use with the state as it is now, and where the journal stands.
// use must not keep the state.
func (r *Replica[S]) Read(ctx context.Context, use func(S, Head) error) error {
	head, err := r.lock(ctx)
	if err != nil {
		return err
	}
	defer r.mu.RUnlock()
	return use(r.State, head)
}

// lock brings the state up to date and returns where the journal stands. Unless it
// fails, the state is locked for reading: another call may start it over, or has
// applied a part of newer entries, as soon as it is not.
func (r *Replica[S]) lock(ctx context.Context) (Head, error) {
	r.mu.RLock()
	applied := r.applied
	r.mu.RUnlock()
	head, err := r.Log.Head(ctx, r.Name)
	if err != nil {
		return Head{}, err
	}
	r.mu.RLock()
	if r.at.Position == head.Position && !r.ahead {
		return head, nil
	}
	r.mu.RUnlock()
	r.turn.Lock()
	defer r.turn.Unlock()
	if r.applied != applied || r.rebuilding != nil {
		// The state, or what a rebuilding has read, may be newer than the head that was read. Only a head that was
		// read after it tells a state that is newer from one of another branch.
		if head, err = r.Log.Head(ctx, r.Name); err != nil {
			return Head{}, err
		}
	}
	if head, err = r.follow(ctx, head); err != nil {
		return Head{}, err
	}
	r.mu.RLock()
	return head, nil
}

// errMoving means that a thing changes each time it is read.
var errMoving = errors.New("journal: it changes faster than it is read")

// errBranch means that the state has entries that the journal does not have.
var errBranch = errors.New("journal: the state has entries that the journal does not have")

// The bases that a state is brought up to date from, in the order in which they
// are tried.
const (
	ownState  = iota
	savedCopy // the newest one
	noEntries // all entries are applied
	rebuilt   // the table
)

// follow applies entries until the state is at head. When the state is of another
// branch than the journal, or so old that entries are missing, it starts over from
// the next base.
func (r *Replica[S]) follow(ctx context.Context, head Head) (Head, error) {
	base := ownState
	if r.rebuilding != nil {
		base = rebuilt
	} else if r.isFarBehind(head) {
		restored, err := r.restore(ctx, &head)
		if err != nil {
			return Head{}, err
		}
		if restored {
			base = savedCopy
		}
	}
	for cause := error(nil); ; {
		if base == rebuilt {
			var err error
			if head, err = r.rebuild(ctx, head, cause); err != nil {
				return Head{}, err
			}
		}
		_, err := r.catchUp(ctx, head)
		if err == nil {
			head, err = r.confirm(ctx, head)
		}
		if err == nil {
			r.rebuilding = nil
		}
		if !errors.Is(err, errBranch) && !errors.Is(err, ErrTrimmed) {
			return head, err
		}
		if base == savedCopy {
			r.leave(ctx, err)
		}
		r.reset()
		if base == rebuilt { // entries are deleted or the table is restored at this moment
			return Head{}, errs.Wrap(err, errs.Unavailable, "try_again")
		}
		cause = err
		if base++; base == savedCopy {
			restored, err := r.restore(ctx, &head)
			if err != nil {
				return Head{}, err
			}
			if !restored {
				base++
			}
		}
	}
}

// maxConfirmed is how often the head is read again for a state that is ahead: each
// time a thing that has just changed has changed again.
const maxConfirmed = 20

// confirm brings a state that is ahead of head to a head that is not older than what
// was read. Readers that see a change must see all changes that were done before it,
// and a copy must not have a change that the entries it names do not have.
func (r *Replica[S]) confirm(ctx context.Context, head Head) (Head, error) {
	for round := 0; r.ahead; round++ {
		if round == maxConfirmed {
			return head, errs.Wrap(errMoving, errs.Unavailable, "try_again")
		}
		newer, err := r.Log.Head(ctx, r.Name)
		if err != nil {
			return head, err
		}
		head = newer
		// Until all entries are applied, other readers must wait too.
		again, err := r.catchUp(ctx, head)
		if err != nil {
			return head, err
		}
		if !again {
			r.caughtUp()
		}
	}
	return head, nil
}

// caughtUp notes that the state has nothing that came after at.
func (r *Replica[S]) caughtUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead = false
}

// farBehind is how many changed things make it worth while to read a copy instead
// of the entries since.
const farBehind = 2000

// isFarBehind reports whether a copy should be looked for: at the start, and when
// a newer one was saved that saves much work.
func (r *Replica[S]) isFarBehind(head Head) bool {
	if !r.looked {
		return true
	}
	return head.Saved-r.at.Weight > farBehind && head.Saved > r.tried
}

// reset makes the state that of a journal without entries.
func (r *Replica[S]) reset() {
	r.rebuilding = nil
	r.mu.Lock()
	defer r.mu.Unlock()
	r.State.Reset()
	r.at = Head{}
	r.applied++
	r.ahead = false
}

// set notes that the state is at head now. mu is held.
func (r *Replica[S]) set(head Head) {
	r.at = head
	r.applied++
}

// catchUp applies the entries up to head, a part at a time. What was applied
// stays when a later part fails: the next call goes on there. It reports whether
// it read things that may be newer than head.
func (r *Replica[S]) catchUp(ctx context.Context, head Head) (anyAhead bool, err error) {
	if !head.Continues(&r.at.Position) {
		return false, errBranch
	}
	for r.at.Position != head.Position {
		at, entries, err := r.next(ctx, r.at.Position, head.Position)
		if err != nil {
			return anyAhead, err
		}
		apply, err := r.State.Prepare(ctx, head, entries)
		if err != nil {
			return anyAhead, fmt.Errorf("journal %s: apply %d entries: %w", r.Name, len(entries), err)
		}
		next := r.at
		if next.Position = at; at == head.Position {
			next = head
		}
		outrunner, can := any(r.State).(Outrunner)
		ahead := can && outrunner.IsAhead()
		anyAhead = anyAhead || ahead
		r.mu.Lock()
		apply()
		r.set(next)
		r.ahead = r.ahead || ahead
		r.mu.Unlock()
	}
	return anyAhead, nil
}

// readers is how many stripes are read at once.
const readers = 8

// next reads some entries of each stripe after a position that is not at head, and
// returns them with the position that they lead to.
func (r *Replica[S]) next(ctx context.Context, after, head Position) (at Position, entries []Entry, err error) {
	at = after
	var read [Stripes][]Entry
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, from := range at {
		if from.Seq == head[i].Seq {
			at[i] = head[i] // the tip may have become known
			continue
		}
		g.Go(func() (err error) {
			read[i], err = r.Log.Entries(gctx, r.Name, i, from.Seq, head[i].Seq)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return at, nil, err
	}
	for i, part := range read {
		if len(part) == 0 {
			continue
		}
		for _, e := range part {
			if !sameTip(e.Prev, at[i].Tip) {
				return at, nil, errBranch
			}
			at[i] = Point{Seq: e.Seq, Tip: e.Tip}
		}
		if at[i].Seq == head[i].Seq {
			if !sameTip(at[i].Tip, head[i].Tip) {
				return at, nil, errBranch
			}
			at[i] = head[i]
		}
		entries = append(entries, part...)
	}
	return at, entries, nil
}

// rebuild reads the state from the table. cause is why the entries do not do. It
// returns where the journal stands.
func (r *Replica[S]) rebuild(ctx context.Context, head Head, cause error) (Head, error) {
	state, ok := any(r.State).(Rebuilder)
	if !ok {
		return Head{}, fmt.Errorf("journal %s: %w", r.Name, cause)
	}
	if r.rebuilding != nil {
		if err := r.goesOn(ctx, head); err != nil {
			return Head{}, err
		}
	}
	if r.rebuilding == nil {
		cause = cmp.Or(cause, errBranch) // what a rebuilding before this one had read was lost
		r.rebuilding = &rebuilding{began: head, reached: head.Position}
		if r.Warn != nil {
			r.Warn.WarnContext(ctx, "journal rebuilt", "journal", string(r.Name), "error", cause)
		}
	}
	if r.rebuilding.applied {
		return head, nil
	}
	apply, err := state.Rebuild(ctx, r.rebuilding.began)
	if err != nil {
		return Head{}, fmt.Errorf("journal %s: read the table: %w", r.Name, err)
	}
	if head, err = r.Log.Head(ctx, r.Name); err == nil {
		err = r.goesOn(ctx, head)
	}
	if err != nil {
		return Head{}, err
	}
	if r.rebuilding == nil {
		return Head{}, errs.Wrap(errBranch, errs.Unavailable, "try_again")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	apply()
	r.set(r.rebuilding.began)
	r.ahead = true
	r.rebuilding.applied = true
	return head, nil
}

// goesOn checks that head is of the branch that the rebuilding under way reads. If
// it is of another one, the rebuilding is given up: it has read what is lost.
func (r *Replica[S]) goesOn(ctx context.Context, head Head) (err error) {
	at := r.rebuilding.reached
	if !head.Continues(&at) {
		err = errBranch
	}
	for err == nil && at != head.Position {
		if at, _, err = r.next(ctx, at, head.Position); err == nil {
			r.rebuilding.reached = at // the next call goes on there
		}
	}
	switch {
	case err == nil:
		r.rebuilding.reached = head.Position
	case errors.Is(err, errBranch) || errors.Is(err, ErrTrimmed):
		r.reset()
		err = nil
	}
	return err
}

// Save saves a copy of the state, if the entries since the last one weigh at
// least backlog; or if they weigh anything and the last one is older than maxAge;
// or if this process could not use the last one.
func (r *Replica[S]) Save(ctx context.Context, backlog int64, now time.Time) error {
	head, err := r.Log.Head(ctx, r.Name)
	if err != nil {
		return err
	}
	r.turn.Lock()
	useless := r.useless
	r.turn.Unlock()
	since := head.Weight - head.Saved
	if !useless && since < max(backlog, 1) && (since <= 0 || now.Sub(head.SavedAt) < maxAge) {
		return nil
	}
	at, err := r.lock(ctx)
	if err != nil {
		return err
	}
	body := r.State.Save()
	r.mu.RUnlock()
	if err := r.Files.Put(ctx, r.key(), "application/octet-stream", encodeCopy(at, body)); err != nil {
		return fmt.Errorf("journal %s: save a copy: %w", r.Name, err)
	}
	r.turn.Lock()
	r.useless = false
	r.turn.Unlock()
	return r.Log.Saved(ctx, r.Name, at, now)
}

// maxAge is when a copy is saved for a few changes too: long before the entries
// since the last one are deleted.
const maxAge = 24 * time.Hour
