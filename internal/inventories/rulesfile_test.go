package inventories

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/testkit/golden"
)

var exported = inventory.RuleList{
	Admin: []inventory.Rule{
		{ID: "r1", Kind: inventory.Product, Publisher: "Adobe*", Name: `\{x\} {number}`, Version: "20*", Product: position.Product{Publisher: "Adobe", Family: "Acrobat", Edition: "Pro", Version: "{number}"}},
		{ID: "r2", Kind: inventory.Alias, Name: "Akrobat", Title: inventory.Title{Publisher: "Adobe", Name: "Acrobat", Version: "2020"}},
	},
	Decisions: []inventory.Choices{{ID: "adobe-acrobat-undecidable", All: []inventory.Choice{
		{Versions: "22.*", Kind: inventory.Free}, {Kind: inventory.Product, Product: position.Product{Publisher: "Adobe", Family: "Acrobat", Edition: "Pro"}},
	}}},
}

func TestR5_4_ExportedRulesAreReadAgain(t *testing.T) {
	t.Parallel()
	file, err := ExportRules(exported)
	if err != nil {
		t.Fatal(err)
	}
	golden.Versions(t, "rulesfile", "json", rulesFileVersion, func() []byte { return file }, func(_ int, sample []byte) {
		rules, decisions, err := decodeRulesFile(append([]byte("\ufeff"), sample...))
		if diff := cmp.Diff(exported.Admin, rules); diff != "" || err != nil {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
		if diff := cmp.Diff(exported.Decisions, decisions); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if !(RulesFiles{}).IsFile(sample) || !(RulesFiles{}).IsFile(append([]byte("\ufeff"), sample...)) {
			t.Error("the file is not recognised")
		}
	})
	golden.Shape(t, "rulesfile", rulesFileVersion, rulesFile{})
	for _, other := range []string{"", "Contoso;Suite", "null"} {
		if (RulesFiles{}).IsFile([]byte(other)) {
			t.Errorf("%s is taken for rules", other)
		}
	}
	for _, bad := range []string{
		`{"format": "x"}`, `{"format": "trueup-rules"`, `["trueup-rules"]`, `{"format":"trueup-rules","version":1,"rules":[],}`,
		`{"format":"trueup-rules","version":2}`, `{"format":"trueup-rules","version":1,"more":1}`, `{"format":"trueup-rules","version":1,"rules":{}}`,
	} {
		if _, _, err := decodeRulesFile([]byte(bad)); errs.KindOf(err) != errs.Invalid || errs.As(err).Code != "rules_file" {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestR5_4_RulesOfAFileReplaceAndAdd(t *testing.T) {
	t.Parallel()
	changed := exported.Admin[1]
	changed.Name = "Akrobat*"
	list := inventory.RuleList{
		Admin:     []inventory.Rule{{ID: "own", Kind: inventory.Free, Name: "foo"}, changed},
		Decisions: []inventory.Choices{{ID: "zzz", All: []inventory.Choice{{Kind: inventory.Free}}}},
	}
	admin, decisions, unchanged := merged(list, exported.Admin, exported.Decisions)
	if diff := cmp.Diff([]inventory.Rule{list.Admin[0], exported.Admin[1], exported.Admin[0]}, admin); diff != "" || unchanged != 0 {
		t.Errorf("%d unchanged (-want +got)\n%s", unchanged, diff)
	}
	if diff := cmp.Diff(append(exported.Decisions, list.Decisions...), decisions); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, _, unchanged := merged(inventory.RuleList{Admin: admin, Decisions: decisions}, exported.Admin, exported.Decisions); unchanged != 3 {
		t.Errorf("%d of 3 are unchanged the second time", unchanged)
	}
	if list.Admin[1] != changed {
		t.Error("the list that was read has changed")
	}
}
