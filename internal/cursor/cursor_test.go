package cursor_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/cursor"
	"trueup/internal/errs"
)

type position struct {
	Name string
	At   int64
}

func TestCursor(t *testing.T) {
	t.Parallel()
	at := position{"Office \u00e9", 7}
	good := cursor.Encode(at, "list", "group", "")
	for _, test := range []struct {
		name   string
		cursor string
		query  []string
		ok     bool
	}{
		{"its own query", good, []string{"list", "group", ""}, true},
		{"another query", good, []string{"list", "group", "x"}, false},
		{"another list", good, []string{"other", "group", ""}, false},
		{"less of a query", good, []string{"list", "group"}, false},
		{"a changed character", "A" + good[1:], []string{"list", "group", ""}, false},
		{"a lost end", good[:len(good)-1], []string{"list", "group", ""}, false},
		{"a line break", good[:5] + "\n" + good[5:], []string{"list", "group", ""}, false},
		{"padding", good + "=", []string{"list", "group", ""}, false},
		{"too short", good[:8], []string{"list", "group", ""}, false},
		{"too long", good + strings.Repeat("A", cursor.MaxChars), []string{"list", "group", ""}, false},
		{"not a position", cursor.Encode("text", "list"), []string{"list"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got position
			ok, err := cursor.Decode(test.cursor, &got, test.query...)
			if ok != test.ok || ok != (err == nil) || !ok && errs.CodeOf(err) != "cursor_invalid" {
				t.Fatalf("%v, %v", ok, err)
			}
			if diff := cmp.Diff(at, got); ok && diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if ok, err := cursor.Decode("", &position{}, "list"); ok || err != nil {
		t.Errorf("no cursor: %v, %v", ok, err)
	}
}
