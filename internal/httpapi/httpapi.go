// Package httpapi is the HTTP API: JSON over the routes of package route,
// problem documents (RFC 9457) for everything that goes wrong, and the OpenAPI
// document made from the same code.
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
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/group"
	"trueup/internal/httpapi/route"
	"trueup/internal/i18n"
	"trueup/internal/importer"
	"trueup/internal/inventory"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/snapshot"
	"trueup/internal/statements"
)

// Deps is what the operations work with. A function needs only what its routes use.
type Deps struct {
	Agreements        agreement.Store
	Register          agreement.Register
	Known             Known
	Groups            group.Store
	Inventory         inventory.Store
	InventoryRequired bool // whether agreements of type other wait for an inventory (R2.8)
	Counts            *inventory.Counts
	Recount           func(context.Context) error // has the inventory counted anew by rules that changed
	ExpiringDays      int                         // how many days before its end an agreement is expiring (R2.11)
	Catalog           *catalog.Store
	Imports           importer.Records
	Audit             audit.Store
	Once              once.Store
	Refresher         *refresher.Refresher
	Statements        *statements.Keeper
	Limits            agreement.Limits
	Uploads           objects.Bucket
	UploadsBucket     string // its name: the import of an upload is found by bucket and key
	Reports           objects.Bucket
	Snapshots         *snapshot.Library
	Refresh           func(context.Context) error // asks for a refresh of old licence data (R8.6); nil for never
	Clock             func() time.Time
	NewID             func() string // a new random seed of an id at each call
	Log               *slog.Logger
}

// Known is what refreshes know.
type Known interface {
	// AnswersTo returns what is known of pairs of an agreement, but for those that
	// it does not have any more.
	AnswersTo(ctx context.Context, agreementID string, pairs []agreement.PairKey) ([]refresher.Answered, error)
	// Freshness returns how old the licence data are.
	Freshness(ctx context.Context) (refresher.Freshness, error)
}

// New returns the handler of a function's routes. It panics when a route has
// no operation: that is a mistake in the program, found at its first start.
func New(d Deps, f Function) http.Handler {
	o := &operations{Deps: d}
	adders := f.adders(o)
	mux := http.NewServeMux()
	s := &server{mux: mux, log: d.Log, limits: d.Limits}
	for _, r := range route.Of(f.Name) {
		mustHave(adders, r)
		// An operation is built when it is first called: building all of them costs
		// a start more than one call ever needs.
		serve := sync.OnceValue(func() http.Handler {
			one := http.NewServeMux()
			register(humago.New(one, configuration()), adders, []route.Route{r})
			return one
		})
		mux.HandleFunc(r.Key(), func(w http.ResponseWriter, request *http.Request) {
			s.operate(w, request.WithContext(context.WithValue(request.Context(), operationKey{}, r.Operation)), serve)
		})
	}
	return s
}

func mustHave(adders adders, r route.Route) {
	if adders[r.Operation] == nil {
		panic(fmt.Sprintf("httpapi: the route %s has no operation %q", r.Key(), r.Operation))
	}
}

// operations is the receiver of every operation.
type operations struct {
	Deps
	asked atomic.Int64 // when a report last asked for a refresh, in milliseconds
}

func register(api huma.API, adders adders, routes []route.Route) {
	api.UseMiddleware(guard)
	for _, r := range routes {
		mustHave(adders, r)
		adders[r.Operation](api, operation(r))
	}
}

// methods are those an Allow header can name.
var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// server does what every request needs around the mux.
type server struct {
	mux    *http.ServeMux
	log    *slog.Logger
	limits agreement.Limits
}

// What a request's context carries for code that huma calls without operations.
type (
	logKey       struct{} // *slog.Logger
	limitsKey    struct{} // agreement.Limits
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

	r = r.WithContext(context.WithValue(context.WithValue(r.Context(), logKey{}, s.log), limitsKey{}, s.limits))
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
	if escaped := r.URL.EscapedPath(); path.Clean(escaped) != escaped {
		return false
	}
	probe := *r
	probe.Method = method
	_, pattern := s.mux.Handler(&probe)
	return strings.HasPrefix(pattern, method+" ")
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
