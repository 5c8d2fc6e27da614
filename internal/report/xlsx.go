package report

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"time"

	"trueup/internal/sheet"
	"trueup/internal/text"
)

// The styles of cells: indexes of cellXfs in the style sheet below.
const (
	styleText   = 0
	styleHeader = 1 // bold
	styleDate   = 2
	styleQuoted = 3 // text that looks like a formula: what an apostrophe before it does in Excel
	styleTotal  = 4 // bold
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
		`<cellXfs count="5">` +
		`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>` +
		`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/>` +
		`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>` +
		`</cellXfs>` +
		`</styleSheet>`

	worksheet = xmlHead + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`
)

// XLSX writes the table as an Excel workbook: a sheet with the table, its header
// frozen and with filters, and a sheet with what the report says about itself.
// Every text is an inline string, which is never read as a formula (R8.4); one that
// looks like a formula stays text also when somebody edits the cell.
// Days are dates, numbers are numbers. The same table gives the same bytes.
func (t Table) XLSX(to io.Writer) error {
	archive := zip.NewWriter(to)
	part := func(name string, write func(*sheetWriter)) error {
		w, err := archive.Create(name)
		if err != nil {
			return err
		}
		s := &sheetWriter{Writer: bufio.NewWriterSize(w, 1<<16)}
		write(s)
		return s.Flush() // which returns the first error of any write
	}
	for _, p := range []struct {
		name  string
		write func(*sheetWriter)
	}{
		{"[Content_Types].xml", func(w *sheetWriter) { w.raw(contentTypes) }},
		{"_rels/.rels", func(w *sheetWriter) { w.raw(packageRelations) }},
		{"xl/workbook.xml", t.workbook},
		{"xl/_rels/workbook.xml.rels", func(w *sheetWriter) { w.raw(workbookRelations) }},
		{"xl/styles.xml", func(w *sheetWriter) { w.raw(styleSheet) }},
		{"xl/worksheets/sheet1.xml", t.sheet},
		{"xl/worksheets/sheet2.xml", t.aboutSheet},
	} {
		if err := part(p.name, p.write); err != nil {
			return err
		}
	}
	return archive.Close()
}

func (t Table) workbook(w *sheetWriter) {
	w.raw(xmlHead + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="`)
	w.text(sheetName(t.Title))
	w.raw(`" sheetId="1" r:id="rId1"/><sheet name="`)
	w.text(aboutSheetName)
	w.raw(`" sheetId="2" r:id="rId2"/></sheets></workbook>`)
}

const aboutSheetName = "trueup"

// sheetName is a title as Excel allows it for a sheet.
func sheetName(title string) string {
	return text.Shorten(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) {
			return ' '
		}
		return r
	}, title), 31)
}

func (t Table) sheet(w *sheetWriter) {
	w.raw(worksheet + `<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>`)
	for i, c := range t.Columns {
		width := "12"
		if !c.Numeric {
			width = "24"
		}
		n := strconv.Itoa(i + 1)
		w.raw(`<col min="` + n + `" max="` + n + `" width="` + width + `" customWidth="1"/>`)
	}
	w.raw(`</cols><sheetData>`)
	w.row(t.header(), styleHeader)
	for cells := range t.Rows {
		w.row(cells, styleText)
	}
	last := w.rows
	if t.Totals != nil {
		w.row(t.Totals, styleTotal)
	}
	w.raw(`</sheetData><autoFilter ref="A1:` + columnName(len(t.Columns)-1) + strconv.Itoa(last) + `"/></worksheet>`)
}

func (t Table) aboutSheet(w *sheetWriter) {
	w.raw(worksheet + `<cols><col min="1" max="1" width="120" customWidth="1"/></cols><sheetData>`)
	w.row([]Cell{{Text: t.Title}}, styleHeader)
	for _, sentence := range t.notes() {
		w.row([]Cell{{Text: sentence}}, styleText)
	}
	w.raw(`</sheetData></worksheet>`)
}

// sheetWriter writes XML.
type sheetWriter struct {
	*bufio.Writer // remembers the first error
	rows          int
}

func (w *sheetWriter) raw(s string) { io.WriteString(w, s) }

// text writes text, without what XML has no way to say.
func (w *sheetWriter) text(s string) { xml.EscapeText(w, []byte(s)) } //nolint:errcheck // Flush returns it

// row writes the next row. Empty cells are left out.
func (w *sheetWriter) row(cells []Cell, style int) {
	w.rows++
	n := strconv.Itoa(w.rows)
	w.raw(`<row r="` + n + `">`)
	for i, c := range cells {
		at := `<c r="` + columnName(i) + n + `" s="`
		switch serial, isDay := excelDay(c); {
		case c.Kind == CellNumber:
			w.raw(at + strconv.Itoa(style) + `"><v>` + strconv.Itoa(c.Number) + `</v></c>`)
		case isDay:
			w.raw(at + strconv.Itoa(styleDate) + `"><v>` + strconv.Itoa(serial) + `</v></c>`)
		case c.Text != "":
			cellStyle := style
			if sheet.Neutralise(c.Text) != c.Text {
				cellStyle = styleQuoted
			}
			w.raw(at + strconv.Itoa(cellStyle) + `" t="inlineStr"><is><t xml:space="preserve">`)
			w.text(c.Text)
			w.raw(`</t></is></c>`)
		}
	}
	w.raw(`</row>`)
}

// excelDay is the day of a date cell as Excel counts them: 1 is 1900-01-01, and
// as 1900 had a 29 February there, 61 is 1900-03-01. Earlier days stay text.
func excelDay(c Cell) (serial int, ok bool) {
	if c.Kind != CellDate {
		return 0, false
	}
	day, err := time.Parse(time.DateOnly, c.Text)
	serial = int(day.Sub(time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)) / (24 * time.Hour))
	return serial, err == nil && serial >= 61
}

// columnName is A, B, … Z, AA.
func columnName(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return columnName(i/26-1) + columnName(i%26)
}
