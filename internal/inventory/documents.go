package inventory

import (
	"bufio"
	"errors"
	"io"
)

// maxDocument is how many bytes of a JSON document are held: what GLPI tells
// about a device is a few hundred kilobytes.
const maxDocument = 16 << 20

// documents reads JSON documents, one after the other or in arrays, and holds
// one at a time. It looks for where they end only; whether one is valid shows
// when it is decoded.
type documents struct {
	file *bufio.Reader
	line int64 // of what is read next, from 1

	array bool // in an array: its elements are the documents
	list  int  // number of the array, or of the document outside one, from 1
	held  []byte
}

// next returns the next document, which is good until the one after it, and
// the line it begins on. flaw is why it could not be read. err is io.EOF at
// the end, or what went wrong with the file.
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

// document reads a document that begins with c.
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
			// No string has a line end, and no document that goes on has another one
			// at the start of its second line: the line was cut short.
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
			if errors.Is(err, io.EOF) { // the next call says so again
				return rowDocument, nil
			}
			return "", err
		}
	}
}

// ahead returns the byte that is read next, 0 at the end.
func (d *documents) ahead() byte {
	next, err := d.file.Peek(1)
	if err != nil {
		return 0 // what is wrong shows when it is read
	}
	return next[0]
}

// scalar passes over what is neither an object nor an array, and so no
// document, to the end of its line or array element.
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
