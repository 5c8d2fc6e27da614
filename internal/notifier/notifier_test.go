package notifier_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/aws/sns"
	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/topic"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/notifier"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/reminder"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const arn = "arn:aws:sns:eu-west-1:000000000000:notices"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bucket is a bucket in memory.
type bucket struct {
	objects.Bucket
	mu    sync.Mutex
	files map[string][]byte
}

func (b *bucket) Open(_ context.Context, key, _, _ string) (objects.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.files[key]
	if !ok {
		return objects.Object{}, objects.ErrNotFound
	}
	return objects.Object{Body: io.NopCloser(bytes.NewReader(data)), Size: int64(len(data))}, nil
}

func (b *bucket) Put(ctx context.Context, key, _ string, body []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.files[key] = slices.Clone(body)
	return nil
}

// world is an organisation whose notices are files of the local SNS.
type world struct {
	t      testing.TB
	table  string
	files  *bucket
	dir    string
	topic  *httptest.Server
	refuse http.HandlerFunc // answers instead of the topic; nil for none
	now    time.Time
	made   int
	source source
	*dynamo.Table
}

// source is a source of entitlements.
type source func(agreement.Pair) entitlement.Answer

func (s source) Ask(_ context.Context, pairs []agreement.Pair) (all []entitlement.Answer, err error) {
	if s == nil {
		return nil, &entitlement.Fault{Reason: entitlement.ReasonTimeout, Err: errors.New("no answer")}
	}
	for _, p := range pairs {
		all = append(all, s(p))
	}
	return all, nil
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, table: storetest.Table(t), files: &bucket{files: map[string][]byte{}}, dir: t.TempDir(), now: time.Date(2026, 11, 30, 6, 30, 0, 0, time.UTC)}
	local := sns.New(sns.Options{Dir: w.dir, Topics: []string{arn}, Keys: []string{"me"}, Now: func() time.Time { return w.now }})
	w.topic = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.refuse != nil {
			w.refuse(rw, r)
			return
		}
		local.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.topic.Close)
	w.Table = dynamo.Open(storetest.Client(t), w.table)
	return w
}

func (w *world) event() audit.Event {
	w.made++
	return audit.Event{ID: id.New(w.now, fmt.Sprint(w.made)), At: w.now, By: "me", Action: "made", Source: audit.SourceAPI}
}

// process returns the service as a process has it, which reads the table with a client.
func (w *world) process(client *dynamodb.Client, options ...dynamo.Option) *notifier.Service {
	quiet := slog.New(slog.DiscardHandler)
	table := dynamo.Open(client, w.table, options...)
	agreements := register.New(table.Agreements, table.Journal, w.files, quiet)
	refreshes := dynamo.NewRefreshes(table, agreements)
	topics := awssns.New(awssns.Options{Region: "eu-west-1", BaseEndpoint: &w.topic.URL, Credentials: credentials.NewStaticCredentialsProvider("me", "secret", ""), RetryMaxAttempts: 1})
	return &notifier.Service{
		Store: table.Reminders, Answers: refreshes, Topic: topic.New(topics, arn, "https://licences.example.org"), Language: i18n.English, Origin: "https://licences.example.org",
		Reader: &notifier.Reader{
			Agreements: agreements, Subscriptions: table.Subscriptions, Devices: table.Devices, Refreshes: refreshes, Terms: &notifier.Terms{Files: w.files}, Zone: time.UTC,
		},
		Clock: func() time.Time { return w.now }, NewID: func() string { w.made++; return fmt.Sprint("holder ", w.made) }, Lease: 45 * time.Second, Reserve: time.Second, Log: quiet,
	}
}

// work is the call of the schedule of one hour.
func (w *world) work() {
	w.t.Helper()
	must(w.t, w.process(storetest.Client(w.t)).Work(w.t.Context()))
}

// messages returns what was sent, the oldest first.
func (w *world) messages() (all []string) {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.dir, "*.txt"))
	must(w.t, err)
	slices.Sort(files)
	for _, f := range files {
		text, err := os.ReadFile(f)
		must(w.t, err)
		all = append(all, string(text))
	}
	return all
}

// said returns how many messages there are and how often they name something.
func (w *world) said(name string) (messages, named int) {
	all := w.messages()
	return len(all), strings.Count(strings.Join(all, ""), name+":")
}

func (w *world) want(what string, messages int, named map[string]int) {
	w.t.Helper()
	for name, n := range named {
		if got, found := w.said(name); got != messages || found != n {
			w.t.Errorf("%s: %d messages, in which %q is %d times; want %d and %d", what, got, name, found, messages, n)
		}
	}
}

func (w *world) in(days int) day.Date { return day.Of(w.now.AddDate(0, 0, days)) }

// other stores an agreement of type other that ends in some days.
func (w *world) other(name string, days int) {
	w.t.Helper()
	_, _, err := w.Agreements.Create(agreement.New{
		ID: strings.ToLower(name), Type: agreement.TypeOther, Name: name, Terms: agreement.Terms{Publisher: "Adobe", ProductTitle: "Photoshop", Licenses: 1, End: w.in(days)}, By: "me", At: w.now,
	}).Apply(w.t.Context(), once.Change{Event: w.event()})
	must(w.t, err)
}

func (w *world) volume(name, number string) {
	w.t.Helper()
	_, _, err := w.Agreements.Create(agreement.New{
		ID: strings.ToLower(name), Type: agreement.TypeVolume, Name: name, Pairs: []agreement.Pair{{Authorization: number, License: number, Program: agreement.ProgramOpenValue}}, By: "me", At: w.now,
	}).Apply(w.t.Context(), once.Change{Event: w.event()})
	must(w.t, err)
}

func (w *world) subscription(name string, seats subscription.Seats) {
	w.t.Helper()
	seats.Version, seats.AsOf, seats.Available = 1, w.now, seats.Quantity-seats.Assigned
	_, err := w.Subscriptions.Create(w.t.Context(), subscription.Holding{Subscription: subscription.Subscription{
		ID: strings.ToLower(name), Name: name, Kind: subscription.ForUsers, Services: []subscription.Service{{ID: "A", Name: "A"}}, CreatedAt: w.now, Version: 1,
	}, Seats: seats}, once.Change{Event: w.event()})
	must(w.t, err)
}

// refresh runs the refresh of the night.
func (w *world) refresh() {
	w.t.Helper()
	must(w.t, w.worker().WorkNight(w.t.Context(), w.now))
}

// pending runs a refresh of new pairs.
func (w *world) pending() {
	w.t.Helper()
	worker := w.worker()
	run, err := worker.Request(w.t.Context(), refresher.Order{ID: w.event().ID, Kind: refresher.KindPending, Trigger: refresher.TriggerImport, By: "me"})
	must(w.t, err)
	must(w.t, worker.Work(w.t.Context(), run.ID))
}

func (w *world) worker() *refresher.Worker {
	quiet := slog.New(slog.DiscardHandler)
	refreshes := dynamo.NewRefreshes(w.Table, register.New(w.Agreements, w.Journal, w.files, quiet))
	return &refresher.Worker{
		Requests: &refresher.Requests{Queue: refreshes, Clock: func() time.Time { return w.now }, Log: quiet, Wake: func(context.Context, string) error { return nil }},
		Store:    refreshes, Zone: time.UTC, Lease: time.Minute, AskTimeout: time.Second, Pause: time.Millisecond,
		Source:   func(context.Context, refresher.Run) (entitlement.Source, error) { return w.source, nil },
		Publish:  func(context.Context, refresher.Run) error { return nil },
		Progress: func(context.Context, bool) {},
	}
}

// R8.9: a digest a day, in which each thing is once per offset, with links to the console.
func TestR8_9_ADigestADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.other("Ninety", 90)
	w.other("Later", 91)
	w.other("Eight", 8)
	w.subscription("Ends", subscription.Seats{Quantity: 5, EndsOn: w.in(30)})
	w.subscription("Renews", subscription.Seats{Quantity: 5, EndsOn: w.in(30), Months: 12, AutoRenew: true})
	w.subscription("Short", subscription.Seats{Quantity: 1, Assigned: 2, ShortSince: w.now.AddDate(0, 0, -85)})
	w.work()
	w.want("the first day", 1, map[string]int{"Ninety": 1, "Later": 0, "Eight": 1, "Ends": 1, "Renews": 0, "Short": 1})
	for _, part := range []string{"Subject: Licence reminders: 4\n", "https://licences.example.org/console/agreements/ninety\n", "https://licences.example.org/console/conflicts/short\n", "https://licences.example.org/console/reminders\n"} {
		if m := w.messages()[0]; !strings.Contains(m, part) {
			t.Errorf("no %q in %s", part, m)
		}
	}
	for range 17 { // the other hours of the day
		w.now = w.now.Add(time.Hour)
		w.work()
	}
	w.other("Added", 20)
	w.work()
	w.want("the same day", 1, map[string]int{"Ninety": 1, "Added": 0})
	w.now = w.now.Add(time.Hour) // half past midnight
	w.work()
	w.want("the next day", 2, map[string]int{"Ninety": 1, "Later": 1, "Eight": 2, "Ends": 1, "Short": 1, "Added": 1})
	w.now = w.now.AddDate(0, 0, 1)
	w.work()
	w.want("a day without anything new", 2, map[string]int{"Ninety": 1})
	w.now = w.now.AddDate(0, 0, 85) // the schedule did not run
	w.work()
	w.want("after a gap", 3, map[string]int{"Ninety": 2, "Later": 2, "Short": 1, "Ends": 1, "Eight": 2})
	if m := w.messages()[2]; strings.Contains(m, "At most 30") || !strings.Contains(m, "At most 7") {
		t.Errorf("not the latest offset only: %s", m)
	}
}

// R2.5, R8.9: volume agreements end when the terms of their entitlements do, as the last refresh knows them.
func TestR8_9_TermsOfVolumeAgreements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.volume("Open", "0107001")
	w.volume("Renewed", "0107002")
	w.source = func(p agreement.Pair) entitlement.Answer {
		a := entitlement.Answer{Pair: p.Key(), State: entitlement.StateValid}
		line := func(days int) {
			a.Entitlements = append(a.Entitlements, entitlement.Entitlement{Publisher: "Microsoft", Family: "Office", Version: "2021", Effective: 3, End: w.in(days)})
		}
		line(30)
		if p.License == "0107002" {
			line(400)
		}
		return a
	}
	w.refresh()
	w.work()
	w.want("after a refresh", 1, map[string]int{"Open": 1, "Renewed": 0})
	reader := w.process(storetest.Client(t)).Reader
	all, err := reader.Reminders(t.Context(), w.now, reminder.MaxWithin)
	must(t, err)
	if len(all) != 1 || all[0].Name != "Open" || all[0].Products != 1 || all[0].DaysLeft != 30 {
		t.Errorf("another process lists %+v", all)
	}
	a, err := w.Agreements.Agreement(t.Context(), "open")
	must(t, err)
	must(t, w.Agreements.Delete(t.Context(), a, w.event()))
	if all, err = reader.Reminders(t.Context(), w.now, reminder.MaxWithin); err != nil || len(all) != 0 {
		t.Errorf("a deleted agreement is listed: %+v, %v", all, err)
	}
}

// R8.9: refreshes that fail are told within the hour, on their own, once a day, until one completes.
func TestR8_9_RefreshesThatFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.volume("Open", "0107001")
	good := source(func(p agreement.Pair) entitlement.Answer {
		return entitlement.Answer{Pair: p.Key(), State: entitlement.StateValid}
	})
	count := func(what string, want int) {
		t.Helper()
		w.work()
		if got := w.messages(); len(got) != want {
			t.Fatalf("%s: %d messages, want %d: %s", what, len(got), want, strings.Join(got, "\n"))
		}
	}
	count("before the first refresh", 0)
	w.refresh() // the source is nil
	count("a failed one", 1)
	if m := w.messages()[0]; !strings.Contains(m, "Subject: Licence data is not up to date") || !strings.Contains(m, "/console/refreshes/") {
		t.Error(m)
	}
	w.now = w.now.Add(time.Hour)
	count("an hour later", 1)
	w.now = w.now.AddDate(0, 0, 1)
	count("the next day, without another refresh", 1)
	w.refresh()
	count("the next failed one", 2)
	w.now = w.now.AddDate(0, 0, 1)
	w.source = good
	w.refresh()
	count("one that completed", 2)
	w.now = w.now.Add(reminder.OverdueAfter)
	count("a day without a refresh", 2)
	w.now = w.now.Add(time.Second)
	count("a second more", 3)
	if m := w.messages()[2]; !strings.Contains(m, "No refresh of the whole organisation has completed") {
		t.Error(m)
	}
	w.now = w.now.AddDate(0, 0, 3)
	count("still none", 3)
}

// A pending refresh asks about a few pairs, so it does not hide that the refresh of all pairs before it failed.
func TestR8_9_FailedBeforeAPendingRefresh(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := source(func(p agreement.Pair) entitlement.Answer {
		return entitlement.Answer{Pair: p.Key(), State: entitlement.StateValid}
	})
	count := func(what string, want int) {
		t.Helper()
		w.work()
		if got := w.messages(); len(got) != want {
			t.Fatalf("%s: %d messages, want %d: %s", what, len(got), want, strings.Join(got, "\n"))
		}
	}
	after := func(d time.Duration, then func()) {
		w.now = w.now.Add(d)
		then()
	}
	w.volume("Open", "0107001")
	w.source = good
	after(0, w.refresh)
	after(time.Minute, w.pending)
	count("both completed", 0)
	w.source = nil
	after(24*time.Hour, w.refresh)
	w.source = good
	w.volume("New", "0107002")
	after(10*time.Minute, w.pending)
	count("failed, and then a pending one completed", 1)
	w.volume("Newer", "0107003")
	after(time.Hour, w.pending)
	count("told already", 1)
	after(23*time.Hour, w.refresh)
	w.source = nil
	w.volume("Newest", "0107004")
	after(time.Minute, w.pending)
	count("a pending one failed", 2)
}

// A process can die after any call of the table: the next one sends what is missing, and repeats at most
// the messages that the process had sent. Each death is in another week of one organisation.
func TestR8_9_DeathAtEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source = func(p agreement.Pair) entitlement.Answer {
		return entitlement.Answer{Pair: p.Key(), State: entitlement.StateValid}
	}
	died, repeated := 0, 0
	for n := 0; n == 0 || died >= n; n++ {
		w.refresh()
		w.now = w.now.AddDate(0, 0, 2) // and no refresh since
		before, first, second := len(w.messages()), fmt.Sprint("First-", n), fmt.Sprint("Second-", n)
		w.other(first, 5)
		w.other(second, 25)
		calls := w.dieAt(n)
		if n == 0 {
			died = calls
		}
		w.now = w.now.Add(time.Hour)
		w.work()
		w.work()
		sent := w.messages()[before:]
		for _, what := range []string{first + ":", second + ":", "No refresh"} {
			named := 0
			for _, m := range sent {
				named += strings.Count(m, what)
			}
			if named == 0 || named > 2 || n == 0 && named != 1 {
				t.Errorf("death after call %d: %q was sent %d times", n, what, named)
			}
		}
		if len(sent) > 3 {
			t.Errorf("death after call %d: %d messages", n, len(sent))
		}
		repeated += len(sent) - 2
	}
	if died < 8 || repeated == 0 {
		t.Errorf("%d calls, %d messages repeated: does the process still die after it has published?", died, repeated)
	}
}

// deathWorld has two agreements of a digest, and a refresh that is late.
func deathWorld(t testing.TB) *world {
	w := newWorld(t)
	w.source = func(p agreement.Pair) entitlement.Answer {
		return entitlement.Answer{Pair: p.Key(), State: entitlement.StateValid}
	}
	w.refresh()
	w.now = w.now.AddDate(0, 0, 2)
	w.other("First", 5)
	w.other("Second", 25)
	return w
}

// dieAt runs a process that dies after its n-th call of the table was carried out. It does not die if n is 0. It
// returns the number of calls.
func (w *world) dieAt(n int) int {
	w.t.Helper()
	proxy := faultproxy.New(storetest.Endpoint(w.t), 1, nil)
	defer proxy.Close()
	ctx, kill := context.WithCancel(w.t.Context())
	defer kill()
	if n > 0 {
		proxy.SetHooks(faultproxy.Hooks{
			Before: func(i int, _ string) {
				if i > n {
					panic(http.ErrAbortHandler) // the call is never sent
				}
			},
			After: func(i int, _ string) {
				if i == n {
					kill()
				}
			},
		})
	}
	client := engine.NewClient(proxy.URL, func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts, r.RateLimiter = 1, ratelimit.None })
	})
	if err := w.process(client, dynamo.RetryTimeout(20*time.Millisecond)).Work(ctx); n == 0 {
		must(w.t, err)
	}
	return proxy.Requests()
}

// A topic that fails loses nothing, and what was not sent does not keep back the other message.
func TestR8_9_TopicFails(t *testing.T) {
	t.Parallel()
	w := deathWorld(t)
	w.refuse = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) }
	for range 3 {
		if err := w.process(storetest.Client(t)).Work(t.Context()); err == nil {
			t.Error("no error")
		}
	}
	w.refuse = nil
	w.work()
	w.want("when it answers again", 2, map[string]int{"First": 1, "Second": 1})
}

// Several processes at once, as EventBridge may call twice, send each message once.
func TestR8_9_OneProcessSends(t *testing.T) {
	t.Parallel()
	w := deathWorld(t)
	var group sync.WaitGroup
	services := make([]*notifier.Service, 4)
	for i := range services {
		services[i] = w.process(storetest.Client(t))
		services[i].NewID = func() string { return fmt.Sprint("holder", i) }
	}
	for _, s := range services {
		group.Go(func() {
			if err := s.Work(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	w.want("of four processes", 2, map[string]int{"First": 1, "Second": 1})
}
