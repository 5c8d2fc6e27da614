package pairfile

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"trueup/internal/sheet"
	"trueup/internal/text"
)

// AnnotateText is the text of an annotated copy in the reader's language. The
// column names must be known to KnownHeader; one that is not is replaced by
// the English name, because the copy is there to be uploaded again.
type AnnotateText struct {
	Authorization string
	License       string
	Name          string
	Messages      string
	Message       func(sheet.Finding) string // one sentence; empty means the finding's code
}

// Annotate returns the annotated copy of the file: UTF-8 with a byte-order
// mark, a header line, and the file's own records with their own separator,
// order of columns and cells, each followed by what the findings say about it.
// Findings about the file as a whole are with the first record; blank lines
// are dropped. The findings may be more than the file's own.
//
// No cell begins with a character that starts a spreadsheet formula: an
// apostrophe comes before it, which Read takes away again. So the good rows
// of the copy are those of the file. A refused file has no annotated copy: nil.
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
			if findings[0].Code != "header_skipped" { // the copy has a header of its own
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

// sentence is what a finding says, on one line.
func sentence(finding sheet.Finding, h AnnotateText) string {
	if h.Message != nil {
		if s := text.Collapse(h.Message(finding)); s != "" {
			return s
		}
	}
	return finding.Code
}

// annotatedWidest is up to which column the messages give way to a record with
// too many: they stay in one column, where they are ignored when the record has
// been corrected.
const annotatedWidest = 16

// width is how many columns come before the messages.
func (f *File) width() int {
	own := f.layout.most()
	if f.layout.messages >= 0 {
		own--
	}
	return max(own, min(f.widest, annotatedWidest))
}

// headerCells are the cells of the copy's header line: localised where the
// column is known, as written where it is not.
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

// ownCells are a record's cells without that of the messages column.
func (f *File) ownCells(cells []sheet.Cell, width int) []sheet.Cell {
	if i := f.layout.messages; i >= 0 && i < len(cells) {
		cells = slices.Delete(cells, i, i+1)
	}
	return cells[:min(len(cells), width)]
}

// knownName returns name if a header line may use it for the column, or else
// the English name.
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

// row writes one record with its messages after width columns, or after its
// last cell if it has more.
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
