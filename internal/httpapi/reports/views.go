package reports

import (
	"net/url"

	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/view"
)

// CheckView returns the violations of the parameters of a report of which a view is saved, as the operations of
// the report find them. It implements view.Check.
func CheckView(of view.Report, parameters url.Values) []errs.Violation {
	switch of {
	case view.Purchases:
		return httpapi.CheckParameters[PurchasesFile](enums, parameters)
	case view.Installations:
		return httpapi.CheckParameters[InstallationsFile](enums, parameters)
	case view.Subscriptions:
		return httpapi.CheckParameters[SubscriptionsFile](enums, parameters)
	case view.Comparison:
		return httpapi.CheckParameters[ComparisonFile](enums, parameters)
	}
	return nil
}
