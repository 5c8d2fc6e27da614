package snapshot

import (
	"trueup/internal/agreement"
	"trueup/internal/catalog"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/text"
)

// names replaces what publishers and products are also called by what the
// catalog calls them first (R5.2), so that licences and installations meet under
// one name. What the catalog does not know keeps its own. Few names come often,
// so each is looked up once.
type names struct {
	catalog    *catalog.Catalog
	publishers map[string]publisher
	products   map[position.Product]position.Product
}

type publisher struct {
	name, id string // no id: not in the catalog
}

func newNames(c *catalog.Catalog) *names {
	return &names{catalog: c, publishers: map[string]publisher{}, products: map[position.Product]position.Product{}}
}

// publisher returns the publisher of that name.
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

// title returns the first name of a title if name is another one of it.
func (n *names) title(p publisher, name string) (first string, isAlias bool) {
	if p.id == "" {
		return "", false
	}
	t, known := n.catalog.TitleNamed(p.id, name)
	return t.Name, known && text.Fold(t.Name) != text.Fold(name)
}

// product returns the product under its first names. An alias may have the
// version in it or stand for all versions.
func (n *names) product(p position.Product) position.Product {
	if found, met := n.products[p]; met {
		return found
	}
	owner, renamed := n.publisher(p.Publisher), p
	renamed.Publisher = owner.name
	if first, ok := n.title(owner, text.Collapse(p.Name()+" "+p.Version)); ok {
		renamed = position.Named(owner.name, first, "")
	} else if first, ok := n.title(owner, p.Name()); ok {
		if renamed = position.Named(owner.name, first, ""); renamed.Version == "" {
			renamed.Version = p.Version
		}
	}
	n.products[p] = renamed
	return renamed
}

// held renames what an entitlement is for.
func (n *names) held(h *report.Held) {
	e := &h.Entitlement
	if text.Collapse(e.Publisher) == "" {
		e.Publisher = agreement.VolumePublisher
	}
	e.Publisher = n.publisher(e.Publisher).name
	named := position.Named(e.Publisher, e.Family, e.Version)
	if renamed := n.product(named); renamed != named {
		e.Publisher, e.Family, e.Version = renamed.Publisher, renamed.Name(), renamed.Version
	}
}

// agreements renames what agreements of type other are for. The list is the
// caller's own.
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

// lines renames what is installed. The list is the caller's own.
func (n *names) lines(all []position.Line) {
	for i := range all {
		all[i].Product = n.product(all[i].Product)
	}
}
