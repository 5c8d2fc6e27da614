package console_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trueup/internal/access"
	"trueup/internal/console"
	"trueup/internal/console/session"
	"trueup/internal/errs"
)

// namesWorld is a world with a file that An has announced, and a console with a clock and a log.
type namesWorld struct {
	*world
	now time.Time
	log bytes.Buffer
	n   atomic.Int64 // calls for names
	ids string       // of the last one

	front string
}

// restart starts another process of the console.
func (w *namesWorld) restart() {
	w.console = console.New(console.Options{
		API: w.front, Client: &http.Client{}, Sessions: w.people, Now: func() time.Time { return w.now }, Log: slog.New(slog.NewJSONHandler(&w.log, nil)),
	})
}

func newNamesWorld(t *testing.T) *namesWorld {
	t.Helper()
	w := &namesWorld{world: newWorld(t), now: time.Now()}
	front := httptest.NewServer(w.proxy)
	t.Cleanup(front.Close)
	w.front = front.URL
	w.restart()
	w.proxy.answer("GET /callers", func(rw http.ResponseWriter, r *http.Request) {
		w.ids = r.URL.Query().Get("id")
		w.n.Add(1)
		w.api.Config.Handler.ServeHTTP(rw, r)
	})
	w.announce(t, an)
	return w
}

// announce announces a list of users.
func (w *namesWorld) announce(t *testing.T, by access.Principal) {
	t.Helper()
	w.askAs(t, by, "POST", "/directory-files", `{"list": "users", "fileName": "users.csv", "size": 100}`, 0, nil)
}

// TestNames: a page shows the name of who did something, with the id as its title. It calls the API only for
// ids that the process does not know, and a name that changes is shown after some minutes.
func TestNames(t *testing.T) {
	t.Parallel()
	w := newNamesWorld(t)
	step := func(what string, who access.Principal, calls int64, texts ...string) {
		t.Helper()
		before := w.n.Load()
		w.as(t, who).get("/console/directory").is(http.StatusOK).sound().has(texts...)
		if n := w.n.Load() - before; n != calls {
			t.Errorf("%s: %d calls for names, want %d", what, n, calls)
		}
	}
	step("one's own name", an, 0, an.Name)
	step("the name of another person", bo, 1, an.Name)
	step("again", bo, 0, an.Name)
	if titled := w.as(t, bo).get("/console/directory").all("span", "title", an.Subject); len(titled) != 1 || textOf(titled[0]) != an.Name {
		t.Errorf("%d names with the id as their title", len(titled))
	}
	cas := person("cas", access.UserAdmin)
	unnamed := access.Principal{Subject: "dot-id", Roles: []access.Role{access.UserAdmin}}
	w.announce(t, cas)
	w.announce(t, unnamed)
	step("two others", bo, 1, an.Name, cas.Name, "dot-id")
	if w.ids != "dot-id,cas-id" {
		t.Errorf("asked for %q", w.ids)
	}
	step("all known", bo, 0, cas.Name, "dot-id")
	w.now = w.now.Add(61 * time.Second)
	step("one without a name", bo, 1, cas.Name, "dot-id")
	cas.Name = "cas.new@example.org"
	w.announce(t, cas)
	step("a name that changed", bo, 0, "cas@example.org")
	w.now = w.now.Add(4 * time.Minute)
	step("later", bo, 1, "cas.new@example.org")
	if w.log.Len() > 0 {
		t.Errorf("log: %s", w.log.String())
	}
}

// TestNamesThatCannotBeRead: a page has ids in place of names when the API fails or does not respond.
func TestNamesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newNamesWorld(t)
	callers := w.proxy.answers["GET /callers"]
	for name, broken := range map[string]http.HandlerFunc{
		"unavailable": problem(http.StatusServiceUnavailable, "try_again", "Try again."),
		"hanging":     func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"no JSON":     func(rw http.ResponseWriter, _ *http.Request) { rw.Write([]byte("<html>")) },
	} {
		w.log.Reset()
		w.proxy.answer("GET /callers", broken)
		begin := time.Now()
		w.as(t, bo).get("/console/directory").is(http.StatusOK).sound().has("an-id")
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s: the page took %v", name, took)
		}
		log := w.log.String()
		if strings.Count(log, "\n") != 1 || !strings.Contains(log, `"msg":"names of callers not read","page":"GET /console/directory","request_id":"`) {
			t.Errorf("%s: log %s", name, log)
		}
		if strings.Contains(log, "an-id") || strings.Contains(log, "an@") {
			t.Errorf("%s: the log says whose name: %s", name, log)
		}
		w.as(t, bo).get("/console/directory").is(http.StatusOK).has("an-id")
		if w.log.String() != log {
			t.Errorf("%s: the next page asks again", name)
		}
		w.now = w.now.Add(61 * time.Second)
	}
	w.proxy.answer("GET /callers", callers)
	w.as(t, bo).get("/console/directory").is(http.StatusOK).has(an.Name)
}

// TestNamesOfFiles: the pages of files have the name of the person who announced them. The golden pages have files
// that were put into the bucket, and the pages of users and licences.
func TestNamesOfFiles(t *testing.T) {
	t.Parallel()
	w := newNamesWorld(t)
	var imported struct{ Import struct{ ID string } }
	w.ask(t, "POST", "/imports", `{"fileName": "numbers.csv", "size": 100}`, &imported)
	var statement struct{ Statement struct{ ID string } }
	w.ask(t, "POST", "/statements", `{"fileName": "license-summary.csv", "size": 100}`, &statement)
	var lists listed
	w.ask(t, "GET", "/directory-files", "", &lists)
	v := w.as(t, bo)
	for _, address := range []string{
		"/console/imports", "/console/imports/" + imported.Import.ID, "/console/statements", "/console/statements/" + statement.Statement.ID,
		"/console/directory", "/console/directory/" + lists.Items[0].ID,
	} {
		v.get(address).is(http.StatusOK).sound().has(an.Name)
	}
	if n := w.n.Load(); n != 1 {
		t.Errorf("%d calls for one name", n)
	}
}

// TestNamesOfSignIns: other people see the name of a person whose access tokens have none after the person signed
// in, in every process.
func TestNamesOfSignIns(t *testing.T) {
	t.Parallel()
	w := newNamesWorld(t)
	v := w.as(t, bo)
	dot := w.signIn(t, "dot-id", "", access.UserAdmin)
	w.announce(t, dot)
	v.get("/console/directory").is(http.StatusOK).has("dot-id").lacks("dot@example.org")
	for _, name := range []string{"dot@example.org", "dot.new@example.org"} {
		w.signIn(t, "dot-id", name, access.UserAdmin)
		v.get("/console/directory").is(http.StatusOK).sound().has(name)
		w.restart()
		v.get("/console/directory").is(http.StatusOK).sound().has(name)
	}
	if w.log.Len() > 0 {
		t.Errorf("log: %s", w.log.String())
	}
}

// TestSignInsWithoutACall: the API is not called for a person without a name or a role, nor for an error.
func TestSignInsWithoutACall(t *testing.T) {
	t.Parallel()
	w := newNamesWorld(t)
	w.proxy.answer("PUT /callers/me", func(http.ResponseWriter, *http.Request) { t.Error("the API was called") })
	w.signIn(t, "dot-id", "", access.UserAdmin)
	w.signIn(t, "dot-id", "dot-id", access.UserAdmin)
	w.signIn(t, "dot-id", "dot@example.org")
	w.people.signs = session.Person{}
	nobody := &visitor{t: t, w: w.world}
	nobody.get("/signed-in?code=1").is(http.StatusSeeOther)
	w.people.broken = errs.New(errs.Invalid, session.CodeLost)
	nobody.get("/signed-in?code=1").is(http.StatusForbidden)
}

// TestNamesThatCannotBeStored: a person is signed in although the API fails or does not respond.
func TestNamesThatCannotBeStored(t *testing.T) {
	t.Parallel()
	w := newNamesWorld(t)
	for name, broken := range map[string]http.HandlerFunc{
		"unavailable": problem(http.StatusServiceUnavailable, "try_again", "Try again."),
		"refused":     problem(http.StatusForbidden, "caller_named_by_token", "Not for dot@example.org."),
		"hanging": func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // the server then sees that the console has gone
			<-r.Context().Done()
		},
	} {
		w.log.Reset()
		w.proxy.answer("PUT /callers/me", broken)
		begin := time.Now()
		dot := w.signIn(t, "dot-id", "dot@example.org", access.UserAdmin)
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("%s: the sign-in took %v", name, took)
		}
		w.as(t, dot).get("/console/directory").is(http.StatusOK)
		log := w.log.String()
		if strings.Count(log, "\n") != 1 || !strings.Contains(log, `"msg":"name of a caller not stored","page":"GET /signed-in","request_id":"`) {
			t.Errorf("%s: log %s", name, log)
		}
		if strings.Contains(log, "dot") {
			t.Errorf("%s: the log says whose name: %s", name, log)
		}
	}
	w.proxy.answer("PUT /callers/me", nil)
	w.announce(t, w.signIn(t, "dot-id", "dot@example.org", access.UserAdmin))
	w.as(t, bo).get("/console/directory").is(http.StatusOK).has("dot@example.org")
}
