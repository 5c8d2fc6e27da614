package directory

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"trueup/internal/day"
	"trueup/internal/directory/columns"
	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// sampleBytes is the start of a text from which the order of day and month is found.
const sampleBytes = 256 << 10

// table is a table below its header.
type table struct {
	columns.Place
	rows iter.Seq[row]
	// fault returns why the rows ended early; nil if they did not.
	fault func() error
}

// row is a row of a table, valid until the next one.
type row struct {
	line  int
	cells []string // of the columns that are read; others are empty
	flaw  string   // code of what is wrong with the row
}

// at returns the text of a column; empty if the row ends before it.
func (r row) at(column int) string {
	if column >= len(r.cells) {
		return ""
	}
	return r.cells[column]
}

// readText reads a table of text.
func (r *reading) readText(content *bufio.Reader) error {
	sample, err := io.ReadAll(io.LimitReader(content, sampleBytes))
	if err != nil {
		return err
	}
	buffer := make([]byte, sheet.StreamBuffer)
	first, err := streamed(sheet.NewStream(bytes.NewReader(sample), buffer))
	if err != nil {
		return err
	}
	if err := r.begin(first); err != nil {
		return err
	}
	all, err := streamed(sheet.NewStream(io.MultiReader(bytes.NewReader(sample), content), buffer))
	if err != nil {
		return err
	}
	return r.readRows(all)
}

// begin judges the header of a table, and finds the order of the numbers of its dates in its first rows.
func (r *reading) begin(t table) error {
	switch {
	case t.Header == nil && t.Near == nil:
		return r.unknown()
	case t.Header == nil:
		r.Kind = t.Near.Kind
		if err := r.is(r.Kind); err != nil {
			return err
		}
		return r.stop(t.Line, "directory_column_missing", "column", t.Near.Needs())
	}
	if err := r.is(t.Header.Kind); err != nil {
		return err
	}
	r.dateOrder(t)
	return nil
}

// dateFields are the fields with dates.
var dateFields = []columns.Field{columns.Seen, columns.Registered, columns.End, columns.Refreshed}

// dateOrder decides whether dates with slashes begin with the day: if one can only be read so. If all can
// be read both ways, they begin with the day, except in an export in English. The first date that
// differs gets a finding.
func (r *reading) dateOrder(t table) {
	open, line := "", 0
	for row := range t.rows {
		dates := slices.Clone(t.Header.Activity)
		for _, f := range dateFields {
			if t.Header.At[f] >= 0 {
				dates = append(dates, t.Header.At[f])
			}
		}
		for _, column := range dates {
			w, ok := day.ParseWritten(row.at(column))
			switch {
			case !ok || !w.IsOpen():
			case w.MonthFirst():
				r.dayFirst = false
				return
			case w.DayFirst():
				r.dayFirst = true
				return
			case open == "":
				if a, ok := w.Date(true); ok {
					if b, _ := w.Date(false); a != b {
						open, line = strings.Clone(row.at(column)), row.line
					}
				}
			}
		}
	}
	if r.dayFirst = !t.Header.English; open != "" {
		w, _ := day.ParseWritten(open)
		read, _ := w.Date(r.dayFirst)
		r.add(sheet.Finding{
			Severity: sheet.SeverityWarning, Line: line, Value: text.Quote(open), Code: "directory_dates_open",
			Args: errs.Pairs("date", string(read)),
		})
	}
}

// readRows reads the rows of a table.
func (r *reading) readRows(t table) error {
	for row := range t.rows {
		if row.flaw != "" {
			if err := r.flawed(row.line, row.flaw); err != nil {
				return err
			}
			continue
		}
		r.record.reset(row.line)
		r.record.fill(t.Header, true, row.at)
		if err := r.deliver(); err != nil {
			return err
		}
	}
	return t.fault()
}

// rowFlaws are the codes of the flaws of a row.
var rowFlaws = [...]string{sheet.RowTooLong: "directory_row_long", sheet.RowQuote: "directory_row_quote", sheet.RowColumns: "directory_row_columns"}

// streamed finds the header of a table of text.
func streamed(s *sheet.Stream) (t table, err error) {
	if t.Place, err = columns.InText(s); err != nil {
		return t, err
	}
	t.rows, t.fault = func(func(row) bool) {}, func() error { return nil }
	if t.Header != nil {
		t.rows, t.fault = streamedRows(s, t.Header)
	}
	return t, nil
}

// streamedRows returns the rows of a stream below its header.
func streamedRows(s *sheet.Stream, h *columns.Header) (rows iter.Seq[row], fault func() error) {
	var used []int
	for _, at := range h.At {
		if at >= 0 {
			used = append(used, at)
		}
	}
	used = append(used, h.Activity...)
	var failed error
	return func(yield func(row) bool) {
		r := row{cells: make([]string, s.Columns)}
		for {
			bad, err := s.Next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					failed = err
				}
				return
			}
			r.line, r.flaw = int(s.Line), rowFlaws[bad]
			width := len(s.Cells)
			if bad == sheet.RowColumns && s.Width < s.Columns {
				r.flaw, width = "", s.Width // spreadsheet programs leave out empty cells at the end
			}
			blank := true
			for _, at := range used {
				r.cells[at] = ""
				if at < width {
					r.cells[at] = sheet.CellText(text.Readable(string(s.Cells[at])))
				}
				blank = blank && r.cells[at] == ""
			}
			if blank && r.flaw == "" {
				continue
			}
			if !yield(r) {
				return
			}
		}
	}, func() error { return failed }
}

// workbookCode returns the code for an error of package sheet.
func workbookCode(err error) string {
	switch {
	case errors.Is(err, sheet.ErrNoWorkbook):
		return "directory_zip"
	case errors.Is(err, sheet.ErrNoSheets):
		return "directory_xls"
	case errors.Is(err, sheet.ErrTooLarge):
		return "directory_workbook_too_large"
	default:
		return "directory_workbook_damaged"
	}
}

// readWorkbook reads the first sheet of a workbook that has a known header.
func (r *reading) readWorkbook(file io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(file, MaxWorkbookBytes+1))
	switch {
	case err != nil:
		return err
	case len(data) > MaxWorkbookBytes:
		return r.stop(0, "directory_workbook_too_large")
	}
	w, err := sheet.OpenWorkbook(data)
	if err != nil {
		return r.stop(0, workbookCode(err))
	}
	r.epoch = day.Date(w.Epoch)
	s, place, err := columns.InWorkbook(w)
	if err != nil {
		return r.stop(0, workbookCode(err))
	}
	t := sheetTable(w, s, place)
	if err := r.begin(t); err != nil {
		return err
	}
	err = r.readRows(t)
	if errors.Is(err, sheet.ErrDamaged) || errors.Is(err, sheet.ErrTooLarge) {
		return r.stop(0, workbookCode(err))
	}
	return err
}

// sheetTable returns the table below the header of a sheet.
func sheetTable(w *sheet.Workbook, s sheet.Worksheet, place columns.Place) table {
	all, fault := w.Rows(s)
	return table{Place: place, fault: fault, rows: func(yield func(row) bool) {
		var r row
		for read := range all {
			if read.Line <= place.Line {
				continue
			}
			r.line, r.cells = read.Line, r.cells[:0]
			for _, c := range read.Cells {
				r.cells = append(r.cells, c.Text)
			}
			if !yield(r) {
				return
			}
		}
	}}
}
