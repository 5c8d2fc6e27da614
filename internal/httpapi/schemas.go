package httpapi

import (
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaNames has the names of schemas in the OpenAPI document that are not the names of their Go
// types. In Go the package stands before a name, as in report.Bar; a reader of the document, or of a
// client that was generated from it, sees the name alone.
var schemaNames = map[string]string{
	"Acceptances":               "ProposalAcceptance",
	"Accepted":                  "AcceptedProposals",
	"Agreements":                "AgreementPage",
	"Assignment":                "LicenseAssignment",
	"Bar":                       "ExplanationStep",
	"Candidate":                 "UndecidedCandidate",
	"Choice":                    "DecisionChoice",
	"Choices":                   "DecisionChoices",
	"Comparison":                "SnapshotComparison",
	"Conflict":                  "LicenseConflict",
	"Deletions":                 "AgreementDeletions",
	"Difference":                "ProductDifference",
	"Explanation":               "InstallationExplanation",
	"Filter":                    "ReportFilter",
	"Finding":                   "FileFinding",
	"Group":                     "LicenseGroup",
	"Groups":                    "LicenseGroupList",
	"Holder":                    "LicenseHolder",
	"Installation":              "InstallationRow",
	"Inventory":                 "InventorySummary",
	"Move":                      "ExplanationMove",
	"Moves":                     "AgreementMoves",
	"Order":                     "ReportOrder",
	"OverviewWithSubscriptions": "PositionOverview",
	"PageFinding":               "FileFindingPage",
	"PageHolder":                "LicenseHolderPage",
	"PagePair":                  "AgreementPairPage",
	"PageStatement":             "EntitlementStatementPage",
	"Pair":                      "AgreementPair",
	"Price":                     "LicensePrice",
	"Proposal":                  "ProductProposal",
	"Proposals":                 "ProductProposals",
	"Purchase":                  "PurchaseRow",
	"Quantity":                  "MetricQuantity",
	"Reason":                    "CodedReason",
	"Recognition":               "TitleRecognition",
	"Reminder":                  "LicenseReminder",
	"Renewal":                   "SubscriptionRenewal",
	"Restoring":                 "UserRestoration",
	"Result":                    "AgreementResult",
	"Results":                   "AgreementResults",
	"Rule":                      "InventoryRule",
	"Run":                       "RefreshSummary",
	"Searched":                  "SearchedDevices",
	"Selection":                 "SubscriptionSelection",
	"Service":                   "SubscriptionService",
	"View":                      "SavedView",
	"Share":                     "ExplanationSource",
	"Shortage":                  "LicenseShortage",
	"Snapshot":                  "ReportSnapshot",
	"Statement":                 "EntitlementStatement",
	"Totals":                    "AgreementTotals",
	"Trend":                     "PositionTrend",
	"Undecided":                 "UndecidedProduct",
	"Unsearched":                "UnsearchedSource",
	"Upload":                    "UploadRequest",
}

// schemaName returns the name of a type's schema.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if better, ok := schemaNames[name]; ok {
		return better
	}
	for _, generic := range []string{"Page", "GraphCollection"} {
		if of, ok := strings.CutPrefix(name, generic); ok && of != "" {
			return of + strings.TrimPrefix(generic, "Graph")
		}
	}
	return name
}
