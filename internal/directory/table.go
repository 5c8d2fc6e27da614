package directory

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// headerLines is the number of lines in which the header is searched. Reports and scripts write titles
// and type names above it.
const headerLines = 50

// sampleBytes is the start of a text from which the order of day and month is found.
const sampleBytes = 256 << 10

// table is a table below its header.
type table struct {
	header
	near *header // of a table without a known header: what looks like one
	line int     // of the header
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
	case t.shape == nil && t.near != nil:
		r.Kind = t.near.shape.kind
		if err := r.is(r.Kind); err != nil {
			return err
		}
		return r.stop(t.line, "directory_column_missing", "column", t.near.shape.columns[0].title)
	case t.shape == nil:
		return r.unknown()
	}
	if err := r.is(t.shape.kind); err != nil {
		return err
	}
	r.dateOrder(t)
	return nil
}

// dateFields are the fields with dates.
var dateFields = []field{fieldSeen, fieldRegistered, fieldEnd, fieldRefreshed}

// dateOrder decides whether dates with slashes begin with the day: if one can only be read so. If all can
// be read both ways, they begin with the day, except in an export in English. The first date that
// differs gets a finding.
func (r *reading) dateOrder(t table) {
	open, line := "", 0
	for row := range t.rows {
		columns := append([]int(nil), t.activity...)
		for _, f := range dateFields {
			if t.at[f] >= 0 {
				columns = append(columns, t.at[f])
			}
		}
		for _, column := range columns {
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
	if r.dayFirst = !t.english; open != "" {
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
		r.record.fill(&t.header, true, row.at)
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
	t.fault = func() error { return nil }
	t.rows = func(func(row) bool) {}
	for n := range headerLines {
		found, near := (*header)(nil), (*header)(nil)
		ok, err := s.Header(func(names []string) (int, bool) {
			h, close := recognise(names)
			if close != nil {
				near = close
			}
			found = h
			return len(names) - 1, h != nil
		})
		if err != nil {
			return t, err
		}
		if ok {
			t.header, t.near, t.line = *found, nil, int(s.Line)
			t.rows, t.fault = streamedRows(s, found)
			return t, nil
		}
		_, more := s.Skip()
		if near != nil && t.near == nil {
			t.near, t.line = near, n+1
		}
		if !more {
			break
		}
	}
	return t, nil
}

// streamedRows returns the rows of a stream below its header.
func streamedRows(s *sheet.Stream, h *header) (rows iter.Seq[row], fault func() error) {
	var used []int
	for _, at := range h.at {
		if at >= 0 {
			used = append(used, at)
		}
	}
	used = append(used, h.activity...)
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

// maxSheets is how many sheets of a workbook are searched.
const maxSheets = 64

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
	var near *table
	for _, s := range w.Sheets[:min(len(w.Sheets), maxSheets)] {
		t := sheetTable(w, s)
		if err := t.fault(); err != nil {
			return r.stop(0, workbookCode(err))
		}
		if t.shape == nil {
			if t.near != nil && near == nil {
				near = &t
			}
			continue
		}
		if err := r.begin(t); err != nil {
			return err
		}
		if err := r.readRows(t); err != nil {
			if errors.Is(err, sheet.ErrDamaged) || errors.Is(err, sheet.ErrTooLarge) {
				return r.stop(0, workbookCode(err))
			}
			return err
		}
		return nil
	}
	if near != nil {
		return r.begin(*near)
	}
	return r.unknown()
}

// sheetTable finds the header of a sheet.
func sheetTable(w *sheet.Workbook, s sheet.Worksheet) (t table) {
	all, fault := w.Rows(s)
	t.fault = fault
	t.rows = func(func(row) bool) {}
	lines := 0
	for read := range all {
		names := make([]string, len(read.Cells))
		for i, c := range read.Cells {
			names[i] = c.Text
		}
		found, near := recognise(names)
		if near != nil && t.near == nil {
			t.near, t.line = near, read.Line
		}
		if found != nil {
			t.header, t.near, t.line = *found, nil, read.Line
			break
		}
		if lines++; lines == headerLines {
			break
		}
	}
	if t.shape == nil {
		return t
	}
	t.rows = func(yield func(row) bool) {
		var r row
		for read := range all {
			if read.Line <= t.line {
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
	}
	return t
}
