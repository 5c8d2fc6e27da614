package i18n

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/errs"
	"trueup/internal/sheet"
)

func TestLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]Lang{
		"":                                      English,
		"nl":                                    Dutch,
		"nl-BE":                                 Dutch,
		"fr-CA, en;q=0.5":                       French,
		"de, fr;q=0.4":                          French,
		"de":                                    English,
		"en-GB,nl;q=0.9":                        English,
		"en;q=0.2, nl;q=0.7, fr;q=.1":           Dutch,
		"*":                                     English,
		"xx-!!":                                 English,
		"nl;q=x":                                English,
		strings.Repeat("nl-BE-x-y,", 500) + "-": English,
	} {
		if got := Language(header); got != want {
			t.Errorf("Language(%.40q) = %q, want %q", header, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, want := range Langs {
		if got, ok := Parse(string(want)); got != want || !ok {
			t.Errorf("Parse(%q) = %q, %v", want, got, ok)
		}
	}
	for _, tag := range []string{"", "de", "NL", "nl-BE"} {
		if got, ok := Parse(tag); ok {
			t.Errorf("Parse(%q) = %q, want none", tag, got)
		}
	}
}

func TestTextFillsPlaceholders(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, code string
		lang       Lang
		args       errs.Args
		want       string
	}{
		{"an argument", "number_max", English, errs.Pairs("max", "200"), "This must be 200 or less."},
		{"another language", "number_max", Dutch, errs.Pairs("max", "200"), "Dit mag hoogstens 200 zijn."},
		{"braces in an argument stay", "number_max", English, errs.Pairs("max", "{max}"), "This must be {max} or less."},
		{"an argument that is missing", "number_max", English, nil, "This must be {max} or less."},
		{"a limit", "file_too_large", French, nil, "Le fichier dépasse 4 Mio. Divisez-le en fichiers plus petits."},
		{"a separator is named", "columns", English, errs.Pairs("count", "4", "separator", "\t"), "A line has two columns (both numbers) or three (and a name), separated by tabs. This one has 4."},
		{"an unknown code", "no_such_code", English, nil, "no_such_code"},
		{"an unknown language", NotAvailable, "de", nil, "Not available"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, Text(test.lang, test.code, test.args)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var placeholder = regexp.MustCompile(`\{(\w*)\}`)

func placeholders(s string) []string {
	names := placeholder.FindAllString(s, -1)
	slices.Sort(names)
	return slices.Compact(names)
}

// TestEveryMessage compares the languages of each message with each other.
func TestEveryMessage(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, catalog := range catalogs {
		for code, m := range catalog {
			if seen[code] {
				t.Errorf("%s stands in two catalogs", code)
			}
			seen[code] = true
			for _, lang := range Langs {
				s := m.in(lang)
				if s == "" || s != strings.TrimSpace(s) {
					t.Errorf("%s in %s: %q", code, lang, s)
				}
				if diff := cmp.Diff(placeholders(m.en), placeholders(s)); diff != "" {
					t.Errorf("%s in %s has other placeholders than in English (-en +%s)\n%s", code, lang, lang, diff)
				}
			}
			if len(strings.Fields(m.en)) > 2 && (m.en == m.nl || m.en == m.fr || m.nl == m.fr) {
				t.Errorf("%s is not translated", code)
			}
		}
	}
}

// TestEveryRule demands a message for every code a check can report, which
// quotes nothing the rule does not give. Messages about a whole file also serve
// as the reason of an import, which is kept without arguments.
func TestEveryRule(t *testing.T) {
	t.Parallel()
	for _, rule := range agreement.Rules {
		m, ok := find(rule.Code)
		if !ok {
			t.Errorf("no message for the rule %s: %s", rule.Code, rule.Summary)
			continue
		}
		known := slices.Collect(maps.Keys(limits))
		if rule.Field != "file" && rule.Field != "header" {
			known = append(known, rule.Args...)
		}
		for _, name := range placeholder.FindAllStringSubmatch(m.en, -1) {
			if !slices.Contains(known, name[1]) {
				t.Errorf("%s quotes {%s}, which the rule does not give", rule.Code, name[1])
			}
		}
	}
}

// TestAnnotationCanBeUploadedAgain demands that an annotated copy's header is
// read as what it is.
func TestAnnotationCanBeUploadedAgain(t *testing.T) {
	t.Parallel()
	for _, lang := range Langs {
		a := Annotation(lang)
		for column, name := range map[sheet.Column]string{
			pairfile.ColumnAuthorization: a.Authorization,
			pairfile.ColumnLicense:       a.License,
			pairfile.ColumnName:          a.Name,
			pairfile.ColumnMessages:      a.Messages,
		} {
			if got, ok := pairfile.KnownHeader(name); got != column || !ok {
				t.Errorf("%s: the header %q reads as %q, %v; want %q", lang, name, got, ok, column)
			}
		}
		finding := sheet.Finding{Code: "pair_taken", Args: errs.Pairs("agreement", "Servers")}
		if got, want := a.Message(finding), Text(lang, "pair_taken", finding.Args); got != want || !strings.Contains(got, "Servers") {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("number_max", "max", "5")
	f.Add("columns", "separator", ";")
	f.Add("", "", "{}")
	f.Fuzz(func(t *testing.T, code, name, value string) {
		for _, lang := range Langs {
			if got := Text(lang, code, errs.Args{name: value}); got == "" && code != "" {
				t.Errorf("%q in %s is empty", code, lang)
			}
		}
	})
}

func BenchmarkLanguage(b *testing.B) {
	for b.Loop() {
		Language("nl-BE,nl;q=0.9,en;q=0.8")
	}
}
