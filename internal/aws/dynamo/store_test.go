package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
	"trueup/internal/text"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// open returns a store in a new table that reads two items with each query.
func open(t *testing.T) *dynamo.Table {
	t.Helper()
	return dynamo.Open(storetest.Client(t), storetest.Table(t), dynamo.PageSize(2))
}

// running returns a claimed import.
func running(t *testing.T, s *dynamo.Table, key string) importer.Import {
	t.Helper()
	src := intake.Object{Bucket: "b", Key: key, Version: "1", At: noon, By: "tester"}
	read := importer.Import{Head: intake.Head{ID: src.ID(), Object: src, Via: audit.SourceImport, At: noon}, File: key}
	return claim(t, s, read)
}

func claim(t *testing.T, s *dynamo.Table, read importer.Import) importer.Import {
	t.Helper()
	claimed := read
	claimed.State, claimed.Attempt, claimed.StartedAt, claimed.Lease = importer.StateRunning, read.Attempt+1, noon, noon.Add(time.Minute)
	imp, err := s.Imports.Claim(t.Context(), read, claimed)
	if err != nil {
		t.Fatalf("claim: %v", err)
	}
	return imp
}

// rows has names and pair numbers for a plan: {"Office": {"1", "2"}}.
type rows map[string][]string

// prepare looks up the rows and plans them for the group, as the importer does.
func prepare(t *testing.T, s *dynamo.Table, imp importer.Import, groupName string, r rows) importer.Plan {
	t.Helper()
	w := importer.Wanted{Group: text.Fold(groupName)}
	for name, numbers := range r {
		w.Names = append(w.Names, text.Fold(name))
		for _, n := range numbers {
			w.Pairs = append(w.Pairs, agreement.Pair{Authorization: n, License: n}.Key())
		}
	}
	known, err := s.Imports.Lookup(t.Context(), w)
	if err != nil {
		t.Fatalf("look up: %v", err)
	}
	p := importer.Plan{Stage: imp.Stage(), At: noon, By: "import/" + imp.ID, Group: known.Group, Known: known}
	if known.Group.ID == "" {
		p.NewGroup, p.Group = true, group.Group{ID: "g" + imp.ID, Name: groupName}
	}
	for _, name := range sortedKeys(r) {
		var pairs []agreement.Pair
		for _, n := range r[name] {
			pairs = append(pairs, agreement.Pair{Authorization: n, License: n, Program: agreement.ProgramOpenValue})
		}
		if a, ok := known.Agreements[text.Fold(name)]; ok {
			p.Extend = append(p.Extend, importer.Extension{Agreement: a, Pairs: pairs})
		} else {
			p.Create = append(p.Create, importer.Creation{ID: "a-" + string(imp.Stage()) + "-" + strings.ReplaceAll(name, " ", "-"), Name: name, Pairs: pairs})
		}
	}
	return p
}

func sortedKeys(r rows) []string {
	var keys []string
	for k := range r {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// apply runs a whole import.
func apply(t *testing.T, s *dynamo.Table, key, groupName string, r rows) importer.Import {
	t.Helper()
	imp := running(t, s, key)
	stageAndCommit(t, s, imp, prepare(t, s, imp, groupName, r))
	return imp
}

func stageAndCommit(t *testing.T, s *dynamo.Table, imp importer.Import, p importer.Plan) {
	t.Helper()
	must(t, s.Imports.AcquireWriter(t.Context(), imp.Stage(), noon, noon.Add(time.Minute)))
	must(t, s.Imports.Stage(t.Context(), p))
	must(t, s.Imports.Commit(t.Context(), p, succeeded(imp), []audit.Event{event(imp)}))
}

func succeeded(imp importer.Import) importer.Import {
	imp.State, imp.FinishedAt = importer.StateSucceeded, noon
	return imp
}

func event(imp importer.Import) audit.Event {
	return audit.Event{ID: imp.ID, At: noon, By: "tester", Action: "import.succeeded", Source: audit.SourceImport}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// find returns the register of a process that has just started.
func find(s *dynamo.Table) agreement.Register { return register.New(s.Agreements, s.Journal, nil, nil) }

// listed returns an agreement as lists show it.
func listed(ctx context.Context, s *dynamo.Table, id string) (agreement.Agreement, error) {
	q := agreement.Query{Limit: 100}
	for reg := find(s); ; {
		p, err := reg.List(ctx, q)
		if err != nil {
			return agreement.Agreement{}, err
		}
		if i := slices.IndexFunc(p.Items, func(a agreement.Agreement) bool { return a.ID == id }); i >= 0 {
			return p.Items[i], nil
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return agreement.Agreement{}, errs.New(errs.NotFound, "agreement_not_found", "id", id)
		}
	}
}

// names lists every page of a query and returns the names.
func names(t *testing.T, s *dynamo.Table, q agreement.Query) []string {
	t.Helper()
	var all []string
	if q.Limit == 0 {
		q.Limit = 3
	}
	reg := find(s)
	for {
		p, err := reg.List(t.Context(), q)
		must(t, err)
		for _, a := range p.Items {
			all = append(all, a.Name)
		}
		if p.Next == "" {
			return all
		}
		q.Cursor = p.Next
	}
}

func pairs(t *testing.T, s *dynamo.Table, id string) []string {
	t.Helper()
	var all []string
	for cursor := ""; ; {
		p, err := s.Agreements.Pairs(t.Context(), id, 3, cursor)
		must(t, err)
		for _, pair := range p.Items {
			all = append(all, pair.Authorization)
		}
		if cursor = p.Next; cursor == "" {
			return all
		}
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestStagedRowsAreInvisibleUntilCommit(t *testing.T) {
	t.Parallel()
	s := open(t)
	apply(t, s, "first.csv", "", rows{"Office": {"1"}})
	office := names(t, s, agreement.Query{})
	equal(t, "before", office, []string{"Office"})

	imp := running(t, s, "second.csv")
	p := prepare(t, s, imp, "Sales", rows{"Visio": {"2", "3"}, "Office": {"4"}})
	must(t, s.Imports.AcquireWriter(t.Context(), imp.Stage(), noon, noon.Add(time.Minute)))
	must(t, s.Imports.Stage(t.Context(), p))

	equal(t, "names while staged", names(t, s, agreement.Query{}), office)
	_, err := s.Agreements.Agreement(t.Context(), p.Create[0].ID)
	equal(t, "staged agreement", errs.CodeOf(err), "agreement_not_found")
	_, err = s.Agreements.Pairs(t.Context(), p.Create[0].ID, 3, "")
	equal(t, "pairs of a staged agreement", errs.CodeOf(err), "agreement_not_found")
	extended := p.Extend[0].Agreement.ID
	equal(t, "pairs while staged", pairs(t, s, extended), []string{"1"})
	a, err := s.Agreements.Agreement(t.Context(), extended)
	must(t, err)
	equal(t, "count while staged", a.PairCount, 1)
	equal(t, "groups while staged", counts(t, s), map[string]int{"": 1})

	must(t, s.Imports.Commit(t.Context(), p, succeeded(imp), nil))
	equal(t, "names", names(t, s, agreement.Query{}), []string{"Office", "Visio"})
	equal(t, "pairs", pairs(t, s, extended), []string{"1", "4"})
	b, err := s.Agreements.Agreement(t.Context(), extended)
	must(t, err)
	equal(t, "count", b.PairCount, 2)
	if b.Version <= a.Version {
		t.Errorf("version went from %d to %d", a.Version, b.Version)
	}
	groups, err := s.Groups.Groups(t.Context())
	must(t, err)
	equal(t, "groups", groups, []group.Group{{ID: group.UnassignedID}, {ID: p.Group.ID, Name: "Sales", CreatedAt: noon, Version: 1}})
	equal(t, "counts", counts(t, s), map[string]int{"": 1, "Sales": 1})
	equal(t, "names in the group", names(t, s, agreement.Query{GroupID: p.Group.ID}), []string{"Visio"})
}

func TestExtensionsFoldIntoTheCount(t *testing.T) {
	t.Parallel()
	s := open(t)
	apply(t, s, "0.csv", "", rows{"Office": {"100"}})
	want := []string{"100"}
	for i := range 12 {
		number := fmt.Sprint(101 + i)
		apply(t, s, number+".csv", "", rows{"office": {number}})
		want = append(want, number)
	}
	p, err := find(s).List(t.Context(), agreement.Query{Limit: 3})
	must(t, err)
	equal(t, "agreements", len(p.Items), 1)
	equal(t, "pair count", p.Items[0].PairCount, 13)
	equal(t, "version", p.Items[0].Version, int64(13))
	equal(t, "pairs", pairs(t, s, p.Items[0].ID), want)
}

func TestListingShowsOneMoment(t *testing.T) {
	t.Parallel()
	s := open(t)
	reg := find(s)
	apply(t, s, "first.csv", "", rows{"B": {"1"}, "D": {"2"}, "F": {"3"}, "H": {"4"}})
	first, err := reg.List(t.Context(), agreement.Query{Limit: 2})
	must(t, err)
	// Another process imports while the reader is between pages.
	apply(t, s, "second.csv", "", rows{"A": {"5"}, "E": {"6"}, "G": {"7"}, "H": {"8"}})
	second, err := reg.List(t.Context(), agreement.Query{Limit: 9, Cursor: first.Next})
	must(t, err)
	var got []string
	for _, a := range append(first.Items, second.Items...) {
		got = append(got, a.Name)
	}
	equal(t, "the listing under way", got, []string{"B", "D", "F", "H"})
	equal(t, "pairs of H", second.Items[1].PairCount, 2)
	equal(t, "a new listing", names(t, s, agreement.Query{}), []string{"A", "B", "D", "E", "F", "G", "H"})
}

func TestLongNames(t *testing.T) {
	t.Parallel()
	s := open(t)
	long := func(last rune) string {
		name := make([]rune, agreement.NameMaxChars)
		for i := range name {
			name[i] = '𐐀' // has four bytes, and folds to another letter
		}
		name[len(name)-1] = last
		return string(name)
	}
	apply(t, s, "long.csv", long('z'), rows{long('x'): {"1"}, long('y'): {"2"}})
	equal(t, "names", len(names(t, s, agreement.Query{})), 2)
	equal(t, "by text", len(names(t, s, agreement.Query{Text: long('x')[4:40]})), 2)
	imp := running(t, s, "again.csv")
	p := prepare(t, s, imp, long('z'), rows{long('x'): {"3"}})
	equal(t, "extends", len(p.Extend), 1)
	equal(t, "known group", p.NewGroup, false)
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	t.Run("R2.3 a pair taken after the lookup", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		loser := running(t, s, "loser.csv")
		p := prepare(t, s, loser, "", rows{"Mine": {"1", "2"}})
		apply(t, s, "winner.csv", "", rows{"Theirs": {"2"}})
		must(t, s.Imports.AcquireWriter(t.Context(), loser.Stage(), noon, noon.Add(time.Minute)))
		if err := s.Imports.Stage(t.Context(), p); !errors.Is(err, importer.ErrTaken) {
			t.Fatalf("Stage: %v, want ErrTaken", err)
		}
		p = prepare(t, s, loser, "", rows{"Mine": {"1", "2"}})
		equal(t, "owner", p.Known.Owners["2+2"].Name, "Theirs")
	})
	t.Run("a plan made before another commit does not commit", func(t *testing.T) {
		t.Parallel()
		s := open(t)
		apply(t, s, "first.csv", "", rows{"First": {"9"}})
		loser := running(t, s, "loser.csv")
		p := prepare(t, s, loser, "", rows{"Mine": {"1"}})
		apply(t, s, "winner.csv", "", rows{"Theirs": {"2"}})
		must(t, s.Imports.AcquireWriter(t.Context(), loser.Stage(), noon, noon.Add(time.Minute)))
		must(t, s.Imports.Stage(t.Context(), p))
		if err := s.Imports.Commit(t.Context(), p, succeeded(loser), nil); !errors.Is(err, importer.ErrTaken) {
			t.Fatalf("Commit: %v, want ErrTaken", err)
		}
		equal(t, "names", names(t, s, agreement.Query{}), []string{"First", "Theirs"})
	})
	t.Run("R4.2 the 501st group", func(t *testing.T) {
		t.Parallel()
		s := dynamo.Open(storetest.Client(t), storetest.Table(t))
		for i := range group.Max {
			apply(t, s, fmt.Sprintf("%d.csv", i), fmt.Sprintf("Group %d", i), nil)
		}
		imp := running(t, s, "one-more.csv")
		p := prepare(t, s, imp, "One more", nil)
		equal(t, "groups known", p.Known.Groups, group.Max)
		must(t, s.Imports.AcquireWriter(t.Context(), imp.Stage(), noon, noon.Add(time.Minute)))
		if err := s.Imports.Commit(t.Context(), p, succeeded(imp), nil); !errors.Is(err, importer.ErrTaken) {
			t.Fatalf("Commit of the 501st group: %v, want ErrTaken", err)
		}
		groups, err := s.Groups.Groups(t.Context())
		must(t, err)
		equal(t, "groups", len(groups), group.Max+1)
	})
}

func TestTakeover(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	dead := running(t, s, "a.csv")
	old := prepare(t, s, dead, "", rows{"Office": {"1", "2"}})
	must(t, s.Imports.AcquireWriter(ctx, dead.Stage(), noon, noon.Add(time.Minute)))
	must(t, s.Imports.Stage(ctx, old))

	second := claim(t, s, dead)
	if err := s.Imports.AcquireWriter(ctx, second.Stage(), noon, noon.Add(time.Minute)); !errors.Is(err, importer.ErrBusy) {
		t.Fatalf("AcquireWriter within the dead one's lease: %v, want ErrBusy", err)
	}
	later := noon.Add(2 * time.Minute)
	must(t, s.Imports.AcquireWriter(ctx, second.Stage(), later, later.Add(time.Minute)))
	p := prepare(t, s, second, "", rows{"Office": {"1", "2"}})
	equal(t, "dead names", p.Known.DeadNames, map[string]importer.Dead{"office": {Stage: dead.Stage(), Owner: old.Create[0].ID}})
	equal(t, "dead pairs", len(p.Known.DeadPairs), 2)
	must(t, s.Imports.Stage(ctx, p))

	// The attempt that lost the import continues and tries everything.
	for what, err := range map[string]error{
		"Stage": s.Imports.Stage(ctx, old), "Commit": s.Imports.Commit(ctx, old, succeeded(dead), nil),
		"Finish": s.Imports.Finish(ctx, succeeded(dead), nil), "Renew": s.Imports.Renew(ctx, dead, later),
	} {
		if !errors.Is(err, importer.ErrLost) && !errors.Is(err, importer.ErrTaken) {
			t.Errorf("%s by the attempt that lost: %v, want ErrLost or ErrTaken", what, err)
		}
	}
	must(t, s.Imports.Commit(ctx, p, succeeded(second), nil))
	must(t, s.Imports.Commit(ctx, p, succeeded(second), nil)) // a repeated call
	equal(t, "names", names(t, s, agreement.Query{}), []string{"Office"})

	must(t, s.Imports.Clear(ctx, importer.Leftovers{
		Stages: []importer.Stage{dead.Stage()}, IDs: []string{old.Create[0].ID, p.Create[0].ID}, Names: []string{"office"},
		Pairs: []agreement.PairKey{"1+1", "2+2"},
	}))
	equal(t, "pairs after the clearing", pairs(t, s, p.Create[0].ID), []string{"1", "2"})
}

// TestClearAllContinues interrupts ClearAll again and again. Each attempt continues where the one
// before it stopped, so that it ends, however short an invocation is. After an attempt that may have
// staged something, it starts over.
func TestClearAllContinues(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	good := dynamo.Open(client, table, dynamo.PageSize(2))
	many := rows{}
	for n := range 20 {
		many[fmt.Sprint("Keep ", n)] = []string{fmt.Sprint("9", n)}
	}
	apply(t, good, "good.csv", "", many)
	dead := running(t, good, "dead.csv")
	must(t, good.Imports.AcquireWriter(t.Context(), dead.Stage(), noon, noon.Add(time.Minute)))
	must(t, good.Imports.Stage(t.Context(), prepare(t, good, dead, "", rows{"Office": {"1", "2", "3"}})))
	must(t, good.Imports.ReleaseWriter(t.Context(), dead.Stage()))
	staged := func() (n int) {
		for _, it := range storetest.Dump(t, client, table) {
			if strings.Contains(fmt.Sprint(it), string(dead.Stage())) {
				n++
			}
		}
		return n
	}
	before := staged()
	scans := 0
	limited := dynamodb.New(client.Options(), func(o *dynamodb.Options) {
		o.APIOptions = append(slices.Clip(o.APIOptions), func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("limit", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				if _, is := in.Parameters.(*dynamodb.ScanInput); is {
					if scans--; scans < 0 {
						return middleware.InitializeOutput{}, middleware.Metadata{}, errors.New("the invocation ended")
					}
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.Before)
		})
	})
	clearing := func(attempt, pages int) bool {
		scans = pages
		imp := dead
		imp.Attempt = attempt
		return dynamo.Open(limited, table, dynamo.PageSize(2)).Imports.ClearAll(t.Context(), imp) == nil
	}
	done, attempt := false, dead.Attempt
	for !done {
		if attempt++; attempt > 40 {
			t.Fatal("it does not end")
		}
		done = clearing(attempt, 10)
	}
	if attempt < dead.Attempt+3 {
		t.Errorf("it took %d attempts", attempt-dead.Attempt)
	}
	if after := staged(); before < 4 || after > 1 { // the import's own record stays
		t.Errorf("%d items of the stage before, %d after", before, after)
	}
	if !clearing(attempt+1, 1000) || scans > 1000-attempt {
		t.Errorf("the position was not removed: %d scans left of 1000", scans)
	}
	whole := 1000 - scans // scans of a whole clearing

	// An attempt that ends before it has scanned anything does not lose the position.
	clearing(attempt+2, 10)
	for n := range 3 {
		clearing(attempt+3+n, 0)
	}
	if attempt += 4; !clearing(attempt+2, whole-1) {
		t.Error("the position was lost")
	}
	attempt++

	// An attempt in between stages something in the part that was scanned.
	if clearing(attempt+2, 10) {
		t.Fatal("it was not interrupted")
	}
	if !clearing(attempt+4, 1000) || 1000-scans < 20 {
		t.Errorf("it did not start over: %d scans", 1000-scans)
	}
}

func TestClearAllLeavesNothingReserved(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	apply(t, s, "good.csv", "", rows{"Keep": {"9"}})
	before := storetest.Dump(t, client, table)
	dead := running(t, s, "dead.csv")
	must(t, s.Imports.AcquireWriter(t.Context(), dead.Stage(), noon, noon.Add(time.Minute)))
	must(t, s.Imports.Stage(t.Context(), prepare(t, s, dead, "", rows{"Office": {"1", "2", "3"}})))
	must(t, s.Imports.ReleaseWriter(t.Context(), dead.Stage()))
	open, err := s.Imports.Open(t.Context())
	must(t, err)
	equal(t, "running imports", len(open), 1)

	must(t, s.Imports.ClearAll(t.Context(), dead))
	failed := dead
	failed.State = importer.StateFailed
	must(t, s.Imports.Finish(t.Context(), failed, nil))
	after := storetest.Dump(t, client, table)
	delete(after, "IMPORTS|IMPORT#"+dead.ID)
	equal(t, "table", after, before)
}

func TestClaim(t *testing.T) {
	t.Parallel()
	s := open(t)
	imp := running(t, s, "a.csv")
	stale := imp
	stale.Version--
	if _, err := s.Imports.Claim(t.Context(), stale, imp); !errors.Is(err, importer.ErrBusy) {
		t.Errorf("claim of what was read before: %v, want ErrBusy", err)
	}
	must(t, s.Imports.Renew(t.Context(), imp, noon.Add(time.Hour)))
	if _, err := s.Imports.Claim(t.Context(), imp, imp); !errors.Is(err, importer.ErrBusy) {
		t.Errorf("claim after a renewal: %v, want ErrBusy", err)
	}
	won := make(chan importer.Import, 20)
	read, err := s.Imports.Import(t.Context(), imp.ID)
	must(t, err)
	var g errgroup.Group
	for range 20 {
		g.Go(func() error {
			claimed := read
			claimed.Attempt++
			got, err := s.Imports.Claim(context.Background(), read, claimed)
			if errors.Is(err, importer.ErrBusy) {
				return nil
			}
			won <- got
			return err
		})
	}
	must(t, g.Wait())
	equal(t, "claims that won", len(won), 1)
}

func TestImports(t *testing.T) {
	t.Parallel()
	s := open(t)
	var want []string
	for i := range 7 {
		src := intake.Object{Key: fmt.Sprint(i), Version: "v", At: noon.Add(time.Duration(i) * time.Second)}
		imp := claim(t, s, importer.Import{Head: intake.Head{ID: src.ID(), Object: src, At: noon}})
		want = append([]string{imp.ID}, want...)
	}
	var got []string
	for cursor := ""; ; {
		p, err := s.Imports.Imports(t.Context(), 3, cursor)
		must(t, err)
		for _, imp := range p.Items {
			got = append(got, imp.ID)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	equal(t, "newest first", got, want)
	_, err := s.Imports.Imports(t.Context(), 3, "bad")
	equal(t, "bad cursor", errs.CodeOf(err), "cursor_invalid")
}

func TestImportRoundTrip(t *testing.T) {
	t.Parallel()
	s := open(t)
	src := intake.Object{Bucket: "b", Key: "agreements/a.csv", Version: "v", ETag: "e", Sequencer: "s", Size: 3, At: noon, By: "me"}
	imp := importer.Import{
		Head: intake.Head{ID: src.ID(), Object: src, Via: audit.SourceAPI, At: noon}, File: "a.csv", Group: "Sales", GroupID: "g", Program: agreement.ProgramOpen, OnError: importer.OnErrorSkip, DryRun: true,
		State: importer.StateRunning, Reason: "r", ReasonArgs: errs.Args{"max": "4"}, Retryable: true,
		StartedAt: noon.Add(1e9), FinishedAt: noon.Add(2e9), Rows: 1, Added: 2, Unchanged: 3, Rejected: 4, Created: 5, Extended: 6,
		Errors: 7, Warnings: 8, Attempt: 1, Lease: noon.Add(3e9), Annotated: true,
	}
	want, err := s.Imports.Claim(t.Context(), importer.Import{}, imp)
	must(t, err)
	got, err := s.Imports.Import(t.Context(), imp.ID)
	must(t, err)
	equal(t, "import", got, want)
}
