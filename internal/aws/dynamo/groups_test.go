package dynamo_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/once"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
)

func groupNamed(t *testing.T, s *dynamo.Table, name string) group.Group {
	t.Helper()
	groups, err := s.Groups.Groups(t.Context())
	must(t, err)
	for _, g := range groups {
		if g.Name == name {
			return g
		}
	}
	t.Fatalf("there is no group %q", name)
	return group.Group{}
}

// consistent checks that lists, counts and reads show the same agreements, and returns them.
func consistent(t *testing.T, s *dynamo.Table, reg agreement.Register) []agreement.Agreement {
	t.Helper()
	for _, r := range []agreement.Register{reg, find(s)} { // the reader of the test, and a new one
		groups, err := s.Groups.Groups(t.Context())
		must(t, err)
		counted, _, err := r.ByGroup(t.Context())
		must(t, err)
		total := 0
		for _, g := range groups {
			g.Agreements = counted[g.ID]
			page, err := r.List(t.Context(), agreement.Query{GroupID: g.ID, Limit: 200})
			must(t, err)
			equal(t, "agreements of group "+g.Name, page.Totals.Agreements, g.Agreements)
			total += g.Agreements
		}
		page, err := r.List(t.Context(), agreement.Query{Limit: 200})
		must(t, err)
		equal(t, "agreements in all groups", page.Totals.Agreements, total)
		for _, a := range page.Items {
			stored, err := s.Agreements.Agreement(t.Context(), a.ID)
			must(t, err)
			equal(t, a.Name, a, stored)
			equal(t, "pairs of "+a.Name, len(pairs(t, s, a.ID)), a.PairCount)
		}
	}
	page, err := reg.List(t.Context(), agreement.Query{Limit: 200})
	must(t, err)
	return page.Items
}

// deleting deletes a group that was read, and returns the code of the error.
func deleting(t *testing.T, s *dynamo.Table, read group.Group) (code string) {
	t.Helper()
	err := s.Groups.DeleteGroup(t.Context(), read, edited("group.deleted"))
	if errs.As(err) == nil {
		must(t, err)
	}
	return errs.CodeOf(err)
}

// tidy empties deleted groups, as the schedule does.
func tidy(t *testing.T, s *dynamo.Table) {
	t.Helper()
	inDeleted, err := register.New(s.Agreements, s.Journal, nil, nil).InDeletedGroups(t.Context())
	must(t, err)
	for id, agreements := range inDeleted {
		must(t, s.Upkeep.Empty(t.Context(), id, agreements))
	}
}

func TestR4_3_DeletingAGroupMovesItsAgreements(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	reg := find(s)
	apply(t, s, "sales.csv", "Sales", rows{"A": {"1"}, "B": {"2"}, "C": {"3"}, "D": {"4"}, "E": {"5"}, "F": {"6"}})
	apply(t, s, "more.csv", "", rows{"A": {"7"}, "Z": {"8"}})
	consistent(t, s, reg)
	sales := groupNamed(t, s, "Sales")
	versions := map[string]int64{}
	for _, a := range consistent(t, s, reg) {
		versions[a.Name] = a.Version
	}

	must(t, s.Groups.DeleteGroup(ctx, sales, edited("group.deleted")))
	moved, known, err := reg.Moved(ctx, sales.ID)
	must(t, err)
	equal(t, "moved", moved, 6)
	equal(t, "known", known, true)
	equal(t, "groups", counts(t, s), map[string]int{"": 7})
	for _, a := range consistent(t, s, reg) {
		equal(t, "group of "+a.Name, a.GroupID, group.UnassignedID)
		if grown := a.Version > versions[a.Name]; grown != (a.Name != "Z") {
			t.Errorf("version of %s went from %d to %d", a.Name, versions[a.Name], a.Version)
		}
	}
	_, err = s.Groups.Group(ctx, sales.ID)
	equal(t, "the group", errs.CodeOf(err), "group_not_found")
	equal(t, "deleted again", deleting(t, s, sales), "group_not_found")

	// All operations work while the table still names the deleted group.
	byName := map[string]agreement.Agreement{}
	for _, a := range consistent(t, s, reg) {
		byName[a.Name] = a
	}
	name := "A 2"
	a, err := s.Agreements.Update(ctx, byName["A"], agreement.Edit{Name: &name, At: noon}, edited("agreement.updated"))
	must(t, err)
	equal(t, "renamed", a.Version, byName["A"].Version+1)
	_, _, err = s.Agreements.AddPairs(byName["B"], numbered("20")).Apply(ctx, once.Change{Event: edited("pairs.added")})
	must(t, err)
	must(t, s.Agreements.Delete(ctx, byName["C"], edited("agreement.deleted")))
	_, err = s.Agreements.Update(ctx, byName["D"], agreement.Edit{Group: &agreement.Target{NewName: "Sales"}, At: noon}, edited("agreement.moved"))
	must(t, err)
	apply(t, s, "extend.csv", "Sales", rows{"E": {"50"}, "New": {"51"}})
	consistent(t, s, reg)
	equal(t, "groups", counts(t, s), map[string]int{"": 5, "Sales": 2})

	// Moving the agreements is interrupted, and continues later.
	must(t, s.Upkeep.Empty(ctx, "another", []string{byName["F"].ID}))
	consistent(t, s, reg)
	equal(t, "gone", register.Gone(mustHead(t, s, "agreements")), []string{sales.ID})
	tidy(t, s)
	for _, a := range consistent(t, s, reg) {
		if a.Name == "F" {
			equal(t, "version of F", a.Version, byName["F"].Version)
		}
	}
	equal(t, "gone", len(register.Gone(mustHead(t, s, "agreements"))), 0)
	for key, it := range storetest.Dump(t, client, table) {
		if it["group"] == sales.ID {
			t.Errorf("%s is still in the group", key)
		}
	}
	tidy(t, s)
	consistent(t, s, reg)
}

func TestR4_3_Refused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	equal(t, "Unassigned", deleting(t, s, group.Group{ID: group.UnassignedID}), "group_built_in")
	apply(t, s, "a.csv", "Sales", rows{"A": {"1"}})
	read := groupNamed(t, s, "Sales")
	_, err := s.Groups.RenameGroup(ctx, read, "Sales 2", edited("group.renamed"))
	must(t, err)
	equal(t, "renamed since", deleting(t, s, read), "version_stale")
	equal(t, "deleted", deleting(t, s, groupNamed(t, s, "Sales 2")), "")

	// A deleted empty group leaves nothing to move, and does not count for the limit (R4.2).
	for i := range group.Max {
		_, err := s.Groups.CreateGroup(ctx, group.Group{ID: fmt.Sprint("g", i), Name: fmt.Sprint("Group ", i), CreatedAt: noon}, once.Change{Event: edited("group.created")})
		must(t, err)
	}
	more := group.Group{ID: "more", Name: "More", CreatedAt: noon}
	_, err = s.Groups.CreateGroup(ctx, more, once.Change{Event: edited("group.created")})
	equal(t, "the 501st", errs.CodeOf(err), "group_limit")
	equal(t, "deleted", deleting(t, s, groupNamed(t, s, "Group 7")), "")
	_, err = s.Groups.CreateGroup(ctx, more, once.Change{Event: edited("group.created")})
	must(t, err)
}

// An import creates its group again if the group is deleted between the plan and the commit.
func TestR4_3_DeletedWhileImported(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	apply(t, s, "a.csv", "Sales", rows{"A": {"1"}})
	imp := running(t, s, "b.csv")
	p := prepare(t, s, imp, "Sales", rows{"B": {"2"}})
	must(t, s.Imports.AcquireWriter(ctx, imp.Stage(), noon, noon.Add(time.Minute)))
	must(t, s.Imports.Stage(ctx, p))
	equal(t, "deleted", deleting(t, s, groupNamed(t, s, "Sales")), "")
	if err := s.Imports.Commit(ctx, p, succeeded(imp), nil); !errors.Is(err, importer.ErrTaken) {
		t.Fatalf("commit into a deleted group: %v, want ErrTaken", err)
	}
	again := claim(t, s, imp)
	must(t, s.Imports.AcquireWriter(ctx, again.Stage(), noon.Add(2*time.Minute), noon.Add(3*time.Minute)))
	p = prepare(t, s, again, "Sales", rows{"B": {"2"}})
	equal(t, "new group", p.NewGroup, true)
	must(t, s.Imports.Stage(ctx, p))
	must(t, s.Imports.Commit(ctx, p, succeeded(again), nil))
	equal(t, "groups", counts(t, s), map[string]int{"": 1, "Sales": 1})
	consistent(t, s, find(s))
}

// Two processes and the schedule change agreements and groups concurrently, in all ways.
// Nothing is lost, and all counts are right.
func TestR4_3_Everything(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table)
	reg := find(s)
	var made [3]map[string]bool
	var g errgroup.Group
	for w := range made {
		made[w] = map[string]bool{}
		process := dynamo.Open(client, table)
		source := rand.New(rand.NewPCG(1, uint64(w)))
		g.Go(func() error {
			for i := range 40 {
				name := fmt.Sprintf("%d of %d", i, w)
				target := agreement.Target{NewName: fmt.Sprintf("Group %d", source.IntN(3))}
				n := agreement.New{Type: agreement.TypeVolume, ID: fmt.Sprintf("a%d-%d", w, i), Name: name, Pairs: numbered(fmt.Sprintf("%d-%d", w, i)), Group: target, By: "me", At: noon}
				a, _, err := process.Agreements.Create(n).Apply(ctx, once.Change{Event: edited("agreement.created")})
				if err != nil {
					return fmt.Errorf("create: %w", err)
				}
				made[w][name] = true
				switch source.IntN(5) {
				case 0:
					target.NewName = fmt.Sprintf("Group %d", source.IntN(3))
					_, err = process.Agreements.Update(ctx, a, agreement.Edit{Group: &target, At: noon}, edited("agreement.moved"))
				case 1:
					_, _, err = process.Agreements.AddPairs(a, numbered(fmt.Sprintf("9%d-%d", w, i))).Apply(ctx, once.Change{Event: edited("pairs.added")})
				case 2:
					if err = process.Agreements.Delete(ctx, a, edited("agreement.deleted")); err == nil {
						delete(made[w], name)
					}
				case 3:
					groups, read := process.Groups.Groups(ctx)
					if read != nil {
						return read
					}
					if last := groups[len(groups)-1]; last.ID != group.UnassignedID {
						err = process.Groups.DeleteGroup(ctx, last, edited("group.deleted"))
					}
				}
				if kind := errs.KindOf(err); err != nil && kind != errs.Stale && kind != errs.NotFound {
					return fmt.Errorf("change: %w", err)
				}
			}
			return nil
		})
	}
	done := make(chan error)
	go func() { done <- g.Wait() }()
	for running := true; running; {
		select {
		case err := <-done:
			must(t, err)
			running = false
		case <-time.After(50 * time.Millisecond):
			tidy(t, s)
		}
	}
	want := []string{}
	for _, names := range made {
		want = append(want, slices.Collect(maps.Keys(names))...)
	}
	slices.Sort(want)
	got := []string{}
	for _, a := range consistent(t, s, reg) {
		got = append(got, a.Name)
	}
	equal(t, "agreements", got, want)
	tidy(t, s)
	consistent(t, s, reg)
	groups, err := s.Groups.Groups(ctx)
	must(t, err)
	for key, it := range storetest.Dump(t, client, table) {
		in, _ := it["group"].(string)
		if strings.HasPrefix(key, "AGREEMENT#") && !slices.ContainsFunc(groups, func(g group.Group) bool { return g.ID == in }) {
			t.Errorf("%s is in group %q, which does not exist", key, in)
		}
	}
}

// While agreements move and their groups are deleted, the counts of every reader have each
// agreement once.
func TestR4_3_CountsOfOneMoment(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	s, reader := dynamo.Open(client, table), dynamo.Open(client, table)
	const agreements = 6
	var all []agreement.Agreement
	for i := range agreements {
		all = append(all, create(t, s, fmt.Sprint("Agreement ", i), agreement.Target{}, fmt.Sprint(i)))
	}
	var g errgroup.Group
	done := make(chan struct{})
	g.Go(func() error {
		defer close(done)
		for i := range 30 {
			name := fmt.Sprintf("Group %d", i%4)
			at := i % agreements
			read, err := s.Agreements.Agreement(ctx, all[at].ID)
			if err != nil {
				return err
			}
			moved, err := s.Agreements.Update(ctx, read, agreement.Edit{Group: &agreement.Target{NewName: name}, At: noon}, edited("agreement.moved"))
			if err != nil {
				return err
			}
			if i%3 == 2 {
				read, err := s.Groups.Group(ctx, moved.GroupID)
				if err != nil {
					return err
				}
				if err := s.Groups.DeleteGroup(ctx, read, edited("group.deleted")); err != nil {
					return err
				}
			}
		}
		return nil
	})
	reg := find(reader)
	answers := 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		counted, _, err := reg.ByGroup(ctx)
		must(t, err)
		answers++
		total := 0
		for _, n := range counted {
			total += n
		}
		if total != agreements {
			t.Fatalf("%d agreements counted, want %d: %+v", total, agreements, counted)
		}
	}
	must(t, g.Wait())
	if answers < 3 {
		t.Errorf("%d answers", answers)
	}
}
