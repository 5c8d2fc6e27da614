package httpapi_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/catalog"
	"trueup/internal/group"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/httpapi/groups"
	"trueup/internal/httpapi/reports"
	"trueup/internal/importer"
	"trueup/internal/inventory"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/snapshot"
	"trueup/internal/statements"
)

// deps is the dependencies of all functions.
type deps struct {
	Agreements        agreement.Store
	Register          agreement.Register
	Answers           agreements.Answers
	Groups            group.Store
	Inventory         inventory.Store
	InventoryRequired bool
	Counts            *inventory.Counts
	Recount           func(context.Context) error
	ExpiringDays      int
	Catalog           *catalog.Store
	Imports           importer.Records
	Audit             audit.Store
	Once              once.Store
	Refresher         *refresher.Refresher
	Statements        *statements.Keeper
	Limits            agreement.Limits
	Uploads           objects.Bucket
	UploadsBucket     string
	Reports           objects.Bucket
	Snapshots         *snapshot.Library
	Refresh           func(context.Context) error
	Clock             func() time.Time
	NewID             func() string
	Log               *slog.Logger
}

// handler returns the handler of a function.
func (d deps) handler(function string) http.Handler {
	kernel := httpapi.Kernel{Once: d.Once, Clock: d.Clock, NewID: d.NewID, Log: d.Log}
	switch function {
	case agreements.Name:
		return agreements.New(agreements.Deps{
			Kernel: kernel, Agreements: d.Agreements, Register: d.Register, Answers: d.Answers, Groups: d.Groups, Inventory: d.Inventory,
			InventoryRequired: d.InventoryRequired, ExpiringDays: d.ExpiringDays, Catalog: d.Catalog, Imports: d.Imports, Audit: d.Audit,
			Refresher: d.Refresher, Limits: d.Limits, Uploads: d.Uploads, UploadsBucket: d.UploadsBucket, Reports: d.Reports,
		})
	case catalogapi.Name:
		return catalogapi.New(catalogapi.Deps{
			Kernel: kernel, Catalog: d.Catalog, Inventory: d.Inventory, Counts: d.Counts, Recount: d.Recount, Uploads: d.Uploads,
		})
	case groups.Name:
		return groups.New(groups.Deps{Kernel: kernel, Groups: d.Groups, Register: d.Register})
	case reports.Name:
		return reports.New(reports.Deps{
			Kernel: kernel, Snapshots: d.Snapshots, Groups: d.Groups, Refresher: d.Refresher, Refresh: d.Refresh, Statements: d.Statements,
			ExpiringDays: d.ExpiringDays, Uploads: d.Uploads, Reports: d.Reports,
		})
	}
	panic(fmt.Sprintf("no function %q", function))
}

// unused returns dependencies that panic when used, for tests of earlier steps and of single
// dependencies.
func unused(log *slog.Logger) deps {
	var store dynamo.Table
	var bucket noBucket
	nothing := func(context.Context) error { panic("called") }
	return deps{
		Agreements: broken{}, Register: noRegister{}, Answers: noAnswers{}, Groups: store.Groups, Inventory: store.Inventories, Imports: store.Imports, Audit: store.Audit, Once: store.Idempotency,
		Counts: &inventory.Counts{}, Recount: nothing, ExpiringDays: 90, Catalog: &catalog.Store{},
		Refresher: &refresher.Refresher{}, Statements: &statements.Keeper{}, Uploads: bucket, UploadsBucket: uploadsBucket, Reports: bucket,
		Snapshots: &snapshot.Library{}, Refresh: nothing, Clock: time.Now, NewID: func() string { return "id" }, Log: log,
	}
}

type (
	noBucket   struct{ objects.Bucket }
	noAnswers  struct{ agreements.Answers }
	noRegister struct{ agreement.Register }
)
