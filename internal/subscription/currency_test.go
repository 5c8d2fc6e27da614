package subscription

import (
	"testing"

	"golang.org/x/text/currency"
)

// Every currency in use that the library knows is known. Its tables are of 2018, so some newer ones are
// checked by name.
func TestCurrencies(t *testing.T) {
	t.Parallel()
	known := 0
	for all := currency.Query(); all.Next(); known++ {
		if code := all.Unit().String(); !isCurrency(code) {
			t.Errorf("%s is not known", code)
		}
	}
	if known < 150 {
		t.Errorf("the library knows %d currencies", known)
	}
	for code, want := range map[string]bool{"VES": true, "SLE": true, "EUR": true, "": false, "EU": false, "eur": false, "XTS": false, "UR ": false, "UR G": false, "RGB": false, "ED ": false} {
		if isCurrency(code) != want {
			t.Errorf("%q: %t", code, !want)
		}
	}
}
