package session_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/infra/local/aws/issuer"
	"trueup/internal/access"
	"trueup/internal/console/session"
)

const (
	sessionCookie = "__Host-trueup"
	loginCookie   = "__Host-trueup-login-"
)

// login returns the name of the cookie of the sign-in that is under way.
func (b *browser) login() string {
	for name := range b.cookies {
		if strings.HasPrefix(name, loginCookie) {
			return name
		}
	}
	b.t.Fatal("no sign-in is under way")
	return ""
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	b.signedOut()
	page := b.start("/console/agreements?q=a%26b&sort=name")
	if len(b.set) != 1 {
		t.Fatalf("%d cookies", len(b.set))
	}
	checkCookie(t, b.set[0], loginCookie, 600)
	u, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": issuer.ConsoleClientID, "redirect_uri": b.front.URL + "/signed-in", "scope": "openid email", "code_challenge_method": "S256",
	} {
		if query.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, query.Get(name), want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(query.Get(name)) < 20 {
			t.Errorf("%s is %q", name, query.Get(name))
		}
	}

	a := b.get(b.choose(page, "Ann Peeters", "global-admin"))
	if a.status != http.StatusSeeOther || a.to != "/console/agreements?q=a%26b&sort=name" || a.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d to %s %v", a.status, a.to, a.header)
	}
	for _, c := range b.set {
		switch {
		case c.Name == sessionCookie:
			checkCookie(t, c, sessionCookie, 0)
			if len(c.Value) != 43 {
				t.Errorf("the cookie has %d characters", len(c.Value))
			}
		case c.MaxAge >= 0:
			t.Errorf("the cookie %s stays", c.Name)
		}
	}
	who, _ := b.who()
	if diff := cmp.Diff([]string{"ann-peeters", "ann.peeters@example.org", "[global-admin]"}, who[:3]); diff != "" {
		t.Error(diff)
	}
	p, ok := access.SignIn{Console: issuer.ConsoleClientID}.Caller(claimsOf(t, who[3]), "")
	if !ok || !p.Console || p.Name != "" { // access tokens of Cognito have no name
		t.Errorf("the token is not the console's: %+v", p)
	}
	want := session.Person{Token: who[3], Caller: access.Principal{Subject: "ann-peeters", Name: "ann.peeters@example.org", Roles: []access.Role{access.GlobalAdmin}}}
	if diff := cmp.Diff(want, b.signed); diff != "" {
		t.Errorf("signed in (-want +got)\n%s", diff)
	}
	if b.keeper.Origin() != u.Scheme+"://"+u.Host {
		t.Errorf("the form for signing out may lead to %s", b.keeper.Origin())
	}
}

func checkCookie(t *testing.T, c *http.Cookie, prefix string, age int) {
	t.Helper()
	if !strings.HasPrefix(c.Name, prefix) || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode || c.MaxAge != age {
		t.Errorf("cookie %+v", c)
	}
}

// claimsOf returns the claims of a token as API Gateway passes them to functions.
func claimsOf(t *testing.T, token string) map[string]string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := json.Unmarshal(raw, &values); err != nil {
		t.Fatal(err)
	}
	claims := map[string]string{}
	for name, v := range values {
		if text, ok := v.(string); ok {
			claims[name] = text
		}
	}
	return claims
}

// The issuer may not know the person's roles.
func TestSignInWithoutARole(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	if to := b.signIn("Jo", "", ""); to != session.Home {
		t.Errorf("to %s", to)
	}
	if who, _ := b.who(); who[0] != "jo" || who[2] != "[]" {
		t.Errorf("%v", who)
	}
}

func TestSignedInRefuses(t *testing.T) {
	t.Parallel()
	const lost, refused, token = session.CodeLost + " ", session.CodeRefused + " ", session.CodeToken + " "
	for name, test := range map[string]struct {
		do   func(t *testing.T, b *browser) (back string)
		want string
	}{
		"no sign-in": {func(_ *testing.T, b *browser) string { return "/signed-in?code=x&state=y" }, lost},
		"nothing":    {func(_ *testing.T, b *browser) string { return "/signed-in" }, lost},
		"another browser's answer": {func(_ *testing.T, b *browser) string {
			other := b.browser()
			back := other.choose(other.start(""), "Eve", "global-admin")
			b.start("")
			return back
		}, lost},
		"another state": {func(_ *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			at := strings.Index(back, "state=") + len("state=")
			return back[:at+8] + strings.Repeat("A", len(back)-at-8)
		}, lost},
		"too late": {func(_ *testing.T, b *browser) string {
			page := b.start("")
			b.pass(10 * time.Minute)
			return b.choose(page, "Ann", "")
		}, lost},
		"the code expired": {func(_ *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			b.pass(5 * time.Minute)
			return back
		}, lost},
		"a code that was used": {func(_ *testing.T, b *browser) string {
			page := b.start("")
			first := b.choose(page, "Ann", "")
			kept := b.login()
			value := b.cookies[kept]
			b.get(first)
			delete(b.cookies, sessionCookie)
			b.cookies[kept] = value // an attacker has the cookie, too
			return first
		}, lost},
		"the answer again": {func(_ *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			b.get(back)
			delete(b.cookies, sessionCookie)
			return back
		}, lost},
		"another issuer answered": {func(_ *testing.T, b *browser) string {
			return b.choose(b.start(""), "Ann", "") + "&iss=https%3A%2F%2Fexample.org"
		}, lost},
		"cancelled": {func(_ *testing.T, b *browser) string { return b.choose(b.start(""), "Ann", "cancel") }, refused + "access_denied"},
		"a text instead of a code": {func(_ *testing.T, b *browser) string {
			back, err := url.Parse(b.choose(b.start(""), "Ann", "cancel"))
			if err != nil {
				b.t.Fatal(err)
			}
			query := back.Query()
			query.Set("error", "Call this number")
			back.RawQuery = query.Encode()
			return back.String()
		}, refused + "unknown"},
		"another nonce": {func(t *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			b.changeLogin(t, "nonce", "other")
			return back
		}, token},
		"another verifier": {func(t *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			b.changeLogin(t, "verifier", strings.Repeat("x", 43))
			return back
		}, lost},
		"a client that is refused": {func(_ *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			b.issuer.Clients = nil
			return back
		}, refused + "invalid_client"},
		"tokens of another key": {func(t *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			other, err := issuer.Open(filepath.Join(t.TempDir(), "key"), b.issuer.URL, b.clock)
			if err != nil {
				t.Fatal(err)
			}
			b.answerTokens(t, func(tokens map[string]any) {
				forged, err := other.Sign(anyClaims(b, tokens))
				if err != nil {
					t.Error(err)
				}
				tokens["id_token"] = forged
			})
			return back
		}, token},
		"no ID token": {func(t *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			b.answerTokens(t, func(tokens map[string]any) { delete(tokens, "id_token") })
			return back
		}, token},
		"another access token": {func(t *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			b.answerTokens(t, func(tokens map[string]any) {
				other, err := b.issuer.Token("eve", nil, time.Hour)
				if err != nil {
					t.Error(err)
				}
				tokens["access_token"] = other
			})
			return back
		}, token},
		"an ID token for access": {func(t *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			b.answerTokens(t, func(tokens map[string]any) {
				id, err := b.issuer.Sign(anyClaims(b, tokens))
				if err != nil {
					t.Error(err)
				}
				tokens["id_token"], tokens["access_token"] = id, id
			})
			return back
		}, token},
		"an access token that is no JWT": {func(t *testing.T, b *browser) string {
			back := b.choose(b.start(""), "Ann", "")
			b.answerTokens(t, func(tokens map[string]any) {
				id, err := b.issuer.Sign(anyClaims(b, tokens))
				if err != nil {
					t.Error(err)
				}
				tokens["id_token"], tokens["access_token"] = id, "opaque"
			})
			return back
		}, token},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser()
			if a := b.get(test.do(t, b)); a.status != http.StatusConflict || a.body != test.want {
				t.Errorf("%d %q to %q, want %q", a.status, a.body, a.to, test.want)
			}
			if b.cookies[sessionCookie] != "" {
				t.Error("the browser has a session")
			}
		})
	}
}

// anyClaims returns valid claims of an ID token for any access token.
func anyClaims(b *browser, tokens map[string]any) map[string]any {
	claims := map[string]any{"exp": b.clock().Add(time.Hour).Unix(), "iat": b.clock().Unix()}
	for name, value := range claimsOf(b.t, tokens["id_token"].(string)) {
		if name != "at_hash" {
			claims[name] = value
		}
	}
	return claims
}

// changeLogin changes the cookie of the sign-in.
func (b *browser) changeLogin(t *testing.T, member, value string) {
	t.Helper()
	name := b.login()
	raw, err := base64.RawURLEncoding.DecodeString(b.cookies[name])
	if err != nil {
		t.Fatal(err)
	}
	var login map[string]any
	if err := json.Unmarshal(raw, &login); err != nil {
		t.Fatal(err)
	}
	if _, there := login[member]; !there {
		t.Fatalf("the cookie has no %s", member)
	}
	login[member] = value
	if raw, err = json.Marshal(login); err != nil {
		t.Fatal(err)
	}
	b.cookies[name] = base64.RawURLEncoding.EncodeToString(raw)
}

// answerTokens changes the answers of the token endpoint.
func (w *world) answerTokens(t *testing.T, change func(map[string]any)) {
	t.Helper()
	mux := http.NewServeMux()
	w.issuer.Handle(mux, "")
	serve := func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != issuer.TokenPath {
			return false
		}
		real := httptest.NewRecorder()
		mux.ServeHTTP(real, r)
		var tokens map[string]any
		if err := json.Unmarshal(real.Body.Bytes(), &tokens); err != nil || real.Code != http.StatusOK {
			t.Errorf("%d %s", real.Code, real.Body)
		}
		change(tokens)
		rw.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(rw).Encode(tokens); err != nil {
			t.Error(err)
		}
		return true
	}
	w.serve.Store(&serve)
}

// Whoever puts a key into a browser before its user signs in must not be signed in by it.
func TestFixation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	eve, b := w.browser(), w.browser()
	eve.signIn("Eve", "", "")
	planted := eve.cookies[sessionCookie]
	b.cookies[sessionCookie] = planted
	b.signIn("Ann", "global-admin", "")
	if b.cookies[sessionCookie] == planted {
		t.Fatal("the session has the planted key")
	}
	b.signedIn("ann")
	eve.signedOut() // the session that the browser had is over
	if n := len(w.store.all()); n != 1 {
		t.Errorf("%d sessions are stored", n)
	}
}

func TestTwoTabsSignIn(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	first, second := b.start("/console/agreements"), b.start("/console/groups")
	for page, want := range map[string]string{b.choose(second, "Ann", ""): "/console/groups", b.choose(first, "Ann", ""): "/console/agreements"} {
		if a := b.get(page); a.to != want {
			t.Errorf("to %s, want %s: %s", a.to, want, a.body)
		}
	}
	b.signedIn("ann")
	for range 10 { // sign-ins that nobody finishes
		b.start("")
	}
	if n := len(b.cookies); n > 5 {
		t.Errorf("%d cookies", n)
	}
}

// A person who goes back to the return address is signed in and goes on.
func TestSignedInAgain(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	back := b.choose(b.start("/console/groups"), "Ann", "")
	b.get(back)
	if a := b.get(back); a.status != http.StatusSeeOther || a.to != session.Home || b.signed.Token != "" {
		t.Errorf("%d to %q, signed in: %v", a.status, a.to, b.signed.Caller)
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for _, to := range []string{
		"/console/overview", "/console/", "/console/agreements/ab12?x=%2F%2F&y=https://example.org", "/console/reports/installations/", "/console/a?to=\u0025C3%A9",
	} {
		if got := session.Local(to); got != to {
			t.Errorf("%q is not local: %q", to, got)
		}
	}
	for _, to := range []string{
		"", "/", "/console", "overview", "console/overview", "https://example.org/console/", "//example.org/console/", "///example.org/console/", `/\example.org/console/`, `\\example.org`,
		"/console/../signed-in", "/console/./a", "/console/%2e%2e/signed-in", "/console//example.org", "/console/a//b", "/console/%2Fexample.org", "/console/%5Cexample.org", `/console/\example.org`,
		"/console/a\nb", "/console/a b", "/console/a\tb", "/console/\x00", "/console/é", "/consolex/", "/console/a#b", "javascript:alert(1)//console/", "http:/console/", "//user@host/console/",
		"/console/sign-in", "/console/sign-in?to=/console/sign-in", "/console/sign-out", "/console/" + strings.Repeat("a", 2000), "%2Fconsole/", "/console/%", " /console/a",
	} {
		if got := session.Local(to); got != session.Home {
			t.Errorf("%q is local: %q", to, got)
		}
	}
	b := newWorld(t).browser()
	if to := b.signIn("Ann", "", "https://example.org/console/"); to != session.Home {
		t.Errorf("to %s", to)
	}
	// A changed cookie does not lead elsewhere either.
	back := b.choose(b.start("/console/a"), "Ann", "")
	b.changeLogin(t, "to", "//example.org")
	if a := b.get(back); a.to != session.Home {
		t.Errorf("to %s", a.to)
	}
}

func FuzzLocal(f *testing.F) {
	for _, seed := range []string{"/console/a", "//a/console/", "/console/%2f", `/console/\a`, "/console/?a=//b"} {
		f.Add(seed)
	}
	base, err := url.Parse("https://console.example/")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to string) {
		local := session.Local(to)
		u, err := base.Parse(local)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || local != session.Home && !strings.HasPrefix(u.Path, "/console/") || strings.ContainsAny(local, "\\\r\n") {
			t.Errorf("%q leads to %v, %v", to, u, err)
		}
	})
}

func TestUnset(t *testing.T) {
	t.Parallel()
	b := newWorld(t, func(o *session.Options) { o.Issuer, o.Client = "", "" }).browser()
	if a := b.get("/console/sign-in"); a.body != session.CodeUnset+" " {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := b.do(http.MethodPost, "/console/sign-out", nil); a.status != http.StatusSeeOther || a.to != session.Home {
		t.Errorf("%d to %s", a.status, a.to)
	}
}

// A client with a secret sends it to the token endpoint and to the revocation endpoint, as Basic unless
// the issuer wants it in the form, and never to the browser.
func TestSecret(t *testing.T) {
	t.Parallel()
	for name, methods := range map[string][]string{"Basic": nil, "Basic, too": {"client_secret_post", "client_secret_basic"}, "in the form": {"client_secret_post"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *session.Options) {
				o.Secret = func(context.Context) (string, error) { return "hunter2 &", nil }
			})
			mux := http.NewServeMux()
			w.issuer.Handle(mux, "")
			checked := 0
			serve := func(rw http.ResponseWriter, r *http.Request) bool {
				switch r.URL.Path {
				case issuer.DiscoveryPath:
					real := httptest.NewRecorder()
					mux.ServeHTTP(real, r)
					var metadata map[string]any
					if err := json.Unmarshal(real.Body.Bytes(), &metadata); err != nil {
						t.Error(err)
					}
					delete(metadata, "token_endpoint_auth_methods_supported")
					if methods != nil {
						metadata["token_endpoint_auth_methods_supported"] = methods
					}
					rw.Header().Set("Content-Type", "application/json")
					if err := json.NewEncoder(rw).Encode(metadata); err != nil {
						t.Error(err)
					}
					return true
				case issuer.TokenPath, issuer.RevokePath:
					checked++
					if err := r.ParseForm(); err != nil {
						t.Error(err)
					}
					user, password, basic := r.BasicAuth()
					if basic != (name != "in the form") || basic && (user != issuer.ConsoleClientID || password != url.QueryEscape("hunter2 &")) {
						t.Errorf("%s: %q %q", r.URL.Path, user, password)
					}
					if !basic && r.PostForm.Get("client_secret") != "hunter2 &" {
						t.Errorf("%s: %v", r.URL.Path, r.PostForm)
					}
					// The issuer of the local stack has public clients only.
					r.PostForm.Set("client_id", issuer.ConsoleClientID)
					r.PostForm.Del("client_secret")
					r.Form = nil
					r.Header.Del("Authorization")
					again := r.Clone(r.Context())
					again.Body = io.NopCloser(strings.NewReader(r.PostForm.Encode()))
					again.PostForm = nil
					mux.ServeHTTP(rw, again)
					return true
				}
				return false
			}
			w.serve.Store(&serve)
			b := w.browser()
			page := b.start("")
			if strings.Contains(page, "hunter2") {
				t.Errorf("the browser gets the secret: %s", page)
			}
			b.get(b.choose(page, "Ann", ""))
			b.signedIn("ann")
			b.pass(issuer.Life - time.Minute)
			b.signedIn("ann")
			b.do(http.MethodPost, "/console/sign-out", nil)
			if checked != 3 {
				t.Errorf("%d requests with the secret", checked)
			}
		})
	}
}
