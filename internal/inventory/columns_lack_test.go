package inventory_test

import (
	"strings"
	"testing"

	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/misfiled"
)

// TestR6_2_MissingColumn: the error names the column that a list of software lacks, and those it has.
func TestR6_2_MissingColumn(t *testing.T) {
	t.Parallel()
	const title, device, none = "inventory_no_title", "inventory_no_device", "inventory_format"
	for name, test := range map[string]struct{ file, code, columns string }{
		"a title of one's own":  {"Pakket van IT;Versie;Computer\nVisio;16;PC-1\n", title, "Pakket van IT, Versie, Computer"},
		"under a report's head": {"Report of May\n\nWhat,Publisher,Hostname\nVisio,Microsoft,PC-1\n", title, "What, Publisher, Hostname"},
		"a number of PCs":       {"Omschrijving\tUitgever\tAantal computers\nVisio\tMicrosoft\t3\n", title, "Omschrijving, Uitgever, Aantal computers"},
		"no PC":                 {"Software,Version,Location\nVisio,16,Brussels\n", device, "Software, Version, Location"},
		"other columns":         {"Invoice,Day\n1,2\n", none, ""},
		"in an archive":         {archive(t, file{"a.csv", "Pakket van IT;Versie;Computer\nVisio;16;PC-1\n"}), title, "Pakket van IT, Versie, Computer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := inventory.Read(t.Context(), strings.NewReader(test.file), inventory.Options{Scratch: t.TempDir(), Other: misfiled.InInventory})
			e := errs.As(err)
			if e == nil || e.Kind != errs.Invalid || e.Code != test.code || e.Args["columns"] != test.columns {
				t.Errorf("%v, want %s of %q", err, test.code, test.columns)
			}
		})
	}
}
