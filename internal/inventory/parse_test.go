package inventory_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventory"
	"trueup/internal/position"
)

// TestR6_3_ParseRule: what can be read in a different way is normalised, and everything else that is wrong
// is told at once.
func TestR6_3_ParseRule(t *testing.T) {
	t.Parallel()
	draw := position.Product{Publisher: "Contoso", Family: "Draw"}
	for name, test := range map[string]struct {
		rule inventory.Rule
		want []string
	}{
		"spaces":          {inventory.Rule{Kind: inventory.Product, Name: " draw\u00a0*  ", Product: position.Product{Publisher: "\u2003Contoso", Family: "Draw \u00a0 Board"}}, nil},
		"joiners":         {inventory.Rule{Kind: inventory.Ignored, Name: "می\u200cخواهم"}, nil},
		"a free program":  {inventory.Rule{Kind: inventory.Product, Name: "foo", Product: position.Product{Publisher: "Adobe", Family: "Acrobat Reader"}}, []string{"product choice_product"}},
		"undecidable":     {inventory.Rule{Kind: inventory.Product, Name: "foo", Product: position.Product{Publisher: "Adobe", Family: "Acrobat"}}, []string{"product choice_product"}},
		"a part of free":  {inventory.Rule{Kind: inventory.Component, Name: "foo", Product: position.Product{Publisher: "Adobe", Family: "Acrobat Reader"}}, nil},
		"a free product":  {inventory.Rule{Kind: inventory.Free, Name: "foo", Product: draw}, []string{"product rule_product_unused"}},
		"a driver":        {inventory.Rule{Kind: inventory.Driver, Name: "foo", Product: position.Product{Version: "7"}}, []string{"product rule_product_unused"}},
		"an alias":        {inventory.Rule{Kind: inventory.Alias, Name: "foo", Title: inventory.Title{Name: "bar"}, Product: draw}, []string{"product rule_product_unused"}},
		"no alias":        {inventory.Rule{Kind: inventory.Update, Name: "foo", Title: inventory.Title{Name: "bar"}}, []string{"title rule_title_unused"}},
		"an unknown kind": {inventory.Rule{Kind: "x", Name: "foo", Product: draw, Title: inventory.Title{Name: "bar"}}, []string{"kind rule_kind"}},
		"only joiners":    {inventory.Rule{Kind: inventory.Ignored, Name: "\u200d*\u200c"}, []string{"name rule_name"}},
		"a placeholder":   {inventory.Rule{Kind: inventory.Product, Name: "foo {number}", Product: position.Product{Publisher: "Contoso", Family: "Draw", Version: "{number}.{mayor}"}}, []string{"product/version rule_pattern"}},
		"never a number":  {inventory.Rule{Kind: inventory.Product, Name: `foo \{number\} {year}`, Product: position.Product{Publisher: "Contoso", Family: "Draw", Version: "{number} {major} {year}"}}, []string{"product/version rule_placeholder"}},
		"two versions":    {inventory.Rule{Kind: inventory.Product, Name: "foo", Product: position.Product{Publisher: "Microsoft", Family: "Visio Standard 2016", Version: "2019"}}, []string{"product/version product_version"}},
		"a version twice": {inventory.Rule{Kind: inventory.Product, Name: "foo", Product: position.Product{Publisher: "Microsoft", Family: "Visio Standard 2019", Version: "2019"}}, nil},
		"invisible": {
			inventory.Rule{Kind: inventory.Alias, Publisher: "a\u202eb", Name: "a\tb", Version: "1\u2060", Title: inventory.Title{Publisher: "\ufeffa", Name: "a\u0007", Version: "a\u2028b"}},
			[]string{
				"publisher text_invisible", "name text_invisible", "version text_invisible", "title/publisher text_invisible", "title/name text_invisible", "title/version text_invisible",
			},
		},
	} {
		_, violations := inventory.ParseRule(test.rule)
		if diff := cmp.Diff(test.want, named(violations)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	got, _ := inventory.ParseRule(inventory.Rule{
		ID: "own", Kind: inventory.Alias, Publisher: " a\u00a0b ", Name: "\ta  b\n", Version: " 1 ", Title: inventory.Title{Publisher: " c ", Name: "d  e", Version: "\u00a02"},
	})
	want := inventory.Rule{ID: "own", Kind: inventory.Alias, Publisher: "a b", Name: "a b", Version: "1", Title: inventory.Title{Publisher: "c", Name: "d e", Version: "2"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseRuleID(t *testing.T) {
	t.Parallel()
	for id, ok := range map[string]bool{
		"own-7k2m9x4w0q": true, "a": true, "A.b_c-1": true, strings.Repeat("x", 64): true,
		"": false, "a b": false, "decision/adobe": false, "é": false, "a\u200bb": false, strings.Repeat("x", 65): false,
	} {
		if got := inventory.ParseRuleID(id) == nil; got != ok {
			t.Errorf("%q: %v", id, got)
		}
	}
}

// TestR6_5_Warnings names at most ten titles, ten rules that never apply, ten that no title follows, and ten names
// with alternatives.
func TestR6_5_Warnings(t *testing.T) {
	t.Parallel()
	admin := []inventory.Rule{{ID: "first", Kind: inventory.Ignored, Publisher: "microsoft*", Name: "microsoft *"}}
	ids := []string{"first"}
	tally := &inventory.Tally{}
	for i := range 12 {
		id := "after-" + strconv.Itoa(i)
		ids = append(ids, id)
		admin = append(admin, inventory.Rule{ID: id, Kind: inventory.Free, Publisher: "microsoft", Name: "microsoft foo [a|b] " + id})
		tally.Titles = append(tally.Titles, inventory.Count{
			Title: inventory.Title{Publisher: "Microsoft", Name: "Microsoft Visio Professional 20" + strconv.Itoa(10+i)}, Devices: 1,
		})
	}
	for i := range 11 {
		id := "unused-" + strconv.Itoa(i)
		ids, admin = append(ids, id), append(admin, inventory.Rule{ID: id, Kind: inventory.Free, Name: id})
	}
	admin = append(admin, inventory.Rule{ID: "other", Kind: inventory.Free, Name: "microsoft foo"}) // of any publisher
	rules, err := inventory.NewRules(admin, nil)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, w := range rules.Warnings(append(ids, "other"), []inventory.Counted{{Tally: tally}}) {
		counts[w.Code]++
		if w.Code == "rule_never_applies" && (w.Args["first"] != "first" || w.Args["rule"] != w.Rule || w.Rule == "other") {
			t.Errorf("%+v", w)
		}
		if w.Code == "rule_takes_more" && w.Args["count"] != "2" {
			t.Errorf("%+v", w)
		}
	}
	if diff := cmp.Diff(map[string]int{"rule_alternatives": 10, "rule_never_applies": 10, "rule_matches_nothing": 10, "rule_takes_title": 10, "rule_takes_more": 1}, counts); diff != "" {
		t.Error(diff)
	}
	if w := rules.Warnings([]string{"other"}, nil); w != nil {
		t.Errorf("%+v", w)
	}
	copied, err := inventory.NewRules([]inventory.Rule{{ID: "copied", Kind: inventory.Free, Name: "[microsoft |]foo*"}, {ID: "text", Kind: inventory.Free, Name: "foo [x] | y"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]inventory.Warning{{Rule: "copied", Code: "rule_alternatives"}}, copied.Warnings([]string{"copied", "text"}, nil)); diff != "" {
		t.Error(diff)
	}
}
