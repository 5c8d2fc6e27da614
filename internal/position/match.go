package position

import (
	"math"
	"slices"

	"trueup/internal/day"
)

// graph is licences and the installations that they may cover.
type graph struct {
	supplies  []supply // by product and version, then without assurance first
	demands   []demand // by product and version
	edges     []edge
	bySupply  [][]int32 // indexes of edges
	byDemand  [][]int32
	preferred [][]int32 // those of byDemand, in the order in which they are used
	largest   int       // the most PCs of a user that one licence covers; 1 if no demand is of users
}

// supply is a quantity of licences of one row, for one of the pools that they cover.
type supply struct {
	row        int // in the result
	pool       int
	user       bool // one licence covers the PCs of a user
	assured    bool // with active Software Assurance, or of a subscription
	subscribed bool
	ended      day.Date // or when it ended
	left       int
}

// class orders licences by what their Software Assurance or their subscription covers.
func (s *supply) class() int {
	switch {
	case s.subscribed:
		return 3
	case s.assured:
		return 2
	case s.ended != "":
		return 1
	}
	return 0
}

// demand is a quantity of installations of one row. A row with users who have several PCs has two, of
// the same installations: one for licences for users, and one for others.
type demand struct {
	row    int
	left   int     // not of shared
	shared *shared // nil if a licence covers one installation
	users  bool    // it is for licences for users
}

// open returns how many licences can be used of which each covers at least so many installations.
func (d *demand) open(size int) int {
	switch {
	case d.users:
		return d.shared.open(size)
	case size > 1:
		return 0
	case d.shared != nil:
		return d.shared.left()
	}
	return d.left
}

// take uses licences, or releases them if n is negative.
func (d *demand) take(n int) {
	switch {
	case d.users:
		d.shared.users += n
	case d.shared != nil:
		d.shared.pcs += n
	default:
		d.left -= n
	}
}

// edge says that a licence may cover an installation.
type edge struct {
	supply, demand int32
	step           int8  // index in Steps
	newer          bool  // the licence's version is newer
	cost           int32 // see target
	used           int
}

// supply returns the index of a supply for a pool, which it adds if pools does not have it.
func (g *graph) supply(pools map[int]int32, s supply, pool int) int32 {
	n, ok := pools[pool]
	if !ok {
		n = int32(len(g.supplies))
		pools[pool] = n
		s.pool = pool
		g.supplies = append(g.supplies, s)
	}
	return n
}

// match covers as many installations as the edges allow, and prefers earlier steps.
func (g *graph) match() {
	if len(g.edges) == 0 {
		return
	}
	g.bySupply = make([][]int32, len(g.supplies))
	g.byDemand = make([][]int32, len(g.demands))
	last := int8(0)
	for n := range g.edges {
		e := &g.edges[n]
		g.bySupply[e.supply] = append(g.bySupply[e.supply], int32(n))
		g.byDemand[e.demand] = append(g.byDemand[e.demand], int32(n))
		last = max(last, e.step)
	}
	g.preferred = make([][]int32, len(g.demands))
	for j, edges := range g.byDemand {
		g.preferred[j] = slices.Clone(edges)
		slices.SortFunc(g.preferred[j], func(a, b int32) int { return g.preference(&g.edges[a], &g.edges[b]) })
	}
	for step := int8(0); step <= last; step++ {
		g.direct(step)
		for g.rearrange(step) {
		}
	}
	if g.largest > 1 {
		g.release()
		for g.rearrange(last) {
		}
		g.exchange(last)
		g.trim()
		g.release()
	}
}

// direct covers installations by one step with the preferred licences: the users with most PCs first,
// then the newest installation of a product.
func (g *graph) direct(step int8) {
	for size := max(g.largest, 1); size > 0; size-- {
		for j := len(g.demands) - 1; j >= 0; j-- {
			d := &g.demands[j]
			if size > 1 && !d.users {
				continue
			}
			for _, n := range g.preferred[j] {
				e := &g.edges[n]
				if e.step != step {
					continue
				}
				s := &g.supplies[e.supply]
				covered := min(s.left, d.open(size))
				e.used += covered
				s.left -= covered
				d.take(covered)
			}
		}
	}
}

// unreached marks a supply that a search has not reached, and start one where it starts.
const (
	unreached int32 = -2
	start     int32 = -1
)

// rearrange finds the shortest chain of replacements that covers more: an unused licence replaces
// another, which replaces the next, until one covers an uncovered installation. It uses only
// steps up to the given one, and every covered installation stays covered. It reports whether it
// found a chain.
func (g *graph) rearrange(step int8) bool {
	isOpen := func(j int32) bool { return g.demands[j].open(1) > 0 }
	if !slices.ContainsFunc(g.demands, func(d demand) bool { return d.open(1) > 0 }) {
		return false
	}
	c := g.chain(unused, step, isOpen)
	if c == nil {
		return false
	}
	g.shift(c, min(g.longest(c), g.demands[c.last].open(1)))
	return true
}

// unused is the origin of chains that start with an unused licence.
const unused int32 = -1

// chain is a way to use licences for demand last.
type chain struct {
	origin     int32   // the demand that gives its licences; or unused
	last       int32   // the demand that takes them
	from, back []int32 // the edge that reached a demand, start for none; and the one that reached a supply
}

// chain finds the shortest chain by steps up to the given one to a demand that is a goal; nil if there
// is none.
func (g *graph) chain(origin int32, step int8, isGoal func(j int32) bool) *chain {
	c := &chain{origin: origin, from: filled(len(g.demands), start), back: filled(len(g.supplies), unreached)}
	var queue []int32
	if origin == unused {
		for i := range g.supplies {
			if g.supplies[i].left > 0 {
				c.back[i] = start
				queue = append(queue, int32(i))
			}
		}
	} else {
		queue = g.reachUsed(c, queue, origin)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, n := range g.bySupply[queue[0]] {
			e := &g.edges[n]
			if e.step > step || e.demand == origin || c.from[e.demand] != start {
				continue
			}
			c.from[e.demand] = n
			if isGoal(e.demand) {
				c.last = e.demand
				return c
			}
			queue = g.reachUsed(c, queue, e.demand)
		}
	}
	return nil
}

// reachUsed adds the licences that a demand uses to a chain and its queue.
func (g *graph) reachUsed(c *chain, queue []int32, demand int32) []int32 {
	for _, k := range g.byDemand[demand] {
		if used := &g.edges[k]; used.used > 0 && c.back[used.supply] == unreached {
			c.back[used.supply] = k
			queue = append(queue, used.supply)
		}
	}
	return queue
}

// longest returns how many licences a chain can move.
func (g *graph) longest(c *chain) int {
	n := math.MaxInt
	for j := c.last; j != c.origin; {
		i := g.edges[c.from[j]].supply
		if c.back[i] == start {
			return min(n, g.supplies[i].left)
		}
		n = min(n, g.edges[c.back[i]].used)
		j = g.edges[c.back[i]].demand
	}
	return n
}

// shift moves licences along a chain.
func (g *graph) shift(c *chain, n int) {
	g.demands[c.last].take(n)
	for j := c.last; j != c.origin; {
		g.edges[c.from[j]].used += n
		i := g.edges[c.from[j]].supply
		if c.back[i] == start {
			g.supplies[i].left -= n
			return
		}
		g.edges[c.back[i]].used -= n
		j = g.edges[c.back[i]].demand
	}
	g.demands[c.origin].take(-n)
}

func filled(n int, value int32) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = value
	}
	return s
}
