package inventory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"trueup/internal/audit"
	"trueup/internal/objects"
	"trueup/internal/once"
)

// Where objects are in the reports bucket. The rest of a key is the checksum of
// the object: what it holds never changes, and stays for as long as something
// that was made from it may have to be explained.
const (
	talliesPrefix = KeyPrefix + "tallies/"
	rulesPrefix   = KeyPrefix + "rules/"
)

// Counts reads what was counted, and the rules that count. It is safe for
// concurrent use, and keeps what it has read for as long as it is current.
type Counts struct {
	store Store
	files objects.Bucket

	mu      sync.Mutex
	tallies map[string]*Tally // by key
	rules   RuleList
	loaded  bool
}

// NewCounts returns the counts of a store whose objects are in a bucket.
func NewCounts(store Store, reports objects.Bucket) *Counts {
	return &Counts{store: store, files: reports, tallies: map[string]*Tally{}}
}

// Tallies returns what the last good file of each source adds up to, sorted by
// source. They are shared: nobody changes them.
func (c *Counts) Tallies(ctx context.Context) ([]Counted, error) {
	records, err := c.store.Records(ctx)
	if err != nil {
		return nil, err
	}
	return c.TalliesOf(ctx, records)
}

// TalliesOf returns the tallies of records.
func (c *Counts) TalliesOf(ctx context.Context, records []Record) ([]Counted, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var counted []Counted
	current := map[string]*Tally{}
	for _, r := range records {
		if r.Good == nil {
			continue
		}
		t, known := c.tallies[r.Good.Tally]
		if !known {
			b, err := c.read(ctx, r.Good.Tally, talliesPrefix)
			if err != nil {
				return nil, err
			}
			if t, err = Decode(b); err != nil {
				return nil, fmt.Errorf("%s: %w", r.Good.Tally, err)
			}
		}
		current[r.Good.Tally] = t
		counted = append(counted, Counted{Source: r.Source, Key: r.Good.Key, At: r.Good.At, Tally: t})
	}
	c.tallies = current
	return counted, nil
}

// RulesHead says where the rules of admins are.
type RulesHead struct {
	Version int64  // grows with every change of one rule or of their order; 0 for none ever
	Key     string // of the object
}

// RuleList is the rules of admins, in order, and what they make of the starting
// rules.
type RuleList struct {
	Version int64
	Admin   []Rule
	All     *Rules
}

// Rules returns the rules that count now.
func (c *Counts) Rules(ctx context.Context) (RuleList, error) {
	head, err := c.store.RulesHead(ctx)
	if err != nil {
		return RuleList{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded && c.rules.Version == head.Version {
		return c.rules, nil
	}
	list := RuleList{Version: head.Version, All: StartingRules()}
	if head.Version > 0 {
		b, err := c.read(ctx, head.Key, rulesPrefix)
		if err != nil {
			return RuleList{}, err
		}
		if err := json.Unmarshal(b, &list.Admin); err != nil {
			return RuleList{}, fmt.Errorf("%s: %w", head.Key, err)
		}
		if list.All, err = NewRules(list.Admin); err != nil {
			return RuleList{}, fmt.Errorf("%s: %w", head.Key, err)
		}
	}
	c.rules, c.loaded = list, true
	return list, nil
}

// SetRules replaces the rules of admins that were read by others. Errors are
// those of NewRules, and errs.Stale when they have changed since. When the
// Idempotency-Key was used before nothing is changed, and first is what was
// answered then.
func (c *Counts) SetRules(ctx context.Context, read RuleList, admin []Rule, event audit.Event, answer once.Entry) (list RuleList, first []byte, err error) {
	list = RuleList{Version: read.Version + 1, Admin: admin}
	if list.All, err = NewRules(admin); err != nil {
		return RuleList{}, nil, err
	}
	b, err := json.Marshal(admin)
	if err != nil {
		return RuleList{}, nil, err
	}
	key, err := c.keep(ctx, rulesPrefix, ".json", "application/json", b)
	if err != nil {
		return RuleList{}, nil, err
	}
	first, err = c.store.SetRulesHead(ctx, RulesHead{Version: list.Version, Key: key}, event, answer)
	return list, first, err
}

// keep stores an object under its checksum, and returns the key.
func (c *Counts) keep(ctx context.Context, prefix, ending, contentType string, b []byte) (key string, err error) {
	key = prefix + checksum(b) + ending
	if err := c.files.Put(ctx, key, contentType, b); err != nil {
		return "", err
	}
	return key, nil
}

// read reads an object, and checks it.
func (c *Counts) read(ctx context.Context, key, prefix string) ([]byte, error) {
	object, err := c.files.Open(ctx, key, "", "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Body.Close() }() // read to the end, or failed already
	b, err := io.ReadAll(object.Body)
	if err != nil {
		return nil, fmt.Errorf("inventory: read %s: %w", key, err)
	}
	if sum := checksum(b); !strings.HasPrefix(key, prefix+sum) {
		return nil, fmt.Errorf("inventory: %s is damaged: its checksum is %s", key, sum)
	}
	return b, nil
}

func checksum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
