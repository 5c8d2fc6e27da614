package inventory

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"trueup/internal/sheet"
)

// layout is the layout of a table whose columns have a fixed width, as consoles show tables.
type layout struct {
	names  []string
	starts []int // of the columns, in characters
	dashes bool  // a line of dashes follows the header
	columns
}

// findLayout finds the header of a table with columns of fixed width: a header of wmic, or one with a
// line of dashes below it, as PowerShell, winget and clients of databases write. above is the number
// of lines above it.
func findLayout(head []byte) (above int, l layout, ok bool) {
	var lines [][]byte
	for line := range bytes.Lines(head) {
		line = bytes.TrimRight(line, "\r\n")
		lines = append(lines, line[bytes.LastIndexByte(line, '\r')+1:])
		if len(lines) > headerLines {
			break
		}
	}
	for i, line := range lines {
		if bytes.ContainsAny(line, sheet.StreamSeparators+"\"") {
			return 0, layout{}, false // a table with separators, or a text
		}
		var below []byte
		if i+1 < len(lines) {
			below = lines[i+1]
		}
		if l, ok := layoutOf(string(line), string(below)); ok {
			return i, l, true
		}
	}
	return 0, layout{}, false
}

// layoutOf recognises a header. below is the next line.
func layoutOf(line, below string) (l layout, ok bool) {
	below = strings.TrimRight(below, " ")
	l.dashes = len(below) > 2 && strings.Trim(below, "- ") == ""
	hint := WMIC
	switch {
	case l.dashes && strings.Contains(below, " "):
		hint = ""
		l.starts = startsOf(below, 1)
	case l.dashes:
		hint = Winget
		l.starts = startsOf(line, 1)
	default:
		l.starts = startsOf(line, 2)
	}
	if len(l.starts) < 2 {
		return l, false
	}
	cells := make([][]byte, len(l.starts))
	if !l.cut([]byte(line), cells) {
		return l, false
	}
	for _, cell := range cells {
		l.names = append(l.names, string(cell))
	}
	l.columns, ok = columnsOf(l.names, hint)
	return l, ok
}

// startsOf returns where the words of a line start that have so many spaces before them, in
// characters.
func startsOf(line string, spaces int) (starts []int) {
	at, before := 0, spaces
	for _, r := range line {
		if r == ' ' {
			before++
		} else {
			if before >= spaces {
				starts = append(starts, at)
			}
			before = 0
		}
		at++
	}
	return starts
}

// cut cuts a line into cells without surrounding spaces. ok is false if a column starts in the middle
// of a word.
func (l *layout) cut(line []byte, cells [][]byte) (ok bool) {
	column, char := 0, 0
	from := 0
	for at := 0; at < len(line) && column < len(l.starts); char++ {
		if char == l.starts[column] {
			if at > 0 && line[at-1] != ' ' {
				return false
			}
			if column > 0 {
				cells[column-1] = bytes.TrimSpace(line[from:at])
			}
			from = at
			column++
		}
		_, size := utf8.DecodeRune(line[at:])
		at += size
	}
	if column == 0 {
		return false
	}
	cells[column-1] = bytes.TrimSpace(line[from:])
	clear(cells[column:])
	return true
}

// readFixed reads a table with columns of fixed width, whose header is below a number of lines.
func (r *reading) readFixed(file *bufio.Reader, above int, layout layout) error {
	if err := r.is(layout.shape, layout.numbers); err != nil {
		return err
	}
	columns := r.counting(&layout.columns)
	count := func(cells [][]byte) (string, error) { return r.countRow(columns, layout.names, cells) }
	cells := make([][]byte, len(layout.starts))
	last := int64(above) + 1 // line of the header
	if layout.dashes {
		last++
	}
	l := lines{file: file}
	for {
		line, long, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case long:
			r.row(l.line, rowTooLong)
			continue
		case l.line <= last, len(bytes.TrimSpace(line)) == 0:
			continue
		}
		flaw, err := layout.row(line, cells, count)
		if err != nil {
			return err
		}
		r.row(l.line, flaw)
	}
}

// row counts a line.
func (l *layout) row(line []byte, cells [][]byte, count func([][]byte) (string, error)) (flaw string, err error) {
	switch {
	case isTotal(Title{Name: string(bytes.TrimSpace(line))}):
		return skipped, nil
	case !l.cut(line, cells):
		return rowColumns, nil
	case isCut(cells[l.title]):
		return rowCut, nil
	}
	flaw, err = count(cells)
	if flaw == headerAgain {
		flaw = skipped
	}
	return flaw, err
}

// isCut reports whether a console cut the end of a text.
func isCut(cell []byte) bool {
	return bytes.HasSuffix(cell, []byte("…")) || bytes.HasSuffix(cell, []byte("..."))
}
