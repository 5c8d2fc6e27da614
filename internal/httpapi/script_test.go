package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"trueup/internal/httpapi/apiscript"
	"trueup/internal/httpapi/openapi"
)

const base = "http://api.example"

// TestScripts runs every script on the handlers and through Lambda events.
func TestScripts(t *testing.T) {
	t.Parallel()
	for name, way := range map[string]func(*stack, *http.Request) (*http.Response, error){
		"handler": (*stack).direct,
		"lambda":  (*stack).lambda,
	} {
		if !measured && name == "lambda" {
			continue // the handlers are the same, and the race detector makes them slow
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			apiscript.Run(t, "testdata/*.txt", func(t *testing.T) apiscript.Target {
				t.Parallel()
				s := newStack(t)
				// A refresh changes what agreements show, at any time; only these scripts wait
				// for it.
				s.refreshing.Store(slices.Contains([]string{"refreshes", "statements"}, path.Base(t.Name())))
				return apiscript.Target{
					Base: base, Token: token, Check: conforms,
					Do: func(r *http.Request) (*http.Response, error) {
						if strings.HasPrefix(r.URL.String(), base+"/") {
							return way(s, r)
						}
						return http.DefaultTransport.RoundTrip(r)
					},
				}
			})
		})
	}
}

// documented returns the OpenAPI document as a router of kin-openapi.
var documented = sync.OnceValues(func() (routers.Router, error) {
	document, err := openapi3.NewLoader().LoadFromData(openapi.Document())
	if err != nil {
		return nil, err
	}
	document.Servers = openapi3.Servers{{URL: base}}
	for _, media := range []string{"text/html", "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"} {
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.FileBodyDecoder)
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, err
	}
	return legacy.NewRouter(document)
})

// conforms checks an answer against the OpenAPI document, and requires that the document allows
// every request that the API accepts.
func conforms(request *http.Request, response *http.Response, body []byte) error {
	router, err := documented()
	if err != nil {
		return err
	}
	route, params, err := router.FindRoute(request)
	if err != nil {
		if response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusMethodNotAllowed {
			return nil // a path outside the document, which no operation served
		}
		return err
	}
	in := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, MultiError: true,
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
		},
	}
	if response.StatusCode < http.StatusBadRequest {
		if reader := request.GetBody; reader != nil {
			if request.Body, err = reader(); err != nil {
				return err
			}
		}
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			return fmt.Errorf("the document does not allow the request that was served: %w", err)
		}
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: response.StatusCode, Header: response.Header,
		Body: io.NopCloser(bytes.NewReader(body)), Options: in.Options,
	})
}
