package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/once"
)

// lines is the simplest State: the bodies of all entries, a line each.
type lines struct {
	all     string
	applied int   // batches
	err     error // what Prepare fails with
}

func (l *lines) Restore(saved []byte) error {
	if !bytes.HasPrefix(saved, []byte("lines\n")) {
		return errors.New("no lines")
	}
	l.all = strings.TrimPrefix(string(saved), "lines\n")
	return nil
}

func (l *lines) Prepare(_ context.Context, _ journal.Head, entries []journal.Entry) (func(), error) {
	return func() {
		l.applied++
		for _, e := range entries {
			l.all += e.Body + "\n"
		}
	}, l.err
}

func (l *lines) Save() []byte { return []byte("lines\n" + l.all) }

// log is a Log in memory.
type log struct {
	mu      sync.Mutex
	head    journal.Head
	entries []journal.Entry
	fails   map[string]error // by method
	reads   [][2]int64       // what Entries was asked for
	onHead  func()           // called after a head was read
}

func (l *log) add(body string, weight int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head.Seq++
	l.head.Weight += weight
	l.entries = append(l.entries, journal.Entry{Seq: l.head.Seq, Body: body})
}

func (l *log) Head(context.Context, journal.Name) (journal.Head, error) {
	l.mu.Lock()
	head, err, then := l.head, l.fails["Head"], l.onHead
	l.mu.Unlock()
	if then != nil {
		then()
	}
	return head, err
}

func (l *log) Entries(_ context.Context, _ journal.Name, after, upTo int64) ([]journal.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads = append(l.reads, [2]int64{after, upTo})
	if err := l.fails["Entries"]; err != nil {
		return nil, err
	}
	return slices.Clone(l.entries[after:upTo]), nil
}

func (l *log) Append(context.Context, journal.Name, journal.Head, string, int, once.Entry, ...audit.Event) ([]byte, error) {
	return nil, errors.New("a replica only reads")
}

func (l *log) Saved(_ context.Context, _ journal.Name, head journal.Head) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails["Saved"] == nil {
		l.head.Saved = max(l.head.Saved, head.Weight)
	}
	return l.fails["Saved"]
}

// bucket is a Bucket in memory, as far as a replica uses it.
type bucket struct {
	objects.Bucket
	mu      sync.Mutex
	objects map[string][]byte
	fails   map[string]error
	opened  int
}

func (b *bucket) Open(_ context.Context, key, _, _ string) (objects.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened++
	if err := b.fails["Open"]; err != nil {
		return objects.Object{}, err
	}
	body, ok := b.objects[key]
	if !ok {
		return objects.Object{}, fmt.Errorf("%s: %w", key, objects.ErrNotFound)
	}
	return objects.Object{Body: io.NopCloser(bytes.NewReader(body)), Size: int64(len(body))}, nil
}

func (b *bucket) Put(_ context.Context, key, _ string, body []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.fails["Put"]; err != nil {
		return err
	}
	b.objects[key] = bytes.Clone(body)
	return nil
}

const key = "copies/agreements"

// stand is a journal, its bucket, and what replicas warned of.
type stand struct {
	log    *log
	files  *bucket
	warned strings.Builder
}

func newStand(bodies ...string) *stand {
	s := &stand{log: &log{fails: map[string]error{}}, files: &bucket{objects: map[string][]byte{}, fails: map[string]error{}}}
	for _, body := range bodies {
		s.log.add(body, 1)
	}
	return s
}

func (s *stand) replica() *journal.Replica[*lines] {
	return &journal.Replica[*lines]{
		Name: journal.Agreements, Log: s.log, Files: s.files, State: &lines{}, Warn: slog.New(slog.NewTextHandler(&s.warned, nil)),
	}
}

// save saves a copy as some process does.
func (s *stand) save(t *testing.T) {
	t.Helper()
	if err := s.replica().Save(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
}

// want reads a replica and compares what it holds, and the ranges of entries
// that were read for it.
func (s *stand) want(t *testing.T, r *journal.Replica[*lines], want string, reads ...[2]int64) {
	t.Helper()
	s.log.reads = nil
	err := r.Read(t.Context(), func(l *lines, head journal.Head) error {
		if diff := cmp.Diff(want, strings.Join(strings.Fields(l.all), " ")); diff != "" {
			t.Errorf("the state (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(s.log.head, head); diff != "" {
			t.Errorf("the head (-want +got):\n%s", diff)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(reads, s.log.reads); diff != "" {
		t.Errorf("entries read (-want +got):\n%s", diff)
	}
}

func TestReplicaStarts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*testing.T, *stand)
		reads   [][2]int64
		warned  string
	}{
		"without a copy": {func(*testing.T, *stand) {}, [][2]int64{{0, 3}}, ""},
		"with a copy":    {func(t *testing.T, s *stand) { s.save(t) }, nil, ""},
		"with an older copy": {func(t *testing.T, s *stand) {
			s.log.head, s.log.entries = journal.Head{Seq: 2, Weight: 2}, s.log.entries[:2]
			s.save(t)
			s.log.add("three", 1)
		}, [][2]int64{{2, 3}}, ""},
		"the copy is gone": {func(t *testing.T, s *stand) {
			s.save(t)
			clear(s.files.objects)
		}, [][2]int64{{0, 3}}, "not found"},
		"the copy is cut": {func(t *testing.T, s *stand) {
			s.save(t)
			s.files.objects[key] = s.files.objects[key][:40]
		}, [][2]int64{{0, 3}}, "checksum"},
		"the copy is empty": {func(t *testing.T, s *stand) {
			s.save(t)
			s.files.objects[key] = nil
		}, [][2]int64{{0, 3}}, "another format"},
		"the copy has another format": {func(t *testing.T, s *stand) {
			s.save(t)
			s.files.objects[key] = bytes.Replace(s.files.objects[key], []byte("trueup copy 1"), []byte("trueup copy 2"), 1)
		}, [][2]int64{{0, 3}}, "another format"},
		"the state does not understand the copy": {func(t *testing.T, s *stand) {
			s.log.head.Saved = 3
			s.put(t, 3, "rows\none\n")
		}, [][2]int64{{0, 3}}, "no lines"},
		"the copy is of another journal": {func(t *testing.T, s *stand) {
			for range 4 {
				s.log.add("lost", 1)
			}
			s.save(t)
			s.log.head, s.log.entries = journal.Head{Seq: 3, Weight: 3, Saved: 1}, s.log.entries[:3] // the table was restored from a backup
		}, [][2]int64{{0, 3}}, "names another one"},
		"the journal has passed a copy that is of another": {func(t *testing.T, s *stand) {
			s.log.head, s.log.entries = journal.Head{}, nil
			s.log.add("lost", 1)
			s.log.add("lost", 1)
			s.save(t)
			s.log.head, s.log.entries = journal.Head{Saved: 1}, nil
			for _, body := range []string{"one", "two", "three"} {
				s.log.add(body, 1)
			}
		}, [][2]int64{{0, 3}}, "names another one"},
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

// put stores a copy that a state did not write.
func (s *stand) put(t *testing.T, seq int, body string) {
	t.Helper()
	other := newStand(slices.Repeat([]string{"x"}, seq)...)
	r := &journal.Replica[*foreign]{Name: journal.Agreements, Log: other.log, Files: s.files, State: &foreign{body: body}}
	if err := r.Save(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
}

// foreign is a State that saves something else.
type foreign struct {
	lines
	body string
}

func (f *foreign) Save() []byte { return []byte(f.body) }

// Every bit of a copy is covered: one that is flipped makes it useless, and
// never makes it wrong.
func TestEveryBitOfACopyCounts(t *testing.T) {
	t.Parallel()
	s := newStand("one", "two", "three")
	s.save(t)
	good := s.files.objects[key]
	for i := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		s.files.objects[key] = bad
		s.want(t, s.replica(), "one two three", [2]int64{0, 3})
	}
}

func TestReplicaFollows(t *testing.T) {
	t.Parallel()
	s := newStand()
	r := s.replica()
	s.want(t, r, "")
	s.log.add("one", 1)
	s.want(t, r, "one", [2]int64{0, 1})
	s.log.add("two", 1)
	s.log.add("three", 1)
	s.want(t, r, "one two three", [2]int64{1, 3})

	// What changes of a head without an entry is seen too (R4.3: a group that was
	// emptied is not gone any more), also in a replica that a copy was enough for.
	s.save(t)
	s.log.head.Gone = []string{"sales"}
	s.want(t, r, "one two three")
	s.want(t, s.replica(), "one two three")

	// A copy that is saved later is no way back.
	s.log.add("four", 1)
	s.files.opened = 0
	s.want(t, r, "one two three four", [2]int64{3, 4})
	if s.files.opened != 0 {
		t.Error("a replica that has a state looked for a copy")
	}
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
	s.want(t, s.replica(), "one two", [2]int64{1, 2}) // read by the process that saved
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
			s.want(t, r, "one", [2]int64{0, 1})
			s.log.add("two", 1)
			c(s, r, broken)
			err := r.Read(t.Context(), func(*lines, journal.Head) error {
				t.Error("an old state was shown as the newest")
				return nil
			})
			if !errors.Is(err, broken) {
				t.Errorf("got %v", err)
			}
			if got := r.State.all; got != "one\n" {
				t.Errorf("the state is %q", got)
			}
			c(s, r, nil)
			s.want(t, r, "one two", [2]int64{1, 2})
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
		s.want(t, r, "one") // from the copy: it is looked for again
	})
	t.Run("reader", func(t *testing.T) {
		t.Parallel()
		if err := newStand("one").replica().Read(t.Context(), func(*lines, journal.Head) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
}

func TestReplicaSaves(t *testing.T) {
	t.Parallel()
	s := newStand()
	r := s.replica()
	save := func(backlog int64, want bool) {
		t.Helper()
		clear(s.files.objects)
		if err := r.Save(t.Context(), backlog); err != nil {
			t.Fatal(err)
		}
		if _, saved := s.files.objects[key]; saved != want {
			t.Errorf("with a backlog of %d at %+v: saved %v, want %v", backlog, s.log.head, saved, want)
		}
	}
	save(0, false) // there is nothing to save
	s.log.add("one", 9)
	save(10, false)
	s.log.add("two", 1)
	save(10, true)
	if s.log.head.Saved != 10 {
		t.Errorf("a weight of %d is noted as saved, want 10", s.log.head.Saved)
	}
	save(1, false)
	save(0, false)
	s.log.add("three", 1)
	save(1, true)

	broken := errors.New("broken")
	s.log.add("four", 1)
	for _, fail := range []map[string]error{s.log.fails, s.files.fails} {
		for _, method := range []string{"Head", "Put", "Saved"} {
			fail[method] = broken
		}
		if err := r.Save(t.Context(), 1); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		clear(fail)
	}
	if s.log.head.Saved != 11 {
		t.Errorf("a weight of %d is noted as saved, want 11", s.log.head.Saved)
	}
	save(1, true)
}

// Many readers, a writer and somebody who saves: each reader sees at least what
// was there when it asked, and never less than before.
func TestManyReadAtOnce(t *testing.T) {
	t.Parallel()
	s := newStand()
	r := s.replica()
	const entries = 300
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for last := int64(0); last < entries; {
				s.log.mu.Lock()
				least := max(last, s.log.head.Seq)
				s.log.mu.Unlock()
				err := r.Read(t.Context(), func(l *lines, head journal.Head) error {
					if n := int64(strings.Count(l.all, "\n")); n != head.Seq || n < least {
						t.Errorf("%d lines at %d, want at least %d", n, head.Seq, least)
					}
					last = head.Seq
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
			if err := r.Save(t.Context(), 20); err != nil {
				t.Error(err)
			}
			s.log.mu.Lock()
			done = s.log.head.Seq == entries
			s.log.mu.Unlock()
		}
	})
	for i := range entries {
		s.log.add(fmt.Sprint(i), 1)
	}
	wg.Wait()
	if r.State.applied == 0 {
		t.Error("nothing was applied")
	}
}

// A copy that the head does not name is replaced by whoever meets it, however
// little has changed since.
func TestReplicaReplacesAUselessCopy(t *testing.T) {
	t.Parallel()
	s := newStand("one", "two")
	s.save(t)
	s.files.objects[key] = s.files.objects[key][:40]
	r := s.replica()
	s.want(t, r, "one two", [2]int64{0, 2})
	if err := r.Save(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	s.want(t, s.replica(), "one two") // from the copy
	clear(s.files.objects)
	if err := r.Save(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	if len(s.files.objects) > 0 {
		t.Error("a copy was saved that nobody needs")
	}
}
