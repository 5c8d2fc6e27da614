package agreements

import (
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/product/builtin"
	"trueup/internal/proposal"
)

// hinted returns an agreement that was added or changed.
func (o *operations) hinted(lang i18n.Lang, a agreement.Agreement) Agreement {
	shown := agreementOf(lang, o.today(), a)
	shown.Hints = hints(lang, a)
	return shown
}

// hints returns what to know about the product title of an agreement: the dictionary does not know it,
// with the products that it may stand for.
func hints(lang i18n.Lang, a agreement.Agreement) []httpapi.Reason {
	if a.Type != agreement.TypeOther {
		return nil
	}
	if _, known := builtin.Products().Licensed(a.Publisher, a.ProductTitle, ""); known {
		return nil
	}
	var names []string
	for _, p := range proposal.Named(a.Publisher, a.ProductTitle) {
		names = append(names, inventory.ProductName(p.Product))
	}
	if names == nil {
		return []httpapi.Reason{{Code: "title_not_known", Message: i18n.Text(lang, "title_not_known", nil)}}
	}
	return []httpapi.Reason{{Code: "title_proposed", Message: i18n.Text(lang, "title_proposed", errs.Pairs("products", strings.Join(names, "; ")))}}
}
