package position

import (
	"cmp"
	"maps"
	"slices"

	"trueup/internal/day"
	"trueup/internal/product"
)

// markets returns the products in groups whose licences and installations have to be matched
// together, in order of appearance.
func (p *positions) markets() (groups [][]*market) {
	for _, m := range p.all {
		for _, i := range m.rows {
			m.owned = m.owned || p.rows[i].Owned > 0
			m.needed = m.needed || p.rows[i].Needed > 0
		}
	}
	for _, m := range p.all {
		if !m.owned {
			continue
		}
		for _, t := range p.reach(m) {
			if t.entry == m.entry {
				t.market = m
			} else if t.market = p.byEntry[t.entry]; t.market == nil || !t.market.needed {
				continue
			}
			m.targets = append(m.targets, t)
			p.join(m, t.market)
		}
	}
	at := map[int]int{}
	for i, m := range p.all {
		root := p.root(i)
		n, ok := at[root]
		if !ok {
			n = len(groups)
			at[root] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], m)
	}
	return groups
}

// root returns the first market that a market is joined with.
func (p *positions) root(i int) int {
	for p.all[i].component != i {
		p.all[i].component = p.all[p.all[i].component].component
		i = p.all[i].component
	}
	return i
}

func (p *positions) join(a, b *market) {
	x, y := p.root(a.component), p.root(b.component)
	p.all[max(x, y)].component = min(x, y)
}

// compareEditions orders markets by publisher, family and rank. The last are covered first: the
// highest editions, because lower ones have more licences to choose from.
func compareEditions(a, b *market) int {
	aFamily, aRank := a.edition()
	bFamily, bRank := b.edition()
	if c := cmp.Or(cmp.Compare(a.publisher, b.publisher), cmp.Compare(aFamily, bFamily), cmp.Compare(aRank, bRank)); c != 0 {
		return c
	}
	return cmp.Compare(a.name, b.name)
}

// edition returns the family and the rank of the product; the name for an unknown one.
func (m *market) edition() (family string, rank int) {
	if m.entry == nil {
		return m.name, 0
	}
	return m.entry.Family, m.entry.Rank
}

// cover covers the installations of markets with their licences.
func (p *positions) cover(markets []*market) {
	slices.SortStableFunc(markets, compareEditions)
	g := &graph{}
	demands := map[*market][]int{} // indexes in g.demands
	for _, m := range markets {
		for _, i := range p.byVersion(m) {
			r := &p.rows[i]
			if r.Needed <= 0 {
				continue
			}
			s := newShared(r)
			if s != nil {
				g.largest = PCsOfUser
				demands[m] = append(demands[m], len(g.demands))
				g.demands = append(g.demands, demand{row: i, shared: s, users: true})
			}
			demands[m] = append(demands[m], len(g.demands))
			g.demands = append(g.demands, demand{row: i, left: r.Needed, shared: s})
		}
	}
	if len(g.demands) == 0 {
		return
	}
	for _, m := range markets {
		if m.owned {
			p.supply(g, m, demands)
		}
	}
	g.match()
	p.use(g)
}

// byVersion returns the rows of a market by version.
func (p *positions) byVersion(m *market) []int {
	rows := slices.Clone(m.rows)
	slices.SortFunc(rows, func(a, b int) int { return p.places[a].compare(&p.places[b]) })
	return rows
}

// supply adds the licences of a market to the graph, with what they may cover.
func (p *positions) supply(g *graph, m *market, demands map[*market][]int) {
	measurable := p.measurable(m)
	for _, i := range p.byVersion(m) {
		for _, s := range p.supplies(i) {
			pools := map[int]int32{} // pool to index in g.supplies
			for _, t := range m.targets {
				from, isIncluded := p.bought(i, t)
				if !isIncluded {
					continue
				}
				isCounted := measurable && (t.market.undecidable() || p.measurable(t.market))
				for _, j := range demands[t.market] {
					d := &g.demands[j]
					if d.shared != nil && d.users != s.user {
						continue
					}
					e, ok := p.edge(t, s, from, p.places[d.row])
					switch {
					case !ok:
					case !isCounted:
						p.unmeasured[d.row] = true
					default:
						r := &p.rows[d.row]
						r.UnknownUsers = r.UnknownUsers || s.user && unknownUsers(r)
						e.supply, e.demand = g.supply(pools, s, t.pool), int32(j)
						g.edges = append(g.edges, e)
					}
				}
			}
		}
	}
}

// bought is the version of a licence among those of a target.
type bought struct {
	place

	isOlder  bool      // the version is in an older version of the suite, see product.Row.Contained
	upgrades []version // later ones that it also is for, see product.Row.Upgrades
}

// bought returns the version of the licences of a row among those of a target; false if they are of
// a version of a suite that does not have the target yet.
func (p *positions) bought(row int, t target) (bought, bool) {
	from := bought{place: p.places[row]}
	if !t.included {
		from.upgrades = from.market.upgrades(from.known)
	}
	if t.market == from.market {
		return from, true
	}
	switch entry, known := from.market.entry, from.known; {
	case !t.included:
	case t.entry.Scheme == product.SchemeNone:
		from.version = nil
	case known >= 0:
		contained, isOlder, isIncluded := entry.Contained(entry.Known[known], t.through)
		if !isIncluded {
			return bought{}, false
		}
		if contained != "" {
			from.version, from.isOlder = parseVersion(contained), isOlder
		}
	}
	from.known = placeIn(t.market.known, from.version)
	return from, true
}

// upgrades returns the versions to which a licence of a known version is upgraded free of charge.
func (m *market) upgrades(known int) (all []version) {
	if m.entry == nil || known < 0 {
		return nil
	}
	for at := m.entry.Known[known]; m.entry.Upgrades[at] != ""; {
		at = m.entry.Upgrades[at] // a later one
		all = append(all, parseVersion(at))
	}
	return all
}

// edge returns the edge from a licence to an installation; false if it may not cover it.
func (p *positions) edge(t target, s supply, from bought, to place) (edge, bool) {
	order, isKnown := from.version.compareAt(from.known, to.version, to.known)
	step := p.options.stepOf(t, from.version, to.version, rights{
		order: order, isKnown: isKnown, isSubscribed: s.subscribed, isAssured: s.assured || s.ended != "" && to.version.released(s.ended),
		isUpgraded: slices.ContainsFunc(from.upgrades, func(v version) bool {
			return slices.Equal(v, to.version) || !p.options.NoPrefix && to.version.continues(v)
		}),
	})
	if from.isOlder && step != unversioned && p.options.NoDowngrade {
		step = none
	}
	return edge{step: step, cost: int32(t.cost), newer: order > 0}, step != none
}

// supplies returns the licences of a row by their Software Assurance: without it, with assurance
// that has ended, the earliest first, with active assurance, and of subscriptions. An adjustment takes
// them away in this order (Row.adjust).
func (p *positions) supplies(i int) (all []supply) {
	r := &p.rows[i]
	user := r.Metric == product.MetricUser
	ended := map[day.Date]int{}
	for _, l := range r.Licenses {
		if l.SAEnded != "" && !l.Subscription {
			ended[l.SAEnded] += min(max(l.SA, 0), max(l.Quantity, 0))
		}
	}
	left := r.Owned - r.SA - r.Subscribed
	if r.Subscribed > 0 {
		all = append(all, supply{row: i, user: user, assured: true, subscribed: true, left: r.Subscribed})
	}
	if r.SA > 0 {
		all = append(all, supply{row: i, user: user, assured: true, left: r.SA})
	}
	dates := slices.Sorted(maps.Keys(ended))
	slices.Reverse(dates)
	for _, date := range dates {
		if n := min(ended[date], left); n > 0 {
			all = append(all, supply{row: i, user: user, ended: date, left: n})
			left -= n
		}
	}
	if left > 0 {
		all = append(all, supply{row: i, user: user, left: left})
	}
	slices.Reverse(all)
	return all
}

// use adds what the licences cover to the rows.
func (p *positions) use(g *graph) {
	type key struct {
		from, to int
		step     int8
		suite    bool
	}
	moved := map[key]*Move{}
	var moves []key // in their order
	for j, edges := range g.byDemand {
		d := &g.demands[j]
		users := 0
		for _, n := range edges {
			e := &g.edges[n]
			if e.used == 0 {
				continue
			}
			s := &g.supplies[e.supply]
			if p.uses[s.row] == nil {
				p.uses[s.row] = map[int]int{}
			}
			p.uses[s.row][s.pool] += e.used
			covered := e.used
			if d.users {
				covered = d.shared.coveredBy(users+e.used) - d.shared.coveredBy(users)
				users += e.used
			}
			p.rows[d.row].Covered += covered
			if s.row == d.row {
				continue
			}
			k := key{s.row, d.row, e.step, s.pool != ownPool}
			if moved[k] == nil {
				moved[k] = &Move{From: p.rows[k.from].Product, To: p.rows[k.to].Product, Step: Steps[k.step], Users: d.users, Suite: k.suite}
				moves = append(moves, k)
			}
			moved[k].Quantity += e.used
			moved[k].Covered += covered
		}
	}
	for _, k := range moves {
		owner, user, move := &p.rows[k.from], &p.rows[k.to], *moved[k]
		user.In.add(move.Step, move.Covered)
		if !move.Suite {
			owner.Out.add(move.Step, move.Quantity)
		}
		owner.Moves = append(owner.Moves, move)
		user.Moves = append(user.Moves, move)
	}
}

// preference is the order in which licences cover an installation in one step: without Software
// Assurance first, then the nearest edition or the smallest suite, then the nearest version, of
// which older ones come first.
func (g *graph) preference(a, b *edge) int {
	x, y := &g.supplies[a.supply], &g.supplies[b.supply]
	nearest := func(e *edge) int32 {
		if e.newer {
			return e.supply
		}
		return -e.supply
	}
	newer := func(e *edge) int {
		if e.newer {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(a.step, b.step), cmp.Compare(x.class(), y.class()), cmp.Compare(x.ended, y.ended),
		cmp.Compare(a.cost, b.cost), cmp.Compare(newer(a), newer(b)), cmp.Compare(nearest(a), nearest(b)),
	)
}
