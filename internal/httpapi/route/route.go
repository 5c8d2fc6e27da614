// Package route is the only table of HTTP routes, as plain data. The mux of each function, the
// CDK app, the local gateway, the OpenAPI document and the tests of access read it. Paths are in
// the syntax of ServeMux.
package route

import (
	"slices"
	"strings"

	"trueup/internal/access"
)

// Route is one row of the table.
type Route struct {
	Method     string
	Path       string            // "/agreements/{id}"; "/pages/{rest...}" matches all paths below, but not "/pages" itself; "/{$}" is the path "/"
	Function   string            // the name of the function that serves it, in package manifest
	Permission access.Permission // what the caller must be allowed to do; access.Anyone needs no token
	Operation  string            // OpenAPI operation id; for a page, a name of the same form
}

// Key returns the route in the syntax of ServeMux.
func (r Route) Key() string { return r.Method + " " + r.Path }

// GatewayKey returns the route in the syntax of API Gateway, where a greedy path variable,
// always the last one, is {rest+}, and a path never stands for those below it.
func (r Route) GatewayKey() string {
	return strings.NewReplacer("...}", "+}", "{$}", "").Replace(r.Key())
}

// Table contains every route.
var Table = slices.Concat(API, Pages)

// Pages contains the routes of the console. They are not in the OpenAPI document. The console finds out
// by itself who is signed in, so the gateway lets anyone through. Two greedy rows serve every page:
// package console has the table of pages, and answers a mistyped address with a page.
var Pages = []Route{
	{"GET", "/{$}", "console", access.Anyone, "openConsole"},
	{"GET", "/console/{path...}", "console", access.Anyone, "showPage"},
	{"POST", "/console/{path...}", "console", access.Anyone, "submitPage"},
	{"GET", "/signed-in", "console", access.Anyone, "finishSignIn"},
}

// API contains the routes of the HTTP API, which the OpenAPI document describes.
var API = []Route{
	{"GET", "/openapi.json", "agreements", access.Anyone, "openapi"},
	{"GET", "/agreements", "agreements", access.Read, "listAgreements"},
	{"POST", "/agreements", "agreements", access.ManageAgreements, "createAgreement"},
	{"POST", "/agreements/moves", "agreements", access.ManageAgreements, "moveAgreements"},
	{"POST", "/agreements/deletions", "agreements", access.ManageAgreements, "deleteAgreements"},
	{"GET", "/agreements/{id}", "agreements", access.Read, "getAgreement"},
	{"PATCH", "/agreements/{id}", "agreements", access.ManageAgreements, "updateAgreement"},
	{"DELETE", "/agreements/{id}", "agreements", access.ManageAgreements, "deleteAgreement"},
	{"GET", "/agreements/{id}/details", "agreements", access.ReadDetails, "getAgreementDetails"},
	{"GET", "/agreements/{id}/pairs", "agreements", access.Read, "listAgreementPairs"},
	{"POST", "/agreements/{id}/pairs", "agreements", access.ManageAgreements, "addAgreementPairs"},
	{"DELETE", "/agreements/{id}/pairs/{pair}", "agreements", access.ManageAgreements, "deleteAgreementPair"},
	{"POST", "/imports", "agreements", access.ManageAgreements, "createImport"},
	{"GET", "/imports", "agreements", access.Read, "listImports"},
	{"GET", "/imports/{id}", "agreements", access.Read, "getImport"},
	{"GET", "/imports/{id}/findings", "agreements", access.Read, "listImportFindings"},
	{"GET", "/imports/{id}/annotated", "agreements", access.Read, "getAnnotatedCopy"},
	{"GET", "/groups", "groups", access.Read, "listGroups"},
	{"POST", "/groups", "groups", access.ManageAgreements, "createGroup"},
	{"GET", "/groups/{id}", "groups", access.Read, "getGroup"},
	{"PATCH", "/groups/{id}", "groups", access.ManageAgreements, "updateGroup"},
	{"DELETE", "/groups/{id}", "groups", access.ManageAgreements, "deleteGroup"},
	{"GET", "/catalog/publishers", "catalog", access.Read, "lookUpPublishers"},
	{"POST", "/catalog/publishers", "catalog", access.ManageAgreements, "createPublisher"},
	{"GET", "/catalog/publishers/{id}", "catalog", access.Read, "getPublisher"},
	{"POST", "/catalog/publishers/{id}/merge", "catalog", access.ManageAgreements, "mergePublisher"},
	{"GET", "/catalog/publishers/{id}/titles", "catalog", access.Read, "lookUpTitles"},
	{"POST", "/catalog/publishers/{id}/titles", "catalog", access.ManageAgreements, "createTitle"},
	{"GET", "/catalog/publishers/{id}/titles/{title}", "catalog", access.Read, "getTitle"},
	{"POST", "/catalog/publishers/{id}/titles/{title}/merge", "catalog", access.ManageAgreements, "mergeTitle"},
	{"GET", "/catalog/proposals", "catalog", access.Read, "proposeProducts"},
	{"GET", "/inventory", "catalog", access.Read, "getInventory"},
	{"POST", "/inventory", "catalog", access.ManageAgreements, "createInventory"},
	{"GET", "/inventory/sources/{source}", "catalog", access.Read, "getInventorySource"},
	{"GET", "/inventory/titles", "catalog", access.Read, "listInventoryTitles"},
	{"GET", "/inventory/recognition", "catalog", access.Read, "recognizeTitle"},
	{"GET", "/inventory/rules", "catalog", access.Read, "listRules"},
	{"GET", "/inventory/rules/export", "catalog", access.Read, "exportRules"},
	{"POST", "/inventory/rules", "catalog", access.ManageAgreements, "createRule"},
	{"POST", "/inventory/rules/deletions", "catalog", access.ManageAgreements, "deleteRules"},
	{"PUT", "/inventory/rules/{id}", "catalog", access.ManageAgreements, "replaceRule"},
	{"DELETE", "/inventory/rules/{id}", "catalog", access.ManageAgreements, "deleteRule"},
	{"GET", "/inventory/queue", "catalog", access.Read, "listQueue"},
	{"POST", "/inventory/proposals/acceptances", "catalog", access.ManageAgreements, "acceptProposals"},
	{"GET", "/inventory/undecided", "catalog", access.Read, "listUndecided"},
	{"GET", "/inventory/decisions", "catalog", access.Read, "listTitleDecisions"},
	{"GET", "/inventory/decisions/{title}", "catalog", access.Read, "getTitleDecision"},
	{"PUT", "/inventory/decisions/{title}", "catalog", access.ManageAgreements, "decideTitle"},
	{"DELETE", "/inventory/decisions/{title}", "catalog", access.ManageAgreements, "undecideTitle"},
	{"POST", "/refreshes", "reports", access.RefreshNow, "createRefresh"},
	{"GET", "/refreshes", "reports", access.Read, "listRefreshes"},
	{"GET", "/refreshes/{id}", "reports", access.Read, "getRefresh"},
	{"POST", "/refreshes/{id}/confirmation", "reports", access.ManageAgreements, "confirmRefresh"},
	{"POST", "/statements", "reports", access.ManageAgreements, "createStatement"},
	{"GET", "/statements", "reports", access.Read, "listStatements"},
	{"GET", "/statements/{id}", "reports", access.Read, "getStatement"},
	{"DELETE", "/statements/{id}", "reports", access.ManageAgreements, "deleteStatement"},
	{"GET", "/audit", "agreements", access.Read, "listAuditEvents"},
	{"GET", "/audit.csv", "agreements", access.Read, "exportAuditEvents"},
	{"GET", "/callers", "agreements", access.Read, "listCallers"},
	{"PUT", "/callers/me", "agreements", access.Read, "nameCaller"},
	{"GET", "/position/adjustments", "reports", access.Read, "listAdjustments"},
	{"PUT", "/position/adjustments/{product}", "reports", access.ManageAgreements, "setAdjustment"},
	{"DELETE", "/position/adjustments/{product}", "reports", access.ManageAgreements, "deleteAdjustment"},
	{"GET", "/subscriptions", "licenses", access.Read, "listSubscriptions"},
	{"POST", "/subscriptions", "licenses", access.Buy, "createSubscription"},
	{"GET", "/subscriptions/{id}", "licenses", access.Read, "getSubscription"},
	{"PATCH", "/subscriptions/{id}", "licenses", access.Buy, "updateSubscription"},
	{"DELETE", "/subscriptions/{id}", "licenses", access.Buy, "deleteSubscription"},
	{"POST", "/subscriptions/{id}/purchases", "licenses", access.Buy, "purchaseLicenses"},
	{"PUT", "/subscriptions/{id}/quantity", "licenses", access.Buy, "setQuantity"},
	{"POST", "/subscriptions/{id}/renewals", "licenses", access.Buy, "renewSubscription"},
	{"PUT", "/subscriptions/{id}/auto-renew", "licenses", access.Buy, "setAutoRenew"},
	{"GET", "/subscriptions/{id}/users", "licenses", access.Read, "listSubscriptionUsers"},
	{"GET", "/subscriptions/{id}/users.csv", "licenses", access.Read, "exportSubscriptionUsersCSV"},
	{"GET", "/subscriptions/{id}/users.xlsx", "licenses", access.Read, "exportSubscriptionUsersXLSX"},
	{"GET", "/subscriptions/{id}/waiting", "licenses", access.Read, "listWaitingUsers"},
	{"GET", "/subscriptions/{id}/waiting.csv", "licenses", access.Read, "exportWaitingUsersCSV"},
	{"GET", "/subscriptions/{id}/waiting.xlsx", "licenses", access.Read, "exportWaitingUsersXLSX"},
	{"DELETE", "/subscriptions/{id}/waiting/{user}", "licenses", access.AssignLicense, "removeWaitingUser"},
	{"GET", "/users", "licenses", access.Read, "listUsers"},
	{"GET", "/users.csv", "licenses", access.Read, "exportUsersCSV"},
	{"GET", "/users.xlsx", "licenses", access.Read, "exportUsersXLSX"},
	{"POST", "/users", "licenses", access.ManageUsers, "createUser"},
	{"POST", "/users/deletions", "licenses", access.DeleteUser, "deleteUsers"},
	{"GET", "/users/{id}", "licenses", access.Read, "getUser"},
	{"PATCH", "/users/{id}", "licenses", access.ManageUsers, "updateUser"},
	{"DELETE", "/users/{id}", "licenses", access.DeleteUser, "deleteUser"},
	{"POST", "/users/{id}/restoration", "licenses", access.DeleteUser, "restoreUser"},
	{"PUT", "/users/{id}/licenses/{subscription}", "licenses", access.AssignLicense, "assignLicense"},
	{"DELETE", "/users/{id}/licenses/{subscription}", "licenses", access.RemoveLicense, "removeLicense"},
	{"POST", "/license-assignments", "licenses", access.AssignLicense, "assignLicenses"},
	{"GET", "/license-assignments.csv", "licenses", access.Read, "exportAssignmentsCSV"},
	{"GET", "/license-assignments.xlsx", "licenses", access.Read, "exportAssignmentsXLSX"},
	{"POST", "/license-removals", "licenses", access.RemoveLicense, "removeLicenses"},
	{"POST", "/license-jobs", "licenses", access.AssignLicense, "createLicenseJob"},
	{"GET", "/license-jobs", "licenses", access.Read, "listLicenseJobs"},
	{"GET", "/license-jobs/{id}", "licenses", access.Read, "getLicenseJob"},
	{"GET", "/license-jobs/{id}/results", "licenses", access.Read, "listLicenseJobResults"},
	{"GET", "/license-jobs/{id}/results.csv", "licenses", access.Read, "exportLicenseJobResultsCSV"},
	{"GET", "/license-jobs/{id}/results.xlsx", "licenses", access.Read, "exportLicenseJobResultsXLSX"},
	{"GET", "/license-suggestions", "licenses", access.Read, "listSuggestions"},
	{"GET", "/license-suggestions.csv", "licenses", access.Read, "exportSuggestionsCSV"},
	{"GET", "/license-suggestions.xlsx", "licenses", access.Read, "exportSuggestionsXLSX"},
	{"GET", "/conflicts", "licenses", access.Read, "listConflicts"},
	{"GET", "/conflicts.csv", "licenses", access.Read, "exportConflictsCSV"},
	{"GET", "/conflicts.xlsx", "licenses", access.Read, "exportConflictsXLSX"},
	{"GET", "/conflicts/{subscription}/users", "licenses", access.Read, "listConflictUsers"},
	{"GET", "/conflicts/{subscription}/users.csv", "licenses", access.Read, "exportConflictUsersCSV"},
	{"GET", "/conflicts/{subscription}/users.xlsx", "licenses", access.Read, "exportConflictUsersXLSX"},
	{"GET", "/devices", "licenses", access.Read, "listDevices"},
	{"GET", "/devices.csv", "licenses", access.Read, "exportDevicesCSV"},
	{"GET", "/devices.xlsx", "licenses", access.Read, "exportDevicesXLSX"},
	{"POST", "/devices", "licenses", access.ManageUsers, "createDevice"},
	{"GET", "/devices/{id}", "licenses", access.Read, "getDevice"},
	{"PATCH", "/devices/{id}", "licenses", access.ManageUsers, "updateDevice"},
	{"DELETE", "/devices/{id}", "licenses", access.ManageUsers, "deleteDevice"},
	{"GET", "/device-groups", "licenses", access.Read, "listDeviceGroups"},
	{"GET", "/device-groups.csv", "licenses", access.Read, "exportDeviceGroupsCSV"},
	{"GET", "/device-groups.xlsx", "licenses", access.Read, "exportDeviceGroupsXLSX"},
	{"POST", "/device-groups", "licenses", access.ManageUsers, "createDeviceGroup"},
	{"GET", "/device-groups/{id}", "licenses", access.Read, "getDeviceGroup"},
	{"PATCH", "/device-groups/{id}", "licenses", access.ManageUsers, "updateDeviceGroup"},
	{"DELETE", "/device-groups/{id}", "licenses", access.ManageUsers, "deleteDeviceGroup"},
	{"GET", "/device-groups/{id}/devices", "licenses", access.Read, "listDeviceGroupDevices"},
	{"GET", "/device-groups/{id}/devices.csv", "licenses", access.Read, "exportDeviceGroupDevicesCSV"},
	{"GET", "/device-groups/{id}/devices.xlsx", "licenses", access.Read, "exportDeviceGroupDevicesXLSX"},
	{"PUT", "/device-groups/{id}/subscription", "licenses", access.DeviceLicenses, "assignDeviceLicenses"},
	{"DELETE", "/device-groups/{id}/subscription", "licenses", access.DeviceLicenses, "unassignDeviceLicenses"},
	{"POST", "/device-groups/{id}/members", "licenses", access.ManageUsers, "addDeviceGroupMembers"},
	{"POST", "/device-groups/{id}/members/removals", "licenses", access.ManageUsers, "removeDeviceGroupMembers"},
	{"POST", "/device-groups/{id}/members/confirmation", "licenses", access.DeviceLicenses, "confirmDeviceGroupMembers"},
	{"POST", "/device-groups/{id}/members/rejection", "licenses", access.DeviceLicenses, "rejectDeviceGroupMembers"},
	{"POST", "/directory-files", "licenses", access.PutLists, "createDirectoryFile"},
	{"GET", "/directory-files", "licenses", access.Read, "listDirectoryFiles"},
	{"GET", "/directory-files/{id}", "licenses", access.Read, "getDirectoryFile"},
	{"GET", "/directory-files/{id}/annotated", "licenses", access.Read, "getAnnotatedList"},
	{"GET", "/v1.0/users", "licenses", access.Read, "graphListUsers"},
	{"GET", "/v1.0/users/{id}", "licenses", access.Read, "graphGetUser"},
	{"DELETE", "/v1.0/users/{id}", "licenses", access.DeleteUser, "graphDeleteUser"},
	{"GET", "/v1.0/users/{id}/licenseDetails", "licenses", access.Read, "graphListLicenseDetails"},
	{"POST", "/v1.0/users/{id}/assignLicense", "licenses", access.AssignLicense, "graphAssignLicense"},
	{"GET", "/v1.0/subscribedSkus", "licenses", access.Read, "graphListSubscribedSkus"},
	{"GET", "/v1.0/directory/subscriptions", "licenses", access.Read, "graphListSubscriptions"},
	{"POST", "/v1.0/directory/deletedItems/{id}/restore", "licenses", access.DeleteUser, "graphRestoreUser"},
	{"GET", "/v1.0/groups/{id}/members", "licenses", access.Read, "graphListGroupMembers"},
	{"GET", "/reminders", "reminders", access.Read, "listReminders"},
	{"GET", "/reminder-feed", "reminders", access.Read, "getReminderFeed"},
	{"PUT", "/reminder-feed", "reminders", access.Read, "makeReminderFeed"},
	{"DELETE", "/reminder-feed", "reminders", access.Read, "revokeReminderFeed"},
	{"GET", "/feeds/{file}", "reminders", access.Anyone, "readFeed"},
	{"GET", "/views", "views", access.Read, "listViews"},
	{"POST", "/views", "views", access.Read, "createView"},
	{"GET", "/views/{id}", "views", access.Read, "getView"},
	{"PUT", "/views/{id}", "views", access.Read, "replaceView"},
	{"DELETE", "/views/{id}", "views", access.Read, "deleteView"},
	{"POST", "/views/{id}/stop", "views", access.Read, "stopView"},
	{"POST", "/views/{id}/resumption", "views", access.ManageAgreements, "resumeView"},
	{"POST", "/views/{id}/sending", "views", access.ManageAgreements, "sendView"},
	{"GET", "/views/{id}/files", "views", access.Read, "listViewFiles"},
	{"GET", "/views/{id}/files/{day}", "views", access.Read, "getViewFile"},
	{"GET", "/overview", "reports", access.Read, "getOverview"},
	{"GET", "/reports/license-purchases", "reports", access.Read, "getLicensePurchases"},
	{"GET", "/reports/license-purchases.csv", "reports", access.Read, "downloadLicensePurchasesCSV"},
	{"GET", "/reports/license-purchases.xlsx", "reports", access.Read, "downloadLicensePurchasesXLSX"},
	{"GET", "/reports/license-purchases.html", "reports", access.Read, "printLicensePurchases"},
	{"GET", "/reports/license-installations", "reports", access.Read, "getLicenseInstallations"},
	{"GET", "/reports/license-installations.csv", "reports", access.Read, "downloadLicenseInstallationsCSV"},
	{"GET", "/reports/license-installations.xlsx", "reports", access.Read, "downloadLicenseInstallationsXLSX"},
	{"GET", "/reports/license-installations.html", "reports", access.Read, "printLicenseInstallations"},
	{"GET", "/reports/license-installations/{product}/explanation", "reports", access.Read, "explainLicenseInstallation"},
	{"GET", "/reports/license-installations/missed-devices", "reports", access.Read, "listMissedDevices"},
	{"GET", "/reports/comparison", "reports", access.Read, "compareLicenseInstallations"},
	{"GET", "/reports/comparison.csv", "reports", access.Read, "downloadComparisonCSV"},
	{"GET", "/reports/comparison.xlsx", "reports", access.Read, "downloadComparisonXLSX"},
	{"GET", "/reports/comparison.html", "reports", access.Read, "printComparison"},
	{"GET", "/reports/subscriptions", "reports", access.Read, "getSubscriptionReport"},
	{"GET", "/reports/subscriptions.csv", "reports", access.Read, "exportSubscriptionsCSV"},
	{"GET", "/reports/subscriptions.xlsx", "reports", access.Read, "exportSubscriptionsXLSX"},
	{"GET", "/reports/subscriptions.html", "reports", access.Read, "printSubscriptionReport"},
	{"GET", "/reports/trend", "reports", access.Read, "getTrend"},
	{"GET", "/reports/snapshots", "reports", access.Read, "listSnapshots"},
}

// Of returns the routes of one function.
func Of(function string) []Route {
	var routes []Route
	for _, r := range Table {
		if r.Function == function {
			routes = append(routes, r)
		}
	}
	return routes
}
