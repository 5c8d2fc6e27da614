package console

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/console/client"
)

// undecidedPage is what the list of undecided titles shows.
type undecidedPage struct {
	Undecided []undecided
	Decisions []titleDecision
}

func listUndecided(v *visit) error {
	var open undecidedList
	var made decisionList
	all := v.calls()
	fetch(all, api.listUndecided, nil, &open)
	fetch(all, api.listTitleDecisions, nil, &made)
	if err := all.Wait(); err != nil {
		return err
	}
	return v.render(http.StatusOK, undecidedTemplate(v, undecidedPage{open.Items, made.Items}))
}

// decisionView is the page on which titles of one name are decided.
type decisionView struct {
	undecided
	Version int64 // of all rules and decisions
	Decided []decidedTitle
	Rows    []decisionRow // by version
	Every   string        // the choice for every other version; empty for none
	Theirs  []change
	Errors  formErrors
}

// decisionRow is a choice for some versions in the form.
type decisionRow struct{ Versions, What string }

// blankRows is the number of rows that the form has for further choices.
const blankRows = 2

// what returns a choice as a value of the form. It is sent to the API as it is.
func what(kind string, p *productName) string {
	b, err := json.Marshal(decidedTitle{Kind: kind, Product: p})
	if err != nil {
		return ""
	}
	return string(b)
}

// what returns the choice of a candidate.
func (c candidate) what() string {
	if c.Kind == "product" {
		return what(c.Kind, &c.Product)
	}
	return what(c.Kind, nil)
}

// label returns what titles are, in words.
func (v *visit) decidedAs(kind string, p *productName) string {
	if kind == "product" && p != nil {
		return p.String()
	}
	return v.T("console_kind_free")
}

// candidates returns what can be chosen: the candidates, what was chosen before, and free.
func (m *decisionView) candidates(v *visit) (list []option) {
	add := func(value, label string) {
		if !slices.ContainsFunc(list, func(o option) bool { return o.Value == value }) {
			list = append(list, option{Value: value, Label: label})
		}
	}
	for _, c := range m.Candidates {
		if c.Kind == "product" {
			add(c.what(), c.Product.String())
		}
	}
	for _, d := range m.Decided {
		if d.Kind == "product" {
			add(what(d.Kind, d.Product), d.Product.String())
		}
	}
	add(what("free", nil), v.T("console_kind_free"))
	return list
}

// path returns the address of the page.
func (m *decisionView) path() string { return "/console/undecided/" + url.PathEscape(m.ID) }

// decision reads the titles of one name and what was decided about them.
func (v *visit) decision(id string) (m decisionView, err error) {
	var open undecidedList
	var made decisionList
	all := v.calls()
	fetch(all, api.listUndecided, nil, &open)
	fetch(all, api.listTitleDecisions, nil, &made)
	if err := all.Wait(); err != nil {
		return m, err
	}
	m.Version = made.RulesVersion
	found := false
	for _, u := range open.Items {
		if u.ID == id {
			m.undecided, found = u, true
		}
	}
	for _, d := range made.Items {
		if d.ID == id {
			m.ID, m.Name, m.Decided, found = d.ID, d.Name, d.Choices, true
		}
	}
	if !found {
		return m, errGone
	}
	return m, nil
}

// fill sets the fields of the form to what was decided.
func (m *decisionView) fill() {
	for _, d := range m.Decided {
		if d.Versions == "" {
			m.Every = what(d.Kind, d.Product)
		} else {
			m.Rows = append(m.Rows, decisionRow{d.Versions, what(d.Kind, d.Product)})
		}
	}
	m.Rows = append(m.Rows, make([]decisionRow, blankRows)...)
}

func showDecision(v *visit) error {
	m, err := v.decision(v.r.PathValue("title"))
	if err != nil {
		return err
	}
	m.fill()
	return v.render(http.StatusOK, decisionTemplate(v, m))
}

// decisionBody is the body of a decision.
type decisionBody struct {
	Choices []decidedTitle `json:"choices"`
}

// typed reads the form. It returns the choices and the ids of their fields; rows without a choice are left out.
func (m *decisionView) typed(form url.Values) (body decisionBody, ids []string) {
	body.Choices = []decidedTitle{}
	add := func(versions, what, id string) {
		var d decidedTitle
		if json.Unmarshal([]byte(what), &d) == nil {
			d.Versions = versions
			body.Choices, ids = append(body.Choices, d), append(ids, id)
		}
	}
	for i, versions := range form["versions"] {
		if i >= len(form["what"]) {
			break
		}
		row := decisionRow{strings.TrimSpace(versions), form["what"][i]}
		m.Rows = append(m.Rows, row)
		if row.Versions != "" {
			add(row.Versions, row.What, strconv.Itoa(i))
		}
	}
	m.Every = form.Get("every")
	add("", m.Every, "every")
	return body, ids
}

// decisionField maps the JSON pointers of a decision to the ids of fields.
func decisionField(ids []string) func(string) string {
	return func(pointer string) string {
		rest, ok := strings.CutPrefix(pointer, "/choices/")
		index, part, _ := strings.Cut(rest, "/")
		i, err := strconv.Atoi(index)
		switch {
		case !ok || err != nil || i < 0 || i >= len(ids):
			return "every"
		case ids[i] == "every":
			return "every"
		case strings.HasPrefix(part, "product"):
			return "what-" + ids[i]
		}
		return "versions-" + ids[i]
	}
}

func decideTitle(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := v.r.PathValue("title")
	var typed decisionView
	body, ids := typed.typed(form)
	saved, err := send(v, api.decideTitle, v.change(body), id)
	if err == nil {
		titles, devices := 0, 0
		for _, m := range saved.Matches {
			titles, devices = titles+m.Titles, devices+m.Devices
		}
		if len(saved.Warnings) > 0 {
			v.note("console_done_decided_warned", "name", saved.Name, "titles", v.N(titles), "devices", v.N(devices), "warning", saved.Warnings[0].Message)
		} else {
			v.note("console_done_decided", "name", saved.Name, "titles", v.N(titles), "devices", v.N(devices))
		}
		return v.redirect("/console/undecided")
	}
	var p *client.Problem
	stale := errors.As(err, &p) && p.Status == http.StatusPreconditionFailed
	if !stale && wrongInput(err) == nil {
		return err
	}
	m, err := v.decision(id)
	if err != nil {
		return err
	}
	m.Rows, m.Every = typed.Rows, typed.Every
	if stale {
		m.Theirs = []change{{v.T("console_decision"), v.decisionText(m.Decided), v.decisionText(body.Choices)}}
	} else {
		m.Version, m.Errors = whole(form.Get("version")), v.place(p, decisionField(ids))
	}
	return v.render(p.Status, decisionTemplate(v, m))
}

// decisionText returns what was decided, in words.
func (v *visit) decisionText(choices []decidedTitle) string {
	var list []string
	for _, d := range choices {
		text := v.decidedAs(d.Kind, d.Product)
		if d.Versions != "" {
			text = d.Versions + ": " + text
		}
		list = append(list, text)
	}
	return strings.Join(list, "; ")
}

func withdrawDecision(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	if _, err := send(v, api.undecideTitle, v.change(nil), v.r.PathValue("title")); err != nil {
		return err
	}
	v.note("console_done_undecided")
	return v.redirect("/console/undecided")
}
