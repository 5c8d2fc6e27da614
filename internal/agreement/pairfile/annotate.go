package pairfile

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/sheet"
	"trueup/internal/text"
)

// AnnotateText is the text of an annotated copy in the reader's language. KnownHeader must know
// the column names; the English name replaces an unknown one, so that the copy can be uploaded
// again.
type AnnotateText struct {
	Authorization string
	License       string
	Name          string
	Messages      string
	Column        func(position int) string  // a column without a name, counting from 1; nil for its number
	Message       func(sheet.Finding) string // one sentence; if empty, the finding's code is used
}

// Annotate returns the annotated copy of the file: UTF-8 with a byte-order mark, a header line,
// and the records with their own separator, column order and cells, each followed by its
// findings. Findings about the whole file are at the first record; blank lines are dropped.
// findings may include more than the file's own.
//
// No cell starts a spreadsheet formula: an apostrophe precedes such a cell, and Read removes it.
// So the copy has the same good rows as the file. A refused file has no annotated copy: nil.
func (f *File) Annotate(findings []sheet.Finding, h AnnotateText) []byte {
	if f.Refused {
		return nil
	}
	findings = slices.Clone(findings)
	slices.SortStableFunc(findings, func(a, b sheet.Finding) int { return cmp.Compare(a.Line, b.Line) })
	header := f.headerCells(h)
	f.renumber(findings, header)

	w := annotator{sep: f.sep}
	width := f.width()
	w.Grow(len(f.text) + len(f.text)/2 + 128*len(findings) + width*f.Total)
	w.WriteString(sheet.BOM)
	w.row(f.ownCells(header, width), width, knownName(h.Messages, ColumnMessages))

	var sentences []string
	f.records(width, func(line int, cells []sheet.Cell) {
		sentences = sentences[:0]
		for len(findings) > 0 && findings[0].Line <= line {
			if findings[0].Code != "header_skipped" { // the copy has its own header
				sentences = append(sentences, f.sentence(findings[0], h))
			}
			findings = findings[1:]
		}
		w.row(cells, width, strings.Join(sentences, "; "))
	})
	return w.Bytes()
}

// records calls each for every record below the header, with its line and its cells in the copy.
func (f *File) records(width int, each func(line int, cells []sheet.Cell)) {
	var l layout
	s, header, more := firstRecord(f.text, f.sep, f.line, &l)
	if header {
		more = s.Next()
	}
	for ; more; more = s.Next() {
		r := unwrapped(s, f.sep, &l)
		cells := r.Cells[:min(r.Filled, len(r.Cells))]
		if r.Filled <= f.layout.most() {
			cells = f.ownCells(cells, width)
		}
		each(r.Line, cells)
	}
}

// renumber changes the lines that findings quote into those of the copy, which has a header and no
// blank lines.
func (f *File) renumber(findings []sheet.Finding, header []sheet.Cell) {
	quoted := map[string]string{}
	for _, finding := range findings {
		if line := finding.Args["line"]; line != "" {
			quoted[line] = line
		}
	}
	if len(quoted) == 0 {
		return
	}
	next := 2
	for _, c := range header {
		next += sheet.LineEnds(c.Text)
	}
	f.records(f.width(), func(line int, cells []sheet.Cell) {
		if own := strconv.Itoa(line); quoted[own] != "" {
			quoted[own] = strconv.Itoa(next)
		}
		next++
		for _, c := range cells {
			next += sheet.LineEnds(c.Text)
		}
	})
	for i := range findings {
		if line := findings[i].Args["line"]; line != "" {
			findings[i].Args = maps.Clone(findings[i].Args)
			findings[i].Args["line"] = quoted[line]
		}
	}
}

// sentence returns the text of a finding, on one line, with the column that it is about.
func (f *File) sentence(finding sheet.Finding, h AnnotateText) string {
	sentence := finding.Code
	if h.Message != nil {
		if s := text.Collapse(h.Message(finding)); s != "" {
			sentence = s
		}
	}
	if column := f.columnName(finding, h); column != "" {
		return column + ": " + sentence
	}
	return sentence
}

// columnName returns the name of a finding's column as the copy has it; empty for no column.
func (f *File) columnName(finding sheet.Finding, h AnnotateText) string {
	at := finding.Position - 1
	switch {
	case finding.Column == ColumnAuthorization:
		return knownName(h.Authorization, ColumnAuthorization)
	case finding.Column == ColumnLicense:
		return knownName(h.License, ColumnLicense)
	case finding.Column == ColumnName:
		return knownName(h.Name, ColumnName)
	case at < 0:
		return ""
	case at < len(f.layout.header) && f.layout.header[at] != "":
		return f.layout.header[at]
	case h.Column == nil:
		return strconv.Itoa(finding.Position)
	}
	return h.Column(finding.Position)
}

// annotatedWidest limits how far the messages column moves to the right to make room for records
// with too many columns. Messages in that one column are ignored after a record has been
// corrected.
const annotatedWidest = 16

// width returns the number of columns before the messages.
func (f *File) width() int {
	own := f.layout.most()
	if f.layout.messages >= 0 {
		own--
	}
	return max(own, min(f.widest, annotatedWidest))
}

// headerCells returns the header line of the copy: known columns translated, others as written.
func (f *File) headerCells(h AnnotateText) []sheet.Cell {
	l := f.layout
	cells := make([]sheet.Cell, l.most())
	for i, name := range l.header {
		cells[i].Text = name
	}
	cells[l.authorization].Text = knownName(h.Authorization, ColumnAuthorization)
	cells[l.license].Text = knownName(h.License, ColumnLicense)
	if l.name >= 0 {
		cells[l.name].Text = knownName(h.Name, ColumnName)
	}
	return cells
}

// ownCells returns a record's cells without the messages column.
func (f *File) ownCells(cells []sheet.Cell, width int) []sheet.Cell {
	if i := f.layout.messages; i >= 0 && i < len(cells) {
		cells = slices.Delete(cells, i, i+1)
	}
	return cells[:min(len(cells), width)]
}

// knownName returns name if a header line may use it for the column, otherwise the English name.
func knownName(name string, column sheet.Column) string {
	if known, ok := KnownHeader(name); ok && known == column {
		return name
	}
	switch column {
	case ColumnAuthorization:
		return "Authorization number"
	case ColumnLicense:
		return "License number"
	case ColumnName:
		return "Agreement name"
	default:
		return "Errors and warnings"
	}
}

// annotator writes records.
type annotator struct {
	bytes.Buffer
	sep byte
}

// row writes one record. Its messages follow after width columns, or after its last cell if it
// has more.
func (w *annotator) row(cells []sheet.Cell, width int, messages string) {
	for i := range max(len(cells), width) {
		if i < len(cells) {
			sheet.WriteCell(&w.Buffer, cells[i].Text, w.sep)
		}
		w.WriteByte(w.sep)
	}
	sheet.WriteCell(&w.Buffer, messages, w.sep)
	w.WriteString("\r\n")
}
