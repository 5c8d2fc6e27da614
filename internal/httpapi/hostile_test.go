package httpapi_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/getkin/kin-openapi/openapi3"

	"trueup/internal/access"
	"trueup/internal/aws/trigger"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/openapi"
	"trueup/internal/httpapi/route"
	"trueup/internal/i18n"
)

// The maximum cost of a rejection (issue: "a clear 4xx within 50 ms and without memory growth").
const (
	refusalTime  = 50 * time.Millisecond
	timeOfValue  = 3 * time.Microsecond // for each value that an operation accepts, if it accepts more than others
	bytesOfValue = 1200                 // allocated for each of these
	refusalBytes = 1 << 20              // allocated, on top of three times the body and the answer
	refusalLive  = 2 << 20              // still in use after all rejections
	answerBytes  = 128 << 10

	gatewayHeader = 10 << 10 // about the maximum size of request line and headers that API Gateway accepts
)

// hostile is an invalid request, in the form of an event.
type hostile struct {
	route       route.Route
	path        string // with parameters filled in; if empty, the route's path with ids of nothing that exists
	query       string
	contentType string
	header      map[string]string
	body        string
	encoded     bool // the body is binary: the gateway sends base64
}

func (h hostile) event() events.APIGatewayV2HTTPRequest {
	if h.path == "" {
		h.path = parameter.ReplaceAllString(h.route.Path, "nothing")
	}
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: h.route.GatewayKey(), RawPath: h.path, RawQueryString: h.query, Body: h.body,
		Headers: map[string]string{"content-type": "application/json"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RequestID: "r1", HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: h.route.Method},
			Authorizer: &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
				JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{Claims: map[string]string{
					access.SubjectClaim: "someone", access.GroupsClaim: "[global-admin]",
				}},
			},
		},
	}
	if h.contentType != "" {
		event.Headers["content-type"] = h.contentType
	}
	for name, value := range h.header {
		event.Headers[name] = value
	}
	if h.encoded {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(h.body)), true
	}
	return event
}

// ask sends a hostile request as an event.
func (s *stack) ask(t *testing.T, h hostile) events.APIGatewayV2HTTPResponse {
	t.Helper()
	answer, err := trigger.HTTP(s.handlers[h.route.Function], access.SignIn{}, quiet, time.Now)(context.Background(), h.event())
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// refused requires a clear and cheap 4xx. It measures the best of eight calls, because the
// machine may be busy and the first call initialises things.
func (s *stack) refused(t *testing.T, h hostile) httpapi.Problem {
	t.Helper()
	handle, event := trigger.HTTP(s.handlers[h.route.Function], access.SignIn{}, quiet, time.Now), h.event()
	var answer events.APIGatewayV2HTTPResponse
	took, allocated, most := time.Hour, ^uint64(0), uint64(0)
	longest := refusalTime + timeOfValue*time.Duration(valuesOf[h.route.Operation])
	for try := range 8 {
		time.Sleep(time.Duration(try*try) * 10 * time.Millisecond) // a busy moment passes
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		var err error
		if answer, err = handle(context.Background(), event); err != nil {
			t.Fatal(err)
		}
		took = min(took, time.Since(begin))
		runtime.ReadMemStats(&after)
		most = uint64(3*(len(event.Body)+len(answer.Body)) + refusalBytes + bytesOfValue*valuesOf[h.route.Operation])
		if allocated = min(allocated, after.TotalAlloc-before.TotalAlloc); took <= longest && allocated <= most {
			break
		}
	}
	if measured && took > longest {
		t.Errorf("refused after %v", took)
	}
	if measured && allocated > most {
		t.Errorf("refused with %d bytes for a body of %d", allocated, len(event.Body))
	}
	return s.clear(t, h, answer)
}

// clear requires that an answer is a 4xx problem whose codes have a message, and that it matches
// the document.
func (s *stack) clear(t *testing.T, h hostile, answer events.APIGatewayV2HTTPResponse) (problem httpapi.Problem) {
	t.Helper()
	problem, ok := problemIn(h.route, answer.StatusCode, answer.Headers["Content-Type"], []byte(answer.Body))
	if answer.StatusCode < 400 || answer.StatusCode >= 500 || !ok {
		t.Errorf("%d %s %.300s", answer.StatusCode, answer.Headers["Content-Type"], answer.Body)
		return problem
	}
	if problem.Status != answer.StatusCode || problem.RequestID != "r1" || !i18n.Known(problem.Code) || problem.Detail == problem.Code {
		t.Errorf("%d: %.300s", answer.StatusCode, answer.Body)
	}
	for _, e := range problem.Errors {
		if !i18n.Known(e.Code) || e.Message == e.Code {
			t.Errorf("no sentence for %+v", e)
		}
	}
	if len(answer.Body) > answerBytes {
		t.Errorf("an answer of %d bytes", len(answer.Body))
	}
	event := h.event()
	request, err := http.NewRequest(h.route.Method, base+event.RawPath, nil)
	if err != nil {
		return problem // an invalid path
	}
	request.URL.RawQuery = event.RawQueryString
	header := http.Header{}
	for name, value := range answer.Headers {
		header.Set(name, value)
	}
	if err := conforms(request, &http.Response{StatusCode: answer.StatusCode, Header: header}, []byte(answer.Body)); err != nil {
		t.Errorf("not as documented: %v", err)
	}
	return problem
}

// operation is a route with its description in the document.
type operation struct {
	route.Route
	spec *openapi3.Operation
}

// operations returns the operations of every route, from the document.
func operations(t *testing.T) (all []operation) {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData(openapi.Document())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range route.API {
		item := document.Paths.Value(r.Path)
		if item == nil || item.GetOperation(r.Method) == nil {
			t.Fatalf("%s is not in the document", r.Key())
		}
		all = append(all, operation{r, item.GetOperation(r.Method)})
	}
	return all
}

// body returns the schema of the operation's body, or nil if it has none.
func (o operation) body() *openapi3.Schema {
	if o.spec.RequestBody == nil {
		return nil
	}
	return o.spec.RequestBody.Value.Content.Get("application/json").Schema.Value
}

// parameters calls do with each parameter of a kind.
func (o operation) parameters(in string, do func(name string, schema *openapi3.Schema)) {
	for _, p := range o.spec.Parameters {
		if p.Value.In == in {
			do(p.Value.Name, p.Value.Schema.Value)
		}
	}
}

// constantHeap requires that the live heap does not grow during the test.
func constantHeap(t *testing.T) {
	t.Helper()
	live := func() uint64 {
		runtime.GC()
		runtime.GC() // the second run empties pools
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	t.Cleanup(func() {
		if after := live(); measured && after > before+refusalLive {
			t.Errorf("%d bytes are kept", after-before)
		}
	})
}

// warm calls every route once, so that later calls initialise nothing.
func (s *stack) warm(t *testing.T) {
	t.Helper()
	if _, err := documented(); err != nil {
		t.Fatal(err)
	}
	for _, r := range route.API {
		s.ask(t, hostile{route: r, query: "nobody=1"})
		switch r.Key() { // valid calls load the dictionary of products and the starting catalog
		case "GET /inventory/recognition", "GET /catalog/proposals":
			s.ask(t, hostile{route: r, query: "name=Office&publisher=Microsoft"})
		case "GET /catalog/publishers":
			s.ask(t, hostile{route: r, query: "q=soft"})
		}
	}
}

// has reports whether a problem names that place with one of the codes.
func has(p httpapi.Problem, place string, codes ...string) bool {
	return slices.ContainsFunc(p.Errors, func(e httpapi.FieldError) bool {
		return (e.Pointer == place || e.Parameter == place) && (codes == nil || slices.Contains(codes, e.Code))
	})
}

// TestHostileParameters sends every operation invalid parameters, as the document defines them.
// It measures the cost of rejections, so it runs alone.
func TestHostileParameters(t *testing.T) {
	skipUnderRace(t)
	s := newStack(t)
	s.warm(t)
	constantHeap(t)
	for _, o := range operations(t) {
		t.Run(o.Key(), func(t *testing.T) {
			refuse := func(h hostile, place string, codes ...string) {
				t.Helper()
				h.route, h.body = o.Route, `{"nobody":1}`
				if p := s.refused(t, h); !has(p, place, codes...) && !slices.Contains(codes, p.Code) {
					t.Errorf("%s?%.60s: %s %+.300v, want %v of %s", h.path, h.query, p.Code, p.Errors, codes, place)
				}
			}
			nobody := "nobody"
			if isGraph(o.Route) { // which ignores names without a dollar sign
				nobody = "$nobody"
			}
			refuse(hostile{query: nobody + "=1"}, nobody, "parameter_unknown")
			for _, query := range []string{"a=%zz", "a=%ff", "%ff=1", "a=%", "a=1;b=2", "%c0%80=1"} {
				refuse(hostile{query: query}, "", "query_malformed")
			}
			o.parameters("query", func(name string, schema *openapi3.Schema) {
				refuse(hostile{query: name + "=1&" + name + "=1"}, name, "parameter_repeated")
				refuse(hostile{query: strings.ToUpper(name) + "=1"}, strings.ToUpper(name), "parameter_unknown")
				for value, codes := range invalidValues(schema) {
					refuse(hostile{query: name + "=" + url.QueryEscape(value)}, name, codes...)
				}
				// NUL and the last code point of Unicode are valid text: nothing is found,
				// nothing fails.
				if answer := s.ask(t, hostile{route: o.Route, query: name + "=%00%F4%8F%BF%BF"}); answer.StatusCode >= 500 {
					t.Errorf("%s with NUL: %d", name, answer.StatusCode)
				}
			})
			o.parameters("header", func(name string, schema *openapi3.Schema) {
				for value, codes := range invalidValues(schema) {
					refuse(hostile{header: map[string]string{strings.ToLower(name): value}}, name, codes...)
				}
			})
			o.parameters("path", func(name string, schema *openapi3.Schema) {
				at := func(value string) string { return strings.ReplaceAll(o.Path, "{"+name+"}", value) }
				for value, codes := range invalidValues(schema) {
					refuse(hostile{path: parameter.ReplaceAllString(at(url.PathEscape(value)), "nothing")}, name, codes...)
				}
				for _, value := range []string{"%00", "%ff", "%zz", "%2e%2e", "a%2Fb", "%0d%0a", "\xff", "*", "%F4%8F%BF%BF", "'%20OR%201=1"} {
					s.refused(t, hostile{route: o.Route, path: parameter.ReplaceAllString(at(value), "nothing"), body: `{"nobody":1}`})
				}
			})
		})
	}
}

// invalidValues returns values that violate a parameter's schema, each with the codes that it may be
// rejected with.
func invalidValues(schema *openapi3.Schema) map[string][]string {
	values := map[string][]string{}
	if schema.MaxLength != nil {
		values[strings.Repeat("x", int(*schema.MaxLength)+1)] = []string{"length_max"}
		values[strings.Repeat("x", gatewayHeader)] = []string{"length_max"}
	}
	if schema.Enum != nil {
		values["nobody"] = []string{"value_enum"}
	}
	if schema.Type.Is("boolean") {
		values["perhaps"] = []string{"type_boolean"}
	}
	if schema.Type.Is("integer") {
		for _, value := range []string{"1e400", "1.0", "1.5", "-0.0", "NaN", "Inf", "0x10", "1_0", "٣", "99999999999999999999", "x", " 1", "\x00"} {
			values[value] = []string{"type_integer"}
		}
		if schema.Min != nil {
			for _, value := range []string{fmt.Sprint(int64(*schema.Min) - 1), "-9223372036854775808"} {
				values[value] = []string{"number_min"}
			}
		}
		if schema.Max != nil {
			for _, value := range []string{fmt.Sprint(int64(*schema.Max) + 1), "9223372036854775807"} {
				values[value] = []string{"number_max"}
			}
		}
	}
	return values
}
