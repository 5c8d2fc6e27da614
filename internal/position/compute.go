package position

import (
	"cmp"
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/product"
	"trueup/internal/text"
)

// Compute returns the position: one row for each product version that is owned or installed,
// sorted by publisher, name and version. The dictionary says what licences are for and what they
// cover besides their own product.
func Compute(d *product.Dictionary, licenses, installations []Line, o Options) []Row {
	p := newPositions(d, o)
	// Sort, so that the result does not depend on the order of the input: a row shows the first
	// spelling of its product, a licence's before a title's.
	bought, found := sorted(licenses), sorted(installations)
	p.grow(max(distinct(bought), distinct(found)))
	for _, l := range bought {
		if o.NoAdjustment && l.Source.Kind == KindAdjustment {
			continue
		}
		r := p.row(l.Product)
		r.Licenses = append(r.Licenses, *l)
		r.own(*l)
	}
	for _, l := range found {
		r := p.row(l.Product)
		r.Installations = append(r.Installations, *l)
		r.Needed += r.Demand(*l)
	}
	for i := range p.rows {
		p.rows[i].adjust()
	}
	for _, markets := range p.markets() {
		p.cover(markets)
	}
	return p.finish()
}

// sorted returns the lines that count, in a fixed order. They are large, so it sorts pointers.
func sorted(lines []Line) []*Line {
	counted := make([]*Line, 0, len(lines))
	for i := range lines {
		if l := &lines[i]; l.Quantity > 0 || l.Quantity < 0 && l.Source.Kind == KindAdjustment {
			counted = append(counted, l)
		}
	}
	slices.SortFunc(counted, func(a, b *Line) int {
		if c := compareProducts(a.Product, b.Product); c != 0 {
			return c
		}
		return cmp.Or(
			cmp.Compare(a.Source.Kind, b.Source.Kind), cmp.Compare(a.Source.Text, b.Source.Text), cmp.Compare(a.Source.ID, b.Source.ID),
			cmp.Compare(a.Agreement, b.Agreement), cmp.Compare(a.Quantity, b.Quantity), cmp.Compare(a.Users, b.Users),
			cmp.Compare(a.SA, b.SA), cmp.Compare(a.SAEnded, b.SAEnded), compareFlags(a.Subscription, b.Subscription),
			cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Pack, b.Pack),
		)
	})
	return counted
}

// distinct counts the products of sorted lines.
func distinct(lines []*Line) (n int) {
	for i, l := range lines {
		if i == 0 || l.Product != lines[i-1].Product {
			n++
		}
	}
	return n
}

func compareFlags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
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

// market is a product in all its versions.
type market struct {
	entry           *product.Row // nil if the dictionary does not know the product
	publisher, name string       // folded
	known           []version    // the dictionary's versions, oldest first
	byVersion       map[string]int
	rows            []int // indexes in positions.rows
	owned, needed   bool  // whether any row has licences or installations
	component       int   // see positions.markets
	targets         []target
}

// positions collects the rows of a position.
type positions struct {
	dictionary *product.Dictionary
	options    Options
	rows       []Row
	places     []place   // by row
	all        []*market // in order of appearance
	byProduct  map[Product]*market
	byName     map[[2]string]*market
	byEntry    map[*product.Row]*market
	ranked     map[[2]string][]*product.Row // by publisher and family: editions that have ranks
	installed  map[*product.Row]bool        // whether a title can be recognised as it, or may be it
	uses       []map[int]int                // by row and pool: licences in use, see target.pool
	unmeasured []bool                       // by row: a licence that is not compared with PCs covers it
}

// place is where a row stands: its market, and its version there.
type place struct {
	market  *market
	version version
	known   int // position among market.known, -1 for none
}

func newPositions(d *product.Dictionary, o Options) *positions {
	p := &positions{
		dictionary: d, options: o, byProduct: map[Product]*market{}, byName: map[[2]string]*market{}, byEntry: map[*product.Row]*market{},
		ranked: map[[2]string][]*product.Row{}, installed: map[*product.Row]bool{},
	}
	for i := range d.Rows {
		if entry := &d.Rows[i]; entry.Rank > 0 {
			family := [2]string{entry.Publisher, entry.Family}
			p.ranked[family] = append(p.ranked[family], entry)
		}
	}
	for i := range d.Rules {
		if row := d.Rules[i].Row; row >= 0 {
			p.found(&d.Rows[row])
		}
	}
	return p
}

// found marks a product as one that titles are recognised as.
func (p *positions) found(entry *product.Row) {
	if p.installed[entry] {
		return
	}
	p.installed[entry] = true
	for _, id := range entry.Candidates {
		if candidate, ok := p.dictionary.Find(id); ok {
			p.installed[candidate] = true
		}
	}
}

// grow prepares for a number of rows, which are large to copy.
func (p *positions) grow(rows int) {
	p.rows = slices.Grow(p.rows, rows)
	p.places = slices.Grow(p.places, rows)
	p.uses = slices.Grow(p.uses, rows)
	p.unmeasured = slices.Grow(p.unmeasured, rows)
}

// row returns the row of a product, and creates it if needed.
func (p *positions) row(of Product) *Row {
	m := p.market(of)
	v := parseVersion(of.Version)
	i, ok := m.byVersion[v.key()]
	if !ok {
		i = len(p.rows)
		m.byVersion[v.key()] = i
		m.rows = append(m.rows, i)
		r := Row{Product: of, Measure: MeasureDevices}
		if m.entry != nil {
			r.Metric = m.entry.Metric
		}
		p.rows = append(p.rows, r)
		p.places = append(p.places, place{m, v, placeIn(m.known, v)})
		p.uses = append(p.uses, nil)
		p.unmeasured = append(p.unmeasured, false)
	}
	return &p.rows[i]
}

// market returns the market of a product, and creates it if needed.
func (p *positions) market(of Product) *market {
	of.Version = ""
	if m := p.byProduct[of]; m != nil {
		return m
	}
	publisher := text.Fold(of.Publisher)
	name := [2]string{publisher, withoutPublisher(publisher, text.Fold(of.Name()))}
	entry, found := p.entry(of, name)
	m := p.byName[name]
	if found && entry.ID != "" { // a row without an id is made from the name, and may be made again
		m = p.byEntry[entry]
	}
	if m == nil {
		m = &market{publisher: name[0], name: name[1], byVersion: map[string]int{}, component: len(p.all)}
		p.all = append(p.all, m)
		p.byName[name] = m
		if found {
			m.entry = entry
			p.byEntry[entry] = m
			for _, known := range entry.Known {
				m.known = append(m.known, parseVersion(known))
			}
		}
	}
	p.byProduct[of] = m
	return m
}

// entry returns the dictionary's row of a product, whose name may have its publisher at the front
// or not.
func (p *positions) entry(of Product, folded [2]string) (entry *product.Row, found bool) {
	for _, name := range []string{of.Name(), folded[1], folded[0] + " " + folded[1]} {
		if entry, found = p.dictionary.Of(Product{Publisher: of.Publisher, Family: name}); found {
			return entry, true
		}
	}
	return nil, false
}

// own adds the licences of a line to the row.
func (r *Row) own(l Line) {
	switch l.Source.Kind {
	case KindAdjustment:
		r.Adjusted += l.Quantity
		return
	case KindPair:
		r.Pairs += l.Quantity
	case KindStatement:
		r.Statements += l.Quantity
	default:
		r.Agreements += l.Quantity
	}
	r.addQuantity(l)
	if l.Subscription {
		r.Subscribed += l.Quantity
	} else {
		r.SA += min(max(l.ActiveSA(), 0), l.Quantity)
	}
	if l.Type() == agreement.TypeVolume {
		r.Volume += l.Quantity
	} else {
		r.Other += l.Quantity
	}
}

// adjust sets what follows from the lines.
func (r *Row) adjust() {
	bought := r.Pairs + r.Statements + r.Agreements
	r.Adjusted = max(r.Adjusted, -bought)
	r.Owned = bought + r.Adjusted
	// Subscriptions stay longest, then licences with active assurance: they cover more.
	r.Subscribed = min(r.Subscribed, r.Owned)
	r.SA = min(r.SA, r.Owned-r.Subscribed)
	r.sortQuantities()
	byDevice := func(l Line) bool { return l.Users <= 0 }
	if r.Metric == product.MetricUser && !slices.ContainsFunc(r.Installations, byDevice) {
		r.Measure = MeasureUsers
	}
}

// finish completes the rows and sorts them.
func (p *positions) finish() []Row {
	var by []int
	for i := range p.rows {
		if r := &p.rows[i]; r.Owned > 0 || r.Needed > 0 || r.Adjusted != 0 {
			p.complete(i)
			by = append(by, i)
		}
	}
	slices.SortFunc(by, func(a, b int) int {
		x, y := &p.places[a], &p.places[b]
		if c := compareMarkets(x.market, y.market); c != 0 {
			return c
		}
		return x.compare(y)
	})
	rows := make([]Row, len(by))
	for i, n := range by {
		rows[i] = p.rows[n]
	}
	return rows
}

func compareMarkets(a, b *market) int {
	if c := cmp.Compare(a.publisher, b.publisher); c != 0 {
		return c
	}
	return cmp.Compare(a.name, b.name)
}

// complete sets the results of a row.
func (p *positions) complete(i int) {
	r, m := &p.rows[i], p.places[i].market
	most := 0
	for _, n := range p.uses[i] {
		most = max(most, n)
	}
	r.Suite = most - p.uses[i][ownPool]
	r.Out.Include += r.Suite
	r.Surplus = r.Owned - most
	r.Shortfall = r.Needed - r.Covered
	switch {
	case p.notMeasured(i):
		r.Verdict, r.Surplus, r.Shortfall = VerdictNotMeasured, 0, 0
	case r.Shortfall > 0 && m.undecidable():
		r.Verdict, r.Shortfall = VerdictUndecided, 0
	default:
		r.Verdict = verdict(r)
	}
	r.Uncounted = r.Surplus - r.Shortfall - (r.Owned + r.In.Total() - r.Out.Total() - r.Needed)
}

// notMeasured reports whether a row's licences, or the only ones that cover its installations, are
// not compared with PCs. Installations that no licence covers at all are measured: they are
// unlicensed.
func (p *positions) notMeasured(i int) bool {
	r, m := &p.rows[i], p.places[i].market
	switch {
	case p.unmeasured[i] && r.Needed > r.Covered:
		return true
	case r.Needed > 0 && (r.Owned == 0 || m.undecidable()):
		return false
	}
	return !p.measurable(m)
}

func verdict(r *Row) Verdict {
	switch {
	case r.Shortfall > 0 && r.Owned == 0 && r.Covered == 0:
		return VerdictUnlicensed
	case r.Shortfall > 0:
		return VerdictShort
	case r.Needed == 0 && r.Out.Total() == 0 && r.Owned > 0:
		return VerdictUnused
	}
	return VerdictCovered
}
