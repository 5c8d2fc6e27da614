package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/catalog"
	"trueup/internal/entitlement"
	"trueup/internal/journal"
	"trueup/internal/position"
	"trueup/internal/refresher"
	"trueup/internal/report"
)

// supplement is a report.Supplement that was read. A nil supplement changes nothing.
type supplement struct{ report.Supplement }

// over returns the entitlements of a snapshot with the supplement, and with the names of n. It
// changes neither.
func (s *supplement) over(base []report.Held, agreements []agreement.Agreement, n *names) []report.Held {
	if s == nil {
		all := slices.Clone(base)
		for i := range all {
			n.held(&all[i])
		}
		return all
	}
	changed := make(map[string]bool, len(s.Changed))
	for _, pair := range s.Changed {
		changed[string(pair)] = true
	}
	exists := make(map[string]bool, len(agreements))
	for i := range agreements {
		exists[agreements[i].ID] = true
	}
	all := make([]report.Held, 0, len(base)+len(s.Held))
	for _, h := range base {
		if h.Source.Kind == position.KindPair && !changed[h.Source.ID] && exists[h.AgreementID] {
			all = append(all, h)
		}
	}
	for _, h := range s.Held {
		if exists[h.AgreementID] {
			all = append(all, h)
		}
	}
	ofPairs := make([]entitlement.Entitlement, len(all))
	for i := range all {
		n.held(&all[i])
		ofPairs[i] = all[i].Entitlement
	}
	whole, general := slices.Clone(s.Whole), slices.Clone(s.General)
	for _, lines := range [][]report.Held{whole, general} {
		for i := range lines {
			n.held(&lines[i])
		}
	}
	return slices.Concat(all, remainder(whole, ofPairs), general)
}

// supplement publishes the answers of a pending run as a supplement of the newest snapshot. done
// is false if that is impossible, because there is no full snapshot or the changes since it are
// no longer known.
func (p *Publisher) supplement(ctx context.Context, run refresher.Run) (done bool, err error) {
	base, err := p.Index.Newest(ctx)
	if err != nil || base.Run == "" {
		return false, err
	}
	freshness, err := p.Refreshes.Freshness(ctx)
	if err != nil || freshness.Full == "" {
		return false, err
	}
	began := p.Clock()
	var g gathered
	changed, pairs, err := p.Changed.ChangedSince(ctx, freshness.Full)
	if errors.Is(err, refresher.ErrForgotten) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if g.statements, err = p.Statements.Current(ctx); err != nil {
		return false, err
	}
	g.pairs = pairs
	products, err := p.Catalog.Products(ctx)
	if err != nil {
		return false, err
	}
	if err := p.feed(ctx, g.additions(products), run); err != nil {
		return false, fmt.Errorf("feed the catalog: %w", err)
	}
	var s report.Supplement
	err = p.Catalog.Replica.Read(ctx, func(c *catalog.Catalog, _ journal.Head) error {
		n := newNames(c, products)
		stated := entitlement.Attribute(g.statements, nil) // lines without License ID do not depend on pairs
		s = report.Supplement{Changed: changed, Held: g.ofPairs(n), Whole: g.stated(n, stated.Whole, false), General: g.stated(n, stated.General, true)}
		return nil
	})
	if err != nil {
		return false, err
	}
	part, err := s.Encode(base.Date, run.ID, run.Token)
	if err != nil {
		return false, err
	}
	if err := p.Files.Put(ctx, part.Key, "application/gzip", part.Content); err != nil {
		return false, err
	}
	written, err := p.Index.Supplement(ctx, base, run.Token, run.ID, part.Object)
	if err != nil {
		return false, err
	}
	p.Log.InfoContext(ctx, "snapshot supplemented", "run", run.ID, "date", string(base.Date), "sequence", run.Token, "newest", written,
		"changed", len(s.Changed), "entitlements", len(s.Held), "duration_ms", float64(p.Clock().Sub(began).Microseconds())/1000)
	return true, nil
}
