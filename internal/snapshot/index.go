package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/objects"
	"trueup/internal/refresher"
	"trueup/internal/report"
)

// Index names the snapshot that counts for each day, and the newest one. It is in the same store
// as agreements and refreshes, so a store that is restored to a point in time (R16.2) names only
// snapshots published before that point. Reads are strongly consistent, and every method may be
// repeated after a fault.
type Index interface {
	// Publish makes p the snapshot of its day and the newest snapshot, each unless the current
	// one has a larger sequence. It does neither if the newest snapshot is older, but has a
	// supplement with a larger sequence: then p is late, and its attempt was given up. It reports
	// whether p is now the newest. Both happen atomically, so the newest is never older than the
	// snapshot of any day.
	Publish(ctx context.Context, p report.Published) (newest bool, err error)
	// Supplement makes the supplement of a run with a sequence the one of the newest snapshot,
	// unless the newest snapshot is not base, or has the supplement of a larger sequence. It
	// reports whether it did. Publishing another newest snapshot removes the supplement.
	Supplement(ctx context.Context, base report.Published, sequence int64, run string, o report.Object) (done bool, err error)
	// Forget removes the snapshots of the days before a day, except the newest snapshot's, and
	// returns how many it removed. Their objects stay.
	Forget(ctx context.Context, before day.Date) (removed int, err error)
	// Newest returns the newest snapshot, with its supplement; the zero Published if there is
	// none.
	Newest(ctx context.Context) (report.Published, error)
	// Day returns the snapshot of a day; the zero Published if there is none.
	Day(ctx context.Context, date day.Date) (report.Published, error)
	// Days returns the snapshots of the days in [from, to], in order.
	Days(ctx context.Context, from, to day.Date) ([]report.Published, error)
}

// Earlier versions had no index. They replaced two objects: the manifest of a day, and a copy of
// the newest manifest. The library still reads them. Such a manifest counts if its sequence is
// larger than the index's, so that nothing is lost while both versions publish, and if the store
// knows that its attempt has ended. So a manifest written after the point of a restore does not
// count.

// current returns the newest snapshot and its supplement; the zero Manifest if there is none.
func (l *Library) current(ctx context.Context) (report.Manifest, report.Object, error) {
	var p report.Published
	var legacy report.Manifest
	reads, readCtx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) { p, err = l.Index.Newest(readCtx); return err })
	reads.Go(func() (err error) { legacy, err = l.legacy(readCtx, report.LegacyLatestKey); return err })
	if err := reads.Wait(); err != nil {
		return report.Manifest{}, report.Object{}, err
	}
	m, err := l.later(ctx, p, legacy)
	if err != nil || m.Run != "" || legacy.Run == "" {
		if m.Run != p.Run || m.Sequence != p.Sequence {
			p.Supplement = report.Object{} // it is not the supplement of a legacy manifest
		}
		return m, p.Supplement, err
	}
	// The copy of the newest manifest does not count; manifests of days may.
	days, err := l.days(ctx)
	slices.Reverse(days)
	if err != nil {
		return report.Manifest{}, report.Object{}, err
	}
	m, err = l.first(ctx, days)
	return m, report.Object{}, err
}

// on returns the snapshot of a day; the zero Manifest if there is none.
func (l *Library) on(ctx context.Context, date day.Date) (report.Manifest, error) {
	var p report.Published
	var legacy report.Manifest
	reads, readCtx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) { p, err = l.Index.Day(readCtx, date); return err })
	reads.Go(func() (err error) { legacy, err = l.legacy(readCtx, report.LegacyManifestKey(date)); return err })
	if err := reads.Wait(); err != nil {
		return report.Manifest{}, err
	}
	return l.later(ctx, p, legacy)
}

// ofDay returns the snapshot of a day in a list; the zero Published if there is none.
func ofDay(all []report.Published, date day.Date) report.Published {
	if i := slices.IndexFunc(all, func(p report.Published) bool { return p.Date == date }); i >= 0 {
		return all[i]
	}
	return report.Published{}
}

// first returns the snapshot of the first day that has one; the zero Manifest if none has.
func (l *Library) first(ctx context.Context, days []day.Date) (report.Manifest, error) {
	for _, date := range days {
		if m, err := l.on(ctx, date); err != nil || m.Run != "" {
			return m, err
		}
	}
	return report.Manifest{}, nil
}

// later returns the later of an indexed snapshot and a legacy manifest, if the legacy one counts.
// Either may be zero.
func (l *Library) later(ctx context.Context, p report.Published, legacy report.Manifest) (report.Manifest, error) {
	if legacy.Sequence > p.Sequence {
		if counts, err := l.over(ctx, legacy); err != nil || counts {
			return legacy, err
		}
	}
	if p.Run == "" {
		return report.Manifest{}, nil
	}
	return kept(&l.manifests, maxManifests, p.Key(), func() (report.Manifest, int, error) {
		stored, err := content(ctx, l.Files, p.Key(), maxManifest)
		if err != nil {
			return report.Manifest{}, 0, err
		}
		m, err := p.Manifest(stored)
		return m, 1, err
	})
}

// over reports whether the store knows the attempt that wrote a manifest and that it has ended.
func (l *Library) over(ctx context.Context, m report.Manifest) (bool, error) {
	run, err := l.Refreshes.Run(ctx, m.Run)
	if errs.KindOf(err) == errs.NotFound {
		return false, nil
	}
	return run.State != refresher.StateRunning && run.Token >= m.Sequence, err
}

// legacyFor is how long a process caches what it read under a legacy key. During a deployment it
// may see a snapshot of the earlier version that much later.
const legacyFor = time.Minute

type legacyAt struct {
	report.Manifest
	at time.Time
}

// legacy returns the manifest that an earlier version wrote under a key; the zero Manifest if
// there is none.
func (l *Library) legacy(ctx context.Context, key string) (m report.Manifest, err error) {
	var now time.Time
	if l.Clock != nil {
		now = l.Clock()
		if found, ok := l.legacies.find(key); ok {
			if last := found.(legacyAt); now.Before(last.at.Add(legacyFor)) { //nolint:forcetypeassert // as kept below
				return last.Manifest, nil
			}
		}
	}
	stored, err := content(ctx, l.Files, key, maxManifest)
	switch {
	case errors.Is(err, objects.ErrNotFound):
	case err != nil:
		return report.Manifest{}, err
	default:
		if m, err = report.DecodeManifest(stored); err != nil {
			return report.Manifest{}, fmt.Errorf("snapshot: %s: %w", key, err)
		}
	}
	if l.Clock != nil {
		l.legacies.keep(maxManifests, cached{key, legacyAt{m, now}, 1})
	}
	return m, nil
}

// days returns the days that may have a snapshot, in order.
func (l *Library) days(ctx context.Context) ([]day.Date, error) {
	folders, err := l.Files.Folders(ctx, report.SnapshotPrefix)
	if err != nil {
		return nil, err
	}
	days := make([]day.Date, 0, len(folders))
	for _, folder := range folders {
		if date, ok := day.Parse(folder); ok {
			days = append(days, date)
		}
	}
	return days, nil
}
