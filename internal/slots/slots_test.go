package slots_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"trueup/internal/pack"
	"trueup/internal/slots"
)

// setOf returns a set and the same set as a map. Sets of one test have different sizes.
func setOf(rng *rand.Rand) (slots.Set, map[uint32]bool) {
	var s slots.Set
	m := map[uint32]bool{}
	limit := 1 + rng.IntN(300)
	for range rng.IntN(80) {
		slot := uint32(rng.IntN(limit))
		s.Put(slot)
		m[slot] = true
	}
	for range rng.IntN(20) {
		slot := uint32(rng.IntN(400))
		s.Clear(slot)
		delete(m, slot)
	}
	return s, m
}

func TestSets(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, inA := setOf(rng)
		b, inB := setOf(rng)
		sum, common, rest := a.Clone(), a.Clone(), a.Clone()
		sum.Add(b)
		common.Keep(b)
		rest.Drop(b)
		both := 0
		for slot := range uint32(400) {
			x, y := inA[slot], inB[slot]
			if x && y {
				both++
			}
			if a.Has(slot) != x || sum.Has(slot) != (x || y) || common.Has(slot) != (x && y) || rest.Has(slot) != (x && !y) {
				t.Fatalf("slot %d, in the sets: %v and %v", slot, x, y)
			}
		}
		if got := a.Both(b); got != both || common.Len() != both || a.Len() != len(inA) {
			t.Fatalf("%d and %d in both, want %d; %d in one, want %d", got, common.Len(), both, a.Len(), len(inA))
		}
		var listed []uint32
		for slot := range a.All() {
			listed = append(listed, slot)
		}
		if len(listed) != len(inA) || !slices.IsSorted(listed) {
			t.Fatalf("listed: %v", listed)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	x := slots.NewTexts(2, 10)
	texts := []string{"office\n", "", "suite\noffice\n", "fi\n"}
	for _, text := range texts {
		x.Append([]byte(text))
	}
	for i, want := range texts {
		if got := string(x.At(uint32(i))); got != want {
			t.Errorf("slot %d has %q, want %q", i, got, want)
		}
	}
	for _, part := range []string{"f", "fi", "office", "suite", "e\no", "x", "fic", "\nf"} {
		var hits slots.Set
		x.Mark([]byte(part), &hits)
		for i, text := range texts {
			// No text contains a part that reaches into the next text.
			if got, want := hits.Has(uint32(i)), strings.Contains(text, part); got != want && !strings.Contains(part, "\n") {
				t.Errorf("%q in slot %d: %v, want %v", part, i, got, want)
			}
		}
	}
}

// TestSearchesWhileTextsCome searches for more parts than are kept, again and again and by several at once, while texts
// are appended.
func TestSearchesWhileTextsCome(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	var x slots.Texts
	var texts []string
	for range 300 {
		for range rng.IntN(3) {
			text := fmt.Sprintf("%d\n", rng.IntN(100_000))[rng.IntN(2):]
			x.Append([]byte(text))
			texts = append(texts, text)
		}
		var all sync.WaitGroup
		for range 4 {
			part := strconv.Itoa(rng.IntN(30))
			all.Go(func() {
				var hits slots.Set
				x.Mark([]byte(part), &hits)
				for i, text := range texts {
					if got, want := hits.Has(uint32(i)), strings.Contains(text, part); got != want {
						t.Errorf("%q in slot %d, %q: %v, want %v", part, i, text, got, want)
					}
				}
			})
		}
		all.Wait()
	}
}

// ranked is a row that sorts by rank, then by name.
type ranked struct {
	rank int
	name string
}

func compare(a, b *ranked) int {
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.name, b.name))
}

// TestOrders replaces random rows, and compares the order with the rows sorted, also read from a
// position in both directions, and from a copy.
func TestOrders(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var rows []ranked
		var order []uint32
		live := map[uint32]bool{}
		for round := range 20 {
			var out, in []uint32
			for slot := range live {
				if rng.IntN(4) == 0 {
					out = append(out, slot)
					delete(live, slot)
				}
			}
			for range rng.IntN(8) {
				slot := uint32(len(rows))
				rows = append(rows, ranked{rng.IntN(5), string(rune('a'+rng.IntN(26))) + string(rune('a'+round)) + string(rune('a'+len(in)))})
				in = append(in, slot)
				live[slot] = true
			}
			order = slots.Splice(rows, order, compare, out, in)
			want := []uint32{}
			for slot := range live {
				want = append(want, slot)
			}
			slices.SortFunc(want, func(a, b uint32) int { return compare(&rows[a], &rows[b]) })
			if diff := gocmp.Diff(want, append([]uint32{}, order...)); diff != "" {
				t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
			}
			key := &ranked{rng.IntN(6), string(rune('a' + rng.IntN(26)))}
			if len(order) > 0 && rng.IntN(2) == 0 {
				key = &rows[order[rng.IntN(len(order))]]
			}
			later, earlier := []uint32{}, []uint32{}
			for _, slot := range want {
				switch c := compare(&rows[slot], key); {
				case c > 0:
					later = append(later, slot)
				case c < 0:
					earlier = append(earlier, slot)
				}
			}
			slices.Reverse(earlier)
			backwards := slices.Clone(want)
			slices.Reverse(backwards)
			for _, c := range []struct {
				key        *ranked
				descending bool
				want       []uint32
			}{{key, false, later}, {key, true, earlier}, {nil, false, want}, {nil, true, backwards}} {
				got := slices.AppendSeq([]uint32{}, slots.After(rows, order, compare, c.key, c.descending))
				if diff := gocmp.Diff(c.want, got); diff != "" {
					t.Fatalf("seed %d, descending %v (-want +got):\n%s", seed, c.descending, diff)
				}
			}
		}
	}
}

func TestOrdersInCopies(t *testing.T) {
	t.Parallel()
	load := func(order ...uint32) ([]uint32, error) {
		var w pack.Writer
		slots.SaveOrder(&w, order, []uint32{2, 0, 1, 7})
		r := pack.NewReader(w.Bytes())
		got := slots.LoadOrder(r, 3)
		return got, r.End()
	}
	if got, err := load(2, 1, 0); err != nil || !slices.Equal(got, []uint32{1, 0, 2}) {
		t.Errorf("%v, %v", got, err)
	}
	for name, order := range map[string][]uint32{
		"a slot twice": {2, 2, 0}, "a slot missing": {2, 1}, "a slot too many": {2, 1, 0, 0}, "no such slot": {2, 1, 3}, "nothing": {},
	} {
		if got, err := load(order...); err == nil {
			t.Errorf("%s: read %v", name, got)
		}
	}
}

// An order that is not sorted, of a copy that a faulty release saved, is sorted by the next change that
// does not find a row.
func TestOrdersThatAreNotSorted(t *testing.T) {
	t.Parallel()
	rows := []ranked{{2, "a"}, {1, "b"}, {1, "a"}, {3, "c"}}
	got := slots.Splice(rows, []uint32{0, 1, 2}, compare, []uint32{0}, []uint32{3})
	if want := []uint32{2, 1, 3}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
