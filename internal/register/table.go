package register

import (
	"bytes"
	"iter"
	"math/bits"
	"slices"
	"strings"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/journal"
	"trueup/internal/text"
)

// row is an agreement in a table.
type row struct {
	agreement.Agreement
	name, publisher string // folded
	born            born
	paired          int64 // largest version of a change of pairs that the row includes
}

// born is the entry that created an agreement, as far as the register knows: its number and
// its stripe. The zero born is before every entry.
type born int64

const stripeBits = 7 // enough for journal.Stripes

func bornAt(stripe int, seq int64) born { return born(seq<<stripeBits | int64(stripe)) }

func (b born) stripe() int { return int(b & (1<<stripeBits - 1)) }

// by reports whether a journal at a position has the entry.
func (b born) by(at *journal.Position) bool {
	return b.stripe() < len(at) && int64(b>>stripeBits) <= at[b.stripe()].Seq
}

// births is the latest born of each stripe.
type births [journal.Stripes]born

func (x *births) add(b born) { x[b.stripe()] = max(x[b.stripe()], b) }

// by reports whether a journal at a position has the entries of all births.
func (x *births) by(at *journal.Position) bool {
	return !slices.ContainsFunc(x[:], func(b born) bool { return !b.by(at) })
}

func newRow(a agreement.Agreement) row {
	a.CreatedAt = time.UnixMilli(a.CreatedAt.UnixMilli()).UTC() // as precise as a saved copy
	return row{Agreement: a, name: text.Fold(a.Name), publisher: text.Fold(a.PublisherOf())}
}

// sortsAs reports whether two rows have the same place in every order.
func (r *row) sortsAs(other *row) bool {
	return !slices.ContainsFunc(sorts[:], func(by agreement.Sort) bool { return compare(by, r, other) != 0 })
}

// table holds rows in slots. A slot is used once: its row is live until the agreement is
// deleted or gets another slot.
type table struct {
	rows      []row
	live      slots
	volume    slots // slots of rows of type volume
	words     texts // folded name, publisher and product title of each row; only the name for type volume
	numbers   texts // PairKeys of each row, sorted, one per line
	orders    [len(sorts)][]uint32
	newest    births
	inDeleted map[string][]string // ids of agreements that may be stored under a deleted group
}

// append puts a row into the next slot. It is in no order yet.
func (t *table) append(r row, words, numbers []byte) uint32 {
	slot := uint32(len(t.rows))
	t.rows = append(t.rows, r)
	t.words.append(words)
	t.numbers.append(numbers)
	t.grow(len(t.rows))
	t.addLive(slot)
	return slot
}

// grow extends the sets to n slots.
func (t *table) grow(n int) {
	t.live, t.volume = t.live.grow(n), t.volume.grow(n)
}

// addLive adds the row in a slot to the sets and to newest.
func (t *table) addLive(slot uint32) {
	r := &t.rows[slot]
	t.live.set(slot)
	if r.Type == agreement.TypeVolume {
		t.volume.set(slot)
	}
	t.newest.add(r.born)
}

// compact gives the live rows new slots and frees the others. It costs as much as reading a
// saved copy, but runs so rarely that this does not matter.
func (t *table) compact() {
	// This fails only for a table from a copy that another release folded differently. Such
	// a table is not compacted until the process ends.
	if compacted, err := restore(t.save()); err == nil {
		*t = compacted
	}
}

// sortID is the order that finds agreements by id.
const sortID agreement.Sort = "id"

// sorts are the sorts for which a table keeps an order.
var sorts = [...]agreement.Sort{sortID, agreement.SortName, agreement.SortPublisher, agreement.SortEnd, agreement.SortCreated}

// find returns the slot of an agreement.
func (t *table) find(id string) (slot uint32, exists bool) {
	byID := t.order(sortID)
	at, exists := t.search(byID, sortID, &row{Agreement: agreement.Agreement{ID: id}})
	if !exists {
		return 0, false
	}
	return byID[at], true
}

// order returns the slots in the order of a sort. The default is by name.
func (t *table) order(by agreement.Sort) []uint32 {
	if i := slices.Index(sorts[:], by); i >= 0 {
		return t.orders[i]
	}
	return t.order(agreement.SortName)
}

// compare compares the places of two rows in an order. No two agreements are equal.
func compare(by agreement.Sort, a, b *row) int {
	c := 0
	switch by {
	case sortID:
		return strings.Compare(a.ID, b.ID)
	case agreement.SortPublisher:
		c = strings.Compare(a.publisher, b.publisher)
	case agreement.SortEnd:
		if c = strings.Compare(string(a.End), string(b.End)); a.End == "" || b.End == "" {
			c = -c // no end sorts last
		}
	case agreement.SortCreated:
		c = a.CreatedAt.Compare(b.CreatedAt)
	case agreement.SortName:
	}
	if c == 0 {
		c = strings.Compare(a.name, b.name)
	}
	if c == 0 {
		c = strings.Compare(a.ID, b.ID)
	}
	return c
}

// splice returns an order without the slots out and with the slots in. It rewrites only the
// part between the first and the last place that change.
func (t *table) splice(order []uint32, by agreement.Sort, out, in []uint32) []uint32 {
	out, outAt := t.places(order, by, out)
	in, inAt := t.places(order, by, in)
	low, high := len(order), 0
	if len(out) > 0 {
		low, high = outAt[0], outAt[len(out)-1]+1
	}
	if len(in) > 0 {
		low, high = min(low, inAt[0]), max(high, inAt[len(in)-1])
	}
	middle := make([]uint32, 0, high-low+len(in)-len(out))
	at := low
	for i, j := 0, 0; i < len(in) || j < len(out); {
		if i < len(in) && (j == len(out) || inAt[i] <= outAt[j]) {
			middle = append(append(middle, order[at:inAt[i]]...), in[i])
			at = inAt[i]
			i++
		} else {
			middle = append(middle, order[at:outAt[j]]...)
			at = outAt[j] + 1
			j++
		}
	}
	return slices.Replace(order, low, high, append(middle, order[at:high]...)...)
}

// places returns the slots sorted, and the place in the order where each is or belongs.
func (t *table) places(order []uint32, by agreement.Sort, unsorted []uint32) (sorted []uint32, at []int) {
	sorted = slices.Clone(unsorted)
	slices.SortFunc(sorted, func(a, b uint32) int { return compare(by, &t.rows[a], &t.rows[b]) })
	at = make([]int, len(sorted))
	from := 0
	for i, slot := range sorted {
		found, _ := t.search(order[from:], by, &t.rows[slot])
		from += found
		at[i] = from
	}
	return sorted, at
}

// search returns the place of the first row of an order that is not before key, and whether
// that row equals key.
func (t *table) search(order []uint32, by agreement.Sort, key *row) (at int, found bool) {
	return slices.BinarySearchFunc(order, key, func(slot uint32, key *row) int { return compare(by, &t.rows[slot], key) })
}

// texts holds the texts of all slots, concatenated, so that one pass searches all of them.
type texts struct {
	all    []byte
	starts []uint32
}

func (x *texts) append(text []byte) {
	x.starts = append(x.starts, uint32(len(x.all)))
	x.all = append(x.all, text...)
}

// at returns the text of a slot. It is valid until the next append.
func (x *texts) at(slot uint32) []byte { return x.all[x.starts[slot]:x.end(slot)] }

func (x *texts) end(slot uint32) uint32 {
	if int(slot)+1 < len(x.starts) {
		return x.starts[slot+1]
	}
	return uint32(len(x.all))
}

// mark adds to hits the slots whose text contains part. part must not be empty, and must
// not contain the terminator of a text.
func (x *texts) mark(part []byte, hits slots) {
	slot := uint32(0)
	for at := 0; ; {
		found := bytes.Index(x.all[at:], part)
		if found < 0 {
			return
		}
		for at += found; int(x.end(slot)) <= at; {
			slot++
		}
		hits.set(slot)
		at = int(x.end(slot))
	}
}

// separator terminates each of the words of a row. No name contains it.
const separator = "\x00"

// words appends the texts of a row to search, without the numbers. It omits the publisher
// and product title of type volume, which never vary: see table.volume.
func (r *row) words(to []byte, foldedTitle string) []byte {
	to = append(append(to, r.name...), separator...)
	if r.Type == agreement.TypeVolume {
		return to
	}
	to = append(append(to, r.publisher...), separator...)
	return append(append(to, foldedTitle...), separator...)
}

// slots is a set of slots.
type slots []uint64

func (s slots) grow(n int) slots {
	for len(s)*64 < n {
		s = append(s, 0)
	}
	return s
}

// all yields the slots in the set, in order.
func (s slots) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i, word := range s {
			for ; word != 0; word &= word - 1 {
				if !yield(uint32(i*64 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

func (s slots) has(slot uint32) bool { return s[slot/64]&(1<<(slot%64)) != 0 }
func (s slots) set(slot uint32)      { s[slot/64] |= 1 << (slot % 64) }
func (s slots) clear(slot uint32)    { s[slot/64] &^= 1 << (slot % 64) }

// add adds the slots of another set of the same size.
func (s slots) add(other slots) {
	for i := range s {
		s[i] |= other[i]
	}
}

// keep removes all slots that are not in another set of the same size.
func (s slots) keep(other slots) {
	for i := range s {
		s[i] &= other[i]
	}
}
