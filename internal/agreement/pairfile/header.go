package pairfile

import (
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// layout says which columns a file has. Positions count from 0; -1 is a column that the file does
// not have.
type layout struct {
	authorization, license, name, messages int

	header     []string // cells of the header line as written; nil without one
	ignored    []string // header cells that name no known column
	superseded []string // header cells that name a column less exactly than the one that is read
	unnamed    []int    // columns with an empty header cell: they must be empty
	rivals     rivals   // none if its column is empty
	assumed    bool     // the header leaves the name's column unnamed
	wrapped    bool     // a record that is a whole line in quotes is read without them
	anyText    bool     // every cell may have line breaks and separators
}

// rivals are two header cells that could both be the same column.
type rivals struct {
	column        sheet.Column
	first, second string
}

var (
	defaultLayout = layout{authorization: 0, license: 1, name: 2, messages: -1}
	// headerLine is the layout of a first record that may be a header.
	headerLine = layout{authorization: -1, license: -1, name: -1, messages: -1, wrapped: true, anyText: true}
)

// maxColumns is how many columns a header may have. Every record of an annotated copy has all of
// them.
const maxColumns = 256

// The columns of R3.2, and the additional column of an annotated copy.
const (
	ColumnAuthorization sheet.Column = "authorization"
	ColumnLicense       sheet.Column = "license"
	ColumnName          sheet.Column = "name"
	ColumnMessages      sheet.Column = "messages" // only in annotated copies; ignored when read
)

// KnownHeader returns the column that a header cell names, regardless of case, accents and
// punctuation; false if it names none. It must know the header names of annotated copies, so that
// a copy can be uploaded again.
func KnownHeader(name string) (sheet.Column, bool) {
	h, ok := headingOf(name)
	return h.column, ok
}

// headerLayout reads a record as a header line; false if it is not one. A header names at least
// two known columns. If a cell looks like a number, as Q1 does, it names both numbers.
func headerLayout(cells []string) (layout, bool) {
	l := layout{authorization: -1, license: -1, name: -1, messages: -1}
	cells = withoutEmptyEnd(cells)
	named := make(map[int]heading, 4)
	numbers := false
	for i, cell := range cells {
		if len(cell) > agreement.NameMaxChars || len(named)+len(cells)-i < 2 {
			return layout{}, false
		}
		numbers = numbers || agreement.LooksLikeNumber(cell)
		if h, ok := headingOf(cell); ok {
			named[i] = h
		}
	}
	if len(named) < 2 {
		return layout{}, false
	}
	l.header = make([]string, len(cells))
	for i, cell := range cells {
		l.header[i] = strings.Clone(cell)
	}
	l.choose(named)
	if numbers && l.missing() != sheet.ColumnNone {
		return layout{}, false
	}
	for i, cell := range cells {
		_, known := named[i]
		switch {
		case cell == "":
			l.unnamed = append(l.unnamed, i)
		case !known:
			l.ignored = append(l.ignored, l.header[i])
		case l.columnAt(i) == sheet.ColumnNone:
			l.superseded = append(l.superseded, l.header[i])
		}
	}
	if l.name < 0 && l.authorization+l.license == 1 && l.ignored == nil && l.superseded == nil && (l.messages < 0 || l.messages > 2) {
		l.name, l.assumed = 2, true // the header leaves the third column unnamed
		l.unnamed = slices.DeleteFunc(l.unnamed, func(i int) bool { return i == l.name })
	}
	return l, true
}

// choose assigns the columns: for each the most exact heading. Two headings that are equally exact
// are rivals. A bare "Agreement" is the number if no other column is, and the name beside the
// agreement's number; beside an authorization number it could be either.
func (l *layout) choose(named map[int]heading) {
	best := func(column sheet.Column, either bool) int {
		at, rival := -1, -1
		for i := range l.header {
			h, ok := named[i]
			if !ok || h.column != column || h.either != either {
				continue
			}
			switch {
			case at < 0 || h.score > named[at].score:
				at, rival = i, -1
			case h.score == named[at].score && rival < 0:
				rival = i
			}
		}
		if rival >= 0 && l.rivals.column == "" {
			l.rivals = rivals{column: column, first: l.header[at], second: l.header[rival]}
		}
		return at
	}
	l.license = best(ColumnLicense, false)
	if l.license < 0 {
		l.license = l.repeated(named)
	}
	l.authorization = best(ColumnAuthorization, false)
	l.name = best(ColumnName, false)
	l.messages = best(ColumnMessages, false)
	if l.authorization >= 0 && l.name >= 0 {
		return
	}
	switch bare := best(ColumnAuthorization, true); {
	case bare < 0:
	case l.authorization < 0:
		l.authorization = bare
	case named[l.authorization].contract:
		l.name = bare // the agreement's number is the other column
	case l.rivals.column == "":
		l.rivals = rivals{column: ColumnAuthorization, first: l.header[l.authorization], second: l.header[bare]}
	}
}

// repeated returns the second of exactly two columns with the same name of the first number: Open
// Value files give both numbers the same name. It is -1 if there are no such columns.
func (l *layout) repeated(named map[int]heading) int {
	var same []int
	for i := range l.header {
		if h, ok := named[i]; ok && h.column == ColumnAuthorization && !h.either {
			same = append(same, i)
		}
	}
	if len(same) != 2 || text.Letters(l.header[same[0]]) != text.Letters(l.header[same[1]]) {
		return -1
	}
	named[same[1]] = heading{column: ColumnLicense}
	return same[1]
}

// withoutEmptyEnd returns the cells up to the last one that is not empty.
func withoutEmptyEnd(cells []string) []string {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// missing returns a number column that the header does not name, if any.
func (l layout) missing() sheet.Column {
	switch {
	case l.authorization < 0:
		return ColumnAuthorization
	case l.license < 0:
		return ColumnLicense
	}
	return sheet.ColumnNone
}

// columnAt returns the column at a position, counting from 0.
func (l layout) columnAt(i int) sheet.Column {
	switch i {
	case l.authorization:
		return ColumnAuthorization
	case l.license:
		return ColumnLicense
	case l.name:
		return ColumnName
	case l.messages:
		return ColumnMessages
	}
	return sheet.ColumnNone
}

// position returns the position of a column, counting from 1; 0 if the file does not have it.
func (l layout) position(c sheet.Column) int {
	switch c {
	case ColumnAuthorization:
		return l.authorization + 1
	case ColumnLicense:
		return l.license + 1
	case ColumnName:
		return l.name + 1
	default:
		return 0
	}
}

// repeats reports whether a header names the same columns as another one, or some of them.
func (l layout) repeats(other layout) bool {
	same := func(column, otherColumn int) bool { return column < 0 || column == otherColumn }
	return l.rivals.column == "" && same(l.authorization, other.authorization) && same(l.license, other.license) && (l.assumed || same(l.name, other.name))
}

// most returns the maximum number of columns of a record.
func (l layout) most() int { return max(len(l.header), l.name+1, l.messages+1) }

// fits reports whether the scanner's record has the right columns: both numbers, and nothing
// after the last column or below an empty header cell.
func (l layout) fits(s *sheet.Scanner) bool {
	if s.Columns <= max(l.authorization, l.license) || s.Filled > l.most() {
		return false
	}
	for _, i := range l.unnamed {
		if i < len(s.Cells) && s.Cells[i] != (sheet.Cell{}) {
			return false
		}
	}
	return true
}

// at returns the text of a cell; empty if the record does not have it.
func at(cells []sheet.Cell, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	return cells[i].Text
}

// ignores reports whether the column at a position is ignored.
func (l layout) ignores(i int) bool {
	if i >= len(l.header) {
		return false
	}
	return i == l.messages || l.columnAt(i) == sheet.ColumnNone && l.header[i] != ""
}

// misfit returns the position, counting from 0, at which a record does not have the right columns:
// the first number that it lacks, or the first cell that is too much.
func (l layout) misfit(s *sheet.Scanner) int {
	for _, i := range []int{min(l.authorization, l.license), max(l.authorization, l.license)} {
		if i >= s.Columns {
			return i
		}
	}
	for _, i := range l.unnamed {
		if i < len(s.Cells) && s.Cells[i] != (sheet.Cell{}) {
			return i
		}
	}
	return l.most()
}
