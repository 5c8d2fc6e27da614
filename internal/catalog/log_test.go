package catalog_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/once"
)

// memoryLog is a journal.Log in memory. It panics if a body does not fit in an item. Its fields are about
// the journal of the catalog, except subscriptions.
type memoryLog struct {
	mu       sync.Mutex
	head     journal.Head
	entries  []journal.Entry
	tips     int // number of tips created
	events   []audit.Event
	answers  map[string][]byte
	appended func() // called before each append, without the lock; may be nil
	err      error  // if set, the error of Append
	moved    int    // number of ErrMoved results

	nested        sync.Once
	subscriptions *memoryLog // the other journal
}

// of returns the log of a journal.
func (l *memoryLog) of(name journal.Name) *memoryLog {
	switch name {
	case catalog.SubscriptionsJournal:
		l.nested.Do(func() { l.subscriptions = &memoryLog{} })
		return l.subscriptions
	case catalog.JournalName:
		return l
	}
	panic("no journal of the catalog")
}

func (l *memoryLog) Head(_ context.Context, name journal.Name) (journal.Head, error) {
	l = l.of(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head, nil
}

func (l *memoryLog) Entries(_ context.Context, name journal.Name, stripe int, after, upTo int64) ([]journal.Entry, error) {
	l = l.of(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if stripe != 0 || upTo > int64(len(l.entries)) {
		panic("the catalog has one stripe")
	}
	return append([]journal.Entry(nil), l.entries[after:upTo]...), nil
}

func (l *memoryLog) Append(_ context.Context, name journal.Name, head journal.Head, body string, weight int, answer once.Entry, events ...audit.Event) ([]byte, error) {
	l = l.of(name)
	if l.appended != nil {
		l.appended()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(body) > journal.MaxBody || body == "" || weight < 1 || len(events) != 1 || events[0].Subject == "" {
		panic("the caller breaks the contract")
	}
	if l.err != nil {
		return nil, l.err
	}
	if first, used := l.answers[answer.Key]; used && answer.Key != "" {
		return first, nil
	}
	if head.Position != l.head.Position {
		l.moved++
		return nil, journal.ErrMoved
	}
	was := l.head.Position[0]
	l.tips++
	now := journal.Point{Seq: was.Seq + 1, Tip: fmt.Sprint("tip ", l.tips)}
	l.head.Position[0] = now
	l.head.Weight += int64(weight)
	l.entries = append(l.entries, journal.Entry{Seq: now.Seq, Prev: was.Tip, Tip: now.Tip, Body: body})
	l.events = append(l.events, events...)
	if answer.Key != "" {
		if l.answers == nil {
			l.answers = map[string][]byte{}
		}
		l.answers[answer.Key] = answer.Response
	}
	return nil, nil
}

func (l *memoryLog) Saved(_ context.Context, name journal.Name, head journal.Head, at time.Time) error {
	l = l.of(name)
	l.mu.Lock()
	defer l.mu.Unlock()
	if head.Weight >= l.head.Saved {
		l.head.Saved, l.head.SavedAt = head.Weight, at
	}
	return nil
}

// memoryBucket is an objects.Bucket in memory.
type memoryBucket struct {
	objects.Bucket // the methods that a catalog does not need
	mu             sync.Mutex
	files          map[string][]byte
}

func (b *memoryBucket) Open(_ context.Context, key, _, _ string) (objects.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	file, ok := b.files[key]
	if !ok {
		return objects.Object{}, objects.ErrNotFound
	}
	return objects.Object{Body: io.NopCloser(bytes.NewReader(file)), Size: int64(len(file))}, nil
}

func (b *memoryBucket) Put(_ context.Context, key, _ string, body []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.files == nil {
		b.files = map[string][]byte{}
	}
	b.files[key] = body
	return nil
}

// process returns another process's copy of the catalog of a log.
func process(log *memoryLog, files objects.Bucket) *catalog.Store {
	return catalog.New(log, files, nil)
}
