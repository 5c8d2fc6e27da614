package snapshot_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/report"
)

// TestOverviewIsMadeOfReports: an overview and the reports without a filter compute the rows once, in
// whatever order they are read.
func TestOverviewIsMadeOfReports(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, first := range []bool{true, false} {
		l := w.library()
		v, _, err := l.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s := settings()
		var overview report.Overview
		if first {
			overview = v.Overview(nil, s)
		}
		v.Purchases(report.Filter{}, report.Order{}, s)
		v.Installations(report.Filter{}, report.Order{}, s)
		before := l.Reports()
		if !first {
			overview = v.Overview(nil, s)
			before++
		}
		if now := l.Reports(); now != 3 || now != before {
			t.Errorf("%d reports are kept after %d, not an overview and two reports", now, before)
		}
		want := v.Data.Overview(s)
		want.Runs = nil
		if diff := cmp.Diff(want, overview); diff != "" || overview.Agreements.Agreements == 0 {
			t.Errorf("(-computed +kept):\n%s", diff)
		}
	}
}
