package inventory_test

import (
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
			if violations := c.Check(); violations != nil {
				t.Errorf("%s as %s: %v", row.ID, id, violations)
			}
		}
	}
}

func TestChoicesTellEveryMistake(t *testing.T) {
	t.Parallel()
	var got []string
	for _, v := range (inventory.Choices{ID: acrobat, All: []inventory.Choice{
		{Kind: inventory.Driver}, {Kind: inventory.Product}, {Kind: inventory.Free, Versions: "{x"},
	}}).Check() {
		got = append(got, v.Field+" "+v.Code)
	}
	want := []string{"choices/0/kind choice_kind", "choices/1/product rule_product", "choices/2/versions rule_pattern"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, none := range []inventory.Choices{{ID: acrobat}, {ID: acrobat, All: make([]inventory.Choice, inventory.MaxChoices+1)}} {
		if v := none.Check(); len(v) != 1 || v[0].Code != "choices_many" {
			t.Errorf("%d choices: %v", len(none.All), v)
		}
	}
	if _, err := inventory.UndecidableRow("adobe-acrobat-pro"); errs.CodeOf(err) != "undecided_not_found" {
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
