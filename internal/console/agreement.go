package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	rules "trueup/internal/agreement"
	"trueup/internal/console/client"
)

// agreementView is what the page of an agreement shows.
type agreementView struct {
	agreement
	Groups  []group
	Pairs   pairPage
	History auditPage
	Tab     string    // history, or empty for pairs or terms
	Details *string   // only after its button
	New     []newPair // pairs that are being added
	Errors  formErrors
}

// historyTab is the tab with what was done.
const historyTab = "history"

func showAgreement(v *visit) error {
	m, err := v.agreement(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, agreementTemplate(v, m))
}

// agreement reads what the page of an agreement shows.
func (v *visit) agreement(id string) (agreementView, error) {
	m := agreementView{New: []newPair{{}}}
	if v.q("tab") == historyTab {
		m.Tab = historyTab
	}
	var groups groupList
	all := v.calls()
	fetch(all, api.getAgreement, nil, &m.agreement, id)
	fetch(all, api.listGroups, nil, &groups)
	if m.Tab == historyTab {
		query := v.only("cursor")
		query.Set("subject", "agreement/"+id)
		fetch(all, api.listAuditEvents, query, &m.History)
	} else {
		fetch(all, api.listAgreementPairs, v.only("cursor"), &m.Pairs, id)
	}
	err := all.Wait()
	m.Groups = groups.Items
	if err == nil {
		v.knowEvents(m.History.Items)
	}
	return m, err
}

// isVolume reports whether the agreement is made of pairs.
func (a *agreement) isVolume() bool { return a.Type == "volume" }

func (a *agreement) path() string { return "/console/agreements/" + a.ID }

// newPair is a pair as typed.
type newPair struct {
	Authorization string `json:"authorizationNumber"`
	License       string `json:"licenseNumber"`
}

// typedPairs reads the rows of pairs in a form.
func typedPairs(form url.Values) (typed []newPair) {
	licenses := form["license"]
	for i, authorization := range form["authorization"] {
		p := newPair{Authorization: authorization}
		if i < len(licenses) {
			p.License = licenses[i]
		}
		typed = append(typed, p)
	}
	if typed == nil {
		return []newPair{{}}
	}
	return typed
}

// withoutEmpty returns the pairs in which something is typed, or the first one if nothing is. where has the
// row of each.
func withoutEmpty(typed []newPair) (given []newPair, where []int) {
	for i, p := range typed {
		if p != (newPair{}) {
			given, where = append(given, p), append(where, i)
		}
	}
	if given == nil {
		return typed[:1], []int{0}
	}
	return given, where
}

// editedRows adds or removes a row of pairs, if that is the button that was pressed.
func editedRows(form url.Values, typed []newPair) ([]newPair, bool) {
	action := form.Get("action")
	if action == "add-pair" {
		return append(typed, newPair{}), true
	}
	row, ok := strings.CutPrefix(action, "remove-pair-")
	if !ok {
		return typed, false
	}
	if i, err := strconv.Atoi(row); err == nil && i >= 0 && i < len(typed) && len(typed) > 1 {
		typed = append(typed[:i:i], typed[i+1:]...)
	}
	return typed, true
}

// pairFields returns the id of the field of a JSON pointer to a pair. Rows without text are not sent, so the
// API counts others.
func pairFields(where []int) func(pointer string) string {
	return func(pointer string) string {
		rest, ok := strings.CutPrefix(pointer, "/pairs/")
		if !ok {
			return ""
		}
		index, part, _ := strings.Cut(rest, "/")
		i, err := strconv.Atoi(index)
		if err != nil || i >= len(where) {
			return ""
		}
		if part == "licenseNumber" {
			return "lic-" + strconv.Itoa(where[i])
		}
		return "auth-" + strconv.Itoa(where[i])
	}
}

// numberField describes a field for a number of a pair. Spaces and hyphens in it may be more than count.
func numberField(id string, row int) field {
	return field{ID: id + strconv.Itoa(row), Max: 2 * rules.PairMaxCharsHighest, Mono: true}
}

func addPairs(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id, typed := v.r.PathValue("id"), typedPairs(form)
	again := func(status int, e formErrors) error {
		m, err := v.agreement(id)
		if err != nil {
			return err
		}
		m.New, m.Errors = typed, e
		return v.render(status, agreementTemplate(v, m))
	}
	var edited bool
	if typed, edited = editedRows(form, typed); edited {
		return again(http.StatusOK, formErrors{})
	}
	given, where := withoutEmpty(typed)
	_, err = send(v, api.addAgreementPairs, v.change(map[string]any{"pairs": given}), id)
	if p := wrongInput(err); p != nil {
		return again(p.Status, v.place(p, pairFields(where)))
	}
	if err != nil {
		return err
	}
	v.note("console_done_pairs_added", "n", v.N(len(given)))
	return v.redirect("/console/agreements/" + id)
}

// wrongInput returns the problem of input that the API refuses: it is invalid, or clashes with stored data.
// It returns nil for other errors.
func wrongInput(err error) *client.Problem {
	p := problemOf(err)
	if p != nil && (p.Status == http.StatusUnprocessableEntity || p.Status == http.StatusConflict) {
		return p
	}
	return nil
}

// problemOf returns the problem of the API that an error is; nil for other errors.
func problemOf(err error) *client.Problem {
	var p *client.Problem
	errors.As(err, &p)
	return p
}

func removePair(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if _, err := send(v, api.deleteAgreementPair, v.change(nil), id, v.r.PathValue("pair")); err != nil {
		return err
	}
	v.note("console_done_pair_removed")
	return v.redirect("/console/agreements/" + id)
}

// showDetails shows the details of an agreement. Reading them is an audit event, so it is a form and not a
// link, which programs would follow.
func showDetails(v *visit) error {
	id := v.r.PathValue("id")
	m, err := v.agreement(id)
	if err != nil {
		return err
	}
	details, err := send(v, api.getAgreementDetails, v.call(), id)
	if err != nil {
		return err
	}
	m.Details = &details.Details
	return v.render(http.StatusOK, agreementTemplate(v, m))
}

func confirmDeletion(v *visit) error {
	a, err := send(v, api.getAgreement, v.call(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, deletionTemplate(v, a))
}

func deleteAgreement(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	if _, err := send(v, api.deleteAgreement, v.change(nil), v.r.PathValue("id")); err != nil {
		return err
	}
	v.note("console_done_deleted_one", "name", form.Get("name"))
	return v.redirect("/console/agreements")
}
