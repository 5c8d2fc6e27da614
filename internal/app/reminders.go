package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"trueup/internal/app/program"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/aws/topic"
	"trueup/internal/aws/trigger"
	"trueup/internal/config"
	"trueup/internal/httpapi/reminders"
	"trueup/internal/i18n"
	"trueup/internal/notifier"
	"trueup/internal/objects"
	"trueup/internal/register"
)

const (
	noticesLease   = 45 * time.Second // shorter than the minute after which Lambda retries a failed event
	noticesReserve = time.Minute
)

// RunReminders is like RunAgreements.
func RunReminders() { runAPI(reminders.Name, Reminders) }

// RunNotices runs the notices function until Lambda stops it.
func RunNotices() {
	program.Run("notices", func(settings config.Config, c aws.Config, log *slog.Logger) any {
		return trigger.Handler(Notices(settings, c, log), log)
	})
}

// Reminders returns the handler of the reminders function.
func Reminders(settings config.Config, c aws.Config, log *slog.Logger) http.Handler {
	store := openForRequests(settings, c)
	reader, _ := remindersOf(settings, store, s3bucket.New(s3.NewFromConfig(c), settings.ReportsBucket), log)
	return reminders.New(reminders.Deps{
		Kernel: kernel(store, log), Reminders: reader, Feeds: store.Feeds, NewToken: newToken,
		Address: settings.API, Origin: settings.Console.Origin, Zone: settings.RefreshTimeZone,
	})
}

// newToken returns the token of a feed: 256 random bits in base64, which addresses need not encode.
func newToken() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	return base64.RawURLEncoding.EncodeToString(random)
}

// remindersOf returns the reader of reminders, and the answers to pairs from which terms are computed.
func remindersOf(settings config.Config, store *dynamo.Table, reports objects.Bucket, log *slog.Logger) (*notifier.Reader, *dynamo.Refreshes) {
	agreements := register.New(store.Agreements, store.Journal, reports, log)
	refreshes := dynamo.NewRefreshes(store, agreements)
	return &notifier.Reader{
		Agreements: agreements, Subscriptions: store.Subscriptions, Devices: store.Devices, Refreshes: refreshes,
		Terms: &notifier.Terms{Files: reports}, Zone: settings.RefreshTimeZone,
	}, refreshes
}

// Notices assembles the notices function. Its store retries longer because no caller waits.
func Notices(settings config.Config, c aws.Config, log *slog.Logger) trigger.Jobs {
	store := dynamo.Open(dynamodb.NewFromConfig(c, program.Retries(12, time.Second)), settings.Table, dynamo.RetryTimeout(30*time.Second))
	reader, answers := remindersOf(settings, store, s3bucket.New(s3.NewFromConfig(c), settings.ReportsBucket), log)
	sender := &notifier.Service{
		Store: store.Reminders, Reader: reader, Answers: answers, Topic: topic.New(sns.NewFromConfig(c), settings.NoticesTopic, settings.Console.Origin),
		Language: i18n.Lang(settings.ReminderLanguage), Origin: settings.Console.Origin,
		Clock: time.Now, NewID: rand.Text, Lease: noticesLease, Reserve: noticesReserve, Log: log,
	}
	return trigger.Jobs{Scheduled: func(ctx context.Context) error { return sender.Work(ctx) }}
}
