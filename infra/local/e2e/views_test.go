package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trueup/infra/local/stack"
	"trueup/internal/access"
)

// TestR8_8_ScheduledView saves a view, and lets the schedule make its file with the real binaries: one file in the
// bucket, and one message with a link to the console.
func TestR8_8_ScheduledView(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.BillingAdmin)(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, FunctionsDynamoDB: onlyGranted(t, base.DynamoDBEndpoint), TableName: "views"})
	defer s.stop()
	s.put("agreements/views.csv", "VW-1,VW-1,Views\n", nil)
	s.wait("views.csv")
	var saved struct{ ID, LastDay string }
	status, err := s.call(http.MethodPost, "/views", map[string]any{
		"name": "Every day", "report": "license-purchases", "columns": []string{"name", "status"}, "shared": true,
		"schedule": map[string]any{"every": "day", "format": "csv", "language": "en"},
	}, &saved)
	must(t, err)
	equal(t, "saving", status, http.StatusCreated)
	status, err = s.call(http.MethodPost, "/views/"+saved.ID+"/sending", nil, nil)
	must(t, err)
	equal(t, "asking for the file", status, http.StatusAccepted)
	for end := time.Now().Add(time.Minute); saved.LastDay == ""; time.Sleep(100 * time.Millisecond) {
		if s.get("/views/"+saved.ID, &saved); time.Now().After(end) {
			t.Fatal("no file is made")
		}
	}
	var file string
	s.get("/views/"+saved.ID+"/files/"+saved.LastDay, &file) // follows the redirect to the bucket
	if !strings.HasPrefix(file, "\ufeff") || len(strings.Split(strings.SplitN(file, "\r\n", 2)[0], ",")) != 2 {
		t.Errorf("the file has other columns: %.200q", file)
	}
	messages := func() (texts []string) {
		found, err := filepath.Glob(filepath.Join(s.NoticesDir, "*"))
		must(t, err)
		for _, name := range found {
			text, err := os.ReadFile(name)
			must(t, err)
			texts = append(texts, string(text))
		}
		return texts
	}
	for end := time.Now().Add(30 * time.Second); len(messages()) == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no message is sent")
		}
	}
	// The next call of the schedule makes no second one.
	_, err = s.Invoke(t.Context(), "delivery", []byte(`{"source":"trueup.schedule"}`))
	must(t, err)
	if all := messages(); len(all) != 1 || !strings.Contains(all[0], s.FrontURL+"/console/views/"+saved.ID+"/files") || strings.Contains(all[0], "X-Amz-") {
		t.Errorf("messages: %q", all)
	}
}
