package entitlement_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
)

func of(family, version string, effective, activeSA int) entitlement.Entitlement {
	return entitlement.Entitlement{Publisher: "Microsoft", Family: family, Version: version, Effective: effective, ActiveSA: activeSA}
}

func line(id, family string, effective int) entitlement.Line {
	return entitlement.Line{LicenseID: id, Entitlement: of(family, "2021", effective, 0)}
}

func summary(date day.Date, name string, lines ...entitlement.Line) entitlement.Statement {
	return entitlement.Statement{Kind: entitlement.KindLicenseSummary, Date: date, Name: name, Lines: lines}
}

var (
	enrollmentA = agreement.Pair{Authorization: "01E73529", License: "8123456"}
	enrollmentB = agreement.Pair{Authorization: "01E73529", License: "8123457"}
	openValue   = agreement.Pair{Authorization: "01-07001", License: "01-07001"}
)

func TestR7_4_Attribute(t *testing.T) {
	t.Parallel()
	pairs := []agreement.Pair{enrollmentB, enrollmentA, openValue}
	type byPair = map[agreement.PairKey][]entitlement.Entitlement
	general := func(date day.Date, name, publisher, family string, effective int) entitlement.Statement {
		e := of(family, "2021", effective, 0)
		e.Publisher = publisher
		return entitlement.Statement{Kind: entitlement.KindGeneralStatement, Date: date, Name: name, Lines: []entitlement.Line{{Entitlement: e}}}
	}
	adobe := func(effective int) entitlement.Entitlement {
		e := of("Acrobat", "2021", effective, 0)
		e.Publisher = "Adobe"
		return e
	}
	whole := func(date day.Date, family string, effective int) entitlement.Statement {
		return entitlement.Statement{Kind: entitlement.KindLicenseStatement, Date: date, Lines: []entitlement.Line{line("", family, effective)}}
	}
	for name, test := range map[string]struct {
		statements []entitlement.Statement
		want       entitlement.Attribution
	}{
		"the license number, however it is written": {
			[]entitlement.Statement{summary("2026-11-01", "a", line("812-3456", "Office", 5), line("0107001", "Visio", 2), line("8123456", "Project", 1))},
			entitlement.Attribution{ByPair: byPair{
				enrollmentA.Key(): {of("Office", "2021", 5, 0), of("Project", "2021", 1, 0)}, openValue.Key(): {of("Visio", "2021", 2, 0)},
			}},
		},
		"the authorization number of two pairs counts once": {
			[]entitlement.Statement{summary("2026-11-01", "a", line("01e73529", "Office", 5))},
			entitlement.Attribution{ByPair: byPair{enrollmentA.Key(): {of("Office", "2021", 5, 0)}, enrollmentB.Key(): nil}},
		},
		"no pair's number": {
			[]entitlement.Statement{summary("2026-11-01", "a", line("999", "Office", 5), line("--", "Visio", 5), line("a/b", "Visio", 5))},
			entitlement.Attribution{Unmatched: []entitlement.Line{line("999", "Office", 5), line("--", "Visio", 5), line("a/b", "Visio", 5)}},
		},
		"the newest says everything of a number, and nothing of others": {
			[]entitlement.Statement{
				summary("2026-10-01", "b", line("8123456", "Office", 5), line("8123456", "Visio", 5), line("8123457", "Project", 3)),
				summary("2026-11-01", "a", line("8123456", "Office", 7)),
			},
			entitlement.Attribution{ByPair: byPair{enrollmentA.Key(): {of("Office", "2021", 7, 0)}, enrollmentB.Key(): {of("Project", "2021", 3, 0)}}},
		},
		"of the same day, the greater name": {
			[]entitlement.Statement{summary("2026-11-01", "b", line("8123456", "Office", 7)), summary("2026-11-01", "a", line("8123456", "Office", 5))},
			entitlement.Attribution{ByPair: byPair{enrollmentA.Key(): {of("Office", "2021", 7, 0)}}},
		},
		"publishers apart, the newest of each": {
			[]entitlement.Statement{
				general("2026-10-01", "adobe", "Adobe", "Acrobat", 9), general("2026-11-01", "adobe2", "ADOBE", "Acrobat", 4), general("2026-09-01", "ms", "Microsoft", "Office", 3),
			},
			entitlement.Attribution{General: []entitlement.Entitlement{func() entitlement.Entitlement { e := adobe(4); e.Publisher = "ADOBE"; return e }(), of("Office", "2021", 3, 0)}},
		},
		"volume licensing and other purchases are apart": {
			[]entitlement.Statement{whole("2026-10-01", "Office", 2), general("2026-11-01", "g", "Microsoft", "Office", 5)},
			entitlement.Attribution{Whole: []entitlement.Entitlement{of("Office", "2021", 2, 0)}, General: []entitlement.Entitlement{of("Office", "2021", 5, 0)}},
		},
		"two statements of the same kind count once": {
			[]entitlement.Statement{whole("2026-10-01", "Office", 9), whole("2026-11-01", "Office", 2), general("2026-10-01", "f", "Microsoft", "Office", 7), general("2026-11-01", "g", "Microsoft", "Office", 5)},
			entitlement.Attribution{Whole: []entitlement.Entitlement{of("Office", "2021", 2, 0)}, General: []entitlement.Entitlement{of("Office", "2021", 5, 0)}},
		},
		"none": {nil, entitlement.Attribution{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 3 {
				rand.Shuffle(len(test.statements), func(i, j int) { test.statements[i], test.statements[j] = test.statements[j], test.statements[i] })
				got := entitlement.Attribute(test.statements, pairs)
				if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				for key := range test.want.ByPair {
					if _, mentioned := got.ByPair[key]; !mentioned {
						t.Errorf("%s is not mentioned", key)
					}
				}
			}
		})
	}
}

// R7.1: when only added pairs are asked about, no line moves from a pair that keeps its entitlements.
func TestR7_4_AddedPairsTakeNothing(t *testing.T) {
	t.Parallel()
	line := func(id string, n int) entitlement.Line {
		return entitlement.Line{LicenseID: id, Entitlement: of("Office", "2021", n, 0)}
	}
	statements := []entitlement.Statement{summary("2026-11-01", "a", line("7000001", 10), line("7000002", 20), line("7000003", 30))}
	pair := func(authorization, license string) agreement.Pair {
		return agreement.Pair{Authorization: authorization, License: license}
	}
	old := []agreement.Pair{pair("B1", "7000001"), pair("7000002", "9000000")} // the second one by its authorization number
	first, byLicense, alone, twin := pair("A1", "7000001"), pair("A2", "7000002"), pair("A3", "7000003"), pair("A4", "7000003")
	all := append(old, first, byLicense, alone, twin)
	added := map[agreement.PairKey]bool{first.Key(): true, byLicense.Key(): true, alone.Key(): true, twin.Key(): true}
	got := entitlement.AttributeAdded(statements, all, added)
	want := map[agreement.PairKey][]entitlement.Entitlement{
		old[0].Key(): {of("Office", "2021", 10, 0)}, first.Key(): nil,
		old[1].Key(): {of("Office", "2021", 20, 0)}, byLicense.Key(): nil,
		alone.Key(): {of("Office", "2021", 30, 0)}, twin.Key(): nil,
	}
	if diff := cmp.Diff(want, got.ByPair); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(entitlement.Attribute(statements, all), entitlement.AttributeAdded(statements, all, map[agreement.PairKey]bool{})); diff != "" {
		t.Errorf("with none added (-want +got):\n%s", diff)
	}
}

func TestR7_4_Remainder(t *testing.T) {
	t.Parallel()
	whole := []entitlement.Entitlement{of("Office", "2021", 500, 420), of("Visio", "2021", 35, 0), of("Office", "2019", 10, 0)}
	pairs := []entitlement.Entitlement{of("OFFICE", "2021", 300, 420), of("office", " 2021", 50, 0), of("Visio", "2021", 40, 5)}
	want := []entitlement.Entitlement{of("Office", "2021", 150, 0), of("Office", "2019", 10, 0)}
	if diff := cmp.Diff(want, entitlement.Remainder(whole, pairs)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNothingCountsTwice checks the totals of Remainder for each product, and that Attribute
// assigns each line once, for random statements and pairs.
func TestNothingCountsTwice(t *testing.T) {
	t.Parallel()
	entitlements := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entitlement.Entitlement {
		return of(rapid.SampledFrom([]string{"Office", "office", "Visio"}).Draw(t, "family"), rapid.SampledFrom([]string{"", "2021"}).Draw(t, "version"),
			rapid.IntRange(0, 9).Draw(t, "effective"), rapid.IntRange(0, 9).Draw(t, "sa"))
	}), 0, 8)
	totals := func(list []entitlement.Entitlement) map[entitlement.Product][2]int {
		totals := map[entitlement.Product][2]int{}
		for _, e := range list {
			q := totals[e.Product()]
			totals[e.Product()] = [2]int{q[0] + e.Effective, q[1] + e.ActiveSA}
		}
		return totals
	}
	rapid.Check(t, func(t *rapid.T) {
		whole, pairs := entitlements.Draw(t, "whole"), entitlements.Draw(t, "pairs")
		w, p, both := totals(whole), totals(pairs), totals(slices.Concat(pairs, entitlement.Remainder(whole, pairs)))
		for product := range totals(slices.Concat(whole, pairs)) {
			if want := [2]int{max(w[product][0], p[product][0]), max(w[product][1], p[product][1])}; both[product] != want {
				t.Fatalf("%v: %v, want %v", product, both[product], want)
			}
		}
	})
	numbers := rapid.SampledFrom([]string{"1", "2", "3", "4-", "0-4"})
	rapid.Check(t, func(t *rapid.T) {
		pairs := rapid.SliceOf(rapid.Custom(func(t *rapid.T) agreement.Pair {
			return agreement.Pair{Authorization: numbers.Draw(t, "authorization"), License: numbers.Draw(t, "license")}
		})).Draw(t, "pairs")
		lines := rapid.SliceOf(rapid.Custom(func(t *rapid.T) entitlement.Line {
			return line(numbers.Draw(t, "id"), "Office", 1)
		})).Draw(t, "lines")
		got := entitlement.Attribute([]entitlement.Statement{summary("2026-11-01", "a", lines...)}, pairs)
		count := len(got.Unmatched)
		for _, list := range got.ByPair {
			count += len(list)
		}
		if count != len(lines) {
			t.Fatalf("%d lines of %d", count, len(lines))
		}
	})
}

func TestSAOn(t *testing.T) {
	t.Parallel()
	e := of("Office", "2021", 10, 8)
	if got := e.SAOn("2026-11-21"); got != 8 {
		t.Errorf("without an end: %d", got)
	}
	e.SAEnd = "2026-11-20"
	for date, want := range map[day.Date]int{"2026-11-19": 8, "2026-11-20": 8, "2026-11-21": 0} {
		if got := e.SAOn(date); got != want {
			t.Errorf("%s: %d, want %d", date, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	full := entitlement.Statement{
		Kind: entitlement.KindLicenseSummary, Date: "2026-11-14", Name: "entitlements/a.csv",
		Lines: []entitlement.Line{{LicenseID: "812", Entitlement: entitlement.Entitlement{
			Publisher: "Microsoft", Pool: "Servers", Family: "SQL <Server> é", Version: "2022", Type: "L&SA",
			Effective: 5, ActiveSA: 4, Unresolved: 3, Start: "2024-01-01", End: "2027-01-01", SAEnd: "2026-01-01",
		}}, {}},
	}
	data, err := entitlement.Encode(full)
	if err != nil {
		t.Fatal(err)
	}
	got, err := entitlement.Decode(data)
	if diff := cmp.Diff(full, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	good := string(data)
	for name, damaged := range map[string]string{
		"nothing":         "",
		"cut":             good[:len(good)-2],
		"something more":  good + "{}",
		"another version": strings.Replace(good, `"v":1`, `"v":2`, 1),
		"another kind":    strings.Replace(good, "license-summary", "license-poem", 1),
		"negative":        strings.Replace(good, `"q":5`, `"q":-5`, 1),
		"absurd":          strings.Replace(good, `"q":5`, `"q":10000001`, 1),
		"unknown field":   strings.Replace(good, `"q":5`, `"quantity":5`, 1),
	} {
		if damaged == good {
			t.Fatalf("%s: nothing is damaged", name)
		}
		if got, err := entitlement.Decode([]byte(damaged)); !errors.Is(err, entitlement.ErrStored) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"v":1,"kind":"license-summary","date":"2026-11-14","name":"a","lines":[{"i":"1","m":"M","f":"F","q":1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := entitlement.Decode(data)
		if err != nil {
			return
		}
		encoded, err := entitlement.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := entitlement.Decode(encoded); err != nil || !cmp.Equal(s, again) {
			t.Errorf("%v %s", err, cmp.Diff(s, again))
		}
	})
}
