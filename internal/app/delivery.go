package app

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/internal/app/program"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/invoke"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/aws/trigger"
	"trueup/internal/catalog"
	"trueup/internal/config"
	"trueup/internal/delivery"
	"trueup/internal/httpapi/reports"
	"trueup/internal/httpapi/views"
	"trueup/internal/notice"
	"trueup/internal/register"
	"trueup/internal/retention"
)

const (
	deliveryLease   = 45 * time.Second
	deliveryReserve = 2 * time.Minute // for one file of the largest report; the schedule continues
)

// Clients make the clients of services that no other function calls: linked clients are initialised at every
// start.
type Clients struct {
	Topic func(c aws.Config, arn, origin string) notice.Topic
	Pool  func(c aws.Config, id string) delivery.Pool
}

// RunDelivery runs the delivery function until Lambda stops it.
func RunDelivery(clients Clients) {
	program.Run("delivery", func(settings config.Config, c aws.Config, log *slog.Logger) any {
		return trigger.Handler(Delivery(settings, c, clients, log), log)
	})
}

// Views returns the handler of the views function.
func Views(settings config.Config, c aws.Config, log *slog.Logger) http.Handler {
	store := openForRequests(settings, c)
	working := invoke.New(awslambda.NewFromConfig(c), settings.DeliveryFunction)
	return views.New(views.Deps{
		Kernel: kernel(store, log), Views: store.Views, Check: reports.CheckView,
		Deliver: func(ctx context.Context) error { return working.Call(ctx, trigger.ScheduledCall()) },
		Reports: s3bucket.New(s3.NewFromConfig(c), settings.ReportsBucket), Zone: settings.RefreshTimeZone,
	})
}

// Delivery assembles the delivery function. Its store retries longer because no caller waits.
func Delivery(settings config.Config, c aws.Config, clients Clients, log *slog.Logger) trigger.Jobs {
	store := dynamo.Open(dynamodb.NewFromConfig(c, program.Retries(12, time.Second)), settings.Table, dynamo.RetryTimeout(30*time.Second))
	files := s3bucket.New(s3.NewFromConfig(c), settings.ReportsBucket)
	all, titles := register.New(store.Agreements, store.Journal, files, log), catalog.New(store.Journal, files, log)
	refreshes := dynamo.NewRefreshes(store, all)
	exporter := reports.NewExporter(reports.Source{
		Kernel: kernel(store, log), Snapshots: library(settings, store, refreshes, all, titles, files), Groups: store.Groups,
		Refresh: refreshNow(requester(settings, c, refreshes, log)), Reports: files, Zone: settings.RefreshTimeZone,
	})
	owners := delivery.Owners{SignIn: settings.SignIn}
	if settings.UserPool != "" {
		owners.Pool = clients.Pool(c, settings.UserPool)
	}
	service := &delivery.Service{
		Store: store.Views, Owners: owners, Export: exporter.Export, Files: files, Topic: clients.Topic(c, settings.NoticesTopic, settings.Console.Origin),
		Clock: time.Now, NewID: delivery.NewID, Zone: settings.RefreshTimeZone, Lease: deliveryLease, Reserve: deliveryReserve, Log: log,
	}
	sweeper := &retention.Sweeper{
		Days: settings.RetentionDays, Zone: settings.RefreshTimeZone, Clock: time.Now, Limit: sweepLimit, Log: log,
		Steps: []retention.Step{delivery.Forget(store.Views, files)},
	}
	return trigger.Jobs{
		Scheduled: service.Work,
		Nightly: func(ctx context.Context, _ time.Time) error {
			sweeper.Sweep(ctx)
			return nil
		},
	}
}
