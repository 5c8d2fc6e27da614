package position

import (
	"slices"

	"trueup/internal/product"
)

// ownPool is the pool of a licence's own product; see target.
const ownPool = 0

// target is a product that a licence may cover.
type target struct {
	entry  *product.Row // nil for the licence's own product, if the dictionary does not know it
	market *market      // set by positions.markets
	step   int8         // the latest step on the way; the version may need a later one
	// pool is what the licence covers one of: its own product with lower editions, or an included
	// product with lower editions.
	pool     int
	included bool         // whether the way goes through an included product
	through  *product.Row // that included product
	cost     int          // of targets by the same step, licences with lower costs are used first
}

// isMeasured reports whether licences with a metric are compared with an inventory of PCs.
func isMeasured(m product.Metric) bool {
	switch m {
	case product.MetricCore, product.MetricServer, product.MetricCAL, product.MetricService:
		return false
	case product.MetricDevice, product.MetricUser, product.MetricOS, product.MetricNone:
	}
	return true
}

func (m *market) undecidable() bool { return m.entry != nil && m.entry.Kind == product.KindUndecidable }

// measurable reports whether licences of a product are compared with an inventory of PCs. An
// online service for users is not: nothing of it or of what it includes can be found on a PC. An operating
// system counts only if PCs have it, because many inventories do not tell its edition, and the service has its
// use without it: Microsoft 365 F3. Steps that are switched off do not matter: a licence that covers nothing
// without them is unused.
func (p *positions) measurable(m *market) bool {
	switch {
	case m.entry == nil:
		return true
	case !isMeasured(m.entry.Metric):
		return false
	case m.entry.Metric != product.MetricUser || m.needed || p.installed[m.entry]:
		return true
	}
	if slices.ContainsFunc(m.targets, func(t target) bool { return t.market.needed }) {
		return true
	}
	return slices.ContainsFunc(append(p.includes(m.entry), p.candidates(m.entry)...), func(entry *product.Row) bool {
		found := p.byEntry[entry]
		return isMeasured(entry.Metric) && (p.installed[entry] && entry.Metric != product.MetricOS || found != nil && found.needed)
	})
}

// includes returns the products that a product includes, directly or through others, nearest
// first.
func (p *positions) includes(entry *product.Row) (all []*product.Row) {
	seen := map[*product.Row]bool{entry: true}
	for next := []*product.Row{entry}; len(next) > 0; next = next[1:] {
		for _, id := range next[0].Includes {
			if found, ok := p.dictionary.Find(id); ok && !seen[found] {
				seen[found] = true
				all = append(all, found)
				next = append(next, found)
			}
		}
	}
	return all
}

// candidates returns the products that need a licence and that an undecidable product may be.
func (p *positions) candidates(entry *product.Row) (all []*product.Row) {
	for _, id := range entry.Candidates {
		if found, ok := p.dictionary.Find(id); ok && found.Kind == product.KindProduct {
			all = append(all, found)
		}
	}
	return all
}

// lower returns the editions that a licence of a product covers by its rank.
func (p *positions) lower(entry *product.Row) (all []*product.Row) {
	if p.options.NoEdition || entry.Rank == 0 {
		return nil
	}
	for _, other := range p.ranked[[2]string{entry.Publisher, entry.Family}] {
		if other.Rank < entry.Rank {
			all = append(all, other)
		}
	}
	return all
}

// ladder identifies products of which one licence covers one: the editions of a family that have
// ranks, or a single product.
func ladder(entry *product.Row) string {
	if entry.Rank == 0 {
		return entry.ID
	}
	return entry.Publisher + "\x00" + entry.Family
}

// reach returns the products that a licence of a market may cover, by the enabled steps.
func (p *positions) reach(m *market) []target {
	own := target{entry: m.entry, step: exact}
	if m.entry == nil {
		return []target{own}
	}
	all := []target{own}
	reached := map[*product.Row]bool{m.entry: true}
	add := func(t target) {
		if !reached[t.entry] {
			reached[t.entry] = true
			all = append(all, t)
		}
	}
	for _, lower := range p.lower(m.entry) {
		add(target{entry: lower, step: edition, pool: ownPool, cost: m.entry.Rank - lower.Rank})
	}
	if !p.options.NoInclude {
		included := p.includes(m.entry)
		pools := map[string]int{ladder(m.entry): ownPool}
		for _, entry := range included {
			pool, ok := pools[ladder(entry)]
			if !ok {
				pool = len(pools)
				pools[ladder(entry)] = pool
			}
			add(target{entry: entry, step: include, pool: pool, included: true, through: entry, cost: len(included)})
		}
		for _, entry := range included {
			for _, lower := range p.lower(entry) {
				add(target{entry: lower, step: include, pool: pools[ladder(entry)], included: true, through: entry, cost: len(included)})
			}
		}
	}
	if !p.options.NoCandidate {
		for _, entry := range p.candidates(m.entry) { // a licence that names only its family covers one of any edition
			add(target{entry: entry, step: candidate, pool: ownPool})
		}
		all = append(all, p.undecidable(all)...)
	}
	return all
}

// undecidable returns the undecidable products with installations that may be one of the reached
// products. Each has the pool of the candidate that was reached first, so that a licence covers
// one of them.
func (p *positions) undecidable(reached []target) (all []target) {
	for _, m := range p.all {
		if !m.needed || !m.undecidable() || m.entry == reached[0].entry {
			continue
		}
		i := slices.IndexFunc(reached, func(t target) bool {
			return t.entry.Kind == product.KindProduct && slices.Contains(m.entry.Candidates, t.entry.ID)
		})
		if i >= 0 {
			t := reached[i]
			t.entry, t.step = m.entry, candidate
			all = append(all, t)
		}
	}
	return all
}

// stepOf returns the first enabled step that lets a licence of a version cover an installation of
// a target; none if there is none.
func (o Options) stepOf(t target, l, i version, r rights) int8 {
	step := none
	switch {
	case slices.Equal(l, i):
		step = exact
	case len(l) == 0 && (t.included || t.step == candidate):
		step = prefix // of no version, even if prefixes do not count
	case !o.NoPrefix && i.continues(l):
		step = prefix
	case r.isKnown && r.order > 0 && !o.NoDowngrade:
		step = downgrade
	case r.isUpgraded && !o.NoUpgrade:
		step = upgrade
	case r.isKnown && r.order < 0 && !o.NoAssurance && r.isAssured && (!t.included || r.isSubscribed):
		step = assurance
	case len(i) == 0 && !o.NoUnversioned:
		step = unversioned
	}
	if step == none {
		return none
	}
	return max(step, t.step)
}

// rights is what is known of the version of a licence beside an installed one.
type rights struct {
	order        int // positive if the licence's is newer
	isKnown      bool
	isUpgraded   bool // the licence is also for the installed one, see product.Row.Upgrades
	isAssured    bool // the licence has Software Assurance that reaches the installed one, or is of a subscription
	isSubscribed bool // the licence is of a subscription, which also has the newer versions of what it includes
}
