package sheet_test

import (
	"strings"
	"testing"

	"trueup/internal/sheet"
)

func TestGuessSeparator(t *testing.T) {
	t.Parallel()
	pairs := func(cells []string, first bool) int {
		switch {
		case first && cells[0] == "header":
			return 100
		case len(cells) == 2:
			return 1
		}
		return 0
	}
	for name, c := range map[string]struct {
		text string
		want byte
	}{
		"nothing":                       {"", ','},
		"one column":                    {"a\nb\n", ','},
		"more records in two columns":   {"a;b,c\nd;e\n", ';'},
		"a tie goes to the first":       {"a;b\tc\n", '\t'},
		"a header counts more":          {"header,a,b\na;b\na;b\n", ','},
		"a header below does not count": {"a;b\nheader,a,b\n", ';'},
		"later records do not count":    {"a;b\na;b\na;b\n" + strings.Repeat("a,b\n", 9), ';'},
		"a separator inside quotes":     {"\"a,b\";c\n", ';'},
		"a long record that is cut off": {"a;b\n" + strings.Repeat("x", 1<<16) + ",\n", ';'},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := sheet.GuessSeparator(c.text, sheet.Evidence{Separators: sheet.RarestFirst, Records: 3, Points: pairs})
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSeparatorLineR3_2(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]byte{
		"sep=;": ';', "SEP = ,": ',', "sep=,,": ',', `"sep=;"`: ';', `"sep=;",,`: ';', "sep=\t": '\t', "sep=;;;;;;;;": ';', `sep=";"`: ';',
		"sep": 0, "sep=": 0, "sep=x": 0, "sep=;a": 0, "separator=;": 0, "01-07001;01-07001": 0, "": 0,
		"sep=" + strings.Repeat(";", 100): 0,
	} {
		for _, end := range []string{"\n", "\r\n", "\r"} {
			got, length := sheet.SeparatorLine(line + end + "1;2")
			if got != want || want != 0 && length != len(line)+len(end) {
				t.Errorf("%q: %q, %d bytes, want %q", line+end, got, length, want)
			}
		}
	}
}
