package session

import (
	"context"
	"errors"
	"time"
)

// Session is a session as it is stored. The store learns neither who it is nor any token: ID and Sealed
// come from the key in the cookie, which is stored nowhere.
type Session struct {
	ID     string // of the session; not the value of the cookie, which cannot be computed from it
	Person string // hash of the issuer and the subject; the same for all sessions of a person
	Sealed []byte // tokens, encrypted with a key from the cookie

	Version int64     // counts the renewals of the tokens
	Created time.Time // when the person signed in
	Used    time.Time // of the latest use that was stored
	Ends    time.Time // the session ends then in any case
	// Expires is when the session ends if it is not used again. The table deletes it after that, which
	// may be days late.
	Expires time.Time

	Holder  string    // who renews the tokens, or did so last; empty if no request did
	Claimed time.Time // until when Holder may renew them; zero if it has done so
}

// over reports whether the session has ended at a moment.
func (s Session) over(now time.Time) bool { return !now.Before(s.Expires) || !now.Before(s.Ends) }

// Errors of a Store.
var (
	// ErrGone means that the session is not stored: it has been ended.
	ErrGone = errors.New("session: the session is not stored")
	// ErrClaimed means that another request renews the tokens of the session, or has renewed them.
	ErrClaimed = errors.New("session: another request renews the session")
)

// Store keeps sessions. Reads are strongly consistent. No method but Create makes a session exist, so a
// session that was deleted never returns, and every method may be repeated after a fault. Times have
// whole milliseconds.
type Store interface {
	// Create stores a new session and lists it for its person, both or neither. It deletes the oldest
	// sessions of the person if there are more than MaxSessions.
	Create(ctx context.Context, s Session) error
	// Session returns a session, which may be over; ErrGone.
	Session(ctx context.Context, id string) (Session, error)
	// Touch sets Used and Expires; ErrGone.
	Touch(ctx context.Context, id string, used, expires time.Time) error
	// Claim gives the holder the right to renew the tokens until a moment: ErrClaimed if the version is
	// no longer the given one, or another holder has that right now; ErrGone.
	Claim(ctx context.Context, id string, version int64, holder string, now, until time.Time) error
	// Renew stores the tokens, Used and Expires of a session whose Version is one more than that which
	// its Holder has claimed, and ends the claim. ErrClaimed if another holder has claimed it since;
	// ErrGone.
	Renew(ctx context.Context, s Session) error
	// Delete deletes a session. One that is not stored is no error.
	Delete(ctx context.Context, s Session) error
	// DeleteAll deletes every session of a person that was created before.
	DeleteAll(ctx context.Context, person string) error
}

// MaxSessions is the maximum number of sessions of a person. It limits the list of a person's sessions.
const MaxSessions = 50
