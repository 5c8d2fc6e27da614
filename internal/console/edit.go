package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"trueup/internal/console/client"
)

// agreementForm is the form of an agreement: of type other to add it, of both types to edit it.
type agreementForm struct {
	Name, Publisher, ProductTitle, Licenses, Start, End, Details string
	Group                                                        chosenGroup
	Errors                                                       formErrors
}

// chosenGroup is the choice of a license group in a form.
type chosenGroup struct {
	How      string // existing, new, or empty for Unassigned agreements
	Existing string // id
	New      string // name
}

// groupOf reads the choice of a license group.
func groupOf(form url.Values) chosenGroup {
	return chosenGroup{form.Get("group"), form.Get("existingGroup"), form.Get("newGroup")}
}

// body returns the choice as the API takes it; nil for Unassigned agreements.
func (g chosenGroup) body() *groupChoice {
	switch g.How {
	case "existing":
		return &groupChoice{ID: g.Existing}
	case "new":
		return &groupChoice{Name: g.New}
	}
	return nil
}

func agreementFormOf(form url.Values) agreementForm {
	return agreementForm{
		Name: form.Get("name"), Publisher: form.Get("publisher"), ProductTitle: form.Get("productTitle"), Licenses: form.Get("licenses"),
		Start: form.Get("start"), End: form.Get("end"), Details: form.Get("details"), Group: groupOf(form),
	}
}

// agreementFields maps the JSON pointers of an agreement to the ids of fields.
var agreementFields = map[string]string{
	"/name": "name", "/publisher": "publisher", "/productTitle": "productTitle", "/licenses": "licenses", "/start": "start", "/end": "end",
	"/details": "details", "/group": "existingGroup", "/group/id": "existingGroup", "/group/name": "newGroup",
}

func agreementField(pointer string) string { return agreementFields[pointer] }

// number returns a typed number as JSON: the number, or the text if it is none, so that the API says what is
// wrong with it. Empty text is not sent.
func number(typed string) any {
	if typed == "" {
		return nil
	}
	if n, err := strconv.ParseInt(typed, 10, 64); err == nil {
		return n
	}
	return typed
}

// editPage is the page on which an agreement is edited.
type editPage struct {
	agreement
	Form   agreementForm
	Groups []group
	Theirs []change // what another person changed meanwhile, and what is typed
}

func editAgreement(v *visit) error {
	m, err := v.editPage(v.r.PathValue("id"))
	if err != nil {
		return err
	}
	m.Form = m.agreement.form()
	return v.render(http.StatusOK, editTemplate(v, m))
}

func (v *visit) editPage(id string) (m editPage, err error) {
	var groups groupList
	all := v.calls()
	fetch(all, api.getAgreement, nil, &m.agreement, id)
	fetch(all, api.listGroups, nil, &groups)
	err = all.Wait()
	m.Groups = groups.Items
	return m, err
}

// form returns the agreement as its form. Details are not in it: reading them is a call of its own.
func (a *agreement) form() agreementForm {
	f := agreementForm{Name: a.Name, Start: a.Start, End: a.End, Group: chosenGroup{"existing", a.GroupID, ""}}
	if !a.isVolume() {
		f.Publisher, f.ProductTitle, f.Licenses = a.Publisher, a.ProductTitle, strconv.Itoa(a.Licenses)
	}
	return f
}

func saveAgreement(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id, typed := v.r.PathValue("id"), agreementFormOf(form)
	saved, err := send(v, api.updateAgreement, v.change(edited(form, typed)), id)
	if err == nil {
		v.note("console_done_saved", "name", saved.Name)
		return v.redirect(saved.path())
	}
	var p *client.Problem
	stale := errors.As(err, &p) && p.Status == http.StatusPreconditionFailed
	if !stale && wrongInput(err) == nil {
		return err
	}
	m, readErr := v.editPage(id)
	if readErr != nil {
		return readErr
	}
	m.Form = typed
	if stale {
		m.Theirs = v.differences(m.agreement.form(), typed, m.Groups)
	} else {
		m.Version = whole(form.Get("version"))
		m.Form.Errors = v.place(p, agreementField)
	}
	return v.render(p.Status, editTemplate(v, m))
}

// edited returns the body of an edit. Only an agreement of type other has terms. Details are sent if
// something is typed, because the form does not show the stored ones.
func edited(form url.Values, typed agreementForm) map[string]any {
	body := map[string]any{"name": typed.Name}
	if g := typed.Group.body(); g != nil {
		body["group"] = g
	}
	if form.Has("publisher") {
		body["publisher"], body["productTitle"] = typed.Publisher, typed.ProductTitle
		body["start"], body["end"] = typed.Start, typed.End
		if n := number(typed.Licenses); n != nil {
			body["licenses"] = n
		}
	}
	if typed.Details != "" || form.Get("clearDetails") != "" {
		body["details"] = typed.Details
	}
	return body
}

// differences returns the fields in which two forms of an agreement differ.
func (v *visit) differences(theirs, typed agreementForm, groups []group) (list []change) {
	for _, c := range []change{
		{v.T("report_column_name"), theirs.Name, typed.Name},
		{v.T("report_column_group"), groupName(groups, theirs.Group.Existing), groupName(groups, typed.Group.Existing)},
		{v.T("report_column_publisher"), theirs.Publisher, typed.Publisher},
		{v.T("report_column_product"), theirs.ProductTitle, typed.ProductTitle},
		{v.T("console_licenses"), theirs.Licenses, typed.Licenses},
		{v.T("report_column_start"), theirs.Start, typed.Start},
		{v.T("report_column_end"), theirs.End, typed.End},
	} {
		if c.Before != c.After {
			list = append(list, c)
		}
	}
	return list
}
