package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"trueup/internal/i18n"
	"trueup/internal/testkit/golden"
)

// compare compares a page in every language with a golden file, and returns the last one.
func (f *filled) compare(t *testing.T, name, address string) (p *page) {
	t.Helper()
	for _, lang := range i18n.Langs {
		v := f.as(t, an)
		v.lang = string(lang)
		p = v.get(address).is(http.StatusOK).sound()
		golden.Equal(t, fmt.Sprintf("testdata/%s/%s.html", lang, name), []byte(f.stable(p)))
	}
	return p
}

// testCatalog: R5.1 to R5.4 publishers and titles are added, and duplicates are merged.
func testCatalog(t *testing.T, w *world) {
	v := w.as(t, an)
	add := func(name, aliases string) string {
		form := v.get("/console/catalog").sound().fields("/console/catalog")
		form.Set("name", name)
		form.Set("aliases", aliases)
		return v.done("/console/catalog", form).is(http.StatusOK).sound().has(name + " is added.").path
	}
	kept, double := add("Scheldt Tools", ""), add("Scheldt Tools Inc", "Scheldt\nST Inc\n")
	v.get(double).has("Scheldt", "ST Inc", "This publisher has no product titles yet")
	wrong := v.post("/console/catalog", url.Values{"name": {"scheldt"}}).is(http.StatusConflict).sound()
	if wrong.fieldError("name") == "" && !strings.Contains(wrong.text(), "Scheldt Tools Inc") {
		t.Errorf("no error at the name: %s", wrong.text())
	}
	for _, name := range []string{"Anchor", "Anchor Pro"} {
		v.done(double, url.Values{"name": {name}}).has(name+" is added.", "Shown")
	}
	wrong = v.post(double, url.Values{"name": {""}}).is(http.StatusUnprocessableEntity).sound()
	if wrong.fieldError("name") == "" {
		t.Errorf("no error at the title: %s", wrong.text())
	}

	// A title into another one.
	var merge string
	for _, link := range below(v.get(double).main(), "a", "href", "*") {
		if value(link, "aria-label") == "Merge Anchor Pro into another" {
			merge = value(link, "href")
		}
	}
	choice := below(v.get(merge+"?q=anchor").is(http.StatusOK).sound().main(), "ul")[0]
	both := v.get(value(below(choice, "a")[0], "href")).is(http.StatusOK).sound().has("Is merged and goes", "Names that become other names of Anchor: 1", "This cannot be undone.")
	v.done(merge, both.fields(merge)).has("Anchor Pro is merged into Anchor.", "Anchor Pro")

	// A publisher into another one: both are shown, and what moves.
	both = v.get(double+"/merge?into="+path.Base(kept)).is(http.StatusOK).sound().has("Names that become other names of Scheldt Tools: 3", "Product titles that move to Scheldt Tools: 1")
	done := v.done(double+"/merge", both.fields(double+"/merge")).has("Scheldt Tools Inc is merged into Scheldt Tools.", "Anchor", "ST Inc")
	if done.path != kept {
		t.Errorf("the merge leads to %s", done.path)
	}
	v.get("/console/catalog/none").is(http.StatusNotFound).sound()
	w.as(t, bo).get(kept).is(http.StatusOK).sound().lacks("/merge")
	w.as(t, bo).get(kept + "/merge").is(http.StatusForbidden).sound()
}

// testStatements: R7 a statement is uploaded, read and taken out of use; a wrong one says where.
func testStatements(t *testing.T, w *world) {
	v := w.as(t, an)
	v.upload("/console/uploads/statements", nil, "../../events/statements/license-summary-mistakes.csv").is(http.StatusSeeOther)
	v.upload("/console/uploads/statements", nil, "../../events/statements/first-statement.csv").is(http.StatusSeeOther)
	eventually(t, "the statements", func() bool {
		text := v.get("/console/statements").text()
		return strings.Contains(text, "In use") && strings.Contains(text, "Rejected")
	})
	list := v.get("/console/statements").sound()
	pages := map[string]string{}
	for _, link := range below(list.main(), "a", "href", "*") {
		pages[textOf(link)] = value(link, "href")
	}
	v.get(pages["license-summary-mistakes.csv"]).is(http.StatusOK).sound().has("What to do", "Mistake:").lacks("/removal")
	used := pages["first-statement.csv"]
	v.get(used).is(http.StatusOK).sound().has("What was read", "In use")
	ask := v.get(used + "/removal").is(http.StatusOK).sound().has("The record and the file are kept.")
	old := ask.fields(used + "/removal")
	old.Set("version", "99")
	old.Set("key", "old")
	v.post(used+"/removal", old).is(http.StatusPreconditionFailed).sound().has("Nothing was changed.")
	v.done(used+"/removal", ask.fields(used+"/removal")).has("first-statement.csv is out of use.", "Taken out of use")
	v.get("/console/statements/none").is(http.StatusNotFound).sound()
}

// testAdjustments: R8 an adjustment is set from the explanation of a product, ended and deleted.
func testAdjustments(t *testing.T, w *world) {
	v := w.as(t, an)
	var rows struct {
		Rows []struct{ ID, Product string }
	}
	eventually(t, "a product", func() bool {
		w.ask(t, "GET", "/reports/license-installations", "", &rows)
		return len(rows.Rows) > 0
	})
	product := rows.Rows[0]
	why := v.get("/console/reports/installations/" + product.ID).is(http.StatusOK).sound()
	at := "/console/adjustments/" + product.ID
	if len(below(why.main(), "a", "href", at)) != 1 {
		t.Errorf("the explanation does not lead to %s", at)
	}
	form := v.get(at).is(http.StatusOK).sound().has(product.Product).lacks("/deletion", "End it today").fields(at)
	form.Set("quantity", "five")
	p := v.post(at, form).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("quantity") == "" || p.fields(at).Get("quantity") != "five" {
		t.Errorf("no error at the quantity, or it is lost: %s", p.text())
	}
	form.Set("quantity", "5")
	form.Set("note", "Bought in Ghent")
	v.done(at, form).is(http.StatusOK).sound().has(product.Product+" is adjusted: +5.", "Bought in Ghent", "Counts")

	list := (&filled{world: w}).compare(t, "adjustments-set", "/console/adjustments")
	if len(below(list.main(), "a", "href", at)) != 1 {
		t.Errorf("the list does not lead to %s", at)
	}
	w.as(t, bo).get("/console/adjustments").is(http.StatusOK).sound().lacks(at)

	// Somebody else has changed it meanwhile.
	form.Set("quantity", "7")
	form.Set("key", "other")
	stale := v.post(at, form).is(http.StatusPreconditionFailed).sound().has("Another person has changed this meanwhile", "Save mine anyway", "7")
	v.done(at, stale.fields(at)).has("is adjusted: +7.")

	end := v.get(at).fields(at)
	end.Set("action", "end")
	v.done(at, end).has("is adjusted: +7.").lacks(">–<")
	del := v.get(at).sound().fields(at + "/deletion")
	v.done(at+"/deletion", del).has("The adjustment of "+product.Product+" is deleted.", "There are no manual adjustments")
	v.get("/console/adjustments/none").is(http.StatusNotFound).sound()
	w.as(t, bo).get(at).is(http.StatusForbidden).sound()
	w.as(t, bo).get("/console/reports/installations/" + product.ID).sound().lacks(at)
}

// testAudit: R9 what happened, by whom, before and after, also as a file.
func testAudit(t *testing.T, w *world) {
	v := w.as(t, bo)
	v.get("/console/audit").is(http.StatusOK).sound().has("Of the last 30 days", "an@example.org", "Adjustment set")
	v.get("/console/audit?action=rule.changed").sound().has("Rule edited", "Theirs*", "Mine*").lacks("The adjustment of", "Bought in Ghent")
	v.get("/console/audit?byName=nobody").sound().has("No event fits these filters")
	v.get("/console/audit?from=yesterday").is(http.StatusUnprocessableEntity).sound().has("Clear filters")
	v.get("/console/audit?action=user.created").sound()
	file := v.get("/console/audit/export?action=adjustment.set").is(http.StatusOK)
	if got := file.header.Get("Content-Type"); !strings.HasPrefix(got, "text/csv") || !strings.Contains(file.body, "Bought in Ghent") || strings.Contains(file.body, "rule.changed") {
		t.Errorf("the export is %s: %s", got, file.body)
	}
}
