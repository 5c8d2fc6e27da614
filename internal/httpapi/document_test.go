package httpapi_test

import (
	"testing"

	"trueup/internal/httpapi/openapi"
	"trueup/internal/testkit/golden"
)

func TestDocumentIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	golden.Equal(t, "../docs/openapi.json", openapi.Document())
}
