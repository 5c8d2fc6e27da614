// Package console is the web console: pages for people, made by the server, on top of trueup's own HTTP
// API.
//
// The console is a client of the API. It calls it with the access token of the person, so what the console
// can do, an API client can do, under the same rules, rights, idempotency and audit. It stores nothing but
// sessions, and it checks no input: the API's response says what is wrong and where.
//
// Pages returns the only table of pages: the mux, the navigation, titles and tests read it. A handler returns an
// error, and one place makes a page of it. Every page is a document and every action a form, so that all of
// it works without script; the module static/app.js only improves it.
//
// # Files
//
// A page has one Go file with its handlers and one .templ file with its templates; parts.templ has what
// pages share. `go generate ./internal/console` compiles templates and icons.
//
// # Invariants
//
// No page has inline script or style. Data of a person are only in responses to that person: responses are
// never stored by caches, and package variables hold nothing of a request. What a process
// keeps between requests is names of callers (names.go). Reading agreement details and
// starting a refresh are never links, because links are followed by programs, too.
package console

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"trueup/internal/access"
	"trueup/internal/console/client"
	"trueup/internal/console/session"
	"trueup/internal/errs"
)

//go:generate go run ./generate

// Sessions signs people in and out. A method that returns an error has not responded.
type Sessions interface {
	// Person returns the person who is signed in; session.ErrNoSession without one.
	Person(w http.ResponseWriter, r *http.Request) (session.Person, error)
	// SignIn sends the person to the issuer, and back to the local path afterwards.
	SignIn(w http.ResponseWriter, r *http.Request, to string) error
	// SignedIn responds to the request with which the issuer sends a person back. It returns the person of the
	// new session, with the name in the ID token; no person without a new session.
	SignedIn(w http.ResponseWriter, r *http.Request) (session.Person, error)
	// SignOut ends the session.
	SignOut(w http.ResponseWriter, r *http.Request) error
	// SignOutEverywhere ends every session of the person.
	SignOutEverywhere(w http.ResponseWriter, r *http.Request) error
	// Origin returns the origin of the issuer, to which forms may redirect; empty if it is not known.
	Origin() string
}

// Options is what the console needs.
type Options struct {
	API      string       // address of the HTTP API, without a slash at the end
	Client   *http.Client // for calls of the API and uploads
	Sessions Sessions
	Now      func() time.Time
	Log      *slog.Logger
	Samples  fs.FS  // files with made-up data that pages offer to try; nil for none
	Uploads  string // origin of the uploads bucket, to which browsers upload large files; empty if it is not known
}

// site is the console. It has no state but its dependencies and names of callers.
type site struct {
	Options
	api *client.Client
	mux *http.ServeMux
	nav []section

	names callerNames
}

// New returns the handler of the console: GET /, /signed-in and everything below /console/.
func New(o Options) http.Handler {
	pages := Pages()
	s := &site{Options: o, api: client.New(o.API, o.Client), mux: http.NewServeMux(), nav: navigation(pages)}
	for i := range pages {
		s.mux.Handle(pages[i].Method+" "+pages[i].Path, s.serve(&pages[i]))
	}
	s.mux.HandleFunc("GET "+assetsPath+"{hash}/{name}", asset)
	s.mux.Handle("/", s.serve(&Page{Path: "/", Permission: access.Anyone, handle: notFound}))

	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(s.serve(&Page{Path: "/", Permission: access.Anyone, handle: func(*visit) error { return errCrossSite }}))
	return s.secured(protection.Handler(s.mux))
}

// secured sets the headers that protect every response.
func (s *site) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set(policyHeader, s.policy())
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

const policyHeader = "Content-Security-Policy"

// policy returns the content policy. Browsers apply form-action to redirects, too, so it has the issuer, to
// whose page signing out leads.
func (s *site) policy() string {
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
		strings.TrimSpace("connect-src 'self' " + s.Uploads), strings.TrimSpace("form-action 'self' " + s.Sessions.Origin()),
		"base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types trueup",
	}, "; ")
}

// serve returns the handler of a page.
func (s *site) serve(p *Page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r, p)
		defer func() {
			if cause := recover(); cause != nil {
				s.Log.ErrorContext(r.Context(), "panic", append(v.whereabouts(), "error", fmt.Sprint(cause), "stack", string(debug.Stack()))...)
				v.fail(errPanic)
			}
		}()
		if err := v.respond(); err != nil {
			v.fail(err)
		}
	})
}

// respond lets the page respond if the person may use it.
func (v *visit) respond() error {
	if v.page.Permission != access.Anyone {
		var err error
		if v.person, err = v.site.Sessions.Person(v.w, v.r); errors.Is(err, session.ErrNoSession) {
			return err
		} else if err != nil {
			return errs.Wrap(err, errs.Unavailable, "try_again")
		}
		// A new process knows where signing out leads only now: the session has it.
		v.w.Header().Set(policyHeader, v.site.policy())
		if !v.may(v.page.Permission) {
			return &denied{v.page.Permission}
		}
	}
	return v.page.handle(v)
}
