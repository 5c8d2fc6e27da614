// Package slots has what tables in memory are made of. A table keeps its rows in numbered slots:
// sets of slots (Set), the texts of slots (Texts) and sorted slots (Splice, After, Orders in copies)
// find rows without copying them. A slot is used once, and a table numbers its slots from 0 again
// when too many are unused.
package slots

import (
	"iter"
	"math/bits"
	"slices"
)

// Set is a set of slots. The zero Set is empty.
type Set []uint64

// All yields the slots in the set, in order.
func (s Set) All() iter.Seq[uint32] {
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

// Has reports whether a slot is in the set.
func (s Set) Has(slot uint32) bool {
	return int(slot/64) < len(s) && s[slot/64]&(1<<(slot%64)) != 0
}

// Put adds a slot.
func (s *Set) Put(slot uint32) {
	if missing := int(slot/64) + 1 - len(*s); missing > 0 {
		*s = append(*s, make([]uint64, missing)...)
	}
	(*s)[slot/64] |= 1 << (slot % 64)
}

// Clear removes a slot.
func (s Set) Clear(slot uint32) {
	if int(slot/64) < len(s) {
		s[slot/64] &^= 1 << (slot % 64)
	}
}

// Add adds the slots of another set.
func (s *Set) Add(other Set) {
	if missing := len(other) - len(*s); missing > 0 {
		*s = append(*s, make([]uint64, missing)...)
	}
	for i := range other {
		(*s)[i] |= other[i]
	}
}

// Keep removes the slots that are not in another set.
func (s Set) Keep(other Set) {
	common := min(len(s), len(other))
	for i := range common {
		s[i] &= other[i]
	}
	clear(s[common:])
}

// Drop removes the slots that are in another set.
func (s Set) Drop(other Set) {
	for i := range min(len(s), len(other)) {
		s[i] &^= other[i]
	}
}

// Clone returns a copy of the set.
func (s Set) Clone() Set { return slices.Clone(s) }

// Len returns the number of slots in the set.
func (s Set) Len() (n int) {
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// Both returns the number of slots that are in both sets.
func (s Set) Both(other Set) (n int) {
	for i := range min(len(s), len(other)) {
		n += bits.OnesCount64(s[i] & other[i])
	}
	return n
}
