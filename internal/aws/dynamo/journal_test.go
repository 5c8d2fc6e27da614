package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/catalog"
	"trueup/internal/errs"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
)

// Two processes append to the first stripe. A process with a stale head must read it again,
// and the entries have no gaps.
func TestJournalHasNoGaps(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	processes := []*dynamo.Table{dynamo.Open(client, table), dynamo.Open(client, table)}
	var late atomic.Int64
	var g errgroup.Group
	const writers, each = 6, 5
	for w := range writers {
		s := processes[w%2]
		g.Go(func() error {
			for n := 0; n < each; {
				head, err := s.Journal.Head(ctx, catalog.JournalName)
				if err != nil {
					return err
				}
				_, err = s.Journal.Append(ctx, catalog.JournalName, head, fmt.Sprintf("%d after %d", w, head.Position[0].Seq), 2, once.Entry{}, edited("catalog.changed"))
				switch {
				case errors.Is(err, journal.ErrMoved):
					late.Add(1)
				case err != nil:
					return err
				default:
					n++
				}
			}
			return nil
		})
	}
	must(t, g.Wait())
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	head := mustHead(t, s, catalog.JournalName)
	equal(t, "entries", head.Position[0].Seq, int64(writers*each))
	equal(t, "weight", head.Weight, int64(2*writers*each))
	all := entries(t, s, catalog.JournalName, 0, 0, head.Position[0].Seq)
	prev := ""
	for i, e := range all {
		if e.Seq != int64(i+1) || !strings.HasSuffix(e.Body, fmt.Sprintf(" after %d", i)) || e.Prev != prev || e.Tip == "" {
			t.Errorf("entry %d is %+v", i+1, e)
		}
		prev = e.Tip
	}
	equal(t, "tip", head.Position[0].Tip, prev)
	equal(t, "entries", len(all), writers*each)
	equal(t, "a part", entries(t, s, catalog.JournalName, 0, 3, 5), all[3:5])
	if _, err := s.Journal.Entries(ctx, catalog.JournalName, 0, head.Position[0].Seq, head.Position[0].Seq+1); !errors.Is(err, journal.ErrTrimmed) {
		t.Errorf("an entry that is not there: %v", err)
	}
	events, err := s.Audit.Events(ctx, audit.Query{From: noon, To: noon.Add(time.Hour), Limit: 100})
	must(t, err)
	equal(t, "audit events", len(events.Items), writers*each)
	equal(t, "another journal", mustHead(t, s, register.JournalName), journal.Head{})
	if late.Load() == 0 {
		t.Log("no process was late this time")
	}
}

// entries returns all entries of a stripe after one sequence number, up to another.
func entries(t *testing.T, s *dynamo.Table, name journal.Name, stripe int, after, upTo int64) (all []journal.Entry) {
	t.Helper()
	for after < upTo {
		part, err := s.Journal.Entries(t.Context(), name, stripe, after, upTo)
		must(t, err)
		all = append(all, part...)
		after = part[len(part)-1].Seq
	}
	return all
}

func mustHead(t *testing.T, s *dynamo.Table, name journal.Name) journal.Head {
	t.Helper()
	head, err := s.Journal.Head(t.Context(), name)
	must(t, err)
	return head
}

func TestAppendOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	answer := once.Entry{Key: "me/1", BodyHash: "h", Response: []byte("first"), Expires: noon.Add(time.Hour)}
	first, err := s.Journal.Append(ctx, catalog.JournalName, journal.Head{}, "a", 1, answer, edited("catalog.changed"))
	must(t, err)
	equal(t, "answer of an earlier call", first, []byte(nil))
	for what, head := range map[string]journal.Head{"the old head": {}, "the new head": mustHead(t, s, catalog.JournalName)} {
		again := answer
		again.Response = []byte("second")
		first, err = s.Journal.Append(ctx, catalog.JournalName, head, "b", 1, again, edited("catalog.changed"))
		must(t, err)
		equal(t, "answer after "+what, string(first), "first")
	}
	answer.BodyHash = "other"
	_, err = s.Journal.Append(ctx, catalog.JournalName, mustHead(t, s, catalog.JournalName), "b", 1, answer, edited("catalog.changed"))
	equal(t, "another body", errs.CodeOf(err), "idempotency_key_reused")
	equal(t, "entries", mustHead(t, s, catalog.JournalName).Position[0].Seq, int64(1))
}

func TestSavedNeverGoesBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	for range 3 {
		_, err := s.Journal.Append(ctx, catalog.JournalName, mustHead(t, s, catalog.JournalName), "a", 10, once.Entry{})
		must(t, err)
	}
	must(t, s.Journal.Saved(ctx, catalog.JournalName, journal.Head{Weight: 20}, noon))
	must(t, s.Journal.Saved(ctx, catalog.JournalName, journal.Head{Weight: 10}, noon.Add(time.Hour)))
	head := mustHead(t, s, catalog.JournalName)
	equal(t, "weight", head.Weight, int64(30))
	equal(t, "saved", head.Saved, int64(20))
	equal(t, "saved at", head.SavedAt, noon)
}

// Lists and reads show the terms of an agreement of type other. Its details are stored in
// one item, and every read of them is audited.
func TestR2_6_Other(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table)
	terms := agreement.Terms{Publisher: "Adobe", ProductTitle: "Acrobat Pro", Licenses: 25, Start: "2026-01-01", End: "2026-12-31"}
	n := agreement.New{Type: agreement.TypeOther, ID: "acrobat", Name: "Acrobat", Terms: terms, Details: "key CANARY-1", By: "me", At: noon}
	a, _, err := s.Agreements.Create(n).Apply(ctx, once.Change{Event: edited("agreement.created")})
	must(t, err)
	want := agreement.Agreement{
		ID: "acrobat", Type: agreement.TypeOther, Name: "Acrobat", GroupID: "unassigned", Terms: terms, CreatedAt: noon, CreatedBy: "me", Version: 1,
	}
	equal(t, "created", a, want)
	read, err := s.Agreements.Agreement(ctx, a.ID)
	must(t, err)
	equal(t, "read", read, want)
	found, err := listed(ctx, s, a.ID)
	must(t, err)
	equal(t, "found", found, want)

	details := func(want string) {
		t.Helper()
		before := len(storetest.Dump(t, client, table))
		got, err := s.Agreements.Details(ctx, read, edited("agreement.details_read"))
		must(t, err)
		equal(t, "details", got, want)
		equal(t, "audit events of reading them (R2.7)", len(storetest.Dump(t, client, table))-before, 1)
	}
	details("key CANARY-1")

	terms.Licenses, terms.End = 30, ""
	name, text := "Acrobat 2026", "key CANARY-2"
	read, err = s.Agreements.Update(ctx, read, agreement.Edit{Name: &name, Terms: &terms, Details: &text, At: noon}, edited("agreement.updated"))
	must(t, err)
	want.Name, want.Terms, want.Version = name, terms, 2
	equal(t, "updated", read, want)
	details("key CANARY-2")
	none := ""
	read, err = s.Agreements.Update(ctx, read, agreement.Edit{Details: &none, At: noon}, edited("agreement.updated"))
	must(t, err)
	details("")
	read, err = s.Agreements.Update(ctx, read, agreement.Edit{Details: &text, At: noon}, edited("agreement.updated"))
	must(t, err)

	for key, it := range storetest.Dump(t, client, table) {
		if strings.Contains(fmt.Sprint(it), "CANARY") && !strings.Contains(key, "DETAILS") {
			t.Errorf("R2.7: details are in %s: %v", key, it)
		}
	}
	must(t, s.Agreements.Delete(ctx, read, edited("agreement.deleted")))
	for key := range storetest.Dump(t, client, table) {
		if strings.Contains(key, "AGREEMENT#") {
			t.Errorf("%s is left", key)
		}
	}
	_, err = s.Agreements.Details(ctx, read, edited("agreement.details_read"))
	equal(t, "details of what is gone", errs.CodeOf(err), "agreement_not_found")
}

// A list that shows a change also shows every earlier change, although agreements are read
// after the journal: while A is read for its first change, B is renamed, and then A.
func TestListsShowWhatWasDoneBefore(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	table := storetest.Table(t)
	s := dynamo.Open(storetest.Client(t), table)
	a, b := create(t, s, "A", agreement.Target{}, "1"), create(t, s, "B", agreement.Target{}, "2")
	rename := func(read agreement.Agreement, name string) agreement.Agreement {
		t.Helper()
		after, err := s.Agreements.Update(ctx, read, agreement.Edit{Name: &name, At: noon}, edited("agreement.updated"))
		must(t, err)
		return after
	}
	var meanwhile func()
	reader := dynamo.Open(engine.NewClient(storetest.Endpoint(t), func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("meanwhile", func(
				ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				if _, reads := in.Parameters.(*dynamodb.BatchGetItemInput); reads && meanwhile != nil {
					do := meanwhile
					meanwhile = nil
					do()
				}
				return next.HandleInitialize(ctx, in)
			}), middleware.Before)
		})
	}), table)
	reg := find(reader)
	list := func() (names []string) {
		t.Helper()
		page, err := reg.List(ctx, agreement.Query{Limit: 10})
		must(t, err)
		for _, one := range page.Items {
			names = append(names, one.Name)
		}
		return names
	}
	equal(t, "at first", list(), []string{"A", "B"})
	a = rename(a, "A 2")
	meanwhile = func() {
		rename(b, "B 2")
		rename(a, "A 3")
	}
	equal(t, "while they are renamed", list(), []string{"A 3", "B 2"})
}
