package vlsc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/infra/local/vlsc"
	"trueup/internal/testkit/golden"
)

var contract = sync.OnceValues(func() (routers.Router, error) {
	data, err := os.ReadFile("../../../internal/docs/vlsc.json")
	if err != nil {
		return nil, err
	}
	document, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, err
	}
	document.Servers = openapi3.Servers{{URL: "http://example.com" + vlsc.BasePath}}
	return legacy.NewRouter(document)
})

// server is the reference server, called without network.
type server struct {
	*vlsc.Server
	t   *testing.T
	now time.Time
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t, now: time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)}
	s.Server = vlsc.New("me", "hush", time.Minute, func() time.Time { return s.now })
	return s
}

func (s *server) token() string {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, vlsc.TokenPath, strings.NewReader("grant_type=client_credentials"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("me", "hush")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var answer struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 || answer.Expires != 60 || w.Header().Get("Cache-Control") != "no-store" {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return answer.Token
}

// ask sends a request. It checks the response, and the request if it was accepted, against
// the contract.
func (s *server) ask(token, question string) *httptest.ResponseRecorder {
	s.t.Helper()
	request := func() *http.Request {
		r := httptest.NewRequest(http.MethodPost, "http://example.com"+vlsc.EntitlementsPath, strings.NewReader(question))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		return r
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, request())
	router, err := contract()
	if err != nil {
		s.t.Fatal(err)
	}
	route, params, err := router.FindRoute(request())
	if err != nil {
		s.t.Fatal(err)
	}
	in := &openapi3filter.RequestValidationInput{
		Request: request(), PathParams: params, Route: route,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	err = openapi3filter.ValidateRequest(context.Background(), in)
	if w.Code == http.StatusOK && err != nil {
		s.t.Errorf("accepted although the contract does not allow it: %v", err)
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: w.Code, Header: w.Header(), Body: io.NopCloser(bytes.NewReader(w.Body.Bytes())), Options: in.Options,
	})
	if err != nil {
		s.t.Errorf("%d %s: %v", w.Code, w.Body, err)
	}
	return w
}

func question(pairs ...string) string {
	list := make([]string, len(pairs))
	for i, p := range pairs {
		authorization, license, _ := strings.Cut(p, "+")
		list[i] = fmt.Sprintf(`{"authorization":%q,"license":%q}`, authorization, license)
	}
	return `{"pairs":[` + strings.Join(list, ",") + `]}`
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	token := s.token()
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf("A%d+L%d", i, i)
	}
	for name, test := range map[string]struct {
		question string
		status   int
	}{
		"one pair":          {question("01-07001+01-07001"), 200},
		"a hundred":         {question(many[:100]...), 200},
		"a hundred and one": {question(many...), 400},
		"none":              {`{"pairs":[]}`, 400},
		"a pair twice":      {question("a-1+1", "A1+1"), 400},
		"an empty number":   {question("+1"), 400},
		"other signs":       {question("a/b+1"), 400},
		"a long number":     {question(strings.Repeat("1", 33) + "+1"), 400},
		"another member":    {`{"pairs":[],"all":true}`, 400},
		"no JSON":           {`pairs`, 400},
		"two questions":     {question("1+1") + question("1+1"), 400},
		"too large":         {question("1+1") + strings.Repeat(" ", 64<<10), 413},
	} {
		if w := s.ask(token, test.question); w.Code != test.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for _, bad := range []string{"", "x", token + "x"} {
		if w := s.ask(bad, question("1+1")); w.Code != http.StatusUnauthorized {
			t.Errorf("token %q: %d", bad, w.Code)
		}
	}
	s.now = s.now.Add(time.Minute)
	if w := s.ask(token, question("1+1")); w.Code != http.StatusUnauthorized {
		t.Errorf("after a token's life: %d", w.Code)
	}
}

// TestAnswersStay checks that generated answers stay the same in all versions, because
// demos and their reports depend on them.
func TestAnswersStay(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	got := s.ask(s.token(), question("01-07001+01-07001", "01E73529+8123456", "01E73529+8123490")).Body.Bytes()
	golden.Equal(t, "testdata/answers.json", got)
	type answers struct{ Answers []vlsc.Answer }
	var first, again answers
	for body, to := range map[string]*answers{
		string(got): &first,
		s.ask(s.token(), question("01 07001+0107001", "01e73529+812-3456", "01E-73529+8123490")).Body.String(): &again,
	} {
		if err := json.Unmarshal([]byte(body), to); err != nil {
			t.Fatal(err)
		}
	}
	for i := range first.Answers {
		if diff := cmp.Diff(first.Answers[i], again.Answers[i], cmpopts.IgnoreFields(vlsc.Answer{}, "Pair")); diff != "" {
			t.Errorf("another spelling, another answer: %s", diff)
		}
	}
}

func TestTokenRequests(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for name, test := range map[string]struct {
		id, secret, body string
		status           int
		code             string
	}{
		"good":                   {"me", "hush", "grant_type=client_credentials", 200, ""},
		"in the body":            {"", "", "grant_type=client_credentials&client_id=me&client_secret=hush", 200, ""},
		"a wrong secret":         {"me", "hash", "grant_type=client_credentials", 401, "invalid_client"},
		"another client":         {"you", "hush", "grant_type=client_credentials", 401, "invalid_client"},
		"badly encoded":          {"%", "hush", "grant_type=client_credentials", 401, "invalid_client"},
		"nobody":                 {"", "", "grant_type=client_credentials", 401, "invalid_client"},
		"another grant":          {"me", "hush", "grant_type=password", 400, "unsupported_grant_type"},
		"a body that is no form": {"me", "hush", "%", 400, "invalid_request"},
	} {
		r := httptest.NewRequest(http.MethodPost, vlsc.TokenPath, strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if test.id != "" {
			r.SetBasicAuth(test.id, test.secret)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.code) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func TestFaultsOverHTTP(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	token := s.token()
	put := func(body string) int {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPut, vlsc.FaultsPath, strings.NewReader(body)))
		return w.Code
	}
	for body, want := range map[string]int{
		`{"mode":"error","every":2}`: 204, `{}`: 204, `{"mode":"weather"}`: 400, `{"every":-1}`: 400, `{"speed":1}`: 400, `x`: 400,
	} {
		if got := put(body); got != want {
			t.Errorf("%s: %d", body, got)
		}
	}
	statuses := func(n int) (list []int) {
		for range n {
			list = append(list, s.ask(token, question("1+1")).Code)
		}
		return list
	}
	for body, want := range map[string][]int{
		`{"mode":"error","every":2}`:                     {200, 500, 200, 500},
		`{"mode":"unavailable","times":2}`:               {503, 503, 200, 200},
		`{"mode":"forbidden"}`:                           {403, 403, 403, 403},
		`{"quota":3,"retryAfter":7}`:                     {200, 200, 200, 429},
		`{"mode":"error","every":3,"times":1}`:           {200, 200, 500, 200, 200, 200},
		`{"latencyMs":1,"mode":"later"}`:                 {200},
		`{"mode":"none"}`:                                {200},
		`{"mode":"half"}`:                                {200},
		`{"mode":"foreign"}`:                             {200},
		`{"quota":1,"retryAfter":7,"mode":"forbidden" }`: {403, 429},
	} {
		if put(body) != 204 {
			t.Errorf("%s: refused", body)
		}
		if diff := cmp.Diff(want, statuses(len(want))); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
	s.SetFaults(vlsc.Faults{Quota: 1, RetryAfter: 7})
	statuses(1)
	if got := s.ask(token, question("1+1")).Header().Get("Retry-After"); got != "7" {
		t.Errorf("Retry-After: %q", got)
	}
	s.now = s.now.Add(time.Second)
	if got := statuses(1); got[0] != 200 {
		t.Errorf("in the next second: %d", got[0])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, vlsc.FaultsPath, nil))
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, `"quota":1`) || !strings.Contains(body, `"tokens":1`) || !strings.Contains(body, `"truncated":`) {
		t.Errorf("%d %s", w.Code, body)
	}
}
