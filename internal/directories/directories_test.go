package directories_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/catalog"
	"trueup/internal/directories"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/intake"
	"trueup/internal/licensing"
	"trueup/internal/once"
	"trueup/internal/people"
	"trueup/internal/product"
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

// newBucket returns an empty bucket whose objects are all of noon.
func newBucket() *storetest.Bucket {
	b := storetest.NewBucket()
	b.Modified = noon
	return b
}

// world is an organisation with an empty table.
type world struct {
	t       testing.TB
	name    string
	table   *dynamo.Table
	uploads *storetest.Bucket
	reports *storetest.Bucket
	clock   atomic.Int64 // milliseconds after noon
	*directories.Service
	puts int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, name: storetest.Table(t), uploads: newBucket(), reports: newBucket()}
	w.table, w.Service = w.open(storetest.Client(t))
	return w
}

var ids atomic.Int64

// open returns the table and a service of a process.
func (w *world) open(client *dynamodb.Client) (*dynamo.Table, *directories.Service) {
	log := slog.New(slog.DiscardHandler)
	table := dynamo.Open(client, w.name)
	return table, &directories.Service{
		Store: table.DirectoryFiles, Subscriptions: table.Subscriptions, People: table.People, Devices: table.Devices, Register: people.New(table.People, table.Journal, w.reports, log), PartNumbers: catalog.New(table.Journal, w.reports, log).PartNumbers,
		Uploads: w.uploads, Reports: w.reports, Zone: time.UTC, Lease: 30 * time.Second, Reserve: time.Second, Scratch: w.t.TempDir(), Log: log,
		Clock: func() time.Time { return noon.Add(time.Hour + time.Duration(w.clock.Add(1))*time.Millisecond) },
		NewID: func(at time.Time) string { return id.New(at, fmt.Sprint(ids.Add(1))) },
	}
}

// upload puts a file, some minutes after the previous one.
func (w *world) upload(key, content string, metadata ...string) intake.Object {
	w.puts++
	o := intake.Object{
		Bucket: "uploads", Key: key, Version: fmt.Sprintf("v%d", w.puts), ETag: "e", Sequencer: fmt.Sprintf("%04d", w.puts),
		At: noon.Add(time.Duration(w.puts) * time.Minute), By: "AWS:admin", Principal: "AWS:admin", Size: int64(len(content)),
	}
	set := map[string]string{}
	for i := 0; i < len(metadata); i += 2 {
		set[metadata[i]] = metadata[i+1]
	}
	w.uploads.Add(key, o.Version, []byte(content), set)
	return o
}

func (w *world) sample(name string) string {
	w.t.Helper()
	content, err := os.ReadFile("../../events/" + name)
	must(w.t, err)
	return string(content)
}

// record returns the record of a file.
func (w *world) record(o intake.Object) directories.Record {
	w.t.Helper()
	r, err := w.Store.File(w.t.Context(), o.ID("", "directory"))
	must(w.t, err)
	return r
}

// put uploads and receives a file, and returns its record.
func (w *world) put(key, content string, metadata ...string) directories.Record {
	w.t.Helper()
	o := w.upload(key, content, metadata...)
	must(w.t, w.Receive(w.t.Context(), o))
	r := w.record(o)
	if r.State == directories.StateSucceeded && r.Created+r.Changed+r.Unchanged+r.Skipped+r.Rejected != r.Rows {
		w.t.Errorf("%s: the numbers do not add up: %+v", key, r.Counts)
	}
	return r
}

// users returns the users as text, by user principal name.
func (w *world) users() map[string]string {
	w.t.Helper()
	all, _, err := w.Register.All(w.t.Context(), subscription.Query{})
	must(w.t, err)
	found := map[string]string{}
	for u := range all {
		stored, err := w.People.Users(w.t.Context(), []string{u.ID})
		must(w.t, err)
		u = stored[0]
		text := fmt.Sprintf("%s|%s|%s|%s", u.Name, u.Location, u.Department, u.Type)
		if u.Disabled {
			text += "|disabled"
		}
		if !u.Seen.IsZero() {
			text += "|" + u.Seen.Format(time.DateOnly)
		}
		found[u.UPN] = text
	}
	return found
}

// held returns how many licences of each subscription are assigned, by name, and checks that seats and
// users agree and that nothing is assigned above the quantity.
func (w *world) held() map[string]int {
	w.t.Helper()
	must(w.t, w.Recount(w.t.Context()))
	all, err := w.Subscriptions.Subscriptions(w.t.Context())
	must(w.t, err)
	found := map[string]int{}
	for _, h := range all {
		if h.Seats.Assigned > h.Seats.Quantity {
			w.t.Errorf("%s is over-assigned: %+v", h.Name, h.Seats)
		}
		found[h.Name] = h.Seats.Assigned
	}
	return found
}

// findings returns the findings of a file as text.
func (w *world) findings(r directories.Record) []string {
	w.t.Helper()
	all, err := w.Findings(w.t.Context(), r)
	must(w.t, err)
	var found []string
	for _, f := range all {
		if !i18n.Known(f.Code) {
			w.t.Errorf("%s has no message", f.Code)
		}
		text := fmt.Sprintf("%d %s %s", f.Line, f.Value, f.Code)
		for _, name := range slices.Sorted(maps.Keys(f.Args)) {
			text += " " + name + "=" + f.Args[name]
		}
		found = append(found, text)
	}
	return found
}

// subscribe stores subscriptions with these quantities.
func (w *world) subscribe(quantities map[string]int) {
	w.t.Helper()
	for name, n := range quantities {
		h := subscription.Holding{Subscription: subscription.Subscription{
			ID: name, Name: name, Kind: subscription.ForUsers, Services: []subscription.Service{{ID: name, Name: name}}, CreatedAt: noon, Version: 1,
		}, Seats: subscription.Seats{Quantity: n, Available: n, AsOf: noon, Version: 1}}
		_, err := w.Subscriptions.Create(w.t.Context(), h, once.Change{Event: audit.Event{ID: w.NewID(noon), At: noon, By: "admin", Action: "subscription.created", Source: audit.SourceAPI}})
		must(w.t, err)
	}
}

const header = "Object Id,User principal name,Display name,Usage location,Department,Licenses\n"

func TestR9_2_UsersFromFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.put("users/active.csv", w.sample("users/active-users.csv"))
	same(t, "state", r.State, directories.StateSucceeded)
	same(t, "counts", r.Counts, directories.Counts{Rows: 6, Created: 5, Skipped: 1, Differ: 3})
	want := map[string]string{
		"an@example.org": "Peeters, An|BE|Finance|member", "bo@example.org": "Bo de Vries|NL|Finance|member", "chloe@example.org": "Chloé Dubois|FR|Sales|member|disabled",
		"room4@example.org": "Meeting room 4|||member", "dirk_fabrikam.example#EXT#@example.org": "Dirk (Fabrikam)||Partners|guest",
	}
	same(t, "users", w.users(), want)
	same(t, "findings", w.findings(r), []string{
		"2 an@example.org directory_license_unknown license=Microsoft 365 E3", "2 an@example.org directory_license_unknown license=Visio Plan 2",
		"4 bo@example.org directory_license_unknown license=Microsoft 365 E3", "5 chloe@example.org directory_license_unknown license=Microsoft 365 E3",
	})
	same(t, "annotated", r.Annotated, true)
	for _, lang := range i18n.Langs {
		key, err := directories.AnnotatedCopy(t.Context(), w.reports, r, lang)
		must(t, err)
		copied := string(w.reports.Content(key))
		message := i18n.Text(lang, "directory_license_unknown", errs.Pairs("license", "Visio Plan 2"))
		if !strings.Contains(copied, i18n.Column(lang, "messages")) || strings.Count(copied, message) != 1 {
			t.Errorf("the copy in %s:\n%s", lang, copied)
		}
		w.reports.Remove(key, "")
		_, err = directories.AnnotatedCopy(t.Context(), w.reports, r, lang)
		same(t, "code of a copy that was deleted", errs.CodeOf(err), "report_expired")
	}

	must(t, w.Receive(t.Context(), r.Object)) // S3 delivers twice
	same(t, "delivered twice", w.record(r.Object), r)
	same(t, "the same list again", w.put("users/active.csv", w.sample("users/active-users.csv")).Counts, directories.Counts{Rows: 6, Unchanged: 5, Skipped: 1, Differ: 3})

	// The usage report changes only the last activity; the list of Entra lacks the display name that the first has.
	r = w.put("users/usage.csv", w.sample("users/usage-report.csv"))
	same(t, "usage report", r.Counts, directories.Counts{Rows: 3, Changed: 1, Unchanged: 1, Skipped: 1})
	want["an@example.org"] += "|2026-11-25"
	same(t, "users after a usage report", w.users(), want)

	page, err := w.Store.Files(t.Context(), 2, "")
	must(t, err)
	same(t, "newest first", []string{page.Items[0].Name(), page.Items[1].Name()}, []string{"users/usage.csv", "users/active.csv"})
	page, err = w.Store.Files(t.Context(), 2, page.Next)
	must(t, err)
	same(t, "the last page", len(page.Items), 1)
}

func TestAnUnknownUserInAUsageReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.put("users/usage.csv", w.sample("users/usage-report.csv"))
	same(t, "counts", r.Counts, directories.Counts{Rows: 3, Skipped: 3})
	same(t, "findings", w.findings(r), []string{"2 an@example.org directory_user_unknown", "3 bo@example.org directory_user_unknown"})
}

// Licences are only reported unless the upload asks for them, and never assigned above the quantity: of
// two users who want the last one, the earlier gets it.
func TestR9_3_LicensesFromFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.subscribe(map[string]int{"Suite": 2, "Voice": 5, "Old": 5})
	file := header + "1,a@x.org,A,BE,,Suite\n2,b@x.org,B,,,Suite\n3,c@x.org,C,BE,,Suite + Voice\n4,d@x.org,D,BE,,Suite\n5,e@x.org,E,BE,,Unlicensed\n"
	r := w.put("users/list.csv", file)
	same(t, "only reported", r.Counts, directories.Counts{Rows: 5, Created: 5, Differ: 4})
	same(t, "nothing assigned", w.held(), map[string]int{"Suite": 0, "Voice": 0, "Old": 0})

	r = w.put("users/list.csv", file, "licenses", "adopt")
	same(t, "adopted", r.Counts, directories.Counts{Rows: 5, Unchanged: 5, Assigned: 2, Refused: 2})
	same(t, "held", w.held(), map[string]int{"Suite": 2, "Voice": 1, "Old": 0})
	same(t, "findings", w.findings(r), []string{"3 Suite usage_location_missing", "5 Suite no_license_free"})

	file = header + "1,a@x.org,A,BE,,Unlicensed\n2,b@x.org,B,BE,,Suite\n3,c@x.org,C,BE,,Suite\n"
	r = w.put("users/list.csv", file, "licenses", "adopt")
	same(t, "adopting takes nothing back", r.Counts, directories.Counts{Rows: 3, Changed: 1, Unchanged: 2, Refused: 1, Differ: 2})
	same(t, "findings of extra licences", w.findings(r), []string{
		"2 a@x.org directory_license_extra subscriptions=Suite", "3 Suite no_license_free", "4 c@x.org directory_license_extra subscriptions=Voice",
	})
	r = w.put("users/list.csv", file, "licenses", "replace")
	same(t, "without an acknowledgement", []any{r.State, r.Reason}, []any{directories.StateRefused, "directory_acknowledgement"})
	r = w.put("users/list.csv", file, "licenses", "replace", "acknowledge", "service-data")
	same(t, "replaced", r.Counts, directories.Counts{Rows: 3, Unchanged: 3, Assigned: 1, Removed: 2})
	same(t, "held after replacing", w.held(), map[string]int{"Suite": 2, "Voice": 0, "Old": 0})
}

// A row takes the user with its id in the directory, whatever the names; names that users pass on to each
// other are not in the way.
// A list of users can name a licence by the title that Microsoft's list has for its part number.
func TestTitlesOfMicrosoftsList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("subscriptions/skus.json", w.sample("subscriptions/subscribed-skus.json")) // without titles
	const file = header + "1,a@x.org,A,BE,,Microsoft 365 E3\n"
	r := w.put("users/list.csv", file, "licenses", "adopt")
	same(t, "without the list", w.findings(r), []string{"2 a@x.org directory_license_unknown license=Microsoft 365 E3"})
	log := slog.New(slog.DiscardHandler)
	_, err := catalog.New(w.table.Journal, w.reports, log).AddSubscriptions(t.Context(), []catalog.Listed{
		{Subscription: product.Subscription{Name: "Microsoft 365 E3", ID: "SPE_E3"}},
		{Subscription: product.Subscription{Name: "Microsoft 365 E3", ID: "SPE_E3_RPA1"}},
	}, noon, func() audit.Event {
		return audit.Event{ID: w.NewID(noon), At: noon, By: "admin", Source: audit.SourceImport}
	})
	must(t, err)
	r = w.put("users/list.csv", file, "licenses", "adopt")
	same(t, "with the list", r.Counts, directories.Counts{Rows: 1, Unchanged: 1, Assigned: 1})
	same(t, "held", w.held()["SPE_E3"], 1)
}

func TestUsersWhoSwapNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("users/a.csv", header+"1,a@x.org,A,BE,,\n2,b@x.org,B,BE,,\n3,c@x.org,C,BE,,\n")
	r := w.put("users/a.csv", header+"9,a@x.org,New,BE,,\n1,b@x.org,A,BE,,\n2,c2@x.org,B,BE,,\n,c@x.org,C2,BE,,\n")
	same(t, "counts", r.Counts, directories.Counts{Rows: 4, Created: 1, Changed: 3})
	same(t, "users", w.users(), map[string]string{"a@x.org": "New|BE||member", "b@x.org": "A|BE||member", "c2@x.org": "B|BE||member", "c@x.org": "C2|BE||member"})

	r = w.put("users/b.csv", header+"1,c2@x.org,A,BE,,\n") // of a user who keeps it
	same(t, "a name that is taken", r.Counts, directories.Counts{Rows: 1, Rejected: 1})
	same(t, "findings", w.findings(r), []string{"2 c2@x.org user_name_taken"})
}

func list(from, to int, more string) string {
	var b strings.Builder
	b.WriteString(header)
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "%d,u%d@x.org,User %d,BE,,%s\n", i, i, i, more)
	}
	return b.String()
}

// A file deletes users only with an acknowledgement. More than a fifth of all are deleted only if the number
// is confirmed, too.
func TestR9_5_MissingUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.subscribe(map[string]int{"Suite": 20})
	w.put("users/all.csv", list(1, 21, "Suite"), "licenses", "adopt")
	same(t, "held at first", w.held(), map[string]int{"Suite": 20})
	sure := []string{"missing", "delete", "acknowledge", "service-data"}
	for _, c := range []struct {
		name, file string
		metadata   []string
		want       directories.Counts
		findings   []string
	}{
		{"says nothing", list(1, 18, ""), nil, directories.Counts{Rows: 17, Unchanged: 17}, nil},
		{"a row without a name", list(1, 18, "") + ",,Nobody,BE,,\n", sure, directories.Counts{Rows: 18, Unchanged: 17, Rejected: 1}, []string{"0  directory_missing_unsure", "19 Nobody text_required"}},
		{"too many", list(1, 16, ""), sure, directories.Counts{Rows: 15, Unchanged: 15, Held: 5}, []string{"0  directory_missing_held of=20 percent=20 users=5"}},
		{"another number is confirmed", list(1, 16, ""), append(slices.Clone(sure), "confirm", "4"), directories.Counts{Rows: 15, Unchanged: 15, Held: 5}, []string{"0  directory_missing_held of=20 percent=20 users=5"}},
		{"a row with an error is not missing", list(1, 18, "") + "18,u18@x.org,U,XX,,\n19,bad name,U,BE,,\n", sure, directories.Counts{Rows: 19, Unchanged: 17, Rejected: 2, Deleted: 1}, nil},
		{"confirmed", list(1, 15, ""), append(slices.Clone(sure), "confirm", "5"), directories.Counts{Rows: 14, Unchanged: 14, Deleted: 5}, nil},
	} {
		r := w.put("users/all.csv", c.file, c.metadata...)
		same(t, c.name, r.Counts, c.want)
		if c.findings != nil {
			same(t, c.name+": findings", w.findings(r), c.findings)
		}
	}
	same(t, "held at last", w.held(), map[string]int{"Suite": 14})
	same(t, "users at last", len(w.users()), 14)

	// A user who was deleted here does not come back, and is not created again.
	r := w.put("users/all.csv", list(1, 16, ""))
	same(t, "deleted here", r.Counts, directories.Counts{Rows: 15, Unchanged: 14, Skipped: 1})
	same(t, "finding", w.findings(r), []string{"16 u15@x.org directory_user_deleted_here"})
	// In a page of a list and in a report, users who are absent are not missing.
	r = w.put("users/part.json", w.sample("users/graph-users-part.json"), sure...)
	same(t, "a part", []int{r.Deleted, r.Held}, []int{0, 0})
	r = w.put("users/usage.csv", w.sample("users/usage-report.csv"), sure...)
	same(t, "a report", []int{r.Deleted, r.Held}, []int{0, 0})
}

func TestUsersThatTheDirectoryDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const columns = "Object Id,User principal name,Display name,Soft deletion time stamp\n"
	all := columns
	for i := range 10 {
		all += fmt.Sprintf("%d,u%d@x.org,User,\n", i, i)
	}
	w.put("users/a.csv", all)
	gone := strings.Replace(all, "3,u3@x.org,User,", "3,u3@x.org,User,2026-11-28", 1)
	r := w.put("users/a.csv", gone)
	same(t, "reported", r.Counts, directories.Counts{Rows: 10, Unchanged: 9, Skipped: 1, Differ: 1})
	same(t, "findings", w.findings(r), []string{"5 u3@x.org directory_user_deleted"})
	r = w.put("users/a.csv", gone, "missing", "delete", "acknowledge", "service-data")
	same(t, "deleted", r.Counts, directories.Counts{Rows: 10, Unchanged: 9, Skipped: 1, Deleted: 1})
	r = w.put("users/a.csv", gone, "missing", "delete", "acknowledge", "service-data")
	same(t, "deleted before", r.Counts, directories.Counts{Rows: 10, Unchanged: 9, Skipped: 1})
}

// A file that cannot be used changes nothing and says what to do.
func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		key, content, reason string
		metadata             []string
	}{
		"an inventory":           {"users/a.csv", w.sample("inventory/appinvrawdata.csv"), "directory_inventory", nil},
		"agreements":             {"subscriptions/a.csv", w.sample("first-import.csv"), "directory_agreements", nil},
		"users under devices":    {"devices/a.csv", w.sample("users/active-users.csv"), "directory_users", nil},
		"devices under users":    {"users/d.csv", w.sample("devices/entra-devices.csv"), "directory_devices", nil},
		"subscriptions":          {"users/s.csv", w.sample("subscriptions/licenses.csv"), "directory_subscriptions", nil},
		"members without group":  {"devices/m.json", w.sample("devices/members.json"), "directory_members_folder", nil},
		"groups of a group":      {"devices/groups/Rooms/g.json", w.sample("devices/groups.json"), "directory_members_folder", nil},
		"names of types":         {"users/t.csv", w.sample("users/get-mguser.csv"), "directory_type_names", nil},
		"concealed names":        {"users/c.csv", w.sample("users/usage-report-concealed.csv"), "directory_concealed", nil},
		"nothing":                {"users/n.csv", "", "directory_unknown", nil},
		"an unknown setting":     {"users/u.csv", list(1, 2, ""), "directory_setting", []string{"missing", "remove"}},
		"an unknown licence":     {"users/u.csv", list(1, 2, ""), "directory_setting", []string{"licenses", "yes"}},
		"an unknown word":        {"users/u.csv", list(1, 2, ""), "directory_setting", []string{"acknowledge", "service data"}},
		"a number that is none":  {"users/u.csv", list(1, 2, ""), "directory_setting", []string{"confirm", "all"}},
		"without an acknowledge": {"users/u.csv", list(1, 2, ""), "directory_acknowledgement", []string{"missing", "delete"}},
		"one row too many":       {"users/m.csv", list(1, 100_002, ""), "directory_too_many_rows", nil},
	} {
		r := w.put(c.key, c.content, c.metadata...)
		same(t, name, []any{r.State, r.Reason, r.Errors}, []any{directories.StateRefused, c.reason, 1})
		if r.Created+r.Changed+r.Unchanged+r.Skipped != 0 || r.Rejected != r.Rows {
			t.Errorf("%s: %+v", name, r.Counts)
		}
		w.findings(r)
	}
	same(t, "users", w.users(), map[string]string{})
	gone := w.upload("users/gone.csv", "")
	w.uploads.Remove("users/gone.csv", gone.Version)
	must(t, w.Receive(t.Context(), gone))
	must(t, w.Receive(t.Context(), intake.Object{Key: "users/", At: noon})) // a folder
	open, err := w.Store.Open(t.Context())
	must(t, err)
	same(t, "open files", len(open), 0)
}

// A version of a file that arrives late changes nothing.
func TestLateVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older := w.upload("users/a.csv", header+"1,a@x.org,Old,BE,,\n")
	w.put("users/a.csv", header+"1,a@x.org,New,BE,,\n")
	must(t, w.Receive(t.Context(), older))
	same(t, "state", w.record(older).State, directories.StateSuperseded)
	same(t, "users", w.users(), map[string]string{"a@x.org": "New|BE||member"})
}

// Deliveries at the same time apply each file once, in the order in which they were put.
func TestDeliveriesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var files []intake.Object
	for i := range 6 {
		files = append(files, w.upload(fmt.Sprintf("users/%d.csv", i), header+fmt.Sprintf("1,a@x.org,Name %d,BE,,\n", i)))
	}
	var g errgroup.Group
	for _, o := range append(slices.Clone(files), files...) {
		g.Go(func() error { return w.Receive(t.Context(), o) })
	}
	must(t, g.Wait())
	created := 0
	for _, o := range files {
		r := w.record(o)
		same(t, "attempts", []any{r.State, r.Attempts}, []any{directories.StateSucceeded, 1})
		created += r.Created
	}
	same(t, "created", created, 1)
	same(t, "users", len(w.users()), 1)
}

// slow lets the clock pass with each write.
type slow struct {
	subscription.People
	w *world
}

func (p slow) Apply(ctx context.Context, changes []subscription.Change, today subscription.Today, entry once.Entry) ([]byte, *subscription.Refusal, error) {
	p.w.clock.Add(10_000)
	return p.People.Apply(ctx, changes, today, entry)
}

// ending is a context with a deadline of the test's clock.
type ending struct {
	context.Context
	at time.Time
}

func (c ending) Deadline() (time.Time, bool) { return c.at, true }

// A file that takes longer than an invocation is continued by the next ones, with the same result.
func TestFileOfSeveralInvocations(t *testing.T) {
	t.Parallel()
	const users = 900
	w := newWorld(t)
	w.subscribe(map[string]int{"Suite": 700})
	w.put("users/first.csv", list(0, 30, ""))
	o := w.upload("users/all.csv", list(0, users, "Suite"), "licenses", "adopt")
	invoke := func(call func(context.Context) error) {
		_, s := w.open(storetest.Client(t))
		s.People = slow{s.People, w}
		s.Reserve = time.Minute
		w.Service = s
		must(t, call(ending{t.Context(), s.Clock().Add(3 * time.Minute)}))
	}
	receive := func(ctx context.Context) error { return w.Receive(ctx, o) }
	work := func(ctx context.Context) error { return w.Work(ctx) }
	invocations := 1
	for invoke(receive); !w.record(o).Final(); invocations++ {
		if r := w.record(o); r.Position == 0 || r.Rows != users || r.Created+r.Unchanged+r.Changed != r.Position {
			t.Errorf("interrupted at %d of %d: %+v", r.Position, r.Rows, r.Counts)
		}
		if invocations > 20 {
			t.Fatal("the file does not end")
		}
		invoke(work)
	}
	if invocations < 3 {
		t.Errorf("%d invocations", invocations)
	}
	r := w.record(o)
	same(t, "counts", r.Counts, directories.Counts{Rows: users, Created: users - 30, Unchanged: 30, Assigned: 700, Refused: 200})
	same(t, "findings", len(w.findings(r)), 200)
	same(t, "held", w.held(), map[string]int{"Suite": 700})
}

// A process that dies at any store call leaves users with all or nothing. The next delivery completes the
// file.
func TestDeathAtEveryStoreCall(t *testing.T) {
	t.Parallel()
	file := list(1, 4, "Suite")
	metadata := []string{"licenses", "adopt", "missing", "delete", "acknowledge", "service-data", "confirm", "1"}
	prepare := func(t *testing.T) (*world, intake.Object) {
		t.Helper()
		w := newWorld(t)
		w.subscribe(map[string]int{"Suite": 2})
		w.put("users/a.csv", list(3, 5, ""))
		return w, w.upload("users/a.csv", file, metadata...)
	}
	w, o := prepare(t)
	calls := w.dieAt(o, 0, false)
	if calls < 10 {
		t.Fatalf("only %d store calls", calls)
	}
	same(t, "without a death", w.record(o).Counts, directories.Counts{Rows: 3, Created: 2, Unchanged: 1, Assigned: 2, Refused: 1, Deleted: 1})
	for n := 1; n <= calls; n++ {
		for _, done := range []bool{false, true} {
			if done && n < calls {
				continue // to die after a call is to die before the next one
			}
			t.Run(fmt.Sprintf("call %d, done %t", n, done), func(t *testing.T) {
				t.Parallel()
				w, o := prepare(t)
				w.dieAt(o, n, done)
				w.clock.Add(60_000) // the lease ends
				must(t, w.Receive(t.Context(), o))
				r := w.record(o)
				same(t, "state", r.State, directories.StateSucceeded)
				same(t, "users", slices.Sorted(maps.Keys(w.users())), []string{"u1@x.org", "u2@x.org", "u3@x.org"})
				same(t, "held", w.held(), map[string]int{"Suite": 2})
				if r.Rows != 3 || r.Created+r.Changed+r.Unchanged+r.Skipped+r.Rejected != 3 {
					t.Errorf("counts: %+v", r.Counts)
				}
				open, err := w.Store.Open(t.Context())
				must(t, err)
				same(t, "open files", len(open), 0)
			})
		}
	}
}

// dieAt receives a file by a process that dies at its n-th store call: before the call or, with done, after
// it was carried out. It does not die if n is 0. It returns the number of calls.
func (w *world) dieAt(o intake.Object, n int, done bool) int {
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
	client := engine.NewClient(proxy.URL, func(options *dynamodb.Options) {
		options.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts, r.RateLimiter = 1, ratelimit.None })
	})
	_, s := w.open(client)
	_ = s.Receive(ctx, o) // a dead process returns no result
	return proxy.Requests()
}

// wrong is a register that counts another number of users.
type wrong struct {
	subscription.Register
	counts func(n int) map[string]int // of the n-th call, from 1
	n      *int
}

func (r wrong) Counts(context.Context) (map[string]int, error) { *r.n++; return r.counts(*r.n), nil }

func TestRecount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		counts func(n int) map[string]int
		fails  bool
	}{
		"equal":              {func(int) map[string]int { return map[string]int{"Suite": 2} }, false},
		"another number":     {func(int) map[string]int { return map[string]int{"Suite": 3} }, true},
		"none":               {func(int) map[string]int { return nil }, true},
		"a deleted one":      {func(int) map[string]int { return map[string]int{"Suite": 2, "Gone": 1} }, true},
		"changes meanwhile":  {func(n int) map[string]int { return map[string]int{"Suite": 2 + n} }, false},
		"equal a moment ago": {func(n int) map[string]int { return map[string]int{"Suite": min(n, 2)} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.subscribe(map[string]int{"Suite": 2})
			w.put("users/a.csv", list(1, 3, "Suite"), "licenses", "adopt")
			w.Register = wrong{w.Register, c.counts, new(int)}
			if err := w.Recount(t.Context()); (err != nil) != c.fails {
				t.Errorf("%v", err)
			}
		})
	}
}

// The audit of a user has the call of the file, and no personal data.
func TestAuditOfFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.put("users/a.csv", header+"1,a@x.org,Secret name,BE,,\n")
	deleting := w.put("users/a.csv", list(2, 3, ""), "missing", "delete", "acknowledge", "service-data", "confirm", "1")
	page, err := w.table.Audit.Events(t.Context(), audit.Query{From: noon, To: noon.AddDate(0, 0, 2), Limit: 100})
	must(t, err)
	actions := map[string]string{}
	for _, e := range page.Items {
		actions[e.Action] = e.By
		if text := fmt.Sprint(e); strings.Contains(text, "Secret") || strings.Contains(text, "a@x.org") {
			t.Errorf("personal data in %s", text)
		}
		if e.Action == licensing.UserCreated && e.After["call"] != r.ID && e.After["call"] != deleting.ID || e.Action == licensing.UserDeleted && e.After["call"] != deleting.ID {
			t.Errorf("%+v", e)
		}
	}
	same(t, "events", actions, map[string]string{licensing.UserCreated: "AWS:admin", licensing.UserDeleted: "AWS:admin", "directory.succeeded": "AWS:admin"})
}

// announce stores the record of an announced file, and returns its id.
func (w *world) announce(key string, size int64) string {
	w.t.Helper()
	r := directories.Record{
		Head:  intake.Head{ID: id.New(noon, key), Object: intake.Object{Key: key, Size: size, By: "admin", Principal: "AWS:function"}, Via: audit.SourceAPI, At: noon, Version: 1},
		State: directories.StateReceived,
	}
	_, err := w.Store.AnnounceFile(w.t.Context(), r, once.Change{Event: audit.Event{ID: r.ID, At: noon, Action: "directory.announced"}})
	must(w.t, err)
	return r.ID
}

// An announced file gets the record of its announcement, and another file that is uploaded with the same
// address gets its own.
func TestAnnouncedFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := list(0, 2, "")
	announced := w.announce("users/a.csv", int64(len(content)))
	must(t, w.Work(t.Context())) // while the file is missing nothing happens
	waits, err := w.Store.File(t.Context(), announced)
	must(t, err)
	same(t, "before the upload", waits.Waiting(), true)

	stranger := w.upload("users/a.csv", content, directories.MetaFile, announced) // knows the id, not the address
	must(t, w.Receive(t.Context(), stranger))
	same(t, "by a stranger", w.record(stranger).Object.By, "AWS:admin")

	first := w.upload("users/a.csv", content, directories.MetaFile, announced)
	first.Principal, first.By = "AWS:function:session", "AWS:function:session"
	for range 2 { // events can arrive twice
		must(t, w.Receive(t.Context(), first))
	}
	r, err := w.Store.File(t.Context(), announced)
	must(t, err)
	same(t, "the announced file", []any{r.State, r.Unchanged, r.Object.By, r.Via, r.Object.Version, r.Waiting()}, []any{directories.StateSucceeded, 2, "admin", audit.SourceAPI, first.Version, false})

	second := w.upload("users/a.csv", list(2, 4, ""), directories.MetaFile, announced)
	second.Principal, second.By = "AWS:function:session", "AWS:function:session"
	must(t, w.Receive(t.Context(), second))
	other := w.record(second)
	same(t, "the file that follows", []any{other.State, other.Created, other.Object.By, other.Via}, []any{directories.StateSucceeded, 2, "admin", audit.SourceImport})
	page, err := w.Store.Files(t.Context(), 10, "")
	must(t, err)
	same(t, "records", len(page.Items), 3)
}

// Files that arrive at one announced address at the same time each have a record, and each delivery
// ends.
func TestFilesAtOneAnnouncedAddress(t *testing.T) {
	t.Parallel()
	for range 5 {
		w := newWorld(t)
		content := list(0, 1, "")
		announced := w.announce("users/a.csv", int64(len(content)))
		var g errgroup.Group
		files := make([]intake.Object, 3)
		for i := range files {
			files[i] = w.upload("users/a.csv", content, directories.MetaFile, announced)
			files[i].Principal = "AWS:function:session"
		}
		for _, o := range slices.Concat(files, files) {
			g.Go(func() error { return w.Receive(t.Context(), o) })
		}
		must(t, g.Wait())
		must(t, w.Work(t.Context()))
		page, err := w.Store.Files(t.Context(), 10, "")
		must(t, err)
		found := map[string]bool{}
		for _, r := range page.Items {
			found[r.Object.Version] = r.Final()
		}
		same(t, "records", found, map[string]bool{files[0].Version: true, files[1].Version: true, files[2].Version: true})
		same(t, "number of records", len(page.Items), 3)
	}
}

// TestDeathWhileDeleting: an attempt after a death deletes the rest of what was confirmed, and counts all,
// although the rest has another number.
func TestDeathWhileDeleting(t *testing.T) {
	t.Parallel()
	const users, left = 120, 5
	confirmed := []string{"missing", "delete", "acknowledge", "service-data", "confirm", strconv.Itoa(users - left)}
	prepare := func(t *testing.T) (*world, intake.Object) {
		t.Helper()
		w := newWorld(t)
		w.put("users/a.csv", list(0, users, ""))
		return w, w.upload("users/a.csv", list(0, left, ""), confirmed...)
	}
	w, o := prepare(t)
	calls := w.dieAt(o, 0, false)
	want := directories.Counts{Rows: left, Unchanged: left, Deleted: users - left}
	same(t, "without a death", w.record(o).Counts, want)
	interrupted := 0
	for n := calls - 5; n <= calls; n++ {
		w, o := prepare(t)
		w.dieAt(o, n, false)
		if between := len(w.users()); between > left && between < users {
			interrupted++
		}
		w.clock.Add(60_000) // the lease ends
		must(t, w.Receive(t.Context(), o))
		r := w.record(o)
		same(t, fmt.Sprint("call ", n), []any{r.State, r.Counts, len(w.users())}, []any{directories.StateSucceeded, want, left})
	}
	if interrupted == 0 {
		t.Error("no death came between two deletions")
	}
}
