package statement_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"trueup/internal/entitlement/statement"
)

// pivot is the rows of a Microsoft License Statement, starting with its header.
var pivot = [][]any{
	{"Product Pool", "License Product Family", "License Version", "Effective License Quantity", "Active SA Quantity", "Country of Usage"},
	{"Applications", "Office", 2021, 500, 420, "All Countries"},
	{"Applications", "Office", 2021, 300, 300, "Belgium"},
}

// book describes a workbook to write.
type book struct {
	sheet string // default: "Pivot Data"
	date  any    // in K3; nil for none
	row   int    // of the header; default: 10
	rows  [][]any
	also  func(*excelize.File) error
}

func (b book) bytes(t *testing.T) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if b.sheet == "" {
		b.sheet = "Pivot Data"
	}
	if b.row == 0 {
		b.row = 10
	}
	if b.rows == nil {
		b.rows = pivot
	}
	must(f.SetCellValue("Sheet1", "A1", "Summary"))
	_, err := f.NewSheet(b.sheet)
	must(err)
	if b.date != nil {
		must(f.SetCellValue(b.sheet, "K3", b.date))
	}
	for i, row := range b.rows {
		cell, err := excelize.CoordinatesToCellName(1, b.row+i)
		must(err)
		must(f.SetSheetRow(b.sheet, cell, &row))
	}
	if b.also != nil {
		must(b.also(f))
	}
	buffer, err := f.WriteToBuffer()
	must(err)
	return buffer.Bytes()
}

func TestR7_4_LicenseStatement(t *testing.T) {
	t.Parallel()
	good := []string{"license-statement 2026-11-14: 2 rows, 1 skipped, 0 unchanged, 0 rejected", "|Microsoft|Applications|Office|2021||500|420"}
	french := [][]any{
		{"Pool de produits", "Famille de produits de licence", "Version de licence", "Quantité effective de licences", "Quantité SA active", "Pays d'utilisation"},
		{"Applications", "Office", "2021", "500", "420", "Tous les pays"},
		{"Applications", "Office", "2021", "300", "300", "Belgique"},
	}
	for name, test := range map[string]struct {
		book book
		want []string
	}{
		"as it is sent":     {book{date: "2026/11/14"}, good},
		"a real date in K3": {book{date: 46340}, good},
		"days are counted from 1904": {book{date: 44878, also: func(f *excelize.File) error {
			return f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: ptr(true)})
		}}, good},
		"Pivotdata":               {book{sheet: "Pivotdata", date: "2026/11/14"}, good},
		"French":                  {book{sheet: "Données croisées", date: "2026-11-14", rows: french}, good},
		"a sheet of another name": {book{sheet: "Feuil2", date: "2026/11/14"}, good},
		"a header higher up":      {book{date: "2026/11/14", row: 5}, good},
		"cells with formatted text": {book{date: "2026/11/14", also: func(f *excelize.File) error {
			return f.SetCellRichText("Pivot Data", "B11", []excelize.RichTextRun{{Text: "Off"}, {Text: "ice", Font: &excelize.Font{Bold: true}}})
		}}, good},
		"a formula with its result":   {book{date: "2026/11/14", also: func(f *excelize.File) error { return f.SetCellFormula("Pivot Data", "L11", "1+1") }}, good},
		"no date":                     {book{}, []string{strings.Replace(good[0], "11-14", "11-21", 1), good[1], "warning 0:0  statement_date_missing"}},
		"a date in the future":        {book{date: "2026/12/14"}, []string{strings.Replace(good[0], "11-14", "11-21", 1), good[1], `warning 0:0  statement_date_future "2026-12-14"`}},
		"no totals":                   {book{date: "2026/11/14", rows: [][]any{pivot[0], pivot[2]}}, []string{"refused", "error 10:6 country statement_no_total"}},
		"all countries and regions":   {book{date: "2026/11/14", rows: [][]any{pivot[0], {"Applications", "Office", 2021, 500, 420, "All Countries / Regions"}, pivot[2]}}, good},
		"a number that is not whole":  {book{date: "2026/11/14", rows: [][]any{pivot[0], {"A", "Office", 2021, 1.234, 0, "All Countries"}}}, []string{"license-statement 2026-11-14: 1 rows, 0 skipped, 0 unchanged, 1 rejected", `error 11:4 effective statement_quantity "1.234" map[max:10000000]`}},
		"a negative number":           {book{date: "2026/11/14", rows: [][]any{pivot[0], {"A", "Office", 2021, -1, 0, "All Countries"}}}, []string{"license-statement 2026-11-14: 1 rows, 0 skipped, 0 unchanged, 1 rejected", `error 11:4 effective statement_quantity "-1" map[max:10000000]`}},
		"a version with decimals":     {book{date: "2026/11/14", rows: [][]any{pivot[0], {"A", "SQL", 2012.1, "1.234", 0, "All Countries"}}}, []string{"license-statement 2026-11-14: 1 rows, 0 skipped, 0 unchanged, 0 rejected", "|Microsoft|A|SQL|2012.1||1234|0"}},
		"a column is missing":         {book{rows: [][]any{{"Product Pool", "License Product Family", "License Version", "Active SA Quantity", "Country of Usage"}}}, []string{"refused", "error 10:0  statement_column_missing map[column:Effective License Quantity]"}},
		"another workbook":            {book{sheet: "Budget", rows: [][]any{{"Cost", 5}}}, []string{"refused", "error 0:0  statement_sheet_missing"}},
		"a license summary in a book": {book{sheet: "Blad1", rows: [][]any{{"License ID", "Product family", "Version", "Effective quantity", "Active SA quantity"}, {1, "O", 1, 1, 1}}}, []string{"refused", "error 0:0  statement_sheet_missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, statement.ReadFile(test.book.bytes(t), options), test.want...)
		})
	}
}

func ptr[T any](v T) *T { return &v }

// archive returns a ZIP archive of parts, given as name, content, name, content.
func archive(t *testing.T, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		part, err := w.Create(parts[i])
		if err == nil {
			_, err = io.WriteString(part, parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	bookPart  = `<workbook xmlns:r="r"><sheets><sheet name="Pivot Data" sheetId="1" r:id="a"/></sheets></workbook>`
	relsPart  = `<Relationships><Relationship Id="a" Type="x/worksheet" Target="/xl/worksheets/sheet1.xml"/><Relationship Id="b" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>`
	emptyText = `<sst/>`
)

func TestHostileWorkbooks(t *testing.T) {
	t.Parallel()
	sample := book{date: "2026/11/14"}.bytes(t)
	parts := func(sheet string) []byte {
		return archive(t, "xl/workbook.xml", bookPart, "xl/_rels/workbook.xml.rels", relsPart, "xl/sharedStrings.xml", emptyText, "xl/worksheets/sheet1.xml", sheet)
	}
	for name, test := range map[string]struct {
		data []byte
		code string
	}{
		"a ZIP archive":            {archive(t, "a.csv", "x"), "statement_zip"},
		"an empty archive":         {archive(t), "statement_zip"},
		"a text document":          {archive(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w/>"), "statement_sheet_missing"},
		"OpenDocument":             {archive(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", "<x/>"), "statement_sheet_missing"},
		"cut short":                {sample[:len(sample)/2], "statement_workbook_damaged"},
		"only a signature":         {[]byte("PK\x03\x04"), "statement_workbook_damaged"},
		"no sheet behind the name": {archive(t, "xl/workbook.xml", bookPart, "xl/_rels/workbook.xml.rels", relsPart, "xl/sharedStrings.xml", emptyText), "statement_workbook_damaged"},
		"XML that ends early":      {parts(`<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>x</t>`), "statement_workbook_damaged"},
		"XML that is none":         {parts(`<worksheet><row <<<`), "statement_workbook_damaged"},
		"entities that multiply":   {parts(`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><row><c t="str"><v>&b;</v></c></row>`), "statement_workbook_damaged"},
		"a bomb of empty rows":     {parts("<x>" + strings.Repeat("<row/>", 12<<20)), "statement_workbook_too_large"},
		"a bomb of text":           {parts("<row><c><v>" + strings.Repeat(" ", 70<<20)), "statement_workbook_too_large"},
		"cells far to the right":   {parts(`<row r="1"><c r="XFD1"><v>1</v></c><c r="ZZZZZZZZZZ1"><v>1</v></c><c r="1"><v>1</v></c></row>`), "statement_sheet_missing"},
		"texts that are not there": {parts(`<row><c t="s"><v>99</v></c><c t="s"><v>-1</v></c><c t="s"><v>x</v></c></row>`), "statement_sheet_missing"},
		"a sheet outside the package": {
			archive(t, "xl/workbook.xml", bookPart, "xl/_rels/workbook.xml.rels", strings.Replace(relsPart, "/xl/worksheets/sheet1.xml", "../../../../etc/passwd", 1)), "statement_workbook_damaged",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(test.data) > statement.MaxFileBytes {
				t.Fatalf("%d bytes: the bomb is no bomb", len(test.data))
			}
			f := statement.ReadFile(test.data, options)
			check(t, f, "refused", fmt.Sprintf("error 0:0  %s", test.code))
		})
	}
	for cut := range len(sample) / 50 {
		damaged := bytes.Clone(sample)
		damaged[cut*50] ^= 0x55
		sound(t, statement.ReadFile(damaged, options))
	}
}

// TestArchiveSizesAreChecked checks that the real sizes of parts count, not the sizes in the
// archive's directory.
func TestArchiveSizesAreChecked(t *testing.T) {
	t.Parallel()
	bomb := archive(t, "xl/workbook.xml", bookPart, "xl/_rels/workbook.xml.rels", relsPart, "xl/sharedStrings.xml", emptyText,
		"xl/worksheets/sheet1.xml", strings.Repeat("<row/>", 4<<20))
	size := []byte{0, 0, 0x80, 1} // 6 × 4 MiB, little endian
	if !bytes.Contains(bomb, size) {
		t.Fatal("the size is written otherwise")
	}
	bomb = bytes.ReplaceAll(bomb, size, []byte{10, 0, 0, 0})
	check(t, statement.ReadFile(bomb, options), "refused", "error 0:0  statement_workbook_damaged")
}

// FuzzWorkbook reads random sheets and texts in an otherwise valid workbook.
func FuzzWorkbook(f *testing.F) {
	const header = `<row r="10"><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="s"><v>2</v></c><c t="s"><v>3</v></c><c t="s"><v>4</v></c><c t="s"><v>5</v></c></row>`
	const texts = `<sst><si><t>Product Pool</t></si><si><r><t>License Product</t></r><r><t> Family</t></r></si><si><t>Version</t></si><si><t>Quantity</t></si><si><t>Active SA</t></si><si><t>Country</t></si></sst>`
	f.Add(`<worksheet>`+header+`<row><c t="str"><v>A</v></c><c t="inlineStr"><is><t>Office</t></is></c><c><v>2021</v></c><c><v>5</v></c><c><v>1E1</v></c><c t="str"><v>All Countries</v></c></row></worksheet>`, texts)
	f.Add(`<row r="3"><c r="K3"><v>46340</v></c></row>`+header, texts)
	f.Fuzz(func(t *testing.T, sheet, texts string) {
		sound(t, statement.ReadFile(archive(t, "xl/workbook.xml", bookPart, "xl/_rels/workbook.xml.rels", relsPart, "xl/sharedStrings.xml", texts, "xl/worksheets/sheet1.xml", sheet), options))
	})
}

func TestManyRowsInBoundedMemory(t *testing.T) {
	var sheet strings.Builder
	sheet.WriteString(`<row r="10">`)
	for _, title := range pivot[0] {
		fmt.Fprintf(&sheet, `<c t="inlineStr"><is><t>%s</t></is></c>`, title)
	}
	sheet.WriteString(`</row>`)
	const countries = 150_000 // plus a total
	for i := range countries {
		fmt.Fprintf(&sheet, `<row r="%d"><c t="str"><v>A</v></c><c t="str"><v>Office %d</v></c><c><v>2021</v></c><c><v>5</v></c><c><v>5</v></c><c t="str"><v>Belgium</v></c></row>`, 11+i, i)
	}
	sheet.WriteString(`<row><c t="str"><v>A</v></c><c t="str"><v>Office</v></c><c><v>2021</v></c><c><v>5</v></c><c><v>5</v></c><c t="str"><v>All Countries</v></c></row>`)
	data := archive(t, "xl/workbook.xml", bookPart, "xl/_rels/workbook.xml.rels", relsPart, "xl/sharedStrings.xml", emptyText, "xl/worksheets/sheet1.xml", sheet.String())
	sheet.Reset()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f := statement.ReadFile(data, options)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if f.Skipped != countries || len(f.Statement.Lines) != 1 {
		t.Errorf("%d rows skipped, %d lines", f.Skipped, len(f.Statement.Lines))
	}
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 4<<20 {
		t.Errorf("%d bytes are kept", kept)
	}
}
