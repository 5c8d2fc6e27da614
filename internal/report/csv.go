package report

import (
	"encoding/csv"
	"io"

	"trueup/internal/sheet"
)

// CSV writes the table as RFC 4180 has it, in UTF-8 with a byte-order mark:
// without one Excel takes the file for the code page of its computer, and every
// reader of CSV that knows UTF-8 knows the mark. Each record has one field for
// each column. The last ones are the totals and then what the report says about itself,
// in the first field.
//
// No text starts a formula: an apostrophe comes before it (R8.4). Numbers are
// numbers, below zero too.
func (t Table) CSV(to io.Writer) error {
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return err
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	record := make([]string, len(t.Columns))
	write := func(cells []Cell) {
		for i, c := range cells {
			record[i] = c.String()
			if c.Kind != sheet.KindNumber {
				record[i] = sheet.Neutralise(record[i])
			}
		}
		w.Write(record) //nolint:errcheck // it stays with the writer: Flush and Error below
	}
	write(t.header())
	for cells := range t.Rows {
		write(cells)
	}
	if t.Totals != nil {
		write(t.Totals)
	}
	for _, sentence := range t.notes() {
		cells := make([]Cell, len(t.Columns))
		cells[0].Text = sentence
		write(cells)
	}
	w.Flush()
	return w.Error()
}

func (t Table) header() []Cell {
	cells := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		cells[i].Text = c.Name
	}
	return cells
}
