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
	"trueup/internal/day"
	"trueup/internal/device"
	"trueup/internal/directories"
	"trueup/internal/group"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/httpapi/groups"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/httpapi/reminders"
	"trueup/internal/httpapi/reports"
	"trueup/internal/httpapi/views"
	"trueup/internal/importer"
	"trueup/internal/inventories"
	"trueup/internal/jobs"
	"trueup/internal/notifier"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/reminder"
	"trueup/internal/report"
	"trueup/internal/snapshot"
	"trueup/internal/statements"
	"trueup/internal/subscription"
	"trueup/internal/view"
)

// deps is the dependencies of all functions.
type deps struct {
	Agreements        agreement.Store
	Register          agreement.Register
	Answers           agreements.Answers
	Groups            group.Store
	Inventory         inventories.Store
	InventoryRequired bool
	Counts            *inventories.Counts
	Recount           func(context.Context) error
	Expiring          day.Window
	Catalog           *catalog.Store
	Imports           importer.Records
	Audit             audit.Store
	Callers           audit.Callers
	Once              once.Store
	Refreshes         *refresher.Requests
	Statements        *statements.Service
	Limits            agreement.Limits
	Uploads           objects.Bucket
	Uploader          func() string
	UploadsBucket     string
	Reports           objects.Bucket
	Zone              *time.Location
	Snapshots         *snapshot.Library
	Adjustments       report.AdjustmentStore
	Refresh           func(context.Context) error
	Subscriptions     subscription.Store
	People            subscription.People
	Users             subscription.Register
	DirectoryFiles    directories.Store
	Devices           device.Store
	Jobs              jobs.Store
	StartJobs         func(context.Context) error
	Reminders         reminders.Lister
	Feeds             reminder.Feeds
	NewToken          func() string
	Views             view.Store
	Deliver           func(context.Context) error
	Clock             func() time.Time
	NewID             func() string
	Log               *slog.Logger
}

func (d deps) kernel() httpapi.Kernel {
	return httpapi.Kernel{Once: d.Once, Clock: d.Clock, NewID: d.NewID, Log: d.Log}
}

func (d deps) agreements() agreements.Deps {
	return agreements.Deps{
		Kernel: d.kernel(), Agreements: d.Agreements, Register: d.Register, Answers: d.Answers, Groups: d.Groups, Inventory: d.Inventory,
		InventoryRequired: d.InventoryRequired, Expiring: d.Expiring, Zone: d.Zone, Catalog: d.Catalog, Imports: d.Imports, Audit: d.Audit, Callers: d.Callers,
		Refreshes: d.Refreshes, Limits: d.Limits, Uploads: d.Uploads, Uploader: d.Uploader, UploadsBucket: d.UploadsBucket, Reports: d.Reports,
	}
}

func (d deps) catalog() catalogapi.Deps {
	return catalogapi.Deps{
		Kernel: d.kernel(), Catalog: d.Catalog, Inventory: d.Inventory, Counts: d.Counts, Recount: d.Recount, Uploads: d.Uploads,
	}
}

func (d deps) groups() groups.Deps {
	return groups.Deps{Kernel: d.kernel(), Groups: d.Groups, Register: d.Register}
}

func (d deps) licenses() licenses.Deps {
	return licenses.Deps{
		Kernel: d.kernel(), Agreements: d.Agreements, Subscriptions: d.Subscriptions, People: d.People, Register: d.Users,
		Files: d.DirectoryFiles, Devices: d.Devices, Jobs: d.Jobs, StartJobs: d.StartJobs, Exports: d.Reports, Uploads: d.Uploads, Uploader: d.Uploader, Zone: d.Zone,
	}
}

func (d deps) views() views.Deps {
	return views.Deps{Kernel: d.kernel(), Views: d.Views, Check: reports.CheckView, Deliver: d.Deliver, Reports: d.Reports, Zone: d.Zone}
}

func (d deps) source() reports.Source {
	return reports.Source{Kernel: d.kernel(), Snapshots: d.Snapshots, Groups: d.Groups, Refresh: d.Refresh, Reports: d.Reports, Zone: d.Zone}
}

func (d deps) reports() reports.Deps {
	return reports.Deps{
		Source: d.source(), Adjustments: d.Adjustments, Refreshes: d.Refreshes, Statements: d.Statements, Uploads: d.Uploads, Uploader: d.Uploader,
	}
}

func (d deps) reminders() reminders.Deps {
	return reminders.Deps{
		Kernel: d.kernel(), Reminders: d.Reminders, Feeds: d.Feeds, NewToken: d.NewToken, Address: "https://api.example.org", Origin: "https://licences.example.org", Zone: d.Zone,
	}
}

// handler returns the handler of a function.
func (d deps) handler(function string) http.Handler {
	switch function {
	case agreements.Name:
		return agreements.New(d.agreements())
	case catalogapi.Name:
		return catalogapi.New(d.catalog())
	case groups.Name:
		return groups.New(d.groups())
	case licenses.Name:
		return licenses.New(d.licenses())
	case reminders.Name:
		return reminders.New(d.reminders())
	case reports.Name:
		return reports.New(d.reports())
	case views.Name:
		return views.New(d.views())
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
		Agreements: broken{}, Register: noRegister{}, Answers: noAnswers{}, Groups: store.Groups, Inventory: store.Inventories, Imports: store.Imports, Audit: store.Audit, Callers: store.Callers, Once: store.Idempotency,
		Counts: &inventories.Counts{}, Recount: nothing, Expiring: 90, Zone: time.UTC, Limits: defaultLimits, Catalog: &catalog.Store{},
		Refreshes: &refresher.Requests{}, Statements: &statements.Service{}, Uploads: bucket, Uploader: func() string { return "AWS:local" }, UploadsBucket: uploadsBucket, Reports: bucket,
		Snapshots: &snapshot.Library{}, Adjustments: store.Adjustments, Refresh: nothing, Subscriptions: store.Subscriptions, People: store.People, Users: noUsers{}, DirectoryFiles: store.DirectoryFiles, Devices: store.Devices, Jobs: store.LicenseJobs, StartJobs: nothing, Views: store.Views, Deliver: nothing, Reminders: &notifier.Reader{}, Feeds: store.Feeds, NewToken: func() string { return "token" }, Clock: time.Now, NewID: func() string { return "id" }, Log: log,
	}
}

var defaultLimits = agreement.Limits{PairMaxChars: agreement.PairMaxCharsDefault}

type (
	noBucket   struct{ objects.Bucket }
	noAnswers  struct{ agreements.Answers }
	noRegister struct{ agreement.Register }
	noUsers    struct{ subscription.Register }
)
