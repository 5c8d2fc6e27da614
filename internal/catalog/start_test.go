package catalog

import (
	"testing"

	"trueup/internal/text"
)

// TestStartingCatalog checks that Parse accepts the starting catalog, and that it repeats
// nothing: a line that changes nothing is a mistake.
func TestStartingCatalog(t *testing.T) {
	t.Parallel()
	additions, err := parseStart(startFile)
	if err != nil {
		t.Fatal(err)
	}
	c := empty()
	titles := 0
	for _, a := range additions {
		for _, name := range append([]string{a.Publisher, a.Title}, a.Aliases...) {
			if name == "" {
				continue
			}
			if parsed, violations := ParseTitle(name); parsed != name || violations != nil {
				t.Errorf("%q of %q: %v", name, a.Publisher, violations)
			}
		}
		p, known := c.PublisherNamed(a.Publisher)
		if a.Title == "" {
			if known {
				t.Errorf("%q is there twice", a.Publisher)
			}
		} else {
			titles++
			if _, there := c.TitleNamed(p.ID, a.Title); there || !known {
				t.Errorf("%q of %q is there twice, or before its publisher", a.Title, a.Publisher)
			}
		}
		for _, alias := range a.Aliases {
			taken, there := c.PublisherNamed(alias)
			if a.Title != "" {
				_, there = c.TitleNamed(p.ID, alias)
			}
			if there || text.Fold(alias) == text.Fold(a.Publisher) {
				t.Errorf("the alias %q of %q is there already %v", alias, a.Publisher, taken.Name)
			}
		}
		c.add([]Addition{a})
	}
	if p := c.publishers.size(); titles < 600 || p < 60 {
		t.Errorf("%d titles and %d names of publishers", titles, p)
	}
}

// The example of R5.1 in the specification, on the zero Catalog.
func TestSoftFindsThem(t *testing.T) {
	t.Parallel()
	var c Catalog
	found := publisherNames(c.Publishers("SoFt", LookupMax))
	at := map[string]int{}
	for i, name := range found {
		at[name] = i + 1
	}
	for _, name := range []string{"Microsoft", "Microsoft Research", "Ubisoft", "Snow Software"} {
		if at[name] == 0 {
			t.Errorf("soft finds %q, without %s", found, name)
		}
	}
	if at["Snow Software"] > at["Microsoft"] || at["Microsoft"] > at["Ubisoft"] {
		t.Errorf("soft finds %q: the start of a word comes before its middle, and who has more titles before who has fewer", found)
	}
}
