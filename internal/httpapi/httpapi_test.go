package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/openapi"
	"trueup/internal/httpapi/route"
	"trueup/internal/i18n"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/once"
)

var admin = access.Call{RequestID: "r1", Principal: &access.Principal{Subject: "someone", Roles: []access.Role{access.GlobalAdmin}}}

func call(h http.Handler, r *http.Request, c access.Call) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(access.WithCall(r.Context(), c)))
	return w
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) httpapi.Problem {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	var p httpapi.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if p.Status != w.Code || p.RequestID != "r1" || p.Title != http.StatusText(w.Code) || p.Detail == p.Code {
		t.Errorf("status %d, problem %+v", w.Code, p)
	}
	return p
}

// TestFunctionsServeTheirRows requires that the document has exactly the rows of the table, and
// that each function serves exactly its rows.
func TestFunctionsServeTheirRows(t *testing.T) {
	t.Parallel()
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Summary     string `json:"summary"`
			Description string `json:"description"`
			Permission  string `json:"x-permission"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(openapi.Document(), &document); err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for path, operations := range document.Paths {
		for method, op := range operations {
			got = append(got, strings.ToUpper(method)+" "+path+" "+op.OperationID+" "+op.Permission)
			if op.Summary == "" || op.Description == "" {
				t.Errorf("%s has no summary or description", op.OperationID)
			}
		}
	}
	functions := map[string]bool{}
	for _, r := range route.API {
		want = append(want, r.Key()+" "+r.Operation+" "+string(r.Permission))
		functions[r.Function] = true
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-table +document)\n%s", diff)
	}
	for function := range functions {
		h := unused(quiet).handler(function)
		for _, r := range route.API {
			// Without a token a served row answers 401, or as to a secret address that nobody has; other rows answer
			// 404 or 405.
			w := call(h, httptest.NewRequest(r.Method, strings.NewReplacer("{id}", "x", "{pair}", "y", "{product}", "z").Replace(r.Path), nil), access.Call{})
			secret := w.Code == http.StatusNotFound && !strings.Contains(w.Body.String(), `"route_not_found"`)
			served := w.Code == http.StatusUnauthorized || w.Code == http.StatusOK || secret
			if served != (r.Function == function) {
				t.Errorf("the function %s answers %s with %d", function, r.Key(), w.Code)
			}
		}
	}
}

func TestUnrouted(t *testing.T) {
	t.Parallel()
	h := unused(quiet).handler("agreements")
	for _, test := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/", 404, ""},
		{"GET", "/nothing", 404, ""},
		{"GET", "/agreements/", 404, ""},
		{"GET", "//agreements", 404, ""},
		{"GET", "/agreements/../imports", 404, ""},
		{"GET", "/agreements//pairs", 404, ""},
		{"GET", "/Agreements", 404, ""},
		{"OPTIONS", "/nothing", 404, ""},
		{"DELETE", "/agreements", 405, "GET, POST"},
		{"PUT", "/imports", 405, "GET, POST"},
		{"HEAD", "/agreements", 405, "GET, POST"},
		{"OPTIONS", "/agreements/x", 405, "GET, PATCH, DELETE"},
		{"BREW", "/agreements/x/pairs", 405, "GET, POST"},
		{"GET", "/agreements/x/pairs/y", 405, "DELETE"},
		{"PUT", "/audit.csv", 405, "GET"},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(test.method, "/", nil)
			r.URL.Path = test.path
			r.Header.Set("Accept-Language", "fr")
			w := call(h, r, access.Call{RequestID: "r1"})
			p := problemOf(t, w)
			code := map[int]string{404: "route_not_found", 405: "method_not_allowed"}[test.status]
			if w.Code != test.status || p.Code != code || w.Header().Get("Allow") != test.allow || w.Header().Get("Content-Language") != "fr" {
				t.Errorf("%d %s, Allow %q", w.Code, p.Code, w.Header().Get("Allow"))
			}
		})
	}
}

// broken is a store that fails with err, or panics if err is nil. It tests how the API
// reports failures; the store itself is tested on the real one.
type broken struct {
	agreement.Store
	err error
}

func (b broken) Agreement(context.Context, string) (agreement.Agreement, error) {
	if b.err == nil {
		panic("secret of a panic")
	}
	return agreement.Agreement{}, b.err
}

// TestFailures requires the status of each kind, and that no internal detail is shown.
func TestFailures(t *testing.T) {
	t.Parallel()
	secret := errors.New("secret")
	for _, test := range []struct {
		name   string
		err    error
		status int
		code   string
		retry  string
		logged bool
	}{
		{"a panic", nil, 500, "internal_error", "", true},
		{"a fault", secret, 500, "internal_error", "", true},
		{"an error of no kind", errs.Wrap(secret, errs.Fault, "agreement_not_found"), 500, "internal_error", "", true},
		{"invalid", errs.Wrap(secret, errs.Invalid, "invalid_input"), 422, "invalid_input", "", false},
		{"unauthenticated", errs.New(errs.Unauthenticated, "unauthenticated"), 401, "unauthenticated", "", false},
		{"denied", errs.New(errs.Denied, "permission_denied"), 403, "permission_denied", "", false},
		{"not found", errs.New(errs.NotFound, "agreement_not_found"), 404, "agreement_not_found", "", false},
		{"conflict", errs.New(errs.Conflict, "group_limit"), 409, "group_limit", "", false},
		{"stale", errs.New(errs.Stale, "version_stale"), 412, "version_stale", "", false},
		{"too large", errs.New(errs.TooLarge, "body_too_large", "max", "5"), 413, "body_too_large", "", false},
		{"unavailable", errs.Wrap(secret, errs.Unavailable, "try_again"), 503, "try_again", "2", true},
		{"out of time", fmt.Errorf("secret: %w", context.DeadlineExceeded), 503, "try_again", "2", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			d := unused(slog.New(slog.NewTextHandler(&log, nil)))
			d.Agreements = broken{err: test.err}
			h := d.handler("agreements")
			w := call(h, httptest.NewRequest("GET", "/agreements/x", nil), admin)
			p := problemOf(t, w)
			if w.Code != test.status || p.Code != test.code || w.Header().Get("Retry-After") != test.retry {
				t.Errorf("%d %s, Retry-After %q", w.Code, p.Code, w.Header().Get("Retry-After"))
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the answer tells a secret: %s", w.Body)
			}
			if logged := strings.Contains(log.String(), "secret"); logged != test.logged {
				t.Errorf("logged: %v; the log is %q", logged, log.String())
			}
			if lines := strings.Count(log.String(), "operation=getAgreement request_id="); test.logged != (lines == 1) || lines > 1 {
				t.Errorf("R16.3: the log has %d lines that name the operation: %q", lines, log.String())
			}
			if !i18n.Known(p.Code) {
				t.Errorf("%s has no message", p.Code)
			}
		})
	}
}

// TestReplayIsTheFirstAnswer requires the same bytes for the same Idempotency-Key (SPEC 13).
func TestReplayIsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	h := newStack(t).handlers["agreements"]
	post := func() []byte {
		r := httptest.NewRequest("POST", "/imports", strings.NewReader(`{"fileName": "a<b>&c.csv", "size": 7}`))
		r.Header.Set("Idempotency-Key", "k")
		w := call(h, r, admin)
		if w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return w.Body.Bytes()
	}
	if diff := cmp.Diff(string(post()), string(post())); diff != "" {
		t.Errorf("(-first +second)\n%s", diff)
	}
}

// overtaken runs the first call after a repeated one has checked the idempotency key, and before
// it does its work.
type overtaken struct {
	once.Store
	first *func()
}

func (o overtaken) First(ctx context.Context, e once.Entry, now time.Time) ([]byte, error) {
	if first := *o.first; first != nil {
		*o.first = nil
		defer first()
	}
	return o.Store.First(ctx, e, now)
}

// TestReplayDuringTheFirstCall requires the first answer also for a repeated call that finds the
// result of the first call stored, as if another caller had stored it.
func TestReplayDuringTheFirstCall(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var first func()
	late := s.deps
	late.Once = overtaken{late.Once, &first}
	post := func(d deps, function, key, path, body, ifMatch string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Header.Set("Idempotency-Key", key)
		if ifMatch != "" {
			r.Header.Set("If-Match", ifMatch)
		}
		return call(d.handler(function), r, admin)
	}
	made := post(s.deps, "agreements", "made", "/agreements", `{"type": "volume", "name": "A", "pairs": [{"authorizationNumber": "1", "licenseNumber": "1"}]}`, "")
	address := made.Header().Get("Location")
	for i, test := range []struct{ function, path, body, ifMatch string }{
		{"catalog", "/catalog/publishers", `{"name": "Contoso Overtaken"}`, ""},
		{"groups", "/groups", `{"name": "Sales"}`, ""},
		{"agreements", "/agreements", `{"type": "volume", "name": "B", "pairs": [{"authorizationNumber": "2", "licenseNumber": "2"}]}`, ""},
		{"agreements", address + "/pairs", `{"pairs": [{"authorizationNumber": "3", "licenseNumber": "3"}]}`, made.Header().Get("ETag")},
	} {
		key := fmt.Sprint("key-", i)
		var want *httptest.ResponseRecorder
		first = func() { want = post(s.deps, test.function, key, test.path, test.body, test.ifMatch) }
		got := post(late, test.function, key, test.path, test.body, test.ifMatch)
		if want == nil || want.Code >= 300 || got.Code != want.Code {
			t.Errorf("%s: %d %s after %+v", test.path, got.Code, got.Body, want)
			continue
		}
		if diff := cmp.Diff(want.Body.String(), got.Body.String()); diff != "" {
			t.Errorf("%s (-first +second)\n%s", test.path, diff)
		}
	}
}

// TestReportExpired requires a clear answer if the report of a finished import is gone.
func TestReportExpired(t *testing.T) {
	t.Parallel()
	d := unused(quiet)
	d.Imports, d.Reports = finished{}, newStack(t).deps.Reports
	h := d.handler("agreements")
	w := call(h, httptest.NewRequest("GET", "/imports/x/findings", nil), admin)
	if p := problemOf(t, w); w.Code != http.StatusNotFound || p.Code != "report_expired" {
		t.Errorf("%d %s", w.Code, p.Code)
	}
}

// finished has one import, whose report the bucket no longer contains.
type finished struct{ importer.Records }

func (finished) Import(_ context.Context, id string) (importer.Import, error) {
	return importer.Import{Head: intake.Head{ID: id}, State: importer.StateRejected, Attempt: 1}, nil
}

func TestBodySize(t *testing.T) {
	t.Parallel()
	h := unused(quiet).handler("agreements")
	const most = 64 << 10
	for size, want := range map[int]string{most: "invalid_input", most + 1: "body_too_large", 10 << 20: "body_too_large"} {
		body := `{"` + strings.Repeat("a", size-7) + `":1}`
		if len(body) != size-1 {
			t.Fatal(len(body))
		}
		w := call(h, httptest.NewRequest("POST", "/imports", strings.NewReader(body+" ")), admin)
		if p := problemOf(t, w); p.Code != want || (w.Code == 413) != (want == "body_too_large") {
			t.Errorf("%d bytes: %d %s", size, w.Code, p.Code)
		}
	}
}

// TestLongValuesAreShortened requires that an answer does not repeat a long value in full.
func TestLongValuesAreShortened(t *testing.T) {
	t.Parallel()
	h := unused(quiet).handler("agreements")
	w := call(h, httptest.NewRequest("GET", "/agreements?limit="+strings.Repeat("9", 3000), nil), admin)
	p := problemOf(t, w)
	if len(p.Errors) != 1 || len(p.Errors[0].Value) > 110 || !strings.HasSuffix(p.Errors[0].Value, "…") {
		t.Errorf("%+v", p)
	}
}

// FuzzBody requires a clear 4xx for every invalid body.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"fileName":"a.csv","size":1}`, `{}`, `[]`, `{"a":{"a":null}}`, "\xff", `{"size":1e999}`, `"`, `{"a/b~c":1,"x.y[0]":2}`, `{"":0}`,
		`{"type":"volume","name":"A","pairs":[{"authorizationNumber":"1","licenseNumber":"1"}],"group":{"name":"G"}}`,
		`{"ids":["a","a"],"group":{"id":"x"}}`, `{"pairs":[{}]}`,
	} {
		f.Add(seed)
	}
	h := unused(quiet).handler("agreements")
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/imports", "/agreements", "/agreements/x/pairs", "/agreements/moves", "/agreements/deletions"} {
			// An invalid key prevents a valid body from being processed.
			r := httptest.NewRequest("POST", path, strings.NewReader(body))
			r.Header.Set("Idempotency-Key", "/")
			w := call(h, r, admin)
			p := problemOf(t, w)
			if w.Code < 400 || w.Code >= 500 || !i18n.Known(p.Code) {
				t.Fatalf("%s: %d %+v", path, w.Code, p)
			}
			for _, e := range p.Errors {
				if !i18n.Known(e.Code) || (e.Pointer == "") == (e.Parameter == "") && e.Code != "type_object" {
					t.Fatalf("%s: %+v", path, e)
				}
			}
		}
	})
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		unused(quiet).handler("agreements")
	}
}
