// Package conformance tests the obligations of session.Store. The store in DynamoDB and the fake of the
// tests of package session both pass it, so tests with the fake are valid for the real store.
package conformance

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/console/session"
)

// noon is when the sessions of the tests begin: far in the future, because DynamoDB Local deletes what has expired.
var noon = time.Date(2046, 11, 30, 12, 0, 0, 0, time.UTC)

// Test runs all tests, each in a new store.
func Test(t *testing.T, fresh func(t *testing.T) session.Store) {
	for name, test := range map[string]func(*testing.T, session.Store){
		"a session as it was stored":           stored,
		"uses":                                 used,
		"one of many renews":                   claims,
		"a claim ends by the clock":            claimsEnd,
		"renewed":                              renewed,
		"too slow to renew":                    lost,
		"a deleted session never returns":      gone,
		"all sessions of a person":             all,
		"sessions begin while all are deleted": race,
		"no more than the maximum":             most,
		"repeated":                             repeated,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, fresh(t))
		})
	}
}

// of returns a session of a person.
func of(person, id string) session.Session {
	return session.Session{
		ID: id, Person: person, Sealed: []byte("sealed " + id), Version: 1,
		Created: noon, Used: noon, Ends: noon.Add(12 * time.Hour), Expires: noon.Add(time.Hour),
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// same requires that a session is stored as it is given.
func same(t *testing.T, s session.Store, want session.Session) {
	t.Helper()
	got, err := s.Session(t.Context(), want.ID)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func stored(t *testing.T, s session.Store) {
	_, err := s.Session(t.Context(), "a")
	is(t, "a session that never was", err, session.ErrGone)
	a, b := of("ann", "a"), of("bob", "b")
	b.Ends, b.Expires = noon.Add(1500*time.Millisecond), noon.Add(999*time.Millisecond)
	must(t, s.Create(t.Context(), a))
	must(t, s.Create(t.Context(), b))
	same(t, s, a)
	same(t, s, b)
}

func used(t *testing.T, s session.Store) {
	a := of("ann", "a")
	must(t, s.Create(t.Context(), a))
	a.Used, a.Expires = noon.Add(7*time.Minute), noon.Add(67*time.Minute)
	must(t, s.Touch(t.Context(), "a", a.Used, a.Expires))
	same(t, s, a)
}

func claims(t *testing.T, s session.Store) {
	must(t, s.Create(t.Context(), of("ann", "a")))
	var won atomic.Int32
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() {
			switch err := s.Claim(t.Context(), "a", 1, fmt.Sprint(i), noon, noon.Add(time.Minute)); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, session.ErrClaimed):
				t.Error(err)
			}
		})
	}
	g.Wait()
	if won.Load() != 1 {
		t.Errorf("%d renew it", won.Load())
	}
	is(t, "an older version", s.Claim(t.Context(), "a", 0, "x", noon.Add(time.Hour), noon.Add(2*time.Hour)), session.ErrClaimed)
	is(t, "a later version", s.Claim(t.Context(), "a", 2, "x", noon.Add(time.Hour), noon.Add(2*time.Hour)), session.ErrClaimed)
}

func claimsEnd(t *testing.T, s session.Store) {
	a := of("ann", "a")
	must(t, s.Create(t.Context(), a))
	end := noon.Add(time.Minute)
	must(t, s.Claim(t.Context(), "a", 1, "x", noon, end))
	is(t, "before its end", s.Claim(t.Context(), "a", 1, "y", end.Add(-time.Millisecond), end.Add(time.Minute)), session.ErrClaimed)
	must(t, s.Claim(t.Context(), "a", 1, "y", end, end.Add(time.Minute)))
	a.Holder, a.Claimed = "y", end.Add(time.Minute)
	same(t, s, a)
}

func renewed(t *testing.T, s session.Store) {
	a := of("ann", "a")
	must(t, s.Create(t.Context(), a))
	must(t, s.Claim(t.Context(), "a", 1, "x", noon, noon.Add(time.Minute)))
	a.Version, a.Holder, a.Sealed, a.Used, a.Expires = 2, "x", []byte("others"), noon.Add(time.Second), noon.Add(2*time.Hour)
	must(t, s.Renew(t.Context(), a))
	same(t, s, a)
	must(t, s.Claim(t.Context(), "a", 2, "y", noon, noon.Add(time.Minute))) // the claim of x is over
	is(t, "the version before", s.Claim(t.Context(), "a", 1, "z", noon.Add(time.Hour), noon.Add(2*time.Hour)), session.ErrClaimed)
}

func lost(t *testing.T, s session.Store) {
	a := of("ann", "a")
	must(t, s.Create(t.Context(), a))
	slow := a
	slow.Version, slow.Holder, slow.Sealed = 2, "x", []byte("of x")
	is(t, "without a claim", s.Renew(t.Context(), slow), session.ErrClaimed)
	must(t, s.Claim(t.Context(), "a", 1, "x", noon, noon.Add(time.Minute)))
	must(t, s.Claim(t.Context(), "a", 1, "y", noon.Add(time.Minute), noon.Add(2*time.Minute)))
	is(t, "after another's claim", s.Renew(t.Context(), slow), session.ErrClaimed)
	quick := slow
	quick.Holder, quick.Sealed = "y", []byte("of y")
	must(t, s.Renew(t.Context(), quick))
	is(t, "after another's renewal", s.Renew(t.Context(), slow), session.ErrClaimed)
	same(t, s, quick)
}

func gone(t *testing.T, s session.Store) {
	a, b := of("ann", "a"), of("ann", "b")
	must(t, s.Create(t.Context(), a))
	must(t, s.Create(t.Context(), b))
	must(t, s.Claim(t.Context(), "a", 1, "x", noon, noon.Add(time.Minute)))
	must(t, s.Delete(t.Context(), a))
	must(t, s.Delete(t.Context(), a))
	must(t, s.Delete(t.Context(), of("nobody", "c")))
	is(t, "touch", s.Touch(t.Context(), "a", noon, noon), session.ErrGone)
	is(t, "claim", s.Claim(t.Context(), "a", 1, "x", noon, noon), session.ErrGone)
	a.Version, a.Holder = 2, "x"
	is(t, "renew", s.Renew(t.Context(), a), session.ErrGone)
	_, err := s.Session(t.Context(), "a")
	is(t, "read", err, session.ErrGone)
	same(t, s, b)
}

func all(t *testing.T, s session.Store) {
	must(t, s.DeleteAll(t.Context(), "ann")) // no sessions yet
	for _, one := range []session.Session{of("ann", "a"), of("ann", "b"), of("ann", "c"), of("bob", "d")} {
		must(t, s.Create(t.Context(), one))
	}
	must(t, s.Delete(t.Context(), of("ann", "b")))
	must(t, s.DeleteAll(t.Context(), "ann"))
	must(t, s.DeleteAll(t.Context(), "ann"))
	for _, id := range []string{"a", "b", "c"} {
		_, err := s.Session(t.Context(), id)
		is(t, id, err, session.ErrGone)
	}
	same(t, s, of("bob", "d"))
	must(t, s.Create(t.Context(), of("ann", "e"))) // a later sign-in
	same(t, s, of("ann", "e"))
}

// race: a session whose Create has returned before DeleteAll begins is deleted. After both, another
// DeleteAll leaves none.
func race(t *testing.T, s session.Store) {
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() {
			id := fmt.Sprint("s", i)
			if err := s.Create(t.Context(), of("ann", id)); err != nil {
				t.Error(err)
				return
			}
			if i%2 == 0 {
				if err := s.DeleteAll(t.Context(), "ann"); err != nil {
					t.Error(err)
				}
				if _, err := s.Session(t.Context(), id); !errors.Is(err, session.ErrGone) {
					t.Errorf("%s: %v", id, err)
				}
			}
		})
	}
	g.Wait()
	must(t, s.DeleteAll(t.Context(), "ann"))
	for i := range 8 {
		_, err := s.Session(t.Context(), fmt.Sprint("s", i))
		is(t, "after all of it", err, session.ErrGone)
	}
}

func most(t *testing.T, s session.Store) {
	over := of("ann", "over")
	over.Created, over.Ends = noon.Add(-13*time.Hour), noon.Add(-time.Hour)
	must(t, s.Create(t.Context(), over))
	for i := range session.MaxSessions + 2 {
		one := of("ann", fmt.Sprintf("s%03d", i))
		one.Created, one.Ends = one.Created.Add(time.Duration(i)*time.Second), one.Ends.Add(time.Duration(i)*time.Second)
		must(t, s.Create(t.Context(), one))
	}
	for _, id := range []string{"over", "s000", "s001"} {
		_, err := s.Session(t.Context(), id)
		is(t, id, err, session.ErrGone)
	}
	for i := 2; i < session.MaxSessions+2; i++ {
		if _, err := s.Session(t.Context(), fmt.Sprintf("s%03d", i)); err != nil {
			t.Errorf("session %d: %v", i, err)
		}
	}
}

// repeated: a method that is called again after its reply was lost succeeds.
func repeated(t *testing.T, s session.Store) {
	a := of("ann", "a")
	must(t, s.Create(t.Context(), a))
	must(t, s.Create(t.Context(), a))
	for range 2 {
		must(t, s.Claim(t.Context(), "a", 1, "x", noon, noon.Add(time.Minute)))
	}
	a.Version, a.Holder, a.Sealed = 2, "x", []byte("others")
	for range 2 {
		must(t, s.Renew(t.Context(), a))
	}
	same(t, s, a)
	must(t, s.DeleteAll(t.Context(), "ann"))
	_, err := s.Session(t.Context(), "a")
	is(t, "deleted", err, session.ErrGone)
}
