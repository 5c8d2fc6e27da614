package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"trueup/internal/access"
	"trueup/internal/httpapi/reports"
	"trueup/internal/report"
)

// TestReportsOfTheLastSeconds checks that reports of now may be five seconds old, say so in Age, and
// are current for a caller who asks for that, or after a change by the same process.
func TestReportsOfTheLastSeconds(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.organised(t)
	now := time.Now()
	s.deps.Clock = func() time.Time { return now }
	s.deps.Snapshots.Clock = s.deps.Clock
	h := s.deps.handler(reports.Name)
	get := func(path, cacheControl string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		if cacheControl != "" {
			r.Header.Set("Cache-Control", cacheControl)
		}
		w := call(h, r, admin)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return w
	}
	agreements := func(w *httptest.ResponseRecorder) int {
		var o report.Overview
		if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		return o.Agreements.Agreements
	}
	before := agreements(get("/overview", ""))
	now = now.Add(1500 * time.Millisecond)
	w := call(s.handlers["agreements"], httptest.NewRequest("POST", "/agreements", strings.NewReader(
		`{"type": "volume", "name": "Bought just now", "pairs": [{"authorizationNumber": "77-07007", "licenseNumber": "77-07007"}]}`)), admin)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, path := range []string{
		"/overview", "/reports/license-purchases", "/reports/license-installations", "/reports/license-purchases.csv",
		"/reports/license-installations.xlsx", "/reports/license-installations.html",
		"/reports/subscriptions", "/reports/subscriptions.csv",
	} {
		for _, cacheControl := range []string{"", "max-age=60", "only-if-cached", "max-age=soon"} {
			if age := get(path, cacheControl).Header().Get("Age"); age != "2" {
				t.Errorf("%s with %q: Age %q, want 2", path, cacheControl, age)
			}
		}
	}
	if got := agreements(get("/overview", "")); got != before {
		t.Errorf("the overview of the last seconds has %d agreements, want %d", got, before)
	}
	if w := call(h, httptest.NewRequest(http.MethodGet, "/overview", nil), access.Call{Principal: &access.Principal{Subject: "none"}}); w.Code != http.StatusForbidden {
		t.Errorf("without a role: %d", w.Code)
	}
	for _, cacheControl := range []string{"no-cache", "max-age=0", "Max-Age=1, private", "no-store", `foo, NO-CACHE`} {
		now = now.Add(1500 * time.Millisecond)
		w := get("/overview", cacheControl)
		if age, got := w.Header().Get("Age"), agreements(w); age != "" || got != before+1 {
			t.Errorf("%s: %d agreements, Age %q; want %d, and no Age", cacheControl, got, age, before+1)
		}
	}
	now = now.Add(5001 * time.Millisecond)
	if age := get("/overview", "").Header().Get("Age"); age != "" {
		t.Errorf("after five seconds: Age %q", age)
	}

	// A change by this process is shown to everybody.
	planner := s.installedRow(t, "Planner 7", "").ID
	adjusted := func() int {
		var page reports.InstallationsPage
		if err := json.Unmarshal(get("/reports/license-installations?limit=200", "").Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		return page.Totals.Adjusted
	}
	if n := adjusted(); n != 0 {
		t.Fatalf("%d adjusted", n)
	}
	now = now.Add(time.Second)
	r := httptest.NewRequest(http.MethodPut, "/position/adjustments/"+planner, strings.NewReader(`{"quantity": 3, "note": "Found"}`))
	if w := call(h, r, admin); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	now = now.Add(time.Millisecond)
	if n := adjusted(); n != 3 {
		t.Errorf("%d adjusted after the change, want 3", n)
	}
}
