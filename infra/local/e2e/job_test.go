package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/manifest"
)

// TestMainJob does the main job of a licence admin: files in the bucket become agreements
// or reported mistakes. After a restart, everything must be unchanged.
func TestMainJob(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := start(t, stack.Options{Data: data})
	defer func() { s.stop() }()

	// R3.1, R3.8: a file in a folder creates a license group.
	s.put("agreements/Head office/first import + 1%.csv", sample(t, "first-import.csv"), nil)
	imp := s.wait("first import + 1%.csv")
	equal(t, "import", imp, imported{
		ID: imp.ID, FileName: "first import + 1%.csv", State: "succeeded", Final: true, By: imp.By, Via: "import",
		Rows: 12, Added: 12, AgreementsCreated: 4,
	})
	var groups page[group]
	s.get("/groups", &groups)
	if len(groups.Items) != 2 || groups.Items[1].Name != "Head office" || groups.Items[1].AgreementCount != 4 {
		t.Fatalf("groups: %+v", groups)
	}
	listed := "/agreements?limit=3&group=" + groups.Items[1].ID
	agreements, err := all[agreement](s, listed)
	must(t, err)
	names := ""
	for _, a := range agreements {
		names += fmt.Sprintf("%s %d; ", a.Name, a.PairCount)
	}
	equal(t, "agreements", names, "Antwerp branch 2; Enterprise enrollment 3; Office agreements 4; Server agreements 3; ")
	pairs, err := all[pair](s, "/agreements/"+agreements[0].ID+"/pairs?limit=1")
	must(t, err)
	equal(t, "pairs", pairs, []pair{{"01-09340", "01-09340", "open-value"}, {"01-09341", "01-09341", "open-value"}})

	// R3.7: every mistake is reported, in the reader's language.
	s.put("agreements/mistakes.csv", sample(t, "mistakes.csv"), nil)
	imp = s.wait("mistakes.csv")
	if imp.State != "rejected" || imp.Errors < 10 || imp.Rejected != imp.Rows {
		t.Errorf("import: %+v", imp)
	}
	findings, err := all[find](s, "/imports/"+imp.ID+"/findings?limit=5")
	must(t, err)
	equal(t, "findings", len(findings), imp.Errors+imp.Warnings)
	var copied string
	s.get("/imports/"+imp.ID+"/annotated?lang=nl", &copied) // follows the redirect to the bucket
	if !strings.HasPrefix(copied, "\ufeff") || strings.Count(copied, "\r\n") <= imp.Rows {
		t.Errorf("annotated copy: %.200q", copied)
	}
	for _, f := range findings {
		if f.Message == "" || f.Code == "" || f.Line == 0 {
			t.Errorf("finding: %+v", f)
		}
	}

	// R3.1: the same through a presigned upload.
	body := "01-07777,01-07777,Uploaded\n"
	var created struct {
		Import imported
		Upload struct {
			Method, URL string
			Headers     map[string]string
		}
	}
	status, err := s.call(http.MethodPost, "/imports", map[string]any{"fileName": "up.csv", "size": len(body), "group": "head OFFICE"}, &created)
	must(t, err)
	equal(t, "POST /imports", status, http.StatusCreated)
	request, err := http.NewRequest(created.Upload.Method, created.Upload.URL, strings.NewReader(body))
	must(t, err)
	for name, value := range created.Upload.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	response.Body.Close()
	equal(t, "upload", response.StatusCode, http.StatusOK)
	imp = s.wait("up.csv")
	if imp.ID != created.Import.ID || imp.By != "jo" || imp.Via != "api" || imp.Added != 1 {
		t.Errorf("import: %+v", imp)
	}

	// SPEC 11: access control.
	anybody := s
	anybody.token = ""
	status, err = anybody.call(http.MethodGet, "/agreements", nil, nil)
	must(t, err)
	equal(t, "without a token", status, http.StatusUnauthorized)
	reader := usedBy(t, "kim", access.PasswordAdmin)(s.Stack, nil)
	status, err = reader.call(http.MethodPost, "/imports", map[string]any{"fileName": "x.csv", "size": 1}, nil)
	must(t, err)
	equal(t, "without the role", status, http.StatusForbidden)

	// After a restart, everything is unchanged.
	read := func() (all string) {
		for _, path := range []string{"/imports", "/groups", "/agreements?limit=100", "/imports/" + imp.ID} {
			var text string
			s.get(path, &text)
			all += text + "\n"
		}
		return all
	}
	s.refreshed()
	before := read()
	s.stop()
	s = start(t, stack.Options{Data: data})
	equal(t, "after the restart", read(), before)
}

// TestR3_9_DeadLetter lets an import fail until its event is a dead letter. When the cause is
// removed and the event is sent again, the import succeeds.
func TestR3_9_DeadLetter(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	broken := stack.Options{
		Data: data, DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "dead-letter", RetryDelays: []time.Duration{10 * time.Millisecond},
		Env: []string{"TRUEUP_TABLE=no-such-table"},
	}
	s := start(t, broken)
	s.put("agreements/Sales/lost + found.csv", "1,1,Office\n", nil)
	for range 3000 {
		if s.Pending() == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	letters, err := s.DeadLetters()
	must(t, err)
	if len(letters) != 1 {
		t.Fatalf("%d dead letters", len(letters))
	}
	var event struct {
		Records []struct {
			S3 struct {
				Bucket struct{ Name string }
				Object struct{ Key, VersionID string }
			}
		}
	}
	must(t, json.Unmarshal(letters[0].RequestPayload, &event))
	lost := event.Records[0].S3
	if lost.Bucket.Name != stack.UploadsBucket || lost.Object.Key != "agreements/Sales/lost+%2B+found.csv" || lost.Object.VersionID == "" {
		t.Errorf("dead letter: %s", letters[0].RequestPayload)
	}
	f, _ := manifest.Find("import")
	logged, err := os.ReadFile(data + "/logs/import.log")
	must(t, err)
	if n := strings.Count(string(logged), "file not received"); n != f.Deliveries() {
		t.Errorf("logged %d times, want once in each of %d deliveries", n, f.Deliveries())
	}
	s.stop()

	broken.Env = nil
	s = start(t, broken)
	defer s.stop()
	_, err = s.InvokeAsync("import", letters[0].RequestPayload)
	must(t, err)
	imp := s.wait("lost + found.csv")
	equal(t, "state", imp.State, "succeeded")
}
