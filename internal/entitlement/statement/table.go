package statement

import (
	"iter"
	"strings"

	"trueup/internal/day"
	"trueup/internal/sheet"
)

// table is the rows of a file or of a sheet. They can be read more than once.
type table struct {
	rows iter.Seq[row] // those that are not blank
	// fault returns the code that says why the last reading ended early; empty
	// when it did not.
	fault func() string
	// serial is the day that a workbook counts days from, so that a number can be a
	// date; empty for a file without such numbers.
	epoch day.Date
}

// row is one row of a table, good until the next one.
type row struct {
	line  int // in the file, or of the sheet, from 1
	cells []cell
	flaw  string // code: a cell is badly written
}

// cell is one cell without spaces around it.
type cell struct {
	text   string
	number bool // a workbook's number, written as Go does; not a text of digits
}

// at returns the cell at a position from 0; an empty one when there is none.
func (r row) at(i int) cell {
	if i < 0 || i >= len(r.cells) {
		return cell{}
	}
	return r.cells[i]
}

// filled returns how many cells the row has up to the last one with something in it.
func (r row) filled() int {
	n := len(r.cells)
	for n > 0 && r.cells[n-1].text == "" {
		n--
	}
	return n
}

const separators = "\t;," // names have commas more often than semicolons, and hardly ever tabs

// tableOf returns the table that CSV text is, under the separator with which
// its header makes most sense.
func tableOf(content string) table {
	var best table
	most := -1
	for _, separator := range []byte(separators) {
		t := separatedTable(content, separator)
		if known := findHeader(t).score(); known > most {
			best, most = t, known
		}
	}
	return best
}

func separatedTable(content string, separator byte) table {
	return table{
		fault: func() string { return "" },
		rows: func(yield func(row) bool) {
			var r row
			for record := range sheet.Records(content, separator) {
				r.line, r.flaw, r.cells = record.Line, string(record.Flaw), r.cells[:0]
				for _, text := range record.Cells {
					r.cells = append(r.cells, cell{text: strings.TrimSpace(text)})
				}
				if !yield(r) {
					return
				}
			}
		},
	}
}
