package source

import (
	"fmt"
	"slices"
	"strings"

	"trueup/internal/product"
	"trueup/internal/text"
)

// Check returns everything that is wrong with the entries, one sentence each. d is the dictionary
// made of them.
func Check(entries []Publisher, d *product.Dictionary) (problems []string) {
	c := checker{d: d, ids: map[string]bool{}, ends: map[string][]string{}}
	c.publishers(entries)
	for _, p := range entries {
		for _, f := range p.Families {
			for _, e := range f.Products {
				c.at = p.file + ": " + e.ID
				c.entry(p, f, e)
			}
		}
		for _, n := range p.Noise {
			c.at = p.file + ": " + n.ID
			c.noise(p, n)
		}
	}
	c.alike()
	return c.problems
}

type checker struct {
	d        *product.Dictionary
	ids      map[string]bool
	at       string
	problems []string
	ends     map[string][]string // the ends that near misses add to the name of a title that a row takes, with the rows
}

func (c *checker) addf(format string, args ...any) {
	c.problems = append(c.problems, c.at+": "+fmt.Sprintf(format, args...))
}

var (
	rowKinds   = []product.Kind{product.KindProduct, product.KindFree, product.KindUndecidable}
	noiseKinds = []product.Kind{product.KindUpdate, product.KindLanguage, product.KindComponent, product.KindRuntime, product.KindDriver, product.KindFree}
	metrics    = []product.Metric{
		product.MetricDevice, product.MetricUser, product.MetricCore, product.MetricServer, product.MetricCAL, product.MetricOS,
		product.MetricService, product.MetricNone,
	}
	schemes = []product.Scheme{product.SchemeYear, product.SchemeMajor, product.SchemeMinor, product.SchemeNames, product.SchemeNone}
)

// publishers checks that a spelling belongs to one publisher only: a title of it would be of
// whichever is the last in the files.
func (c *checker) publishers(entries []Publisher) {
	owner := map[string]string{}
	for _, p := range entries {
		c.at = p.file + ": " + p.Name
		for _, s := range append([]string{p.Name}, p.Spellings...) {
			key := product.PublisherKey(s)
			if by, ok := owner[key]; ok && by != p.Name {
				c.addf("%q belongs to %s as well", s, by)
			}
			owner[key] = p.Name
		}
	}
}

// generalKnowledge is the source of a row that needs no document.
const generalKnowledge = "general knowledge"

func (c *checker) id(id string) {
	if id == "" || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		c.addf("the id has other characters than a-z, 0-9 and -")
	}
	if c.ids[id] {
		c.addf("the id is used twice")
	}
	c.ids[id] = true
}

func (c *checker) entry(p Publisher, f Family, e Entry) {
	c.id(e.ID)
	row, ok := c.d.Find(e.ID)
	if !ok {
		c.addf("not in the dictionary")
		return
	}
	if !slices.Contains(rowKinds, row.Kind) {
		c.addf("kind %q", row.Kind)
	}
	if same, ok := c.d.Of(product.Product{Publisher: row.Publisher, Family: row.Family, Edition: row.Edition}); !ok {
		c.addf("it is not found by its own name")
	} else if same.ID != row.ID {
		c.addf("it has the name of %s: add an edition", same.ID)
	}
	if row.Kind == product.KindProduct && !slices.Contains(metrics, row.Metric) {
		c.addf("metric %q", row.Metric)
	}
	if !slices.Contains(schemes, row.Scheme) {
		c.addf("versions %q", row.Scheme)
	}
	if row.Scheme == product.SchemeNames && len(row.Known) == 0 {
		c.addf("versions with names need known")
	}
	c.name(row)
	c.source(row)
	c.related(row)
	c.paper(row)
	c.examples(p, e.ID, e.Publisher, e.Anywhere, e.Installed, e.Takes, e.Leaves)
	if len(e.Installed) > 0 {
		c.nearMisses(e)
	}
}

// name checks that family and edition, which people read together, do not repeat a word.
func (c *checker) name(row *product.Row) {
	family := strings.Fields(text.Fold(row.Family))
	for _, word := range strings.Fields(text.Fold(row.Edition)) {
		if len(word) > 2 && slices.ContainsFunc(family, func(w string) bool { return strings.TrimSuffix(w, "s") == strings.TrimSuffix(word, "s") }) {
			c.addf("the name %q repeats %q", row.Name(), word)
		}
	}
}

func (c *checker) source(row *product.Row) {
	switch {
	case row.Source != generalKnowledge && !strings.HasPrefix(row.Source, "https://"):
		c.addf("the source %q is neither an address nor %q", row.Source, generalKnowledge)
	case row.Kind == product.KindUndecidable && row.Source == generalKnowledge:
		c.addf("an undecidable row needs a document as its source")
	}
}

func (c *checker) related(row *product.Row) {
	for _, id := range slices.Concat(row.Includes, row.Candidates) {
		if _, ok := c.d.Find(id); !ok {
			c.addf("there is no row %q", id)
		}
	}
	if (row.Kind == product.KindUndecidable) != (len(row.Candidates) > 0) {
		c.addf("candidates belong to undecidable rows, and only to them")
	}
	c.upgrades(row)
	c.contains(row)
}

// upgrades checks that each upgrade leads from a known version to a later one, and that only operating
// systems have them.
func (c *checker) upgrades(row *product.Row) {
	if len(row.Upgrades) > 0 && row.Metric != product.MetricOS {
		c.addf("only operating systems have upgrades")
	}
	for from, to := range row.Upgrades {
		if at := slices.Index(row.Known, from); at < 0 || slices.Index(row.Known, to) <= at {
			c.addf("the upgrade from %q to %q does not lead from a known version to a later one", from, to)
		}
	}
}

// contains checks that the versions of what a suite includes are versions of what its family includes.
func (c *checker) contains(row *product.Row) {
	var included []string
	for i := range c.d.Rows {
		if other := &c.d.Rows[i]; len(row.Contains) > 0 && other.Publisher == row.Publisher && other.Family == row.Family {
			included = append(included, other.Includes...)
		}
	}
	for version, contained := range row.Contains {
		if !slices.Contains(row.Known, version) {
			c.addf("it contains something in version %q, which is not known", version)
		}
		for _, text := range contained {
			id, own, isOne := strings.Cut(text, "=")
			if !isOne {
				own = text
			}
			if !slices.ContainsFunc(included, func(one string) bool {
				of, ok := c.d.Find(one)
				return ok && (!isOne || one == id) && (slices.Contains(of.Known, own) || isOne && of.Scheme == product.SchemeMajor)
			}) {
				c.addf("version %q contains %q, which is no version of what it includes", version, text)
			}
		}
	}
}

func (c *checker) paper(row *product.Row) {
	if row.Kind == product.KindProduct && len(row.Paper) == 0 {
		c.addf("a product needs a name on paper")
	}
	if row.Kind != product.KindProduct {
		return
	}
	for _, p := range append([]product.Paper{{Name: row.Name()}}, row.Names()...) {
		m, ok := c.d.Licensed(row.Publisher, p.Name, p.Version)
		if !ok || m.Row.ID != row.ID {
			c.addf("the name on paper %q gives %s", p.Name, m.Rule)
		}
	}
}

func (c *checker) noise(p Publisher, n Noise) {
	c.id(n.ID)
	if !slices.Contains(noiseKinds, product.Kind(n.Kind)) {
		c.addf("kind %q", n.Kind)
	}
	c.examples(p, n.ID, n.Publisher, false, []Name{{Name: n.Name}}, n.Takes, n.Leaves)
}

// examples checks that a rule takes and leaves what it says, and that each pattern has an example.
func (c *checker) examples(p Publisher, id, by string, anywhere bool, patterns []Name, takes, leaves []string) {
	if len(patterns) > 0 && len(leaves) == 0 {
		c.addf("it needs a title that it leaves")
	}
	for _, pattern := range patterns {
		if (p.Name == "" || anywhere) && by == "" && isVague(pattern.Name) {
			c.addf("the pattern %q has too few letters for titles of any publisher", pattern.Name)
		}
		if !slices.ContainsFunc(takes, func(title string) bool { return matchesOne(pattern.Name, parse(title, p, by)) }) {
			c.addf("the pattern %q needs a title that it takes", pattern.Name)
		}
	}
	for _, written := range takes {
		if m, _ := c.d.Recognize(parse(written, p, by)); m.Rule != id {
			c.addf("it does not take %q: %q does", written, m.Rule)
		}
	}
	for _, written := range leaves {
		if m, _ := c.d.Recognize(parse(written, p, by)); m.Rule == id {
			c.addf("it takes %q", written)
		}
	}
}

// minLiterals is the number of characters that a pattern with a star needs to take titles of any
// publisher: "[rust|][| {number}*]" would take every title that begins with a number.
const minLiterals = 2

// isVague reports whether an alternative of a pattern has a star and hardly any text.
func isVague(pattern string) bool {
	names, err := product.Alternatives(pattern)
	return err == nil && slices.ContainsFunc(names, func(n product.Alternative) bool {
		literal := strings.NewReplacer("{number}", "", "{year}", "", "*", "", " ", "").Replace(n.Name)
		return strings.Contains(n.Name, "*") && len(literal) < minLiterals
	})
}

// Examples returns the titles of all examples: those that rules take and those that they leave.
func Examples(entries []Publisher) (titles []product.Title) {
	add := func(p Publisher, by string, examples ...[]string) {
		for _, written := range slices.Concat(examples...) {
			titles = append(titles, parse(written, p, by))
		}
	}
	for _, p := range entries {
		for _, f := range p.Families {
			for _, e := range f.Products {
				add(p, e.Publisher, e.Takes, e.Leaves)
			}
		}
		for _, n := range p.Noise {
			add(p, n.Publisher, n.Takes, n.Leaves)
		}
	}
	return titles
}

// parse returns the title of an example: name|version|publisher. The publisher is the entry's own
// unless it is written.
func parse(written string, p Publisher, by string) product.Title {
	parts := strings.SplitN(written+"||", "|", 4)
	t := product.Title{Name: parts[0], Version: parts[1], Publisher: parts[2]}
	if t.Publisher == "" {
		t.Publisher = p.Name
		if by != "" {
			t.Publisher = strings.Trim(strings.ReplaceAll(by, "*", ""), " ")
		}
	}
	return t
}

// matchesOne reports whether one alternative of a pattern matches a title.
func matchesOne(pattern string, t product.Title) bool {
	names, err := product.Alternatives(pattern)
	return err == nil && slices.ContainsFunc(names, func(n product.Alternative) bool {
		compiled, ok := product.CompilePattern(text.Fold(n.Name))
		if !ok {
			return false
		}
		_, ok = compiled.Match(product.Stem(text.Fold(t.Name)))
		return ok
	})
}
