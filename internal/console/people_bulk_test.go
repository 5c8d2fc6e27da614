package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"trueup/internal/access"
)

// testUsersInBulk: R9.5 many users are deleted and restored: with what it does said first, a tick, and from 10
// users on their number typed.
func testUsersInBulk(t *testing.T, f *filled) {
	v := f.as(t, person("uma", access.UserAdmin))
	var ids []string
	for i := range 12 {
		var made struct{ ID string }
		licenses := ""
		if i < 2 {
			licenses = `, "licenses": [{"subscription": "` + f.suite + `"}]`
		}
		f.ask(t, "POST", "/users", fmt.Sprintf(`{"userPrincipalName": "leaver%02d@example.org", "displayName": "Leaver %02d", "usageLocation": "BE", "department": "Leavers", "enabled": true%s}`, i, i, licenses), &made)
		ids = append(ids, made.ID)
	}

	// Two that were ticked: nothing happens without the tick.
	const deletions, restorations = "/console/users/deletions", "/console/users/restorations"
	list := v.get("/console/users?department=Leavers").is(http.StatusOK).sound()
	if n := len(list.all("button", "formaction", deletions)); n != 1 {
		t.Errorf("the list has %d buttons to delete", n)
	}
	two := url.Values{"ids": ids[:2]}
	p := v.get(deletions+"?"+two.Encode()).is(http.StatusOK).sound().has("Users to delete: 2", "Leaver 00", "Leaver 01", "their licences become free: 2", "For 30 days they can be restored").lacks("Type the number")
	form := p.fields(deletions)
	p = v.post(deletions, form).is(http.StatusConflict).sound().has("Tick this to confirm. Nothing was changed.")
	if p.fieldError("acknowledge") == "" {
		t.Error("no error at the tick")
	}
	v.get("/console/users/" + ids[0]).has("Office suite")
	form = p.fields(deletions)
	form.Set("acknowledge", "service-data")
	v.post(deletions, form).is(http.StatusOK).sound().has("Result", "Deleted 2", "leaver00@example.org")
	v.post(deletions, form).is(http.StatusOK).has("Deleted 2") // the same form again is the same change
	v.get("/console/users/" + ids[0]).has("Can be restored until")

	// All that match filters, with their number typed.
	all := url.Values{"all": {"true"}, "filters": {"department=Leavers"}}
	p = v.get(deletions+"?"+all.Encode()).is(http.StatusOK).sound().has("Users to delete: 10", "Type the number of users to confirm: 10")
	form = p.fields(deletions)
	form.Set("acknowledge", "service-data")
	form.Set("count", "9")
	p = v.post(deletions, form).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("count") == "" {
		t.Errorf("no error at the number: %s", p.text())
	}
	v.get("/console/users?department=Leavers").has("Shown: 10 of 10")
	form = p.fields(deletions)
	form.Set("acknowledge", "service-data")
	form.Set("count", "10")
	v.post(deletions, form).is(http.StatusOK).sound().has("Deleted 10")
	v.get("/console/users?department=Leavers").has("No user fits these filters")

	// Restored with their former licences; one who is there already is refused, with the reason.
	chosen := url.Values{"ids": {ids[0], ids[1], f.ann}}
	p = v.get(restorations+"?"+chosen.Encode()).is(http.StatusOK).sound().has("Users to restore: 3", "Assign the former licences again")
	v.post(restorations, p.fields(restorations)).is(http.StatusOK).sound().has("Restored 2", "Refused 1", "leaver01@example.org")
	v.get("/console/users/" + ids[1]).has("Office suite").lacks("Can be restored until")
	all = url.Values{"all": {"true"}, "filters": {"department=Leavers&deleted=true"}}
	form = v.get(restorations + "?" + all.Encode()).sound().has("Users to restore: 10").fields(restorations)
	v.post(restorations, form).is(http.StatusUnprocessableEntity).sound().has("To correct: 1")
	form = v.get(restorations + "?" + all.Encode()).fields(restorations)
	form.Set("count", "10")
	v.post(restorations, form).is(http.StatusOK).sound().has("Restored 10")

	// The page says when more users match than one call accepts. If the API does not respond, no user is restored.
	f.proxy.answer("GET /users", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"items": [{"id": %q}], "totals": {"users": 2500}}`, ids[0])
	})
	v.get(deletions+"?all=true").is(http.StatusOK).sound().has("Users to delete: 1,000", "the first of the 2,500 that match")
	f.proxy.answer("GET /users", nil)
	f.proxy.answer("POST /users/"+ids[0]+"/restoration", problem(http.StatusServiceUnavailable, "try_again", "Later."))
	form = v.get(restorations + "?ids=" + ids[0]).fields(restorations)
	v.post(restorations, form).is(http.StatusServiceUnavailable).sound().has("It is not known whether the change was made")
	f.proxy.answer("POST /users/"+ids[0]+"/restoration", nil)
	v.get(deletions).is(http.StatusSeeOther)
	f.as(t, bo).get(deletions + "?ids=" + ids[0]).is(http.StatusForbidden)
	f.as(t, bo).post(deletions, two).is(http.StatusForbidden)

	all = url.Values{"all": {"true"}, "filters": {"department=Leavers"}}
	form = v.get(deletions + "?" + all.Encode()).fields(deletions)
	form.Set("acknowledge", "service-data")
	form.Set("count", "12")
	v.post(deletions, form).has("Deleted 12")
}

// testListFiles: each list that the API exports has links to its files, with the filters of the page.
func testListFiles(t *testing.T, f *filled) {
	v := f.as(t, bo)
	for address, want := range map[string]string{
		"/console/users?department=sales":                         "ann@example.org",
		"/console/subscriptions/" + f.suite:                       "ann@example.org",
		"/console/subscriptions/" + f.drawing + "?tab=waiting":    "bob@example.org",
		"/console/license-jobs/" + f.job:                          "cleo@example.org",
		"/console/conflicts/" + f.short:                           "ann@example.org",
		"/console/conflicts?kind=shortage":                        "Planning",
		"/console/devices?prefix=room":                            "Room 1",
		"/console/device-groups":                                  "Meeting rooms",
		"/console/device-groups/" + f.rooms + "?licensed=true":    "Room 1",
		"/console/reports/installations?deviceGroup=" + f.rooms:   "",
		"/console/audit?action=rule.added":                        "rule.added",
		"/console/subscriptions?q=office":                         "Office suite",
		"/console/reports/purchases?status=active&sort=publisher": "",
	} {
		files := map[string]*page{}
		for _, link := range v.get(address).is(http.StatusOK).links() {
			path, _, _ := strings.Cut(link, "?")
			if strings.Contains(link, "/export/") || strings.HasSuffix(path, "/export") {
				files[path[strings.LastIndexByte(path, '/')+1:]] = v.get(link).is(http.StatusOK)
			}
		}
		csv := files["csv"]
		if csv == nil {
			csv = files["export"]
		}
		if csv == nil || files["xlsx"] == nil && files["export"] == nil {
			t.Errorf("%s has no links to files: %v", address, files)
			continue
		}
		if want != "" && !strings.Contains(csv.body, want) {
			t.Errorf("%s: the file lacks %q: %s", address, want, csv.body)
		}
		if x := files["xlsx"]; x != nil && !strings.HasPrefix(x.body, "PK") {
			t.Errorf("%s: the workbook is %.80q", address, x.body)
		}
	}
	if csv := v.get("/console/export/users/csv?department=sales").is(http.StatusOK).body; !strings.Contains(csv, "userPrincipalName") || strings.Contains(csv, "bob@example.org") {
		t.Errorf("the file ignores the filters: %s", csv)
	}
	if csv := v.get("/console/export/conflicts/csv?kind=expired").is(http.StatusOK).body; !strings.Contains(csv, "shortBy") || strings.Contains(csv, "Planning") {
		t.Errorf("the file of conflicts ignores the filter: %s", csv)
	}
	for _, format := range []string{"csv", "xlsx"} { // beside the report
		link := "/console/export/license-assignments/" + format
		if n := len(v.get("/console/subscriptions").all("a", "href", link)); n != 1 {
			t.Errorf("the page of subscriptions has %d links to %s", n, link)
		}
		if file := v.get(link).is(http.StatusOK).body; format == "csv" && strings.Count(file, "ann@example.org") < 3 {
			t.Errorf("%s lacks licences: %s", link, file)
		}
	}
	v.get("/console/export/users/pdf").is(http.StatusNotFound).sound()
	v.get("/console/export/users/html").is(http.StatusNotFound).sound()
}
