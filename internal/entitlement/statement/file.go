// Package statement reads the files in which publishers list the entitlements of an organisation
// (R7.4): the license summary as CSV, the General License Statement as CSV, and the Microsoft
// License Statement as a workbook or as CSV of its sheet.
//
// A file is recognised by its columns. Their names may be English, Dutch or French, in any order,
// among other columns and below other lines. All errors are reported at once, by line and column,
// as for a file of agreements.
//
// Every row counts once: it becomes a line of the statement, is skipped because it is about one
// country, repeats an earlier row, or is rejected. Rows are never added up here. Equal rows about
// one product count once, with a warning; contradicting rows are errors. In a General License
// Statement each row is a separate purchase, so a row is a repetition only if all its cells,
// including an order number, equal those of an earlier row.
//
// # Workbooks
//
// Package sheet reads workbooks with archive/zip and encoding/xml and streams the one sheet
// needed. The library excelize v2.11.0 was measured instead: it adds 665 kB to a function's
// zipped binary of 4.25 MB, which is too much for the limit of 5 MB (these two packages: 27 kB).
// It also unpacks every part of a file into memory or temporary files before the first row, and a
// hostile file must cost little. It is not slower: both spend their time in encoding/xml, about
// 0.3 s for 120,000 cells. The tests write workbooks with it.
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

// The limits of a file. A caller that knows the size of a file rejects one above MaxFileBytes
// without reading it.
const (
	MaxFileBytes = 16 << 20
	MaxRows      = 200_000 // below the header
	MaxFindings  = 1000    // further findings are not listed; their rows still count as rejected
)

// findingsPerRow limits the findings of one row.
const findingsPerRow = 12

// Options are the properties that a file does not contain.
type Options struct {
	Name string   // of the statement; see entitlement.Statement
	Date day.Date // of a file without a date: the day of the upload
	// Names returns the findings about the name of the product of a line that has no error: findings
	// with Column, Value, Code and Args. Nil says nothing.
	Names func(entitlement.Entitlement) []sheet.Finding
}

// File is a checked statement. Always
//
//	len(Statement.Lines) + Skipped + Unchanged + Rejected = Rows
type File struct {
	Statement entitlement.Statement
	// Findings are in the order of the file. Findings about the whole file have Line 0.
	Findings  []sheet.Finding
	Rows      int  // below the header, not blank
	Skipped   int  // rows about one country, which All Countries includes
	Unchanged int  // rows that repeat an earlier one
	Rejected  int  // rows with an error; all rows if the file is refused
	Refused   bool // the file as a whole is rejected and has no Statement

	names func(entitlement.Entitlement) []sheet.Finding // Options.Names
}

// ReadFile checks a file. It never fails: errors are in the findings.
func ReadFile(data []byte, o Options) *File {
	if len(data) > MaxFileBytes {
		return TooLarge()
	}
	f := &File{Statement: entitlement.Statement{Name: o.Name, Date: o.Date}, names: o.Names}
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

// IsFile reports whether a file that arrived as something else is a statement: its start, or a sheet
// of a workbook, has the column names of one.
func IsFile(data []byte) bool {
	if !sheet.IsZIP(data) {
		data = sheet.Start(data)
	}
	f := ReadFile(data, Options{})
	return !f.Refused || slices.Contains(refusedBelowHeader, f.Findings[0].Code)
}

// refusedBelowHeader are the codes that refuse a file whose header is a statement's.
var refusedBelowHeader = []string{"statement_empty", "statement_no_total", "statement_too_many_rows"}

// TooLarge returns the refusal of a file of more than MaxFileBytes.
func TooLarge() *File {
	f := &File{}
	f.refuse(0, "statement_too_large", "max", strconv.Itoa(MaxFileBytes>>20))
	return f
}

// Refuse refuses the file as a whole, instead of what is wrong in it.
func (f *File) Refuse(code string) {
	f.Refused = false
	f.refuse(0, code)
}

// contentCodes maps the codes of sheet.Text to findings about content that is not text. ReadFile
// handles ZIP archives and workbooks before.
var contentCodes = map[string]string{
	"file_utf16": "statement_utf16",
	"file_xls":   "statement_xls",
	"file_word":  "statement_xls",
	"file_gzip":  "statement_gzip",
	"file_pdf":   "statement_pdf",
	"file_html":  "statement_html",
}

// refuse rejects the file as a whole, and drops the findings about its rows.
func (f *File) refuse(line int, code string, args ...string) {
	if !f.Refused {
		f.Refused, f.Findings = true, nil
	}
	f.Rejected, f.Skipped, f.Unchanged = f.Rows, 0, 0
	f.Statement = entitlement.Statement{}
	f.add(sheet.Finding{Line: line, Code: code, Args: errs.Pairs(args...)})
}

// warnings are the codes of findings that do not reject a row.
var warnings = []string{
	"statement_row_repeated", "statement_date_missing", "statement_date_future", "statement_day_first", "statement_sa_exceeds", "statement_version_differs",
}

// hints are the codes of findings that may mean nothing.
var hints = []string{"statement_name_unknown", "statement_name_proposed"}

func (f *File) add(finding sheet.Finding) {
	finding.Severity = sheet.SeverityError
	switch {
	case slices.Contains(warnings, finding.Code):
		finding.Severity = sheet.SeverityWarning
	case slices.Contains(hints, finding.Code):
		finding.Severity = sheet.SeverityHint
	}
	if len(f.Findings) < MaxFindings {
		f.Findings = append(f.Findings, finding)
	}
}

// read finds the header of a table and reads the rows below it.
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

// readBelow reads the rows below a complete header.
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
		// Accepting it would look like an organisation without entitlements.
		_, position := h.cell(row{}, ColumnCountry)
		f.refuse(h.line, "statement_no_total")
		f.Findings[0].Position, f.Findings[0].Column = position, ColumnCountry
	}
	slices.SortStableFunc(f.Findings, func(a, b sheet.Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Position, b.Position))
	})
}

// setDate uses the date in a table. It ignores a date in the future, which would make every later
// statement look outdated.
func (f *File) setDate(found day.Date) {
	put := f.Statement.Date
	switch {
	case found == "":
		f.add(sheet.Finding{Code: "statement_date_missing"})
	case put != "" && found > put:
		f.add(sheet.Finding{Value: string(found), Code: "statement_date_future"})
	default:
		f.Statement.Date = found
	}
}
