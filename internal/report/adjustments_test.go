package report_test

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/report"
	"trueup/internal/text"
)

// TestAdjustmentsR8_10 checks that adjustments count on their days, in reports of all licences,
// and are explained.
func TestAdjustmentsR8_10(t *testing.T) {
	t.Parallel()
	project := product.Product{Publisher: "Microsoft", Family: "Project", Edition: "Standard", Version: "2021"}
	for _, test := range []struct {
		name    string
		of      report.Adjustment
		filter  report.Filter
		counted int
	}{
		{"without end", report.Adjustment{Product: project, Quantity: 4, Note: "Found"}, report.Filter{}, 4},
		{"more than there are", report.Adjustment{Product: project, Quantity: -9, Note: "Lost"}, report.Filter{}, -3},
		{"on the last day", report.Adjustment{Product: project, Quantity: -2, Note: "Lost", End: "2026-11-21"}, report.Filter{}, -2},
		{"after it", report.Adjustment{Product: project, Quantity: -2, Note: "Lost", End: "2026-11-20"}, report.Filter{}, 0},
		{"not of a license group", report.Adjustment{Product: project, Quantity: 4, Note: "Found"}, report.Filter{Groups: []string{"unassigned"}}, 0},
		{"not of a license type", report.Adjustment{Product: project, Quantity: 4, Note: "Found"}, report.Filter{Type: agreement.TypeVolume}, 0},
	} {
		d, s := organisation(), settings(i18n.English)
		d.Adjustments = []report.Adjustment{test.of}
		got := row(t, d.Installations(test.filter, report.Order{}, s), "Project Standard 2021")
		if got.Adjusted != test.counted || got.Licenses != 3+test.counted {
			t.Errorf("%s: %+v", test.name, got)
		}
		e, _ := d.Explain(got.ID, test.filter, s)
		i := slices.IndexFunc(e.Steps, func(b report.Bar) bool { return b.Step == report.BarAdjustments })
		bar := e.Steps[i]
		if bar.Quantity != test.counted || test.counted != 0 && (len(bar.Sources) != 1 || bar.Sources[0].Text != test.of.Note || bar.Sources[0].Kind != position.KindAdjustment) {
			t.Errorf("%s: %+v", test.name, bar)
		}
	}
}

// TestAdjustmentsAreAStepR8_10 checks by numbers computed by hand that a report without adjustments
// has none, says so, and is the same as one of data without them.
func TestAdjustmentsAreAStepR8_10(t *testing.T) {
	t.Parallel()
	project := product.Product{Publisher: "Microsoft", Family: "Project", Edition: "Standard", Version: "2021"}
	visio := product.Product{Publisher: "Microsoft", Family: "Visio", Edition: "Standard", Version: "2019"}
	d, s := organisation(), settings(i18n.English)
	d.Adjustments = nil
	none := d.Installations(report.Filter{}, report.Order{}, s)
	d.Adjustments = []report.Adjustment{{Product: project, Quantity: -2, Note: "Lost"}, {Product: visio, Quantity: 4, Note: "Found"}}
	with := d.Installations(report.Filter{}, report.Order{}, s)
	// 3 of Project less 2; 5 of Visio and 4, of which 6 are installed.
	if p, v := row(t, with, "Project Standard 2021"), row(t, with, "Visio Standard 2019"); p.Licenses != 1 || p.Difference != 1 || v.Licenses != 9 || v.Difference != 3 || v.Shortfall != 0 {
		t.Errorf("%+v, %+v", p, v)
	}
	was := row(t, none, "Visio Standard 2019")
	if got := with.Totals; got.Adjusted != 2 || got.Owned != none.Totals.Owned+2 || got.Volume+got.Other+got.Adjusted != got.Owned || got.Shortfall != none.Totals.Shortfall-was.Shortfall {
		t.Errorf("%+v, without them %+v", got, none.Totals)
	}
	if d.Overview(s).Products != with.Totals {
		t.Errorf("the overview has %+v", d.Overview(s).Products)
	}
	table := with.Table(s.Words)
	at := slices.IndexFunc(table.Columns, func(c report.Column) bool { return c.Key == "adjusted" })
	if got := table.Totals[at].Number; got != 2 {
		t.Errorf("the files add up to %d", got)
	}
	s.Position.NoAdjustment = true
	off := d.Installations(report.Filter{}, report.Order{}, s)
	if diff := cmp.Diff(none.Rows, off.Rows); diff != "" {
		t.Errorf("switched off (-without adjustments +got):\n%s", diff)
	}
	if !slices.Contains(with.Steps, position.StepAdjustment) || slices.Contains(off.Steps, position.StepAdjustment) {
		t.Errorf("the steps are %v, and %v without adjustments", with.Steps, off.Steps)
	}
	ignored := i18n.Text(i18n.English, "report_not_adjusted", nil)
	if slices.Contains(with.Table(s.Words).About, ignored) || !slices.Contains(off.Table(s.Words).About, ignored) {
		t.Error("the table does not say whether adjustments count")
	}
	s.Position.NoAdjustment = false
	grouped := d.Installations(report.Filter{Groups: []string{"g1"}}, report.Order{}, s)
	if slices.Contains(grouped.Steps, position.StepAdjustment) || !slices.Contains(grouped.Table(s.Words).About, ignored) || grouped.Totals.Adjusted != 0 {
		t.Errorf("a license group has %v and %+v", grouped.Steps, grouped.Totals)
	}
}

// TestUnmatchedAdjustmentsR8_10 checks that adjustments of products without licences and
// installations are told, and that an ended one is not.
func TestUnmatchedAdjustmentsR8_10(t *testing.T) {
	t.Parallel()
	unknown := product.Product{Publisher: "Contoso", Family: "Ledger"}
	another := product.Product{Publisher: "Contoso", Family: "Planner"}
	project := product.Product{Publisher: "Microsoft", Family: "Project", Edition: "Standard", Version: "2021"}
	d, s := organisation(), settings(i18n.English)
	d.Adjustments = []report.Adjustment{
		{Product: unknown, Quantity: -5, Note: "Sold"},
		{Product: another, Quantity: 2, Note: "Found"},
		{Product: unknown, Quantity: -5, Note: "Sold", End: "2026-11-20"},
		{Product: project, Quantity: -9, Note: "Lost"},
	}
	want := []report.AdjustmentState{report.AdjustmentUnmatched, report.AdjustmentUnmatched, report.AdjustmentEnded, report.AdjustmentCounted}
	if diff := cmp.Diff(want, d.AdjustmentStates(s)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	r := d.Installations(report.Filter{}, report.Order{}, s)
	if r.UnmatchedAdjustments != 2 || d.Overview(s).UnmatchedAdjustments != 2 {
		t.Errorf("%d are unmatched, %d in the overview", r.UnmatchedAdjustments, d.Overview(s).UnmatchedAdjustments)
	}
	if got := row(t, r, "Planner"); got.Licenses != 2 || got.Verdict != position.VerdictUnused {
		t.Errorf("%+v", got)
	}
	if slices.ContainsFunc(r.Rows, func(row report.Installation) bool { return row.Product == "Ledger" }) {
		t.Error("licences that nobody has are a row")
	}
	table := r.Table(s.Words)
	for format, write := range map[string]func(io.Writer) error{"CSV": table.CSV, "page": table.HTML} {
		if body := string(written(t, write)); !strings.Contains(body, "neither licensed nor installed: 2.") {
			t.Errorf("%s does not tell them", format)
		}
	}
	s.Position.NoAdjustment = true
	if got := d.Installations(report.Filter{}, report.Order{}, s).UnmatchedAdjustments; got != 0 {
		t.Errorf("%d are unmatched where none counts", got)
	}
}

// TestAdjustmentsEndWithTheDayR8_10 checks that the day of the organisation decides, and not the
// calendar of terms.
func TestAdjustmentsEndWithTheDayR8_10(t *testing.T) {
	t.Parallel()
	project := product.Product{Publisher: "Microsoft", Family: "Project", Edition: "Standard", Version: "2021"}
	d, s := organisation(), settings(i18n.English)
	d.Adjustments = []report.Adjustment{{Product: project, Quantity: 4, Note: "Found", End: "2026-11-21"}}
	for today, want := range map[day.Date]int{"": 4, "2026-11-20": 4, "2026-11-21": 4, "2026-11-22": 0} {
		s.Today = today
		if got := row(t, d.Installations(report.Filter{}, report.Order{}, s), "Project Standard 2021"); got.Adjusted != want {
			t.Errorf("on %q: %+v", today, got)
		}
	}
}

// TestParseAdjustmentR8_10 checks every rule with a value that it takes and one that it refuses.
func TestParseAdjustmentR8_10(t *testing.T) {
	t.Parallel()
	good := report.AdjustmentDraft{Quantity: -3, Note: "Sold", End: "2027-06-30"}
	with := func(change func(*report.AdjustmentDraft)) report.AdjustmentDraft {
		d := good
		change(&d)
		return d
	}
	quantity := func(n int64) report.AdjustmentDraft { return with(func(d *report.AdjustmentDraft) { d.Quantity = n }) }
	note := func(s string) report.AdjustmentDraft { return with(func(d *report.AdjustmentDraft) { d.Note = s }) }
	end := func(s string) report.AdjustmentDraft { return with(func(d *report.AdjustmentDraft) { d.End = s }) }
	for _, test := range []struct {
		draft report.AdjustmentDraft
		want  string // codes
	}{
		{good, ""},
		{quantity(1), ""},
		{quantity(10_000_000), ""},
		{quantity(-10_000_000), ""},
		{quantity(0), "adjustment_quantity"},
		{quantity(10_000_001), "adjustment_quantity"},
		{quantity(-10_000_001), "adjustment_quantity"},
		{quantity(1 << 40), "adjustment_quantity"},
		{note("=Formula + <b>"), ""},
		{note("  two  spaces "), ""},
		{note("Vendu à Lille: 一太郎"), ""},
		{note(strings.Repeat("é", 500)), ""},
		{note(""), "note_required"},
		{note(" \u00a0 "), "note_required"},
		{note(strings.Repeat("é", 501)), "note_too_long"},
		{note("a\nb"), "note_control"},
		{note("a\x00"), "note_control"},
		{note("a\u202eb"), "note_control"},
		{note("\ufeffa"), "note_control"},
		{note("a\u200b"), "note_control"},
		{end(""), ""},
		{end(" 2027-06-30 "), ""},
		{end("2028-02-29"), ""},
		{end("2027-02-29"), "date_invalid"},
		{end("30-06-2027"), "date_invalid"},
		{end("9999-01-01"), "date_invalid"},
		{end("tomorrow"), "date_invalid"},
		{report.AdjustmentDraft{End: "x"}, "adjustment_quantity note_required date_invalid"},
	} {
		a, violations := report.ParseAdjustment(test.draft)
		var codes []string
		for _, v := range violations {
			codes = append(codes, v.Code)
		}
		if got := strings.Join(codes, " "); got != test.want {
			t.Errorf("%+v: %q, want %q", test.draft, got, test.want)
		}
		if test.want == "" && (a.Note != text.Collapse(test.draft.Note) || a.Quantity != int(test.draft.Quantity) || string(a.End) != strings.TrimSpace(test.draft.End)) {
			t.Errorf("%+v is %+v", test.draft, a)
		}
	}
}

// TestReplacingR8_10 checks the limits of the list of adjustments.
func TestReplacingR8_10(t *testing.T) {
	t.Parallel()
	numbered := func(n int) report.Adjustment {
		return report.Adjustment{Product: product.Product{Publisher: "Contoso", Family: strconv.Itoa(n)}, Quantity: 1, Note: "Found"}
	}
	var list report.Adjustments
	for n := range report.MaxAdjustments {
		next, err := list.Replacing(nil, new(numbered(n)))
		if err != nil || next.Version != int64(n+1) || len(next.All) != n+1 {
			t.Fatalf("%d: %v, version %d", n, err, next.Version)
		}
		list = next
	}
	if _, err := list.Replacing(nil, new(numbered(-1))); errs.KindOf(err) != errs.Conflict || errs.CodeOf(err) != "adjustments_many" {
		t.Errorf("one too many: %v", err)
	}
	replaced, err := list.Replacing([]int{0, 2}, new(numbered(-1)))
	if err != nil || len(replaced.All) != report.MaxAdjustments-1 || replaced.All[0] != list.All[1] || replaced.All[1] != list.All[3] || replaced.All[len(replaced.All)-1] != numbered(-1) {
		t.Errorf("%v, %+v", err, replaced)
	}
	removed, err := list.Replacing([]int{299}, nil)
	if err != nil || len(removed.All) != 299 || len(list.All) != 300 {
		t.Errorf("%v, %d of %d", err, len(removed.All), len(list.All))
	}
}
