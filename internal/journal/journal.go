// Package journal keeps in-memory copies of state that many processes change. Every read has
// all changes made before it.
//
// A journal is a list of changes. Every change appends an entry in the same transaction
// that stores the change itself. The list is divided into stripes, so that processes that
// append at the same time do not wait for each other: each writes to a stripe that no other
// process uses, if there is one. The entries of one stripe are numbered without gaps. There
// is no order between stripes: an entry of a journal with several stripes names what
// changed and its version, and readers read the changed things themselves.
//
// A Replica is the copy of one process. Before each read it reads the position of all
// stripes, strongly consistent, and applies the entries that it does not have yet. A copy
// is saved as an object from time to time, so that a starting process does not have to
// apply all entries. Saved copies and entries are shortcuts: a state that implements
// Rebuilder can be read from the table without them, so old entries may be deleted.
//
// Entries are chained: each has its own id and the id of the previous entry. A table that
// was restored to a point in time continues with entries other than the lost ones. A
// replica or a saved copy that has a lost entry detects that the chain differs, and starts
// over.
package journal

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// Name names a journal. The package of its State declares it.
type Name string

// Stripes is the maximum number of stripes of a journal: stripe 0, and twice as many as
// there are processes that append at the same time, so that each finds one for itself.
const Stripes = 65

// Point is the last entry of a stripe. It is zero if the stripe has no entries.
type Point struct {
	Seq int64
	// Tip is the id of the entry. It is empty if a release that gave entries no ids
	// appended the entry.
	Tip string
}

// Position is the last entry of each stripe. Positions can be compared with ==.
type Position [Stripes]Point

// Reaches reports whether a journal at p has all entries of a journal at other.
func (p *Position) Reaches(other *Position) bool {
	for i := range p {
		if p[i].Seq < other[i].Seq {
			return false
		}
	}
	return true
}

// Continues reports whether a journal at p can be a continuation of one at other, as far as
// the last entries show.
func (p *Position) Continues(other *Position) bool {
	for i := range p {
		if p[i].Seq < other[i].Seq || p[i].Seq == other[i].Seq && !sameTip(p[i].Tip, other[i].Tip) {
			return false
		}
	}
	return true
}

// sameTip reports whether two ids can belong to the same entry. An empty id is unknown.
func sameTip(a, b string) bool { return a == b || a == "" || b == "" }

// String returns the entry numbers in a compact encoding, without tips. Parse decodes it.
func (p *Position) String() string {
	var b []byte
	for i, end := 0, p.stripes(); i < end; i++ {
		b = binary.AppendUvarint(b, uint64(p[i].Seq))
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// stripes returns the number of stripes up to the last one with entries.
func (p *Position) stripes() int {
	for i := len(p); i > 0; i-- {
		if p[i-1].Seq > 0 {
			return i
		}
	}
	return 0
}

// Parse decodes a position that String encoded. The result has no tips.
func Parse(text string) (p Position, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return p, false
	}
	for i := range p {
		if len(b) == 0 {
			return p, true
		}
		n, size := binary.Uvarint(b)
		if size <= 0 || int64(n) < 0 {
			return p, false
		}
		p[i].Seq, b = int64(n), b[size:]
	}
	return p, len(b) == 0
}

// Head is the current end of a journal.
type Head struct {
	Position
	Weight int64 // total weight of all entries: the number of things that they change
	// Saved is the Weight of the newest saved copy, and SavedAt is when it was saved. They
	// are zero if there is none.
	Saved   int64
	SavedAt time.Time
	// FirstSaved is the weight of the first stripe in the copy that a release without
	// stripes saved; 0 if there is none.
	FirstSaved int64
	// Payload is data for the State that the writers of the journal store beside the
	// entries. It can change without an entry. The journal does not interpret it.
	Payload []string
}

// Entry is one change.
type Entry struct {
	Stripe int
	Seq    int64
	Prev   string // Tip of the previous entry; empty if unknown
	Tip    string
	Body   string
}

var (
	// ErrMoved means that entries were appended after the head was read.
	ErrMoved = errors.New("journal: the head has moved")
	// ErrTrimmed means that requested entries were deleted.
	ErrTrimmed = errors.New("journal: the entries were deleted")
)

// Log reads journals. Reads are strongly consistent. Entries are appended by the stores of
// the changed things, in the transactions of the changes.
type Log interface {
	// Head returns the head of a journal. The stripes are not read at one moment, but each
	// has at least the entries that it had when Head was called.
	Head(ctx context.Context, name Name) (Head, error)
	// Entries returns the entries of a stripe after number after, up to upTo, in order and
	// without gaps. If there are many, it returns only the first ones. It returns
	// ErrTrimmed if the first of them was deleted.
	Entries(ctx context.Context, name Name, stripe int, after, upTo int64) ([]Entry, error)
	// Saved records that a copy of the state at head was saved at the given time, unless a
	// copy with a larger weight is recorded.
	Saved(ctx context.Context, name Name, head Head, at time.Time) error
}

// MaxBody is the maximum length of the body of an entry in bytes. Larger ones do not fit an
// item of the table.
const MaxBody = 390_000
