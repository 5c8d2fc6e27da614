package journal_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"trueup/internal/journal"
)

// newest reads the latest version of things from the table. The body of an entry is a thing
// and its version, such as x@2.
type newest struct {
	table
	ahead     bool
	onPrepare func()
}

func (n *newest) IsAhead() bool { return n.ahead }

func (n *newest) Prepare(_ context.Context, _ journal.Head, entries []journal.Entry) (func(), error) {
	if n.onPrepare != nil {
		n.onPrepare()
	}
	n.log.mu.Lock()
	defer n.log.mu.Unlock()
	now, named := map[string]string{}, map[string]string{}
	for _, stripe := range n.log.stripes {
		for _, e := range stripe {
			thing, _, _ := strings.Cut(e.Body, "@")
			now[thing] = max(now[thing], e.Body)
		}
	}
	for _, e := range entries {
		thing, _, _ := strings.Cut(e.Body, "@")
		named[thing] = max(named[thing], e.Body)
	}
	n.ahead = false
	for thing, version := range named {
		n.ahead = n.ahead || now[thing] > version
	}
	return func() {
		if n.has == nil {
			n.has = map[string]bool{}
		}
		for thing := range named {
			for old := range n.has {
				if strings.HasPrefix(old, thing+"@") {
					delete(n.has, old)
				}
			}
			n.has[now[thing]] = true
		}
	}, nil
}

// While one call catches up with a state that is ahead, another call must not see a
// change without the changes that came before it.
func TestReaderWhileAnotherCatchesUp(t *testing.T) {
	t.Parallel()
	s := newStand("x@1")
	r := newReplica(s, &newest{table: table{log: s.log}})
	hasHead, release, done := make(chan bool), make(chan bool), make(chan bool)
	heads := 0
	s.log.onHead = func() {
		s.log.mu.Lock()
		heads++
		n := heads
		s.log.mu.Unlock()
		switch n {
		case 1: // the other reader gets x@1 only
			close(hasHead)
			<-release
		case 2: // the first reader has the same head
			s.log.addTo(4, "w@1", 1)
			s.log.addTo(5, "x@2", 1)
		}
	}
	go func() {
		defer close(done)
		err := r.Read(context.Background(), func(n *newest, _ journal.Head) error {
			if n.has["x@2"] && !n.has["w@1"] {
				t.Errorf("a reader sees x@2 without w@1, which came before it: %v", n.has)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-hasHead
	prepared := 0
	r.State.onPrepare = func() {
		if prepared++; prepared == 2 { // w@1 and x@2 are about to be applied
			close(release)
			select {
			case <-done: // it did not wait
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	if err := r.Read(t.Context(), func(*newest, journal.Head) error { return nil }); err != nil {
		t.Fatal(err)
	}
	<-done
}

// A call that read its head before another call continued the rebuild does not mistake it
// for a rebuild of another branch.
func TestRebuildingWithAnOlderHead(t *testing.T) {
	t.Parallel()
	s := newStand("one")
	s.log.addTo(3, "trimmed", 1)
	s.log.trim(3, 1)
	n := 0
	r := newReplica(s, &table{log: s.log, flaky: func() bool { n++; return n%40 == 0 }})
	if err := r.Read(t.Context(), nil); !errors.Is(err, errPassing) {
		t.Fatal(err)
	}
	hasHead, release, done := make(chan bool), make(chan bool), make(chan error)
	first := true
	s.log.onHead = func() {
		if first {
			first = false
			close(hasHead)
			<-release
		}
	}
	go func() { done <- r.Read(context.Background(), func(*table, journal.Head) error { return nil }) }()
	<-hasHead
	s.log.addTo(2, "later", 1)
	r.State.flaky = func() bool { return true }
	if err := r.Read(t.Context(), nil); !errors.Is(err, errPassing) {
		t.Fatal(err)
	}
	r.State.flaky = nil
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if rebuilt := strings.Count(s.warned.String(), "journal rebuilt"); rebuilt != 1 {
		t.Errorf("rebuilt %d times: %s", rebuilt, s.warned.String())
	}
}

// Checking the branch of a rebuild may take several calls, like the rebuild itself.
func TestRebuildingBesideManyEntries(t *testing.T) {
	t.Parallel()
	s := newStand("one")
	s.log.page = 1
	s.log.addTo(3, "trimmed", 1)
	s.log.trim(3, 1)
	r := newReplica(s, &table{log: s.log, flaky: func() bool { return true }})
	if err := r.Read(t.Context(), nil); !errors.Is(err, errPassing) {
		t.Fatal(err)
	}
	r.State.flaky = nil
	for range 30 {
		s.log.addTo(4, "meanwhile", 1)
	}
	for range 20 { // each call has time for ten pages
		n := 0
		s.log.flaky = func() bool { n++; return n > 10 }
		if err := r.Read(t.Context(), func(*table, journal.Head) error { return nil }); err == nil {
			return
		}
	}
	t.Errorf("it never ends: the table was read %d times", r.State.calls)
}
