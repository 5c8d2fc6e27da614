package vlsc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
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

	reference "trueup/infra/local/vlsc"
	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/vlsc"
)

const (
	clientID = "trueup@contoso"
	secret   = "s3cret: of 100% & more"
)

// contract returns a router of the published contract, for a server at any address.
var contract = sync.OnceValues(func() (routers.Router, error) {
	data, err := os.ReadFile("../docs/vlsc.json")
	if err != nil {
		return nil, err
	}
	document, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, err
	}
	document.Servers = openapi3.Servers{{URL: "http://any" + reference.BasePath}}
	if err := document.Validate(context.Background()); err != nil {
		return nil, err
	}
	return legacy.NewRouter(document)
})

// conforms checks a request and its response against the contract.
func conforms(r *http.Request, question []byte, status int, header http.Header, answer []byte) error {
	router, err := contract()
	if err != nil {
		return err
	}
	request, err := http.NewRequest(r.Method, "http://any"+r.URL.Path, bytes.NewReader(question))
	if err != nil {
		return err
	}
	request.Header = r.Header
	route, params, err := router.FindRoute(request)
	if err != nil {
		return err
	}
	in := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if status < 400 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			return fmt.Errorf("question: %w", err)
		}
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(answer)), Options: in.Options,
	})
}

// stand is a service with its reference server.
type stand struct {
	*vlsc.Service
	server *reference.Server
	log    *bytes.Buffer // of the service

	mu      sync.Mutex
	now     time.Time
	secret  string
	handed  int      // number of reads of the secret
	tokens  []string // tokens sent by the service
	wrongly []error  // violations of the contract
}

func (s *stand) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stand) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// RoundTrip records requests and checks them against the contract.
func (s *stand) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != reference.EntitlementsPath {
		return http.DefaultTransport.RoundTrip(r)
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	question, _ := io.ReadAll(body)
	s.mu.Lock()
	s.tokens = append(s.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	s.mu.Unlock()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, broken := io.ReadAll(response.Body)
	response.Body.Close()
	if broken != nil {
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(answer), errReader{broken}))
		return response, nil
	}
	response.Body = io.NopCloser(bytes.NewReader(answer))
	if err := conforms(r, question, response.StatusCode, response.Header, answer); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.wrongly = append(s.wrongly, err)
	}
	return response, nil
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

// newStand returns a stand whose service has the given timeout.
func newStand(t *testing.T, timeout time.Duration) *stand {
	t.Helper()
	s := &stand{now: time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC), secret: secret, log: &bytes.Buffer{}}
	s.server = reference.New(clientID, secret, time.Hour, s.clock)
	server := httptest.NewServer(s.server)
	t.Cleanup(server.Close)
	s.Service = newService(t, vlsc.Config{
		Endpoint: server.URL + reference.BasePath, TokenURL: server.URL + reference.TokenPath, Transport: s, Timeout: timeout, Now: s.clock,
		Log: slog.New(slog.NewJSONHandler(s.log, nil)),
		Credentials: func(context.Context) (string, string, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.handed++
			return clientID, s.secret, nil
		},
	})
	return s
}

func newService(t *testing.T, c vlsc.Config) *vlsc.Service {
	t.Helper()
	service, err := vlsc.NewService(c)
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// some returns n different pairs.
func some(n int) []agreement.Pair {
	pairs := make([]agreement.Pair, n)
	for i := range pairs {
		pairs[i] = agreement.Pair{Authorization: fmt.Sprintf("01e-%05d", i), License: fmt.Sprintf("8%06d", i)}
	}
	return pairs
}

// states counts answers by state and reason.
func states(answers []entitlement.Answer) map[string]int {
	counts := map[string]int{}
	for _, a := range answers {
		counts[strings.TrimSpace(string(a.State)+" "+a.Reason)]++
	}
	return counts
}

func TestR7_4_ServiceIsExact(t *testing.T) {
	t.Parallel()
	s := newStand(t, time.Minute)
	pairs := some(250)
	pairs = append(pairs, agreement.Pair{Authorization: "01E00007", License: "8-000007"}, pairs[3]) // repeat two pairs
	answers, err := s.Ask(t.Context(), pairs)
	if err != nil || len(answers) != len(pairs) {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	licenses := 0
	for i, a := range answers {
		if a.Pair != pairs[i].Key() || (a.State == entitlement.StateValid) != (a.Reason == "") || a.State != entitlement.StateValid && a.Entitlements != nil {
			t.Errorf("answer %d about %s: %+v", i, pairs[i], a)
		}
		for _, e := range a.Entitlements {
			licenses += e.Effective
			if e.Publisher != "Microsoft" || e.Family == "" || e.ActiveSA > e.Effective || e.End <= e.Start {
				t.Errorf("%s: %+v", pairs[i], e)
			}
		}
	}
	if diff := cmp.Diff(answers[7], answers[250]); diff != "" {
		t.Errorf("one pair, two spellings, two answers: %s", diff)
	}
	counts := states(answers)
	if counts["valid"] < 200 || counts["invalid vlsc_unknown"] == 0 || counts["invalid vlsc_unrelated"] == 0 || counts["invalid vlsc_no_access"] == 0 || licenses == 0 {
		t.Errorf("%v, %d licenses", counts, licenses)
	}
	if got, want := s.server.Stats(), (reference.Stats{Tokens: 1, Questions: 3, Pairs: 250}); got.Tokens != want.Tokens || got.Questions != want.Questions || got.Pairs != want.Pairs {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, i := range []int{0, 99, 100, 249} { // first and last pairs of batches
		alone, err := s.Ask(t.Context(), pairs[i:i+1])
		if diff := cmp.Diff(answers[i:i+1], alone); diff != "" || err != nil {
			t.Errorf("pair %d alone: %v %s", i, err, diff)
		}
	}
	if s.wrongly != nil {
		t.Errorf("outside the contract: %v", s.wrongly)
	}
	if none, err := s.Ask(t.Context(), nil); len(none) != 0 || err != nil {
		t.Errorf("no pairs: %v, %v", none, err)
	}
}

// TestEveryFault checks that the service returns no untrusted answer, for every fault of the
// server.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"error": entitlement.ReasonFailed, "unavailable": entitlement.ReasonFailed, "forbidden": entitlement.ReasonDenied, "html": entitlement.ReasonDamaged,
		"hang": entitlement.ReasonTimeout, "reset": entitlement.ReasonUnreachable, "truncated": entitlement.ReasonDamaged, "schema": entitlement.ReasonDamaged,
		"type": entitlement.ReasonDamaged, "unknown": entitlement.ReasonDamaged, "twice": entitlement.ReasonDamaged, "longer": entitlement.ReasonDamaged,
		"fewer": entitlement.ReasonDamaged, "empty": entitlement.ReasonDamaged, "duplicate": entitlement.ReasonDamaged, "foreign": entitlement.ReasonDamaged,
		"negative": entitlement.ReasonDamaged, "absurd": entitlement.ReasonDamaged, "huge": entitlement.ReasonDamaged,
	}
	// The service retries after these faults.
	again := map[string]bool{"error": true, "unavailable": true, "hang": true, "reset": true, "truncated": true}
	// These modes follow the contract.
	answered := map[string]bool{"later": true, "none": true, "half": true}
	for mode := range reference.Modes {
		if answered[mode] {
			continue
		}
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			timeout := time.Minute
			if mode == "hang" {
				timeout = 300 * time.Millisecond
			}
			s := newStand(t, timeout)
			s.server.SetFaults(reference.Faults{Mode: mode})
			answers, err := s.Ask(t.Context(), some(10))
			var fault *entitlement.Fault
			if !errors.As(err, &fault) || fault.Reason != want[mode] || answers != nil {
				t.Fatalf("%d answers, %v; want %s", len(answers), err, want[mode])
			}
			questions := 1
			if again[mode] {
				questions = 4
			}
			if got := s.server.Stats().Questions; got != questions && !(mode == "hang" && got < questions && got > 0) { // a slow machine may time out before all retries
				t.Errorf("asked %d times, want %d", got, questions)
			}
			if !strings.Contains(s.log.String(), `"reason":"`+want[mode]+`"`) {
				t.Errorf("log: %s", s.log)
			}
			s.holdsNoSecret(t, err)
			if mode == "hang" {
				return
			}

			// Only the faulty batch of several fails; the other answers are exact.
			s = newStand(t, timeout)
			good, err := s.Ask(t.Context(), some(250))
			if err != nil {
				t.Fatal(err)
			}
			if mode == "forbidden" {
				return // nothing more is asked
			}
			if !again[mode] {
				s.server.SetFaults(reference.Faults{Mode: mode, Times: 1})
				answers, err = s.Ask(t.Context(), some(250))
				if err != nil {
					t.Fatal(err)
				}
				lost := 0
				for i, a := range answers {
					if a.State == entitlement.StateError && a.Reason == want[mode] && a.Entitlements == nil && a.Pair == good[i].Pair {
						lost++
					} else if diff := cmp.Diff(good[i], a); diff != "" {
						t.Fatalf("answer %d: %s", i, diff)
					}
				}
				if lost != 100 && lost != 50 {
					t.Errorf("%d pairs lost", lost)
				}
				return
			}
			s.server.SetFaults(reference.Faults{Mode: mode, Times: 3})
			answers, err = s.Ask(t.Context(), some(250))
			if diff := cmp.Diff(good, answers); diff != "" || err != nil {
				t.Errorf("tried again: %v %s", err, diff)
			}
		})
	}
	if len(want)+len(answered) != len(reference.Modes) {
		t.Errorf("%d of %d modes", len(want)+len(answered), len(reference.Modes))
	}
}

// holdsNoSecret checks that logs and the error contain no credentials.
func (s *stand) holdsNoSecret(t *testing.T, err error) {
	t.Helper()
	for _, hidden := range append([]string{secret, "s3cret"}, s.tokens...) {
		if strings.Contains(s.log.String(), hidden) || err != nil && strings.Contains(err.Error(), hidden) {
			t.Errorf("%q stands in %v or in %s", hidden, err, s.log)
		}
	}
	if len(s.tokens) == 0 {
		t.Error("no token was sent")
	}
}

func TestAnswersWithinTheContract(t *testing.T) {
	t.Parallel()
	s := newStand(t, time.Minute)
	good, err := s.Ask(t.Context(), some(100))
	if err != nil {
		t.Fatal(err)
	}
	sum := func(answers []entitlement.Answer) (total int) {
		for _, a := range answers {
			for _, e := range a.Entitlements {
				total += e.Effective
			}
		}
		return total
	}
	for mode, test := range map[string]func(counts map[string]int, total int) bool{
		"later": func(counts map[string]int, _ int) bool {
			return counts["error vlsc_later"] == 25 && counts["valid"] > 50
		},
		"none": func(counts map[string]int, total int) bool { return maps.Equal(counts, states(good)) && total == 0 },
		"half": func(counts map[string]int, total int) bool {
			return maps.Equal(counts, states(good)) && total > sum(good)/3 && total <= sum(good)/2
		},
	} {
		s.server.SetFaults(reference.Faults{Mode: mode})
		answers, err := s.Ask(t.Context(), some(100))
		if err != nil || len(answers) != 100 || !test(states(answers), sum(answers)) {
			t.Errorf("%s: %v, %v", mode, states(answers), err)
		}
	}
	if s.wrongly != nil {
		t.Errorf("outside the contract: %v", s.wrongly)
	}
}

func TestAServiceThatIsDownIsGivenUpSoon(t *testing.T) {
	t.Parallel()
	s := newStand(t, 10*time.Millisecond)
	s.server.SetFaults(reference.Faults{Mode: "hang"})
	_, err := s.Ask(t.Context(), some(5000))
	var fault *entitlement.Fault
	if !errors.As(err, &fault) || fault.Reason != entitlement.ReasonTimeout {
		t.Errorf("%v", err)
	}
	if got := s.server.Stats(); got.Questions > 8*4 {
		t.Errorf("%d questions for 50 batches of a service that hangs", got.Questions)
	}
}
