package inventory

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"

	"trueup/internal/errs"
	"trueup/internal/sheet"
)

const (
	plainBuffer = 64 << 10
	headBytes   = 4 << 10 // the start of a file, by which its encoding and kind are recognised
)

// readPlain reads a file that is not an archive.
func (r *reading) readPlain(file io.Reader) error {
	text, head, err := r.asText(file)
	if err != nil {
		return err
	}
	content, _ := sheet.Content(head)
	if code := contentCodes[content]; code != "" {
		return errs.New(errs.Invalid, code)
	}
	if isJSON(head) {
		r.developer = developerDocument(head)
		return r.readDocuments(text)
	}
	if tool := developerText(head); tool != "" {
		return developerError(tool)
	}
	if list := packageList(head); list != nil {
		return list
	}
	if mark, names := listMark(head); mark != 0 {
		return r.readList(text, mark, names)
	}
	if above, l, ok := findLayout(head); ok {
		return r.readFixed(text, above, l)
	}
	return r.readTable(text, head)
}

// contentCodes maps codes of sheet.Content to those of files that are not text.
var contentCodes = map[string]string{
	"file_xls": "inventory_workbook", "file_xlsx": "inventory_workbook", "file_numbers": "inventory_workbook",
	"file_word": "inventory_page", "file_rtf": "inventory_page", "file_document": "inventory_page",
	"file_zip": "inventory_packed", "file_gzip": "inventory_packed",
	"file_pdf": "inventory_page", "file_html": "inventory_page",
}

func isJSON(head []byte) bool {
	start := bytes.TrimLeft(head, " \t\r\n")
	return len(start) > 0 && (start[0] == '{' || start[0] == '[')
}

// asText returns a file without byte-order mark, in UTF-8 if it is UTF-16 or UTF-32, with lines that
// end in LF or CRLF, and the start of that text. It converts while the file is read.
func (r *reading) asText(file io.Reader) (text *bufio.Reader, head []byte, err error) {
	if r.plain == nil {
		r.plain = bufio.NewReaderSize(file, plainBuffer)
	}
	text = r.plain
	text.Reset(file)
	if head, err = peek(text); err != nil {
		return nil, nil, err
	}
	if wide := wideEncoding(head); wide != nil {
		text = bufio.NewReaderSize(transform.NewReader(text, wide.NewDecoder()), plainBuffer)
	} else if bytes.HasPrefix(head, []byte(sheet.BOM)) {
		_, _ = text.Discard(len(sheet.BOM)) // cannot fail: the bytes were peeked
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
	if bigEndian, wide := sheet.UTF32(head); wide {
		if bigEndian {
			return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
		}
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	}
	if bigEndian, wide := sheet.UTF16(head); wide {
		if bigEndian {
			return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
		}
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	return nil
}

// peek returns the start of a file without consuming it.
func peek(file *bufio.Reader) ([]byte, error) {
	head, err := file.Peek(headBytes)
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
