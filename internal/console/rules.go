package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"trueup/internal/console/client"
)

// ruleForm is the form of a rule.
type ruleForm struct {
	Kind, Name, Publisher, Version, Position string
	Product                                  productName
	Title                                    titleName
	Errors                                   formErrors
}

// ruleKinds are the kinds of rules, the usual ones first.
var ruleKinds = []string{"product", "component", "free", "ignored", "alias", "update", "language", "driver", "runtime"}

func ruleFormOf(form url.Values) ruleForm {
	return ruleForm{
		Kind: form.Get("kind"), Name: form.Get("name"), Publisher: form.Get("publisher"), Version: form.Get("version"), Position: form.Get("position"),
		Product: productName{form.Get("productPublisher"), form.Get("productFamily"), form.Get("productEdition"), form.Get("productVersion")},
		Title:   titleName{form.Get("titlePublisher"), form.Get("titleName"), form.Get("titleVersion")},
	}
}

func (r *rule) form() ruleForm {
	f := ruleForm{Kind: r.Kind, Name: r.Name, Publisher: r.Publisher, Version: r.Version, Position: strconv.Itoa(r.Position)}
	if r.Product != nil {
		f.Product = *r.Product
	}
	if r.Title != nil {
		f.Title = *r.Title
	}
	return f
}

// ruleBody is a rule as the API takes it.
type ruleBody struct {
	Kind      string       `json:"kind"`
	Name      string       `json:"name"`
	Publisher string       `json:"publisher,omitempty"`
	Version   string       `json:"version,omitempty"`
	Position  any          `json:"position,omitempty"`
	Product   *productName `json:"product,omitempty"`
	Title     *titleName   `json:"title,omitempty"`
}

// body returns the rule with the product or title that its kind has. The fields of other kinds are not
// shown, so they are not sent.
func (f *ruleForm) body() ruleBody {
	b := ruleBody{Kind: f.Kind, Name: f.Name, Publisher: f.Publisher, Version: f.Version, Position: number(f.Position)}
	if f.Kind == "product" || f.Kind == "component" && f.Product != (productName{}) {
		b.Product = &f.Product
	}
	if f.Kind == "alias" {
		b.Title = &f.Title
	}
	return b
}

// ruleFieldIDs maps the JSON pointers of a rule to the ids of fields.
var ruleFieldIDs = map[string]string{
	"/kind": "kind-product", "/name": "name", "/publisher": "publisher", "/version": "version", "/position": "position", "/product": "productFamily",
	"/product/publisher": "productPublisher", "/product/family": "productFamily", "/product/edition": "productEdition", "/product/version": "productVersion",
	"/title": "titleName", "/title/publisher": "titlePublisher", "/title/name": "titleName", "/title/version": "titleVersion",
}

func ruleField(pointer string) string { return ruleFieldIDs[pointer] }

// ruleNote says what a saved rule matches, and what the API warns of.
func (v *visit) ruleNote(r changedRule) {
	titles, devices := v.N(r.Matches.Titles), v.N(r.Matches.Devices)
	if len(r.Warnings) > 0 {
		v.note("console_done_rule_warned", "titles", titles, "devices", devices, "warning", r.Warnings[0].Message)
		return
	}
	v.note("console_done_rule", "titles", titles, "devices", devices)
}

// rulesView is what the list of rules shows.
type rulesView struct {
	rulePage
	Tried     *recognition // how the title in the query is recognised; nil if there is none
	Proposals []proposal   // products that it may be, if it is not recognised
}

func listRules(v *visit) error {
	var m rulesView
	var tried recognition
	var proposed proposalList
	all := v.calls()
	fetch(all, api.listRules, v.only("origin", "cursor"), &m.rulePage)
	if v.q("name") != "" {
		fetch(all, api.recognizeTitle, v.only("name", "publisher", "version"), &tried)
		fetch(all, api.proposeProducts, v.only("name", "publisher"), &proposed)
		m.Tried = &tried
	}
	if err := all.Wait(); err != nil {
		return err
	}
	if tried.Kind == "unknown" {
		m.Proposals = proposed.Items
	}
	return v.render(http.StatusOK, rulesTemplate(v, m))
}

// ruleOf returns the address of the form of a rule that makes the title in the query a product.
func (v *visit) ruleOf(p productName) string {
	return to("/console/rules/add", "name", v.q("name"), "publisher", v.q("publisher"), "productPublisher", p.Publisher, "productFamily", p.Family, "productEdition", p.Edition, "productVersion", p.Version)
}

// own reports whether the list has the rules of admins, which can be changed.
func (m *rulesView) own(v *visit) bool { return v.q("origin") != "trueup" }

// what returns what a rule makes of titles, in words.
func (r *rule) what() string {
	switch {
	case r.Product != nil:
		return r.Product.String()
	case r.Title != nil:
		return r.Title.String()
	}
	return ""
}

// patterns returns the patterns of a rule besides that of the name.
func (r *rule) patterns() string {
	return strings.Join(strings.Fields(r.Publisher+" "+r.Version), " ")
}

// rulePages is the number of pages that all rules of admins have at most.
const rulePages = 10

// findRules returns the rules of admins with these ids, and the version of all rules.
func (v *visit) findRules(ids ...string) (found []rule, version int64, err error) {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	c := v.call()
	c.Query = url.Values{"limit": {wholePage}}
	for range rulePages {
		page, err := send(v, api.listRules, c)
		if err != nil {
			return nil, 0, err
		}
		version = page.RulesVersion
		for _, r := range page.Items {
			if wanted[r.ID] {
				found = append(found, r)
			}
		}
		if page.NextCursor == "" || len(found) == len(ids) {
			break
		}
		c.Query.Set("cursor", page.NextCursor)
	}
	return found, version, nil
}

// findRule returns one rule of an admin.
func (v *visit) findRule(id string) (rule, int64, error) {
	found, version, err := v.findRules(id)
	if err == nil && len(found) == 0 {
		err = errGone
	}
	if err != nil {
		return rule{}, 0, err
	}
	return found[0], version, nil
}

// errGone is the error of a thing that the API lists no more.
var errGone = &client.Problem{Status: http.StatusNotFound}

// rulePageView is the page on which a rule is added or edited.
type ruleView struct {
	ID      string // empty for a new one
	Version int64  // of all rules
	Form    ruleForm
	Matched matchedTitles
	Theirs  []change
	Checked bool // whether the titles were compared
}

// title is the title of the page of a rule.
func (m ruleView) title(v *visit) string {
	if m.ID == "" {
		return v.T("console_rule_add")
	}
	return v.T("console_rule_edit")
}

// path returns the address of the form.
func (m *ruleView) path() string {
	if m.ID == "" {
		return "/console/rules/add"
	}
	return "/console/rules/" + url.PathEscape(m.ID) + "/edit"
}

func addRule(v *visit) error {
	f := ruleForm{
		Kind: "product", Name: literals.Replace(v.q("name")), Publisher: literals.Replace(v.q("publisher")),
		Product: productName{v.q("productPublisher"), v.q("productFamily"), v.q("productEdition"), v.q("productVersion")},
	}
	return v.render(http.StatusOK, ruleTemplate(v, ruleView{Form: f}))
}

func saveNewRule(v *visit) error {
	return v.saveRule("", func(typed ruleForm) (changedRule, error) { return send(v, api.createRule, v.change(typed.body())) })
}

func editRule(v *visit) error {
	r, version, err := v.findRule(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	m := ruleView{ID: r.ID, Version: version, Form: r.form(), Checked: true}
	if m.Matched, err = v.matched(m.Form); err != nil {
		return err
	}
	return v.render(http.StatusOK, ruleTemplate(v, m))
}

func saveRule(v *visit) error {
	id := v.r.PathValue("id")
	return v.saveRule(id, func(typed ruleForm) (changedRule, error) {
		return send(v, api.replaceRule, v.change(typed.body()), id)
	})
}

// saveRule saves the typed rule, or shows what it would match.
func (v *visit) saveRule(id string, save func(ruleForm) (changedRule, error)) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	typed := ruleFormOf(form)
	m, status := ruleView{ID: id, Version: whole(form.Get("version")), Checked: true}, http.StatusOK
	if form.Get("action") != "check" {
		saved, err := save(typed)
		if err == nil {
			v.ruleNote(saved)
			return v.redirect("/console/rules")
		}
		var p *client.Problem
		switch {
		case errors.As(err, &p) && p.Status == http.StatusPreconditionFailed:
			theirs, version, err := v.findRule(id)
			if err != nil {
				return err
			}
			m.Version, m.Theirs = version, v.ruleChanges(theirs.form(), typed)
		case wrongInput(err) != nil:
			typed.Errors = v.place(p, ruleField)
		default:
			return err
		}
		status = p.Status
	}
	m.Form = typed
	if m.Matched, err = v.matched(typed); err != nil {
		return err
	}
	return v.render(status, ruleTemplate(v, m))
}

// ruleChanges returns the fields in which two forms of a rule differ; an empty list if there are none, for
// another rule has changed.
func (v *visit) ruleChanges(theirs, typed ruleForm) []change {
	list := []change{}
	for _, c := range []change{
		{v.T("console_kind"), v.T("console_kind_" + theirs.Kind), v.T("console_kind_" + typed.Kind)},
		{v.T("console_pattern_name"), theirs.Name, typed.Name},
		{v.T("console_pattern_publisher"), theirs.Publisher, typed.Publisher},
		{v.T("console_pattern_version"), theirs.Version, typed.Version},
		{v.T("report_column_product"), theirs.Product.String(), typed.Product.String()},
		{v.T("console_title"), theirs.Title.String(), typed.Title.String()},
		{v.T("console_order"), theirs.Position, typed.Position},
	} {
		if c.Before != c.After {
			list = append(list, c)
		}
	}
	return list
}

// moveRule moves a rule of an admin up or down.
func moveRule(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id, position, _ := strings.Cut(form.Get("move"), "@")
	r, _, err := v.findRule(id)
	if err != nil {
		return err
	}
	f := r.form()
	f.Position = position
	if _, err := send(v, api.replaceRule, v.change(f.body()), id); err != nil {
		return err
	}
	v.note("console_done_rule_moved")
	return v.redirect("/console/rules")
}

// ruleDeletionsPage is the page that asks before rules are deleted.
type ruleDeletionsPage struct {
	Rules   []rule
	Version int64
}

func confirmRuleDeletions(v *visit) error {
	ids := v.query["ids"]
	if len(ids) == 0 {
		return v.redirect("/console/rules")
	}
	found, version, err := v.findRules(ids...)
	if err == nil && len(found) == 0 {
		err = errGone
	}
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, ruleDeletionsTemplate(v, ruleDeletionsPage{found, version}))
}

func deleteRules(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	deleted, err := send(v, api.deleteRules, v.change(bulkBody{IDs: form["ids"]}))
	if err != nil {
		return err
	}
	if deleted.Failed > 0 {
		v.note("console_done_deleted_some", "n", v.N(deleted.Succeeded), "failed", v.N(deleted.Failed))
	} else {
		v.note("console_done_deleted", "n", v.N(deleted.Succeeded))
	}
	return v.redirect("/console/rules")
}

// exportRules sends the rules and decisions as a file.
func exportRules(v *visit) error { return v.forward("/inventory/rules/export", nil, nil) }
