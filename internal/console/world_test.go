package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/aws/s3"
	"trueup/internal/access"
	"trueup/internal/app"
	"trueup/internal/aws/trigger"
	"trueup/internal/config"
	"trueup/internal/console"
	"trueup/internal/console/session"
	"trueup/internal/httpapi/route"
	"trueup/internal/notice"
	"trueup/internal/testkit/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const (
	uploadsBucket = "uploads"
	reportsBucket = "reports"
	uploadRole    = "AROALOCAL"
)

var quiet = slog.New(slog.DiscardHandler)

// world is the console in front of the real API: the handlers of the functions on a real store and real
// buckets, whose events reach the functions that import, count and refresh.
type world struct {
	console http.Handler
	api     *httptest.Server
	proxy   *proxy // between the console and the API
	s3      *awss3.Client
	people  *people
}

// event is an event for a function.
type event struct {
	function string
	payload  json.RawMessage
}

// endpoints are the addresses of services.
type endpoints map[string]string

// GetServiceBaseEndpoint implements the interface that the clients of the SDK look for.
func (e endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	address, ok := e[service]
	return address, ok, nil
}

func newWorld(t testing.TB) *world {
	t.Helper()
	events := make(chan event, 1024)
	settings := config.Config{
		Table: storetest.Table(t), UploadsBucket: uploadsBucket, ReportsBucket: reportsBucket, RefreshFunction: "refresh", InventoryFunction: "inventory",
		API: "https://api.example.org", Console: config.Console{Origin: "https://licences.example.org"},
		DirectoryFunction: "directory", DeliveryFunction: "delivery", Role: uploadRole, PairMaxChars: 16, ExpiringDays: 90, InventoryRequired: true, ImportLease: 30 * time.Second, RefreshTimeZone: time.UTC,
	}
	key := aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	server, err := s3.New(s3.Options{
		Dir: t.TempDir(), Buckets: []string{uploadsBucket, reportsBucket}, Keys: []s3.Key{{Credentials: key, Principal: "AWS:" + uploadRole + ":session"}}, Now: time.Now,
		Notify: func(bucket, key string, payload []byte) error {
			if bucket == uploadsBucket {
				events <- event{receiver(key), payload}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	files := httptest.NewServer(server)
	lambda := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		events <- event{strings.Split(r.URL.Path, "/")[3], payload} // /2015-03-31/functions/<name>/invocations
		w.WriteHeader(http.StatusAccepted)
	}))
	c := aws.Config{
		Region: s3.Region, Credentials: credentials.StaticCredentialsProvider{Value: key}, ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		ConfigSources: []any{endpoints{"DynamoDB": storetest.Endpoint(t), "S3": files.URL, "Lambda": lambda.URL}},
	}
	w := &world{s3: awss3.NewFromConfig(c), people: &people{}}
	w.api = httptest.NewServer(gateway(settings, c))
	w.proxy = &proxy{to: w.api.URL}
	front := httptest.NewServer(w.proxy)
	w.console = console.New(console.Options{API: front.URL, Client: &http.Client{}, Sessions: w.people, Now: time.Now, Log: quiet, Uploads: files.URL, Samples: os.DirFS("../../events")})

	done := work(t, settings, c, events)
	t.Cleanup(func() {
		front.Close()
		w.api.Close()
		lambda.Close()
		close(events)
		<-done
		files.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// receiver returns the function that receives a file.
func receiver(key string) string {
	switch folder, _, _ := strings.Cut(key, "/"); folder {
	case "entitlements":
		return "refresh"
	case "inventory":
		return "inventory"
	case "users", "devices", "subscriptions":
		return "directory"
	}
	return "import"
}

// work gives events to the functions that do not serve HTTP, one after the other, until events is closed.
func work(t testing.TB, settings config.Config, c aws.Config, events <-chan event) <-chan struct{} {
	t.Helper()
	refresher, err := app.Refresher(settings, c, nil, quiet)
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string]func(context.Context, json.RawMessage) error{
		"import":    trigger.Handler(app.Importer(settings, c, quiet), quiet),
		"inventory": trigger.Handler(app.Inventory(settings, c, quiet), quiet),
		"refresh":   trigger.Handler(refresher, quiet),
		"directory": trigger.Handler(app.Directory(settings, c, quiet), quiet),
		"delivery":  trigger.Handler(app.Delivery(settings, c, app.Clients{Topic: func(aws.Config, string, string) notice.Topic { return unread{} }}, quiet), quiet),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range events {
			ctx, cancel := context.WithTimeout(context.Background(), 14*time.Minute)
			if handle := functions[e.function]; handle == nil {
				t.Errorf("an event for the function %q", e.function)
			} else if err := handle(ctx, e.payload); err != nil {
				t.Errorf("%s: %v", e.function, err)
			}
			cancel()
		}
	}()
	return done
}

// gateway routes requests to the functions, as API Gateway does, and reads callers from the tokens of people.
func gateway(settings config.Config, c aws.Config) http.Handler {
	functions := map[string]http.Handler{
		"agreements": app.Agreements(settings, c, quiet), "catalog": app.Catalog(settings, c, quiet), "groups": app.Groups(settings, c, quiet),
		"licenses": app.Licenses(settings, c, quiet), "reminders": app.Reminders(settings, c, quiet), "reports": app.Reports(settings, c, quiet), "views": app.Views(settings, c, quiet),
	}
	mux := http.NewServeMux()
	for _, r := range route.Table {
		if serve := functions[r.Function]; serve != nil {
			mux.HandleFunc(r.Key(), func(w http.ResponseWriter, request *http.Request) {
				call := access.Call{RequestID: "request-1"}
				if token, ok := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer "); ok {
					if p, ok := principal(token); ok {
						call.Principal = &p
					}
				}
				serve.ServeHTTP(w, request.WithContext(access.WithCall(request.Context(), call)))
			})
		}
	}
	return mux
}

// tokenOf returns the token of a person of these tests, and principal reads it.
func tokenOf(p access.Principal) string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	return url.QueryEscape(string(b))
}

func principal(token string) (p access.Principal, ok bool) {
	text, err := url.QueryUnescape(token)
	return p, err == nil && json.Unmarshal([]byte(text), &p) == nil && p.Subject != ""
}

// proxy passes calls on to the API, unless it has an answer of its own.
type proxy struct {
	to string

	mu      sync.Mutex
	answers map[string]http.HandlerFunc // by method and path
}

// answer sets the answer to calls of a method and path; nil passes them on again.
func (p *proxy) answer(call string, h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answers == nil {
		p.answers = map[string]http.HandlerFunc{}
	}
	p.answers[call] = h
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	h := p.answers[r.Method+" "+r.URL.Path]
	p.mu.Unlock()
	called.add(r)
	if h != nil {
		h(w, r)
		return
	}
	request, err := http.NewRequestWithContext(r.Context(), r.Method, p.to+r.URL.RequestURI(), r.Body)
	if err != nil {
		panic(err)
	}
	request.Header = r.Header
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer response.Body.Close()
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	io.Copy(w, response.Body)
}

// problem returns the answer of a problem document.
func problem(status int, code, detail string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"status": %d, "code": %q, "detail": %q, "requestId": "request-2"}`, status, code, detail)
	}
}

// people is sessions in memory: the cookie has the person.
type people struct {
	mu     sync.Mutex
	signed []string       // where people came from when they had to sign in
	broken error          // instead of any person
	signs  session.Person // whom SignedIn signs in
	known  bool           // the origin of the issuer is, since the first person
}

const personCookie = "person"

func (p *people) Person(_ http.ResponseWriter, r *http.Request) (session.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = true
	if p.broken != nil {
		return session.Person{}, p.broken
	}
	c, err := r.Cookie(personCookie)
	if err != nil {
		return session.Person{}, session.ErrNoSession
	}
	caller, ok := principal(c.Value)
	if !ok {
		return session.Person{}, session.ErrNoSession
	}
	return session.Person{Token: c.Value, Caller: caller}, nil
}

func (p *people) SignIn(w http.ResponseWriter, r *http.Request, to string) error {
	p.mu.Lock()
	p.signed = append(p.signed, to)
	p.mu.Unlock()
	http.Redirect(w, r, "https://issuer.example.org/authorize", http.StatusSeeOther)
	return nil
}

func (p *people) SignedIn(w http.ResponseWriter, r *http.Request) (session.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return session.Person{}, p.broken
	}
	http.Redirect(w, r, "/console/overview", http.StatusSeeOther)
	return p.signs, nil
}

// signIn signs a person in whose name is in the ID token only, as with Cognito. It returns the caller of the
// access token.
func (w *world) signIn(t testing.TB, subject, name string, roles ...access.Role) access.Principal {
	t.Helper()
	caller := access.Principal{Subject: subject, Roles: roles, Console: true}
	named := caller
	named.Name = name
	w.people.mu.Lock()
	w.people.signs = session.Person{Token: tokenOf(caller), Caller: named}
	w.people.mu.Unlock()
	if to := (&visitor{t: t, w: w}).get("/signed-in?code=1").is(http.StatusSeeOther).header.Get("Location"); to != "/console/overview" {
		t.Errorf("signed in to %s", to)
	}
	return caller
}

func (p *people) SignOut(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "https://issuer.example.org/logout", http.StatusSeeOther)
	return nil
}

func (p *people) SignOutEverywhere(w http.ResponseWriter, r *http.Request) error {
	return p.SignOut(w, r)
}

func (p *people) Origin() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.known {
		return ""
	}
	return "https://issuer.example.org"
}

// An and Bo are people of the tests: An manages everything, Bo only reads.
var (
	an = person("an", access.GlobalAdmin)
	bo = person("bo", access.PasswordAdmin)
)

func person(name string, roles ...access.Role) access.Principal {
	return access.Principal{Subject: name + "-id", Name: name + "@example.org", Roles: roles}
}

// visitor sends requests as a browser of a person does.
type visitor struct {
	t    testing.TB
	w    *world
	who  *access.Principal // nil for nobody
	lang string            // en if empty
	note *http.Cookie      // of the last change
}

func (w *world) as(t testing.TB, who access.Principal) *visitor {
	return &visitor{t: t, w: w, who: &who}
}

// send sends a request. It keeps the note of a change for the next one.
func (v *visitor) send(r *http.Request) *httptest.ResponseRecorder {
	v.t.Helper()
	if v.who != nil {
		r.AddCookie(&http.Cookie{Name: personCookie, Value: tokenOf(*v.who)})
	}
	if v.lang != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-trueup-lang", Value: v.lang})
	}
	if v.note != nil {
		r.AddCookie(v.note)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	v.w.console.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "__Host-trueup-note" {
			v.note = c
			if c.MaxAge < 0 {
				v.note = nil
			}
		}
	}
	return w
}

// get returns a page.
func (v *visitor) get(path string) *page {
	v.t.Helper()
	return read(v.t, path, v.send(httptest.NewRequest(http.MethodGet, path, nil)))
}

// post sends a form, with a key as pages have it.
func (v *visitor) post(path string, fields url.Values) *page {
	v.t.Helper()
	if !fields.Has("key") {
		fields.Set("key", fmt.Sprint("key-", time.Now().UnixNano()))
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Referer", "http://example.com/console/agreements?sort=name")
	return read(v.t, path, v.send(r))
}

// done sends a form and returns the page that it leads to.
func (v *visitor) done(path string, fields url.Values) *page {
	v.t.Helper()
	p := v.post(path, fields)
	if p.status != http.StatusSeeOther {
		v.t.Fatalf("POST %s: %d %s", path, p.status, p.text())
	}
	return v.get(p.header.Get("Location"))
}

// put puts a file into the uploads bucket.
func (w *world) put(t testing.TB, key, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	bucket := uploadsBucket
	if _, err := w.s3.PutObject(context.Background(), &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(content)}); err != nil {
		t.Fatal(err)
	}
}

// ask calls the API as An, and reads the answer.
func (w *world) ask(t testing.TB, method, path, body string, answer any) {
	t.Helper()
	w.askWith(t, method, path, body, 0, answer)
}

// askWith is ask for a change that is based on a version; 0 for any.
func (w *world) askWith(t testing.TB, method, path, body string, version int64, answer any) {
	t.Helper()
	w.askAs(t, an, method, path, body, version, answer)
}

// askAs is askWith for another person.
func (w *world) askAs(t testing.TB, who access.Principal, method, path, body string, version int64, answer any) {
	t.Helper()
	r, err := http.NewRequest(method, w.api.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+tokenOf(who))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if version > 0 {
		r.Header.Set("If-Match", fmt.Sprintf(`"%d"`, version))
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, response.StatusCode, b, err)
	}
	if answer != nil {
		if err := json.Unmarshal(b, answer); err != nil {
			t.Fatal(err)
		}
	}
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// unread is a topic without subscriptions.
type unread struct{}

func (unread) Publish(context.Context, notice.Message) error { return nil }
