package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/aws/trigger"
	"trueup/internal/importer"
)

// called records what the handler of the import function calls.
type called struct {
	imports   []importer.Source
	by        []string
	abandoned int
	tidied    int
	fed       []string // key, version, etag and by
	settled   int
	fail      map[string]error // by key
}

func (c *called) Import(_ context.Context, src importer.Source, by string) error {
	c.imports, c.by = append(c.imports, src), append(c.by, by)
	return c.fail[src.Key]
}

func (c *called) Feed(_ context.Context, key, version, etag, by string) error {
	c.fed = append(c.fed, key, version, etag, by)
	return c.fail[key]
}

func (c *called) Abandon(context.Context) error {
	c.abandoned++
	return nil
}

func (c *called) tidy(context.Context) error {
	c.tidied++
	return nil
}

func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("../../../events", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func handle(c *called, payload []byte) error {
	return trigger.Objects(trigger.Jobs{
		Importer: c, Catalog: c, Tidy: c.tidy, Settle: func(context.Context) { c.settled++ },
	}, slog.New(slog.DiscardHandler))(context.Background(), payload)
}

func TestObjectEvents(t *testing.T) {
	t.Parallel()
	const by = "AWS:AIDAEXAMPLEUSER01"
	at := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for name, want := range map[string]called{
		"s3-put.json": {by: []string{by}, imports: []importer.Source{{
			Bucket: "trueup-uploads", Key: "agreements/first-import.csv", Version: "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH",
			ETag: "bdb18544ce95f1b16a5372d676019ffb", Sequencer: "0066E3B1C9D2A4F011", Size: 459, EventTime: at("2026-11-21T08:31:05.123Z"),
		}}},
		"s3-put-encoded-key.json": {by: []string{by}, imports: []importer.Source{{
			Bucket: "trueup-uploads", Key: "agreements/Ventes d'été/a + b%2B 100% 日本.csv", Version: "QUpfdndhfd8438MNFDN93jdnJFkdmqnh",
			ETag: "1c8f1d2a3c4e5f60718293a4b5c6d7e9", Sequencer: "0066E3B1C9D2A4F012", Size: 112, EventTime: at("2026-11-21T08:31:06Z"),
		}}},
		"s3-two-records.json": {by: []string{by, by}, imports: []importer.Source{
			{
				Bucket: "trueup-uploads", Key: "agreements/Sales/a.csv", Version: "UIORUnfndfiufdisojhr398493jfdkjF",
				ETag: "2d9f1d2a3c4e5f60718293a4b5c6d7ea", Sequencer: "0066E3B1C9D2A4F013", Size: 64, EventTime: at("2026-11-21T08:31:07.25Z"),
			},
			{
				Bucket: "trueup-uploads", Key: "agreements/Marketing/b.csv", Version: "yAl2kfTLNVqUsVnsXLzmSfkdjf389jfd",
				ETag: "3eaf1d2a3c4e5f60718293a4b5c6d7eb", Sequencer: "0066E3B1C9D2A4F014", Size: 65, EventTime: at("2026-11-21T08:31:07.5Z"),
			},
		}},
		"s3-object-removed.json": {},
		"s3-test-event.json":     {},
		"schedule.json":          {abandoned: 1, tidied: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got called
			if err := handle(&got, sample(t, name)); err != nil {
				t.Fatal(err)
			}
			got.settled = 0 // after every event with records
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(called{})); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// An event that nobody understands must end in the dead-letter queue.
func TestEventsThatAreRefused(t *testing.T) {
	t.Parallel()
	encoded := string(sample(t, "s3-put.json"))
	for name, c := range map[string]struct{ payload, want string }{
		"not JSON":             {"agreements/a.csv", "event is not JSON"},
		"null":                 {"null", "no records"},
		"another shape":        {"[]", "event is not JSON"},
		"no records":           {`{"Records": []}`, "no records"},
		"another's call":       {`{"source": "trueup.call", "recount": true}`, "is not for the import"},
		"another event":        {`{"detail-type": "Object Created"}`, "no records"},
		"a key S3 cannot send": {strings.Replace(encoded, "first-import", "100%", 1), "invalid URL escape"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got called
			if err := handle(&got, []byte(c.payload)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if len(got.imports) > 0 {
				t.Errorf("imported %v", got.imports)
			}
		})
	}
}

func TestR3_1_OtherFoldersAreIgnored(t *testing.T) {
	t.Parallel()
	var got called
	payload := bytes.Replace(sample(t, "s3-put.json"), []byte("agreements/"), []byte("inventory/"), 1)
	if err := handle(&got, payload); err != nil || len(got.imports) > 0 {
		t.Errorf("imported %v, error %v", got.imports, err)
	}
}

func TestR3_9_OneFailedRecordDoesNotStopTheNext(t *testing.T) {
	t.Parallel()
	fault := errors.New("the store is away")
	got := called{fail: map[string]error{"agreements/Sales/a.csv": fault}}
	if err := handle(&got, sample(t, "s3-two-records.json")); !errors.Is(err, fault) {
		t.Errorf("got %v, want the fault, so that the event comes again", err)
	}
	if len(got.imports) != 2 {
		t.Errorf("imported %v", got.imports)
	}
}

func TestR3_9_OneObjectHasOneID(t *testing.T) {
	t.Parallel()
	read := func(change func(*events.S3EventRecord)) string {
		var e events.S3Event
		if err := json.Unmarshal(sample(t, "s3-put.json"), &e); err != nil {
			t.Fatal(err)
		}
		change(&e.Records[0])
		return trigger.SourceOf(e.Records[0]).ID()
	}
	id := read(func(*events.S3EventRecord) {})
	for name, c := range map[string]struct {
		change func(*events.S3EventRecord)
		same   bool
	}{
		"another delivery": {func(r *events.S3EventRecord) {
			r.ResponseElements = map[string]string{"x-amz-request-id": "ANOTHER"}
			r.RequestParameters.SourceIPAddress = "192.0.2.11"
		}, true},
		"another version": {func(r *events.S3EventRecord) { r.S3.Object.VersionID += "2" }, false},
		"another key":     {func(r *events.S3EventRecord) { r.S3.Object.Key += "2" }, false},
		"another bucket":  {func(r *events.S3EventRecord) { r.S3.Bucket.Name += "2" }, false},
	} {
		if got := read(c.change); (got == id) != c.same {
			t.Errorf("%s: id %s, first %s", name, got, id)
		}
	}
	unversioned := func(sequencer string) string {
		return read(func(r *events.S3EventRecord) { r.S3.Object.VersionID, r.S3.Object.Sequencer = "", sequencer })
	}
	if first, again := unversioned("1"), unversioned("1"); first != again || first == unversioned("2") {
		t.Error("in a bucket without versions the sequencer tells one put from the next")
	}
}

func seed(f *testing.F) {
	f.Helper()
	names, err := filepath.Glob("../../../events/*.json")
	if err != nil || len(names) == 0 {
		f.Fatalf("no samples: %v", err)
	}
	for _, name := range names {
		f.Add(sample(f, filepath.Base(name)))
	}
	f.Add([]byte(`{"Records":[{}]}`))
	f.Add([]byte(`null`))
}

// FuzzObjects: whatever comes, only created objects under the prefix are
// imported, and nothing panics.
func FuzzObjects(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		var got called
		err := handle(&got, payload)
		for _, src := range got.imports {
			if !strings.HasPrefix(src.Key, importer.KeyPrefix) {
				t.Errorf("imported %q", src.Key)
			}
		}
		if err != nil && (len(got.imports) > 0 || got.abandoned > 0) {
			t.Errorf("%v, although nothing failed", err)
		}
	})
}

// FuzzSourceOf: a record that can be read at all has an id fit for a key.
func FuzzSourceOf(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		var e events.S3Event
		if json.Unmarshal(payload, &e) != nil {
			return
		}
		for _, record := range e.Records {
			if id := trigger.SourceOf(record).ID(); len(id) != 26 || strings.Trim(id, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
				t.Errorf("id %q", id)
			}
		}
	})
}

// notified is S3's notification of an object in a folder.
func notified(name, folder string) []byte {
	return []byte(`{"Records":[{"eventName":"` + name + `","eventTime":"2026-11-21T12:00:00.000Z","userIdentity":{"principalId":"AWS:admin"},
		"s3":{"bucket":{"name":"uploads"},"object":{"key":"` + folder + `my+file.csv","versionId":"v1","eTag":"e1","sequencer":"0A","size":7}}}]}`)
}

// Files under catalog/ go to their job, and only created ones.
func TestFilesForTheCatalog(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]called{
		"catalog/": {fed: []string{"catalog/my file.csv", "v1", "e1", "AWS:admin"}, settled: 2},
	} {
		var c called
		if err := handle(&c, notified("ObjectCreated:Put", folder)); err != nil {
			t.Fatal(err)
		}
		if err := handle(&c, notified("ObjectRemoved:Delete", folder)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c, cmp.AllowUnexported(called{})); diff != "" {
			t.Errorf("%s: called (-want +got)\n%s", folder, diff)
		}
		fault := errors.New("fault")
		if err := handle(&called{fail: map[string]error{folder + "my file.csv": fault}}, notified("ObjectCreated:Put", folder)); !errors.Is(err, fault) {
			t.Errorf("%s: a fault became %v", folder, err)
		}
	}
}
