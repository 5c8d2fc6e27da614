package catalog

import "trueup/internal/text"

// Addition is a publisher or a title to add to the catalog. Without a Title it is a publisher,
// and Aliases are other names of the publisher; otherwise they are other names of the title.
type Addition struct {
	Publisher string
	Title     string
	Aliases   []string
}

// add adds what is new and changes nothing else: a name that is taken keeps its owner. Names are
// as Parse returns them.
func (c *Catalog) add(additions []Addition) {
	var publishers batch[publisher]
	added := map[*publisher]*batch[title]{}
	for _, a := range additions {
		p := publishers.find(&c.publishers, a.Publisher)
		if p == nil {
			p = &publisher{name: a.Publisher}
			c.name(&publishers, line[publisher]{name: a.Publisher, of: p})
		}
		if a.Title == "" {
			for _, alias := range a.Aliases {
				if publishers.find(&c.publishers, alias) == nil {
					p.aliases = append(p.aliases, alias)
					c.name(&publishers, line[publisher]{alias, p, true})
				}
			}
			continue
		}
		titles := added[p]
		if titles == nil {
			titles = &batch[title]{}
			added[p] = titles
		}
		t := titles.find(&p.titles, a.Title)
		if t == nil {
			t = &title{name: a.Title}
			p.count++
			titles.add(line[title]{name: a.Title, of: t})
		}
		for _, alias := range a.Aliases {
			if titles.find(&p.titles, alias) == nil {
				t.aliases = append(t.aliases, alias)
				titles.add(line[title]{alias, t, true})
			}
		}
	}
	for p, titles := range added {
		titles.into(&p.titles)
	}
	publishers.into(&c.publishers)
}

func (c *Catalog) name(names *batch[publisher], l line[publisher]) {
	names.add(l)
	if c.byID == nil {
		c.byID = map[id]*publisher{}
	}
	c.byID[idOf(l.name)] = l.of
}

// batch collects names to add to a shelf. Adding many at once is much faster than one by one.
type batch[E any] struct {
	entries []entry[E]
	byName  map[string]*E // by folded name
}

func (b *batch[E]) add(l line[E]) {
	if b.byName == nil {
		b.byName = map[string]*E{}
	}
	b.byName[text.Fold(l.name)] = l.of
	b.entries = append(b.entries, entry[E]{letters(l.name), l})
}

// find returns the owner of a name, in the batch or on the shelf; nil if there is none.
func (b *batch[E]) find(there *shelf[E], name string) *E {
	if len(b.entries) > 0 {
		if of := b.byName[text.Fold(name)]; of != nil {
			return of
		}
	}
	return there.find(name)
}

// into adds the batch to the shelf. The batch must not be used afterwards.
func (b *batch[E]) into(s *shelf[E]) { s.insert(b.entries) }

// mergePublishers merges one publisher into another: into keeps its name and gets the other's
// names as aliases, and its titles. Titles with the same name become one.
func (c *Catalog) mergePublishers(other, into id) {
	from, to := c.byID[other], c.byID[into]
	if from == nil || to == nil || from == to {
		return
	}
	for _, name := range from.names() {
		l := c.publishers.line(name)
		l.of, l.alias = to, true
		c.byID[idOf(name)] = to
		to.aliases = append(to.aliases, name)
	}
	var names batch[title]
	for _, t := range from.all() {
		target := to.titles.find(t.name)
		known := t.names()
		if target == nil {
			target = &title{name: t.name}
			to.count++
			names.add(line[title]{name: t.name, of: target})
			known = t.aliases
		}
		for _, name := range known {
			if names.find(&to.titles, name) == nil {
				target.aliases = append(target.aliases, name)
				names.add(line[title]{name, target, true})
			}
		}
	}
	names.into(&to.titles)
}

// mergeTitles merges one title of a publisher into another.
func (c *Catalog) mergeTitles(owner, other, into id) {
	p := c.byID[owner]
	if p == nil {
		return
	}
	from, to := p.title(other.String()), p.title(into.String())
	if from == nil || to == nil || from == to {
		return
	}
	for _, name := range from.names() {
		l := p.titles.line(name)
		l.of, l.alias = to, true
		to.aliases = append(to.aliases, name)
	}
	p.count--
}

func (p *publisher) names() []string { return append([]string{p.name}, p.aliases...) }

func (t *title) names() []string { return append([]string{t.name}, t.aliases...) }

// all returns every title once, sorted by the letters of their names.
func (p *publisher) all() []*title {
	titles := make([]*title, 0, p.count)
	for _, c := range p.titles.chunks {
		for _, l := range c.lines {
			if !l.alias {
				titles = append(titles, l.of)
			}
		}
	}
	return titles
}
