package console_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"trueup/internal/access"
	"trueup/internal/console"
)

// testTroubles: what a page says when the API refuses or fails, whether anything changed, and the way on.
func testTroubles(t *testing.T, f *filled) {
	defer f.proxy.answer("GET /groups", nil)
	defer f.proxy.answer("POST /groups", nil)
	v := f.as(t, an)
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		status int
		get    []string // on a page that reads
		post   []string // after a form
	}{
		{"a conflict", problem(409, "group_limit", "There are 500 license groups."), 409, []string{"This clashes with what is stored"}, nil},
		{"another version", problem(412, "version_stale", "This was changed."), 412, []string{"Another person has changed this meanwhile", "This was changed."}, []string{"Nothing was changed.", "Back"}},
		{"too many requests", gatewayAnswer(429), 429, []string{"Too many requests at once", "Try again"}, []string{"Nothing was changed.", "Send again"}},
		{"unavailable", problem(503, "try_again", "Later."), 503, []string{"trueup does not answer", "Try again", "request-2"}, []string{"It is not known whether the change was made", "Send again"}},
		{"the gateway waits no longer", gatewayAnswer(504), 503, []string{"trueup does not answer"}, []string{"It is not known whether the change was made"}},
		{"a fault", problem(500, "internal_error", "Oops."), 500, []string{"Something went wrong on our side", "internal_error request-2"}, []string{"Send again"}},
		{"too large", gatewayAnswer(413), 413, []string{"This is too large"}, []string{"Nothing was changed."}},
		{"not found", gatewayAnswer(404), 404, []string{"This does not exist"}, []string{"Nothing was changed."}},
		{"no answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 503, []string{"trueup does not answer"}, []string{"Send again"}},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }, 500, []string{"Something went wrong on our side"}, nil},
	} {
		f.proxy.answer("GET /groups", test.answer)
		v.get("/console/groups").is(test.status).sound().has(test.get...).lacks("Nothing was changed.")
		f.proxy.answer("GET /groups", nil)
		if test.post == nil {
			continue
		}
		f.proxy.answer("POST /groups", test.answer)
		p := v.post("/console/groups", url.Values{"name": {"Kept <name>"}, "key": {"kept-key"}, "details": {"secret"}}).is(test.status).sound().has(test.post...).lacks("secret")
		f.proxy.answer("POST /groups", nil)
		if strings.Contains(strings.Join(test.post, " "), "Send again") {
			if got := p.fields("/console/groups"); got.Get("name") != "Kept <name>" || got.Get("key") != "kept-key" {
				t.Errorf("%s: the form to send again is %v", test.name, got)
			}
		}
	}
	// A slow API: the page comes before the function's own time is up.
	f.proxy.answer("GET /groups", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	slow := v.send(httptest.NewRequest(http.MethodGet, "/console/groups", nil).WithContext(ctx))
	read(t, "slow", slow).is(http.StatusServiceUnavailable).sound().has("trueup does not answer", "Try again")
	f.proxy.answer("GET /groups", nil)

	v.get("/console/agreements?status=none").is(http.StatusUnprocessableEntity).sound().has("Something has to be corrected", "Clear filters")
	v.get("/console/agreements?cursor=none").is(http.StatusUnprocessableEntity).sound()
	v.get("/console/nothing").is(http.StatusNotFound).sound().has("There is no such page")
	v.get("/console/agreements/none").is(http.StatusNotFound).sound()
	if got := v.get("/console/nothing").header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("an unknown page is %s", got)
	}
}

// gatewayAnswer is an answer of API Gateway itself.
func gatewayAnswer(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, `{"message":"`+http.StatusText(status)+`"}`)
	}
}

// door is a console whose API does not answer, for tests that never reach it.
func door(t *testing.T) *world {
	t.Helper()
	api := httptest.NewServer(gatewayAnswer(http.StatusUnauthorized))
	t.Cleanup(api.Close)
	w := &world{people: &people{}}
	w.console = console.New(console.Options{API: api.URL, Client: &http.Client{}, Sessions: w.people, Now: time.Now, Log: quiet, Uploads: "https://uploads.example.org"})
	return w
}

// TestSignedOut: a session that has ended leads to the sign-in and back; what was typed stays on the page.
func TestSignedOut(t *testing.T) {
	t.Parallel()
	w := door(t)
	nobody := &visitor{t: t, w: w}
	p := nobody.get("/console/agreements?q=office").is(http.StatusSeeOther)
	if to := p.header.Get("Location"); to != "https://issuer.example.org/authorize" || w.people.signed[0] != "/console/agreements?q=office" {
		t.Errorf("to %s and back to %v", to, w.people.signed)
	}
	typed := url.Values{"name": {"Typed <b>name</b>"}, "details": {"secret"}, "authorization": {"A1", "A2"}}
	p = nobody.post("/console/agreements/add", typed).is(http.StatusUnauthorized).sound().has("You are signed out", "Nothing was changed.", "Sign in in another tab").lacks("secret", "<b>name")
	if got := p.fields("/console/agreements/add"); got.Get("name") != "Typed <b>name</b>" || len(got["authorization"]) != 2 {
		t.Errorf("the form to send again is %v", got)
	}

	// A script gets no redirect to another site.
	r := httptest.NewRequest(http.MethodGet, "/console/lookup/publishers?q=a", nil)
	r.Header.Set("Sec-Fetch-Mode", "cors")
	read(t, "lookup", nobody.send(r)).is(http.StatusUnauthorized)

	// The API may find that a session has ended before the console does. The page does not lead on by itself.
	w.as(t, an).get("/console/groups").is(http.StatusUnauthorized).sound().has("Your session has ended. Sign in again.")
	w.as(t, an).post("/console/groups", url.Values{"name": {"New"}}).is(http.StatusUnauthorized).has("You are signed out")

	w.people.broken = errors.New("secret of the store")
	w.as(t, an).get("/console/groups").is(http.StatusServiceUnavailable).sound().lacks("secret")
}

// TestSignIn: the pages of the door call the sessions, and lead nowhere else.
func TestSignIn(t *testing.T) {
	t.Parallel()
	w := door(t)
	nobody := &visitor{t: t, w: w}
	for _, to := range []string{"/console/groups?x=1", "https://evil.example", "//evil.example", ""} {
		nobody.get("/console/sign-in?" + url.Values{"to": {to}}.Encode()).is(http.StatusSeeOther)
	}
	want := "/console/groups?x=1 /console/overview /console/overview /console/overview"
	if got := strings.Join(w.people.signed, " "); got != want {
		t.Errorf("back to %s, want %s", got, want)
	}
	for _, path := range []string{"/", "/console", "/console/"} {
		if to := nobody.get(path).is(http.StatusSeeOther).header.Get("Location"); to != "/console/overview" {
			t.Errorf("%s leads to %s", path, to)
		}
	}
	nobody.get("/signed-in?code=1").is(http.StatusSeeOther)
	w.as(t, an).post("/console/sign-out", url.Values{}).is(http.StatusSeeOther)
	w.as(t, an).post("/console/sign-out-everywhere", url.Values{}).is(http.StatusSeeOther)
	w.as(t, an).get("/console/sign-out").is(http.StatusNotFound)
}

// TestNoRole: a person without a role is told which one is needed.
func TestNoRole(t *testing.T) {
	t.Parallel()
	w := door(t)
	w.as(t, person("kim")).get("/console/overview").is(http.StatusForbidden).sound().has("Your account has no role in trueup")
	crowded := person("lee")
	crowded.GroupsLeftOut = true
	w.as(t, crowded).get("/console/overview").is(http.StatusForbidden).sound().has("you are in too many of them")
	w.as(t, person("pat", access.UserAdmin)).get("/console/agreements/add").is(http.StatusForbidden).sound().has("You are signed in as: User admin. One of these roles is needed: Global admin, Billing admin.")
}

// TestCrossSite: a form of another site is refused, with the cookies of the person and without.
func TestCrossSite(t *testing.T) {
	t.Parallel()
	w := door(t)
	for _, row := range console.Pages() {
		if row.Method != http.MethodPost {
			continue
		}
		path := strings.NewReplacer("{id}", "x", "{pair}", "y", "{entry}", "z", "{title}", "z", "{publisher}", "z", "{product}", "z").Replace(row.Path)
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("name=x"))
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(&http.Cookie{Name: personCookie, Value: tokenOf(an)})
		answer := httptest.NewRecorder()
		w.console.ServeHTTP(answer, r)
		read(t, path, answer).is(http.StatusForbidden).sound().has("This form came from another site")
	}
}

// TestHeaders: CONSOLE 7.
func TestHeaders(t *testing.T) {
	t.Parallel()
	w := door(t)
	h := w.as(t, person("kim")).get("/console/overview").header
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' https://uploads.example.org; " +
			"form-action 'self' https://issuer.example.org; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types trueup",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store",
		"Strict-Transport-Security": "max-age=31536000", "Content-Language": "en",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

var assetAddress = regexp.MustCompile(`/console/assets/[0-9a-f]{16}/[a-z]+\.[a-z]+`)

// TestAssets: assets are kept by browsers under an address with their hash, and compressed.
func TestAssets(t *testing.T) {
	t.Parallel()
	w := door(t)
	nobody := &visitor{t: t, w: w}
	addresses := assetAddress.FindAllString(nobody.get("/console/nothing").body, -1)
	if len(addresses) < 3 {
		t.Fatalf("assets: %v", addresses)
	}
	for _, address := range addresses {
		r := httptest.NewRequest(http.MethodGet, address, nil)
		r.Header.Set("Accept-Encoding", "br, gzip")
		got := nobody.send(r)
		if got.Code != http.StatusOK || got.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d, Cache-Control %q", address, got.Code, got.Header().Get("Cache-Control"))
		}
		if strings.HasSuffix(address, ".css") {
			z, err := gzip.NewReader(got.Body)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(z); err != nil || !strings.Contains(string(b), "@layer") {
				t.Errorf("%s: %.40q %v", address, b, err)
			}
		}
	}
	old := nobody.get("/console/assets/0000000000000000/app.css").is(http.StatusOK)
	if got := old.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("an old hash: Cache-Control %q", got)
	}
	nobody.get("/console/assets/0000000000000000/none.css").is(http.StatusNotFound)
}

// TestPreferences: the language and the theme are kept in the browser, and forms lead back.
func TestPreferences(t *testing.T) {
	t.Parallel()
	w := door(t)
	nobody := &visitor{t: t, w: w}
	for _, test := range []struct {
		form             url.Values
		cookie, location string
	}{
		{url.Values{"lang": {"fr"}, "back": {"/console/groups?a=b"}}, "__Host-trueup-lang=fr", "/console/groups?a=b"},
		{url.Values{"theme": {"dark"}, "back": {"//evil.example/console/"}}, "__Host-trueup-theme=dark", "/console/overview"},
		{url.Values{"theme": {"auto"}, "back": {""}}, "__Host-trueup-theme=;", "/console/overview"},
	} {
		p := nobody.post("/console/preferences", test.form).is(http.StatusSeeOther)
		if got := p.header.Get("Set-Cookie"); !strings.HasPrefix(got, test.cookie) || p.header.Get("Location") != test.location {
			t.Errorf("%v: %s to %s", test.form, got, p.header.Get("Location"))
		}
	}
	for header, want := range map[string]string{"nl-BE, en;q=0.5": "nl", "ja": "en", "": "en"} {
		r := httptest.NewRequest(http.MethodGet, "/console/nothing", nil)
		r.Header.Set("Accept-Language", header)
		p := read(t, header, nobody.send(r))
		if got := value(p.all("html")[0], "lang"); got != want {
			t.Errorf("Accept-Language %q: %s", header, got)
		}
	}
}

// TestNothingOfOthers: the answers of one person have nothing of another, also when both ask at once.
func TestNothingOfOthers(t *testing.T) {
	t.Parallel()
	w := door(t)
	for _, who := range []access.Principal{person("kim"), person("lee")} {
		t.Run(who.Name, func(t *testing.T) {
			t.Parallel()
			for range 50 {
				p := w.as(t, who).get("/console/overview")
				other := map[string]string{"kim@example.org": "lee@example.org", "lee@example.org": "kim@example.org"}[who.Name]
				if !strings.Contains(p.body, who.Name) || strings.Contains(p.body, other) {
					t.Fatalf("the page of %s is %s", who.Name, p.body)
				}
			}
		})
	}
}
