// Package httpapi is the HTTP API: JSON over the routes of package route, problem documents (RFC
// 9457) for all errors, and the OpenAPI document, generated from the same code.
//
// Each function has a package below this one with its operations and their dependencies. This
// package contains the parts that they share.
//
// A request takes the same steps in every function: the language is chosen, the route is found,
// the guard asks package access whether the caller is allowed, and only then the rest of the
// request is read, validated and passed to the operation. An operation returns a value or an
// error; one table maps the kind of an error to a status, and package i18n maps its code to a
// message.
//
// Invariants: a function serves exactly its rows of route.Table; only route.Table defines who
// may call an operation; a fault is logged and never shown.
package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
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
	Name       string // in the manifest
	Operations Operations
	Enums      []Enum              // that only this function uses
	Describe   func(*huma.OpenAPI) // adds rules that only resolvers check to the document; may be nil
	MaxValues  map[string]int      // maximum number of values in the body of an operation, if it is more than most need
	Facade     *Facade             // of the routes that follow another API; nil for none
	Log        *slog.Logger
}

// Operations maps an operation's id to the function that adds it to an API. Each function has
// its own package of operations, so that the operations of other functions are not linked into
// its program: each takes some 15 kB, plus its dependencies.
type Operations map[string]func(huma.API, huma.Operation)

// New returns the handler of a function's routes. It panics if a route has no operation, so that
// the mistake is found at the first start.
func New(f Function) http.Handler { return serve(f, route.Of(f.Name)) }

// Only is like New for some operations of a function. The others need not be in its Operations.
func Only(f Function) http.Handler {
	return serve(f, slices.DeleteFunc(route.Of(f.Name), func(r route.Route) bool { return f.Operations[r.Operation] == nil }))
}

func serve(f Function, routes []route.Route) http.Handler {
	mux := http.NewServeMux()
	s := &server{mux: mux, facade: f.Facade, log: f.Log}
	for _, r := range routes {
		add := f.Operations.of(r)
		// An operation is built at its first call: building all of them slows down every start,
		// and most are not needed.
		build := sync.OnceValue(func() http.Handler {
			one := http.NewServeMux()
			config, op := configuration(f.Enums, f.MaxValues[r.Operation]), operation(r)
			if f.Facade.serves(r.Path) {
				f.Facade.adapt(&op)
				config.RejectUnknownQueryParameters = false // see checkOptions
			}
			api := humago.New(one, config)
			api.UseMiddleware(guard)
			add(api, op)
			return one
		})
		mux.HandleFunc(r.Key(), func(w http.ResponseWriter, request *http.Request) {
			s.operate(w, request.WithContext(context.WithValue(request.Context(), operationKey{}, r.Operation)), build)
		})
	}
	return s
}

// Join returns all operations of a function. Each file has its own, next to their code.
func Join(files ...Operations) Operations {
	all := Operations{}
	for _, operations := range files {
		maps.Copy(all, operations)
	}
	return all
}

// of returns the function that adds the operation of a route.
func (o Operations) of(r route.Route) func(huma.API, huma.Operation) {
	add := o[r.Operation]
	if add == nil {
		panic(fmt.Sprintf("httpapi: the route %s has no operation %q", r.Key(), r.Operation))
	}
	return add
}

// methods are the methods that an Allow header can contain.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// server does what every request needs around the mux.
type server struct {
	mux    *http.ServeMux
	facade *Facade
	log    *slog.Logger
}

// Keys of values in a request's context, for code that huma calls without an operation.
type (
	logKey       struct{} // *slog.Logger
	operationKey struct{} // string, the id of the route's operation
)

// ServeHTTP chooses the language and finds the route as API Gateway does: by exact method and
// path.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	lang := language(r)
	header := w.Header()
	header.Set("Content-Language", string(lang))
	header.Set("Vary", "Accept-Language")
	header.Set("Cache-Control", "private, no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	if s.facade.serves(r.URL.Path) {
		header.Set("request-id", access.CallFrom(r.Context()).RequestID)
		if given := clientID(r.Header.Get(clientIDHeader)); given != "" {
			header.Set(clientIDHeader, given)
		}
	}

	r = r.WithContext(context.WithValue(r.Context(), logKey{}, s.log))
	if !s.routed(r, r.Method) {
		s.unrouted(w, r, lang)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// operate lets an operation answer a request, and converts a panic to a problem. A read waits for
// what is unavailable, see reread.
func (s *server) operate(w http.ResponseWriter, r *http.Request, operation func() http.Handler) {
	tracked := &writer{ResponseWriter: w}
	defer func() {
		if cause := recover(); cause != nil {
			s.log.ErrorContext(r.Context(), "panic", append(whereabouts(r.Context()), "error", fmt.Sprint(cause), "stack", string(debug.Stack()))...)
			if !tracked.written {
				s.write(w, r, fault(language(r), access.CallFrom(r.Context()).RequestID))
			}
		}
	}()
	reread(tracked, r, operation().ServeHTTP)
}

// whereabouts returns the log attributes of the operation and the request id.
func whereabouts(ctx context.Context) []any {
	operation, _ := ctx.Value(operationKey{}).(string)
	return []any{"operation", operation, access.RequestIDKey, access.CallFrom(ctx).RequestID}
}

// routed reports whether a route has exactly this method and path. The mux alone would also
// answer HEAD with the operation of GET, and redirect an unclean path.
func (s *server) routed(r *http.Request, method string) bool {
	escaped := r.URL.EscapedPath()
	if path.Clean(escaped) != escaped {
		return false
	}
	probe := *r
	probe.Method = method
	_, pattern := s.mux.Handler(&probe)
	of, found := strings.CutPrefix(pattern, method+" ")
	// The mux would redirect the parent of a greedy path variable, which has fewer segments.
	return found && strings.Count(escaped, "/") >= strings.Count(of, "/")
}

// unrouted answers a request that matches no route. In AWS, API Gateway answers such a request
// with 404 and calls no function.
func (s *server) unrouted(w http.ResponseWriter, r *http.Request, lang i18n.Lang) {
	var allowed []string
	for _, method := range methods {
		if s.routed(r, method) {
			allowed = append(allowed, method)
		}
	}
	id := access.CallFrom(r.Context()).RequestID
	if allowed == nil {
		s.write(w, r, problem(lang, id, http.StatusNotFound, "route_not_found", nil))
		return
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	s.write(w, r, problem(lang, id, http.StatusMethodNotAllowed, "method_not_allowed", map[string]string{"methods": list}))
}

func language(r *http.Request) i18n.Lang { return i18n.Language(r.Header.Get("Accept-Language")) }

// writer records whether the response has begun.
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
