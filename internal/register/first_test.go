package register

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/group"
	"trueup/internal/journal"
)

// testdata/stored/register-copy.1.bin was saved by the release before the journal had
// stripes, at entry 4: three agreements, one of them stored under a deleted group. It can
// be read, and entries of both releases can be applied to it.
func TestR16_6_TheCopyOfVersion1(t *testing.T) {
	t.Parallel()
	saved, err := os.ReadFile("testdata/stored/register-copy.1.bin")
	if err != nil {
		t.Fatal(err)
	}
	m := newModel(1)
	r := &Register{source: m}
	if err := r.Restore(saved); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 6, 1, 12, 0, 0, 123_000_000, time.UTC)
	const a, b, c = "20260601T0000000001-aaaaa", "20260601T0000000002-bbbbb", "20260601T0000000003-ccccc"
	want := []agreement.Agreement{
		{ID: a, Type: agreement.TypeVolume, Name: "Réseau de Liège", GroupID: "sales", Validation: agreement.ValidationPending, PairCount: 2, CreatedAt: at, CreatedBy: "import 1", Version: 3},
		{ID: b, Type: agreement.TypeVolume, Name: "Office", GroupID: group.UnassignedID, Validation: agreement.ValidationValid, PairCount: 1, CreatedAt: at, CreatedBy: "me", Version: 2},
		{
			ID: c, Type: agreement.TypeOther, Name: "Suite", GroupID: group.UnassignedID, CreatedAt: at.Add(time.Hour), CreatedBy: "me", Version: 7,
			Terms: agreement.Terms{Publisher: "Société Générale", ProductTitle: "7-Zip", Licenses: 9, Start: "2025-01-01", End: "2026-12-31"},
		},
	}
	check := func(pairs map[string][]agreement.PairKey) {
		t.Helper()
		for i, slot := range r.table.order(sortID) {
			if diff := cmp.Diff(want[i], r.table.rows[slot].Agreement); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(pairs[want[i].ID], r.table.pairs(slot)); diff != "" {
				t.Errorf("pairs of %s (-want +got):\n%s", want[i].ID, diff)
			}
		}
	}
	pairs := map[string][]agreement.PairKey{a: {"777+C3", "A1+B1"}, b: {"X+Y"}, c: {}}
	check(pairs)
	if diff := cmp.Diff(map[string][]string{"gone": {b}}, r.table.inDeleted); diff != "" {
		t.Errorf("R4.3 (-want +got):\n%s", diff)
	}
	for id, seq := range map[string]int64{a: 1, b: 2, c: 4} {
		if slot, _ := r.table.find(id); r.table.rows[slot].born != bornAt(0, seq) {
			t.Errorf("%s was born at %d, want entry %d of the first stripe", id, r.table.rows[slot].born, seq)
		}
	}
	r = restored(t, r)
	check(pairs)

	// The row of a may or may not have these changes already: the table decides.
	for _, stored := range want {
		m.store[stored.ID] = stored
	}
	want[0].Version, want[0].PairCount = 4, 2
	m.store[a], m.pairs[a] = want[0], map[agreement.PairKey]bool{"A1+B1": true, "N+N": true}
	head := journal.Head{Payload: []string{"gone"}}
	apply, err := r.Prepare(context.Background(), head, []journal.Entry{
		{Stripe: 3, Seq: 1, Body: Body([]Change{{ID: a, Version: 2, Added: []agreement.PairKey{"777+C3"}, Removed: []agreement.PairKey{"A1+B1"}}}, "")},
		{Stripe: 5, Seq: 1, Body: Body([]Change{{ID: a, Version: 4, Added: []agreement.PairKey{"N+N"}, Removed: []agreement.PairKey{"777+C3"}}}, "")},
	})
	if err != nil {
		t.Fatal(err)
	}
	apply()
	pairs[a] = []agreement.PairKey{"A1+B1", "N+N"}
	check(pairs)
}

// A cursor of the previous release has the moment as a number: the last entry of the first
// stripe. Its pages omit agreements added later in other stripes.
func TestR16_6_CursorsOfOneStripe(t *testing.T) {
	t.Parallel()
	store := memory{}
	r := &Register{source: store}
	put := func(id string, stripe int, seq int64) {
		t.Helper()
		store[id] = agreement.Agreement{ID: id, Type: agreement.TypeOther, Name: id, Version: 1}
		apply, err := r.Prepare(t.Context(), journal.Head{}, []journal.Entry{{Stripe: stripe, Seq: seq, Body: Body([]Change{{ID: id, Version: 1}}, "")}})
		if err != nil {
			t.Fatal(err)
		}
		apply()
	}
	put("a", 0, 1)
	put("c", 0, 2)
	put("b-later", 0, 3)
	put("d-elsewhere", 4, 1)
	put("e-elsewhere", 16, 1)
	now := journal.Position{0: {Seq: 3}, 4: {Seq: 1}, 16: {Seq: 1}}
	for name, c := range map[string]struct {
		at   any
		want []string
	}{
		"a number":             {map[string]any{"m": 2, "i": "a", "n": "a"}, []string{"c"}},
		"the first stripe":     {position{Moment: moment{journal.Position{0: {Seq: 2}}}, ID: "a", Name: "a"}, []string{"c"}},
		"another stripe too":   {position{Moment: moment{journal.Position{0: {Seq: 2}, 4: {Seq: 1}}}, ID: "a", Name: "a"}, []string{"c", "d-elsewhere"}},
		"all but one":          {position{Moment: moment{journal.Position{0: {Seq: 3}, 16: {Seq: 1}}}, ID: "a", Name: "a"}, []string{"b-later", "c", "e-elsewhere"}},
		"nothing has happened": {position{Moment: moment{now}, ID: "a", Name: "a"}, []string{"b-later", "c", "d-elsewhere", "e-elsewhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := agreement.Query{Calendar: calendar, Limit: 1}
			first := true
			var got []string
			for q.Cursor = cursorOf(q, c.at); q.Cursor != ""; first = false {
				page := must(t, r, q, &now)
				for _, a := range page.Items {
					got = append(got, a.ID)
				}
				if n := page.Totals.Agreements; n != len(c.want)+1 {
					t.Errorf("%d agreements in the totals", n)
				}
				q.Cursor = page.Next
			}
			if diff := cmp.Diff(c.want, got); diff != "" || first {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
