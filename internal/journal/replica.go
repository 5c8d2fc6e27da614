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

// State is the result of applying the entries of a journal. A new State is the state of a
// journal without entries.
type State interface {
	// Reset makes the state empty, like a new State.
	Reset()
	// Restore replaces the state with a saved copy. It may keep the bytes. After an error
	// the state is unchanged.
	Restore(saved []byte) error
	// Prepare reads whatever else is needed to apply entries, and returns a function that
	// applies them. The entries of a stripe are in order; head was read before them. The
	// state may be read concurrently until apply is called.
	Prepare(ctx context.Context, head Head, entries []Entry) (apply func(), err error)
	// Save returns a copy that Restore can read.
	Save() []byte
}

// Rebuilder is a State that does not need past entries: it can be read from the table.
type Rebuilder interface {
	State
	// Rebuild reads the state from the table, at least as new as when the first call began,
	// and returns a function that applies it. head is the head of the journal at that time.
	// After an error the next call continues where this one stopped, because a rebuild may
	// take several calls. Reset discards what was read.
	Rebuild(ctx context.Context, head Head) (apply func(), err error)
}

// AheadReader is a State that reads the changed things themselves, which may be newer than
// the entries.
type AheadReader interface {
	State
	// IsAhead reports whether the last Prepare read things that are, or may be, newer than
	// its entries.
	IsAhead() bool
}

// Replica is the copy that one process has of the state of a journal.
type Replica[S State] struct {
	Name  Name
	Log   Log
	Files objects.Bucket // where copies are saved, under CopiesPrefix
	State S
	Warn  *slog.Logger // logs unusable copies and rebuilds; nil logs nothing

	turn       sync.Mutex   // held during an update of the state; guards the fields below
	looked     bool         // whether a saved copy was looked for
	tried      int64        // Head.Saved when a copy was last looked for
	useless    bool         // whether the saved copy could not be used
	rebuilding *rebuilding  // in progress; nil if none
	mu         sync.RWMutex // guards State and the fields below
	at         Head
	applied    int64 // number of changes of at
	ahead      bool  // whether the state may have changes that came after at
}

// rebuilding is the progress of a rebuild, until the state has caught up with the journal.
type rebuilding struct {
	began   Head     // head before anything was read
	reached Position // up to here the journal is known to have stayed on one branch
	applied bool     // whether the state contains what was read
}

// Read calls use with the current state and the head of the journal. use must not keep the
// state.
//
// The state has every change made before the call. It also has the changes made before any
// change that it shows, unless things that an AheadReader reads change during maxConfirmed
// reads in succession: then it may show a change made during the call without an earlier one
// made during the call. So a Read ends however many changes are made.
func (r *Replica[S]) Read(ctx context.Context, use func(S, Head) error) error {
	head, err := r.lock(ctx)
	if err != nil {
		return err
	}
	defer r.mu.RUnlock()
	return use(r.State, head)
}

// Reached returns the position of the state, which earlier calls have reached. It reads nothing.
func (r *Replica[S]) Reached() Position {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.at.Position
}

// lock brings the state up to date, see Read, and returns the head. Unless it fails, the state is
// locked for reading; without the lock, another call could start it over or apply a part of
// newer entries.
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
		// The state, or the data of a rebuild, may be newer than the head that was read.
		// Only a head read after it distinguishes a newer state from one of another branch.
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

// errMoving means that a thing changed every time it was read.
var errMoving = errors.New("journal: changes are appended faster than they are read")

// errBranch means that the state has entries that the journal does not have.
var errBranch = errors.New("journal: the state has entries that the journal does not have")

// The bases from which a state is brought up to date, in the order in which they are tried.
const (
	ownState  = iota
	savedCopy // the newest one
	noEntries // all entries are applied
	rebuilt   // read from the table
)

// follow applies entries until the state is at head. If the state is of another branch than
// the journal, or so old that entries are missing, it starts over from the next base.
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
		if base == rebuilt { // entries were deleted or the table was restored meanwhile
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

// maxConfirmed is how often the head is read again for a state that is ahead: each time,
// something that had just changed has changed again.
const maxConfirmed = 3

// confirm brings a state that is ahead of head to a head at least as new as what was read.
// Readers that see a change must see all changes made before it. If things change faster than
// they are read, the state stays ahead, and readers get it nevertheless: waiting for writers to
// pause could take forever.
func (r *Replica[S]) confirm(ctx context.Context, head Head) (Head, error) {
	for round := 0; r.ahead && round < maxConfirmed; round++ {
		newer, err := r.Log.Head(ctx, r.Name)
		if err != nil {
			return head, err
		}
		head = newer
		// Other readers must wait too, until all entries are applied.
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

// caughtUp records that the state has no changes that came after at.
func (r *Replica[S]) caughtUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead = false
}

// farBehind is the number of changed things above which reading a saved copy is cheaper
// than reading the entries.
const farBehind = 2000

// isFarBehind reports whether to look for a saved copy: at the start, and when a newer copy
// would save much work.
func (r *Replica[S]) isFarBehind(head Head) bool {
	if !r.looked {
		return true
	}
	return head.Saved-r.at.Weight > farBehind && head.Saved > r.tried
}

// reset makes the state empty, like a new State.
func (r *Replica[S]) reset() {
	r.rebuilding = nil
	r.mu.Lock()
	defer r.mu.Unlock()
	r.State.Reset()
	r.at = Head{}
	r.applied++
	r.ahead = false
}

// set records that the state is at head. The caller holds mu.
func (r *Replica[S]) set(head Head) {
	r.at = head
	r.applied++
}

// catchUp applies the entries up to head, in parts. Applied parts stay when a later part
// fails, and the next call continues from there. It reports whether it read things that may
// be newer than head.
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
		reader, can := any(r.State).(AheadReader)
		ahead := can && reader.IsAhead()
		anyAhead = anyAhead || ahead
		r.mu.Lock()
		apply()
		r.set(next)
		r.ahead = r.ahead || ahead
		r.mu.Unlock()
	}
	return anyAhead, nil
}

// readers is the number of stripes that are read concurrently.
const readers = 8

// next reads some entries after the given position from each stripe that is not at head. It
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

// rebuild reads the state from the table. cause is why the entries are not enough. It
// returns the head of the journal.
func (r *Replica[S]) rebuild(ctx context.Context, head Head, cause error) (Head, error) {
	state, ok := any(r.State).(Rebuilder)
	if !ok {
		return Head{}, fmt.Errorf("journal %s: %w", r.Name, cause)
	}
	if r.rebuilding != nil {
		if err := r.checkBranch(ctx, head); err != nil {
			return Head{}, err
		}
	}
	if r.rebuilding == nil {
		cause = cmp.Or(cause, errBranch) // an earlier rebuild read a branch that was lost
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
		err = r.checkBranch(ctx, head)
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

// checkBranch checks that head is of the branch that the rebuild in progress reads. If it is of
// another branch, the rebuild is dropped, because it may have read lost data.
func (r *Replica[S]) checkBranch(ctx context.Context, head Head) (err error) {
	at := r.rebuilding.reached
	if !head.Continues(&at) {
		err = errBranch
	}
	for err == nil && at != head.Position {
		if at, _, err = r.next(ctx, at, head.Position); err == nil {
			r.rebuilding.reached = at // the next call continues there
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

// Save saves a copy of the state if the entries since the last copy weigh at least backlog,
// if they weigh anything and the last copy is older than maxAge, or if this process could
// not use the last copy.
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
	if r.ahead { // a copy must not have a change that is missing from the entries it names
		r.mu.RUnlock()
		return errs.Wrap(fmt.Errorf("journal %s: %w", r.Name, errMoving), errs.Unavailable, "try_again")
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

// maxAge is the age of the last copy at which a copy is saved for a few changes too: long
// before the entries since then are deleted.
const maxAge = 24 * time.Hour
