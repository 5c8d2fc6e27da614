package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/group"
	"trueup/internal/once"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/released"
)

var upgradeNoon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// deployment is a table that processes of two releases write to, with its expected contents.
type deployment struct {
	t      *testing.T
	ctx    context.Context
	random *mathrand.Rand
	older  *released.Process
	newer  []*dynamo.Table
	warm   *register.Reader

	n          int
	groups     []string
	agreements map[string]*member
}

// member is the expected state of an agreement.
type member struct {
	group string
	pairs map[string]bool
	told  string // the group under which the older release knows it
}

func deploying(t *testing.T, seed uint64) *deployment {
	t.Helper()
	client, table := storetest.Client(t), storetest.Table(t)
	d := &deployment{
		t: t, ctx: t.Context(), random: mathrand.New(mathrand.NewPCG(seed, 1)),
		older: &released.Process{Client: client, Table: table, Now: upgradeNoon.UnixMilli()}, agreements: map[string]*member{},
	}
	for range 2 {
		d.newer = append(d.newer, dynamo.Open(client, table, dynamo.RetryTimeout(time.Second)))
	}
	d.warm = d.reader()
	return d
}

func (d *deployment) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *deployment) store() *dynamo.Table { return d.newer[d.random.IntN(len(d.newer))] }
func (d *deployment) reader() *register.Reader {
	return register.New(d.newer[0].Agreements, d.newer[0].Journal, nil, nil)
}

func (d *deployment) id(prefix string) string {
	d.n++
	return fmt.Sprintf("%s%d", prefix, d.n)
}

func (d *deployment) number() string {
	d.n++
	return fmt.Sprintf("P%04d", d.n)
}

func (d *deployment) anyGroup() string {
	if len(d.groups) == 0 || d.random.IntN(4) == 0 {
		return group.UnassignedID
	}
	return d.groups[d.random.IntN(len(d.groups))]
}

func (d *deployment) anyAgreement() (id string, m *member) {
	all := slices.Sorted(maps.Keys(d.agreements))
	if len(all) == 0 {
		return "", nil
	}
	id = all[d.random.IntN(len(all))]
	return id, d.agreements[id]
}

func happened(action string) audit.Event {
	return audit.Event{ID: rand.Text(), At: upgradeNoon, By: "tester", Action: action, Source: audit.SourceAPI}
}

func pairsOf(numbers ...string) (pairs []agreement.Pair) {
	for _, n := range numbers {
		pairs = append(pairs, agreement.Pair{Authorization: n, License: n, Program: agreement.ProgramOpenValue})
	}
	return pairs
}

// made adds an agreement to the expected state.
func (d *deployment) made(id, groupID string, older bool, numbers ...string) {
	m := &member{group: groupID, pairs: map[string]bool{}}
	for _, n := range numbers {
		m.pairs[n] = true
	}
	if d.agreements[id] = m; older {
		m.told = groupID
	}
}

// allowed reports whether the older release carried out a request, which it may refuse.
func (d *deployment) allowed(err error) bool {
	d.t.Helper()
	if err != nil && !errors.Is(err, released.ErrRefused) {
		d.t.Fatal(err)
	}
	return err == nil
}

func (d *deployment) create(older bool, groupID string) {
	d.t.Helper()
	id, first, second := d.id("a"), d.number(), d.number()
	if older {
		if d.allowed(d.older.Create(d.ctx, id, "name "+id, groupID, first, second)) {
			d.made(id, groupID, true, first, second)
		}
		return
	}
	_, _, err := d.store().Agreements.Create(agreement.New{
		ID: id, Name: "name " + id, Type: agreement.TypeVolume, At: upgradeNoon, By: "tester",
		Group: agreement.Target{GroupID: groupID}, Pairs: pairsOf(first, second),
	}).Apply(d.ctx, once.Change{Event: happened("agreement.created")})
	d.must(err)
	d.made(id, groupID, false, first, second)
}

func (d *deployment) imports(groupID string) {
	d.t.Helper()
	first, second := d.id("i"), d.id("i")
	if d.allowed(d.older.Import(d.ctx, d.id("stage"), groupID, first, second)) {
		d.made(first, groupID, true, strings.ToUpper(first))
		d.made(second, groupID, true, strings.ToUpper(second))
	}
}

func (d *deployment) change(older bool, id string, m *member) {
	d.t.Helper()
	add, number := d.random.IntN(2) == 0 || len(m.pairs) < 2, d.number()
	if !add {
		number = slices.Sorted(maps.Keys(m.pairs))[0]
	}
	switch {
	case older && add:
		if !d.allowed(d.older.AddPair(d.ctx, id, number)) {
			return
		}
	case older:
		if !d.allowed(d.older.RemovePair(d.ctx, id, number)) {
			return
		}
	default:
		s := d.store()
		read, err := s.Agreements.Agreement(d.ctx, id)
		d.must(err)
		if add {
			_, _, err = s.Agreements.AddPairs(read, pairsOf(number)).Apply(d.ctx, once.Change{Event: happened("pairs.added")})
		} else {
			_, err = s.Agreements.RemovePairs(d.ctx, read, []agreement.PairKey{pairsOf(number)[0].Key()}, happened("pairs.removed"))
		}
		d.must(err)
	}
	if m.pairs[number] = add; !add {
		delete(m.pairs, number)
	}
	if older {
		m.told = m.group
	}
}

// move moves an agreement. Only this release can move one that the group does not count.
func (d *deployment) move(id string, m *member, groupID string) {
	d.t.Helper()
	s := d.store()
	read, err := s.Agreements.Agreement(d.ctx, id)
	d.must(err)
	_, err = s.Agreements.Update(d.ctx, read, agreement.Edit{At: upgradeNoon, Group: &agreement.Target{GroupID: groupID}}, happened("agreement.changed"))
	d.must(err)
	m.group = groupID
}

func (d *deployment) remove(id string) {
	d.t.Helper()
	s := d.store()
	read, err := s.Agreements.Agreement(d.ctx, id)
	d.must(err)
	d.must(s.Agreements.Delete(d.ctx, read, happened("agreement.deleted")))
	delete(d.agreements, id)
}

func (d *deployment) makeGroup(older bool) string {
	d.t.Helper()
	id := d.id("g")
	if older {
		if !d.allowed(d.older.CreateGroup(d.ctx, id, "group "+id)) {
			return group.UnassignedID
		}
	} else {
		_, err := d.store().Groups.CreateGroup(d.ctx, group.Group{ID: id, Name: "group " + id, CreatedAt: upgradeNoon}, once.Change{Event: happened("group.created")})
		d.must(err)
	}
	d.groups = append(d.groups, id)
	return id
}

func (d *deployment) deleteGroup(older bool, id string) {
	d.t.Helper()
	if older {
		if !d.allowed(d.older.DeleteGroup(d.ctx, id)) {
			return
		}
	} else {
		s := d.store()
		read, err := s.Groups.Group(d.ctx, id)
		d.must(err)
		d.must(s.Groups.DeleteGroup(d.ctx, read, happened("group.deleted")))
	}
	d.groups = slices.DeleteFunc(d.groups, func(other string) bool { return other == id })
	for _, m := range d.agreements {
		if m.group == id {
			m.group = group.UnassignedID
		}
	}
}

// empty is the schedule of the older release: it moves the agreements that it knows of.
func (d *deployment) empty(id string) {
	d.t.Helper()
	var known []string
	for a, m := range d.agreements {
		if m.told == id {
			known = append(known, a)
		}
	}
	d.must(d.older.EmptyGroup(d.ctx, id, known...))
}

// follow makes the warm process read the latest changes.
func (d *deployment) follow() {
	d.t.Helper()
	_, _, err := d.warm.ByGroup(d.ctx)
	d.must(err)
}

// step does one random thing, by one of the two releases.
func (d *deployment) step(deleted []string) []string {
	d.t.Helper()
	older := d.random.IntN(2) == 0
	id, m := d.anyAgreement()
	switch n := d.random.IntN(14); {
	case n < 3 || m == nil:
		d.create(older, d.anyGroup())
	case n == 3:
		d.imports(d.anyGroup())
	case n < 7:
		d.change(older, id, m)
	case n == 7:
		d.move(id, m, d.anyGroup())
	case n == 8 && d.random.IntN(2) == 0:
		d.remove(id)
	case n == 9:
		d.makeGroup(older)
	case n == 10 && len(d.groups) > 0:
		at := d.groups[d.random.IntN(len(d.groups))]
		d.deleteGroup(older, at)
		if !slices.Contains(d.groups, at) {
			deleted = append(deleted, at)
		}
	case n == 11 && len(deleted) > 0:
		d.empty(deleted[d.random.IntN(len(deleted))])
	case n == 12:
		d.follow()
	case n == 13:
		d.must(emptyGroups(d.ctx, d.warm, d.newer[0], upgradeNoon))
	}
	return deleted
}

// check compares the lists of a warm and of a fresh process, and the table, with the expected
// state.
func (d *deployment) check() {
	d.t.Helper()
	for what, r := range map[string]*register.Reader{"warm": d.warm, "fresh": d.reader()} {
		page, err := r.List(d.ctx, agreement.Query{Limit: 1000})
		d.must(err)
		got, want := map[string]string{}, map[string]string{}
		for _, a := range page.Items {
			got[a.ID] = fmt.Sprintf("%s, %d pairs", a.GroupID, a.PairCount)
			stored, err := d.newer[1].Agreements.Agreement(d.ctx, a.ID)
			d.must(err)
			if diff := cmp.Diff(stored, a); diff != "" {
				d.t.Errorf("%s differs from the table (-table +%s)\n%s", a.ID, what, diff)
			}
		}
		counts := map[string]int{}
		for id, m := range d.agreements {
			want[id] = fmt.Sprintf("%s, %d pairs", m.group, len(m.pairs))
			counts[m.group]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			d.t.Errorf("%s (-want +got)\n%s", what, diff)
		}
		counted, _, err := r.ByGroup(d.ctx)
		d.must(err)
		if diff := cmp.Diff(counts, counted); diff != "" {
			d.t.Errorf("%s counts (-want +got)\n%s", what, diff)
		}
		for n := range d.n {
			number, owner := fmt.Sprintf("P%04d", n+1), ""
			for id, m := range d.agreements {
				if m.pairs[number] {
					owner = id
				}
			}
			page, err := r.List(d.ctx, agreement.Query{Limit: 1000, Text: number})
			d.must(err)
			found := ""
			for _, a := range page.Items {
				found = a.ID
			}
			if found != owner {
				d.t.Errorf("%s: the pair %s finds %q, want %q", what, number, found, owner)
			}
		}
	}
	// As stored: no agreement names a group that does not exist.
	stored, err := d.newer[0].Agreements.AgreementsByID(d.ctx, slices.Collect(maps.Keys(d.agreements)))
	d.must(err)
	for id, a := range stored {
		if a.GroupID != d.agreements[id].group {
			d.t.Errorf("%s is stored under %s, want %s", id, a.GroupID, d.agreements[id].group)
		}
	}
	groups, err := d.newer[0].Groups.Groups(d.ctx)
	d.must(err)
	var ids []string
	for _, g := range groups[1:] {
		ids = append(ids, g.ID)
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(d.groups)), slices.Sorted(slices.Values(ids))); diff != "" {
		d.t.Errorf("groups (-want +got)\n%s", diff)
	}
	head, err := d.newer[0].Journal.Head(d.ctx, "agreements")
	d.must(err)
	if len(register.Gone(head)) > 0 {
		d.t.Errorf("groups are still to be emptied: %v", register.Gone(head))
	}
}

// ended runs the schedule of this release after the older release has stopped.
func (d *deployment) ended() {
	d.t.Helper()
	for _, at := range []time.Time{upgradeNoon, upgradeNoon.Add(time.Hour)} {
		d.must(emptyGroups(d.ctx, d.warm, d.newer[0], at))
	}
}

// TestR16_6_BothReleasesWrite has processes of this release and of the one before journals had
// stripes write to one table in random order. This release refuses nothing, and the final state
// is exact.
func TestR16_6_BothReleasesWrite(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			d := deploying(t, seed)
			var deleted []string
			for range 60 {
				deleted = d.step(deleted)
			}
			d.ended()
			d.check()
		})
	}
}

// TestR16_6_GroupsOfBothReleases: what each release may do to a group that contains agreements
// added by the other release.
func TestR16_6_GroupsOfBothReleases(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]func(d *deployment){
		"deleted without an agreement that was not counted": func(d *deployment) {
			id := d.makeGroup(true)
			d.create(false, id)
			d.deleteGroup(true, id)
		},
		"deleted with one of two, and emptied of it": func(d *deployment) {
			id := d.makeGroup(true)
			d.create(false, id)
			d.create(true, id)
			d.follow()
			d.deleteGroup(true, id)
			d.follow()
			d.empty(id)
			d.create(false, group.UnassignedID) // the warm process follows
			d.follow()
		},
		"deleted by this release, emptied by the other, then changed": func(d *deployment) {
			id := d.makeGroup(false)
			d.create(false, id)
			d.create(true, id)
			d.deleteGroup(false, id)
			d.follow()
			d.empty(id)
			for a, m := range d.agreements {
				d.change(false, a, m)
			}
		},
		"an import of the other release, then a deletion": func(d *deployment) {
			id := d.makeGroup(false)
			d.create(false, id)
			d.imports(id)
			d.deleteGroup(false, id)
			d.imports(group.UnassignedID)
			d.deleteGroup(false, d.makeGroup(false)) // a tip after an unknown one
			d.create(true, group.UnassignedID)
			d.deleteGroup(false, d.makeGroup(true))
		},
		"an import into a group that is gone": func(d *deployment) {
			id := d.makeGroup(false)
			d.deleteGroup(false, id)
			if err := d.older.Import(d.ctx, "late", id, "late"); !errors.Is(err, released.ErrRefused) {
				d.t.Errorf("an import into a group that this release deleted: %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := deploying(t, 1)
			during(d)
			d.ended()
			d.check()
		})
	}
}

// TestR16_6_ChecksEnd: the check of where agreements are stored runs twice, then stops.
func TestR16_6_ChecksEnd(t *testing.T) {
	t.Parallel()
	d := deploying(t, 1)
	due := func(after time.Duration) bool {
		t.Helper()
		is, err := d.newer[0].Upkeep.IsCheckDue(d.ctx, upgradeNoon.Add(after))
		d.must(err)
		return is
	}
	d.create(true, group.UnassignedID)
	for _, step := range []struct {
		after time.Duration
		due   bool
	}{{0, true}, {time.Minute, false}, {time.Hour, true}, {3 * time.Hour, false}, {1000 * time.Hour, false}} {
		if got := due(step.after); got != step.due {
			t.Errorf("after %s: %t", step.after, got)
		}
		d.must(emptyGroups(d.ctx, d.warm, d.newer[0], upgradeNoon.Add(step.after)))
	}
}
