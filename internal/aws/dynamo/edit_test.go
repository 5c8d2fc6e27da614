package dynamo_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/id"
	"trueup/internal/importer"
	"trueup/internal/once"
	"trueup/internal/testkit/storetest"
)

func edited(action string) audit.Event {
	return audit.Event{ID: id.New(noon, rand.Text()), At: noon, By: "tester", Action: action, Source: audit.SourceAPI}
}

func numbered(numbers ...string) []agreement.Pair {
	var pairs []agreement.Pair
	for _, n := range numbers {
		pairs = append(pairs, agreement.Pair{Authorization: n, License: n, Program: agreement.ProgramOpenValue})
	}
	return pairs
}

// create creates an agreement as an edit by hand does.
func create(t *testing.T, s *dynamo.Table, name string, target agreement.Target, numbers ...string) agreement.Agreement {
	t.Helper()
	a, _, err := s.Agreements.Create(agreement.New{Type: agreement.TypeVolume, ID: rand.Text(), Name: name, Pairs: numbered(numbers...), Group: target, By: "me", At: noon}).Apply(t.Context(), once.Change{Event: edited("agreement.created")})
	must(t, err)
	return a
}

func counts(t *testing.T, s *dynamo.Table) map[string]int {
	t.Helper()
	groups, err := s.Groups.Groups(t.Context())
	must(t, err)
	counted, _, err := find(s).ByGroup(t.Context())
	must(t, err)
	n := map[string]int{}
	for _, g := range groups {
		n[g.Name] = counted[g.ID]
	}
	return n
}

// restore stores an item that Dump returned.
func restore(t *testing.T, client *dynamodb.Client, table string, it map[string]any) {
	t.Helper()
	raw, err := attributevalue.MarshalMap(it)
	must(t, err)
	_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: raw})
	must(t, err)
}

// violations returns the code, the field and the other agreement of each violation.
func violations(err error) []string {
	var all []string
	if e := errs.As(err); e != nil {
		for _, v := range e.Violations {
			all = append(all, v.Code+" "+v.Field+" "+v.Args["agreement"])
		}
	}
	return all
}

func TestCreate(t *testing.T) {
	t.Parallel()
	s := open(t)
	a := create(t, s, "Office", agreement.Target{NewName: "Sales"}, "2", "1")
	got, err := s.Agreements.Agreement(t.Context(), a.ID)
	must(t, err)
	equal(t, "agreement", got, a)
	equal(t, "pairs", pairs(t, s, a.ID), []string{"1", "2"})
	create(t, s, "Visio", agreement.Target{NewName: " sales "}, "3")
	create(t, s, "Project", agreement.Target{NewName: "unassigned agreements"}, "4")
	equal(t, "counts", counts(t, s), map[string]int{"": 1, "Sales": 2})

	t.Run("R2.3 what others have is named", func(t *testing.T) {
		_, _, err := s.Agreements.Create(agreement.New{Type: agreement.TypeVolume, ID: "x", Name: "OFFICE ", Pairs: numbered("9", "3", "1"), At: noon}).Apply(t.Context(), once.Change{Event: edited("agreement.created")})
		equal(t, "kind", errs.KindOf(err), errs.Conflict)
		equal(t, "violations", violations(err), []string{"name_taken name Office", "pair_taken pairs/1 Visio", "pair_taken pairs/2 Office"})
		_, err = s.Agreements.Agreement(t.Context(), "x")
		equal(t, "nothing of it is stored", errs.CodeOf(err), "agreement_not_found")
		create(t, s, "Nine", agreement.Target{}, "9")
	})
	t.Run("no such group", func(t *testing.T) {
		_, _, err := s.Agreements.Create(agreement.New{Type: agreement.TypeVolume, ID: "x", Name: "N", Pairs: numbered("10"), Group: agreement.Target{GroupID: "none"}, At: noon}).Apply(t.Context(), once.Change{Event: edited("agreement.created")})
		equal(t, "code", errs.CodeOf(err), "group_not_found")
	})
	t.Run("the same Idempotency-Key", func(t *testing.T) {
		call := func(n agreement.New, body string) (first []byte, err error) {
			made := s.Agreements.Create(n)
			shown, err := made.Preview(t.Context())
			must(t, err)
			_, first, err = made.Apply(t.Context(), once.Change{
				Event: edited("agreement.created"), Of: shown,
				Entry: once.Entry{Key: "k", BodyHash: body, Response: []byte("made " + shown.ID), Expires: noon.Add(time.Hour)},
			})
			return first, err
		}
		n := agreement.New{Type: agreement.TypeVolume, ID: "once", Name: "Once", Pairs: numbered("20"), At: noon}
		first, err := call(n, "b")
		must(t, err)
		equal(t, "first call", first, []byte(nil))
		n.ID = "twice"
		first, err = call(n, "b")
		must(t, err)
		equal(t, "second call", string(first), "made once")
		_, err = call(n, "other")
		equal(t, "another body", errs.CodeOf(err), "idempotency_key_reused")
	})
	t.Run("the response shows another group", func(t *testing.T) {
		n := agreement.New{Type: agreement.TypeVolume, ID: "late", Name: "Late", Pairs: numbered("30"), Group: agreement.Target{NewName: "Late"}, At: noon}
		made := s.Agreements.Create(n)
		shown, err := made.Preview(t.Context())
		must(t, err)
		create(t, s, "Early", agreement.Target{NewName: "Late"}, "31")
		_, _, err = made.Apply(t.Context(), once.Change{Event: edited("agreement.created"), Of: shown})
		if !errors.Is(err, once.ErrOutdated) {
			t.Errorf("%v", err)
		}
		_, err = s.Agreements.Agreement(t.Context(), "late")
		equal(t, "nothing of it is stored", errs.CodeOf(err), "agreement_not_found")
		shown, err = made.Preview(t.Context())
		must(t, err)
		a, _, err := made.Apply(t.Context(), once.Change{Event: edited("agreement.created"), Of: shown})
		must(t, err)
		equal(t, "agreement", a, shown)
	})
	t.Run("R2.4 as many pairs as fit one call", func(t *testing.T) {
		var many []string
		for i := range agreement.MaxPairsByHand {
			many = append(many, fmt.Sprint(1000+i))
		}
		a := create(t, s, "Many", agreement.Target{NewName: "Many"}, many...)
		equal(t, "pairs", pairs(t, s, a.ID), many)
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	a := create(t, s, "Office", agreement.Target{}, "1")
	other := create(t, s, "Visio", agreement.Target{NewName: "Sales"}, "2")
	update := func(read agreement.Agreement, e agreement.Edit) (agreement.Agreement, error) {
		e.At = noon
		return s.Agreements.Update(t.Context(), read, e, edited("agreement.updated"))
	}
	name := func(n string) *string { return &n }

	b, err := update(a, agreement.Edit{Name: name("office 365")})
	must(t, err)
	equal(t, "version", b.Version, a.Version+1)
	equal(t, "names", names(t, s, agreement.Query{}), []string{"office 365", "Visio"})
	create(t, s, "Office", agreement.Target{}, "3") // the old name is free

	_, err = update(a, agreement.Edit{Name: name("Late")})
	equal(t, "R2.12 an old version", errs.CodeOf(err), "version_stale")
	_, err = update(b, agreement.Edit{Name: name("VISIO")})
	equal(t, "a name that is taken", violations(err), []string{"name_taken name Visio"})

	c, err := update(b, agreement.Edit{Name: name("Office 365"), Group: &agreement.Target{GroupID: other.GroupID}})
	must(t, err)
	equal(t, "only the case changed", c.Name, "Office 365")
	equal(t, "counts", counts(t, s), map[string]int{"": 1, "Sales": 2})
	equal(t, "names in the group", names(t, s, agreement.Query{GroupID: other.GroupID}), []string{"Office 365", "Visio"})
	d, err := update(c, agreement.Edit{Group: &agreement.Target{NewName: "Marketing"}})
	must(t, err)
	equal(t, "counts after the move to a new group", counts(t, s), map[string]int{"": 1, "Sales": 1, "Marketing": 1})
	got, err := s.Agreements.Agreement(t.Context(), a.ID)
	must(t, err)
	equal(t, "stored", got, d)
	equal(t, "pairs", pairs(t, s, a.ID), []string{"1"})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	apply(t, s, "a.csv", "Sales", rows{"Office": {"1", "2", "3"}, "Visio": {"4"}})
	page, err := find(s).List(t.Context(), agreement.Query{Limit: 1})
	must(t, err)
	must(t, s.Agreements.Delete(t.Context(), page.Items[0], edited("agreement.deleted")))
	equal(t, "names", names(t, s, agreement.Query{}), []string{"Visio"})
	equal(t, "counts", counts(t, s), map[string]int{"": 0, "Sales": 1})
	err = s.Agreements.Delete(t.Context(), page.Items[0], edited("agreement.deleted"))
	equal(t, "once more", errs.CodeOf(err), "agreement_not_found")
	create(t, s, "office", agreement.Target{}, "1", "2", "3")

	must(t, s.Upkeep.Tidy(t.Context(), noon.Add(time.Hour)))
	for id := range storetest.Dump(t, client, table) {
		if id[:7] == "ORPHANS" {
			t.Errorf("%s is left", id)
		}
	}
	equal(t, "names after the tidying", names(t, s, agreement.Query{}), []string{"office", "Visio"})
}

// Pairs that a delete leaves because its process dies after the transaction are free.
func TestPairsOfADeletedAgreementAreFree(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	office := create(t, s, "Office", agreement.Target{}, "1", "2", "3")
	left := storetest.Dump(t, client, table)
	must(t, s.Agreements.Delete(t.Context(), office, edited("agreement.deleted")))
	for _, n := range []string{"1", "2", "3"} { // restore the pairs that the delete removed
		restore(t, client, table, left["PAIR#"+n+"+"+n+"|PAIR"])
	}
	a := create(t, s, "By hand", agreement.Target{}, "1")
	imp := apply(t, s, "b.csv", "", rows{"By import": {"2"}})
	equal(t, "import", imp.Attempt, 1)
	must(t, s.Upkeep.Tidy(t.Context(), noon))
	equal(t, "pairs taken over by hand", pairs(t, s, a.ID), []string{"1"})
	equal(t, "names", names(t, s, agreement.Query{}), []string{"By hand", "By import"})
	if _, still := storetest.Dump(t, client, table)["PAIR#3+3|PAIR"]; still {
		t.Error("a pair of nobody is left")
	}
}

func TestPairsByHand(t *testing.T) {
	t.Parallel()
	s := open(t)
	apply(t, s, "a.csv", "", rows{"Office": {"1"}, "Visio": {"2"}})
	page, err := find(s).List(t.Context(), agreement.Query{Limit: 2})
	must(t, err)
	office := page.Items[0]
	more, _, err := s.Agreements.AddPairs(office, numbered("3", "4")).Apply(t.Context(), once.Change{Event: edited("pairs.added")})
	must(t, err)
	equal(t, "count", more.PairCount, 3)
	equal(t, "pairs", pairs(t, s, office.ID), []string{"1", "3", "4"})
	_, _, err = s.Agreements.AddPairs(more, numbered("5", "2", "1")).Apply(t.Context(), once.Change{Event: edited("pairs.added")})
	equal(t, "taken", violations(err), []string{"pair_taken pairs/1 Visio", "pair_taken pairs/2 Office"})
	_, _, err = s.Agreements.AddPairs(office, numbered("5")).Apply(t.Context(), once.Change{Event: edited("pairs.added")})
	equal(t, "an old version", errs.CodeOf(err), "version_stale")

	fewer, err := s.Agreements.RemovePairs(t.Context(), more, []agreement.PairKey{"1+1", "4+4"}, edited("pairs.removed"))
	must(t, err)
	equal(t, "pairs", pairs(t, s, office.ID), []string{"3"})
	_, err = s.Agreements.RemovePairs(t.Context(), fewer, []agreement.PairKey{"3+3"}, edited("pairs.removed"))
	equal(t, "R2.4 the last one", errs.CodeOf(err), "pairs_last")
	_, err = s.Agreements.RemovePairs(t.Context(), fewer, []agreement.PairKey{"2+2"}, edited("pairs.removed"))
	equal(t, "another agreement's", errs.CodeOf(err), "pair_not_found")
	create(t, s, "Free", agreement.Target{}, "1", "4")
}

func TestDeleteMoreThanOneCallRemoves(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table)
	var numbers []string
	for i := range agreement.MaxPairsByHand + 1 {
		numbers = append(numbers, fmt.Sprint(1000+i))
	}
	apply(t, s, "a.csv", "", rows{"Large": numbers})
	page, err := find(s).List(t.Context(), agreement.Query{Limit: 1})
	must(t, err)
	must(t, s.Agreements.Delete(t.Context(), page.Items[0], edited("agreement.deleted")))
	left := func() (n int) {
		for key := range storetest.Dump(t, client, table) {
			if strings.HasPrefix(key, "PAIR#") {
				n++
			}
		}
		return n
	}
	equal(t, "left to Tidy", left(), len(numbers))
	create(t, s, "Small", agreement.Target{}, numbers[0]) // the pair is free
	must(t, s.Upkeep.Tidy(t.Context(), noon))
	equal(t, "after Tidy", left(), 1)
}

func TestEditsWhileAnImportIsRunning(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	office := create(t, s, "Office", agreement.Target{}, "1")
	imp := running(t, s, "a.csv")
	p := prepare(t, s, imp, "", rows{"Office": {"2"}, "Visio": {"3"}})
	must(t, s.Imports.AcquireWriter(ctx, imp.Stage(), noon, noon.Add(time.Minute)))
	must(t, s.Imports.Stage(ctx, p))

	byHand := func(name string, numbers ...string) error {
		_, _, err := s.Agreements.Create(agreement.New{Type: agreement.TypeVolume, ID: rand.Text(), Name: name, Pairs: numbered(numbers...), At: noon}).Apply(ctx, once.Change{Event: edited("agreement.created")})
		return err
	}
	equal(t, "a name that it stores", errs.CodeOf(byHand("visio", "9")), "import_running")
	equal(t, "a pair that it stores", errs.CodeOf(byHand("Nine", "3")), "import_running")
	equal(t, "an agreement that it extends, deleted", errs.CodeOf(s.Agreements.Delete(ctx, office, edited("agreement.deleted"))), "import_running")
	name := "Office 365"
	renamed, err := s.Agreements.Update(ctx, office, agreement.Edit{Name: &name, At: noon}, edited("agreement.updated"))
	must(t, err)
	must(t, s.Imports.Commit(ctx, p, succeeded(imp), nil))
	after, err := s.Agreements.Agreement(ctx, office.ID)
	must(t, err)
	equal(t, "renamed and extended", after.Name+fmt.Sprint(after.PairCount), "Office 3652")
	if after.Version <= renamed.Version {
		t.Errorf("version %d after %d", after.Version, renamed.Version)
	}
	equal(t, "pairs", pairs(t, s, office.ID), []string{"1", "2"})
	must(t, s.Agreements.Delete(ctx, after, edited("agreement.deleted")))

	dead := running(t, s, "dead.csv")
	p = prepare(t, s, dead, "", rows{"Project": {"4"}})
	must(t, s.Imports.AcquireWriter(ctx, dead.Stage(), noon, noon.Add(time.Minute)))
	must(t, s.Imports.Stage(ctx, p))
	must(t, s.Imports.ReleaseWriter(ctx, dead.Stage())) // the import was given up
	must(t, byHand("project", "4"))
	if err := s.Imports.Commit(ctx, p, succeeded(dead), nil); !errors.Is(err, importer.ErrLost) {
		t.Errorf("Commit of what was taken over: %v, want ErrLost", err)
	}
	equal(t, "names", names(t, s, agreement.Query{}), []string{"project", "Visio"})
}

func TestConcurrentEdits(t *testing.T) {
	t.Parallel()
	s := dynamo.Open(storetest.Client(t), storetest.Table(t))
	a := create(t, s, "Office", agreement.Target{}, "1")
	var g errgroup.Group
	var written atomic.Int64
	for i := range 20 { // each writer reads and edits, and starts over if its version is stale
		g.Go(func() error {
			for {
				read, err := s.Agreements.Agreement(t.Context(), a.ID)
				if err != nil {
					return err
				}
				_, _, err = s.Agreements.AddPairs(read, numbered(fmt.Sprint(100+i))).Apply(t.Context(), once.Change{Event: edited("pairs.added")})
				if errs.KindOf(err) == errs.Stale {
					continue
				}
				written.Add(1)
				return err
			}
		})
	}
	must(t, g.Wait())
	got, err := s.Agreements.Agreement(t.Context(), a.ID)
	must(t, err)
	equal(t, "R2.12 no update is lost", got.PairCount, 21)
	equal(t, "pairs", len(pairs(t, s, a.ID)), 21)
	equal(t, "versions", got.Version, 1+written.Load())
}

func TestGroupEdits(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	make := func(id, name string) error {
		_, err := s.Groups.CreateGroup(ctx, group.Group{ID: id, Name: name, CreatedAt: noon, Version: 1}, once.Change{Event: edited("group.created")})
		return err
	}
	must(t, make("g1", "Sales"))
	must(t, make("g2", "Marketing"))
	equal(t, "R4.1 a taken name", violations(make("g3", "sales")), []string{"group_name_taken name "})
	g1, err := s.Groups.Group(ctx, "g1")
	must(t, err)
	equal(t, "the built-in group's name", violations(make("g3", "UNASSIGNED agreements")), []string{"group_name_taken name "})
	_, err = s.Groups.RenameGroup(ctx, g1, "unassigned agreements", edited("group.renamed"))
	equal(t, "the built-in group's name", violations(err), []string{"group_name_taken name "})
	unassigned, err := s.Groups.Group(ctx, group.UnassignedID)
	must(t, err)
	_, err = s.Groups.RenameGroup(ctx, unassigned, "Mine", edited("group.renamed"))
	equal(t, "R4.3 the built-in group", errs.CodeOf(err), "group_built_in")
	renamed, err := s.Groups.RenameGroup(ctx, g1, "Sales and support", edited("group.renamed"))
	must(t, err)
	_, err = s.Groups.RenameGroup(ctx, g1, "Late", edited("group.renamed"))
	equal(t, "an old version", errs.CodeOf(err), "version_stale")
	_, err = s.Groups.RenameGroup(ctx, renamed, "MARKETING", edited("group.renamed"))
	equal(t, "a taken name", violations(err), []string{"group_name_taken name "})
	_, err = s.Groups.RenameGroup(ctx, renamed, "SALES and support", edited("group.renamed"))
	must(t, err)
	must(t, make("g4", "Sales"))
	groups, err := s.Groups.Groups(ctx)
	must(t, err)
	var got []string
	for _, g := range groups[1:] {
		got = append(got, g.ID+" "+g.Name)
	}
	equal(t, "groups", got, []string{"g2 Marketing", "g4 Sales", "g1 SALES and support"})

	t.Run("R4.2 never more than 500, however many at once", func(t *testing.T) {
		s := dynamo.Open(storetest.Client(t), storetest.Table(t))
		var g errgroup.Group
		g.SetLimit(8)
		var made, refused atomic.Int64
		for i := range group.Max + 20 {
			g.Go(func() error {
				_, err := s.Groups.CreateGroup(t.Context(), group.Group{ID: fmt.Sprint(i), Name: fmt.Sprint("Group ", i), CreatedAt: noon, Version: 1}, once.Change{Event: edited("group.created")})
				switch errs.CodeOf(err) {
				case "":
					made.Add(1)
				case "group_limit":
					refused.Add(1)
					return nil
				}
				return err
			})
		}
		must(t, g.Wait())
		equal(t, "made", made.Load(), int64(group.Max))
		equal(t, "refused", refused.Load(), int64(20))
		groups, err := s.Groups.Groups(t.Context())
		must(t, err)
		equal(t, "groups", len(groups), group.Max+1)
	})
}
