package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/catalog"
	"trueup/internal/day"
	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/inventory"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/text"
)

// Library reads snapshots. Set its exported fields before use. It caches decoded data and reports
// until they change. Its methods are safe for concurrent use.
type Library struct {
	Files      objects.Bucket // with the snapshots
	Index      Index
	Agreements Agreements
	Groups     group.Store
	Inventory  Inventory
	Refreshes  refresher.Records
	Catalog    *catalog.Store
	Expiring   day.Window

	Adjustments Adjustments
	Zone        *time.Location // of the organisation, which decides what day it is today

	Subscriptions device.Subscribed
	Devices       device.Users

	PCs          PCs // for OfDevices, with DeviceGroups
	DeviceGroups DeviceGroups

	// Clock limits reads of objects of earlier versions to one a minute, and is the clock of Recent;
	// nil reads each time.
	Clock func() time.Time

	data      cache // by version
	reports   cache // by version and all other inputs of a report
	compared  cache // hashes of report.Data.Compared, by version and all other inputs
	manifests cache // by key
	legacies  cache // by key
	last      recent
}

// Limits of the caches: items of data (entitlements, agreements, lines) and rows of reports,
// about half a kilobyte each; hashes; and manifests, about two kilobytes each.
const (
	maxData      = 400_000
	maxRows      = 200_000
	maxCompared  = 1000
	maxManifests = 400 // days of a trend
)

// View is the input of reports.
type View struct {
	Data     *report.Data // shared; do not change
	Date     day.Date     // day of the snapshot; empty for live data
	Version  string       // changes when the data or Products change
	Products *product.Dictionary
	// Adjusted is the adjustments of live data as they are stored, in the order of
	// Data.Adjustments.
	Adjusted report.Adjustments

	library    *Library
	subscribed cache // of live data
}

// CalendarAt returns the calendar of the snapshot's day, or of today for live data.
func (v *View) CalendarAt(now time.Time) day.Calendar { return v.library.Expiring.On(v.TodayAt(now)) }

// TodayAt returns the snapshot's day, or today in the organisation's time zone for live data.
func (v *View) TodayAt(now time.Time) day.Date {
	if v.Date == "" {
		return day.In(now, v.library.Zone)
	}
	return v.Date
}

// Live returns the organisation as it is now: current agreements, license groups, inventory and
// adjustments, and the entitlements of the latest snapshot, if there is one. freshness says how old these are.
func (l *Library) Live(ctx context.Context) (v *View, freshness refresher.Freshness, err error) {
	var began time.Time
	if l.Clock != nil {
		began = l.wall()
	}
	var latest report.Manifest
	var supplement report.Object
	var groups []group.Group
	var tallies []inventory.Counted
	var adjusted report.Adjustments
	var agreements []agreement.Agreement
	var at journal.Position
	var products *product.Dictionary
	reads, readCtx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) { latest, supplement, err = l.current(readCtx); return err })
	reads.Go(func() (err error) { groups, err = l.Groups.Groups(readCtx); return err })
	reads.Go(func() (err error) { tallies, err = l.Inventory.Tallies(readCtx); return err })
	reads.Go(func() (err error) { adjusted, err = l.Adjustments.Adjustments(readCtx); return err })
	reads.Go(func() (err error) { freshness, err = l.Refreshes.Freshness(readCtx); return err })
	reads.Go(func() (err error) { products, err = l.Catalog.Products(readCtx); return err })
	reads.Go(func() (err error) {
		agreements, at, err = l.Agreements.All(readCtx, l.lastAgreements())
		return err
	})
	if err := reads.Wait(); err != nil {
		return nil, freshness, fmt.Errorf("snapshot: live: %w", err)
	}
	if agreements, err = l.allAgreements(ctx, agreements, at); err != nil {
		return nil, freshness, err
	}
	held, err := l.published(ctx, latest)
	if err != nil {
		return nil, freshness, err
	}
	since, err := l.supplement(ctx, supplement)
	if err != nil {
		return nil, freshness, err
	}
	var data *report.Data
	var version string
	err = l.Catalog.Replica.Read(ctx, func(c *catalog.Catalog, head journal.Head) error {
		version = digest("live", latest.DataAt, latest.Object(report.ObjectEntitlements).SHA256, supplement.SHA256, at, head.Position, groupNames(groups), talliesVersion(tallies), products.ID, adjusted.All)
		data, err = kept(&l.data, maxData, version, func() (*report.Data, int, error) {
			n := newNames(c, products)
			d := &report.Data{
				At: latest.DataAt, Agreements: slices.Clone(agreements), Groups: groupNames(groups),
				Adjustments: n.adjustments(adjusted.All),
			}
			n.agreements(d.Agreements)
			d.Held = since.over(held, agreements, n)
			install(d, tallies, n)
			return d, weightOf(d), nil
		})
		return err
	})
	if err != nil {
		return nil, freshness, fmt.Errorf("snapshot: live: %w", err)
	}
	now := *data
	now.Changed = freshness.Stale()
	v = &View{Data: &now, Version: version, Products: products, Adjusted: adjusted, library: l}
	if l.Clock != nil {
		l.last.keep(v, freshness, began)
	}
	return v, freshness, nil
}

func weightOf(d *report.Data) int {
	return len(d.Agreements) + len(d.Held) + len(d.Installed) + len(d.Titles)
}

// talliesVersion returns values that change when the inventory changes.
func talliesVersion(tallies []inventory.Counted) (version []string) {
	for _, t := range tallies {
		version = append(version, t.Source, t.Key, t.At.UTC().Format(time.RFC3339Nano), t.Tally.Rules, strconv.Itoa(t.Tally.Rows), t.Stored)
	}
	return version
}

// digest returns a short hash of the values' JSON.
func digest(values ...any) string {
	body, err := json.Marshal(values)
	if err != nil {
		panic("snapshot: " + err.Error()) // cannot happen: only texts and numbers
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:12])
}

// agreementsKey is the cache key of the agreements as last read.
const agreementsKey = "agreements"

type agreementsAt struct {
	all []agreement.Agreement
	at  journal.Position
}

// lastAgreements returns the journal position of the cached agreements; the zero Position if none
// are cached.
func (l *Library) lastAgreements() journal.Position {
	if last, ok := l.data.find(agreementsKey); ok {
		return last.(agreementsAt).at //nolint:forcetypeassert // as kept below
	}
	return journal.Position{}
}

// allAgreements caches the agreements that were read, or returns the cached ones if read is nil.
func (l *Library) allAgreements(ctx context.Context, read []agreement.Agreement, at journal.Position) ([]agreement.Agreement, error) {
	if read != nil {
		l.data.keep(maxData, cached{agreementsKey, agreementsAt{read, at}, len(read)})
		return read, nil
	}
	if last, ok := l.data.find(agreementsKey); ok {
		if last := last.(agreementsAt); last.at == at { //nolint:forcetypeassert // as kept above
			return last.all, nil
		}
	}
	read, _, err := l.Agreements.All(ctx, journal.Position{}) // another call has replaced the cached ones
	return read, err
}

// published returns the entitlements of a snapshot; none for the zero Manifest.
func (l *Library) published(ctx context.Context, m report.Manifest) ([]report.Held, error) {
	if m.Run == "" {
		return nil, nil
	}
	o := m.Object(report.ObjectEntitlements)
	return kept(&l.data, maxData, o.SHA256, func() (held []report.Held, weight int, err error) {
		held, err = open(ctx, l.Files, o, m.Held)
		return held, len(held), err
	})
}

// supplement returns the supplement that an object has; nil for the zero Object.
func (l *Library) supplement(ctx context.Context, o report.Object) (*supplement, error) {
	if o.Key == "" {
		return nil, nil
	}
	return kept(&l.data, maxData, o.SHA256, func() (*supplement, int, error) {
		s, err := open(ctx, l.Files, o, o.Supplement)
		return &supplement{s}, len(s.Changed) + len(s.Held) + len(s.Whole) + len(s.General), err
	})
}

// On returns the organisation as in the snapshot of a day. If there is none: errs.NotFound with
// code snapshot_not_found, which names the nearest days, or snapshots_none.
func (l *Library) On(ctx context.Context, date day.Date) (*View, error) {
	m, err := l.on(ctx, date)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %s: %w", date, err)
	}
	if m.Run == "" {
		return nil, l.notThere(ctx, date)
	}
	products, err := l.Catalog.Products(ctx)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %s: %w", date, err)
	}
	data, held := m.Object(report.ObjectData), m.Object(report.ObjectEntitlements)
	version := digest(string(date), data.SHA256, held.SHA256, products.ID)
	d, err := kept(&l.data, maxData, version, func() (*report.Data, int, error) {
		var d *report.Data
		reads, ctx := errgroup.WithContext(ctx)
		var entitlements []report.Held
		reads.Go(func() (err error) { d, err = open(ctx, l.Files, data, m.Data); return err })
		reads.Go(func() (err error) { entitlements, err = open(ctx, l.Files, held, m.Held); return err })
		if err := reads.Wait(); err != nil {
			return nil, 0, err
		}
		d.Held = entitlements
		canonical(products, d.Installed, d.Titles)
		for i := range d.Adjustments {
			d.Adjustments[i].Product = products.Canonical(d.Adjustments[i].Product)
		}
		return d, weightOf(d), nil
	})
	if err != nil {
		return nil, err
	}
	return &View{Data: d, Date: date, Version: version, Products: products, library: l}, nil
}

// canonical gives installed products the names of the current dictionary, so that a day before a
// release, or before Microsoft's list was put, can be compared with one after it. Licences are named
// when a report is made. It changes the lines.
func canonical(dictionary *product.Dictionary, lists ...[]position.Line) {
	named := map[position.Product]position.Product{}
	for _, lines := range lists {
		for i := range lines {
			p := lines[i].Product
			if _, met := named[p]; !met {
				named[p] = dictionary.Canonical(p)
			}
			lines[i].Product = named[p]
		}
	}
}

func (l *Library) notThere(ctx context.Context, date day.Date) error {
	days, err := l.days(ctx)
	if err != nil {
		return err
	}
	at, _ := slices.BinarySearch(days, date)
	before := slices.Clone(days[:at])
	slices.Reverse(before)
	var nearest []string
	for _, side := range [][]day.Date{before, days[at:]} {
		m, err := l.first(ctx, side)
		if err != nil {
			return err
		}
		if m.Run != "" {
			nearest = append(nearest, string(m.Date))
		}
	}
	if nearest == nil {
		return errs.New(errs.NotFound, "snapshots_none")
	}
	return errs.New(errs.NotFound, "snapshot_not_found", "date", string(date), "dates", strings.Join(nearest, ", "))
}

// readers is the number of manifests read concurrently.
const readers = 32

// Stored is the snapshot of a day.
type Stored struct {
	report.Manifest
	Subscriptions *report.SubscriptionReportTotals // nil if they were not stored
}

// Between returns the snapshots of the days in [from, to], in order.
func (l *Library) Between(ctx context.Context, from, to day.Date) ([]Stored, error) {
	var days []day.Date
	var published []report.Published
	reads, readCtx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) { days, err = l.days(readCtx); return err })
	reads.Go(func() (err error) { published, err = l.Index.Days(readCtx, from, to); return err })
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	days = slices.DeleteFunc(days, func(d day.Date) bool { return d < from || d > to })
	all := make([]Stored, len(days))
	reads, readCtx = errgroup.WithContext(ctx)
	reads.SetLimit(readers)
	for i, date := range days {
		reads.Go(func() error {
			legacy, err := l.legacy(readCtx, report.LegacyManifestKey(date))
			if err != nil {
				return err
			}
			p := ofDay(published, date)
			if all[i].Manifest, err = l.later(readCtx, p, legacy); all[i].Sequence == p.Sequence {
				all[i].Subscriptions = p.Subscriptions
			}
			return err
		})
	}
	err := reads.Wait()
	return slices.DeleteFunc(all, func(s Stored) bool { return s.Run == "" }), err
}

// Runs returns the latest refreshes, newest first.
func (l *Library) Runs(ctx context.Context) ([]report.Run, error) { return runs(ctx, l.Refreshes) }

// Publisher returns the catalog's first name of a publisher and its other names, because a
// snapshot has the first name of its day. It returns name alone if the catalog does not know it.
func (l *Library) Publisher(ctx context.Context, name string) (first string, others []string, err error) {
	if text.Collapse(name) == "" {
		return "", nil, nil
	}
	first = name
	err = l.Catalog.Replica.Read(ctx, func(c *catalog.Catalog, _ journal.Head) error {
		if p, known := c.PublisherNamed(name); known {
			first, others = p.Name, slices.Clone(p.Aliases)
		}
		return nil
	})
	return first, others, err
}
