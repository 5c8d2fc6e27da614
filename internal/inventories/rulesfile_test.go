package inventories

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

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
		for name, saved := range map[string][]byte{
			"UTF-8": sample, "UTF-8 with a mark": append([]byte("\ufeff"), sample...),
			"UTF-16": wide(t, unicode.LittleEndian, unicode.UseBOM, sample), "UTF-16 of big endian": wide(t, unicode.BigEndian, unicode.UseBOM, sample),
			"UTF-16 without a mark": wide(t, unicode.LittleEndian, unicode.IgnoreBOM, sample),
		} {
			content, wrong := decodeRulesFile(asUTF8(saved))
			if diff := cmp.Diff(exported.Admin, content.rules); diff != "" || wrong != nil {
				t.Errorf("%s: %v (-want +got)\n%s", name, wrong, diff)
			}
			if diff := cmp.Diff(exported.Decisions, content.decisions); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
			if found := content.parse(); found != nil {
				t.Errorf("%s: %v", name, found)
			}
			if !(RulesFiles{}).IsFile(saved) {
				t.Errorf("%s is not recognised", name)
			}
		}
	})
	golden.Shape(t, "rulesfile", rulesFileVersion, rulesFile{})
	for _, other := range []string{"", "Contoso;Suite", "null"} {
		if (RulesFiles{}).IsFile([]byte(other)) {
			t.Errorf("%s is taken for rules", other)
		}
	}
	for bad, at := range map[string]string{
		`{"format": "x"}`:                 "0 ",
		"{\n\"format\": \"trueup-rules\"": "2 ",
		`["trueup-rules"]`:                "1 ",
		"{\"format\":\"trueup-rules\",\"version\":1,\n\n\"rules\":[],}":             "3 ",
		`{"format":"trueup-rules","version":2}`:                                     "0 ",
		"{\"format\":\"trueup-rules\",\"version\":1,\r\n\"rules\":{}}":              "2 rules",
		`{"format":"trueup-rules","version":1} more`:                                "1 ",
		"{\"format\":\"trueup-rules\",\"version\":1,\"rules\":[{\"titel\":\"x\"}]}": "1 titel",
	} {
		if _, wrong := decodeRulesFile([]byte(bad)); wrong == nil || wrong.Code != "rules_file" || fmt.Sprint(wrong.Line, " ", wrong.Column) != at {
			t.Errorf("%s: %+v, want it at %q", bad, wrong, at)
		}
	}
}

// wide returns text as UTF-16.
func wide(t *testing.T, order unicode.Endianness, mark unicode.BOMPolicy, text []byte) []byte {
	t.Helper()
	encoded, err := unicode.UTF16(order, mark).NewEncoder().Bytes(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// TestR5_4_MistakesOfAFileHaveLines: people edit the file, so each mistake has its line.
func TestR5_4_MistakesOfAFileHaveLines(t *testing.T) {
	t.Parallel()
	content, wrong := decodeRulesFile([]byte(`{
  "format": "trueup-rules", "version": 1,
  "rules": [
    {"id": "a", "kind": "free", "name": "*"},
    {"id": "a", "kind": "product",
     "name": "x", "product": {"publisher": "Contoso"}}, {"id": "decision/x", "kind": "free", "name": "y"},

    {"id": "b", "kind": "ignored", "name": "good"}
  ],
  "decisions": [
    {"id": "adobe-acrobat-undecidable", "kind": "free"},
    {"id": "nothing", "kind": "free"},
    {"id": "adobe-acrobat-undecidable",
     "versions": "22.*", "kind": "driver"}
  ]
}`))
	if wrong != nil {
		t.Fatal(wrong)
	}
	var got []string
	for _, f := range content.parse() {
		got = append(got, fmt.Sprint(f.Line, " ", f.Column, " ", f.Code))
	}
	want := []string{
		"4 name rule_name", "5 product rule_product", "5 id rule_id", "6 id rule_id",
		"13 kind choice_kind", "13 versions choice_unreachable", "12 id undecided_not_found",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
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
