package snapshot

import (
	"slices"
	"sync"

	"golang.org/x/sync/singleflight"
)

// cache keeps the most recently used values up to a total weight. The zero cache is empty. Values
// are shared and must not be changed.
type cache struct {
	creating singleflight.Group // by key

	mu      sync.Mutex // guards the fields below
	entries []cached   // least recently used first
	weight  int
}

type cached struct {
	key    string
	value  any
	weight int
}

// kept returns the cached value of a key, or creates and caches it. The total weight is at most
// most. Concurrent calls create a value once.
func kept[V any](c *cache, most int, key string, create func() (V, int, error)) (V, error) {
	own := false
	cachedOrCreated := func() (any, error) {
		own = true
		if value, ok := c.find(key); ok {
			return value, nil
		}
		value, weight, err := create()
		if err == nil {
			c.keep(most, cached{key, value, weight})
		}
		return value, err
	}
	value, err, _ := c.creating.Do(key, cachedOrCreated)
	if err != nil && !own { // the other call may have been cancelled, unlike this one
		value, err = cachedOrCreated()
	}
	return value.(V), err //nolint:forcetypeassert // a key is of one kind of values
}

func (c *cache) find(key string) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.entries, func(e cached) bool { return e.key == key })
	if i < 0 {
		return nil, false
	}
	found := c.entries[i]
	c.entries = append(slices.Delete(c.entries, i, i+1), found)
	return found.value, true
}

func (c *cache) keep(most int, e cached) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.entries, func(other cached) bool { return other.key == e.key }); i >= 0 {
		c.weight -= c.entries[i].weight
		c.entries = slices.Delete(c.entries, i, i+1)
	}
	c.entries = append(c.entries, e)
	c.weight += e.weight
	for c.weight > most {
		c.weight -= c.entries[0].weight
		c.entries = slices.Delete(c.entries, 0, 1)
	}
}
