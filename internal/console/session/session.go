// Package session signs people in to the console and keeps their sessions.
//
// # Signing in
//
// SignIn sends the browser to the issuer (authorization code with PKCE), with the state, nonce, code
// verifier and page in a cookie of ten minutes. The issuer sends it back to SignedIn with a code, which
// this package exchanges for tokens. Each sign-in makes a new session, so a key that was put into
// a browser before is worth nothing.
//
// # Sessions
//
// The cookie of a session is a random key. The id of the stored item and the key that encrypts the
// tokens in it are derived from it. There is no other key to keep: the table alone gives no token, and
// a cookie gives one session, which can be deleted.
//
// A session ends Idle after its last use, Life after the sign-in, when the person signs out, or when
// the issuer refuses to renew its tokens. Its access token is the one that the HTTP API gets. It is
// renewed by one request at a time: an issuer that replaces the refresh token at each use takes a
// second use of the same one for theft, and revokes all of them.
//
// Invariants: a session that was deleted never returns; no token, key or name is logged or stored in
// plain text.
package session

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/retry"
)

// How long sessions last.
const (
	Idle = time.Hour      // without use
	Life = 12 * time.Hour // in all; the refresh tokens of the stack's own user pool live as long

	// touchEvery is how old the stored time of the last use may be. A session thus ends up to that
	// much sooner than Idle after its last use.
	touchEvery = 5 * time.Minute
	// renewBefore is the rest of its life at which an access token is renewed, or half of its life if
	// that is shorter.
	renewBefore = 5 * time.Minute
	// spare is the rest of its life that an access token needs for a page.
	spare = 10 * time.Second
	// claimFor is how long a request may take to renew tokens. It is longer than the timeout of the
	// issuer's answer.
	claimFor = issuerTimeout + 5*time.Second
	// waitEvery is the time between two looks whether another request has renewed the tokens.
	waitEvery = 100 * time.Millisecond
)

// ErrNoSession means that no person is signed in: there is no cookie, or its session has ended.
var ErrNoSession = errors.New("session: no person is signed in")

// Codes of the errors for people, which are of type *errs.Error.
const (
	CodeLost        = "sign_in_lost"        // the answer of the issuer belongs to no sign-in of this browser, or is used up
	CodeRefused     = "sign_in_refused"     // the issuer refused to sign the person in
	CodeToken       = "sign_in_token"       // the issuer's tokens do not give access
	CodeUnavailable = "sign_in_unavailable" // the issuer does not answer; the cause is logged
	CodeUnset       = "sign_in_unset"       // the deployment has no client for the console
)

// Person is who is signed in.
type Person struct {
	Token string // access token for the HTTP API; never logged
	// Caller is what the token says of its roles and of the person. It decides what a page shows. The
	// API decides what the person may do.
	Caller access.Principal
}

// Options configures a Keeper. All but Secret are required; without Client no person can sign in.
type Options struct {
	Store  Store
	Origin string                                // of the console, such as https://licences.example.org, without a slash at the end
	Issuer string                                // issuer of the ID tokens
	Client string                                // client id of the console
	Scopes []string                              // to ask for; must include openid
	Secret func(context.Context) (string, error) // reads the client's secret; nil for a public client
	SignIn access.SignIn                         // how the roles are read from an access token
	HTTP   *http.Client
	Clock  func() time.Time
	Log    *slog.Logger
}

// Keeper signs people in and out, and keeps their sessions. It is safe for concurrent use.
type Keeper struct {
	store  Store
	origin string
	issuer *issuer
	signIn access.SignIn
	clock  func() time.Time
	log    *slog.Logger
	pages  atomic.Pointer[string] // origin of the issuer's page for signing out, once it is known
}

// New returns a keeper. It sends no request: the issuer's metadata are read when they are needed.
func New(o Options) *Keeper {
	if o.Store == nil || o.Origin == "" || o.HTTP == nil || o.Clock == nil || o.Log == nil {
		panic("session: an option is missing")
	}
	return &Keeper{
		store: o.Store, origin: o.Origin, signIn: o.SignIn, clock: o.Clock, log: o.Log,
		issuer: &issuer{
			url: o.Issuer, client: o.Client, scopes: o.Scopes, secret: o.Secret, http: limited(o.HTTP), clock: o.Clock,
			returns: o.Origin + ReturnPath,
		},
	}
}

// now returns the time as it is stored.
func (k *Keeper) now() time.Time { return k.clock().UTC().Truncate(time.Millisecond) }

// Origin returns the origin of the issuer's page for signing out, to which the form for signing out
// leads: browsers apply form-action of a content security policy to redirects, too. Call it after Person:
// a page with that form is shown to a person, and a new process knows the origin from the person's session.
// Before that it returns the origin of the issuer's own address, which is another one for Cognito.
func (k *Keeper) Origin() string {
	if known := k.pages.Load(); known != nil && *known != "" {
		return *known
	}
	return originOf(k.issuer.url)
}

// originOf returns the origin of an address; empty if it has none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// current is the session of a request.
type current struct {
	key key
	Session
	sealed
	caller  access.Principal
	expires time.Time // of the access token
}

// Person returns the person who is signed in; ErrNoSession without one. Another error is a fault, or an
// *errs.Error of kind Unavailable if the issuer does not renew the tokens now.
//
// It leaves a cookie without a session alone: the person may have signed in again in another tab, and
// to delete the cookie would end that session.
func (k *Keeper) Person(_ http.ResponseWriter, r *http.Request) (Person, error) {
	ctx := r.Context()
	c, err := k.open(ctx, r)
	if err != nil {
		return Person{}, err
	}
	now := k.now()
	if c.expires.Sub(now) <= min(renewBefore, c.expires.Sub(time.Unix(c.Received, 0))/2) {
		if c, err = k.renew(ctx, c); err != nil {
			return Person{}, err
		}
	}
	if now.Sub(c.Used) >= touchEvery {
		if err := k.store.Touch(ctx, c.ID, now, c.expiry(now)); err != nil {
			return Person{}, noSession(err)
		}
	}
	return Person{Token: c.Access, Caller: c.caller}, nil
}

// open returns the session of a request; ErrNoSession.
func (k *Keeper) open(ctx context.Context, r *http.Request) (current, error) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return current{}, ErrNoSession
	}
	key, ok := parseKey(cookie.Value)
	if !ok {
		return current{}, ErrNoSession
	}
	return k.read(ctx, key)
}

// read returns the session of a key; ErrNoSession if it is not stored or over.
func (k *Keeper) read(ctx context.Context, of key) (current, error) {
	s, err := k.store.Session(ctx, of.id())
	if err != nil {
		return current{}, noSession(err)
	}
	if s.over(k.now()) { // the table deletes it late
		return current{}, ErrNoSession
	}
	c := current{key: of, Session: s}
	c.sealed, err = of.open(s.Sealed)
	if err == nil && !c.judge(k.signIn) {
		err = errors.New("session: the access token gives no access")
	}
	if err != nil {
		// The person signs in again. A fault would lock the person out as long as the cookie exists.
		k.log.ErrorContext(ctx, "session not readable", "error", err, access.RequestIDKey, access.CallFrom(ctx).RequestID)
		return current{}, ErrNoSession
	}
	k.pages.Store(&c.Pages)
	return c, nil
}

// judge reads the access token. It reports false if the token gives no access.
func (c *current) judge(signIn access.SignIn) bool {
	var ok bool
	c.caller, c.expires, ok = signIn.Holder(c.Access)
	if ok && c.Name != "" {
		c.caller.Name = c.Name
	}
	return ok
}

// expiry returns when the session ends if it is used now and then no more.
func (s Session) expiry(now time.Time) time.Time {
	if idle := now.Add(Idle); idle.Before(s.Ends) {
		return idle
	}
	return s.Ends
}

// noSession turns ErrGone into ErrNoSession.
func noSession(err error) error {
	if errors.Is(err, ErrGone) {
		return ErrNoSession
	}
	return err
}

// renew returns the session with new tokens, or with the ones that it has if another request renews
// them and they are still valid.
func (k *Keeper) renew(ctx context.Context, c current) (current, error) {
	holder := rand.Text()
	for {
		now := k.now()
		valid := c.expires.Sub(now) > spare
		if c.Refresh == "" {
			if valid {
				return c, nil
			}
			return current{}, k.end(ctx, c)
		}
		err := k.store.Claim(ctx, c.ID, c.Version, holder, now, now.Add(claimFor))
		switch {
		case err == nil:
			return k.renewClaimed(ctx, c, holder, valid)
		case !errors.Is(err, ErrClaimed):
			return current{}, noSession(err)
		case valid:
			return c, nil
		}
		if err := retry.Sleep(ctx, waitEvery); err != nil {
			return current{}, err
		}
		if c, err = k.read(ctx, c.key); err != nil {
			return current{}, err
		}
		if c.expires.Sub(k.now()) > spare {
			return c, nil // the other request has renewed them
		}
	}
}

// renewClaimed renews the tokens of a session whose claim the holder has.
func (k *Keeper) renewClaimed(ctx context.Context, c current, holder string, valid bool) (current, error) {
	tokens, err := k.issuer.refresh(ctx, c.Refresh)
	switch {
	case errors.Is(err, errRevoked):
		return current{}, k.end(ctx, c)
	case err != nil && valid:
		// The next attempt is made when the claim has ended.
		k.log.WarnContext(ctx, "tokens not renewed", "error", err, access.RequestIDKey, access.CallFrom(ctx).RequestID)
		return c, nil
	case err != nil:
		return current{}, err
	}
	now, subject := k.now(), c.caller.Subject
	c.Access, c.Refresh, c.Received = tokens.AccessToken, tokens.RefreshToken, now.Unix()
	if !c.judge(k.signIn) || c.caller.Subject != subject {
		return current{}, k.end(ctx, c)
	}
	c.Version++
	c.Holder, c.Used, c.Expires, c.Sealed = holder, now, c.expiry(now), c.key.seal(c.sealed)
	switch err := k.store.Renew(ctx, c.Session); {
	case errors.Is(err, ErrClaimed): // this request was too slow, and another one has the session now
		return k.read(ctx, c.key)
	case err != nil:
		return current{}, noSession(err)
	}
	return c, nil
}

// end deletes a session that cannot go on, and returns ErrNoSession.
func (k *Keeper) end(ctx context.Context, c current) error {
	if err := k.store.Delete(ctx, c.Session); err != nil {
		return err
	}
	k.log.InfoContext(ctx, "session ended by the issuer", "subject", c.caller.Subject, access.RequestIDKey, access.CallFrom(ctx).RequestID)
	return ErrNoSession
}

// Names of the cookies. The prefix makes browsers refuse them without Secure, from other hosts and for
// some paths only. Each sign-in has a cookie of its own, so that two tabs can sign in at once.
const (
	cookieName      = "__Host-trueup"
	loginCookieName = "__Host-trueup-login-" // and the beginning of the state
)

// cookie returns a cookie. SameSite is Lax and not Strict: the browser has to send it when the issuer
// sends the person back. A negative age deletes it; 0 keeps it until the browser ends.
func cookie(name, value string, age int) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

// Home is where a person goes who wanted no page in particular.
const Home = "/"

// Paths of the console that this package knows.
const (
	ReturnPath = "/signed-in" // to which the issuer sends the browser back
	pagesPath  = "/console/"  // of every page
)

// maxTo is the maximum length of the address of a page to return to: it has to fit in a cookie.
const maxTo = 1500

// Local returns the address of a page of the console to go to after signing in, or Home if to is
// another one. It accepts only what every browser reads as a path of this origin, and no path that a
// server may decode to another one.
func Local(to string) string {
	u, err := url.Parse(to)
	if err != nil || len(to) > maxTo || u.IsAbs() || u.Host != "" || u.User != nil || u.Opaque != "" || u.Fragment != "" ||
		!strings.HasPrefix(u.Path, pagesPath) || u.EscapedPath() != u.Path || strings.ContainsFunc(to, func(r rune) bool { return r <= ' ' || r == '\\' || r >= 0x7f }) {
		return Home
	}
	segments := strings.Split(strings.TrimPrefix(u.Path, pagesPath), "/")
	if slices.Contains(segments, "..") || slices.Contains(segments, ".") || slices.Contains(segments[:len(segments)-1], "") {
		return Home
	}
	if strings.HasPrefix(segments[0], "sign-") { // would sign in or out again
		return Home
	}
	return to
}

// problem returns an error for people.
func problem(cause error, kind errs.Kind, code string, args ...string) error {
	return errs.Wrap(cause, kind, code, args...)
}
