package httpapi_test

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"

	"trueup/internal/catalog"
	"trueup/internal/catalog/feeder"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/intake/kind"
	"trueup/internal/journal"
)

// TestAFileFeedsTheCatalog: a file put under catalog/ (R5.2) is found by lookups, and leaves an
// event, a result, and a copy for the next process.
func TestAFileFeedsTheCatalog(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	file, err := os.ReadFile("../../events/catalog.csv")
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string, into any) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer global-admin someone")
		w, err := s.direct(r)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Body.Close()
		if err := json.NewDecoder(w.Body).Decode(into); err != nil || w.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", path, w.Status, err)
		}
	}
	var before httpapi.Found[catalogapi.Publisher]
	if get("/catalog/publishers?q=fabrikam", &before); len(before.Items) != 0 {
		t.Fatalf("before: %+v", before)
	}
	key := kind.Catalog.Key("", "my file.csv")
	if err := s.deps.Uploads.Put(t.Context(), key, "text/csv", file); err != nil {
		t.Fatal(err)
	}
	var result feeder.Result
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		object, err := s.deps.Reports.Open(t.Context(), feeder.ResultKey(key), "", "")
		if err == nil {
			err = json.NewDecoder(object.Body).Decode(&result)
			_ = object.Body.Close()
		}
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no result: %v", err)
		}
	}
	if result.Rows != 7 || result.Titles != 7 || result.Rejected != 0 {
		t.Errorf("result %+v", result)
	}
	var publishers httpapi.Found[catalogapi.Publisher]
	if get("/catalog/publishers?q=generale", &publishers); len(publishers.Items) != 1 || publishers.Items[0].Name != "Société Générale de Test" {
		t.Fatalf("publishers %+v", publishers)
	}
	var titles httpapi.Found[catalogapi.ProductTitle]
	if get("/catalog/publishers/"+publishers.Items[0].ID+"/titles?q=resume", &titles); len(titles.Items) != 1 {
		t.Errorf("titles %+v", titles)
	}
	var events httpapi.Page[agreements.AuditEvent]
	if get("/audit?action=catalog.fed", &events); len(events.Items) != 1 || events.Items[0].Source != "import" || events.Items[0].After["titles"] != "7" {
		t.Errorf("events %+v", events)
	}
	copied, err := s.deps.Reports.Open(t.Context(), journal.CopiesPrefix+string(catalog.JournalName)+".2", "", "")
	for deadline := time.Now().Add(20 * time.Second); err != nil && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		copied, err = s.deps.Reports.Open(t.Context(), journal.CopiesPrefix+string(catalog.JournalName)+".2", "", "")
	}
	if err != nil {
		t.Fatalf("no copy: %v", err)
	}
	_ = copied.Body.Close()
}
