package register

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/journal"
	"trueup/internal/objects"
)

// stand is a model behind a Log, as a Reader uses it.
type stand struct {
	journal.Log
	mu      sync.Mutex
	model   *model
	entries [journal.Stripes][]journal.Entry
	fails   error // the error of Head
}

func (s *stand) Head(context.Context, journal.Name) (journal.Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.entries {
		s.entries[i] = append(s.entries[i], s.model.pending[i]...)
		s.model.pending[i] = nil
	}
	return s.model.head, s.fails
}

func (s *stand) Entries(_ context.Context, _ journal.Name, stripe int, after, upTo int64) ([]journal.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.entries[stripe][after:upTo]), nil
}

func (s *stand) Saved(_ context.Context, _ journal.Name, head journal.Head, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.model.head.Saved = head.Weight
	return nil
}

func (s *stand) AgreementsByID(ctx context.Context, ids []string) (map[string]agreement.Agreement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.model.AgreementsByID(ctx, ids)
}

func (s *stand) Owned(ctx context.Context, pairs []PairRef) (map[PairRef]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.model.Owned(ctx, pairs)
}

func (s *stand) Walk() Walk { return s.model.Walk() }

// bucket is a Bucket with one object.
type bucket struct {
	objects.Bucket
	body []byte
}

func (b *bucket) Open(context.Context, string, string, string) (objects.Object, error) {
	if b.body == nil {
		return objects.Object{}, objects.ErrNotFound
	}
	return objects.Object{Body: io.NopCloser(bytes.NewReader(b.body)), Size: int64(len(b.body))}, nil
}

func (b *bucket) Put(_ context.Context, _, _ string, body []byte) error {
	b.body = body
	return nil
}

var _ agreement.Register = (*Reader)(nil)

// Find returns an agreement as lists show it.
func (r *Reader) Find(ctx context.Context, id string) (found agreement.Agreement, err error) {
	err = r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		slot, exists := s.table.find(id)
		if !exists {
			return errs.New(errs.NotFound, "agreement_not_found", "id", id)
		}
		found = s.table.rows[slot].Agreement
		return nil
	})
	return found, err
}

func TestReaderFinds(t *testing.T) {
	t.Parallel()
	s := &stand{model: newModel(1)}
	r := New(s, s, &bucket{}, nil)
	_, err := r.Find(t.Context(), "one")
	if diff := cmp.Diff(errs.New(errs.NotFound, "agreement_not_found", "id", "one"), errs.As(err), cmp.AllowUnexported(errs.Error{})); diff != "" {
		t.Errorf("in an empty register: %s", diff)
	}
	s.model.create(3)
	id := s.model.some()
	got, err := r.Find(t.Context(), id)
	if diff := cmp.Diff(s.model.store[id], got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	s.model.remove(id)
	if _, err := r.Find(t.Context(), id); errs.CodeOf(err) != "agreement_not_found" {
		t.Errorf("R2.10 deleted, but found: %v", err)
	}
	if page, err := r.List(t.Context(), agreement.Query{Limit: 10}); err != nil || len(page.Items) != 2 || page.Totals.Agreements != 2 {
		t.Errorf("%+v, %v", page, err)
	}
	// A bad cursor is rejected before anything is read.
	s.fails = errors.New("no answer")
	if _, err := r.List(t.Context(), agreement.Query{Limit: 10, Cursor: "x"}); errs.CodeOf(err) != "cursor_invalid" {
		t.Errorf("got %v", err)
	}
	if _, err := r.List(t.Context(), agreement.Query{Limit: 10}); !errors.Is(err, s.fails) {
		t.Errorf("got %v", err)
	}
	if _, err := r.InDeletedGroups(t.Context()); !errors.Is(err, s.fails) {
		t.Errorf("got %v", err)
	}
}

// InDeletedGroups returns the ids of all agreements stored under a deleted group: from a register
// that saw the deletion, one that started from a copy, and one that read all entries at
// once.
func TestInDeletedGroups(t *testing.T) {
	t.Parallel()
	s := &stand{model: newModel(1)}
	files := &bucket{}
	followed := New(s, s, files, nil)
	m := s.model
	put := func(id, groupID string) {
		a := m.store[id]
		a.ID, a.Type, a.Name, a.GroupID, a.Version = id, agreement.TypeVolume, id, groupID, a.Version+1
		m.store[id] = a
		m.enter("", Change{ID: id, Version: a.Version})
	}
	find := func(id string) {
		if _, err := followed.Find(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	put("before", "g1")
	put("elsewhere", "g2")
	put("deleted-later", "g1")
	find("before")
	m.head.Payload = []string{"g1"}
	m.enter("g1")
	put("imported-meanwhile", "g1") // by an import that began before the deletion
	m.remove("deleted-later")
	m.head.Weight = 9

	if err := followed.Save(t.Context(), 1, noon); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*Reader{
		"followed":         followed,
		"from a copy":      New(s, s, files, nil),
		"from the entries": New(s, s, &bucket{}, nil),
	} {
		ids, err := r.InDeletedGroups(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n, known, err := r.Moved(t.Context(), "g1"); n != 2 || !known || err != nil {
			t.Errorf("R4.3 %s: %d moved, %v, %v", name, n, known, err)
		}
		if _, known, err := r.Moved(t.Context(), "g2"); known || err != nil {
			t.Errorf("R4.3 %s: a group that is there was deleted, %v", name, err)
		}
		counts, deletions, err := r.ByGroup(t.Context())
		if diff := cmp.Diff(map[string]int{group.UnassignedID: 2, "g2": 1}, counts); diff != "" || deletions.N != 1 || deletions != r.Deletions() || err != nil {
			t.Errorf("R4.3 %s: deletions %+v, %v (-want +got):\n%s", name, deletions, err, diff)
		}
		if diff := cmp.Diff(map[string][]string{"g1": {"before", "imported-meanwhile"}}, ids); diff != "" {
			t.Errorf("R4.3 %s (-want +got):\n%s", name, diff)
		}
		for _, id := range []string{"before", "imported-meanwhile"} {
			a, err := r.Find(t.Context(), id)
			if err != nil || a.GroupID != group.UnassignedID || a.Version != m.store[id].Version+1 {
				t.Errorf("R4.3 %s: %s is %+v, %v", name, id, a, err)
			}
		}
	}
	m.head.Payload = nil
	if ids, err := followed.InDeletedGroups(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("%v, %v: want nothing", ids, err)
	}
}

// Concurrent lists, while agreements are added and deleted and copies are saved: every page
// is consistent.
func TestManyListAtOnce(t *testing.T) {
	t.Parallel()
	s := &stand{model: newModel(1)}
	s.model.create(200)
	s.model.head.Weight = 1
	files := &bucket{}
	r := New(s, s, files, nil)
	ctx, done := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			ask := newModel(uint64(i)) // generates the queries
			for ctx.Err() == nil {
				q := ask.query()
				q.Limit = 200
				page, err := r.List(t.Context(), q)
				if err != nil {
					t.Error(err)
					return
				}
				var totals agreement.Totals
				for _, a := range page.Items {
					totals.Add(&a, q.Calendar)
				}
				if page.Next == "" && totals != page.Totals {
					t.Errorf("totals of %+v: %+v, want %+v", q, page.Totals, totals)
					return
				}
			}
		})
	}
	for range 200 {
		s.mu.Lock()
		for len(s.model.store) > 150 {
			id := s.model.some()
			s.model.remove(id)
		}
		s.model.create(20)
		s.model.head.Weight++
		s.mu.Unlock()
		if err := r.Save(t.Context(), 50, noon); err != nil {
			t.Error(err)
		}
	}
	done()
	wg.Wait()
	if files.body == nil {
		t.Error("no copy was saved")
	}
	if _, err := New(s, s, files, nil).List(t.Context(), agreement.Query{Limit: 1}); err != nil {
		t.Error(err)
	}
}

// The space of replaced and deleted rows is reclaimed.
func TestDeadRowsGiveTheirRoomBack(t *testing.T) {
	t.Parallel()
	m := newModel(1)
	r := &Register{source: m}
	m.create(100)
	m.sync(t, r)
	ids := slices.Collect(func(yield func(string) bool) {
		for id := range m.store {
			if !yield(id) {
				return
			}
		}
	})
	for i := range 5000 {
		a := m.store[ids[i%len(ids)]]
		a.Name = fmt.Sprint("name ", i)
		a.Version++
		m.store[a.ID] = a
		m.enter("", Change{ID: a.ID, Version: a.Version})
		m.sync(t, r)
	}
	if n := len(r.table.rows); n > 100+1024+100 {
		t.Errorf("%d rows for 100 agreements", n)
	}
	m.check(t, r)
}
