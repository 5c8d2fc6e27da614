// Package reports serves reports, refreshes of licence data and statements over HTTP.
package reports

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/entitlement"
	"trueup/internal/group"
	"trueup/internal/httpapi"
	"trueup/internal/inventory"
	"trueup/internal/objects"
	"trueup/internal/position"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/snapshot"
	"trueup/internal/statements"
)

// Name is the name of the function in the manifest.
const Name = "reports"

// Source is the dependencies of reports; none is optional.
type Source struct {
	httpapi.Kernel

	Snapshots *snapshot.Library
	Groups    group.Store
	Refresh   func(context.Context) error // requests a refresh of old licence data (R8.6)
	Reports   objects.Bucket

	Zone *time.Location // of the organisation, in which conflicts get older
}

// Deps is the dependencies of the operations; none is optional.
type Deps struct {
	Source

	Adjustments report.AdjustmentStore
	Refreshes   *refresher.Requests
	Statements  *statements.Service
	Uploads     objects.Bucket
	Uploader    func() string // returns the principal of files that are uploaded with presigned addresses; empty if unknown
}

type operations struct {
	Deps

	asked atomic.Int64 // when a report last requested a refresh, in milliseconds
}

// enums are the enumerated types that only this function uses.
var enums = []httpapi.Enum{
	httpapi.EnumOf(statements.States), httpapi.EnumOf(refresher.Triggers), httpapi.EnumOf(refresher.States), httpapi.EnumOf(refresher.Holds),
	httpapi.EnumOf(position.Verdicts), httpapi.EnumOf(position.Measures), httpapi.EnumOf(position.Metrics), httpapi.EnumOf(position.SourceKinds), httpapi.EnumOf(entitlement.Kinds), httpapi.EnumOf(report.BarNames),
	httpapi.EnumOf(report.AdjustmentStates), httpapi.EnumOf(inventory.Unsearchables), httpapi.EnumOf(inventory.Misses),
	httpapi.EnumOf(report.PurchaseColumns()), httpapi.EnumOf(report.InstallationColumns()), httpapi.EnumOf(report.ComparisonColumns()), httpapi.EnumOf(report.SubscriptionColumns()),
}

// New returns the function's handler.
func New(d Deps) http.Handler {
	httpapi.Require(d)
	f := (&operations{Deps: d}).function()
	f.Log = d.Log
	return forgetting(httpapi.New(f), d.Snapshots)
}

// Function returns the function for the OpenAPI document. Its operations cannot be called.
func Function() httpapi.Function { return new(operations).function() }

func (o *operations) function() httpapi.Function {
	return httpapi.Function{Name: Name, Enums: enums, Describe: describe, Operations: httpapi.Join(
		o.refreshOperations(), o.statementOperations(), o.reportOperations(), o.historyOperations(), o.fileOperations(), o.adjustmentOperations(),
	)}
}

// describe adds the rules that resolvers check to the OpenAPI document, and lists the steps of moves. The steps of a report are of the same type and have no list
// in the OpenAPI document, so the type is not in enums.
func describe(document *huma.OpenAPI) {
	describeAdjustments(document)
	for _, schema := range []string{"ExplanationMove", "MovedBy"} {
		document.Components.Schemas.Map()[schema].Properties["step"].Enum = httpapi.Values(position.Steps)
	}
}
