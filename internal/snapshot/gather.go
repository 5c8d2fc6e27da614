package snapshot

import (
	"context"
	"path"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/device"
	"trueup/internal/entitlement"
	"trueup/internal/group"
	"trueup/internal/inventory"
	"trueup/internal/journal"
	"trueup/internal/position"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/subscription"
)

// gathered is the state of an organisation at the end of a refresh, with the names as the sources
// spell them.
type gathered struct {
	pairs      []refresher.Answered
	statements []entitlement.Statement
	agreements []agreement.Agreement
	groups     []group.Group
	tallies    []inventory.Counted
	adjusted   report.Adjustments
	freshness  refresher.Freshness
	runs       []report.Run

	subscribed *report.Subscribed
}

func (p *Publisher) gather(ctx context.Context) (*gathered, error) {
	var all gathered
	reads, ctx := errgroup.WithContext(ctx)
	reads.Go(func() error {
		return p.Answers.Answers(ctx, func(some []refresher.Answered) error {
			all.pairs = append(all.pairs, some...)
			return nil
		})
	})
	reads.Go(func() (err error) { all.statements, err = p.Statements.Current(ctx); return err })
	reads.Go(func() (err error) { all.agreements, _, err = p.Agreements.All(ctx, journal.Position{}); return err })
	reads.Go(func() (err error) { all.groups, err = p.Groups.Groups(ctx); return err })
	reads.Go(func() (err error) { all.tallies, err = p.Inventory.Tallies(ctx); return err })
	reads.Go(func() (err error) { all.adjusted, err = p.Adjustments.Adjustments(ctx); return err })
	reads.Go(func() (err error) { all.freshness, err = p.Refreshes.Freshness(ctx); return err })
	reads.Go(func() (err error) { all.runs, err = runs(ctx, p.Refreshes); return err })
	reads.Go(func() (err error) {
		all.subscribed, err = subscribed(ctx, p.Subscriptions, p.Devices, p.Clock())
		return err
	})
	return &all, reads.Wait()
}

// subscribed reads the subscriptions at a moment.
func subscribed(ctx context.Context, subscriptions device.Subscribed, devices device.Users, at time.Time) (*report.Subscribed, error) {
	all, err := device.Subscriptions(ctx, subscriptions, devices)
	return &report.Subscribed{At: at.UTC(), All: subscription.Counts(all)}, err
}

// data returns the gathered state with the catalog's names of publishers and products.
func (g *gathered) data(n *names) *report.Data {
	d := &report.Data{Agreements: g.agreements, Groups: groupNames(g.groups), Runs: g.runs, Held: g.held(n), Adjustments: n.adjustments(g.adjusted.All), Subscribed: g.subscribed}
	n.agreements(d.Agreements)
	install(d, g.tallies, n)
	return d
}

func groupNames(groups []group.Group) map[string]string {
	named := make(map[string]string, len(groups))
	for _, g := range groups {
		named[g.ID] = g.Name
	}
	return named
}

// install adds the installed products.
func install(d *report.Data, tallies []inventory.Counted, n *names) {
	for _, counted := range tallies {
		d.AddInventory(counted.Tally, counted.Key)
	}
	n.lines(d.Installed)
	n.lines(d.Titles)
}

// held returns the entitlements of all pairs, the remainder of what statements of volume licensing
// list for the whole organisation, and what General License Statements list.
func (g *gathered) held(n *names) []report.Held {
	all := g.ofPairs(n)
	pairs := make([]agreement.Pair, len(g.pairs))
	for i, p := range g.pairs {
		pairs[i] = p.Pair
	}
	ofPairs := make([]entitlement.Entitlement, len(all))
	for i := range all {
		ofPairs[i] = all[i].Entitlement
	}
	stated := entitlement.Attribute(g.statements, pairs)
	all = append(all, remainder(g.stated(n, stated.Whole, false), ofPairs)...)
	return append(all, g.stated(n, stated.General, true)...)
}

// ofPairs returns the entitlements of all pairs.
func (g *gathered) ofPairs(n *names) (all []report.Held) {
	for _, p := range g.pairs {
		source := position.Source{Kind: position.KindPair, ID: string(p.Pair.Key()), Text: p.Pair.Authorization + " + " + p.Pair.License}
		for _, e := range p.Entitlements {
			all = append(all, report.Held{Entitlement: e, Source: source, AgreementID: p.AgreementID, Validation: p.State})
		}
	}
	for i := range all {
		n.held(&all[i])
	}
	return all
}

// stated returns the lines of statements for the whole organisation: of General License Statements
// or of the others.
func (g *gathered) stated(n *names, lines []entitlement.Entitlement, general bool) (all []report.Held) {
	files := filesOf(g.statements, general)
	for _, e := range lines {
		name := files[withoutQuantity(e)]
		h := report.Held{Entitlement: e, Source: position.Source{Kind: position.KindStatement, ID: name, Text: path.Base(name)}, NotVolume: general}
		n.held(&h)
		all = append(all, h)
	}
	return all
}

// remainder applies entitlement.Remainder to statement lines and keeps the source of each line.
func remainder(whole []report.Held, ofPairs []entitlement.Entitlement) (left []report.Held) {
	lines := make([]entitlement.Entitlement, len(whole))
	for i, h := range whole {
		lines[i] = h.Entitlement
	}
	next := 0
	for _, e := range entitlement.Remainder(lines, ofPairs) { // in the order of lines, with gaps
		for withoutQuantity(lines[next]) != withoutQuantity(e) {
			next++
		}
		h := whole[next]
		h.Entitlement = e
		left = append(left, h)
		next++
	}
	return left
}

// filesOf maps each line for the whole organisation to the newest statement that contains it,
// among General License Statements or among the others.
func filesOf(statements []entitlement.Statement, general bool) map[entitlement.Entitlement]string {
	files := map[entitlement.Entitlement]string{}
	dates := map[entitlement.Entitlement]day.Date{}
	for _, s := range statements {
		if (s.Kind == entitlement.KindGeneralStatement) != general {
			continue
		}
		for _, line := range s.Lines {
			key := withoutQuantity(line.Entitlement)
			if _, met := files[key]; line.LicenseID == "" && (!met || s.Date > dates[key] || s.Date == dates[key] && s.Name > files[key]) {
				files[key], dates[key] = s.Name, s.Date
			}
		}
	}
	return files
}

// withoutQuantity returns the key that identifies a line.
func withoutQuantity(e entitlement.Entitlement) entitlement.Entitlement {
	e.Effective, e.ActiveSA = 0, 0
	return e
}
