package sheet_test

import (
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"trueup/internal/sheet"
)

// wide encodes a text in UTF-16, little-endian.
func wide(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

func TestPlain(t *testing.T) {
	t.Parallel()
	const text = "naïve,name\n1,2\n"
	var p sheet.Plain // one for all: it is used again
	for name, written := range map[string]struct{ file, want string }{
		"UTF-8":                   {text, text},
		"a byte-order mark":       {sheet.BOM + text, text},
		"UTF-16":                  {"\xff\xfe" + wide(text), text},
		"UTF-16 without a mark":   {wide("name,name\n"), "name,name\n"},
		"lines that end in CR":    {"a,b\r1,2\r", "a,b\n1,2\n"},
		"lines that end in CRLF":  {"a,b\r\n1,2\r\n", "a,b\r\n1,2\r\n"},
		"lines of Windows, twice": {"a,b\r\r\n1,2\r\r\n", "a,b\n1,2\n"},
		"nothing":                 {"", ""},
	} {
		opened, head, err := p.Open(strings.NewReader(written.file))
		if err != nil || string(head) != written.want {
			t.Errorf("%s: head %q, %v", name, head, err)
			continue
		}
		if got, err := io.ReadAll(opened); string(got) != written.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", name, got, err, written.want)
		}
	}
}
