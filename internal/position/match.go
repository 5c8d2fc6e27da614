package position

import (
	"slices"

	"trueup/internal/day"
)

// graph is licences and the installations that they may cover.
type graph struct {
	supplies []supply // by product and version, then without assurance first
	demands  []demand // by product and version
	edges    []edge
	bySupply [][]int32 // indexes of edges
	byDemand [][]int32
}

// supply is a quantity of licences of one row, for one of the pools that they cover.
type supply struct {
	row        int // in the result
	pool       int
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

// demand is a quantity of installations of one row.
type demand struct {
	row  int
	left int
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
	preferred := make([][]int32, len(g.demands))
	for j, edges := range g.byDemand {
		preferred[j] = slices.Clone(edges)
		slices.SortFunc(preferred[j], func(a, b int32) int { return g.preference(&g.edges[a], &g.edges[b]) })
	}
	for step := int8(0); step <= last; step++ {
		g.direct(step, preferred)
		for g.rearrange(step) {
		}
	}
}

// direct covers installations by one step, newest installation of a product first, with the
// preferred licences.
func (g *graph) direct(step int8, preferred [][]int32) {
	for j := len(g.demands) - 1; j >= 0; j-- {
		for _, n := range preferred[j] {
			e := &g.edges[n]
			if e.step != step {
				continue
			}
			s, d := &g.supplies[e.supply], &g.demands[j]
			covered := min(s.left, d.left)
			e.used += covered
			s.left -= covered
			d.left -= covered
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
	if !slices.ContainsFunc(g.demands, func(d demand) bool { return d.left > 0 }) {
		return false
	}
	// from is the edge that reached a demand, start for none; back is the edge that reached a supply.
	from := filled(len(g.demands), start)
	back := filled(len(g.supplies), unreached)
	var queue []int32
	for i := range g.supplies {
		if g.supplies[i].left > 0 {
			back[i] = start
			queue = append(queue, int32(i))
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, n := range g.bySupply[queue[0]] {
			e := &g.edges[n]
			if e.step > step || from[e.demand] != start {
				continue
			}
			from[e.demand] = n
			if g.demands[e.demand].left > 0 {
				g.shift(from, back, e.demand)
				return true
			}
			for _, k := range g.byDemand[e.demand] {
				if used := &g.edges[k]; used.used > 0 && back[used.supply] == unreached {
					back[used.supply] = k
					queue = append(queue, used.supply)
				}
			}
		}
	}
	return false
}

// shift moves as many licences as possible along the chain that ends at demand j.
func (g *graph) shift(from, back []int32, j int32) {
	last, n := j, g.demands[j].left
	for {
		i := g.edges[from[j]].supply
		if back[i] == start {
			n = min(n, g.supplies[i].left)
			break
		}
		n = min(n, g.edges[back[i]].used)
		j = g.edges[back[i]].demand
	}
	for j = last; ; {
		g.edges[from[j]].used += n
		i := g.edges[from[j]].supply
		if back[i] == start {
			g.supplies[i].left -= n
			g.demands[last].left -= n
			return
		}
		g.edges[back[i]].used -= n
		j = g.edges[back[i]].demand
	}
}

func filled(n int, value int32) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = value
	}
	return s
}
