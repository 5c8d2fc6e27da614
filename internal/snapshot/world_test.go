package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/aws/s3"
	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/catalog"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/product/builtin"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/snapshot"
	"trueup/internal/testkit/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var (
	now   = time.Date(2026, time.November, 21, 6, 30, 0, 0, time.UTC)
	quiet = slog.New(slog.DiscardHandler)
)

const today day.Date = "2026-11-21"

// world is an organisation whose data the test sets, except catalog, license groups and bucket.
type world struct {
	refresher.Records

	files objects.Bucket
	table string
	store *dynamo.Table

	mu         sync.Mutex
	agreements []agreement.Agreement
	at         int64
	pairs      []refresher.Answered
	changed    []agreement.PairKey // since the last full run
	statements []entitlement.Statement
	tallies    []inventory.Counted
	indexed    []inventory.Indexed
	unsearched []inventory.Unsearched
	adjusted   report.Adjustments
	freshness  refresher.Freshness
	runs       []refresher.Run
}

func newWorld(t *testing.T) *world {
	t.Helper()
	key := aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	server, err := s3.New(s3.Options{
		Dir: t.TempDir(), Buckets: []string{"reports"}, Keys: []s3.Key{{Credentials: key, Principal: "AWS:local"}}, Now: time.Now, Notify: func(string, string, []byte) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(func() { front.Close(); server.Close() })
	client := awss3.New(awss3.Options{
		Region: s3.Region, BaseEndpoint: &front.URL, UsePathStyle: true, Credentials: credentials.StaticCredentialsProvider{Value: key},
	})
	w := &world{files: s3bucket.New(client, "reports"), table: storetest.Table(t)}
	w.store = dynamo.Open(storetest.Client(t), w.table)
	w.agreements = []agreement.Agreement{
		{ID: "a1", Type: agreement.TypeVolume, Name: "Office agreements", GroupID: "unassigned", PairCount: 1, Validation: agreement.ValidationValid, Version: 1},
		{ID: "b1", Type: agreement.TypeOther, Name: "Acrobat", GroupID: "unassigned", Version: 1, Terms: agreement.Terms{
			Publisher: "Adobe Systems Incorporated", ProductTitle: "Acrobat Pro 2020", Licenses: 3, End: "2026-12-31",
		}},
	}
	w.entitled(100)
	w.tallies = []inventory.Counted{{Source: "intune", Key: "inventory/pcs.csv", At: now, Tally: &inventory.Tally{
		Rules: "1", Rows: 100, Devices: 90,
		Products: []inventory.ProductCount{
			{Product: builtin.Load().Named("Microsoft", "Office Professional Plus", "2021"), Devices: 90},
			{Product: builtin.Load().Named("Adobe", "Acrobat Pro", "2020"), Devices: 4},
		},
	}}}
	return w
}

// entitled sets the quantity of the only pair.
func (w *world) entitled(licenses int) {
	w.pairs = []refresher.Answered{{
		Pair: agreement.Pair{Authorization: "01-07001", License: "01-07001"}, AgreementID: "a1", State: agreement.ValidationValid,
		Entitlements: []entitlement.Entitlement{{Publisher: "Microsoft", Family: "Office Professional Plus", Version: "2021", Effective: licenses}},
	}}
}

func (w *world) All(_ context.Context, since journal.Position) ([]agreement.Agreement, journal.Position, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := journal.Position{{Seq: 1 + w.at}}
	if since == at {
		return nil, at, nil
	}
	return append([]agreement.Agreement{}, w.agreements...), at, nil
}

func (w *world) Answers(_ context.Context, yield func([]refresher.Answered) error) error {
	return yield(w.pairs)
}

// ChangedSince implements refresher.Changed. Each answer for a changed pair is current.
func (w *world) ChangedSince(_ context.Context, point string) (pairs []agreement.PairKey, answered []refresher.Answered, err error) {
	if point != w.freshness.Full {
		return nil, nil, refresher.ErrForgotten
	}
	for _, a := range w.pairs {
		if slices.Contains(w.changed, a.Pair.Key()) {
			answered = append(answered, a)
		}
	}
	return w.changed, answered, nil
}

func (w *world) Indexed(context.Context) ([]inventory.Indexed, []inventory.Unsearched, error) {
	return w.indexed, w.unsearched, nil
}

func (w *world) Current(context.Context) ([]entitlement.Statement, error) { return w.statements, nil }
func (w *world) Adjustments(context.Context) (report.Adjustments, error)  { return w.adjusted, nil }
func (w *world) Tallies(context.Context) ([]inventory.Counted, error)     { return w.tallies, nil }
func (w *world) Freshness(context.Context) (refresher.Freshness, error)   { return w.freshness, nil }

func (w *world) Runs(context.Context, int, string) (refresher.Page, error) {
	return refresher.Page{Items: w.runs}, nil
}

// Run returns a record from the test's list of runs.
func (w *world) Run(_ context.Context, id string) (refresher.Run, error) {
	for _, r := range w.runs {
		if r.ID == id {
			return r, nil
		}
	}
	return refresher.Run{}, errs.New(errs.NotFound, "refresh_not_found", "id", id)
}

func (w *world) index() snapshot.Index { return w.store.Snapshots }

// publisher returns a Publisher for the bucket, as in a new process.
func (w *world) publisher(files objects.Bucket) *snapshot.Publisher {
	return &snapshot.Publisher{
		Files: files, Index: w.index(), Agreements: w, Answers: w, Changed: w, Statements: w, Groups: w.store.Groups, Inventory: w, Refreshes: w, Catalog: catalog.New(w.store.Journal, w.files, quiet),
		Adjustments: w, Subscriptions: w.store.Subscriptions, Devices: w.store.Devices, Zone: time.UTC, Expiring: 90, Words: report.WordsIn(i18n.English), Clock: func() time.Time { return now }, Log: quiet,
	}
}

// library returns a Library as in a new process.
func (w *world) library() *snapshot.Library {
	return &snapshot.Library{Files: w.files, Index: w.index(), Agreements: w, Groups: w.store.Groups, Inventory: w, Refreshes: w, Catalog: catalog.New(w.store.Journal, w.files, quiet), Adjustments: w, Zone: time.UTC, Subscriptions: w.store.Subscriptions, Devices: w.store.Devices, PCs: w, DeviceGroups: w.store.Devices}
}

// attempt returns a successful attempt at a run of a day.
func attempt(token int64, date day.Date) refresher.Run {
	return refresher.Run{
		ID: fmt.Sprintf("r%d", token), Kind: refresher.KindFull, Trigger: refresher.TriggerSchedule, Token: token, Date: date, State: refresher.StateSucceeded,
		RequestedAt: now.Add(-time.Hour), StartedAt: now.Add(-time.Hour).Add(time.Duration(token) * time.Second),
	}
}

func (w *world) publish(t *testing.T, run refresher.Run) {
	t.Helper()
	if err := w.publisher(w.files).Publish(t.Context(), run); err != nil {
		t.Fatal(err)
	}
}

func settings() report.Settings {
	return report.Settings{Now: now, Calendar: day.Window(90).At(now, time.UTC), Products: builtin.Load(), Words: report.WordsIn(i18n.English)}
}

// seen returns the number of Office licences on a day, or live for an empty date. It fails if the
// data are incomplete.
func (w *world) seen(t *testing.T, date day.Date) int {
	t.Helper()
	l := w.library()
	var v *snapshot.View
	var err error
	if date == "" {
		v, _, err = l.Live(t.Context())
	} else {
		v, err = l.On(t.Context(), date)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v.Data.Held[0].Entitlement.Effective
}

var errKilled = errors.New("killed")

// dyingStore is a bucket and an index that fail at a write, as if the process was killed.
type dyingStore struct {
	objects.Bucket
	snapshot.Index
	left    int  // writes until the failure, including it
	persist bool // store the last write although the caller gets an error
}

func (m *dyingStore) die(write func() error) error {
	if m.left--; m.left > 0 {
		return write()
	}
	if m.left == 0 && m.persist {
		_ = write()
	}
	return errKilled
}

func (m *dyingStore) Put(ctx context.Context, key, contentType string, body []byte) error {
	return m.die(func() error { return m.Bucket.Put(ctx, key, contentType, body) })
}

func (m *dyingStore) Publish(ctx context.Context, p report.Published) (newest bool, err error) {
	err = m.die(func() error { newest, err = m.Index.Publish(ctx, p); return err })
	return newest, err
}
