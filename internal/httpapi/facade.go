package httpapi

import (
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/errs"
)

// Facade is the routes of a function that follow the formats of another API, so that its clients can use them.
// Everything before an operation is that of all routes: the guard, strict bodies, and the log. Query parameters
// follow the rules of OData: an unknown one is ignored, but not if its name begins with a dollar sign.
type Facade struct {
	Prefix string // of the paths, "/v1.0/"
	Tag    string // of the operations, in the document
	// Error returns the response to a problem. clientID is the value of the header client-request-id, or empty.
	Error func(p *Problem, clientID string) ForeignError
}

// ForeignError is an error in the format of another API.
type ForeignError interface {
	huma.StatusError
	huma.ContentTypeFilter
}

// clientIDHeader is the header with the id that a caller gives to a request, for its own logs.
const clientIDHeader = "client-request-id"

// maxClientID is the maximum length of such an id. A longer one is ignored.
const maxClientID = 128

// clientID returns the id that the caller gives to the request; empty for none that can be repeated in a
// response.
func clientID(given string) string {
	printable := func(c byte) bool { return c > ' ' && c < 0x7f }
	if len(given) > maxClientID {
		return ""
	}
	for i := range len(given) {
		if !printable(given[i]) {
			return ""
		}
	}
	return given
}

// serves reports whether a path is one of the façade. The nil façade serves none.
func (f *Facade) serves(path string) bool { return f != nil && strings.HasPrefix(path, f.Prefix) }

// facadeKey is the metadata key of the *Facade of an operation.
const facadeKey = "facade"

// adapt makes an operation one of the façade.
func (f *Facade) adapt(op *huma.Operation) {
	op.Metadata[facadeKey] = f
	op.Tags = []string{f.Tag}
	op.Errors = slices.DeleteFunc(op.Errors, func(status int) bool { return status == http.StatusUnprocessableEntity })
	op.Errors = append(op.Errors, http.StatusBadRequest)
}

// facadeOf returns the façade of an operation; nil for none.
func facadeOf(op *huma.Operation) *Facade {
	if op == nil {
		return nil
	}
	f, _ := op.Metadata[facadeKey].(*Facade)
	return f
}

// translated returns a problem in the format of the operation.
func translated(ctx huma.Context, p *Problem) ForeignError {
	if f := facadeOf(ctx.Operation()); f != nil {
		return f.Error(p, clientID(ctx.Header(clientIDHeader)))
	}
	return p
}

// write sends a problem, without huma, in the format of the address.
func (s *server) write(w http.ResponseWriter, r *http.Request, p *Problem) {
	if s.facade.serves(r.URL.Path) {
		e := s.facade.Error(p, clientID(r.Header.Get(clientIDHeader)))
		w.Header().Set("Content-Type", e.ContentType("application/json"))
		w.WriteHeader(e.GetStatus())
		_ = huma.DefaultJSONFormat.Marshal(w, e) // a client that disconnected is not an error
		return
	}
	p.write(w)
}

// checkOptions rejects query parameters of OData, whose names begin with a dollar sign, that the operation does
// not have: a client that asks for a filter or an order must not get a list without.
func checkOptions(op *huma.Operation, raw string) error {
	var unknown []errs.Violation
	given, _ := url.ParseQuery(raw) // checkQuery has judged it
	for _, name := range slices.Sorted(maps.Keys(given)) {
		known := slices.ContainsFunc(op.Parameters, func(p *huma.Param) bool { return p.In == "query" && p.Name == name })
		if strings.HasPrefix(name, "$") && !known {
			unknown = append(unknown, errs.Violation{Code: "parameter_unknown", Field: ParameterField + name})
		}
	}
	return errs.Violated(unknown)
}

// describeFacade replaces the problem documents in the responses of the façade's operations.
func (f *Facade) describe(document *huma.OpenAPI) {
	example := func(status int) ForeignError {
		p := exampleOf(status)
		return f.Error(p, "")
	}
	for path, item := range document.Paths {
		if !f.serves(path) {
			continue
		}
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			delete(op.Responses, strconv.Itoa(http.StatusUnprocessableEntity))
			for code, response := range op.Responses {
				media := response.Content[problemType]
				if media == nil {
					continue
				}
				delete(response.Content, problemType)
				status, _ := strconv.Atoi(code)
				e := example(status)
				schema := document.Components.Schemas.Schema(reflect.TypeOf(e).Elem(), true, "")
				// The gateway has its own format of 401, see describeProblems.
				foreign := &huma.MediaType{Schema: schema, Example: e}
				if gateway := response.Content[e.ContentType("application/json")]; gateway != nil {
					foreign = &huma.MediaType{Schema: &huma.Schema{AnyOf: []*huma.Schema{schema, gateway.Schema}}, Example: gateway.Example}
				}
				response.Content[e.ContentType("application/json")] = foreign
			}
		}
	}
}
