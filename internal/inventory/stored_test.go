package inventory

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/position"
	"trueup/internal/testkit/golden"
)

func TestR16_6_StoredTallies(t *testing.T) {
	t.Parallel()
	office := position.Product{Publisher: "Microsoft", Family: "Office", Edition: "Professional Plus", Version: "2021"}
	tally := &Tally{
		Shape: GLPI, Rules: "r", Estimated: true, Rows: 30, BadRows: 1, Devices: 12,
		Bad: []BadRow{{File: "a.csv", Line: 4, Code: "row_columns", Args: map[string]string{"max": "3", "min": "2"}}},
		Titles: []Count{
			{
				Title: Title{Publisher: "Microsoft Corporation", Name: "Microsoft Office Professional Plus 2021", Version: "16.0"}, Devices: 11,
				Decision: Decision{Kind: Product, Rule: "office", Alias: "old-office", Product: office},
			},
			{Title: Title{Name: "7-Zip"}, Devices: 2, Decision: Decision{Kind: Unknown}},
		},
		Products: []ProductCount{{Product: office, Devices: 11}},
	}
	golden.Versions(t, "tally", "bin", 1, tally.Encode, func(version int, sample []byte) {
		got, err := Decode(sample)
		if diff := cmp.Diff(tally, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-want +got)\n%s", version, err, diff)
		}
		if string(tally.Encode()) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
}

func TestR16_6_StoredRules(t *testing.T) {
	t.Parallel()
	rules := []Rule{
		{
			ID: "r1", Kind: Product, Publisher: "Adobe*", Name: "Acrobat {version}", Version: "20*",
			Product: position.Product{Publisher: "Adobe", Family: "Acrobat", Edition: "Pro", Version: "{year}"},
		},
		{ID: "r2", Kind: Alias, Name: "Akrobat", Title: Title{Publisher: "Adobe", Name: "Acrobat", Version: "2020"}},
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
	for _, none := range [][]Rule{nil, {}} {
		b, err := encodeRules(none)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeRules(b); err != nil || len(got) > 0 || (got == nil) != (none == nil) {
			t.Errorf("no rules are read as %#v, %v", got, err)
		}
	}
}
