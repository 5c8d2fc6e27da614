package catalog

import (
	"testing"

	"trueup/internal/product/builtin"
	"trueup/internal/sheet"
)

// TestStartingCatalog checks that every product of the dictionary and every name of earlier starting
// catalogs is found, and that the file of former names has no name that the dictionary gives anyway.
func TestStartingCatalog(t *testing.T) {
	t.Parallel()
	var whole Catalog
	whole.ready()
	d := builtin.Load()
	made := empty()
	made.add(products(d))
	for r := range sheet.Records(formerFile, ';') {
		if r.Flaw != "" || len(r.Cells) != 3 {
			t.Fatalf("line %d: %q", r.Line, r.Cells)
		}
		publisher, title := r.Cells[0], r.Cells[1]
		p, known := whole.PublisherNamed(publisher)
		if !known {
			t.Errorf("the publisher %q is gone", publisher)
		}
		if title == "" {
			continue
		}
		if _, known := whole.TitleNamed(p.ID, title); !known {
			t.Errorf("%q of %q is gone", title, publisher)
		}
		if before, ok := made.PublisherNamed(publisher); ok {
			if _, known := made.TitleNamed(before.ID, title); known && r.Cells[2] == "" {
				t.Errorf("%q of %q is in the dictionary: delete the line", title, publisher)
			}
		}
	}
	if titles := whole.titles(); titles < 5000 {
		t.Errorf("%d titles", titles)
	}
}

func (c *Catalog) titles() (n int) {
	for _, p := range firsts[publisher, *publisher](&c.publishers) {
		n += p.count
	}
	return n
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
