package session_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"trueup/infra/local/aws/issuer"
)

func TestSignOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, tab := w.browser(), w.browser()
	b.signIn("Ann", "", "")
	tab.signIn("Ann", "", "")
	key := b.cookies[sessionCookie]
	var revoked []string
	serve := func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == issuer.RevokePath {
			revoked = append(revoked, r.URL.Path)
		}
		return false
	}
	w.serve.Store(&serve)
	a := b.do(http.MethodPost, "/console/sign-out", nil)
	u, err := url.Parse(a.to)
	if err != nil || a.status != http.StatusSeeOther || u.Path != issuer.LogoutPath {
		t.Fatalf("%d to %s", a.status, a.to)
	}
	if u.Query().Get("client_id") != issuer.ConsoleClientID || u.Query().Get("logout_uri") != w.front.URL+"/" || u.Query().Get("post_logout_redirect_uri") != w.front.URL+"/" {
		t.Errorf("%v", u.Query())
	}
	if back := b.get(a.to); back.to != w.front.URL+"/" {
		t.Errorf("the issuer sends the browser to %q: %s", back.to, back.body)
	}
	if len(revoked) != 1 {
		t.Errorf("%d tokens were revoked", len(revoked))
	}
	b.signedOut()
	b.cookies[sessionCookie] = key
	b.signedOut()
	tab.signedIn("ann") // another session
	if len(b.cookies) != 1 {
		t.Errorf("cookies %v", b.cookies)
	}
	if a := b.do(http.MethodPost, "/console/sign-out", nil); a.status != http.StatusSeeOther { // again
		t.Errorf("%d", a.status)
	}
}

// A person is signed out of the console whatever the issuer does.
func TestSignOutWhileTheIssuerIsDown(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, http.StatusBadRequest, http.StatusServiceUnavailable} {
		b := newWorld(t).browser()
		b.signIn("Ann", "", "")
		key := b.cookies[sessionCookie]
		b.down(status)
		if a := b.do(http.MethodPost, "/console/sign-out", nil); a.status != http.StatusSeeOther || b.cookies[sessionCookie] != "" {
			t.Errorf("%d %v", a.status, b.cookies)
		}
		b.cookies[sessionCookie] = key
		b.signedOut()
		if !strings.Contains(b.log.text(), "refresh token not revoked") {
			t.Error("no log line")
		}
	}
}

func TestSignOutEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []*browser
	for _, name := range []string{"Ann", "Ann", "Ann", "Bob"} {
		b := w.browser()
		b.signIn(name, "", "")
		all = append(all, b)
	}
	if a := all[1].do(http.MethodPost, "/console/sign-out-everywhere", nil); a.status != http.StatusSeeOther {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, b := range all[:3] {
		b.signedOut()
	}
	all[3].signedIn("bob")
	all[0].signIn("Ann", "", "")
	all[0].signedIn("ann")
	if a := w.browser().do(http.MethodPost, "/console/sign-out-everywhere", nil); a.status != http.StatusSeeOther {
		t.Errorf("without a session: %d", a.status)
	}
	all[0].signedIn("ann")
}

// Whoever has the table or the log has no token, key or name.
func TestNothingIsInPlainText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn("Ann Peeters", "global-admin", "")
	token := b.signedIn("ann-peeters")
	b.pass(issuer.Life - time.Minute)
	renewed := b.signedIn("ann-peeters")
	w.down(http.StatusBadGateway)
	b.do(http.MethodPost, "/console/sign-out", nil)
	w.up()
	b.signIn("Ann Peeters", "global-admin", "")
	s := w.store.all()[0]
	if len(s.Sealed) < 500 {
		t.Fatalf("%d bytes are sealed", len(s.Sealed))
	}
	stored, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"item": string(stored) + string(s.Sealed), "log": w.log.text()} {
		for _, secret := range []string{token, renewed, b.signedIn("ann-peeters"), b.cookies[sessionCookie], "Peeters", "ann.peeters", "example.org", "eyJ"} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s has %q: %s", what, secret, text)
			}
		}
	}
	if strings.Contains(string(stored), "ann") {
		t.Errorf("the item has the subject: %s", stored)
	}
}
