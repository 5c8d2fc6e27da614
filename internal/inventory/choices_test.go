package inventory_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

const acrobat = "adobe-acrobat-undecidable"

// TestR6_5_Choices decides an undecidable title by its versions.
func TestR6_5_Choices(t *testing.T) {
	t.Parallel()
	pro := position.Product{Publisher: "Adobe", Family: "Acrobat", Edition: "Pro"}
	rules, err := inventory.NewRules(nil, []inventory.Choices{
		{ID: acrobat, All: []inventory.Choice{{Versions: "22.*", Kind: inventory.Free}, {Versions: "23.*", Kind: inventory.Product, Product: pro}}},
		{ID: "microsoft-sql-server-undecidable", All: []inventory.Choice{
			{Versions: "2019", Kind: inventory.Product, Product: position.Product{Publisher: "Microsoft Corporation", Family: "SQL Server", Edition: "Standard"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	dc := pro
	dc.Version = "DC"
	for _, test := range []struct {
		name, version string
		want          inventory.Decision
		says          string
	}{
		{"Adobe Acrobat (64-bit)", "22.1.2", inventory.Decision{Kind: inventory.Free, Rule: "decision/" + acrobat}, "Not counted because an admin decided that it needs no licence (decision/adobe-acrobat-undecidable)."},
		{"Adobe Acrobat (64-bit)", "23.6", inventory.Decision{Kind: inventory.Product, Rule: "decision/" + acrobat, Product: dc}, "Counted as Adobe Acrobat Pro DC because an admin decided so (decision/adobe-acrobat-undecidable)."},
		{"Adobe Acrobat (64-bit)", "24.1", inventory.Decision{Kind: inventory.Undecidable, Rule: acrobat, Product: undecided(t, acrobat, "DC")}, "The name does not tell which product it is. An admin can decide it (adobe-acrobat-undecidable)."},
		{"Adobe Acrobat Reader", "23.6", inventory.Decision{Kind: inventory.Free, Rule: "adobe-acrobat-reader"}, "Not counted because it needs no licence (rule adobe-acrobat-reader)."},
		{
			"Microsoft SQL Server 2019 (64-bit)", "15.0.2000.5",
			inventory.Decision{Kind: inventory.Product, Rule: "decision/microsoft-sql-server-undecidable", Product: position.Product{Publisher: "Microsoft", Family: "SQL Server", Edition: "Standard", Version: "2019"}},
			"Counted as Microsoft SQL Server Standard 2019 because an admin decided so (decision/microsoft-sql-server-undecidable).",
		},
	} {
		got := rules.Recognize(inventory.Title{Name: test.name, Version: test.version})
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", test.name, test.version, diff)
		}
		code, args := got.Sentence()
		if said := i18n.Text(i18n.English, code, args); said != test.says {
			t.Errorf("%s %s: %s", test.name, test.version, said)
		}
	}
	if rules.ID == inventory.StartingRules().ID {
		t.Error("decisions do not change the id of the rules, so nothing is counted again")
	}
}

// undecided returns what an undecidable title counts as.
func undecided(t *testing.T, id, version string) position.Product {
	t.Helper()
	row, err := inventory.UndecidableRow(id)
	if err != nil {
		t.Fatal(err)
	}
	return position.Product{Publisher: row.Publisher, Family: row.Family, Edition: row.Edition, Version: version}
}

// TestR6_5_EveryUndecidableRow checks that each candidate can be chosen, and that titles then count
// as the product for which the candidate's licences are.
func TestR6_5_EveryUndecidableRow(t *testing.T) {
	t.Parallel()
	d := builtin.Load()
	for i := range d.Rows {
		row := &d.Rows[i]
		if row.Kind != product.KindUndecidable {
			continue
		}
		if len(row.Candidates) < 2 {
			t.Errorf("%s has the candidates %q", row.ID, row.Candidates)
		}
		for _, id := range row.Candidates {
			candidate, _ := d.Find(id)
			c := inventory.Choices{ID: row.ID, All: []inventory.Choice{{Kind: inventory.Kind(candidate.Kind)}}}
			if candidate.Kind == product.KindProduct {
				c.All[0].Product = position.Product{Publisher: candidate.Publisher, Family: candidate.Family, Edition: candidate.Edition}
			}
			if _, violations := inventory.ParseChoices(c); violations != nil {
				t.Errorf("%s as %s: %v", row.ID, id, violations)
			}
		}
	}
}

func TestChoicesTellEveryMistake(t *testing.T) {
	t.Parallel()
	_, violations := inventory.ParseChoices(inventory.Choices{ID: acrobat, All: []inventory.Choice{
		{Kind: inventory.Driver, Versions: "1.*"},
		{Kind: inventory.Product, Versions: "2.*"},
		{Kind: inventory.Free, Versions: "{x"},
		{Kind: inventory.Free, Versions: "3\u00ad.*", Product: position.Product{Family: "Foo"}},
		{Kind: inventory.Product, Versions: "4.*", Product: position.Product{Publisher: "Foo\u200b", Family: "\u2066Bar", Edition: "E\x00", Version: "{year}"}},
		{Kind: inventory.Product, Versions: "5.*", Product: position.Product{Publisher: "\u200d", Family: "Bar"}},
		{Kind: inventory.Product, Versions: "6.*", Product: position.Product{Publisher: "Adobe", Family: "Acrobat Reader"}},
		{Kind: inventory.Product, Versions: "7.*", Product: position.Product{Publisher: "Adobe", Family: "Acrobat"}},
		{Kind: inventory.Product, Versions: "8.*", Product: position.Product{Publisher: "Microsoft", Family: "Office", Edition: "Standard 2019", Version: "2021"}},
	}})
	want := []string{
		"choices/0/kind choice_kind", "choices/1/product rule_product", "choices/2/versions rule_pattern",
		"choices/3/versions text_invisible", "choices/3/product rule_product_unused",
		"choices/4/product/publisher text_invisible", "choices/4/product/family text_invisible", "choices/4/product/edition text_invisible",
		"choices/4/product/version rule_pattern", "choices/5/product rule_product", "choices/6/product choice_product", "choices/7/product choice_product",
		"choices/8/product/version product_version",
	}
	if diff := cmp.Diff(want, named(violations)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, none := range []inventory.Choices{{ID: acrobat}, {ID: acrobat, All: make([]inventory.Choice, inventory.MaxChoices+1)}} {
		if _, v := inventory.ParseChoices(none); len(v) != 1 || v[0].Code != "choices_many" {
			t.Errorf("%d choices: %v", len(none.All), v)
		}
	}
	if _, err := inventory.UndecidableRow("adobe-acrobat-pro"); errs.CodeOf(err) != "undecided_not_found" {
		t.Error(err)
	}
}

// named returns the fields and codes of violations.
func named(violations []errs.Violation) (all []string) {
	for _, v := range violations {
		all = append(all, v.Field+" "+v.Code)
	}
	return all
}

// TestR6_5_ChoicesThatNeverApply refuses a choice after one that takes all its versions.
func TestR6_5_ChoicesThatNeverApply(t *testing.T) {
	t.Parallel()
	for versions, first := range map[string]int{ // the choice that takes the versions of the last one, from 1; 0 for none
		"| 22.*":           1,
		"*|22.*":           1,
		"22.*|22.*":        1,
		"2*|22.*":          1,
		"*.1|22.*.1":       1,
		"{number}|22.1":    1,
		"{year}|{year}":    1,
		"*|":               1,
		"21.*|22.*|22.5.*": 2,
		"22.*|":            0,
		"22.*|2*":          0,
		"{number}|{year}*": 0,
		"{year}|{number}":  0,
		"{year}|2*":        0,
		"22.1|22.1.*":      0,
		"20*|2019 R2":      1,
		`\*|22.*`:          0,
	} {
		var c inventory.Choices
		for v := range strings.SplitSeq(versions, "|") {
			c.All = append(c.All, inventory.Choice{Versions: v, Kind: inventory.Free})
		}
		_, violations := inventory.ParseChoices(c)
		switch {
		case first == 0 && violations != nil:
			t.Errorf("%s: %v", versions, violations)
		case first > 0 && (len(violations) != 1 || violations[0].Code != "choice_unreachable" || violations[0].Args["first"] != strconv.Itoa(first) ||
			violations[0].Field != "choices/"+strconv.Itoa(len(c.All)-1)+"/versions"):
			t.Errorf("%s: %v", versions, violations)
		}
	}
}

// TestR6_5_StoredRulesStayReadable: what is refused now may be stored, or be refused by a later dictionary.
func TestR6_5_StoredRulesStayReadable(t *testing.T) {
	t.Parallel()
	reader := position.Product{Publisher: "Adobe", Family: "Acrobat Reader"}
	rules := []inventory.Rule{
		{ID: "a", Kind: inventory.Product, Name: "foo", Product: reader},
		{ID: "b", Kind: inventory.Free, Name: "b\u200bar", Product: reader, Title: inventory.Title{Name: "Foo"}},
	}
	choices := []inventory.Choices{{ID: acrobat, All: []inventory.Choice{{Kind: inventory.Product, Product: reader}, {Kind: inventory.Free, Product: reader}}}}
	if _, err := inventory.NewRules(rules, choices); err != nil {
		t.Error(err)
	}
}

func TestDeciding(t *testing.T) {
	t.Parallel()
	choice := func(id string, kind inventory.Kind) inventory.Choices {
		return inventory.Choices{ID: id, All: []inventory.Choice{{Kind: kind}}}
	}
	list := inventory.RuleList{Decisions: []inventory.Choices{choice("b", inventory.Free)}}
	if diff := cmp.Diff([]inventory.Choices{choice("a", inventory.Free), choice("b", inventory.Free)}, list.Deciding(choice("a", inventory.Free))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]inventory.Choices{choice("b", inventory.Product)}, list.Deciding(choice("b", inventory.Product))); diff != "" {
		t.Error(diff)
	}
	if left := list.Deciding(inventory.Choices{ID: "b"}); len(left) != 0 || len(list.Decisions) != 1 {
		t.Errorf("%v, %v", left, list.Decisions)
	}
	if _, err := list.Choices("c"); errs.KindOf(err) != errs.NotFound {
		t.Error(err)
	}
}
