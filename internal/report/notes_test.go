package report_test

import (
	"strings"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/report"
)

// TestR8_3_Notes: an explanation says what its numbers do not show.
func TestR8_3_Notes(t *testing.T) {
	t.Parallel()
	windows := position.Product{Publisher: "Microsoft", Family: "Windows", Edition: "Pro", Version: "11"}
	visio := position.Product{Publisher: "Microsoft", Family: "Visio", Edition: "Standard", Version: "2021"}
	d := &report.Data{
		Installed: []position.Line{{Product: windows, Quantity: 5}, {Product: visio, Quantity: 5}},
		Agreements: []agreement.Agreement{
			other("b1", "Cores", "g1", "Microsoft", "SQL Server Standard Core 2019", 16, "2026-01-01", "2030-01-01"),
			other("b2", "Others", "g1", "Microsoft", "SQL Server Standard 2019", 2, "2026-01-01", "2030-01-01"),
			other("b3", "Packs", "g1", "Microsoft", "SQL Server Enterprise 2022 - 2 Core License Pack", 8, "2026-01-01", "2030-01-01"),
		},
	}
	s := settings(i18n.English)
	want := map[string]string{"Windows Pro 11": "preinstalled", "SQL Server Standard 2019": "Cores (or packs): 16; Not stated: 2.", "Visio Standard 2021": "", "SQL Server Enterprise 2022": "is for more than one: Cores (or packs): 8 × 2 = 16."}
	for _, row := range d.Installations(report.Filter{}, report.Order{}, s).Rows {
		e, ok := d.Explain(row.ID, report.Filter{}, s)
		said, known := want[row.Product]
		if !ok || !known || (said == "") != (len(e.Notes) == 0) || !strings.Contains(strings.Join(e.Notes, " "), said) {
			t.Errorf("%s: %q", row.Product, e.Notes)
		}
		delete(want, row.Product)
	}
	if len(want) > 0 {
		t.Errorf("no rows for %v", want)
	}
}
