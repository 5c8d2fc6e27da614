package sheet_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"trueup/internal/sheet"
)

// Hundredths are numbers in every file. In CSV with semicolons they have a decimal comma.
func TestHundredths(t *testing.T) {
	t.Parallel()
	all := map[int]string{0: "0.00", 5: "0.05", 3690: "36.90", 123456789012: "1234567890.12", -105: "-1.05"}
	for n, want := range all {
		row := []sheet.Value{{Number: n, Kind: sheet.KindHundredths}, {Text: "EUR"}}
		for separator, line := range map[byte]string{',': want + ",EUR", ';': strings.Replace(want, ".", ",", 1) + ";EUR"} {
			var file bytes.Buffer
			w, err := sheet.NewCSVWriter(&file, separator)
			if err != nil {
				t.Fatal(err)
			}
			w.Write(row)
			if err := w.Flush(); err != nil || file.String() != sheet.BOM+line+"\r\n" {
				t.Errorf("%d: %q, want %q, %v", n, file.String(), line, err)
			}
		}
		var file bytes.Buffer
		table := sheet.Sheet{Name: "prices", Widths: []int{9, 9}, Header: []sheet.Value{{Text: "price"}, {Text: "currency"}}, Rows: slices.Values([][]sheet.Value{row})}
		if err := sheet.WriteWorkbook(&file, table, sheet.Sheet{Name: "about", Widths: []int{9}, Rows: slices.Values([][]sheet.Value{})}); err != nil {
			t.Fatal(err)
		}
		book, err := excelize.OpenReader(&file)
		if err != nil {
			t.Fatal(err)
		}
		kind, err := book.GetCellType("prices", "A2")
		raw, failed := book.GetCellValue("prices", "A2", excelize.Options{RawCellValue: true})
		if err != nil || failed != nil || kind != excelize.CellTypeUnset || raw != want { // a number has no type
			t.Errorf("%d: a cell of type %d with %q, want %q, %v, %v", n, kind, raw, want, err, failed)
		}
		style, err := book.GetCellStyle("prices", "A2")
		if err != nil {
			t.Fatal(err)
		}
		if format, err := book.GetStyle(style); err != nil || format.NumFmt != 4 { // #,##0.00
			t.Errorf("%d: format %+v, %v", n, format, err)
		}
	}
}

// Amounts with several units are text, with the decimal sign of the file.
func TestAmounts(t *testing.T) {
	t.Parallel()
	row := []sheet.Value{{Text: "3717.60 EUR; 150.00 USD", Kind: sheet.KindAmounts}, {Text: "2.0"}}
	for separator, want := range map[byte]string{',': `3717.60 EUR; 150.00 USD,2.0`, ';': `"3717,60 EUR; 150,00 USD";2.0`} {
		var file bytes.Buffer
		w, err := sheet.NewCSVWriter(&file, separator)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(row)
		if err := w.Flush(); err != nil || file.String() != sheet.BOM+want+"\r\n" {
			t.Errorf("%q, want %q, %v", file.String(), want, err)
		}
	}
}
