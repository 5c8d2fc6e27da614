package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/internal/agreement"
	"trueup/internal/app/program"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/invoke"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/aws/trigger"
	"trueup/internal/catalog"
	"trueup/internal/config"
	"trueup/internal/day"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/httpapi/groups"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/httpapi/reports"
	"trueup/internal/intake"
	"trueup/internal/inventories"
	"trueup/internal/manifest"
	"trueup/internal/objects"
	"trueup/internal/people"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/statements"
)

// openForRequests returns the store of a function that serves HTTP. It gives up soon because a caller
// waits.
func openForRequests(settings config.Config, c aws.Config) *dynamo.Table {
	return dynamo.Open(dynamodb.NewFromConfig(c, program.Retries(5, 200*time.Millisecond)), settings.Table)
}

func kernel(store *dynamo.Table, log *slog.Logger) httpapi.Kernel {
	return httpapi.Kernel{Once: store.Idempotency, Clock: time.Now, NewID: rand.Text, Log: log}
}

// Agreements returns the handler of the agreements function.
func Agreements(settings config.Config, c aws.Config, log *slog.Logger) http.Handler {
	store, files := openForRequests(settings, c), s3.NewFromConfig(c)
	results := s3bucket.New(files, settings.ReportsBucket)
	all := register.New(store.Agreements, store.Journal, results, log)
	refreshes := dynamo.NewRefreshes(store, all)
	return agreements.New(agreements.Deps{
		Kernel:     kernel(store, log),
		Agreements: store.Agreements, Register: all, Answers: refreshes, Groups: store.Groups, Imports: store.Imports, Audit: store.Audit, Callers: store.Callers,
		Inventory: store.Inventories, InventoryRequired: settings.InventoryRequired, Expiring: day.Window(settings.ExpiringDays), Zone: settings.RefreshTimeZone,
		Catalog: catalog.New(store.Journal, results, log), Refreshes: requester(settings, c, refreshes, log),
		Limits:  agreement.Limits{PairMaxChars: settings.PairMaxChars},
		Uploads: s3bucket.New(files, settings.UploadsBucket), Uploader: uploader(settings), UploadsBucket: settings.UploadsBucket, Reports: results,
	})
}

// uploader returns a function that returns the principal of files that are uploaded with addresses of
// this function.
func uploader(settings config.Config) func() string {
	return func() string { return intake.Principal(settings.Role) }
}

// Catalog returns the handler of the catalog function.
func Catalog(settings config.Config, c aws.Config, log *slog.Logger) http.Handler {
	store, files := openForRequests(settings, c), s3.NewFromConfig(c)
	results := s3bucket.New(files, settings.ReportsBucket)
	counting := invoke.New(awslambda.NewFromConfig(c), settings.InventoryFunction)
	recounts := inventories.Recounts{
		Store: store.Inventories, Clock: time.Now, NewID: rand.Text,
		Call: func(ctx context.Context, holder string) error { return counting.Call(ctx, trigger.RecountCall(holder)) },
	}
	return catalogapi.New(catalogapi.Deps{
		Kernel:  kernel(store, log),
		Catalog: catalog.New(store.Journal, results, log), Inventory: store.Inventories, Counts: inventories.NewCounts(store.Inventories, results),
		Recount: recounts.Start,
		Uploads: s3bucket.New(files, settings.UploadsBucket),
	})
}

// Groups returns the handler of the groups function.
func Groups(settings config.Config, c aws.Config, log *slog.Logger) http.Handler {
	store := openForRequests(settings, c)
	all := register.New(store.Agreements, store.Journal, copiesFor(groups.Name, settings, c), log)
	return groups.New(groups.Deps{Kernel: kernel(store, log), Groups: store.Groups, Register: all})
}

// Licenses returns the handler of the licenses function.
func Licenses(settings config.Config, c aws.Config, log *slog.Logger) http.Handler {
	// Where people compete for the licences of one subscription, a transaction may need many attempts.
	store := dynamo.Open(dynamodb.NewFromConfig(c, program.Retries(5, 200*time.Millisecond)), settings.Table, dynamo.RetryTimeout(8*time.Second))
	client := s3.NewFromConfig(c)
	files := s3bucket.New(client, settings.ReportsBucket)
	var uploads func() string // nil without a role: then the function does not start
	if settings.Role != "" {
		uploads = uploader(settings)
	}
	working := invoke.New(awslambda.NewFromConfig(c), settings.DirectoryFunction)
	return licenses.New(licenses.Deps{
		Kernel: kernel(store, log), Agreements: store.Agreements, Subscriptions: store.Subscriptions, People: store.People,
		Register: people.New(store.People, store.Journal, files, log), Files: store.DirectoryFiles, Devices: store.Devices,
		Jobs: store.LicenseJobs, StartJobs: func(ctx context.Context) error { return working.Call(ctx, trigger.LicenseJobsCall()) }, Exports: files, Zone: settings.RefreshTimeZone,
		Uploads: s3bucket.New(client, settings.UploadsBucket), Uploader: uploads,
	})
}

// copiesFor returns the bucket of saved copies, for a function that does not need them. During the
// deployment of a release that adds the setting, the function starts without the bucket.
func copiesFor(name string, settings config.Config, c aws.Config) objects.Bucket {
	function, _ := manifest.Find(name)
	if settings.ReportsBucket == "" && slices.Contains(function.Added, config.ReportsBucket) {
		return noCopies{}
	}
	return s3bucket.New(s3.NewFromConfig(c), settings.ReportsBucket)
}

// noCopies is a bucket without saved copies. Its readers apply all entries of the journal, or read the table if entries have expired.
type noCopies struct{ objects.Bucket }

// Open implements objects.Bucket.
func (noCopies) Open(context.Context, string, string, string) (objects.Object, error) {
	return objects.Object{}, objects.ErrNotFound
}

// Reports returns the handler of the reports function.
func Reports(settings config.Config, c aws.Config, log *slog.Logger) http.Handler {
	store, files := openForRequests(settings, c), s3.NewFromConfig(c)
	uploads, results := s3bucket.New(files, settings.UploadsBucket), s3bucket.New(files, settings.ReportsBucket)
	all, titles := register.New(store.Agreements, store.Journal, results, log), catalog.New(store.Journal, results, log)
	refreshes := dynamo.NewRefreshes(store, all)
	r := requester(settings, c, refreshes, log)
	kept := keeper(settings, store.Statements, uploads, results, titles, log, func(ctx context.Context, s statements.Record) error {
		run, err := requestFor(ctx, r, s)
		if err == nil && run.State == refresher.StateQueued {
			r.Start(ctx, run.ID)
		}
		return err
	})
	return reports.New(reports.Deps{
		Source: reports.Source{
			Kernel: kernel(store, log), Snapshots: library(settings, store, refreshes, all, titles, results), Groups: store.Groups,
			Refresh: refreshNow(r), Reports: results, Zone: settings.RefreshTimeZone,
		},
		Adjustments: store.Adjustments, Refreshes: r, Statements: kept, Uploads: uploads, Uploader: uploader(settings),
	})
}
