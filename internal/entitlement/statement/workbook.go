package statement

import (
	"errors"
	"slices"

	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// maxSheets is how many sheets of a workbook are searched.
const maxSheets = 64

// workbookCode returns the code of the finding for an error of package sheet.
func workbookCode(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, sheet.ErrNoWorkbook):
		return "statement_zip"
	case errors.Is(err, sheet.ErrNoSheets):
		return "statement_sheet_missing"
	case errors.Is(err, sheet.ErrTooLarge):
		return "statement_workbook_too_large"
	default:
		return "statement_workbook_damaged"
	}
}

// pivotSheets are the names of the sheet with the totals, in the form of text.Letters.
var pivotSheets = []string{
	"pivotdata", "pivotgegevens", "draaitabelgegevens", "draaigegevens", "draaitabeldata",
	"donneespivot", "donneescroisees", "donneesdepivot", "donneesdutableaucroise", "donneesdutableaucroisedynamique",
}

// readWorkbook reads the sheet with the totals: the one with its name, or else the first one with
// its columns.
func (f *File) readWorkbook(data []byte) {
	w, err := sheet.OpenWorkbook(data)
	if err != nil {
		f.refuse(0, workbookCode(err))
		return
	}
	slices.SortStableFunc(w.Sheets, func(a, b sheet.Worksheet) int { return min(named(b), 0) - min(named(a), 0) })
	var close header // best incomplete header in a sheet with the right name
	for _, s := range w.Sheets[:min(len(w.Sheets), maxSheets)] {
		t := workbookTable(w, s)
		h := findHeader(t)
		if code := t.fault(); code != "" {
			f.refuse(0, code)
			return
		}
		if h.shape.kind == entitlement.KindLicenseStatement && h.missing() == nil {
			f.readBelow(t, h)
			return
		}
		if named(s) >= 0 && h.likely() {
			close = h
		}
	}
	if close.shape.kind == entitlement.KindLicenseStatement {
		f.refuseHeader(close)
		return
	}
	f.refuse(0, "statement_sheet_missing")
}

// named returns the index of a sheet's name in pivotSheets; -1 if it is not there.
func named(s sheet.Worksheet) int {
	return slices.Index(pivotSheets, text.Letters(text.Shorten(s.Name, 64)))
}

func workbookTable(w *sheet.Workbook, s sheet.Worksheet) table {
	rows, fault := w.Rows(s)
	return table{
		epoch: day.Date(w.Epoch),
		fault: func() string { return workbookCode(fault()) },
		rows: func(yield func(row) bool) {
			var r row
			for read := range rows {
				r.line, r.cells = read.Line, r.cells[:0]
				for _, c := range read.Cells {
					r.cells = append(r.cells, cell{text: c.Text, number: c.Number})
				}
				if !yield(r) {
					return
				}
			}
		},
	}
}
