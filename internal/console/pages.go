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
	maintained = "console_nav_data"
)

// Pages returns the table. It is in the order of the navigation.
func Pages() []Page {
	const read, manage = access.Read, access.ManageAgreements
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
		{"POST", "/console/uploads/statements", manage, "console_upload", none, uploadStatement},
		{"POST", "/console/uploads/inventory", manage, "console_upload", none, uploadInventory},

		{"GET", "/console/reports/installations", read, "console_installations", Nav{reported, "report"}, showInstallations},
		{"GET", "/console/reports/installations/export/{format}", read, "console_export", none, exportInstallations},
		{"GET", "/console/reports/installations/{product}", read, "console_why_verdict", none, explainInstallation},
		{"GET", "/console/reports/purchases", read, "console_purchases", Nav{reported, "key"}, showPurchases},
		{"GET", "/console/reports/purchases/export/{format}", read, "console_export", none, exportPurchases},
		{"GET", "/console/reports/comparison", read, "console_comparison", Nav{reported, "compare"}, showComparison},
		{"GET", "/console/reports/comparison/export/{format}", read, "console_export", none, exportComparison},
		{"GET", "/console/reports/trend", read, "console_trend", Nav{reported, "trend"}, showTrend},

		{"GET", "/console/refreshes", read, "console_refreshes", Nav{maintained, "refresh"}, listRefreshes},
		{"POST", "/console/refreshes", access.RefreshNow, "console_refresh_now", none, startRefresh},
		{"GET", "/console/refreshes/{id}", read, "console_refresh", none, showRefresh},
		{"POST", "/console/refreshes/{id}/confirmation", manage, "console_confirm", none, confirmRefresh},
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

func signedIn(v *visit) error          { return v.site.Sessions.SignedIn(v.w, v.r) }
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
