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
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/inventory"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/text"
)

// Library reads what was published. With its fields set it is ready to use. What it has decoded and computed it keeps for the
// next reading, as long as nothing has changed. Its methods may be called by many at once.
type Library struct {
	Files      objects.Bucket // where snapshots are
	Index      Index
	Agreements Agreements
	Groups     group.Store
	Inventory  Inventory
	Refreshes  refresher.Records
	Catalog    *catalog.Store
	// Clock lets objects of earlier versions be looked for once a minute only; nil
	// for each time.
	Clock func() time.Time

	data      cache // by version
	reports   cache // by version and everything else that makes a report
	manifests cache // by key
	legacies  cache // by key
}

// How much is kept in memory: entitlements, agreements and lines of data; rows
// of reports. Each takes half a kilobyte. A manifest takes two.
const (
	maxData      = 400_000
	maxRows      = 200_000
	maxManifests = 400 // days of a trend
)

// View is data to make reports from.
type View struct {
	Data    *report.Data // shared: not to be changed
	Date    day.Date     // the day of a snapshot; empty for what holds now
	Version string       // another one when other reports come from it

	library *Library
}

// Live returns the organisation as it is: agreements, license groups and
// inventory of this moment, and the entitlements that the last refresh
// published; none before there was one. freshness says how old these are.
func (l *Library) Live(ctx context.Context) (v *View, freshness refresher.Freshness, err error) {
	var latest report.Manifest
	var groups []group.Group
	var tallies []inventory.Counted
	var agreements []agreement.Agreement
	var at journal.Position
	reads, readCtx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) { latest, err = l.current(readCtx); return err })
	reads.Go(func() (err error) { groups, err = l.Groups.Groups(readCtx); return err })
	reads.Go(func() (err error) { tallies, err = l.Inventory.Tallies(readCtx); return err })
	reads.Go(func() (err error) { freshness, err = l.Refreshes.Freshness(readCtx); return err })
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
	var data *report.Data
	var version string
	err = l.Catalog.Replica.Read(ctx, func(c *catalog.Catalog, head journal.Head) error {
		version = digest("live", latest.DataAt, latest.Object(report.ObjectEntitlements).SHA256, at, head.Position, groupNames(groups), talliesVersion(tallies))
		data, err = kept(&l.data, maxData, version, func() (*report.Data, int, error) {
			n := newNames(c)
			d := &report.Data{
				At: latest.DataAt, Agreements: slices.Clone(agreements), Groups: groupNames(groups), Held: slices.Clone(held),
			}
			n.agreements(d.Agreements)
			for i := range d.Held {
				n.held(&d.Held[i])
			}
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
	return &View{Data: &now, Version: version, library: l}, freshness, nil
}

func weightOf(d *report.Data) int {
	return len(d.Agreements) + len(d.Held) + len(d.Installed) + len(d.Titles)
}

// talliesVersion changes with what is installed.
func talliesVersion(tallies []inventory.Counted) (version []string) {
	for _, t := range tallies {
		version = append(version, t.Source, t.Key, t.At.UTC().Format(time.RFC3339Nano), t.Tally.Rules, strconv.Itoa(t.Tally.Rows))
	}
	return version
}

// digest is a short name of values that JSON tells apart.
func digest(values ...any) string {
	body, err := json.Marshal(values)
	if err != nil {
		panic("snapshot: " + err.Error()) // texts and numbers only
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:12])
}

// agreementsKey is where the agreements as they were read last are kept.
const agreementsKey = "agreements"

type agreementsAt struct {
	all []agreement.Agreement
	at  journal.Position
}

// lastAgreements is where the journal stood when the kept agreements were read; the
// zero Position when none are kept.
func (l *Library) lastAgreements() journal.Position {
	if last, ok := l.data.find(agreementsKey); ok {
		return last.(agreementsAt).at //nolint:forcetypeassert // as kept below
	}
	return journal.Position{}
}

// allAgreements keeps the agreements that were read, or returns the kept ones
// when nothing has changed.
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
	read, _, err := l.Agreements.All(ctx, journal.Position{}) // another call has replaced them meanwhile
	return read, err
}

// published returns the entitlements of a snapshot; none of the zero Manifest.
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

// On returns the organisation as the snapshot of a day kept it; errs.NotFound
// snapshot_not_found, which names the days nearest to it, and snapshots_none.
func (l *Library) On(ctx context.Context, date day.Date) (*View, error) {
	m, err := l.on(ctx, date)
	if err != nil {
		return nil, fmt.Errorf("snapshot: %s: %w", date, err)
	}
	if m.Run == "" {
		return nil, l.notThere(ctx, date)
	}
	data, held := m.Object(report.ObjectData), m.Object(report.ObjectEntitlements)
	version := digest(string(date), data.SHA256, held.SHA256)
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
		return d, weightOf(d), nil
	})
	if err != nil {
		return nil, err
	}
	return &View{Data: d, Date: date, Version: version, library: l}, nil
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

// readers is how many manifests are read at once.
const readers = 32

// Between returns the manifests of all days from one to another, in order.
func (l *Library) Between(ctx context.Context, from, to day.Date) ([]report.Manifest, error) {
	var days []day.Date
	var published []report.Published
	reads, readCtx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) { days, err = l.days(readCtx); return err })
	reads.Go(func() (err error) { published, err = l.Index.Days(readCtx, from, to); return err })
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	days = slices.DeleteFunc(days, func(d day.Date) bool { return d < from || d > to })
	all := make([]report.Manifest, len(days))
	reads, readCtx = errgroup.WithContext(ctx)
	reads.SetLimit(readers)
	for i, date := range days {
		reads.Go(func() error {
			legacy, err := l.legacy(readCtx, report.LegacyManifestKey(date))
			if err == nil {
				all[i], err = l.later(readCtx, ofDay(published, date), legacy)
			}
			return err
		})
	}
	err := reads.Wait()
	return slices.DeleteFunc(all, func(m report.Manifest) bool { return m.Run == "" }), err
}

// Runs returns the last refreshes, the newest first.
func (l *Library) Runs(ctx context.Context) ([]report.Run, error) { return runs(ctx, l.Refreshes) }

// Publisher returns what the catalog calls a publisher first, and its other names:
// a snapshot has the one of its day. The same name, and no other, when the catalog
// does not have it.
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
