package position

import (
	"slices"

	"trueup/internal/product"
)

// PCsOfUser is the number of PCs of one user that a licence for users covers. A user with more needs a
// further licence for each further so many. Microsoft's terms give a user five; where another publisher
// gives more, a licence too many is asked for.
const PCsOfUser = 5

// shared is the installations of a row with users who have several PCs. Licences for users cover the
// users with most PCs, and other licences one PC each of what is left.
type shared struct {
	sizes  [PCsOfUser + 1]int // how many licences for users cover so many PCs, if all are used
	needed int                // PCs
	users  int                // licences for users that are used
	pcs    int                // other licences that are used
}

// newShared returns the installations of a row by their users; nil if no user has several PCs.
func newShared(r *Row) *shared {
	if r.Metric == product.MetricUser {
		return nil // counts users
	}
	s := &shared{needed: r.Needed}
	for _, l := range r.Installations {
		left := l.Quantity
		for _, u := range l.ByUser {
			users := min(u.Users, left/max(u.PCs, 1)) // PCs are not counted twice, whatever was stored
			if u.PCs < 1 || users < 1 {
				continue
			}
			left -= users * u.PCs
			s.sizes[PCsOfUser] += users * (u.PCs / PCsOfUser)
			s.sizes[u.PCs%PCsOfUser] += users
		}
		s.sizes[1] += left
	}
	s.sizes[0] = 0
	if !slices.ContainsFunc(s.sizes[2:], func(n int) bool { return n > 0 }) {
		return nil
	}
	return s
}

// unknownUsers reports whether the inventory does not tell the users of all installations of a row.
func unknownUsers(r *Row) bool {
	return r.Metric != product.MetricUser && slices.ContainsFunc(r.Installations, func(l Line) bool { return len(l.ByUser) == 0 })
}

// reach returns how many PCs so many licences for users cover.
func (s *shared) reach(users int) (pcs int) {
	for size := PCsOfUser; size > 0; size-- {
		n := min(users, s.sizes[size])
		users -= n
		pcs += n * size
	}
	return pcs
}

// coveredBy returns how many PCs the first so many of the used licences for users cover, which other
// licences do not.
func (s *shared) coveredBy(users int) int { return min(s.reach(users), s.needed-s.pcs) }

// left returns the PCs that are not covered.
func (s *shared) left() int { return max(0, s.needed-s.reach(s.users)-s.pcs) }

// open returns how many more licences for users can be used of which each covers at least so many PCs,
// the last perhaps less.
func (s *shared) open(size int) (licenses int) {
	used, left := s.users, s.left()
	for of := PCsOfUser; of >= size && left > 0; of-- {
		n := s.sizes[of]
		n -= min(used, n)
		used -= s.sizes[of] - n
		n = min(n, (left+of-1)/of)
		licenses += n
		left -= n * of
	}
	return licenses
}

// free returns how many more licences for users the users can have.
func (s *shared) free() int {
	free := -s.users
	for _, n := range s.sizes {
		free += n
	}
	return free
}

// uncovered returns the number of installations that nothing covers.
func (g *graph) uncovered() (n int) {
	for i := range g.demands {
		if d := &g.demands[i]; !d.users {
			n += d.open(1)
		}
	}
	return n
}

// maxExchanges is the number of attempts to cover more by an exchange, and maxExchangeWork their number
// times the number of edges, so that a forged organisation does not take minutes. Real ones need a few.
const (
	maxExchanges    = 2000
	maxExchangeWork = 20_000_000
)

// exchange covers more installations by using licences for users elsewhere, as long as one exchange
// does. Which products they should be used for is easy to say if no other licences cover the same
// products, or for one product; in general it is as hard as a maximum coverage problem.
func (g *graph) exchange(last int8) {
	attempts := min(maxExchanges, maxExchangeWork/max(len(g.edges), 1))
	for g.uncovered() > 0 {
		improved := false
		takers, givers := g.exchangers()
		for _, to := range takers {
			for _, from := range givers {
				for n := 1; from != to; n *= 2 {
					if attempts--; attempts < 0 {
						return
					}
					if !g.attempt(from, to, n, last) {
						break
					}
					improved = true
				}
			}
		}
		if !improved {
			return
		}
	}
}

// exchangers returns the demands that may take a licence for users, and those that have one, with unused
// ones first.
func (g *graph) exchangers() (takers, givers []int32) {
	givers = []int32{unused}
	for j := range g.demands {
		d := &g.demands[j]
		if d.room() > 0 {
			takers = append(takers, int32(j))
		}
		if slices.ContainsFunc(g.byDemand[j], func(n int32) bool { return g.edges[n].used > 0 && g.supplies[g.edges[n].supply].user }) {
			givers = append(givers, int32(j))
		}
	}
	return takers, givers
}

// room returns how many more licences for users a demand can have, also in place of other licences.
func (d *demand) room() int {
	switch {
	case d.users:
		return d.shared.free()
	case d.shared != nil:
		return 0
	}
	return d.left
}

// attempt moves licences between demands, and keeps that if more installations are covered then.
func (g *graph) attempt(from, to int32, n int, last int8) bool {
	if g.demands[to].room() < n {
		return false
	}
	c := g.chain(from, last, func(j int32) bool { return j == to })
	if c == nil || g.longest(c) < n {
		return false
	}
	before, saved := g.uncovered(), g.save()
	g.shift(c, n)
	g.release()
	for g.rearrange(last) {
	}
	if g.uncovered() < before {
		return true
	}
	g.restore(saved)
	return false
}

// release releases the licences for PCs that licences for users have replaced.
func (g *graph) release() {
	for j := range g.demands {
		if d := &g.demands[j]; d.shared != nil && !d.users {
			s := d.shared
			g.unuse(j, min(s.pcs, s.reach(s.users)+s.pcs-s.needed))
		}
	}
}

// unuse releases licences of a demand, the last preferred first.
func (g *graph) unuse(j, licenses int) {
	for _, n := range slices.Backward(g.preferred[j]) {
		e := &g.edges[n]
		released := max(0, min(licenses, e.used))
		e.used -= released
		g.supplies[e.supply].left += released
		g.demands[j].take(-released)
		licenses -= released
	}
}

// trim releases licences for users that other licences have replaced.
func (g *graph) trim() {
	for j := range g.demands {
		if d := &g.demands[j]; d.users {
			for s := d.shared; s.users > 0 && s.reach(s.users-1)+s.pcs >= s.needed; {
				g.unuse(j, 1)
			}
		}
	}
}

// saved is what a graph has used.
type saved struct {
	used, left []int
	shared     []shared
}

func (g *graph) save() (s saved) {
	for i := range g.edges {
		s.used = append(s.used, g.edges[i].used)
	}
	for i := range g.supplies {
		s.left = append(s.left, g.supplies[i].left)
	}
	for i := range g.demands {
		s.left = append(s.left, g.demands[i].left)
		if d := &g.demands[i]; d.users {
			s.shared = append(s.shared, *d.shared)
		}
	}
	return s
}

func (g *graph) restore(s saved) {
	for i := range g.edges {
		g.edges[i].used = s.used[i]
	}
	for i := range g.supplies {
		g.supplies[i].left = s.left[i]
	}
	for i := range g.demands {
		g.demands[i].left = s.left[len(g.supplies)+i]
		if d := &g.demands[i]; d.users {
			*d.shared, s.shared = s.shared[0], s.shared[1:]
		}
	}
}
