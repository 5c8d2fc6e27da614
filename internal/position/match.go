package position

import "slices"

// market is the licences and installations of one publisher and name, which
// cover each other and nothing else.
type market struct {
	supplies []supply // without assurance first, then by version
	demands  []demand // by version
	steps    [][]int8 // by supply and demand: the index in order of the step by which one may cover the other; -1 for none
	used     [][]int  // by supply and demand: how many do
}

// supply is licences of one version, with or without assurance.
type supply struct {
	row     int // of the version, in the result
	version version
	sa      bool
	left    int
}

// demand is installations of one version.
type demand struct {
	row     int
	version version
	left    int
}

var order = []Step{StepExact, StepPrefix, StepDowngrade, StepAssurance}

// stepOf returns the first enabled step by which a licence may cover an
// installation, as an index in order; -1 for none.
func stepOf(s *supply, d *demand, o Options) int8 {
	if slices.Equal(s.version, d.version) {
		return 0
	}
	if !o.NoPrefix && d.version.continues(s.version) {
		return 1
	}
	c, known := s.version.compare(d.version)
	switch {
	case known && c > 0 && !o.NoDowngrade:
		return 2
	case known && c < 0 && !o.NoAssurance && s.sa:
		return 3
	}
	return -1
}

// match covers as many installations as the steps allow, with the earliest
// steps that do.
func (m *market) match(o Options) {
	m.steps = make([][]int8, len(m.supplies))
	m.used = make([][]int, len(m.supplies))
	for i := range m.supplies {
		m.steps[i] = make([]int8, len(m.demands))
		m.used[i] = make([]int, len(m.demands))
		for j := range m.demands {
			m.steps[i][j] = stepOf(&m.supplies[i], &m.demands[j], o)
		}
	}
	for step := range order {
		m.direct(int8(step))
		for m.rearrange(int8(step)) {
		}
	}
}

// direct lets licences cover what they can by one step, the newest installation
// first: by licences without assurance before others, of the version next to it
// before others.
func (m *market) direct(step int8) {
	for j := len(m.demands) - 1; j >= 0; j-- {
		for _, sa := range []bool{false, true} {
			for n := range m.supplies {
				i := len(m.supplies) - 1 - n // the newest of those that are older
				if order[step] == StepDowngrade {
					i = n // the oldest of those that are newer
				}
				if m.supplies[i].sa == sa && m.steps[i][j] == step {
					m.cover(i, j, min(m.supplies[i].left, m.demands[j].left))
				}
			}
		}
	}
}

func (m *market) cover(i, j, n int) {
	m.used[i][j] += n
	m.supplies[i].left -= n
	m.demands[j].left -= n
}

// rearrange finds the shortest chain that covers more: a licence that is left
// takes the place of another, that one of another, until one can cover an
// installation that is not covered. Only steps up to the given one are used.
// No installation that was covered is given up. It reports whether there was one.
func (m *market) rearrange(step int8) bool {
	const none = -1
	// A chain is found from its start: from is the supply by which a demand was
	// reached, back the demand from which a supply was; -2 for one not reached.
	from := filled(len(m.demands), none)
	back := filled(len(m.supplies), -2)
	var queue []int
	for i := range m.supplies {
		if m.supplies[i].left > 0 {
			back[i] = none
			queue = append(queue, i)
		}
	}
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		for j := range m.demands {
			if from[j] != none || m.steps[i][j] < 0 || m.steps[i][j] > step {
				continue
			}
			from[j] = i
			if m.demands[j].left > 0 {
				m.shift(from, back, j)
				return true
			}
			for k := range m.supplies {
				if back[k] == -2 && m.used[k][j] > 0 {
					back[k] = j
					queue = append(queue, k)
				}
			}
		}
	}
	return false
}

// shift moves as many licences as possible along the chain that ends at demand j.
func (m *market) shift(from, back []int, j int) {
	last, n := j, m.demands[j].left
	for {
		i := from[j]
		if back[i] < 0 {
			n = min(n, m.supplies[i].left)
			break
		}
		j = back[i]
		n = min(n, m.used[i][j])
	}
	for j = last; ; {
		i := from[j]
		m.used[i][j] += n
		if back[i] < 0 {
			m.supplies[i].left -= n
			m.demands[last].left -= n
			return
		}
		j = back[i]
		m.used[i][j] -= n
	}
}

func filled(n, value int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = value
	}
	return s
}
