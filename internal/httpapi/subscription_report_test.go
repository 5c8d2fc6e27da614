package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/day"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/httpapi/reports"
	"trueup/internal/report"
)

// TestR8_5_SubscriptionReportOfADay: the report of a day and the trend have the subscriptions of that night, in
// every format, and not those of now.
func TestR8_5_SubscriptionReportOfADay(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	buy := func(body string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, "/subscriptions", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if w := call(s.handlers[licenses.Name], r, admin); w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	today := day.Of(time.Now())
	first, second := day.Of(time.Now().AddDate(0, 0, -2)), day.Of(time.Now().AddDate(0, 0, -1))
	s.publish(t, 1, first)
	buy(`{"name": "Suite", "quantity": 3, "price": {"amount": 3690, "currency": "EUR"}}`)
	s.publish(t, 2, second)
	buy(`{"name": "Rooms", "quantity": 5, "kind": "device", "price": {"amount": 100, "currency": "EUR"}}`)
	totals := func(n, quantity int, cost int64) report.SubscriptionReportTotals {
		costs := []report.MonthlyCost{}
		if n > 0 {
			costs = append(costs, report.MonthlyCost{Amount: cost, Currency: "EUR"})
		}
		return report.SubscriptionReportTotals{Subscriptions: n, Quantity: quantity, Unused: quantity, CostPerMonth: costs, UnusedCostPerMonth: costs}
	}
	want := map[string]report.SubscriptionReportTotals{
		"?date=" + string(first): totals(0, 0, 0), "?date=" + string(second): totals(1, 3, 11070), "?limit=1": totals(2, 8, 11570), "?kind=device": totals(1, 5, 500),
	}
	for query, want := range want {
		if diff := cmp.Diff(want, fetch[reports.SubscriptionsPage](t, s, "/reports/subscriptions"+query).Totals); diff != "" {
			t.Errorf("%s (-want +got)\n%s", query, diff)
		}
	}
	of := "?date=" + string(second) + ""
	rows := map[string][][]string{
		"CSV":  recordsOf(t, s.get(t, "/reports/subscriptions.csv"+of).Body.Bytes()),
		"XLSX": sheetOf(t, s.get(t, "/reports/subscriptions.xlsx"+of).Body.Bytes()),
		"page": rowsOf(t, s.get(t, "/reports/subscriptions.html"+of).Body.Bytes()),
	}
	for format, rows := range rows {
		if len(rows) < 3 || rows[1][0] != "Suite" || rows[2][0] != "Total" || !slices.Contains(rows[2], "3") || !slices.ContainsFunc(rows[2], func(cell string) bool { return strings.HasPrefix(cell, "110") }) {
			t.Errorf("%s: %q", format, rows)
		}
	}
	trend := fetch[reports.Trend](t, s, "/reports/trend?to="+string(today))
	if len(trend.Points) != 2 {
		t.Fatalf("%+v", trend)
	}
	for i, query := range []string{"?date=" + string(first), "?date=" + string(second)} {
		if got := trend.Points[i].Subscriptions; got == nil || cmp.Diff(want[query], *got) != "" {
			t.Errorf("trend of %s: %+v", query, got)
		}
	}
}

// TestR8_4_FilesHaveTheParametersOfTheirReports: a file of each report reads its day and its columns, and refuses
// mistakes in both at once.
func TestR8_4_FilesHaveTheParametersOfTheirReports(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for path, days := range map[string][]string{
		"/reports/license-purchases": {"date"}, "/reports/license-installations": {"date"}, "/reports/comparison": {"from", "to"}, "/reports/subscriptions": {"date"},
	} {
		for _, format := range []string{".csv", ".xlsx", ".html"} {
			query, want := url.Values{"columns": {"publisher,publisher"}}, []string{"column_repeated columns"}
			if path == "/reports/subscriptions" {
				query.Set("columns", "status,status")
			}
			for _, name := range days {
				query.Set(name, "2026-02-30")
				want = append(want, "date_invalid "+name)
			}
			w := s.get(t, path+format+"?"+query.Encode())
			var p httpapi.Problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range p.Errors {
				got = append(got, e.Code+" "+e.Parameter)
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" || w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s%s: %d (-want +got)\n%s", path, format, w.Code, diff)
			}
		}
	}
}
