package snapshot_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventory"
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

// TestInstallationsOfEqualData: rows are computed only when what they compare has changed.
func TestInstallationsOfEqualData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, attempt(1, today))
	l := w.library()
	var last *report.Installation // the first row of the report before
	for _, step := range []struct {
		what   string
		change func()
		filter report.Filter
		equal  bool
	}{
		{what: "first", change: func() {}},
		{what: "the name of an agreement without a licence of its own", change: func() { w.agreements[0].Name = "Office, all" }, equal: true},
		{what: "what is left out", change: func() {
			w.tallies[0].Tally.OtherPlatforms = []inventory.PlatformCount{{Platform: "iOS", Devices: 12}}
			w.tallies[0].At = now.Add(time.Minute)
		}, equal: true},
		{what: "the note of a licence, which explanations show", change: func() { w.agreements[1].Name = "Acrobat, all" }},
		{what: "licences", change: func() { w.agreements[1].Licenses = 5 }},
		{what: "installations", change: func() { w.tallies[0].Tally.Products[1].Devices = 5; w.tallies[0].At = now.Add(time.Hour) }},
		{what: "a filter", change: func() {}, filter: report.Filter{Publisher: "Microsoft"}},
		{what: "the other names of its publisher", change: func() {}, filter: report.Filter{Publisher: "Microsoft", AlsoPublisher: []string{"Adobe"}}},
		{what: "an adjustment", change: func() {
			w.adjusted.All = []report.Adjustment{{Product: w.tallies[0].Tally.Products[0].Product, Quantity: 3, Note: "moved"}}
		}},
	} {
		w.mu.Lock()
		step.change()
		w.at++
		w.mu.Unlock()
		v, _, err := l.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := v.Installations(step.filter, report.Order{}, settings())
		if diff := cmp.Diff(v.Data.Installations(step.filter, report.Order{}, settings()), got); diff != "" {
			t.Errorf("%s: (-computed +kept):\n%s", step.what, diff)
		}
		if equal := last == &got.Rows[0]; equal != step.equal {
			t.Errorf("%s: rows of the report before: %t", step.what, equal)
		}
		last = &got.Rows[0]
	}
}
