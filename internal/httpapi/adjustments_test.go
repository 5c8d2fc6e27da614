package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/httpapi/reports"
	"trueup/internal/once"
	"trueup/internal/position"
	"trueup/internal/report"
)

// installedRow returns the row of a product in the License installation report.
func (s *stack) installedRow(t *testing.T, product, query string) (row report.Installation) {
	t.Helper()
	page := fetch[reports.InstallationsPage](t, s, "/reports/license-installations?limit=200"+query)
	for _, row := range page.Rows {
		if row.Product == product {
			return row
		}
	}
	return report.Installation{}
}

// adjust sends an adjustment of a product as an admin.
func (s *stack) adjust(method, product, body string) *httptest.ResponseRecorder {
	return call(s.handlers[reports.Name], httptest.NewRequest(method, "/position/adjustments/"+product, strings.NewReader(body)), admin)
}

// stored stores adjustments as an earlier release could have.
func (s *stack) stored(t *testing.T, all ...report.Adjustment) {
	t.Helper()
	event := audit.Event{ID: "stored", At: time.Now().UTC(), Action: "adjustment.set", Subject: "adjustment/x", By: "ann", Source: audit.SourceAPI}
	if _, err := s.store.Adjustments.SetAdjustments(t.Context(), report.Adjustments{Version: 1, All: all}, once.Change{Event: event}); err != nil {
		t.Fatal(err)
	}
}

// TestR8_10_DaysOfTheOrganisation checks that an adjustment counts until the end of its last day in
// the organisation's time zone, and stays listed.
func TestR8_10_DaysOfTheOrganisation(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.organised(t)
	kiritimati := time.FixedZone("+14", 14*60*60)
	now := time.Date(2026, 11, 21, 9, 59, 59, 0, time.UTC) // the last second of the 21st
	s.deps.Clock, s.deps.Snapshots.Zone = func() time.Time { return now }, kiritimati
	s.handlers[reports.Name] = s.deps.handler(reports.Name)
	s.known.freshness.At = now
	planner := s.installedRow(t, "Planner 7", "").ID
	put := func(end, note string) (int, string) {
		w := s.adjust("PUT", planner, fmt.Sprintf(`{"quantity": 3, "note": %q, "end": %q}`, note, end))
		if w.Code == http.StatusOK {
			return w.Code, ""
		}
		return w.Code, w.Body.String()
	}
	if code, body := put("2026-11-20", "Found"); code != http.StatusUnprocessableEntity || !strings.Contains(body, "Give 2026-11-21 or a later day") {
		t.Errorf("yesterday: %d %s", code, body)
	}
	if code, body := put("2026-11-21", "Found"); code != http.StatusOK {
		t.Fatalf("today: %d %s", code, body)
	}
	state := func() report.AdjustmentState {
		list := fetch[reports.AdjustmentList](t, s, "/position/adjustments")
		if len(list.Items) != 1 {
			t.Fatalf("%+v", list)
		}
		return list.Items[0].State
	}
	if row := s.installedRow(t, "Planner 7", ""); row.Adjusted != 3 || row.Licenses != 3 || state() != report.AdjustmentCounted {
		t.Errorf("on the last day: %+v, %s", row, state())
	}
	now = now.Add(time.Second)
	if row := s.installedRow(t, "Planner 7", ""); row.Adjusted != 0 || row.Licenses != 0 || state() != report.AdjustmentEnded {
		t.Errorf("on the next day: %+v, %s", row, state())
	}
	if code, body := put("2026-11-21", "Found in Lille"); code != http.StatusOK {
		t.Errorf("the note of one that has ended: %d %s", code, body)
	}
	if code, _ := put("2026-11-20", "Found"); code != http.StatusUnprocessableEntity {
		t.Errorf("another end in the past: %d", code)
	}
}

// TestR8_10_NamesOfEarlierReleases checks that adjustments under names of an earlier dictionary meet
// their product, and that they are found by the id of then and of now.
func TestR8_10_NamesOfEarlierReleases(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.known.tallies = tallied(product("RARLAB", "WinRAR", "6", 9))
	before := report.Adjustment{Product: position.Product{Publisher: "win.rar", Family: "WinRAR", Version: "6.24"}, Quantity: 4, Note: "Boxes"}
	s.stored(t, before)
	row := s.installedRow(t, "WinRAR 6", "")
	if row.Adjusted != 4 || row.Licenses != 4 || row.Installed != 9 {
		t.Errorf("%+v", row)
	}
	list := fetch[reports.AdjustmentList](t, s, "/position/adjustments")
	if len(list.Items) != 1 || list.Items[0].ID != row.ID || list.Items[0].State != report.AdjustmentCounted || row.ID == before.ID() {
		t.Errorf("%+v", list)
	}
	if w := s.adjust("PUT", before.ID(), `{"quantity": 9, "note": "Boxes"}`); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), row.ID) {
		t.Errorf("by the former id: %d %s", w.Code, w.Body)
	}
	list = fetch[reports.AdjustmentList](t, s, "/position/adjustments")
	if len(list.Items) != 1 || list.Items[0].Quantity != 9 || list.AdjustmentsVersion != 2 {
		t.Errorf("it was not replaced: %+v", list)
	}
	if w := s.adjust("DELETE", row.ID, ""); w.Code != http.StatusOK {
		t.Errorf("by the id of now: %d %s", w.Code, w.Body)
	}
	if row := s.installedRow(t, "WinRAR 6", ""); row.Adjusted != 0 {
		t.Errorf("%+v", row)
	}
}

// TestR8_10_ProductsThatBecameOne checks that one change replaces the adjustments of two products
// that are one now, which count together until then.
func TestR8_10_ProductsThatBecameOne(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.known.tallies = tallied(product("RARLAB", "WinRAR", "6", 9))
	s.stored(
		t, report.Adjustment{Product: position.Product{Publisher: "win.rar", Family: "WinRAR", Version: "6.24"}, Quantity: 4, Note: "Boxes"},
		report.Adjustment{Product: position.Product{Publisher: "RARLAB", Family: "WinRAR", Version: "6"}, Quantity: 3, Note: "Found"},
	)
	row := s.installedRow(t, "WinRAR 6", "")
	if row.Adjusted != 7 {
		t.Errorf("%+v", row)
	}
	if w := s.adjust("PUT", row.ID, `{"quantity": 5, "note": "Boxes and found"}`); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if row := s.installedRow(t, "WinRAR 6", ""); row.Adjusted != 5 {
		t.Errorf("%+v", row)
	}
}

// TestR8_10_ProductsThatAreGone checks that an adjustment of a product that is neither licensed nor
// installed any more stays listed, is told in reports, and can be changed and deleted.
func TestR8_10_ProductsThatAreGone(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.organised(t)
	planner := s.installedRow(t, "Planner 7", "").ID
	if w := s.adjust("PUT", planner, `{"quantity": -2, "note": "Sold"}`); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s.known.tallies = tallied(product("Microsoft", "Office Professional Plus", "2021", 90))
	list := fetch[reports.AdjustmentList](t, s, "/position/adjustments")
	if len(list.Items) != 1 || list.Items[0].State != report.AdjustmentUnmatched || list.Items[0].ID != planner {
		t.Errorf("%+v", list)
	}
	installed := fetch[reports.InstallationsPage](t, s, "/reports/license-installations")
	if overview := fetch[report.Overview](t, s, "/overview"); installed.UnmatchedAdjustments != 1 || overview.UnmatchedAdjustments != 1 {
		t.Errorf("%d in the report, %d in the overview", installed.UnmatchedAdjustments, overview.UnmatchedAdjustments)
	}
	if csv := s.get(t, "/reports/license-installations.csv").Body.String(); !strings.Contains(csv, "neither licensed nor installed: 1.") {
		t.Errorf("the file does not tell: %s", csv)
	}
	if w := s.adjust("PUT", planner, `{"quantity": -1, "note": "Sold"}`); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.adjust("DELETE", planner, ""); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestR8_10_Everywhere checks that the same adjustment is in the report of now, in its files, in the
// overview and in the snapshot of the night, and that the snapshot stays when it is deleted.
func TestR8_10_Everywhere(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.organised(t)
	date := day.Of(time.Now())
	s.publish(t, 1, date)
	acrobat := s.installedRow(t, "Acrobat Pro 2020", "")
	was := fetch[report.Overview](t, s, "/overview")
	if w := s.adjust("PUT", acrobat.ID, `{"quantity": 2, "note": "=Boxes"}`); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	// 10 licences and 2 for 12 installations.
	row := s.installedRow(t, "Acrobat Pro 2020", "")
	if row.Adjusted != 2 || row.Licenses != 12 || row.Shortfall != 0 || row.Verdict != position.VerdictCovered || acrobat.Shortfall != 2 {
		t.Errorf("before %+v, after %+v", acrobat, row)
	}
	overview := fetch[report.Overview](t, s, "/overview")
	if overview.Products.Adjusted != 2 || overview.Products.Owned != was.Products.Owned+2 || overview.Products.Shortfall != was.Products.Shortfall-2 {
		t.Errorf("the overview was %+v and is %+v", was.Products, overview.Products)
	}
	for name, rows := range map[string][][]string{
		"CSV":  recordsOf(t, s.get(t, "/reports/license-installations.csv").Body.Bytes()),
		"XLSX": sheetOf(t, s.get(t, "/reports/license-installations.xlsx").Body.Bytes()),
		"page": rowsOf(t, s.get(t, "/reports/license-installations.html").Body.Bytes()),
	} {
		column := slices.Index(rows[0], "Adjustments")
		at := slices.IndexFunc(rows, func(r []string) bool { return r[0] == "Acrobat Pro 2020" })
		if column < 0 || at < 0 || rows[at][column] != "2" || rows[len(rows)-1][column] != "2" {
			t.Errorf("%s: %v", name, rows)
		}
	}
	if row := s.installedRow(t, "Acrobat Pro 2020", "&adjustment=false"); row.Adjusted != 0 || row.Licenses != 10 {
		t.Errorf("switched off: %+v", row)
	}
	if row := s.installedRow(t, "Acrobat Pro 2020", "&date="+string(date)); row.Adjusted != 0 {
		t.Errorf("the snapshot from before: %+v", row)
	}
	s.publish(t, 2, date)
	if w := s.adjust("DELETE", acrobat.ID, ""); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if row := s.installedRow(t, "Acrobat Pro 2020", "&date="+string(date)); row.Adjusted != 2 {
		t.Errorf("the snapshot: %+v", row)
	}
	if row := s.installedRow(t, "Acrobat Pro 2020", ""); row.Adjusted != 0 {
		t.Errorf("after the deletion: %+v", row)
	}
}

// TestR8_10_Limit checks that there is no adjustment more than allowed, and that one can then still be
// replaced.
func TestR8_10_Limit(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.organised(t)
	planner := s.installedRow(t, "Planner 7", "").ID
	var all []report.Adjustment
	for n := range report.MaxAdjustments {
		all = append(all, report.Adjustment{Product: position.Product{Publisher: "Contoso", Family: fmt.Sprint("Ledger ", n)}, Quantity: 1, Note: "Found"})
	}
	s.stored(t, all...)
	if w := s.adjust("PUT", planner, `{"quantity": 1, "note": "Found"}`); w.Code != http.StatusConflict || problemOf(t, w).Code != "adjustments_many" {
		t.Errorf("one too many: %d %s", w.Code, w.Body)
	}
	if w := s.adjust("PUT", all[7].ID(), `{"quantity": 2, "note": "Found"}`); w.Code != http.StatusOK {
		t.Errorf("replacing one: %d %s", w.Code, w.Body)
	}
	if w := s.adjust("DELETE", all[8].ID(), ""); w.Code != http.StatusOK {
		t.Errorf("deleting one: %d %s", w.Code, w.Body)
	}
	if w := s.adjust("PUT", planner, `{"quantity": 1, "note": "Found"}`); w.Code != http.StatusOK {
		t.Errorf("after that: %d %s", w.Code, w.Body)
	}
	if list := fetch[reports.AdjustmentList](t, s, "/position/adjustments"); len(list.Items) != report.MaxAdjustments {
		t.Errorf("%d are listed", len(list.Items))
	}
}
