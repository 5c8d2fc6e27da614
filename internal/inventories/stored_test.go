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
	encoded, err := encodeRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	golden.Versions(t, "rules", "json", rulesVersion, func() []byte { return encoded }, func(version int, sample []byte) {
		got, err := decodeRules(sample)
		if diff := cmp.Diff(rules, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-want +got)\n%s", version, err, diff)
		}
		if version == rulesVersion && string(encoded) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
	if got, err := decodeRules([]byte(`{"version":2,"rules":[]}`)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("rules of a later release are read as %v, %v", got, err)
	}
	golden.Shape(t, "rules", rulesVersion, []storedRule{})
	for _, none := range [][]inventory.Rule{nil, {}} {
		b, err := encodeRules(none)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeRules(b); err != nil || len(got) > 0 || (got == nil) != (none == nil) {
			t.Errorf("no rules are read as %#v, %v", got, err)
		}
	}
}
