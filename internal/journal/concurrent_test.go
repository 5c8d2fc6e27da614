package journal_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trueup/internal/journal"
)

func TestReplicaSaves(t *testing.T) {
	t.Parallel()
	s := newStand()
	r := s.replica()
	now := noon
	save := func(backlog int64, want bool) {
		t.Helper()
		clear(s.files.objects)
		if err := r.Save(t.Context(), backlog, now); err != nil {
			t.Fatal(err)
		}
		if _, saved := s.files.objects[key]; saved != want {
			t.Errorf("with a backlog of %d at %+v: saved %v, want %v", backlog, s.log.head(), saved, want)
		}
	}
	save(0, false) // there is nothing to save
	s.log.rest.SavedAt = noon
	s.log.add("one", 9)
	save(10, false)
	s.log.addTo(5, "two", 1)
	save(10, true)
	if s.log.rest.Saved != 10 {
		t.Errorf("a weight of %d is noted as saved, want 10", s.log.rest.Saved)
	}
	save(1, false)
	save(0, false)
	s.log.add("three", 1)
	save(1, true)

	// A copy is saved for a few changes too if the last one is old, long before the entries
	// since then are deleted; but not if nothing has changed.
	now = noon.Add(23 * time.Hour)
	s.log.add("four", 1)
	save(10, false)
	now = noon.Add(25 * time.Hour)
	save(10, true)
	now = noon.Add(2500 * time.Hour)
	save(10, false)

	broken := errors.New("broken")
	s.log.add("five", 1)
	for _, fail := range []map[string]error{s.log.fails, s.files.fails} {
		for _, method := range []string{"Head", "Put", "Saved"} {
			fail[method] = broken
		}
		if err := r.Save(t.Context(), 1, now); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		clear(fail)
	}
	if s.log.rest.Saved != 12 {
		t.Errorf("a weight of %d is noted as saved, want 12", s.log.rest.Saved)
	}
	save(1, true)
}

// With many readers, writers to several stripes and a process that saves, each reader sees
// the state at one head: at least as new as its call, and never older than what it saw
// before.
func TestManyReadAtOnce(t *testing.T) {
	t.Parallel()
	s := newStand()
	s.log.page = 3
	r := s.replica()
	const writers, entries = 3, 150
	var wg sync.WaitGroup
	total := func(p *journal.Position) (n int64) {
		for _, point := range p {
			n += point.Seq
		}
		return n
	}
	for range 4 {
		wg.Go(func() {
			for last := (journal.Position{}); total(&last) < writers*entries; {
				least := s.log.head()
				err := r.Read(t.Context(), func(l *lines, head journal.Head) error {
					for i := range l.all {
						if n := int64(len(l.all[i])); n != head.Position[i].Seq {
							t.Errorf("%d lines of stripe %d at %d", n, i, head.Position[i].Seq)
						}
					}
					if !head.Reaches(&least.Position) || !head.Reaches(&last) {
						t.Errorf("the state is at %v, at least %v is wanted and %v", head.Position, least.Position, last)
					}
					last = head.Position
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
	wg.Go(func() {
		for done := false; !done && !t.Failed(); {
			if err := r.Save(t.Context(), 20, noon); err != nil {
				t.Error(err)
			}
			head := s.log.head()
			done = total(&head.Position) == writers*entries
		}
	})
	for w := range writers {
		wg.Go(func() {
			for i := range entries {
				s.log.addTo((w*5+i%2)%journal.Stripes, fmt.Sprint(w, "/", i), 1)
			}
		})
	}
	wg.Wait()
	if r.State.applied == 0 || r.State.resets > 0 {
		t.Errorf("%d parts were applied, and the state was started over %d times", r.State.applied, r.State.resets)
	}
}

// Readers never see, and never save, a state that another call is starting over or has
// brought only part of the way to a newer head.
func TestManyReadWhileTheLogIsRestored(t *testing.T) {
	t.Parallel()
	s := newStand()
	s.log.page = 2
	for i := range 60 {
		s.log.addTo(i%5, fmt.Sprint("kept ", i), 100)
	}
	m := s.log.moment()
	r := s.replica()
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := r.Read(t.Context(), func(l *lines, head journal.Head) error {
					for i := range l.all {
						if n := int64(len(l.all[i])); n != head.Position[i].Seq || n < int64(len(m.stripes[i])) {
							t.Errorf("%d lines of stripe %d at %d", n, i, head.Position[i].Seq)
						}
					}
					return nil
				}); err != nil && !errors.Is(err, journal.ErrTrimmed) && !strings.Contains(err.Error(), "does not have") {
					t.Error(err)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
	for round := range 60 {
		for i := range 10 {
			s.log.addTo((round+i)%5, fmt.Sprint("lost ", round, i), 100)
		}
		if err := r.Save(t.Context(), 1, noon); err != nil && !errors.Is(err, journal.ErrTrimmed) && !strings.Contains(err.Error(), "does not have") {
			t.Error(err)
		}
		s.log.restore(m)
	}
	close(done)
	wg.Wait()
	if text := s.log.text(); strings.Contains(text, "lost") {
		t.Fatal("the log was not restored")
	}
	if err := r.Read(t.Context(), func(l *lines, _ journal.Head) error {
		if got := l.String(); got != s.log.text() {
			t.Errorf("the state is %q", got)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// A process that finds an unusable copy replaces it, even if little has changed since.
func TestReplicaReplacesAUselessCopy(t *testing.T) {
	t.Parallel()
	s := newStand("one", "two")
	s.save(t)
	s.files.objects[key] = s.files.objects[key][:40]
	r := s.replica()
	s.want(t, r, "one two", [3]int64{0, 0, 2})
	if err := r.Save(t.Context(), 1000, noon); err != nil {
		t.Fatal(err)
	}
	s.want(t, s.replica(), "one two") // from the copy
	clear(s.files.objects)
	if err := r.Save(t.Context(), 1000, noon); err != nil {
		t.Fatal(err)
	}
	if len(s.files.objects) > 0 {
		t.Error("a copy was saved that is of no use")
	}
	// A copy of a lost branch is replaced too.
	m := s.log.moment()
	s.log.add("lost", 1)
	s.save(t)
	s.log.restore(m)
	s.log.add("three", 1)
	s.want(t, r, "one two three", [3]int64{0, 2, 3})
	fresh := s.replica()
	s.want(t, fresh, "one two three", [3]int64{0, 0, 3})
	if err := fresh.Save(t.Context(), 1000, noon); err != nil {
		t.Fatal(err)
	}
	s.want(t, s.replica(), "one two three")
	if !slices.Equal(fresh.State.all[0], []string{"one", "two", "three"}) {
		t.Error(fresh.State.all)
	}
}
