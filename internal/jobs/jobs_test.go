package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/jobs"
	"trueup/internal/licensing"
	"trueup/internal/once"
	"trueup/internal/people"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// world is an organisation with users u000, u001 … and subscriptions.
type world struct {
	t     testing.TB
	name  string
	table *dynamo.Table
	files *storetest.Bucket
	clock atomic.Int64 // milliseconds after one
	jobs  int
	*jobs.Service
}

var ids atomic.Int64

// newWorld has users without licences, and subscriptions with these quantities.
func newWorld(t testing.TB, users int, quantities map[string]int) *world {
	t.Helper()
	w := &world{t: t, name: storetest.Table(t), files: storetest.NewBucket()}
	w.table, w.Service = w.open(storetest.Client(t))
	for name, n := range quantities {
		h := subscription.Holding{Subscription: subscription.Subscription{
			ID: name, Name: name, Kind: subscription.ForUsers, Services: []subscription.Service{{ID: name, Name: name}}, CreatedAt: noon, Version: 1,
		}, Seats: subscription.Seats{Quantity: n, Available: n, AsOf: noon, Version: 1}}
		_, err := w.Subscriptions.Create(t.Context(), h, once.Change{Event: w.event("subscription.created")})
		must(t, err)
	}
	var changes []subscription.Change
	for _, name := range names(0, users) {
		u := subscription.User{ID: name, UPN: name + "@example.org", Name: name, Location: "BE", Type: subscription.Member, CreatedAt: noon, Version: 1}
		changes = append(changes, subscription.Change{After: u, Event: w.event(licensing.UserCreated)})
	}
	for len(changes) > 0 {
		n := subscription.Fitting(changes, 30)
		_, refused, err := w.People.Apply(t.Context(), changes[:n], subscription.Today{Now: noon, Zone: time.UTC}, once.Entry{})
		must(t, err)
		if refused != nil {
			t.Fatalf("%+v", refused)
		}
		changes = changes[n:]
	}
	return w
}

func newID(at time.Time) string { return id.New(at, fmt.Sprint(ids.Add(1))) }

func (w *world) event(action string) audit.Event {
	return audit.Event{ID: newID(noon), At: noon, By: "admin", Action: action, Source: audit.SourceAPI}
}

// open returns the table and a service of a process.
func (w *world) open(client *dynamodb.Client) (*dynamo.Table, *jobs.Service) {
	table := dynamo.Open(client, w.name)
	log := slog.New(slog.DiscardHandler)
	s := &jobs.Service{
		Store: table.LicenseJobs, Subscriptions: table.Subscriptions, People: table.People, Register: people.New(table.People, table.Journal, w.files, log), Files: w.files,
		Zone: time.UTC, Lease: 30 * time.Second, Reserve: time.Second, Log: log, NewID: newID,
		Clock: func() time.Time { return noon.Add(time.Hour + time.Duration(w.clock.Add(1))*time.Millisecond) },
	}
	s.InParts(50)
	return table, s
}

func names(from, to int) (all []string) {
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf("u%03d", i))
	}
	return all
}

// make stores a job.
func (w *world) make(in jobs.Input, dryRun bool) string {
	w.t.Helper()
	w.jobs++
	at := noon.Add(time.Duration(w.jobs) * time.Minute)
	r := jobs.Record{ID: newID(at), At: at, By: "admin", ByName: "An", Role: "user-admin", RequestID: "r1", Source: audit.SourceConsole, Action: jobs.ActionAssign, Replace: in.Replace, DryRun: dryRun, Users: len(in.UserIDs), State: jobs.StateReceived, Version: 1}
	if len(in.Remove) > 0 {
		r.Action = jobs.ActionRemove
	}
	must(w.t, jobs.WriteInput(w.t.Context(), w.files, r.ID, in))
	_, err := w.Store.CreateJob(w.t.Context(), r, once.Change{Event: w.event("license_job.created")})
	must(w.t, err)
	return r.ID
}

// assign is the input of a job that assigns licences.
func assign(users []string, subscriptions ...string) jobs.Input {
	in := jobs.Input{UserIDs: users}
	for _, s := range subscriptions {
		in.Licenses = append(in.Licenses, subscription.Assignment{Subscription: s, KeepOff: true})
	}
	return in
}

// record returns the record of a job, after checking that its numbers add up and are those of its results.
func (w *world) record(job string) jobs.Record {
	w.t.Helper()
	r, err := w.Store.Job(context.WithoutCancel(w.t.Context()), job)
	must(w.t, err)
	c := r.Counts
	if n := c.Assigned + c.Removed + c.Unchanged + c.Refused; n != r.Position || r.State == jobs.StateSucceeded && n != r.Users {
		w.t.Errorf("the numbers do not add up: %+v", r)
	}
	if r.Reason != "" && !i18n.Known(r.Reason) {
		w.t.Errorf("%s has no message", r.Reason)
	}
	found := map[subscription.Outcome]int{}
	for _, o := range w.outcomes(r) {
		found[o]++
	}
	want := map[subscription.Outcome]int{subscription.Assigned: c.Assigned, subscription.Removed: c.Removed, subscription.Unchanged: c.Unchanged, subscription.Refused: c.Refused}
	maps.DeleteFunc(want, func(_ subscription.Outcome, n int) bool { return n == 0 })
	same(w.t, "outcomes in the results", found, want)
	return r
}

// outcomes returns the outcomes of a job, read in pages of 7.
func (w *world) outcomes(r jobs.Record) (all []subscription.Outcome) {
	w.t.Helper()
	for {
		page, err := jobs.Results(context.WithoutCancel(w.t.Context()), w.files, r, len(all), 7)
		must(w.t, err)
		for _, result := range page.Results {
			all = append(all, result.Outcome)
		}
		if len(page.Results) < 7 {
			return all
		}
	}
}

// held returns how many users hold a licence of each subscription, after comparing it with the seats (L1).
func (w *world) held(users int) map[string]int {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	held := map[string]int{}
	all, err := w.table.People.Users(ctx, names(0, users))
	must(w.t, err)
	for _, u := range all {
		for id := range u.Licenses {
			held[id]++
		}
	}
	subscriptions, err := w.table.Subscriptions.Subscriptions(ctx)
	must(w.t, err)
	for _, h := range subscriptions {
		if s := h.Seats; s.Assigned != held[h.ID] || s.Available != s.Quantity-s.Assigned {
			w.t.Errorf("%d users hold %s: %+v", held[h.ID], h.ID, s)
		}
	}
	return held
}

// A job gives each user one outcome, in the order of its list, and the earlier users the last licences.
func TestR9_2_Job(t *testing.T) {
	t.Parallel()
	const users = 120
	w := newWorld(t, users, map[string]int{"suite": 100})
	_, err := (&licensing.Licensing{Subscriptions: w.Subscriptions, People: w.People}).Delete(t.Context(), licensing.Deletion{
		UserIDs: []string{"u003"}, Acknowledged: true, Today: subscription.Today{Now: noon, Zone: time.UTC}, Event: w.event,
	})
	must(t, err)
	in := assign(append(names(0, users), "nobody@example.org"), "suite")
	in.Given = map[int]string{1: "U001@example.org"}
	rehearsal := w.make(in, true)
	job := w.make(in, false)
	must(t, w.Work(t.Context()))
	r := w.record(job)
	same(t, "state", r.State, jobs.StateSucceeded)
	same(t, "counts", r.Counts, jobs.Counts{Assigned: 100, Refused: 21, Violations: map[subscription.Error]int{subscription.CountViolation: 19, subscription.OtherViolation: 2}})
	same(t, "licences to buy", r.Short, map[string]int{"suite": 19})
	same(t, "held", w.held(users), map[string]int{"suite": 100})
	page, err := jobs.Results(t.Context(), w.files, r, 0, 1000)
	must(t, err)
	for i, result := range page.Results {
		want := subscription.Assigned
		if i == 3 || i > 100 {
			want = subscription.Refused
		}
		given := in.UserIDs[i]
		if i == 1 {
			given = "U001@example.org"
		}
		if result.Outcome != want || result.UserID != in.UserIDs[i] || page.Given[i] != given || i < users && result.After.UPN != in.UserIDs[i]+"@example.org" {
			t.Errorf("user %d: %+v, given as %s", i, result, page.Given[i])
		}
	}
	same(t, "why not the deleted user", page.Results[3].Violations, []subscription.Violation{{Code: subscription.UserDeleted}})
	same(t, "why not the unknown user", page.Results[users].Violations, []subscription.Violation{{Code: subscription.UserNotFound}})

	// The rehearsal was made before, and has the same results.
	before := w.record(rehearsal)
	same(t, "rehearsed", before.Counts, r.Counts)
	same(t, "rehearsed licences to buy", before.Short, r.Short)
	same(t, "rehearsed outcomes", w.outcomes(before), w.outcomes(r))

	// L18: each change has an event that names the job and who made it.
	events, err := w.table.Audit.Events(t.Context(), audit.Query{From: noon, To: noon.Add(24 * time.Hour), Subject: "user/u001", Action: licensing.LicensesChanged, Limit: 10})
	must(t, err)
	if len(events.Items) != 1 || events.Items[0].After["call"] != job || events.Items[0].By != "admin" || events.Items[0].Role != "user-admin" || events.Items[0].RequestID != "r1" || events.Items[0].Source != audit.SourceConsole {
		t.Errorf("%+v", events.Items)
	}
	events, err = w.table.Audit.Events(t.Context(), audit.Query{From: noon, To: noon.Add(24 * time.Hour), Subject: "license-job/" + job, Limit: 10})
	must(t, err)
	if len(events.Items) != 1 || events.Items[0].Action != "license_job.succeeded" || events.Items[0].After["assigned"] != "100" || events.Items[0].After["refused"] != "21" {
		t.Errorf("%+v", events.Items)
	}
	must(t, w.Work(t.Context()))
	same(t, "with nothing to do", w.record(job), r)
}

// A job that replaces removes what it does not assign, and one that removes does only that.
func TestJobsThatRemove(t *testing.T) {
	t.Parallel()
	const users = 60
	w := newWorld(t, users, map[string]int{"suite": 60, "voice": 60})
	first := w.make(assign(names(0, users), "suite"), false)
	in := assign(names(0, 40), "voice")
	in.Replace = true
	replace := w.make(in, false)
	remove := w.make(jobs.Input{UserIDs: names(0, users), Remove: []string{"suite"}}, false)
	must(t, w.Work(t.Context()))
	same(t, "first", w.record(first).Counts.Assigned, users)
	same(t, "replaced", w.record(replace).Counts.Assigned, 40)
	page, err := jobs.Results(t.Context(), w.files, w.record(replace), 0, 1)
	must(t, err)
	same(t, "what was replaced", [][]string{page.Results[0].Added, page.Results[0].Removed}, [][]string{{"voice"}, {"suite"}})
	r := w.record(remove)
	same(t, "removed", []int{r.Counts.Removed, r.Counts.Unchanged}, []int{20, 40})
	same(t, "held", w.held(users), map[string]int{"voice": 40})
}

// A process that dies at any store call leaves users with all or nothing; the next one completes the job,
// and each user has one outcome.
func TestDeathAtEveryStoreCall(t *testing.T) {
	t.Parallel()
	const users = 120
	prepare := func(t *testing.T) (*world, string) {
		t.Helper()
		w := newWorld(t, users, map[string]int{"suite": 100})
		return w, w.make(assign(names(0, users), "suite"), false)
	}
	w, job := prepare(t)
	calls := w.dieAt(0, false)
	if calls < 15 {
		t.Fatalf("only %d store calls", calls)
	}
	same(t, "without a death", w.record(job).Counts, jobs.Counts{Assigned: 100, Refused: 20, Violations: map[subscription.Error]int{subscription.CountViolation: 20}})
	for n := 1; n <= calls; n++ {
		for _, done := range []bool{false, true} {
			if done && n < calls {
				continue // to die after a call is to die before the next one
			}
			t.Run(fmt.Sprintf("call %d, done %t", n, done), func(t *testing.T) {
				t.Parallel()
				w, job := prepare(t)
				w.dieAt(n, done)
				w.record(job)       // whatever its state, the results are those that it counts
				w.clock.Add(60_000) // the lease ends
				must(t, w.Work(t.Context()))
				r := w.record(job)
				same(t, "state", r.State, jobs.StateSucceeded)
				same(t, "counts", r.Counts, jobs.Counts{Assigned: 100, Refused: 20, Violations: map[subscription.Error]int{subscription.CountViolation: 20}})
				same(t, "licences to buy", r.Short, map[string]int{"suite": 20})
				same(t, "held", w.held(users), map[string]int{"suite": 100})
				open, err := w.Store.Open(t.Context())
				must(t, err)
				same(t, "open jobs", len(open), 0)
			})
		}
	}
}

// dieAt works by a process that dies at its n-th store call: before the call or, with done, after it was
// carried out. It does not die if n is 0. It returns the number of calls.
func (w *world) dieAt(n int, done bool) int {
	w.t.Helper()
	proxy := faultproxy.New(storetest.Endpoint(w.t), 1, nil)
	defer proxy.Close()
	ctx, kill := context.WithCancel(w.t.Context())
	defer kill()
	if n > 0 {
		proxy.SetHooks(faultproxy.Hooks{
			Before: func(i int, _ string) {
				if i > n || i == n && !done {
					kill()
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
	_, s := w.open(client)
	if err := s.Work(ctx); n == 0 {
		must(w.t, err)
	}
	return proxy.Requests()
}

// An invocation that ends saves the position, and the next one continues there: also a rehearsal, which
// must not count licences twice.
func TestInterruption(t *testing.T) {
	t.Parallel()
	for _, dryRun := range []bool{false, true} {
		t.Run(fmt.Sprint(dryRun), func(t *testing.T) {
			t.Parallel()
			const users = 120
			w := newWorld(t, users, map[string]int{"suite": 70})
			job := w.make(assign(names(0, users), "suite"), dryRun)
			parts := 0
			// The deadline is an hour away, and the service's clock half an hour before it. The first part
			// takes more than that by this clock.
			end := time.Now().Add(time.Hour)
			ctx, cancel := context.WithDeadline(t.Context(), end)
			defer cancel()
			w.clock.Store(end.Sub(noon.Add(90 * time.Minute)).Milliseconds())
			w.files.OnPut = func(context.Context, string) error {
				if parts++; parts == 1 {
					w.clock.Add(1_800_000)
				}
				return nil
			}
			must(t, w.Work(ctx))
			r := w.record(job)
			same(t, "interrupted", []any{r.State, r.Position}, []any{jobs.StateRunning, 50})
			must(t, w.Work(t.Context()))
			r = w.record(job)
			same(t, "continued", []any{r.State, r.Counts.Assigned, r.Counts.Refused, r.Attempts}, []any{jobs.StateSucceeded, 70, 50, 2})
			same(t, "licences to buy", r.Short, map[string]int{"suite": 50})
		})
	}
}

// A process that was paused and lost the lease does not replace the results that the other one has counted.
func TestTwoWorkers(t *testing.T) {
	t.Parallel()
	const users = 60
	w := newWorld(t, users, map[string]int{"suite": users})
	_, err := (&licensing.Licensing{Subscriptions: w.Subscriptions, People: w.People}).Change(t.Context(), licensing.Request{
		UserIDs: names(0, users), Want: subscription.Want{Add: []subscription.Assignment{{Subscription: "suite"}}}, Call: subscription.Call{ID: "before", By: "admin", At: noon},
		Today: subscription.Today{Now: noon, Zone: time.UTC}, Event: w.event,
	})
	must(t, err)
	job := w.make(jobs.Input{UserIDs: names(0, users), Remove: []string{"suite"}}, false)
	_, other := w.open(storetest.Client(t))
	first := true
	w.files.OnPut = func(ctx context.Context, _ string) error {
		if first { // the users of the first part are changed, and their results are not stored yet
			first = false
			w.clock.Add(60_000)
			return other.Work(context.WithoutCancel(ctx))
		}
		return nil
	}
	must(t, w.Work(t.Context()))
	r := w.record(job)
	// The second process finds what the first one removed.
	same(t, "result", []any{r.State, r.Counts.Removed, r.Counts.Unchanged, r.Attempts}, []any{jobs.StateSucceeded, 10, 50, 2})
	same(t, "held", w.held(users), map[string]int{})
}

// A job that cannot be done ends, and the next one is done.
func TestJobsThatFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 2, map[string]int{"suite": 2})
	lost, stuck, good := w.make(assign(names(0, 2), "suite"), false), w.make(assign(names(0, 2), "suite"), false), w.make(assign(names(0, 2), "suite"), false)
	w.files.Remove(jobs.InputKey(lost), "")
	fault := errs.New(errs.Unavailable, "try_again")
	w.files.OnPut = func(_ context.Context, key string) error {
		if strings.Contains(key, stuck) {
			return fault
		}
		return nil
	}
	for i := range jobs.MaxAttempts {
		if err := w.Work(t.Context()); err == nil || !strings.Contains(err.Error(), stuck) {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	must(t, w.Work(t.Context()))
	same(t, "good", w.record(good).State, jobs.StateSucceeded)
	r := w.record(lost)
	same(t, "lost", []any{r.State, r.Reason}, []any{jobs.StateFailed, "license_job_lost"})
	r = w.record(stuck)
	same(t, "stuck", []any{r.State, r.Reason, r.Attempts}, []any{jobs.StateFailed, "license_job_given_up", jobs.MaxAttempts})

	for _, key := range w.files.Keys() {
		if strings.Contains(key, good) {
			w.files.Remove(key, "")
		}
	}
	if _, err := jobs.Results(t.Context(), w.files, func() jobs.Record { r, err := w.Store.Job(t.Context(), good); must(t, err); return r }(), 0, 1); errs.CodeOf(err) != "license_job_results_expired" {
		t.Errorf("results that were deleted: %v", err)
	}
}

// The store keeps every field, refuses a record that has changed, and starts a job once for a key.
func TestStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil)
	yes := true
	for i := range 3 {
		r := jobs.Record{ID: fmt.Sprint("j", i), At: noon, By: "admin", Source: audit.SourceConsole, State: jobs.StateReceived, Users: 1, Selection: &jobs.Selection{Licensed: &yes, Sort: subscription.SortName}, Version: 1}
		entry := once.Entry{Key: fmt.Sprint("admin/k", i), BodyHash: "h", Response: []byte(fmt.Sprint("answer ", i)), Expires: noon.Add(time.Hour)}
		first, err := w.Store.CreateJob(t.Context(), r, once.Change{Event: w.event("license_job.created"), Entry: entry})
		must(t, err)
		if first != nil {
			t.Errorf("%s", first)
		}
		again := r
		again.ID = "again"
		entry.Response = []byte("another")
		first, err = w.Store.CreateJob(t.Context(), again, once.Change{Event: w.event("license_job.created"), Entry: entry})
		must(t, err)
		same(t, "the first answer", string(first), fmt.Sprint("answer ", i))
		got, err := w.Store.Job(t.Context(), r.ID)
		must(t, err)
		same(t, "record", got, r)
	}
	if _, err := w.Store.Job(t.Context(), "again"); errs.CodeOf(err) != "license_job_not_found" {
		t.Errorf("%v", err)
	}
	r, err := w.Store.Job(t.Context(), "j0")
	must(t, err)
	r.State, r.Worker, r.Version = jobs.StateRunning, "w1", 2
	must(t, w.Store.SaveJob(t.Context(), r))
	must(t, w.Store.SaveJob(t.Context(), r)) // its reply was lost
	other := r
	other.Worker = "w2"
	if err := w.Store.SaveJob(t.Context(), other); err != jobs.ErrLost { //nolint:errorlint // it is never wrapped
		t.Errorf("a record that has changed: %v", err)
	}
	r.State, r.EndedAt, r.Version = jobs.StateSucceeded, noon, 3
	must(t, w.Store.SaveJob(t.Context(), r, w.event("license_job.succeeded")))
	open, err := w.Store.Open(t.Context())
	must(t, err)
	var waiting []string
	for _, r := range open {
		waiting = append(waiting, r.ID)
	}
	same(t, "open, the oldest first", waiting, []string{"j1", "j2"})
	page, err := w.Store.Jobs(t.Context(), 2, "")
	must(t, err)
	same(t, "newest first", []string{page.Items[0].ID, page.Items[1].ID}, []string{"j2", "j1"})
	page, err = w.Store.Jobs(t.Context(), 2, page.Next)
	must(t, err)
	same(t, "the last page", []any{len(page.Items), page.Items[0].ID, page.Next}, []any{1, "j0", ""})
	if _, err := w.Store.Jobs(t.Context(), 2, "x"); errs.CodeOf(err) != "cursor_invalid" {
		t.Errorf("%v", err)
	}
}
