// Package views serves saved views and their files over HTTP (R8.8).
//
// Everyone who reads has views of their own. Sharing one and sending one on a schedule need the right to manage
// agreements. A shared view is read by everyone and changed by its owner only; a global admin can stop the
// schedule of any view, and delete a shared or scheduled one.
package views

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/httpapi"
	"trueup/internal/objects"
	"trueup/internal/view"
)

// Name is the name of the function in the manifest.
const Name = "views"

// Deps is the dependencies of the operations; none is optional.
type Deps struct {
	httpapi.Kernel

	Views   view.Store
	Check   view.Check                  // of the parameters of reports
	Deliver func(context.Context) error // calls the function that sends views
	Reports objects.Bucket
	Zone    *time.Location // of the organisation, in which schedules run
}

type operations struct{ Deps }

// enums are the enumerated types that only this function uses.
var enums = []httpapi.Enum{
	httpapi.EnumOf(view.Reports), httpapi.EnumOf(view.Intervals), httpapi.EnumOf(view.Weekdays), httpapi.EnumOf(view.Formats),
	httpapi.EnumOf(view.States), httpapi.EnumOf(view.Reasons), httpapi.EnumOf(scopes),
}

// New returns the function's handler.
func New(d Deps) http.Handler {
	httpapi.Require(d)
	f := (&operations{Deps: d}).function()
	f.Log = d.Log
	handler := httpapi.New(f)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), checkKey{}, d.Check)))
	})
}

// Function returns the function for the OpenAPI document. Its operations cannot be called.
func Function() httpapi.Function { return new(operations).function() }

func (o *operations) function() httpapi.Function {
	return httpapi.Function{Name: Name, Enums: enums, Describe: describe, Operations: httpapi.Join(
		o.viewOperations(), o.editOperations(), o.scheduleOperations(), o.fileOperations(),
	)}
}

// describe adds the rules that resolvers check to the OpenAPI document.
func describe(document *huma.OpenAPI) {
	one, names := 1, agreement.NameMaxChars
	name := document.Components.Schemas.Map()["ViewDefinition"].Properties["name"]
	name.MinLength, name.MaxLength = &one, &names
	last := float64(view.LastDay)
	document.Components.Schemas.Map()["ViewSchedule"].Properties["day"].Maximum = &last
}
