package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"sync"

	"trueup/internal/errs"
	"trueup/internal/objects"
)

// State is what the entries of a journal add up to.
type State interface {
	// Restore replaces the state by a saved copy. It may keep the bytes.
	Restore(saved []byte) error
	// Prepare reads whatever else it takes to apply entries, which lead to head,
	// and returns how to apply them. Others may read the state meanwhile, until
	// apply is called.
	Prepare(ctx context.Context, head Head, entries []Entry) (apply func(), err error)
	// Save returns a copy that Restore understands.
	Save() []byte
}

// Replica is a process's copy of what a journal adds up to. Its zero State is
// that of a journal without entries.
type Replica[S State] struct {
	Name  Name
	Log   Log
	Files objects.Bucket // where copies are saved, under CopiesPrefix
	State S
	Warn  *slog.Logger // told when a saved copy cannot be used; nil for nobody

	turn    sync.Mutex   // held while the state is brought up to date
	mu      sync.RWMutex // guards State and at
	at      Head
	tried   bool // whether the saved copy was looked for
	useless bool // whether it could not be used
}

// CopiesPrefix is what the keys of saved copies begin with.
const CopiesPrefix = "copies/"

// Read calls use with the state as it is now, and where the journal stands.
// use must not keep the state.
func (r *Replica[S]) Read(ctx context.Context, use func(S, Head) error) error {
	head, err := r.refresh(ctx)
	if err != nil {
		return err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if head.Seq < r.at.Seq { // another call read a newer one meanwhile
		head = r.at
	}
	return use(r.State, head)
}

// refresh brings the state up to date and returns where the journal stands.
func (r *Replica[S]) refresh(ctx context.Context) (Head, error) {
	head, err := r.Log.Head(ctx, r.Name)
	if err != nil {
		return Head{}, err
	}
	r.mu.RLock()
	current := r.at.Seq >= head.Seq
	r.mu.RUnlock()
	if current {
		return head, nil
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	if r.at.Seq >= head.Seq { // another call did it
		return head, nil
	}
	// Never later: the copy may be older than the state.
	if r.at.Seq == 0 && !r.tried && head.Saved > 0 {
		if err := r.restore(ctx, head); err != nil {
			return Head{}, err
		}
		r.tried = true
	}
	if r.at.Seq >= head.Seq {
		return head, nil
	}
	entries, err := r.Log.Entries(ctx, r.Name, r.at.Seq, head.Seq)
	if err != nil {
		return Head{}, err
	}
	apply, err := r.State.Prepare(ctx, head, entries)
	if err != nil {
		return Head{}, fmt.Errorf("journal %s: apply entries %d to %d: %w", r.Name, r.at.Seq+1, head.Seq, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	apply()
	r.at = head
	return head, nil
}

// A saved copy is a header and what the state saved.
const (
	magic       = "trueup copy 1\n"
	sumBytes    = 4                             // checksum of all that follows
	headerBytes = len(magic) + sumBytes + 8 + 8 // sequence, weight
)

// restore starts from the saved copy. One that is missing, damaged or not of
// this journal is left alone: the entries say everything it does.
func (r *Replica[S]) restore(ctx context.Context, head Head) error {
	object, err := r.Files.Open(ctx, r.key(), "", "")
	if errors.Is(err, objects.ErrNotFound) {
		r.leave(ctx, err)
		return nil
	}
	if err != nil {
		return r.unread(ctx, err)
	}
	defer func() { _ = object.Body.Close() }() // read to the end, or failed already
	saved := make([]byte, object.Size)
	if _, err := io.ReadFull(object.Body, saved); err != nil {
		return r.unread(ctx, err)
	}
	if len(saved) < headerBytes || string(saved[:len(magic)]) != magic {
		r.leave(ctx, errors.New("another format"))
		return nil
	}
	sum, summed := saved[len(magic):len(magic)+sumBytes], saved[len(magic)+sumBytes:]
	if crc32.Checksum(summed, castagnoli) != binary.LittleEndian.Uint32(sum) {
		r.leave(ctx, errors.New("the checksum is wrong"))
		return nil
	}
	at := Head{Seq: int64(binary.LittleEndian.Uint64(summed)), Weight: int64(binary.LittleEndian.Uint64(summed[8:]))}
	if at.Weight != head.Saved { // it was saved since the head was read, or is not of this journal
		if head, err = r.Log.Head(ctx, r.Name); err != nil {
			return err
		}
	}
	// A table that was restored to a point in time names the copy it had then.
	if at.Weight != head.Saved || at.Seq > head.Seq {
		r.leave(ctx, errors.New("the journal names another one"))
		return nil
	}
	at.Saved, at.Gone = head.Saved, head.Gone
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.State.Restore(saved[headerBytes:]); err != nil {
		r.leave(ctx, err)
		return nil
	}
	r.at = at
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// unread says why the saved copy could not be read, which may pass: reading all
// entries instead takes longer than anybody waits.
func (r *Replica[S]) unread(ctx context.Context, err error) error {
	if r.Warn != nil {
		r.Warn.WarnContext(ctx, "saved copy not read", "journal", string(r.Name), "error", err)
	}
	return errs.Wrap(err, errs.Unavailable, "try_again")
}

// leave says why the saved copy is not used.
func (r *Replica[S]) leave(ctx context.Context, err error) {
	r.useless = true
	if r.Warn != nil {
		r.Warn.WarnContext(ctx, "saved copy not used", "journal", string(r.Name), "error", err)
	}
}

// Save saves a copy of the state, if what the journal got since the last one
// weighs at least backlog, or if this process could not use the last one. Two
// that save at once may leave a copy that the head does not name, until
// somebody meets it.
func (r *Replica[S]) Save(ctx context.Context, backlog int64) error {
	head, err := r.Log.Head(ctx, r.Name)
	if err != nil {
		return err
	}
	r.turn.Lock()
	useless := r.useless
	r.turn.Unlock()
	if !useless && head.Weight-head.Saved < max(backlog, 1) {
		return nil
	}
	if _, err := r.refresh(ctx); err != nil {
		return err
	}
	r.mu.RLock()
	at := r.at
	body := r.State.Save()
	r.mu.RUnlock()
	saved := make([]byte, headerBytes, headerBytes+len(body))
	copy(saved, magic)
	sum, summed := saved[len(magic):], saved[len(magic)+sumBytes:]
	binary.LittleEndian.PutUint64(summed, uint64(at.Seq))
	binary.LittleEndian.PutUint64(summed[8:], uint64(at.Weight))
	saved = append(saved, body...)
	binary.LittleEndian.PutUint32(sum, crc32.Checksum(saved[len(magic)+sumBytes:], castagnoli))
	if err := r.Files.Put(ctx, r.key(), "application/octet-stream", saved); err != nil {
		return fmt.Errorf("journal %s: save a copy: %w", r.Name, err)
	}
	r.turn.Lock()
	r.useless = false
	r.turn.Unlock()
	return r.Log.Saved(ctx, r.Name, at)
}

func (r *Replica[S]) key() string { return CopiesPrefix + string(r.Name) }
