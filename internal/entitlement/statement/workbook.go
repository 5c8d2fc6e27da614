package statement

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

	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/text"
)

// The limits of a workbook, unpacked. An archive says how large its parts are
// and is not believed.
const (
	maxEntries     = 4096
	maxIndexBytes  = 1 << 20  // of a part that lists others
	maxStringBytes = 16 << 20 // of the texts that cells share
	maxSheetBytes  = 64 << 20
	maxBytes       = 192 << 20 // of all parts, as often as each is read
	maxSheets      = 64        // looked at
	maxSheetRows   = 1 << 20   // that spreadsheet programs know
	maxColumns     = 256
)

func isZIP(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06"))
}

// Why a workbook cannot be read, as findings.
var (
	errDamaged  = errors.New("statement_workbook_damaged")
	errTooLarge = errors.New("statement_workbook_too_large")
)

// pivotSheets are the names of the sheet that has the totals, as text.Letters
// writes them.
var pivotSheets = []string{
	"pivotdata", "pivotgegevens", "draaitabelgegevens", "draaigegevens", "draaitabeldata",
	"donneespivot", "donneescroisees", "donneesdepivot", "donneesdutableaucroise", "donneesdutableaucroisedynamique",
}

// readWorkbook reads the sheet of a workbook that has the totals: the one with
// its name, or else the first that has its columns.
func (f *File) readWorkbook(data []byte) {
	w, code := openWorkbook(data)
	if code != "" {
		f.refuse(0, code)
		return
	}
	var close header // what comes closest, in the sheet with the right name
	for _, s := range w.sheets {
		t := w.table(s.part)
		h := findHeader(t)
		if code := t.fault(); code != "" {
			f.refuse(0, code)
			return
		}
		named := slices.Contains(pivotSheets, text.Letters(text.Shorten(s.name, 64)))
		if h.shape.kind == entitlement.KindLicenseStatement && h.missing() == nil {
			f.readBelow(t, h)
			return
		}
		if named && h.likely() {
			close = h
		}
	}
	if close.shape.kind == entitlement.KindLicenseStatement {
		f.refuseHeader(close)
		return
	}
	f.refuse(0, "statement_sheet_missing")
}

// workbook is an opened workbook. Only what lists its parts has been read.
type workbook struct {
	files   map[string]*zip.File // by name in lower case
	sheets  []worksheet          // the one with the right name first
	shared  string               // part with the texts that cells share; empty for none
	strings []string             // read when first needed
	read    bool                 // strings have been
	epoch   day.Date
	left    int64 // bytes that may still be unpacked
}

type worksheet struct{ name, part string }

// openWorkbook returns the workbook in a ZIP archive, or the code that says
// what the archive is instead.
func openWorkbook(data []byte) (*workbook, string) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(archive.File) > maxEntries {
		return nil, errDamaged.Error()
	}
	w := &workbook{files: map[string]*zip.File{}, epoch: "1899-12-30", left: maxBytes}
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
			return nil, "statement_sheet_missing" // OpenDocument, or a text or slides
		}
		return nil, "statement_zip"
	}
	if err := w.index(main); err != nil {
		return nil, err.Error()
	}
	return w, ""
}

// index reads which sheets there are.
func (w *workbook) index(main string) error {
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
				w.epoch = "1904-01-01"
			}
		case "sheet":
			if part := parts[attribute(start, "id")]; part != "" {
				w.sheets = append(w.sheets, worksheet{attribute(start, "name"), part})
			}
		}
		return true
	})
	named := func(s worksheet) int {
		return slices.Index(pivotSheets, text.Letters(text.Shorten(s.name, 64)))
	}
	slices.SortStableFunc(w.sheets, func(a, b worksheet) int { return min(named(b), 0) - min(named(a), 0) })
	w.sheets = w.sheets[:min(len(w.sheets), maxSheets)]
	return err
}

// relation is what one part says of another.
type relation struct{ id, kind, part string }

// relations returns what a part refers to; of the whole package for no part.
func (w *workbook) relations(part string) (list []relation) {
	folder, file := path.Split(part)
	// A package without them, or with damaged ones, has no sheets to find.
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

// elements calls each for the tokens of a part until it returns false.
func (w *workbook) elements(part string, limit int64, each func(xml.Token) bool) error {
	file := w.files[strings.ToLower(part)]
	if file == nil {
		return errDamaged
	}
	content, err := file.Open()
	if err != nil {
		return errDamaged
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
			return errTooLarge
		case errors.Is(err, io.EOF) && open == 0:
			return nil
		case err != nil:
			return errDamaged
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

// table returns a sheet as a table.
func (w *workbook) table(part string) table {
	var fault error
	return table{
		epoch: w.epoch,
		fault: func() string {
			if fault == nil {
				return ""
			}
			return fault.Error()
		},
		rows: iter.Seq[row](func(yield func(row) bool) {
			if fault = w.readStrings(); fault != nil {
				return
			}
			s := sheetReader{shared: w.strings}
			n := 0
			fault = w.elements(part, maxSheetBytes, func(t xml.Token) bool {
				if !s.token(t) {
					return true
				}
				n++
				return n <= maxSheetRows && (s.row.filled() == 0 || yield(s.row))
			})
			if n > maxSheetRows {
				fault = errTooLarge
			}
		}),
	}
}

// readStrings reads the texts that cells share.
func (w *workbook) readStrings() error {
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

// inline collects the text of a shared or an inline string: its runs, without
// the phonetic ones.
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
	row    row

	column int    // of the cell at hand, from 0
	kind   string // of the cell at hand: s, str, inlineStr, b, e, d; empty or n for a number
	value  bool   // inside a cell's value
	inline inline
	text   strings.Builder
}

// token takes one token; true when it ended a row.
func (s *sheetReader) token(t xml.Token) bool {
	if s.kind == "inlineStr" {
		s.inline.token(t, &s.text)
	}
	switch t := t.(type) {
	case xml.StartElement:
		switch t.Name.Local {
		case "row":
			s.row.line++
			if n, err := strconv.Atoi(attribute(t, "r")); err == nil && n > 0 {
				s.row.line = n
			}
			s.row.cells, s.column = s.row.cells[:0], -1
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

// put adds the cell at hand to the row.
func (s *sheetReader) put() {
	if s.column < 0 || s.column >= maxColumns || s.text.Len() == 0 {
		return
	}
	c := cell{text: strings.TrimSpace(s.text.String())}
	switch s.kind {
	case "s":
		i, err := strconv.Atoi(c.text)
		c.text = ""
		if err == nil && 0 <= i && i < len(s.shared) {
			c.text = strings.TrimSpace(s.shared[i])
		}
	case "", "n":
		// 2012.1 may be stored as 2012.0999999999999.
		if value, err := strconv.ParseFloat(c.text, 64); err == nil {
			c = cell{text: strconv.FormatFloat(value, 'g', 15, 64), number: true}
		}
	}
	for len(s.row.cells) <= s.column {
		s.row.cells = append(s.row.cells, cell{})
	}
	s.row.cells[s.column] = c
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
