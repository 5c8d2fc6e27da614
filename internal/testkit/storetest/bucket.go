package storetest

import (
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"trueup/internal/objects"
)

// Bucket is a bucket in memory that keeps versions. It reads and stores objects; other methods of
// objects.Bucket panic.
type Bucket struct {
	objects.Bucket
	Modified time.Time                                   // of every object
	OnPut    func(ctx context.Context, key string) error // called before each Put; may be nil

	mu    sync.Mutex
	files map[version]stored
}

// version identifies a version of an object; its id is empty for an object without versions.
type version struct{ key, id string }

type stored struct {
	content  []byte
	metadata map[string]string
}

// NewBucket returns an empty bucket.
func NewBucket() *Bucket { return &Bucket{files: map[version]stored{}} }

// Add adds a version of an object, as an upload does.
func (b *Bucket) Add(key, id string, content []byte, metadata map[string]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.files[version{key, id}] = stored{slices.Clone(content), maps.Clone(metadata)}
}

// Remove removes a version of an object.
func (b *Bucket) Remove(key, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.files, version{key, id})
}

// Keys returns the keys of objects without versions, sorted.
func (b *Bucket) Keys() (keys []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for v := range b.files {
		if v.id == "" {
			keys = append(keys, v.key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Content returns an object without versions; nil if there is none.
func (b *Bucket) Content(key string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.files[version{key, ""}].content
}

// Open implements objects.Bucket.
func (b *Bucket) Open(_ context.Context, key, id, _ string) (objects.Object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, ok := b.files[version{key, id}]
	if !ok {
		return objects.Object{}, objects.ErrNotFound
	}
	return objects.Object{Body: io.NopCloser(bytes.NewReader(f.content)), Size: int64(len(f.content)), Modified: b.Modified, Metadata: f.metadata}, nil
}

// Put implements objects.Bucket.
func (b *Bucket) Put(ctx context.Context, key, _ string, body []byte) error {
	if b.OnPut != nil {
		if err := b.OnPut(ctx, key); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	b.Add(key, "", body, nil)
	return nil
}
