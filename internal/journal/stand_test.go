package journal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/journal"
	"trueup/internal/objects"
)

// lines is the simplest State: the bodies of the entries of each stripe.
type lines struct {
	all     [journal.Stripes][]string
	applied int // parts
	resets  int
	err     error // the error of Prepare
}

func (l *lines) Reset() {
	l.all = [journal.Stripes][]string{}
	l.resets++
}

const savedLines = "lines\n"

func (l *lines) Restore(saved []byte) error {
	rest, ok := bytes.CutPrefix(saved, []byte(savedLines))
	if !ok {
		return errors.New("no lines")
	}
	var all [journal.Stripes][]string
	if err := json.Unmarshal(rest, &all); err != nil {
		return err
	}
	l.all = all
	return nil
}

func (l *lines) Prepare(_ context.Context, _ journal.Head, entries []journal.Entry) (func(), error) {
	return func() {
		l.applied++
		for _, e := range entries {
			l.all[e.Stripe] = append(l.all[e.Stripe], e.Body)
		}
	}, l.err
}

func (l *lines) Save() []byte {
	all, _ := json.Marshal(l.all)
	return append([]byte(savedLines), all...)
}

func (l *lines) String() string {
	var all []string
	for _, stripe := range l.all {
		all = append(all, stripe...)
	}
	return strings.Join(all, " ")
}

// errPassing is a transient error.
var errPassing = errors.New("no answer")

// log is an in-memory Log.
type log struct {
	mu      sync.Mutex
	stripes [journal.Stripes][]journal.Entry
	trimmed map[[2]int64]bool // stripe and number of deleted entries
	rest    journal.Head      // the head without the position
	tips    int
	page    int              // maximum number of entries returned; 0 for all
	fails   map[string]error // by method
	flaky   func() bool      // whether Entries fails this time; nil for never
	reads   [][3]int64       // the arguments of each call of Entries
	onHead  func()           // called after a head was read
}

// add appends an entry to the first stripe.
func (l *log) add(body string, weight int64) { l.addTo(0, body, weight) }

func (l *log) addTo(stripe int, body string, weight int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tips++
	e := journal.Entry{Stripe: stripe, Seq: int64(len(l.stripes[stripe])) + 1, Tip: fmt.Sprint("tip ", l.tips), Body: body}
	if e.Seq > 1 {
		e.Prev = l.stripes[stripe][e.Seq-2].Tip
	}
	l.stripes[stripe] = append(l.stripes[stripe], e)
	l.rest.Weight += weight
}

// now returns the head. The caller holds mu.
func (l *log) now() journal.Head {
	head := l.rest
	for i, entries := range l.stripes {
		if n := len(entries); n > 0 {
			head.Position[i] = journal.Point{Seq: int64(n), Tip: entries[n-1].Tip}
		}
	}
	return head
}

func (l *log) head() journal.Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now()
}

// text returns the text of a state with all entries.
func (l *log) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, entries := range l.stripes {
		for _, e := range entries {
			all = append(all, e.Body)
		}
	}
	return strings.Join(all, " ")
}

func (l *log) Head(context.Context, journal.Name) (journal.Head, error) {
	l.mu.Lock()
	head, err, then := l.now(), l.fails["Head"], l.onHead
	l.mu.Unlock()
	if then != nil {
		then()
	}
	return head, err
}

func (l *log) Entries(ctx context.Context, _ journal.Name, stripe int, after, upTo int64) ([]journal.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads = append(l.reads, [3]int64{int64(stripe), after, upTo})
	if err := errors.Join(ctx.Err(), l.fails["Entries"]); err != nil {
		return nil, err
	}
	if l.flaky != nil && l.flaky() {
		return nil, errPassing
	}
	var entries []journal.Entry
	for seq := after + 1; seq <= min(upTo, int64(len(l.stripes[stripe]))); seq++ {
		if l.trimmed[[2]int64{int64(stripe), seq}] || l.page > 0 && len(entries) == l.page {
			break
		}
		entries = append(entries, l.stripes[stripe][seq-1])
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("entry %d of stripe %d: %w", after+1, stripe, journal.ErrTrimmed)
	}
	return entries, nil
}

func (l *log) Saved(_ context.Context, _ journal.Name, head journal.Head, at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails["Saved"] == nil && head.Weight >= l.rest.Saved {
		l.rest.Saved, l.rest.SavedAt = head.Weight, at
	}
	return l.fails["Saved"]
}

// trim deletes entries of a stripe.
func (l *log) trim(stripe int, seqs ...int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trimmed == nil {
		l.trimmed = map[[2]int64]bool{}
	}
	for _, seq := range seqs {
		l.trimmed[[2]int64{int64(stripe), seq}] = true
	}
}

// moment is a state of the log that restore can return to.
type moment struct {
	stripes [journal.Stripes][]journal.Entry
	rest    journal.Head
}

func (l *log) moment() (m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, entries := range l.stripes {
		m.stripes[i] = slices.Clone(entries)
	}
	m.rest = l.rest
	return m
}

// restore resets the log to an earlier moment, as a table is restored. Entries deleted
// since then exist again.
func (l *log) restore(m moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, entries := range m.stripes {
		l.stripes[i] = slices.Clone(entries)
	}
	l.rest, l.trimmed = m.rest, nil
}

// bucket is an in-memory Bucket with the methods that a replica uses.
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

const key = "copies/agreements.2"

// noon is the time at which copies are saved.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// stand is a journal, its bucket, and the warnings of its replicas.
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

func newReplica[S journal.State](s *stand, state S) *journal.Replica[S] {
	return &journal.Replica[S]{
		Name: "agreements", Log: s.log, Files: s.files, State: state, Warn: slog.New(slog.NewTextHandler(&s.warned, nil)),
	}
}

func (s *stand) replica() *journal.Replica[*lines] { return newReplica(s, &lines{}) }

// save saves a copy from another process.
func (s *stand) save(t *testing.T) {
	t.Helper()
	if err := s.replica().Save(t.Context(), 1, noon); err != nil {
		t.Fatal(err)
	}
}

// want reads a replica and compares its state, and the ranges of entries that it read.
func (s *stand) want(t *testing.T, r *journal.Replica[*lines], want string, reads ...[3]int64) {
	t.Helper()
	s.log.reads = nil
	err := r.Read(t.Context(), func(l *lines, head journal.Head) error {
		if diff := cmp.Diff(want, l.String()); diff != "" {
			t.Errorf("the state (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(s.log.head(), head); diff != "" {
			t.Errorf("the head (-want +got):\n%s", diff)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(s.log.reads, func(a, b [3]int64) int { return int(a[0] - b[0]) }) // stripes are read concurrently
	if diff := cmp.Diff(reads, s.log.reads); diff != "" {
		t.Errorf("entries read (-want +got):\n%s", diff)
	}
}
