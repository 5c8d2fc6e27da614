// Package app is the composition root: it reads the settings, makes the
// clients, and puts the house together for one function.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/internal/agreement"
	"trueup/internal/catalog"
	"trueup/internal/catalog/feeder"
	"trueup/internal/config"
	"trueup/internal/dynamo"
	"trueup/internal/httpapi"
	"trueup/internal/importer"
	"trueup/internal/inventory"
	"trueup/internal/invoke"
	"trueup/internal/manifest"
	"trueup/internal/objects/s3bucket"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/statements"
	"trueup/internal/trigger"
)

// RunImporter runs the import function until Lambda ends it.
func RunImporter() {
	run("import", func(settings config.Config, c aws.Config, log *slog.Logger) any {
		return trigger.Objects(Importer(settings, c, log), log)
	})
}

// RunInventory runs the inventory function until Lambda ends it.
func RunInventory() {
	run("inventory", func(settings config.Config, c aws.Config, log *slog.Logger) any {
		return trigger.Inventories(Inventory(settings, c, log), log)
	})
}

// RunAgreements, RunCatalog, RunGroups and RunReports run a function that serves
// HTTP until Lambda ends it. Each names its operations, so that those of the
// others are not linked into its program.
func RunAgreements() { runAPI(httpapi.AgreementsFunction) }

// RunCatalog is like RunAgreements.
func RunCatalog() { runAPI(httpapi.CatalogFunction) }

// RunGroups is like RunAgreements.
func RunGroups() { runAPI(httpapi.GroupsFunction) }

// RunReports is like RunAgreements.
func RunReports() { runAPI(httpapi.ReportsFunction) }

func runAPI(f httpapi.Function) {
	run(f.Name, func(settings config.Config, c aws.Config, log *slog.Logger) any {
		return trigger.HTTP(API(f, settings, c, log), log, time.Now)
	})
}

// run reads the settings that the manifest has for the function and starts its
// handler. A wrong setting ends the process with one line that says which.
func run(name string, handler func(config.Config, aws.Config, *slog.Logger) any) {
	log := slog.New(metricsHandler{lambdacontext.NewLogHandler()}).With("function", name)
	settings, c, err := load(name)
	if err != nil {
		log.Error("cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler(settings, c, log))
}

func load(name string) (config.Config, aws.Config, error) {
	function, ok := manifest.Find(name)
	if !ok {
		return config.Config{}, aws.Config{}, fmt.Errorf("app: no function %q in the manifest", name)
	}
	settings, err := config.Load(config.Environment, function.Settings...)
	if err != nil {
		return config.Config{}, aws.Config{}, err
	}
	return settings, environment(config.Environment), nil
}

// environment is the SDK's configuration as Lambda gives it: a region and
// credentials in variables. The SDK's own loader also knows profiles, single
// sign-on and metadata services, which no function ever has; without them a
// function's zip is a tenth smaller and it starts sooner.
func environment(lookup func(string) string) aws.Config {
	c := aws.Config{
		Region: lookup("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(
			lookup("AWS_ACCESS_KEY_ID"), lookup("AWS_SECRET_ACCESS_KEY"), lookup("AWS_SESSION_TOKEN")),
		ConfigSources: []any{endpoints(lookup)},
	}
	if lookup("AWS_RESPONSE_CHECKSUM_VALIDATION") == "when_required" {
		c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	}
	return c
}

// endpoints tells the SDK's clients of services that are elsewhere, as the
// variables AWS_ENDPOINT_URL_<service> say.
type endpoints func(string) string

// GetServiceBaseEndpoint is what the clients look for.
func (lookup endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	url := lookup("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service, " ", "_")))
	return url, url != "", nil
}

// How much has to change before a copy is saved again: by the schedule, and
// right after an import, so that no process that starts has to read much more.
const (
	catalogBacklog = 50
	backlog        = 500
	largeBacklog   = 5000
)

// Importer puts the import function together: what takes the files of the
// uploads bucket, and what its schedule tidies up. Nobody waits for it, so it
// is patient.
func Importer(settings config.Config, c aws.Config, log *slog.Logger) trigger.Jobs {
	store := dynamo.New(dynamodb.NewFromConfig(c, retries(12, time.Second)), settings.Table, dynamo.Patience(30*time.Second))
	files := s3.NewFromConfig(c)
	uploads, reports := s3bucket.New(files, settings.UploadsBucket), s3bucket.New(files, settings.ReportsBucket)
	newID := func(at time.Time) string { return importer.NewID(at, rand.Text()) }
	agreements, titles := register.New(store, store, reports, log), catalog.New(store, reports, log)
	refreshes := requester(settings, c, dynamo.NewRefreshes(store, agreements), log)
	return trigger.Jobs{
		Importer: &importer.Importer{
			Store:   store,
			Uploads: uploads,
			Reports: reports,
			Limits:  agreement.Limits{PairMaxChars: settings.PairMaxChars},
			Clock:   time.Now,
			Lease:   settings.ImportLease,
			Added:   func(ctx context.Context) { refreshes.Tell(ctx, refresher.TriggerImport) },
			Log:     log,
		},
		Catalog: &feeder.Feeder{Catalog: titles, Uploads: uploads, Reports: reports, Clock: time.Now, NewID: newID, Log: log},
		Tidy: func(ctx context.Context) error {
			return errors.Join(
				store.Tidy(ctx, time.Now()), emptyGroups(ctx, agreements, store), agreements.Save(ctx, backlog), titles.Save(ctx, catalogBacklog),
			)
		},
		Settle: func(ctx context.Context) {
			if err := agreements.Save(ctx, largeBacklog); err != nil {
				log.WarnContext(ctx, "copy not saved", "error", err) // the schedule tries again
			}
		},
	}
}

// Inventory puts the inventory function together. Nobody waits for it, so it is
// patient.
func Inventory(settings config.Config, c aws.Config, log *slog.Logger) *inventory.Receiver {
	store := dynamo.New(dynamodb.NewFromConfig(c, retries(12, time.Second)), settings.Table, dynamo.Patience(30*time.Second))
	files := s3.NewFromConfig(c)
	return &inventory.Receiver{
		Store:   store,
		Counts:  inventory.NewCounts(store, s3bucket.New(files, settings.ReportsBucket)),
		Uploads: s3bucket.New(files, settings.UploadsBucket),
		Clock:   time.Now,
		NewID:   func(at time.Time) string { return importer.NewID(at, rand.Text()) },
		Log:     log,
	}
}

// emptyGroups moves the agreements that still name a deleted license group.
func emptyGroups(ctx context.Context, agreements *register.Reader, store *dynamo.Store) error {
	stranded, _, err := agreements.Stranded(ctx)
	if err != nil {
		return err
	}
	for id, ids := range stranded {
		if err := store.Empty(ctx, id, ids); err != nil {
			return err
		}
	}
	return nil
}

// API puts a function that serves HTTP together. Somebody waits for it, so it
// gives up soon.
func API(f httpapi.Function, settings config.Config, c aws.Config, log *slog.Logger) http.Handler {
	store := dynamo.New(dynamodb.NewFromConfig(c, retries(5, 200*time.Millisecond)), settings.Table, dynamo.Patience(4*time.Second))
	deps := httpapi.Deps{
		Agreements: store, Groups: store, Inventory: store, Imports: store, Audit: store, Once: store,
		Limits:            agreement.Limits{PairMaxChars: settings.PairMaxChars},
		InventoryRequired: settings.InventoryRequired, ExpiringDays: settings.ExpiringDays,
		UploadsBucket: settings.UploadsBucket, Clock: time.Now, NewID: rand.Text, Log: log,
	}
	files := s3.NewFromConfig(c)
	if settings.ReportsBucket != "" {
		deps.Reports = s3bucket.New(files, settings.ReportsBucket)
		deps.Catalog = catalog.New(store, deps.Reports, log)
		deps.Counts = inventory.NewCounts(store, deps.Reports)
	}
	if settings.UploadsBucket != "" {
		deps.Uploads = s3bucket.New(files, settings.UploadsBucket)
		agreements := register.New(store, store, deps.Reports, log)
		refreshes := dynamo.NewRefreshes(store, agreements)
		deps.Register, deps.Known = agreements, refreshes
		deps.Snapshots = library(store, refreshes, agreements, deps.Catalog, deps.Reports)
		deps.Refresher = requester(settings, c, refreshes, log)
		deps.Refresh = refreshNow(deps.Refresher)
		deps.Statements = keeper(settings, store, deps.Uploads, deps.Reports, deps.Catalog, log)
		deps.Statements.Changed = func(ctx context.Context, s statements.Record) error {
			run, err := requestFor(ctx, deps.Refresher, s)
			if err == nil && run.State == refresher.StateQueued {
				deps.Refresher.Start(ctx, run.ID)
			}
			return err
		}
	}
	counting := invoke.New(awslambda.NewFromConfig(c), settings.InventoryFunction)
	deps.Recount = func(ctx context.Context) error { return trigger.Recount(ctx, counting) }
	return httpapi.New(deps, f)
}

// retries makes the DynamoDB client repeat faults up to n times in all, with
// pauses of at most longest. The SDK's own budget over all calls is left out:
// it would fail calls that one more try saves.
func retries(n int, longest time.Duration) func(*dynamodb.Options) {
	return func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts, r.MaxBackoff, r.RateLimiter = n, longest, ratelimit.None
		})
		// DynamoDB's CRC32 of a reply adds nothing over TLS, and the local engine's is noise.
		o.DisableValidateResponseChecksum = true
	}
}
