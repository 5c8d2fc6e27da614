package app

import (
	"context"
	"crypto/rand"
	"time"

	"trueup/internal/aws/dynamo"
	"trueup/internal/catalog"
	"trueup/internal/config"
	"trueup/internal/day"
	"trueup/internal/id"
	"trueup/internal/inventories"
	"trueup/internal/objects"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/snapshot"
)

// library returns the source of the data of reports.
func library(settings config.Config, store *dynamo.Table, refreshes *dynamo.Refreshes, agreements *register.Reader, titles *catalog.Store, reports objects.Bucket) *snapshot.Library {
	counts := inventories.NewCounts(store.Inventories, reports)
	return &snapshot.Library{
		Files: reports, Index: store.Snapshots, Agreements: agreements, Groups: store.Groups, Inventory: counts, PCs: counts, DeviceGroups: store.Devices,
		Refreshes: refreshes, Catalog: titles, Expiring: day.Window(settings.ExpiringDays), Clock: time.Now,
		Adjustments: store.Adjustments, Zone: settings.RefreshTimeZone, Subscriptions: store.Subscriptions, Devices: store.Devices,
	}
}

// refreshNow returns a function that requests a refresh for a report of old data (R8.6).
func refreshNow(r *refresher.Requests) func(context.Context) error {
	return func(ctx context.Context) error {
		run, err := r.Request(ctx, refresher.Order{ID: id.New(r.Clock(), rand.Text()), Kind: refresher.KindFull, Trigger: refresher.TriggerNow, By: "report"})
		if err == nil && run.State == refresher.StateQueued {
			r.Start(ctx, run.ID)
		}
		return err
	}
}
