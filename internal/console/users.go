package console

import (
	"net/http"
	"slices"
	"strings"

	"trueup/internal/console/client"
)

// userFilters are the filters of the list of users, as the API names them.
var userFilters = []string{"q", "subscription", "without", "licensed", "location", "department", "enabled", "type", "inactiveDays", "conflict", "deleted"}

// userListParameters are the filters and the order of the list.
var userListParameters = slices.Concat(userFilters, []string{"sort", "order"})

// usersPage is what the list of users shows.
type usersPage struct {
	userPage
	Sort          sorting
	Subscriptions []subscription // for users
	Deleted       bool           // whether the list has the deleted ones
}

// action returns the address of the page for the ticked users.
func (m *usersPage) action() string {
	if m.Deleted {
		return "/console/users/restorations"
	}
	return "/console/assignments/new"
}

func listUsers(v *visit) error {
	m := usersPage{Sort: v.sorting("displayName", false), Deleted: v.q("deleted") == "true"}
	query := v.only(append(userFilters, "cursor")...)
	m.Sort.ask(query)
	all := v.calls()
	fetch(all, people.listUsers, query, &m.userPage)
	forUsers := v.userSubscriptions(all)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Subscriptions = forUsers.Items
	return v.render(http.StatusOK, usersTemplate(v, m))
}

// userSubscriptions starts a call for the subscriptions for users.
func (v *visit) userSubscriptions(all *calls) *subscriptionList {
	var found subscriptionList
	fetch(all, people.listSubscriptions, map[string][]string{"kind": {"user"}}, &found)
	return &found
}

// subscriptionOptions returns subscriptions as values of a choice.
func subscriptionOptions(subscriptions []subscription) (list []option) {
	for _, s := range subscriptions {
		list = append(list, option{Value: s.ID, Label: s.Name})
	}
	return list
}

// subscriptionName returns the name of a subscription, or its id if the list does not have it.
func subscriptionName(subscriptions []subscription, id string) string {
	for _, s := range subscriptions {
		if s.ID == id {
			return s.Name
		}
	}
	return id
}

// subscriptionNames returns the names of subscriptions.
func subscriptionNames(subscriptions []subscription, ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = subscriptionName(subscriptions, id)
	}
	return strings.Join(names, ", ")
}

// name returns what people call a user: the display name, or the user principal name without one.
func (u *holderName) name() string {
	if u.DisplayName != "" {
		return u.DisplayName
	}
	return u.UserPrincipalName
}

func (u *user) called() holderName { return holderName{u.ID, u.DisplayName, u.UserPrincipalName} }

func (u *user) name() string {
	called := u.called()
	return called.name()
}

func (u *user) path() string { return "/console/users/" + u.ID }

func (u *user) deleted() bool { return u.DeletedAt != nil }

// licenseNames returns the names of the user's licences.
func (u *user) licenseNames() string {
	names := make([]string, len(u.Licenses))
	for i, l := range u.Licenses {
		names[i] = l.Name
	}
	return strings.Join(names, ", ")
}

// userView is what the page of a user shows.
type userView struct {
	user
	Tab           string // history, or empty for licences
	Subscriptions []subscription
	History       auditPage
}

func showUser(v *visit) error {
	id := v.r.PathValue("id")
	m := userView{}
	all := v.calls()
	fetch(all, people.getUser, nil, &m.user, id)
	forUsers := v.userSubscriptions(all)
	if v.q("tab") == historyTab {
		m.Tab = historyTab
		query := v.only("cursor")
		query.Set("subject", "user/"+id)
		fetch(all, api.listAuditEvents, query, &m.History)
	}
	if err := all.Wait(); err != nil {
		return err
	}
	m.Subscriptions = forUsers.Items
	if m.Tab == historyTab {
		v.knowEvents(m.History.Items)
	} else {
		knowOf(v, m.Licenses, func(l userLicense) string { return l.AssignedBy })
	}
	return v.render(http.StatusOK, userTemplate(v, m))
}

// assignable returns the subscriptions of which the user holds no licence.
func (m *userView) assignable() []option {
	rest := slices.DeleteFunc(slices.Clone(m.Subscriptions), func(s subscription) bool {
		return slices.ContainsFunc(m.Licenses, func(l userLicense) bool { return l.Subscription == s.ID })
	})
	return subscriptionOptions(rest)
}

// services returns the services of a subscription.
func (m *userView) services(id string) []service {
	for _, s := range m.Subscriptions {
		if s.ID == id {
			return s.Services
		}
	}
	return nil
}

// user reads the user of the path.
func (v *visit) user() (user, error) { return send(v, people.getUser, v.call(), v.r.PathValue("id")) }

// userFields returns the fields that describe a user.
func (v *visit) userFields(u user) []input {
	kind := u.Type
	if kind == "" {
		kind = "member"
	}
	location := hinted(textInput("usageLocation", v.T("console_location"), u.UsageLocation), v.T("console_location_hint"))
	location.Max = 2
	return []input{
		needed(textInput("userPrincipalName", v.T("console_upn"), u.UserPrincipalName)),
		textInput("displayName", v.T("console_display_name"), u.DisplayName),
		location,
		textInput("department", v.T("console_department"), u.Department),
		selection("type", v.T("report_column_type"), kind, v.options("console_user_", "member", "guest")),
		textInput("objectId", v.T("console_object_id"), u.ObjectID),
		tick("enabled", v.T("console_enabled"), u.Enabled),
		tick("excludedFromSuggestions", v.T("console_excluded"), u.ExcludedFromSuggestions),
		hinted(day("excludedUntil", v.T("console_excluded_until"), u.ExcludedUntil), v.T("console_excluded_until_hint")),
	}
}

// addUser adds a user, with the licences that are ticked, or not at all.
func addUser(v *visit) error {
	all := v.calls()
	forUsers := v.userSubscriptions(all)
	if err := all.Wait(); err != nil {
		return err
	}
	m := formPage{
		Crumb: v.T("console_users"), Back: "/console/users", Title: v.T("console_user_add"), Action: "/console/users/new", Button: v.T("console_user_add"),
		Fields: v.userFields(user{Enabled: true}),
	}
	licenses := textInput("licenses", v.T("console_licenses"), "")
	licenses.Ticks, licenses.Options = true, subscriptionOptions(forUsers.Items)
	if len(licenses.Options) > 0 {
		m.Fields = append(m.Fields, licenses)
	}
	return v.submit(m, func(m *formPage) (string, error) {
		body := m.filled()
		if chosen := v.r.PostForm["licenses"]; len(chosen) > 0 {
			body["licenses"] = chosenLicenses(chosen, nil)
		}
		made, err := send(v, people.createUser, v.change(body))
		if err == nil {
			v.note("console_done_added", "name", made.name())
		}
		return made.path(), err
	})
}

// ofUser returns a form about a user.
func (v *visit) ofUser(u user, title, action string) formPage {
	return formPage{Crumb: u.name(), Back: u.path(), Title: title, Action: u.path() + "/" + action, Hidden: version(u.Version), Button: v.T("console_save")}
}

func editUser(v *visit) error {
	u, err := v.user()
	if err != nil {
		return err
	}
	m := v.ofUser(u, v.T("console_edit"), "edit")
	m.Fields = v.userFields(u)
	return v.submit(m, func(m *formPage) (string, error) {
		return u.path(), v.edited(m, func(body any) (string, error) {
			saved, err := send(v, people.updateUser, v.change(body), u.ID)
			return saved.name(), err
		})
	})
}

// deleteUser deletes a user, which frees its licences.
func deleteUser(v *visit) error {
	u, err := v.user()
	if err != nil {
		return err
	}
	m := v.ofUser(u, v.T("console_delete_one", "name", u.name()), "deletion")
	m.Texts = []string{v.T("console_user_delete_text", "n", v.N(len(u.Licenses))), u.licenseNames()}
	m.Fields = []input{v.acknowledgement(serviceData, v.T("console_acknowledge_deletion"))}
	m.Button, m.Danger = v.T("console_delete"), true
	return v.submit(m, func(m *formPage) (string, error) {
		deleted, err := send(v, people.deleteUser, v.acknowledged(m), u.ID)
		if err == nil {
			v.note("console_done_user_deleted", "name", u.name(), "n", v.N(len(deleted.Freed)), "day", v.day(deleted.RestorableUntil))
		}
		return u.path(), err
	})
}

// serviceData acknowledges that data of users in services are deleted for good.
const serviceData = "service-data"

// acknowledged returns a call that deletes, with the acknowledgement that was ticked.
func (v *visit) acknowledged(m *formPage) client.Call {
	c := v.change(nil)
	c.Query = map[string][]string{"acknowledge": {m.value("acknowledge")}}
	return c
}

// restoreUser restores a deleted user, and those of its licences that are free if that is ticked.
func restoreUser(v *visit) error {
	u, err := v.user()
	if err != nil {
		return err
	}
	m := v.ofUser(u, v.T("console_restore"), "restoration")
	m.Hidden, m.Button = nil, v.T("console_restore")
	m.Texts = []string{v.T("console_restore_text")}
	m.Fields = []input{
		tick("licenses", v.T("console_restore_licenses"), true),
		hinted(textInput("userPrincipalName", v.T("console_upn"), ""), v.T("console_restore_upn_hint")),
	}
	return v.submit(m, func(m *formPage) (string, error) {
		restored, err := send(v, people.restoreUser, v.change(m.filled()), u.ID)
		switch {
		case err != nil:
		case len(restored.Violations) > 0:
			v.note("console_done_restored_some", "name", u.name(), "n", v.N(len(restored.Violations)), "why", restored.Violations[0].Message)
		default:
			v.note("console_done_restored", "name", u.name())
		}
		return u.path(), err
	})
}

// assignLicense assigns a licence to one user, or switches services of one on and off.
func assignLicense(v *visit) error {
	u, err := v.user()
	if err != nil {
		return err
	}
	id := v.r.FormValue("subscription")
	s, err := send(v, people.getSubscription, v.call(), id)
	if err != nil {
		return err
	}
	m := v.ofUser(u, v.T("console_license_of", "name", s.Name), "license")
	m.Hidden = map[string][]string{"subscription": {s.ID}}
	services := textInput("services", v.T("console_services"), "")
	services.Ticks, services.Ticked = true, servicesOn(s.Services, u.held(s.ID))
	for _, x := range s.Services {
		services.Options = append(services.Options, option{Value: x.ID, Label: x.label()})
	}
	if len(s.Services) > 0 {
		m.Fields = append(m.Fields, services)
	}
	if u.held(s.ID) == nil {
		m.Texts = []string{v.T("console_license_free", "n", v.N(max(0, s.Available)))}
		m.Fields = append(m.Fields, tick("wait", v.T("console_wait"), false))
	}
	return v.submit(m, func(m *formPage) (string, error) {
		c := v.change(map[string]any{"servicesOff": servicesOff(s.Services, v.r.PostForm["services"])})
		if m.value("wait") != "" {
			c.Query = map[string][]string{"wait": {"true"}}
		}
		_, err := send(v, people.assignLicense, c, u.ID, s.ID)
		if err == nil {
			v.note("console_done_license", "name", u.name(), "subscription", s.Name)
		}
		return u.path(), err
	})
}

// held returns the licence of a subscription that the user holds; nil for none.
func (u *user) held(subscription string) *userLicense {
	for i := range u.Licenses {
		if u.Licenses[i].Subscription == subscription {
			return &u.Licenses[i]
		}
	}
	return nil
}

// servicesOn returns the ids of the services that are on: all without a licence.
func servicesOn(services []service, held *userLicense) (on []string) {
	for _, s := range services {
		if held == nil || !slices.Contains(held.ServicesOff, s.ID) {
			on = append(on, s.ID)
		}
	}
	return on
}

// servicesOff returns the ids of the services that are not ticked.
func servicesOff(services []service, ticked []string) []string {
	off := []string{}
	for _, s := range services {
		if !slices.Contains(ticked, s.ID) {
			off = append(off, s.ID)
		}
	}
	return off
}

func removeLicense(v *visit) error {
	u, err := v.user()
	if err != nil {
		return err
	}
	id := v.r.PathValue("subscription")
	held := u.held(id)
	if held == nil {
		return errNotFound
	}
	m := v.ofUser(u, v.T("console_license_remove_of", "name", held.Name), "licenses/"+id+"/removal")
	m.Hidden, m.Button, m.Danger = nil, v.T("console_license_remove"), true
	m.Texts = []string{v.T("console_license_remove_text", "name", u.name())}
	m.Fields = []input{v.acknowledgement(serviceData, v.T("console_acknowledge_data"))}
	return v.submit(m, func(m *formPage) (string, error) {
		_, err := send(v, people.removeLicense, v.acknowledged(m), u.ID, id)
		if err == nil {
			v.note("console_done_license_removed", "name", u.name(), "subscription", held.Name)
		}
		return u.path(), err
	})
}
