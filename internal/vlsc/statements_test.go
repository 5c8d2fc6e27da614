package vlsc_test

import (
	"context"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/entitlement/statement"
	"trueup/internal/vlsc"
)

// TestR7_4_Statements tests the path from files to answers.
func TestR7_4_Statements(t *testing.T) {
	t.Parallel()
	read := func(file string, date day.Date) entitlement.Statement {
		data, err := os.ReadFile("../../events/statements/" + file)
		if err != nil {
			t.Fatal(err)
		}
		f := statement.ReadFile(data, statement.Options{Name: file, Date: date})
		if f.Rejected > 0 {
			t.Fatalf("%s: %v", file, f.Findings)
		}
		return f.Statement
	}
	pairs := []agreement.Pair{
		{Authorization: "01-07001", License: "01-07001"},
		{Authorization: "01E73529", License: "8123456"},
		{Authorization: "01E73529", License: "8123499"},
		{Authorization: "40000017", License: "7654321"},
	}
	attribution := entitlement.Attribute([]entitlement.Statement{
		read("license-summary.csv", "2026-10-01"), read("license-summary-dutch.csv", "2026-11-01"), read("license-statement.xlsx", ""), read("general-statement.csv", "2026-11-02"),
	}, pairs)
	asked := []agreement.Pair{pairs[2], pairs[1], pairs[0], pairs[3], {Authorization: "0107001", License: "01 07001"}}
	answers, err := vlsc.NewStatements(func(context.Context) (entitlement.Attribution, []agreement.Pair, error) {
		return attribution, pairs, nil
	}).Ask(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	type brief struct {
		State  entitlement.State
		Reason string
		Owned  map[string]int
	}
	got := make([]brief, len(answers))
	for i, a := range answers {
		if a.Pair != asked[i].Key() {
			t.Errorf("answer %d is about %s", i, a.Pair)
		}
		got[i] = brief{State: a.State, Reason: a.Reason}
		for _, e := range a.Entitlements {
			if got[i].Owned == nil {
				got[i].Owned = map[string]int{}
			}
			got[i].Owned[e.Family+" "+e.Version] += e.Effective
		}
	}
	openValue := brief{State: entitlement.StateValid, Owned: map[string]int{"Office Standard 2019": 60}}
	want := []brief{
		{State: entitlement.StateError, Reason: entitlement.ReasonNoStatement},
		{State: entitlement.StateValid, Owned: map[string]int{"Office Professional Plus 2024": 1420, "Visio Professional 2024": 35}}, // only the newer statement counts
		openValue,
		{State: entitlement.StateValid, Owned: map[string]int{"Project Standard 2016": 12}}, // by its authorization number
		openValue,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(attribution.Unmatched) != 1 || attribution.Unmatched[0].LicenseID != "8123457" {
		t.Errorf("unmatched: %+v", attribution.Unmatched)
	}
	// Both statements of the whole organisation list Visio Professional 2021: 35 and 40.
	owned := func(list []entitlement.Entitlement) map[string]int {
		owned := map[string]int{}
		for _, e := range list {
			owned[e.Family+" "+e.Version] += e.Effective
		}
		return owned
	}
	whole, general := owned(attribution.Whole), owned(attribution.General)
	if whole["Visio Professional 2021"] != 35 || general["Visio Professional 2021"] != 40 || whole["Office Professional Plus 2021"] != 500 || general["Acrobat Pro 2020"] != 35 {
		t.Errorf("whole: %v, general: %v", whole, general)
	}
}

// TestR7_4_PairsThatCameLater checks that a pair imported during a refresh gets its entitlements,
// and that the attribution is computed again only for new pairs.
func TestR7_4_PairsThatCameLater(t *testing.T) {
	t.Parallel()
	there := []agreement.Pair{{Authorization: "1", License: "11"}}
	made := 0
	source := vlsc.NewStatements(func(context.Context) (entitlement.Attribution, []agreement.Pair, error) {
		made++
		said := entitlement.Attribution{ByPair: map[agreement.PairKey][]entitlement.Entitlement{}}
		for _, p := range there {
			said.ByPair[p.Key()] = []entitlement.Entitlement{{Family: "Office", Effective: 1}}
		}
		return said, there, nil
	})
	ask := func(want int, pairs ...agreement.Pair) {
		t.Helper()
		answers, err := source.Ask(t.Context(), pairs)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range answers {
			if a.State != entitlement.StateValid {
				t.Errorf("%s is %s", a.Pair, a.State)
			}
		}
		if made != want {
			t.Errorf("attributed %d times, want %d", made, want)
		}
	}
	ask(1, there...)
	ask(1, there...)
	there = append(there, agreement.Pair{Authorization: "2", License: "22"})
	ask(2, there...)
	ask(2, there...)
}
