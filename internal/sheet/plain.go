package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

const (
	plainBuffer = 64 << 10
	// HeadBytes is the size of the start of a text, by which its encoding and kind are recognised.
	HeadBytes = 4 << 10
)

// Plain opens files as text. It can be used for one file after another.
type Plain struct{ file *bufio.Reader }

// Open returns a file without byte-order mark, in UTF-8 if it is UTF-16 or UTF-32, with lines that
// end in LF or CRLF, and the start of that text, at most HeadBytes. It converts while the file is read.
// The text is valid until the next call.
func (p *Plain) Open(file io.Reader) (text *bufio.Reader, head []byte, err error) {
	if p.file == nil {
		p.file = bufio.NewReaderSize(file, plainBuffer)
	}
	text = p.file
	text.Reset(file)
	if head, err = peek(text); err != nil {
		return nil, nil, err
	}
	if wide := wideEncoding(head); wide != nil {
		text = bufio.NewReaderSize(transform.NewReader(text, wide.NewDecoder()), plainBuffer)
	} else if bytes.HasPrefix(head, []byte(BOM)) {
		_, _ = text.Discard(len(BOM)) // cannot fail: the bytes were peeked
	}
	if head, err = peek(text); err != nil {
		return nil, nil, err
	}
	if ends := lineEndsOf(head); ends != endsKept {
		text = bufio.NewReaderSize(&lineEnds{text, ends}, plainBuffer)
		head, err = peek(text)
	}
	return text, head, err
}

// wideEncoding returns the encoding of a file that starts with head, if it is UTF-16 or UTF-32.
func wideEncoding(head []byte) encoding.Encoding {
	if bigEndian, wide := UTF32(head); wide {
		if bigEndian {
			return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
		}
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	}
	if bigEndian, wide := UTF16(head); wide {
		if bigEndian {
			return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
		}
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	return nil
}

// peek returns the start of a file without consuming it.
func peek(file *bufio.Reader) ([]byte, error) {
	head, err := file.Peek(HeadBytes)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head, err
}

// lineEnds reads a text whose lines do not end in LF or CRLF.
type lineEnds struct {
	file io.Reader
	ends ends
}

type ends int

const (
	endsKept    ends = iota
	endsCR           // CR alone, as old spreadsheet programs write
	endsDoubled      // CR CR LF, as wmic writes
)

func lineEndsOf(head []byte) ends {
	switch {
	case bytes.Contains(head, []byte("\r\r\n")):
		return endsDoubled
	case bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0:
		return endsCR
	}
	return endsKept
}

func (l *lineEnds) Read(p []byte) (int, error) {
	for {
		n, err := l.file.Read(p)
		if l.ends == endsCR {
			for i := range p[:n] {
				if p[i] == '\r' {
					p[i] = '\n'
				}
			}
			return n, err
		}
		kept := p[:0]
		for _, c := range p[:n] {
			if c != '\r' {
				kept = append(kept, c)
			}
		}
		if len(kept) > 0 || err != nil || n == 0 {
			return len(kept), err
		}
	}
}
