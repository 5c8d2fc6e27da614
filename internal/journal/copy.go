package journal

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"trueup/internal/errs"
	"trueup/internal/objects"
)

// A saved copy is, little endian and with varints:
//
//	magic      of its format
//	checksum   4 bytes, of all that follows
//	weight     of all entries that the state has
//	stripes    count; then of each the number of its last entry, and its tip
//	state      as it saved itself
//
// A release without stripes saved its copy under another key: magic, checksum,
// number of the last entry and weight in 8 bytes each, and the state.
const (
	magic      = "trueup copy 2\n"
	firstMagic = "trueup copy 1\n"
	sumBytes   = 4
)

// CopiesPrefix is what the keys of saved copies begin with.
const CopiesPrefix = "copies/"

func (r *Replica[S]) key() string      { return CopiesPrefix + string(r.Name) + ".2" }
func (r *Replica[S]) firstKey() string { return CopiesPrefix + string(r.Name) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encodeCopy(at Head, state []byte) []byte {
	b := make([]byte, 0, len(magic)+sumBytes+Stripes*32+len(state))
	b = append(b, magic...)
	b = append(b, make([]byte, sumBytes)...)
	b = binary.AppendUvarint(b, uint64(at.Weight))
	stripes := at.stripes()
	b = binary.AppendUvarint(b, uint64(stripes))
	for _, p := range at.Position[:stripes] {
		b = binary.AppendUvarint(b, uint64(p.Seq))
		b = binary.AppendUvarint(b, uint64(len(p.Tip)))
		b = append(b, p.Tip...)
	}
	b = append(b, state...)
	summed := b[len(magic)+sumBytes:]
	binary.LittleEndian.PutUint32(b[len(magic):], crc32.Checksum(summed, castagnoli))
	return b
}

var (
	errFormat   = errors.New("another format")
	errChecksum = errors.New("the checksum is wrong")
)

// opened checks the magic and the checksum of a copy, and returns the rest.
func opened(saved []byte, magic string) ([]byte, error) {
	if len(saved) < len(magic)+sumBytes || string(saved[:len(magic)]) != magic {
		return nil, errFormat
	}
	sum, rest := saved[len(magic):len(magic)+sumBytes], saved[len(magic)+sumBytes:]
	if crc32.Checksum(rest, castagnoli) != binary.LittleEndian.Uint32(sum) {
		return nil, errChecksum
	}
	return rest, nil
}

func decodeCopy(saved []byte) (at Head, state []byte, err error) {
	rest, err := opened(saved, magic)
	if err != nil {
		return at, nil, err
	}
	next := func() uint64 {
		n, size := binary.Uvarint(rest)
		if size <= 0 {
			err = errFormat
			return 0
		}
		rest = rest[size:]
		return n
	}
	at.Weight = int64(next())
	stripes := next()
	if err != nil || stripes > Stripes {
		return at, nil, errFormat
	}
	for i := range stripes {
		at.Position[i].Seq = int64(next())
		length := next()
		if err != nil || length > uint64(len(rest)) {
			return at, nil, errFormat
		}
		at.Position[i].Tip, rest = string(rest[:length]), rest[length:]
	}
	return at, rest, nil
}

// decodeFirstCopy reads a copy of a release without stripes.
func decodeFirstCopy(saved []byte) (at Head, state []byte, err error) {
	rest, err := opened(saved, firstMagic)
	if err != nil {
		return at, nil, err
	}
	if len(rest) < 16 {
		return at, nil, errFormat
	}
	at.Position[0].Seq = int64(binary.LittleEndian.Uint64(rest))
	at.Weight = int64(binary.LittleEndian.Uint64(rest[8:]))
	return at, rest[16:], nil
}

// restore replaces the state by the saved copy, if there is one that is newer than
// the state and of this journal, as far as head tells. It reports whether it did,
// and reads head again when the copy is newer than it.
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
		r.looked = r.at.Position != (Position{}) // a state that was started over needs the copy
		return false, r.unread(ctx, err)
	}
	r.looked = true
	at, state, err := decode(saved)
	if err != nil {
		r.leave(ctx, err)
		return false, nil
	}
	// A copy of the first format has no tip. It is of this branch if its weight is the
	// one that the head has for it.
	foreign := func() bool { return !head.Continues(&at.Position) || first && at.Weight != head.FirstSaved }
	if foreign() { // or saved since the head was read
		if *head, err = r.Log.Head(ctx, r.Name); err != nil {
			return false, err
		}
	}
	switch {
	case foreign():
		r.leave(ctx, errBranch)
		return false, nil
	case r.at.Reaches(&at.Position) && r.at.Position != (Position{}):
		return false, nil // an older copy was saved last
	}
	at.Saved, at.SavedAt, at.FirstSaved, at.Gone = head.Saved, head.SavedAt, head.FirstSaved, head.Gone
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

// unread logs why the saved copy could not be read. The error is transient, and to
// apply all entries instead would take longer than a caller waits.
func (r *Replica[S]) unread(ctx context.Context, err error) error {
	if r.Warn != nil {
		r.Warn.WarnContext(ctx, "saved copy not read", "journal", string(r.Name), "error", err)
	}
	return errs.Wrap(err, errs.Unavailable, "try_again")
}

// leave logs why the saved copy is not used, and has Save replace it.
func (r *Replica[S]) leave(ctx context.Context, err error) {
	r.useless = true
	if r.Warn != nil {
		r.Warn.WarnContext(ctx, "saved copy not used", "journal", string(r.Name), "error", err)
	}
}
