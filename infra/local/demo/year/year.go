// Package year makes up the past of the demo: it derives the data of earlier days from the newest snapshot by a story,
// and writes the snapshots of these days with the code of the nightly refresh, so that trends and comparisons of days
// have something to show. It is part of the local stack only: no function links it.
package year

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/catalog"
	"trueup/internal/config"
	"trueup/internal/day"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/objects"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/retention"
	"trueup/internal/snapshot"
)

// Days is for how many days before today the past is made up.
const Days = 365

// atOnce is the number of days that are written concurrently.
const atOnce = 16

// Past is where the snapshots are, and what a report of a day needs.
type Past struct {
	Files    objects.Bucket
	Index    snapshot.Index
	Catalog  *catalog.Store
	Zone     *time.Location // of the organisation
	Expiring day.Window
	Keep     int // for how many days the nightly refresh keeps snapshots; 0 for ever
	Words    report.Words
}

// Open returns the past of a stack with the settings of its nightly refresh: time zone, days and how long snapshots are kept.
func Open(db *dynamodb.Client, table string, bucket *s3.Client, reports string, c config.Config) *Past {
	store, files := dynamo.Open(db, table), s3bucket.New(bucket, reports)
	return &Past{
		Files: files, Index: store.Snapshots, Catalog: catalog.New(store.Journal, files, slog.New(slog.DiscardHandler)),
		Zone: c.RefreshTimeZone, Expiring: day.Window(c.ExpiringDays), Keep: c.RetentionDays, Words: report.WordsIn(i18n.English),
	}
}

// Make writes the snapshot of every earlier day that has none, as far as the nightly refresh would keep it. It returns how
// many it wrote, and the first day. It never replaces a snapshot of a refresh: their sequences are milliseconds since 1970,
// and it takes days. An error means that some may be written; another call writes the others.
func (p *Past) Make(ctx context.Context, s Story) (made int, first day.Date, err error) {
	newest, err := p.Index.Newest(ctx)
	if err != nil {
		return 0, "", err
	}
	first = p.first(newest.Date)
	there, err := p.Index.Days(ctx, first, newest.Date)
	if err != nil {
		return 0, first, err
	}
	have := map[day.Date]bool{}
	for _, t := range there {
		have[t.Date] = true
	}
	library := &snapshot.Library{Files: p.Files, Index: p.Index, Catalog: p.Catalog, Zone: p.Zone, Expiring: p.Expiring}
	now, err := library.On(ctx, newest.Date)
	if err != nil {
		return 0, first, err
	}
	if now.Data.Subscribed == nil {
		return 0, first, fmt.Errorf("the snapshot of %s has no subscriptions", newest.Date)
	}
	writes, writesCtx := errgroup.WithContext(ctx)
	writes.SetLimit(atOnce)
	for date := first; date < newest.Date; date = retention.DaysBefore(date, -1) {
		if have[date] {
			continue
		}
		made++
		writes.Go(func() error { return p.write(writesCtx, s, now, date, daysBetween(date, newest.Date)) })
	}
	return made, first, writes.Wait()
}

// first returns the first day of the past, if the newest snapshot is of a day.
func (p *Past) first(newest day.Date) day.Date {
	first := retention.DaysBefore(newest, Days)
	if p.Keep > 0 {
		first = max(first, retention.CutoffOn(newest, p.Keep).Data)
	}
	return first
}

// write writes the snapshot of a day.
func (p *Past) write(ctx context.Context, s Story, now *snapshot.View, date day.Date, ago int) error {
	begin, _ := date.Time()
	at := time.Date(begin.Year(), begin.Month(), begin.Day(), 4, 15, 0, 0, p.Zone) // as the nightly refresh
	data := s.data(now.Data, ago, at)
	ended := at.Add(40 * time.Second).UTC()
	run := id.New(at, "demo")
	data.Runs = []report.Run{{ID: run, Trigger: string(refresher.TriggerSchedule), State: string(refresher.StateSucceeded), Start: at.UTC(), End: &ended}}
	settings := report.Settings{Now: ended, Calendar: p.Expiring.On(date), Products: now.Products, Words: p.Words}
	parts, m, err := data.Snapshot(date, run, begin.Unix()/(24*60*60), settings)
	if err != nil {
		return err
	}
	_, err = snapshot.Write(ctx, p.Files, p.Index, parts, m, data.Subscribed.Totals(date, p.Zone))
	return err
}
