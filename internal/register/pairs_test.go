package register

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
)

// All pairs are listed once, for any page size and in every group, and agree with the
// count.
func TestR7_1_PairsOfGroups(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		s := &stand{model: newModel(seed)}
		for range 200 {
			s.model.step()
		}
		groups := map[string]string{}
		for _, a := range s.model.agreements() {
			groups[a.ID] = a.GroupID
		}
		r := New(s, s, nil, nil)
		for _, groupID := range []string{"", "unassigned", "g1", "g2", "none"} {
			var want []PairRef
			for _, id := range slices.Sorted(maps.Keys(s.model.store)) {
				if groupID != "" && groups[id] != groupID {
					continue
				}
				for _, pair := range slices.Sorted(maps.Keys(s.model.pairs[id])) {
					want = append(want, PairRef{id, pair})
				}
			}
			for _, limit := range []int{1, 2, 7, 1000} {
				t.Run(fmt.Sprintf("seed %d group %q by %d", seed, groupID, limit), func(t *testing.T) {
					var got []PairRef
					for after := (PairRef{}); ; {
						refs, err := r.Pairs(t.Context(), groupID, after, limit)
						if err != nil {
							t.Fatal(err)
						}
						if len(refs) == 0 {
							break
						}
						got, after = append(got, refs...), refs[len(refs)-1]
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Error(diff)
					}
					n, err := r.CountPairs(t.Context(), groupID)
					if err != nil || n != len(want) {
						t.Errorf("count %d, %v; there are %d", n, err, len(want))
					}
				})
			}
		}
		ids := append(slices.Collect(maps.Keys(s.model.store)), "none")
		of, err := r.PairsOf(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]agreement.PairKey{}
		for id := range s.model.store {
			want[id] = append([]agreement.PairKey{}, slices.Sorted(maps.Keys(s.model.pairs[id]))...)
		}
		if diff := cmp.Diff(want, of); diff != "" {
			t.Error(diff)
		}
		owners := map[string][]string{"NONE": nil}
		for _, id := range slices.Sorted(maps.Keys(s.model.store)) {
			for pair := range s.model.pairs[id] {
				number := pair.Pair().Authorization
				if !slices.Contains(owners[number], id) {
					owners[number] = append(owners[number], id)
				}
			}
		}
		by, err := r.ByAuthorization(t.Context(), slices.Collect(maps.Keys(owners)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(owners, by); diff != "" {
			t.Errorf("R3.4 agreements by authorization number:\n%s", diff)
		}
	}
}
