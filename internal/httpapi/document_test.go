package httpapi_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"trueup/internal/httpapi/openapi"
	"trueup/internal/testkit/golden"
)

func TestDocumentIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	golden.Equal(t, "../docs/openapi.json", openapi.Document())
}

// Every POST can be repeated safely (SPEC 13).
func TestEveryPOSTTakesAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	for _, o := range operations(t) {
		if o.Method != http.MethodPost {
			continue
		}
		if !slices.ContainsFunc(o.spec.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == "Idempotency-Key" }) {
			t.Errorf("%s takes no Idempotency-Key", o.Key())
		}
	}
}
