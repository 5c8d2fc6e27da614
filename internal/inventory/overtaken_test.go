package inventory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventory"
	"trueup/internal/position"
)

func TestR6_5_TitlesThatARuleTakesOver(t *testing.T) {
	t.Parallel()
	title := func(name string, devices int) inventory.Count {
		return inventory.Count{Title: inventory.Title{Publisher: "Microsoft Corporation", Name: name}, Devices: devices}
	}
	version := func(name, version string, devices int) inventory.Count {
		return inventory.Count{Title: inventory.Title{Publisher: "Microsoft Corporation", Name: name, Version: version}, Devices: devices}
	}
	tallies := []inventory.Counted{
		{Tally: &inventory.Tally{Titles: []inventory.Count{
			title("Microsoft Visio Professional 2019", 3), title("Microsoft SQL Server 2019 (64-bit)", 9), title("Unheard Of", 50),
		}}},
		{Tally: &inventory.Tally{Titles: []inventory.Count{title("microsoft visio professional 2019", 1), version("microsoft visio professional 2019", "16.2", 3)}}},
	}
	for name, test := range map[string]struct {
		rule  inventory.Rule
		other *inventory.Rule // before it
		want  map[string]int  // names to PCs
	}{
		"a product and an undecidable title": {
			rule: inventory.Rule{Kind: inventory.Ignored, Name: "microsoft *"},
			want: map[string]int{"Microsoft SQL Server 2019 (64-bit)": 9, "Microsoft Visio Professional 2019": 7},
		},
		"an unknown title": {rule: inventory.Rule{Kind: inventory.Ignored, Name: "unheard*"}},
		"the same product": {rule: inventory.Rule{
			Kind: inventory.Product, Name: "microsoft visio professional {year}",
			Product: position.Product{Publisher: "Microsoft", Family: "Visio", Edition: "Professional", Version: "{year}"},
		}},
		"another product": {
			rule: inventory.Rule{Kind: inventory.Product, Name: "microsoft visio*", Product: position.Product{Publisher: "Contoso", Family: "Draw"}},
			want: map[string]int{"Microsoft Visio Professional 2019": 7},
		},
		"an alias": {
			rule: inventory.Rule{Kind: inventory.Alias, Name: "microsoft visio*", Title: inventory.Title{Name: "Unheard Of"}},
			want: map[string]int{"Microsoft Visio Professional 2019": 7},
		},
		"after another rule": {
			rule:  inventory.Rule{Kind: inventory.Ignored, Name: "microsoft visio*"},
			other: &inventory.Rule{ID: "first", Kind: inventory.Free, Name: "*visio*"},
		},
		"of another publisher": {rule: inventory.Rule{Kind: inventory.Ignored, Publisher: "contoso", Name: "microsoft *"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.rule.ID = "new"
			admin := []inventory.Rule{test.rule}
			if test.other != nil {
				admin = []inventory.Rule{*test.other, test.rule}
			}
			rules, err := inventory.NewRules(admin, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]int
			for _, o := range rules.Overtaken([]string{"new"}, tallies) { // each title once
				if got[o.Name] > 0 {
					t.Errorf("%s again", o.Name)
				}
				if got == nil {
					got = map[string]int{}
				}
				if o.Rule != "new" || o.Product.Publisher != "Microsoft" {
					t.Errorf("%+v", o)
				}
				got[o.Name] = o.Devices
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestR6_5_LiteralBraces: a backslash makes a brace, a star or a backslash of a rule literal.
func TestR6_5_LiteralBraces(t *testing.T) {
	t.Parallel()
	for pattern, names := range map[string]struct{ takes, leaves string }{
		`\{9014*\}.kb{number}`: {"{90140000-0011}.KB255", "90140000-0011.KB255"},
		`foo \*`:               {"Foo *", "Foo bar"},
		`foo\\bar`:             {`Foo\bar`, "Foo bar"},
		`foo \{number\}`:       {"foo {number}", "foo 7"},
	} {
		r := inventory.Rule{ID: "own", Kind: inventory.Ignored, Name: pattern}
		rules, err := inventory.NewRules([]inventory.Rule{r}, nil)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if d := rules.Recognize(inventory.Title{Name: names.takes}); d.Rule != "own" {
			t.Errorf("%s leaves %q", pattern, names.takes)
		}
		if d := rules.Recognize(inventory.Title{Name: names.leaves}); d.Rule == "own" {
			t.Errorf("%s takes %q", pattern, names.leaves)
		}
	}
	for _, pattern := range []string{"{90140000}", "foo {bar", "foo }", `foo \\{bar`} {
		if _, broken := inventory.ParseRule(inventory.Rule{ID: "own", Kind: inventory.Ignored, Name: pattern}); len(broken) != 1 || broken[0].Code != "rule_pattern" {
			t.Errorf("%s: %v", pattern, broken)
		}
	}
}
