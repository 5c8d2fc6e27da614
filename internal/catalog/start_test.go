package catalog

import (
	"bytes"
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/sheet"
	"trueup/internal/testkit/golden"
	"trueup/internal/text"
)

// formerNames returns the names of earlier starting catalogs, as they were.
func formerNames(t *testing.T) string {
	t.Helper()
	names, err := os.ReadFile("former.csv")
	if err != nil {
		t.Fatal(err)
	}
	return string(names)
}

// TestFormerNamesAreLookedUp compares start.csv with what the dictionary says about the names of
// earlier starting catalogs. With -update it writes the file.
func TestFormerNamesAreLookedUp(t *testing.T) {
	t.Parallel()
	d := builtin.Products()
	want := former(formerNames(t))
	for i := range want {
		want[i] = lookedUp(d, want[i])
	}
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	w.Comma = ';'
	for _, a := range want {
		if err := w.Write([]string{a.Publisher, a.Title, strings.Join(a.Aliases, "|")}); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	golden.Equal(t, "start.csv", file.Bytes())
	if diff := cmp.Diff(want, former(file.String())); diff != "" {
		t.Errorf("(-looked up +read from the file):\n%s", diff)
	}
}

// lookedUp returns an addition with the names that the dictionary has for it, and its own as aliases.
func lookedUp(d *product.Dictionary, a Addition) Addition {
	if known, ok := d.Publisher(a.Publisher); ok && known != a.Publisher {
		if a.Title == "" {
			a.Aliases = append([]string{a.Publisher}, a.Aliases...)
		}
		a.Publisher = known
	}
	if a.Title == "" {
		return a
	}
	if m, ok := d.Licensed(a.Publisher, a.Title, ""); ok && m.Kind != product.KindUndecidable && text.Fold(m.Product.Publisher) == text.Fold(a.Publisher) {
		a.Title, a.Aliases = text.Collapse(m.Product.Name()+" "+m.Product.Version), append([]string{a.Title}, a.Aliases...)
	}
	return a
}

// TestStartingCatalog checks that every product of the dictionary and every name of earlier starting
// catalogs is found, and that the file of former names has no name that the dictionary gives anyway.
func TestStartingCatalog(t *testing.T) {
	t.Parallel()
	var whole Catalog
	whole.ready()
	d := builtin.Load()
	made := empty()
	made.add(products(d))
	for r := range sheet.Records(formerNames(t), ';') {
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
