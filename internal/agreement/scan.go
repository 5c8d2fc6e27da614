package agreement

import "strings"

// columnsMax is how many cells of one record are kept; the rest are counted,
// and left out of an annotated copy.
const columnsMax = 1 << 14

// flaw is what is wrong with how a cell is written.
type flaw uint8

const (
	flawNone     flaw = iota
	flawStray         // a quote in the middle of a cell, or text after the closing one
	flawUnclosed      // the closing quote is missing
	flawBreak         // a line break inside quotes
)

// cell is one field of a record: without its quotes and without the spaces
// around it. A cell that is badly quoted is kept as it is written.
type cell struct {
	text string
	flaw flaw
}

// scanner reads the records of a CSV text one after the other.
//
// It differs from encoding/csv in what an admin's file needs: CR, LF and CRLF
// end a line, even mixed; every record knows its physical line; cells share
// the text's memory; and a badly quoted cell is a flaw of that cell, after
// which reading goes on. A quote that is never closed ends with its line, so
// that one typing error does not swallow the rest of the file.
type scanner struct {
	text string
	sep  byte
	pos  int
	line int // physical line at pos, from 1

	// The current record.
	start   int // line on which it starts
	from    int // where it starts in text
	to      int // where it ends, without the line end
	cells   []cell
	columns int // cells it has, those beyond columnsMax too
	filled  int // columns up to the last one that is not empty
}

// next reads the next record that is not blank; false at the end of the text.
// A record of empty cells is blank: spreadsheet programs write such lines.
func (s *scanner) next() bool {
	for s.pos < len(s.text) {
		s.start, s.from = s.line, s.pos
		s.cells, s.columns, s.filled = s.cells[:0], 0, 0
		for s.cell() {
		}
		if s.filled > 0 {
			return true
		}
	}
	return false
}

// cell reads one cell and what ends it; true when another cell follows.
func (s *scanner) cell() bool {
	c, end := s.field(s.skipBlanks(s.pos))
	c.text = restore(c.text)
	s.columns++
	if c.text != "" || c.flaw != flawNone {
		s.filled = s.columns
	}
	if len(s.cells) < columnsMax {
		s.cells = append(s.cells, c)
	}
	if end < len(s.text) && s.text[end] == s.sep {
		s.pos = end + 1
		return true
	}
	s.to = end
	s.pos = end + lineEnd(s.text[end:])
	if s.pos > end {
		s.line++
	}
	return false
}

// field returns the cell that starts at i and where it ends.
func (s *scanner) field(i int) (cell, int) {
	if i < len(s.text) && s.text[i] == '"' {
		return s.quoted(i)
	}
	end := s.cellEnd(i)
	c := cell{text: trimBlanks(s.text[i:end])}
	if strings.IndexByte(c.text, '"') >= 0 {
		c.flaw = flawStray
	}
	return c, end
}

// quoted returns the cell whose opening quote is at i and where it ends.
func (s *scanner) quoted(i int) (cell, int) {
	closing, doubled := closingQuote(s.text, i+1)
	if closing < 0 {
		return s.unclosed(i)
	}
	content := s.text[i+1 : closing]
	end := s.skipBlanks(closing + 1)
	breaks := countLineEnds(content)
	if end < len(s.text) && !s.endsCell(s.text[end]) {
		if breaks > 0 {
			return s.unclosed(i) // it met a quote of a later line
		}
		end = s.cellEnd(end)
		return cell{trimBlanks(s.text[i:end]), flawStray}, end
	}
	if doubled {
		content = strings.ReplaceAll(content, `""`, `"`)
	}
	c := cell{text: trimBlanks(content)}
	if breaks > 0 {
		s.line += breaks
		c.text = strings.TrimSpace(content)
		if countLineEnds(c.text) > 0 {
			c.flaw = flawBreak
		}
	}
	return c, end
}

// unclosed returns the cell whose opening quote at i is never closed: the rest
// of its line. Reading stays linear, because the lines up to the quote that the
// search met have only doubled quotes, which no cell begins with.
func (s *scanner) unclosed(i int) (cell, int) {
	end := i + lineLength(s.text[i:])
	return cell{trimBlanks(s.text[i:end]), flawUnclosed}, end
}

// closingQuote returns where the quoted text that starts at i ends, or -1, and
// whether it has doubled quotes in it.
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

func (s *scanner) endsCell(c byte) bool { return c == s.sep || c == '\n' || c == '\r' }

func (s *scanner) cellEnd(i int) int {
	for i < len(s.text) && !s.endsCell(s.text[i]) {
		i++
	}
	return i
}

func (s *scanner) skipBlanks(i int) int {
	for i < len(s.text) && (s.text[i] == ' ' || s.text[i] == '\t' && s.sep != '\t') {
		i++
	}
	return i
}

// record is the current record as it is written.
func (s *scanner) record() string { return s.text[s.from:s.to] }

func trimBlanks(text string) string {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		text = text[1:]
	}
	for len(text) > 0 && (text[len(text)-1] == ' ' || text[len(text)-1] == '\t') {
		text = text[:len(text)-1]
	}
	return text
}

// lineEnd returns the length of the line end that text starts with.
func lineEnd(text string) int {
	switch {
	case strings.HasPrefix(text, "\r\n"):
		return 2
	case text != "" && (text[0] == '\n' || text[0] == '\r'):
		return 1
	}
	return 0
}

// lineLength returns where the first line of text ends.
func lineLength(text string) int {
	if n := strings.IndexAny(text, "\r\n"); n >= 0 {
		return n
	}
	return len(text)
}

func countLineEnds(text string) int {
	n := 0
	for i := 0; i < len(text); i++ {
		if end := lineEnd(text[i:]); end > 0 {
			n++
			i += end - 1
		}
	}
	return n
}
