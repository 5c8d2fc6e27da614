package agreements

import (
	"context"
	"strconv"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/errs"
	"trueup/internal/httpapi"
)

// maxCallerID is the maximum length of the id of a caller in characters, as in the filters of audit events.
const maxCallerID = 256

// CallerName is the name of a person or program that called the API.
type CallerName struct {
	ID   string `json:"id" doc:"The id of the caller, as in by of audit events." example:"0b1ec700-5d3b-4c6a-9e8f-0123456789ab"`
	Name string `json:"name" doc:"The name in the token of the caller's newest change that had one. People can change their names: the id says for sure who it was." example:"ann@example.org"`
}

// CallerNames is the names of the callers that are known.
type CallerNames struct {
	Items []CallerName `json:"items" doc:"The callers whose names are known, in the order of the ids, each once."`
}

type listCallersInput struct {
	httpapi.Reader
	IDs []string `query:"id" required:"true" minItems:"1" maxItems:"100" doc:"The ids of the callers, separated by commas: each has 1 to 256 characters." example:"0b1ec700-5d3b-4c6a-9e8f-0123456789ab"`
}

// Resolve implements huma.Resolver.
func (in *listCallersInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	for _, id := range in.IDs {
		v := errs.Violation{Field: httpapi.ParameterField + "id", Value: id}
		switch n := utf8.RuneCountInString(id); {
		case n == 0:
			v.Code, v.Args = "length_min", errs.Pairs("min", "1")
		case n > maxCallerID:
			v.Code, v.Args = "length_max", errs.Pairs("max", strconv.Itoa(maxCallerID))
		default:
			continue
		}
		broken = append(broken, v)
	}
	return httpapi.Refusals(broken)
}

type listCallersOutput struct{ Body CallerNames }

func (o *operations) callerOperations() httpapi.Operations {
	return httpapi.Operations{"listCallers": o.listCallers}
}

func (o *operations) listCallers(api huma.API, op huma.Operation) {
	op.Summary = "Names of callers"
	op.Description = "Returns the names of the persons and programs with these ids: those of `by`, `assignedBy` and `createdBy` in other responses. A name is known if a token of the caller had one when the " +
		"caller last changed something; the others are left out. Names are kept as long as audit events, and whoever may read audit events, which have them, may read them here. " +
		"API Gateway refuses a request whose path, query and headers have more than 10,240 bytes together: ask for fewer ids if they are long."
	huma.Register(api, op, func(ctx context.Context, in *listCallersInput) (*listCallersOutput, error) {
		names, err := o.Callers.Names(ctx, in.IDs)
		if err != nil {
			return nil, err
		}
		out := &listCallersOutput{CallerNames{Items: []CallerName{}}}
		for _, id := range in.IDs {
			if name, known := names[id]; known {
				out.Body.Items = append(out.Body.Items, CallerName{id, name})
				delete(names, id) // an id that is repeated
			}
		}
		return out, nil
	})
}
