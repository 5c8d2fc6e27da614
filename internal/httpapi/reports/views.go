package reports

import (
	"net/url"

	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/report"
	"trueup/internal/view"
)

// The parameters of files that a saved view has.
type (
	purchasesView struct {
		PurchasesQuery
		Chosen[report.PurchaseColumn]
	}
	installationsView struct {
		InstallationsQuery
		Chosen[report.InstallationColumn]
	}
	subscriptionsView struct {
		SubscriptionsQuery
		Chosen[report.SubscriptionColumn]
	}
	comparisonView struct {
		ComparisonQuery
		Chosen[report.ComparisonColumn]
	}
)

// CheckView returns the violations of the parameters of a report of which a view is saved, as the operations of
// the report find them. It implements view.Check.
func CheckView(of view.Report, parameters url.Values) []errs.Violation {
	switch of {
	case view.Purchases:
		return httpapi.CheckParameters[purchasesView](enums, parameters)
	case view.Installations:
		return httpapi.CheckParameters[installationsView](enums, parameters)
	case view.Subscriptions:
		return httpapi.CheckParameters[subscriptionsView](enums, parameters)
	case view.Comparison:
		return httpapi.CheckParameters[comparisonView](enums, parameters)
	}
	return nil
}
