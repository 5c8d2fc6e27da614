package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"trueup/internal/errs"
	"trueup/internal/journal"
)

func TestReplicaStarts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*testing.T, *stand)
		reads   [][3]int64
		warned  string
	}{
		"without a copy": {func(*testing.T, *stand) {}, [][3]int64{{0, 0, 3}}, ""},
		"with a copy":    {func(t *testing.T, s *stand) { s.save(t) }, nil, ""},
		"with an older copy": {func(t *testing.T, s *stand) {
			three := s.log.stripes[0][2]
			s.log.stripes[0] = s.log.stripes[0][:2]
			s.save(t)
			s.log.stripes[0] = append(s.log.stripes[0], three)
		}, [][3]int64{{0, 2, 3}}, ""},
		"the copy is gone": {func(t *testing.T, s *stand) {
			s.save(t)
			clear(s.files.objects)
		}, [][3]int64{{0, 0, 3}}, "not found"},
		"the copy is cut": {func(t *testing.T, s *stand) {
			s.save(t)
			s.files.objects[key] = s.files.objects[key][:40]
		}, [][3]int64{{0, 0, 3}}, "checksum"},
		"the copy is empty": {func(t *testing.T, s *stand) {
			s.save(t)
			s.files.objects[key] = nil
		}, [][3]int64{{0, 0, 3}}, "another format"},
		"the copy has another format": {func(t *testing.T, s *stand) {
			s.save(t)
			s.files.objects[key] = bytes.Replace(s.files.objects[key], []byte("trueup copy 2"), []byte("trueup copy 3"), 1)
		}, [][3]int64{{0, 0, 3}}, "another format"},
		"the state does not understand the copy": {func(t *testing.T, s *stand) {
			if err := newReplica(s, &foreign{}).Save(t.Context(), 1, noon); err != nil {
				t.Fatal(err)
			}
		}, [][3]int64{{0, 0, 3}}, "no lines"},
		"the copy is of a longer branch": {func(t *testing.T, s *stand) {
			m := s.log.moment()
			for range 4 {
				s.log.add("lost", 1)
			}
			s.save(t)
			s.log.restore(m)
			s.log.rest.Saved = 1 // an earlier copy
		}, [][3]int64{{0, 0, 3}}, "entries that the journal does not have"},
		"the copy is of a branch that is as long": {func(t *testing.T, s *stand) {
			three := s.fork(t, 2, "lost")
			s.log.add(three, 1)
		}, [][3]int64{{0, 0, 3}}, "entries that the journal does not have"},
		"the copy is of a shorter branch": {func(t *testing.T, s *stand) {
			three := s.fork(t, 1, "lost")
			s.log.add("two", 1)
			s.log.add(three, 1)
		}, [][3]int64{{0, 2, 3}, {0, 0, 3}}, "entries that the journal does not have"},
		"the copy is of a branch, and there was none before": {func(t *testing.T, s *stand) {
			m := s.log.moment()
			s.log.add("lost", 1)
			s.save(t)
			s.log.restore(m)
		}, [][3]int64{{0, 0, 3}}, ""},
		"the copy is of the branch before it was left": {func(t *testing.T, s *stand) {
			s.fork(t, 2, "")
			s.log.add("three", 1)
		}, [][3]int64{{0, 2, 3}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand("one", "two", "three")
			c.prepare(t, s)
			r := s.replica()
			s.want(t, r, "one two three", c.reads...)
			s.want(t, r, "one two three") // nothing is read again
			if got := s.warned.String(); !strings.Contains(got, c.warned) || c.warned == "" && got != "" {
				t.Errorf("warned %q, want %q", got, c.warned)
			}
		})
	}
}

// fork resets the log to its first n entries, appends the entry lost, if any, saves a copy
// of that branch, and resets the log again. It returns the body of the last entry before.
func (s *stand) fork(t *testing.T, n int, lost string) (last string) {
	t.Helper()
	m := s.log.moment()
	last = m.stripes[0][len(m.stripes[0])-1].Body
	m.stripes[0] = m.stripes[0][:n]
	s.log.restore(m)
	if lost != "" {
		s.log.add(lost, 1)
	}
	s.save(t)
	s.log.restore(m)
	s.log.rest.Saved = 1 // an earlier copy
	return last
}

// foreign is a State that saves something else.
type foreign struct{ lines }

func (*foreign) Save() []byte { return []byte("rows\none\n") }

// The checksum covers every bit of a copy: a flipped bit makes it unusable, never wrong.
func TestEveryBitOfACopyCounts(t *testing.T) {
	t.Parallel()
	s := newStand("one", "two", "three")
	s.save(t)
	good := s.files.objects[key]
	for i := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		s.files.objects[key] = bad
		s.want(t, s.replica(), "one two three", [3]int64{0, 0, 3})
	}
}

func TestReplicaFollows(t *testing.T) {
	t.Parallel()
	s := newStand()
	r := s.replica()
	s.want(t, r, "")
	s.log.add("one", 1)
	s.want(t, r, "one", [3]int64{0, 0, 1})
	s.log.add("two", 1)
	s.log.add("three", 1)
	s.want(t, r, "one two three", [3]int64{0, 1, 3})

	// Only stripes with new entries are read.
	s.log.addTo(3, "3a", 1)
	s.log.addTo(16, "16a", 1)
	s.want(t, r, "one two three 3a 16a", [3]int64{3, 0, 1}, [3]int64{16, 0, 1})
	s.log.addTo(3, "3b", 1)
	s.log.add("four", 1)
	s.want(t, r, "one two three four 3a 3b 16a", [3]int64{0, 3, 4}, [3]int64{3, 1, 2})

	// A changed payload is seen without a new entry, also by a replica that only needed a
	// copy.
	s.save(t)
	s.log.rest.Payload = []string{"sales"}
	s.want(t, r, "one two three four 3a 3b 16a")
	s.want(t, s.replica(), "one two three four 3a 3b 16a")

	// A copy is not read for a few entries.
	s.log.add("five", 1)
	s.files.opened = 0
	s.want(t, r, "one two three four five 3a 3b 16a", [3]int64{0, 4, 5})
	if s.files.opened != 0 {
		t.Error("a replica that is not far behind looked for a copy")
	}
}

// Entries without ids, of an earlier release, are applied, and so are later entries.
func TestReplicaFollowsEntriesWithoutTips(t *testing.T) {
	t.Parallel()
	s := newStand("one")
	r := s.replica()
	s.want(t, r, "one", [3]int64{0, 0, 1})
	s.log.add("old", 1)
	s.log.stripes[0][1].Prev, s.log.stripes[0][1].Tip = "", ""
	s.want(t, r, "one old", [3]int64{0, 1, 2})
	s.save(t)
	s.log.add("new", 1) // its Prev is empty
	s.want(t, r, "one old new", [3]int64{0, 2, 3})
	s.want(t, s.replica(), "one old new", [3]int64{0, 2, 3})
}

// A replica that is far behind starts once from a copy saved since.
func TestReplicaLoadsANewerCopy(t *testing.T) {
	t.Parallel()
	s := newStand("one")
	r := s.replica()
	s.want(t, r, "one", [3]int64{0, 0, 1})
	s.log.add("many", 5000)
	s.log.addTo(4, "more", 1)
	s.save(t)
	s.log.addTo(4, "since", 1)
	s.want(t, r, "one many more since", [3]int64{4, 1, 2})

	// The copy saved last may be an older one, from a slow process.
	older := bytes.Clone(s.files.objects[key])
	s.log.add("many again", 5000)
	s.save(t)
	s.files.objects[key] = older
	s.files.opened = 0
	s.log.add("last", 1)
	s.want(t, r, "one many many again last more since", [3]int64{0, 2, 4})
	if s.files.opened != 1 {
		t.Errorf("the copy was read %d times, want once", s.files.opened)
	}

	// An unreadable copy does not stop a replica that has a state.
	s.log.add("many more", 5000)
	s.save(t)
	s.files.fails["Open"] = errPassing
	if err := r.Read(t.Context(), nil); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("got %v", err)
	}
	s.want(t, r, "one many many again last many more more since", [3]int64{0, 4, 5})
}

// A copy may be newer than the state in one stripe and older in another.
func TestTheCopyIsNewerInPart(t *testing.T) {
	t.Parallel()
	s := newStand()
	r := s.replica()
	s.log.addTo(1, "1a", 1)
	s.save(t)
	copied := s.files.objects[key]
	s.log.addTo(2, "2a", 1)
	s.want(t, r, "1a 2a", [3]int64{2, 0, 1})
	s.log.addTo(1, "1b", 5000)
	s.log.rest.Saved = s.log.rest.Weight
	s.files.objects[key] = copied
	s.want(t, r, "1a 1b 2a", [3]int64{1, 1, 2})
}

// A copy that was saved after the head was read is newer than that head.
func TestTheCopyIsNewerThanTheHead(t *testing.T) {
	t.Parallel()
	s := newStand("one")
	s.save(t)
	s.log.onHead = func() {
		s.log.onHead = nil
		s.log.add("two", 1)
		s.save(t)
	}
	s.want(t, s.replica(), "one two", [3]int64{0, 1, 2}) // read by the process that saved
	if s.warned.Len() > 0 {
		t.Error(s.warned.String())
	}
}

func TestReplicaFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]func(*stand, *journal.Replica[*lines], error){
		"head":    func(s *stand, _ *journal.Replica[*lines], err error) { s.log.fails["Head"] = err },
		"entries": func(s *stand, _ *journal.Replica[*lines], err error) { s.log.fails["Entries"] = err },
		"prepare": func(_ *stand, r *journal.Replica[*lines], err error) { r.State.err = err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand("one")
			r := s.replica()
			s.want(t, r, "one", [3]int64{0, 0, 1})
			s.log.add("two", 1)
			c(s, r, broken)
			err := r.Read(t.Context(), func(*lines, journal.Head) error {
				t.Error("an old state was shown as the newest")
				return nil
			})
			if !errors.Is(err, broken) {
				t.Errorf("got %v", err)
			}
			if got := r.State.String(); got != "one" {
				t.Errorf("the state is %q", got)
			}
			c(s, r, nil)
			s.want(t, r, "one two", [3]int64{0, 1, 2})
		})
	}
	t.Run("bucket", func(t *testing.T) {
		t.Parallel()
		s := newStand("one")
		s.save(t)
		r := s.replica()
		s.files.fails["Open"] = broken
		if err := r.Read(t.Context(), nil); !errors.Is(err, broken) || errs.KindOf(err) != errs.Unavailable {
			t.Errorf("got %v", err)
		}
		s.files.fails["Open"] = nil
		s.want(t, r, "one") // from the copy, which is looked for again
	})
	t.Run("reader", func(t *testing.T) {
		t.Parallel()
		if err := newStand("one").replica().Read(t.Context(), func(*lines, journal.Head) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}

// Applied entries stay applied when a call fails or times out.
func TestReplicaKeepsTheParts(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*stand, context.CancelFunc) (undo func()){
		"fails": func(s *stand, _ context.CancelFunc) func() {
			s.log.fails["Entries"] = errPassing
			return func() { clear(s.log.fails) }
		},
		"runs out of time": func(_ *stand, cancel context.CancelFunc) func() { cancel(); return func() {} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand()
			s.log.page = 2
			for i := range 40 {
				s.log.addTo(i%4, fmt.Sprint(i), 1)
			}
			r := newReplica(s, &stopping{after: 3})
			for calls := 0; ; calls++ {
				if calls > 5 {
					t.Fatal("the replica never catches up")
				}
				ctx, cancel := context.WithCancel(t.Context())
				undo := func() {}
				r.State.stop = func() { undo = fail(s, cancel) }
				err := r.Read(ctx, func(l *stopping, _ journal.Head) error {
					if got := l.String(); got != s.log.text() {
						t.Errorf("the state is %q", got)
					}
					return nil
				})
				undo()
				cancel()
				if err == nil {
					if calls == 0 {
						t.Error("nothing stopped the replica")
					}
					break
				}
				if !errors.Is(err, errPassing) && !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
			}
			if r.State.applied != 5 { // ten entries of each stripe, in pages of two
				t.Errorf("%d parts were applied, want 5: none twice", r.State.applied)
			}
		})
	}
}

// stopping is a State that calls stop after a number of parts.
type stopping struct {
	lines
	after int
	stop  func()
}

func (s *stopping) Prepare(ctx context.Context, head journal.Head, entries []journal.Entry) (func(), error) {
	apply, err := s.lines.Prepare(ctx, head, entries)
	return func() {
		if apply(); s.applied%s.after == 0 {
			s.stop()
		}
	}, err
}
