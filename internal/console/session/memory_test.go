package session_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trueup/internal/console/session"
	"trueup/internal/console/session/conformance"
)

// memory is a session.Store in memory.
type memory struct {
	mu       sync.Mutex
	sessions map[string]session.Session
	fault    error // of the next calls; nil for none
}

func newMemory() *memory { return &memory{sessions: map[string]session.Session{}} }

func TestMemoryConforms(t *testing.T) {
	t.Parallel()
	conformance.Test(t, func(*testing.T) session.Store { return newMemory() })
}

// change calls do with a copy of a session, and stores what do makes of it.
func (m *memory) change(id string, do func(*session.Session) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != nil {
		return m.fault
	}
	s, ok := m.sessions[id]
	if !ok {
		return session.ErrGone
	}
	if err := do(&s); err != nil {
		return err
	}
	m.sessions[id] = s
	return nil
}

func (m *memory) Create(_ context.Context, s session.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != nil {
		return m.fault
	}
	var own []session.Session
	for id, other := range m.sessions {
		switch {
		case other.Person != s.Person || id == s.ID:
		case !other.Ends.After(s.Created):
			delete(m.sessions, id)
		default:
			own = append(own, other)
		}
	}
	slices.SortFunc(own, func(a, b session.Session) int {
		if c := a.Ends.Compare(b.Ends); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	for _, old := range own[:max(0, len(own)-session.MaxSessions+1)] {
		delete(m.sessions, old.ID)
	}
	m.sessions[s.ID] = s
	return nil
}

func (m *memory) Session(_ context.Context, id string) (read session.Session, err error) {
	err = m.change(id, func(s *session.Session) error { read = *s; read.Sealed = bytes.Clone(s.Sealed); return nil })
	return read, err
}

func (m *memory) Touch(_ context.Context, id string, used, expires time.Time) error {
	return m.change(id, func(s *session.Session) error { s.Used, s.Expires = used, expires; return nil })
}

func (m *memory) Claim(_ context.Context, id string, version int64, holder string, now, until time.Time) error {
	return m.change(id, func(s *session.Session) error {
		if s.Version != version || s.Claimed.After(now) && s.Holder != holder {
			return session.ErrClaimed
		}
		s.Holder, s.Claimed = holder, until
		return nil
	})
}

func (m *memory) Renew(_ context.Context, fresh session.Session) error {
	return m.change(fresh.ID, func(s *session.Session) error {
		if s.Holder != fresh.Holder || s.Version != fresh.Version && s.Version != fresh.Version-1 {
			return session.ErrClaimed
		}
		s.Sealed, s.Version, s.Used, s.Expires, s.Claimed = fresh.Sealed, fresh.Version, fresh.Used, fresh.Expires, time.Time{}
		return nil
	})
}

func (m *memory) Delete(_ context.Context, s session.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, s.ID)
	return m.fault
}

func (m *memory) DeleteAll(_ context.Context, person string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, s := range m.sessions {
		if s.Person == person {
			delete(m.sessions, id)
		}
	}
	return m.fault
}

// all returns what is stored.
func (m *memory) all() []session.Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []session.Session
	for _, s := range m.sessions {
		all = append(all, s)
	}
	return all
}
