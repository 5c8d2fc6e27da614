package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/group"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
	"trueup/internal/testkit/golden"
)

// written returns a table in the format of write.
func written(t *testing.T, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func indented(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// TestGolden compares every report in every format and language with golden files.
func TestGolden(t *testing.T) {
	t.Parallel()
	d := organisation()
	later := organisation()
	later.At = now.Add(24 * time.Hour)
	later.Agreements = later.Agreements[1:]
	later.Installed = slices.Concat(later.Installed[:2], later.Installed[4:], []position.Line{installed("Microsoft", "Project Standard 2021", 9)})
	for _, lang := range i18n.Langs {
		s := settings(lang)
		bought := d.Purchases(report.Filter{}, report.Order{}, s)
		position := d.Installations(report.Filter{}, report.Order{Column: "difference"}, s)
		compared := report.Compare(position, later.Installations(report.Filter{}, report.Order{}, s), report.Order{}, s.Words)
		subscribed := subscriptions().Report(subscription.Selection{}, report.Order{Column: "unusedCostPerMonth", Descending: true}, s)
		for name, table := range map[string]report.Table{
			report.NamePurchases: bought.Table(s.Words), report.NameInstallations: position.Table(s.Words),
			report.NameComparison: compared.Table(s.Words), report.NameSubscriptions: subscribed.Table(s.Words),
		} {
			name = fmt.Sprintf("testdata/%s.%s", name, lang)
			golden.Equal(t, name+".csv", written(t, table.CSV))
			golden.Equal(t, name+".html", written(t, table.HTML))
		}
		if lang != i18n.English {
			continue
		}
		overview := d.Overview(s)
		explained, ok := d.Explain(position.Rows[0].ID, report.Filter{}, s)
		if !ok {
			t.Fatal("nothing is explained")
		}
		for name, v := range map[string]any{
			report.NamePurchases: bought, report.NameInstallations: position, report.NameComparison: compared, report.NameSubscriptions: subscribed,
			report.NameOverview: overview, "explanation": explained,
		} {
			golden.Equal(t, "testdata/"+name+".json", indented(t, v))
		}
	}
}

// names returns the texts of rows, for comparison.
func names[R any](rows []R, name func(R) string) []string {
	names := []string{}
	for _, r := range rows {
		names = append(names, name(r))
	}
	return names
}

func purchaseName(p report.Purchase) string { return p.Name + ": " + p.Product }

func installationName(i report.Installation) string { return i.Product }

func TestPurchaseFilters(t *testing.T) {
	t.Parallel()
	d := organisation()
	for _, test := range []struct {
		name   string
		filter report.Filter
		want   []string
	}{
		{"R8.1 volume", report.Filter{Type: agreement.TypeVolume}, []string{
			"Office agreements: Office Professional Plus 2021", "Office agreements: Visio Standard 2019", "Old servers: ",
			"Servers: SQL Server Standard 2016", "Servers: Windows Server Standard 2022", "statement 2026.csv: Project Standard 2021",
		}},
		{"R8.1 other", report.Filter{Type: agreement.TypeOther}, []string{
			"+Drawing <b>: <script>alert(1)</script>", "Acrobat: Adobe Acrobat Pro 2020", "Cloud: Microsoft 365 E3", "Coming: Photoshop 2024", "Past: Photoshop 2024",
			"statement 2026.csv: Acrobat Pro 2020", "一太郎: 一太郎 2024",
		}},
		{"R8.1 groups", report.Filter{Groups: []string{"g1", "g3"}}, []string{
			"Acrobat: Adobe Acrobat Pro 2020", "Office agreements: Office Professional Plus 2021", "Office agreements: Visio Standard 2019", "一太郎: 一太郎 2024",
		}},
		{"R8.1 unassigned, a statement of no agreement too", report.Filter{Groups: []string{group.UnassignedID}, Type: agreement.TypeVolume}, []string{
			"Old servers: ", "statement 2026.csv: Project Standard 2021",
		}},
		{"R8.1 expired", report.Filter{Status: agreement.StatusExpired}, []string{"Past: Photoshop 2024", "Servers: SQL Server Standard 2016"}},
		{"R8.1 expiring", report.Filter{Status: agreement.StatusExpiring}, []string{
			"Acrobat: Adobe Acrobat Pro 2020", "Office agreements: Visio Standard 2019", "一太郎: 一太郎 2024",
		}},
		{"publisher", report.Filter{Publisher: " ADOBE"}, []string{
			"Acrobat: Adobe Acrobat Pro 2020", "Coming: Photoshop 2024", "Past: Photoshop 2024", "statement 2026.csv: Acrobat Pro 2020",
		}},
		{"nothing", report.Filter{Groups: []string{"gone"}}, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := d.Purchases(test.filter, report.Order{}, settings(i18n.English))
			if diff := cmp.Diff(test.want, names(r.Rows, purchaseName)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestInstallationFilters(t *testing.T) {
	t.Parallel()
	d := organisation()
	for _, test := range []struct {
		name   string
		filter report.Filter
		want   []string
	}{
		{"R8.2 verdict short", report.Filter{Verdict: position.VerdictShort}, []string{"Office Professional Plus 2024", "Visio Standard 2019"}},
		{"R8.2 verdict unused", report.Filter{Verdict: position.VerdictUnused}, []string{"<script>alert(1)</script>", "Project Standard 2021"}},
		{"R8.2 a group's licences against all that is installed", report.Filter{Groups: []string{"g2"}, Verdict: position.VerdictUnlicensed, Publisher: "microsoft"}, []string{
			"Office Professional Plus 2019", "Office Professional Plus 2021", "Office Professional Plus 2024", "SQL Server Standard 2016", "Visio Standard 2019",
		}},
		{"R8.2 license type", report.Filter{Type: agreement.TypeOther, Verdict: position.VerdictCovered}, []string{"Acrobat Pro 2020", "Ichitaro", "Microsoft 365 Apps for enterprise", "Microsoft 365 E3"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := d.Installations(test.filter, report.Order{}, settings(i18n.English))
			if diff := cmp.Diff(test.want, names(r.Rows, installationName)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestStepsAreVisible checks that a report lists its steps, and that disabling one changes it.
func TestStepsAreVisible(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	with := d.Installations(report.Filter{}, report.Order{}, s)
	s.Position.NoDowngrade = true
	without := d.Installations(report.Filter{}, report.Order{}, s)
	want := []position.Step{
		position.StepExact, position.StepPrefix, position.StepUpgrade, position.StepAssurance, position.StepEdition, position.StepInclude, position.StepCandidate, position.StepUnversioned,
		position.StepAdjustment,
	}
	if diff := cmp.Diff(want, without.Steps); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	downgrade := i18n.Text(i18n.English, "step_downgrade", nil)
	if !strings.Contains(strings.Join(with.Table(s.Words).About, " "), downgrade) ||
		strings.Contains(strings.Join(without.Table(s.Words).About, " "), downgrade) {
		t.Error("the table does not say whether downgrade rights count")
	}
	if without.Totals.Shortfall <= with.Totals.Shortfall {
		t.Errorf("%d short with downgrade rights, %d without", with.Totals.Shortfall, without.Totals.Shortfall)
	}
}

// TestDeletedAgreement checks that entitlements of a deleted agreement do not count in any
// report, also before the next refresh.
func TestDeletedAgreement(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	d.Agreements = d.Agreements[1:] // remove the agreement with Office and Visio
	for _, row := range d.Purchases(report.Filter{}, report.Order{}, s).Rows {
		if row.AgreementID == "a1" || row.Product == "Visio Standard 2019" {
			t.Errorf("%+v was bought", row)
		}
	}
	for _, row := range d.Installations(report.Filter{}, report.Order{}, s).Rows {
		if row.Product == "Visio Standard 2019" && row.Verdict != position.VerdictUnlicensed {
			t.Errorf("%+v", row)
		}
	}
}

// TestSortByAnyColumn checks R8.4 for each column in both directions.
func TestSortByAnyColumn(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	for _, column := range report.PurchaseColumns() {
		key := string(column)
		up := d.Purchases(report.Filter{}, report.Order{Column: key}, s)
		down := d.Purchases(report.Filter{}, report.Order{Column: key, Descending: true}, s)
		isSorted(t, key, up.Table(s.Words), down.Table(s.Words))
	}
	for _, column := range report.InstallationColumns() {
		key := string(column)
		up := d.Installations(report.Filter{}, report.Order{Column: key}, s)
		down := d.Installations(report.Filter{}, report.Order{Column: key, Descending: true}, s)
		isSorted(t, key, up.Table(s.Words), down.Table(s.Words))
	}
}

func isSorted(t *testing.T, key string, up, down report.Table) {
	t.Helper()
	column := slices.IndexFunc(up.Columns, func(c report.Column) bool { return c.Key == key })
	values := func(table report.Table) (cells []report.Cell) {
		for row := range table.Rows {
			cells = append(cells, row[column])
		}
		return cells
	}
	ascending, descending := values(up), values(down)
	if slices.Equal(ascending, descending) && len(slices.Compact(slices.Clone(ascending))) > 1 {
		t.Errorf("%s is the same in both directions", key)
	}
	slices.Reverse(descending)
	if diff := cmp.Diff(ascending, descending); diff != "" {
		t.Errorf("%s descending is not the reverse (-up +down):\n%s", key, diff)
	}
	if ascending[0].Kind == sheet.KindNumber {
		previous := ascending[0].Number
		for _, c := range ascending {
			if c.Kind == sheet.KindNumber && c.Number < previous {
				t.Errorf("%s: %d after %d", key, c.Number, previous)
			}
			previous = c.Number
		}
	}
}

// TestStale checks R7.3, and R8.6 at its limit.
func TestStale(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		at      time.Time
		changed bool
		want    bool
	}{
		{"R8.6 24 hours old", now.Add(-24 * time.Hour), false, false},
		{"R8.6 older", now.Add(-24*time.Hour - 1), false, true},
		{"never refreshed", time.Time{}, false, true},
		{"R7.3 changed since", now.Add(-time.Hour), true, true},
		{"R7.3 nothing changed since", now.Add(-time.Minute), false, false},
	} {
		d := report.Data{At: test.at, Changed: test.changed}
		s := settings(i18n.English)
		for name, head := range map[string]report.Head{
			"purchases":     d.Purchases(report.Filter{}, report.Order{}, s).Head,
			"installations": d.Installations(report.Filter{}, report.Order{}, s).Head,
			"overview":      d.Overview(s).Head,
		} {
			if head.Stale != test.want {
				t.Errorf("%s: %s says stale %v", test.name, name, head.Stale)
			}
			bought := d.Purchases(report.Filter{}, report.Order{}, s)
			table := bought.Table(s.Words)
			sentence := html.EscapeString(i18n.Text(i18n.English, "report_stale", nil))
			for format, write := range map[string]func(io.Writer) error{"CSV": table.CSV, "HTML": table.HTML} {
				if strings.Contains(string(written(t, write)), sentence) != test.want {
					t.Errorf("%s: %s does not say whether the data is stale", test.name, format)
				}
			}
			if (head.DataAt == nil) != test.at.IsZero() || head.DataAt != nil && !head.DataAt.Equal(test.at) || head.Notice != i18n.Text(i18n.English, "report_notice", nil) {
				t.Errorf("%s: %s has no date or notice: %+v", test.name, name, head)
			}
		}
	}
}

// TestExplain checks R8.3 for every product: the steps add up to the difference, and their
// sources to the steps.
func TestExplain(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	r := d.Installations(report.Filter{}, report.Order{}, s)
	for _, row := range r.Rows {
		e, ok := d.Explain(row.ID, report.Filter{}, s)
		if !ok {
			t.Fatalf("%s is not explained", row.Product)
		}
		if diff := cmp.Diff(row, e.Row); diff != "" {
			t.Errorf("%s is explained as another (-report +explanation):\n%s", row.Product, diff)
		}
		sum := 0
		for _, bar := range e.Steps {
			sum += bar.Quantity
			parts := 0
			for _, source := range bar.Sources {
				parts += source.Quantity
			}
			for _, move := range bar.Moves {
				parts += move.Quantity
				if !slices.ContainsFunc(r.Rows, func(i report.Installation) bool { return i.ID == move.ID && i.Product == move.Product }) {
					t.Errorf("%s has licences from or to %s, which the report does not have", row.Product, move.Product)
				}
			}
			switch bar.Step {
			case report.BarUndecided, report.BarNotMeasured: // they close the sum
				if parts != 0 || row.Verdict.Counted() || bar.Quantity != row.Uncounted {
					t.Errorf("%s is %s: %s is %d, its parts are %d", row.Product, row.Verdict, bar.Step, bar.Quantity, parts)
				}
			case report.BarIncluded: // a licence covers one of each included product
				if parts < -bar.Quantity || parts > 0 && bar.Quantity == 0 {
					t.Errorf("%s: %s is %d, its parts are %d", row.Product, bar.Step, bar.Quantity, parts)
				}
			default:
				if max(parts, -parts) != max(bar.Quantity, -bar.Quantity) {
					t.Errorf("%s: %s is %d, its parts are %d", row.Product, bar.Step, bar.Quantity, parts)
				}
			}
		}
		if sum != row.Difference {
			t.Errorf("%s: the waterfall ends at %d, the report says %d", row.Product, sum, row.Difference)
		}
	}
	if _, ok := d.Explain("no such product", report.Filter{}, s); ok {
		t.Error("a product that is not there is explained")
	}
}

// TestInventory checks that installations are explained by the detected titles and counted by PC.
func TestInventory(t *testing.T) {
	t.Parallel()
	visio := position.Product{Publisher: "Microsoft", Family: "Visio", Edition: "Standard", Version: "2019"}
	detected := func(name string, devices int, kind inventory.Kind) inventory.Count {
		return inventory.Count{Title: inventory.Title{Name: name, Version: "16.0"}, Devices: devices, Decision: inventory.Decision{Kind: kind, Product: visio}}
	}
	d, s := organisation(), settings(i18n.English)
	d.Installed = nil
	d.AddInventory(&inventory.Tally{
		Products: []inventory.ProductCount{{Product: visio, Devices: 6}},
		Titles: []inventory.Count{
			detected("Visio Standard 2019 - en-us", 5, inventory.Product), detected("Visio Standard 2019 - nl-be", 4, inventory.Product),
			detected("Visio Update", 6, inventory.Update),
		},
	}, "inventory/pcs.csv")
	short := d.Installations(report.Filter{Verdict: position.VerdictShort}, report.Order{}, s)
	if len(short.Rows) != 1 || short.Rows[0].Installed != 6 || short.Totals.Needed != 6 {
		t.Fatalf("%+v", short)
	}
	e, _ := d.Explain(short.Rows[0].ID, report.Filter{}, s)
	source := position.Source{Kind: position.KindInventory, ID: "inventory/pcs.csv"}
	english, dutch := source, source
	english.Text, dutch.Text = "Visio Standard 2019 - en-us 16.0", "Visio Standard 2019 - nl-be 16.0"
	if diff := cmp.Diff([]report.Share{{Source: english, Quantity: 5}, {Source: dutch, Quantity: 4}}, e.Titles); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	s := settings(i18n.English)
	before, after := organisation(), organisation()
	same := report.Compare(before.Installations(report.Filter{}, report.Order{}, s), after.Installations(report.Filter{}, report.Order{}, s), report.Order{}, s.Words)
	if len(same.Rows) != 0 || same.Before != same.After || same.Before.Owned == 0 {
		t.Errorf("the same report twice differs: %+v", same)
	}
	after.Installed[3].Quantity = 4              // Visio changes from short to covered
	after.Installed = after.Installed[1:]        // Office 2019 is no longer installed
	after.Agreements[7].ProductTitle = "花子 2024" // bought instead of 一太郎
	got := report.Compare(before.Installations(report.Filter{}, report.Order{}, s), after.Installations(report.Filter{}, report.Order{}, s), report.Order{}, s.Words)
	var changes []string
	for _, row := range got.Rows {
		change := row.Product
		for _, side := range []*report.Installation{row.Before, row.After} {
			if side == nil {
				change += " | none"
			} else {
				change += fmt.Sprintf(" | %d/%d %s", side.Licenses, side.Installed, side.Verdict)
			}
		}
		changes = append(changes, change)
	}
	want := []string{
		"Office Professional Plus 2019 | 0/90 covered | none",
		"Office Professional Plus 2021 | 150/40 covered | 150/40 covered",
		"Office Professional Plus 2024 | 0/30 short | 0/30 covered",
		"Visio Standard 2019 | 5/6 short | 5/4 covered",
		"Ichitaro | 20/12 covered | 0/12 unlicensed",
		"花子 2024 | none | 20/0 unused",
	}
	slices.Sort(want)
	slices.Sort(changes)
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if !got.From.Equal(before.At) || got.After.Needed != got.Before.Needed-92 {
		t.Errorf("%+v", got)
	}
}
