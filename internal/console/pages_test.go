package console_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/console"
	"trueup/internal/i18n"
	"trueup/internal/testkit/golden"
)

// filled is a world with data, and the ids of some of them.
type filled struct {
	*world
	directoryData
	group, volume, other, imported, refused, refresh, product, view string
	stock
}

type listed struct {
	Items []struct {
		ID, Name, FileName, State string
		Final                     bool
	}
}

// fill adds agreements, an inventory, a statement and a refresh through the API and the bucket.
func fill(t testing.TB, w *world) *filled {
	t.Helper()
	f := &filled{world: w}
	w.put(t, "inventory/appinvrawdata.csv", "../../events/inventory/appinvrawdata.csv")
	w.put(t, "agreements/Brussels/first-import.csv", "../../events/first-import.csv")
	w.put(t, "agreements/mistakes.csv", "../../events/mistakes.csv")
	eventually(t, "imports and inventory", func() bool {
		var imports listed
		var inventory struct{ Devices int }
		w.ask(t, "GET", "/imports", "", &imports)
		w.ask(t, "GET", "/inventory", "", &inventory)
		final := 0
		for _, i := range imports.Items {
			if i.Final {
				final++
			}
			switch i.FileName {
			case "first-import.csv":
				f.imported = i.ID
			case "mistakes.csv":
				f.refused = i.ID
			}
		}
		return final == 2 && inventory.Devices > 0
	})
	end := time.Now().UTC().AddDate(0, 0, 40).Format(time.DateOnly)
	var made struct{ ID string }
	w.ask(t, "POST", "/agreements", `{"type": "other", "name": "Design suite", "publisher": "Adobe", "productTitle": "Photoshop", "licenses": 25, "start": "2020-01-01", "end": "`+end+`", "details": "Key: 1234-5678", "group": {"name": "Design"}}`, &made)
	f.other = made.ID
	w.put(t, "entitlements/first-statement.csv", "../../events/statements/first-statement.csv")
	eventually(t, "the refresh", func() bool {
		var runs listed
		w.ask(t, "GET", "/refreshes", "", &runs)
		if len(runs.Items) == 0 || !runs.Items[0].Final {
			return false
		}
		f.refresh = runs.Items[0].ID
		return runs.Items[0].State == "succeeded"
	})
	var groups, agreements listed
	w.ask(t, "GET", "/groups", "", &groups)
	for _, g := range groups.Items {
		if g.Name == "Brussels" {
			f.group = g.ID
		}
	}
	w.ask(t, "GET", "/agreements?q=office", "", &agreements)
	f.volume = agreements.Items[0].ID
	var rows struct{ Rows []struct{ ID string } }
	w.ask(t, "GET", "/reports/license-installations?sort=difference", "", &rows)
	f.product = rows.Rows[0].ID
	var saved struct{ ID string }
	w.ask(t, "POST", "/views", `{"name": "Ends soon", "report": "license-purchases", "filters": {"status": "expiring"}, "shared": true, "schedule": {"every": "month", "day": 31, "format": "xlsx", "language": "nl"}}`, &saved)
	f.view = saved.ID
	f.directoryData = fillPeople(t, w)
	f.fillStock(t)
	return f
}

// views are the pages that are read, by name: those of the table, and some with other addresses.
func (f *filled) views() map[string]string {
	views := map[string]string{
		"overview": "/console/overview", "reminders": "/console/reminders", "reminders-filtered": "/console/reminders?kind=agreement&within=30", "feed-revocation": "/console/reminders/feed/revocation", "agreements": "/console/agreements", "agreements-filtered": "/console/agreements?status=active&q=office&sort=created&order=desc&columns=created&columns=pairs",
		"agreements-no-match": "/console/agreements?q=nothing-has-this-name", "deletions": "/console/agreements/deletions?ids=" + f.volume + "@" + f.group + "&ids=" + f.other,
		"add-file": "/console/agreements/add", "add-numbers": "/console/agreements/add?how=numbers", "add-other": "/console/agreements/add?how=other",
		"volume": "/console/agreements/" + f.volume, "other": "/console/agreements/" + f.other, "history": "/console/agreements/" + f.other + "?tab=history",
		"edit-volume": "/console/agreements/" + f.volume + "/edit", "edit-other": "/console/agreements/" + f.other + "/edit", "deletion": "/console/agreements/" + f.volume + "/deletion",
		"groups": "/console/groups", "group": "/console/groups/" + f.group, "group-unassigned": "/console/groups/unassigned", "group-deletion": "/console/groups/" + f.group + "/deletion",
		"imports": "/console/imports", "import": "/console/imports/" + f.imported, "import-mistakes": "/console/imports/" + f.refused, "import-warnings": "/console/imports/" + f.refused + "?severity=warning",
		"installations": "/console/reports/installations", "installations-filtered": "/console/reports/installations?verdict=unlicensed&downgrade=false", "explanation": "/console/reports/installations/" + f.product,
		"purchases": "/console/reports/purchases", "comparison": "/console/reports/comparison", "trend": "/console/reports/trend",
		"views-scheduled": "/console/views?scope=scheduled", "installations-columns": "/console/reports/installations?columns=product&columns=metric,verdict,unknown,verdict", "comparison-columns": "/console/reports/comparison?columns=verdictAfter,publisher&sort=publisher", "subscriptions-columns": "/console/subscriptions?columns=sku,conflicts,pricePerMonth,daysLeft", "purchases-columns": "/console/reports/purchases?columns=type,publisher,end,daysLeft,validation", "views": "/console/views", "view-new": "/console/views/new?report=license-purchases&status=expiring&sort=end", "view-edit": "/console/views/" + f.view + "/edit",
		"view-deletion": "/console/views/" + f.view + "/deletion", "view-files": "/console/views/" + f.view + "/files",
		"purchases-view": "/console/reports/purchases?status=active&view=" + f.view,
		"refreshes":      "/console/refreshes", "refresh": "/console/refreshes/" + f.refresh,
	}
	maps.Copy(views, f.directoryData.views())
	maps.Copy(views, f.stockViews())
	return views
}

// testFilled runs the tests that share a world with data.
func testFilled(t *testing.T) {
	f := fill(t, newWorld(t))
	for _, test := range []struct {
		name string
		run  func(*testing.T, *filled)
	}{
		{"pages", testPages},
		{"sign-in", func(t *testing.T, f *filled) { f.signIn(t, "eva-id", "eva@example.org", access.PasswordAdmin) }},
		{"links", testLinks},
		{"every page is viewed", testEveryPage},
		{"roles", testRoles},
		{"files", testFiles},
		{"details are behind a button", testDetails},
		{"troubles", testTroubles},
		{"states that take days", testStates},
		{"add by numbers", testAddNumbers},
		{"add other software", testAddOther},
		{"add by file", testAddFile},
		{"edit", testEdit},
		{"pairs", testPairs},
		{"move and delete", testMoveAndDelete},
		{"groups", testGroups},
		{"refresh", testRefresh},
		{"lookup", testLookup},
		{"subscription", testSubscription},
		{"user", testUser},
		{"assign", testAssign},
		{"many users", testManyUsers},
		{"delete and restore users", testUsersInBulk},
		{"lists as files", testListFiles},
		{"saved views", testViews},
		{"reminders", testReminders},
		{"devices", testDevices},
		{"directory", testDirectory},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, f) })
	}
}

// testPages compares every page in every language with a golden file, and checks the rules for all pages.
func testPages(t *testing.T, f *filled) {
	for _, lang := range i18n.Langs {
		for name, address := range f.views() {
			v := f.as(t, an)
			v.lang = string(lang)
			p := v.get(address).is(http.StatusOK).sound()
			golden.Equal(t, fmt.Sprintf("testdata/%s/%s.html", lang, name), []byte(f.stable(p)))
		}
		v := f.as(t, an)
		v.lang = string(lang)
		p := v.get("/console/groups/none").is(http.StatusNotFound).sound()
		golden.Equal(t, fmt.Sprintf("testdata/%s/layout.html", lang), []byte(f.lines(p.body)))
	}
}

// What differs between two runs.
var (
	assetHash = regexp.MustCompile(`/console/assets/[0-9a-f]{16}/`)
	keys      = regexp.MustCompile(`(name="key" value=")[^"]*`)
	moments   = regexp.MustCompile(`<time datetime="[^"]*">[^<]*</time>`)
	days      = regexp.MustCompile(`\b\d{1,2} \pL+\.? 20\d\d\b`)
	isoDays   = regexp.MustCompile(`\b20\d\d-\d\d-\d\d\b`)
	ruleIDs   = regexp.MustCompile(`own-[a-z0-9]{10}\b`)
	ids       = regexp.MustCompile(`\b([0-9a-z]{16}|[0-9a-z]{26})\b`)
	letterIDs = regexp.MustCompile(`([/"])(?:[a-z]{16}|[a-z]{26})([/"?@])`) // ids without a digit, in addresses and values
)

// stable returns the lines of the main part of a page.
func (f *filled) stable(p *page) string {
	_, body, _ := strings.Cut(p.body, "<main")
	body, _, _ = strings.Cut("<main"+body, "</main>")
	return f.lines(body + "</main>")
}

// lines returns HTML without what differs between two runs, one element a line.
func (f *filled) lines(body string) string {
	body = keys.ReplaceAllString(assetHash.ReplaceAllString(body, "/console/assets/HASH/"), "${1}KEY")
	body = isoDays.ReplaceAllString(days.ReplaceAllString(moments.ReplaceAllString(body, "<time>MOMENT</time>"), "DAY"), "DAY")
	for id, name := range map[string]string{f.volume: "VOLUME", f.other: "OTHER", f.group: "GROUP", f.imported: "IMPORT", f.refused: "REFUSED", f.refresh: "REFRESH", f.view: "VIEW"} {
		if id != "" {
			body = strings.ReplaceAll(body, id, name)
		}
	}
	body = letterIDs.ReplaceAllString(ruleIDs.ReplaceAllString(body, "RULE"), "${1}ID${2}")
	body = ids.ReplaceAllStringFunc(body, func(word string) string {
		if strings.ContainsAny(word, "0123456789") {
			return "ID"
		}
		return word
	})
	return strings.ReplaceAll(body, "><", ">\n<") + "\n"
}

// testLinks follows every link of every page.
func testLinks(t *testing.T, f *filled) {
	v := f.as(t, an)
	seen := map[string]bool{}
	for _, address := range f.views() {
		for _, link := range v.get(address).links() {
			if seen[link] || strings.HasPrefix(link, "#") {
				continue
			}
			seen[link] = true
			if !strings.HasPrefix(link, "/console/") {
				t.Errorf("%s links to %s", address, link)
				continue
			}
			if w := v.get(link); w.status != http.StatusOK && w.status != http.StatusSeeOther {
				t.Errorf("%s links to %s: %d %s", address, link, w.status, w.text())
			}
		}
	}
	if len(seen) < 60 {
		t.Errorf("only %d links", len(seen))
	}
}

// testEveryPage: the views are all pages of the table that are read.
func testEveryPage(t *testing.T, f *filled) {
	viewed := map[string]bool{}
	for _, address := range f.views() {
		row, _ := rowOf(http.MethodGet, address)
		viewed[row.Path] = true
	}
	for _, row := range console.Pages() {
		p := row.Path
		if row.Method != http.MethodGet {
			continue
		}
		// The others answer with a file, with lines for a script, or with a redirect.
		apart := strings.Contains(p, "/export/") || strings.Contains(p, "/lookup/") || slices.Contains([]string{
			"/{$}", "/console", "/console/{$}", "/console/sign-in", "/signed-in", "/console/agreements/sample.csv", "/console/imports/{id}/annotated", "/console/views/{id}", "/console/views/{id}/files/{day}", "/console/directory/{id}/annotated", "/console/rules/export", "/console/audit/export",
		}, p)
		if viewed[p] == apart {
			t.Errorf("%s: viewed %v", p, viewed[p])
		}
	}
}

// writing are the forms and links of each page that change something, besides those that every page has.
// It repeats by hand what the pages offer to whom.
var writing = map[string]map[access.Permission][]string{
	"overview":   {access.RefreshNow: {"POST /console/refreshes"}},
	"agreements": {access.ManageAgreements: {"GET /console/agreements/add", "POST /console/agreements/moves", "GET /console/agreements/deletions"}},
	"volume": {access.ManageAgreements: {
		"GET /console/agreements/VOLUME/edit", "GET /console/agreements/VOLUME/deletion", "POST /console/agreements/VOLUME/pairs",
	}},
	"other": {
		access.ManageAgreements: {"GET /console/agreements/OTHER/edit", "GET /console/agreements/OTHER/deletion"},
		access.ReadDetails:      {"POST /console/agreements/OTHER/details"},
	},
	"groups":           {access.ManageAgreements: {"POST /console/groups"}},
	"group":            {access.ManageAgreements: {"POST /console/groups/GROUP", "GET /console/groups/GROUP/deletion"}, access.RefreshNow: {"POST /console/refreshes"}},
	"group-unassigned": {access.RefreshNow: {"POST /console/refreshes"}},
	"imports":          {access.ManageAgreements: {"GET /console/agreements/add"}},
	"import-mistakes":  {access.ManageAgreements: {"GET /console/agreements/add"}},
	"views": {
		access.OverseeViews: {"GET /console/views/VIEW/deletion", "POST /console/views/VIEW/stop"},
	},
	"refreshes": {access.RefreshNow: {"POST /console/refreshes"}},

	"inventory":     {access.ManageAgreements: {"POST /console/uploads/inventory"}},
	"unknown":       {access.ManageAgreements: {"POST /console/unknown/acceptances"}},
	"unknown-entry": {access.ManageAgreements: {"POST /console/unknown/ENTRY"}},
	"undecided-one": {access.ManageAgreements: {"POST /console/undecided/UNDECIDED"}},
	"decided": {access.ManageAgreements: {
		"POST /console/undecided/dassault-draftsight-undecidable", "POST /console/undecided/dassault-draftsight-undecidable/withdrawal",
	}},
	"rules": {access.ManageAgreements: {"GET /console/rules/add", "GET /console/rules/RULE/edit", "POST /console/rules/positions", "GET /console/rules/deletions"}},
}

// testRoles checks each page for each role: what it offers, and that it offers nothing that is not allowed.
func testRoles(t *testing.T, f *filled) {
	for _, role := range access.Roles {
		who := person("someone", role)
		v := f.as(t, who)
		for name, address := range f.views() {
			row, _ := rowOf(http.MethodGet, address)
			p := v.get(address)
			if !who.May(row.Permission) {
				p.is(http.StatusForbidden).sound().mayUse(who)
				p.has("Your role does not allow this", needed(row.Permission))
				continue
			}
			p.is(http.StatusOK).sound().mayUse(who)
			offered := p.actions()
			for _, link := range below(p.main(), "a", "href", "*") {
				path, _, _ := strings.Cut(value(link, "href"), "?")
				offered = append(offered, "GET "+path)
			}
			all := writing[name]
			if all == nil {
				all = peopleWriting[name]
			}
			for permission, controls := range all {
				for _, control := range controls {
					control = strings.NewReplacer(append([]string{
						"VOLUME", f.volume, "OTHER", f.other, "VIEW", f.view, "GROUP", f.group, "ENTRY", f.entry, "RULE", f.rule, "UNDECIDED", f.undecided,
						"PUBLISHER", f.publisher, "TITLE", f.title, "STATEMENT", f.statement, "PRODUCT", f.product,
					}, f.names()...)...).Replace(control)
					if got := slices.Contains(offered, control); got != who.May(permission) {
						t.Errorf("%s offers %s to a %s: %v", name, control, role, got)
					}
				}
			}
		}
	}
}

// needed returns the names of the roles that a permission needs, as pages write them.
func needed(permission access.Permission) string {
	names := map[access.Role]string{access.GlobalAdmin: "Global admin", access.BillingAdmin: "Billing admin", access.UserAdmin: "User admin", access.ServiceAdmin: "Service admin"}
	var list []string
	for _, role := range access.RolesWith(permission) {
		list = append(list, names[role])
	}
	return strings.Join(list, ", ")
}

// testFiles reads the reports as files and the annotated copy.
func testFiles(t *testing.T, f *filled) {
	v := f.as(t, bo)
	v.lang = "nl"
	for address, want := range map[string]string{
		"/console/reports/installations/export/csv?verdict=unlicensed":                          "text/csv",
		"/console/reports/installations/export/xlsx":                                            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"/console/reports/purchases/export/html":                                                "text/html",
		"/console/reports/comparison/export/csv?from=" + time.Now().UTC().Format(time.DateOnly): "text/csv",
		"/console/agreements/sample.csv":                                                        "text/csv",
	} {
		p := v.get(address).is(http.StatusOK)
		if got := p.header.Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %s", address, got)
		}
		if got := p.header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", address, got)
		}
	}
	if csv := v.get("/console/reports/installations/export/csv").body; !strings.Contains(csv, ";") || !strings.Contains(csv, "Licenties") {
		t.Errorf("the CSV file is not Dutch: %.200s", csv)
	}
	v.get("/console/reports/installations/export/pdf").is(http.StatusNotFound)
	copied := v.get("/console/imports/" + f.refused + "/annotated").is(http.StatusSeeOther)
	if address := copied.header.Get("Location"); !strings.HasPrefix(address, "http://127.0.0.1:") || !strings.Contains(address, reportsBucket) {
		t.Errorf("the annotated copy is at %s", address)
	}
}

// testDetails: R2.7 details are read by a form, and only by those who may.
func testDetails(t *testing.T, f *filled) {
	path := "/console/agreements/" + f.other
	v := f.as(t, an)
	for name, address := range f.views() {
		if strings.Contains(v.get(address).body, "1234-5678") {
			t.Errorf("%s has details", name)
		}
	}
	v.post(path+"/details", url.Values{}).is(http.StatusOK).sound().has("Key: 1234-5678")
	v.get(path + "/details").is(http.StatusNotFound)
	v.get(path+"?tab=history").has("Details read", "an@example.org").lacks("1234-5678")
	f.as(t, bo).post(path+"/details", url.Values{}).is(http.StatusForbidden).lacks("1234-5678")
	f.as(t, bo).get(path).lacks(path + "/details").has("These roles can read details: Global admin, Billing admin")
}

// testStates shows what takes days to come about, with the responses that the API then has.
func testStates(t *testing.T, f *filled) {
	v := f.as(t, an)
	with := func(path, body string, address string) *page {
		f.proxy.answer("GET "+path, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) })
		defer f.proxy.answer("GET "+path, nil)
		return v.get(address).is(http.StatusOK).sound()
	}
	const row = `{"id": "1", "product": "Visio", "publisher": "Microsoft", "licenses": %d, "installed": %d, "difference": %d, "verdict": %q}`
	compared := func(product string, before, after int, verdict string) string {
		return fmt.Sprintf(`{"id": "1", "product": %q, "publisher": "Microsoft", "before": `+row+`, "after": `+row+`}`, product, 5, 5-before, before, "covered", 5, 5-after, after, verdict)
	}
	p := with("/reports/comparison", `{"before": {"shortfall": 1}, "after": {"shortfall": 7, "products": 40}, "rows": [`+
		compared("Better", -3, 2, "covered")+","+compared("Untouched", 1, 1, "covered")+","+compared("Worse", 2, -6, "short")+`]}`, "/console/reports/comparison")
	p.has("Installations without a licence: from 1 to 7", "Changed: 2 of 40. The worst come first.", "3 → 11", "+2 → −6", "−8").lacks("Untouched")
	if worse, better := strings.Index(p.text(), "Worse"), strings.Index(p.text(), "Better"); worse > better {
		t.Error("the worst does not come first")
	}
	p = with("/reports/comparison", `{"before": {"shortfall": 1}, "after": {"shortfall": 7, "products": 40}, "rows": [`+
		compared("Better", -3, 2, "covered")+","+compared("Worse", 2, -6, "short")+`]}`, "/console/reports/comparison?columns=product,differenceAfter&sort=differenceAfter&order=desc")
	if heads := p.heads(); len(heads) != 2 || strings.Index(p.text(), "Worse") < strings.Index(p.text(), "Better") {
		t.Errorf("%q: the order of the API is not kept: %s", heads, p.text())
	}
	p.has("Shown: 2 of 40").lacks("The worst come first")
	with("/reports/comparison", `{"before": {}, "after": {"products": 40}, "rows": [`+compared("Better", -3, 2, "covered")+`]}`, "/console/reports/comparison?columns=nothing").has("8 → 3")
	if heads := v.get("/console/reports/purchases?columns=nothing").is(http.StatusOK).sound().heads(); !slices.Contains(heads, "Product") {
		t.Errorf("a column that does not exist leaves %q", heads)
	}
	with("/reports/comparison", `{"before": {}, "after": {"products": 40}, "rows": []}`, "/console/reports/comparison").has("Nothing has changed", "Products that are the same on both days: 40")

	source := `{"kind": "agreement", "id": "a", "text": "Office agreements", "quantity": 1}`
	explained := `{"row": ` + fmt.Sprintf(row, 1200, 3, 1197, "unused") + `, "steps": [{"step": "pairs", "quantity": 1200, "sources": [` + source + strings.Repeat(","+source, 1199) + `]}]}`
	p = with("/reports/license-installations/1/explanation", explained, "/console/reports/installations/1").has("And 200 more")
	if n := strings.Count(p.body, "Office agreements"); n != 1000 {
		t.Errorf("the explanation shows %d sources", n)
	}

	const trend = `{"points": [{"date": "2026-10-01", "products": {"shortfall": 12, "licenses": 100, "installed": 1500}}, {"date": "2026-11-01", "products": {"shortfall": 4, "licenses": 120, "installed": 1600}}]}`
	p = with("/reports/trend", trend, "/console/reports/trend").has("From 12 to 4", "From 1,500 to 1,600", "1 Nov 2026")
	if n := len(p.all("polyline")); n != 3 {
		t.Errorf("the trend has %d lines", n)
	}
	with("/reports/trend", trend, "/console/overview").has("Installations without a licence: from 12 on 1 Oct 2026 to 4")
	// A report that may be from before a file was counted is not shown.
	for _, test := range []struct{ address, cached, want string }{
		{"/console/overview", `{"products": {"products": 1}}`, "without a licence, of 9 installations"},
		{"/console/overview?wait=inventory", `{"products": {"shortfall": 3, "installed": 8}}`, "without a licence, of 9 installations"},
		{"/console/overview", `{"products": {"shortfall": 3, "installed": 8}}`, "without a licence, of 8 installations"},
	} {
		f.proxy.answer("GET /overview", func(w http.ResponseWriter, r *http.Request) {
			body := test.cached
			if r.Header.Get("Cache-Control") == "no-cache" {
				body = `{"products": {"shortfall": 3, "installed": 9}}`
			}
			io.WriteString(w, body)
		})
		v.get(test.address).is(http.StatusOK).sound().has(test.want)
	}
	f.proxy.answer("GET /overview", nil)
	with("/overview", `{"products": {"installed": 1}, "subscriptions": {"expiringAll": 2}}`, "/console/overview").lacks("Nothing ends soon").has("Subscriptions that end soon: 2")
	with("/reports/trend", `{"points": []}`, "/console/reports/trend?from=2020-01-01").has("There are no reports of these days")

	held := `{"id": "r9", "state": "partial", "final": true, "trigger": "schedule", "version": 3, "hold": {"before": 1500, "after": 900, "state": "held"}, "reason": {"code": "refresh_held", "message": "Held back."}, "nextId": "r10"}`
	p = with("/refreshes/r9", held, "/console/refreshes/r9").has("Held back", "Licences would drop from 1,500 to 900", "To the refresh that follows")
	if got := p.fields("/console/refreshes/r9/confirmation").Get("version"); got != "3" {
		t.Errorf("the confirmation is of the version %q", got)
	}
	f.proxy.answer("POST /refreshes/r9/confirmation", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-Match") != `"3"` || r.Header.Get("Idempotency-Key") == "" {
			t.Errorf("the confirmation has the headers %v", r.Header)
		}
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, `{"id": "r9"}`)
	})
	defer f.proxy.answer("POST /refreshes/r9/confirmation", nil)
	confirmed := v.post("/console/refreshes/r9/confirmation", p.fields("/console/refreshes/r9/confirmation")).is(http.StatusSeeOther)
	if to := confirmed.header.Get("Location"); to != "/console/refreshes/r9" {
		t.Errorf("the confirmation leads to %s", to)
	}
	v.note = nil
	running := with("/refreshes/r9", `{"id": "r9", "state": "running", "trigger": "now", "by": "an-id", "progress": 40, "total": 5000, "checked": 2000}`, "/console/refreshes/r9").has("Running", "40%", an.Name)
	if !strings.Contains(running.body, `http-equiv="refresh"`) || len(running.all("*", "data-poll", "")) != 1 {
		t.Error("a running refresh is not shown again by itself")
	}
	checking := with("/imports/i9", `{"id": "i9", "fileName": "a.csv", "state": "running"}`, "/console/imports/i9").has("Checking every line…")
	if !strings.Contains(checking.body, `http-equiv="refresh"`) {
		t.Error("a running import is not shown again by itself")
	}
	with("/imports/i9", `{"id": "i9", "fileName": "a.csv", "state": "failed", "final": true, "reason": {"code": "abandoned", "message": "It was stopped."}}`, "/console/imports/i9").has("Nothing was stored.", "It was stopped.")
	with("/imports/i9", `{"id": "i9", "fileName": "a.csv", "state": "succeeded", "final": true, "rows": 3, "added": 2, "rejected": 1}`, "/console/imports/i9").has("Partly stored: 2 of 3 rows. Mistakes: 0")
}

// testFirstUse: before the first PC the overview is a checklist, and every page says what to do.
func testFirstUse(t *testing.T) {
	w := newWorld(t)
	v := w.as(t, an)
	for _, page := range [][2]string{
		{"/console/reports/trend", "There are no days to compare yet"},
		{"/console/reports/comparison", "There are no days to compare yet"},
		{"/console/agreements", "There are no agreements yet"},
		{"/console/agreements/add?how=other", "An inventory comes first"},
		{"/console/imports", "No file was imported yet"},
		{"/console/groups", "License groups: 1"},
		{"/console/groups/unassigned", "This license group has no agreements"},
		{"/console/refreshes", "There was no refresh yet"},
		{"/console/subscriptions", "There are no subscriptions yet"},
		{"/console/users", "There are no users yet"},
		{"/console/conflicts", "There are no conflicts"},
		{"/console/device-groups", "There are no device groups yet"},
		{"/console/devices", "There are no devices yet"},
		{"/console/license-jobs", "There are no license jobs yet"},
		{"/console/directory", "No list was uploaded yet"},
		{"/console/inventory", "There is no inventory yet"},
		{"/console/inventory/titles", "There is no inventory yet"},
		{"/console/unknown", "There is no inventory yet"},
		{"/console/rules", "There are no own rules yet"},
		{"/console/undecided", "No title is undecided"},
		{"/console/statements", "There is no statement yet"},
		{"/console/adjustments", "There are no manual adjustments"},
		{"/console/reports/installations", "There is nothing to compare yet"},
		{"/console/reports/purchases", "There are no agreements yet"},
	} {
		v.get(page[0]).is(http.StatusOK).sound().has(page[1])
	}
	p := v.get("/console/overview").is(http.StatusOK).sound().has("Four steps lead to the first licence position", "Add your agreements", "Add a licence statement", "Add an inventory")
	if diff := cmp.Diff([]string{"POST /console/uploads/inventory", "POST /console/uploads/statements"}, only(p.actions(), "/console/uploads/")); diff != "" {
		t.Error(diff)
	}
	reader := w.as(t, bo).get("/console/overview").sound().has("These roles can add files: Global admin, Billing admin")
	reader.mayUse(bo)
	// R2.8: an agreement of type other needs an inventory, and the form says so.
	form := v.get("/console/agreements/add?how=other").fields("/console/agreements/add")
	form.Set("name", "Too early")
	form.Set("publisher", "Adobe")
	form.Set("productTitle", "Photoshop")
	form.Set("licenses", "3")
	v.post("/console/agreements/add", form).is(http.StatusConflict).sound().has("The inventory has no PC")

	// Samples to try with one click go the way of an upload. Only the local stack has them.
	for _, sample := range [][3]string{
		{"mistakes.csv", "Nothing was stored. Mistakes:", "The last file was rejected: see what to correct"},
		{"first-import.csv", "Stored:", "Add your agreements (done)"},
	} {
		form := v.get("/console/overview").fields("/console/samples")
		form.Set("sample", sample[0])
		address := v.post("/console/samples", form).is(http.StatusSeeOther).header.Get("Location")
		eventually(t, address, func() bool { return len(v.get(address).all("section", "data-final", "")) == 1 })
		v.get(address).sound().has(sample[1], "To the overview")
		v.get("/console/overview").sound().has(sample[2])
	}
	waiting := v.get("/console/overview?wait=inventory").sound().has("The file is being read…")
	if len(waiting.all("ol", "data-poll", "")) != 1 || len(v.get("/console/overview").all("*", "data-poll", "")) != 0 {
		t.Error("the checklist is not shown again after an upload, or without one")
	}
	sample := v.done("/console/samples", url.Values{"sample": {"statements/first-statement.csv"}})
	sample.is(http.StatusOK).sound()
	eventually(t, "the statement", func() bool { return strings.Contains(v.get("/console/statements").text(), "In use") })
	for _, name := range []string{"", "README.md", "../go.mod", "users/active-users.csv"} {
		v.post("/console/samples", url.Values{"sample": {name}}).is(http.StatusNotFound)
	}
	w.as(t, bo).post("/console/samples", url.Values{"sample": {"mistakes.csv"}}).is(http.StatusForbidden)
	users := v.get("/console/directory").fields("/console/directory/samples")
	users.Set("sample", "users/active-users.csv")
	address := v.post("/console/directory/samples", users).is(http.StatusSeeOther).header.Get("Location")
	eventually(t, address, func() bool { return len(v.get(address).all("*", "data-poll", "")) == 0 })
	v.get(address).sound().has("active-users.csv", "Users")

	// The module asks for the address to which it sends a large file itself.
	large := v.post("/console/uploads/inventory", url.Values{"fileName": {"large.csv"}, "size": {"900000000"}}).is(http.StatusOK)
	if !strings.Contains(large.body, `"method":"PUT"`) || !strings.Contains(large.body, "large.csv") || large.header.Get("Content-Type") != "application/json" {
		t.Errorf("the address for a large file is %s %s", large.header.Get("Content-Type"), large.body)
	}
	v.note = nil
	v.post("/console/uploads/statements", url.Values{"fileName": {""}, "size": {"x"}}).is(http.StatusUnprocessableEntity).sound()

	// An inventory, uploaded here, ends the checklist.
	upload := v.upload("/console/uploads/inventory", nil, "../../events/inventory/appinvrawdata.csv").is(http.StatusSeeOther)
	v.get(upload.header.Get("Location")).has("appinvrawdata.csv was received and is being counted.")
	eventually(t, "the inventory", func() bool { return strings.Contains(v.get("/console/overview").body, `id="position"`) })
}

func only(list []string, part string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return !strings.Contains(s, part) })
}
