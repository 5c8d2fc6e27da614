package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"trueup/internal/access"
	"trueup/internal/errs"
)

// loginLife is how long a person has to sign in at the issuer.
const loginLife = 10 * time.Minute

// maxLogins is the maximum number of sign-ins that a browser has under way. More would fill the header
// of its requests, which API Gateway limits.
const maxLogins = 4

// login is a sign-in that is under way. The cookie is not encrypted: it is of use only in the browser
// that has it.
type login struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	To       string `json:"to"`
	Begun    int64  `json:"begun"` // seconds since 1970
}

// cookieName returns the name of the cookie of a sign-in.
func (l login) cookieName() string { return loginCookieName + l.State[:min(8, len(l.State))] }

// loginOf reads the cookie of the sign-in with the state. It reports false if there is none, or if it
// is too old.
func (k *Keeper) loginOf(r *http.Request, state string) (l login, ok bool) {
	cookie, err := r.Cookie(login{State: state}.cookieName())
	if err != nil {
		return login{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || json.Unmarshal(raw, &l) != nil {
		return login{}, false
	}
	age := k.now().Sub(time.Unix(l.Begun, 0))
	same := subtle.ConstantTimeCompare([]byte(l.State), []byte(state)) == 1
	return l, same && l.State != "" && l.Nonce != "" && l.Verifier != "" && age < loginLife
}

// SignIn sends the browser to the issuer, and then to a page of the console; see Local. It returns an
// *errs.Error of kind Unavailable if the issuer does not answer or is not set.
func (k *Keeper) SignIn(w http.ResponseWriter, r *http.Request, to string) error {
	l := login{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), To: Local(to), Begun: k.now().Unix()}
	address, err := k.issuer.address(r.Context(), l)
	if err != nil {
		return err
	}
	value, err := json.Marshal(l)
	if err != nil {
		return err
	}
	dropLogins(w, r, maxLogins-1)
	http.SetCookie(w, cookie(l.cookieName(), base64.RawURLEncoding.EncodeToString(value), int(loginLife.Seconds())))
	redirect(w, r, address)
	return nil
}

// dropLogins deletes the cookies of sign-ins, except the newest few. Browsers send the oldest first.
func dropLogins(w http.ResponseWriter, r *http.Request, keep int) {
	var names []string
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, loginCookieName) {
			names = append(names, c.Name)
		}
	}
	for _, name := range names[:max(0, len(names)-keep)] {
		http.SetCookie(w, cookie(name, "", -1))
	}
}

// redirect sends the browser to another address. The answer is not stored: it has a state or a session.
func redirect(w http.ResponseWriter, r *http.Request, address string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer") // the address may have a code
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// SignedIn serves the address to which the issuer sends the browser back. It makes a session and sends
// the browser to its page. It returns the person of the new session. The name is the one in the ID token,
// and empty if that has none. Its errors are *errs.Error:
//
//   - CodeLost: the answer belongs to no sign-in of this browser, is too late, or was used before. A new
//     sign-in helps;
//   - CodeRefused: the issuer refused; the argument code has its reason;
//   - CodeToken: the issuer's tokens are not valid or give no access;
//   - CodeUnavailable, CodeUnset: see SignIn.
//
// Any other error is a fault. Without a sign-in, a person who is signed in already goes to Home: the
// browser went back to this address. SignedIn then returns no person.
func (k *Keeper) SignedIn(w http.ResponseWriter, r *http.Request) (Person, error) {
	ctx, answer := r.Context(), r.URL.Query()
	l, ok := k.loginOf(r, answer.Get("state"))
	if !ok {
		if _, err := k.Person(w, r); err == nil {
			redirect(w, r, Home)
			return Person{}, nil
		}
		return Person{}, errs.New(errs.Invalid, CodeLost)
	}
	http.SetCookie(w, cookie(l.cookieName(), "", -1)) // a sign-in has one answer
	if !issuedBy(answer, k.issuer.url) {
		return Person{}, problem(errors.New("session: another issuer answered"), errs.Invalid, CodeLost)
	}
	if refused := answer.Get("error"); refused != "" {
		return Person{}, errs.New(errs.Denied, CodeRefused, "code", codeOf(refused))
	}
	tokens, id, err := k.issuer.exchange(ctx, answer.Get("code"), l)
	if errors.Is(err, errRevoked) {
		return Person{}, problem(err, errs.Invalid, CodeLost)
	}
	if err != nil {
		return Person{}, err
	}
	c, err := k.begin(ctx, w, r, tokens, id)
	if err != nil {
		return Person{}, err
	}
	redirect(w, r, Local(l.To))
	c.caller.Name = c.Name
	return Person{Token: c.Access, Caller: c.caller}, nil
}

// begin makes a new session with the tokens. It deletes the session that the browser had.
func (k *Keeper) begin(ctx context.Context, w http.ResponseWriter, r *http.Request, tokens *oauth2.Token, id string) (current, error) {
	p, err := k.issuer.provider(ctx)
	if err != nil {
		return current{}, err
	}
	now := k.now()
	c := current{key: newKey(), sealed: sealed{
		Access: tokens.AccessToken, Refresh: tokens.RefreshToken, Name: access.NameIn(id), Hint: hintOf(k.issuer.url, id),
		Pages: cmp.Or(originOf(p.EndSession), k.origin), Received: now.Unix(),
	}}
	if !c.judge(k.signIn) || !c.expires.After(now) {
		return current{}, problem(errors.New("session: the access token gives no access"), errs.Denied, CodeToken)
	}
	c.Session = Session{
		ID: c.key.id(), Person: personOf(k.issuer.url, c.caller.Subject), Sealed: c.key.seal(c.sealed), Version: 1,
		Created: now, Used: now, Ends: now.Add(Life),
	}
	c.Expires = c.expiry(now)
	if err := k.store.Create(ctx, c.Session); err != nil {
		return current{}, err
	}
	k.pages.Store(&c.Pages)
	if old, err := k.open(ctx, r); err == nil {
		if err := k.store.Delete(ctx, old.Session); err != nil {
			return current{}, err
		}
	}
	http.SetCookie(w, cookie(cookieName, c.key.String(), 0))
	k.log.InfoContext(ctx, "signed in", "subject", c.caller.Subject, access.RequestIDKey, access.CallFrom(ctx).RequestID)
	return c, nil
}
