package console

import (
	"strings"

	"trueup/internal/access"
)

// Page is one row of the table of pages.
type Page struct {
	Method     string
	Path       string            // in the syntax of ServeMux
	Permission access.Permission // what the person must be allowed to do; access.Anyone needs no session
	Title      string            // code of the title, and of the entry in the navigation
	Nav        Nav               // zero for a page that is not in the navigation
	handle     func(*visit) error
}

// Nav is the place of a page in the navigation.
type Nav struct {
	Section string // code of the heading; pages of one section are together in the table
	Icon    string
}

// sections of the navigation.
const (
	top        = "console_nav"
	agreed     = "console_nav_agreements"
	reported   = "console_nav_reports"
	licensed   = "console_nav_people"
	maintained = "console_nav_data"
)

// Pages returns the table. It is in the order of the navigation.
func Pages() []Page {
	const read, manage, buy, users = access.Read, access.ManageAgreements, access.Buy, access.ManageUsers
	none := Nav{}
	return []Page{
		{"GET", "/{$}", access.Anyone, "console_overview", none, toOverview},
		{"GET", "/console", access.Anyone, "console_overview", none, toOverview},
		{"GET", "/console/{$}", access.Anyone, "console_overview", none, toOverview},
		{"GET", "/console/sign-in", access.Anyone, "console_sign_in", none, signIn},
		{"GET", "/signed-in", access.Anyone, "console_sign_in", none, signedIn},
		{"POST", "/console/sign-out", access.Anyone, "console_sign_out", none, signOut},
		{"POST", "/console/sign-out-everywhere", access.Anyone, "console_sign_out_everywhere", none, signOutEverywhere},
		{"POST", "/console/preferences", access.Anyone, "console_preferences", none, setPreferences},

		{"GET", "/console/overview", read, "console_overview", Nav{top, "overview"}, showOverview},
		{"GET", "/console/reminders", read, "console_reminders", Nav{top, "ends"}, listReminders},
		{"POST", "/console/reminders/feed", read, "console_feed_make", none, makeFeed},
		{"GET", "/console/reminders/feed/revocation", read, "console_feed_revoke", none, confirmFeedRevocation},
		{"POST", "/console/reminders/feed/revocation", read, "console_feed_revoke", none, revokeFeed},

		{"GET", "/console/agreements", read, "console_agreements", Nav{agreed, "agreements"}, listAgreements},
		{"POST", "/console/agreements/moves", manage, "console_move", none, moveAgreements},
		{"GET", "/console/agreements/deletions", manage, "console_delete", none, confirmDeletions},
		{"POST", "/console/agreements/deletions", manage, "console_delete", none, deleteAgreements},
		{"GET", "/console/agreements/add", manage, "console_agreements_add", Nav{agreed, "add"}, addAgreements},
		{"POST", "/console/agreements/add", manage, "console_agreements_add", none, saveAdded},
		{"GET", "/console/agreements/sample.csv", read, "console_sample", none, sampleFile},
		{"GET", "/console/agreements/{id}", read, "console_agreement", none, showAgreement},
		{"GET", "/console/agreements/{id}/edit", manage, "console_edit", none, editAgreement},
		{"POST", "/console/agreements/{id}/edit", manage, "console_edit", none, saveAgreement},
		{"POST", "/console/agreements/{id}/pairs", manage, "console_add_pairs", none, addPairs},
		{"POST", "/console/agreements/{id}/pairs/{pair}/removal", manage, "console_remove_pair", none, removePair},
		{"POST", "/console/agreements/{id}/details", access.ReadDetails, "console_details", none, showDetails},
		{"GET", "/console/agreements/{id}/deletion", manage, "console_delete", none, confirmDeletion},
		{"POST", "/console/agreements/{id}/deletion", manage, "console_delete", none, deleteAgreement},
		{"GET", "/console/lookup/publishers", read, "report_column_publisher", none, lookUpPublishers},
		{"GET", "/console/lookup/titles", read, "report_column_product", none, lookUpTitles},
		{"GET", "/console/groups", read, "console_groups", Nav{agreed, "groups"}, listGroups},
		{"POST", "/console/groups", manage, "console_group_add", none, createGroup},
		{"GET", "/console/groups/{id}", read, "console_group", none, showGroup},
		{"POST", "/console/groups/{id}", manage, "console_rename", none, renameGroup},
		{"GET", "/console/groups/{id}/deletion", manage, "console_delete", none, confirmGroupDeletion},
		{"POST", "/console/groups/{id}/deletion", manage, "console_delete", none, deleteGroup},
		{"GET", "/console/imports", read, "console_imports", Nav{agreed, "imports"}, listImports},
		{"POST", "/console/imports", manage, "console_agreements_add", none, uploadAgreements},
		{"GET", "/console/imports/{id}", read, "console_import", none, showImport},
		{"GET", "/console/imports/{id}/annotated", read, "console_annotated", none, importCopy},
		{"POST", "/console/samples", manage, "console_upload", none, trySample},
		{"POST", "/console/directory/samples", users, "console_upload", none, tryUsers},
		{"POST", "/console/uploads/statements", manage, "console_upload", none, uploadStatement},
		{"POST", "/console/uploads/inventory", manage, "console_upload", none, uploadInventory},

		{"GET", "/console/reports/installations", read, "console_installations", Nav{reported, "report"}, showInstallations},
		{"GET", "/console/reports/missed-devices", read, "console_missed", none, listMissed},
		{"GET", "/console/reports/installations/export/{format}", read, "console_export", none, exportInstallations},
		{"GET", "/console/reports/installations/{product}", read, "console_why_verdict", none, explainInstallation},
		{"GET", "/console/reports/purchases", read, "console_purchases", Nav{reported, "key"}, showPurchases},
		{"GET", "/console/reports/purchases/export/{format}", read, "console_export", none, exportPurchases},
		{"GET", "/console/reports/comparison", read, "console_comparison", Nav{reported, "compare"}, showComparison},
		{"GET", "/console/reports/comparison/export/{format}", read, "console_export", none, exportComparison},
		{"GET", "/console/reports/trend", read, "console_trend", Nav{reported, "trend"}, showTrend},
		{"GET", "/console/views", read, "console_views", Nav{reported, "filter"}, listViews},
		{"GET", "/console/views/new", read, "console_view_save", none, addView},
		{"POST", "/console/views/new", read, "console_view_save", none, addView},
		{"GET", "/console/views/{id}", read, "console_view", none, openView},
		{"GET", "/console/views/{id}/edit", read, "console_edit", none, editView},
		{"POST", "/console/views/{id}/edit", read, "console_edit", none, editView},
		{"POST", "/console/views/{id}/filters", read, "console_view_changes", none, saveFilters},
		{"GET", "/console/views/{id}/deletion", read, "console_delete", none, deleteView},
		{"POST", "/console/views/{id}/deletion", read, "console_delete", none, deleteView},
		{"POST", "/console/views/{id}/stop", read, "console_view_stop", none, stopView},
		{"POST", "/console/views/{id}/resumption", manage, "console_view_resume", none, resumeView},
		{"POST", "/console/views/{id}/sending", manage, "console_view_send", none, sendView},
		{"GET", "/console/views/{id}/files", read, "console_view", none, listViewFiles},
		{"GET", "/console/views/{id}/files/{day}", read, "console_view", none, downloadViewFile},

		{"GET", "/console/export/users/{format}", read, "console_export", none, exporting("/users", userListParameters...)},
		{"GET", "/console/export/subscriptions/{id}/users/{format}", read, "console_export", none, exporting("/subscriptions/{id}/users")},
		{"GET", "/console/export/subscriptions/{id}/waiting/{format}", read, "console_export", none, exporting("/subscriptions/{id}/waiting")},
		{"GET", "/console/export/license-suggestions/{format}", read, "console_export", none, exporting("/license-suggestions", "subscription", "inactiveDays")},
		{"GET", "/console/export/license-jobs/{id}/results/{format}", read, "console_export", none, exporting("/license-jobs/{id}/results")},
		{"GET", "/console/export/license-assignments/{format}", read, "console_export", none, exporting("/license-assignments")},
		{"GET", "/console/export/conflicts/{format}", read, "console_export", none, exporting("/conflicts", "kind")},
		{"GET", "/console/export/conflicts/{subscription}/users/{format}", read, "console_export", none, exporting("/conflicts/{subscription}/users")},
		{"GET", "/console/export/devices/{format}", read, "console_export", none, exporting("/devices", "prefix")},
		{"GET", "/console/export/device-groups/{format}", read, "console_export", none, exporting("/device-groups")},
		{"GET", "/console/export/device-groups/{id}/devices/{format}", read, "console_export", none, exporting("/device-groups/{id}/devices", "licensed")},

		{"GET", "/console/subscriptions", read, "console_subscriptions", Nav{licensed, "subscriptions"}, listSubscriptions},
		{"GET", "/console/reports/subscriptions/export/{format}", read, "console_export", none, exportSubscriptions},
		{"GET", "/console/subscriptions/new", buy, "console_subscription_add", none, addSubscription},
		{"POST", "/console/subscriptions/new", buy, "console_subscription_add", none, addSubscription},
		{"GET", "/console/subscriptions/{id}", read, "console_subscription", none, showSubscription},
		{"GET", "/console/subscriptions/{id}/edit", buy, "console_edit", none, editSubscription},
		{"POST", "/console/subscriptions/{id}/edit", buy, "console_edit", none, editSubscription},
		{"GET", "/console/subscriptions/{id}/purchase", buy, "console_buy", none, buyLicenses},
		{"POST", "/console/subscriptions/{id}/purchase", buy, "console_buy", none, buyLicenses},
		{"GET", "/console/subscriptions/{id}/quantity", buy, "console_quantity", none, setQuantity},
		{"POST", "/console/subscriptions/{id}/quantity", buy, "console_quantity", none, setQuantity},
		{"GET", "/console/subscriptions/{id}/renewal", buy, "console_renew", none, renewSubscription},
		{"POST", "/console/subscriptions/{id}/renewal", buy, "console_renew", none, renewSubscription},
		{"POST", "/console/subscriptions/{id}/auto-renew", buy, "report_column_auto_renew", none, setAutoRenew},
		{"GET", "/console/subscriptions/{id}/deletion", buy, "console_delete", none, removeSubscription},
		{"POST", "/console/subscriptions/{id}/deletion", buy, "console_delete", none, removeSubscription},
		{"POST", "/console/subscriptions/{id}/waiting/{user}/removal", access.AssignLicense, "console_take_off", none, removeWaiting},
		{"GET", "/console/users", read, "console_users", Nav{licensed, "users"}, listUsers},
		{"GET", "/console/users/new", users, "console_user_add", none, addUser},
		{"POST", "/console/users/new", users, "console_user_add", none, addUser},
		{"GET", "/console/users/deletions", access.DeleteUser, "console_delete", none, deleteUsers},
		{"POST", "/console/users/deletions", access.DeleteUser, "console_delete", none, deleteUsers},
		{"GET", "/console/users/restorations", access.DeleteUser, "console_restore", none, restoreUsers},
		{"POST", "/console/users/restorations", access.DeleteUser, "console_restore", none, restoreUsers},
		{"GET", "/console/users/{id}", read, "console_user", none, showUser},
		{"GET", "/console/users/{id}/edit", users, "console_edit", none, editUser},
		{"POST", "/console/users/{id}/edit", users, "console_edit", none, editUser},
		{"GET", "/console/users/{id}/license", access.AssignLicense, "console_assign", none, assignLicense},
		{"POST", "/console/users/{id}/license", access.AssignLicense, "console_assign", none, assignLicense},
		{"GET", "/console/users/{id}/licenses/{subscription}/removal", access.RemoveLicense, "console_license_remove", none, removeLicense},
		{"POST", "/console/users/{id}/licenses/{subscription}/removal", access.RemoveLicense, "console_license_remove", none, removeLicense},
		{"GET", "/console/users/{id}/deletion", access.DeleteUser, "console_delete", none, deleteUser},
		{"POST", "/console/users/{id}/deletion", access.DeleteUser, "console_delete", none, deleteUser},
		{"GET", "/console/users/{id}/restoration", access.DeleteUser, "console_restore", none, restoreUser},
		{"POST", "/console/users/{id}/restoration", access.DeleteUser, "console_restore", none, restoreUser},
		{"GET", "/console/assignments/new", access.AssignLicense, "console_assign", none, chooseLicenses},
		{"POST", "/console/assignments/check", access.AssignLicense, "console_assign", none, checkAssignment},
		{"POST", "/console/assignments", access.AssignLicense, "console_assign", none, assignLicenses},
		{"GET", "/console/conflicts", read, "console_conflicts", Nav{licensed, "short"}, listConflicts},
		{"GET", "/console/conflicts/{subscription}", read, "console_conflicts", none, showConflict},
		{"GET", "/console/device-groups", read, "console_device_groups", Nav{licensed, "groups"}, listDeviceGroups},
		{"GET", "/console/device-groups/new", users, "console_device_group_add", none, addDeviceGroup},
		{"POST", "/console/device-groups/new", users, "console_device_group_add", none, addDeviceGroup},
		{"GET", "/console/device-groups/{id}", read, "console_device_group", none, showDeviceGroup},
		{"GET", "/console/device-groups/{id}/edit", users, "console_edit", none, editDeviceGroup},
		{"POST", "/console/device-groups/{id}/edit", users, "console_edit", none, editDeviceGroup},
		{"GET", "/console/device-groups/{id}/deletion", users, "console_delete", none, deleteDeviceGroup},
		{"POST", "/console/device-groups/{id}/deletion", users, "console_delete", none, deleteDeviceGroup},
		{"GET", "/console/device-groups/{id}/assignment", access.DeviceLicenses, "console_device_assign", none, assignDevices},
		{"POST", "/console/device-groups/{id}/assignment", access.DeviceLicenses, "console_device_assign", none, assignDevices},
		{"GET", "/console/device-groups/{id}/unassignment", access.DeviceLicenses, "console_device_unassign", none, unassignDevices},
		{"POST", "/console/device-groups/{id}/unassignment", access.DeviceLicenses, "console_device_unassign", none, unassignDevices},
		{"GET", "/console/device-groups/{id}/members", users, "console_members_add", none, chooseMembers},
		{"POST", "/console/device-groups/{id}/members", users, "console_members_add", none, addMembers},
		{"POST", "/console/device-groups/{id}/members/removal", users, "console_members_remove", none, removeMembers},
		{"POST", "/console/device-groups/{id}/members/confirmation", access.DeviceLicenses, "console_change_confirm", none, confirmMembers},
		{"POST", "/console/device-groups/{id}/members/rejection", access.DeviceLicenses, "console_change_reject", none, rejectMembers},
		{"GET", "/console/devices", read, "console_devices", Nav{licensed, "inventory"}, listDevices},
		{"GET", "/console/devices/new", users, "console_device_add", none, addDevice},
		{"POST", "/console/devices/new", users, "console_device_add", none, addDevice},
		{"GET", "/console/devices/{id}", read, "console_device", none, showDevice},
		{"GET", "/console/devices/{id}/edit", users, "console_edit", none, editDevice},
		{"POST", "/console/devices/{id}/edit", users, "console_edit", none, editDevice},
		{"GET", "/console/devices/{id}/deletion", users, "console_delete", none, deleteDevice},
		{"POST", "/console/devices/{id}/deletion", users, "console_delete", none, deleteDevice},
		{"GET", "/console/license-jobs", read, "console_license_jobs", Nav{licensed, "check"}, listLicenseJobs},
		{"GET", "/console/license-jobs/{id}", read, "console_license_job", none, showLicenseJob},
		{"GET", "/console/directory", read, "console_directory", Nav{licensed, "imports"}, listDirectoryFiles},
		{"POST", "/console/directory", access.PutLists, "console_upload", none, uploadDirectory},
		{"GET", "/console/directory/{id}", read, "console_file", none, showDirectoryFile},
		{"GET", "/console/directory/{id}/annotated", read, "console_annotated", none, directoryCopy},

		{"GET", "/console/inventory", read, "console_inventory", Nav{maintained, "inventory"}, showInventory},
		{"GET", "/console/inventory/titles", read, "console_titles", none, listTitles},
		{"GET", "/console/inventory/sources/{source}", read, "console_source", none, showSource},
		{"GET", "/console/unknown", read, "console_unknown", Nav{maintained, "unknown"}, listUnknown},
		{"POST", "/console/unknown/acceptances", manage, "console_accept", none, acceptUnknown},
		{"GET", "/console/unknown/{entry}", read, "console_title", none, showEntry},
		{"POST", "/console/unknown/{entry}", manage, "console_rule_add", none, decideEntry},
		{"GET", "/console/rules", read, "console_rules", Nav{maintained, "filter"}, listRules},
		{"GET", "/console/rules/add", manage, "console_rule_add", none, addRule},
		{"POST", "/console/rules/add", manage, "console_rule_add", none, saveNewRule},
		{"POST", "/console/rules/positions", manage, "console_move", none, moveRule},
		{"GET", "/console/rules/deletions", manage, "console_delete", none, confirmRuleDeletions},
		{"POST", "/console/rules/deletions", manage, "console_delete", none, deleteRules},
		{"GET", "/console/rules/export", read, "console_export", none, exportRules},
		{"GET", "/console/rules/{id}/edit", manage, "console_rule_edit", none, editRule},
		{"POST", "/console/rules/{id}/edit", manage, "console_rule_edit", none, saveRule},
		{"GET", "/console/undecided", read, "console_undecided", Nav{maintained, "undecided"}, listUndecided},
		{"GET", "/console/undecided/{title}", read, "console_title", none, showDecision},
		{"POST", "/console/undecided/{title}", manage, "console_decide", none, decideTitle},
		{"POST", "/console/undecided/{title}/withdrawal", manage, "console_take_back", none, withdrawDecision},
		{"GET", "/console/catalog", read, "console_catalog", Nav{maintained, "catalog"}, showCatalog},
		{"POST", "/console/catalog", manage, "console_publisher_add", none, addPublisher},
		{"GET", "/console/catalog/{publisher}", read, "report_column_publisher", none, showPublisher},
		{"POST", "/console/catalog/{publisher}", manage, "console_title_add", none, addTitle},
		{"GET", "/console/catalog/{publisher}/merge", manage, "console_merge", none, chooseMerge},
		{"POST", "/console/catalog/{publisher}/merge", manage, "console_merge", none, mergePublishers},
		{"GET", "/console/catalog/{publisher}/titles/{title}/merge", manage, "console_merge", none, chooseTitleMerge},
		{"POST", "/console/catalog/{publisher}/titles/{title}/merge", manage, "console_merge", none, mergeTitles},
		{"GET", "/console/statements", read, "console_statements", Nav{maintained, "statement"}, listStatements},
		{"GET", "/console/statements/{id}", read, "console_source_statement", none, showStatement},
		{"GET", "/console/statements/{id}/removal", manage, "console_statement_remove", none, confirmRemoval},
		{"POST", "/console/statements/{id}/removal", manage, "console_statement_remove", none, removeStatement},
		{"GET", "/console/adjustments", read, "console_adjustments", Nav{maintained, "edit"}, listAdjustments},
		{"GET", "/console/adjustments/{product}", manage, "console_adjust", none, showAdjustment},
		{"POST", "/console/adjustments/{product}", manage, "console_adjust", none, setAdjustment},
		{"POST", "/console/adjustments/{product}/deletion", manage, "console_delete", none, deleteAdjustment},
		{"GET", "/console/refreshes", read, "console_refreshes", Nav{maintained, "refresh"}, listRefreshes},
		{"POST", "/console/refreshes", access.RefreshNow, "console_refresh_now", none, startRefresh},
		{"GET", "/console/refreshes/{id}", read, "console_refresh", none, showRefresh},
		{"POST", "/console/refreshes/{id}/confirmation", manage, "console_confirm", none, confirmRefresh},
		{"GET", "/console/audit", read, "console_audit", Nav{maintained, "audit"}, listAudit},
		{"GET", "/console/audit/export", read, "console_export", none, exportAudit},
	}
}

// section is a part of the navigation.
type section struct {
	Title string
	Pages []*Page
}

// navigation returns the navigation.
func navigation(pages []Page) (sections []section) {
	for i := range pages {
		p := &pages[i]
		if p.Nav == (Nav{}) {
			continue
		}
		if n := len(sections); n == 0 || sections[n-1].Title != p.Nav.Section {
			sections = append(sections, section{Title: p.Nav.Section})
		}
		last := &sections[len(sections)-1]
		last.Pages = append(last.Pages, p)
	}
	return sections
}

// current reports whether a page of the navigation is this one, or the nearest one above it.
func (v *visit) current(p *Page) bool {
	nearest := ""
	for _, s := range v.site.nav {
		for _, other := range s.Pages {
			if path := v.r.URL.Path; len(other.Path) > len(nearest) && (path == other.Path || strings.HasPrefix(path, other.Path+"/")) {
				nearest = other.Path
			}
		}
	}
	return p.Path == nearest
}

// notFound responds to addresses that are no page. A person who is signed in keeps the navigation.
func notFound(v *visit) error {
	if person, err := v.site.Sessions.Person(v.w, v.r); err == nil {
		v.person = person
	}
	return errNotFound
}

func toOverview(v *visit) error { return v.redirect("/console/overview") }

func signIn(v *visit) error {
	address := v.q("to")
	if !isLocal(address) {
		address = "/console/overview"
	}
	return v.site.Sessions.SignIn(v.w, v.r, address)
}

func signOut(v *visit) error           { return v.site.Sessions.SignOut(v.w, v.r) }
func signOutEverywhere(v *visit) error { return v.site.Sessions.SignOutEverywhere(v.w, v.r) }

// year is the number of seconds for which preferences are kept.
const year = 365 * 24 * 60 * 60

// setPreferences keeps the language or the theme in the browser.
func setPreferences(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	if lang := form.Get("lang"); lang != "" {
		v.cookie(languageCookie, lang, year)
	}
	switch theme := form.Get("theme"); theme {
	case "light", "dark":
		v.cookie(themeCookie, theme, year)
	case "auto":
		v.cookie(themeCookie, "", -1)
	}
	back := form.Get("back")
	if !isLocal(back) {
		back = "/console/overview"
	}
	return v.redirect(back)
}
