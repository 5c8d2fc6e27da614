package agreement

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

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
	Message       func(Finding) string // one sentence; empty means the finding's code
}

// Annotate returns the annotated copy of the file: UTF-8 with a byte-order
// mark, a header line, and the file's own records with their own separator,
// order of columns and cells, each followed by what the findings say about it.
// Findings about the file as a whole are with the first record; blank lines
// are dropped. The findings may be more than the file's own.
//
// No cell begins with a character that starts a spreadsheet formula: an
// apostrophe comes before it, which ReadFile takes away again. So the good rows
// of the copy are those of the file. A refused file has no annotated copy: nil.
func (f *File) Annotate(findings []Finding, h AnnotateText) []byte {
	if f.Refused {
		return nil
	}
	findings = slices.Clone(findings)
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })

	w := annotator{sep: f.sep}
	w.Grow(len(f.text) + len(f.text)/2 + 96*len(findings))
	w.WriteString(utf8BOM)
	width := f.layout.width()
	w.row(f.layout.ownCells(f.layout.headerCells(h), width), knownName(h.Messages, ColumnMessages))

	s := f.scan()
	if f.layout.header != nil {
		s.next()
	}
	var sentences []string
	for s.next() {
		sentences = sentences[:0]
		for len(findings) > 0 && findings[0].Line <= s.start {
			if findings[0].Code != "header_skipped" { // the copy has a header of its own
				sentences = append(sentences, sentence(findings[0], h))
			}
			findings = findings[1:]
		}
		cells := s.cells
		if f.layout.fits(s.columns, s.filled) {
			cells = f.layout.ownCells(cells, width)
		} else {
			cells = cells[:min(s.filled, len(cells))]
		}
		for len(cells) < width {
			cells = append(cells, cell{})
		}
		w.row(cells, strings.Join(sentences, "; "))
	}
	return w.Bytes()
}

// sentence is what a finding says, on one line.
func sentence(finding Finding, h AnnotateText) string {
	if h.Message != nil {
		if s := text.Collapse(h.Message(finding)); s != "" {
			return s
		}
	}
	return finding.Code
}

// width is how many columns a record has, without the messages.
func (l layout) width() int {
	switch {
	case l.header == nil:
		return 3
	case l.messages >= 0 && l.messages < len(l.header):
		return max(len(l.header)-1, l.name+1)
	}
	return max(len(l.header), l.name+1)
}

// headerCells are the cells of the copy's header line: localised where the
// column is known, as written where it is not.
func (l layout) headerCells(h AnnotateText) []cell {
	cells := make([]cell, max(len(l.header), 3, l.name+1))
	for i := range cells {
		if i < len(l.header) {
			cells[i].text = l.header[i]
		}
	}
	for i, name := range map[int]string{
		l.authorization: knownName(h.Authorization, ColumnAuthorization),
		l.license:       knownName(h.License, ColumnLicense),
		l.name:          knownName(h.Name, ColumnName),
	} {
		if i >= 0 {
			cells[i].text = name
		}
	}
	return cells
}

// ownCells are a record's cells without those of the messages column.
func (l layout) ownCells(cells []cell, width int) []cell {
	if l.messages >= 0 && l.messages < len(cells) {
		cells = slices.Delete(cells, l.messages, l.messages+1)
	}
	return cells[:min(len(cells), width)]
}

// knownName returns name if a header line may use it for the column, or else
// the English name.
func knownName(name string, column Column) string {
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
	}
	return "Errors"
}

// annotator writes records.
type annotator struct {
	bytes.Buffer
	sep byte
}

// row writes one record with its messages in the last column.
func (w *annotator) row(cells []cell, messages string) {
	for _, c := range cells {
		w.cell(c.text)
		w.WriteByte(w.sep)
	}
	w.cell(messages)
	w.WriteString("\r\n")
}

func (w *annotator) cell(value string) {
	value = neutralise(text.Readable(value))
	if strings.IndexByte(value, w.sep) < 0 && !strings.ContainsAny(value, "\"\r\n") {
		w.WriteString(value)
		return
	}
	w.WriteByte('"')
	w.WriteString(strings.ReplaceAll(value, `"`, `""`))
	w.WriteByte('"')
}

// neutralise keeps a spreadsheet program from taking a cell for a formula.
func neutralise(value string) string {
	if value != "" && strings.IndexByte("=+-@\t\r\n", value[0]) >= 0 {
		return "'" + value
	}
	return value
}

// restore takes away the apostrophe that neutralise put before a sign. It is
// allowed neither in a name nor in a number, so nothing else can have meant it.
func restore(value string) string {
	if len(value) > 1 && value[0] == '\'' && strings.IndexByte("=+-@", value[1]) >= 0 {
		return value[1:]
	}
	return value
}
