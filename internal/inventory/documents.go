package inventory

import (
	"bufio"
	"errors"
	"io"
)

// maxDocument is the maximum size of a JSON document in bytes. GLPI's inventory of a device is a
// few hundred kilobytes.
const maxDocument = 16 << 20

// documents reads JSON documents, concatenated or in arrays, and holds one at a time. It finds
// only where they end; decoding validates them.
type documents struct {
	file *bufio.Reader
	line int64 // of the next byte, from 1

	array bool // inside an array, whose elements are the documents
	list  int  // number of the array, or of the document outside one, from 1
	held  []byte
}

// next returns the next document, valid until the next call, and the line of its start. flaw says
// why it is invalid. err is io.EOF at the end, or an error of the file.
func (d *documents) next() (document []byte, line int64, flaw string, err error) {
	for {
		c, err := d.file.ReadByte()
		if err != nil {
			return nil, 0, "", err
		}
		switch {
		case c == '\n':
			d.line++
		case c == ' ', c == '\t', c == '\r', c == ',', c == ']' && d.array:
			d.array = d.array && c != ']'
		case c == '[' && !d.array:
			d.array = true
			d.list++
		default:
			if !d.array {
				d.list++
			}
			line := d.line
			flaw, err := d.document(c)
			return d.held, line, flaw, err
		}
	}
}

// document reads a document that starts with c.
func (d *documents) document(c byte) (flaw string, err error) {
	d.held = d.held[:0]
	if c != '{' && c != '[' {
		return d.scalar()
	}
	first := d.line
	depth, quoted, escaped, long := 0, false, false, false
	for {
		if len(d.held) < maxDocument {
			d.held = append(d.held, c)
		} else {
			long = true
		}
		switch {
		case c == '\n':
			d.line++
			// A string contains no line end, and the second line of a document never starts with
			// another document: the line was truncated.
			if quoted || !d.array && d.line == first+1 && d.ahead() == '{' {
				return rowDocument, nil
			}
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			depth--
		}
		if depth == 0 {
			if long {
				return rowTooLong, nil
			}
			return "", nil
		}
		if c, err = d.file.ReadByte(); err != nil {
			if errors.Is(err, io.EOF) { // the next call reports the end again
				return rowDocument, nil
			}
			return "", err
		}
	}
}

// ahead returns the next byte without consuming it, 0 at the end.
func (d *documents) ahead() byte {
	next, err := d.file.Peek(1)
	if err != nil {
		return 0 // reading it reports the error
	}
	return next[0]
}

// scalar skips a value that is neither an object nor an array, so not a document, up to the end
// of its line or array element.
func (d *documents) scalar() (flaw string, err error) {
	for {
		switch next := d.ahead(); {
		case next == '\n', d.array && (next == ',' || next == ']'):
			return rowDocument, nil
		}
		if _, err := d.file.ReadByte(); err != nil {
			if errors.Is(err, io.EOF) {
				return rowDocument, nil
			}
			return "", err
		}
	}
}
