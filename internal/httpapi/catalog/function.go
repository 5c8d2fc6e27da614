// Package catalog serves the catalog of publishers and product titles, and the
// inventory, over HTTP.
package catalog

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/catalog"
	"trueup/internal/httpapi"
	"trueup/internal/inventories"
	"trueup/internal/inventory"
	"trueup/internal/objects"
)

// Name is the name of the function in the manifest.
const Name = "catalog"

// Deps is the dependencies of the operations; none is optional.
type Deps struct {
	httpapi.Kernel

	Catalog   *catalog.Store
	Inventory inventories.Store
	Counts    *inventories.Counts
	Recount   func(context.Context) error // starts a recount of files after a change of rules
	Uploads   objects.Bucket
}

type operations struct{ Deps }

// enums are the enumerated types that only this function uses.
var enums = []httpapi.Enum{
	httpapi.EnumOf(inventories.States), httpapi.EnumOf(inventory.Shapes), httpapi.EnumOf(ruleKinds()), httpapi.EnumOf(titleKinds()), httpapi.EnumOf(origins),
	httpapi.EnumOf(choiceKinds), httpapi.EnumOf(linuxFilters), httpapi.EnumOf(acceptedKinds),
}

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
		o.catalogOperations(), o.editOperations(), o.inventoryOperations(), o.ruleOperations(), o.decisionOperations(), o.queueOperations(),
	)}
}

// describe adds the rules that resolvers check to the OpenAPI document.
func describe(document *huma.OpenAPI) {
	describeCatalog(document)
	describeInventory(document)
}
