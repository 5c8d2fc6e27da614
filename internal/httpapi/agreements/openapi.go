package agreements

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/docs"
)

// openapiOutput is the OpenAPI document, unchanged.
type openapiOutput struct {
	Body json.RawMessage
}

func (o *operations) openapi(api huma.API, op huma.Operation) {
	op.Summary = "Read this document"
	op.Description = "Returns the OpenAPI 3.1 document of all operations."
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The document.",
		Content: map[string]*huma.MediaType{"application/json": {
			Schema: &huma.Schema{Type: huma.TypeObject, Description: "An OpenAPI document.", AdditionalProperties: true},
		}},
	}}
	huma.Register(api, op, func(context.Context, *struct{}) (*openapiOutput, error) {
		return &openapiOutput{Body: docs.OpenAPI}, nil
	})
}
