package inventory_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventory"
)

// TestR8_2_LeftOut counts the PCs with titles that are unknown or undecided.
func TestR8_2_LeftOut(t *testing.T) {
	t.Parallel()
	file := header
	for _, r := range [][2]string{
		{"d1", "Stockroom Planner 4"},
		{"d1", "Stockroom Labels"},
		{"d2", "Stockroom Planner 5"},
		{"d3", "Adobe Acrobat (64-bit)"},
		{"d1", "Adobe Acrobat (64-bit)"},
		{"d4", "7-Zip 24.08 (x64)"},
		{"d4", "Microsoft Visio Professional 2019 - en-us"},
	} {
		file += row(r[0], r[1], "")
	}
	want := inventory.LeftOut{UnknownTitles: 3, UnknownDevices: 2, UndecidedTitles: 1, UndecidedDevices: 2}
	if diff := cmp.Diff(want, read(t, file).LeftOut()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sample, err := os.ReadFile("../../events/inventory/appinvrawdata.csv")
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, string(sample)).LeftOut(); got.UnknownTitles == 0 || got.UnknownDevices < 2 || got.UnknownDevices > 5 {
		t.Errorf("%+v", got)
	}
}
