package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"trueup/internal/httpapi/licenses"
)

// Prices and costs in files of subscriptions are numbers, with the currency in a column of its own.
func TestCostsInFilesAreNumbers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	post := httptest.NewRequest("POST", "/subscriptions", strings.NewReader(`{"name": "Priced", "quantity": 3, "price": {"amount": 3690, "currency": "EUR"}}`))
	post.Header.Set("Content-Type", "application/json")
	if w := call(s.handlers[licenses.Name], post, admin); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for query, want := range map[string]string{"": ",EUR,36.90,110.70,110.70,", "&lang=nl": ";EUR;36,90;110,70;110,70;"} {
		if file := s.get(t, "/reports/subscriptions.csv?q=Priced"+query).Body.String(); !strings.Contains(file, want) {
			t.Errorf("%q is not in\n%s", want, file)
		}
	}
	book, err := excelize.OpenReader(s.get(t, "/reports/subscriptions.xlsx?q=Priced").Body)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.GetRows(book.GetSheetName(0), excelize.Options{RawCellValue: true})
	if err != nil || len(rows) != 3 {
		t.Fatalf("%v, %v", rows, err)
	}
	want := map[string]string{"Price per month": "36.90", "Currency": "EUR", "Cost per month": "110.70", "Cost of unused per month": "110.70"}
	for i, name := range rows[0] {
		value, asked := want[name]
		if !asked {
			continue
		}
		delete(want, name)
		cell, err := excelize.CoordinatesToCellName(i+1, 2)
		if err != nil {
			t.Fatal(err)
		}
		kind, err := book.GetCellType(book.GetSheetName(0), cell)
		isNumber := kind == excelize.CellTypeUnset
		if err != nil || rows[1][i] != value || isNumber == (name == "Currency") {
			t.Errorf("%s is %s, want %s, a cell of type %d, %v", name, rows[1][i], value, kind, err)
		}
	}
	if len(want) > 0 {
		t.Errorf("no columns %v", want)
	}
}
