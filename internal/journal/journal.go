// Package journal keeps copies in memory of a state that many processes change,
// exact at every reading.
//
// A journal is a list of changes. Every change appends an entry in the same
// transaction that stores the change itself. The list is divided into stripes, so that
// processes that append at the same time do not wait for each other: each writes
// to a stripe that no other process uses, if there is one. The entries of one stripe
// have numbers without gaps. There is no order between stripes: an entry of a
// journal with several stripes names what changed and its version, and readers
// read the changed things themselves.
//
// A Replica is the copy of one process. Before each reading it reads where all
// stripes stand, strongly consistent, and applies the entries that it does not
// know. A copy is saved as an object from time to time, so that a process that
// starts does not apply all entries. Saved copies and entries are shortcuts: a
// state that implements Rebuilder can be read from the table without them, so
// old entries may be deleted.
//
// Entries are chained: each has an id of its own, and the id of the entry before
// it. A table that was restored to a point in time continues with other entries
// than those that were lost. A replica or a saved copy that knows a lost entry
// finds that the chain is another one, and starts over.
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

// Stripes is how many stripes a journal has at most: the first one, which is stripe
// 0, and twice as many as there are processes that append at the same time, so that
// each finds one for itself.
const Stripes = 65

// Point is the last entry of a stripe. The zero Point is that of a stripe without entries.
type Point struct {
	Seq int64
	// Tip is the id of the entry. It is empty when the entry was appended by a
	// release that gave entries no id.
	Tip string
}

// Position is the last entry of each stripe. Positions can be compared with ==.
type Position [Stripes]Point

// Reaches reports whether a journal at p has all entries that one at other has.
func (p *Position) Reaches(other *Position) bool {
	for i := range p {
		if p[i].Seq < other[i].Seq {
			return false
		}
	}
	return true
}

// Continues reports whether a journal at p can have come from one at other, as
// far as the last entries tell.
func (p *Position) Continues(other *Position) bool {
	for i := range p {
		if p[i].Seq < other[i].Seq || p[i].Seq == other[i].Seq && !sameTip(p[i].Tip, other[i].Tip) {
			return false
		}
	}
	return true
}

// sameTip reports whether two ids of an entry can be of the same one.
func sameTip(a, b string) bool { return a == b || a == "" || b == "" }

// String returns the numbers of the entries, as short as they get. Parse reads it.
func (p *Position) String() string {
	var b []byte
	for i, end := 0, p.stripes(); i < end; i++ {
		b = binary.AppendUvarint(b, uint64(p[i].Seq))
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// stripes returns how many stripes there are up to the last one with entries.
func (p *Position) stripes() int {
	for i := len(p); i > 0; i-- {
		if p[i-1].Seq > 0 {
			return i
		}
	}
	return 0
}

// Parse returns the position in a text that String made, without tips.
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

// Head is where a journal stands.
type Head struct {
	Position
	Weight int64 // sum of the weights of all entries: how many things they change
	// Saved is the Weight that the newest saved copy has, and SavedAt when it was
	// saved. They are zero if none was saved.
	Saved   int64
	SavedAt time.Time
	// FirstSaved is the weight of the first stripe in the copy that was saved by a
	// release without stripes; 0 if there is none.
	FirstSaved int64
	// Payload is what the writers of the journal keep beside its entries, for its State.
	// It can change without an entry. The journal does not look at it.
	Payload []string
}

// Entry is one change.
type Entry struct {
	Stripe int
	Seq    int64
	Prev   string // Tip of the entry before it; empty if that is not known
	Tip    string
	Body   string
}

var (
	// ErrMoved means that the journal has got entries since its head was read.
	ErrMoved = errors.New("journal: it has moved on")
	// ErrTrimmed means that entries are asked for that were deleted.
	ErrTrimmed = errors.New("journal: the entries were deleted")
)

// Log reads journals. Reads are strongly consistent. Entries are appended by the
// stores of what changes, in the transactions that change it.
type Log interface {
	// Head returns where a journal stands. The stripes are not read at one moment,
	// but each has at least the entries that it had when Head was called.
	Head(ctx context.Context, name Name) (Head, error)
	// Entries returns the entries of a stripe after one and up to another, in order
	// and without gaps: the first ones, if there are many. ErrTrimmed if the first
	// of them was deleted.
	Entries(ctx context.Context, name Name, stripe int, after, upTo int64) ([]Entry, error)
	// Saved notes that a copy of the state at head was saved at a time, unless a
	// copy with a larger weight was.
	Saved(ctx context.Context, name Name, head Head, at time.Time) error
}

// MaxBody is how long the body of an entry is at most, in bytes: what fits an
// item of the table.
const MaxBody = 390_000
