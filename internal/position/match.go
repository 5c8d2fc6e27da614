package position

import "slices"

// market is the licences and installations of one publisher and name. Licences cover only
// installations of the same market.
type market struct {
	supplies []supply // by version, then without assurance first
	demands  []demand // by version
	steps    [][]int8 // by supply and demand: index in Steps of the step that allows it; -1 for none
	used     [][]int  // by supply and demand: quantity covered
}

// supply is a quantity of licences of one version, with or without assurance.
type supply struct {
	row     int // index of the version's row in the result
	version version
	sa      bool
	left    int
}

// demand is a quantity of installations of one version.
type demand struct {
	row     int
	version version
	left    int
}

// stepOf returns the first enabled step that lets a licence cover an installation, as an index in
// Steps; -1 for none.
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

// match covers as many installations as the steps allow, and prefers earlier steps.
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
	for step := range Steps {
		m.direct(int8(step))
		for m.rearrange(int8(step)) {
		}
	}
}

// direct covers installations by one step, newest installation first. It prefers licences without
// assurance, then the nearest version.
func (m *market) direct(step int8) {
	for j := len(m.demands) - 1; j >= 0; j-- {
		for _, sa := range []bool{false, true} {
			for n := range m.supplies {
				i := len(m.supplies) - 1 - n // newest of the older versions first
				if Steps[step] == StepDowngrade {
					i = n // oldest of the newer versions first
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

// rearrange finds the shortest chain of replacements that covers more: an unused licence replaces
// another, which replaces the next, until one covers an uncovered installation. It uses only
// steps up to the given one, and every covered installation stays covered. It reports whether it
// found a chain.
func (m *market) rearrange(step int8) bool {
	const none = -1
	// The search starts at unused supplies. from is the supply that reached a demand; back is the
	// demand that reached a supply, -2 if not reached.
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
