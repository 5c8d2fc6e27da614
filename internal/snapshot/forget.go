package snapshot

import (
	"context"
	"path"
	"slices"
	"strings"

	"trueup/internal/day"
	"trueup/internal/objects"
	"trueup/internal/report"
	"trueup/internal/retention"
)

// supplementDays is for how many days replaced supplements are looked for: more nights than are
// missed in a row.
const supplementDays = 14

// Forget returns the step that deletes the snapshots of old days, and supplements that another
// snapshot or supplement has replaced. It never deletes the newest snapshot, whatever its age.
func Forget(index Index, files objects.Bucket) retention.Step {
	return retention.Step{Name: "snapshots", Forget: func(ctx context.Context, c retention.Cutoff) (deleted int, err error) {
		if c.Data != "" {
			if deleted, err = index.Forget(ctx, c.Data); err != nil {
				return deleted, err
			}
		}
		newest, err := index.Newest(ctx)
		if err != nil {
			return deleted, err
		}
		folders, err := files.Folders(ctx, report.SnapshotPrefix)
		if err != nil {
			return deleted, err
		}
		var days []day.Date
		for _, folder := range folders {
			if date, ok := day.Parse(folder); ok && string(date) == folder {
				days = append(days, date)
			}
		}
		slices.Sort(days)
		for i, date := range days {
			var next day.Date
			if i+1 < len(days) {
				next = days[i+1]
			}
			n, err := forgetDay(ctx, files, date, next, c, newest)
			if deleted += n; err != nil {
				return deleted, err
			}
		}
		return deleted, nil
	}}
}

// forgetDay deletes the old objects of a day. next is the next day with objects; empty for none.
func forgetDay(ctx context.Context, files objects.Bucket, date, next day.Date, c retention.Cutoff, newest report.Published) (deleted int, err error) {
	whole := c.Data != "" && date < c.Files && date != newest.Date
	if !whole && (date >= c.Replaced || date < retention.DaysBefore(c.Replaced, supplementDays)) {
		return 0, nil
	}
	found, err := files.List(ctx, report.SnapshotPrefix+string(date)+"/")
	if err != nil {
		return 0, err
	}
	// The last time before c.Replaced at which something of the day replaced what was there.
	var last objects.Listed
	for _, o := range found {
		if day.Of(o.Modified) < c.Replaced && o.Modified.After(last.Modified) {
			last = o
		}
	}
	var keys []string
	for _, o := range found {
		isSupplement := strings.HasPrefix(path.Base(o.Key), report.ObjectSupplement+"-")
		replaced := next != "" && next < c.Replaced || o.Modified.Before(last.Modified)
		if whole || isSupplement && replaced && o.Key != newest.Supplement.Key {
			keys = append(keys, o.Key)
		}
	}
	return len(keys), files.Delete(ctx, keys...)
}
