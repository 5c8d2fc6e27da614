package inventories

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"trueup/internal/errs"
	"trueup/internal/intake/kind"
	"trueup/internal/inventory"
	"trueup/internal/objects"
)

// Prefixes of objects in the reports bucket. A key ends with the checksum of the object: its
// content never changes, and it is kept while results that depend on it may have to be explained.
var (
	Tallies     = kind.Inventory.Results + "tallies/"
	PCs         = kind.Inventory.Results + "pcs/"
	rulesPrefix = kind.Inventory.Results + "rules/"
)

// Counts reads tallies and the rules in use. It is safe for concurrent use, and caches what it
// has read while it is current.
type Counts struct {
	store Store
	files objects.Bucket

	mu        sync.Mutex
	tallies   map[string]*inventory.Tally // by key
	pcs       map[string]*inventory.PCs   // by key
	rules     inventory.RuleList
	rulesHead RulesHead // head of the cached rules
	loaded    bool
}

// NewCounts returns the Counts of a store whose objects are in the reports bucket.
func NewCounts(store Store, reports objects.Bucket) *Counts {
	return &Counts{store: store, files: reports, tallies: map[string]*inventory.Tally{}, pcs: map[string]*inventory.PCs{}}
}

// Tallies returns the tally of the last good file of each source, sorted by source. They are
// shared; do not change them.
func (c *Counts) Tallies(ctx context.Context) ([]inventory.Counted, error) {
	records, err := c.store.Records(ctx)
	if err != nil {
		return nil, err
	}
	return c.TalliesOf(ctx, records)
}

// TalliesOf returns the tallies of records.
func (c *Counts) TalliesOf(ctx context.Context, records []Record) ([]inventory.Counted, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var counted []inventory.Counted
	current := map[string]*inventory.Tally{}
	for _, r := range records {
		if r.Good == nil {
			continue
		}
		t, known := c.tallies[r.Good.Tally]
		if !known {
			b, err := c.read(ctx, r.Good.Tally, Tallies)
			if err != nil {
				return nil, err
			}
			if t, err = inventory.Decode(b); err != nil {
				return nil, fmt.Errorf("%s: %w", r.Good.Tally, err)
			}
		}
		current[r.Good.Tally] = t
		counted = append(counted, inventory.Counted{Source: r.Source, Key: r.Good.Key, At: r.Good.At, Tally: t, Stored: r.Good.Tally})
	}
	c.tallies = current
	return counted, nil
}

// keep stores an object under its checksum, below a prefix, and returns the key.
func (c *Counts) keep(ctx context.Context, prefix, ending, contentType string, b []byte) (key string, err error) {
	key = prefix + checksum(b) + ending
	if err := c.files.Put(ctx, key, contentType, b); err != nil {
		return "", errs.Wrap(err, errs.Unavailable, "try_again")
	}
	return key, nil
}

// read reads and checks an object. A damaged or missing object is a fault. If the bucket is
// temporarily unavailable, the error is errs.Unavailable.
func (c *Counts) read(ctx context.Context, key, prefix string) ([]byte, error) {
	object, err := c.files.Open(ctx, key, "", "")
	if errors.Is(err, objects.ErrNotFound) {
		return nil, fmt.Errorf("inventory: %w", err) // deleted by a user
	}
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "try_again")
	}
	defer func() { _ = object.Body.Close() }() // fully read, or already failed
	b, err := io.ReadAll(object.Body)
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "try_again")
	}
	if sum := checksum(b); !strings.HasPrefix(key, prefix) || !strings.HasPrefix(path.Base(key), sum) {
		return nil, fmt.Errorf("inventory: %s is damaged: its checksum is %s", key, sum)
	}
	return b, nil
}

func checksum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
