package agreements

import (
	"context"
	"net/http"
	"strconv"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
)

// maxCallerID is the maximum length of the id of a caller in characters, as in the filters of audit events.
const maxCallerID = 256

// CallerName is the name of a person or program that called the API.
type CallerName struct {
	ID   string `json:"id" doc:"The id of the caller, as in by of audit events." example:"0b1ec700-5d3b-4c6a-9e8f-0123456789ab"`
	Name string `json:"name" doc:"The name in the token of the caller's newest change that had one, or at the newest sign-in to the console. People can change their names: the id says for sure who it was." example:"ann@example.org"`
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
	return httpapi.Operations{"listCallers": o.listCallers, "nameCaller": o.nameCaller}
}

func (o *operations) listCallers(api huma.API, op huma.Operation) {
	op.Summary = "Names of callers"
	op.Description = "Returns the names of the persons and programs with these ids, which other responses have in `by`, `assignedBy` and `createdBy`. A name is known if a token of the caller had one when the " +
		"caller changed something, or if the caller signed in to the console; the others are left out. Names are kept as long as audit events, which have them too, and the same roles may read both. " +
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

// OwnName is the name of the caller.
type OwnName struct {
	Name string `json:"name" doc:"The name in the ID token of the person: 1 to 256 characters, after white space and invisible characters became one space. Not the id of the caller." example:"ann@example.org"`
}

type nameCallerInput struct {
	httpapi.Reader
	Body OwnName

	name string
}

// Resolve implements huma.Resolver.
func (in *nameCallerInput) Resolve(ctx huma.Context) []error {
	in.name = access.CollapseName(in.Body.Name)
	v := errs.Violation{Field: "name", Value: in.Body.Name}
	switch n := utf8.RuneCountInString(in.name); {
	case n == 0:
		v.Code, v.Args = "length_min", errs.Pairs("min", "1")
	case n > access.MaxName:
		v.Code, v.Args = "length_max", errs.Pairs("max", strconv.Itoa(access.MaxName))
	case in.name == access.CallFrom(ctx.Context()).Principal.Subject:
		v.Code = "name_is_id"
	default:
		return nil
	}
	return httpapi.Refusals([]errs.Violation{v})
}

func (o *operations) nameCaller(api huma.API, op huma.Operation) {
	op.Summary = "Set the own name"
	op.Description = "Stores the name of the caller, the subject of the token, for `GET /callers`. Only the web console calls it, once at each sign-in: access tokens of some issuers, such as Amazon Cognito, have no " +
		"name, and the console has verified the ID token. A token of another client is refused (`caller_named_by_token`). The call may be repeated. It is part of a sign-in and changes no data of the " +
		"organisation, so it makes no audit event."
	op.DefaultStatus = http.StatusNoContent
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *nameCallerInput) (*struct{}, error) {
		caller := access.CallFrom(ctx).Principal
		// No header can claim to be the console. A person who gets a token of its client by hand
		// chooses no more than how their own id is shown.
		if !caller.Console {
			return nil, errs.New(errs.Denied, "caller_named_by_token")
		}
		return nil, o.Callers.SetName(ctx, caller.Subject, in.name, o.Now())
	})
}
