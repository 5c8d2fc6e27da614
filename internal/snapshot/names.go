package snapshot

import (
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/catalog"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/report"
	"trueup/internal/text"
)

// names replaces every name of a publisher or product by its name in the dictionary and then by
// the catalog's first name (R5.2), so that licences and installations match. Names that neither
// knows stay. Results are cached because names repeat often.
type names struct {
	dictionary *product.Dictionary
	catalog    *catalog.Catalog
	publishers map[string]publisher
	products   map[position.Product]position.Product
}

type publisher struct {
	name, id string // id is empty if the catalog does not know it
}

func newNames(c *catalog.Catalog, d *product.Dictionary) *names {
	return &names{dictionary: d, catalog: c, publishers: map[string]publisher{}, products: map[position.Product]position.Product{}}
}

// publisher returns the publisher with that name.
func (n *names) publisher(name string) publisher {
	found, met := n.publishers[name]
	if !met {
		found.name = name
		if p, known := n.catalog.PublisherNamed(name); known {
			found = publisher{p.Name, p.ID}
		}
		n.publishers[name] = found
	}
	return found
}

// title returns the first name of a title, and whether name is an alias of it.
func (n *names) title(p publisher, name string) (first string, isAlias bool) {
	if p.id == "" {
		return "", false
	}
	t, known := n.catalog.TitleNamed(p.id, name)
	return t.Name, known && text.Fold(t.Name) != text.Fold(name)
}

// product returns the product with its first names. An alias may include the version or stand for
// all versions.
func (n *names) product(p position.Product) position.Product {
	if found, met := n.products[p]; met {
		return found
	}
	owner, renamed := n.publisher(p.Publisher), p
	if first, ok := n.title(owner, text.Collapse(p.Name()+" "+p.Version)); ok {
		renamed = n.named(owner.name, first, "")
	} else if first, ok := n.title(owner, p.Name()); ok {
		if renamed = n.named(owner.name, first, ""); renamed.Version == "" {
			renamed.Version = p.Version
		}
	} else if _, known := n.dictionary.Of(p); !known {
		renamed.Publisher = owner.name
	}
	n.products[p] = renamed
	return renamed
}

// named returns the product of a name on a licence.
func (n *names) named(publisher, name, version string) position.Product {
	return n.dictionary.Named(n.publisher(publisher).name, name, version)
}

// held renames the product of an entitlement.
func (n *names) held(h *report.Held) {
	e := &h.Entitlement
	if text.Collapse(e.Publisher) == "" {
		e.Publisher = agreement.VolumePublisher
	}
	p := n.product(n.named(e.Publisher, e.Family, e.Version))
	e.Publisher, e.Family, e.Version = p.Publisher, p.Name(), p.Version
}

// agreements renames the products of agreements of type other. It changes the slice.
func (n *names) agreements(all []agreement.Agreement) {
	for i := range all {
		a := &all[i]
		if a.Type != agreement.TypeOther {
			continue
		}
		owner := n.publisher(a.Publisher)
		a.Publisher = owner.name
		if first, ok := n.title(owner, a.ProductTitle); ok {
			a.ProductTitle = first
		}
	}
}

// adjustments returns adjustments with the names of now: an adjustment that was made before a
// release of the dictionary, or before a merge in the catalog, still meets its product.
func (n *names) adjustments(all []report.Adjustment) []report.Adjustment {
	all = slices.Clone(all)
	for i := range all {
		all[i].Product = n.product(n.dictionary.Canonical(all[i].Product))
	}
	return all
}

// lines renames installed products. It changes the slice.
func (n *names) lines(all []position.Line) {
	for i := range all {
		all[i].Product = n.product(all[i].Product)
	}
}
