package source

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"trueup/internal/product"
	"trueup/internal/text"
)

// Compile turns entries into the data of the dictionary.
func Compile(entries []Publisher) (data product.Data, err error) {
	c := compiler{byName: map[string]int{}}
	for _, p := range entries {
		by := c.publisher(p)
		for _, f := range p.Families {
			for _, e := range f.Products {
				if err := c.entry(by, p.Name, f, e); err != nil {
					return product.Data{}, fmt.Errorf("%s: %s: %w", p.file, e.ID, err)
				}
			}
		}
		for _, n := range p.Noise {
			if err := c.rule(product.Rule{ID: n.ID, Kind: product.Kind(n.Kind), Row: -1, Publisher: by, By: n.Publisher}, n.Name, ""); err != nil {
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
	data   product.Data
	byName map[string]int
}

// publisher returns the index of a publisher; -1 for any.
func (c *compiler) publisher(p Publisher) int {
	if p.Name == "" {
		return -1
	}
	i, ok := c.byName[p.Name]
	if !ok {
		i = len(c.data.Publishers)
		c.byName[p.Name] = i
		c.data.Publishers = append(c.data.Publishers, product.Publisher{Name: p.Name})
	}
	c.data.Publishers[i].Spellings = append(c.data.Publishers[i].Spellings, p.Spellings...)
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
	}
	if row.Known == nil {
		row.Known = f.Known
	}
	if row.Builds == nil {
		row.Builds = f.Builds
	}
	if row.Kind == product.KindFree {
		row.Metric = product.MetricNone
	}
	for _, p := range e.Paper {
		names, err := product.Alternatives(p.Name)
		if err != nil {
			return err
		}
		for _, n := range names {
			row.Paper = append(row.Paper, product.Paper{Name: n.Name, Version: cmp.Or(p.Version, n.Version)})
		}
	}
	at := len(c.data.Rows)
	c.data.Rows = append(c.data.Rows, row)
	for _, p := range e.Installed {
		if err := c.rule(product.Rule{ID: e.ID, Kind: row.Kind, Row: at, Publisher: by, By: e.Publisher, Anywhere: e.Anywhere}, p.Name, p.Version); err != nil {
			return err
		}
	}
	return nil
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

// chooseWords gives each rule the words by which it is found: of each of its alternatives the
// rarest one, or "" if there is none.
func (c *compiler) chooseWords() error {
	count := map[string]int{}
	words := make([][][]string, len(c.data.Rules))
	for i, r := range c.data.Rules {
		all, err := product.Alternatives(r.Name)
		if err != nil {
			return err
		}
		for _, a := range all {
			found := product.IndexWords(a.Name)
			words[i] = append(words[i], found)
			for _, w := range found {
				count[w]++
			}
		}
	}
	for i, alternatives := range words {
		chosen := map[string]bool{}
		for _, all := range alternatives {
			if len(all) == 0 {
				chosen[""] = true
				continue
			}
			chosen[slices.MinFunc(all, func(a, b string) int {
				return cmp.Or(cmp.Compare(count[a], count[b]), -cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
			})] = true
		}
		c.data.Rules[i].Words = slices.Sorted(maps.Keys(chosen))
	}
	return nil
}
