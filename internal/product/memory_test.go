package product_test

import (
	"testing"

	"trueup/internal/product/builtin"
)

// TestNamesAreLookedUpOnce: reports name the products of all licences again after every change, so a
// name that was named before costs nothing, also if the dictionary does not know it.
func TestNamesAreLookedUpOnce(t *testing.T) {
	d := builtin.Products()
	for _, name := range []string{"Acrobat Pro 2020", "Zed Tool Pro 4"} {
		want := d.Named("Adobe", name, "")
		allocated := testing.AllocsPerRun(100, func() {
			if got := d.Named("Adobe", name, ""); got != want {
				t.Errorf("%s: %+v, then %+v", name, want, got)
			}
		})
		if allocated > 1 {
			t.Errorf("%s: %v allocations", name, allocated)
		}
	}
}
