package httpapi

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/report"
)

// adders says how each operation is added to an API, by its id.
type adders map[string]func(huma.API, huma.Operation)

// Function is the operations of one function. A program that names one Function
// has the operations of no other linked into it: each takes some 15 kB, and what
// it calls.
type Function struct {
	Name   string // of the manifest
	adders func(*operations) adders
}

// The functions that serve HTTP.
var (
	AgreementsFunction = Function{"agreements", (*operations).ofAgreements}
	CatalogFunction    = Function{"catalog", (*operations).ofCatalog}
	GroupsFunction     = Function{"groups", (*operations).ofGroups}
	ReportsFunction    = Function{"reports", (*operations).ofReports}
)

// Functions returns all of them.
func Functions() []Function {
	return []Function{AgreementsFunction, CatalogFunction, GroupsFunction, ReportsFunction}
}

// Named returns the function of that name, and panics when there is none.
func Named(name string) Function {
	all := Functions()
	return all[slices.IndexFunc(all, func(f Function) bool { return f.Name == name })]
}

func (o *operations) ofAgreements() adders {
	return adders{
		"openapi":             o.openapi,
		"listAgreements":      o.listAgreements,
		"createAgreement":     o.createAgreement,
		"getAgreement":        o.getAgreement,
		"updateAgreement":     o.updateAgreement,
		"deleteAgreement":     o.deleteAgreement,
		"moveAgreements":      o.moveAgreements,
		"deleteAgreements":    o.deleteAgreements,
		"getAgreementDetails": o.getAgreementDetails,
		"listAgreementPairs":  o.listAgreementPairs,
		"addAgreementPairs":   o.addAgreementPairs,
		"deleteAgreementPair": o.deleteAgreementPair,
		"createImport":        o.createImport,
		"listImports":         o.listImports,
		"getImport":           o.getImport,
		"listImportFindings":  o.listImportFindings,
		"getAnnotatedCopy":    o.getAnnotatedCopy,
		"listAuditEvents":     o.listAuditEvents,
		"exportAuditEvents":   o.exportAuditEvents,
	}
}

func (o *operations) ofCatalog() adders {
	return adders{
		"lookUpPublishers":    o.lookUpPublishers,
		"createPublisher":     o.createPublisher,
		"getPublisher":        o.getPublisher,
		"mergePublisher":      o.mergePublisher,
		"lookUpTitles":        o.lookUpTitles,
		"createTitle":         o.createTitle,
		"getTitle":            o.getTitle,
		"mergeTitle":          o.mergeTitle,
		"getInventory":        o.getInventory,
		"createInventory":     o.createInventory,
		"getInventorySource":  o.getInventorySource,
		"listInventoryTitles": o.listInventoryTitles,
		"recognizeTitle":      o.recognizeTitle,
		"listRules":           o.listRules,
		"createRule":          o.createRule,
		"replaceRule":         o.replaceRule,
		"deleteRule":          o.deleteRule,
	}
}

func (o *operations) ofGroups() adders {
	return adders{
		"listGroups":  o.listGroups,
		"createGroup": o.createGroup,
		"getGroup":    o.getGroup,
		"updateGroup": o.updateGroup,
		"deleteGroup": o.deleteGroup,
	}
}

func (o *operations) ofReports() adders {
	return adders{
		"createRefresh":                    o.createRefresh,
		"listRefreshes":                    o.listRefreshes,
		"getRefresh":                       o.getRefresh,
		"confirmRefresh":                   o.confirmRefresh,
		"createStatement":                  o.createStatement,
		"listStatements":                   o.listStatements,
		"getStatement":                     o.getStatement,
		"deleteStatement":                  o.deleteStatement,
		"getOverview":                      o.getOverview,
		"getLicensePurchases":              o.getLicensePurchases,
		"downloadLicensePurchasesCSV":      file(o, formatCSV, purchases, report.NamePurchases, o.purchasesTable),
		"downloadLicensePurchasesXLSX":     file(o, formatXLSX, purchases, report.NamePurchases, o.purchasesTable),
		"printLicensePurchases":            file(o, formatHTML, purchases, report.NamePurchases, o.purchasesTable),
		"getLicenseInstallations":          o.getLicenseInstallations,
		"explainLicenseInstallation":       o.explainLicenseInstallation,
		"downloadLicenseInstallationsCSV":  file(o, formatCSV, installations, report.NameInstallations, o.installationsTable),
		"downloadLicenseInstallationsXLSX": file(o, formatXLSX, installations, report.NameInstallations, o.installationsTable),
		"printLicenseInstallations":        file(o, formatHTML, installations, report.NameInstallations, o.installationsTable),
		"compareLicenseInstallations":      o.compareLicenseInstallations,
		"downloadComparisonCSV":            file(o, formatCSV, comparison, report.NameComparison, o.comparisonTable),
		"downloadComparisonXLSX":           file(o, formatXLSX, comparison, report.NameComparison, o.comparisonTable),
		"printComparison":                  file(o, formatHTML, comparison, report.NameComparison, o.comparisonTable),
		"getTrend":                         o.getTrend,
		"listSnapshots":                    o.listSnapshots,
	}
}
