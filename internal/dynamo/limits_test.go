package dynamo_test

import (
	"strings"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/dynamo"
	"trueup/internal/errs"
)

func TestR13_PrefixAsLongAsANameCanBe(t *testing.T) {
	t.Parallel()
	s := open(t)
	// 256 letters of four bytes each, which end differently.
	long := func(last string) string { return strings.Repeat("𐐨", 255) + last }
	apply(t, s, "long.csv", "", rows{long("𐐩"): {"1"}, long("𐐪"): {"2"}, "Office": {"3"}})
	for prefix, want := range map[string]int{
		long(""): 2, long("𐐩"): 1, long("𐐬"): 0, strings.Repeat("𐐨", 220): 2, strings.Repeat("\u0390", 256): 0, "office": 1,
	} {
		found, err := s.Agreements(t.Context(), agreement.Query{Prefix: prefix, Limit: 1})
		if err != nil {
			t.Errorf("prefix of %d bytes: %v", len(prefix), err)
			continue
		}
		if (len(found.Items) > 0) != (want > 0) || (found.Next != "") != (want > 1) {
			t.Errorf("prefix of %d bytes: %d found, next %q; want %d", len(prefix), len(found.Items), found.Next, want)
		}
	}
}

func TestR13_InventedCursors(t *testing.T) {
	t.Parallel()
	s := open(t)
	apply(t, s, "a.csv", "", rows{"Office": {"1"}})
	found, err := s.Agreements(t.Context(), agreement.Query{Limit: 10})
	must(t, err)
	id := found.Items[0].ID
	for _, after := range []string{"", "a", "office\x00", "zzz", strings.Repeat("z", 1023), strings.Repeat("z", 1024), strings.Repeat("z", 3000)} {
		for list, ask := range map[string]func() error{
			"agreements": func() error {
				_, err := s.Agreements(t.Context(), agreement.Query{
					Prefix: "office", Limit: 10, Cursor: dynamo.Cursor(after, "agreements", "", "office"),
				})
				return err
			},
			"pairs": func() error {
				_, err := s.Pairs(t.Context(), id, 10, dynamo.Cursor(after, "pairs", id))
				return err
			},
			"imports": func() error {
				_, err := s.Imports(t.Context(), 10, dynamo.Cursor(after, "imports"))
				return err
			},
		} {
			if err := ask(); err != nil && errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s after %d bytes: %v", list, len(after), err)
			}
		}
	}
}
