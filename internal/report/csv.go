package report

import (
	"encoding/csv"
	"io"

	"trueup/internal/sheet"
)

// CSV writes the table according to RFC 4180, in UTF-8 with a byte-order mark, because Excel
// reads files without one in the code page of its computer. Each record has one field for each
// column. The totals and the notes about the report come last; a note is in the first field.
//
// Text that would start a formula gets an apostrophe in front (R8.4). Numbers stay numbers, also
// below zero.
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
