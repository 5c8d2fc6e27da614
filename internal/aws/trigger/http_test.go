package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/aws/trigger"
)

// seen is a request as a handler sees it.
type seen struct {
	Method, Path, Escaped, Query, Host, Remote, Body string
	Header                                           http.Header
	Cookies                                          []string
	Call                                             access.Call
}

// ticking returns a clock that advances by 1.5 ms at each call.
func ticking() func() time.Time {
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(1500 * time.Microsecond)
		return now
	}
}

func event(method, path string) events.APIGatewayV2HTTPRequest {
	return events.APIGatewayV2HTTPRequest{
		RouteKey: method + " " + path, RawPath: path,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RequestID: "r1",
			HTTP:      events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, SourceIP: "192.0.2.1"},
		},
	}
}

func TestHTTPRequest(t *testing.T) {
	t.Parallel()
	plain := seen{Method: "GET", Path: "/groups", Escaped: "/groups", Remote: "192.0.2.1", Header: http.Header{}, Call: access.Call{RequestID: "r1"}}
	for _, test := range []struct {
		name string
		edit func(*events.APIGatewayV2HTTPRequest)
		want func(*seen)
	}{
		{"nothing but a path", func(*events.APIGatewayV2HTTPRequest) {}, func(*seen) {}},
		{
			"a path is not decoded again",
			func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/groups/a%2Fb c/d?e" },
			func(s *seen) { s.Path, s.Escaped = "/groups/a%2Fb c/d?e", "/groups/a%252Fb%20c/d%3Fe" },
		},
		{
			"a percent sign",
			func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/groups/50%" },
			func(s *seen) { s.Path, s.Escaped = "/groups/50%", "/groups/50%25" },
		},
		{
			"the query as it was sent",
			func(e *events.APIGatewayV2HTTPRequest) {
				e.RawQueryString = "a=1&a=2&b=x%2Cy"
				e.QueryStringParameters = map[string]string{"a": "1,2", "b": "x,y"}
			},
			func(s *seen) { s.Query = "a=1&a=2&b=x%2Cy" },
		},
		{
			"headers with commas are not split",
			func(e *events.APIGatewayV2HTTPRequest) {
				e.Headers = map[string]string{"host": "api.example", "if-modified-since": "Sat, 21 Nov 2026 09:00:00 GMT", "accept-language": "nl,en"}
			},
			func(s *seen) {
				s.Host = "api.example"
				s.Header = http.Header{"If-Modified-Since": {"Sat, 21 Nov 2026 09:00:00 GMT"}, "Accept-Language": {"nl,en"}}
			},
		},
		{
			"cookies",
			func(e *events.APIGatewayV2HTTPRequest) { e.Cookies = []string{"a=1", "b=2"} },
			func(s *seen) { s.Header, s.Cookies = http.Header{"Cookie": {"a=1; b=2"}}, []string{"a=1", "b=2"} },
		},
		{
			"a body",
			func(e *events.APIGatewayV2HTTPRequest) { e.Body = `{"é":1}` },
			func(s *seen) { s.Body = `{"é":1}` },
		},
		{
			"a body in base64",
			func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.IsBase64Encoded = "//4=", true },
			func(s *seen) { s.Body = "\xff\xfe" },
		},
		{
			"the claims of the authorizer",
			func(e *events.APIGatewayV2HTTPRequest) {
				e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
					JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
						Claims: map[string]string{"sub": "someone", "cognito:groups": "[user-admin]"},
					},
				}
			},
			func(s *seen) {
				s.Call.Principal = &access.Principal{Subject: "someone", Roles: []access.Role{access.UserAdmin}}
			},
		},
		{
			"claims without a subject are nobody's",
			func(e *events.APIGatewayV2HTTPRequest) {
				e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
					JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{"cognito:groups": "[user-admin]"}},
				}
			},
			func(*seen) {},
		},
		{
			"an ID token gives no access",
			func(e *events.APIGatewayV2HTTPRequest) {
				e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
					JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
						Claims: map[string]string{"sub": "someone", "cognito:groups": "[user-admin]", "token_use": "id"},
					},
				}
			},
			func(*seen) {},
		},
		{
			"a token in a header is no claim",
			func(e *events.APIGatewayV2HTTPRequest) {
				e.Headers = map[string]string{"authorization": "Bearer x"}
				e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{}
			},
			func(s *seen) { s.Header = http.Header{"Authorization": {"Bearer x"}} },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in, want := event("GET", "/groups"), plain
			test.edit(&in)
			test.want(&want)
			var got seen
			handler := trigger.HTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got = seen{
					Method: r.Method, Path: r.URL.Path, Escaped: r.URL.EscapedPath(), Query: r.URL.RawQuery,
					Host: r.Host, Remote: r.RemoteAddr, Body: string(body), Header: r.Header, Call: access.CallFrom(r.Context()),
				}
				for _, c := range r.Cookies() {
					got.Cookies = append(got.Cookies, c.String())
				}
			}), access.SignIn{}, slog.New(slog.DiscardHandler), ticking())
			if _, err := handler(context.Background(), in); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestHTTPResponse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer func(http.ResponseWriter)
		want   events.APIGatewayV2HTTPResponse
	}{
		{
			"nothing is 200", func(http.ResponseWriter) {},
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{}},
		},
		{
			"text",
			func(w http.ResponseWriter) {
				w.Header().Set("Content-Type", "text/plain")
				w.WriteHeader(418)
				_, _ = io.WriteString(w, "é")
			},
			events.APIGatewayV2HTTPResponse{StatusCode: 418, Headers: map[string]string{"Content-Type": "text/plain"}, Body: "é"},
		},
		{
			"the first status counts", func(w http.ResponseWriter) { w.WriteHeader(201); w.WriteHeader(500) },
			events.APIGatewayV2HTTPResponse{StatusCode: 201, Headers: map[string]string{}},
		},
		{
			"what is no text is base64", func(w http.ResponseWriter) { _, _ = w.Write([]byte{0x1f, 0x8b, 0xff}) },
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{}, Body: "H4v/", IsBase64Encoded: true},
		},
		{
			"cookies are kept apart, other values are joined",
			func(w http.ResponseWriter) {
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
				http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
				w.Header().Add("Vary", "Accept")
				w.Header().Add("Vary", "Accept-Language")
			},
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"Vary": "Accept, Accept-Language"}, Cookies: []string{"a=1", "b=2"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			handler := trigger.HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { test.answer(w) }), access.SignIn{}, slog.New(slog.DiscardHandler), ticking())
			got, err := handler(context.Background(), event("GET", "/"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestHTTPLog requires one log line per request, without secrets.
func TestHTTPLog(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	handler := trigger.HTTP(http.NotFoundHandler(), access.SignIn{}, slog.New(slog.NewJSONHandler(&lines, nil)), ticking())
	in := event("POST", "/imports")
	in.Headers = map[string]string{"authorization": "Bearer secret", "x-amzn-trace-id": "Root=1-2"}
	in.RawQueryString, in.Body, in.Cookies = "q=secret", "secret", []string{"s=secret"}
	if _, err := handler(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(lines.String(), "secret") || strings.Count(lines.String(), "\n") != 1 {
		t.Errorf("log: %s", lines.String())
	}
	var got map[string]any
	if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "INFO", "msg": "request", "route": "POST /imports", "status": 404.0,
		"duration_ms": 1.5, "request_id": "r1", "trace": "Root=1-2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestR16_3_HTTPLogsCauses: each fault outside a handler gets a 500, and one log line has its
// cause, the route and the request id.
func TestR16_3_HTTPLogsCauses(t *testing.T) {
	t.Parallel()
	body := func(b string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, b) })
	}
	unchanged := func(*events.APIGatewayV2HTTPRequest) {}
	for _, test := range []struct {
		name       string
		handler    http.Handler
		edit       func(*events.APIGatewayV2HTTPRequest)
		msg, cause string // of the log line; empty for no line and 200
	}{
		{"base64", body(""), func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.IsBase64Encoded = "%", true }, "fault", "body of the event"},
		{"method", body(""), func(e *events.APIGatewayV2HTTPRequest) { e.RequestContext.HTTP.Method = "G T" }, "fault", "method"},
		{"panic", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half an answer")
			panic("a defect")
		}), unchanged, "panic", "a defect"},
		{"too large", body(strings.Repeat("a", 6<<20)), unchanged, "fault", "maximum of Lambda is 6291456"},
		{"too large as JSON", body(strings.Repeat("\x01", 6<<20/6)), unchanged, "fault", "maximum of Lambda is 6291456"},
		{"too large in base64", body(strings.Repeat("\xff", 5<<20)), unchanged, "fault", "maximum of Lambda is 6291456"},
		{"large", body(strings.Repeat("<", 6<<20-200)), unchanged, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var lines bytes.Buffer
			in := event("GET", "/")
			in.Headers = map[string]string{"accept-language": "nl", "authorization": "Bearer secret"}
			in.RawQueryString = "q=secret"
			test.edit(&in)
			out, err := trigger.HTTP(test.handler, access.SignIn{}, slog.New(slog.NewJSONHandler(&lines, nil)), ticking())(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			log := strings.Split(strings.TrimSpace(lines.String()), "\n")
			if test.msg == "" {
				if out.StatusCode != http.StatusOK || len(log) != 1 {
					t.Errorf("%d, log: %s", out.StatusCode, lines.String())
				}
				return
			}
			var problem struct{ Code, RequestID, Detail string }
			if err := json.Unmarshal([]byte(out.Body), &problem); err != nil || out.StatusCode != http.StatusInternalServerError ||
				problem.Code != "internal_error" || problem.RequestID != "r1" || problem.Detail == "" || strings.Contains(out.Body, test.cause) {
				t.Errorf("%d %s (%v)", out.StatusCode, out.Body, err)
			}
			var line struct {
				Level, Msg, Error, Route string
				RequestID                string `json:"request_id"`
			}
			if err := json.Unmarshal([]byte(log[0]), &line); err != nil || len(log) != 2 || line.Level != "ERROR" || line.Msg != test.msg ||
				!strings.Contains(line.Error, test.cause) || line.Route != "GET /" || line.RequestID != "r1" || strings.Contains(lines.String(), "secret") {
				t.Errorf("log: %s (%v)", lines.String(), err)
			}
		})
	}
}

// TestHTTPKeepsTimeForTheAnswer: a request ends while the function still has time to answer it.
func TestHTTPKeepsTimeForTheAnswer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	end, _ := ctx.Deadline()
	called := false
	handler := trigger.HTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		got, limited := r.Context().Deadline()
		if !limited || !got.Before(end) || got.Before(end.Add(-2*time.Second)) {
			t.Errorf("the request ends %s before the function, %v", end.Sub(got), limited)
		}
	}), access.SignIn{}, slog.New(slog.DiscardHandler), ticking())
	if _, err := handler(ctx, event("GET", "/")); err != nil || !called {
		t.Errorf("%v, called %v", err, called)
	}
}

// FuzzHTTP requires an answer to every event.
func FuzzHTTP(f *testing.F) {
	f.Add([]byte(`{"version":"2.0","rawPath":"/a%2Fb","rawQueryString":"a=%zz","requestContext":{"http":{"method":"GET"}}}`))
	f.Add([]byte(`{"rawPath":"%","headers":{"":"x","a\nb":"c"},"cookies":["a"],"body":"e30=","isBase64Encoded":true}`))
	f.Add([]byte(`{"requestContext":{"authorizer":{"jwt":{"claims":{"sub":"a","cognito:groups":"[["}}}}}`))
	handler := trigger.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}), access.SignIn{}, slog.New(slog.DiscardHandler), ticking())
	f.Fuzz(func(t *testing.T, payload []byte) {
		var in events.APIGatewayV2HTTPRequest
		if json.Unmarshal(payload, &in) != nil {
			return
		}
		out, err := handler(context.Background(), in)
		if err != nil || out.StatusCode != http.StatusOK && out.StatusCode != http.StatusInternalServerError {
			t.Errorf("status %d, %v", out.StatusCode, err)
		}
	})
}
