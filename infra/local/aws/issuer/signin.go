package issuer

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4/jwt"
)

// Client is an application that people sign in to. It is public: it has no secret.
type Client struct {
	ID        string
	Callbacks []string // addresses to which the browser may return with a code
	Logouts   []string // addresses to which the browser may return after signing out
}

const (
	codeLife    = 5 * time.Minute // as in Cognito
	refreshLife = 12 * time.Hour  // as infra/users.go sets it
	maxName     = 60              // characters
)

// scopes are the scopes that a client may ask for. Cognito refuses others, offline_access among them.
var scopes = []string{"openid", "email", "profile"}

// request is a request to sign in.
type request struct {
	Client, Callback, Scope, State, Nonce, Challenge string
}

// parameters are the names of the parameters of a request.
var parameters = []string{"client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "response_type"}

// person is who signs in.
type person struct {
	Subject, Name string
	Groups        []string
}

// code is a code that was not used yet.
type code struct {
	request
	person
	made time.Time
}

// family is the sign-in from which a refresh token follows.
type family struct {
	id, client string
	person
	began time.Time
}

// read reads and checks a request. A fault means that the browser must not be sent back, because it is
// not known whether the address is the client's. refused is the error code to send back; empty for none.
func (i *Issuer) read(form url.Values) (r request, refused string, fault error) {
	r = request{
		Client: form.Get("client_id"), Callback: form.Get("redirect_uri"), Scope: form.Get("scope"), State: form.Get("state"), Nonce: form.Get("nonce"),
		Challenge: form.Get("code_challenge"),
	}
	client, known := i.client(r.Client)
	if !known {
		return r, "", errors.New("there is no client with this client_id")
	}
	if !slices.Contains(client.Callbacks, r.Callback) {
		return r, "", errors.New("redirect_mismatch: redirect_uri is none of the client's callback addresses")
	}
	for _, name := range parameters {
		if len(form[name]) > 1 {
			return r, "invalid_request", nil
		}
	}
	asked := strings.Fields(r.Scope)
	switch {
	case form.Get("response_type") != "code":
		return r, "unsupported_response_type", nil
	case form.Get("code_challenge_method") != "S256" || !isChallenge(r.Challenge):
		return r, "invalid_request", nil
	case !slices.Contains(asked, "openid") || slices.ContainsFunc(asked, func(s string) bool { return !slices.Contains(scopes, s) }):
		return r, "invalid_scope", nil
	}
	return r, "", nil
}

// isChallenge reports whether a text is a hash of SHA-256, as PKCE with S256 sends it.
func isChallenge(s string) bool {
	hash, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && len(hash) == sha256.Size
}

func (i *Issuer) client(id string) (Client, bool) {
	at := slices.IndexFunc(i.Clients, func(c Client) bool { return c.ID == id })
	if at < 0 {
		return Client{}, false
	}
	return i.Clients[at], true
}

// back sends the browser back to the client.
func back(w http.ResponseWriter, r *http.Request, to request, answer url.Values) {
	if to.State != "" {
		answer.Set("state", to.State)
	}
	u, err := url.Parse(to.Callback)
	if err != nil {
		refusePage(w, "redirect_uri is no address")
		return
	}
	u.RawQuery = answer.Encode()
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

// authorize serves the sign-in page.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	form := r.URL.Query()
	asked, refused, fault := i.read(form)
	switch {
	case fault != nil:
		refusePage(w, fault.Error())
	case refused != "":
		back(w, r, asked, url.Values{"error": {refused}})
	default:
		hidden := url.Values{}
		for _, name := range parameters {
			if form.Has(name) {
				hidden.Set(name, form.Get(name))
			}
		}
		signInPage(w, page{Action: strings.TrimSuffix(r.URL.Path, AuthorizePath) + SignInPath, Client: asked.Client, Groups: i.Groups, Hidden: hidden, Name: "Jo Janssens"})
	}
}

// chosen receives the form of the sign-in page: a name and a group, or no group.
func (i *Issuer) chosen(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		refusePage(w, "the form cannot be read")
		return
	}
	asked, refused, fault := i.read(r.PostForm)
	name, group := strings.Join(strings.Fields(r.PostForm.Get("name")), " "), r.PostForm.Get("group")
	subject := subjectOf(name)
	switch {
	case fault != nil:
		refusePage(w, fault.Error())
	case refused != "":
		back(w, r, asked, url.Values{"error": {refused}})
	case group == "cancel":
		back(w, r, asked, url.Values{"error": {"access_denied"}})
	case subject == "" || utf8.RuneCountInString(name) > maxName:
		refusePage(w, fmt.Sprintf("the name needs a letter or a digit, and has at most %d characters; go back and correct it", maxName))
	case group != "" && !slices.Contains(i.Groups, group):
		refusePage(w, "there is no such group")
	default:
		p := person{Subject: subject, Name: name}
		if group != "" {
			p.Groups = []string{group}
		}
		back(w, r, asked, url.Values{"code": {i.issueCode(asked, p)}})
	}
}

// subjectOf returns the subject of a person: the name in lower case with hyphens, as /dev/token takes
// one.
func subjectOf(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

func (i *Issuer) issueCode(asked request, p person) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	for text, c := range i.codes { // codes that were never used
		if now.Sub(c.made) >= codeLife {
			delete(i.codes, text)
		}
	}
	text := rand.Text()
	i.codes[text] = code{asked, p, now}
	return text
}

// token exchanges a code or a refresh token for tokens.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	form, ok := i.form(w, r)
	if !ok {
		return
	}
	var f family
	var nonce string
	switch form.Get("grant_type") {
	case "authorization_code":
		c, ok := i.takeCode(form)
		if !ok {
			refuse(w, "invalid_grant")
			return
		}
		f, nonce = family{id: rand.Text(), client: c.Client, person: c.person, began: i.now()}, c.Nonce
	case "refresh_token":
		if f, ok = i.takeRefresh(form.Get("refresh_token"), form.Get("client_id")); !ok {
			refuse(w, "invalid_grant")
			return
		}
	default:
		refuse(w, "unsupported_grant_type")
		return
	}
	access, err := i.accessToken(f.client, f.Subject, f.Groups, Life)
	if err == nil {
		var id string
		if id, err = i.idToken(f, nonce, access); err == nil {
			w.Header().Set("Cache-Control", "no-store")
			writeJSON(w, map[string]any{
				"access_token": access, "id_token": id, "refresh_token": i.issueRefresh(f), "token_type": "Bearer", "expires_in": int(Life.Seconds()),
			})
			return
		}
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

// form returns the form of a request by a client. It answers a request that is not by a public client.
func (i *Issuer) form(w http.ResponseWriter, r *http.Request) (url.Values, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" || r.ParseForm() != nil {
		refuse(w, "invalid_request")
		return nil, false
	}
	if _, known := i.client(r.PostForm.Get("client_id")); !known || r.Header.Get("Authorization") != "" || r.PostForm.Has("client_secret") {
		refuse(w, "invalid_client")
		return nil, false
	}
	return r.PostForm, true
}

// takeCode returns what a code stands for. A code is used up by a request that is refused, too.
func (i *Issuer) takeCode(form url.Values) (code, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c, ok := i.codes[form.Get("code")]
	delete(i.codes, form.Get("code"))
	verifier := sha256.Sum256([]byte(form.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(verifier[:])
	return c, ok && i.now().Sub(c.made) < codeLife && c.Client == form.Get("client_id") && c.Callback == form.Get("redirect_uri") &&
		subtle.ConstantTimeCompare([]byte(challenge), []byte(c.Challenge)) == 1
}

func (i *Issuer) issueRefresh(f family) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	text := rand.Text()
	i.refresh[text] = f
	return text
}

// takeRefresh returns what a refresh token stands for. A second use of one ends the sign-in.
func (i *Issuer) takeRefresh(text, client string) (family, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if id, again := i.used[text]; again {
		i.end(id)
		return family{}, false
	}
	f, ok := i.refresh[text]
	if !ok || f.client != client {
		return family{}, false
	}
	delete(i.refresh, text)
	i.used[text] = f.id
	return f, i.now().Sub(f.began) < refreshLife
}

// end revokes the refresh tokens of a sign-in. The caller holds the lock.
func (i *Issuer) end(id string) {
	for text, f := range i.refresh {
		if f.id == id {
			delete(i.refresh, text)
		}
	}
}

// revoke revokes a refresh token. An unknown one is no error (RFC 7009).
func (i *Issuer) revoke(w http.ResponseWriter, r *http.Request) {
	form, ok := i.form(w, r)
	if !ok {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if f, ok := i.refresh[form.Get("token")]; ok && f.client == form.Get("client_id") {
		i.end(f.id)
	}
	w.WriteHeader(http.StatusOK)
}

// logout sends the browser back to the client. There is no session to end: the sign-in page asks each
// time.
func (i *Issuer) logout(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	client, known := i.client(query.Get("client_id"))
	if to := query.Get("logout_uri"); known && slices.Contains(client.Logouts, to) {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	refusePage(w, "logout_uri is none of the client's addresses for signing out, or client_id is unknown")
}

// idClaims are the claims of a Cognito ID token.
type idClaims struct {
	jwt.Claims
	Groups   []string `json:"cognito:groups,omitempty"`
	Username string   `json:"cognito:username"`
	Email    string   `json:"email"`
	Verified bool     `json:"email_verified"`
	Use      string   `json:"token_use"`
	Hash     string   `json:"at_hash"`
	Nonce    string   `json:"nonce,omitempty"`
	AuthTime int64    `json:"auth_time"`
}

// idToken returns the ID token beside an access token.
func (i *Issuer) idToken(f family, nonce, access string) (string, error) {
	now := i.now()
	hash := sha256.Sum256([]byte(access))
	return i.Sign(idClaims{
		Claims: jwt.Claims{
			Issuer: i.URL, Subject: f.Subject, Audience: jwt.Audience{f.client}, IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(Life)), ID: rand.Text(),
		},
		Groups: f.Groups, Username: f.Subject, Email: strings.ReplaceAll(f.Subject, "-", ".") + "@example.org", Verified: true, Use: "id",
		Hash: base64.RawURLEncoding.EncodeToString(hash[:sha256.Size/2]), Nonce: nonce, AuthTime: f.began.Unix(),
	})
}

// refuse writes the error of the token endpoint.
func refuse(w http.ResponseWriter, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"error":%q}`, code)
}
