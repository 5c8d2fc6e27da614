package sheet_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/sheet"
)

func TestRecords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want []sheet.Record
	}{
		"line ends of all kinds": {"a,b\r\nc\rd\n", []sheet.Record{{Line: 1, Cells: []string{"a", "b"}}, {Line: 2, Cells: []string{"c"}}, {Line: 3, Cells: []string{"d"}}}},
		"blank lines":            {"\n , \n\na\n", []sheet.Record{{Line: 4, Cells: []string{"a"}}}},
		"quotes":                 {`"a,""b""" , c`, []sheet.Record{{Line: 1, Cells: []string{`a,"b"`, "c"}}}},
		"a neutralised formula":  {"'=1,'a\n", []sheet.Record{{Line: 1, Cells: []string{"=1", "'a"}}}},
		"a stray quote":          {"a\"b,c\n", []sheet.Record{{Line: 1, Cells: []string{`a"b`, "c"}, Flaw: sheet.FlawStray}}},
		"an unclosed quote":      {"\"a,b\nc\n", []sheet.Record{{Line: 1, Cells: []string{`"a,b`}, Flaw: sheet.FlawUnclosed}, {Line: 2, Cells: []string{"c"}}}},
		"a line break":           {"\"a\nb\",c\nd", []sheet.Record{{Line: 1, Cells: []string{"a\nb", "c"}, Flaw: sheet.FlawBreak}, {Line: 3, Cells: []string{"d"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []sheet.Record
			for r := range sheet.Records(c.text, ',') {
				r.Cells = append([]string(nil), r.Cells...)
				got = append(got, r)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"a,b\n": "", "\xef\xbb\xbfa": "", "\xff\xfea\x00": "file_utf16", "a\x00b\x00c\x00d\x00": "file_utf16", "PK\x03\x04xl/workbook.xml": "file_xlsx",
		"PK\x03\x04a.csv": "file_zip", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "file_xls", "\x1f\x8b\x08": "file_gzip", "%PDF-1.7": "file_pdf", " <HTML>": "file_html",
		"a,b\nc\x00": "file_nul", "{\\rtf1\\ansi a}": "file_rtf",
		"PK\x03\x04[Content_Types].xml word/document.xml":                                                                                "file_word",
		"PK\x03\x04[Content_Types].xml" + strings.Repeat("x", 100_000) + "word/document.xml":                                             "file_word",
		"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.text":                                                                      "file_word",
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("x", 9_000) + "W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00": "file_word",
		"PK\x03\x04Index/Document.iwa":                                      "file_numbers",
		"PK\x03\x04[Content_Types].xml ppt/presentation.xml":                "file_document",
		"PK\x03\x04[Content_Types].xml visio/document.xml":                  "file_document",
		"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.presentation": "file_document",
		"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet":  "file_xlsx",
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("x", 9_000) + "P\x00o\x00w\x00e\x00r\x00P\x00o\x00i\x00n\x00t\x00 \x00D\x00o\x00c\x00": "file_document",
	} {
		if code, line := sheet.Content([]byte(data)); code != want || (line > 0) != (want == "file_nul") {
			t.Errorf("%q is %q on line %d, want %q", data, code, line, want)
		}
	}
	if text, code := sheet.Text([]byte("\xef\xbb\xbfa")); text != "a" || code != "" {
		t.Errorf("the text is %q, %q", text, code)
	}
}

func TestWithoutEnd(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"a\n\x1a": "a", "a\x1a\x1a\r\n": "a", "a\n ": "a\n ", "a\x1ab": "a\x1ab", "\x1a": "", "": ""} {
		if got := sheet.WithoutEnd(text); got != want {
			t.Errorf("%q without its end is %q, want %q", text, got, want)
		}
	}
}

func TestFormulaText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`="01",b`: "01|b", `"=""01""",b`: "01|b", `="0,1",b`: "0,1|b", `="a""b",c`: `="a""b"|c`, `="a",="b"x`: `a|="b"x`, `=""`: "", `="a`: `="a`, `=1+"2"`: `=1+"2"`,
	} {
		for r := range sheet.Records(text+"\n", ',') {
			if got := strings.Join(r.Cells, "|"); got != want {
				t.Errorf("%s reads %q, want %q", text, got, want)
			}
		}
	}
}

func TestSeparatorLine(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]byte{"sep=;\r\na": ';', "\"SEP=,\"\na": ',', "sep=\t": '\t', "sep=x\n": 0, "sep\n": 0, "": 0} {
		if sep, length := sheet.SeparatorLine(line); sep != want || strings.ContainsAny(line[:length], "a") {
			t.Errorf("%q: %q, %d bytes", line, sep, length)
		}
	}
}

// TestNeutralise: no sign starts a formula, neither in the cell nor in the parts that a program with
// another separator makes of it.
func TestNeutralise(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":             "",
		"Office":       "Office",
		"01-07001":     "01-07001",
		"a=b+c-d@e":    "a=b+c-d@e",
		"=1+1":         "'=1+1",
		" =1":          " '=1",
		`"=1"`:         `"'=1"`,
		"\t=1":         "'\t'=1",
		"a;=1+1":       "a;'=1+1",
		"a; +1,-2\t@x": "a; '+1,'-2\t'@x",
		"a\n=1":        "a\n'=1",
		`a;""=1`:       `a;""'=1`,
		"a;b=1":        "a;b=1",
		"a;'=1":        "a;'=1",
		"＝1;＋1,－1\t＠x": "'＝1;'＋1,'－1\t'＠x",
		"a;é=1":        "a;é=1",
		";;=":          ";;'=",
	} {
		if got := sheet.Neutralise(value); got != want {
			t.Errorf("%q becomes %q, want %q", value, got, want)
		}
		if again := sheet.Neutralise(want); again != want && value != "\t=1" {
			t.Errorf("%q becomes %q the second time", want, again)
		}
	}
}

// TestNeutralisedIsRead: a file that was written is read as it was, with each separator.
func TestNeutralisedIsRead(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"=1", "a;=1+1", "a, -2", "a\t@x", "＝1;＋1", `a;"=1"`, "it's; 'quoted'", "a;'b"} {
		for _, separator := range []byte(sheet.Separators) {
			var b bytes.Buffer
			sheet.WriteCell(&b, value, separator)
			for r := range sheet.Records(b.String(), separator) {
				if len(r.Cells) != 1 || r.Cells[0] != value {
					t.Errorf("%q is written as %q and read as %q", value, b.String(), r.Cells)
				}
			}
		}
	}
}

// FuzzWriteCell checks that a written cell, also split at another separator, starts no formula and
// is read as at most one record of one cell.
func FuzzWriteCell(f *testing.F) {
	for _, value := range []string{"a", "a,b", `a"b`, "=1", "'=1", "-", "a\nb", " a ", "a;=1", "a\t＝1", `;"=`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		var b bytes.Buffer
		sheet.WriteCell(&b, value, ',')
		for _, part := range strings.FieldsFunc(b.String(), func(r rune) bool { return strings.ContainsRune(",;\t\r\n", r) }) {
			if part = strings.TrimLeft(part, ` "`); part != "" && strings.ContainsAny(part[:1], "=+-@") {
				t.Errorf("%q is written as %q", value, b.String())
			}
		}
		n := 0
		for r := range sheet.Records(b.String(), ',') {
			if n++; len(r.Cells) != 1 || n > 1 {
				t.Errorf("%q is read as %q, record %d", b.String(), r.Cells, n)
			}
		}
	})
}
