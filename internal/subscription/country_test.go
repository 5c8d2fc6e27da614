package subscription_test

import (
	"testing"

	"trueup/internal/subscription"
)

// TestIsCountry counts the codes: ISO 3166-1 assigns 249, and Kosovo has one besides.
func TestIsCountry(t *testing.T) {
	t.Parallel()
	n := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			if subscription.IsCountry(string([]rune{a, b})) {
				n++
			}
		}
	}
	if want := 250; n != want || subscription.CountriesMax != want {
		t.Errorf("%d countries of %d, want %d", n, subscription.CountriesMax, want)
	}
	for code, want := range map[string]bool{"BE": true, "GB": true, "XK": true, "SS": true, "UK": false, "EU": false, "SU": false, "AN": false, "UN": false, "be": false, "B": false, "BEL": false, "": false, "C ": false} {
		if subscription.IsCountry(code) != want {
			t.Errorf("%q: %v", code, !want)
		}
	}
	if u, violations := subscription.ParseUser(subscription.UserDraft{UPN: "an@example.org", Location: " be "}); len(violations) > 0 || u.Location != "BE" {
		t.Errorf("%+v %v", u, violations)
	}
	if _, violations := subscription.ParseUser(subscription.UserDraft{UPN: "an@example.org", Location: "UK"}); len(violations) != 1 || violations[0].Code != "country_unknown" {
		t.Errorf("%v", violations)
	}
}
