package statement

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// reader reads the rows below a header.
type reader struct {
	*File
	header   header
	dayFirst bool // order of dates with slashes
	seen     map[string]seen

	// State of the current row.
	current row
	before  int // number of findings of earlier rows
	wrong   int // number of errors of this row
}

// seen is an earlier row that a later one may repeat.
type seen struct {
	line                            int
	effective, activeSA, unresolved int
}

// row checks one row and turns it into a line of the statement or into findings.
func (r *reader) row(row row) {
	r.current, r.before, r.wrong = row, len(r.Findings), 0
	if country, at := r.header.cell(row, ColumnCountry); at > 0 && row.flaw == "" && !isAllCountries(country.text) {
		r.Skipped++
		return
	}
	var line entitlement.Line
	if r.fits() {
		line = r.line()
	}
	switch earlier, repeated := r.seen[r.key(line)]; {
	case r.wrong > 0:
		r.Rejected++
	case repeated && earlier == (seen{earlier.line, line.Effective, line.ActiveSA, line.Unresolved}):
		r.Unchanged++
		r.find(ColumnNone, "", "statement_row_repeated", "line", strconv.Itoa(earlier.line))
	case repeated:
		r.Rejected++
		r.find(ColumnEffective, strconv.Itoa(line.Effective), "statement_row_contradicts", "line", strconv.Itoa(earlier.line))
	default:
		if key := r.key(line); key != "" {
			r.seen[key] = seen{row.line, line.Effective, line.ActiveSA, line.Unresolved}
		}
		if line.ActiveSA > line.Effective {
			r.find(ColumnActiveSA, strconv.Itoa(line.ActiveSA), "statement_sa_exceeds", "effective", strconv.Itoa(line.Effective))
		}
		r.Statement.Lines = append(r.Statement.Lines, line)
		r.remark(line)
	}
}

// remark adds the findings about the name of a product, while there is room for findings.
func (r *reader) remark(line entitlement.Line) {
	if r.names == nil || len(r.Findings) >= MaxFindings {
		return
	}
	for _, f := range r.names(line.Entitlement) {
		_, f.Position = r.header.cell(r.current, f.Column)
		f.Line = r.current.line
		r.add(f)
	}
}

// ColumnNone is the column of a finding about a whole row.
const ColumnNone = sheet.ColumnNone

// find reports a finding about the current row.
func (r *reader) find(column sheet.Column, value, code string, args ...string) {
	_, position := r.header.cell(r.current, column)
	f := sheet.Finding{Line: r.current.line, Position: position, Column: column, Value: text.Quote(value), Code: code, Args: errs.Pairs(args...)}
	if len(r.Findings)-r.before < findingsPerRow {
		r.add(f)
	}
}

// reject reports an error about the current row.
func (r *reader) reject(column sheet.Column, value, code string, args ...string) {
	r.wrong++
	r.find(column, value, code, args...)
}

// fits reports whether the cells of the current row match the header.
func (r *reader) fits() bool {
	// A line break is allowed in a cell that is not read, such as a comment (see text).
	if flaw := r.current.flaw; flaw != "" && flaw != "line_break" {
		r.reject(ColumnNone, "", flaw)
		return false
	}
	if n := r.current.filled(); n > r.header.width {
		r.reject(ColumnNone, r.current.at(0).text, "statement_columns", "count", strconv.Itoa(n), "columns", strconv.Itoa(r.header.width))
		return false
	}
	return true
}

// line reads the current row and reports all its errors.
func (r *reader) line() entitlement.Line {
	line := entitlement.Line{LicenseID: r.licenseID()}
	line.Publisher = agreement.VolumePublisher
	if r.Statement.Kind == entitlement.KindGeneralStatement {
		line.Publisher = r.text(ColumnPublisher, true)
	}
	// A product that came with another one has an asterisk after its name.
	line.Family = strings.TrimRight(r.text(ColumnFamily, true), " *")
	line.Version = r.text(ColumnVersion, false)
	line.Pool = r.text(ColumnPool, false)
	line.Type = r.text(ColumnType, false)
	line.Effective = r.quantity(ColumnEffective, true)
	line.ActiveSA = r.quantity(ColumnActiveSA, false)
	line.Unresolved = r.quantity(ColumnUnresolved, false)
	if r.Statement.Kind == entitlement.KindGeneralStatement {
		r.purchase(&line)
	}
	return line
}

// purchase reads the columns that only a General License Statement has. It calls Software
// Assurance "support", which covers the whole quantity of the row.
func (r *reader) purchase(line *entitlement.Line) {
	line.Start = r.date(ColumnPurchased)
	until := r.date(ColumnSupportEnd)
	support, _ := r.header.cell(r.current, ColumnSupport)
	purchased, ok := supportOf(support.text)
	switch {
	case !ok:
		r.reject(ColumnSupport, support.text, "statement_support")
	case purchased:
		line.ActiveSA, line.SAEnd = line.Effective, until
	}
}

// licenseID reads the License ID, if this kind of statement has one.
func (r *reader) licenseID() string {
	c, position := r.header.cell(r.current, ColumnLicenseID)
	switch {
	case position == 0:
		return ""
	case c.text == "":
		r.reject(ColumnLicenseID, "", "statement_required", "column", r.header.shape.title(ColumnLicenseID))
	case len(c.text) > agreement.PairMaxCharsHighest || agreement.Squeeze(c.text) == "":
		r.reject(ColumnLicenseID, c.text, "statement_license_id")
	}
	return strings.Clone(c.text)
}

// text reads a text cell and collapses its spaces.
func (r *reader) text(column sheet.Column, required bool) string {
	c, position := r.header.cell(r.current, column)
	if position == 0 {
		return ""
	}
	value := text.Readable(c.text[:min(len(c.text), 8*entitlement.TextMaxChars)])
	if strings.ContainsAny(value, "\r\n") {
		r.reject(column, c.text, "line_break")
		return ""
	}
	value = strings.Clone(text.Collapse(value))
	switch n := utf8.RuneCountInString(value); {
	case n == 0 && required, required && strings.Trim(value, "* ") == "":
		r.reject(column, "", "statement_required", "column", r.header.shape.title(column))
	case n > entitlement.TextMaxChars:
		r.reject(column, c.text, "statement_text_too_long", "max", strconv.Itoa(entitlement.TextMaxChars))
	case strings.ContainsFunc(value, entitlement.IsInvisible):
		r.reject(column, c.text, "statement_text_control")
	}
	return value
}

func (r *reader) quantity(column sheet.Column, required bool) int {
	c, position := r.header.cell(r.current, column)
	if position == 0 || c.text == "" && !required {
		return 0
	}
	n, ok := quantityOf(c)
	switch {
	case c.text == "":
		r.reject(column, "", "statement_required", "column", r.header.shape.title(column))
	case !ok:
		r.reject(column, c.text, "statement_quantity", "max", strconv.Itoa(entitlement.MaxQuantity))
	}
	return n
}

func (r *reader) date(column sheet.Column) day.Date {
	c, _ := r.header.cell(r.current, column)
	if c.text == "" {
		return ""
	}
	var d day.Date
	w, ok := day.ParseWritten(c.text)
	if ok {
		d, ok = w.Date(r.dayFirst)
	}
	if !ok {
		r.reject(column, c.text, "statement_date")
	}
	return d
}

// writesDayFirst reports whether the table writes the day first in dates with slashes, where the
// month is expected first: at least one date is valid only with the day first, and none only with
// the month first.
func (r *reader) writesDayFirst(t table) bool {
	line, found := 0, ""
	for row := range t.rows {
		if row.line <= r.header.line {
			continue
		}
		for _, column := range []sheet.Column{ColumnPurchased, ColumnSupportEnd} {
			c, _ := r.header.cell(row, column)
			w, ok := day.ParseWritten(c.text)
			switch {
			case !ok:
			case w.MonthFirst():
				return false
			case w.DayFirst() && found == "":
				line, found = row.line, strings.Clone(c.text)
			}
		}
	}
	if found != "" {
		r.add(sheet.Finding{Line: line, Value: text.Quote(found), Code: "statement_day_first"})
	}
	return found != ""
}

// key identifies a row for the detection of repeated rows; empty if repetition is allowed.
func (r *reader) key(line entitlement.Line) string {
	if r.wrong > 0 {
		return ""
	}
	if r.Statement.Kind != entitlement.KindGeneralStatement {
		family, _ := r.header.cell(r.current, ColumnFamily) // with its asterisk, which makes it a different row
		return strings.Join([]string{
			agreement.Squeeze(line.LicenseID), text.Fold(text.Readable(family.text)), text.Fold(line.Version), text.Fold(line.Pool), text.Fold(line.Type),
		}, "\x00")
	}
	if order, _ := r.header.cell(r.current, ColumnOrder); order.text == "" {
		return ""
	}
	texts := make([]string, len(r.current.cells))
	for i, c := range r.current.cells {
		texts[i] = c.text
	}
	return strings.Join(texts, "\x00")
}
