// Package groups serves license groups over HTTP.
package groups

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/group"
	"trueup/internal/httpapi"
)

// Name is the name of the function in the manifest.
const Name = "groups"

// Deps is the dependencies of the operations; none is optional.
type Deps struct {
	httpapi.Kernel

	Groups   group.Store
	Register agreement.Register
}

type operations struct{ Deps }

// New returns the function's handler.
func New(d Deps) http.Handler {
	httpapi.Require(d)
	f := (&operations{Deps: d}).function()
	f.Log = d.Log
	return httpapi.New(f)
}

// Function returns the function for the OpenAPI document. Its operations cannot be called.
func Function() httpapi.Function { return new(operations).function() }

func (o *operations) function() httpapi.Function {
	return httpapi.Function{Name: Name, Describe: describe, Operations: httpapi.Join(
		o.groupOperations(), o.editOperations(),
	)}
}

// describe adds the rules that resolvers check to the OpenAPI document.
func describe(document *huma.OpenAPI) {
	one, names := 1, agreement.NameMaxChars
	name := document.Components.Schemas.Map()["GroupName"].Properties["name"]
	name.MinLength, name.MaxLength = &one, &names
}
