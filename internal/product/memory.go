package product

import "sync"

// memory keeps answers of a function that depends on its argument alone. When it is full it forgets
// everything: callers ask for the names of one organisation, which fit, many times.
type memory[K comparable, V any] struct {
	mutex sync.RWMutex
	known map[K]V
}

// maxRemembered is the number of answers that a memory keeps, some MB.
const maxRemembered = 50_000

// get returns the kept answer, or else the answer of find.
func (m *memory[K, V]) get(key K, find func() V) V {
	m.mutex.RLock()
	v, ok := m.known[key]
	m.mutex.RUnlock()
	if ok {
		return v
	}
	v = find()
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.known == nil || len(m.known) >= maxRemembered {
		m.known = map[K]V{}
	}
	if first, ok := m.known[key]; ok {
		return first // of another goroutine
	}
	m.known[key] = v
	return v
}
