package inventory

// set is a set of numbers other than 0.
type set struct {
	slots []uint64 // 0 if empty; its length is a power of two
	times []int32  // by slot, for the caller; nil if it does not need them
	used  int
}

// add reports whether the number is new.
func (s *set) add(number uint64) bool {
	_, isNew := s.put(number)
	return isNew
}

// put adds a number, and returns its slot until the next call.
func (s *set) put(number uint64) (at uint64, isNew bool) {
	if 2*s.used >= len(s.slots) {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	for at = mix(number) & mask; ; at = (at + 1) & mask {
		switch s.slots[at] {
		case number:
			return at, false
		case 0:
			s.slots[at] = number
			s.used++
			return at, true
		}
	}
}

func (s *set) grow() {
	old, times := s.slots, s.times
	s.slots, s.used = make([]uint64, max(1<<12, 2*len(old))), 0
	if times != nil {
		s.times = make([]int32, len(s.slots))
	}
	for i, number := range old {
		if number == 0 {
			continue
		}
		at, _ := s.put(number)
		if times != nil {
			s.times[at] = times[i]
		}
	}
}

// reset empties the set and keeps its memory.
func (s *set) reset() {
	clear(s.slots)
	clear(s.times)
	s.used = 0
}

// mix spreads differences in a few bits over all bits.
func mix(n uint64) uint64 {
	n *= 0x9e3779b97f4a7c15
	return n ^ n>>32
}
