package console_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"trueup/internal/access"
)

// testViews: R8.8 the filters of a report are saved as a view, which is opened, changed, shared, scheduled, stopped,
// started again, sent, and deleted. Whoever may not manage agreements only has views of their own.
func testViews(t *testing.T, f *filled) {
	v := f.as(t, person("vera", access.GlobalAdmin))
	report := v.get("/console/reports/installations?verdict=short&sort=publisher").is(http.StatusOK).sound()
	i := slices.IndexFunc(report.links(), func(address string) bool { return strings.HasPrefix(address, "/console/views/new?") })
	if i < 0 {
		t.Fatal("the report cannot be saved as a view")
	}
	saving := report.links()[i]
	p := v.get(saving).is(http.StatusOK).sound()
	form := p.fields(saving)
	form.Set("name", " ")
	p = v.post(saving, form).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("name") == "" {
		t.Errorf("no error at the name: %s", p.text())
	}
	form.Set("name", "Short of licences")
	form.Set("every", "week")
	p = v.post(saving, form).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("weekday") == "" {
		t.Errorf("no error at the day of the week: %s", p.text())
	}
	form = p.fields(saving)
	form.Set("weekday", "monday")
	form.Set("shared", "true")
	opened := v.post(saving, form).is(http.StatusSeeOther).header.Get("Location")
	id := strings.TrimPrefix(opened, "/console/views/")
	opened = v.get(opened).is(http.StatusSeeOther).header.Get("Location")
	if !strings.Contains(opened, "verdict=short") || !strings.Contains(opened, "sort=publisher") {
		t.Errorf("the view leads to %s", opened)
	}
	v.get(opened).is(http.StatusOK).sound().has("Saved view: Short of licences", "Short of licences is added.").lacks("Save changes")

	// Other filters are saved as those of the view.
	other := strings.Replace(opened, "verdict=short", "verdict=unused", 1)
	form = v.get(other).is(http.StatusOK).sound().has("Save changes").fields("/console/views/" + id + "/filters")
	v.post("/console/views/"+id+"/filters", form).is(http.StatusSeeOther)
	if to := v.get("/console/views/" + id).is(http.StatusSeeOther).header.Get("Location"); !strings.Contains(to, "verdict=unused") {
		t.Errorf("after the change the view leads to %s", to)
	}

	// So are other columns, which files have, too.
	columns := v.get(opened+"&columns=product&columns=verdict&columns=shortfall").is(http.StatusOK).sound().has("Missing", "Save changes")
	form = columns.fields("/console/views/" + id + "/filters")
	v.post("/console/views/"+id+"/filters", form).is(http.StatusSeeOther)
	opened = v.get("/console/views/" + id).is(http.StatusSeeOther).header.Get("Location")
	if !strings.Contains(opened, "columns=product%2Cverdict%2Cshortfall") {
		t.Errorf("after the choice of columns the view leads to %s", opened)
	}
	columns = v.get(opened).is(http.StatusOK).sound().lacks("Save changes")
	if heads := columns.heads(); !slices.Equal(heads, []string{"Product", "Verdict", "Missing"}) {
		t.Errorf("the report has the columns %q", heads)
	}
	i = slices.IndexFunc(columns.links(), func(address string) bool { return strings.Contains(address, "/export/csv?") })
	if i < 0 {
		t.Fatal("the report cannot be downloaded")
	}
	if file := v.get(columns.links()[i]).is(http.StatusOK); !strings.Contains(file.text(), "Product,Verdict,Missing") {
		t.Errorf("the file has %s", file.text())
	}

	act := func(v *visitor, action string) {
		t.Helper()
		form := v.get("/console/views").is(http.StatusOK).sound().fields("/console/views/" + id + "/" + action)
		v.post("/console/views/"+id+"/"+action, form).is(http.StatusSeeOther)
	}
	act(v, "sending")
	v.get("/console/views/" + id + "/files").is(http.StatusOK).sound()
	v.get("/console/views/" + id + "/files/2026-11-21").is(http.StatusNotFound)
	act(v, "stop")
	v.get("/console/views").has("Short of licences")
	act(v, "resumption")
	if n := strings.Count(f.as(t, person("olga", access.GlobalAdmin)).get("/console/views").is(http.StatusOK).text(), "Short of licences"); n != 1 {
		t.Errorf("another admin sees the shared view %d times", n)
	}

	reader := f.as(t, person("rik", access.PasswordAdmin))
	reader.get("/console/views").is(http.StatusOK).sound().has("Short of licences")
	reader.post("/console/views/"+id+"/stop", url.Values{}).is(http.StatusForbidden)
	reader.post("/console/views/"+id+"/sending", url.Values{}).is(http.StatusForbidden)
	p = reader.get(saving).is(http.StatusOK).sound()
	form = p.fields(saving)
	if form.Has("every") || form.Has("shared") {
		t.Errorf("a reader is offered %v", form)
	}
	form.Set("name", "Of a reader")
	reader.post(saving, form).is(http.StatusSeeOther)
	v.get("/console/views").lacks("Of a reader")

	edit := "/console/views/" + id + "/edit"
	form = v.get(edit).is(http.StatusOK).sound().fields(edit)
	form.Set("name", "Unused licences")
	form.Set("every", "")
	form.Set("weekday", "")
	v.post(edit, form).is(http.StatusSeeOther)
	v.get("/console/views").has("Unused licences is saved.").lacks("Short of licences")
	deletion := "/console/views/" + id + "/deletion"
	form = v.get(deletion).is(http.StatusOK).sound().has("Unused licences").fields(deletion)
	v.post(deletion, form).is(http.StatusSeeOther)
	v.get("/console/views") // says what was done
	v.get("/console/views").is(http.StatusOK).sound().lacks("Unused licences")
	v.get("/console/views/" + id).is(http.StatusNotFound)
}

// testReminders: R8.9 a person makes a calendar feed, whose address is shown once, renews it and revokes it.
func testReminders(t *testing.T, f *filled) {
	v := f.as(t, person("rita", access.ServiceAdmin))
	const making, revoking = "/console/reminders/feed", "/console/reminders/feed/revocation"
	shown := v.get("/console/reminders").is(http.StatusOK).sound()
	address := func(p *page) string {
		t.Helper()
		for _, n := range p.is(http.StatusOK).sound().all("input", "id", "address") {
			return value(n, "value")
		}
		return ""
	}
	first := v.post(making, shown.fields(making))
	if a := address(first); !strings.HasPrefix(a, "https://api.example.org/feeds/") || !strings.HasSuffix(a, ".ics") {
		t.Errorf("the address is %q", a)
	}
	v.get("/console/reminders").sound().lacks("/feeds/")
	if second := v.post(making, first.fields(making)); address(second) == address(first) || address(second) == "" {
		t.Errorf("the new address is %q", address(second))
	}
	v.post(revoking, v.get(revoking).is(http.StatusOK).sound().fields(revoking)).is(http.StatusSeeOther)
	if n := len(v.get("/console/reminders").sound().all("a", "href", revoking)); n != 0 {
		t.Error("a revoked feed can be revoked")
	}
}
