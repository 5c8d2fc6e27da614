package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"

	"trueup/infra/local/aws/s3"
	"trueup/infra/local/aws/sns"
	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/aws/topic"
	"trueup/internal/day"
	"trueup/internal/delivery"
	"trueup/internal/notice"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/retention"
	"trueup/internal/testkit/storetest"
	"trueup/internal/view"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const arn = "arn:aws:sns:eu-west-1:000000000000:trueup-notices"

var (
	quiet    = slog.New(slog.DiscardHandler)
	errDeath = errors.New("the process dies")
)

// stand is the service on a real table, with the stand-ins of S3 and SNS.
type stand struct {
	*delivery.Service
	store    *dynamo.Views
	files    objects.Bucket
	messages string // folder
	now      time.Time
	export   func(owner access.Principal) ([]byte, error)
	told     func() // after a message was published
	dies     string // the step at which the process dies
	before   bool   // whether it dies before the step or after it
}

func newStand(t *testing.T) *stand {
	t.Helper()
	table := dynamo.Open(storetest.Client(t), storetest.Table(t), dynamo.RetryTimeout(30*time.Second)) // as the function
	key := aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	bucket, err := s3.New(s3.Options{
		Dir: t.TempDir(), Buckets: []string{"reports"}, Keys: []s3.Key{{Credentials: key, Principal: "AWS:local"}}, Now: time.Now,
		Notify: func(string, string, []byte) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(bucket)
	s := &stand{store: table.Views, messages: t.TempDir(), told: func() {}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	topics := httptest.NewServer(sns.New(sns.Options{Dir: s.messages, Topics: []string{arn}, Keys: []string{"local"}, Now: time.Now}))
	t.Cleanup(func() {
		topics.Close()
		front.Close()
		_ = bucket.Close()
	})
	provider := credentials.StaticCredentialsProvider{Value: key}
	s.files = s3bucket.New(awss3.New(awss3.Options{Region: s3.Region, BaseEndpoint: &front.URL, UsePathStyle: true, Credentials: provider}), "reports")
	s.export = func(access.Principal) ([]byte, error) { return []byte("the report"), nil }
	s.Service = &delivery.Service{
		Store: mortal{table.Views, s}, Files: mortalBucket{s.files, s},
		Topic:  mortalTopic{topic.New(awssns.New(awssns.Options{Region: s3.Region, BaseEndpoint: &topics.URL, Credentials: provider}), arn, "https://licences.example.org"), s},
		Export: func(_ context.Context, owner access.Principal, _ view.View) ([]byte, error) { return s.export(owner) },
		Clock:  func() time.Time { return s.now }, NewID: delivery.NewID, Zone: time.UTC, Lease: time.Minute, Reserve: time.Second, Log: quiet,
	}
	return s
}

// at runs a step, at which the process may die.
func (s *stand) at(step string, do func() error) error {
	if s.dies == step && s.before {
		return errDeath
	}
	err := do()
	if s.dies == step && err == nil {
		return errDeath
	}
	return err
}

type mortal struct {
	delivery.Store
	s *stand
}

func (m mortal) Advance(ctx context.Context, before, after view.View, f *view.File, e *audit.Event, now time.Time) error {
	step := "announced"
	switch {
	case after.Sending.Attempts > before.Sending.Attempts:
		step = "begin"
	case after.Sending.Announce:
		step = "mark"
	}
	return m.s.at(step, func() error { return m.Store.Advance(ctx, before, after, f, e, now) })
}

type mortalBucket struct {
	objects.Bucket
	s *stand
}

func (m mortalBucket) Put(ctx context.Context, key, media string, body []byte) error {
	return m.s.at("put", func() error { return m.Bucket.Put(ctx, key, media, body) })
}

type mortalTopic struct {
	notice.Topic
	s *stand
}

func (m mortalTopic) Publish(ctx context.Context, n notice.Message) error {
	return m.s.at("publish", func() error {
		err := m.Topic.Publish(ctx, n)
		m.s.told()
		return err
	})
}

// save stores a view with a daily schedule, whose owner has a role.
func (s *stand) save(t *testing.T, name string, role access.Role) view.View {
	t.Helper()
	d := view.Definition{Name: name, Report: view.Subscriptions, Schedule: &view.Schedule{Every: view.Daily, Format: view.CSV, Lang: "en"}}
	v := view.New("view"+name, view.Owner{Subject: "ann", Name: "ann@example.org"}, d, s.now, time.UTC)
	event := audit.Event{ID: delivery.NewID(s.now), At: s.now, Action: "view.created", Subject: "view/" + v.ID}
	if _, err := s.store.Create(t.Context(), v, view.Seen{At: s.now, Roles: []access.Role{role}}, once.Change{Event: event}); err != nil {
		t.Fatal(err)
	}
	return v
}

// published returns the messages.
func (s *stand) published(t *testing.T) (texts []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.messages, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

func (s *stand) view(t *testing.T, id string) view.View {
	t.Helper()
	v, err := s.store.View(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestR8_8_FileOfEachDayOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	v := s.save(t, "private", access.BillingAdmin) // the topic has its name only if it is shared
	for range 2 {
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if m := s.published(t); len(m) != 0 {
		t.Fatalf("sent before the first day: %v", m)
	}
	s.now = time.Date(2026, 11, 26, 7, 0, 0, 0, time.UTC) // two days were missed
	for range 3 {
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	files, err := s.store.Files(t.Context(), v.ID, 10, "")
	if err != nil || len(files.Items) != 1 || files.Items[0].Day != "2026-11-26" || files.Items[0].Report != view.Subscriptions || files.Items[0].Size != len("the report") {
		t.Fatalf("%+v, %v", files.Items, err)
	}
	if o, err := s.files.Open(t.Context(), files.Items[0].Key(), "", ""); err != nil {
		t.Error(err)
	} else {
		o.Body.Close()
	}
	messages := s.published(t)
	if len(messages) != 1 || !strings.Contains(messages[0], "https://licences.example.org/console/views/"+v.ID+"/files") || strings.Contains(messages[0], "ann") || strings.Contains(messages[0], "\"private") || !strings.Contains(messages[0], "(not shared)") || strings.Contains(messages[0], "X-Amz") {
		t.Errorf("%q", messages)
	}
	if next := s.view(t, v.ID).Sending.Next; !next.Equal(time.Date(2026, 11, 27, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("next %s", next)
	}
}

// A process that dies at any step loses nothing, and repeats at most the message.
func TestR8_8_Deaths(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"begin", "put", "mark", "publish", "announced"} {
		for _, before := range []bool{true, false} {
			s := newStand(t)
			v := s.save(t, "a", access.GlobalAdmin)
			s.now = s.now.AddDate(0, 0, 1)
			s.dies, s.before = step, before
			if err := s.Work(t.Context()); !errors.Is(err, errDeath) {
				t.Fatalf("%s %v: %v", step, before, err)
			}
			if n := s.view(t, v.ID).Sending.Attempts; n != 0 { // no process died here: a step ended with an error
				t.Errorf("%s %v: %d attempts are counted", step, before, n)
			}
			s.dies = ""
			s.now = s.now.Add(time.Hour)
			for range 2 {
				if err := s.Work(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			files, err := s.store.Files(t.Context(), v.ID, 10, "")
			if err != nil || len(files.Items) != 1 {
				t.Errorf("%s %v: %d files, %v", step, before, len(files.Items), err)
			}
			want := 1
			if step == "publish" && !before || step == "announced" && before {
				want = 2 // it is not known that the message was sent
			}
			if n := len(s.published(t)); n != want {
				t.Errorf("%s %v: %d messages, want %d", step, before, n, want)
			}
			if after := s.view(t, v.ID).Sending; after.Announce || after.Last != "2026-11-24" {
				t.Errorf("%s %v: %+v", step, before, after)
			}
		}
	}
}

// pool is the groups by subject.
type pool map[string][]string

func (p pool) Groups(_ context.Context, subject string) ([]string, bool, error) {
	groups, found := p[subject]
	return groups, found, nil
}

func TestR8_8_OwnerLosesAccess(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		role   access.Role
		later  time.Duration
		pool   delivery.Pool
		signIn access.SignIn
		export error
		want   view.Reason
	}{
		"seen yesterday":                       {access.GlobalAdmin, 24 * time.Hour, nil, access.SignIn{}, nil, ""},
		"not seen for 31 days":                 {access.GlobalAdmin, 31 * 24 * time.Hour, nil, access.SignIn{}, nil, view.ReasonUnseen},
		"reads only":                           {access.ServiceAdmin, 24 * time.Hour, nil, access.SignIn{}, nil, view.ReasonRole},
		"in a group of the pool":               {access.ServiceAdmin, 40 * 24 * time.Hour, pool{"ann": {"billing-admin"}}, access.SignIn{}, nil, ""},
		"in no group of the pool any more":     {access.GlobalAdmin, 24 * time.Hour, pool{"ann": {"service-admin"}}, access.SignIn{}, nil, view.ReasonRole},
		"not in the pool":                      {access.GlobalAdmin, 24 * time.Hour, pool{}, access.SignIn{}, nil, view.ReasonGone},
		"in the pool, with roles in the token": {access.GlobalAdmin, 24 * time.Hour, pool{"ann": nil}, access.SignIn{Claim: "roles"}, nil, ""},
		"the report refuses the filters":       {access.GlobalAdmin, 24 * time.Hour, nil, access.SignIn{}, &view.Refusal{Code: "group_not_found", Text: "There is no such license group."}, view.ReasonInvalid},
		"the report refuses the owner":         {access.GlobalAdmin, 24 * time.Hour, nil, access.SignIn{}, &view.Refusal{Denied: true, Code: "permission_denied"}, view.ReasonRole},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			v := s.save(t, "a", test.role)
			s.Owners = delivery.Owners{Pool: test.pool, SignIn: test.signIn}
			s.export = func(access.Principal) ([]byte, error) { return []byte("x"), test.export }
			s.now = s.now.Add(test.later)
			for range 2 {
				if err := s.Work(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			after := s.view(t, v.ID)
			if got := after.Sending.Stopped.Reason; got != test.want {
				t.Errorf("stopped for %q, want %q", got, test.want)
			}
			messages := s.published(t)
			if len(messages) != 1 || strings.Contains(messages[0], "no longer sent") != (test.want != "") {
				t.Errorf("%q", messages)
			}
			if test.want == view.ReasonInvalid && !strings.Contains(messages[0], "There is no such license group.") {
				t.Errorf("%q", messages)
			}
		})
	}
}

// rename gives a view another name.
func (s *stand) rename(t *testing.T, id, name string) {
	t.Helper()
	v := s.view(t, id)
	d := v.Definition
	d.Name = name
	event := audit.Event{ID: delivery.NewID(s.now), At: s.now, Action: "view.changed", Subject: "view/" + v.ID}
	if _, err := s.store.Change(t.Context(), v, v.Edited(d, s.now, time.UTC), once.Change{Event: event}); err != nil {
		t.Error(err)
	}
}

// A person who changes the view while its file is made, or between its message and the mark, causes no second message.
func TestR8_8_ChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"export", "message"} {
		s := newStand(t)
		v := s.save(t, "a", access.GlobalAdmin)
		s.now = s.now.AddDate(0, 0, 1)
		changes := 0
		change := func() {
			if changes++; changes == 1 {
				s.rename(t, v.ID, "b")
			}
		}
		if step == "message" {
			s.told = change
		} else {
			s.export = func(access.Principal) ([]byte, error) { change(); return []byte("x"), nil }
		}
		if err := s.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		files, err := s.store.Files(t.Context(), v.ID, 10, "")
		if err != nil || len(files.Items) != 1 || len(s.published(t)) != 1 {
			t.Errorf("%s: %d files, %d messages, %v", step, len(files.Items), len(s.published(t)), err)
		}
		if after := s.view(t, v.ID); after.Name != "b" || after.Sending.Announce || after.Sending.Attempts != 0 {
			t.Errorf("%s: %+v", step, after)
		}
	}
}

// A view whose file makes the process die is skipped after some attempts, so that others get their files. On its next day it is
// tried again.
func TestR8_8_ViewThatKillsTheProcess(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	a, b := s.save(t, "a", access.GlobalAdmin), s.save(t, "b", access.GlobalAdmin)
	s.now = s.now.AddDate(0, 0, 1)
	deadly := true
	s.Export = func(_ context.Context, _ access.Principal, v view.View) ([]byte, error) {
		if v.ID == a.ID && deadly {
			panic(errDeath)
		}
		return []byte("x"), nil
	}
	work := func() (died bool) {
		defer func() { died = recover() != nil }()
		if err := s.Work(t.Context()); err != nil {
			t.Error(err)
		}
		return false
	}
	for n := range view.MaxAttempts {
		if !work() || s.view(t, a.ID).Sending.Attempts != n+1 || s.view(t, b.ID).Sending.Last != "" {
			t.Fatalf("attempt %d: %+v, %+v", n, s.view(t, a.ID).Sending, s.view(t, b.ID).Sending)
		}
		s.now = s.now.Add(time.Hour)
	}
	if work() {
		t.Fatal("one attempt too many")
	}
	if got := s.view(t, a.ID).Sending; got.Skipped != "2026-11-24" || got.Last != "" || got.Attempts != 0 || got.Announce || !got.Next.Equal(time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("the deadly one: %+v", got)
	}
	if got := s.view(t, b.ID).Sending; got.Last != "2026-11-24" {
		t.Errorf("the one behind it: %+v", got)
	}
	s.now = time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC)
	work()
	s.now = s.now.Add(time.Hour)
	s.rename(t, a.ID, "smaller") // by a person, who counts on another attempt
	if got := s.view(t, a.ID).Sending; got.Attempts != 0 || got.Skipped != "2026-11-24" {
		t.Errorf("changed: %+v", got)
	}
	deadly = false
	if work() {
		t.Fatal("it dies")
	}
	if got := s.view(t, a.ID).Sending; got.Skipped != "" || got.Last != "2026-11-25" {
		t.Errorf("the next day: %+v", got)
	}
}

// One view that fails does not stop another, and a fault is tried again, as often as it takes.
func TestR8_8_FaultOfOneView(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.save(t, "a", access.GlobalAdmin)
	s.save(t, "b", access.GlobalAdmin)
	s.now = s.now.AddDate(0, 0, 1)
	fault, n := errors.New("fault"), 0
	s.export = func(access.Principal) ([]byte, error) {
		if n++; n != 2 && n < 7 {
			return nil, fault
		}
		return []byte("x"), nil
	}
	for range 5 {
		if err := s.Work(t.Context()); !errors.Is(err, fault) || len(s.published(t)) != 1 {
			t.Fatalf("%v, %d messages", err, len(s.published(t)))
		}
	}
	if err := s.Work(t.Context()); err != nil || len(s.published(t)) != 2 {
		t.Errorf("%v, %d messages", err, len(s.published(t)))
	}
}

// A person has at most 100 views, however many are saved at once.
func TestR8_8_AtMost100Views(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	var wait sync.WaitGroup
	var mu sync.Mutex
	refused := 0
	for i := range 4 {
		wait.Go(func() {
			for n := i; n < 104; n += 4 {
				v := view.New("v"+time.Duration(n).String(), view.Owner{Subject: "ann"}, view.Definition{Name: time.Duration(n).String(), Report: view.Comparison}, s.now, time.UTC)
				event := audit.Event{ID: delivery.NewID(s.now), At: s.now, Action: "view.created"}
				if _, err := s.store.Create(context.Background(), v, view.Seen{}, once.Change{Event: event}); err != nil {
					mu.Lock()
					refused++
					mu.Unlock()
					if !strings.Contains(err.Error(), "view_limit") {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
	all, _, err := s.store.Own(t.Context(), "ann")
	if err != nil || len(all) != view.MaxOwn || refused != 4 {
		t.Errorf("%d views, %d refused, %v", len(all), refused, err)
	}
}

func TestR8_8_OldFilesAreDeleted(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	v := s.save(t, "a", access.GlobalAdmin)
	for _, date := range []day.Date{"2026-09-01", "2026-11-01", "2026-11-20"} {
		f := view.File{View: v.ID, Day: date, Format: view.CSV, Lang: "en"}
		if err := s.files.Put(t.Context(), f.Key(), "text/csv", []byte("x")); err != nil {
			t.Fatal(err)
		}
		now := s.view(t, v.ID)
		if err := s.store.Advance(t.Context(), now, now.Made(date, s.now, s.now), &f, nil, s.now); err != nil {
			t.Fatal(err)
		}
	}
	deleted, err := delivery.Forget(s.store, s.files).Forget(t.Context(), retention.Cutoff{Data: "2026-11-10", Files: "2026-10-01", Replaced: "2026-10-15", Yesterday: "2026-11-22"})
	files, listErr := s.store.Files(t.Context(), v.ID, 10, "")
	left, bucketErr := s.files.List(t.Context(), view.FilesPrefix)
	if err = errors.Join(err, listErr, bucketErr); err != nil || deleted != 1 || len(files.Items) != 1 || len(left) != 2 {
		t.Errorf("%d deleted, %d records, %d objects, %v", deleted, len(files.Items), len(left), err)
	}
	// A day has two files if the format was changed while the first one was made.
	for _, format := range []view.Format{view.CSV, view.XLSX} {
		f := view.File{View: "gone", Day: "2026-09-01", Format: format}
		if err := s.files.Put(t.Context(), f.Key(), "text/csv", []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	deleted, err = delivery.Forget(s.store, s.files).Forget(t.Context(), retention.Cutoff{Replaced: "2040-01-01", Yesterday: "2040-01-02"})
	if left, bucketErr = s.files.List(t.Context(), view.FilesPrefix+"gone"); err != nil || bucketErr != nil || deleted != 2 || len(left) != 0 {
		t.Errorf("%d files of one day are deleted, %d left, %v", deleted, len(left), errors.Join(err, bucketErr))
	}
}

// batches is a bucket with many files of views that were deleted. It accepts one batch to delete, and then fails.
type batches struct {
	objects.Bucket
	keys   []string
	fails  bool
	larger int // the largest batch
}

func (b *batches) List(context.Context, string) (all []objects.Listed, err error) {
	for _, k := range b.keys {
		all = append(all, objects.Listed{Key: k, Modified: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)})
	}
	return all, nil
}

func (b *batches) Delete(_ context.Context, keys ...string) error {
	if b.fails {
		return errDeath
	}
	b.larger, b.fails = max(b.larger, len(keys)), true
	b.keys = slices.DeleteFunc(b.keys, func(k string) bool { return slices.Contains(keys, k) })
	return nil
}

// Many files are deleted in batches, and the next night continues.
func TestR8_8_ManyFilesAreDeletedInBatches(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	many := &batches{}
	for n := range 2500 {
		many.keys = append(many.keys, view.File{View: fmt.Sprintf("gone%04d", n), Day: "2026-08-01", Format: view.CSV}.Key())
	}
	cutoff := retention.Cutoff{Replaced: "2026-10-15", Yesterday: "2026-11-22"}
	for night, want := range []int{1500, 500, 0} {
		many.fails = false
		deleted, err := delivery.Forget(s.store, many).Forget(t.Context(), cutoff)
		if len(many.keys) != want || want > 0 && !errors.Is(err, errDeath) || want == 0 && err != nil || deleted != min(1000, 500+want) {
			t.Errorf("night %d: %d deleted, %d left, %v", night, deleted, len(many.keys), err)
		}
	}
	if many.larger != 1000 {
		t.Errorf("a batch of %d", many.larger)
	}
}
