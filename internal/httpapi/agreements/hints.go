package agreements

import (
	"context"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/proposal"
)

// hinted returns an agreement that was added or changed.
func (o *operations) hinted(ctx context.Context, lang i18n.Lang, a agreement.Agreement) Agreement {
	shown := agreementOf(lang, o.today(), a)
	if a.Type == agreement.TypeOther {
		shown.Hints = hints(o.products(ctx), lang, a)
	}
	return shown
}

// products returns the dictionary with Microsoft's list of subscriptions. The change is made when
// hints are added to its answer, so it does not fail for them.
func (o *operations) products(ctx context.Context) *product.Dictionary {
	d, err := o.Catalog.Products(ctx)
	if err != nil {
		o.Log.WarnContext(ctx, "hints without Microsoft's list of subscriptions", "error", err)
		return builtin.Products()
	}
	return d
}

// hints returns what to know about the product title of an agreement of type other: the dictionary does
// not know it, with the products that it may stand for.
func hints(d *product.Dictionary, lang i18n.Lang, a agreement.Agreement) []httpapi.Reason {
	if _, known := d.Of(d.Named(a.Publisher, a.ProductTitle, "")); known { // also by its words, such as CAL
		return nil
	}
	var names []string
	for _, p := range proposal.Named(d, a.Publisher, a.ProductTitle) {
		names = append(names, inventory.ProductName(p.Product))
	}
	if names == nil {
		return []httpapi.Reason{{Code: "title_not_known", Message: i18n.Text(lang, "title_not_known", nil)}}
	}
	return []httpapi.Reason{{Code: "title_proposed", Message: i18n.Text(lang, "title_proposed", errs.Pairs("products", strings.Join(names, "; ")))}}
}
