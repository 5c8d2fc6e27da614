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
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/aws/s3"
	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/aws/trigger"
	"trueup/internal/catalog"
	"trueup/internal/catalog/feeder"
	"trueup/internal/delivery"
	"trueup/internal/directories"
	"trueup/internal/entitlement"
	"trueup/internal/httpapi/reports"
	"trueup/internal/httpapi/route"
	"trueup/internal/id"
	"trueup/internal/importer"
	"trueup/internal/intake/kind"
	"trueup/internal/inventories"
	"trueup/internal/jobs"
	"trueup/internal/notice"
	"trueup/internal/notifier"
	"trueup/internal/people"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/snapshot"
	"trueup/internal/statements"
	"trueup/internal/testkit/storetest"
	"trueup/internal/vlsc"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const (
	uploadsBucket = "uploads"
	reportsBucket = "reports"
)

var quiet = slog.New(slog.DiscardHandler)

// stack is the API on a real store and real buckets, with the importer receiving the events of
// the uploads bucket.
type stack struct {
	log      *slog.Logger
	deps     deps
	store    *dynamo.Table
	known    *known                  // licence data and inventory, set by the test
	handlers map[string]http.Handler // by function
	// refresh is the refresh function's handler. It is called for statements only, and for runs
	// once refreshing is set, because most tests do not need it.
	refresh    func(context.Context, json.RawMessage) error
	refreshing atomic.Bool
	worker     *refresher.Worker // of refresh
	recounts   atomic.Int64      // calls of the inventory function after changes of rules
	topic      published
}

// published is a topic that keeps the messages.
type published struct {
	sync.Mutex
	messages []notice.Message
}

// Publish implements notice.Topic.
func (p *published) Publish(_ context.Context, m notice.Message) error {
	p.Lock()
	defer p.Unlock()
	p.messages = append(p.messages, m)
	return m.Check("https://licences.example.org")
}

// notification is an event of the uploads bucket.
type notification struct {
	key   string
	event []byte
}

// calls calls a function with an event.
type calls func(event []byte)

func (c calls) Call(_ context.Context, event any) error {
	b, err := json.Marshal(event)
	c(b)
	return err
}

func newStack(t *testing.T) *stack {
	t.Helper()
	return newLoggingStack(t, quiet)
}

// newLoggingStack is newStack, with a log of everything.
func newLoggingStack(t *testing.T, log *slog.Logger) *stack {
	t.Helper()
	store := dynamo.Open(storetest.Client(t), storetest.Table(t))
	key := aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	notified := make(chan notification, 1024)
	server, err := s3.New(s3.Options{
		Dir: t.TempDir(), Buckets: []string{uploadsBucket, reportsBucket}, Keys: []s3.Key{{Credentials: key, Principal: "AWS:local"}}, Now: time.Now,
		Notify: func(bucket, key string, event []byte) error {
			if bucket == uploadsBucket {
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
	all := register.New(store.Agreements, store.Journal, s3bucket.New(client, reportsBucket), log)
	refreshes := dynamo.NewRefreshes(store, all)
	deps := deps{
		Agreements: store.Agreements, Groups: store.Groups, Inventory: store.Inventories, Imports: store.Imports, Audit: store.Audit, Callers: store.Callers, Once: store.Idempotency,
		Adjustments: store.Adjustments, Register: all, Answers: refreshes, Expiring: 90, Limits: defaultLimits,
		Uploads: s3bucket.New(client, uploadsBucket), Reports: s3bucket.New(client, reportsBucket), UploadsBucket: uploadsBucket, Uploader: func() string { return "AWS:local" },
		Refresh:       func(context.Context) error { return nil },
		Zone:          time.UTC,
		Subscriptions: store.Subscriptions, People: store.People, DirectoryFiles: store.DirectoryFiles, Devices: store.Devices, Jobs: store.LicenseJobs,
		Clock: time.Now, NewID: rand.Text, Log: log,
	}
	deps.Users = people.New(store.People, store.Journal, deps.Reports, log)
	deps.Catalog = catalog.New(store.Journal, deps.Reports, log)
	deps.Counts = inventories.NewCounts(store.Inventories, deps.Reports)
	k := &known{}
	deps.Snapshots = &snapshot.Library{
		Files: deps.Reports, Index: store.Snapshots, Agreements: register.New(store.Agreements, store.Journal, deps.Reports, log), Groups: store.Groups, Inventory: k, Refreshes: k, Catalog: deps.Catalog,
		Adjustments: store.Adjustments, Expiring: deps.Expiring, Zone: time.UTC, Subscriptions: store.Subscriptions, Devices: store.Devices, PCs: deps.Counts, DeviceGroups: store.Devices,
	}
	newID := func(at time.Time) string { return id.New(at, rand.Text()) }
	imports := &importer.Importer{Store: store.Imports, Numbers: all, Uploads: deps.Uploads, Reports: deps.Reports, Clock: time.Now, Lease: 30 * time.Second, Log: log}
	rules := inventories.RulesFiles{Counts: inventories.NewCounts(store.Inventories, deps.Reports)}
	feeds := &feeder.Feeder{Catalog: deps.Catalog, Rules: rules, Uploads: deps.Uploads, Reports: deps.Reports, Clock: time.Now, NewID: newID, Log: log}
	counts := &inventories.Receiver{
		Store: store.Inventories, Counts: inventories.NewCounts(store.Inventories, deps.Reports), Uploads: deps.Uploads, Scratch: t.TempDir(), Clock: time.Now, NewID: newID, Log: log,
	}
	lists := &directories.Service{
		Store: store.DirectoryFiles, Subscriptions: store.Subscriptions, People: store.People, Devices: store.Devices, Register: deps.Users, PartNumbers: catalog.New(store.Journal, deps.Reports, log).PartNumbers,
		Uploads: deps.Uploads, Reports: deps.Reports,
		Scratch: t.TempDir(), Zone: time.UTC, Lease: 30 * time.Second, Reserve: time.Second, Clock: time.Now, NewID: newID, Log: log,
	}
	work := &jobs.Service{
		Store: store.LicenseJobs, Subscriptions: store.Subscriptions, People: store.People, Register: deps.Users, Files: deps.Reports,
		Zone: time.UTC, Lease: 30 * time.Second, Reserve: time.Second, Clock: time.Now, NewID: newID, Log: log,
	}
	s := &stack{log: log, store: store, known: k, handlers: map[string]http.Handler{}}
	deps.StartJobs = func(ctx context.Context) error {
		return calls(func(event []byte) { notified <- notification{kind.Users.Prefix, event} }).Call(ctx, trigger.LicenseJobsCall())
	}
	deps.Views = store.Views
	sender := &delivery.Service{
		Store: store.Views, Owners: delivery.Owners{}, Export: reports.NewExporter(deps.source()).Export, Files: deps.Reports, Topic: &s.topic,
		Clock: time.Now, NewID: newID, Zone: time.UTC, Lease: 30 * time.Second, Reserve: time.Second, Log: log,
	}
	deps.Deliver = sender.Work
	deps.Recount = inventories.Recounts{
		Store: store.Inventories, Clock: time.Now, NewID: rand.Text,
		Call: func(ctx context.Context, holder string) error {
			s.recounts.Add(1)
			return calls(func(event []byte) { notified <- notification{kind.Inventory.Prefix, event} }).Call(ctx, trigger.RecountCall(holder))
		},
	}.Start
	deps.Statements = &statements.Service{
		Store: store.Statements, Uploads: deps.Uploads, Reports: deps.Reports, Clock: time.Now, Zone: time.UTC, Log: log,
		Products: deps.Catalog.Products,
		Spelling: func(_ context.Context, publisher string) (string, error) { return publisher, nil },
	}
	deps.Refreshes = &refresher.Requests{
		Queue: refreshes, Clock: time.Now, Log: log,
		Wake: func(_ context.Context, run string) error {
			if !s.refreshing.Load() {
				return nil
			}
			event, err := json.Marshal(trigger.RunCall(run))
			notified <- notification{kind.Statements.Prefix, event}
			return err
		},
	}
	s.worker = &refresher.Worker{
		Requests: deps.Refreshes, Store: refreshes, Zone: time.UTC, Lease: 30 * time.Second, AskTimeout: time.Second, Reserve: time.Second,
		Publish: func(context.Context, refresher.Run) error { return nil }, Progress: func(context.Context, bool) {},
		Source: func(context.Context, refresher.Run) (entitlement.Source, error) {
			return vlsc.NewStatements(func(ctx context.Context) (said entitlement.Attribution, all []agreement.Pair, err error) {
				err = refreshes.Answers(ctx, func(some []refresher.Answered) error {
					for _, a := range some {
						all = append(all, a.Pair)
					}
					return nil
				})
				if err == nil {
					said, err = deps.Statements.Attribution(ctx, all, nil)
				}
				return said, all, err
			}), nil
		},
	}
	deps.Statements.Changed = func(ctx context.Context, r statements.Record) error {
		run, err := deps.Refreshes.Request(ctx, refresher.Order{ID: id.New(r.EndedAt, r.ID+string(r.State)), Kind: refresher.KindFull, Trigger: refresher.TriggerImport, By: r.Object.By})
		if err == nil {
			deps.Refreshes.Start(ctx, run.ID)
		}
		return err
	}
	deps.Reminders = &notifier.Reader{
		Agreements: all, Subscriptions: store.Subscriptions, Devices: store.Devices, Refreshes: refreshes, Terms: &notifier.Terms{Files: deps.Reports}, Zone: time.UTC,
	}
	deps.Feeds, deps.NewToken = store.Feeds, rand.Text
	s.deps = deps
	s.refresh = trigger.Handler(trigger.Jobs{
		Files:    []trigger.Receiver{{Kind: kind.Statements, Receive: deps.Statements.Receive}},
		Received: s.worker.WorkDue, Scheduled: s.worker.WorkDue, Nightly: s.worker.WorkNight, Run: s.worker.Work,
	}, log)
	files := trigger.Handler(trigger.Jobs{
		Files: []trigger.Receiver{
			{Kind: kind.Agreements, Receive: imports.Receive},
			{Kind: kind.Catalog, Receive: feeds.Receive},
			{Kind: kind.Inventory, Receive: counts.Receive},
			{Kind: kind.Users, Receive: lists.Receive},
			{Kind: kind.Devices, Receive: lists.Receive},
			{Kind: kind.Subscriptions, Receive: lists.Receive},
		},
		Recount: counts.Recount, LicenseJobs: work.Work,
	}, log)
	done := make(chan struct{})
	var ending atomic.Bool // a recount may still be queued when a test ends, and finds no S3
	go func() {
		defer close(done)
		for n := range notified {
			if ending.Load() {
				continue
			}
			handle := files
			if strings.HasPrefix(n.key, kind.Statements.Prefix) {
				handle = s.refresh
			}
			if err := handle(context.Background(), n.event); err != nil && !ending.Load() {
				t.Errorf("%s: %v", n.event, err)
			}
		}
	}()
	t.Cleanup(func() {
		ending.Store(true)
		front.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		close(notified)
		<-done
	})
	for _, r := range route.API {
		if s.handlers[r.Function] == nil {
			s.handlers[r.Function] = deps.handler(r.Function)
		}
	}
	return s
}

// routed returns the function that serves a request and the route's key, as the gateway finds
// them. If no route matches, it returns the agreements function.
func routed(r *http.Request) (function, key string) {
	mux := http.NewServeMux()
	for _, row := range route.API {
		mux.Handle(row.Key(), http.NotFoundHandler())
	}
	_, pattern := mux.Handler(r)
	for _, row := range route.API {
		if row.Key() == pattern {
			return row.Function, pattern
		}
	}
	return "agreements", "$default"
}

// claims returns the claims of a test's token, "<role> <subject>" or "<role> <subject> <name>".
func claims(r *http.Request) map[string]string {
	role, subject, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), " ")
	if !ok {
		return nil
	}
	subject, name, _ := strings.Cut(subject, " ")
	return map[string]string{"sub": subject, "cognito:groups": "[" + role + "]", "email": name}
}

func token(role, subject string) (string, error) { return role + " " + subject, nil }

// direct sends a request to the handler.
func (s *stack) direct(r *http.Request) (*http.Response, error) {
	call := access.Call{RequestID: "test-request"}
	if p, ok := (access.SignIn{}).Caller(claims(r), ""); ok {
		call.Principal = &p
	}
	function, _ := routed(r)
	w := httptest.NewRecorder()
	s.handlers[function].ServeHTTP(w, r.WithContext(access.WithCall(r.Context(), call)))
	return w.Result(), nil
}

// lambda sends a request in the JSON of a Lambda event.
func (s *stack) lambda(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	function, key := routed(r)
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: key, RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery,
		Headers: map[string]string{"host": r.URL.Host}, Body: string(body),
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
	answer, err := trigger.HTTP(s.handlers[function], access.SignIn{}, s.log, time.Now)(r.Context(), received)
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
	if out.Body != "" { // a 304 must not have a body, not even an empty one
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
