package report

import (
	"io"

	"trueup/internal/sheet"
)

// CSV writes the table as sheet.CSVWriter does. Each record has one field for each
// column. The last records are the totals, and then the notes of the report, in the
// first field.
func (t Table) CSV(to io.Writer) error {
	w, err := sheet.NewCSVWriter(to, t.Separator.Byte())
	if err != nil {
		return err
	}
	w.Write(t.header())
	for cells := range t.Rows {
		w.Write(cells)
	}
	if t.Totals != nil {
		w.Write(t.Totals)
	}
	for _, sentence := range t.notes() {
		cells := make([]Cell, len(t.Columns))
		cells[0].Text = sentence
		w.Write(cells)
	}
	return w.Flush()
}

func (t Table) header() []Cell {
	cells := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		cells[i].Text = c.Name
	}
	return cells
}
