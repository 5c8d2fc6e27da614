// Package agreements serves agreements, their pairs, imports, audit events and names of callers over HTTP.
package agreements

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/day"
	"trueup/internal/group"
	"trueup/internal/httpapi"
	"trueup/internal/importer"
	"trueup/internal/inventory"
	"trueup/internal/objects"
	"trueup/internal/refresher"
)

// Name is the name of the function in the manifest.
const Name = "agreements"

// Deps is the dependencies of the operations; none is optional.
type Deps struct {
	httpapi.Kernel

	Agreements        agreement.Store
	Register          agreement.Register
	Answers           Answers
	Groups            group.Store
	Inventory         Inventory
	InventoryRequired bool // whether agreements of type other need an inventory (R2.8)
	Expiring          day.Window
	Zone              *time.Location // of the organisation, which decides what day it is today
	Catalog           *catalog.Store
	Imports           importer.Records
	Audit             audit.Store
	Callers           audit.Callers
	Refreshes         *refresher.Requests
	Limits            agreement.Limits
	Uploads           objects.Bucket
	Uploader          func() string // returns the principal of files that are uploaded with presigned addresses; empty if unknown
	UploadsBucket     string        // the bucket's name: the import of an upload is found by bucket and key
	Reports           objects.Bucket
}

// Answers returns the results of refreshes.
type Answers interface {
	// AnswersTo returns the results for pairs of an agreement, without pairs that the agreement
	// no longer has.
	AnswersTo(ctx context.Context, agreementID string, pairs []agreement.PairKey) ([]refresher.Answered, error)
	// Freshness returns the age of the licence data.
	Freshness(ctx context.Context) (refresher.Freshness, error)
}

// Inventory returns what the inventory contains.
type Inventory interface {
	Summary(ctx context.Context) (inventory.Summary, error)
}

type operations struct{ Deps }

// enums are the enumerated types that only this function uses.
var enums = []httpapi.Enum{httpapi.EnumOf(importer.States), httpapi.EnumOf(importer.OnErrors)}

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
	return httpapi.Function{Name: Name, Enums: enums, Describe: describe, Operations: httpapi.Join(
		httpapi.Operations{"openapi": o.openapi}, o.agreementOperations(), o.editOperations(), o.bulkOperations(), o.pairOperations(), o.importOperations(), o.auditOperations(), o.callerOperations(),
	)}
}

type limitsKey struct{} // of agreement.Limits in a request's context

// limited adds the limits to the context for an operation's resolvers, which run before its
// handler.
func (o *operations) limited(op *huma.Operation) {
	op.Middlewares = append(op.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
		next(huma.WithValue(ctx, limitsKey{}, o.Limits))
	})
}

// limits returns the settings that rules depend on, as limited stored them.
func limits(ctx huma.Context) agreement.Limits {
	l, _ := ctx.Context().Value(limitsKey{}).(agreement.Limits)
	return l
}
