package inventories

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/testkit/golden"
)

func TestR16_6_StoredRules(t *testing.T) {
	t.Parallel()
	rules := []inventory.Rule{
		{
			ID: "r1", Kind: inventory.Product, Publisher: "Adobe*", Name: "Acrobat {version}", Version: "20*",
			Product: position.Product{Publisher: "Adobe", Family: "Acrobat", Edition: "Pro", Version: "{year}"},
		},
		{ID: "r2", Kind: inventory.Alias, Name: "Akrobat", Title: inventory.Title{Publisher: "Adobe", Name: "Acrobat", Version: "2020"}},
	}
	decisions := []inventory.Choices{{ID: "adobe-acrobat-undecidable", All: []inventory.Choice{
		{Versions: "22.*", Kind: inventory.Free},
		{Kind: inventory.Product, Product: position.Product{Publisher: "Adobe", Family: "Acrobat", Edition: "Pro", Version: "DC"}},
	}}}
	encoded, err := encodeRules(rules, decisions)
	if err != nil {
		t.Fatal(err)
	}
	golden.Versions(t, "rules", "json", rulesVersion, func() []byte { return encoded }, func(version int, sample []byte) {
		got, decided, err := decodeRules(sample)
		if diff := cmp.Diff(rules, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-want +got)\n%s", version, err, diff)
		}
		want := decisions
		if version == 1 {
			want = nil
			if first, err := encodeRules(rules, nil); err != nil || string(first) != string(sample) {
				t.Errorf("rules without decisions are not written for the release before: %v", err)
			}
		}
		if diff := cmp.Diff(want, decided); diff != "" {
			t.Errorf("version %d (-want +got)\n%s", version, diff)
		}
		if version == rulesVersion && string(encoded) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
	if got, _, err := decodeRules([]byte(`{"version":3,"rules":[]}`)); err == nil || !strings.Contains(err.Error(), "version 3") {
		t.Errorf("rules of a later release are read as %v, %v", got, err)
	}
	golden.Shape(t, "rules", rulesVersion, storedRules{})
	for _, none := range [][]inventory.Rule{nil, {}} {
		b, err := encodeRules(none, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := decodeRules(b); err != nil || len(got) > 0 || (got == nil) != (none == nil) {
			t.Errorf("no rules are read as %#v, %v", got, err)
		}
	}
}

// TestR5_4_RulesFileNamesTwice reads a file in which choices of a row are apart.
func TestR5_4_RulesFileNamesTwice(t *testing.T) {
	t.Parallel()
	content, wrong := decodeRulesFile([]byte(`{"format":"` + rulesFormat + `","version":1,"rules":[],"decisions":[
		{"id":"a","versions":"23.*","kind":"free"},{"id":"b","kind":"free"},
		{"id":"a","versions":"24.*","kind":"free"}]}`))
	want := []inventory.Choices{
		{ID: "a", All: []inventory.Choice{{Versions: "23.*", Kind: inventory.Free}, {Versions: "24.*", Kind: inventory.Free}}},
		{ID: "b", All: []inventory.Choice{{Kind: inventory.Free}}},
	}
	if diff := cmp.Diff(want, content.decisions); diff != "" || wrong != nil {
		t.Errorf("%v (-want +got)\n%s", wrong, diff)
	}
	if diff := cmp.Diff([][]int{{2, 3}, {2}}, content.choiceLines); diff != "" {
		t.Errorf("lines (-want +got)\n%s", diff)
	}
}
