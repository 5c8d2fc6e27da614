package register

import (
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"slices"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/journal"
	"trueup/internal/text"
)

// A saved copy is, little endian and with varints:
//
//	version      1 byte
//	dictionary   the strings that many rows have: count, then each, as typed and folded
//	names        length, then the ids and names of all rows, as typed and folded
//	numbers      length, then the numbers of all rows
//	rows         count, then the fields of each, sorted by id
//	orders       of the other sorts: 4 bytes for each row
//	stranded     count; then a group, a count and as many ids of each
//
// So that it is read in one pass, without folding or sorting anything.

// copyVersion grows with every change of the format, and of how rows are folded
// or sorted. A copy of another version is not read, but for version 1: it has no
// paired, and born is the number of an entry of the first stripe.
const copyVersion = 2

// What takes least room in a copy.
const (
	stringBytes   = 1
	wordBytes     = 2
	rowBytes      = 17
	strandedBytes = 2
)

// strings returns the fields of a row that are in the dictionary.
func (r *row) strings() [8]string {
	return [...]string{
		string(r.Type), r.GroupID, string(r.Validation), r.Publisher, r.ProductTitle, string(r.Start), string(r.End), r.CreatedBy,
	}
}

// save returns a copy of the live rows.
func (t *table) save() []byte {
	var dictionary, names, numbers, rows []byte
	indexes := map[string]uint64{}
	renumbered := make([]uint32, len(t.rows)) // the slots that rows get, in the order of their ids
	byID := t.order(sortID)
	for i, slot := range byID {
		renumbered[slot] = uint32(i)
		r := &t.rows[slot]
		for _, s := range r.strings() {
			index, known := indexes[s]
			if !known {
				index = uint64(len(indexes))
				indexes[s] = index
				dictionary = appendString(appendString(dictionary, s), text.Fold(s))
			}
			rows = binary.AppendUvarint(rows, index)
		}
		for _, n := range []int64{int64(r.PairCount), int64(r.Licenses), r.CreatedAt.UnixMilli(), r.Version, int64(r.born), r.paired} {
			rows = binary.AppendVarint(rows, n)
		}
		for _, n := range []int{len(r.ID), len(r.Name), len(r.name), len(t.numbers.at(slot))} {
			rows = binary.AppendUvarint(rows, uint64(n))
		}
		names = append(append(append(names, r.ID...), r.Name...), r.name...)
		numbers = append(numbers, t.numbers.at(slot)...)
	}
	b := make([]byte, 0, 64+len(dictionary)+len(names)+len(numbers)+len(rows)+4*len(sorts)*len(byID))
	b = append(b, copyVersion)
	b = append(binary.AppendUvarint(b, uint64(len(indexes))), dictionary...)
	b = append(binary.AppendUvarint(b, uint64(len(names))), names...)
	b = append(binary.AppendUvarint(b, uint64(len(numbers))), numbers...)
	b = append(binary.AppendUvarint(b, uint64(len(byID))), rows...)
	for _, order := range t.orders[1:] {
		for _, slot := range order {
			b = binary.LittleEndian.AppendUint32(b, renumbered[slot])
		}
	}
	b = binary.AppendUvarint(b, uint64(len(t.stranded)))
	for _, groupID := range slices.Sorted(maps.Keys(t.stranded)) {
		b = appendString(b, groupID)
		b = binary.AppendUvarint(b, uint64(len(t.stranded[groupID])))
		for _, id := range t.stranded[groupID] {
			b = appendString(b, id)
		}
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var errDamaged = errors.New("register: the saved copy is damaged")

// restore reads a copy. What it allocates is in proportion to the copy.
func restore(saved []byte) (table, error) {
	r := reader{rest: saved}
	version := r.take(1)
	if len(version) == 0 || version[0] != 1 && version[0] != copyVersion {
		return table{}, errors.New("register: the saved copy has another format")
	}
	first := version[0] == 1
	dictionary := make([]word, r.count(wordBytes))
	for i := range dictionary {
		dictionary[i] = word{typed: r.string(), folded: r.string()}
	}
	names, numbers := r.string(), r.take(r.length())
	count := r.count(rowBytes)
	t := table{rows: make([]row, count), stranded: map[string][]string{}}
	t.words = texts{all: make([]byte, 0, len(names)+len(names)/2), starts: make([]uint32, count)}
	t.numbers = texts{all: slices.Clone(numbers), starts: make([]uint32, count)}
	t.grow(count)
	end := 0 // of the numbers of the rows before
	for i := range t.rows {
		at := &t.rows[i]
		title := r.row(at, dictionary, first)
		at.ID, names = r.cut(names, r.length())
		at.Name, names = r.cut(names, r.length())
		at.name, names = r.cut(names, r.length())
		t.words.starts[i] = uint32(len(t.words.all))
		t.words.all = at.words(t.words.all, title)
		t.numbers.starts[i] = uint32(end)
		end += r.length()
		t.enliven(uint32(i))
		if i > 0 && at.ID <= t.rows[i-1].ID {
			r.fail()
		}
	}
	if end != len(numbers) || names != "" {
		return table{}, errDamaged
	}
	t.orders[0] = make([]uint32, count)
	for i := range t.orders[0] {
		t.orders[0][i] = uint32(i)
	}
	for i := range t.orders[1:] {
		t.orders[1+i] = r.order(t.rows, sorts[1+i])
	}
	for range r.count(strandedBytes) {
		groupID := r.string()
		ids := make([]string, r.count(stringBytes))
		for i := range ids {
			ids[i] = r.string()
		}
		t.stranded[groupID] = ids
	}
	if r.damaged || len(r.rest) > 0 {
		return table{}, errDamaged
	}
	return t, nil
}

// word is an entry of the dictionary.
type word struct{ typed, folded string }

// reader reads a copy. What it reads from one that is damaged is nothing.
type reader struct {
	rest    []byte
	damaged bool
}

func (r *reader) fail() {
	r.rest, r.damaged = nil, true
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.fail()
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// count reads how many things follow that take at least so many bytes each.
func (r *reader) count(least int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/least) {
		r.fail()
		return 0
	}
	return int(n)
}

// length reads the length of something that follows or was before.
func (r *reader) length() int {
	n := r.uvarint()
	if n > math.MaxInt32 {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) string() string { return string(r.take(r.length())) }

// cut returns the first n bytes of s, and the rest.
func (r *reader) cut(s string, n int) (first, rest string) {
	if n > len(s) {
		r.fail()
		return "", ""
	}
	return s[:n], s[n:]
}

// row reads the fields of a row that have a fixed place, of a copy of version 1 if
// first. It returns the folded product title.
func (r *reader) row(to *row, dictionary []word, first bool) (title string) {
	var words [8]*word
	for i := range words {
		index := r.uvarint()
		if index >= uint64(len(dictionary)) {
			r.fail()
			return ""
		}
		words[i] = &dictionary[index]
	}
	to.Type, to.GroupID, to.Validation = agreement.Type(words[0].typed), words[1].typed, agreement.Validation(words[2].typed)
	to.Publisher, to.ProductTitle = words[3].typed, words[4].typed
	to.Start, to.End, to.CreatedBy = agreement.Date(words[5].typed), agreement.Date(words[6].typed), words[7].typed
	if to.publisher = volumePublisher; to.Type != agreement.TypeVolume {
		to.publisher = words[3].folded
	}
	to.PairCount, to.Licenses = int(r.varint()), int(r.varint())
	to.CreatedAt = time.UnixMilli(r.varint()).UTC()
	to.Version, to.born = r.varint(), born(r.varint())
	if first {
		// Every change of pairs up to this version is in the row.
		to.born, to.paired = bornAt(0, int64(to.born)), to.Version
		return words[4].folded
	}
	if to.paired = r.varint(); to.born.stripe() >= journal.Stripes {
		to.born = 0
		r.fail()
	}
	return words[4].folded
}

// order reads the slots of rows in an order.
func (r *reader) order(rows []row, by agreement.Sort) []uint32 {
	raw := r.take(4 * len(rows))
	if r.damaged {
		return nil
	}
	order := make([]uint32, len(rows))
	for i := range order {
		order[i] = binary.LittleEndian.Uint32(raw[4*i:])
		// As no two rows are equal, what is sorted has each of them once.
		if uint64(order[i]) >= uint64(len(rows)) || i > 0 && compare(by, &rows[order[i-1]], &rows[order[i]]) >= 0 {
			r.fail()
			return nil
		}
	}
	return order
}
