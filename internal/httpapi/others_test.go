package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/httpapi/route"
	"trueup/internal/importer"
	"trueup/internal/inventories"
)

// asking sends requests to one stack as a global admin.
type asking struct {
	t        *testing.T
	handlers map[string]http.Handler
	seen     *strings.Builder // every answer, in full
}

func (a asking) ask(method, path, body string, headers ...string) (int, []byte) {
	a.t.Helper()
	r := httptest.NewRequest(method, base+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	function, _ := routed(r)
	w := httptest.NewRecorder()
	a.handlers[function].ServeHTTP(w, r.WithContext(access.WithCall(r.Context(), admin)))
	answer := w.Result()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	for name, values := range answer.Header {
		a.seen.WriteString(name + strings.Join(values, ","))
	}
	a.seen.Write(content)
	return answer.StatusCode, content
}

// member returns a text member of an answer.
func member(t *testing.T, body []byte, name string) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	value, _ := members[name].(string)
	return value
}

// TestDetailsAreNowhereElseR2_7 adds and changes details, has some rejected, and then calls
// every read of the API: only the answer with the details themselves contains them, and no audit
// event or log line does.
func TestDetailsAreNowhereElseR2_7(t *testing.T) {
	t.Parallel()
	const canary, number = "CANARY-7Q4XR", "90210735535"
	s := newStack(t)
	var log bytes.Buffer
	s.deps.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a := asking{t, map[string]http.Handler{}, &strings.Builder{}}
	for _, r := range route.API {
		a.handlers[r.Function] = s.deps.handler(r.Function)
	}
	other := func(name, details string) string {
		body, err := json.Marshal(map[string]any{
			"type": "other", "name": name, "publisher": "Adobe", "productTitle": "Photoshop", "licenses": 1, "details": details, "group": map[string]string{"name": "Secret"},
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}

	status, created := a.ask("POST", "/agreements", other("Secret", "Key: "+canary), "Idempotency-Key", "canary")
	id, group := member(t, created, "id"), member(t, created, "groupId")
	if status != http.StatusCreated {
		t.Fatalf("%d: %s", status, created)
	}
	for _, refused := range []struct{ method, path, body string }{
		{"POST", "/agreements", other("Secret", canary)},
		{"POST", "/agreements", other("Too long", strings.Repeat(canary, 1_000))},
		{"POST", "/agreements", other("Control", canary+"\x00")},
		{"POST", "/agreements", strings.Replace(other("Volume", canary), `"other"`, `"volume"`, 1)},
		{"POST", "/agreements", `{"type": "other", "name": "List", "details": ["` + canary + `"]}`},
		{"PATCH", "/agreements/" + id, `{"details": ` + number + `}`},
		{"POST", "/agreements", `{"type": "other", "name": "Twice", "details": "` + canary + `", "details": "` + canary + `"}`},
		{"PATCH", "/agreements/" + id, `{"end": "soon", "details": "` + canary + `"}`},
		{"PATCH", "/agreements/nothing", `{"details": "` + canary + `"}`},
	} {
		if status, answer := a.ask(refused.method, refused.path, refused.body); status < 400 || status >= 500 {
			t.Errorf("%s %s: %d: %s", refused.method, refused.path, status, answer)
		}
	}
	a.ask("POST", "/agreements", other("Secret", "Key: "+canary), "Idempotency-Key", "canary")
	if status, answer := a.ask("PATCH", "/agreements/"+id, `{"details": "New key: `+canary+`"}`); status != http.StatusOK {
		t.Fatalf("%d: %s", status, answer)
	}
	a.ask("POST", "/agreements/moves", `{"ids": ["`+id+`"], "group": {"id": "unassigned"}}`)

	own := asking{t, a.handlers, &strings.Builder{}}
	if _, answer := own.ask("GET", "/agreements/"+id+"/details", ""); member(t, answer, "details") != "New key: "+canary {
		t.Errorf("the details are %s", answer)
	}
	read := 0
	for _, r := range route.API {
		if r.Method != http.MethodGet || r.Operation == "getAgreementDetails" {
			continue
		}
		path := strings.ReplaceAll(r.Path, "{id}", id)
		if strings.HasPrefix(r.Path, "/groups/") {
			path = strings.ReplaceAll(r.Path, "{id}", group)
		}
		if status, _ := a.ask("GET", parameter.ReplaceAllString(path, "nothing"), ""); status == http.StatusOK {
			read++
		}
	}
	a.ask("GET", "/agreements?q="+canary, "")
	a.ask("POST", "/agreements/deletions", `{"ids": ["`+id+`"]}`)
	a.ask("GET", "/audit", "")
	a.ask("GET", "/audit.csv", "")
	if read < 8 {
		t.Errorf("only %d operations had an answer to look at", read)
	}
	if !strings.Contains(a.seen.String(), "agreement.details_read") || !strings.Contains(a.seen.String(), "agreement.updated") {
		t.Error("SPEC 12: the audit events are not all there")
	}
	for _, secret := range []string{canary, number} {
		if i := strings.Index(a.seen.String(), secret); i >= 0 {
			t.Errorf("an answer has details: %.300s", a.seen.String()[max(0, i-150):])
		}
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has details: %s", log.String())
		}
	}
}

func TestInventoryRequiredR2_8(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for _, test := range []struct {
		name            string
		required        bool
		devices, titles int
		body            string
		status          int
	}{
		{"no inventory", true, 0, 0, `{"type": "other", "name": "A", "publisher": "Adobe", "productTitle": "Photoshop", "licenses": 1}`, 409},
		{"no title", true, 1, 0, `{"type": "other", "name": "B", "publisher": "Adobe", "productTitle": "Photoshop", "licenses": 1}`, 409},
		{"no PC", true, 0, 1, `{"type": "other", "name": "C", "publisher": "Adobe", "productTitle": "Photoshop", "licenses": 1}`, 409},
		{"a PC and a title", true, 1, 1, `{"type": "other", "name": "D", "publisher": "Adobe", "productTitle": "Photoshop", "licenses": 1}`, 201},
		{"not required", false, 1, 0, `{"type": "other", "name": "E", "publisher": "Adobe", "productTitle": "Photoshop", "licenses": 1}`, 201},
		{"a volume agreement", true, 1, 0, `{"type": "volume", "name": "F", "pairs": [{"authorizationNumber": "F-1", "licenseNumber": "F-1"}]}`, 201},
		{"what is wrong with it comes first", true, 0, 1, `{"type": "other", "name": "G"}`, 422},
	} {
		t.Run(test.name, func(t *testing.T) {
			deps := s.deps
			deps.InventoryRequired = test.required
			if test.devices+test.titles > 0 { // without any, the table stays as it was created
				records, err := s.store.Inventories.Records(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				record := inventories.Record{Source: "a", Version: 1, Good: &inventories.Good{Devices: test.devices, Titles: test.titles}}
				for _, before := range records {
					record.Version += before.Version
				}
				if err := s.store.Inventories.SaveRecords(t.Context(), []inventories.Record{record}); err != nil {
					t.Fatal(err)
				}
			}
			r := httptest.NewRequest("POST", "/agreements", strings.NewReader(test.body))
			r.Header.Set("Content-Type", "application/json")
			w := call(deps.handler("agreements"), r, admin)
			if w.Code != test.status {
				t.Fatalf("%d: %s", w.Code, w.Body)
			}
			if w.Code == http.StatusConflict {
				if p := problemOf(t, w); p.Code != "inventory_required" || !strings.Contains(p.Detail, "inventory/") {
					t.Errorf("%s: %s", p.Code, p.Detail)
				}
			}
		})
	}
}

// TestStatusInTagR2_11: an ETag is stale once the status has changed, even if the agreement was
// not edited.
func TestStatusInTagR2_11(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	today := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)
	s.deps.Clock = func() time.Time { return today }
	s.deps.Expiring = 30
	a := asking{t, map[string]http.Handler{"agreements": s.deps.handler("agreements")}, &strings.Builder{}}
	_, created := a.ask("POST", "/agreements", `{"type": "other", "name": "A", "publisher": "Adobe", "productTitle": "Photoshop", "licenses": 1, "start": "2026-11-22", "end": "2027-01-31"}`)
	path := "/agreements/" + member(t, created, "id")
	for _, want := range []struct{ day, status, tag string }{
		{"2026-11-21", "not-started", `"1.1-en"`},
		{"2026-11-22", "active", `"1.2-en"`},
		{"2027-01-01", "expiring", `"1.3-en"`},
		{"2027-01-31", "expiring", `"1.3-en"`},
		{"2027-02-01", "expired", `"1.4-en"`},
	} {
		today, _ = time.Parse(time.DateOnly, want.day)
		w := call(a.handlers["agreements"], httptest.NewRequest("GET", path, nil), admin)
		if got, tag := member(t, w.Body.Bytes(), "status"), w.Header().Get("ETag"); got != want.status || tag != want.tag {
			t.Errorf("%s: %s with ETag %s, want %s with %s", want.day, got, tag, want.status, want.tag)
		}
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("If-None-Match", want.tag)
		if w := call(a.handlers["agreements"], r, admin); w.Code != http.StatusNotModified {
			t.Errorf("%s: %d for who has %s", want.day, w.Code, want.tag)
		}
	}
}

// TestR2_11_StatusChangesAtMidnightOfTheOrganisation: the day of a status is the one in the
// organisation's time zone, in lists and in single agreements.
func TestR2_11_StatusChangesAtMidnightOfTheOrganisation(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.deps.Zone = time.FixedZone("+14", 14*60*60)
	now := time.Date(2026, 11, 21, 9, 59, 59, 0, time.UTC) // the last second of the 21st
	s.deps.Clock = func() time.Time { return now }
	a := asking{t, map[string]http.Handler{"agreements": s.deps.handler("agreements")}, &strings.Builder{}}
	_, created := a.ask("POST", "/agreements", `{"type": "other", "name": "A", "publisher": "Adobe", "productTitle": "Photoshop", "licenses": 1, "end": "2026-11-21"}`)
	path := "/agreements/" + member(t, created, "id")
	for _, want := range []string{"expiring", "expired"} {
		if got := member(t, call(a.handlers["agreements"], httptest.NewRequest("GET", path, nil), admin).Body.Bytes(), "status"); got != want {
			t.Errorf("at %s it is %s, want %s", now, got, want)
		}
		w := call(a.handlers["agreements"], httptest.NewRequest("GET", "/agreements?status="+want, nil), admin)
		if !strings.Contains(w.Body.String(), member(t, created, "id")) {
			t.Errorf("at %s it is not listed as %s: %s", now, want, w.Body)
		}
		now = now.Add(time.Second)
	}
}

// TestEveryRuleByHandIsInAScript: each rule that only the API reports has an example in a
// script, which runs everywhere.
func TestEveryRuleByHandIsInAScript(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	var scripts strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(content)
	}
	for _, rule := range importer.Rules {
		if rule.Check != agreement.CheckHand || rule.Code == "inventory_required" { // see TestInventoryRequiredR2_8
			continue
		}
		if !strings.Contains(scripts.String(), `"code": "`+rule.Code+`"`) {
			t.Errorf("%s %s is in no script", rule.Spec, rule.Code)
		}
	}
}
