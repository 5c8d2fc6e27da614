package source

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"trueup/internal/product"
	"trueup/internal/text"
)

// Compile turns entries into the data of the dictionary.
func Compile(entries []Publisher) (data product.Data, err error) {
	c := compiler{publishers: map[string]int{}, rows: map[string]int{}}
	for _, p := range entries {
		by := c.publisher(p)
		for _, f := range p.Families {
			for _, e := range f.Products {
				if err := c.entry(by, p.Name, f, e); err != nil {
					return product.Data{}, fmt.Errorf("%s: %s: %w", p.file, e.ID, err)
				}
			}
		}
	}
	for _, p := range entries { // after all rows, because noise names the row of which it is a part
		for _, n := range p.Noise {
			if err := c.noise(p, n); err != nil {
				return product.Data{}, fmt.Errorf("%s: %s: %w", p.file, n.ID, err)
			}
		}
	}
	if err := c.chooseWords(); err != nil {
		return product.Data{}, err
	}
	return c.data, nil
}

type compiler struct {
	data       product.Data
	publishers map[string]int // by name
	rows       map[string]int // by id
}

// publisher returns the index of a publisher; -1 for any.
func (c *compiler) publisher(p Publisher) int {
	if p.Name == "" {
		return -1
	}
	i, ok := c.publishers[p.Name]
	if !ok {
		i = len(c.data.Publishers)
		c.publishers[p.Name] = i
		c.data.Publishers = append(c.data.Publishers, product.Publisher{Name: p.Name})
	}
	all := &c.data.Publishers[i]
	for _, s := range p.Spellings {
		s = text.Fold(s)
		if !slices.ContainsFunc(append(all.Spellings, all.Name), func(known string) bool { return product.PublisherKey(known) == product.PublisherKey(s) }) {
			all.Spellings = append(all.Spellings, s)
		}
	}
	return i
}

func (c *compiler) entry(by int, publisher string, f Family, e Entry) error {
	row := product.Row{
		ID: e.ID, Publisher: publisher, Family: f.Name, Edition: e.Edition, Rank: e.Rank,
		Kind:   product.Kind(cmp.Or(e.Kind, string(product.KindProduct))),
		Metric: product.Metric(cmp.Or(e.Metric, f.Metric)),
		Scheme: product.Scheme(cmp.Or(e.Versions, f.Versions, string(product.SchemeNone))),
		Source: cmp.Or(e.Source, f.Source),
		Known:  e.Known, Builds: e.Builds, Includes: e.Includes, Candidates: e.Candidates,
		Upgrades: e.Upgrades, Contains: e.Contains,
	}
	if row.Known == nil {
		row.Known = f.Known
	}
	if row.Builds == nil {
		row.Builds = f.Builds
	}
	if row.Contains == nil && len(row.Includes) > 0 {
		row.Contains = f.Contains
	}
	if row.Kind == product.KindFree {
		row.Metric = product.MetricNone
	}
	for _, p := range e.Paper {
		if _, err := product.Alternatives(p.Name); err != nil {
			return err
		}
		row.Paper = append(row.Paper, folded(p, len(row.Paper) == 0))
	}
	at := len(c.data.Rows)
	c.rows[e.ID] = at
	c.data.Rows = append(c.data.Rows, row)
	for _, p := range e.Installed {
		if err := c.rule(product.Rule{ID: e.ID, Kind: row.Kind, Row: at, Of: -1, Publisher: by, By: e.Publisher, Anywhere: e.Anywhere, From: cmp.Or(p.From, e.From)}, p.Name, p.Version); err != nil {
			return err
		}
	}
	return nil
}

// folded returns a name on paper. Only the first is shown to people; the others are folded, so that
// they resemble the patterns of titles and are packed small. Versions in a name keep their case.
func folded(n Name, first bool) product.Paper {
	if !first && !strings.Contains(n.Name, "{") {
		n.Name = text.Fold(n.Name)
	}
	return product.Paper{Name: n.Name, Version: n.Version}
}

func (c *compiler) noise(p Publisher, n Noise) error {
	by, of := -1, -1
	if p.Name != "" {
		by = c.publishers[p.Name]
	}
	if n.Of != "" {
		at, ok := c.rows[n.Of]
		if !ok {
			return fmt.Errorf("it is a part of %q, which is no row", n.Of)
		}
		of = at
	}
	return c.rule(product.Rule{ID: n.ID, Kind: product.Kind(n.Kind), Row: -1, Of: of, Publisher: by, By: n.Publisher, Broad: n.Broad}, n.Name, "")
}

// rule adds the rule of a pattern.
func (c *compiler) rule(r product.Rule, pattern, version string) error {
	all, err := product.Alternatives(pattern)
	if err != nil {
		return err
	}
	for _, a := range append(all, product.Alternative{Name: r.By}) {
		if _, ok := product.CompilePattern(a.Name); !ok {
			return fmt.Errorf("not a pattern: %q", a.Name)
		}
	}
	r.Name, r.Version = text.Fold(pattern), version
	c.data.Rules = append(c.data.Rules, r)
	return nil
}

// fewRules is a number of rules that a title can be compared with for each of its words.
const fewRules = 6

// chooseWords gives each rule the words by which it is found: of each of its alternatives one that
// few rules have, or "" if there is none. Among words of few rules it chooses the first of the
// name, because such choices are packed small.
func (c *compiler) chooseWords() error {
	rules := map[string]int{} // the number of rules with a word
	words := make([][][]string, len(c.data.Rules))
	for i, r := range c.data.Rules {
		all, err := product.Alternatives(r.Name)
		if err != nil {
			return err
		}
		ofRule := map[string]bool{}
		for _, a := range all {
			found := product.IndexWords(a.Name)
			words[i] = append(words[i], found)
			for _, w := range found {
				ofRule[w] = true
			}
		}
		for w := range ofRule {
			rules[w]++
		}
	}
	for i, alternatives := range words {
		name := c.data.Rules[i].Name
		chosen := map[string]bool{}
		for _, all := range alternatives {
			if len(all) == 0 {
				chosen[""] = true
				continue
			}
			chosen[slices.MinFunc(all, func(a, b string) int {
				return cmp.Or(cmp.Compare(max(rules[a], fewRules), max(rules[b], fewRules)), cmp.Compare(place(name, a), place(name, b)), cmp.Compare(a, b))
			})] = true
		}
		c.data.Rules[i].Words = slices.Sorted(maps.Keys(chosen))
	}
	return nil
}

// place returns where a word or the front of a word is in a name.
func place(name, word string) int { return strings.Index(name, strings.TrimSuffix(word, "*")) }
