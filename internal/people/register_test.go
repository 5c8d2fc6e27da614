package people

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

	"trueup/internal/errs"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/subscription"
)

var _ subscription.Register = (*Reader)(nil)

// stand is a model behind a Log, as a Reader uses it.
type stand struct {
	mu    sync.Mutex
	model *model
	fails error // the error of Head
}

func (s *stand) Head(context.Context, journal.Name) (journal.Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.model.head, s.fails
}

func (s *stand) Entries(_ context.Context, _ journal.Name, stripe int, after, upTo int64) ([]journal.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.model.log[stripe][after:upTo]), nil
}

func (s *stand) Saved(_ context.Context, _ journal.Name, head journal.Head, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.model.head.Saved = head.Weight
	return nil
}

func (s *stand) UsersByID(ctx context.Context, ids []string) (map[string]subscription.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.model.UsersByID(ctx, ids)
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

// TestR9_7_Reader lists, counts and exports through entries, and through a saved copy.
func TestR9_7_Reader(t *testing.T) {
	t.Parallel()
	s, files := &stand{model: newModel(1)}, &bucket{}
	m := s.model
	since := noon.Add(time.Hour)
	anna := subscription.User{ID: "anna", Name: "Anna", UPN: "anna@example.org", Type: subscription.Member, CreatedAt: noon, Licenses: map[string]subscription.Grant{
		"e3":    {At: since, By: "jo", Call: "call-1", Off: []string{"chat", "mail"}, Via: subscription.Direct},
		"visio": {At: noon, By: "jo", Call: "call-1", Via: subscription.Direct},
	}}
	bob := subscription.User{ID: "bob", Name: "Bob", UPN: "bob@example.org", Type: subscription.Guest, Disabled: true, CreatedAt: noon, Licenses: map[string]subscription.Grant{"e3": {At: noon, By: "jo", Call: "call-2", Via: subscription.Direct}}}
	cas := subscription.User{ID: "cas", Name: "Cas", UPN: "cas@example.org", Type: subscription.Member, CreatedAt: noon}
	m.put(bob, cas)
	m.put(anna)
	first := New(s, s, files, nil)
	if _, err := first.Counts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Save(t.Context(), 1, noon); err != nil || files.body == nil {
		t.Fatalf("no copy, %v", err)
	}
	for name, r := range map[string]*Reader{"entries": first, "copy": New(s, s, files, nil), "entries again": New(s, s, &bucket{}, nil)} {
		page, err := r.List(t.Context(), subscription.Query{Subscription: "e3", Now: noon, Limit: 1})
		if want := (subscription.Totals{Users: 2, Licensed: 2, Guests: 1, Disabled: 1}); err != nil || page.Totals != want || page.Next == "" {
			t.Fatalf("%s: %+v, %v", name, page, err)
		}
		if g := page.Items[0].Licenses["e3"]; page.Items[0].ID != "anna" || !g.At.Equal(since) || !slices.Equal(g.Off, []string{"chat", "mail"}) || g.Via != subscription.Direct {
			t.Errorf("%s: %+v", name, page.Items[0])
		}
		page, err = r.List(t.Context(), subscription.Query{Subscription: "e3", Now: noon, Limit: 1, Cursor: page.Next})
		if err != nil || len(page.Items) != 1 || page.Items[0].ID != "bob" || page.Next != "" {
			t.Errorf("%s: %+v, %v", name, page, err)
		}
		counts, err := r.Counts(t.Context())
		if diff := cmp.Diff(map[string]int{"e3": 2, "visio": 1}, counts); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}

	// Users for an export stay as they were.
	all, totals, err := first.All(t.Context(), subscription.Query{Licensed: new(false), Now: noon})
	if err != nil || totals.Users != 1 {
		t.Fatalf("%+v, %v", totals, err)
	}
	cas = m.store["cas"]
	cas.Name = "Zed"
	m.put(cas)
	if page, err := first.List(t.Context(), subscription.Query{Text: "zed", Now: noon, Limit: 1}); err != nil || len(page.Items) != 1 {
		t.Errorf("the change is missing: %+v, %v", page, err)
	}
	for u := range all {
		if u.Name != "Cas" {
			t.Errorf("exported %q", u.Name)
		}
	}

	// A bad cursor is rejected before anything is read.
	s.fails = errors.New("no answer")
	if _, err := first.List(t.Context(), subscription.Query{Limit: 10, Cursor: "x"}); errs.CodeOf(err) != "cursor_invalid" {
		t.Errorf("got %v", err)
	}
	_, listErr := first.List(t.Context(), subscription.Query{Limit: 10})
	_, _, allErr := first.All(t.Context(), subscription.Query{})
	_, countErr := first.Counts(t.Context())
	for _, err := range []error{listErr, allErr, countErr} {
		if !errors.Is(err, s.fails) {
			t.Errorf("got %v", err)
		}
	}
}

// The register is ahead of its entries if a user has changed since, or does not exist. What is read
// replaces what was read before: of a table that was restored to a point in time, also an older version.
func TestUsersAreReadForEachEntry(t *testing.T) {
	t.Parallel()
	m := newModel(1)
	r := &Register{source: m}
	for _, name := range []string{"One", "Two", "Three"} {
		m.put(subscription.User{ID: "anna", Name: name, Version: m.store["anna"].Version})
	}
	for _, c := range []struct {
		what    string
		changes []Change
		change  func()
		ahead   bool
		want    string
	}{
		{"an older entry", []Change{{"anna", 2}}, nil, true, "Three"},
		{"the entry of the version", []Change{{"anna", 3}}, nil, false, "Three"},
		{"entries in any order", []Change{{"anna", 3}, {"anna", 1}}, nil, false, "Three"},
		{"another version 3", []Change{{"anna", 3}}, func() { m.store["anna"] = subscription.User{ID: "anna", Name: "Restored", Version: 3} }, false, "Restored"},
		{"a lower version", []Change{{"anna", 2}}, func() { m.store["anna"] = subscription.User{ID: "anna", Name: "Lower", Version: 2} }, false, "Lower"},
		{"a user that does not exist", []Change{{"anna", 4}}, func() { delete(m.store, "anna") }, true, ""},
	} {
		if c.change != nil {
			c.change()
		}
		var entries []journal.Entry
		for i, change := range c.changes {
			entries = append(entries, journal.Entry{Stripe: 1 + i, Body: Body([]Change{change})})
		}
		apply, err := r.Prepare(t.Context(), journal.Head{}, entries)
		if err != nil {
			t.Fatal(err)
		}
		apply()
		got := ""
		for _, u := range must(t, r, subscription.Query{Limit: 9}).Items {
			got += u.Name
		}
		if got != c.want || r.IsAhead() != c.ahead {
			t.Errorf("%s: listed %q, ahead %v; want %q, %v", c.what, got, r.IsAhead(), c.want, c.ahead)
		}
	}
}

// A read of the whole table may return a user twice.
func TestTheHigherVersionOfAWalkStays(t *testing.T) {
	t.Parallel()
	b := &batch{fetched: map[string]subscription.User{}}
	for _, version := range []int64{2, 3, 1} {
		b.add(subscription.User{ID: "anna", Version: version})
	}
	if len(b.ids) != 1 || b.fetched["anna"].Version != 3 {
		t.Errorf("%+v", b)
	}
}

// R9.5: deleted users are listed as long as they can be restored, as of the clock, and forgotten after
// later deletions.
func TestR9_5_DeletedUsers(t *testing.T) {
	t.Parallel()
	m := newModel(1)
	r := &Register{source: m}
	put := func(name string, at time.Time) {
		m.put(subscription.User{ID: name, Name: name, UPN: name + "@example.org", DeletedAt: at, Former: map[string]subscription.Grant{"e3": {At: noon}}})
		m.deliver(t, r, true)
	}
	put("anna", noon)
	put("bob", noon.AddDate(0, 0, 29))
	m.put(subscription.User{ID: "cas", Name: "Cas"})
	m.deliver(t, r, true)
	for _, c := range []struct {
		at   time.Time
		want int
	}{{noon, 2}, {noon.AddDate(0, 0, 30).Add(-time.Millisecond), 2}, {noon.AddDate(0, 0, 30), 1}, {noon.AddDate(0, 0, 59), 0}} {
		page := must(t, r, subscription.Query{Deleted: true, Now: c.at, Limit: 9})
		if len(page.Items) != c.want || page.Totals.Users != c.want || page.Totals.Licensed != 0 {
			t.Errorf("at %v: %d users, %+v; want %d", c.at, len(page.Items), page.Totals, c.want)
		}
		if page := must(t, r, subscription.Query{Now: c.at, Limit: 9}); len(page.Items) != 1 {
			t.Errorf("at %v: %d users that are not deleted", c.at, len(page.Items))
		}
	}
	put("dina", noon.AddDate(0, 0, 31).Add(-time.Millisecond)) // the clocks of processes may differ by a day
	if _, known := r.table.find("anna"); !known {
		t.Error("R9.5 anna is forgotten too early")
	}
	put("emma", noon.AddDate(0, 0, 31))
	if _, known := r.table.find("anna"); known {
		t.Error("anna is still there")
	}
	if n := restored(t, r).table.live.Len(); n != 4 {
		t.Errorf("%d users, want 4", n)
	}
}

// Concurrent lists, while users come and go and copies are saved: every page is consistent.
func TestManyListAtOnce(t *testing.T) {
	t.Parallel()
	s := &stand{model: newModel(1)}
	s.model.create(200)
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
				if page.Next == "" && len(page.Items) != page.Totals.Users {
					t.Errorf("%+v: %d users, totals %+v", q, len(page.Items), page.Totals)
					return
				}
			}
		})
	}
	for range 100 {
		s.mu.Lock()
		for range 20 {
			s.model.step()
		}
		s.mu.Unlock()
		if err := r.Save(t.Context(), 50, noon); err != nil && errs.KindOf(err) != errs.Unavailable {
			t.Error(err)
		}
	}
	done()
	wg.Wait()
	if _, err := New(s, s, files, nil).Counts(t.Context()); err != nil {
		t.Error(err)
	}
}

// The space of replaced and forgotten rows is reclaimed.
func TestDeadRowsGiveTheirRoomBack(t *testing.T) {
	t.Parallel()
	m := newModel(1)
	r := &Register{source: m}
	m.create(100)
	m.deliver(t, r, true)
	all, _ := r.table.all(subscription.Query{Now: m.now})
	before := slices.Collect(all)
	for i := range 5000 {
		u, _ := m.some()
		u.Name = fmt.Sprint("name ", i)
		m.put(u)
		m.deliver(t, r, true)
	}
	if n := len(r.table.rows); n > 100+1024+100 {
		t.Errorf("%d rows for 100 users", n)
	}
	if diff := different(before, slices.Collect(all)); diff != "" {
		t.Errorf("users for an export changed (-want +got):\n%s", diff)
	}
	m.check(t, r)
}

// Programs list users by id, a few at a time, with the number of all, and find them by their id in the directory.
func TestAllByID(t *testing.T) {
	t.Parallel()
	var table table
	b := batch{fetched: map[string]subscription.User{}}
	const users = 20
	for i := range users {
		u := subscription.User{ID: fmt.Sprintf("u%02d", i*7%users), ObjectID: fmt.Sprint("Object-", i*7%users/2), UPN: fmt.Sprint(i, "@example.org"), Name: fmt.Sprint("Z", users-i), CreatedAt: noon, Version: 1}
		if u.ID == "u05" {
			u.DeletedAt = noon
		}
		b.add(u)
	}
	table.apply(&b)
	find := func(q subscription.Query) (ids []string) {
		q.Now = noon
		all, totals := table.all(q)
		if want := users - 1; q.ObjectID == "" && totals.Users != want {
			t.Errorf("%+v: %d users in all, want %d", q, totals.Users, want)
		}
		for u := range all {
			ids = append(ids, u.ID)
		}
		return ids
	}
	for name, test := range map[string]struct {
		query subscription.Query
		want  []string
	}{
		"the first":         {subscription.Query{Sort: subscription.SortID, Most: 2}, []string{"u00", "u01"}},
		"a deleted one":     {subscription.Query{Sort: subscription.SortID, Most: 2, After: "u04"}, []string{"u06", "u07"}},
		"after one deleted": {subscription.Query{Sort: subscription.SortID, Most: 2, After: "u05"}, []string{"u06", "u07"}},
		"to the end":        {subscription.Query{Sort: subscription.SortID, After: "u17"}, []string{"u18", "u19"}},
		"fewer than most":   {subscription.Query{Sort: subscription.SortID, After: "u18", Most: 9}, []string{"u19"}},
		"after the last":    {subscription.Query{Sort: subscription.SortID, After: "u19", Most: 9}, nil},
		"in the directory":  {subscription.Query{ObjectID: "OBJECT-3"}, []string{"u06", "u07"}},
		"deleted":           {subscription.Query{ObjectID: "object-2", Deleted: true}, []string{"u05"}},
		"unknown":           {subscription.Query{ObjectID: "object-10"}, nil},
	} {
		got := find(test.query)
		slices.Sort(got) // by name without SortID
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
