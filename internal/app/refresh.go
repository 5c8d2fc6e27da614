package app

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
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
	"trueup/internal/entitlement"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/intake/kind"
	"trueup/internal/inventories"
	"trueup/internal/jobs"
	"trueup/internal/objects"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/report"
	"trueup/internal/retention"
	"trueup/internal/snapshot"
	"trueup/internal/statements"
	"trueup/internal/vlsc"
)

// How a refresh divides the 15 minutes of an invocation. The reserve at the end is enough to
// store a batch and to publish.
const (
	refreshLease   = 45 * time.Second // shorter than the minute after which Lambda retries a failed event
	refreshAsk     = 2 * time.Minute  // a batch's four attempts of 20 s each, and a rejected token
	refreshReserve = 2 * time.Minute  // for Publish, with 20,000 titles and 100,000 agreements
	refreshPause   = 30 * time.Second // before failed pairs are retried
	sweepLimit     = 2 * time.Minute  // for old data, before the night's refresh; the next night continues
)

// RunRefresher runs the refresh function until Lambda stops it.
func RunRefresher(secret program.Secret) {
	program.Run("refresh", func(settings config.Config, c aws.Config, log *slog.Logger) any {
		jobs, err := Refresher(settings, c, secret, log)
		if err != nil {
			log.Error("cannot start", "error", err)
			os.Exit(1)
		}
		return trigger.Handler(jobs, log)
	})
}

// Refresher assembles the refresh function. Its store retries longer because no caller waits.
// An error means that a setting is invalid.
func Refresher(settings config.Config, c aws.Config, secret program.Secret, log *slog.Logger) (trigger.Jobs, error) {
	store := dynamo.Open(dynamodb.NewFromConfig(c, program.Retries(12, time.Second)), settings.Table, dynamo.RetryTimeout(30*time.Second))
	files := s3.NewFromConfig(c)
	reports := s3bucket.New(files, settings.ReportsBucket)
	agreements, titles := register.New(store.Agreements, store.Journal, reports, log), catalog.New(store.Journal, reports, log)
	refreshes := dynamo.NewRefreshes(store, agreements)
	requests := requester(settings, c, refreshes, log)
	kept := keeper(settings, store.Statements, s3bucket.New(files, settings.UploadsBucket), reports, titles, log, func(ctx context.Context, s statements.Record) error {
		_, err := requestFor(ctx, requests, s)
		return err
	})
	source, err := sourceOf(settings, c, secret, agreements, refreshes, kept, log)
	if err != nil {
		return trigger.Jobs{}, err
	}
	publisher := &snapshot.Publisher{
		Files: reports, Index: store.Snapshots, Agreements: agreements, Answers: refreshes, Changed: refreshes, Statements: kept, Groups: store.Groups, Inventory: inventories.NewCounts(store.Inventories, reports),
		Refreshes: refreshes, Catalog: titles, Expiring: day.Window(settings.ExpiringDays), Words: report.WordsIn(i18n.English),
		Adjustments: store.Adjustments, Subscriptions: store.Subscriptions, Devices: store.Devices, Zone: settings.RefreshTimeZone, Clock: time.Now, Log: log,
	}
	worker := &refresher.Worker{
		Requests: requests, Store: refreshes, Source: source, Publish: publisher.Publish, Zone: settings.RefreshTimeZone, Moves: settings.VLSC == config.VLSC{},
		Lease: refreshLease, AskTimeout: refreshAsk, Reserve: refreshReserve, Pause: refreshPause,
		Progress: func(ctx context.Context, ended bool) {
			changes := int64(refreshBacklog)
			if ended {
				changes = backlog
			}
			if err := agreements.Save(ctx, changes, time.Now()); err != nil {
				log.WarnContext(ctx, "copy not saved", "error", err) // the schedule tries again
			}
		},
	}
	sweeper := &retention.Sweeper{
		Days: settings.RetentionDays, Zone: settings.RefreshTimeZone, Clock: time.Now, Limit: sweepLimit, Log: log,
		Steps: []retention.Step{snapshot.Forget(store.Snapshots, reports), inventories.Forget(store.Inventories, reports), inventories.ForgetPCs(store.Inventories, reports), jobs.Forget(store.LicenseJobs, reports), retention.Before("audit events", settings.RefreshTimeZone, store.Audit.Forget), retention.Before("names of callers", settings.RefreshTimeZone, store.Callers.Forget)},
	}
	return trigger.Jobs{
		Files:     []trigger.Receiver{{Kind: kind.Statements, Receive: kept.Receive}},
		Received:  worker.WorkDue,
		Scheduled: worker.WorkDue,
		Nightly:   sweeper.WithNight(worker.WorkNight),
		Run:       worker.Work,
	}, nil
}

// requester returns the use case that requests runs of the refresh function.
func requester(settings config.Config, c aws.Config, queue refresher.Queue, log *slog.Logger) *refresher.Requests {
	function := invoke.New(lambda.NewFromConfig(c), settings.RefreshFunction)
	return &refresher.Requests{
		Queue: queue, Clock: time.Now, Log: log,
		Wake: func(ctx context.Context, run string) error { return function.Call(ctx, trigger.RunCall(run)) },
	}
}

// keeper returns the use case of statements.
func keeper(settings config.Config, store statements.Store, uploads, reports objects.Bucket, titles *catalog.Store, log *slog.Logger, changed func(context.Context, statements.Record) error) *statements.Service {
	return &statements.Service{
		Store: store, Uploads: uploads, Reports: reports, Clock: time.Now, Zone: settings.RefreshTimeZone, Log: log, Changed: changed, Products: titles.Products,
		Spelling: func(ctx context.Context, publisher string) (string, error) {
			p, _, _, err := titles.Resolve(ctx, publisher, "")
			if err != nil || p.ID == "" {
				return publisher, err
			}
			return p.Name, nil
		},
	}
}

// requestFor requests the refresh that follows an accepted or removed statement. Repeated calls
// for the same change request the same refresh. It is full, because a statement may be about any
// pair.
func requestFor(ctx context.Context, r *refresher.Requests, s statements.Record) (refresher.Run, error) {
	o := refresher.Order{ID: id.New(s.EndedAt, "accepted "+s.ID), Kind: refresher.KindFull, Trigger: refresher.TriggerImport, By: s.Object.By}
	if s.State == statements.StateRemoved {
		o.ID, o.Trigger = id.New(s.Removed, "removed "+s.ID), refresher.TriggerDeletion
	}
	return r.Request(ctx, o)
}

// sourceOf returns the source of entitlements (R7.4): the service if one is configured,
// otherwise the statements in use.
func sourceOf(settings config.Config, c aws.Config, secret program.Secret, pairs *register.Reader, refreshes *dynamo.Refreshes, kept *statements.Service, log *slog.Logger) (func(context.Context, refresher.Run) (entitlement.Source, error), error) {
	if v := settings.VLSC; v != (config.VLSC{}) {
		service, err := vlsc.NewService(vlsc.Config{Endpoint: v.Endpoint, TokenURL: v.TokenURL, Credentials: secret(c, v.Secret), Now: time.Now, Log: log})
		return func(context.Context, refresher.Run) (entitlement.Source, error) { return service, nil }, err
	}
	return func(_ context.Context, run refresher.Run) (entitlement.Source, error) {
		return vlsc.NewStatements(func(ctx context.Context) (said entitlement.Attribution, all []agreement.Pair, err error) {
			if all, err = everyPair(ctx, pairs); err != nil {
				return said, nil, err
			}
			var added map[agreement.PairKey]bool
			if run.Since != "" {
				keys, err := refreshes.AddedSince(ctx, run.Since)
				if err != nil {
					return said, nil, err
				}
				added = make(map[agreement.PairKey]bool, len(keys))
				for _, key := range keys {
					added[key] = true
				}
			}
			said, err = kept.Attribution(ctx, all, added)
			return said, all, err
		}), nil
	}, nil
}

// everyPair returns all pairs of the organisation, with their numbers in comparable form.
func everyPair(ctx context.Context, agreements *register.Reader) ([]agreement.Pair, error) {
	const some = 10_000
	var all []agreement.Pair
	for after := (register.PairRef{}); ; {
		refs, err := agreements.Pairs(ctx, "", after, some)
		if err != nil || len(refs) == 0 {
			return all, err
		}
		after = refs[len(refs)-1]
		for _, ref := range refs {
			all = append(all, ref.Pair.Pair())
		}
	}
}
