package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Limits of an unpacked workbook. The sizes that an archive declares are not trusted.
const (
	maxEntries     = 4096
	maxIndexBytes  = 1 << 20  // of a part that lists other parts
	maxStringBytes = 16 << 20 // of the shared strings
	maxSheetBytes  = 64 << 20
	maxBytes       = 192 << 20 // of all parts; a part counts each time it is read
	maxSheetRows   = 1 << 20   // the maximum in spreadsheet programs
	maxColumns     = 256
)

// Reasons why a workbook cannot be read.
var (
	ErrNoWorkbook = errors.New("sheet: the archive is not a workbook")
	ErrNoSheets   = errors.New("sheet: the document has no sheets that can be read")
	ErrDamaged    = errors.New("sheet: the workbook is damaged")
	ErrTooLarge   = errors.New("sheet: the workbook is too large")
)

// StartBytes is the size of the start of a file by which its kind is recognised.
const StartBytes = 64 << 10

// Start returns the whole lines in the first StartBytes of a text; nothing of a text whose first line
// is longer.
func Start(data []byte) []byte {
	if len(data) <= StartBytes {
		return data
	}
	return data[:bytes.LastIndexAny(data[:StartBytes], "\r\n")+1]
}

// IsZIP reports whether data start like a ZIP archive.
func IsZIP(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06"))
}

// Workbook is an opened XLSX file. OpenWorkbook reads only the lists of parts.
type Workbook struct {
	Sheets []Worksheet
	Epoch  string // the day from which day numbers count, as YYYY-MM-DD

	files   map[string]*zip.File // by name in lower case
	shared  string               // part with the shared strings; empty if none
	strings []string             // shared strings, read when first needed
	read    bool                 // whether strings were read
	left    int64                // bytes that may still be unpacked
}

// Worksheet names a sheet of a workbook.
type Worksheet struct {
	Name string
	part string
}

// WorkbookRow is a row of a sheet, valid until the next one.
type WorkbookRow struct {
	Line  int // in the sheet, from 1
	Cells []WorkbookCell
}

// WorkbookCell is a cell without surrounding spaces. A number is formatted as in Go.
type WorkbookCell struct {
	Text   string
	Number bool // false for a text of digits
}

// OpenWorkbook opens the workbook in a ZIP archive. ErrNoWorkbook, ErrNoSheets, ErrDamaged or
// ErrTooLarge if it cannot be read.
func OpenWorkbook(data []byte) (*Workbook, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(archive.File) > maxEntries {
		return nil, ErrDamaged
	}
	w := &Workbook{files: map[string]*zip.File{}, Epoch: "1899-12-30", left: maxBytes}
	for _, file := range archive.File {
		w.files[strings.ToLower(strings.ReplaceAll(file.Name, `\`, "/"))] = file
	}
	main := "xl/workbook.xml"
	for _, r := range w.relations("") {
		if strings.HasSuffix(r.kind, "/officeDocument") {
			main = r.part
		}
	}
	if w.files[strings.ToLower(main)] == nil {
		if w.files["mimetype"] != nil || w.files["[content_types].xml"] != nil {
			return nil, ErrNoSheets // OpenDocument, or another Office document
		}
		return nil, ErrNoWorkbook
	}
	if err := w.index(main); err != nil {
		return nil, err
	}
	return w, nil
}

// index reads the list of sheets.
func (w *Workbook) index(main string) error {
	parts := map[string]string{}
	for _, r := range w.relations(main) {
		parts[r.id] = r.part
		if strings.HasSuffix(r.kind, "/sharedStrings") {
			w.shared = r.part
		}
	}
	err := w.elements(main, maxIndexBytes, func(t xml.Token) bool {
		start, ok := t.(xml.StartElement)
		if !ok {
			return true
		}
		switch start.Name.Local {
		case "workbookPr":
			if v := attribute(start, "date1904"); v == "1" || v == "true" {
				w.Epoch = "1904-01-01"
			}
		case "sheet":
			if part := parts[attribute(start, "id")]; part != "" {
				w.Sheets = append(w.Sheets, Worksheet{attribute(start, "name"), part})
			}
		}
		return true
	})
	return err
}

// relation is a reference from one part to another.
type relation struct{ id, kind, part string }

// relations returns the references of a part; of the package if part is empty.
func (w *Workbook) relations(part string) (list []relation) {
	folder, file := path.Split(part)
	// A missing or damaged list gives no references, so no sheets are found.
	_ = w.elements(folder+"_rels/"+file+".rels", maxIndexBytes, func(t xml.Token) bool {
		if start, ok := t.(xml.StartElement); ok && start.Name.Local == "Relationship" {
			target := attribute(start, "Target")
			if !strings.HasPrefix(target, "/") {
				target = folder + target
			}
			list = append(list, relation{attribute(start, "Id"), attribute(start, "Type"), strings.TrimPrefix(path.Clean(target), "/")})
		}
		return true
	})
	return list
}

func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// elements calls each with the tokens of a part until it returns false.
func (w *Workbook) elements(part string, limit int64, each func(xml.Token) bool) error {
	file := w.files[strings.ToLower(part)]
	if file == nil {
		return ErrDamaged
	}
	content, err := file.Open()
	if err != nil {
		return ErrDamaged
	}
	defer content.Close()
	limit = min(limit, w.left)
	bounded := &io.LimitedReader{R: content, N: limit}
	defer func() { w.left -= limit - bounded.N }()
	decoder := xml.NewDecoder(bounded)
	for open := 0; ; {
		token, err := decoder.RawToken()
		switch {
		case bounded.N <= 0:
			return ErrTooLarge
		case errors.Is(err, io.EOF) && open == 0:
			return nil
		case err != nil:
			return ErrDamaged
		}
		switch token.(type) {
		case xml.StartElement:
			open++
		case xml.EndElement:
			open--
		}
		if !each(token) {
			return nil
		}
	}
}

// Rows returns the rows of a sheet that are not blank. After the iteration, fault returns why it
// ended early: ErrDamaged or ErrTooLarge; nil if it did not.
func (w *Workbook) Rows(s Worksheet) (rows iter.Seq[WorkbookRow], fault func() error) {
	var failed error
	return func(yield func(WorkbookRow) bool) {
		if failed = w.readStrings(); failed != nil {
			return
		}
		r := sheetReader{shared: w.strings}
		n := 0
		failed = w.elements(s.part, maxSheetBytes, func(t xml.Token) bool {
			if !r.token(t) {
				return true
			}
			n++
			return n <= maxSheetRows && (r.row.isBlank() || yield(r.row))
		})
		if n > maxSheetRows {
			failed = ErrTooLarge
		}
	}, func() error { return failed }
}

func (r WorkbookRow) isBlank() bool {
	return !slices.ContainsFunc(r.Cells, func(c WorkbookCell) bool { return c.Text != "" })
}

// readStrings reads the shared strings.
func (w *Workbook) readStrings() error {
	if w.shared == "" || w.read {
		return nil
	}
	var b strings.Builder
	var in inline
	err := w.elements(w.shared, maxStringBytes, func(t xml.Token) bool {
		in.token(t, &b)
		if end, ok := t.(xml.EndElement); ok && end.Name.Local == "si" {
			w.strings = append(w.strings, b.String())
			b.Reset()
		}
		return true
	})
	w.read = err == nil
	return err
}

// inline collects the text of a shared or inline string: its runs, without phonetic ones.
type inline struct{ text, phonetic bool }

func (i *inline) token(t xml.Token, to *strings.Builder) {
	switch t := t.(type) {
	case xml.StartElement:
		i.text = t.Name.Local == "t"
		i.phonetic = i.phonetic || t.Name.Local == "rPh"
	case xml.EndElement:
		i.text = false
		i.phonetic = i.phonetic && t.Name.Local != "rPh"
	case xml.CharData:
		if i.text && !i.phonetic {
			to.Write(t)
		}
	}
}

// sheetReader turns the tokens of a sheet into rows.
type sheetReader struct {
	shared []string
	row    WorkbookRow

	column int    // of the current cell, from 0
	kind   string // of the current cell: s, str, inlineStr, b, e, d; empty or n for a number
	value  bool   // inside a cell's value
	inline inline
	text   strings.Builder
}

// token handles one token. It reports whether the token ended a row.
func (s *sheetReader) token(t xml.Token) bool {
	if s.kind == "inlineStr" {
		s.inline.token(t, &s.text)
	}
	switch t := t.(type) {
	case xml.StartElement:
		switch t.Name.Local {
		case "row":
			s.row.Line++
			if n, err := strconv.Atoi(attribute(t, "r")); err == nil && n > 0 {
				s.row.Line = n
			}
			s.row.Cells, s.column = s.row.Cells[:0], -1
		case "c":
			s.column++
			if i, ok := columnOf(attribute(t, "r")); ok {
				s.column = i
			}
			s.kind = attribute(t, "t")
			s.text.Reset()
		case "v":
			s.value = true
		}
	case xml.CharData:
		if s.value {
			s.text.Write(t)
		}
	case xml.EndElement:
		switch t.Name.Local {
		case "v":
			s.value = false
		case "c":
			s.put()
			s.kind = ""
		case "row":
			return true
		}
	}
	return false
}

// put adds the current cell to the row.
func (s *sheetReader) put() {
	if s.column < 0 || s.column >= maxColumns || s.text.Len() == 0 {
		return
	}
	c := WorkbookCell{Text: strings.TrimSpace(s.text.String())}
	switch s.kind {
	case "s":
		i, err := strconv.Atoi(c.Text)
		c.Text = ""
		if err == nil && 0 <= i && i < len(s.shared) {
			c.Text = strings.TrimSpace(s.shared[i])
		}
	case "", "n":
		// 2012.1 may be stored as 2012.0999999999999.
		if value, err := strconv.ParseFloat(c.Text, 64); err == nil {
			c = WorkbookCell{Text: strconv.FormatFloat(value, 'g', 15, 64), Number: true}
		}
	}
	for len(s.row.Cells) <= s.column {
		s.row.Cells = append(s.row.Cells, WorkbookCell{})
	}
	s.row.Cells[s.column] = c
}

// columnOf returns the column of a cell reference such as K3, from 0.
func columnOf(reference string) (int, bool) {
	n, letters := 0, 0
	for ; letters < len(reference) && 'A' <= reference[letters] && reference[letters] <= 'Z'; letters++ {
		if n = n*26 + int(reference[letters]-'A') + 1; n > 1<<20 {
			return 0, false
		}
	}
	return n - 1, letters > 0
}
