package httpapi_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/s3"
	"trueup/internal/access"
	"trueup/internal/catalog"
	"trueup/internal/catalog/feeder"
	"trueup/internal/dynamo"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/route"
	"trueup/internal/importer"
	"trueup/internal/inventory"
	"trueup/internal/objects/s3bucket"
	"trueup/internal/register"
	"trueup/internal/storetest"
	"trueup/internal/trigger"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const (
	uploads = "uploads"
	reports = "reports"
)

var quiet = slog.New(slog.DiscardHandler)

// stack is the API on a real store and real buckets, with the importer behind
// the uploads bucket.
type stack struct {
	deps     httpapi.Deps
	store    *dynamo.Store
	handlers map[string]http.Handler // by function
}

// notification is what the uploads bucket says of an object.
type notification struct {
	key   string
	event []byte
}

// calls has a function called with an event.
type calls func(event []byte)

func (c calls) Call(_ context.Context, event any) error {
	b, err := json.Marshal(event)
	c(b)
	return err
}

func newStack(t *testing.T) *stack {
	t.Helper()
	store := dynamo.New(storetest.Client(t), storetest.Table(t))
	key := aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	notified := make(chan notification, 64)
	server, err := s3.New(s3.Options{
		Dir: t.TempDir(), Buckets: []string{uploads, reports}, Credentials: key, Now: time.Now,
		Notify: func(bucket, key string, event []byte) error {
			if bucket == uploads {
				notified <- notification{key, event}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	client := awss3.New(awss3.Options{
		Region: s3.Region, BaseEndpoint: &front.URL, UsePathStyle: true,
		Credentials: credentials.StaticCredentialsProvider{Value: key},
	})
	agreements := register.New(store, store, s3bucket.New(client, reports), quiet)
	deps := httpapi.Deps{
		Agreements: store, Groups: store, Inventory: store, Imports: store, Audit: store, Once: store,
		Register: agreements, Known: dynamo.NewRefreshes(store, agreements),
		Uploads: s3bucket.New(client, uploads), Reports: s3bucket.New(client, reports), UploadsBucket: uploads,
		Clock: time.Now, NewID: rand.Text, Log: quiet,
	}
	deps.Catalog = catalog.New(store, deps.Reports, quiet)
	deps.Counts = inventory.NewCounts(store, deps.Reports)
	deps.Recount = func(ctx context.Context) error {
		return trigger.Recount(ctx, calls(func(event []byte) { notified <- notification{inventory.KeyPrefix, event} }))
	}
	newID := func(time.Time) string { return rand.Text() }
	imports := trigger.Objects(trigger.Jobs{
		Importer: &importer.Importer{Store: store, Uploads: deps.Uploads, Reports: deps.Reports, Clock: time.Now, Lease: 30 * time.Second, Log: quiet},
		Catalog:  &feeder.Feeder{Catalog: deps.Catalog, Uploads: deps.Uploads, Reports: deps.Reports, Clock: time.Now, NewID: newID, Log: quiet},
		Tidy:     func(ctx context.Context) error { return store.Tidy(ctx, time.Now()) },
	}, quiet)
	counts := trigger.Inventories(&inventory.Receiver{
		Store: store, Counts: inventory.NewCounts(store, deps.Reports), Uploads: deps.Uploads, Scratch: t.TempDir(), Clock: time.Now, NewID: newID, Log: quiet,
	}, quiet)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range notified {
			handle := imports
			if strings.HasPrefix(n.key, inventory.KeyPrefix) {
				handle = counts
			}
			if err := handle(context.Background(), n.event); err != nil {
				t.Errorf("%s: %v", n.key, err)
			}
		}
	}()
	t.Cleanup(func() {
		front.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		close(notified)
		<-done
	})
	s := &stack{deps: deps, store: store, handlers: map[string]http.Handler{}}
	for _, r := range route.Table {
		if s.handlers[r.Function] == nil {
			s.handlers[r.Function] = httpapi.New(deps, r.Function)
		}
	}
	return s
}

// routed returns the function that serves a request, and the route's key, as
// the gateway would find them; the agreements function when no route matches.
func routed(r *http.Request) (function, key string) {
	mux := http.NewServeMux()
	for _, row := range route.Table {
		mux.Handle(row.Key(), http.NotFoundHandler())
	}
	_, pattern := mux.Handler(r)
	for _, row := range route.Table {
		if row.Key() == pattern {
			return row.Function, pattern
		}
	}
	return "agreements", "$default"
}

// claims are those of a test's token, "<role> <subject>".
func claims(r *http.Request) map[string]string {
	role, subject, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), " ")
	if !ok {
		return nil
	}
	return map[string]string{"sub": subject, "cognito:groups": "[" + role + "]"}
}

func token(role, subject string) (string, error) { return role + " " + subject, nil }

// direct carries a request out on the handler.
func (s *stack) direct(r *http.Request) (*http.Response, error) {
	call := access.Call{RequestID: "test-request"}
	if p, ok := access.FromClaims(claims(r)); ok {
		call.Principal = &p
	}
	function, _ := routed(r)
	w := httptest.NewRecorder()
	s.handlers[function].ServeHTTP(w, r.WithContext(access.WithCall(r.Context(), call)))
	return w.Result(), nil
}

// lambda carries a request out through the JSON of a Lambda event.
func (s *stack) lambda(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	function, key := routed(r)
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: key, RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery,
		Headers: map[string]string{}, Body: string(body),
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RequestID: "test-request", HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: r.Method},
		},
	}
	for name, values := range r.Header {
		event.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if c := claims(r); c != nil {
		event.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: c},
		}
	}
	var received events.APIGatewayV2HTTPRequest
	if err := copyJSON(event, &received); err != nil {
		return nil, err
	}
	answer, err := trigger.HTTP(s.handlers[function], quiet, time.Now)(r.Context(), received)
	if err != nil {
		return nil, err
	}
	var out events.APIGatewayV2HTTPResponse
	if err := copyJSON(answer, &out); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	for name, value := range out.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(out.StatusCode)
	if out.Body != "" { // a 304 allows no body, not even an empty one
		_, err = w.WriteString(out.Body)
	}
	return w.Result(), err
}

func copyJSON(from, to any) error {
	b, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.NewDecoder(bytes.NewReader(b)).Decode(to)
}
