package inventory

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// lines reads the lines of a text that is no table with separators.
type lines struct {
	file *bufio.Reader
	line int64 // the last one, from 1
}

// next returns the next line without its end, valid until the next call. long tells that it is longer
// than the buffer of the file; then it is not returned. err is io.EOF at the end, or an error of the
// file.
func (l *lines) next() (line []byte, long bool, err error) {
	l.line++
	for {
		line, err = l.file.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			long = true
			continue
		case err == nil, errors.Is(err, io.EOF) && len(line) > 0:
			line = bytes.TrimRight(line, "\r\n")
			if long {
				line = nil
			}
			// A program that shows its progress begins the line again.
			return line[bytes.LastIndexByte(line, '\r')+1:], long, nil
		}
		return nil, long, err
	}
}
