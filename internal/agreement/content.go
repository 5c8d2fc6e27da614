package agreement

import (
	"bytes"
	"strings"
)

// contentSniffed is how much of a file is looked at to say what it is instead of CSV.
const contentSniffed = 4096

const utf8BOM = "\xef\xbb\xbf"

// contentCode returns the code that says what a file is when it is not plain
// text that can be read (R3.3), and the line it was seen on (0: the whole
// file); an empty code for text.
func contentCode(data []byte) (code string, line int) {
	head := data[:min(len(data), contentSniffed)]
	switch {
	case hasPrefix(head, "\xff\xfe"), hasPrefix(head, "\xfe\xff"), looksUTF16(head):
		return "file_utf16", 0
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

// looksUTF16 recognises UTF-16 without a byte-order mark: text in Latin
// letters has a zero in every other byte.
func looksUTF16(head []byte) bool {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	most, least := max(zeros[0], zeros[1]), min(zeros[0], zeros[1])
	return half >= 2 && most*10 >= half*7 && least*10 <= half
}

// isSpreadsheetZIP recognises the first entries of XLSX and of OpenDocument.
func isSpreadsheetZIP(head []byte) bool {
	for _, entry := range []string{"[Content_Types].xml", "_rels/.rels", "xl/", "docProps/", "mimetypeapplication/vnd.oasis.opendocument"} {
		if bytes.Contains(head, []byte(entry)) {
			return true
		}
	}
	return false
}

func looksMarkup(head []byte) bool {
	start := strings.TrimPrefix(string(head[:min(len(head), 256)]), utf8BOM)
	start = strings.ToLower(strings.TrimSpace(start))
	for _, tag := range []string{"<!doctype", "<html", "<head", "<body", "<table", "<?xml"} {
		if strings.HasPrefix(start, tag) {
			return true
		}
	}
	return false
}

// separators are those that R3.2 knows, the likeliest first.
const separators = ",;\t"

// The part of a file that decides which separator it has.
const (
	sniffedRecords = 10
	sniffedBytes   = 32 << 10
)

// separatorOf returns the separator under which the first records make most sense.
func separatorOf(text string) byte {
	text = text[:min(len(text), sniffedBytes)]
	best, most := separators[0], 0
	for i := range len(separators) {
		if score := separatorScore(text, separators[i]); score > most {
			best, most = separators[i], score
		}
	}
	return best
}

// separatorScore is high when there is a header, when the first two cells are
// numbers, and a little when there are as many columns as there should be: a
// comma in "01-07001;01-07001;Office, Dutch" makes two columns as well.
func separatorScore(text string, sep byte) int {
	s := scanner{text: text, sep: sep, line: 1}
	score := 0
	for n := 0; n < sniffedRecords && s.next(); n++ {
		if n == 0 {
			if _, ok := headerLayout(s.cells); ok {
				score += 100
			}
		}
		if s.filled < 2 {
			continue
		}
		if s.filled <= 4 {
			score++
		}
		if looksNumber(s.cells[0].text) && looksNumber(s.cells[1].text) {
			score += 4
		}
	}
	return score
}

func looksNumber(cell string) bool {
	digits := false
	for i := range len(cell) {
		if numberByte(cell[i]) == other {
			return false
		}
		digits = digits || '0' <= cell[i] && cell[i] <= '9'
	}
	return digits
}

// separatorLine recognises "sep=;", the first line by which spreadsheet
// programs tell each other the separator, and returns how long the line is.
func separatorLine(text string) (sep byte, length int) {
	line := text[:lineLength(text[:min(len(text), 16)])]
	hint := strings.Trim(strings.TrimRight(line, " "), `"`)
	if len(hint) != 5 || !strings.EqualFold(hint[:4], "sep=") || strings.IndexByte(separators, hint[4]) < 0 {
		return 0, 0
	}
	return hint[4], len(line) + lineEnd(text[len(line):])
}
