package journal

import (
	"context"
	"errors"
	"io"

	"trueup/internal/errs"
	"trueup/internal/objects"
	"trueup/internal/pack"
)

// A saved copy is, little endian and with varints:
//
//	format     a line that names it
//	checksum   4 bytes, of all that follows
//	weight     of all entries in the state
//	stripes    count; then for each the number and the tip of its last entry
//	state      as State.Save returned it
//
// A release without stripes saved its copy under another key: format, checksum,
// number of the last entry and weight in 8 bytes each, and the state.
const (
	format      = "trueup copy 2\n"
	firstFormat = "trueup copy 1\n"
)

// CopiesPrefix is the prefix of the keys of saved copies.
const CopiesPrefix = "copies/"

func (r *Replica[S]) key() string      { return CopiesPrefix + string(r.Name) + ".2" }
func (r *Replica[S]) firstKey() string { return CopiesPrefix + string(r.Name) }

func encodeCopy(at Head, state []byte) []byte {
	w := pack.Sealing(format, Stripes*32+len(state))
	w.Uvarint(uint64(at.Weight))
	stripes := at.stripes()
	w.Uvarint(uint64(stripes))
	for _, p := range at.Position[:stripes] {
		w.Uvarint(uint64(p.Seq))
		w.Text(p.Tip)
	}
	w.Raw(state)
	return w.Sealed()
}

func decodeCopy(saved []byte) (at Head, state []byte, err error) {
	body, err := pack.Open(format, saved)
	if err != nil {
		return at, nil, err
	}
	r := pack.NewReader(body)
	at.Weight = int64(r.Uvarint())
	stripes := r.Uvarint()
	if stripes > Stripes {
		r.Fail()
	}
	for i := range min(stripes, Stripes) {
		at.Position[i] = Point{Seq: int64(r.Uvarint()), Tip: r.Text()}
	}
	if r.Failed() {
		return Head{}, nil, pack.ErrDamaged
	}
	return at, r.Rest(), nil
}

// decodeFirstCopy decodes a copy that a release without stripes saved.
func decodeFirstCopy(saved []byte) (at Head, state []byte, err error) {
	body, err := pack.Open(firstFormat, saved)
	if err != nil {
		return at, nil, err
	}
	r := pack.NewReader(body)
	at.Position[0].Seq, at.Weight = int64(r.Uint64()), int64(r.Uint64())
	if r.Failed() {
		return Head{}, nil, pack.ErrDamaged
	}
	return at, r.Rest(), nil
}

// restore replaces the state with the saved copy, if the copy is newer than the state and,
// as far as head shows, of this journal. It reports whether it did. If the copy is newer
// than head, it reads head again.
func (r *Replica[S]) restore(ctx context.Context, head *Head) (restored bool, err error) {
	r.tried = head.Saved
	if head.Saved == 0 && head.FirstSaved == 0 { // none was saved
		r.looked = true
		return false, nil
	}
	saved, err := r.fetch(ctx, r.key())
	decode, first := decodeCopy, false
	if errors.Is(err, objects.ErrNotFound) && head.FirstSaved > 0 {
		saved, err = r.fetch(ctx, r.firstKey())
		decode, first = decodeFirstCopy, true
	}
	if errors.Is(err, objects.ErrNotFound) {
		r.leave(ctx, err)
		r.looked = true
		return false, nil
	}
	if err != nil {
		r.looked = r.at.Position != (Position{}) // an empty state still needs the copy
		return false, r.unread(ctx, err)
	}
	r.looked = true
	at, state, err := decode(saved)
	if err != nil {
		r.leave(ctx, err)
		return false, nil
	}
	// A copy of the first format has no tip. It is of this branch if its weight is the one
	// recorded in the head.
	foreign := func() bool { return !head.Continues(&at.Position) || first && at.Weight != head.FirstSaved }
	if foreign() { // or saved after the head was read
		if *head, err = r.Log.Head(ctx, r.Name); err != nil {
			return false, err
		}
	}
	switch {
	case foreign():
		r.leave(ctx, errBranch)
		return false, nil
	case r.at.Reaches(&at.Position) && r.at.Position != (Position{}):
		return false, nil // the state already has all entries of the copy
	}
	at.Saved, at.SavedAt, at.FirstSaved, at.Payload = head.Saved, head.SavedAt, head.FirstSaved, head.Payload
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.State.Restore(state); err != nil {
		r.leave(ctx, err)
		return false, nil
	}
	r.set(at)
	return true, nil
}

func (r *Replica[S]) fetch(ctx context.Context, key string) ([]byte, error) {
	if r.Files == nil {
		return nil, objects.ErrNotFound
	}
	object, err := r.Files.Open(ctx, key, "", "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Body.Close() }() // read to the end, or failed already
	saved := make([]byte, object.Size)
	_, err = io.ReadFull(object.Body, saved)
	return saved, err
}

// unread logs why the saved copy could not be read, and returns a transient error: applying
// all entries instead would take longer than a caller waits.
func (r *Replica[S]) unread(ctx context.Context, err error) error {
	if r.Warn != nil {
		r.Warn.WarnContext(ctx, "saved copy not read", "journal", string(r.Name), "error", err)
	}
	return errs.Wrap(err, errs.Unavailable, "try_again")
}

// leave logs why the saved copy is not used, and makes Save replace it.
func (r *Replica[S]) leave(ctx context.Context, err error) {
	r.useless = true
	if r.Warn != nil {
		r.Warn.WarnContext(ctx, "saved copy not used", "journal", string(r.Name), "error", err)
	}
}
