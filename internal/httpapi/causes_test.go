package httpapi_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"trueup/internal/httpapi/route"
)

// lines is a log with concurrent writers.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(line))
	return len(line), nil
}

// explain checks that the log explains an answer with a status of 500 and above: one line with
// the operation, the level of the status, and a cause. It does the same for items of a call
// about many. The cause contains nothing of the body or the caller.
func (l *lines) explain(t *testing.T, r route.Route, requestID, body string, status int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for _, text := range l.all {
		var line struct {
			Level, Msg, Error, Operation string
			RequestID                    string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if line.RequestID != requestID {
			continue
		}
		found = append(found, text)
		level, msg := "ERROR", "fault"
		if status == http.StatusServiceUnavailable {
			level, msg = "WARN", "unavailable"
		}
		cause := strings.TrimPrefix(line.Error, "try_again")
		if line.Level != level || line.Msg != msg || line.Operation != r.Operation || len(strings.Trim(cause, ": ")) == 0 {
			t.Errorf("R16.3: %s: %d, and the log says %s", r.Key(), status, text)
		}
		for _, secret := range append(texts(body), secretKey, secretToken, admin.Principal.Subject) {
			if strings.Contains(line.Error, secret) {
				t.Errorf("R16.3: %s: the log shows %q: %s", r.Key(), secret, text)
			}
		}
	}
	if want := status >= http.StatusInternalServerError; len(found) > 1 || want != (len(found) == 1) {
		t.Errorf("R16.3: %s: %d, and the log has %d lines: %q", r.Key(), status, len(found), found)
	}
}

// Secrets of a request that must not appear in a log.
const (
	secretKey   = "key-of-the-client"
	secretToken = "Bearer token-of-the-client"
)

// texts returns the strings in a JSON value that are long enough to be recognised.
func texts(body string) (found []string) {
	for _, quoted := range regexp.MustCompile(`: *"([^"\\]{8,})"`).FindAllStringSubmatch(body, -1) {
		found = append(found, quoted[1])
	}
	return found
}
