package catalog

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/httpapi"
	"trueup/internal/inventories"
)

type exportRulesInput struct{ httpapi.Reader }

type exportRulesOutput struct {
	ETag               string `header:"ETag" doc:"The tag of this version of the rules, for If-Match."`
	ContentDisposition string `header:"Content-Disposition" doc:"The file's name."`
	Body               json.RawMessage
}

func (o *operations) exportRules(api huma.API, op huma.Operation) {
	op.Summary = "Export rules and decisions"
	op.Description = "Returns the rules of admins and their decisions about undecidable titles as one JSON file. " +
		"Put it under catalog/ in the uploads bucket, of this or another installation, to add them: a rule with a known id and a decision about known titles are replaced."
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The rules and decisions.",
		Content: map[string]*huma.MediaType{"application/json": {
			Schema: &huma.Schema{Type: huma.TypeObject, Description: "The rules and decisions, for the uploads bucket.", AdditionalProperties: true},
		}},
	}}
	huma.Register(api, op, func(ctx context.Context, in *exportRulesInput) (*exportRulesOutput, error) {
		list, err := o.Counts.Rules(ctx)
		if err != nil {
			return nil, err
		}
		file, err := inventories.ExportRules(list)
		if err != nil {
			return nil, err
		}
		return &exportRulesOutput{ETag: httpapi.ETag(in.Lang(), list.Version), ContentDisposition: `attachment; filename="trueup-rules.json"`, Body: file}, nil
	})
}
