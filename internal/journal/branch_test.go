package journal_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
	"trueup/internal/journal"
)

// table is a State that does not need the entries, because their contents are in the table
// too: here, the bodies of all entries of the log.
type table struct {
	log    *log
	has    map[string]bool
	flaky  func() bool // whether a call of Rebuild fails at a stripe; nil for never
	calls  int         // of Rebuild
	walked map[string]bool
	next   int // stripe that is read next
}

func (b *table) Reset() { b.has, b.walked, b.next = nil, nil, 0 }

func (b *table) Restore(saved []byte) error {
	b.has = map[string]bool{}
	for line := range strings.Lines(string(saved)) {
		b.has[strings.TrimSuffix(line, "\n")] = true
	}
	return nil
}

func (b *table) Save() (saved []byte) {
	for _, body := range slices.Sorted(maps.Keys(b.has)) {
		saved = append(saved, body+"\n"...)
	}
	return saved
}

func (b *table) Prepare(_ context.Context, _ journal.Head, entries []journal.Entry) (func(), error) {
	return func() {
		if b.has == nil {
			b.has = map[string]bool{}
		}
		for _, e := range entries {
			b.has[e.Body] = true
		}
	}, nil
}

func (b *table) Rebuild(context.Context, journal.Head) (func(), error) {
	b.calls++
	if b.walked == nil {
		b.walked = map[string]bool{}
	}
	for ; b.next < journal.Stripes; b.next++ {
		if b.flaky != nil && b.flaky() {
			return nil, errPassing
		}
		b.log.mu.Lock()
		for _, e := range b.log.stripes[b.next] {
			b.walked[e.Body] = true
		}
		b.log.mu.Unlock()
	}
	return func() { b.has, b.walked, b.next = b.walked, nil, 0 }, nil
}

// check reads a replica, with retries, and compares it with the table.
func (s *stand) check(t *testing.T, r *journal.Replica[*table]) {
	t.Helper()
	for try := 0; ; try++ {
		err := r.Read(t.Context(), func(b *table, head journal.Head) error {
			if diff := cmp.Diff(s.log.head(), head); diff != "" {
				t.Errorf("the head (-want +got):\n%s", diff)
			}
			want := strings.Fields(s.log.text())
			slices.Sort(want)
			got := slices.AppendSeq([]string(nil), maps.Keys(b.has))
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("the state (-want +got):\n%s", cmp.Diff(want, got))
			}
			return nil
		})
		if err == nil {
			return
		}
		if !errors.Is(err, errPassing) && errs.KindOf(err) != errs.Unavailable {
			t.Fatal(err)
		}
		if try == 1000 {
			t.Fatal("the replica never catches up: ", err)
		}
	}
}

// The log is restored to earlier moments at random and continues with other entries. Old
// entries are deleted in any order, and reads of entries, copies and table fail at times.
// Replicas that follow the log, that start from a copy of any branch, or that start without
// a copy, have exactly the contents of the table.
func TestR16_3_RandomHistories(t *testing.T) {
	t.Parallel()
	rebuilt, branched := 0, 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := newStand()
		s.log.page = rng.IntN(4)
		percent := rng.IntN(8)
		flaky := func() bool { return rng.IntN(100) < percent }
		s.log.flaky = flaky
		stripes := 1 + rng.IntN(journal.Stripes)
		weigh := pick(rng, int64(1), 3000) // 3000: copies are used at once
		var tables []*table
		start := func() *journal.Replica[*table] {
			b := &table{log: s.log, flaky: flaky}
			tables = append(tables, b)
			return newReplica(s, b)
		}
		warm := []*journal.Replica[*table]{start(), start(), start()}
		moments := []moment{s.log.moment()}
		bodies := 0
		for range 40 {
			switch rng.IntN(10) {
			case 0, 1, 2, 3:
				for range 1 + rng.IntN(5) {
					bodies++
					s.log.addTo(rng.IntN(stripes), fmt.Sprint("e", bodies), 1+rng.Int64N(weigh))
				}
			case 4, 5:
				s.check(t, warm[rng.IntN(len(warm))])
			case 6:
				if err := warm[rng.IntN(len(warm))].Save(t.Context(), 1, noon); err != nil && !errors.Is(err, errPassing) && errs.KindOf(err) != errs.Unavailable {
					t.Fatal(err)
				}
			case 7:
				moments = append(moments, s.log.moment())
			case 8:
				s.log.restore(moments[rng.IntN(len(moments))])
				branched++
			case 9:
				for stripe, entries := range s.log.stripes {
					for range rng.IntN(1 + len(entries)) {
						s.log.trim(stripe, 1+rng.Int64N(int64(len(entries))))
					}
				}
			}
			if rng.IntN(8) == 0 { // a call that fails or times out, in any state
				_ = warm[rng.IntN(len(warm))].Read(t.Context(), func(*table, journal.Head) error { return nil })
			}
			if rng.IntN(8) == 0 {
				warm[rng.IntN(len(warm))] = start()
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
		for _, r := range append(warm, start()) {
			s.check(t, r)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		for _, b := range tables {
			rebuilt += b.calls
		}
	}
	if rebuilt < 100 || branched < 100 {
		t.Errorf("%d calls of Rebuild, %d branches: the histories prove little", rebuilt, branched)
	}
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// A state that needs its entries starts over from the copy or from all entries, and has
// only entries of the branch, in order.
func TestR16_3_RandomHistoriesOfEntries(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		s := newStand()
		s.log.page = rng.IntN(3)
		stripes := pick(rng, 1, 1, 4)
		warm := []*journal.Replica[*lines]{s.replica(), s.replica()}
		moments := []moment{s.log.moment()}
		for i := range 30 {
			switch rng.IntN(8) {
			case 0, 1, 2, 3:
				s.log.addTo(rng.IntN(stripes), fmt.Sprint("e", i), 1)
			case 4:
				s.read(t, warm[rng.IntN(len(warm))])
			case 5:
				if err := warm[rng.IntN(len(warm))].Save(t.Context(), 1, noon); err != nil {
					t.Fatal(err)
				}
			case 6:
				moments = append(moments, s.log.moment())
			case 7:
				s.log.restore(moments[rng.IntN(len(moments))])
			}
		}
		for _, r := range append(warm, s.replica()) {
			s.read(t, r)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// read reads a replica and compares it with the log.
func (s *stand) read(t *testing.T, r *journal.Replica[*lines]) {
	t.Helper()
	err := r.Read(t.Context(), func(l *lines, _ journal.Head) error {
		if want, got := s.log.text(), l.String(); got != want {
			t.Errorf("the state is %q, want %q", got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Deleted entries are not needed if a copy includes them. Otherwise the table is read.
func TestEntriesThatWereDeleted(t *testing.T) {
	t.Parallel()
	const entries = 6
	for name, c := range map[string]struct {
		saved   int     // number of entries in the copy; 0 for no copy
		trimmed []int64 // of stripe 2
		warm    int     // number of entries that the replica has applied
		rebuilt bool
	}{
		"the first, and the copy has it":                 {4, []int64{1}, 0, false},
		"all that the copy has":                          {4, []int64{1, 2, 3, 4}, 0, false},
		"one in between that the copy has":               {4, []int64{3}, 0, false},
		"the next after the copy":                        {4, []int64{5}, 0, true},
		"one later than the copy":                        {3, []int64{5}, 0, true},
		"the last":                                       {3, []int64{6}, 0, true},
		"the first, and there is no copy":                {0, []int64{1}, 0, true},
		"one in between, and there is no copy":           {0, []int64{3}, 0, true},
		"what the replica has":                           {0, []int64{1, 2, 3}, 3, false},
		"the next for the replica, and the copy has it":  {5, []int64{4}, 3, false},
		"the next for the replica, and there is no copy": {0, []int64{4}, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand()
			r := newReplica(s, &table{log: s.log})
			for i := range entries {
				if i == c.saved && i > 0 {
					if err := newReplica(s, &table{log: s.log}).Save(t.Context(), 1, noon); err != nil {
						t.Fatal(err)
					}
				}
				if i == c.warm && i > 0 {
					s.check(t, r)
				}
				s.log.addTo(2, fmt.Sprint(i), 1)
			}
			s.log.trim(2, c.trimmed...)
			s.check(t, r)
			if rebuilt := r.State.calls > 0; rebuilt != c.rebuilt {
				t.Errorf("the table was read: %v, want %v", rebuilt, c.rebuilt)
			}
			if warned := strings.Contains(s.warned.String(), "journal rebuilt"); warned != c.rebuilt {
				t.Errorf("warned %q", s.warned.String())
			}
		})
	}
}

// A rebuild continues where the previous call stopped, while entries are appended.
func TestRebuildGoesOn(t *testing.T) {
	t.Parallel()
	s := newStand()
	for i := range journal.Stripes {
		s.log.addTo(i, fmt.Sprint("before", i), 1)
	}
	s.log.trim(3, 1)
	n := 0
	r := newReplica(s, &table{log: s.log, flaky: func() bool { n++; return n%20 == 0 }})
	calls := 0
	for ; ; calls++ {
		err := r.Read(t.Context(), func(*table, journal.Head) error { return nil })
		if err == nil {
			break
		}
		if calls > 10 {
			t.Fatal("it never ends")
		}
		s.log.addTo(calls%journal.Stripes, fmt.Sprint("meanwhile", calls), 1)
	}
	if calls != journal.Stripes/19 || r.State.calls != calls+1 {
		t.Errorf("%d calls, of Rebuild %d", calls, r.State.calls)
	}
	s.check(t, r)
	if n := strings.Count(s.warned.String(), "journal rebuilt"); n != 1 {
		t.Errorf("warned %d times", n)
	}
}

// If the table is restored during a rebuild, the rebuild starts over, because it may have
// read lost data.
func TestRebuildOfALostBranch(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]func(*stand){
		"shorter": func(*stand) {},
		"as long": func(s *stand) { s.log.addTo(4, "other", 1) },
		"longer": func(s *stand) {
			s.log.addTo(4, "other", 1)
			s.log.addTo(4, "others", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand("kept")
			s.log.addTo(3, "trimmed", 1)
			s.log.trim(3, 1)
			m := s.log.moment()
			fails := true
			n := 0
			r := newReplica(s, &table{log: s.log, flaky: func() bool { n++; return fails && n%4 == 0 }})
			for range 2 { // the second call reads the lost entry in stripe 4
				if err := r.Read(t.Context(), nil); !errors.Is(err, errPassing) {
					t.Fatal(err)
				}
				s.log.addTo(4, "lost", 1)
			}
			s.log.restore(m)
			s.log.trim(3, 1)
			later(s)
			fails = false
			s.check(t, r)
		})
	}
}

// The table is restored after a rebuild, before all later entries are applied. The rebuild
// may have read lost data, even if the journal is where it was when the rebuild began.
func TestRebuiltOfALostBranch(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]func(*stand){
		"where it began": func(*stand) {},
		"longer":         func(s *stand) { s.log.addTo(5, "other", 1) },
		"as long": func(s *stand) {
			s.log.addTo(5, "other", 1)
			s.log.addTo(5, "others", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand("kept")
			s.log.addTo(3, "trimmed", 1)
			s.log.trim(3, 1)
			m := s.log.moment()
			r := newReplica(s, &table{log: s.log, flaky: func() bool { return true }})
			if err := r.Read(t.Context(), nil); !errors.Is(err, errPassing) {
				t.Fatal(err)
			}
			s.log.addTo(4, "lost", 1)
			heads := 0
			s.log.onHead = func() { // after the head that follows the walk
				if heads++; heads == 3 {
					s.log.fails["Entries"] = errPassing
				}
			}
			r.State.flaky = nil
			s.log.addTo(5, "lost too", 1)
			if err := r.Read(t.Context(), nil); !errors.Is(err, errPassing) {
				t.Fatal(err)
			}
			s.log.onHead = nil
			delete(s.log.fails, "Entries")
			if !r.State.has["lost"] || !r.State.has["lost too"] {
				t.Fatal("the table was not read")
			}
			s.log.restore(m)
			s.log.trim(3, 1)
			later(s)
			s.check(t, r)
		})
	}
}

// early is a State that always reports that it is newer than its entries.
type early struct{ lines }

func (*early) IsAhead() bool { return true }

// A state that changes every time it is read is shown with every change made before the call, and
// not saved: the journal may not yet have all changes that came before those in the state.
func TestChangesFasterThanItIsRead(t *testing.T) {
	t.Parallel()
	s := newStand("one")
	r := newReplica(s, &early{})
	heads := 0
	s.log.onHead = func() { heads++; s.log.add(fmt.Sprint("another", heads), 1) }
	for call := range 3 {
		before, called := strings.Fields(s.log.text()), heads
		err := r.Read(t.Context(), func(l *early, _ journal.Head) error {
			if got := strings.Fields(l.String()); len(got) < len(before) || !slices.Equal(before, got[:len(before)]) {
				t.Errorf("call %d shows %v, before it there were %v", call, got, before)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := heads - called; n > 10 {
			t.Errorf("call %d read the head %d times", call, n)
		}
	}
	if err := r.Save(t.Context(), 1, noon); errs.KindOf(err) != errs.Unavailable || len(s.files.objects) > 0 {
		t.Errorf("a state that is ahead was saved: %v", err)
	}
	s.log.onHead = nil
	err := r.Read(t.Context(), func(l *early, head journal.Head) error {
		if diff := cmp.Diff(s.log.text(), l.String()); diff != "" || head.Position != s.log.head().Position {
			t.Errorf("after the changes (-want +got):\n%s", diff)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A journal whose entries are the data is not rebuilt: missing entries are an error.
func TestTheEntriesAreTheData(t *testing.T) {
	t.Parallel()
	s := newStand("one", "two")
	s.log.trim(0, 1)
	for range 2 {
		err := s.replica().Read(t.Context(), func(*lines, journal.Head) error {
			t.Error("a state without some entries was shown")
			return nil
		})
		if !errors.Is(err, journal.ErrTrimmed) {
			t.Errorf("got %v", err)
		}
	}
}
