// Package gateway is the HTTP API of the local stack. It behaves like an HTTP API of API
// Gateway: it answers 404 for unknown routes, checks tokens, converts a request into an
// event of payload format 2.0 for the route's function, and converts the function's
// answer into a response, with the same limits. Any other difference is a bug.
//
// It also serves paths that only the local stack has: /healthz, /dev/token, /dev/lambda
// (the address where functions can be invoked), /dev/table (the address of DynamoDB and the name of
// the table), and those of the issuer, with its sign-in page.
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"trueup/infra/local/aws/issuer"
	"trueup/infra/local/aws/lambda"
)

// Limits of API Gateway.
const (
	MaxBody            = 10 << 20
	MaxHeader          = 10240 // bytes of the request line and the header values
	IntegrationTimeout = 30 * time.Second
)

// IssuerPath is the path prefix of the issuer.
const IssuerPath = "/dev/issuer"

// Invoker calls functions.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) (lambda.Result, error)
}

// Route is a route and the function that serves it. The path has the syntax of
// http.ServeMux: "/things/{id}", "/things/{rest...}", "/{$}".
type Route struct {
	Method, Path, Function string
	Open                   bool // needs no token
}

// Key returns the route in the syntax of API Gateway, with {rest+} for {rest...} and nothing for {$}.
func (r Route) Key() string { return strings.NewReplacer("...}", "+}", "{$}", "").Replace(r.pattern()) }

// pattern returns the route in the syntax of http.ServeMux.
func (r Route) pattern() string { return r.Method + " " + r.Path }

// Options configures the gateway.
type Options struct {
	Routes []Route
	Groups []string // groups that /dev/token can put in a token
	// Audience lists what the claim aud, or client_id if there is no aud, may be; the clients of the
	// issuer if empty.
	Audience []string
	Invoker  Invoker
	Issuer   *issuer.Issuer
	Healthy  func(context.Context) error // returns nil if the stack is healthy
	Lambda   string                      // address of the Invoke API
	DynamoDB string                      // its address
	Table    string
	Timeout  time.Duration // 0 for IntegrationTimeout
	Console  io.Writer     // receives a line for each failure of the gateway or a function; nil discards it
	Now      func() time.Time
}

type handler struct {
	Options
	authorizer *Authorizer
	routes     *http.ServeMux // matches requests to routes
}

// New returns the gateway's handler.
func New(o Options) http.Handler {
	if o.Timeout == 0 {
		o.Timeout = IntegrationTimeout
	}
	if o.Console == nil {
		o.Console = io.Discard
	}
	if o.Audience == nil {
		o.Audience = []string{issuer.ClientID, issuer.ConsoleClientID}
	}
	f := &handler{
		Options:    o,
		authorizer: NewAuthorizer(o.Issuer.URL, o.Audience, o.Issuer.Keys(), o.Now),
		routes:     http.NewServeMux(),
	}
	for _, r := range o.Routes {
		var parameters []string
		for _, name := range parameter.FindAllStringSubmatch(r.Path, -1) {
			parameters = append(parameters, name[1])
		}
		f.routes.HandleFunc(r.pattern(), func(w http.ResponseWriter, request *http.Request) { f.serve(w, request, r, parameters) })
	}
	f.routes.HandleFunc("GET /healthz", f.healthz)
	f.routes.HandleFunc("GET /dev/token", f.token)
	f.routes.HandleFunc("GET /dev/lambda", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, f.Lambda) })
	f.routes.HandleFunc("GET /dev/table", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, f.DynamoDB, f.Table) })
	o.Issuer.Handle(f.routes, IssuerPath)
	return f
}

// ServeHTTP implements http.Handler.
func (f *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if headerSize(r) > MaxHeader {
		message(w, http.StatusRequestHeaderFieldsTooLarge, "Request Header Fields Too Large")
		return
	}
	r = decoded(r)
	// A ServeMux redirects to clean paths, serves HEAD with GET routes, and answers 405.
	// API Gateway answers 404 to everything that is not exactly a route.
	_, pattern := f.routes.Handler(r)
	method, of, _ := strings.Cut(pattern, " ")
	// The mux would redirect the parent of a greedy path variable, which has fewer segments.
	if method != r.Method || path.Clean(r.URL.Path) != r.URL.Path || strings.Count(r.URL.EscapedPath(), "/") < strings.Count(of, "/") {
		message(w, http.StatusNotFound, "Not Found")
		return
	}
	f.routes.ServeHTTP(w, r)
}

// headerSize returns the size in bytes that API Gateway limits with MaxHeader.
func headerSize(r *http.Request) int {
	size := len(r.Method) + len(" ") + len(r.RequestURI) + len(" ") + len(r.Proto) + len(r.Host)
	for _, values := range r.Header {
		for _, value := range values {
			size += len(value)
		}
	}
	return size
}

// decoded returns the request with its path as API Gateway sees it: it decodes the path before it
// looks for a route, so that %2F separates segments, and drops what follows a decoded question
// mark. The path of the event (rawPath) is this one.
func decoded(r *http.Request) *http.Request {
	u := *r.URL
	u.RawPath = ""
	u.Path, _, _ = strings.Cut(u.Path, "?")
	again := *r
	again.URL = &u
	return &again
}

var parameter = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

func (f *handler) serve(w http.ResponseWriter, r *http.Request, matched Route, names []string) {
	id := requestID(f.Now())
	w.Header().Set("Apigw-Requestid", id)
	var claims map[string]string
	if !matched.Open {
		var err error
		claims, err = f.authorizer.claims(r.Context(), r.Header.Get("Authorization"))
		if err != nil {
			w.Header().Set("Www-Authenticate", challenge(r.Header.Get("Authorization"), err))
			message(w, http.StatusUnauthorized, "Unauthorized")
			return
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		message(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	if err != nil {
		message(w, http.StatusBadRequest, "Bad Request")
		return
	}
	parameters := map[string]string{}
	for _, name := range names {
		parameters[name] = r.PathValue(name)
	}
	payload, err := json.Marshal(newEvent(r, matched.Key(), parameters, claims, body, id, f.Now()))
	if err != nil {
		f.fail(w, matched, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), f.Timeout)
	defer cancel()
	result, err := f.Invoker.Invoke(ctx, matched.Function, payload)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		message(w, http.StatusServiceUnavailable, "Service Unavailable")
	case errors.Is(err, lambda.ErrThrottled):
		message(w, http.StatusServiceUnavailable, "Service Unavailable")
	case errors.Is(err, lambda.ErrTooLarge):
		message(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	case err != nil:
		f.fail(w, matched, err)
	case result.FunctionError != "":
		f.fail(w, matched, fmt.Errorf("the function failed: %s", result.Payload))
	default:
		if err := write(w, result.Payload); err != nil {
			f.fail(w, matched, fmt.Errorf("the function's response is malformed: %w", err))
		}
	}
}

func (f *handler) fail(w http.ResponseWriter, matched Route, err error) {
	fmt.Fprintf(f.Console, "gateway: %s: %v\n", matched.Key(), err)
	message(w, http.StatusInternalServerError, "Internal Server Error")
}

// message writes a response that API Gateway makes itself, without a function.
func message(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":%q}`, text)
}

func challenge(header string, err error) string {
	if header == "" {
		return "Bearer"
	}
	return fmt.Sprintf(`Bearer scope="" error="invalid_token" error_description=%q`, err.Error())
}

func (f *handler) healthz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := f.Healthy(ctx); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// token serves a bearer token. Query parameters: role (repeatable, or a list with commas;
// none for a person without roles), sub (the person), ttl (a duration such as 5m).
func (f *handler) token(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	var groups []string
	for name := range strings.SplitSeq(strings.Join(query["role"], ","), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if !slices.Contains(f.Groups, name) {
			http.Error(w, fmt.Sprintf("there is no role %q; use one of %v", name, f.Groups), http.StatusBadRequest)
			return
		}
		groups = append(groups, name)
	}
	subject := query.Get("sub")
	if subject == "" {
		subject = "somebody"
	}
	life := issuer.Life
	if ttl := query.Get("ttl"); ttl != "" {
		var err error
		if life, err = time.ParseDuration(ttl); err != nil {
			http.Error(w, fmt.Sprintf("ttl %q is not a duration, such as 5m", ttl), http.StatusBadRequest)
			return
		}
	}
	token, err := f.Issuer.Token(subject, groups, life)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, token)
}
