// Package httpapi is the HTTP API: JSON over the routes of package route,
// problem documents (RFC 9457) for everything that goes wrong, and the OpenAPI
// document made from the same code.
//
// Each function has a package below this one with its operations and their
// dependencies. This package is what they share.
//
// A request takes the same steps in every function: its language and call are
// settled, the route is found, the guard asks package access whether the
// caller may, and only then is anything of it read, checked and handed to the
// operation. An operation returns a value or an error; one table turns the
// kind of an error into a status, and package i18n its code into a sentence.
//
// Invariants: a function serves exactly its rows of route.Table; nothing but
// route.Table says who may call what; a fault is logged and never shown.
package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"trueup/internal/access"
	"trueup/internal/httpapi/route"
	"trueup/internal/i18n"
)

// Function is a function that serves HTTP.
type Function struct {
	Name       string // of the manifest
	Operations Operations
	Enums      []Enum              // of types that no other function uses
	Describe   func(*huma.OpenAPI) // adds rules that only resolvers check to the document; may be nil
	Log        *slog.Logger
}

// Operations says how to add each operation to an API, by the operation's id. Each
// function has a package with its operations, so that the operations of the others are
// not linked into its program: each takes some 15 kB, and what it calls.
type Operations map[string]func(huma.API, huma.Operation)

// New returns the handler of a function's routes. It panics if a route has no
// operation, so that such a mistake shows at the first start.
func New(f Function) http.Handler {
	mux := http.NewServeMux()
	s := &server{mux: mux, log: f.Log}
	for _, r := range route.Of(f.Name) {
		add := f.Operations.of(r)
		// An operation is built when it is first called: building all of them costs
		// a start more than one call ever needs.
		serve := sync.OnceValue(func() http.Handler {
			one := http.NewServeMux()
			api := humago.New(one, configuration(f.Enums))
			api.UseMiddleware(guard)
			add(api, operation(r))
			return one
		})
		mux.HandleFunc(r.Key(), func(w http.ResponseWriter, request *http.Request) {
			s.operate(w, request.WithContext(context.WithValue(request.Context(), operationKey{}, r.Operation)), serve)
		})
	}
	return s
}

// of returns how to add the operation of a route.
func (o Operations) of(r route.Route) func(huma.API, huma.Operation) {
	add := o[r.Operation]
	if add == nil {
		panic(fmt.Sprintf("httpapi: the route %s has no operation %q", r.Key(), r.Operation))
	}
	return add
}

// methods are those an Allow header can name.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// server does what every request needs around the mux.
type server struct {
	mux *http.ServeMux
	log *slog.Logger
}

// What a request's context carries for code that huma calls without operations.
type (
	logKey       struct{} // *slog.Logger
	operationKey struct{} // string, the id of the operation that the route has
)

// ServeHTTP settles the language and finds the route as API Gateway would (the
// exact method, the exact path).
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lang := language(r)
	header := w.Header()
	header.Set("Content-Language", string(lang))
	header.Set("Vary", "Accept-Language")
	header.Set("Cache-Control", "private, no-cache")
	header.Set("X-Content-Type-Options", "nosniff")

	r = r.WithContext(context.WithValue(r.Context(), logKey{}, s.log))
	if !s.routed(r, r.Method) {
		s.unrouted(w, r, lang)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// operate has an operation answer a request, and turns a panic into a problem document.
func (s *server) operate(w http.ResponseWriter, r *http.Request, operation func() http.Handler) {
	tracked := &writer{ResponseWriter: w}
	defer func() {
		if cause := recover(); cause != nil {
			s.log.ErrorContext(r.Context(), "panic", append(whereabouts(r.Context()), "error", fmt.Sprint(cause), "stack", string(debug.Stack()))...)
			if !tracked.written {
				fault(language(r), access.CallFrom(r.Context()).RequestID).write(w)
			}
		}
	}()
	operation().ServeHTTP(tracked, r)
}

// whereabouts returns the attributes of a log line that name the operation and the request.
func whereabouts(ctx context.Context) []any {
	operation, _ := ctx.Value(operationKey{}).(string)
	return []any{"operation", operation, access.RequestIDKey, access.CallFrom(ctx).RequestID}
}

// routed reports whether a route has exactly this method and path. The mux
// alone would also answer HEAD with the operation of GET, and redirect a path
// that is not clean.
func (s *server) routed(r *http.Request, method string) bool {
	escaped := r.URL.EscapedPath()
	if path.Clean(escaped) != escaped {
		return false
	}
	probe := *r
	probe.Method = method
	_, pattern := s.mux.Handler(&probe)
	of, found := strings.CutPrefix(pattern, method+" ")
	// The mux would redirect the parent of a greedy path variable, which has fewer steps.
	return found && strings.Count(escaped, "/") >= strings.Count(of, "/")
}

// unrouted answers a request no route serves. API Gateway answers these
// itself, with 404, before a function is called.
func (s *server) unrouted(w http.ResponseWriter, r *http.Request, lang i18n.Lang) {
	var allowed []string
	for _, method := range methods {
		if s.routed(r, method) {
			allowed = append(allowed, method)
		}
	}
	id := access.CallFrom(r.Context()).RequestID
	if allowed == nil {
		problem(lang, id, http.StatusNotFound, "route_not_found", nil).write(w)
		return
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	problem(lang, id, http.StatusMethodNotAllowed, "method_not_allowed", map[string]string{"methods": list}).write(w)
}

func language(r *http.Request) i18n.Lang { return i18n.Language(r.Header.Get("Accept-Language")) }

// writer remembers whether the answer has begun.
type writer struct {
	http.ResponseWriter
	written bool
}

func (w *writer) WriteHeader(status int) {
	w.written = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	w.written = true
	return w.ResponseWriter.Write(b)
}
