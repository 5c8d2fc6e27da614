package sheet

import (
	"bytes"
	"strings"
)

// Text returns a file as text without its byte-order mark, or the code of Content.
func Text(data []byte) (text, code string) {
	if code, _ := Content(data); code != "" && code != "file_nul" {
		return "", code
	}
	return strings.TrimPrefix(string(data), BOM), ""
}

// contentSniffed is how many bytes Content examines to recognise a format.
const contentSniffed = 4096

// BOM is the byte-order mark of UTF-8.
const BOM = "\xef\xbb\xbf"

// Content returns the code of a file that is not readable plain text: "file_" and utf16, xlsx,
// zip, xls, gzip, pdf, html or nul (it has a zero byte). line is where it was found; 0 for the
// whole file. The code is empty for text.
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
		if isSpreadsheetZIP(head) {
			return "file_xlsx", 0
		}
		return "file_zip", 0
	case hasPrefix(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		return "file_xls", 0
	case hasPrefix(head, "\x1f\x8b"):
		return "file_gzip", 0
	case hasPrefix(head, "%PDF-"):
		return "file_pdf", 0
	case looksMarkup(head):
		return "file_html", 0
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return "file_nul", 1 + countLineEnds(string(data[:i]))
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
// mark, or, as text of any language, a character of the basic plane in every four bytes. The
// byte-order mark of UTF-32 begins with that of UTF-16, so ask this first.
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

// isSpreadsheetZIP recognises the first entries of XLSX and OpenDocument files.
func isSpreadsheetZIP(head []byte) bool {
	for _, entry := range []string{"[Content_Types].xml", "_rels/.rels", "xl/", "docProps/", "mimetypeapplication/vnd.oasis.opendocument"} {
		if bytes.Contains(head, []byte(entry)) {
			return true
		}
	}
	return false
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
