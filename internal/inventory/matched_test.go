package inventory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventory"
	"trueup/internal/position"
)

// detected returns the counts of a file with titles (publisher, name and version) on so many PCs, recognised by rules.
func detected(rules *inventory.Rules, devices map[inventory.Title]int) inventory.Counted {
	t := &inventory.Tally{}
	for title, n := range devices {
		t.Titles = append(t.Titles, inventory.Count{Title: title, Devices: n, Decision: rules.Recognize(title)})
	}
	return inventory.Counted{Tally: t}
}

func TestR6_5_WhatARuleMatches(t *testing.T) {
	t.Parallel()
	tallies := []inventory.Counted{
		detected(inventory.StartingRules(), map[inventory.Title]int{
			{Publisher: "Contoso", Name: "Expense Manager", Version: "4.1"}: 3, {Publisher: "Contoso", Name: "Expense Manager", Version: "5.0"}: 4,
			{Publisher: "Fabrikam", Name: "Ledger"}: 9, {Name: "Ledger"}: 2, {Publisher: "Contoso", Name: "Expenses"}: 1,
		}),
		detected(inventory.StartingRules(), map[inventory.Title]int{{Publisher: "Contoso", Name: "expense  manager", Version: "4.1"}: 5}),
	}
	counted := inventory.Rule{Kind: inventory.Product, Product: position.Product{Publisher: "Contoso", Family: "Expense Manager"}}
	rule := func(publisher, name, version string) inventory.Rule {
		r := counted
		r.ID, r.Publisher, r.Name, r.Version = "new", publisher, name, version
		return r
	}
	type warning struct{ Code, Title, Publisher, Version string }
	for name, test := range map[string]struct {
		rule    inventory.Rule
		before  []inventory.Rule
		tallies []inventory.Counted
		want    inventory.Matched
		warning *warning
	}{
		"all versions in all sources":   {rule: rule("contoso", "expense manager*", ""), want: inventory.Matched{Titles: 3, Devices: 12}},
		"one version":                   {rule: rule("", "expense manager*", "5.*"), want: inventory.Matched{Titles: 1, Devices: 4}},
		"a title without its publisher": {rule: rule("contoso", "ledger", ""), want: inventory.Matched{Titles: 1, Devices: 2}},
		"nothing":                       {rule: rule("contoso", "expanse manager*", ""), warning: &warning{Code: "rule_matches_nothing"}},
		"another publisher": {
			rule: rule("contso", "expense manager*", ""), warning: &warning{Code: "rule_matches_no_publisher", Title: "expense  manager", Publisher: "Contoso"},
		},
		"another version": {
			rule: rule("contoso", "expense manager*", "6.*"), warning: &warning{Code: "rule_matches_no_version", Title: "expense  manager", Version: "4.1"},
		},
		"no version": {
			rule: rule("fabrikam", "ledger", "6.*"), warning: &warning{Code: "rule_matches_no_version", Title: "Ledger", Version: "-"},
		},
		"what an earlier rule leaves": {
			rule: rule("", "expense*", ""), before: []inventory.Rule{{ID: "first", Kind: inventory.Free, Name: "expense manager*"}},
			want: inventory.Matched{Titles: 1, Devices: 1},
		},
		"an earlier rule decides all": {
			rule: rule("", "expense manag*", ""), before: []inventory.Rule{{ID: "first", Kind: inventory.Free, Name: "*manager*"}},
			warning: &warning{Code: "rule_matches_nothing"},
		},
		"never applies": {
			rule: rule("", "expense manager*", ""), before: []inventory.Rule{{ID: "first", Kind: inventory.Free, Name: "expense*"}},
			warning: &warning{Code: "rule_never_applies"},
		},
		"a name that an alias gives": {
			rule:   rule("", "expense manager classic", ""),
			before: []inventory.Rule{{ID: "first", Kind: inventory.Alias, Name: "expenses", Title: inventory.Title{Name: "Expense Manager Classic"}}},
			want:   inventory.Matched{Titles: 1, Devices: 1},
		},
		"an alias after an alias": {
			rule:   inventory.Rule{ID: "new", Kind: inventory.Alias, Name: "expenses 2", Title: inventory.Title{Name: "Expense Manager Classic"}},
			before: []inventory.Rule{{ID: "first", Kind: inventory.Alias, Name: "expenses", Title: inventory.Title{Name: "Expenses 2"}}},
			want:   inventory.Matched{Titles: 1, Devices: 1},
		},
		"no files": {rule: rule("", "anything", ""), tallies: []inventory.Counted{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules, err := inventory.NewRules(append(test.before, test.rule), nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.tallies == nil {
				test.tallies = tallies
			}
			if diff := cmp.Diff(test.want, rules.Matched([]string{"new"}, test.tallies)["new"]); diff != "" {
				t.Error(diff)
			}
			var got *warning
			for _, w := range rules.Warnings([]string{"new"}, test.tallies) {
				if got != nil || w.Rule != "new" || w.Args["rule"] != "new" {
					t.Errorf("%+v", w)
				}
				got = &warning{w.Code, w.Args["title"], w.Args["publisher"], w.Args["version"]}
			}
			if diff := cmp.Diff(test.warning, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestR6_5_WhatADecisionMatches(t *testing.T) {
	t.Parallel()
	const acrobat = "adobe-acrobat-undecidable"
	row, err := inventory.UndecidableRow(acrobat)
	if err != nil {
		t.Fatal(err)
	}
	title := func(version string) inventory.Title {
		return inventory.Title{Publisher: "Adobe", Name: "Adobe Acrobat (64-bit)", Version: version}
	}
	files := map[inventory.Title]int{title("22.001.20117"): 3, title("23.003.20201"): 4, title("23.006.20360"): 5, {Name: "Ledger"}: 9}
	pro := position.Product{Publisher: "Adobe", Family: "Acrobat", Edition: "Pro"}
	for name, test := range map[string]struct {
		choices  []inventory.Choice
		files    map[inventory.Title]int
		want     []inventory.Matched
		warnings []inventory.Warning
	}{
		"each choice": {
			choices: []inventory.Choice{{Versions: "23.*", Kind: inventory.Product, Product: pro}, {Kind: inventory.Free}},
			want:    []inventory.Matched{{Titles: 2, Devices: 9}, {Titles: 1, Devices: 3}},
		},
		"a last choice for later": {
			choices: []inventory.Choice{{Versions: "2*", Kind: inventory.Free}, {Kind: inventory.Product, Product: pro}},
			want:    []inventory.Matched{{Titles: 3, Devices: 12}, {}},
		},
		"versions that nobody has": {
			choices:  []inventory.Choice{{Versions: "99.*", Kind: inventory.Free}},
			want:     []inventory.Matched{{}},
			warnings: []inventory.Warning{{Code: "choice_matches_nothing", Args: map[string]string{"choice": "1"}}},
		},
		"no candidate": {
			choices:  []inventory.Choice{{Versions: "22.*", Kind: inventory.Free}, {Kind: inventory.Product, Product: position.Product{Publisher: "Adobe", Family: "Photoshop"}}},
			want:     []inventory.Matched{{Titles: 1, Devices: 3}, {Titles: 2, Devices: 9}},
			warnings: []inventory.Warning{{Code: "choice_no_candidate", Args: map[string]string{"choice": "2", "product": "Adobe Photoshop"}}},
		},
		"a candidate as on paper, in a version": {
			choices: []inventory.Choice{{Kind: inventory.Product, Product: position.Product{Publisher: "Adobe Systems Incorporated", Family: "Acrobat Professional", Version: "2020"}}},
			want:    []inventory.Matched{{Titles: 3, Devices: 12}},
		},
		"titles that nobody has": {
			choices:  []inventory.Choice{{Kind: inventory.Free}},
			files:    map[inventory.Title]int{{Name: "Ledger"}: 9},
			want:     []inventory.Matched{{}},
			warnings: []inventory.Warning{{Code: "decision_matches_nothing"}},
		},
		"no files": {choices: []inventory.Choice{{Kind: inventory.Free}}, files: map[inventory.Title]int{}, want: []inventory.Matched{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules, err := inventory.NewRules(nil, []inventory.Choices{{ID: acrobat, All: test.choices}})
			if err != nil {
				t.Fatal(err)
			}
			if test.files == nil {
				test.files = files
			}
			for counting, by := range map[string]*inventory.Rules{"before": inventory.StartingRules(), "after": rules} { // the recount
				tallies := []inventory.Counted{detected(by, test.files)}
				if diff := cmp.Diff(test.want, rules.MatchedChoices(acrobat, tallies)); diff != "" {
					t.Error(counting, diff)
				}
				if diff := cmp.Diff(test.warnings, rules.ChoiceWarnings(row, tallies)); diff != "" {
					t.Error(counting, diff)
				}
			}
		})
	}
}
