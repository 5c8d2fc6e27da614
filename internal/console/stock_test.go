package console_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stock is the ids of things about inventory in a world with data.
type stock struct{ source, entry, rule, undecided, publisher, title, other, statement, adjusted string }

type recounted struct {
	Counting bool
	Sources  []struct{ ID, Source string }
}

// fillStock adds what pages about inventory show. The rule matches nothing, so other pages stay the same.
func (f *filled) fillStock(t testing.TB) {
	t.Helper()
	var one struct{ ID string }
	f.ask(t, "POST", "/inventory/rules", `{"kind": "ignored", "name": "Meuse Old Planner*"}`, &one)
	f.rule = one.ID
	f.ask(t, "PUT", "/inventory/decisions/dassault-draftsight-undecidable", `{"choices": [{"versions": "20*", "kind": "free"}]}`, nil)
	var inventory recounted
	eventually(t, "the recount", func() bool {
		f.ask(t, "GET", "/inventory", "", &inventory)
		return !inventory.Counting
	})
	f.stock.source = inventory.Sources[0].ID
	var queue listed
	f.ask(t, "GET", "/inventory/queue", "", &queue)
	f.entry = queue.Items[0].ID
	var open listed
	f.ask(t, "GET", "/inventory/undecided", "", &open)
	f.undecided = open.Items[0].ID
	f.fillRest(t)
}

// fillRest adds publishers, and finds a product to adjust. Nothing is adjusted, so reports stay the same.
func (f *filled) fillRest(t testing.TB) {
	t.Helper()
	var one struct{ ID string }
	f.ask(t, "POST", "/catalog/publishers", `{"name": "Meuse Software", "aliases": ["Meuse BV"]}`, &one)
	f.publisher = one.ID
	f.ask(t, "POST", "/catalog/publishers/"+f.publisher+"/titles", `{"name": "Stockroom Planner"}`, &one)
	f.title = one.ID
	f.ask(t, "POST", "/catalog/publishers", `{"name": "Meuse Systems"}`, &one)
	f.stock.other = one.ID
	var statements listed
	f.ask(t, "GET", "/statements", "", &statements)
	f.statement = statements.Items[0].ID
	var rows struct{ Rows []struct{ ID string } }
	f.ask(t, "GET", "/reports/license-installations?sort=product&order=asc", "", &rows)
	f.adjusted = rows.Rows[0].ID
}

// stockViews are the pages about inventory that are read, by name.
func (f *filled) stockViews() map[string]string {
	return map[string]string{
		"inventory": "/console/inventory", "source": "/console/inventory/sources/" + f.stock.source, "titles": "/console/inventory/titles?kind=undecidable",
		"titles-no-match": "/console/inventory/titles?q=nothing-has-this-name",
		"unknown":         "/console/unknown", "unknown-no-match": "/console/unknown?q=nothing-has-this-name", "unknown-entry": "/console/unknown/" + f.entry,
		"rules": "/console/rules?name=Notepad%2B%2B", "rules-trueup": "/console/rules?origin=trueup", "rule-add": "/console/rules/add", "rule-edit": "/console/rules/" + f.rule + "/edit",
		"undecided": "/console/undecided", "undecided-one": "/console/undecided/" + f.undecided, "decided": "/console/undecided/dassault-draftsight-undecidable",
		"catalog": "/console/catalog?q=meuse", "catalog-no-match": "/console/catalog?q=nothing-has-this-name", "publisher": "/console/catalog/" + f.publisher,
		"merge": "/console/catalog/" + f.publisher + "/merge?q=systems", "merge-both": "/console/catalog/" + f.publisher + "/merge?into=" + f.stock.other,
		"merge-title": "/console/catalog/" + f.publisher + "/titles/" + f.title + "/merge?q=nothing",
		"statements":  "/console/statements", "statement": "/console/statements/" + f.statement, "statement-removal": "/console/statements/" + f.statement + "/removal",
		"adjustments": "/console/adjustments", "adjustment": "/console/adjustments/" + f.adjusted, "audit": "/console/audit?action=rule.added", "audit-no-match": "/console/audit?subject=none",
		"rule-deletions": "/console/rules/deletions?ids=" + f.rule,
	}
}

// testStock runs the tests of pages about inventory that change it.
func testStock(t *testing.T) {
	w := newWorld(t)
	w.upload(t, "inventory/Queue office/export.csv", "ApplicationName,ApplicationPublisher,ApplicationVersion,DeviceId\n"+
		"Camtasa Studyo 9,TechSmith,9.1,pc1\nCamtasa Studyo 2019,TechSmith,19.1,pc2\nIlustrator Profesional,Adobe Systems,1,pc1\nQueue {braces} * 1.2,Contoso,1.2,pc1\n"+
		"Queue {braces} * 1.3,Contoso,1.3,pc2\nQueue {braces} * 1.3,Contoso,1.3,pc3\nqueue_driver,,1,pc1\nAdobe Acrobat DC,Adobe,24.1,pc1\nAdobe Acrobat DC,Adobe,23.1,pc2\n,Contoso,1,pc1\n")
	eventually(t, "the inventory", func() bool {
		var inventory struct{ Devices int }
		w.ask(t, "GET", "/inventory", "", &inventory)
		return inventory.Devices > 0
	})
	for _, test := range []struct {
		name string
		run  func(*testing.T, *world)
	}{
		{"a source", testSource},
		{"unknown titles", testUnknown},
		{"rules", testRules},
		{"undecided titles", testUndecided},
		{"catalog", testCatalog},
		{"statements", testStatements},
		{"adjustments", testAdjustments},
		{"audit", testAudit},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, w) })
	}
}

// upload puts a file with the content into the uploads bucket.
func (w *world) upload(t testing.TB, key, content string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.csv")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	w.put(t, key, file)
}

// settled waits until no file is being counted again.
func (w *world) settled(t testing.TB) {
	t.Helper()
	eventually(t, "the recount", func() bool {
		var inventory recounted
		w.ask(t, "GET", "/inventory", "", &inventory)
		return !inventory.Counting
	})
}

// testSource: R6.8 a source with its unreadable rows, and a file that was refused.
func testSource(t *testing.T, w *world) {
	v := w.as(t, an)
	p := v.get("/console/inventory").is(http.StatusOK).sound().has("queue office", "Sources: 1", "Days old: 0")
	path := below(p.main(), "th", "scope", "row")
	v.get(value(below(path[0], "a")[0], "href")).is(http.StatusOK).sound().has("The row has no title.", "11", "Unreadable rows", "Camtasa Studyo 9")
	v.get("/console/inventory/sources/none").is(http.StatusNotFound).sound()
	v.get("/console/inventory/titles?kind=none").is(http.StatusUnprocessableEntity).sound().has("Clear filters")
	v.get("/console/inventory/titles?kind=unknown&q=camtasa").is(http.StatusOK).has("Camtasa Studyo 2019").lacks("queue_driver")

	// A file with a name for its PCs is its own source, and leads back to the page.
	up := v.upload("/console/uploads/inventory", url.Values{"source": {"Bad/name"}}, "../../events/inventory/appinvrawdata.csv").is(http.StatusUnprocessableEntity).sound()
	up.has("Give the name of a folder")
	v.upload("/console/uploads/inventory", url.Values{"source": {"Ghent"}}, "../../events/README.md").is(http.StatusSeeOther)
	eventually(t, "the refused file", func() bool { return strings.Contains(v.get("/console/inventory").body, "ghent") })
	v.get("/console/inventory").sound().has("ghent", "Rejected")
	w.as(t, bo).get("/console/inventory").is(http.StatusOK).sound().lacks("/console/uploads/inventory")
	large := v.post("/console/uploads/inventory", url.Values{"fileName": {"large.csv"}, "size": {"900000000"}, "source": {"Liege"}}).is(http.StatusOK)
	if !strings.Contains(large.body, "inventory/Liege/large.csv") {
		t.Errorf("the address for a large file is %s", large.body)
	}
	v.note = nil
}

// testUnknown: R6.6 the queue: one title after the other, with a rule or a proposal.
func testUnknown(t *testing.T, w *world) {
	v := w.as(t, an)
	list := v.get("/console/unknown").is(http.StatusOK).sound().has("Queue {braces} *", "Camtasa Studyo", "Shown: 4 of 4")
	var first string
	for _, link := range below(list.main(), "a", "href", "*") {
		if textOf(link) == "Queue {braces} *" {
			first = value(link, "href")
		}
	}
	p := v.get(first).is(http.StatusOK).sound().has("Titles that it would match: 2. PCs: 3", "Queue {braces} * 1.3")
	form := p.fields(first)
	if got := form.Get("name"); got != `Queue \{braces\} \**` {
		t.Errorf("the rule is prefilled with %q", got)
	}

	// What it would match is shown before anything is saved; a wrong pattern, too.
	form.Set("action", "check")
	form.Set("name", "*studyo*")
	form.Set("publisher", "")
	v.post(first, form).is(http.StatusOK).sound().has("Titles that it would match: 2. PCs: 2", "Camtasa Studyo 2019")
	form.Set("name", "{wrong}")
	v.post(first, form).is(http.StatusOK).sound().has("A pattern is wrong")
	v.get("/console/rules").has("There are no own rules yet")
	form.Del("action")
	form.Set("productFamily", "")
	p = v.post(first, form).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("name") == "" || p.fieldError("productFamily") == "" {
		t.Errorf("no error at the pattern or the product: %s", p.text())
	}

	// The next title comes by itself.
	form = v.get(first).fields(first)
	form.Set("kind", "ignored")
	p = v.done(first, form).is(http.StatusOK).sound().has("The rule is saved. Titles that follow it: 2. PCs: 3", "Camtasa Studyo", "Proposals")
	accept := p.fields("/console/unknown/acceptances")
	p = v.done("/console/unknown/acceptances", accept).is(http.StatusOK).sound().has("Proposals accepted: 1", "Ilustrator Profesional")
	v.done(p.path, url.Values{"kind": {"free"}, "name": {"Ilustrator Profesional"}}).has("The rule is saved.") // no next title: to the queue
	w.settled(t)
	v.get("/console/unknown").is(http.StatusOK).sound().has("queue_driver", "Shown: 1 of 1")
	if to := v.get(first).is(http.StatusSeeOther).header.Get("Location"); to != "/console/unknown" {
		t.Errorf("a title that is decided leads to %s", to)
	}
	v.get("/console/unknown").has("This title is no longer in the queue")
	again := v.post("/console/unknown/acceptances", url.Values{"proposals": accept["proposals"]}).is(http.StatusSeeOther)
	v.get(again.header.Get("Location")).has("No longer in the queue: 1")
	v.post("/console/unknown/acceptances", url.Values{}).is(http.StatusSeeOther)
	w.as(t, bo).post("/console/unknown/acceptances", accept).is(http.StatusForbidden)
}

// testRules: R6.4 the order of rules, editing one that somebody else changed, trying a title, deleting.
func testRules(t *testing.T, w *world) {
	v := w.as(t, an)
	v.get("/console/rules?name=Queue+%7Bbraces%7D+*+1.3").is(http.StatusOK).sound().has("Ignored", "an admin's rule ignores it")
	list := v.get("/console/rules").is(http.StatusOK).sound()
	var edits []string
	for _, link := range below(list.main(), "a", "href", "*") {
		if href := value(link, "href"); strings.HasSuffix(href, "/edit") {
			edits = append(edits, href)
		}
	}
	if len(edits) < 3 {
		t.Fatalf("rules: %v", edits)
	}

	// A title that is not recognised leads to a rule that makes it a product with a similar name.
	unknown := v.get("/console/rules?name=Ilustrator+Profesionel&publisher=Adobe").is(http.StatusOK).sound().has("Proposals", "Illustrator")
	unknown.mayUse(an)
	var proposed string
	for _, link := range below(unknown.main(), "a", "href", "*") {
		if href := value(link, "href"); proposed == "" && strings.Contains(href, "productFamily=") {
			proposed = href
		}
	}
	if form := v.get(proposed).is(http.StatusOK).sound().fields("/console/rules/add"); form.Get("name") != "Ilustrator Profesionel" || form.Get("productFamily") != "Illustrator" {
		t.Errorf("the form of the rule is %v", form)
	}
	w.as(t, bo).get("/console/rules?name=Ilustrator+Profesionel&publisher=Adobe").sound().mayUse(bo)

	// The last rule moves to the top; a list that is out of date does not move it.
	move := list.fields("/console/rules/positions")
	id := strings.Split(edits[2], "/")[3]
	move.Set("move", id+"@1")
	moved := v.done("/console/rules/positions", move).has("The rule is moved.")
	if first := below(moved.main(), "th", "scope", "row")[0]; !strings.Contains(value(below(first, "a")[0], "href"), id) {
		t.Errorf("the first rule is %s", textOf(first))
	}
	move.Set("key", "another")
	v.post("/console/rules/positions", move).is(http.StatusPreconditionFailed).sound().has("Nothing was changed.")

	// Somebody else has changed the rule: both are shown, and the typed one can be saved anyway.
	mine, theirs := v.get(edits[0]).sound().fields(edits[0]), v.get(edits[0]).fields(edits[0])
	theirs.Set("name", "Theirs*")
	v.done(edits[0], theirs).has("Theirs*")
	mine.Set("name", "Mine*")
	mine.Set("key", "mine")
	p := v.post(edits[0], mine).is(http.StatusPreconditionFailed).sound().has("Another person has changed this meanwhile", "Theirs*", "Mine*", "Save mine anyway")
	v.done(edits[0], p.fields(edits[0])).has("Mine*", "No detected title follows the rule")

	add := v.get("/console/rules/add").sound().fields("/console/rules/add")
	add.Set("kind", "alias")
	add.Set("name", "")
	p = v.post("/console/rules/add", add).is(http.StatusUnprocessableEntity).sound()
	if p.fieldError("name") == "" || p.fieldError("titleName") == "" {
		t.Errorf("no error at the name or the title: %s", p.text())
	}
	add.Set("action", "check")
	add.Set("name", "queue_driver")
	v.post("/console/rules/add", add).is(http.StatusOK).sound().has("Titles that it would match: 1. PCs: 1")

	ask := v.get("/console/rules/deletions?ids=" + id).is(http.StatusOK).sound().has("Rules to delete: 1")
	v.done("/console/rules/deletions", ask.fields("/console/rules/deletions")).has("Deleted: 1")
	v.get("/console/rules/deletions?ids=" + id).is(http.StatusNotFound).sound()
	v.get("/console/rules/deletions").is(http.StatusSeeOther)
	v.get("/console/rules/" + id + "/edit").is(http.StatusNotFound).sound()
	if file := v.get("/console/rules/export").is(http.StatusOK); !strings.Contains(file.header.Get("Content-Type"), "json") || !strings.Contains(file.body, "Mine*") {
		t.Errorf("the export is %s %s", file.header.Get("Content-Type"), file.body)
	}
	v.post("/console/rules/positions", url.Values{"move": {"none@1"}}).is(http.StatusNotFound)
	w.settled(t)
}

// testUndecided: R6.5 titles are decided once, or by version, and the decision is taken back.
func testUndecided(t *testing.T, w *world) {
	v := w.as(t, an)
	list := v.get("/console/undecided").is(http.StatusOK).sound().has("Adobe Acrobat")
	path := value(below(below(list.main(), "th", "scope", "row")[0], "a")[0], "href")
	p := v.get(path).is(http.StatusOK).sound().has("Not decided on PCs: 2", "Adobe Acrobat DC")
	var product string
	for _, o := range below(p.all("select", "name", "every")[0], "option") {
		if strings.Contains(value(o, "value"), "product") {
			product = value(o, "value")
		}
	}
	old := p.fields(path)

	form := p.fields(path)
	form["versions"], form["what"] = []string{"24*", "", "24*"}, []string{`{"kind":"free"}`, "", product}
	wrong := v.post(path, form).is(http.StatusUnprocessableEntity).sound()
	if wrong.fieldError("versions-2") == "" {
		t.Errorf("no error at the versions: %s", wrong.text())
	}
	if got := wrong.fields(path); len(got["versions"]) != 3 || got["what"][2] != product {
		t.Errorf("what was typed is lost: %v", got)
	}
	form["versions"], form["what"] = []string{"24*", ""}, []string{`{"kind":"free"}`, ""}
	v.done(path, form).is(http.StatusOK).sound().has("Adobe Acrobat is decided. Titles: 1. PCs: 1", "24*: No licence needed")
	w.settled(t)
	v.get(path).is(http.StatusOK).sound().has("Not decided on PCs: 1")

	old.Set("every", product)
	old.Set("key", "old")
	stale := v.post(path, old).is(http.StatusPreconditionFailed).sound().has("Another person has changed this meanwhile", "24*: No licence needed", "Save mine anyway")
	v.done(path, stale.fields(path)).has("Adobe Acrobat is decided. Titles: 2. PCs: 2")
	w.settled(t)
	p = v.get(path).is(http.StatusOK).sound().lacks("Not decided on PCs")
	w.as(t, bo).get(path).is(http.StatusOK).sound().lacks("/withdrawal")
	back := v.done(path+"/withdrawal", p.fields(path+"/withdrawal")).has("The decision is taken back.").sound()
	back.lacks("24*")
	w.settled(t)
	v.get("/console/undecided").has("Adobe Acrobat")
	v.get("/console/undecided/none").is(http.StatusNotFound).sound()
	v.post("/console/undecided/none", url.Values{"every": {`{"kind":"free"}`}}).is(http.StatusNotFound)
}
