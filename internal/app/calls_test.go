package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	local "trueup/infra/local/aws/s3"
	"trueup/internal/access"
	"trueup/internal/app/program"
	"trueup/internal/aws/trigger"
	"trueup/internal/config"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/httpapi/groups"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/httpapi/reminders"
	"trueup/internal/httpapi/reports"
	"trueup/internal/httpapi/views"
	"trueup/internal/testkit/storetest"
)

// requests counts the requests that clients send to AWS, by operation.
type requests struct {
	mu sync.Mutex
	n  map[string]int
}

// count is an option of a configuration.
func (r *requests) count(s *middleware.Stack) error {
	return s.Initialize.Add(middleware.InitializeMiddlewareFunc("count", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		r.mu.Lock()
		r.n[s.ID()]++
		r.mu.Unlock()
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}

// taken returns how many requests read the table since the last call.
func (r *requests) taken() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range []string{"GetItem", "BatchGetItem", "Query"} {
		n += r.n[name]
	}
	clear(r.n)
	return n
}

// api is the functions that serve HTTP as assembled for Lambda, one process of each.
type api map[string]http.Handler

// apiStand is an organisation with agreements, groups and an inventory, and its functions.
type apiStand struct {
	t        *testing.T
	settings config.Config
	c        aws.Config
}

func newAPIStand(t *testing.T) *apiStand {
	t.Helper()
	events := make(chan []byte, 10)
	server, err := local.New(local.Options{
		Dir: t.TempDir(), Buckets: []string{"uploads", "reports"}, Keys: []local.Key{{Credentials: aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, Principal: "AWS:local"}}, Now: time.Now,
		Notify: func(bucket, _ string, event []byte) error {
			if bucket == "uploads" {
				events <- event
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	files := httptest.NewServer(server)
	functions := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	t.Cleanup(func() { functions.Close(); files.Close(); server.Close() })
	variables := map[string]string{
		"AWS_REGION": local.Region, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_DYNAMODB": storetest.Endpoint(t), "AWS_ENDPOINT_URL_LAMBDA": functions.URL, "AWS_ENDPOINT_URL_S3": files.URL,
	}
	s := &apiStand{t: t, c: program.Environment(func(name string) string { return variables[name] })}
	s.settings = config.Config{
		Table: storetest.Table(t), UploadsBucket: "uploads", ReportsBucket: "reports", PairMaxChars: 15, ImportLease: 30 * time.Second,
		RefreshFunction: "trueup-refresh", InventoryFunction: "trueup-inventory", DirectoryFunction: "trueup-directory", DeliveryFunction: "trueup-delivery", RefreshTimeZone: time.UTC, ExpiringDays: 90, Role: "local", API: "https://api.example.org", Console: config.Console{Origin: "https://licences.example.org"},
	}
	quiet := slog.New(slog.DiscardHandler)
	imports, counts := trigger.Handler(Importer(s.settings, s.c, quiet), quiet), trigger.Handler(Inventory(s.settings, s.c, quiet), quiet)
	for key, upload := range map[string]struct {
		content string
		handle  func(context.Context, json.RawMessage) error
	}{
		"agreements/two.csv":      {"0100001,0100001\n0100002,0100002\n", imports},
		"inventory/inventory.csv": {"ApplicationKey,ApplicationName,ApplicationPublisher,ApplicationShortVersion,ApplicationVersion,DeviceCount,Platform\n0000000000000001,Visio Professional 2019,Microsoft,16,16.0,3,Windows\n", counts},
	} {
		if _, err := s3.NewFromConfig(s.c).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("uploads"), Key: &key, Body: strings.NewReader(upload.content)}); err != nil {
			t.Fatal(err)
		}
		if err := upload.handle(t.Context(), <-events); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// api starts processes whose requests are counted.
func (s *apiStand) api(r *requests) api {
	c := s.c.Copy()
	c.APIOptions = append(slices.Clip(c.APIOptions), r.count)
	quiet := slog.New(slog.DiscardHandler)
	return api{
		agreements.Name: Agreements(s.settings, c, quiet), catalogapi.Name: Catalog(s.settings, c, quiet),
		groups.Name: Groups(s.settings, c, quiet), reminders.Name: Reminders(s.settings, c, quiet), licenses.Name: Licenses(s.settings, c, quiet), reports.Name: Reports(s.settings, c, quiet), views.Name: Views(s.settings, c, quiet),
	}
}

// send sends a request to a function and returns the body of the answer.
func (s *apiStand) send(to http.Handler, method, path, body string) []byte {
	s.t.Helper()
	ctx := access.WithCall(s.t.Context(), access.Call{RequestID: "r", Principal: &access.Principal{Subject: "me", Roles: []access.Role{access.GlobalAdmin}}})
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cache-Control", "no-cache")
	w := httptest.NewRecorder()
	to.ServeHTTP(w, r)
	if w.Code >= 300 {
		s.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// TestReadsOfTheTable counts the reads of the table that each route needs in a process that has read
// the organisation before: when nothing has changed since, and after another process has changed an
// agreement. Each costs some milliseconds, and adds to the load of a busy table.
func TestReadsOfTheTable(t *testing.T) {
	t.Parallel()
	s := newAPIStand(t)
	counted := &requests{n: map[string]int{}}
	reading, writing := s.api(counted), s.api(&requests{n: map[string]int{}})
	var list struct{ Items []struct{ ID string } }
	if err := json.Unmarshal(s.send(reading[agreements.Name], http.MethodGet, "/agreements", ""), &list); err != nil || len(list.Items) == 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	one := "/agreements/" + list.Items[0].ID
	var plan, person struct{ ID string }
	for _, made := range []struct {
		path, body string
		result     any
	}{
		{"/subscriptions", `{"name":"Suite","quantity":2}`, &plan},
		{"/users", `{"userPrincipalName":"ann@example.org"}`, &person},
	} {
		if err := json.Unmarshal(s.send(writing[licenses.Name], http.MethodPost, made.path, made.body), made.result); err != nil {
			t.Fatal(err)
		}
	}
	for i, route := range []struct {
		function, path     string
		unchanged, changed int // most reads
	}{
		{reports.Name, "/overview", 11, 13},
		{reports.Name, "/reports/license-purchases", 9, 11},
		{reports.Name, "/reports/license-installations", 9, 11},
		{agreements.Name, "/agreements", 3, 5},
		{agreements.Name, one, 1, 1},
		{agreements.Name, one + "/pairs", 7, 7},
		{groups.Name, "/groups", 2, 4},
		{groups.Name, "/groups/unassigned", 1, 3},
		{catalogapi.Name, "/catalog/publishers?q=pub", 1, 1},
		{catalogapi.Name, "/inventory", 2, 2},
		{catalogapi.Name, "/inventory/titles", 1, 1},
		{agreements.Name, "/audit", 10, 10},
		{agreements.Name, "/callers?id=one,two,three", 1, 1},
		{reports.Name, "/refreshes", 1, 1},
		{licenses.Name, "/subscriptions", 2, 2}, // the second one tells who waits
		{licenses.Name, "/subscriptions/" + plan.ID, 2, 2},
		{licenses.Name, "/subscriptions/" + plan.ID + "/users", 2, 2},
		{licenses.Name, "/users", 2, 2},
		{licenses.Name, "/users/" + person.ID, 2, 2},
		{views.Name, "/views", 1, 1}, // a person without views
		{licenses.Name, "/license-assignments.csv", 2, 2},
		{licenses.Name, "/conflicts", 1, 1},
		{licenses.Name, "/conflicts.csv", 1, 1},
		{reminders.Name, "/reminders", 7, 9}, // the feed, the register, the subscriptions, and how refreshes ended
		{reminders.Name, "/reminder-feed", 1, 1},
	} {
		read := func() int {
			s.send(reading[route.function], http.MethodGet, route.path, "")
			return counted.taken()
		}
		change := func(n int) {
			s.send(writing[agreements.Name], http.MethodPatch, one, fmt.Sprintf(`{"name":"Name %d of %d"}`, n, i))
		}
		read()
		change(1)
		read() // which learns that the import of the agreement is committed
		unchanged := read()
		change(2)
		if changed := read(); unchanged > route.unchanged || changed > route.changed || unchanged == 0 {
			t.Errorf("%s: %d reads and %d after a change, want at most %d and %d", route.path, unchanged, changed, route.unchanged, route.changed)
		}
	}
}
