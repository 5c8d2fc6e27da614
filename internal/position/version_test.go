package position

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
)

func TestContinues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		license, installed string
		want               bool
	}{
		{"2.05", "2.05.1234", true},
		{"2", "2.05", true},
		{"2", "2.0.1", true},
		{"2", "20.1", false},
		{"2.05", "2.051", false},
		{"2.5", "2.05.1", false},
		{"2.05.1234", "2.05", false},
		{"2", "2", false},
		{"", "2", true},
		{"", "2012 R2", true},
		{"", "", false},
		{"2012", "2012 R2", false},
		{"2012", "2012 SP1", true},
		{"2012", "2012R2", false},
		{"2012 R2", "2012 R2 SP1", true},
		{"CC", "CC 2019", true},
		{"LTSC 2024", "2024.1", true},
		{"v2", "2.1", true},
	} {
		if got := parseVersion(test.installed).continues(parseVersion(test.license)); got != test.want {
			t.Errorf("%q continues %q: %v, want %v", test.installed, test.license, got, test.want)
		}
	}
}

func TestNewer(t *testing.T) {
	t.Parallel()
	for _, chain := range [][]string{
		{"2010", "2013", "2016", "2019", "2021", "LTSC 2024"},
		{"2008", "2008 SP1", "2008 SP2", "2008.1", "2008 R2", "2008 R2 SP1", "2012", "2012R2", "2016"},
		{"2", "2.0", "2.1", "2.2", "2.10", "2.10.1", "10", "11.0.23"},
		{"9.0.2019", "9.0.14332"},
		{"CC", "CC 2019", "CC 2020"},
		{"LTSC 2019", "ltsc 2021"},
		{"18446744073709551615", "18446744073709551616"},
		{"R1", "R2"},
	} {
		for i, a := range chain {
			for j, b := range chain {
				if got, want := Newer(a, b), i > j; got != want {
					t.Errorf("%q is newer than %q: %v, want %v", a, b, got, want)
				}
			}
		}
	}
	for _, pair := range [][2]string{
		{"2019", "16.0"},
		{"2.05", "2.5"},
		{"CC", "DC"},
		{"2019", ""},
		{"", ""},
		{"21H2", "22H2"},
		{"2016", "2016 x64"},
		{"2024", "LTSC 2024"},
		{"97", "2000"},
		{"2019", "Vista"},
		{"2012 R2", "2012R2"},
	} {
		if Newer(pair[0], pair[1]) || Newer(pair[1], pair[0]) {
			t.Errorf("%q and %q have an order", pair[0], pair[1])
		}
	}
}

// TestCompareIsAnOrder checks that compare is a total order, and that known is symmetric.
func TestCompareIsAnOrder(t *testing.T) {
	t.Parallel()
	versions := rapid.Custom(func(t *rapid.T) version {
		return parseVersion(rapid.StringMatching(`([a-c]|r[12]|sp[01]|0?[0-3]|20(19|21)|[ .]){0,5}`).Draw(t, "version"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := versions.Draw(t, "a"), versions.Draw(t, "b"), versions.Draw(t, "c")
		ab, known := a.compare(b)
		ba, same := b.compare(a)
		if ab != -ba || known != same {
			t.Fatalf("%v, %v: %d %v, the other way %d %v", a, b, ab, known, ba, same)
		}
		if (ab == 0) != (a.key() == b.key()) {
			t.Fatalf("%v, %v: %d", a, b, ab)
		}
		bc, _ := b.compare(c)
		if ac, _ := a.compare(c); ab <= 0 && bc <= 0 && ac > 0 {
			t.Fatalf("%v <= %v <= %v, but not the first to the last", a, b, c)
		}
	})
}

// TestCountsWhileItsTermRuns tests the first and last days of a term.
func TestCountsWhileItsTermRuns(t *testing.T) {
	t.Parallel()
	calendar := day.Calendar{Today: "2026-11-21", Soon: "2027-02-19"}
	for _, test := range []struct {
		name  string
		terms agreement.Terms
		want  bool
	}{
		{"no term", agreement.Terms{}, true},
		{"the first day", agreement.Terms{Start: "2026-11-21"}, true},
		{"the day before", agreement.Terms{Start: "2026-11-22"}, false},
		{"the last day", agreement.Terms{End: "2026-11-21"}, true},
		{"the day after", agreement.Terms{End: "2026-11-20"}, false},
	} {
		test.terms.Publisher, test.terms.ProductTitle, test.terms.Licenses = "Adobe", "Adobe Acrobat Pro 2020", 5
		line, got := Bought(empty, agreement.Agreement{ID: "a1", Type: agreement.TypeOther, Name: "Acrobat", Terms: test.terms}, calendar)
		if got != test.want {
			t.Errorf("%s: an agreement counts %v", test.name, got)
		}
		want := Line{
			Product: Product{Publisher: "Adobe", Family: "Acrobat Pro", Version: "2020"}, Quantity: 5,
			Source: Source{Kind: KindAgreement, ID: "a1", Text: "Acrobat"}, Agreement: "a1",
		}
		if diff := cmp.Diff(want, line); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		e := entitlement.Entitlement{Family: "Visio Standard", Version: "2021", Effective: 3, ActiveSA: 4, Start: test.terms.Start, End: test.terms.End}
		line, got = Entitled(empty, e, Source{KindPair, "P+P", "P + P"}, "a2", calendar)
		if got != test.want {
			t.Errorf("%s: an entitlement counts %v", test.name, got)
		}
		want = Line{
			Product: Product{Publisher: "Microsoft", Family: "Visio Standard", Version: "2021"}, Quantity: 3, SA: 3,
			Source: Source{KindPair, "P+P", "P + P"}, Agreement: "a2",
		}
		if diff := cmp.Diff(want, line); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	ended := entitlement.Entitlement{Family: "Visio Standard", Version: "2021", Effective: 3, ActiveSA: 2, SAEnd: "2026-11-20"}
	if line, counts := Entitled(empty, ended, Source{}, "", calendar); line.ActiveSA() != 0 || line.SA != 2 || line.SAEnded != "2026-11-20" || !counts {
		t.Errorf("after the end of Software Assurance: %+v, and the licenses count %v", line, counts)
	}
	if _, counts := Bought(empty, agreement.Agreement{Type: agreement.TypeVolume}, calendar); counts {
		t.Error("a volume agreement counts by its product title (R2.5)")
	}
}
