package slots

import (
	"encoding/binary"
	"iter"
	"slices"

	"trueup/internal/pack"
)

// Compare compares the places of two rows in an order. No two rows of a table are equal.
type Compare[R any] func(a, b *R) int

// Search returns the place of the first row of an order that is not before key, and whether that row
// equals key.
func Search[R any](rows []R, order []uint32, compare Compare[R], key *R) (at int, found bool) {
	return slices.BinarySearchFunc(order, key, func(slot uint32, key *R) int { return compare(&rows[slot], key) })
}

// Splice returns an order without the slots out and with the slots in. It rewrites only the part
// between the first and the last place that change.
func Splice[R any](rows []R, order []uint32, compare Compare[R], out, in []uint32) []uint32 {
	if len(out)+len(in) == 0 {
		return order
	}
	out, outAt := places(rows, order, compare, out)
	in, inAt := places(rows, order, compare, in)
	for i, slot := range out {
		if outAt[i] == len(order) || order[outAt[i]] != slot {
			return sortedAgain(rows, order, compare, out, in)
		}
	}
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

// sortedAgain is Splice for an order that is not sorted, of a copy that a faulty release saved.
func sortedAgain[R any](rows []R, order []uint32, compare Compare[R], out, in []uint32) []uint32 {
	order = slices.DeleteFunc(order, func(slot uint32) bool { return slices.Contains(out, slot) })
	order = append(order, in...)
	slices.SortFunc(order, func(a, b uint32) int { return compare(&rows[a], &rows[b]) })
	return order
}

// places returns the slots sorted, and the place in the order where each is or belongs.
func places[R any](rows []R, order []uint32, compare Compare[R], unsorted []uint32) (sorted []uint32, at []int) {
	sorted = slices.Clone(unsorted)
	slices.SortFunc(sorted, func(a, b uint32) int { return compare(&rows[a], &rows[b]) })
	at = make([]int, len(sorted))
	from := 0
	for i, slot := range sorted {
		found, _ := Search(rows, order[from:], compare, &rows[slot])
		from += found
		at[i] = from
	}
	return sorted, at
}

// After yields the slots of an order that come after key, or before it from the last to the first if
// descending. key need not be a row of the table. If it is nil, After yields all slots.
func After[R any](rows []R, order []uint32, compare Compare[R], key *R, descending bool) iter.Seq[uint32] {
	at, step := 0, 1
	if descending {
		at, step = len(order)-1, -1
	}
	if key != nil {
		var found bool
		at, found = Search(rows, order, compare, key)
		switch {
		case descending:
			at--
		case found:
			at++
		}
	}
	return func(yield func(uint32) bool) {
		for ; at >= 0 && at < len(order) && yield(order[at]); at += step {
		}
	}
}

// SaveOrder writes an order to a saved copy: 4 bytes for each slot, as renumbered.
func SaveOrder(w *pack.Writer, order, renumbered []uint32) {
	for _, slot := range order {
		w.Uint32(renumbered[slot])
	}
}

// LoadOrder reads an order of n slots that SaveOrder wrote. It fails the reader unless each slot occurs
// once. It does not compare the rows, which would take half of the time to load a copy: copies have
// checksums.
func LoadOrder(r *pack.Reader[[]byte], n int) []uint32 {
	raw := r.Take(4 * n)
	if r.Failed() {
		return nil
	}
	order, seen := make([]uint32, n), make(Set, (n+63)/64)
	for i := range order {
		order[i] = binary.LittleEndian.Uint32(raw[4*i:])
		if uint64(order[i]) >= uint64(n) || seen.Has(order[i]) {
			r.Fail()
			return nil
		}
		seen.Put(order[i])
	}
	return order
}
