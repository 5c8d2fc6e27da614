package importer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	lambda "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	engine "trueup/infra/local/aws/dynamodb"
	local "trueup/infra/local/aws/s3"
	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/aws/trigger"
	"trueup/internal/i18n"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/objects"
	"trueup/internal/register"
	"trueup/internal/sheet"
	"trueup/internal/testkit/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const lease = 30 * time.Second

// clock stands still until a test advances it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// stand is the use case with the real adapters: a table of DynamoDB Local and the buckets of the
// local S3.
type stand struct {
	t      *testing.T
	engine *dynamodb.Client // directly to DynamoDB Local, to inspect the table
	table  string
	files  *s3.Client
	clock  *clock
	*importer.Importer

	// Created once: the SDK does not allow changes to a client while it is in use.
	uploads, reports objects.Bucket

	mu     sync.Mutex
	events map[string][]byte // by key, the event of the last put
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{t: t, engine: storetest.Client(t), table: storetest.Table(t), clock: &clock{now: noon}, events: map[string][]byte{}}
	access := aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	server, err := local.New(local.Options{
		Dir: t.TempDir(), Buckets: []string{"uploads", "reports"}, Keys: []local.Key{{Credentials: access, Principal: "AWS:local"}}, Now: time.Now, Notify: s.notify,
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(func() { front.Close(); server.Close() })
	s.files = s3.New(s3.Options{
		Region: local.Region, BaseEndpoint: &front.URL, UsePathStyle: true,
		Credentials: credentials.StaticCredentialsProvider{Value: access},
	})
	s.uploads, s.reports = s3bucket.New(s.files, "uploads"), s3bucket.New(s.files, "reports")
	s.Importer = s.importer(storetest.Endpoint(t))
	return s
}

// importer returns the use case of another process, with the store at url.
func (s *stand) importer(url string) *importer.Importer {
	table := dynamo.Open(client(url), s.table, dynamo.RetryTimeout(30*time.Second))
	return &importer.Importer{
		Store: table.Imports, Numbers: register.New(table.Agreements, table.Journal, nil, nil),
		Uploads: s.uploads, Reports: s.reports, Clock: s.clock.Now, Lease: lease, Log: slog.New(slog.DiscardHandler),
	}
}

// client retries faults like the client of the import function.
func client(url string) *dynamodb.Client {
	return engine.NewClient(url, func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts, r.MaxBackoff, r.RateLimiter = 12, 20*time.Millisecond, ratelimit.None
		})
	})
}

func (s *stand) notify(_, key string, event []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events[key] = event
	return nil
}

// upload is a file with its user metadata.
type upload struct {
	key, body string
	metadata  map[string]string
}

// put stores a file and returns its S3 event.
func (s *stand) put(u upload) []byte {
	s.t.Helper()
	_, err := s.files.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String("uploads"), Key: &u.key, Body: strings.NewReader(u.body), Metadata: u.metadata,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.events[u.key]
}

// deliver calls an import function with an event.
func deliver(ctx context.Context, im *importer.Importer, event []byte) error {
	return trigger.Handler(trigger.Jobs{
		Files: []trigger.Receiver{{Kind: kind.Agreements, Receive: im.Receive}}, Scheduled: im.Abandon,
	}, im.Log)(ctx, event)
}

func objectOf(t *testing.T, event []byte) intake.Object {
	t.Helper()
	var e lambda.S3Event
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	return trigger.ObjectOf(e.Records[0])
}

// idOf returns the id of the import of an event's object.
func idOf(t *testing.T, event []byte) string {
	t.Helper()
	o := objectOf(t, event)
	return o.ID(o.Bucket)
}

// run puts a file, delivers its event once, and returns its record: a new one, or the announced
// one that the metadata names.
func (s *stand) run(u upload) importer.Import {
	s.t.Helper()
	event := s.put(u)
	must(s.t, deliver(s.t.Context(), s.Importer, event))
	return s.record(idOf(s.t, event))
}

func (s *stand) record(id string) importer.Import {
	s.t.Helper()
	imp, err := s.Store.Import(s.t.Context(), id)
	must(s.t, err)
	return imp
}

// numbers formats the state and the counters of a record, for comparison.
func numbers(imp importer.Import) string {
	reason := ""
	if imp.Reason != "" {
		reason = " " + imp.Reason
	}
	return fmt.Sprintf("%s%s: %d rows = %d added + %d unchanged + %d rejected, %d created, %d extended", imp.State, reason,
		imp.Rows, imp.Added, imp.Unchanged, imp.Rejected, imp.Created, imp.Extended)
}

// object returns the content of an object of the reports bucket; empty if it does not exist.
func (s *stand) object(key string) string {
	s.t.Helper()
	out, err := s.files.GetObject(s.t.Context(), &s3.GetObjectInput{Bucket: aws.String("reports"), Key: &key})
	if err != nil {
		return ""
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	must(s.t, err)
	return string(body)
}

// placeholder matches a placeholder in a message that has no value.
var placeholder = regexp.MustCompile(`\{\w+\}`)

// findings checks what R3.8 requires of every import that ended. It returns the findings, one per
// line.
func (s *stand) findings(imp importer.Import) []string {
	s.t.Helper()
	if imp.Added+imp.Unchanged+imp.Rejected != imp.Rows || imp.FinishedAt.IsZero() || !imp.Lease.IsZero() {
		s.t.Errorf("R3.8 record: %s, finished at %v, lease %v", numbers(imp), imp.FinishedAt, imp.Lease)
	}
	dump := storetest.Dump(s.t, s.engine, s.table)
	if got := events(dump, imp); len(got) != 1 || got[0]["by"] != imp.Object.By || got[0]["source"] != "import" {
		s.t.Errorf("R3.8 audit events: %v", got)
	}
	if dump["IMPORTS#OPEN|IMPORT#"+imp.ID] != nil {
		s.t.Errorf("%s is still among the running imports", imp.ID)
	}
	if until, err := strconv.ParseInt(fmt.Sprint(dump["WRITER|WRITER"]["lease"]), 10, 64); err == nil && until >= s.clock.Now().UnixMilli() {
		s.t.Errorf("the writer's lease is still held: %v", dump["WRITER|WRITER"])
	}
	if imp.State == importer.StateFailed {
		return nil
	}
	report, err := importer.DecodeReport(strings.NewReader(s.object(imp.ReportKey())))
	must(s.t, err)
	var lines []string
	errors := 0
	for _, f := range report.Findings {
		for _, language := range i18n.Langs {
			if sentence := i18n.Text(language, f.Code, f.Args); !i18n.Known(f.Code) || placeholder.MatchString(sentence) {
				s.t.Errorf("%s reads %q in %s", f.Code, sentence, language)
			}
		}
		if f.Severity == sheet.SeverityError {
			errors++
		}
		line := fmt.Sprintf("%s %d.%d %s", f.Severity, f.Line, f.Position, f.Code)
		if name := f.Args["agreement"]; name != "" {
			line += " " + name
		}
		lines = append(lines, line)
	}
	if report.Import != imp.ID || errors != imp.Errors || len(lines)-errors != imp.Warnings {
		s.t.Errorf("report of %s has %d errors of %d; the record says %d and %d warnings", report.Import, errors, len(lines), imp.Errors, imp.Warnings)
	}
	for _, language := range i18n.Langs {
		copied := s.object(imp.AnnotatedKey(string(language)))
		if (copied != "") != imp.Annotated || imp.Annotated && !strings.HasPrefix(copied, "\ufeff"+firstHeading(language)) {
			s.t.Errorf("annotated copy in %s: %.60q", language, copied)
		}
	}
	return lines
}

// firstHeading returns the heading of the authorization number in an annotated copy: its name in
// the language if a file may use it, or else in English.
func firstHeading(lang i18n.Lang) string {
	name := i18n.Column(lang, string(pairfile.ColumnAuthorization))
	if _, known := pairfile.KnownHeader(name); !known {
		name = i18n.Column(i18n.English, string(pairfile.ColumnAuthorization))
	}
	return name
}

// events returns the audit events of the end of an import.
func events(dump map[string]map[string]any, imp importer.Import) (found []map[string]any) {
	for _, item := range dump {
		if item["subject"] == "import/"+imp.ID && item["action"] == "import."+string(imp.State) {
			found = append(found, item)
		}
	}
	return found
}

// seen returns everything that a reader without a cache sees of the store: a line for each group
// and each agreement.
func (s *stand) seen() []string {
	s.t.Helper()
	return seen(s.t, dynamo.Open(s.engine, s.table))
}

func seen(t *testing.T, store *dynamo.Table) []string {
	t.Helper()
	ctx := context.Background()
	groups, err := store.Groups.Groups(ctx)
	must(t, err)
	counts, _, err := register.New(store.Agreements, store.Journal, nil, nil).ByGroup(ctx)
	must(t, err)
	lines := []string{}
	listed := 0
	for _, g := range groups {
		g.Agreements = counts[g.ID]
		name := g.Name
		if g.ID == "unassigned" {
			name = "Unassigned"
		}
		var inGroup []string
		for _, a := range allAgreements(t, store, agreement.Query{GroupID: g.ID}) {
			pairs := allPairs(t, store, a.ID)
			if len(pairs) != a.PairCount {
				t.Errorf("%s counts %d pairs and lists %d", a.Name, a.PairCount, len(pairs))
			}
			inGroup = append(inGroup, fmt.Sprintf("%s / %s v%d: %s", name, a.Name, a.Version, strings.Join(pairs, " ")))
		}
		if len(inGroup) != g.Agreements {
			t.Errorf("%s counts %d agreements and lists %d", name, g.Agreements, len(inGroup))
		}
		listed += len(inGroup)
		if g.ID != "unassigned" {
			lines = append(lines, name)
		}
		lines = append(lines, inGroup...)
	}
	if all := allAgreements(t, store, agreement.Query{}); len(all) != listed {
		t.Errorf("%d agreements by name, %d in groups", len(all), listed)
	}
	return lines
}

func allAgreements(t *testing.T, store *dynamo.Table, q agreement.Query) (all []agreement.Agreement) {
	t.Helper()
	reg := register.New(store.Agreements, store.Journal, nil, nil)
	for q.Limit = 200; ; {
		p, err := reg.List(context.Background(), q)
		must(t, err)
		all = append(all, p.Items...)
		if q.Cursor = p.Next; p.Next == "" {
			return all
		}
	}
}

func allPairs(t *testing.T, store *dynamo.Table, id string) (all []string) {
	t.Helper()
	for cursor := ""; ; {
		p, err := store.Agreements.Pairs(context.Background(), id, 200, cursor)
		must(t, err)
		for _, pair := range p.Items {
			all = append(all, string(pair.Key()))
		}
		if cursor = p.Next; cursor == "" {
			return all
		}
	}
}

// staged returns the keys of the items that name a stage of an import.
func (s *stand) staged(id string) []string {
	s.t.Helper()
	dump := storetest.Dump(s.t, s.engine, s.table)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(dump)), func(key string) bool {
		stage, _ := dump[key]["stage"].(string)
		return !strings.HasPrefix(stage, id+".")
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
