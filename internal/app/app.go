// Package app is the composition root: it creates the clients and stores of each function and assembles
// it. Package web assembles the console, and package program runs all of them.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/internal/agreement"
	"trueup/internal/app/program"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/aws/trigger"
	"trueup/internal/catalog"
	"trueup/internal/catalog/feeder"
	"trueup/internal/config"
	"trueup/internal/group"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/httpapi/groups"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/httpapi/reports"
	"trueup/internal/httpapi/views"
	"trueup/internal/id"
	"trueup/internal/importer"
	"trueup/internal/intake/kind"
	"trueup/internal/inventories"
	"trueup/internal/journal"
	"trueup/internal/refresher"
	"trueup/internal/register"
)

// RunImporter runs the import function until Lambda stops it.
func RunImporter() {
	program.Run("import", func(settings config.Config, c aws.Config, log *slog.Logger) any {
		return trigger.Handler(Importer(settings, c, log), log)
	})
}

// RunInventory runs the inventory function until Lambda stops it.
func RunInventory() {
	program.Run("inventory", func(settings config.Config, c aws.Config, log *slog.Logger) any {
		return trigger.Handler(Inventory(settings, c, log), log)
	})
}

// RunAgreements runs the agreements function, which serves HTTP, until Lambda stops it.
func RunAgreements() { runAPI(agreements.Name, Agreements) }

// RunCatalog is like RunAgreements.
func RunCatalog() { runAPI(catalogapi.Name, Catalog) }

// RunGroups is like RunAgreements.
func RunGroups() { runAPI(groups.Name, Groups) }

// RunLicenses is like RunAgreements.
func RunLicenses() { runAPI(licenses.Name, Licenses) }

// RunReports is like RunAgreements.
func RunReports() { runAPI(reports.Name, Reports) }

// RunViews is like RunAgreements.
func RunViews() { runAPI(views.Name, Views) }

func runAPI(name string, handler func(config.Config, aws.Config, *slog.Logger) http.Handler) {
	program.Run(name, func(settings config.Config, c aws.Config, log *slog.Logger) any {
		return program.Serve(settings, handler(settings, c, log), log)
	})
}

// The number of changes after which a copy is saved again, which limits how much a new process
// has to read: by the schedule (catalogBacklog and backlog), after an import (backlog), and
// during a refresh (refreshBacklog), which may change every agreement.
const (
	catalogBacklog = 50
	backlog        = 500
	refreshBacklog = 5000
)

// Importer assembles the import function: receivers for files in the uploads bucket, and the
// cleanup on its schedule. Its store retries longer because no caller waits.
func Importer(settings config.Config, c aws.Config, log *slog.Logger) trigger.Jobs {
	store := dynamo.Open(dynamodb.NewFromConfig(c, program.Retries(12, time.Second)), settings.Table, dynamo.RetryTimeout(30*time.Second))
	files := s3.NewFromConfig(c)
	uploads, reports := s3bucket.New(files, settings.UploadsBucket), s3bucket.New(files, settings.ReportsBucket)
	newID := func(at time.Time) string { return id.New(at, rand.Text()) }
	agreements, titles := register.New(store.Agreements, store.Journal, reports, log), catalog.New(store.Journal, reports, log)
	refreshes := requester(settings, c, dynamo.NewRefreshes(store, agreements), log)
	imports := &importer.Importer{
		Store:   store.Imports,
		Numbers: agreements,
		Uploads: uploads,
		Reports: reports,
		Limits:  agreement.Limits{PairMaxChars: settings.PairMaxChars},
		Clock:   time.Now,
		Lease:   settings.ImportLease,
		Added:   func(ctx context.Context) { refreshes.PairsChanged(ctx, refresher.TriggerImport) },
		Log:     log,
	}
	rules := inventories.RulesFiles{Counts: inventories.NewCounts(store.Inventories, reports)}
	feeds := &feeder.Feeder{Catalog: titles, Rules: rules, Uploads: uploads, Reports: reports, Clock: time.Now, NewID: newID, Log: log}
	return trigger.Jobs{
		Files: []trigger.Receiver{
			{Kind: kind.Agreements, Receive: imports.Receive},
			{Kind: kind.Catalog, Receive: feeds.Receive},
		},
		Received: func(ctx context.Context) error {
			if err := agreements.Save(ctx, backlog, time.Now()); err != nil {
				log.WarnContext(ctx, "copy not saved", "error", err) // the schedule tries again
			}
			return nil
		},
		Scheduled: func(ctx context.Context) error {
			now := time.Now()
			return errors.Join(
				imports.Abandon(ctx),
				store.Upkeep.Tidy(ctx, now), store.Upkeep.Retire(ctx, now), emptyGroups(ctx, agreements, store, now),
				agreements.Save(ctx, backlog, now), titles.Save(ctx, catalogBacklog, now),
			)
		},
	}
}

// Inventory assembles the inventory function. Its store retries longer because no caller
// waits.
func Inventory(settings config.Config, c aws.Config, log *slog.Logger) trigger.Jobs {
	store := dynamo.Open(dynamodb.NewFromConfig(c, program.Retries(12, time.Second)), settings.Table, dynamo.RetryTimeout(30*time.Second))
	files := s3.NewFromConfig(c)
	counts := &inventories.Receiver{
		Store:   store.Inventories,
		Counts:  inventories.NewCounts(store.Inventories, s3bucket.New(files, settings.ReportsBucket)),
		Uploads: s3bucket.New(files, settings.UploadsBucket),
		MacOS:   settings.InventoryMacOS,
		Clock:   time.Now,
		NewID:   func(at time.Time) string { return id.New(at, rand.Text()) },
		Log:     log,
	}
	return trigger.Jobs{
		Files:     []trigger.Receiver{{Kind: kind.Inventory, Receive: counts.Receive}},
		Scheduled: func(ctx context.Context) error { return counts.Recount(ctx, "") }, // makes up for lost calls
		Recount:   counts.Recount,
	}
}

// emptyGroups moves agreements out of license groups that were deleted.
func emptyGroups(ctx context.Context, agreements *register.Reader, store *dynamo.Table, now time.Time) error {
	counts, _, err := agreements.ByGroup(ctx)
	if err != nil {
		return err
	}
	due, err := store.Upkeep.IsCheckDue(ctx, now)
	if err != nil {
		return err
	}
	hidden := map[string][]string{}
	if due {
		if hidden, err = storedElsewhere(ctx, agreements, store.Agreements); err != nil {
			return err
		}
	}
	for groupID := range hidden {
		counts[groupID]++
	}
	groups, err := store.Groups.Groups(ctx) // after the agreements: a group that is missing here was deleted
	if err != nil {
		return err
	}
	for _, g := range groups {
		delete(counts, g.ID)
	}
	if err := store.Upkeep.Adopt(ctx, slices.Sorted(maps.Keys(counts)), now); err != nil {
		return err
	}
	inDeleted, err := agreements.InDeletedGroups(ctx)
	if err != nil {
		return err
	}
	for groupID, ids := range inDeleted {
		if err := store.Upkeep.Empty(ctx, groupID, append(ids, hidden[groupID]...)); err != nil {
			return err
		}
	}
	if due {
		return store.Upkeep.Checked(ctx, now)
	}
	return nil
}

// storedElsewhere returns, by license group, the ids of the agreements that are shown as
// Unassigned but stored under that group.
func storedElsewhere(ctx context.Context, agreements *register.Reader, store *dynamo.Agreements) (map[string][]string, error) {
	all, _, err := agreements.All(ctx, journal.Position{})
	if err != nil {
		return nil, err
	}
	var ids []string
	for i := range all {
		if all[i].GroupID == group.UnassignedID {
			ids = append(ids, all[i].ID)
		}
	}
	stored, err := store.AgreementsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	elsewhere := map[string][]string{}
	for _, id := range ids {
		if a, exists := stored[id]; exists && a.GroupID != group.UnassignedID {
			elsewhere[a.GroupID] = append(elsewhere[a.GroupID], id)
		}
	}
	return elsewhere, nil
}
