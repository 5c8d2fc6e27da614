package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/errs"
	"trueup/internal/journal"
	"trueup/internal/once"
)

// day is when copies are saved.
var day = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

var someEvent = audit.Event{By: "someone"}

func add(t *testing.T, s *catalog.Store, name string, aliases ...string) (catalog.Publisher, error) {
	t.Helper()
	a, violations := catalog.ParsePublisher(name, aliases)
	if violations != nil {
		t.Fatal(violations)
	}
	p, _, err := s.AddPublisher(a).Apply(t.Context(), once.Change{Event: someEvent})
	return p, err
}

func TestR5_3_AddByHand(t *testing.T) {
	t.Parallel()
	log := &memoryLog{}
	s, other := process(log, &memoryBucket{}), process(log, &memoryBucket{})
	p, err := add(t, s, "  Contoso   Ltd ", "Contoso", "contoso ltd", "CONTOSO")
	if diff := cmp.Diff(catalog.Publisher{ID: p.ID, Name: "Contoso Ltd", Aliases: []string{"Contoso"}}, p); diff != "" || err != nil || len(p.ID) != 16 {
		t.Fatalf("%v, (-want +got)\n%s", err, diff)
	}
	title, _, err := other.AddTitle(p.ID, "Suite™ (C++ & C#)").Apply(t.Context(), once.Change{Event: someEvent})
	if err != nil || title.PublisherID != p.ID {
		t.Fatal(title, err)
	}
	for _, reader := range []*catalog.Store{s, other, process(log, &memoryBucket{})} {
		p.Titles = 1
		got, err := reader.Publisher(t.Context(), p.ID)
		if diff := cmp.Diff(p, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
		if got, err := reader.Title(t.Context(), p.ID, title.ID); err != nil || got.Name != title.Name {
			t.Error(got, err)
		}
		found, err := reader.LookupTitles(t.Context(), p.ID, "c#", 5)
		if err != nil || len(found) != 1 {
			t.Error(found, err)
		}
		if found, err := reader.Lookup(t.Context(), "conto", 5); err != nil || len(found) != 1 {
			t.Error(found, err)
		}
	}

	// A conflict names the existing publisher.
	_, err = add(t, other, "New one", "Another", "contoso LTD")
	if e := errs.As(err); e == nil || e.Kind != errs.Conflict || e.Violations[0].Field != "aliases/1" || e.Violations[0].Args["id"] != p.ID {
		t.Errorf("an alias that is taken: %v", err)
	}
	if _, err := add(t, other, "contoso"); errs.CodeOf(err) != "taken" {
		t.Errorf("a name that is an alias: %v", err)
	}
	_, _, err = s.AddTitle(p.ID, "SUITE™ (C++ & C#)").Apply(t.Context(), once.Change{Event: someEvent})
	if e := errs.As(err); e == nil || e.Kind != errs.Conflict || e.Violations[0].Code != "title_exists" || e.Violations[0].Args["id"] != title.ID {
		t.Errorf("a title that is there: %v", err)
	}
	if _, _, err := s.AddTitle("nobody", "T").Apply(t.Context(), once.Change{Event: someEvent}); errs.CodeOf(err) != "publisher_not_found" || errs.KindOf(err) != errs.NotFound {
		t.Errorf("a title of nobody: %v", err)
	}
	want := []audit.Event{
		{By: "someone", Subject: "publisher/" + p.ID, After: map[string]string{"name": "Contoso Ltd", "aliases": "Contoso"}},
		{By: "someone", Subject: "publisher/" + p.ID + "/title/" + title.ID, After: map[string]string{"publisher": "Contoso Ltd", "name": title.Name}},
	}
	if diff := cmp.Diff(want, log.events); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
}

func TestR2_6_Resolve(t *testing.T) {
	t.Parallel()
	s := process(&memoryLog{}, &memoryBucket{})
	for _, test := range []struct {
		publisher, title         string
		wantPublisher, wantTitle string
		want                     []errs.Violation
	}{
		{"microsoft corporation", "visio  STANDARD 2019", "Microsoft", "Visio Standard 2019", nil},
		{"Nobody", "Visio", "", "", []errs.Violation{{Code: "publisher_unknown", Field: "publisher", Value: "Nobody", Args: errs.Pairs("publisher", "Nobody")}}},
		{"microsoft", "Visi", "Microsoft", "", []errs.Violation{{Code: "title_unknown", Field: "productTitle", Value: "Visi", Args: errs.Pairs("publisher", "Microsoft")}}},
		{"adobe", "Visio Standard 2019", "Adobe", "", []errs.Violation{{Code: "title_unknown", Field: "productTitle", Value: "Visio Standard 2019", Args: errs.Pairs("publisher", "Adobe")}}},
	} {
		p, title, missing, err := s.Resolve(t.Context(), test.publisher, test.title)
		if diff := cmp.Diff(test.want, missing); diff != "" || err != nil || p.Name != test.wantPublisher || title.Name != test.wantTitle {
			t.Errorf("%s, %s: %q %q %v (-want +got)\n%s", test.publisher, test.title, p.Name, title.Name, err, diff)
		}
	}
}

func TestR5_3_MergeByHand(t *testing.T) {
	t.Parallel()
	log := &memoryLog{}
	s := process(log, &memoryBucket{})
	a, _ := add(t, s, "Contoso", "Contoso BV")
	b, _ := add(t, s, "Contosso")
	for _, title := range []string{"One", "Two"} {
		if _, _, err := s.AddTitle(a.ID, title).Apply(t.Context(), once.Change{Event: someEvent}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.AddTitle(b.ID, title+" of b").Apply(t.Context(), once.Change{Event: someEvent}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.AddTitle(b.ID, "ONE").Apply(t.Context(), once.Change{Event: someEvent}); err != nil {
		t.Fatal(err)
	}
	said, _, err := s.MergePublishers(b.ID, a.ID).Apply(t.Context(), once.Change{Event: someEvent})
	if err != nil {
		t.Fatal(err)
	}
	is, err := s.Publisher(t.Context(), b.ID)
	if diff := cmp.Diff(is, said); diff != "" || err != nil || is.Titles != 4 || is.ID != a.ID {
		t.Errorf("%v, what was said is not what is: (-is +said)\n%s", err, diff)
	}
	titles, _ := s.LookupTitles(t.Context(), a.ID, "", 9)
	merged, _, err := s.MergeTitles(b.ID, titles[0].ID, titles[1].ID).Apply(t.Context(), once.Change{Event: someEvent})
	if err != nil {
		t.Fatal(err)
	}
	if is, err := s.Title(t.Context(), a.ID, titles[0].ID); !cmp.Equal(is, merged) || err != nil {
		t.Errorf("%v, what was said is not what is: (-is +said)\n%s", err, cmp.Diff(is, merged))
	}
	entries := len(log.entries)
	for name, err := range map[string]error{
		"merge_same into itself":               second(s.MergePublishers(a.ID, a.ID).Apply(t.Context(), once.Change{Event: someEvent})),
		"merge_same back again":                second(s.MergePublishers(a.ID, b.ID).Apply(t.Context(), once.Change{Event: someEvent})),
		"publisher_not_found of nobody":        second(s.MergePublishers("nobody", a.ID).Apply(t.Context(), once.Change{Event: someEvent})),
		"publisher_not_found into nobody":      second(s.MergePublishers(a.ID, "nobody").Apply(t.Context(), once.Change{Event: someEvent})),
		"merge_same titles back again":         second(s.MergeTitles(a.ID, titles[1].ID, titles[0].ID).Apply(t.Context(), once.Change{Event: someEvent})),
		"title_not_found no title":             second(s.MergeTitles(a.ID, "nothing", titles[0].ID).Apply(t.Context(), once.Change{Event: someEvent})),
		"title_not_found into no title":        second(s.MergeTitles(a.ID, titles[0].ID, "nothing").Apply(t.Context(), once.Change{Event: someEvent})),
		"publisher_not_found titles of nobody": second(s.MergeTitles("nobody", titles[0].ID, titles[1].ID).Apply(t.Context(), once.Change{Event: someEvent})),
	} {
		if code, _, _ := strings.Cut(name, " "); errs.CodeOf(err) != code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(log.entries) != entries {
		t.Error("what was refused left an entry")
	}
}

func second[T any](_ T, _ []byte, err error) error { return err }

// Two processes add the same publishers and titles concurrently: each is added by one of them,
// and the other gets a conflict.
func TestAddersAtOnce(t *testing.T) {
	t.Parallel()
	const names = 25
	log := &memoryLog{}
	var added, taken [names]int
	var mu sync.Mutex
	var work sync.WaitGroup
	for range 4 {
		s := process(log, &memoryBucket{})
		work.Go(func() {
			for i := range names {
				a, _ := catalog.ParsePublisher(fmt.Sprintf("Publisher %d", i), nil)
				_, _, err := s.AddPublisher(a).Apply(t.Context(), once.Change{Event: someEvent})
				mu.Lock()
				switch errs.CodeOf(err) {
				case "taken":
					taken[i]++
				case "":
					added[i]++
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	work.Wait()
	for i := range names {
		if added[i] != 1 || taken[i] != 3 {
			t.Errorf("publisher %d was added %d times and taken %d times", i, added[i], taken[i])
		}
	}
	if len(log.entries) != names {
		t.Errorf("%d entries", len(log.entries))
	}
}

// A concurrent writer checks again after each lost race. One that loses too often returns
// try_again.
func TestChangeAfterAnother(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		others int // concurrent additions by the other process
		want   string
		moved  int
	}{
		{0, "", 0},
		{3, "", 3},
		{1000, "try_again", 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			log := &memoryLog{}
			slow, fast := process(log, &memoryBucket{}), process(log, &memoryBucket{})
			n, busy := 0, false
			log.appended = func() {
				if busy || n == test.others {
					return
				}
				busy, n = true, n+1
				if _, err := add(t, fast, fmt.Sprintf("Fast %d", n)); err != nil {
					t.Error(err)
				}
				busy = false
			}
			if _, err := add(t, slow, "Slow"); errs.CodeOf(err) != test.want || log.moved != test.moved {
				t.Errorf("%d others: %v after %d times", test.others, err, log.moved)
			}
		})
	}
}

func TestStoreFault(t *testing.T) {
	t.Parallel()
	log := &memoryLog{err: errors.New("fault")}
	if _, err := add(t, process(log, &memoryBucket{}), "Faulty"); !errors.Is(err, log.err) {
		t.Errorf("a fault became %v", err)
	}
}

func TestTheFirstAnswer(t *testing.T) {
	t.Parallel()
	log := &memoryLog{}
	s := process(log, &memoryBucket{})
	a, _ := catalog.ParsePublisher("Contoso", nil)
	add := func(a catalog.Addition) (catalog.Publisher, []byte, error) {
		edit := s.AddPublisher(a)
		shown, err := edit.Preview(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return edit.Apply(t.Context(), once.Change{Event: someEvent, Of: shown, Entry: once.Entry{Key: "k", Response: []byte(shown.ID)}})
	}
	p, first, err := add(a)
	if err != nil || first != nil {
		t.Fatal(first, err)
	}
	a, _ = catalog.ParsePublisher("Another", nil)
	if _, first, err = add(a); err != nil || string(first) != p.ID {
		t.Errorf("%q, %v", first, err)
	}
}

// If a copy cannot be used, as after a release, the entries give the state, and the next Save
// replaces the copy, however few entries are new.
func TestACopyThatCannotBeUsedIsReplaced(t *testing.T) {
	t.Parallel()
	log, files := &memoryLog{}, &memoryBucket{}
	s := process(log, files)
	if _, err := add(t, s, "Contoso"); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), 1, day); err != nil {
		t.Fatal(err)
	}
	key := journal.CopiesPrefix + string(catalog.JournalName) + ".2"
	old := string(files.files[key])
	files.files[key] = []byte(strings.Replace(old, "catalog 1 ", "catalog 0 ", 1))
	now := process(log, files)
	if p, err := now.Lookup(t.Context(), "contoso", 1); err != nil || len(p) != 1 {
		t.Fatal(p, err)
	}
	if err := process(log, files).Save(t.Context(), 50, day); err != nil {
		t.Fatal(err)
	}
	if string(files.files[key]) != old {
		t.Error("the copy was not replaced")
	}
}

// After the table was restored to an earlier moment the catalog starts over, both in a running
// process and in one that starts from a copy of the lost branch.
func TestR16_3_TheTableIsPutBack(t *testing.T) {
	t.Parallel()
	log, files := &memoryLog{}, &memoryBucket{}
	s := process(log, files)
	names := func(s *catalog.Store) (names []string) {
		t.Helper()
		all, err := s.Lookup(t.Context(), "branch", catalog.LookupMax)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			names = append(names, p.Name)
		}
		return names
	}
	put := func(s *catalog.Store, name string) {
		t.Helper()
		if _, err := add(t, s, name); err != nil {
			t.Fatal(err)
		}
	}
	put(s, "Branch kept")
	head, entries := log.head, log.entries
	for _, lost := range []int{1, 2, 3} {
		for i := range lost {
			put(s, fmt.Sprintf("Branch lost %d", i))
		}
		if err := s.Save(t.Context(), 1, day); err != nil {
			t.Fatal(err)
		}
		log.head, log.entries = head, slices.Clip(entries)
		other := process(log, nil) // it has not read the lost branch
		put(other, "Branch one")
		put(other, "Branch two")
		want := []string{"Branch kept", "Branch one", "Branch two"}
		for name, s := range map[string]*catalog.Store{"follows": s, "starts": process(log, files), "is new": other} {
			if diff := cmp.Diff(want, names(s)); diff != "" {
				t.Errorf("%d lost, %s (-want +got):\n%s", lost, name, diff)
			}
		}
	}
}
