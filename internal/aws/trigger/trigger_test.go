package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/aws/trigger"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
)

// called records the jobs that a handler calls, in their order.
type called struct {
	Files    []intake.Object
	Jobs     []string
	Rejected string // part of the handler's error

	fail map[string]error // by job or key
}

func (c *called) job(name string) error {
	c.Jobs = append(c.Jobs, name)
	return c.fail[name]
}

func (c *called) receive(_ context.Context, o intake.Object) error {
	c.Files = append(c.Files, o)
	return c.fail[o.Key]
}

// jobs returns every job, with receivers for two folders.
func (c *called) jobs() trigger.Jobs {
	return trigger.Jobs{
		Files:     []trigger.Receiver{{Kind: kind.Agreements, Receive: c.receive}, {Kind: kind.Catalog, Receive: c.receive}},
		Received:  func(context.Context) error { return c.job("received") },
		Scheduled: func(context.Context) error { return c.job("scheduled") },
		Nightly:   func(_ context.Context, due time.Time) error { return c.job("night " + due.Format(time.RFC3339)) },
		Run:       func(_ context.Context, run string) error { return c.job("run " + run) },
		Recount:   func(_ context.Context, holder string) error { return c.job("recount " + holder) },

		LicenseJobs: func(context.Context) error { return c.job("license jobs") },
	}
}

func handle(jobs trigger.Jobs, payload []byte) error {
	return trigger.Handler(jobs, slog.New(slog.DiscardHandler))(context.Background(), payload)
}

func sample(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("../../../events", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// notified returns an S3 notification for an object in a folder.
func notified(name, folder string) []byte {
	return []byte(`{"Records":[{"eventName":"` + name + `","eventTime":"2026-11-21T12:00:00.000Z","userIdentity":{"principalId":"AWS:admin"},
		"s3":{"bucket":{"name":"uploads"},"object":{"key":"` + folder + `my+file.csv","versionId":"v1","eTag":"e1","sequencer":"0A","size":7}}}]}`)
}

// queued returns the event with which a queue delivers messages.
func queued(bodies ...string) []byte {
	var delivery events.SQSEvent
	for i, body := range bodies {
		delivery.Records = append(delivery.Records, events.SQSMessage{MessageId: fmt.Sprintf("m%d", i), EventSource: "aws:sqs", Body: body})
	}
	payload, err := json.Marshal(delivery)
	if err != nil {
		panic(err) // plain text
	}
	return payload
}

// R3.9: a fault with one message of a delivery fails it, and the others are received.
func TestFaultOfOneMessage(t *testing.T) {
	t.Parallel()
	fault := errors.New("the table is gone")
	got := called{fail: map[string]error{"agreements/my file.csv": fault}}
	err := handle(got.jobs(), queued(string(notified("ObjectCreated:Put", "agreements/")), string(notified("ObjectCreated:Put", "catalog/"))))
	if !errors.Is(err, fault) || len(got.Files) != 2 {
		t.Errorf("%v, %v", err, got.Files)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	const by = "AWS:AIDAEXAMPLEUSER01"
	at := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	received := []string{"received"}
	encoded := string(sample(t, "s3-put.json"))
	for name, c := range map[string]struct {
		payload []byte
		want    called
	}{
		"a file": {sample(t, "s3-put.json"), called{Jobs: received, Files: []intake.Object{{
			Bucket: "trueup-uploads", Key: "agreements/first-import.csv", Version: "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH",
			ETag: "bdb18544ce95f1b16a5372d676019ffb", Sequencer: "0066E3B1C9D2A4F011", Size: 459, At: at("2026-11-21T08:31:05.123Z"), By: by, Principal: by,
		}}}},
		"an encoded key": {sample(t, "s3-put-encoded-key.json"), called{Jobs: received, Files: []intake.Object{{
			Bucket: "trueup-uploads", Key: "agreements/Ventes d'été/a + b%2B 100% 日本.csv", Version: "QUpfdndhfd8438MNFDN93jdnJFkdmqnh",
			ETag: "1c8f1d2a3c4e5f60718293a4b5c6d7e9", Sequencer: "0066E3B1C9D2A4F012", Size: 112, At: at("2026-11-21T08:31:06Z"), By: by, Principal: by,
		}}}},
		"two files": {sample(t, "s3-two-records.json"), called{Jobs: received, Files: []intake.Object{
			{
				Bucket: "trueup-uploads", Key: "agreements/Sales/a.csv", Version: "UIORUnfndfiufdisojhr398493jfdkjF",
				ETag: "2d9f1d2a3c4e5f60718293a4b5c6d7ea", Sequencer: "0066E3B1C9D2A4F013", Size: 64, At: at("2026-11-21T08:31:07.25Z"), By: by, Principal: by,
			},
			{
				Bucket: "trueup-uploads", Key: "agreements/Marketing/b.csv", Version: "yAl2kfTLNVqUsVnsXLzmSfkdjf389jfd",
				ETag: "3eaf1d2a3c4e5f60718293a4b5c6d7eb", Sequencer: "0066E3B1C9D2A4F014", Size: 65, At: at("2026-11-21T08:31:07.5Z"), By: by, Principal: by,
			},
		}}},
		"a file of another receiver": {notified("ObjectCreated:Put", "catalog/Head+office/"), called{Jobs: received, Files: []intake.Object{{
			Bucket: "uploads", Key: "catalog/Head office/my file.csv", Version: "v1", ETag: "e1", Sequencer: "0A", Size: 7, At: at("2026-11-21T12:00:00Z"), By: "AWS:admin", Principal: "AWS:admin",
		}}}},
		"a file of no receiver": {notified("ObjectCreated:Put", "inventory/"), called{Jobs: received}},
		"from a queue": {queued(string(notified("ObjectCreated:Put", "agreements/"))), called{Jobs: received, Files: []intake.Object{{
			Bucket: "uploads", Key: "agreements/my file.csv", Version: "v1", ETag: "e1", Sequencer: "0A", Size: 7, At: at("2026-11-21T12:00:00Z"), By: "AWS:admin", Principal: "AWS:admin",
		}}}},
		"a queue with S3's test":       {queued(string(sample(t, "s3-test-event.json"))), called{}},
		"a queue with another message": {queued("hello"), called{Rejected: "message m0 is no notification of S3"}},
		"a queue with no records":      {queued("{}"), called{Rejected: "no records"}},
		"a deleted file":               {sample(t, "s3-object-removed.json"), called{Jobs: received}},
		"S3's test":                    {sample(t, "s3-test-event.json"), called{}},
		"the schedule":                 {sample(t, "schedule.json"), called{Jobs: []string{"scheduled"}}},
		"R7.1 a night":                 {sample(t, "nightly.json"), called{Jobs: []string{"night 2026-11-21T01:30:00Z"}}},
		"a call to refresh":            {sample(t, "call-refresh.json"), called{Jobs: []string{"run 0v5z3m8k2qd7c1x9w4t6p3r8s2"}}},
		"R6.3 a call to recount":       {sample(t, "call-recount.json"), called{Jobs: []string{"recount K7QX2M9WAZ4T6P3R8S2D5FGH7C"}}},
		"a call for license jobs":      {sample(t, "call-license-jobs.json"), called{Jobs: []string{"license jobs"}}},
		"a call of the release before": {[]byte(`{"source": "trueup.call", "recount": true}`), called{Jobs: []string{"recount "}}},

		"not JSON":                 {[]byte("agreements/a.csv"), called{Rejected: "event is not JSON"}},
		"null":                     {[]byte("null"), called{Rejected: "no records"}},
		"another shape":            {[]byte("[]"), called{Rejected: "event is not JSON"}},
		"no records":               {[]byte(`{"Records": []}`), called{Rejected: "no records"}},
		"another event":            {[]byte(`{"detail-type": "Object Created"}`), called{Rejected: "no records"}},
		"another source":           {[]byte(`{"source": "aws.s3"}`), called{Rejected: `"aws.s3" is not for this function`}},
		"a night without its time": {[]byte(`{"source": "trueup.nightly"}`), called{Rejected: "no scheduled time"}},
		"a key S3 cannot send":     {[]byte(strings.Replace(encoded, "first-import", "100%", 1)), called{Rejected: "invalid URL escape"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got called
			if err := handle(got.jobs(), c.payload); err != nil {
				got.Rejected = err.Error()
			}
			if c.want.Rejected != "" && strings.Contains(got.Rejected, c.want.Rejected) {
				got.Rejected = c.want.Rejected
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(called{})); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEventsOfOtherFunctions: an event for a job that a function does not have must reach the
// dead-letter queue.
func TestEventsOfOtherFunctions(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"schedule.json", "nightly.json", "call-refresh.json", "call-recount.json", "call-license-jobs.json", "s3-test-event.json"} {
		if err := handle(trigger.Jobs{}, sample(t, name)); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	// A function that only receives files needs no other job.
	var got called
	if err := handle(trigger.Jobs{Files: got.jobs().Files}, sample(t, "s3-put.json")); err != nil || len(got.Files) != 1 {
		t.Errorf("%v, %v", got.Files, err)
	}
}

func TestCallsAreUnderstood(t *testing.T) {
	t.Parallel()
	for call, want := range map[trigger.Call]string{trigger.RunCall("another"): "run another", trigger.RecountCall("one"): "recount one", trigger.LicenseJobsCall(): "license jobs"} {
		payload, err := json.Marshal(call)
		if err != nil {
			t.Fatal(err)
		}
		var got called
		if err := handle(got.jobs(), payload); err != nil || len(got.Jobs) != 1 || got.Jobs[0] != want {
			t.Errorf("%s: %v, %v", payload, got.Jobs, err)
		}
	}
}

// TestR16_3_FaultsAreDeliveredAgain: every fault is returned, so that Lambda retries the event,
// and is logged once.
func TestR16_3_FaultsAreDeliveredAgain(t *testing.T) {
	t.Parallel()
	fault := errors.New("the table is gone")
	for job, event := range map[string]string{
		"agreements/Sales/a.csv": "s3-two-records.json", "received": "s3-put.json", "scheduled": "schedule.json",
		"night 2026-11-21T01:30:00Z": "nightly.json", "run 0v5z3m8k2qd7c1x9w4t6p3r8s2": "call-refresh.json", "recount K7QX2M9WAZ4T6P3R8S2D5FGH7C": "call-recount.json", "license jobs": "call-license-jobs.json",
	} {
		var log bytes.Buffer
		c := called{fail: map[string]error{job: fault}}
		err := trigger.Handler(c.jobs(), slog.New(slog.NewJSONHandler(&log, nil)))(t.Context(), sample(t, event))
		if !errors.Is(err, fault) {
			t.Errorf("%s: %v", job, err)
		}
		message := "job interrupted"
		if strings.Contains(job, "/") {
			message = "file not received"
			if len(c.Files) != 2 || len(c.Jobs) != 1 {
				t.Errorf("R3.9: after a fault of the first file, %v and %v were called", c.Files, c.Jobs)
			}
		}
		if strings.Count(log.String(), message) != 1 || strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "the table is gone") {
			t.Errorf("%s: %s", job, log.String())
		}
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
		o := trigger.ObjectOf(e.Records[0])
		return o.ID(o.Bucket)
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
		t.Error("in a bucket without versions the sequencer separates two puts")
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

// FuzzHandler: for any event, only created objects under a receiver's prefix are
// received, and nothing panics.
func FuzzHandler(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		var got called
		err := handle(got.jobs(), payload)
		for _, o := range got.Files {
			if !strings.HasPrefix(o.Key, "agreements/") && !strings.HasPrefix(o.Key, "catalog/") {
				t.Errorf("received %q", o.Key)
			}
		}
		if err != nil && len(got.Files)+len(got.Jobs) > 0 {
			t.Errorf("%v, although nothing failed", err)
		}
	})
}

// FuzzObjectOf: the id of a record that can be parsed is valid in a key.
func FuzzObjectOf(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		var e events.S3Event
		if json.Unmarshal(payload, &e) != nil {
			return
		}
		for _, record := range e.Records {
			if id := trigger.ObjectOf(record).ID("bucket"); len(id) != 26 || strings.Trim(id, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
				t.Errorf("id %q", id)
			}
		}
	})
}
