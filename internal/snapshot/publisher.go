package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/day"
	"trueup/internal/device"
	"trueup/internal/entitlement"
	"trueup/internal/group"
	"trueup/internal/id"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/text"
)

// Publisher writes what is derived from licence data (R7.5).
type Publisher struct {
	Files      objects.Bucket // for the snapshots
	Index      Index
	Agreements Agreements
	Answers    refresher.Answers
	Changed    refresher.Changed
	Statements Statements
	Groups     group.Store
	Inventory  Inventory
	Refreshes  refresher.Records
	Catalog    *catalog.Store

	Adjustments Adjustments

	Subscriptions device.Subscribed
	Devices       device.Users

	Zone     *time.Location // of the organisation, in which terms of subscriptions end
	Expiring day.Window
	Words    report.Words
	Clock    func() time.Time
	Log      *slog.Logger
}

// Publish feeds the catalog and writes the snapshot of the run's day, or a supplement of the newest
// snapshot if the run is pending. It may be repeated for the same run. It never replaces a snapshot
// or a supplement of a later attempt.
func (p *Publisher) Publish(ctx context.Context, run refresher.Run) error {
	// The answers of a confirmed run may be from before the newest snapshot.
	if run.Kind == refresher.KindPending && run.Hold != refresher.HoldConfirmed {
		if done, err := p.supplement(ctx, run); done || err != nil {
			if err != nil {
				err = fmt.Errorf("snapshot: supplement: %w", err)
			}
			return err
		}
	}
	began := p.Clock()
	g, err := p.gather(ctx)
	if err != nil {
		return fmt.Errorf("snapshot: gather: %w", err)
	}
	products, err := p.Catalog.Products(ctx)
	if err != nil {
		return fmt.Errorf("snapshot: products: %w", err)
	}
	if err := p.feed(ctx, g.additions(products), run); err != nil {
		return fmt.Errorf("snapshot: feed the catalog: %w", err)
	}
	var data *report.Data
	err = p.Catalog.Replica.Read(ctx, func(c *catalog.Catalog, _ journal.Head) error {
		data = g.data(newNames(c, products))
		return nil
	})
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if data.At = g.freshness.At; run.Refreshed() && run.StartedAt.After(data.At) {
		data.At = run.StartedAt.Truncate(time.Millisecond) // the precision of the run's record
	}
	data.Runs = withRun(data.Runs, run)
	s := report.Settings{Now: began, Calendar: p.Expiring.On(run.Date), Products: products, Words: p.Words}
	parts, m, err := data.Snapshot(run.Date, run.ID, run.Token, s)
	if err != nil {
		return err
	}
	written, err := Write(ctx, p.Files, p.Index, parts, m, data.Subscribed.Totals(run.Date, p.Zone))
	if err != nil {
		return err
	}
	p.Log.InfoContext(ctx, "snapshot published", "run", run.ID, "date", string(m.Date), "sequence", m.Sequence, "newest", written,
		"agreements", len(data.Agreements), "entitlements", len(data.Held), "products", m.Point.Products.Products,
		"duration_ms", float64(p.Clock().Sub(began).Microseconds())/1000)
	return nil
}

// withRun replaces the record of run among the latest runs with its final state.
func withRun(last []report.Run, run refresher.Run) []report.Run {
	if i := slices.IndexFunc(last, func(r report.Run) bool { return r.ID == run.ID }); i >= 0 {
		last[i] = runOf(run)
	}
	return last
}

// Write writes a snapshot: the objects, then their manifest, then the index entry with the numbers of subscriptions.
// It reports whether the snapshot is the newest.
func Write(ctx context.Context, files objects.Bucket, index Index, parts []report.Part, m report.Manifest, subscriptions report.SubscriptionReportTotals) (newest bool, err error) {
	encoded, published, err := m.Encode()
	if err != nil {
		return false, err
	}
	if _, err := published.Manifest(encoded); err != nil {
		return false, err // a run without day or token would be unreadable
	}
	for _, part := range parts {
		if err := files.Put(ctx, part.Key, "application/gzip", part.Content); err != nil {
			return false, err
		}
	}
	if err := files.Put(ctx, published.Key(), "application/json", encoded); err != nil {
		return false, err
	}
	published.Subscriptions = &subscriptions
	return index.Publish(ctx, published)
}

// feed adds the publishers and products of inventory and entitlements to the catalog (R5.2). It
// skips names that the catalog does not accept.
func (p *Publisher) feed(ctx context.Context, found []catalog.Addition, run refresher.Run) error {
	n := 0
	_, err := p.Catalog.Feed(ctx, found, func() audit.Event {
		n++
		now := p.Clock().UTC().Truncate(time.Millisecond)
		return audit.Event{
			ID: id.New(now, fmt.Sprintf("%s.%d.feed.%d", run.ID, run.Token, n)), At: now, By: "refresh/" + run.ID,
			Action: "catalog.fed", Source: audit.SourceRefresh,
		}
	})
	return err
}

func (g *gathered) additions(dictionary *product.Dictionary) []catalog.Addition {
	seen := map[position.Product]bool{}
	add := func(p position.Product) { seen[p] = true }
	entitled := func(e entitlement.Entitlement) {
		if text.Collapse(e.Publisher) == "" {
			e.Publisher = agreement.VolumePublisher
		}
		add(dictionary.Named(e.Publisher, e.Family, e.Version))
	}
	for _, counted := range g.tallies {
		for _, c := range counted.Tally.Products {
			add(c.Product)
		}
	}
	for _, pair := range g.pairs {
		for _, e := range pair.Entitlements {
			entitled(e)
		}
	}
	for _, s := range g.statements {
		for _, line := range s.Lines {
			entitled(line.Entitlement)
		}
	}
	var all []catalog.Addition
	for p := range seen {
		publisher, wrong := agreement.ParsePublisher("publisher", p.Publisher)
		title, alsoWrong := agreement.ParseTitle("title", text.Collapse(p.Name()+" "+p.Version))
		if wrong == nil && alsoWrong == nil {
			all = append(all, catalog.Addition{Publisher: publisher, Title: title})
		}
	}
	slices.SortFunc(all, func(a, b catalog.Addition) int {
		return cmp.Or(cmp.Compare(a.Publisher, b.Publisher), cmp.Compare(a.Title, b.Title))
	})
	return all
}
