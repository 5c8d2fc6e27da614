// Package statement reads the files in which publishers state what an
// organisation is entitled to (R7.4): the license summary as CSV, the General
// License Statement as CSV, and the Microsoft License Statement as a workbook
// or as CSV of its sheet.
//
// A file is recognised by its columns, which may be named in English, Dutch or
// French, stand in any order and among others, and below lines that say
// something else. Everything that is wrong with it is reported at once, by line
// and column, as with a file of agreements.
//
// Every row counts once: it is a line of the statement, it is skipped because
// it is about one country, it repeats an earlier row, or it is rejected. Rows
// are never added up here. Rows that say the same of the same product are a
// copy, counted once, with a warning; rows that contradict each other are
// errors. In a General License Statement each row is a purchase of its own, so
// there only a row with the order number, and everything else, of an earlier
// one is a copy.
//
// # Workbooks
//
// A workbook is read by workbook.go, which is archive/zip and encoding/xml and
// streams the one sheet it needs. The library for workbooks, excelize v2.11.0,
// was measured for it: it adds 665 kB to a function's zipped binary of 4.25 MB,
// which leaves no room under the bound of 5 MB (these two packages: 27 kB); and
// it unpacks every part of a file into memory or temporary files before the
// first row, where a hostile one must cost little. It is not slower: both spend
// their time in encoding/xml, about 0.3 s for 120,000 cells. The tests use it, to
// write the workbooks that are read here.
package statement

import (
	"cmp"
	"slices"
	"strconv"

	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/sheet"
)

// The limits of a file. A caller that knows the size of a file refuses one
// above MaxFileBytes without reading it.
const (
	MaxFileBytes = 16 << 20
	MaxRows      = 200_000 // below the header
	MaxFindings  = 1000    // more are counted as rejected rows, and not listed
)

// findingsPerRow bounds what one row adds to the findings.
const findingsPerRow = 12

// Options are what a file does not say itself.
type Options struct {
	Name string   // of the statement, see entitlement.Statement
	Date day.Date // of a file that does not tell its date: when it was put
}

// File is a checked statement. Always
//
//	len(Statement.Lines) + Skipped + Unchanged + Rejected = Rows
type File struct {
	Statement entitlement.Statement
	// Findings are in the order of the file; those about the whole file have Line 0.
	Findings  []sheet.Finding
	Rows      int  // below the header, not blank
	Skipped   int  // rows about one country, which All Countries includes
	Unchanged int  // rows that repeat an earlier one
	Rejected  int  // rows with an error; all of them when the file is refused
	Refused   bool // the file as a whole: then there is no Statement
}

// ReadFile checks a file. It never fails: what is wrong is in the findings.
func ReadFile(data []byte, o Options) *File {
	f := &File{Statement: entitlement.Statement{Name: o.Name, Date: o.Date}}
	if len(data) > MaxFileBytes {
		f.refuse(0, "statement_too_large", "max", strconv.Itoa(MaxFileBytes>>20))
		return f
	}
	if sheet.IsZIP(data) {
		f.readWorkbook(data)
		return f
	}
	content, code := sheet.Text(data)
	if code != "" {
		f.refuse(0, contentCodes[code])
		return f
	}
	f.read(tableOf(content))
	return f
}

// contentCodes say what to do with what is no text, by the code of
// sheet.Text. ZIP archives and workbooks have been read before.
var contentCodes = map[string]string{
	"file_utf16": "statement_utf16",
	"file_xls":   "statement_xls",
	"file_gzip":  "statement_gzip",
	"file_pdf":   "statement_pdf",
	"file_html":  "statement_html",
}

// refuse refuses the file as a whole. What was wrong with its rows is no news then.
func (f *File) refuse(line int, code string, args ...string) {
	if !f.Refused {
		f.Refused, f.Findings = true, nil
	}
	f.Rejected, f.Skipped, f.Unchanged = f.Rows, 0, 0
	f.Statement = entitlement.Statement{}
	f.add(sheet.Finding{Line: line, Code: code, Args: errs.Pairs(args...)})
}

// warnings are the codes of findings that reject nothing.
var warnings = []string{"statement_row_repeated", "statement_date_missing", "statement_date_future", "statement_day_first", "statement_sa_exceeds"}

func (f *File) add(finding sheet.Finding) {
	finding.Severity = sheet.SeverityError
	if slices.Contains(warnings, finding.Code) {
		finding.Severity = sheet.SeverityWarning
	}
	if len(f.Findings) < MaxFindings {
		f.Findings = append(f.Findings, finding)
	}
}

// read reads text, in which the header has not been found yet.
func (f *File) read(t table) {
	h := findHeader(t)
	if h.missing() != nil {
		f.refuseHeader(h)
		return
	}
	f.readBelow(t, h)
}

func (f *File) refuseHeader(h header) {
	if !h.likely() {
		f.refuse(0, "statement_unknown")
		return
	}
	for _, column := range h.missing() {
		f.refuse(h.line, "statement_column_missing", "column", h.shape.title(column))
	}
}

// readBelow reads what is below a complete header.
func (f *File) readBelow(t table, h header) {
	f.Statement.Kind = h.shape.kind
	if h.shape.kind == entitlement.KindLicenseStatement {
		f.setDate(h.date)
	}
	r := reader{File: f, header: h, seen: map[string]seen{}}
	if h.shape.kind == entitlement.KindGeneralStatement {
		r.dayFirst = r.writesDayFirst(t)
	}
	for row := range t.rows {
		if row.line <= h.line {
			continue
		}
		if f.Rows++; f.Rows > MaxRows {
			break
		}
		r.row(row)
	}
	switch code := t.fault(); {
	case code != "":
		f.refuse(0, code)
	case f.Rows > MaxRows:
		f.refuse(0, "statement_too_many_rows", "max", strconv.Itoa(MaxRows))
	case f.Rows == 0:
		f.refuse(h.line, "statement_empty")
	case f.Rows == f.Skipped:
		// It would look like an organisation that owns nothing.
		_, position := h.cell(row{}, ColumnCountry)
		f.refuse(h.line, "statement_no_total")
		f.Findings[0].Position, f.Findings[0].Column = position, ColumnCountry
	}
	slices.SortStableFunc(f.Findings, func(a, b sheet.Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Position, b.Position))
	})
}

// setDate takes the date that a table tells. One in the future would make every
// later statement look outdated.
func (f *File) setDate(told day.Date) {
	put := f.Statement.Date
	switch {
	case told == "":
		f.add(sheet.Finding{Code: "statement_date_missing"})
	case put != "" && told > put:
		f.add(sheet.Finding{Value: string(told), Code: "statement_date_future"})
	default:
		f.Statement.Date = told
	}
}
