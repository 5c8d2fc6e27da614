package statements

import (
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/entitlement/statement"
	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/product"
	"trueup/internal/proposal"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// remarks returns a function that returns the findings about the names of products in one file: a
// name and a version that contradict each other, and a name that the dictionary does not know, with
// the products that it may stand for. It looks each name up once.
func remarks(d *product.Dictionary) func(entitlement.Entitlement) []sheet.Finding {
	type key struct{ publisher, family, version string }
	known := map[key][]sheet.Finding{}
	return func(e entitlement.Entitlement) []sheet.Finding {
		k := key{e.Publisher, e.Family, e.Version}
		found, met := known[k]
		if !met {
			found = remarksOn(d, e)
			known[k] = found
		}
		return found
	}
}

func remarksOn(d *product.Dictionary, e entitlement.Entitlement) (found []sheet.Finding) {
	publisher := e.Publisher
	if text.Collapse(publisher) == "" {
		publisher = agreement.VolumePublisher
	}
	if name, differs := d.VersionInName(publisher, e.Family, e.Version); differs {
		found = append(found, sheet.Finding{
			Column: statement.ColumnVersion, Value: text.Quote(e.Version), Code: "statement_version_differs",
			Args: errs.Pairs("name", name, "version", e.Version, "counts", d.Named(publisher, e.Family, e.Version).Version),
		})
	}
	if _, ok := d.Of(d.Named(publisher, e.Family, e.Version)); ok { // also by its words, such as CAL
		return found
	}
	unknown := sheet.Finding{Column: statement.ColumnFamily, Value: text.Quote(e.Family), Code: "statement_name_unknown"}
	if products := proposed(d, publisher, e.Family); products != "" {
		unknown.Code, unknown.Args = "statement_name_proposed", errs.Pairs("products", products)
	}
	return append(found, unknown)
}

// proposed returns the products that a name may stand for, for a message; empty if it resembles none.
func proposed(d *product.Dictionary, publisher, name string) string {
	var names []string
	for _, p := range proposal.Named(d, publisher, name) {
		names = append(names, inventory.ProductName(p.Product))
	}
	return strings.Join(names, "; ")
}
