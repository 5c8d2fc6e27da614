package vlsc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	reference "trueup/infra/local/vlsc"
	"trueup/internal/entitlement"
	"trueup/internal/vlsc"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	s := newStand(t, time.Minute)
	ask := func(when string, tokens, handed int) {
		t.Helper()
		if _, err := s.Ask(t.Context(), some(1)); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		if got := s.server.Stats().Tokens; got != tokens || s.handed != handed {
			t.Errorf("%s: %d tokens, the secret was read %d times; want %d and %d", when, got, s.handed, tokens, handed)
		}
	}
	ask("at first", 1, 1)
	ask("again", 1, 1)
	s.pass(5*time.Minute - time.Second)
	ask("before five minutes are over", 1, 1)
	s.pass(time.Second)
	ask("after five minutes", 2, 2)
	s.server.Revoke()
	ask("when it was refused", 3, 3)

	s.secret = "changed"
	ask("with a token of the old secret", 3, 3)
	s.pass(5 * time.Minute)
	_, err := s.Ask(t.Context(), some(500))
	var fault *entitlement.Fault
	if !errors.As(err, &fault) || fault.Reason != entitlement.ReasonDenied {
		t.Errorf("with another secret: %v", err)
	}
	s.holdsNoSecret(t, err)
}

// TestATokenThatIsNeverAccepted checks that a rejected token is renewed only once.
func TestATokenThatIsNeverAccepted(t *testing.T) {
	t.Parallel()
	tokens, questions := 0, 0
	s := served(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == reference.TokenPath {
			tokens++
			token(w, "t", 3600)
			return
		}
		questions++
		w.WriteHeader(http.StatusUnauthorized)
	})
	if _, err := s.Ask(t.Context(), some(1)); tokens != 2 || questions != 2 || reasonOf(err) != entitlement.ReasonDenied {
		t.Errorf("%d tokens, %d questions, %v", tokens, questions, err)
	}
}

func reasonOf(err error) string {
	var fault *entitlement.Fault
	if errors.As(err, &fault) {
		return fault.Reason
	}
	return fmt.Sprint(err)
}

func token(w http.ResponseWriter, value string, expires int) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"bearer","expires_in":%d,"ext":1}`, value, expires)
}

// served returns a service whose server is a handler. It needs no network, so it works in a
// synctest bubble.
func served(t *testing.T, serve http.HandlerFunc) *vlsc.Service {
	t.Helper()
	return newService(t, vlsc.Config{
		Endpoint: "https://gateway.example.com/v1", TokenURL: "https://gateway.example.com/token", Transport: handled(serve), Now: time.Now, Timeout: time.Minute,
		Log:         slog.New(slog.DiscardHandler),
		Credentials: func(context.Context) (string, string, error) { return clientID, secret, nil },
	})
}

type handled http.HandlerFunc

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

func TestNoCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := reference.New(clientID, secret, time.Hour, time.Now)
		gone, calls := errors.New("the store of secrets is away"), 0
		s := newService(t, vlsc.Config{
			Endpoint: "https://gateway.example.com/v1", TokenURL: "https://gateway.example.com/token", Transport: handled(server.ServeHTTP), Now: time.Now,
			Log: slog.New(slog.DiscardHandler),
			Credentials: func(context.Context) (string, string, error) {
				if calls++; calls < 6 {
					return "", "", gone
				}
				return clientID, secret, nil
			},
		})
		if _, err := s.Ask(t.Context(), some(1)); reasonOf(err) != entitlement.ReasonUnreachable || !errors.Is(err, gone) || calls != 4 {
			t.Errorf("after %d calls: %v", calls, err)
		}
		if answers, err := s.Ask(t.Context(), some(1)); err != nil || len(answers) != 1 || calls != 6 {
			t.Errorf("after %d calls: %v", calls, err)
		}
	})
}

func TestTokenAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		serve http.HandlerFunc
		want  string
	}{
		"a wrong secret as some say it": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }, entitlement.ReasonDenied},
		"not found":                     {http.NotFound, entitlement.ReasonRefused},
		"a failure":                     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, entitlement.ReasonFailed},
		"another kind of token": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token":"hidden","token_type":"mac","expires_in":60}`)
		}, entitlement.ReasonDamaged},
		"a token that breaks a header": {func(w http.ResponseWriter, _ *http.Request) { token(w, "hidden\r\nX: y", 60) }, entitlement.ReasonDamaged},
		"no token":                     {func(w http.ResponseWriter, _ *http.Request) { token(w, "", 60) }, entitlement.ReasonDamaged},
		"broken JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token":"hidden`)
		}, entitlement.ReasonDamaged},
		"far too much": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, strings.Repeat(" ", 1<<20))
		}, entitlement.ReasonDamaged},
		"a page to sign in at": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example.com/", http.StatusTemporaryRedirect)
		}, entitlement.ReasonRefused},
		"what we sent": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, r.Header)
		}, entitlement.ReasonDenied},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := served(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Host != "gateway.example.com" || r.URL.Path != reference.TokenPath {
					t.Errorf("%s: %s was asked", name, r.URL)
				}
				if id, pass, ok := r.BasicAuth(); !ok || id != "trueup%40contoso" || pass == secret {
					t.Errorf("%s: credentials are not encoded: %s", name, id)
				}
				test.serve(w, r)
			})
			_, err := s.Ask(t.Context(), some(1))
			if reasonOf(err) != test.want || !strings.Contains(err.Error(), "for a token") {
				t.Errorf("%s: %v", name, err)
			}
			for _, hidden := range []string{"hidden", "s3cret", "Basic"} {
				if strings.Contains(err.Error(), hidden) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	for expires, want := range map[int]time.Duration{3600: 5 * time.Minute, 300: 270 * time.Second, 60: 30 * time.Second, 20: 10 * time.Second, 0: 0, -5: 0} {
		synctest.Test(t, func(t *testing.T) {
			tokens := 0
			s := served(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == reference.TokenPath {
					tokens++
					token(w, fmt.Sprint(tokens), expires)
					return
				}
				w.WriteHeader(http.StatusConflict)
			})
			ask := func() int {
				_, _ = s.Ask(t.Context(), some(1)) // the answer does not matter
				return tokens
			}
			if ask() != 1 {
				t.Fatal("no token")
			}
			if want > 0 {
				time.Sleep(want - time.Millisecond)
				if ask() != 1 {
					t.Errorf("%d s: fetched anew before %s", expires, want)
				}
				time.Sleep(time.Millisecond)
			}
			if ask() != 2 {
				t.Errorf("%d s: kept after %s", expires, want)
			}
		})
	}
}

func TestR7_4_RetryAfter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		header   func(now time.Time) string
		status   int
		deadline time.Duration // 0 for none
		least    time.Duration
		most     time.Duration
		want     string // reason; empty if the last attempt succeeds
	}{
		"seconds, 429":                    {func(time.Time) string { return "30" }, 429, 0, 30 * time.Second, 30 * time.Second, ""},
		"seconds, 503":                    {func(time.Time) string { return "30" }, 503, 0, 30 * time.Second, 30 * time.Second, ""},
		"a date":                          {func(now time.Time) string { return now.Add(90 * time.Second).UTC().Format(http.TimeFormat) }, 429, 0, 89 * time.Second, 90 * time.Second, ""},
		"a date that is over":             {func(now time.Time) string { return now.Add(-time.Hour).UTC().Format(http.TimeFormat) }, 429, 0, 0, 200 * time.Millisecond, ""},
		"none":                            {func(time.Time) string { return "" }, 429, 0, 0, 200 * time.Millisecond, ""},
		"nonsense":                        {func(time.Time) string { return "-soon" }, 429, 0, 0, 200 * time.Millisecond, ""},
		"longer than there is time":       {func(time.Time) string { return "30" }, 429, 20 * time.Second, 0, 0, entitlement.ReasonQuota},
		"as long as there is time":        {func(time.Time) string { return "30" }, 429, 31 * time.Second, 30 * time.Second, 30 * time.Second, ""},
		"longer than any function lives":  {func(time.Time) string { return "86400" }, 429, 0, 0, 0, entitlement.ReasonQuota},
		"more seconds than a number goes": {func(time.Time) string { return "99999999999999999999" }, 429, 0, 0, 200 * time.Millisecond, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			server := reference.New(clientID, secret, time.Hour, time.Now)
			refused := false
			s := served(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == reference.EntitlementsPath && !refused {
					refused = true
					if value := test.header(time.Now()); value != "" {
						w.Header().Set("Retry-After", value)
					}
					w.WriteHeader(test.status)
					return
				}
				server.ServeHTTP(w, r)
			})
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if test.deadline > 0 {
				ctx, cancel = context.WithTimeout(ctx, test.deadline)
			}
			defer cancel()
			start := time.Now()
			answers, err := s.Ask(ctx, some(1))
			took := time.Since(start)
			if took < test.least || took > test.most {
				t.Errorf("%s: took %s", name, took)
			}
			if test.want == "" && (err != nil || len(answers) != 1) || test.want != "" && reasonOf(err) != test.want {
				t.Errorf("%s: %v, %v", name, answers, err)
			}
		})
	}
}

// TestR7_4_QuotaDelaysAllRequests asks for more than the quota allows, and checks that all is
// answered with few rejected requests.
func TestR7_4_QuotaDelaysAllRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := reference.New(clientID, secret, time.Hour, time.Now)
		server.SetFaults(reference.Faults{Quota: 2, RetryAfter: 1})
		answers, err := served(t, server.ServeHTTP).Ask(t.Context(), some(1000))
		if counts := states(answers); err != nil || counts["error "+entitlement.ReasonQuota] != 0 || len(answers) != 1000 {
			t.Errorf("%v, %v", counts, err)
		}
		if asked := server.Stats().Questions; asked > 40 {
			t.Errorf("%d questions for 10 batches", asked)
		}
	})
}

func TestR7_4_Concurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := reference.New(clientID, secret, time.Hour, time.Now)
		server.SetFaults(reference.Faults{LatencyMS: 1000})
		start := time.Now()
		answers, err := served(t, server.ServeHTTP).Ask(t.Context(), some(2000))
		if err != nil || len(answers) != 2000 {
			t.Fatalf("%d answers, %v", len(answers), err)
		}
		want := reference.Stats{Tokens: 1, Questions: 20, Pairs: 2000, Most: vlsc.Concurrency}
		if diff := cmp.Diff(want, server.Stats()); diff != "" || time.Since(start) != 5*time.Second {
			t.Errorf("after %s (-want +got):\n%s", time.Since(start), diff)
		}
	})
}

func TestAskEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := served(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == reference.TokenPath {
				token(w, "t", 3600)
				return
			}
			<-r.Context().Done() // hangs
		})
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		start := time.Now()
		answers, err := s.Ask(ctx, some(5000))
		if took := time.Since(start); reasonOf(err) != entitlement.ReasonTimeout || answers != nil || took != 90*time.Second {
			t.Errorf("after %s: %d answers, %v", took, len(answers), err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		start = time.Now()
		if _, err := s.Ask(ctx, some(5000)); reasonOf(err) != entitlement.ReasonTimeout || time.Since(start) != 0 {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
	})
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"https://gateway.example.com/v1": true, "https://gateway.example.com": true, "http://127.0.0.1:9000/v1": true, "http://[::1]:9000": true,
		"http://gateway.example.com/v1": false, "http://localhost": false, "ftp://127.0.0.1": false, "gateway.example.com": false, "": false, "https://": false,
		"https://me:pass@gateway.example.com": false, "https://gateway.example.com/?token=pass": false, "https://gateway.example.com/#pass": false, "http://127.0.0.1.example.com": false, ":pass": false,
	} {
		for _, c := range []vlsc.Config{{Endpoint: address, TokenURL: "https://a.example.com"}, {Endpoint: "https://a.example.com", TokenURL: address}} {
			_, err := vlsc.NewService(c)
			if (err == nil) != good || err != nil && strings.Contains(err.Error(), "pass") {
				t.Errorf("%q: %v", address, err)
			}
		}
	}
}
