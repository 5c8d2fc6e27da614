package report_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/report"
)

// row returns the row of a product.
func row(t *testing.T, r report.Installations, name string) report.Installation {
	t.Helper()
	i := slices.IndexFunc(r.Rows, func(row report.Installation) bool { return row.Product == name })
	if i < 0 {
		t.Fatalf("no %s in %v", name, names(r.Rows, installationName))
	}
	return r.Rows[i]
}

// TestLeftOutR8_2 checks that report, overview and every file say what they leave out, in words,
// and that a report that leaves nothing out says nothing.
func TestLeftOutR8_2(t *testing.T) {
	t.Parallel()
	d := organisation()
	for _, lang := range i18n.Langs {
		s := settings(lang)
		r := d.Installations(report.Filter{}, report.Order{}, s)
		if r.LeftOut != d.LeftOut || d.Overview(s).LeftOut != d.LeftOut {
			t.Errorf("%s: %+v is left out", lang, r.LeftOut)
		}
		table := r.Table(s.Words)
		for format, write := range map[string]func(io.Writer) error{"CSV": table.CSV, "page": table.HTML} {
			body := string(written(t, write))
			for _, number := range []string{"2326", "22.", "7.", ": 3."} {
				if !strings.Contains(body, number) {
					t.Errorf("%s in %s does not tell %q", format, lang, number)
				}
			}
		}
		if want := table.About[len(table.About)-1]; want != r.Notice {
			t.Errorf("%s: the last sentence is %q", lang, want)
		}
		empty := report.Data{At: now}
		none := empty.Installations(report.Filter{}, report.Order{}, s)
		if about := none.Table(s.Words).About; len(about) != 4 {
			t.Errorf("a report that leaves nothing out says %q", about)
		}
	}
}

// TestOutsideTotalsR8_2 checks that rows outside the totals are shown, with their own counters.
func TestOutsideTotalsR8_2(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	r := d.Installations(report.Filter{}, report.Order{}, s)
	servers, acrobat := row(t, r, "Windows Server Standard 2022"), row(t, r, "Acrobat DC")
	if servers.Verdict != position.VerdictNotMeasured || servers.Licenses != 8 || servers.Difference != 0 || servers.Uncounted != -8 || servers.Coverage != nil {
		t.Errorf("%+v", servers)
	}
	if acrobat.Verdict != position.VerdictUndecided || acrobat.Shortfall != 0 || acrobat.Uncounted != 7 || acrobat.Coverage != nil {
		t.Errorf("%+v", acrobat)
	}
	if r.Totals.NotMeasuredProducts != 2 || r.Totals.UndecidedProducts != 1 || r.Totals.Products != len(r.Rows)-3 {
		t.Errorf("%+v", r.Totals)
	}
	only := d.Installations(report.Filter{Verdict: position.VerdictUndecided}, report.Order{}, s)
	if diff := cmp.Diff([]string{"Acrobat DC"}, names(only.Rows, installationName)); diff != "" || only.Totals.Products != 0 {
		t.Errorf("-want +got:\n%s%+v", diff, only.Totals)
	}
}

// TestSuiteIsExplainedR8_3 checks the explanation of a suite: its moves are shown, and only the
// most that one product uses counts.
func TestSuiteIsExplainedR8_3(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	d.Installed = append(d.Installed, installed("Microsoft", "Windows 11 Enterprise", 4))
	r := d.Installations(report.Filter{}, report.Order{}, s)
	suite := row(t, r, "Microsoft 365 E3")
	e, _ := d.Explain(suite.ID, report.Filter{}, s)
	i := slices.IndexFunc(e.Steps, func(b report.Bar) bool { return b.Step == report.BarIncluded })
	if bar := e.Steps[i]; bar.Quantity != -6 || len(bar.Moves) != 2 || suite.MovedOut != 6 || suite.Surplus != 4 {
		t.Errorf("%+v of %+v", bar, suite)
	}
}

// TestMeasureR8_2 checks that a report says whether it counts users or PCs.
func TestMeasureR8_2(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	r := d.Installations(report.Filter{}, report.Order{}, s)
	if apps := row(t, r, "Microsoft 365 Apps for enterprise"); apps.Measure != position.MeasureUsers || apps.Installed != 6 {
		t.Errorf("%+v", apps)
	}
	if office := row(t, r, "Office Professional Plus 2021"); office.Measure != position.MeasureDevices {
		t.Errorf("%+v", office)
	}
}

// TestStatementsAddUpR7_4 checks that volume licences and others of one product are shown apart
// and added up.
func TestStatementsAddUpR7_4(t *testing.T) {
	t.Parallel()
	line := func(effective int, notVolume bool) report.Held {
		return report.Held{
			Entitlement: entitlement.Entitlement{Publisher: "Microsoft", Family: "Visio Standard", Version: "2024", Effective: effective},
			Source:      position.Source{Kind: position.KindStatement, ID: "s", Text: "s"}, NotVolume: notVolume,
		}
	}
	d, s := report.Data{At: now, Held: []report.Held{line(2, false), line(5, true)}}, settings(i18n.English)
	if got := row(t, d.Installations(report.Filter{}, report.Order{}, s), "Visio Standard 2024"); got.Volume != 2 || got.Other != 5 || got.Licenses != 7 {
		t.Errorf("%+v", got)
	}
	if got := row(t, d.Installations(report.Filter{Type: agreement.TypeOther}, report.Order{}, s), "Visio Standard 2024"); got.Licenses != 5 {
		t.Errorf("only others: %+v", got)
	}
	bought := d.Purchases(report.Filter{Type: agreement.TypeVolume}, report.Order{}, s)
	if bought.Totals.Quantity != 2 {
		t.Errorf("bought: %+v", bought.Rows)
	}
}

// TestUsersWithSeveralPCsAreExplainedR8_3 checks that an explanation names the users and PCs that
// licences for users cover, in every language, and says when users are not known.
func TestUsersWithSeveralPCsAreExplainedR8_3(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Langs {
		d, s := organisation(), settings(lang)
		windows := installed("Microsoft", "Windows 11 Enterprise", 12)
		windows.Users, windows.ByUser = 6, []position.UserPCs{{PCs: 1, Users: 4}, {PCs: 4, Users: 2}}
		d.Installed = append(d.Installed, windows)
		shown := row(t, d.Installations(report.Filter{}, report.Order{}, s), "Windows Enterprise 11")
		if shown.Measure != position.MeasureDevices || shown.Installed != 12 || shown.MovedIn != 12 || shown.Verdict != position.VerdictCovered {
			t.Errorf("%+v", shown)
		}
		e, _ := d.Explain(shown.ID, report.Filter{}, s)
		i := slices.IndexFunc(e.Steps, func(b report.Bar) bool { return b.Step == report.BarMovedIn })
		if bar := e.Steps[i]; bar.Quantity != 12 || len(bar.Moves) != 1 || bar.Moves[0].Quantity != 12 || bar.Moves[0].Licenses != 6 || bar.Moves[0].Covered != 12 {
			t.Errorf("%+v", bar)
		}
		if len(e.Notes) != 1 || !strings.Contains(e.Notes[0], "12") || !strings.Contains(e.Notes[0], "6") {
			t.Errorf("%q", e.Notes)
		}
		suite := row(t, d.Installations(report.Filter{}, report.Order{}, s), "Microsoft 365 E3")
		e, _ = d.Explain(suite.ID, report.Filter{}, s)
		i = slices.IndexFunc(e.Steps, func(b report.Bar) bool { return b.Step == report.BarIncluded })
		if bar := e.Steps[i]; bar.Quantity != -6 || !slices.ContainsFunc(bar.Moves, func(m report.Move) bool {
			return m.Product == "Windows Enterprise 11" && m.Quantity == 6 && m.Licenses == 6 && m.Covered == 12
		}) {
			t.Errorf("%+v", bar)
		}

		d.Installed[len(d.Installed)-1].ByUser = nil // as files that were counted before
		e, _ = d.Explain(shown.ID, report.Filter{}, s)
		if e.Row.Shortfall != 2 || !slices.Equal(e.Notes, []string{s.Words.Text("report_note_preinstalled", nil), s.Words.Text("report_note_unknown_users", nil)}) {
			t.Errorf("%+v %q", e.Row, e.Notes)
		}
	}
}
