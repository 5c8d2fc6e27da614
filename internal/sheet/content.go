package sheet

import (
	"bytes"
	"strings"
)

// Text returns a file as text without its byte-order mark, or the code of Content.
func Text(data []byte) (text, code string) {
	switch code, _ := Content(data); code {
	case "", "file_nul", "file_rtf": // readers of rows say what is missing in them
		return strings.TrimPrefix(string(data), BOM), ""
	default:
		return "", code
	}
}

// WithoutEnd returns text without the Ctrl-Z with which some programs of DOS and Windows end a
// text file.
func WithoutEnd(text string) string {
	if end := strings.TrimRight(text, "\x1a\r\n \t"); strings.IndexByte(text[len(end):], '\x1a') >= 0 {
		return end
	}
	return text
}

// contentSniffed is how many bytes Content examines to recognise a format.
const contentSniffed = 4096

// BOM is the byte-order mark of UTF-8.
const BOM = "\xef\xbb\xbf"

// Content returns the code of a file that is not readable plain text: "file_" and utf16, xlsx,
// word, numbers, document (a presentation or a drawing), zip, xls, gzip, pdf, rtf, html or nul (it has a zero byte). line is where it was
// found; 0 for the whole file. The code is empty for text.
func Content(data []byte) (code string, line int) {
	head := data[:min(len(data), contentSniffed)]
	if _, wide := UTF16(head); wide {
		return "file_utf16", 0
	}
	if _, wide := UTF32(head); wide {
		return "file_utf16", 0 // the advice is the same
	}
	switch {
	case hasPrefix(head, "PK\x03\x04"), hasPrefix(head, "PK\x05\x06"), hasPrefix(head, "PK\x07\x08"):
		return zipContent(data), 0
	case hasPrefix(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		switch {
		case bytes.Contains(data, wordStream):
			return "file_word", 0
		case bytes.Contains(data, slideStream), bytes.Contains(data, visioStream):
			return "file_document", 0
		}
		return "file_xls", 0
	case hasPrefix(bytes.TrimPrefix(head, []byte(BOM)), `{\rtf`):
		return "file_rtf", 0
	case hasPrefix(head, "\x1f\x8b"):
		return "file_gzip", 0
	case hasPrefix(head, "%PDF-"):
		return "file_pdf", 0
	case looksMarkup(head):
		return "file_html", 0
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return "file_nul", 1 + LineEnds(string(data[:i]))
	}
	return "", 0
}

func hasPrefix(data []byte, prefix string) bool { return bytes.HasPrefix(data, []byte(prefix)) }

// UTF16 reports whether the start of a file is UTF-16, and in which byte order: it has a
// byte-order mark, or, as Latin text, a zero in every other byte.
func UTF16(head []byte) (bigEndian, ok bool) {
	switch {
	case hasPrefix(head, "\xff\xfe"):
		return false, true
	case hasPrefix(head, "\xfe\xff"):
		return true, true
	}
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	most, least := max(zeros[0], zeros[1]), min(zeros[0], zeros[1])
	return zeros[0] > zeros[1], half >= 2 && most*10 >= half*7 && least*10 <= half
}

// UTF32 reports whether the start of a file is UTF-32, and in which byte order: it has a byte-order
// mark, or, as text of any language, a character of the basic plane in every four bytes. Ask
// this before UTF16: the byte-order mark of UTF-32 begins with the one of UTF-16.
func UTF32(head []byte) (bigEndian, ok bool) {
	switch {
	case hasPrefix(head, "\xff\xfe\x00\x00"):
		return false, true
	case hasPrefix(head, "\x00\x00\xfe\xff"):
		return true, true
	}
	little, big, units := 0, 0, len(head)/4
	for i := range units {
		unit := head[4*i : 4*i+4]
		if unit[2] == 0 && unit[3] == 0 && (unit[0] != 0 || unit[1] != 0) {
			little++
		}
		if unit[0] == 0 && unit[1] == 0 && (unit[2] != 0 || unit[3] != 0) {
			big++
		}
	}
	return big > little, units >= 2 && max(little, big) == units
}

// The names of the main streams of documents of Word, PowerPoint and Visio 97, in UTF-16.
var (
	wordStream  = []byte("W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00")
	slideStream = []byte("P\x00o\x00w\x00e\x00r\x00P\x00o\x00i\x00n\x00t\x00 \x00D\x00o\x00c\x00")
	visioStream = []byte("V\x00i\x00s\x00i\x00o\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00")
)

// zipEntries are parts of the names of entries that tell what a ZIP archive is. The first match
// counts: documents and workbooks of Office share the last ones.
var zipEntries = []struct{ code, entry string }{
	{"file_word", "word/document.xml"},
	{"file_word", "mimetypeapplication/vnd.oasis.opendocument.text"},
	{"file_numbers", "Index/Document.iwa"},
	{"file_numbers", "Index.zip"},
	{"file_numbers", "Index/Tables/"},
	{"file_document", "ppt/presentation"},
	{"file_document", "visio/document"},
	{"file_document", "mimetypeapplication/vnd.oasis.opendocument.presentation"},
	{"file_document", "mimetypeapplication/vnd.oasis.opendocument.graphics"},
	{"file_xlsx", "mimetypeapplication/vnd.oasis.opendocument"},
	{"file_xlsx", "xl/"},
	{"file_xlsx", "[Content_Types].xml"},
	{"file_xlsx", "_rels/.rels"},
	{"file_xlsx", "docProps/"},
}

// zipDirectory is the part at the end of an archive that is searched, for its list of entries.
const zipDirectory = 64 << 10

// zipContent returns the code of a ZIP archive, by the names of its entries.
func zipContent(data []byte) string {
	head, tail := data[:min(len(data), contentSniffed)], data[max(len(data)-zipDirectory, 0):]
	for _, z := range zipEntries {
		if entry := []byte(z.entry); bytes.Contains(head, entry) || bytes.Contains(tail, entry) {
			return z.code
		}
	}
	return "file_zip"
}

func looksMarkup(head []byte) bool {
	start := strings.TrimPrefix(string(head[:min(len(head), 256)]), BOM)
	start = strings.ToLower(strings.TrimSpace(start))
	for _, tag := range []string{"<!doctype", "<html", "<head", "<body", "<table", "<?xml"} {
		if strings.HasPrefix(start, tag) {
			return true
		}
	}
	return false
}
