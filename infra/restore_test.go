//go:build !cdk

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/aws/trigger"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/inventories"
	"trueup/internal/manifest"
	"trueup/internal/statements"
	"trueup/internal/testkit/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// commands builds the fake aws, make and cdk commands and returns their folder, below dist.
var commands = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs("../dist/local/fakeaws")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"aws", "make", "cdk"} {
		if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, name), "./testdata/fakeaws").CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w: %s", err, out)
		}
	}
	return dir, nil
})

// account has the fields of State in testdata/fakeaws that tests use.
type account struct {
	Calls       []string
	Fail        int
	After       bool
	Stuck       bool
	Stack       string
	Tables      map[string]*accountTable
	Concurrency map[string]*int
	Versions    []map[string]any
	Invoked     []struct {
		Function string
		Event    json.RawMessage
	}
	Refused     []string
	Deployments int
	Damaged     bool
	Name        string
	Others      []string
	Status      string
	Protection  bool
	Context     map[string]string
	Commands    [][]string
}

type accountTable struct {
	Source, Point string
	Left          int
	Recoverable   bool
	From, To      string
	TTL           string
	Protected     bool
	Tags          map[string]string
	Items         map[string][]map[string]any
}

const (
	point    = "2026-11-21T09:00:00Z"
	own      = "trueup-TableCD117FA1-1"
	restored = "trueup-20261121T090000Z"
)

// operator is a checkout of the project with a fake account.
type operator struct {
	t    *testing.T
	root string
}

func newOperator(t *testing.T) operator {
	t.Helper()
	for _, needed := range []string{"bash", "jq"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skip("restore.sh needs " + needed)
		}
	}
	o := operator{t, t.TempDir()}
	for _, name := range []string{"restore.sh", "deploy.sh"} {
		script, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		o.write("infra/"+name, string(script))
	}
	o.write("cdk.context.json", `{"alarmEmail": "ops@example.org"}`)
	o.change(func(a *account) {
		a.Stack, a.Name, a.Status, a.Protection = own, "trueup", "UPDATE_COMPLETE", true
		a.Context = map[string]string{"alarmEmail": "ops@example.org", "reservedConcurrency": "true", "refreshTimeZone": "Europe/Brussels", "table": ""}
		a.Concurrency = map[string]*int{"trueup-import": new(10), "trueup-inventory": new(2)} // changed by hand: none for the refresh
		a.Tables = map[string]*accountTable{own: {
			Recoverable: true, TTL: "expires", Protected: true, From: "2026-10-20T00:00:00.123000+00:00", To: "2026-11-27T12:00:00.456000+00:00",
			Tags: map[string]string{"application": "trueup", "cost centre": `a "quoted" one`, "aws:cloudformation:stack-name": "trueup"},
		}}
	})
	return o
}

func (o operator) write(name, content string) {
	o.t.Helper()
	path := filepath.Join(o.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		o.t.Fatal(err)
	}
}

func (o operator) account() (a account) {
	o.t.Helper()
	data, err := os.ReadFile(filepath.Join(o.root, "state.json"))
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

func (o operator) change(change func(*account)) {
	o.t.Helper()
	var a account
	if _, err := os.Stat(filepath.Join(o.root, "state.json")); err == nil {
		a = o.account()
	}
	change(&a)
	data, err := json.Marshal(a)
	if err != nil {
		o.t.Fatal(err)
	}
	o.write("state.json", string(data))
}

func (o operator) context() (c map[string]string) {
	o.t.Helper()
	data, err := os.ReadFile(filepath.Join(o.root, "cdk.context.json"))
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// run runs restore.sh and returns its output and exit status.
func (o operator) run(arguments ...string) (string, int) {
	o.t.Helper()
	return o.script(nil, "restore.sh", arguments...)
}

// script runs a script of infra with more variables in its environment.
func (o operator) script(environment []string, name string, arguments ...string) (string, int) {
	o.t.Helper()
	dir, err := commands()
	if err != nil {
		o.t.Fatal(err)
	}
	command := exec.Command("bash", append([]string{filepath.Join(o.root, "infra", name)}, arguments...)...)
	command.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "FAKE_STATE="+filepath.Join(o.root, "state.json"), "RESTORE_PAUSE=0")
	command.Env = append(command.Env, environment...)
	out, err := command.CombinedOutput()
	status := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		o.t.Fatal(err)
	}
	return string(out), status
}

// done checks that the stack uses the restored table, and that the table is fully set up.
func (o operator) done(when string) {
	o.t.Helper()
	a := o.account()
	table := a.Tables[restored]
	if a.Stack != restored || table == nil {
		o.t.Fatalf("%s: the stack uses %s of %v", when, a.Stack, slices.Collect(maps.Keys(a.Tables)))
	}
	want := &accountTable{
		Source: own, Point: point, Recoverable: true, TTL: schema.TTL, Protected: true, From: table.From, To: table.To,
		Tags: map[string]string{"application": "trueup", "cost centre": `a "quoted" one`}, Items: table.Items,
	}
	if diff := cmp.Diff(want, table); diff != "" {
		o.t.Errorf("%s: the table (-want +got)\n%s", when, diff)
	}
	if len(a.Tables) != 2 || !a.Tables[own].Protected {
		o.t.Errorf("%s: the tables are %v", when, slices.Collect(maps.Keys(a.Tables)))
	}
	if diff := cmp.Diff(map[string]string{"alarmEmail": "ops@example.org", "table": restored}, o.context()); diff != "" {
		o.t.Errorf("%s: context (-want +got)\n%s", when, diff)
	}
	kept := map[string]string{
		"stackName": "trueup", "alarmEmail": "ops@example.org", "reservedConcurrency": "true", "refreshTimeZone": "Europe/Brussels", "table": restored, "protected": "true",
	}
	if diff := cmp.Diff(kept, a.Context); diff != "" {
		o.t.Errorf("%s: the stack is deployed with (-want +got)\n%s", when, diff)
	}
	o.started(when)
}

// started checks that the functions have their earlier concurrency.
func (o operator) started(when string) {
	o.t.Helper()
	if diff := cmp.Diff(map[string]*int{"trueup-import": new(10), "trueup-inventory": new(2)}, o.account().Concurrency); diff != "" {
		o.t.Errorf("%s: concurrency (-want +got)\n%s", when, diff)
	}
}

func TestR16_2_RestoreScript(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	out, status := o.run(point)
	if status != 0 || !strings.Contains(out, "no uploads") {
		t.Fatalf("%d:\n%s", status, out)
	}
	o.done("once")
	out, status = o.run(point)
	if status != 0 || o.account().Deployments != 1 {
		t.Fatalf("again: %d, %d deployments:\n%s", status, o.account().Deployments, out)
	}
	o.done("again")
	// A point outside the period of the restored table, then the same from the table before it.
	out, status = o.run("2026-11-20T09:00:00Z")
	if status != 1 || !strings.Contains(out, "from 2026-11-27T12:00:00Z") {
		t.Errorf("too early: %d:\n%s", status, out)
	}
	if out, status = o.run("2026-11-20T09:00:00Z", "earlier.table_1", own); status != 0 {
		t.Fatalf("of the table before: %d:\n%s", status, out)
	}
	if a := o.account(); a.Stack != "earlier.table_1" || a.Tables["earlier.table_1"].Source != own || o.context()["table"] != "earlier.table_1" {
		t.Errorf("%+v", a)
	}
	o.started("of the table before")
}

// TestR16_2_FailureAtEveryStep lets each call fail, before or after it takes effect.
// Afterwards the functions are started, the stack uses one of the two tables, and the
// next run succeeds.
func TestR16_2_FailureAtEveryStep(t *testing.T) {
	t.Parallel()
	clean := newOperator(t)
	if out, status := clean.run(point); status != 0 {
		t.Fatalf("%d:\n%s", status, out)
	}
	calls := clean.account().Calls
	for i, call := range calls {
		for _, after := range []bool{false, true} {
			reads := strings.Contains(call, "describe") || strings.Contains(call, "list") || strings.Contains(call, "get-") || strings.HasSuffix(call, "query")
			if after && reads {
				continue
			}
			t.Run(fmt.Sprintf("%d %s after %v", i+1, call, after), func(t *testing.T) {
				t.Parallel()
				o := newOperator(t)
				o.change(func(a *account) { a.Fail, a.After = i+1, after })
				first, status := o.run(point)
				o.started("failed")
				switch a := o.account(); a.Stack {
				case own:
					if status == 0 {
						t.Errorf("no failure:\n%s", first)
					}
					if _, named := o.context()["table"]; named {
						t.Errorf("a later deployment would go to the table:\n%s", first)
					}
				case restored:
				default:
					t.Errorf("the stack uses %s", a.Stack)
				}
				o.change(func(a *account) { a.Fail = 0 })
				if out, status := o.run(point); status != 0 {
					t.Fatalf("%d:\n%s\nfirst:\n%s", status, out, first)
				}
				o.done("repeated")
				if n := o.count("dynamodb restore-table-to-point-in-time"); n > 2 || n == 2 && call != "dynamodb restore-table-to-point-in-time" {
					t.Errorf("the table was restored %d times", n)
				}
			})
		}
	}
}

func (o operator) count(call string) (n int) {
	for _, c := range o.account().Calls {
		if c == call {
			n++
		}
	}
	return n
}

// TestR16_2_FunctionsThatCannotBeStarted checks that the script reports functions that
// it could not start, and that the next run starts them.
func TestR16_2_FunctionsThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	clean := newOperator(t)
	if out, status := clean.run(point); status != 0 {
		t.Fatalf("%d:\n%s", status, out)
	}
	last := 0
	for i, call := range clean.account().Calls {
		if call == "lambda put-function-concurrency" && clean.account().Calls[i-1] != "lambda get-function-concurrency" {
			last = i + 1 // the first call that starts a function
			break
		}
	}
	o := newOperator(t)
	o.change(func(a *account) { a.Fail, a.Stuck = last, true })
	out, status := o.run(point)
	if status == 0 || !strings.Contains(out, "trueup-import is still stopped: run this again, or set its reserved concurrency to 10") {
		t.Fatalf("%d:\n%s", status, out)
	}
	o.change(func(a *account) { a.Fail, a.Stuck = 0, false })
	if out, status := o.run(point); status != 0 {
		t.Fatalf("%d:\n%s", status, out)
	}
	for name, n := range o.account().Concurrency {
		f, known := manifest.Find(strings.TrimPrefix(name, "trueup-"))
		if !known || f.Trigger != manifest.Objects || *n == 0 {
			t.Errorf("%s may run %d times", name, *n)
		}
	}
}

func TestR16_2_DeploymentThatFails(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	o.change(func(a *account) { a.Damaged = true })
	out, status := o.run(point)
	if status != 1 || !strings.Contains(out, "the stack still uses "+own) || o.account().Stack != own || len(o.context()) != 1 {
		t.Errorf("%d, %+v:\n%s", status, o.context(), out)
	}
	o.started("failed")
	o.change(func(a *account) { a.Damaged = false })
	if out, status := o.run(point); status != 0 || o.count("dynamodb restore-table-to-point-in-time") != 1 {
		t.Fatalf("%d:\n%s", status, out)
	}
	o.done("repeated")
}

func TestR16_2_RestoreScriptRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arguments []string
		status    int
		want      string
	}{
		"nothing":                {nil, 2, "infra/restore.sh [--stack STACK] POINT"},
		"too much":               {[]string{point, "a-name", "b-name", "c-name"}, 2, "infra/restore.sh [--stack STACK] POINT"},
		"no point":               {[]string{"yesterday"}, 1, "give a time in UTC"},
		"another zone":           {[]string{"2026-11-21T09:00:00+01:00"}, 1, "give a time in UTC"},
		"no such day":            {[]string{"2026-02-30T09:00:00Z"}, 1, "give a time in UTC"},
		"a command as a point":   {[]string{"$(touch x)"}, 1, "give a time in UTC"},
		"the future":             {[]string{"2999-01-01T00:00:00Z"}, 1, "in the future"},
		"too early":              {[]string{"2026-10-19T23:59:59Z"}, 1, "from 2026-10-20T00:00:00Z to 2026-11-27T12:00:00Z"},
		"no name":                {[]string{point, "a table"}, 1, "is not a valid table name"},
		"the same table":         {[]string{point, "other-table", "other-table"}, 1, "give another NAME"},
		"no such source":         {[]string{point, "new-table", "missing"}, 254, "ResourceNotFoundException"},
		"a name that is taken":   {[]string{point, "taken"}, 1, "give another NAME"},
		"another point of it":    {[]string{point, "another-point"}, 1, "give another NAME"},
		"no stack":               {[]string{"--stack"}, 2, "infra/restore.sh [--stack STACK] POINT"},
		"no such stack":          {[]string{"--stack=trueup-tset", point}, 254, "Stack with id trueup-tset does not exist"},
		"no name of a stack":     {[]string{"--stack", "a b", point}, 1, "a b is not a name of a stack"},
		"an empty stack":         {[]string{"--stack", "", point}, 1, "give the name of the stack"},
		"an empty stack, with =": {[]string{"--stack=", point}, 1, "--stack is empty: give the name of the stack"},
		"an empty point":         {[]string{""}, 1, "an argument is empty: give the name of the stack, POINT"},
		"an empty name":          {[]string{point, ""}, 1, "an argument is empty"},
		"an empty source":        {[]string{point, "new-table", ""}, 1, "an argument is empty"},
		"an empty mode":          {[]string{"", point}, 1, "an argument is empty"},
		"an unknown option":      {[]string{"--profile", "x", point}, 2, "infra/restore.sh [--stack STACK] POINT"},
		"a stack after it":       {[]string{point, "--stack", "trueup"}, 2, "infra/restore.sh [--stack STACK] POINT"},
		"an option as a stack":   {[]string{"--stack", "--help", point}, 1, "--help is not a name of a stack"},
		"a number as a stack":    {[]string{"--stack", "2026-11-21", point}, 1, "2026-11-21 is not a name of a stack"},
		"uploads without point":  {[]string{"uploads"}, 2, "infra/restore.sh [--stack STACK] uploads POINT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOperator(t)
			o.change(func(a *account) {
				a.Tables["taken"] = &accountTable{}
				a.Tables["another-point"] = &accountTable{Source: own, Point: "2026-11-21T09:00:01Z"}
			})
			before := o.account()
			out, status := o.run(test.arguments...)
			if status != test.status || !strings.Contains(out, test.want) {
				t.Errorf("%d, want %d and %q in:\n%s", status, test.status, test.want, out)
			}
			after := o.account()
			if diff := cmp.Diff(before.Tables, after.Tables); diff != "" || after.Deployments != 0 || len(o.context()) != 1 {
				t.Errorf("something was changed:\n%s", diff)
			}
			o.started("refused")
		})
	}
}

// asPrinted returns an attribute as the AWS command line prints it.
func asPrinted(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return map[string]any{"S": v.Value}
	case *types.AttributeValueMemberN:
		return map[string]any{"N": v.Value}
	case *types.AttributeValueMemberM:
		members := map[string]any{}
		for name, member := range v.Value {
			members[name] = asPrinted(member)
		}
		return map[string]any{"M": members}
	}
	return map[string]any{"NULL": true}
}

// TestR16_2_UploadsAfterThePoint checks that uploads without a record in the table are
// listed, and imported again on request with the event that S3 would send.
func TestR16_2_UploadsAfterThePoint(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	client, table := storetest.Client(t), storetest.Table(t)
	store := dynamo.Open(client, table)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// The records of the restored table.
	imported := func(key, version string, state importer.State) {
		src := intake.Object{Bucket: "trueup-uploads-an", Key: key, Version: version, At: at.Add(-time.Hour)}
		read := importer.Import{Head: intake.Head{ID: src.ID(src.Bucket), Object: src, At: at}, File: key}
		claimed := read
		claimed.State, claimed.Attempt, claimed.Lease = importer.StateRunning, 1, at.Add(time.Minute)
		claimed, err := store.Imports.Claim(ctx, read, claimed)
		must(err)
		if state != importer.StateRunning {
			claimed.State = state
			must(store.Imports.Finish(ctx, claimed, nil))
		}
	}
	imported("agreements/known.csv", "v1", importer.StateRejected)
	imported("agreements/half.csv", "v1", importer.StateRunning)
	_, err := store.Statements.KeepStatement(ctx, statements.Record{
		Head:  intake.Head{ID: "s1", Object: intake.Object{Key: "entitlements/known.csv", Version: "v1", At: at}, Via: audit.SourceImport},
		State: statements.StateAccepted,
	}, audit.Event{ID: "e1", At: at})
	must(err)
	upload := intake.Object{Key: "inventory/intune/b.csv", Version: "v2", At: at.Add(-time.Minute)}
	must(store.Inventories.SaveRecords(ctx, []inventories.Record{{Source: "intune", Version: 1, Last: inventories.File{Object: upload, State: inventories.StateCounted}, Good: &inventories.Good{Object: upload}}}))

	o := newOperator(t)
	items := map[string][]map[string]any{}
	for _, it := range storetest.Save(t, client, table) {
		printed := map[string]any{}
		for name, v := range it {
			printed[name] = asPrinted(v)
		}
		partition := it["pk"].(*types.AttributeValueMemberS).Value
		items[partition] = append(items[partition], printed)
	}
	version := func(key, id string, after time.Duration) map[string]any {
		return map[string]any{
			"Key": key, "VersionId": id, "ETag": `"e` + id + `"`, "Size": 7, "IsLatest": true, "LastModified": at.Add(after).Format("2006-01-02T15:04:05+00:00"),
		}
	}
	const odd = "agreements/R&D +é/my \"first\" $(file), 100%.csv"
	o.change(func(a *account) {
		a.Tables[own].Items = items
		a.Versions = []map[string]any{ // sorted by key, then newest first
			version(odd, "v9", 2*time.Hour),
			version("agreements/folder/", "v1", time.Hour),
			version("agreements/half.csv", "v1", -time.Hour),
			version("agreements/known.csv", "v2", 30*time.Minute),
			version("agreements/known.csv", "v1", -time.Hour),
			version("agreements/old.csv", "v1", -7*time.Hour),
			version("agreements/same second.csv", "v2", time.Hour),
			version("agreements/same second.csv", "v1", time.Hour),
			version("catalog/titles.csv", "v1", time.Minute),
			version("entitlements/known.csv", "v1", time.Second),
			version("entitlements/new.csv", "v1", time.Second),
			version("inventory/intune/a.csv", "v1", -time.Hour), // older than the counted one of the same source
			version("inventory/intune/b.csv", "v3", 3*time.Minute),
			version("inventory/intune/b.csv", "v2", -time.Minute),
		}
		a.Refused = []string{"catalog%2Ftitles.csv"}
	})
	want := []string{
		"import agreements/half.csv v1", "refresh entitlements/new.csv v1", "import catalog/titles.csv v1", "inventory inventory/intune/b.csv v3",
		"import agreements/known.csv v2", "import agreements/same second.csv v1", "import agreements/same second.csv v2", "import " + odd + " v9",
	}
	out, status := o.run("uploads", point)
	if status != 0 || len(o.account().Invoked) != 0 {
		t.Fatalf("%d:\n%s", status, out)
	}
	var listed []string
	for line := range strings.Lines(out) {
		if name, ok := strings.CutPrefix(line, "  2026-11-21T"); ok {
			listed = append(listed, strings.Fields(name)[0])
		}
	}
	if len(listed) != len(want) || !slices.IsSorted(listed) || !strings.Contains(out, odd+"  (7 bytes, version v9)") {
		t.Errorf("listed:\n%s", out)
	}

	out, status = o.run("again", point)
	if status != 1 || !strings.Contains(out, "trueup-import failed: catalog/titles.csv") || !strings.Contains(out, "the file is no good") {
		t.Errorf("%d:\n%s", status, out)
	}
	var got []string
	var before intake.Object
	for _, call := range o.account().Invoked {
		var event events.S3Event
		must(json.Unmarshal(call.Event, &event))
		src := trigger.ObjectOf(event.Records[0])
		got = append(got, strings.TrimPrefix(call.Function, "trueup-")+" "+src.Key+" "+src.Version)
		if src.Bucket != "trueup-uploads-an" || src.ETag != "e"+src.Version || src.Size != 7 || src.At.Before(before.At) || src.Sequencer <= before.Sequencer ||
			event.Records[0].EventName != "ObjectCreated:Put" || event.Records[0].PrincipalID.PrincipalID != "restore" {
			t.Errorf("%s after %+v", bytes.TrimSpace(call.Event), before)
		}
		before = src
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	o.started("again")
}
