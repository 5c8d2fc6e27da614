package pairfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement/pairfile"
)

// A record that is one cell with separators is a line in quotes only where a number comes first.
func TestR3_2_WholeLinesInQuotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		good string
	}{
		{"\"01-07001,01-07001,Office\"\n", "1 01-07001 + 01-07001 Office"},
		{"\"01-07001,01-07001,Office\",,\n", "1 01-07001 + 01-07001 Office"},
		{"Name,Agreement number,License number\n\"Office, 2019, 2021\",,\n", ""},
		{"Name,Agreement number,License number\n\"Office, 2019, 2021\"\n", ""},
		{"Notes,Agreement number,License number\n\"2018, 2019, 2021\",,\n", ""},
		{"Agreement number,License number,Name\n\"4410983,4410984\",,\n", ""},
		{"\"Name,Agreement number,License number\"\n\"Office,2019,2021\"\n", "2 2019 + 2021 Office"},
	} {
		f := read(t, c.file, pairfile.Options{})
		if got := strings.Join(rows(f.Rows), "\n"); got != c.good || f.Total != 1 {
			t.Errorf("%q: rows %q of %d, want %q: %v", c.file, got, f.Total, c.good, findings(f.Findings))
		}
		checkAnnotated(t, f, pairfile.Options{})
	}
}

// A column that is not read may have any text with line breaks. Rows neither vanish in it nor are
// made of it.
func TestR3_7_LineBreaksInColumnsThatAreNotRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file  string
		good  []string
		wrong string // the first error; empty for none
	}{
		"a note with commas":            {"Agreement number,License number,Name,Notes\n1,2,Office,\"renewed,\nsee contract\"\n", []string{"2 1 + 2 Office"}, ""},
		"a note with years":             {"Agreement number,License number,Name,Notes\n1,2,Office,\"renewed in\n2019,2021\"\n", []string{"2 1 + 2 Office"}, ""},
		"a note before the numbers":     {"Notes,Agreement number,License number\n\"renewed, in 2019\nby Jan\",1,2\n", []string{"2 1 + 2 (1)"}, ""},
		"a note that may be rows":       {"Agreement number,License number,Name,Notes\n1,2,Office,\"before:\n3,4,Old\"\n", nil, `2:4 line_break "before:\n3,4,Old" lines=2`},
		"a row with bad numbers":        {"Agreement number,License number,Notes\n1,2,\"x\n3/3,4.0,y\"\n", nil, `2:3 line_break "x\n3/3,4.0,y" lines=2`},
		"two rows cut at a last column": {"Agreement number,License number,Notes\n1,2,\"x\n3,4,y\"\n", []string{"2 1 + 2 (1)", "3 3 + 4 (3)"}, ""},
		"two rows cut in the middle":    {"Agreement number,Notes,License number\n1,\"x,2\n3,y\",4\n", []string{"3 3 + 4 (3)"}, `2:2 unclosed_quote "\"x,2"`},
		"two rows cut at a first column": {
			"Notes,Agreement number,License number\n\"x,1,2\ny\",3,4\n", []string{"3 3 + 4 (3)"}, `2:1 unclosed_quote "\"x,1,2"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := read(t, c.file, pairfile.Options{})
			wrong := ""
			for _, line := range findings(f.Findings) {
				if !strings.Contains(line, " warning ") && wrong == "" {
					wrong = line
				}
			}
			if wrong != c.wrong {
				t.Errorf("first error %q, want %q", wrong, c.wrong)
			}
			if diff := cmp.Diff(strings.Join(c.good, "\n"), strings.Join(rows(f.Rows), "\n")); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			checkAnnotated(t, f, pairfile.Options{})
		})
	}
}

// A header cell may have line breaks and separators; the lines that the copy quotes count them.
func TestR3_2_HeaderOfTwoLines(t *testing.T) {
	t.Parallel()
	const header = "\"Agreement number\n(required; see the contract)\";License number;Name;\"Our\nnotes\"\n"
	const simple = "\"Agreement\nnumber\";License number;Name;\"Our; and\nyour notes\"\n"
	if f := read(t, header+"1;1;x\n", pairfile.Options{}); len(f.Rows) != 0 { // "see" is no known word
		t.Errorf("rows %v", rows(f.Rows))
	}
	f := read(t, simple+"1;1;x\n2;2;x\n1;1;x\n", pairfile.Options{})
	if diff := cmp.Diff([]string{"4 1 + 1 x", "5 2 + 2 x"}, rows(f.Rows)); diff != "" {
		t.Errorf("%s\n%v", diff, findings(f.Findings))
	}
	text := english
	copied := string(f.Annotate(f.Findings, text))
	if want := "map[line:3]"; !strings.Contains(copied, want) { // the copy's header has two lines
		t.Errorf("want %s in\n%s", want, copied)
	}
	// A quote that is not closed in the header swallows no rows.
	f = read(t, "Agreement number;License number;\"Name\n1;1;x\n2;2;y\"\n", pairfile.Options{})
	if f.Total != 2 {
		t.Errorf("%d rows, want 2: %v", f.Total, findings(f.Findings))
	}
}

// A header in the middle that repeats some of the first one's columns is one wrong row.
func TestR3_2_RepeatedHeaders(t *testing.T) {
	t.Parallel()
	for file, good := range map[string]int{
		"Agreement number,License number,Notes,Name\n1,1,,x\nAgreement number,License number\n2,2,,y\n":        2,
		"Agreement number,Name,License number\n1,x,1\nAgreement number,Name\n2,y,2\n":                          2,
		"Agreement number,License number,Name,Q1\n1,1,x,5\nAgreement number,License number,Name,Q1\n2,2,y,6\n": 2,
		"Agreement number,License number,Notes,Name\n1,1,,x\nAgreement number,License number,Name\n2,2,y\n":    0,
		"Agreement number,License number,Name\n1,1,x\nLicense number,Agreement number,Name\n2,3,y\n":           0,
	} {
		f := read(t, file, pairfile.Options{})
		if len(f.Rows) != good || f.Refused != (good == 0) || !strings.Contains(strings.Join(findings(f.Findings), "\n"), "3:") {
			t.Errorf("%q: %d good rows, want %d: %v", file, len(f.Rows), good, findings(f.Findings))
		}
	}
}

// Rows with errors and repetitions do not count as pairs, and unclosed quotes do not hide the
// separator.
func TestR3_3_OnlyDifferentPairsCount(t *testing.T) {
	t.Parallel()
	bad := strings.Repeat("1/2,x,y\n", 100)
	f := read(t, manyRows(5000)+bad+manyRows(5000), pairfile.Options{})
	if len(f.Rows) != 5000 || f.Rejected != 100 || f.Unchanged != 5000 {
		t.Errorf("%d good rows, %d rejected, %d unchanged", len(f.Rows), f.Rejected, f.Unchanged)
	}
	f = read(t, "1;1;\"Office, Ghent\n2/2;2;Office, Ghent\n3/3;3;Office, Ghent\"\n4;4;Office, Bruges\n", pairfile.Options{})
	for _, finding := range f.Findings {
		if finding.Code == "columns" {
			t.Errorf("wrong separator: %v", findings(f.Findings))
		}
	}
}
