package pairfile

import (
	"slices"
	"strconv"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// header reports what is wrong with the header line, which is the current record (R3.2).
func (r *reader) header() {
	s, l := r.scanner, r.layout
	r.add(sheet.Finding{Line: s.Line, Code: "header_skipped", Value: text.Quote(s.Record())})
	switch {
	case len(l.header) > maxColumns:
		r.refuseRows("header_too_wide", s.Line, "max", strconv.Itoa(maxColumns), "count", strconv.Itoa(s.Filled))
		return
	case l.rivals.column != sheet.ColumnNone:
		r.refuseRows("header_ambiguous", s.Line, "column", string(l.rivals.column), "first", text.Quote(l.rivals.first), "second", text.Quote(l.rivals.second))
		return
	}
	r.unreadColumns("columns_ignored", l.ignored)
	r.unreadColumns("columns_superseded", l.superseded)
	if missing := l.missing(); missing != sheet.ColumnNone {
		r.refuseRows("header_incomplete", s.Line, "column", string(missing))
	}
}

// unreadColumns warns of columns of the header that are not read.
func (r *reader) unreadColumns(code string, names []string) {
	if names == nil {
		return
	}
	list := text.Quote(strings.Join(names, ", "))
	r.add(sheet.Finding{Line: r.scanner.Line, Code: code, Value: list, Args: errs.Pairs("columns", list)})
}

// refuseRows refuses the whole file without reading its rows, because their columns are not known.
// Without a header line, findings about the rows above follow from a guess, so they are dropped.
func (r *reader) refuseRows(code string, line int, args ...string) {
	if r.layout.header == nil {
		r.Findings = slices.DeleteFunc(r.Findings, func(f sheet.Finding) bool { return f.Line > 0 })
	}
	r.unread = true
	r.refuse(code, line, args...)
}

// headerAhead is how many records are searched for a header below the first one.
const headerAhead = 20

// unknownHeader refuses a file whose first record with several cells has no number and is not a
// known header: then the order of its columns is not known. If there is a known header below it,
// misplacedHeader refuses the file.
func (r *reader) unknownHeader() bool {
	s := r.scanner
	if s.Filled < 2 || !looksLikeHeader(s) {
		return false
	}
	ahead := scan(r.text, r.sep, r.line, &r.layout)
	for n := 0; n < headerAhead && ahead.Next(); n++ {
		if _, ok := headerLayout(unwrapped(ahead, r.sep, &headerLine).Texts()); ok {
			return false
		}
	}
	r.refuseRows("header_unknown", s.Line)
	return true
}

// misplacedHeader reports a record that is a header below the first one. A repetition of the header
// line is only a wrong row. Any other header refuses the file, because the rows above it or below it
// have other columns.
func (r *reader) misplacedHeader() bool {
	s := r.scanner
	if s.Filled > maxColumns || agreement.LooksLikeNumber(at(s.Cells, r.layout.authorization)) && agreement.LooksLikeNumber(at(s.Cells, r.layout.license)) {
		return false
	}
	l, ok := headerLayout(s.Texts())
	switch {
	case !ok:
		return false
	case r.layout.header == nil || !l.repeats(r.layout):
		r.refuseRows("header_not_first", s.Line)
		return true
	}
	before := len(r.Findings)
	r.about("header_not_first", r.layout.authorization)
	r.reject(before)
	return true
}
