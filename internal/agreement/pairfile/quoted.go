package pairfile

import (
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/sheet"
)

// This file decides about quotes that can mean two things: a whole line in quotes or one cell with
// separators, and a cell with line breaks or a quote that was not closed.

// scan returns a scanner of the records of a text. l is the layout of the record that is scanned
// next.
func scan(text string, separator byte, line int, l *layout) *sheet.Scanner {
	s := sheet.NewScanner(text, separator, line)
	s.Unclosed = func(position int, content string) bool { return l.isUnclosed(position, content, separator) }
	return s
}

// firstRecord scans the first record of a text and sets the layout of the records after it. header
// reports whether the record is a header line; ok is false if there is no record. The record is
// read as a header first, because a header's cells may have line breaks and separators.
func firstRecord(text string, separator byte, line int, l *layout) (s *sheet.Scanner, header, ok bool) {
	*l = headerLine
	s = scan(text, separator, line, l)
	if s.Next() {
		record := unwrapped(s, separator, l)
		if found, is := headerLayout(record.Texts()); is {
			found.wrapped = record != s
			*l = found
			return s, true, true
		}
		if !strings.ContainsAny(s.Record(), "\r\n") { // as a row it is the same
			*l = defaultLayout
			return s, false, true
		}
	}
	*l = defaultLayout
	s = scan(text, separator, line, l)
	return s, false, s.Next()
}

// unwrapped returns the scanner of a record whose only cell is a whole line in quotes: it has the
// cells of that line. Otherwise it returns s. A name and a note may have separators, so the first
// column must be a number's, unless the header was a line in quotes, too. Two numbers in a cell
// with empty cells after it are not a line.
func unwrapped(s *sheet.Scanner, separator byte, l *layout) *sheet.Scanner {
	if s.Filled != 1 || s.Cells[0].Flaw != "" || strings.IndexByte(s.Cells[0].Text, separator) < 0 {
		return s
	}
	if !l.wrapped && l.authorization != 0 && l.license != 0 {
		return s
	}
	line := sheet.NewScanner(s.Cells[0].Text, separator, s.Line)
	if !line.Next() || !l.wrapped && s.Columns > 1 && line.Filled < 3 {
		return s
	}
	return line
}

// isUnclosed reports whether a quoted cell with line breaks has swallowed rows: the quote was not
// closed on its first line. In a column that is read any separator in it tells, because neither
// numbers nor names have both. A column of the admin's own can be any text, so there its first and
// last line must be the parts of two rows.
func (l *layout) isUnclosed(position int, content string, separator byte) bool {
	switch {
	case l.anyText: // longer cells and wider records are no header
		return len(content) > agreement.NameMaxChars || position > maxColumns || hasNumbersBelow(content, separator)
	case !l.ignores(position):
		return strings.IndexByte(content, separator) >= 0
	}
	first, last := firstLine(content), lastLine(content)
	if countCells(last, separator) != position+1 {
		return false
	}
	if max(l.authorization, l.license) > position && countCells(first, separator) != l.lastNamed()+1-position {
		return false
	}
	return l.hasNumbers(position, first, last, separator, agreement.LooksLikeNumber)
}

// mayHoldRows reports whether a cell with line breaks in a column that is not read may have
// swallowed rows, though isUnclosed does not tell.
func (l *layout) mayHoldRows(position int, content string, separator byte) bool {
	if position < max(l.authorization, l.license) && l.hasNumbers(position, firstLine(content), lastLine(content), separator, mayBeNumber) {
		return true
	}
	for line := range linesBelow(content) {
		if countCells(line, separator) > max(l.authorization, l.license, l.name) && l.hasNumbers(len(l.header), "", line, separator, mayBeNumber) {
			return true
		}
	}
	return false
}

// hasNumbers reports whether a row that is cut at a position has both numbers: those before the
// position in the last line, those after it in the first line, which begins at the position.
func (l *layout) hasNumbers(position int, first, last string, separator byte, isNumber func(string) bool) bool {
	for _, column := range [...]int{l.authorization, l.license} {
		line, i := last, column
		if column > position {
			line, i = first, column-position
		}
		if !isNumber(cellOf(line, i, separator)) {
			return false
		}
	}
	return true
}

// lastNamed returns the position, counting from 0, of the last column that the header names, other
// than the messages of an annotated copy.
func (l *layout) lastNamed() int {
	i := len(l.header) - 1
	for i > 0 && (l.header[i] == "" || i == l.messages) {
		i--
	}
	return i
}

// mayBeNumber reports whether a cell is a number, or can be a damaged one: most of its letters and
// digits are digits.
func mayBeNumber(cell string) bool {
	letters, digits := 0, 0
	for i := range len(cell) {
		switch c := cell[i]; {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			letters++
		}
	}
	return digits > 0 && digits >= letters || agreement.LooksLikeNumber(cell)
}

// hasNumbersBelow reports whether a line after the first one has two numbers.
func hasNumbersBelow(content string, separator byte) bool {
	for line := range linesBelow(content) {
		numbers := 0
		for cell := range strings.SplitSeq(line, string(separator)) {
			if agreement.LooksLikeNumber(strings.Trim(cell, ` "`)) {
				numbers++
			}
		}
		if numbers >= 2 {
			return true
		}
	}
	return false
}

// linesBelow yields the lines after the first one that are not empty.
func linesBelow(content string) func(yield func(string) bool) {
	return strings.FieldsFuncSeq(content[sheet.LineLength(content):], func(r rune) bool { return r == '\r' || r == '\n' })
}

func firstLine(content string) string { return content[:sheet.LineLength(content)] }

func lastLine(content string) string { return content[strings.LastIndexAny(content, "\r\n")+1:] }

func countCells(line string, separator byte) int { return 1 + strings.Count(line, string(separator)) }

// cellOf returns a cell, counting from 0, of a line that is part of a cell; empty if the line does
// not have it.
func cellOf(line string, i int, separator byte) string {
	for ; i > 0; i-- {
		end := strings.IndexByte(line, separator)
		if end < 0 {
			return ""
		}
		line = line[end+1:]
	}
	cell, _, _ := strings.Cut(line, string(separator))
	return strings.Trim(cell, ` "`)
}
