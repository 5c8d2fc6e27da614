package register

import (
	"slices"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/day"
)

// R8.9: what ends in some days is what a scan of all agreements finds, and agreements that are named are there once.
func TestR8_9_Ending(t *testing.T) {
	t.Parallel()
	m := newModel(7)
	r := &Register{source: m}
	m.create(400)
	for range 60 {
		m.step()
	}
	m.sync(t, r)
	ids := func(all []agreement.Agreement) (ids []string) {
		for _, a := range all {
			ids = append(ids, a.ID)
		}
		slices.Sort(ids)
		return ids
	}
	found := 0
	for range 300 {
		from, to := m.date(), m.date()
		if from == "" {
			continue
		}
		named := []string{m.some(), "none"}
		want := slices.DeleteFunc(m.agreements(), func(a agreement.Agreement) bool {
			return (a.End < from || a.End > to || a.End == "") && !slices.Contains(named, a.ID)
		})
		got := ids(r.table.ending(from, to, append(named, named[0])))
		if !slices.Equal(got, ids(want)) {
			t.Fatalf("from %s to %s: %q, want %q", from, to, got, ids(want))
		}
		found += len(got)
	}
	if found < 1000 {
		t.Errorf("only %d were found: does the model still have ends?", found)
	}
	var ends []day.Date
	for _, a := range r.table.ending("1900-01-01", "2999-12-31", nil) {
		ends = append(ends, a.End)
	}
	if !slices.IsSorted(ends) || len(ends) == 0 {
		t.Errorf("not sorted by end: %q", ends)
	}
}
