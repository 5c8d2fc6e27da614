package slots

import (
	"bytes"
	"slices"
	"sync"
)

// Texts holds the texts of all slots of a table, concatenated, so that one pass searches all of them. It keeps
// what the last searches found, because the pages of a list search for the same again. Searches are safe for
// concurrent use with each other, not with Append.
type Texts struct {
	all    []byte
	starts []uint32
	recent *searches // nil before the first text
}

// searches are the last searches of a Texts.
type searches struct {
	mu   sync.Mutex
	kept []search // the one that was asked for last at the end
}

// search is the slots whose text contains part, among those before upTo. It is not changed any more.
type search struct {
	part string
	upTo uint32
	hits Set
}

// mostSearches bounds what is kept: a search takes 13 kB at 100,000 slots.
const mostSearches = 16

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
	if x.recent == nil {
		x.recent = &searches{}
	}
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
	if x.recent == nil {
		return
	}
	known := x.recent.find(string(part))
	if known.upTo < uint32(len(x.starts)) {
		known.hits = known.hits.Clone() // others may be reading it
		x.mark(part, known.upTo, &known.hits)
		known.upTo = uint32(len(x.starts))
		x.recent.keep(known)
	}
	hits.Add(known.hits)
}

// mark is Mark for the slots from one on.
func (x *Texts) mark(part []byte, slot uint32, hits *Set) {
	for at := int(x.starts[slot]); ; {
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

// find returns the kept search for a part, or one of no slot.
func (s *searches) find(part string) search {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.index(part)
	if i < 0 {
		return search{part: part}
	}
	found := s.kept[i]
	s.kept = append(slices.Delete(s.kept, i, i+1), found) // it is the latest now
	return found
}

func (s *searches) index(part string) int {
	return slices.IndexFunc(s.kept, func(k search) bool { return k.part == part })
}

func (s *searches) keep(found search) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch i := s.index(found.part); {
	case i >= 0:
		s.kept = slices.Delete(s.kept, i, i+1)
	case len(s.kept) == mostSearches:
		s.kept = slices.Delete(s.kept, 0, 1)
	}
	s.kept = append(s.kept, found)
}
