package catalog_test

import (
	"bytes"
	"context"
	"io"
	"sync"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/once"
)

// memoryLog is a journal.Log in memory. It judges its callers: a body that
// would not fit an item is a panic.
type memoryLog struct {
	mu       sync.Mutex
	head     journal.Head
	entries  []journal.Entry
	events   []audit.Event
	answers  map[string][]byte
	appended func() // before each append, without the lock; nil for nothing
	err      error  // what Append fails with
	moved    int    // how often it answered ErrMoved
}

func (l *memoryLog) Head(context.Context, journal.Name) (journal.Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head, nil
}

func (l *memoryLog) Entries(_ context.Context, _ journal.Name, after, upTo int64) ([]journal.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]journal.Entry(nil), l.entries[after:upTo]...), nil
}

func (l *memoryLog) Append(_ context.Context, name journal.Name, head journal.Head, body string, weight int, answer once.Entry, events ...audit.Event) ([]byte, error) {
	if l.appended != nil {
		l.appended()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if name != journal.Catalog || len(body) > journal.MaxBody || body == "" || weight < 1 || len(events) != 1 || events[0].Subject == "" {
		panic("the caller breaks the contract")
	}
	if l.err != nil {
		return nil, l.err
	}
	if first, used := l.answers[answer.Key]; used && answer.Key != "" {
		return first, nil
	}
	if head.Seq != l.head.Seq {
		l.moved++
		return nil, journal.ErrMoved
	}
	l.head.Seq++
	l.head.Weight += int64(weight)
	l.entries = append(l.entries, journal.Entry{Seq: l.head.Seq, Body: body})
	l.events = append(l.events, events...)
	if answer.Key != "" {
		if l.answers == nil {
			l.answers = map[string][]byte{}
		}
		l.answers[answer.Key] = answer.Response
	}
	return nil, nil
}

func (l *memoryLog) Saved(_ context.Context, _ journal.Name, head journal.Head) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head.Saved = head.Weight
	return nil
}

// memoryBucket is an objects.Bucket in memory.
type memoryBucket struct {
	objects.Bucket // whatever a catalog does not need
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

// process is a function's copy of the catalog that a log keeps.
func process(log *memoryLog, files objects.Bucket) *catalog.Store {
	return catalog.New(log, files, nil)
}
