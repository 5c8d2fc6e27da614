package app

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/internal/app/program"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/aws/trigger"
	"trueup/internal/catalog"
	"trueup/internal/config"
	"trueup/internal/directories"
	"trueup/internal/id"
	"trueup/internal/jobs"
	"trueup/internal/people"
)

const (
	directoryLease   = 45 * time.Second
	directoryReserve = time.Minute // to apply some rows and save; the schedule continues
)

// RunDirectory runs the directory function until Lambda stops it.
func RunDirectory() {
	program.Run("directory", func(settings config.Config, c aws.Config, log *slog.Logger) any {
		return trigger.Handler(Directory(settings, c, log), log)
	})
}

// Directory assembles the directory function. Its store retries longer because no caller waits.
func Directory(settings config.Config, c aws.Config, log *slog.Logger) trigger.Jobs {
	store := dynamo.Open(dynamodb.NewFromConfig(c, program.Retries(12, time.Second)), settings.Table, dynamo.RetryTimeout(30*time.Second))
	files := s3.NewFromConfig(c)
	reports := s3bucket.New(files, settings.ReportsBucket)
	users := people.New(store.People, store.Journal, reports, log)
	lists := &directories.Service{
		Store: store.DirectoryFiles, Subscriptions: store.Subscriptions, People: store.People, Register: users, Devices: store.Devices,
		PartNumbers: catalog.New(store.Journal, reports, log).PartNumbers,
		Uploads:     s3bucket.New(files, settings.UploadsBucket), Reports: reports,
		Clock: time.Now, NewID: func(at time.Time) string { return id.New(at, rand.Text()) }, Zone: settings.RefreshTimeZone,
		Lease: directoryLease, Reserve: directoryReserve, Log: log,
	}
	changes := &jobs.Service{
		Store: store.LicenseJobs, Subscriptions: store.Subscriptions, People: store.People, Register: users, Files: reports,
		Clock: time.Now, NewID: lists.NewID, Zone: lists.Zone, Lease: directoryLease, Reserve: directoryReserve, Log: log,
	}
	save := func(ctx context.Context) error {
		if err := users.Save(ctx, backlog, time.Now()); err != nil {
			log.WarnContext(ctx, "copy not saved", "error", err) // the schedule tries again
		}
		return nil
	}
	handled := trigger.Jobs{
		Received:    save,
		LicenseJobs: func(ctx context.Context) error { return errors.Join(changes.Work(ctx), save(ctx)) },
		Scheduled: func(ctx context.Context) error {
			// Users wait for licences, and files and jobs that were interrupted for the rest.
			return errors.Join(lists.Serve(ctx), lists.Work(ctx), changes.Work(ctx), users.Save(ctx, backlog, time.Now()))
		},
		Nightly: func(ctx context.Context, _ time.Time) error { return lists.Recount(ctx) },
	}
	for _, k := range directories.Kinds {
		handled.Files = append(handled.Files, trigger.Receiver{Kind: k, Receive: lists.Receive})
	}
	return handled
}
