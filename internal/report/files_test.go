package report_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"trueup/internal/agreement"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/sheet"
)

// rowsOf reads the unformatted values of a workbook's first sheet with an independent library.
func rowsOf(t testing.TB, workbook []byte) [][]string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(workbook))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows(f.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// records reads CSV, without the byte-order mark.
func records(t testing.TB, content []byte) [][]string {
	t.Helper()
	text, found := strings.CutPrefix(string(content), "\ufeff")
	if !found {
		t.Error("the CSV has no byte-order mark")
	}
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// tableCells reads the cells of a page's table.
func tableCells(t testing.TB, page []byte) (rows [][]string) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "tr":
			rows = append(rows, nil)
		case "th", "td":
			var text strings.Builder
			for d := range n.Descendants() {
				if d.Type != html.TextNode {
					t.Errorf("there is a %q in the cell", d.Data)
				}
				text.WriteString(d.Data)
			}
			rows[len(rows)-1] = append(rows[len(rows)-1], text.String())
		case "script", "img", "a", "iframe", "link":
			t.Errorf("the page has a <%s>", n.Data)
		}
	}
	return rows
}

// column returns the sum of a column over the rows between header and totals, without those that
// have one of the outside texts, and its total.
func column(t *testing.T, rows [][]string, name string, count int, outside []string) (sum, total int) {
	t.Helper()
	at := slices.Index(rows[0], name)
	if at < 0 {
		t.Fatalf("no column %q in %q", name, rows[0])
	}
	read := func(row []string) int {
		n, err := strconv.Atoi(row[at])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, row := range rows[1 : 1+count] {
		if !slices.ContainsFunc(outside, func(text string) bool { return slices.Contains(row, text) }) {
			sum += read(row)
		}
	}
	return sum, read(rows[1+count])
}

// TestOneCount checks that the list of agreements, both reports, the overview, CSV, XLSX and page
// show the same numbers for the same data.
func TestOneCount(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	var list agreement.Totals // as in the list of agreements
	for i := range d.Agreements {
		list.Add(&d.Agreements[i], s.Calendar)
	}
	bought := d.Purchases(report.Filter{}, report.Order{}, s)
	installed := d.Installations(report.Filter{}, report.Order{}, s)
	overview := d.Overview(s)
	_, manifest, err := d.Snapshot("2026-11-21", "r1", 1, s)
	if err != nil {
		t.Fatal(err)
	}
	want := list
	for name, got := range map[string]report.AgreementTotals{
		"purchases": bought.Totals.Agreements, "overview": overview.Agreements, "trend": manifest.Point.Agreements,
	} {
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("agreements of %s (-list +%s):\n%s", name, name, diff)
		}
	}
	if overview.Products != installed.Totals || manifest.Point.Products != installed.Totals.CountedTotals {
		t.Errorf("products: installations %+v, overview %+v, trend %+v", installed.Totals, overview.Products, manifest.Point.Products)
	}
	var outside struct{ licenses, adjusted, installed int }
	for _, row := range installed.Rows {
		if !row.Verdict.Counted() {
			outside.licenses += row.Licenses
			outside.installed += row.Installed
		}
		outside.adjusted += row.Adjusted
	}
	if outside.licenses == 0 || outside.installed == 0 || outside.adjusted == 0 {
		t.Errorf("%+v: nothing is outside the totals", outside)
	}
	if bought.Totals.Counted+outside.adjusted != installed.Totals.Owned+outside.licenses {
		t.Errorf("%d licenses were bought and count today, the position has %d", bought.Totals.Counted, installed.Totals.Owned)
	}
	if overview.ShortAll != installed.Totals.ShortProducts+installed.Totals.UnlicensedProducts {
		t.Errorf("the overview has %d products that lack licenses, the totals %+v", overview.ShortAll, installed.Totals)
	}
	sum := 0
	for _, l := range d.Installed {
		sum += cmp.Or(l.Users, l.Quantity)
	}
	if sum != installed.Totals.Needed+outside.installed {
		t.Errorf("%d installed, the position has %d", sum, installed.Totals.Needed)
	}

	installedRows := installed.Rows
	for _, lang := range i18n.Langs {
		w := report.WordsIn(lang)
		bought, installed := bought.Table(w), installed.Table(w)
		for format, tables := range map[string][2][][]string{
			"CSV":  {records(t, written(t, bought.CSV)), records(t, written(t, installed.CSV))},
			"XLSX": {rowsOf(t, written(t, bought.XLSX)), rowsOf(t, written(t, installed.XLSX))},
			"HTML": {tableCells(t, written(t, bought.HTML)), tableCells(t, written(t, installed.HTML))},
		} {
			for _, check := range []struct {
				table int
				key   string
				want  int
			}{
				{0, "quantity", overviewQuantity(d)},
				{0, "counted", overview.Products.Owned + outside.licenses - outside.adjusted},
				{1, "volume", overview.Products.Volume},
				{1, "other", overview.Products.Other},
				{1, "licenses", overview.Products.Owned},
				{1, "installed", overview.Products.Needed},
				{1, "surplus", overview.Products.Surplus},
				{1, "shortfall", overview.Products.Shortfall},
			} {
				count := []int{len(d.Purchases(report.Filter{}, report.Order{}, s).Rows), len(installedRows)}[check.table]
				sum, total := column(t, tables[check.table], w.Text("report_column_"+check.key, nil), count, []string{w.Text("verdict_not_measured", nil), w.Text("verdict_undecided", nil)})
				if sum != check.want || total != check.want {
					t.Errorf("%s in %s: the rows of %s add up to %d, the total says %d, want %d", format, lang, check.key, sum, total, check.want)
				}
			}
		}
	}
}

// overviewQuantity returns the number of all licences ever bought.
func overviewQuantity(d *report.Data) (n int) {
	for _, a := range d.Agreements {
		n += a.Licenses
	}
	for _, h := range d.Held {
		n += h.Entitlement.Effective
	}
	return n
}

// TestFormatsAgree checks that every format has the same cells.
func TestFormatsAgree(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.French)
	bought := d.Purchases(report.Filter{}, report.Order{}, s)
	table := bought.Table(s.Words)
	page := tableCells(t, written(t, table.HTML))
	fromCSV := records(t, written(t, table.CSV))
	for i := range fromCSV {
		for j, text := range fromCSV[i] {
			fromCSV[i][j] = strings.TrimPrefix(text, "'")
		}
	}
	if diff := gocmp.Diff(page, fromCSV[:len(page)]); diff != "" {
		t.Errorf("-page +CSV:\n%s", diff)
	}
	fromSheet := rowsOf(t, written(t, table.XLSX))
	dates := []int{7, 8}
	for i := range fromSheet {
		fromSheet[i] = append(fromSheet[i], make([]string, len(page[i])-len(fromSheet[i]))...)
		for _, j := range dates {
			if _, err := time.Parse(time.DateOnly, page[i][j]); err != nil {
				continue
			}
			serial, err := strconv.ParseFloat(fromSheet[i][j], 64)
			if err != nil {
				t.Errorf("the day %s is no date in XLSX: %q", page[i][j], fromSheet[i][j])
				continue
			}
			day, err := excelize.ExcelDateToTime(serial, false)
			if err != nil {
				t.Fatal(err)
			}
			fromSheet[i][j] = day.Format(time.DateOnly)
		}
	}
	if diff := gocmp.Diff(page, fromSheet); diff != "" {
		t.Errorf("-page +XLSX:\n%s", diff)
	}
}

// hostile generates text that would start a formula or end a tag, or is not valid text.
var hostile = rapid.OneOf(
	rapid.StringMatching(`[=+@\-\t\r\n']{0,2}[a-z<>&"'; ,\n]{0,8}`), rapid.String(),
	rapid.SampledFrom([]string{"]]>", "</td>", "\x00\x01", "\xff\xfe", "_x0041_", "&amp;", " ", "\u2028", "=1+1", "-5", "00123"}),
)

// TestHostileText checks R8.4 for any text: in no format does a cell start a formula or become
// markup, and every cell stays one cell.
func TestHostileText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := []string{hostile.Draw(rt, "title"), hostile.Draw(rt, "publisher"), hostile.Draw(rt, "name")}
		d := report.Data{
			At: now, Agreements: []agreement.Agreement{other("o", text[2], "g", text[1], text[0], 3, "", "")},
			Groups: map[string]string{"g": text[0]},
		}
		s := settings(i18n.Dutch)
		bought := d.Purchases(report.Filter{}, report.Order{}, s)
		installed := d.Installations(report.Filter{}, report.Order{}, s)
		for _, table := range []report.Table{bought.Table(s.Words), installed.Table(s.Words)} {
			var cells []report.Cell
			for row := range table.Rows {
				cells = slices.Clone(row)
			}
			fromCSV := records(t, written(t, table.CSV))
			for i, text := range fromCSV[1] {
				if cells[i].Kind == sheet.KindText && text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
					rt.Fatalf("the CSV cell %q starts a formula", text)
				}
			}
			if len(fromCSV) != 3+len(table.About) {
				rt.Fatalf("%d records of CSV: %q", len(fromCSV), fromCSV)
			}
			workbook := written(t, table.XLSX)
			onlyInlineText(rt, workbook)
			if got := rowsOf(t, workbook); len(got) != 3 {
				rt.Fatalf("%d rows of XLSX: %q", len(got), got)
			}
			page := tableCells(t, written(t, table.HTML))
			if len(page) != 3 || len(page[1]) != len(cells) {
				rt.Fatalf("the page has %q", page)
			}
		}
	})
}

// onlyInlineText checks that the parts of a workbook are XML without formulas, and that text
// which looks like a formula is marked as quoted.
func onlyInlineText(t *rapid.T, workbook []byte) {
	archive, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range archive.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		decoder := xml.NewDecoder(r)
		kind, style := "", ""
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", part.Name, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				if token.Name.Local == "f" {
					t.Fatalf("%s has a formula", part.Name)
				}
				if token.Name.Local == "c" {
					kind, style = "", ""
					for _, a := range token.Attr {
						switch a.Name.Local {
						case "t":
							kind = a.Value
						case "s":
							style = a.Value
						}
					}
				}
			case xml.CharData:
				text := string(token)
				if path.Dir(part.Name) == "xl/worksheets" && kind == "inlineStr" && (sheet.Neutralise(text) != text) != (style == "3") {
					t.Fatalf("%s: %q has the style %q", part.Name, text, style)
				}
			}
		}
	}
}

// TestR8_4_Separator: the separator divides the cells of every record, and a cell starts no formula under
// any other separator either.
func TestR8_4_Separator(t *testing.T) {
	t.Parallel()
	rows := [][]report.Cell{{{Text: "a;=1+1"}, {Text: "b, +1"}, {Kind: sheet.KindNumber, Number: -5}}}
	table := report.Table{
		Columns: []report.Column{{Name: "A"}, {Name: "B"}, {Name: "C", Numeric: true}}, Rows: slices.Values(rows), About: []string{"Note; \"=2\""},
	}
	for separator, want := range map[sheet.Separator]string{
		"":              "A,B,C\r\na;'=1+1,\"b, '+1\",-5\r\n\"Note; \"\"'=2\"\"\",,\r\n",
		sheet.Comma:     "A,B,C\r\na;'=1+1,\"b, '+1\",-5\r\n\"Note; \"\"'=2\"\"\",,\r\n",
		sheet.Semicolon: "A;B;C\r\n\"a;'=1+1\";b, '+1;-5\r\n\"Note; \"\"'=2\"\"\";;\r\n",
	} {
		table.Separator = separator
		if diff := gocmp.Diff(sheet.BOM+want, string(written(t, table.CSV))); diff != "" {
			t.Errorf("%s: -want +got\n%s", separator, diff)
		}
	}
}

// TestSameBytes checks that the same data gives identical files, so that checksums can be
// compared.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	installed := d.Installations(report.Filter{}, report.Order{}, s)
	table := installed.Table(s.Words)
	for name, write := range map[string]func(io.Writer) error{"CSV": table.CSV, "XLSX": table.XLSX, "HTML": table.HTML} {
		if !bytes.Equal(written(t, write), written(t, write)) {
			t.Errorf("%s differs from one time to the next", name)
		}
	}
}

// full is a writer that fails after a number of bytes.
type full int

func (f *full) Write(p []byte) (int, error) {
	if *f -= full(len(p)); *f < 0 {
		return 0, fmt.Errorf("full")
	}
	return len(p), nil
}

// TestAFullDiskIsAnError checks that every format returns write errors.
func TestAFullDiskIsAnError(t *testing.T) {
	t.Parallel()
	d, s := organisation(), settings(i18n.English)
	for len(d.Installed) < 5000 { // more than the buffers hold
		d.Installed = append(d.Installed, position.Line{Product: position.Product{Family: fmt.Sprint("Title ", len(d.Installed))}, Quantity: 1})
	}
	installed := d.Installations(report.Filter{}, report.Order{}, s)
	table := installed.Table(s.Words)
	for name, write := range map[string]func(io.Writer) error{"CSV": table.CSV, "XLSX": table.XLSX, "HTML": table.HTML} {
		for _, room := range []full{0, 100, 70_000} {
			left := room
			if write(&left) == nil {
				t.Errorf("%s fits in %d bytes", name, room)
			}
		}
	}
}
