package httpapi_test

import (
	"testing"

	"trueup/internal/golden"
	"trueup/internal/httpapi"
)

func TestDocumentIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	golden.Equal(t, "../docs/openapi.json", httpapi.Document())
}
