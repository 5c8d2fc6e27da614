package licenses

import (
	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/subscription"
)

// describe adds the rules of package subscription to the document. They are not in the tags of the
// fields because then huma would check them, too.
func describe(document *huma.OpenAPI) {
	schemas := document.Components.Schemas.Map()
	none, quantity, months := 0.0, float64(subscription.QuantityMax), float64(subscription.TermMonthsMax)
	created := schemas["NewSubscription"].Properties
	created["quantity"].Minimum, created["quantity"].Maximum = &none, &quantity
	created["termMonths"].Minimum, created["termMonths"].Maximum = &none, &months
}
