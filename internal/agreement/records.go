package agreement

import (
	"iter"
	"strings"
)

// Record is a record of a CSV text that is not blank.
type Record struct {
	Line  int      // on which it starts, from 1
	Cells []string // without quotes and the spaces around them; good until the next record
	Flaw  string   // code of a Rule: a cell is badly written; empty when none is
}

// CSVText returns a file as text without its byte-order mark, or the code of
// the rule that says what it is instead of text (R3.3).
func CSVText(data []byte) (text, code string) {
	if code, _ := contentCode(data); code != "" && code != "file_nul" {
		return "", code
	}
	return strings.TrimPrefix(string(data), utf8BOM), ""
}

// Records reads CSV text as ReadFile does, for files of something else than
// agreement pairs. They share the text's memory.
func Records(text string, separator byte) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		s := scanner{text: text, sep: separator, line: 1}
		var cells []string
		for s.next() {
			r := Record{Line: s.start}
			cells = cells[:0]
			for _, c := range s.cells {
				cells = append(cells, c.text)
				if c.flaw != flawNone && r.Flaw == "" {
					r.Flaw = flawCodes[c.flaw]
				}
			}
			r.Cells = cells
			if !yield(r) {
				return
			}
		}
	}
}
