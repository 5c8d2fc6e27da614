// Package sheet reads and writes tables: CSV as people and spreadsheet programs write it, and
// workbooks (XLSX).
//
// It uses no spreadsheet library, because of the size of a function (see package report), and
// Scanner instead of encoding/csv.
package sheet

import "strings"

// columnsMax is how many cells of a record are kept. Further cells are only counted.
const columnsMax = 1 << 14

// Flaw is the code for what is wrong with a cell's notation; empty for nothing.
type Flaw string

// The flaws.
const (
	FlawStray    Flaw = "stray_quote"    // a quote in the middle of a cell, or text after the closing quote
	FlawUnclosed Flaw = "unclosed_quote" // the closing quote is missing
	FlawBreak    Flaw = "line_break"     // a line break inside quotes
)

// Cell is one field of a record, without its quotes and surrounding spaces. A cell with bad
// quotes is kept as written.
type Cell struct {
	Text string
	Flaw Flaw
}

// Scanner reads the records of a CSV text.
//
// It differs from encoding/csv in what an admin's file needs: CR, LF and CRLF end a line, even
// mixed; every record knows its physical line; cells share the text's memory; and a badly quoted
// cell is a flaw of that cell, after which reading continues. A quote that is never closed ends
// with its line, so that one typing error does not consume the rest of the file.
type Scanner struct {
	text string
	sep  byte
	pos  int
	line int // physical line at pos, from 1
	from int // where the current record starts in text
	to   int // where it ends, without the line end

	// Unclosed reports whether a quoted cell with line breaks, at a position counting from 0, is
	// rather a cell whose quote was not closed on its first line. nil for never.
	Unclosed func(position int, content string) bool

	// The current record.
	Line    int    // where it starts
	Cells   []Cell // valid until the next record
	Columns int    // number of cells, including those that are not kept
	Filled  int    // columns up to the last one that is not empty

	texts []string // reused by Texts
}

// NewScanner returns a Scanner of text. line is the number of its first line.
func NewScanner(text string, separator byte, line int) *Scanner {
	return &Scanner{text: text, sep: separator, line: line, Cells: make([]Cell, 0, 8)}
}

// Next reads the next record that is not blank; false at the end of the text. A record of empty
// cells is blank: spreadsheet programs write such lines.
func (s *Scanner) Next() bool {
	for s.pos < len(s.text) {
		s.Line, s.from = s.line, s.pos
		s.Cells, s.Columns, s.Filled = s.Cells[:0], 0, 0
		for s.cell() {
		}
		if s.Filled > 0 {
			return true
		}
	}
	return false
}

// cell reads one cell and its terminator. It reports whether another cell follows.
func (s *Scanner) cell() bool {
	c, end := s.field(s.skipBlanks(s.pos))
	c.Text = restored(c.Text)
	if c.Flaw == "" {
		c.Text = formulaContent(c.Text)
	}
	s.Columns++
	if c.Text != "" || c.Flaw != "" {
		s.Filled = s.Columns
	}
	if len(s.Cells) < columnsMax {
		s.Cells = append(s.Cells, c)
	}
	if end < len(s.text) && s.text[end] == s.sep {
		s.pos = end + 1
		return true
	}
	s.to = end
	s.pos = end + LineEnd(s.text[end:])
	if s.pos > end {
		s.line++
	}
	return false
}

// field returns the cell that starts at i and where it ends.
func (s *Scanner) field(i int) (Cell, int) {
	if i < len(s.text) && s.text[i] == '"' {
		return s.quoted(i)
	}
	if c, end, ok := s.formulaText(i); ok {
		return c, end
	}
	end := s.cellEnd(i)
	c := Cell{Text: trimBlanks(s.text[i:end])}
	if strings.IndexByte(c.Text, '"') >= 0 {
		c.Flaw = FlawStray
	}
	return c, end
}

// formulaText returns the cell ="text" that starts at i and where it ends. Programs write such a
// formula so that a spreadsheet keeps its text; ok is false if the cell is anything else.
func (s *Scanner) formulaText(i int) (c Cell, end int, ok bool) {
	if !strings.HasPrefix(s.text[i:], `="`) {
		return Cell{}, 0, false
	}
	closing := i + 2 + strings.IndexAny(s.text[i+2:], "\"\r\n")
	if closing < i+2 || s.text[closing] != '"' || strings.HasPrefix(s.text[closing+1:], `"`) {
		return Cell{}, 0, false
	}
	end = s.skipBlanks(closing + 1)
	if end < len(s.text) && !s.endsCell(s.text[end]) {
		return Cell{}, 0, false
	}
	return Cell{Text: trimBlanks(s.text[i+2 : closing])}, end, true
}

// quoted returns the cell whose opening quote is at i and where it ends.
func (s *Scanner) quoted(i int) (Cell, int) {
	closing, doubled := closingQuote(s.text, i+1)
	if closing < 0 {
		return s.unclosed(i)
	}
	content := s.text[i+1 : closing]
	end := s.skipBlanks(closing + 1)
	breaks := LineEnds(content)
	if end < len(s.text) && !s.endsCell(s.text[end]) {
		if breaks > 0 {
			return s.unclosed(i) // the closing quote belongs to a later line
		}
		end = s.cellEnd(end)
		return Cell{trimBlanks(s.text[i:end]), FlawStray}, end
	}
	if breaks > 0 && s.Unclosed != nil && s.Unclosed(s.Columns, content) {
		return s.unclosed(i)
	}
	if doubled {
		content = strings.ReplaceAll(content, `""`, `"`)
	}
	c := Cell{Text: trimBlanks(content)}
	if breaks > 0 {
		s.line += breaks
		c.Text = strings.TrimSpace(content)
		if LineEnds(c.Text) > 0 {
			c.Flaw = FlawBreak
		}
	}
	return c, end
}

// unclosed returns the cell whose opening quote at i is never closed: the rest of its line.
// Reading stays linear, because the lines before the quote that was found have only doubled
// quotes, and no cell begins with those.
func (s *Scanner) unclosed(i int) (Cell, int) {
	end := i + LineLength(s.text[i:])
	return Cell{trimBlanks(s.text[i:end]), FlawUnclosed}, end
}

// closingQuote returns the index of the closing quote of the text that starts at i, or -1, and
// whether the text has doubled quotes.
func closingQuote(text string, i int) (at int, doubled bool) {
	for {
		n := strings.IndexByte(text[i:], '"')
		if n < 0 {
			return -1, doubled
		}
		i += n
		if i+1 == len(text) || text[i+1] != '"' {
			return i, doubled
		}
		doubled = true
		i += 2
	}
}

func (s *Scanner) endsCell(c byte) bool { return c == s.sep || c == '\n' || c == '\r' }

func (s *Scanner) cellEnd(i int) int {
	for i < len(s.text) && !s.endsCell(s.text[i]) {
		i++
	}
	return i
}

func (s *Scanner) skipBlanks(i int) int {
	for i < len(s.text) && (s.text[i] == ' ' || s.text[i] == '\t' && s.sep != '\t') {
		i++
	}
	return i
}

// Texts returns the texts of the current record's cells, valid until the next record.
func (s *Scanner) Texts() []string {
	s.texts = s.texts[:0]
	for _, c := range s.Cells {
		s.texts = append(s.texts, c.Text)
	}
	return s.texts
}

// flaw returns the flaw of the first badly quoted cell.
func (s *Scanner) flaw() Flaw {
	for _, c := range s.Cells {
		if c.Flaw != "" {
			return c.Flaw
		}
	}
	return ""
}

// Record returns the current record as written.
func (s *Scanner) Record() string { return s.text[s.from:s.to] }

func trimBlanks(text string) string {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\t') {
		text = text[:len(text)-1]
	}
	return text
}

// LineEnd returns the length of the line end that text starts with.
func LineEnd(text string) int {
	switch {
	case strings.HasPrefix(text, "\r\n"):
		return 2
	case text != "" && (text[0] == '\n' || text[0] == '\r'):
		return 1
	}
	return 0
}

// LineLength returns the length of the first line of text, without its line end.
func LineLength(text string) int {
	if n := strings.IndexAny(text, "\r\n"); n >= 0 {
		return n
	}
	return len(text)
}

// LineEnds counts the line ends in text.
func LineEnds(text string) int {
	n := 0
	for i := 0; i < len(text); i++ {
		if end := LineEnd(text[i:]); end > 0 {
			n++
			i += end - 1
		}
	}
	return n
}
