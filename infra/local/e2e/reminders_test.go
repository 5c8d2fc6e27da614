package e2e_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trueup/infra/local/aws/loopback"
	"trueup/infra/local/stack"
	"trueup/internal/access"
)

// TestR8_9_RemindersAndFeed lets the schedule send a reminder of an agreement that ends in 30 days: one message, and none in the
// next hour. Then a calendar reads the feed without a token, until it is revoked.
func TestR8_9_RemindersAndFeed(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.BillingAdmin)(shared())
	s := start(t, stack.Options{
		DynamoDBEndpoint: base.DynamoDBEndpoint, FunctionsDynamoDB: onlyGranted(t, base.DynamoDBEndpoint), TableName: "reminders", Env: []string{"INVENTORY_REQUIRED=false"},
	})
	defer s.stop()
	end := time.Now().UTC().AddDate(0, 0, 30).Format(time.DateOnly)
	var added struct{ ID string }
	status, err := s.call(http.MethodPost, "/agreements", map[string]any{
		"type": "other", "name": "Drawing desk", "publisher": "Adobe", "productTitle": "Acrobat Pro 2020", "licenses": 3, "end": end,
	}, &added)
	must(t, err)
	equal(t, "adding an agreement", status, http.StatusCreated)

	for _, hour := range []string{"first", "second"} {
		result, err := s.Invoke(t.Context(), "notices", []byte(`{"source":"trueup.schedule"}`))
		must(t, err)
		if result.FunctionError != "" {
			t.Fatalf("the %s hour: %s", hour, result.Payload)
		}
		files, err := filepath.Glob(filepath.Join(s.NoticesDir, "*"))
		must(t, err)
		if len(files) != 1 {
			t.Fatalf("the %s hour: %d messages", hour, len(files))
		}
		message, err := os.ReadFile(files[0])
		must(t, err)
		for _, want := range []string{"Drawing desk", end, s.FrontURL + "/console/agreements/" + added.ID} {
			if !strings.Contains(string(message), want) {
				t.Errorf("the message lacks %q:\n%s", want, message)
			}
		}
	}

	var feed struct{ Address string }
	status, err = s.call(http.MethodPut, "/reminder-feed", map[string]string{"language": "en"}, &feed)
	must(t, err)
	equal(t, "making the feed", status, http.StatusOK)
	address, err := url.Parse(feed.Address)
	must(t, err)
	read := func() (*http.Response, string) {
		response, err := loopback.Client().Get(s.FrontURL + address.Path) // without a token
		must(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		must(t, err)
		return response, string(body)
	}
	response, calendar := read()
	if response.StatusCode != http.StatusOK || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/calendar") {
		t.Fatalf("%d %s: %s", response.StatusCode, response.Header.Get("Content-Type"), calendar)
	}
	for _, want := range []string{"BEGIN:VCALENDAR\r\n", "BEGIN:VEVENT\r\n", "DTSTART;VALUE=DATE:" + strings.ReplaceAll(end, "-", ""), "Acrobat Pro 2020"} {
		if !strings.Contains(calendar, want) {
			t.Errorf("the calendar lacks %q:\n%s", want, calendar)
		}
	}
	if strings.Contains(calendar, "Drawing desk") {
		t.Error("the calendar has the name of the agreement")
	}
	var now struct{ Exists bool }
	status, err = s.call(http.MethodDelete, "/reminder-feed", nil, nil)
	must(t, err)
	if s.get("/reminder-feed", &now); status >= http.StatusBadRequest || now.Exists {
		t.Errorf("revoking: %d, %+v", status, now)
	}
	if response, body := read(); response.StatusCode != http.StatusNotFound || strings.Contains(body, "VCALENDAR") {
		t.Errorf("after revoking: %d %s", response.StatusCode, body)
	}
}
