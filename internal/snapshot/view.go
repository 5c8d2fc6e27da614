package snapshot

import (
	"context"
	"time"

	"trueup/internal/errs"
	"trueup/internal/report"
)

// Purchases is a cached report.Data.Purchases. Its rows are shared and must not be changed.
func (v *View) Purchases(f report.Filter, o report.Order, s report.Settings) report.Purchases {
	r, _ := kept(&v.library.reports, maxRows, v.key(report.NamePurchases, f, o, s, s.Words.Lang), func() (report.Purchases, int, error) {
		r := v.Data.Purchases(f, o, s)
		return r, 1 + len(r.Rows), nil
	})
	r.Head = v.Data.Head(report.NamePurchases, s)
	return r
}

// Installations is a cached report.Data.Installations. Its rows are shared and must not be
// changed. Most changes, such as of names and of license groups, change neither licences nor
// installations, so the rows are kept by what they compare and not by the version of the data.
func (v *View) Installations(f report.Filter, o report.Order, s report.Settings) report.Installations {
	compared, _ := kept(&v.library.compared, maxCompared, v.key("compared", f, report.Order{}, s, s.Position), func() (string, int, error) {
		return v.Data.Compared(f, s), 1, nil
	})
	key := digest(report.NameInstallations, compared, v.Products.ID, f, f.AlsoPublisher, o, s.Position)
	r, _ := kept(&v.library.reports, maxRows, key, func() (report.Installations, int, error) {
		r := v.Data.Installations(f, o, s)
		return r, 1 + len(r.Rows), nil
	})
	r.Head, r.LeftOut, r.Searched = v.Data.Head(report.NameInstallations, s), v.Data.LeftOut, v.Data.Searched
	return r
}

// Overview is a cached report.Data.Overview, with the given runs. It is made of the cached reports
// without a filter, which take nearly all of its time and which people read next.
func (v *View) Overview(runs []report.Run, s report.Settings) report.Overview {
	o, _ := kept(&v.library.reports, maxRows, v.key(report.NameOverview, report.Filter{}, report.Order{}, s, s.Words.Lang), func() (report.Overview, int, error) {
		return v.Data.OverviewOf(v.Purchases(report.Filter{}, report.Order{}, s), v.Installations(report.Filter{}, report.Order{}, s), s), 1, nil
	})
	o.Head, o.Runs = v.Data.Head(report.NameOverview, s), runs
	return o
}

// Subscriptions returns the subscriptions: as of the first call for live data, which its later calls
// share, and as of the snapshot for a day. errs.NotFound subscriptions_not_stored if the snapshot has none,
// because an earlier release wrote it.
func (v *View) Subscriptions(ctx context.Context, now time.Time) (*report.Subscribed, error) {
	if v.Date == "" {
		return kept(&v.subscribed, 1, "", func() (*report.Subscribed, int, error) {
			s, err := subscribed(ctx, v.library.Subscriptions, v.library.Devices, now)
			return s, 1, err
		})
	}
	if v.Data.Subscribed == nil {
		return nil, errs.New(errs.NotFound, "subscriptions_not_stored", "date", string(v.Date))
	}
	return v.Data.Subscribed, nil
}

// key identifies the rows of a report by all their inputs.
func (v *View) key(name string, f report.Filter, o report.Order, s report.Settings, more any) string {
	return digest(name, v.VersionOf(f), f, o, s.Calendar, s.Today, more)
}

// VersionOf returns a value that changes when the rows that match a filter may change.
func (v *View) VersionOf(f report.Filter) string { return digest(v.Version, f.AlsoPublisher) }
