package console

import (
	"slices"
	"strings"
	"testing"

	rules "trueup/internal/agreement"
)

// TestEveryRuleHasAField: what can be wrong with an agreement is shown at a field of its form. What is about
// no single field is shown on top.
func TestEveryRuleHasAField(t *testing.T) {
	t.Parallel()
	pointers := map[string]string{
		"authorization": "/pairs/1/authorizationNumber", "license": "/pairs/1/licenseNumber", "pair": "/pairs/1",
	}
	onTop := []string{"pairs", "program", "type"}
	m := addPage{}
	for _, rule := range slices.Concat(rules.DraftRules, rules.OtherRules, rules.HandRules) {
		for field := range strings.SplitSeq(rule.Field, ", ") {
			pointer, ok := pointers[field]
			if !ok {
				pointer = "/" + field
			}
			if got := m.fieldOf([]int{0, 3})(pointer); (got == "") != slices.Contains(onTop, field) {
				t.Errorf("%s is about %s, which is shown at %q", rule.Code, field, got)
			}
		}
	}
	// The second pair that is sent is the one in the fourth row.
	for pointer, want := range map[string]string{
		"/pairs/1/licenseNumber": "lic-3", "/pairs/1": "auth-3", "/pairs/0/authorizationNumber": "auth-0", "/pairs/2": "", "/pairs/x": "", "/unknown": "", "": "",
	} {
		if got := m.fieldOf([]int{0, 3})(pointer); got != want {
			t.Errorf("%q is shown at %q, want %q", pointer, got, want)
		}
	}
}

// TestRows: rows of pairs are added and removed, and those without text are not sent.
func TestRows(t *testing.T) {
	t.Parallel()
	typed := []newPair{{"1", "2"}, {}, {"", "3"}}
	given, where := withoutEmpty(typed)
	if !slices.Equal(given, []newPair{{"1", "2"}, {"", "3"}}) || !slices.Equal(where, []int{0, 2}) {
		t.Errorf("sent are %v of the rows %v", given, where)
	}
	if given, where := withoutEmpty([]newPair{{}, {}}); !slices.Equal(given, []newPair{{}}) || !slices.Equal(where, []int{0}) {
		t.Errorf("of empty rows %v is sent, of the rows %v", given, where)
	}
	if got := typedPairs(map[string][]string{"authorization": {"1", "2"}, "license": {"3"}}); !slices.Equal(got, []newPair{{"1", "3"}, {"2", ""}}) {
		t.Errorf("the rows are %v", got)
	}
	rows, edited := editedRows(map[string][]string{"action": {"remove-pair-0"}}, typed)
	if !edited || !slices.Equal(rows, []newPair{{}, {"", "3"}}) || !slices.Equal(typed, []newPair{{"1", "2"}, {}, {"", "3"}}) {
		t.Errorf("after removing the first of %v: %v", typed, rows)
	}
	if rows, edited := editedRows(map[string][]string{"action": {"remove-pair-0"}}, []newPair{{"1", "2"}}); !edited || len(rows) != 1 {
		t.Errorf("the only row was removed: %v", rows)
	}
	if _, edited := editedRows(map[string][]string{}, typed); edited {
		t.Error("without a button the rows are edited")
	}
}
