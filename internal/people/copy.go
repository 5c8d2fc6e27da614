package people

import (
	"errors"

	"trueup/internal/day"
	"trueup/internal/pack"
	"trueup/internal/slots"
	"trueup/internal/subscription"
)

// A saved copy is, little endian and with varints:
//
//	version   1 byte
//	words     count, then each: see words
//	places    count, then the location, department, department key and type of each
//	texts     length, then the texts of all rows
//	rows      count, then the fields of each, sorted by id
//	orders    of the other sorts: 4 bytes for each row
//
// So it is read in one pass, without folding or sorting.

// copyVersion is incremented when the format changes, or how rows are folded or sorted. A copy of
// another version is not read, and the rows are read from the table again. Version 1 has no waiting lists and no
// exclusions: a process of an earlier release can save one while it is replaced, which lacks what it does not know.
const copyVersion = 2

// Minimum sizes of the parts of a copy.
const (
	wordBytes  = 1
	placeBytes = 4
	rowBytes   = 12
)

// Flags of a row.
const (
	isDisabled = 1 << iota
	isSeen
	isDeleted
	upnIsKey // the key of the user principal name is the name itself
	isWaiting
	isExcluded
)

// save returns a copy of the live rows.
func (t *table) save() []byte {
	var places, rows pack.Writer
	var texts []byte
	indexes := map[*place]uint64{}
	renumbered := make([]uint32, len(t.rows)) // new slots of the rows, in order of id
	byID := t.order(subscription.SortID)
	for i, slot := range byID {
		renumbered[slot] = uint32(i)
		r := &t.rows[slot]
		at, known := indexes[r.place]
		if !known {
			at = uint64(len(indexes))
			indexes[r.place] = at
			for _, s := range [...]string{r.location, r.department, r.departmentKey, string(r.kind)} {
				places.Text(s)
			}
		}
		rows.Uvarint(at)
		key := r.upnKey
		flags := flag(isDisabled, r.disabled) | flag(isSeen, r.seen != noTime) | flag(isDeleted, r.deleted != noTime) | flag(upnIsKey, key == r.upn) |
			flag(isWaiting, r.waiting != "") | flag(isExcluded, r.excluded)
		if key == r.upn {
			key = ""
		}
		rows.Uvarint(flags)
		rows.Varint(r.version)
		rows.Varint(r.created)
		if r.seen != noTime {
			rows.Varint(r.seen)
		}
		if r.deleted != noTime {
			rows.Varint(r.deleted)
		}
		text := func(s string) {
			rows.Uvarint(uint64(len(s)))
			texts = append(texts, s...)
		}
		for _, s := range [...]string{r.id, r.objectID, r.upn, key, r.name, r.nameKey, r.licenses, r.former} {
			text(s)
		}
		if r.waiting != "" {
			text(r.waiting)
		}
		if r.excluded {
			text(string(r.excludedUntil))
		}
	}
	w := pack.NewWriter(make([]byte, 0, 64+64*len(t.words.list)+len(places.Bytes())+len(texts)+len(rows.Bytes())+4*len(sorts)*len(byID)))
	w.Raw([]byte{copyVersion})
	w.Uvarint(uint64(len(t.words.list)))
	for _, word := range t.words.list {
		w.Text(word)
	}
	w.Uvarint(uint64(len(indexes)))
	w.Raw(places.Bytes())
	w.Uvarint(uint64(len(texts)))
	w.Raw(texts)
	w.Uvarint(uint64(len(byID)))
	w.Raw(rows.Bytes())
	for _, order := range t.orders[1:] {
		slots.SaveOrder(w, order, renumbered)
	}
	return w.Bytes()
}

func flag(bit uint64, is bool) uint64 {
	if is {
		return bit
	}
	return 0
}

// restore decodes a copy. It allocates memory in proportion to the size of the copy.
func restore(saved []byte) (table, error) {
	r := pack.NewReader(saved)
	if version := r.Take(1); len(version) == 0 || version[0] != copyVersion {
		return table{}, errors.New("people: the saved copy has an unknown format")
	}
	var t table
	for i := range r.Count(wordBytes) {
		if t.words.index(r.Text()) != uint64(i) {
			r.Fail() // a word twice
		}
	}
	places := make([]*place, r.Count(placeBytes))
	for i := range places {
		places[i] = t.place(place{location: r.Text(), department: r.Text(), departmentKey: r.Text(), kind: subscription.UserType(r.Text())})
	}
	texts := pack.NewReader(r.Text())
	count := r.Count(rowBytes)
	t.rows, t.texts = make([]row, count), slots.NewTexts(count, texts.Len()/3)
	t.orders[0] = make([]uint32, count)
	for i := range t.rows {
		at := &t.rows[i]
		if !at.read(r, texts, places) || i > 0 && at.id <= t.rows[i-1].id {
			return table{}, pack.ErrDamaged
		}
		t.texts.AppendBy(at.texts)
		if !t.include(uint32(i)) {
			return table{}, pack.ErrDamaged
		}
		t.orders[0][i] = uint32(i)
	}
	if texts.End() != nil {
		return table{}, pack.ErrDamaged
	}
	for i := range t.orders[1:] {
		t.orders[1+i] = slots.LoadOrder(r, count)
	}
	if err := r.End(); err != nil {
		return table{}, err
	}
	return t, nil
}

// read reads a row, and reports whether it is complete.
func (to *row) read(r *pack.Reader[[]byte], texts *pack.Reader[string], places []*place) bool {
	at, flags := r.Uvarint(), r.Uvarint()
	if at >= uint64(len(places)) {
		return false
	}
	to.place, to.disabled = places[at], flags&isDisabled != 0
	to.version, to.created = r.Varint(), r.Varint()
	to.seen, to.deleted = noTime, noTime
	if flags&isSeen != 0 {
		to.seen = r.Varint()
	}
	if flags&isDeleted != 0 {
		to.deleted = r.Varint()
	}
	to.active = to.lastActive()
	for _, s := range [...]*string{&to.id, &to.objectID, &to.upn, &to.upnKey, &to.name, &to.nameKey, &to.licenses, &to.former} {
		*s = texts.Take(r.Length())
	}
	if flags&isWaiting != 0 {
		to.waiting = texts.Take(r.Length())
	}
	if to.excluded = flags&isExcluded != 0; to.excluded {
		to.excludedUntil = day.Date(texts.Take(r.Length()))
	}
	if flags&upnIsKey != 0 {
		to.upnKey = to.upn
	}
	return !r.Failed() && !texts.Failed()
}
