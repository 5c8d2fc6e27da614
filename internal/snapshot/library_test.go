package snapshot_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/position"
	"trueup/internal/product/builtin"
	"trueup/internal/report"
)

// TestLiveBeforeAnyRefresh checks that reports work before the first refresh and say that licence
// data were never read.
func TestLiveBeforeAnyRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v, freshness, err := w.library().Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := v.Installations(report.Filter{}, report.Order{}, settings())
	if r.DataAt != nil || !r.Stale || !freshness.Old(now) || len(v.Data.Held) != 0 || r.Totals.Owned != 3 || r.Totals.Needed != 94 {
		t.Errorf("%+v", r)
	}
	if _, err := w.library().On(t.Context(), today); errs.CodeOf(err) != "snapshots_none" {
		t.Errorf("got %v", err)
	}
}

// counted counts the objects that are opened.
type counted struct {
	objects.Bucket
	opened atomic.Int64
}

func (c *counted) Open(ctx context.Context, key, version, etag string) (objects.Object, error) {
	c.opened.Add(1)
	return c.Bucket.Open(ctx, key, version, etag)
}

// TestLive checks that agreements count at once, that entitlements are those of the latest
// snapshot, and that nothing is read or computed twice.
func TestLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, attempt(1, today))
	files := &counted{Bucket: w.files}
	l := w.library()
	l.Files = files
	live := func() (report.Installations, int64) {
		t.Helper()
		before := files.opened.Load()
		v, _, err := l.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return v.Installations(report.Filter{}, report.Order{}, settings()), files.opened.Load() - before
	}
	first, opened := live()
	if first.Totals.Owned != 103 || opened != 3 {
		t.Errorf("%+v, %d objects opened", first.Totals, opened)
	}
	again, opened := live()
	if opened != 1 || &again.Rows[0] != &first.Rows[0] {
		t.Errorf("%d objects opened when nothing had changed, or the rows are made anew", opened)
	}
	w.agreements[1].Licenses, w.at = 10, 1
	w.freshness.Changes = 1
	w.entitled(7) // not refreshed yet
	changed, _ := live()
	if changed.Totals.Owned != 110 || !changed.Stale || !changed.DataAt.Equal(*first.DataAt) {
		t.Errorf("%+v", changed)
	}
	w.publish(t, attempt(2, today))
	if refreshed, _ := live(); refreshed.Totals.Owned != 17 {
		t.Errorf("%+v", refreshed.Totals)
	}
}

// TestAdjustmentsR8_10 checks that an adjustment counts in the next report of now and in the next
// snapshot, that nothing is computed twice, and that the list decides and not its version.
func TestAdjustmentsR8_10(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, attempt(1, today))
	l := w.library()
	live := func() report.Installations {
		t.Helper()
		v, _, err := l.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return v.Installations(report.Filter{}, report.Order{}, settings())
	}
	if owned := live().Totals.Owned; owned != 103 {
		t.Errorf("%d licences before", owned)
	}
	office := report.Adjustment{Product: builtin.Load().Named("Microsoft", "Office Professional Plus", "2021"), Quantity: -15, Note: "Sold"}
	w.adjusted = report.Adjustments{Version: 1, All: []report.Adjustment{office}}
	first, again := live(), live()
	if first.Totals.Owned != 88 || first.Totals.Adjusted != -15 || &again.Rows[0] != &first.Rows[0] {
		t.Errorf("%+v, or the rows are computed twice", first.Totals)
	}
	office.Quantity = 5
	w.adjusted = report.Adjustments{Version: 1, All: []report.Adjustment{office}} // after a restoration
	if owned := live().Totals.Owned; owned != 108 {
		t.Errorf("%d licences in another list of this version", owned)
	}
	before, err := l.On(t.Context(), today)
	if err != nil {
		t.Fatal(err)
	}
	w.publish(t, attempt(2, today))
	after, err := l.On(t.Context(), today)
	if err != nil {
		t.Fatal(err)
	}
	if len(before.Data.Adjustments) != 0 || len(after.Data.Adjustments) != 1 || after.Installations(report.Filter{}, report.Order{}, settings()).Totals.Owned != 108 {
		t.Errorf("snapshots have %+v and then %+v", before.Data.Adjustments, after.Data.Adjustments)
	}
}

// TestAdjustmentsAreRenamedR8_10 checks that an adjustment of a publisher that was merged into another
// one meets its product.
func TestAdjustmentsAreRenamedR8_10(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	planner := builtin.Load().Named("Contoso Labs", "Planner", "7")
	w.tallies[0].Tally.Products = append(w.tallies[0].Tally.Products, inventory.ProductCount{Product: planner, Devices: 5})
	for _, publisher := range []string{"Contoso", "Contoso Labs"} {
		w.tallies[0].Tally.Products = append(w.tallies[0].Tally.Products, inventory.ProductCount{Product: builtin.Load().Named(publisher, "Ledger", ""), Devices: 1})
	}
	w.adjusted = report.Adjustments{Version: 1, All: []report.Adjustment{{Product: planner, Quantity: 4, Note: "Found"}}}
	w.publish(t, attempt(1, today))
	l := w.library()
	id := func(name string) string {
		t.Helper()
		p, _, missing, err := l.Catalog.Resolve(t.Context(), name, "Ledger")
		if err != nil || missing != nil {
			t.Fatal(missing, err)
		}
		return p.ID
	}
	if _, _, err := l.Catalog.MergePublishers(id("Contoso Labs"), id("Contoso")).Apply(t.Context(), once.Change{Event: audit.Event{ID: "e", At: now}}); err != nil {
		t.Fatal(err)
	}
	v, _, err := l.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	states := v.Data.AdjustmentStates(settings())
	if v.Data.Adjustments[0].Product.Publisher != "Contoso" || v.Adjusted.All[0].Product != planner || states[0] != report.AdjustmentCounted {
		t.Errorf("%+v is %s", v.Data.Adjustments, states)
	}
}

// TestTodayR8_10 checks that live data have the day of the organisation, and snapshots their own.
func TestTodayR8_10(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, attempt(1, today))
	l := w.library()
	live, _, err := l.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	on, err := l.On(t.Context(), today)
	if err != nil {
		t.Fatal(err)
	}
	late := now.Add(16 * time.Hour) // 22:30 UTC
	if live.TodayAt(late) != today {
		t.Errorf("in UTC it is %s", live.TodayAt(late))
	}
	l.Zone = time.FixedZone("+2", 2*60*60)
	if live.TodayAt(late) != "2026-11-22" || on.TodayAt(late) != today {
		t.Errorf("it is %s, and %s in the snapshot", live.TodayAt(late), on.TodayAt(late))
	}
	// R2.11: the terms of agreements end with the same day.
	if got := live.CalendarAt(late).Today; got != "2026-11-22" {
		t.Errorf("the day of terms is %s", got)
	}
	if got := on.CalendarAt(late).Today; got != today {
		t.Errorf("the day of terms is %s in the snapshot", got)
	}
}

// TestR5_2_NamesMeet checks that licences and installations of a publisher match in any spelling.
func TestR5_2_NamesMeet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, attempt(1, today))
	on, err := w.library().On(t.Context(), today)
	if err != nil {
		t.Fatal(err)
	}
	live, _, err := w.library().Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*report.Data{on.Data, live.Data} {
		r := d.Installations(report.Filter{Publisher: "Adobe"}, report.Order{}, settings())
		if len(r.Rows) != 1 || r.Rows[0].Licenses != 3 || r.Rows[0].Installed != 4 || r.Rows[0].Verdict != position.VerdictShort {
			t.Errorf("%+v", r.Rows)
		}
	}
	if diff := cmp.Diff(on.Data.Installed, live.Data.Installed); diff != "" {
		t.Errorf("-snapshot +live\n%s", diff)
	}
}

// TestR5_2_MergedSince checks that a report finds rows of a snapshot whose publisher was merged
// into another later, by any of the names.
func TestR5_2_MergedSince(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, publisher := range []string{"Contoso", "Contoso Labs"} {
		w.tallies[0].Tally.Products = append(w.tallies[0].Tally.Products, inventory.ProductCount{Product: builtin.Load().Named(publisher, "Planner", "7"), Devices: 1})
	}
	w.publish(t, attempt(1, today))
	l := w.library()
	rows := func(name string) int {
		t.Helper()
		first, others, err := l.Publisher(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		v, err := l.On(t.Context(), today)
		if err != nil {
			t.Fatal(err)
		}
		return len(v.Installations(report.Filter{Publisher: first, AlsoPublisher: others}, report.Order{}, settings()).Rows)
	}
	if apart := rows("Contoso"); apart != 1 {
		t.Errorf("%d rows before the merge", apart)
	}
	id := func(name string) string {
		t.Helper()
		p, _, missing, err := l.Catalog.Resolve(t.Context(), name, "Planner 7")
		if err != nil || missing != nil {
			t.Fatal(missing, err)
		}
		return p.ID
	}
	_, _, err := l.Catalog.MergePublishers(id("Contoso Labs"), id("Contoso")).Apply(t.Context(), once.Change{Event: audit.Event{ID: "e", At: now}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Contoso", "contoso labs"} {
		if merged := rows(name); merged != 2 {
			t.Errorf("%d rows of %s after the merge", merged, name)
		}
	}
	if unknown := rows("Nobody"); unknown != 0 {
		t.Errorf("%d rows of nobody", unknown)
	}
}

// TestStatementsRemainder checks that statement lines for the whole organisation count in
// addition to pairs, never twice, and as a separate source.
func TestStatementsRemainder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := func(publisher, family, version string, effective, sa int) entitlement.Line {
		return entitlement.Line{Entitlement: entitlement.Entitlement{Publisher: publisher, Family: family, Version: version, Effective: effective, ActiveSA: sa}}
	}
	w.statements = []entitlement.Statement{
		{Kind: entitlement.KindLicenseStatement, Date: "2026-10-01", Name: "entitlements/mls.xlsx", Lines: []entitlement.Line{
			line("Microsoft", "Office Professional Plus", "2021", 130, 20), // 30 more than the pair has
			line("Microsoft", "Visio Standard", "2021", 8, 0),
		}},
		{Kind: entitlement.KindGeneralStatement, Date: "2026-10-02", Name: "entitlements/general.csv", Lines: []entitlement.Line{
			line("Adobe Systems Incorporated", "Acrobat Pro", "2020", 5, 0),
			line("Microsoft", "Visio Standard", "2021", 2, 0),           // of others than those of the License Statement
			line("Microsoft", "Office Professional Plus", "2021", 1, 0), // pairs do not include it
		}},
	}
	w.publish(t, attempt(1, today))
	v, err := w.library().On(t.Context(), today)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range v.Data.Installations(report.Filter{}, report.Order{}, settings()).Rows {
		if row.Product == "Visio Standard 2021" && (row.Volume != 8 || row.Other != 2) {
			t.Errorf("%+v", row)
		}
		e, ok := v.Data.Explain(row.ID, report.Filter{}, settings())
		if !ok {
			t.Fatalf("%s is not explained", row.Product)
		}
		for _, bar := range e.Steps[:3] {
			for _, source := range bar.Sources {
				got = append(got, row.Product+" "+string(bar.Step)+" "+source.Text)
				if i := slices.IndexFunc([]int{100, 30, 8, 5, 3, 2, 1}, func(n int) bool { return n == source.Quantity }); i < 0 {
					t.Errorf("%s has %d of %s", row.Product, source.Quantity, source.Text)
				}
			}
		}
	}
	want := []string{
		"Acrobat Pro 2020 statements general.csv", "Acrobat Pro 2020 agreements Acrobat",
		"Office Professional Plus 2021 pairs 01-07001 + 01-07001", "Office Professional Plus 2021 statements general.csv", "Office Professional Plus 2021 statements mls.xlsx",
		"Visio Standard 2021 statements general.csv", "Visio Standard 2021 statements mls.xlsx",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestDays checks which days a trend shows, and which days the error for a missing day names.
func TestDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, date := range []day.Date{"2026-11-21", "2026-11-18", "2026-10-01"} {
		w.publish(t, attempt(int64(9-i), date))
	}
	if err := w.files.Put(t.Context(), "snapshots/2026-11-19/000000000099-r99/data-0.json.gz", "application/gzip", nil); err != nil {
		t.Fatal(err) // left by a crashed writer
	}
	manifests, err := w.library().Between(t.Context(), "2026-10-02", "2026-11-30")
	if err != nil {
		t.Fatal(err)
	}
	var got []day.Date
	for _, m := range manifests {
		got = append(got, m.Point.Date)
		if m.Point.Products.Owned != 103 {
			t.Errorf("%+v", m.Point)
		}
	}
	if diff := cmp.Diff([]day.Date{"2026-11-18", "2026-11-21"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for date, want := range map[day.Date]string{"2026-11-20": "2026-11-18, 2026-11-21", "2026-11-19": "2026-11-18, 2026-11-21", "2026-01-01": "2026-10-01", "2027-01-01": "2026-11-21"} {
		_, err := w.library().On(t.Context(), date)
		if e := errs.As(err); e == nil || e.Code != "snapshot_not_found" || e.Args["dates"] != want {
			t.Errorf("%s: %v, want %s", date, err, want)
		}
	}
}
