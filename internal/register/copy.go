package register

import (
	"errors"
	"maps"
	"slices"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/journal"
	"trueup/internal/pack"
	"trueup/internal/slots"
	"trueup/internal/text"
)

// A saved copy is, little endian and with varints:
//
//	version      1 byte
//	dictionary   strings that many rows share: count, then each, as typed and folded
//	names        length, then the ids and names of all rows, as typed and folded
//	numbers      length, then the numbers of all rows
//	rows         count, then the fields of each, sorted by id
//	orders       of the other sorts: 4 bytes for each row
//	inDeleted    count; then for each group its id, a count and as many ids
//
// So it is read in one pass, without folding or sorting.

// copyVersion is incremented when the format changes, or how rows are folded or sorted. A
// copy of another version is not read, except version 1: it has no paired, and born is the
// number of an entry of the first stripe.
const copyVersion = 2

// Minimum sizes of the parts of a copy.
const (
	stringBytes    = 1
	wordBytes      = 2
	rowBytes       = 17
	inDeletedBytes = 2
)

// strings returns the fields of a row that a copy stores in the dictionary.
func (r *row) strings() [8]string {
	return [...]string{
		string(r.Type), r.GroupID, string(r.Validation), r.Publisher, r.ProductTitle, string(r.Start), string(r.End), r.CreatedBy,
	}
}

// save returns a copy of the live rows.
func (t *table) save() []byte {
	var dictionary, rows pack.Writer
	var names, numbers []byte
	indexes := map[string]uint64{}
	renumbered := make([]uint32, len(t.rows)) // new slots of the rows, in order of id
	byID := t.order(sortID)
	for i, slot := range byID {
		renumbered[slot] = uint32(i)
		r := &t.rows[slot]
		for _, s := range r.strings() {
			index, known := indexes[s]
			if !known {
				index = uint64(len(indexes))
				indexes[s] = index
				dictionary.Text(s)
				dictionary.Text(text.Fold(s))
			}
			rows.Uvarint(index)
		}
		for _, n := range []int64{int64(r.PairCount), int64(r.Licenses), r.CreatedAt.UnixMilli(), r.Version, int64(r.born), r.paired} {
			rows.Varint(n)
		}
		for _, n := range []int{len(r.ID), len(r.Name), len(r.name), len(t.numbers.At(slot))} {
			rows.Uvarint(uint64(n))
		}
		names = append(append(append(names, r.ID...), r.Name...), r.name...)
		numbers = append(numbers, t.numbers.At(slot)...)
	}
	w := pack.NewWriter(make([]byte, 0, 64+len(dictionary.Bytes())+len(names)+len(numbers)+len(rows.Bytes())+4*len(sorts)*len(byID)))
	w.Raw([]byte{copyVersion})
	w.Uvarint(uint64(len(indexes)))
	w.Raw(dictionary.Bytes())
	w.Uvarint(uint64(len(names)))
	w.Raw(names)
	w.Uvarint(uint64(len(numbers)))
	w.Raw(numbers)
	w.Uvarint(uint64(len(byID)))
	w.Raw(rows.Bytes())
	for _, order := range t.orders[1:] {
		slots.SaveOrder(w, order, renumbered)
	}
	w.Uvarint(uint64(len(t.inDeleted)))
	for _, groupID := range slices.Sorted(maps.Keys(t.inDeleted)) {
		w.Text(groupID)
		w.Uvarint(uint64(len(t.inDeleted[groupID])))
		for _, id := range t.inDeleted[groupID] {
			w.Text(id)
		}
	}
	return w.Bytes()
}

// restore decodes a copy. It allocates memory in proportion to the size of the copy.
func restore(saved []byte) (table, error) {
	r := reader{pack.NewReader(saved)}
	version := r.Take(1)
	if len(version) == 0 || version[0] != 1 && version[0] != copyVersion {
		return table{}, errors.New("register: the saved copy has an unknown format")
	}
	first := version[0] == 1
	dictionary := make([]word, r.Count(wordBytes))
	for i := range dictionary {
		dictionary[i] = word{typed: r.Text(), folded: r.Text()}
	}
	names, numbers := pack.NewReader(r.Text()), pack.NewReader(r.Take(r.Length()))
	count := r.Count(rowBytes)
	t := table{rows: make([]row, count), inDeleted: map[string][]string{}}
	t.words, t.numbers = slots.NewTexts(count, names.Len()+names.Len()/2), slots.NewTexts(count, numbers.Len())
	for i := range t.rows {
		at := &t.rows[i]
		title := r.row(at, dictionary, first)
		at.ID, at.Name, at.name = names.Take(r.Length()), names.Take(r.Length()), names.Take(r.Length())
		t.words.AppendBy(func(to []byte) []byte { return at.words(to, title) })
		t.numbers.Append(numbers.Take(r.Length()))
		t.addLive(uint32(i))
		if i > 0 && at.ID <= t.rows[i-1].ID {
			r.Fail()
		}
	}
	if names.End() != nil || numbers.End() != nil {
		return table{}, pack.ErrDamaged
	}
	t.orders[0] = make([]uint32, count)
	for i := range t.orders[0] {
		t.orders[0][i] = uint32(i)
	}
	for i := range t.orders[1:] {
		t.orders[1+i] = slots.LoadOrder(r.Reader, count)
	}
	for range r.Count(inDeletedBytes) {
		groupID := r.Text()
		ids := make([]string, r.Count(stringBytes))
		for i := range ids {
			ids[i] = r.Text()
		}
		t.inDeleted[groupID] = ids
	}
	if err := r.End(); err != nil {
		return table{}, err
	}
	return t, nil
}

// word is an entry of the dictionary.
type word struct{ typed, folded string }

// reader reads a copy. After a failure it returns zero values.
type reader struct{ *pack.Reader[[]byte] }

// row reads the fields of a row that have a fixed place; first means a copy of version 1.
// It returns the folded product title.
func (r reader) row(to *row, dictionary []word, first bool) (title string) {
	var words [8]*word
	for i := range words {
		index := r.Uvarint()
		if index >= uint64(len(dictionary)) {
			r.Fail()
			return ""
		}
		words[i] = &dictionary[index]
	}
	to.Type, to.GroupID, to.Validation = agreement.Type(words[0].typed), words[1].typed, agreement.Validation(words[2].typed)
	to.Publisher, to.ProductTitle = words[3].typed, words[4].typed
	to.Start, to.End, to.CreatedBy = day.Date(words[5].typed), day.Date(words[6].typed), words[7].typed
	if to.publisher = volumePublisher; to.Type != agreement.TypeVolume {
		to.publisher = words[3].folded
	}
	to.PairCount, to.Licenses = int(r.Varint()), int(r.Varint())
	to.CreatedAt = time.UnixMilli(r.Varint()).UTC()
	to.Version, to.born = r.Varint(), born(r.Varint())
	if first {
		// The row includes every change of pairs up to this version.
		to.born, to.paired = bornAt(0, int64(to.born)), to.Version
		return words[4].folded
	}
	if to.paired = r.Varint(); to.born.stripe() >= journal.Stripes {
		to.born = 0
		r.Fail()
	}
	return words[4].folded
}
