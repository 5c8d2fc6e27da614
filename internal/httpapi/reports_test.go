package httpapi_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	"trueup/internal/httpapi/reports"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/product/builtin"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/report"
	"trueup/internal/snapshot"
)

// known is the licence data and inventory of a test.
type known struct {
	refresher.Records
	answers   []refresher.Answered
	tallies   []inventory.Counted
	freshness refresher.Freshness
}

func (k *known) Answers(_ context.Context, yield func([]refresher.Answered) error) error {
	return yield(k.answers)
}
func (k *known) Current(context.Context) ([]entitlement.Statement, error) { return nil, nil }
func (k *known) Tallies(context.Context) ([]inventory.Counted, error)     { return k.tallies, nil }
func (k *known) Freshness(context.Context) (refresher.Freshness, error)   { return k.freshness, nil }

func (k *known) Runs(context.Context, int, string) (refresher.Page, error) {
	return refresher.Page{Items: []refresher.Run{{ID: "r1", Trigger: refresher.TriggerSchedule, State: refresher.StateSucceeded}}}, nil
}

func product(publisher, name, version string, pcs int) inventory.ProductCount {
	return inventory.ProductCount{Product: builtin.Load().Named(publisher, name, version), Devices: pcs}
}

func tallied(products ...inventory.ProductCount) []inventory.Counted {
	return []inventory.Counted{{Source: "intune", Key: "inventory/pcs.csv", At: time.Now(), Tally: &inventory.Tally{Rules: "1", Products: products}}}
}

// publish publishes the snapshot of a day.
func (s *stack) publish(t *testing.T, token int64, date day.Date) {
	t.Helper()
	p := snapshot.Publisher{
		Files: s.deps.Reports, Index: s.store.Snapshots, Agreements: register.New(s.store.Agreements, s.store.Journal, s.deps.Reports, quiet), Answers: s.known, Statements: s.known, Groups: s.store.Groups,
		Inventory: s.known, Refreshes: s.known, Catalog: s.deps.Catalog, Adjustments: s.store.Adjustments, Subscriptions: s.store.Subscriptions, Devices: s.store.Devices, Zone: time.UTC, Expiring: 90,
		Words: report.WordsIn(i18n.English), Clock: time.Now, Log: quiet,
	}
	run := refresher.Run{ID: fmt.Sprint("r", token), Token: token, Date: date, State: refresher.StateSucceeded, StartedAt: time.Now()}
	if err := p.Publish(t.Context(), run); err != nil {
		t.Fatal(err)
	}
}

// get sends a request as an admin.
func (s *stack) get(t *testing.T, address string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", address, nil)
	r.Header.Set("Cache-Control", "no-cache")
	function, _ := routed(r)
	return call(s.handlers[function], r, admin)
}

func fetch[T any](t *testing.T, s *stack, address string) (answer T) {
	t.Helper()
	w := s.get(t, address)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", address, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// organised stores agreements of both types, entitlements and inventory.
func (s *stack) organised(t *testing.T) {
	t.Helper()
	add := func(body string) (id string) {
		w := call(s.handlers["agreements"], httptest.NewRequest("POST", "/agreements", strings.NewReader(body)), admin)
		var made struct{ ID string }
		if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return made.ID
	}
	office := add(`{"type": "volume", "name": "Office agreements", "pairs": [{"authorizationNumber": "01-07001", "licenseNumber": "01-07001"}, {"authorizationNumber": "01-07002", "licenseNumber": "01-07002"}], "group": {"name": "Ghent"}}`)
	add(`{"type": "volume", "name": "Unknown yet", "pairs": [{"authorizationNumber": "5550001", "licenseNumber": "5550001"}]}`)
	add(`{"type": "other", "name": "Acrobat", "publisher": "Adobe Systems Incorporated", "productTitle": "Acrobat Pro 2020", "licenses": 10}`)
	add(`{"type": "other", "name": "Over", "publisher": "Adobe", "productTitle": "Acrobat Pro 2020", "licenses": 7, "start": "2020-01-01", "end": "2021-01-01"}`)
	entitled := func(pair string, licenses int) refresher.Answered {
		return refresher.Answered{
			Pair: agreement.Pair{Authorization: pair, License: pair}, AgreementID: office, State: agreement.ValidationValid,
			Entitlements: []entitlement.Entitlement{{Publisher: "Microsoft", Family: "Office Professional Plus", Version: "2021", Effective: licenses, ActiveSA: 5}},
		}
	}
	s.known.answers = []refresher.Answered{entitled("01-07001", 100), entitled("01-07002", 20)}
	s.known.tallies = tallied(
		product("Microsoft", "Office Professional Plus", "2021", 90), product("Microsoft", "Office Professional Plus", "2019", 40),
		product("Adobe Systems Incorporated", "Acrobat Pro", "2020", 12), product("Contoso", "Planner", "7", 3),
		product("=cmd|' /C calc'!A0", "@SUM(1+1)", "", 2), product("\tTab", "-2+3 Product", "", 1), product("+Plus", "<script>alert(1)</script>", "", 1),
	)
}

// recordsOf, sheetOf and rowsOf read a report's rows from a file: header, rows, totals.
func recordsOf(t *testing.T, body []byte) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	end := slices.IndexFunc(records, func(record []string) bool { return record[0] == "Total" || record[0] == "Total of all products" })
	if end < 0 {
		t.Fatalf("no totals in %v", records)
	}
	return records[:end+1]
}

func sheetOf(t *testing.T, body []byte) [][]string {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	name := book.GetSheetList()[0]
	rows, err := book.GetRows(name, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		for n := range row {
			cell, err := excelize.CoordinatesToCellName(n+1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if formula, err := book.GetCellFormula(name, cell); err != nil || formula != "" {
				t.Errorf("%s is the formula %q (%v)", cell, formula, err)
			}
		}
		for len(rows[i]) < len(rows[0]) {
			rows[i] = append(rows[i], "")
		}
	}
	return rows
}

func rowsOf(t *testing.T, body []byte) (rows [][]string) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text := func(n *html.Node) (s string) {
		for c := range n.Descendants() {
			if c.Type == html.TextNode {
				s += c.Data
			}
		}
		return s
	}
	for n := range root.Descendants() {
		switch {
		case n.Type == html.ElementNode && n.Data == "script":
			t.Error("a name became a script")
		case n.Type == html.ElementNode && n.Data == "tr":
			var row []string
			for c := range n.ChildNodes() {
				row = append(row, text(c))
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// unquoted returns a cell of a CSV file without the quote that prevents a formula.
func unquoted(t *testing.T, cell string) string {
	t.Helper()
	if _, err := strconv.Atoi(cell); err != nil && cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
		t.Errorf("the cell %q starts a formula", cell)
	}
	return strings.TrimPrefix(cell, "'")
}

// TestOneCountEverywhere requires that the list of agreements, both reports, the overview, and
// every file and snapshot of the same moment agree (R8.3, R8.4).
func TestOneCountEverywhere(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.organised(t)
	date := day.Of(time.Now())
	s.publish(t, 1, date)
	s.known.freshness.At = time.Now()

	list := fetch[agreements.Agreements](t, s, "/agreements?limit=200")
	overview := fetch[report.Overview](t, s, "/overview")
	bought := fetch[reports.PurchasesPage](t, s, "/reports/license-purchases?limit=200")
	installed := fetch[reports.InstallationsPage](t, s, "/reports/license-installations?limit=200")
	totals := list.Totals
	if diff := cmp.Diff(totals, overview.Agreements); diff != "" || totals.Agreements != 4 || totals.Pairs != 3 || totals.Licenses != 17 {
		t.Errorf("agreements (-list +overview)\n%s", diff)
	}
	if diff := cmp.Diff(overview.Agreements, bought.Totals.Agreements); diff != "" {
		t.Errorf("agreements (-overview +report)\n%s", diff)
	}
	if diff := cmp.Diff(overview.Products, installed.Totals); diff != "" {
		t.Errorf("products (-overview +report)\n%s", diff)
	}
	if installed.Totals.Owned != 130 || bought.Totals.Counted != 130 || bought.Totals.Quantity != 137 || installed.Totals.Needed != 149 || installed.Totals.Products != 7 {
		t.Errorf("%+v\n%+v", bought.Totals, installed.Totals)
	}
	if overview.DataAt == nil || overview.Stale || overview.Notice == "" || len(overview.Runs) != 1 || overview.ShortAll != len(overview.Short) || overview.ShortAll != 6 {
		t.Errorf("%+v", overview)
	}
	for path, rows := range map[string]int{"/reports/license-purchases": len(bought.Rows), "/reports/license-installations": len(installed.Rows)} {
		for _, query := range []string{"?", "?date=" + string(date) + "&"} {
			answer := s.get(t, path+query+"limit=200")
			snapshotted := timeless(answer.Body.String())
			if live := timeless(s.get(t, path+"?limit=200").Body.String()); live != snapshotted {
				t.Errorf("%s%s (-live +snapshot)\n%s", path, query, cmp.Diff(live, snapshotted))
			}
			records := recordsOf(t, s.get(t, path+".csv"+query).Body.Bytes())
			for _, record := range records {
				for i, cell := range record {
					record[i] = unquoted(t, cell)
				}
			}
			if len(records) != rows+2 {
				t.Errorf("%s has %d records of %d rows", path, len(records), rows)
			}
			sheet := sheetOf(t, s.get(t, path+".xlsx"+query).Body.Bytes())
			for i := range sheet {
				for n := range sheet[i] {
					if strings.HasSuffix(records[0][n], "date") && i > 0 && sheet[i][n] != "" {
						sheet[i][n] = records[i][n] // a number of days in XLSX
					}
				}
			}
			if diff := cmp.Diff(records, sheet); diff != "" {
				t.Errorf("%s (-CSV +XLSX)\n%s", path, diff)
			}
			if diff := cmp.Diff(records, rowsOf(t, s.get(t, path+".html"+query).Body.Bytes())); diff != "" {
				t.Errorf("%s (-CSV +page)\n%s", path, diff)
			}
		}
	}
	sum := 0
	for _, row := range installed.Rows {
		e := fetch[report.Explanation](t, s, "/reports/license-installations/"+row.ID+"/explanation")
		if diff := cmp.Diff(row, e.Row); diff != "" {
			t.Errorf("(-report +explanation)\n%s", diff)
		}
		for _, bar := range e.Steps {
			sum += bar.Quantity
		}
	}
	if sum != installed.Totals.Surplus-installed.Totals.Shortfall {
		t.Errorf("the explanations end at %d", sum)
	}
}

// TestReportPages requires that pages contain the rows in order, with the totals of all pages,
// and that a cursor is bound to its query and data.
func TestReportPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.organised(t)
	tallies := s.known.tallies
	for _, path := range []string{"/reports/license-purchases?sort=quantity&order=desc", "/reports/license-installations?sort=installed&downgrade=false"} {
		s.known.tallies = tallies
		type answer struct {
			Rows       []json.RawMessage
			Totals     json.RawMessage
			NextCursor string
		}
		all := fetch[answer](t, s, path+"&limit=200")
		var rows []json.RawMessage
		var cursor string
		for {
			page := fetch[answer](t, s, path+"&limit=2&cursor="+url.QueryEscape(cursor))
			rows = append(rows, page.Rows...)
			if diff := cmp.Diff(string(all.Totals), string(page.Totals)); diff != "" {
				t.Errorf("%s: totals of a page\n%s", path, diff)
			}
			if page.NextCursor == "" {
				break
			}
			cursor = page.NextCursor
		}
		if diff := cmp.Diff(all.Rows, rows); diff != "" {
			t.Errorf("%s (-all +pages)\n%s", path, diff)
		}
		refused := func(query, code string) {
			t.Helper()
			w := s.get(t, path+query+"&limit=2&cursor="+url.QueryEscape(cursor))
			if p := problemOf(t, w); w.Code != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Code != code {
				t.Errorf("%s%s: %d %+v", path, query, w.Code, p)
			}
		}
		for _, query := range []string{"&group=x", "&group=x,y", "&date=2026-11-20", "&type=other"} {
			refused(query, "cursor_invalid")
		}
		s.known.tallies = tallied(product("Fabrikam", "News", "1", 1))
		refused("", "cursor_outdated")
	}
}

// TestR8_6_OldDataAreRefreshed requires that a report of old data says so and requests a
// refresh, at most once per interval, and neither waits long for it nor fails with it.
func TestR8_6_OldDataAreRefreshed(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	now := time.Now()
	s.publish(t, 1, day.Of(now))
	var asked int
	var answer func(context.Context) error
	deps := s.deps
	deps.Clock = func() time.Time { return now }
	deps.Refresh = func(ctx context.Context) error {
		asked++
		return answer(ctx)
	}
	h := deps.handler("reports")
	get := func(address string, want int) {
		t.Helper()
		begin := time.Now()
		w := call(h, httptest.NewRequest("GET", address, nil), admin)
		if w.Code != http.StatusOK || time.Since(begin) > 5*time.Second {
			t.Errorf("%s: %d after %v", address, w.Code, time.Since(begin))
		}
		if asked != want {
			t.Errorf("%s: asked %d times, not %d", address, asked, want)
		}
	}
	answer = func(context.Context) error { return nil }
	s.known.freshness.At = now.Add(-24 * time.Hour)
	get("/overview", 0)
	s.known.freshness.At = now.Add(-24*time.Hour - time.Millisecond)
	get("/reports/license-purchases?date="+string(day.Of(now)), 0)
	get("/reports/license-installations", 1)
	get("/overview", 1)
	answer = func(context.Context) error { return errors.New("no") }
	now = now.Add(10 * time.Minute)
	get("/reports/license-purchases.csv", 2)
	get("/overview", 2)
	answer = func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
	now = now.Add(10 * time.Minute)
	get("/overview", 3)
	now = now.Add(25 * time.Hour)
	if overview := fetchFrom[report.Overview](t, h, "/overview"); !overview.Stale {
		t.Error("old data are not called stale")
	}
}

// TestR8_6_NothingIsOldBeforeTheFirstAgreement: a report of an empty system starts no refresh, which would keep
// a day of zeros.
func TestR8_6_NothingIsOldBeforeTheFirstAgreement(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	asked := 0
	deps := s.deps
	deps.Refresh = func(context.Context) error { asked++; return nil }
	h := deps.handler("reports")
	s.known.freshness.At = time.Time{}
	for _, address := range []string{"/overview", "/reports/license-purchases", "/reports/license-installations"} {
		fetchFrom[report.Head](t, h, address)
	}
	if asked != 0 {
		t.Errorf("an empty system was refreshed %d times", asked)
	}
	a := asking{t, s.handlers, &strings.Builder{}}
	answer[agreements.Agreement](a, http.MethodPost, "/agreements", `{"type":"volume","name":"First","pairs":[{"authorizationNumber":"FI-1","licenseNumber":"FI-1"}]}`)
	fetchFrom[report.Head](t, h, "/overview")
	if asked != 1 {
		t.Errorf("after the first agreement the system was refreshed %d times, not once", asked)
	}
}

func fetchFrom[T any](t *testing.T, h http.Handler, address string) (answer T) {
	t.Helper()
	r := httptest.NewRequest("GET", address, nil)
	r.Header.Set("Cache-Control", "no-cache")
	w := call(h, r, admin)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", address, w.Code, w.Body)
	}
	return answer
}

// TestR8_4_SeparatorOfALanguage: CSV has the separator of its language, unless the caller chooses.
func TestR8_4_SeparatorOfALanguage(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for query, want := range map[string]string{
		"": ",", "?lang=en": ",", "?lang=nl": ";", "?lang=fr": ";", "?lang=nl&separator=comma": ",", "?separator=semicolon": ";",
	} {
		for _, name := range []string{"license-purchases", "license-installations"} {
			header, _, _ := strings.Cut(s.get(t, "/reports/"+name+".csv"+query).Body.String(), "\r\n")
			if other := map[string]string{",": ";", ";": ","}[want]; !strings.Contains(header, want) || strings.Contains(header, other) {
				t.Errorf("%s%s: %s", name, query, header)
			}
		}
	}
}

// TestPolicyOfPages: a page runs and loads nothing, sends nothing, and no other page frames it.
func TestPolicyOfPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, name := range []string{"license-purchases", "license-installations"} {
		policy := s.get(t, "/reports/"+name+".html").Header().Get("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !slices.Contains(strings.Split(policy, "; "), directive) {
				t.Errorf("%s: no %s in %q", name, directive, policy)
			}
		}
	}
}

// TestLargeFilesAreStored requires a redirect to a download for a file that does not fit in an
// answer.
func TestLargeFilesAreStored(t *testing.T) {
	skipUnderRace(t)
	t.Parallel()
	s := newStack(t)
	var products []inventory.ProductCount
	for i := range 40_000 {
		products = append(products, product("Publisher with a long name", fmt.Sprintf("Product %d %s", i, strings.Repeat("of a kind ", 8)), "1", 1))
	}
	s.known.tallies = tallied(products...)
	for extension, read := range map[string]func(*testing.T, []byte) [][]string{"csv": recordsOf, "html": rowsOf} {
		w := s.get(t, "/reports/license-installations."+extension)
		if w.Code != http.StatusSeeOther || w.Body.Len() > 0 {
			t.Fatalf("%s: %d, %d bytes", extension, w.Code, w.Body.Len())
		}
		response, err := http.Get(w.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		if got := response.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment; filename=") {
			t.Errorf("%s: the disposition is %q", extension, got)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if extension == "html" && !strings.Contains(string(body), `<meta http-equiv="Content-Security-Policy" content="default-src 'none';`) {
			t.Error("the page has no policy")
		}
		if err != nil {
			t.Fatal(err)
		}
		if rows := read(t, body); len(rows) != len(products)+2 {
			t.Errorf("%s: %d rows", extension, len(rows))
		}
		name := "license-installations-" + time.Now().UTC().Format(time.DateOnly) + "." + extension
		if got := response.Header.Get("Content-Disposition"); got != "attachment; filename="+name {
			t.Errorf("%s is called %s", name, got)
		}
	}
}

// TestLargeExplanationsAreStored requires a redirect for an explanation of more pairs than fit in a
// response of a function (6 MB), and the whole explanation behind it.
func TestLargeExplanationsAreStored(t *testing.T) {
	skipUnderRace(t)
	t.Parallel()
	s := newStack(t)
	s.organised(t)
	const pairs = 60_000
	some := s.known.answers[0]
	for i := range pairs {
		more := some
		more.Pair = agreement.Pair{Authorization: fmt.Sprintf("%07d", i), License: fmt.Sprintf("%07d", i)}
		s.known.answers = append(s.known.answers, more)
	}
	s.publish(t, 1, day.Of(time.Now().UTC()))
	var id string
	for _, row := range fetch[reports.InstallationsPage](t, s, "/reports/license-installations").Rows {
		if row.Product == "Office Professional Plus 2021" {
			id = row.ID
		}
	}
	w := s.get(t, "/reports/license-installations/"+id+"/explanation")
	if w.Code != http.StatusSeeOther || w.Body.Len() > 0 || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d, %d bytes, %v", w.Code, w.Body.Len(), w.Header())
	}
	response, err := http.Get(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var e report.Explanation
	if err := json.NewDecoder(response.Body).Decode(&e); err != nil {
		t.Fatal(err)
	}
	sources := 0
	for _, bar := range e.Steps {
		if bar.Step == report.BarPairs {
			sources = len(bar.Sources)
		}
	}
	if e.Row.ID != id || sources != len(s.known.answers) || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s with %d sources as %s", e.Row.ID, sources, response.Header.Get("Content-Type"))
	}
}

// TestHistory requires comparison, trend and list of the stored days, and for a missing day an
// error that names the nearest stored days (R8.5).
func TestHistory(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.organised(t)
	today := time.Now().UTC()
	before := day.Of(today.AddDate(0, 0, -3))
	s.publish(t, 1, before)
	s.known.answers[0].Entitlements[0].Effective = 60
	s.publish(t, 2, day.Of(today))

	c := fetch[report.Comparison](t, s, "/reports/comparison?from="+string(before))
	if c.Before.Owned != 130 || c.After.Owned != 90 || len(c.Rows) == 0 || c.From == nil || c.DataAt == nil {
		t.Errorf("%+v", c)
	}
	same := fetch[report.Comparison](t, s, "/reports/comparison?from="+string(before)+"&to="+string(before))
	if len(same.Rows) != 0 || same.Before != same.After {
		t.Errorf("%+v", same)
	}
	if records := recordsOf(t, s.get(t, "/reports/comparison.csv?from="+string(before)).Body.Bytes()); len(records) != len(c.Rows)+2 {
		t.Errorf("%d records of %d rows", len(records), len(c.Rows))
	}
	if page := s.get(t, "/reports/comparison.html?from="+string(before)).Body.String(); !strings.Contains(page, "<p>Compared with the licence data of "+c.From.Format("2006-01-02 15:04")) {
		t.Errorf("the page does not say what it compares with: %s", page)
	}
	trend := fetch[reports.Trend](t, s, "/reports/trend")
	if len(trend.Points) != 2 || trend.Points[0].Date != before || trend.Points[0].Products != c.Before.CountedTotals || trend.Points[1].Products.Owned != 90 {
		t.Errorf("%+v", trend)
	}
	days := fetch[httpapi.Found[reports.Snapshot]](t, s, "/reports/snapshots?from="+string(before)+"&to="+string(before))
	if len(days.Items) != 1 || days.Items[0].Date != before || days.Items[0].Run != "r1" {
		t.Errorf("%+v", days)
	}
	w := s.get(t, "/reports/license-purchases?date=2020-02-29")
	if p := problemOf(t, w); w.Code != http.StatusNotFound || p.Code != "snapshot_not_found" || !strings.Contains(p.Detail, string(before)) {
		t.Errorf("%d %+v", w.Code, p)
	}
	for query, code := range map[string]string{"from=2025-01-01&to=2026-11-01": "range_too_long", "from=2026-11-02&to=2026-11-01": "range_reversed", "from=x": "date_invalid"} {
		if p := problemOf(t, s.get(t, "/reports/trend?"+query)); len(p.Errors) != 1 || p.Errors[0].Code != code {
			t.Errorf("%s: %+v", query, p)
		}
	}
}

// TestSortsAreColumns requires that a report can be sorted by any of its columns (R8.4).
func TestSortsAreColumns(t *testing.T) {
	t.Parallel()
	columns := map[string][]any{
		"/reports/license-purchases":     httpapi.Values(report.PurchaseColumns()),
		"/reports/license-installations": httpapi.Values(report.InstallationColumns()),
		"/reports/comparison":            httpapi.Values(report.ComparisonColumns()),
		"/reports/subscriptions":         httpapi.Values(report.SubscriptionColumns()),
	}
	seen := 0
	for _, o := range operations(t) {
		path, _, _ := strings.Cut(o.Path, ".")
		o.parameters("query", func(name string, schema *openapi3.Schema) {
			if name != "sort" || columns[path] == nil {
				return
			}
			seen++
			if diff := cmp.Diff(columns[path], schema.Enum); diff != "" {
				t.Errorf("%s (-columns +document)\n%s", o.Path, diff)
			}
		})
	}
	if seen != 16 {
		t.Errorf("%d operations can be sorted", seen)
	}
}

// TestReportLanguages requires reports in the reader's language, also by the lang parameter.
func TestReportLanguages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, lang := range i18n.Langs {
		title := html.EscapeString(i18n.Text(lang, "report_license_purchases", nil))
		w := s.get(t, "/reports/license-purchases.html?lang="+string(lang))
		if said := w.Header().Values("Content-Language"); !slices.Equal(said, []string{string(lang)}) {
			t.Errorf("%s: Content-Language %q", lang, said)
		}
		if !strings.Contains(w.Body.String(), "<title>"+title) || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "inline") {
			t.Errorf("%s: %.200s", lang, w.Body)
		}
	}
	if p := problemOf(t, s.get(t, "/reports/license-installations/nothing/explanation")); p.Code != "product_not_found" {
		t.Errorf("%+v", p)
	}
}
