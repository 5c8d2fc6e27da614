package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/app"
	"trueup/internal/aws/dynamo"
	"trueup/internal/config"
	"trueup/internal/group"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/httpapi/groups"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/httpapi/reminders"
	"trueup/internal/httpapi/reports"
	"trueup/internal/httpapi/route"
	"trueup/internal/httpapi/views"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// faulty is the functions as package app assembles them, on a store that sometimes fails.
type faulty struct {
	log      lines
	handlers map[string]http.Handler // by function
	store    *dynamo.Table           // the same table, without faults
	proxy    *faultproxy.Proxy
}

func newFaulty(t *testing.T, faults faultproxy.Faults) *faulty {
	t.Helper()
	return newFaultyWith(t, faults, nil)
}

// elsewhere is the endpoints of services other than the proxy, as package app finds them.
type elsewhere map[string]string

// GetServiceBaseEndpoint implements the interface that the SDK's clients look for.
func (e elsewhere) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	url, ok := e[service]
	return url, ok, nil
}

func newFaultyWith(t *testing.T, faults faultproxy.Faults, others elsewhere) *faulty {
	t.Helper()
	table := storetest.Table(t)
	proxy := faultproxy.New(storetest.Endpoint(t), 1, faults)
	t.Cleanup(proxy.Close)
	f := &faulty{handlers: map[string]http.Handler{}, store: dynamo.Open(storetest.Client(t), table), proxy: proxy}
	log := slog.New(slog.NewJSONHandler(&f.log, nil))
	var names []string
	for _, s := range config.Settings {
		if s.Resource != "sessions" && (!s.Deployed || s.Required()) { // what only the console has, and what only a deployment knows
			names = append(names, s.Name)
		}
	}
	settings, err := config.Load(func(name string) string {
		return map[string]string{
			config.Table: table, config.UploadsBucket: uploadsBucket, config.ReportsBucket: reportsBucket,
			config.RefreshFunction: "refresh", config.InventoryFunction: "inventory", config.DirectoryFunction: "directory", config.DeliveryFunction: "delivery", config.Role: "AROA", config.NoticesTopic: "topic", config.API: "https://api.example.org", config.ConsoleOrigin: "https://licences.example.org",
		}[name]
	}, names...)
	if err != nil {
		t.Fatal(err)
	}
	handlers := map[string]func(config.Config, aws.Config, *slog.Logger) http.Handler{
		agreements.Name: app.Agreements, catalogapi.Name: app.Catalog, groups.Name: app.Groups, licenses.Name: app.Licenses, reminders.Name: app.Reminders, reports.Name: app.Reports, views.Name: app.Views,
	}
	for _, r := range route.API {
		if f.handlers[r.Function] == nil {
			f.handlers[r.Function] = handlers[r.Function](settings, aws.Config{
				Region: "eu-west-1", BaseEndpoint: &proxy.URL, ConfigSources: []any{others},
				Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
			}, log)
		}
	}
	return f
}

// requestID is the header that sets a test request's id.
const requestID = "Test-Request-Id"

// do sends a request and returns the status, the code of a problem, and the body.
func (f *faulty) do(method, path, body string, headers ...string) (status int, code string, answer []byte) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	function, _ := routed(r)
	caller := *admin.Principal
	caller.Console = true // one operation is for the console only
	call := access.Call{Principal: &caller, RequestID: r.Header.Get(requestID)}
	f.handlers[function].ServeHTTP(w, r.WithContext(access.WithCall(r.Context(), call)))
	var problem httpapi.Problem
	if graph, is := graphProblem(w.Code, w.Body.Bytes()); is {
		problem = graph
	} else {
		_ = json.Unmarshal(w.Body.Bytes(), &problem) // an answer that is not a problem has no code
	}
	if w.Code == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		return w.Code, "no Retry-After", w.Body.Bytes()
	}
	return w.Code, problem.Code, w.Body.Bytes()
}

// atOnce calls do with 0 to n-1, in concurrent workers.
func atOnce(n, workers int, do func(int)) {
	next := make(chan int)
	var g sync.WaitGroup
	for range workers {
		g.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	g.Wait()
}

// TestR2_3_CutReplies creates 1,000 agreements while 20 % of the store's replies to writes are
// cut after the write: no creation is rejected because of its own first attempt, and none is
// stored twice.
func TestR2_3_CutReplies(t *testing.T) {
	t.Parallel()
	for _, kind := range []faultproxy.Kind{faultproxy.CutReply, faultproxy.CutBody} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			f := newFaulty(t, faultproxy.Faults{{Kind: kind, Rate: 0.2, Operations: []string{"TransactWriteItems"}}})
			const creations = 500 // of each kind
			atOnce(creations, 4, func(i int) {
				body := fmt.Sprintf(`{"type": "volume", "name": "Cut %d", "pairs": [{"authorizationNumber": "C%d", "licenseNumber": "C%d"}]}`, i, i, i)
				for {
					status, code, _ := f.do("POST", "/agreements", body, "Idempotency-Key", fmt.Sprint("cut-", i))
					if status == http.StatusServiceUnavailable && code == "try_again" {
						continue // as the answer says; it may have been stored
					}
					if status != http.StatusCreated {
						t.Errorf("creation %d: %d %s", i, status, code)
					}
					return
				}
			})
			if cut := f.proxy.Counts()[kind]; cut < creations/10 {
				t.Errorf("only %d replies were cut", cut)
			}
			counts, _, err := register.New(f.store.Agreements, f.store.Journal, nil, nil).ByGroup(context.Background())
			if err != nil || counts[group.UnassignedID] != creations {
				t.Errorf("%d agreements are counted (%v), want %d", counts[group.UnassignedID], err, creations)
			}
			names := map[string]int{}
			for cursor := ""; ; {
				status, code, answer := f.do("GET", "/agreements?limit=200&cursor="+url.QueryEscape(cursor), "")
				var page httpapi.Page[agreements.Agreement]
				if err := json.Unmarshal(answer, &page); err != nil || status != http.StatusOK {
					t.Fatalf("%d %s (%v)", status, code, err)
				}
				for _, a := range page.Items {
					names[a.Name]++
				}
				if cursor = page.NextCursor; cursor == "" {
					break
				}
			}
			for i := range creations {
				if n := names[fmt.Sprint("Cut ", i)]; n != 1 {
					t.Errorf("creation %d is listed %d times", i, n)
				}
			}
		})
	}
}

// TestTransactionConflicts writes while 30 % of the transactions are cancelled by a conflict: at
// least 99.9 % succeed, and the others are answered with try_again.
func TestTransactionConflicts(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, faultproxy.Faults{{Kind: faultproxy.TransactionConflict, Rate: 0.3, Operations: []string{"TransactWriteItems"}}})
	const writes = 1000
	var mu sync.Mutex
	answered := 0
	atOnce(writes, 4, func(i int) {
		// Every tenth conflicts with its predecessor.
		number := i - i%10/9
		body := fmt.Sprintf(`{"type": "volume", "name": "Conflict %d", "pairs": [{"authorizationNumber": "T%d", "licenseNumber": "T%d"}]}`, i, number, number)
		status, code, _ := f.do("POST", "/agreements", body)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case status == http.StatusCreated, status == http.StatusConflict && code == "taken" && i%10 >= 8:
			answered++
		case status == http.StatusServiceUnavailable && code == "try_again":
		default:
			t.Errorf("write %d: %d %s", i, status, code)
		}
	})
	if answered*1000 < writes*999 {
		t.Errorf("%d of %d writes were answered", answered, writes)
	}
	if n := f.proxy.Counts()[faultproxy.TransactionConflict]; n < writes/5 {
		t.Errorf("only %d conflicts happened", n)
	}
}

// TestStoreUnavailable requires 503 with Retry-After, never 500, from every route that uses an
// unavailable store, within a bounded time; also after endless conflicts. A permanent error is
// 500. The log has each cause (R16.3).
func TestStoreUnavailable(t *testing.T) {
	t.Parallel()
	all := []faultproxy.Kind{
		faultproxy.InternalError, faultproxy.CutReply, faultproxy.Throttling, faultproxy.ThroughputExceeded,
		faultproxy.TransactionConflict, faultproxy.TransactionThrottled, faultproxy.AccessDenied,
	}
	bodies, versions := map[string]string{}, map[string]string{}
	for _, o := range operations(t) {
		if schema := o.body(); schema != nil {
			bodies[o.Key()] = sample(schema, nil, "")
		}
		versions[o.Key()] = "*"
		if o.spec.Responses.Value("428") != nil { // it refuses any version
			versions[o.Key()] = `"1-en"`
		}
	}
	// What a job needs depends on its action, and it names a subscription that has to exist.
	bodies["POST /license-jobs"] = `{"action":"assign","mode":"replace","users":["x"],"dryRun":true}`
	queries := required(t)
	for _, kind := range all {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			faults := faultproxy.Faults{{Kind: kind, Rate: 1}}
			transactions := kind == faultproxy.TransactionConflict || kind == faultproxy.TransactionThrottled
			if transactions {
				faults[0].Operations = []string{"TransactWriteItems"}
			}
			wanted, code := http.StatusServiceUnavailable, "try_again"
			if kind == faultproxy.AccessDenied {
				wanted, code = http.StatusInternalServerError, "internal_error"
			}
			f := newFaulty(t, faults)
			var items atomic.Bool
			atOnce(len(route.API), len(route.API), func(i int) {
				r := route.API[i]
				if slices.Contains(storeless, r.Key()) || transactions && r.Method == http.MethodGet {
					return
				}
				body, keys := bodies[r.Key()], []string{""}
				if r.Method == http.MethodPost {
					keys = append(keys, secretKey)
				}
				for _, idempotencyKey := range keys {
					begin, id := time.Now(), r.Key()+idempotencyKey
					status, got, answer := f.do(r.Method, named(r, "nothing")+queries[r.Key()], body,
						requestID, id, "Authorization", secretToken, "Idempotency-Key", idempotencyKey, "If-Match", versions[r.Key()])
					switch {
					case status == http.StatusOK && strings.Contains(string(answer), `"`+code+`"`): // for each item
						items.Store(true)
						f.log.explain(t, r, id, body, wanted)
					case transactions && status == http.StatusNotFound: // it was read, and is not there
					case transactions && status == http.StatusOK && strings.Contains(string(answer), `_not_found"`): // each item is told
					case transactions && status == http.StatusCreated && strings.Contains(string(answer), `"notFound":["`):
					case status == wanted && got == code:
						f.log.explain(t, r, id, body, status)
					default:
						t.Errorf("%s: %d %s", r.Key(), status, got)
					}
					if took := time.Since(begin); took > 25*time.Second {
						t.Errorf("%s took %v", r.Key(), took)
					}
				}
			})
			if items.Load() == transactions {
				t.Errorf("items of a call that fail: %v", !transactions)
			}
		})
	}
}

// required returns valid values of the query parameters that routes require.
func required(t *testing.T) map[string]string {
	t.Helper()
	queries := map[string]string{}
	for _, o := range operations(t) {
		for _, p := range o.spec.Parameters {
			if p.Value.In == "query" && p.Value.Required {
				queries[o.Key()] = "?" + p.Value.Name + "=" + url.QueryEscape(strings.Trim(sample(p.Value.Schema.Value, nil, ""), `"`))
			}
		}
	}
	return queries
}

// named returns the path of a route with a value for its parameters. A feed is not looked for without its extension.
func named(r route.Route, value string) string {
	if r.Operation == "readFeed" {
		value += ".ics"
	}
	return parameter.ReplaceAllString(r.Path, value)
}

// storeless lists the routes that need no store.
var storeless = []string{"GET /openapi.json", "GET /catalog/proposals"}

// TestObjectsUnavailable requires 503 with Retry-After from every report while the reports bucket is
// unavailable, and no 500 from any other route.
func TestObjectsUnavailable(t *testing.T) {
	t.Parallel()
	queries, dated := required(t), map[string]bool{}
	for _, o := range operations(t) {
		o.parameters("query", func(name string, _ *openapi3.Schema) { dated[o.Key()] = dated[o.Key()] || name == "date" })
	}
	for kind, away := range map[string]http.HandlerFunc{
		"gone": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"busy": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte("<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"))
		},
		"torn": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("<"))
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(away)
			t.Cleanup(server.Close)
			f := newFaultyWith(t, nil, elsewhere{"S3": server.URL})
			atOnce(len(route.API), len(route.API), func(i int) {
				r := route.API[i]
				if r.Method != http.MethodGet {
					return
				}
				begin := time.Now()
				paths := []string{named(r, "nothing") + queries[r.Key()]}
				reads := r.Function == reports.Name && strings.HasPrefix(r.Path, "/reports/") || r.Path == "/overview"
				if dated[r.Key()] {
					paths = append(paths, paths[0]+"?date=2026-11-21")
				}
				for _, path := range paths {
					status, code, answer := f.do(r.Method, path, "", requestID, path)
					f.log.explain(t, r, path, "", status)
					switch {
					case status == http.StatusServiceUnavailable && code == "try_again":
					case reads || status >= http.StatusInternalServerError:
						t.Errorf("%s: %d %s %.200s", path, status, code, answer)
					}
				}
				if took := time.Since(begin); took > 25*time.Second {
					t.Errorf("%s took %v", r.Key(), took)
				}
			})
		})
	}
}

// TestR2_12_NoLostUpdate sends 50 concurrent edits of one agreement, half of them with the
// version that the caller read: the store contains exactly the edits that were answered with
// 200.
func TestR2_12_NoLostUpdate(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, nil)
	status, _, answer := f.do("POST", "/agreements", `{"type": "volume", "name": "Contended", "pairs": [{"authorizationNumber": "L", "licenseNumber": "L"}]}`)
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, answer)
	}
	var made agreements.Agreement
	if err := json.Unmarshal(answer, &made); err != nil {
		t.Fatal(err)
	}
	const edits = 50
	var mu sync.Mutex
	done, versions := map[string]bool{}, map[int64]bool{}
	atOnce(edits, edits, func(i int) {
		pair := fmt.Sprintf("L%d", i)
		body := fmt.Sprintf(`{"pairs": [{"authorizationNumber": %q, "licenseNumber": %q}]}`, pair, pair)
		path := "/agreements/" + made.ID + "/pairs"
		var headers []string
		if i%2 == 0 {
			headers = []string{"If-Match", `"1-en"`}
		}
		status, code, answer := f.do("POST", path, body, headers...)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case status == http.StatusOK:
			var a agreements.Agreement
			if err := json.Unmarshal(answer, &a); err != nil || versions[a.Version] {
				t.Errorf("version %d answered twice (%v)", a.Version, err)
			}
			versions[a.Version], done[pair] = true, true
		case headers != nil && status == http.StatusPreconditionFailed && code == "version_stale":
		case headers == nil && status == http.StatusServiceUnavailable && code == "try_again":
		default:
			t.Errorf("edit %d: %d %s", i, status, code)
		}
	})
	if len(done) < edits/4 {
		t.Errorf("only %d edits were made", len(done))
	}
	got, err := f.store.Agreements.Agreement(t.Context(), made.ID)
	if err != nil || got.PairCount != 1+len(done) || got.Version != int64(1+len(done)) {
		t.Errorf("%d pairs, version %d after %d edits (%v)", got.PairCount, got.Version, len(done), err)
	}
	stored, err := f.store.Agreements.Pairs(t.Context(), made.ID, 200, "")
	if err != nil || len(stored.Items) != 1+len(done) {
		t.Errorf("%d pairs are stored (%v)", len(stored.Items), err)
	}
	for _, p := range stored.Items {
		if p.License != "L" && !done[p.License] {
			t.Errorf("the pair %s is stored, though its caller was refused", p)
		}
	}
}

// TestR2_10_ManyAtOnce moves and deletes as many agreements as one call accepts, while 30 % of
// the transactions are cancelled by a conflict.
func TestR2_10_ManyAtOnce(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, faultproxy.Faults{{Kind: faultproxy.TransactionConflict, Rate: 0.3, Operations: []string{"TransactWriteItems"}}})
	const many = 100
	ids := make([]string, many)
	atOnce(many, 4, func(i int) {
		body := fmt.Sprintf(`{"type": "volume", "name": "Many %d", "pairs": [{"authorizationNumber": "M%d", "licenseNumber": "M%d"}]}`, i, i, i)
		status, code, answer := f.do("POST", "/agreements", body)
		var made agreements.Agreement
		if err := json.Unmarshal(answer, &made); err != nil || status != http.StatusCreated {
			t.Errorf("%d %s (%v)", status, code, err)
		}
		ids[i] = made.ID
	})
	list, err := json.Marshal(ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		path, body string
		counts     map[string]int // agreements by group
	}{
		{"/agreements/moves", `{"group": {"name": "Moved"}, "ids": `, map[string]int{"": 0, "Moved": many}},
		{"/agreements/moves", `{"group": {"id": "unassigned"}, "ids": `, map[string]int{"": many, "Moved": 0}},
		{"/agreements/deletions", `{"ids": `, map[string]int{"": 0, "Moved": 0}},
	} {
		status, code, answer := f.do("POST", step.path, step.body+string(list)+"}")
		var results agreements.Results
		if err := json.Unmarshal(answer, &results); err != nil || status != http.StatusOK || results.Succeeded != many || len(results.Items) != many {
			t.Errorf("%s: %d %s, %d done (%v)", step.path, status, code, results.Succeeded, err)
		}
		for i, item := range results.Items {
			if item.ID != ids[i] {
				t.Errorf("%s: result %d is that of %s, want %s", step.path, i, item.ID, ids[i])
			}
		}
		groups, err := f.store.Groups.Groups(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		counted, _, err := register.New(f.store.Agreements, f.store.Journal, nil, nil).ByGroup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		for _, g := range groups {
			counts[g.Name] = counted[g.ID]
		}
		if diff := cmp.Diff(step.counts, counts); diff != "" {
			t.Errorf("%s: counts (-want +got)\n%s", step.path, diff)
		}
	}
}

// TestR2_12_CutReplies changes and deletes with the version read, while 20 % of the store's
// replies to writes are cut after the write: no caller gets a conflict with its own write.
func TestR2_12_CutReplies(t *testing.T) {
	t.Parallel()
	f := newFaulty(t, faultproxy.Faults{
		{Kind: faultproxy.CutReply, Rate: 0.1, Operations: []string{"TransactWriteItems"}},
		{Kind: faultproxy.CutBody, Rate: 0.1, Operations: []string{"TransactWriteItems"}},
	})
	const number = 60
	var mu sync.Mutex
	done := 0
	atOnce(number, 4, func(i int) {
		path := "/agreements"
		for _, step := range []struct {
			method, suffix, body, match string
			status                      int
		}{
			{"POST", "", fmt.Sprintf(`{"type": "volume", "name": "V %d", "pairs": [{"authorizationNumber": "V%d", "licenseNumber": "V%d"}]}`, i, i, i), "*", 201},
			{"PATCH", "", fmt.Sprintf(`{"name": "W %d", "group": {"name": "Group %d"}}`, i, i%5), `"1"`, 200},
			{"POST", "/pairs", fmt.Sprintf(`{"pairs": [{"authorizationNumber": "W%d", "licenseNumber": "W%d"}]}`, i, i), `"2"`, 200},
			{"DELETE", fmt.Sprintf("/pairs/V%d+V%d", i, i), "", `"3"`, 200},
			{"DELETE", "", "", `"4"`, 200},
		} {
			status, code, answer := f.do(step.method, path+step.suffix, step.body, "If-Match", step.match)
			if status == http.StatusServiceUnavailable && code == "try_again" {
				return // it is unknown what is stored now
			}
			if status != step.status {
				t.Errorf("%s %s: %d %s", step.method, step.suffix, status, code)
				return
			}
			var a agreements.Agreement
			if err := json.Unmarshal(answer, &a); err != nil {
				t.Error(err)
			}
			path = "/agreements/" + a.ID
		}
		mu.Lock()
		defer mu.Unlock()
		done++
	})
	if done < number*9/10 {
		t.Errorf("only %d of %d were answered to the end", done, number)
	}
	if n := f.proxy.Counts(); n[faultproxy.CutReply]+n[faultproxy.CutBody] < number/2 {
		t.Errorf("only %v happened", n)
	}
}
