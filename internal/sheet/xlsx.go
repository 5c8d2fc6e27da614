package sheet

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/text"
)

// Value is a cell to write: text, a number or a day. The zero Value is empty.
type Value struct {
	Text   string
	Number int
	Kind   Kind
}

// Kind says which field of a Value holds its value.
type Kind int

// The kinds of values.
const (
	KindText       Kind = iota
	KindNumber          // Number
	KindDay             // Text, as YYYY-MM-DD
	KindHundredths      // Number, in hundredths: 3690 is 36.90
	KindAmounts         // Text with numbers and units only: 36.90 EUR; 12.00 USD
)

// String returns the value as a user reads it.
func (v Value) String() string {
	switch v.Kind {
	case KindNumber:
		return strconv.Itoa(v.Number)
	case KindHundredths:
		return hundredths(v.Number)
	case KindText, KindDay, KindAmounts:
	}
	return v.Text
}

// hundredths returns a number of hundredths with two decimals.
func hundredths(n int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// The styles of cells: indexes of cellXfs in the style sheet below.
const (
	styleText   = 0
	styleHeader = 1 // bold
	styleDate   = 2
	styleQuoted = 3 // text that looks like a formula; as with a leading apostrophe in Excel
	styleTotal  = 4 // bold
	styleMoney  = 5 // two decimals
)

// The parts of a workbook that do not depend on the report (ECMA-376, part 1,
// transitional).
const (
	xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

	contentTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet2.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`</Types>`

	packageRelations = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>` +
		`</Relationships>`

	workbookRelations = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet2.xml"/>` +
		`<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>` +
		`</Relationships>`

	styleSheet = xmlHead + `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
		`<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts>` +
		`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="6">` +
		`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>` +
		`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/>` +
		`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>` +
		`<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`</cellXfs>` +
		`</styleSheet>`

	worksheet = xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`
)

// Sheet is a sheet to write.
type Sheet struct {
	Name   string
	Widths []int // of the columns, in characters
	Header []Value
	Rows   iter.Seq[[]Value]
	Totals []Value // below the rows; nil for none
	// IsTable freezes the header and adds filters to the columns.
	IsTable bool
}

// WriteWorkbook writes an Excel workbook of two sheets. Every text is an inline string, which is
// never read as a formula; a text that looks like one stays text even after the cell is edited.
// Days are dates, numbers are numbers. The same sheets give the same bytes.
func WriteWorkbook(to io.Writer, first, second Sheet) error {
	archive := zip.NewWriter(to)
	// Compressing took most of the time. The fastest level takes a tenth of it, for files 40 % larger.
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	part := func(name string, write func(*sheetWriter)) error {
		w, err := archive.Create(name)
		if err != nil {
			return err
		}
		s := &sheetWriter{Writer: bufio.NewWriterSize(w, 1<<16)}
		write(s)
		return s.Flush() // returns the first error of any write
	}
	for _, p := range []struct {
		name  string
		write func(*sheetWriter)
	}{
		{"[Content_Types].xml", func(w *sheetWriter) { w.raw(contentTypes) }},
		{"_rels/.rels", func(w *sheetWriter) { w.raw(packageRelations) }},
		{"xl/workbook.xml", func(w *sheetWriter) { w.workbook(first.Name, second.Name) }},
		{"xl/_rels/workbook.xml.rels", func(w *sheetWriter) { w.raw(workbookRelations) }},
		{"xl/styles.xml", func(w *sheetWriter) { w.raw(styleSheet) }},
		{"xl/worksheets/sheet1.xml", first.write},
		{"xl/worksheets/sheet2.xml", second.write},
	} {
		if err := part(p.name, p.write); err != nil {
			return err
		}
	}
	return archive.Close()
}

func (w *sheetWriter) workbook(first, second string) {
	w.raw(xmlHead + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="`)
	w.text(sheetName(first))
	w.raw(`" sheetId="1" r:id="rId1"/><sheet name="`)
	w.text(sheetName(second))
	w.raw(`" sheetId="2" r:id="rId2"/></sheets></workbook>`)
}

// sheetName returns a name that Excel allows for a sheet.
func sheetName(name string) string {
	return text.Shorten(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) {
			return ' '
		}
		return r
	}, name), 31)
}

func (s Sheet) write(w *sheetWriter) {
	w.raw(worksheet)
	if s.IsTable {
		w.raw(`<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`)
	}
	w.raw(`<cols>`)
	for i, width := range s.Widths {
		n := strconv.Itoa(i + 1)
		w.raw(`<col min="` + n + `" max="` + n + `" width="` + strconv.Itoa(width) + `" customWidth="1"/>`)
	}
	w.raw(`</cols><sheetData>`)
	w.row(s.Header, styleHeader)
	for cells := range s.Rows {
		w.row(cells, styleText)
	}
	last := w.rows
	if s.Totals != nil {
		w.row(s.Totals, styleTotal)
	}
	w.raw(`</sheetData>`)
	if s.IsTable {
		w.raw(`<autoFilter ref="A1:` + columnName(len(s.Header)-1) + strconv.Itoa(last) + `"/>`)
	}
	w.raw(`</worksheet>`)
}

// sheetWriter writes XML.
type sheetWriter struct {
	*bufio.Writer // remembers the first error
	rows          int
}

func (w *sheetWriter) raw(parts ...string) {
	for _, s := range parts {
		w.WriteString(s) //nolint:errcheck // Flush returns it
	}
}

// text writes escaped text; characters that XML does not allow are replaced.
func (w *sheetWriter) text(s string) {
	if strings.IndexFunc(s, needsEscape) < 0 {
		w.raw(s)
		return
	}
	xml.EscapeText(w, []byte(s)) //nolint:errcheck // Flush returns it
}

// needsEscape reports whether a character may not stand in XML as it is. Most names have none.
func needsEscape(r rune) bool {
	return r < ' ' || r > '~' || strings.ContainsRune(`"'&<>`, r)
}

// row writes the next row. It omits empty cells.
func (w *sheetWriter) row(cells []Value, style int) {
	w.rows++
	n := strconv.Itoa(w.rows)
	w.raw(`<row r="`, n, `">`)
	for i, c := range cells {
		cell := func(style int) { w.raw(`<c r="`, columnName(i), n, `" s="`, strconv.Itoa(style), `"`) }
		switch serial, isDay := excelDay(c); {
		case c.Kind == KindNumber:
			cell(style)
			w.raw(`><v>`, strconv.Itoa(c.Number), `</v></c>`)
		case c.Kind == KindHundredths:
			cell(styleMoney)
			w.raw(`><v>`, hundredths(c.Number), `</v></c>`)
		case isDay:
			cell(styleDate)
			w.raw(`><v>`, strconv.Itoa(serial), `</v></c>`)
		case c.Text != "":
			if Neutralise(c.Text) != c.Text {
				cell(styleQuoted)
			} else {
				cell(style)
			}
			w.raw(` t="inlineStr"><is><t xml:space="preserve">`)
			w.text(c.Text)
			w.raw(`</t></is></c>`)
		}
	}
	w.raw(`</row>`)
}

// excelDay returns the serial number of a day in Excel: 1 is 1900-01-01 and 61 is 1900-03-01,
// because Excel has a 1900-02-29. Days before that stay text.
func excelDay(c Value) (serial int, ok bool) {
	if c.Kind != KindDay {
		return 0, false
	}
	date, ok := day.Date(c.Text).Time()
	serial = int(date.Sub(time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
	return serial, ok && serial >= 61
}

// columnName returns A, B, … Z, AA.
func columnName(i int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if i < len(letters) {
		return letters[i : i+1]
	}
	return columnName(i/len(letters)-1) + columnName(i%len(letters))
}
