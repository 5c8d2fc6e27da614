package httpapi_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
)

// recorded is a store of n equal events, three per page. It tests how an export is assembled;
// the selection of a store is tested on the real store.
type recorded struct {
	n     int
	event audit.Event
}

func (r recorded) Events(_ context.Context, q audit.Query) (audit.Page, error) {
	var at int
	_, _ = fmt.Sscan(q.Cursor, &at) // empty for the first page
	var page audit.Page
	for ; at < r.n && len(page.Items) < 3; at++ {
		e := r.event
		e.ID = fmt.Sprint("e", at)
		page.Items = append(page.Items, e)
	}
	if at < r.n {
		page.Next = fmt.Sprint(at)
	}
	return page, nil
}

func export(t *testing.T, r recorded, query string) *httptest.ResponseRecorder {
	t.Helper()
	clock := func() time.Time { return time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC) }
	d := unused(quiet)
	d.Audit, d.Clock = r, clock
	h := d.handler("agreements")
	return call(h, httptest.NewRequest("GET", "/audit.csv"+query, nil), admin)
}

func TestSPEC12_Export(t *testing.T) {
	t.Parallel()
	w := export(t, recorded{7, audit.Event{
		At: time.Date(2026, 11, 20, 23, 59, 59, 5e6, time.UTC), By: "=cmd()", ByName: "@ann", Action: "agreement.updated", Subject: "agreement/x",
		Before: map[string]string{"name": `A "B", C`, "group": "unassigned"}, After: map[string]string{"name": "é\r\n"}, Source: audit.SourceAPI,
	}}, "?to=2026-11-21")
	if got := w.Header().Get("Content-Disposition"); w.Code != http.StatusOK || got != `attachment; filename="audit-2026-10-23-2026-11-21.csv"` {
		t.Fatalf("%d, %s", w.Code, got)
	}
	body, bom := strings.CutPrefix(w.Body.String(), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || !bom || len(rows) != 8 {
		t.Fatalf("%d rows, byte-order mark %v (%v)", len(rows), bom, err)
	}
	if diff := cmp.Diff([]string{
		"2026-11-20T23:59:59.005Z", "'=cmd()", "'@ann", "", "agreement.updated", "agreement/x", `group: unassigned; name: A "B", C`, rows[7][7], "", "api", "e6",
	}, rows[7]); diff != "" {
		t.Errorf("the last event (-want +got)\n%s", diff)
	}
	if !strings.HasPrefix(rows[7][7], "name: é") {
		t.Errorf("after is %q", rows[7][7])
	}
}

// TestExportIsNeverCut: an export that is too large for a function's answer is rejected.
func TestExportIsNeverCut(t *testing.T) {
	t.Parallel()
	// JSON encodes each < in six bytes.
	large := audit.Event{By: strings.Repeat("<", 100_000), Source: audit.SourceAPI}
	if w := export(t, recorded{8, large}, ""); w.Code != http.StatusOK || w.Body.Len() < 800_000 {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
	w := export(t, recorded{9, large}, "")
	if p := problemOf(t, w); w.Code != http.StatusUnprocessableEntity || p.Code != "export_too_large" {
		t.Errorf("%d %s", w.Code, p.Code)
	}
}

// slow answers its first pages and then blocks until the caller gives up.
type slow struct{ pages int }

func (s *slow) Events(ctx context.Context, _ audit.Query) (audit.Page, error) {
	if s.pages--; s.pages >= 0 {
		return audit.Page{Next: "more"}, nil
	}
	<-ctx.Done()
	return audit.Page{}, ctx.Err()
}

// TestSPEC12_ExportOfAStoreThatHangs: an export is too large only if a page was read before the
// timeout.
func TestSPEC12_ExportOfAStoreThatHangs(t *testing.T) {
	t.Parallel()
	for pages, want := range []int{http.StatusServiceUnavailable, http.StatusUnprocessableEntity} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		d := unused(quiet)
		d.Audit = &slow{pages}
		h := d.handler("agreements")
		if w := call(h, httptest.NewRequestWithContext(ctx, "GET", "/audit.csv", nil), admin); w.Code != want {
			t.Errorf("after %d pages: %d, want %d", pages, w.Code, want)
		}
	}
}

// asked records the last query.
type asked struct{ query audit.Query }

func (a *asked) Events(_ context.Context, q audit.Query) (audit.Page, error) {
	a.query = q
	return audit.Page{}, nil
}

// TestSPEC12_Times: events have whole milliseconds; a filter may have fractions of one.
func TestSPEC12_Times(t *testing.T) {
	t.Parallel()
	at := func(hour, ms int) time.Time { return time.Date(2026, 11, 21, hour, 0, 0, ms*1e6, time.UTC) }
	for _, test := range []struct {
		query    string
		from, to time.Time
	}{
		{"?from=2026-11-21&to=2026-11-21", at(0, 0), at(24, 0)},
		{"?from=2026-11-21T09:00:00Z&to=2026-11-21T11:00:00%2B01:00", at(9, 0), at(10, 0)},
		{"?from=2026-11-21T09:00:00.001Z&to=2026-11-21T10:00:00.001Z", at(9, 1), at(10, 1)},
		{"?from=2026-11-21T09:00:00.0001Z&to=2026-11-21T10:00:00.0001Z", at(9, 1), at(10, 1)},
	} {
		var store asked
		d := unused(quiet)
		d.Audit, d.Clock = &store, func() time.Time { return at(12, 0) }
		h := d.handler("agreements")
		w := call(h, httptest.NewRequest("GET", "/audit"+test.query, nil), admin)
		if w.Code != http.StatusOK || !store.query.From.Equal(test.from) || !store.query.To.Equal(test.to) {
			t.Errorf("%s: %d, from %v to %v", test.query, w.Code, store.query.From, store.query.To)
		}
	}
}
