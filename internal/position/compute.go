package position

import (
	"cmp"
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/text"
)

// Compute returns the position: one row for each product version that is owned or installed,
// sorted by publisher, name and version.
func Compute(licenses, installations []Line, o Options) []Row {
	p := &positions{markets: map[string]map[string]int{}, folded: map[string]string{}}
	// Sort, so that the result does not depend on the order of the input: a row shows the first
	// spelling of its product, a licence's before a title's.
	for _, l := range sorted(licenses) {
		r := p.row(l.Product)
		r.Licenses = append(r.Licenses, l)
		r.own(l)
	}
	for _, l := range sorted(installations) {
		r := p.row(l.Product)
		r.Installations = append(r.Installations, l)
		r.Needed += l.Quantity
	}
	for _, rows := range p.markets {
		p.coverMarket(rows, o)
	}
	return p.finish()
}

// sorted returns the lines with a quantity above 0, in a fixed order.
func sorted(lines []Line) []Line {
	lines = slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return l.Quantity <= 0 })
	slices.SortFunc(lines, func(a, b Line) int {
		if c := compareProducts(a.Product, b.Product); c != 0 {
			return c
		}
		return cmp.Or(
			cmp.Compare(a.Source.Kind, b.Source.Kind), cmp.Compare(a.Source.Text, b.Source.Text), cmp.Compare(a.Source.ID, b.Source.ID),
			cmp.Compare(a.Agreement, b.Agreement), cmp.Compare(a.Quantity, b.Quantity), cmp.Compare(a.SA, b.SA),
		)
	})
	return lines
}

func compareProducts(a, b Product) int {
	if c := cmp.Compare(a.Publisher, b.Publisher); c != 0 {
		return c
	}
	if c := cmp.Compare(a.Family, b.Family); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.Edition, b.Edition), cmp.Compare(a.Version, b.Version))
}

// positions collects the rows of a position.
type positions struct {
	rows    []Row
	keys    []key
	markets map[string]map[string]int // publisher and name, then version, to the index of the row
	folded  map[string]string
}

// key identifies and sorts a row.
type key struct {
	publisher, name string
	version         version
}

// row returns the row of a product, and creates it if needed.
func (p *positions) row(product Product) *Row {
	publisher := p.fold(product.Publisher)
	k := key{publisher, withoutPublisher(publisher, p.fold(product.Name())), parseVersion(product.Version)}
	market := k.publisher + "\x00" + k.name
	rows := p.markets[market]
	if rows == nil {
		rows = map[string]int{}
		p.markets[market] = rows
	}
	version := k.version.key()
	i, ok := rows[version]
	if !ok {
		i = len(p.rows)
		rows[version] = i
		p.rows = append(p.rows, Row{Product: product})
		p.keys = append(p.keys, k)
	}
	return &p.rows[i]
}

// fold caches text.Fold, because publishers and names repeat often.
func (p *positions) fold(s string) string {
	f, ok := p.folded[s]
	if !ok {
		f = text.Fold(s)
		p.folded[s] = f
	}
	return f
}

// own adds the licences of a line to the row.
func (r *Row) own(l Line) {
	r.Owned += l.Quantity
	r.SA += min(max(l.SA, 0), l.Quantity)
	switch l.Source.Kind {
	case KindPair:
		r.Pairs += l.Quantity
	case KindStatement:
		r.Statements += l.Quantity
	default:
		r.Agreements += l.Quantity
	}
	if l.Type() == agreement.TypeVolume {
		r.Volume += l.Quantity
	} else {
		r.Other += l.Quantity
	}
}

// coverMarket covers the installations of a market with its licences.
func (p *positions) coverMarket(rows map[string]int, o Options) {
	var m market
	for _, i := range rows {
		r, v := &p.rows[i], p.keys[i].version
		if n := r.Owned - r.SA; n > 0 {
			m.supplies = append(m.supplies, supply{row: i, version: v, left: n})
		}
		if r.SA > 0 {
			m.supplies = append(m.supplies, supply{row: i, version: v, sa: true, left: r.SA})
		}
		if r.Needed > 0 {
			m.demands = append(m.demands, demand{row: i, version: v, left: r.Needed})
		}
	}
	if len(m.supplies) == 0 || len(m.demands) == 0 {
		return
	}
	slices.SortFunc(m.supplies, func(a, b supply) int {
		order, _ := a.version.compare(b.version)
		if order == 0 && a.sa != b.sa {
			order = 1
			if b.sa {
				order = -1
			}
		}
		return order
	})
	slices.SortFunc(m.demands, func(a, b demand) int {
		order, _ := a.version.compare(b.version)
		return order
	})
	m.match(o)
	for j, d := range m.demands {
		for i, s := range m.supplies {
			n := m.used[i][j]
			if n > 0 {
				p.use(s.row, d.row, Steps[m.steps[i][j]], n)
			}
		}
	}
}

// use covers n installations of row to with licences of row from, which may be the same row.
func (p *positions) use(from, to int, step Step, n int) {
	owner, user := &p.rows[from], &p.rows[to]
	owner.Surplus -= n // finish adds Owned
	user.Covered += n
	if from == to {
		return
	}
	owner.Out.add(step, n)
	user.In.add(step, n)
	// The moves of licences with and without assurance are consecutive; merge them.
	if last := len(user.Moves) - 1; last >= 0 && user.Moves[last].From == owner.Product && user.Moves[last].Step == step {
		user.Moves[last].Quantity += n
		owner.Moves[len(owner.Moves)-1].Quantity += n
		return
	}
	move := Move{From: owner.Product, To: user.Product, Step: step, Quantity: n}
	owner.Moves = append(owner.Moves, move)
	user.Moves = append(user.Moves, move)
}

// finish completes the rows and sorts them.
func (p *positions) finish() []Row {
	by := make([]int, len(p.rows))
	for i := range p.rows {
		by[i] = i
		r := &p.rows[i]
		r.Surplus += r.Owned
		r.Shortfall = r.Needed - r.Covered
		r.Verdict = verdict(r)
	}
	slices.SortFunc(by, func(a, b int) int {
		x, y := &p.keys[a], &p.keys[b]
		if c := cmp.Compare(x.publisher, y.publisher); c != 0 {
			return c
		}
		if c := cmp.Compare(x.name, y.name); c != 0 {
			return c
		}
		order, _ := x.version.compare(y.version)
		return order
	})
	rows := make([]Row, len(by))
	for i, n := range by {
		rows[i] = p.rows[n]
	}
	return rows
}

func verdict(r *Row) Verdict {
	switch {
	case r.Shortfall > 0 && r.Owned == 0 && r.Covered == 0:
		return VerdictUnlicensed
	case r.Shortfall > 0:
		return VerdictShort
	case r.Needed == 0 && r.Out.Total() == 0:
		return VerdictUnused
	}
	return VerdictCovered
}
