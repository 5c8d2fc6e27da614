package snapshot

import (
	"trueup/internal/report"
)

// Purchases is report.Data.Purchases, kept for the next reading. Its rows are
// shared: not to be changed.
func (v *View) Purchases(f report.Filter, o report.Order, s report.Settings) report.Purchases {
	r, _ := kept(&v.library.reports, maxRows, v.key(report.NamePurchases, f, o, s, s.Words.Lang), func() (report.Purchases, int, error) {
		r := v.Data.Purchases(f, o, s)
		return r, 1 + len(r.Rows), nil
	})
	r.Head = v.Data.Head(report.NamePurchases, s)
	return r
}

// Installations is report.Data.Installations, kept for the next reading. Its rows
// are shared: not to be changed.
func (v *View) Installations(f report.Filter, o report.Order, s report.Settings) report.Installations {
	r, _ := kept(&v.library.reports, maxRows, v.key(report.NameInstallations, f, o, s, s.Position), func() (report.Installations, int, error) {
		r := v.Data.Installations(f, o, s)
		return r, 1 + len(r.Rows), nil
	})
	r.Head = v.Data.Head(report.NameInstallations, s)
	return r
}

// Overview is report.Data.Overview, kept for the next reading, with these last runs.
func (v *View) Overview(runs []report.Run, s report.Settings) report.Overview {
	o, _ := kept(&v.library.reports, maxRows, v.key(report.NameOverview, report.Filter{}, report.Order{}, s, s.Words.Lang), func() (report.Overview, int, error) {
		return v.Data.Overview(s), 1, nil
	})
	o.Head, o.Runs = v.Data.Head(report.NameOverview, s), runs
	return o
}

// key is everything that a report's rows depend on.
func (v *View) key(name string, f report.Filter, o report.Order, s report.Settings, more any) string {
	return digest(name, v.VersionOf(f), f, o, s.Calendar, more)
}

// VersionOf is another one when the rows that a filter lets through may be others.
func (v *View) VersionOf(f report.Filter) string { return digest(v.Version, f.AlsoPublisher) }
