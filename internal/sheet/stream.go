package sheet

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// The limits of a Stream.
const (
	MaxStreamRow     = 1<<16 - 1 // bytes of a row
	MaxStreamColumns = 256
	StreamBuffer     = 1 << 20 // bytes; many rows, so that moving the rest to the front between reads costs little
)

// StreamSeparators are the separators of a Stream, in the order in which it prefers them. Exports
// of databases have the last one.
const StreamSeparators = Separators + "|"

// RowFlaw says why a row of a Stream is invalid.
type RowFlaw int

// The flaws. The zero RowFlaw means none.
const (
	RowTooLong RowFlaw = iota + 1
	RowQuote           // a quote is not closed, or text follows the closing one
	RowColumns         // it has another number of columns than the first row
)

// Stream reads the rows of a CSV file. It copies only quoted cells and allocates nothing per row.
// A whole row is in the buffer when it is split into cells: it has at most MaxStreamRow bytes.
//
// A quote is special only at the start of a cell. A quote that is not closed properly makes its
// own line a bad row, and reading continues at the next line, so that one stray quote does not
// consume the rows after it.
type Stream struct {
	file     io.Reader
	buffer   []byte
	from, to int   // unread part of buffer
	end      error // why nothing follows: io.EOF or an error

	Line    int64    // where the last row begins, from 1
	Cells   [][]byte // of the last row, up to the last one that Header's accept wanted
	Columns int      // of a row
	// Width is the number of cells of the last row, which differs from Columns for RowColumns. The
	// cells from Width on are those of earlier rows.
	Width int

	row       int    // where the last row begins in buffer
	ends      int64  // line ends in the last row, and after it those of skipped lines
	separator []byte // one byte
	unquoted  []byte // content of cells with doubled quotes
}

// NewStream returns a reader of a file. The buffer has StreamBuffer bytes and may be reused.
func NewStream(file io.Reader, buffer []byte) *Stream {
	return &Stream{file: file, buffer: buffer, ends: 1}
}

// Header reads the next row that is not blank, the names of the columns, with the separator for
// which accept finds the required columns. accept returns the last of those; later cells are not
// split. If it accepts none, the row stays the next one.
func (t *Stream) Header(accept func(names []string) (last int, ok bool)) (ok bool, err error) {
	t.skipBlank()
	if rest := t.buffer[t.from:t.to]; len(rest) >= MaxStreamRow && bytes.IndexByte(rest[:MaxStreamRow], '\n') < 0 {
		return false, nil // too long
	}
	before := *t
	for _, separator := range []byte(StreamSeparators) {
		t.from, t.Line, t.ends = before.from, before.Line, before.ends
		t.separator, t.Columns, t.Cells = []byte{separator}, 0, make([][]byte, MaxStreamColumns)
		flaw, err := t.Next()
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return false, err
		case flaw != 0 || err != nil:
			continue
		}
		names := make([]string, t.Columns)
		for i := range names {
			names[i] = strings.TrimSpace(string(t.Cells[i]))
		}
		if last, ok := accept(names); ok {
			t.Cells = t.Cells[:last+1]
			return true, nil
		}
	}
	t.from, t.Line, t.ends = before.from, before.Line, before.ends
	t.separator, t.Columns, t.Cells = before.separator, before.Columns, before.Cells
	return false, nil
}

// skipBlank skips blank lines. Then the buffer has the whole next row, which stays where it is until
// it was read.
func (t *Stream) skipBlank() {
	for {
		if t.from > len(t.buffer)/2 {
			t.from, t.to = 0, copy(t.buffer, t.buffer[t.from:t.to])
		}
		t.fill()
		length := LineEnd(string(t.buffer[t.from:min(t.from+2, t.to)]))
		if length == 0 || t.buffer[t.from+length-1] != '\n' {
			return
		}
		t.from += length
		t.ends++
	}
}

// Skip skips the next line and returns it without its end, valid until the next call. ok is false
// if it is the last line, or longer than a row.
func (t *Stream) Skip() (line []byte, ok bool) {
	t.fill()
	rest := t.buffer[t.from:t.to]
	end := bytes.IndexByte(rest[:min(len(rest), MaxStreamRow)], '\n')
	if end < 0 {
		return nil, false
	}
	t.from += end + 1
	t.ends++
	return bytes.TrimSuffix(rest[:end], carriageReturn), true
}

// Raw returns the text of the last row, which was not RowTooLong, without the end of its last line. It is
// valid until the next call.
func (t *Stream) Raw() []byte { return bytes.TrimRight(t.buffer[t.row:t.from], "\r\n") }

// Separator returns the separator of the rows, which Header has found.
func (t *Stream) Separator() byte { return t.separator[0] }

// Back makes the last row the next one, so that Header can read it. The last row was not
// RowTooLong.
func (t *Stream) Back() { t.from, t.ends = t.row, 0 }

// Next splits the next row that is not blank into cells, which are valid until the next call.
// flaw says why the row is invalid. err is io.EOF at the end, or an error of the file.
func (t *Stream) Next() (flaw RowFlaw, err error) {
	for {
		if t.to-t.from <= MaxStreamRow && t.end == nil {
			t.fill()
		}
		t.Line += t.ends
		t.ends = 1
		rest := t.buffer[t.from:t.to]
		if len(rest) == 0 {
			return 0, t.end
		}
		end := bytes.IndexByte(rest[:min(len(rest), MaxStreamRow)], '\n')
		after := end + 1
		if end < 0 {
			if len(rest) > MaxStreamRow || !errors.Is(t.end, io.EOF) && len(rest) == MaxStreamRow {
				return RowTooLong, t.skipLine()
			}
			if !errors.Is(t.end, io.EOF) {
				return 0, t.end // the row was truncated
			}
			end, after = len(rest), len(rest)
		}
		line := rest[:end]
		if end > 0 && line[end-1] == '\r' {
			line = line[:end-1]
		}
		if len(line) == 0 {
			t.from += after
			continue
		}
		t.row = t.from
		if bytes.IndexByte(line, '"') < 0 {
			t.from += after
			return t.split(line), nil
		}
		length, flaw := t.splitQuoted(rest[:min(len(rest), MaxStreamRow)])
		if flaw == RowQuote {
			length = after
		}
		t.ends = max(1, int64(bytes.Count(rest[:length], lineEnd)))
		t.from += length
		return flaw, nil
	}
}

var lineEnd, carriageReturn = []byte{'\n'}, []byte{'\r'}

// split splits a line without quotes. It finds only the required cells; the others are counted.
func (t *Stream) split(line []byte) (flaw RowFlaw) {
	separator, n := t.separator[0], 0
	for n < len(t.Cells) {
		i := bytes.IndexByte(line, separator)
		if i < 0 {
			t.Cells[n] = line
			return t.checkColumns(n + 1)
		}
		t.Cells[n] = line[:i]
		line = line[i+1:]
		n++
	}
	return t.checkColumns(n + 1 + bytes.Count(line, t.separator))
}

// splitQuoted splits a row with quotes at the start of rest, and returns its length.
func (t *Stream) splitQuoted(rest []byte) (length int, flaw RowFlaw) {
	t.unquoted = t.unquoted[:0]
	separator, n, i := t.separator[0], 0, 0
	for ; ; n++ {
		cell, after, ok := t.cell(rest, i)
		if !ok {
			return 0, RowQuote
		}
		if n < len(t.Cells) {
			t.Cells[n] = cell
		}
		switch {
		case after < len(rest) && rest[after] == separator:
			i = after + 1
			continue
		case after+1 < len(rest) && rest[after] == '\r':
			after += 2
		case after < len(rest):
			after++
		}
		return after, t.checkColumns(n + 1)
	}
}

// cell returns the cell at i and the index of its terminator: a separator, a line end, or the end
// of rest.
func (t *Stream) cell(rest []byte, i int) (cell []byte, after int, ok bool) {
	if i == len(rest) || rest[i] != '"' {
		cell = rest[i:]
		if end := bytes.IndexByte(cell, t.separator[0]); end >= 0 {
			cell = cell[:end]
		}
		end := bytes.IndexByte(cell, '\n')
		if end >= 0 {
			cell = cell[:end]
		}
		if (end >= 0 || i+len(cell) == len(rest)) && bytes.HasSuffix(cell, carriageReturn) {
			cell = cell[:len(cell)-1]
		}
		return cell, i + len(cell), true
	}
	start := i + 1
	begin := len(t.unquoted)
	for i = start; ; {
		quote := bytes.IndexByte(rest[i:], '"')
		if quote < 0 {
			return nil, 0, false
		}
		i += quote + 1
		if i < len(rest) && rest[i] == '"' { // a doubled quote stands for one
			t.unquoted = append(t.unquoted, rest[start:i]...)
			i++
			start = i
			continue
		}
		break
	}
	if i < len(rest) && rest[i] != t.separator[0] && !endsLine(rest, i) {
		return nil, 0, false
	}
	cell = rest[start : i-1]
	if len(t.unquoted) > begin {
		t.unquoted = append(t.unquoted, cell...)
		cell = t.unquoted[begin:]
	}
	return cell, i, true
}

// endsLine reports whether a line ends at i.
func endsLine(b []byte, i int) bool {
	return b[i] == '\n' || b[i] == '\r' && (i+1 == len(b) || b[i+1] == '\n')
}

// checkColumns compares the number of columns with the first row, which may have any number.
func (t *Stream) checkColumns(n int) (flaw RowFlaw) {
	t.Width = n
	if t.Columns == 0 {
		t.Columns = min(n, len(t.Cells))
		if n > len(t.Cells) {
			return RowColumns
		}
	}
	if n != t.Columns {
		return RowColumns
	}
	return 0
}

// fill reads until the buffer has more than the longest row, or the file ends. It does not wait
// for more, so that decompression continues while rows are split.
func (t *Stream) fill() {
	if len(t.buffer)-t.from <= 2*MaxStreamRow {
		copy(t.buffer, t.buffer[t.from:t.to])
		t.from, t.to = 0, t.to-t.from
	}
	for t.to-t.from <= MaxStreamRow && t.end == nil {
		var n int
		n, t.end = t.file.Read(t.buffer[t.to:])
		t.to += n
	}
}

// skipLine drops the rest of a line.
func (t *Stream) skipLine() error {
	for {
		if i := bytes.IndexByte(t.buffer[t.from:t.to], '\n'); i >= 0 {
			t.from += i + 1
			return nil
		}
		t.from = t.to
		if t.end != nil {
			if errors.Is(t.end, io.EOF) {
				return nil // next reports the end
			}
			return t.end
		}
		t.fill()
	}
}
