package report

import (
	"io"

	"trueup/internal/sheet"
)

// XLSX writes the table as an Excel workbook: a sheet with the table, a frozen header and
// filters, and a sheet with the notes about the report (R8.4).
func (t Table) XLSX(to io.Writer) error {
	table := sheet.Sheet{Name: t.Title, Header: t.header(), Rows: t.Rows, Totals: t.Totals, IsTable: true}
	for _, c := range t.Columns {
		width := 24
		if c.Numeric {
			width = 12
		}
		table.Widths = append(table.Widths, width)
	}
	about := sheet.Sheet{
		Name: aboutSheetName, Widths: []int{120}, Header: []Cell{{Text: t.Title}},
		Rows: func(yield func([]Cell) bool) {
			for _, sentence := range t.notes() {
				if !yield([]Cell{{Text: sentence}}) {
					return
				}
			}
		},
	}
	return sheet.WriteWorkbook(to, table, about)
}

const aboutSheetName = "trueup"
