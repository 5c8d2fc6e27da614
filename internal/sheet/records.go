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
		for s.Next() {
			if !yield(Record{Line: s.Line, Cells: s.Texts(), Flaw: s.flaw()}) {
				return
			}
		}
	}
}
