package pairfile

import (
	"bytes"
	"cmp"
	"slices"
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

	w := annotator{sep: f.sep}
	w.Grow(len(f.text) + len(f.text)/2 + 96*len(findings))
	w.WriteString(sheet.BOM)
	width := f.width()
	w.row(f.ownCells(f.headerCells(h), width), width, knownName(h.Messages, ColumnMessages))

	s := f.scan()
	if f.layout.header != nil {
		s.Next()
	}
	var sentences []string
	for s.Next() {
		sentences = sentences[:0]
		for len(findings) > 0 && findings[0].Line <= s.Line {
			if findings[0].Code != "header_skipped" { // the copy has its own header
				sentences = append(sentences, sentence(findings[0], h))
			}
			findings = findings[1:]
		}
		cells := s.Cells[:min(s.Filled, len(s.Cells))]
		if s.Filled <= f.layout.most() {
			cells = f.ownCells(cells, width)
		}
		w.row(cells, width, strings.Join(sentences, "; "))
	}
	return w.Bytes()
}

// sentence returns the text of a finding, on one line.
func sentence(finding sheet.Finding, h AnnotateText) string {
	if h.Message != nil {
		if s := text.Collapse(h.Message(finding)); s != "" {
			return s
		}
	}
	return finding.Code
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
		return "Errors"
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
