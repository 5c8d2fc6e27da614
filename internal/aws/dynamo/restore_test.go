package dynamo_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/catalog"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
)

// copies is a bucket in memory, with the methods that saved copies need.
type copies struct {
	objects.Bucket
	mu    sync.Mutex
	files map[string][]byte
}

func (b *copies) Open(_ context.Context, key, _, _ string) (objects.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	file, ok := b.files[key]
	if !ok {
		return objects.Object{}, objects.ErrNotFound
	}
	return objects.Object{Body: io.NopCloser(bytes.NewReader(file)), Size: int64(len(file))}, nil
}

func (b *copies) Put(_ context.Context, key, _ string, body []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.files[key] = body
	return nil
}

// lister is a process that lists agreements and looks publishers up.
type lister struct {
	store  *dynamo.Table
	reg    *register.Reader
	titles *catalog.Store
}

func (w *restored) process() *lister {
	s := dynamo.Open(w.client, w.table)
	return &lister{s, register.New(s.Agreements, s.Journal, w.files, nil), catalog.New(s.Journal, w.files, nil)}
}

// restored is a table with a history, and the processes that made it.
type restored struct {
	t         *testing.T
	rng       *rand.Rand
	client    *dynamodb.Client
	table     string
	files     *copies
	processes []*lister
	made      int
}

// shown returns what a process shows: agreements with their pairs, counts, and publishers.
func (w *restored) shown(l *lister) (lines []string) {
	w.t.Helper()
	all, _, err := l.reg.All(w.t.Context(), journal.Position{})
	must(w.t, err)
	var ids []string
	for _, a := range all {
		ids = append(ids, a.ID)
	}
	pairs, err := l.reg.PairsOf(w.t.Context(), ids)
	must(w.t, err)
	for _, a := range all {
		lines = append(lines, fmt.Sprintf("%s %s in %s v%d: %v", a.ID, a.Name, a.GroupID, a.Version, pairs[a.ID]))
	}
	counts, _, err := l.reg.ByGroup(w.t.Context())
	must(w.t, err)
	lines = append(lines, fmt.Sprint(counts))
	found, err := l.titles.Lookup(w.t.Context(), "Restored", catalog.LookupMax)
	must(w.t, err)
	for _, p := range found {
		lines = append(lines, "publisher "+p.Name)
	}
	return lines
}

// stored returns what the table has, read without journal entries and copies. Publishers are
// read from the journal, because they are stored nowhere else.
func (w *restored) stored() (lines []string) {
	w.t.Helper()
	s := dynamo.Open(w.client, w.table)
	head, err := s.Journal.Head(w.t.Context(), register.JournalName)
	must(w.t, err)
	var all []agreement.Agreement
	pairs := map[string][]agreement.PairKey{}
	walk := s.Agreements.Walk()
	for last := false; !last; {
		var part []agreement.Agreement
		var refs []register.PairRef
		part, refs, last, err = walk.Next(w.t.Context())
		must(w.t, err)
		all = append(all, part...)
		for _, ref := range refs {
			pairs[ref.AgreementID] = append(pairs[ref.AgreementID], ref.Pair)
		}
	}
	slices.SortFunc(all, func(a, b agreement.Agreement) int { return strings.Compare(a.ID, b.ID) })
	counts := map[string]int{}
	for _, a := range all {
		if slices.Contains(register.Gone(head), a.GroupID) {
			a.GroupID = group.UnassignedID
			a.Version++
		}
		counts[a.GroupID]++
		slices.Sort(pairs[a.ID])
		lines = append(lines, fmt.Sprintf("%s %s in %s v%d: %v", a.ID, a.Name, a.GroupID, a.Version, pairs[a.ID]))
	}
	lines = append(lines, fmt.Sprint(counts))
	found, err := catalog.New(s.Journal, nil, nil).Lookup(w.t.Context(), "Restored", catalog.LookupMax)
	must(w.t, err)
	for _, p := range found {
		lines = append(lines, "publisher "+p.Name)
	}
	return lines
}

// step makes a random change with a random process.
func (w *restored) step() {
	w.t.Helper()
	l := w.processes[w.rng.IntN(len(w.processes))]
	ctx := w.t.Context()
	w.made++
	event := func(action string) audit.Event {
		e := edited(action)
		e.ID = fmt.Sprintf("e%d", w.made)
		return e
	}
	all, _, err := l.reg.All(ctx, journal.Position{})
	must(w.t, err)
	var some agreement.Agreement
	if len(all) > 0 {
		some = all[w.rng.IntN(len(all))]
	}
	target := agreement.Target{NewName: fmt.Sprintf("Group %d", w.rng.IntN(3))}
	number := fmt.Sprintf("%04d", w.rng.IntN(30))
	switch kind := w.rng.IntN(12); {
	case kind < 4 || some.ID == "":
		n := agreement.New{Type: agreement.TypeVolume, ID: fmt.Sprintf("a%03d", w.made), Name: fmt.Sprintf("Agreement %d", w.made), Pairs: numbered(fmt.Sprintf("9%03d", w.made), number), Group: target, By: "me", At: noon}
		_, _, err = l.store.Agreements.Create(n).Apply(ctx, once.Change{Event: event("agreement.created")})
	case kind == 4:
		_, err = l.store.Agreements.Update(ctx, some, agreement.Edit{Group: &target, At: noon}, event("agreement.moved"))
	case kind == 5:
		_, _, err = l.store.Agreements.AddPairs(some, numbered(number)).Apply(ctx, once.Change{Event: event("pairs.added")})
	case kind == 6:
		_, err = l.store.Agreements.RemovePairs(ctx, some, []agreement.PairKey{numbered(number)[0].Key()}, event("pairs.removed"))
	case kind == 7:
		err = l.store.Agreements.Delete(ctx, some, event("agreement.deleted"))
	case kind == 8:
		groups, read := l.store.Groups.Groups(ctx)
		must(w.t, read)
		if last := groups[len(groups)-1]; last.ID != group.UnassignedID {
			err = l.store.Groups.DeleteGroup(ctx, last, event("group.deleted"))
		}
	case kind == 9:
		_, _, err = l.titles.AddPublisher(catalog.Addition{Publisher: fmt.Sprintf("Restored %d", w.made)}).Apply(ctx, once.Change{Event: event("publisher.added")})
	case kind == 10:
		must(w.t, l.reg.Save(ctx, 1, noon))
		must(w.t, l.titles.Save(ctx, 1, noon))
	case kind == 11:
		w.trim(l)
	}
	if kind := errs.KindOf(err); err != nil && kind != errs.Conflict && kind != errs.NotFound && kind != errs.Stale {
		w.t.Fatal(err)
	}
}

// trim deletes some entries of the journal of agreements, as DynamoDB does after they expire.
func (w *restored) trim(l *lister) {
	head, err := l.store.Journal.Head(w.t.Context(), register.JournalName)
	must(w.t, err)
	for stripe, at := range head.Position {
		for n := range at.Seq {
			if w.rng.IntN(3) > 0 {
				continue
			}
			pk := "JOURNAL#agreements"
			if stripe > 0 {
				pk = fmt.Sprintf("%s#%02d", pk, stripe)
			}
			_, err := w.client.DeleteItem(w.t.Context(), &dynamodb.DeleteItemInput{TableName: &w.table, Key: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: fmt.Sprintf("%016d", n+1)},
			}})
			must(w.t, err)
		}
	}
}

// TestR16_2_RandomHistories restores tables to a point in their history, and checks that
// new processes and processes that know the lost changes show the restored table.
func TestR16_2_RandomHistories(t *testing.T) {
	t.Parallel()
	for seed := range uint64(24 / rarely) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := &restored{t: t, rng: rand.New(rand.NewPCG(seed, 16)), client: storetest.Client(t), table: storetest.Table(t), files: &copies{files: map[string][]byte{}}}
			for range 3 {
				w.processes = append(w.processes, w.process())
			}
			for range w.rng.IntN(25) {
				w.step()
			}
			point, want := storetest.Save(t, w.client, w.table), w.shown(w.process())
			equal(t, "what is shown at the point", want, w.stored())
			for range 1 + w.rng.IntN(25) {
				w.step()
			}
			storetest.Restore(t, w.client, w.table, point)
			switch w.rng.IntN(3) {
			case 0: // every process reads it before it is changed
				for i, l := range w.processes {
					equal(t, fmt.Sprintf("process %d after the restoration", i), w.shown(l), want)
				}
			case 1: // a new process changes it before another process reads it
				w.processes = append(w.processes, w.process())
				last := w.processes
				w.processes = last[len(last)-1:]
				for range 1 + w.rng.IntN(15) {
					w.step()
				}
				w.processes = last
			default: // all processes continue
				for range 1 + w.rng.IntN(15) {
					w.step()
				}
			}
			want = w.stored()
			for i, l := range append(w.processes, w.process()) {
				equal(t, fmt.Sprintf("process %d", i), w.shown(l), want)
			}
			must(t, w.processes[0].reg.Save(t.Context(), 1, noon))
			equal(t, "with the copy that was saved since", w.shown(w.process()), want)
		})
	}
}
