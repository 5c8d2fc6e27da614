package httpapi

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"trueup/internal/errs"
)

// checkedKey is the key of the violations in the context of a check of parameters.
type checkedKey struct{}

// CheckParameters checks the parameters of a query as an operation with the input In does, and calls nothing. The
// fields of the violations are the names of parameters. enums are those of the function of the operation.
func CheckParameters[In any](enums []Enum, parameters url.Values) []errs.Violation {
	of := reflect.TypeFor[In]()
	operation, built := checking.Load(of)
	if !built {
		mux := http.NewServeMux()
		api := humago.New(mux, configuration(enums, 0))
		huma.Register(api, huma.Operation{OperationID: "checkParameters", Method: http.MethodGet, Path: "/"}, func(context.Context, *In) (*struct{}, error) {
			return &struct{}{}, nil
		})
		operation, _ = checking.LoadOrStore(of, mux)
	}
	check := func(parameters url.Values) []errs.Violation {
		return checkParameters(operation.(http.Handler), parameters) //nolint:forcetypeassert // only this function stores
	}
	broken := check(parameters)
	if len(broken) > 0 && broken[0].Code == "parameter_unknown" {
		// An operation that finds unknown parameters does not look at the others.
		others := maps.Clone(parameters)
		for _, v := range broken {
			delete(others, v.Field)
		}
		broken = append(broken, check(others)...)
	}
	return broken
}

// checking holds the operations that were built, by their input.
var checking sync.Map

// checkParameters returns what an operation finds in parameters.
func checkParameters(operation http.Handler, parameters url.Values) (broken []errs.Violation) {
	query := parameters.Encode()
	if e := errs.As(checkQuery(query)); e != nil {
		if broken = e.Violations; broken == nil {
			broken = []errs.Violation{{Code: e.Code}}
		}
	} else {
		ctx := context.WithValue(context.Background(), checkedKey{}, &broken)
		r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/", RawQuery: query}, Header: http.Header{}, Body: http.NoBody}).WithContext(ctx)
		operation.ServeHTTP(discard{}, r)
	}
	for i := range broken {
		broken[i].Field = strings.TrimPrefix(broken[i].Field, ParameterField)
	}
	return broken
}

// discard is a response that nothing reads.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}
