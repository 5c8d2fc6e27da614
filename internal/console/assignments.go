package console

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// usersAtOnce is the maximum number of users of one call; a job changes more.
const usersAtOnce = 1_000

// assignmentPage is what the steps of an assignment show: the people, the licences, and the check or the
// result.
type assignmentPage struct {
	chosenUsers
	Mode          string   // add, replace or remove
	Ticked        []string // subscriptions
	On            []string // ticked services, as subscription/service
	Off           []string // services that are off, in the same way, once the licences are chosen
	Decided       bool     // whether the licences are chosen
	Wait          bool
	Subscriptions []subscription
	Results       *userResults // of the check or of the assignment
	Errors        formErrors
}

// licenseChoice is a licence in the body of a call.
type licenseChoice struct {
	Subscription string   `json:"subscription"`
	ServicesOff  []string `json:"servicesOff,omitempty"`
}

// chosenLicenses returns licences of subscriptions, without the services that off returns for one; nil for none.
func chosenLicenses(subscriptions []string, off func(id string) []string) []licenseChoice {
	list := []licenseChoice{}
	for _, id := range subscriptions {
		l := licenseChoice{Subscription: id}
		if off != nil {
			l.ServicesOff = off(id)
		}
		list = append(list, l)
	}
	return list
}

// assignmentOf reads the choices of a form.
func assignmentOf(values url.Values) assignmentPage {
	m := assignmentPage{Mode: values.Get("mode"), Ticked: values["subscription"], On: values["on"], Off: values["off"], Decided: values.Get("decided") != "", Wait: values.Get("wait") != "", chosenUsers: chosenUsersOf(values)}
	if m.Mode == "" {
		m.Mode = "add"
	}
	return m
}

// asJob reports whether the people are too many for one call.
func (m *assignmentPage) asJob() bool { return m.Count > usersAtOnce }

// find completes the page: the people it is about, and the subscriptions.
func (v *visit) find(m *assignmentPage) error {
	all := v.calls()
	forUsers := v.userSubscriptions(all)
	found, err := v.findUsers(all, &m.chosenUsers)
	if err != nil {
		return err
	}
	if err := all.Wait(); err != nil {
		return err
	}
	found()
	m.Subscriptions = forUsers.Items
	return nil
}

// chooseLicenses is the second step: which licences, with which services.
func chooseLicenses(v *visit) error {
	m := assignmentOf(v.query)
	if err := v.find(&m); err != nil {
		return err
	}
	if m.Count == 0 {
		return v.redirect("/console/users")
	}
	return v.render(http.StatusOK, assignmentTemplate(v, m))
}

// checkAssignment is the third step: a rehearsal, which says who gets what and why not.
func checkAssignment(v *visit) error { return v.assign(true) }

// assignLicenses assigns, or removes, what the check has shown.
func assignLicenses(v *visit) error { return v.assign(false) }

func (v *visit) assign(rehearse bool) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	m := assignmentOf(form)
	if err := v.find(&m); err != nil {
		return err
	}
	if m.asJob() {
		return v.startJob(m, form, rehearse)
	}
	ids, err := v.userIDs(&m.chosenUsers)
	if err != nil {
		return err
	}
	results, err := v.sendAssignment(m, ids, form.Get("acknowledge"), rehearse)
	p := wrongInput(err)
	switch {
	case p == nil && err != nil:
		return err
	case p == nil:
		m.Results = &results
		return v.render(http.StatusOK, assignmentTemplate(v, m))
	case slices.Contains(unacknowledged, p.Code): // the check comes again, with what is missing
		m.Errors.add("acknowledge", v.T("console_acknowledge_first"))
		if results, err = v.sendAssignment(m, ids, "", true); err != nil {
			return err
		}
		m.Results = &results
	default:
		m.Errors = v.place(p, assignmentField)
	}
	return v.render(p.Status, assignmentTemplate(v, m))
}

// assignmentField returns the id of the field of a JSON pointer.
func assignmentField(pointer string) string {
	if strings.HasPrefix(pointer, "/licenses") || strings.HasPrefix(pointer, "/subscriptions") {
		return "licenses"
	}
	return ""
}

// off returns the services of a subscription that are off.
func (m *assignmentPage) off(id string) []string {
	if m.Decided {
		return under(id, m.Off)
	}
	for _, s := range m.Subscriptions {
		if s.ID == id {
			return servicesOff(s.Services, under(id, m.On))
		}
	}
	return nil
}

// under returns the services of a subscription in a list of services of several.
func under(id string, list []string) (services []string) {
	for _, one := range list {
		if service, ok := strings.CutPrefix(one, id+"/"); ok {
			services = append(services, service)
		}
	}
	return services
}

// body returns the choices as the API takes them, without the people.
func (m *assignmentPage) body(acknowledge string, rehearse bool) map[string]any {
	body := map[string]any{"dryRun": rehearse}
	if m.removes() {
		body["subscriptions"] = append([]string{}, m.Ticked...)
	} else {
		body["mode"], body["licenses"] = m.Mode, chosenLicenses(m.Ticked, m.off)
	}
	if acknowledge != "" {
		body["acknowledge"] = acknowledge
	}
	return body
}

func (m *assignmentPage) removes() bool { return m.Mode == "remove" }

// takes reports whether users can lose licences.
func (m *assignmentPage) takes() bool { return m.Mode != "add" }

// sendAssignment changes the licences of up to 1,000 users, or rehearses it.
func (v *visit) sendAssignment(m assignmentPage, ids []string, acknowledge string, rehearse bool) (userResults, error) {
	body := m.body(acknowledge, rehearse)
	body["users"] = ids
	if m.removes() {
		return send(v, people.removeLicenses, v.change(body))
	}
	if m.Wait {
		body["wait"] = true
	}
	return send(v, people.assignLicenses, v.change(body))
}

// startJob starts a job for more users, whose page shows how far it is. The page of a rehearsal has the form
// that does it.
func (v *visit) startJob(m assignmentPage, form url.Values, rehearse bool) error {
	query, err := m.matchingUsers()
	if err != nil {
		return err
	}
	body := m.body(form.Get("acknowledge"), rehearse)
	body["action"], body["selection"] = "assign", selectionOf(query)
	if m.removes() {
		body["action"] = "remove"
	}
	job, err := send(v, people.createLicenseJob, v.change(body))
	p := wrongInput(err)
	switch {
	case p == nil && err != nil:
		return err
	case p == nil && rehearse:
		return v.redirect(to("/console/license-jobs/"+job.ID, "next", m.fields().Encode()))
	case p == nil:
		return v.redirect("/console/license-jobs/" + job.ID)
	case slices.Contains(unacknowledged, p.Code):
		m.Errors.add("acknowledge", v.T("console_acknowledge_first"))
	default:
		m.Errors = v.place(p, assignmentField)
	}
	return v.render(p.Status, assignmentTemplate(v, m))
}

// selectionOf returns filters as the API takes them in a body.
func selectionOf(query url.Values) map[string]any {
	chosen := map[string]any{}
	for name := range query {
		switch value := query.Get(name); {
		case value == "" || name == "deleted":
		case name == "licensed" || name == "enabled" || name == "conflict":
			chosen[name] = value == "true"
		case name == "inactiveDays":
			chosen[name] = number(value)
		default:
			chosen[name] = value
		}
	}
	return chosen
}

// fields returns the choices as fields of a form.
func (m *assignmentPage) fields() url.Values {
	fields := url.Values{"mode": {m.Mode}, "subscription": m.Ticked, "decided": {"true"}}
	for _, id := range m.Ticked {
		for _, service := range m.off(id) {
			fields.Add("off", id+"/"+service)
		}
	}
	if m.Wait {
		fields.Set("wait", "true")
	}
	maps.Copy(fields, m.Chosen)
	return fields
}

// on reports whether a service is ticked; all are until the form is sent.
func (m *assignmentPage) on(subscription, service string) bool {
	return m.On == nil && !slices.Contains(m.Ticked, subscription) || slices.Contains(m.On, subscription+"/"+service)
}

// outcomeTone are the colours and icons of the outcomes for a user.
var outcomeTone = map[string]string{
	"assigned": "covered", "removed": "covered", "unchanged": "unused", "waiting": "short", "refused": "unlicensed", "created": "covered",
	"edited": "covered", "deleted": "covered", "restored": "covered",
}

// whom returns the name of the user of a result.
func (r *userResult) whom() string {
	if r.UserPrincipalName != "" {
		return r.UserPrincipalName
	}
	return r.User
}
