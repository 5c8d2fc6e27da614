package session_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trueup/infra/local/aws/issuer"
	"trueup/internal/console/session"
)

// down makes the issuer answer everything with a status, or not at all with 0.
func (w *world) down(status int) {
	serve := func(rw http.ResponseWriter, _ *http.Request) bool {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		rw.WriteHeader(status)
		io.WriteString(rw, "ann@example.org is secret")
		return true
	}
	w.serve.Store(&serve)
}

func (w *world) up() { w.serve.Store(nil) }

func TestWhoIsNotSignedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn("Ann", "global-admin", "")
	own := b.cookies[sessionCookie]
	other := w.browser()
	for name, value := range map[string]string{
		"none": "", "wrong": strings.Repeat("A", 43), "no base64": strings.Repeat("!", 43), "short": own[:42], "long": own + "A",
		"another spelling of the same bytes": own[:42] + string(nextSpelling(own[42])),
		"the id of the item":                 w.store.all()[0].ID,
	} {
		other.cookies = map[string]string{}
		if value != "" {
			other.cookies[sessionCookie] = value
		}
		if who, status := other.who(); status != http.StatusUnauthorized {
			t.Errorf("%s: %d %v", name, status, who)
		}
	}
	b.signedIn("ann")
}

// nextSpelling returns a character of base64 whose bits that are no padding are the same.
func nextSpelling(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	t.Run("without use", func(t *testing.T) {
		t.Parallel()
		b := newWorld(t).browser()
		b.signIn("Ann", "", "")
		b.pass(session.Idle - time.Millisecond)
		b.signedIn("ann")
		b.pass(session.Idle)
		b.signedOut() // although the item is still there
		if len(b.store.all()) != 1 {
			t.Error("the item is gone")
		}
	})
	t.Run("used for longer than without use", func(t *testing.T) {
		t.Parallel()
		b := newWorld(t).browser()
		b.signIn("Ann", "", "")
		for range 40 { // almost four hours
			b.pass(6 * time.Minute)
			b.signedIn("ann")
		}
	})
	t.Run("after its whole life", func(t *testing.T) {
		t.Parallel()
		b := newWorld(t).browser()
		b.signIn("Ann", "", "")
		for range int(session.Life/(30*time.Minute)) - 1 {
			b.pass(30 * time.Minute)
			b.signedIn("ann")
		}
		b.pass(30*time.Minute - time.Millisecond)
		b.signedIn("ann")
		b.pass(time.Millisecond)
		b.signedOut()
	})
	t.Run("deleted", func(t *testing.T) {
		t.Parallel()
		b := newWorld(t).browser()
		b.signIn("Ann", "", "")
		if err := b.store.Delete(t.Context(), b.store.all()[0]); err != nil {
			t.Fatal(err)
		}
		b.signedOut()
	})
	t.Run("damaged", func(t *testing.T) {
		t.Parallel()
		b := newWorld(t).browser()
		b.signIn("Ann", "", "")
		s := b.store.all()[0]
		s.Sealed[len(s.Sealed)-1] ^= 1
		b.store.sessions[s.ID] = s
		b.signedOut()
	})
	t.Run("of another item", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		b := w.browser()
		b.signIn("Ann", "", "")
		eve := w.browser()
		eve.signIn("Eve", "global-admin", "")
		all := w.store.all()
		all[0].Sealed, all[1].Sealed = all[1].Sealed, all[0].Sealed
		w.store.sessions[all[0].ID], w.store.sessions[all[1].ID] = all[0], all[1]
		b.signedOut()
		eve.signedOut()
	})
	t.Run("with its only token", func(t *testing.T) {
		t.Parallel()
		b := newWorld(t).browser()
		b.answerTokens(t, func(tokens map[string]any) { delete(tokens, "refresh_token") })
		b.signIn("Ann", "", "")
		b.pass(issuer.Life - 20*time.Second)
		b.signedIn("ann")
		b.pass(15 * time.Second)
		b.signedOut()
		if len(b.store.all()) != 0 {
			t.Error("the item is still there")
		}
	})
}

// The time of the last use is written at most every five minutes.
func TestTouch(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	b.signIn("Ann", "", "")
	begun := b.clock()
	for minute := range 12 {
		b.signedIn("ann")
		if got, want := b.store.all()[0].Used, begun.Add(time.Duration(minute/5*5)*time.Minute); !got.Equal(want) {
			t.Fatalf("after %d minutes the last use is %v, want %v", minute, got, want)
		}
		b.pass(time.Minute)
	}
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	b.signIn("Ann", "global-admin", "")
	first := b.signedIn("ann")
	b.pass(issuer.Life - 5*time.Minute - time.Second)
	if b.signedIn("ann") != first || b.token.Load() != 1 {
		t.Error("renewed too early")
	}
	b.pass(time.Second)
	second := b.signedIn("ann")
	if second == first || b.token.Load() != 2 {
		t.Error("not renewed")
	}
	if who, _ := b.who(); who[1] != "ann@example.org" || who[2] != "[global-admin]" {
		t.Errorf("%v", who)
	}
	// The refresh token of the issuer works once, so the new one was stored.
	b.pass(issuer.Life - 4*time.Minute)
	if b.signedIn("ann") == second || b.token.Load() != 3 {
		t.Error("not renewed again")
	}
	if b.store.all()[0].Version != 3 {
		t.Errorf("version %d", b.store.all()[0].Version)
	}
}

// Two tabs, and more: one request renews the tokens. The others use the old ones while they are valid,
// and wait when they are not.
func TestTwoTabsRenew(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"valid": issuer.Life - 4*time.Minute, "expired": issuer.Life + time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newWorld(t).browser()
			b.signIn("Ann", "", "")
			old := b.signedIn("ann")
			b.pass(30 * time.Minute)
			b.signedIn("ann") // used
			b.pass(after - 30*time.Minute)
			var mu sync.Mutex
			seen := map[string]int{}
			var g sync.WaitGroup
			for range 8 {
				g.Go(func() {
					tab := b.browser()
					tab.cookies = map[string]string{sessionCookie: b.cookies[sessionCookie]}
					who, status := tab.who()
					if status != http.StatusOK {
						t.Errorf("status %d", status)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					seen[who[3]]++
				})
			}
			g.Wait()
			if b.token.Load() != 2 {
				t.Errorf("%d requests for tokens", b.token.Load())
			}
			delete(seen, old)
			if len(seen) != 1 || name == "expired" && slices.Collect(maps.Values(seen))[0] != 8 {
				t.Errorf("%d new tokens", len(seen))
			}
			b.pass(issuer.Life - time.Minute)
			b.signedIn("ann") // the refresh tokens were not revoked
		})
	}
}

// The clocks of the issuer and of the console differ.
func TestClocks(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"ahead": 2 * time.Minute, "behind": -2 * time.Minute, "half an hour behind": -30 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.skew = skew
			b := w.browser()
			b.signIn("Ann", "", "")
			first := b.signedIn("ann")
			b.pass(issuer.Life + skew - 6*time.Minute)
			if b.signedIn("ann") != first {
				t.Error("renewed too early")
			}
			b.pass(90 * time.Second)
			if b.signedIn("ann") == first {
				t.Error("not renewed")
			}
		})
	}
	// A token that is over when it arrives would make the API refuse every page.
	w := newWorld(t)
	w.skew = -2 * time.Hour
	b := w.browser()
	if a := b.get(b.choose(b.start(""), "Ann", "")); a.body != session.CodeToken+" " {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A process that ends while it renews the tokens keeps the others waiting until its claim ends.
func TestProcessEndsWhileItRenews(t *testing.T) {
	t.Parallel()
	b := newWorld(t).browser()
	b.signIn("Ann", "", "")
	s := b.store.all()[0]
	b.pass(issuer.Life - time.Minute)
	if err := b.store.Claim(t.Context(), s.ID, 1, "dead", b.clock(), b.clock().Add(15*time.Second)); err != nil {
		t.Fatal(err)
	}
	b.signedIn("ann")
	if b.token.Load() != 1 {
		t.Error("renewed although another request renews")
	}
	b.pass(15 * time.Second)
	b.signedIn("ann")
	if b.token.Load() != 2 {
		t.Error("not renewed after the claim")
	}
}

func TestRefreshTokenRevoked(t *testing.T) {
	t.Parallel()
	for name, revoke := range map[string]func(w *world){
		"revoked": func(w *world) { w.revokeAll() },
		"a second factor is due": func(w *world) {
			serve := func(rw http.ResponseWriter, r *http.Request) bool {
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(http.StatusBadRequest)
				io.WriteString(rw, `{"error":"interaction_required","error_description":"AADSTS50076"}`)
				return true
			}
			w.serve.Store(&serve)
		},
		"of another person": func(w *world) {
			w.answerTokens(w.t, func(tokens map[string]any) {
				other, err := w.issuer.Token("eve", nil, time.Hour)
				if err != nil {
					w.t.Error(err)
				}
				tokens["access_token"] = other
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newWorld(t).browser()
			b.signIn("Ann", "", "")
			revoke(b.world)
			b.signedIn("ann") // until the token is renewed
			b.pass(issuer.Life - time.Minute)
			b.signedOut()
			if len(b.store.all()) != 0 {
				t.Error("the session is still stored")
			}
			if !strings.Contains(b.log.text(), "session ended by the issuer") {
				t.Error("no log line")
			}
		})
	}
}

// revokeAll revokes every refresh token: another issuer answers, which knows none.
func (w *world) revokeAll() {
	empty, err := issuer.Open(filepath.Join(w.t.TempDir(), "key"), w.issuer.URL, w.clock)
	if err != nil {
		w.t.Fatal(err)
	}
	empty.Clients = w.issuer.Clients
	mux := http.NewServeMux()
	empty.Handle(mux, "")
	serve := func(rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != issuer.TokenPath {
			return false
		}
		mux.ServeHTTP(rw, r)
		return true
	}
	w.serve.Store(&serve)
}

func TestIssuerIsDown(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"no answer": 0, "an error": http.StatusBadGateway, "no JSON": http.StatusOK, "elsewhere": http.StatusFound} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser()
			w.down(status)
			if a := b.get("/console/sign-in"); a.status != http.StatusConflict || a.body != session.CodeUnavailable+" " {
				t.Errorf("%d %s", a.status, a.body)
			}
			w.up()
			b.signIn("Ann", "", "") // a failure is not kept
			w.down(status)
			b.pass(issuer.Life - time.Minute)
			b.signedIn("ann") // the token is still valid
			b.pass(2 * time.Minute)
			if a := b.get("/console/overview"); a.status != http.StatusConflict || a.body != session.CodeUnavailable+" " {
				t.Errorf("%d %s", a.status, a.body)
			}
			w.up()
			b.pass(20 * time.Second) // the claim of the attempt ends
			b.signedIn("ann")
			if strings.Contains(w.log.text(), "is secret") {
				t.Errorf("the log has the issuer's answer: %s", w.log.text())
			}
		})
	}
}

func TestStoreIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn("Ann", "", "")
	w.store.fault = errors.New("throttled")
	if _, status := b.who(); status != http.StatusInternalServerError {
		t.Errorf("a page: %d", status)
	}
	if a := b.do(http.MethodPost, "/console/sign-out", nil); a.status != http.StatusInternalServerError || b.cookies[sessionCookie] == "" {
		t.Errorf("signing out: %d", a.status)
	}
	w.store.fault = nil
	b.signedIn("ann")
}

// A cookie of this version must be readable by the next one, and its item, too.
func TestR16_6_SealedFormat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn("Ann", "", "")
	id, opened := session.Opened(t, b.cookies[sessionCookie], w.store.all()[0].Sealed)
	if id != w.store.all()[0].ID {
		t.Errorf("the id is %s", id)
	}
	var members map[string]any
	if err := json.Unmarshal(opened, &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"access", "refresh", "name", "hint", "pages", "received"} {
		if members[name] == nil {
			t.Errorf("no %s in %v", name, members)
		}
	}
	// Of a fixed key: derivations must not change.
	if got, want := session.IDOf(strings.Repeat("A", 43)), "68iKLG_BOjNcY2JOGZ1xkeymMHILLbV2ekkECRv8jf0"; got != want {
		t.Errorf("the id of a fixed key is %s, want %s", got, want)
	}
}
