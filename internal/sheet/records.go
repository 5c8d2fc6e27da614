package sheet

import "iter"

// Record is a record of a CSV text that is not blank.
type Record struct {
	Line  int      // where it starts, from 1
	Cells []string // without quotes and surrounding spaces; valid until the next record
	Flaw  Flaw     // of the first badly quoted cell
}

// Records returns the records of a CSV text. They share its memory.
func Records(text string, separator byte) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		s := NewScanner(text, separator, 1)
		var cells []string
		for s.Next() {
			r := Record{Line: s.Line}
			cells = cells[:0]
			for _, c := range s.Cells {
				cells = append(cells, c.Text)
				if r.Flaw == "" {
					r.Flaw = c.Flaw
				}
			}
			r.Cells = cells
			if !yield(r) {
				return
			}
		}
	}
}
