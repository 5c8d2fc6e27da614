package statement

import (
	"iter"
	"strings"

	"trueup/internal/day"
	"trueup/internal/sheet"
)

// table is the rows of a file or of a sheet. They can be read more than once.
type table struct {
	rows iter.Seq[row] // without blank rows
	// fault returns the code of the error that ended the last reading early; empty if there was
	// none.
	fault func() string
	// epoch is the day from which a workbook counts days, for numbers that are dates; empty for
	// other files.
	epoch day.Date
}

// row is one row of a table, valid until the next one is read.
type row struct {
	line  int // line in the file or row of the sheet, from 1
	cells []cell
	flaw  string // code of a syntax error in a cell; empty for none
}

// cell is one cell, without surrounding spaces.
type cell struct {
	text   string
	number bool // a number of a workbook, in Go's notation; not a text of digits
}

// at returns the cell at index i; an empty one if there is none.
func (r row) at(i int) cell {
	if i < 0 || i >= len(r.cells) {
		return cell{}
	}
	return r.cells[i]
}

// filled returns the number of cells up to the last one that is not empty.
func (r row) filled() int {
	n := len(r.cells)
	for n > 0 && r.cells[n-1].text == "" {
		n--
	}
	return n
}

// tableOf returns the table of CSV text, with the separator that gives the best header.
func tableOf(content string) table {
	return separatedTable(content, sheet.BestSeparator(sheet.RarestFirst, func(separator byte) int {
		return findHeader(separatedTable(content, separator)).score()
	}))
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
