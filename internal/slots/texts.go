package slots

import "bytes"

// Texts holds the texts of all slots of a table, concatenated, so that one pass searches all of them.
type Texts struct {
	all    []byte
	starts []uint32
}

// NewTexts returns empty Texts with room for so many slots and bytes.
func NewTexts(slots, bytes int) Texts {
	return Texts{all: make([]byte, 0, bytes), starts: make([]uint32, 0, slots)}
}

// Append adds the text of the next slot.
func (x *Texts) Append(text []byte) {
	x.AppendBy(func(to []byte) []byte { return append(to, text...) })
}

// AppendBy is Append for a text that a function appends to its argument.
func (x *Texts) AppendBy(text func(to []byte) []byte) {
	x.starts = append(x.starts, uint32(len(x.all)))
	x.all = text(x.all)
}

// At returns the text of a slot. It is valid until the next Append.
func (x *Texts) At(slot uint32) []byte { return x.all[x.starts[slot]:x.end(slot)] }

func (x *Texts) end(slot uint32) uint32 {
	if int(slot)+1 < len(x.starts) {
		return x.starts[slot+1]
	}
	return uint32(len(x.all))
}

// Mark adds to hits the slots whose text contains part. part must not be empty, and must not contain
// the terminator of a text.
func (x *Texts) Mark(part []byte, hits *Set) {
	slot := uint32(0)
	for at := 0; ; {
		found := bytes.Index(x.all[at:], part)
		if found < 0 {
			return
		}
		for at += found; int(x.end(slot)) <= at; {
			slot++
		}
		hits.Put(slot)
		at = int(x.end(slot))
	}
}
