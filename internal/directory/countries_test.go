package directory

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"trueup/internal/subscription"
	"trueup/internal/testkit/golden"
	"trueup/internal/text"
)

// listCountries returns the list of countries by the names in x/text. A name of several countries is left
// out.
func listCountries() string {
	var codes []string
	names := map[string][]string{}
	owners := map[string][]string{}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			if !subscription.IsCountry(code) {
				continue
			}
			region := language.MustParseRegion(code)
			codes = append(codes, code)
			for _, d := range []*display.Dictionary{display.English, display.Dutch, display.French, display.German, display.Spanish, display.Portuguese, display.EuropeanPortuguese} {
				name := text.Letters(d.Regions().Name(region))
				if name == "" || slices.Contains(names[code], name) {
					continue
				}
				names[code] = append(names[code], name)
				owners[name] = append(owners[name], code)
			}
		}
	}
	var b strings.Builder
	for _, code := range codes {
		own := slices.DeleteFunc(names[code], func(name string) bool { return len(owners[name]) > 1 || len(name) < 3 })
		if len(own) > 0 {
			b.WriteString(code + " " + strings.Join(own, " ") + "\n")
		}
	}
	return b.String()
}

func TestCountriesAreCurrent(t *testing.T) {
	t.Parallel()
	golden.Equal(t, "countries.txt", []byte(listCountries()))
}

func TestCountryNames(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"NL": "NL", "nl": "nl", "Netherlands": "NL", "The Netherlands": "NL", "Nederland": "NL", "Pays-Bas": "NL", "PAYS BAS": "NL", "Niederlande": "NL", "Países Bajos": "NL", "Países Baixos": "NL",
		"Belgium": "BE", "België": "BE", "Belgique": "BE", "Belgien": "BE", "Bélgica": "BE", "United States": "US", "USA": "US", "États-Unis": "US", "Vereinigtes Königreich": "GB", "UK": "GB", "uk": "GB",
		"Côte d’Ivoire": "CI", "Türkiye": "TR", "NLD": "NL", "bel": "BE", "XYZ": "XYZ", "EU": "EU", "Europe": "Europe", "Atlantis": "Atlantis", "": "",
	} {
		if got := countryOf(written); got != want {
			t.Errorf("%q is %q, want %q", written, got, want)
		}
	}
	for name, code := range countryNames {
		if !subscription.IsCountry(code) {
			t.Errorf("%s: %s is no country", name, code)
		}
		if text.Letters(name) != name {
			t.Errorf("%s is not in the form in which names are compared", name)
		}
		if countries()[name] != "" {
			t.Errorf("%s is in countries.txt as well", name)
		}
	}
}
