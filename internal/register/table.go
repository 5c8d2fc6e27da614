package register

import (
	"slices"
	"strings"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/journal"
	"trueup/internal/slots"
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

// table holds rows in slots. A row is live until the agreement is deleted or gets another slot.
type table struct {
	rows      []row
	live      slots.Set
	volume    slots.Set   // slots of rows of type volume
	words     slots.Texts // folded name, publisher and product title of each row; only the name for type volume
	numbers   slots.Texts // PairKeys of each row, sorted, one per line
	orders    [len(sorts)][]uint32
	newest    births
	inDeleted map[string][]string // ids of agreements that may be stored under a deleted group
}

// append puts a row into the next slot. It is in no order yet.
func (t *table) append(r row, words, numbers []byte) uint32 {
	slot := uint32(len(t.rows))
	t.rows = append(t.rows, r)
	t.words.Append(words)
	t.numbers.Append(numbers)
	t.addLive(slot)
	return slot
}

// addLive adds the row in a slot to the sets and to newest.
func (t *table) addLive(slot uint32) {
	r := &t.rows[slot]
	t.live.Put(slot)
	if r.Type == agreement.TypeVolume {
		t.volume.Put(slot)
	}
	t.newest.add(r.born)
}

// byGroup returns the number of agreements of each license group that has some.
func (t *table) byGroup() map[string]int {
	counts := map[string]int{}
	for _, slot := range t.order(sortID) {
		counts[t.rows[slot].GroupID]++
	}
	return counts
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
	at, exists := slots.Search(t.rows, byID, by(sortID), &row{Agreement: agreement.Agreement{ID: id}})
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

// by returns compare for one sort.
func by(sort agreement.Sort) slots.Compare[row] {
	return func(a, b *row) int { return compare(sort, a, b) }
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
