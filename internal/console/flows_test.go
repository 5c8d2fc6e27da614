package console_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// upload sends a form with a file, and returns the answer.
func (v *visitor) upload(path string, fields url.Values, file string) *page {
	v.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	if fields == nil {
		fields = url.Values{}
	}
	if !fields.Has("key") {
		fields.Set("key", fmt.Sprint("key-", time.Now().UnixNano()))
	}
	for name, values := range fields {
		for _, value := range values {
			if err := m.WriteField(name, value); err != nil {
				v.t.Fatal(err)
			}
		}
	}
	if file != "" {
		part, err := m.CreateFormFile("file", filepath.Base(file))
		if err != nil {
			v.t.Fatal(err)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			v.t.Fatal(err)
		}
		part.Write(content)
	}
	m.Close()
	r := httptest.NewRequest(http.MethodPost, path, &b)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return read(v.t, path, v.send(r))
}

// fieldError returns the message at a field.
func (p *page) fieldError(id string) string {
	for _, n := range p.all("*", "id", id+"-e") {
		return textOf(n)
	}
	return ""
}

// testAddNumbers: R2.4 an agreement of several typed pairs. + and − work without script.
func testAddNumbers(t *testing.T, f *filled) {
	const path = "/console/agreements/add"
	v := f.as(t, an)
	form := v.get(path + "?how=numbers").fields(path)
	form.Set("name", "Ghent/office")
	form["authorization"], form["license"] = []string{"EA1"}, []string{"5840001"}

	form.Set("action", "add-pair")
	more := v.post(path, form).is(http.StatusOK).sound().fields(path)
	if n := len(more["authorization"]); n != 2 || more.Get("name") != "Ghent/office" || more.Get("authorization") != "EA1" {
		t.Errorf("after + the form is %v", more)
	}
	more.Set("action", "add-pair")
	more = v.post(path, more).fields(path)
	more.Set("action", "remove-pair-1")
	more["authorization"][1] = "gone"
	more = v.post(path, more).fields(path)
	if n := len(more["authorization"]); n != 2 || more["authorization"][1] != "" {
		t.Errorf("after − the form is %v", more)
	}
	for _, action := range []string{"remove-pair-7", "remove-pair--1", "remove-pair-x"} {
		more.Set("action", action)
		v.post(path, more).is(http.StatusOK)
	}
	more.Del("action")

	// Each error is at its field, also where an empty row comes before it.
	more["authorization"], more["license"] = []string{"EA1", "", "EA 3"}, []string{"5840001", "", ""}
	p := v.post(path, more).is(http.StatusUnprocessableEntity).sound().has("To correct: 3")
	for id, want := range map[string]string{"name": "Remove these characters from the name: /", "auth-2": "Remove these: space", "lic-2": "This number is missing"} {
		if got := p.fieldError(id); !strings.Contains(got, want) {
			t.Errorf("at %s: %q, want %q", id, got, want)
		}
	}
	if got := p.fields(path)["authorization"]; len(got) != 3 || got[2] != "EA 3" {
		t.Errorf("what was typed is lost: %v", got)
	}

	more["authorization"], more["license"] = []string{"EA1", "", "EA3"}, []string{"5840001", "", "5840003"}
	more.Set("name", "Ghent office")
	more.Set("group", "new")
	more.Set("newGroup", "Branches")
	v.done(path, more).is(http.StatusOK).has("Ghent office is added.", "Branches", "5840003")

	// R2.1, R2.3: the errors name the other agreement and lead to it.
	more.Set("key", "another-key")
	more.Set("group", "")
	p = v.post(path, more).is(http.StatusConflict).sound()
	if got := p.fieldError("name"); !strings.Contains(got, "The agreement Ghent office already has this name") {
		t.Errorf("at the name: %q", got)
	}
	if got := p.fieldError("auth-2"); !strings.Contains(got, "Ghent office") {
		t.Errorf("at the pair: %q", got)
	}
	for _, link := range []string{"/console/agreements?q=Ghent+office", "/console/agreements?q=EA3"} {
		if len(p.all("a", "href", link)) == 0 {
			t.Errorf("no link to %s", link)
		}
		v.get(link).is(http.StatusOK).has("Shown: 1 of 1", "Ghent office")
	}
}

// testAddOther: R2.6, R5.3 an agreement of type other whose publisher is not in the catalog.
func testAddOther(t *testing.T, f *filled) {
	const path = "/console/agreements/add"
	v := f.as(t, an)
	form := v.get(path + "?how=other").fields(path)
	for name, typed := range map[string]string{"name": "Plotter", "licenses": "ten", "start": "2026-02-30", "end": "2025-01-01", "publisher": "", "productTitle": ""} {
		form.Set(name, typed)
	}
	p := v.post(path, form).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("licenses") == "" {
		t.Errorf("no error at licenses: %s", p.text())
	}
	for name, typed := range map[string]string{"licenses": "10", "start": "2026-01-01", "end": "2027-01-01", "publisher": "Plotters & Sons", "productTitle": "Plot <1>", "details": "secret key"} {
		form.Set(name, typed)
	}
	p = v.post(path, form).is(http.StatusUnprocessableEntity).sound().has("The catalog does not have this publisher or product yet.")
	if p.fieldError("publisher") == "" {
		t.Errorf("no error at the publisher: %s", p.text())
	}
	form.Set("action", "catalog")
	v.done(path, form).is(http.StatusOK).has("Plotter is added.", "Plotters & Sons", "Plot <1>").lacks("secret key", "<1>")

	form.Set("name", "Plotter 2")
	form.Set("key", "second-plotter")
	form.Del("action")
	v.done(path, form).is(http.StatusOK).has("Plotter 2 is added.")
}

// testAddFile: R3.1 a file is uploaded, and its result is shown line by line.
func testAddFile(t *testing.T, f *filled) {
	const path = "/console/imports"
	v := f.as(t, an)
	v.upload(path, url.Values{"onError": {"reject"}, "group": {""}}, "").is(http.StatusUnprocessableEntity).sound().has("Choose a file, then upload it.")
	p := v.upload(path, url.Values{"onError": {"skip"}, "group": {"existing"}, "existingGroup": {f.group}}, "../../events/README.md").is(http.StatusUnprocessableEntity).sound()
	if got := p.fieldError("file"); !strings.Contains(got, ".csv") {
		t.Errorf("at the file: %q", got)
	}
	if form := p.fields(path); form.Get("existingGroup") != f.group || form.Get("onError") != "skip" {
		t.Errorf("the choices are lost: %v", form)
	}

	// Only checked first, then stored.
	upload := func(fields url.Values) *page {
		started := v.upload(path, fields, "../../events/select-enterprise.csv").is(http.StatusSeeOther)
		address := started.header.Get("Location")
		eventually(t, address, func() bool { return len(v.get(address).all("section", "data-final", "")) == 1 })
		return v.get(address).sound()
	}
	upload(url.Values{"onError": {"reject"}, "group": {"new"}, "newGroup": {"Enrollments"}, "dryRun": {"true"}}).has("Only checked, nothing was stored", "Would be added")
	v.get("/console/groups").lacks("Enrollments")
	upload(url.Values{"onError": {"reject"}, "group": {"new"}, "newGroup": {"Enrollments"}}).has("Stored:").lacks("Would be added")
	v.get("/console/groups").has("Enrollments")

	v.get("/console/imports/"+f.refused).has("Nothing was stored. Mistakes:", "What to do", "Download the file with its mistakes")
	v.get("/console/imports/" + f.refused + "?severity=warning").has("The first line is a header")
}

// testEdit: R2.12 two people edit the same agreement.
func testEdit(t *testing.T, f *filled) {
	path := "/console/agreements/" + f.other + "/edit"
	v := f.as(t, an)
	mine := v.get(path).fields(path)
	theirs := v.get(path).fields(path)
	theirs.Set("licenses", "30")
	v.done(path, theirs).has("Design suite is saved.", "30")

	mine.Set("name", "Design tools")
	mine.Set("key", "mine")
	p := v.post(path, mine).is(http.StatusPreconditionFailed).sound().has("Another person has changed this meanwhile", "Nothing of yours was stored", "30", "25", "Save mine anyway")
	v.get("/console/agreements/" + f.other).has("Design suite")
	again := p.fields(path)
	if again.Get("name") != "Design tools" || again.Get("version") == mine.Get("version") {
		t.Errorf("the form is %v", again)
	}
	v.done(path, again).has("Design tools is saved.", "25")

	for field, typed := range map[string]string{"name": "", "end": "2019-01-01"} {
		wrong := v.get(path).fields(path)
		wrong.Set(field, typed)
		p = v.post(path, wrong).is(http.StatusUnprocessableEntity).sound()
		if p.fieldError(field) == "" {
			t.Errorf("no error at %s: %s", field, p.text())
		}
	}
	again = v.get(path).fields(path)
	again.Set("name", "Design suite")
	v.done(path, again).is(http.StatusOK)
	v.post("/console/agreements/"+f.other+"/details", url.Values{}).has("Key: 1234-5678") // an edit without details keeps them
}

// testPairs: pairs are added to an agreement and removed from it.
func testPairs(t *testing.T, f *filled) {
	path := "/console/agreements/" + f.volume
	v := f.as(t, an)
	form := v.get(path).fields(path + "/pairs")
	form["authorization"], form["license"] = []string{"01-07099", ""}, []string{"", ""}
	p := v.post(path+"/pairs", form).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("lic-0") == "" {
		t.Errorf("no error at the number: %s", p.text())
	}
	form.Set("license", "01-07099")
	v.done(path+"/pairs", form).has("Pairs added: 1", "01-07099")
	page := v.get(path)
	var removal string
	for _, sent := range page.actions() {
		if action, ok := strings.CutPrefix(sent, "POST "); ok && strings.HasSuffix(action, "/removal") {
			row := page.all("form", "action", action)[0]
			if strings.Contains(textOf(row), "01-07099") {
				removal = action
			}
		}
	}
	v.done(removal, page.fields(removal)).has("The pair is removed.").lacks("01-07099")
	old := page.fields(removal)
	old.Set("key", "again")
	v.post(removal, old).is(http.StatusPreconditionFailed).sound().has("Nothing was changed.")
}

// testMoveAndDelete: R2.10 many agreements at once.
func testMoveAndDelete(t *testing.T, f *filled) {
	v := f.as(t, an)
	var made []string
	for i := range 12 {
		var one struct{ ID string }
		f.ask(t, "POST", "/agreements", fmt.Sprintf(`{"type": "volume", "name": "Bulk %02d", "pairs": [{"authorizationNumber": "BU%03d", "licenseNumber": "BU%03d"}], "group": {"name": "Bulk"}}`, i, i, i), &one)
		made = append(made, one.ID)
	}
	var groups listed
	f.ask(t, "GET", "/groups", "", &groups)
	var bulk string
	for _, g := range groups.Items {
		if g.Name == "Bulk" {
			bulk = g.ID
		}
	}
	rows := url.Values{"group": {f.group}, "ids": {made[0] + "@" + bulk, made[1] + "@" + bulk}}
	p := v.done("/console/agreements/moves", rows).is(http.StatusOK).sound().has("Moved: 2", "Undo")
	v.get("/console/groups/"+bulk).lacks("Bulk 00", "Bulk 01").has("Bulk 02")
	v.done("/console/agreements/moves", p.fields("/console/agreements/moves")).has("Moved: 2").lacks("Undo")
	v.get("/console/groups/"+bulk).has("Bulk 00", "Bulk 01")
	v.post("/console/agreements/moves", url.Values{"group": {f.group}}).is(http.StatusSeeOther) // nothing ticked

	all := url.Values{}
	for _, id := range made {
		all.Add("ids", id+"@"+bulk)
	}
	p = v.get("/console/agreements/deletions?"+all.Encode()).is(http.StatusOK).sound().has("Agreements to delete: 12", "Bulk 00", "And 2 more", "Type the number of agreements to confirm: 12", "The real agreements with the publishers stay")
	form := p.fields("/console/agreements/deletions")
	form.Set("count", "11")
	v.post("/console/agreements/deletions", form).is(http.StatusUnprocessableEntity).sound()
	v.get("/console/groups/" + bulk).has("Bulk 11")
	form.Set("count", "12")
	v.done("/console/agreements/deletions", form).has("Deleted: 12")
	v.get("/console/groups/" + bulk).has("This license group has no agreements")
	v.get("/console/agreements/deletions").is(http.StatusSeeOther)

	// All that match the filters, over several pages.
	for i := range 55 {
		f.ask(t, "POST", "/agreements", fmt.Sprintf(`{"type": "volume", "name": "Many %02d", "pairs": [{"authorizationNumber": "MA%03d", "licenseNumber": "MA%03d"}], "group": {"name": "Bulk"}}`, i, i, i), nil)
	}
	p = v.get("/console/agreements?q=many").is(http.StatusOK).sound().has("Shown: 50 of 55", "All 55 that match")
	many := p.fields("/console/agreements/moves")
	many.Set("all", "true")
	many.Set("group", f.group)
	v.done("/console/agreements/moves", many).has("Moved: 55")
	p = v.get("/console/agreements/deletions?" + url.Values{"all": {"true"}, "filters": many["filters"]}.Encode()).is(http.StatusOK).sound().has("Agreements to delete: 55")
	form = p.fields("/console/agreements/deletions")
	form.Set("count", "55")
	v.done("/console/agreements/deletions", form).has("Deleted: 55")
	v.get("/console/agreements?q=many").has("No agreement fits these filters")

	var one struct{ ID string }
	f.ask(t, "POST", "/agreements", `{"type": "volume", "name": "Single", "pairs": [{"authorizationNumber": "SI1", "licenseNumber": "SI1"}]}`, &one)
	path := "/console/agreements/" + one.ID + "/deletion"
	v.done(path, v.get(path).fields(path)).has("Single is deleted here. The real agreement with the publisher stays.")
	v.get("/console/agreements/" + one.ID).is(http.StatusNotFound).sound().has("There is no such agreement")
}

// testGroups: R4.1, R4.3 a license group from its beginning to its end.
func testGroups(t *testing.T, f *filled) {
	v := f.as(t, an)
	form := v.get("/console/groups").fields("/console/groups")
	form.Set("name", "Antwerp & co")
	p := v.post("/console/groups", form).is(http.StatusUnprocessableEntity).sound()
	if got := p.fieldError("name"); !strings.Contains(got, "&") {
		t.Errorf("at the name: %q", got)
	}
	form.Set("name", "Antwerp")
	p = v.done("/console/groups", form).has("The license group Antwerp is added.", "This license group has no agreements").sound()
	path := strings.TrimSuffix(p.path, "/")
	rename := p.fields(path)
	rename.Set("name", "brussels")
	v.post(path, rename).is(http.StatusConflict).sound()
	rename.Set("name", "Antwerp port")
	rename.Set("key", "rename")
	v.done(path, rename).has("Antwerp port is saved.")
	v.done(path+"/deletion", v.get(path+"/deletion").sound().fields(path+"/deletion")).has("Antwerp port is deleted.")
	v.get(path).is(http.StatusNotFound)
}

// testRefresh: R7.1 Refresh now, for those who may.
func testRefresh(t *testing.T, f *filled) {
	v := f.as(t, person("sam", "service-admin"))
	eventually(t, "the end of others", func() bool { return len(v.get("/console/refreshes").all("*", "data-poll", "")) == 0 })
	form := v.get("/console/overview").fields("/console/refreshes")
	p := v.done("/console/refreshes", form).is(http.StatusOK).sound()
	path := p.path
	eventually(t, "the refresh", func() bool { return len(v.get(path).all("*", "data-poll", "")) == 0 })
	v.get(path).sound().has("Whole organisation", "Asked for", "sam@example.org")
	f.as(t, bo).post("/console/refreshes", url.Values{}).is(http.StatusForbidden)
	v.get("/console/refreshes").is(http.StatusOK).has("Asked for")
}

// testLookup: R5.1 names while typing.
func testLookup(t *testing.T, f *filled) {
	v := f.as(t, bo)
	if got := v.get("/console/lookup/publishers?q=ado").is(http.StatusOK).body; !strings.Contains(got, "Adobe") {
		t.Errorf("publishers: %q", got)
	}
	if got := v.get("/console/lookup/titles?publisher=adobe&q=photo").is(http.StatusOK).body; !strings.Contains(got, "Photoshop") {
		t.Errorf("titles: %q", got)
	}
	if got := v.get("/console/lookup/titles?publisher=nobody-of-this-name&q=photo").is(http.StatusOK).body; got != "" {
		t.Errorf("titles of an unknown publisher: %q", got)
	}
}
