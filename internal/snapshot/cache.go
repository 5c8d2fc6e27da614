package snapshot

import (
	"slices"
	"sync"
)

// cache keeps the most recently used values up to a total weight. The zero cache is empty. Values
// are shared and must not be changed.
type cache struct {
	mu      sync.Mutex
	entries []cached // least recently used first
	weight  int
}

type cached struct {
	key    string
	value  any
	weight int
}

// kept returns the cached value of a key, or creates and caches it. The total weight is at most
// most. Concurrent calls may create the same value twice.
func kept[V any](c *cache, most int, key string, create func() (V, int, error)) (V, error) {
	if value, ok := c.find(key); ok {
		return value.(V), nil //nolint:forcetypeassert // a key is of one kind of values
	}
	value, weight, err := create()
	if err == nil {
		c.keep(most, cached{key, value, weight})
	}
	return value, err
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
