package console

import (
	"net/http"
)

// groupsPage is what the list of license groups shows.
type groupsPage struct {
	Groups []group
	Name   string // typed for a new group
	Errors formErrors
}

func listGroups(v *visit) error { return v.showGroups(http.StatusOK, groupsPage{}) }

func (v *visit) showGroups(status int, m groupsPage) error {
	groups, err := send(v, api.listGroups, v.call())
	if err != nil {
		return err
	}
	m.Groups = groups.Items
	return v.render(status, groupsTemplate(v, m))
}

// groupNameBody is the body of a new or renamed license group.
type groupNameBody struct {
	Name string `json:"name"`
}

// nameFieldOf maps the JSON pointer of a name to its field.
func nameFieldOf(pointer string) string {
	if pointer == "/name" {
		return "name"
	}
	return ""
}

func createGroup(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	made, err := send(v, api.createGroup, v.change(groupNameBody{form.Get("name")}))
	if p := wrongInput(err); p != nil {
		return v.showGroups(p.Status, groupsPage{Name: form.Get("name"), Errors: v.place(p, nameFieldOf)})
	}
	if err != nil {
		return err
	}
	v.note("console_done_group", "name", made.Name)
	return v.redirect("/console/groups/" + made.ID)
}

// groupPage is what the page of a license group shows.
type groupPage struct {
	group
	List   agreementsPage
	Name   string // typed to rename it
	Errors formErrors
}

func showGroup(v *visit) error { return v.showGroup(http.StatusOK, groupPage{}) }

func (v *visit) showGroup(status int, m groupPage) error {
	id := v.r.PathValue("id")
	m.List.InGroup = id
	m.List.Sort, m.List.Columns = v.sorting("name", false), v.agreementColumns(usualInGroup)
	query := v.only(append(agreementFilters, "cursor")...)
	query.Set("group", id)
	m.List.Sort.ask(query)
	whole := v.only("q", "type", "publisher", "validation", "endsBefore")
	whole.Set("group", id)
	whole.Set("limit", "1")
	var (
		groups groupList
		others agreementPage
	)
	all := v.calls()
	fetch(all, api.getGroup, nil, &m.group, id)
	fetch(all, api.listGroups, nil, &groups)
	fetch(all, api.listAgreements, query, &m.List.agreementPage)
	fetch(all, api.listAgreements, whole, &others)
	if err := all.Wait(); err != nil {
		return err
	}
	m.List.Groups, m.List.Whole = groups.Items, others.Totals
	if m.Errors.any() {
		return v.render(status, groupTemplate(v, m))
	}
	m.Name = m.group.Name
	return v.render(status, groupTemplate(v, m))
}

// usualInGroup are the columns of the list of a license group unless others are chosen.
var usualInGroup = []string{"type", "publisher", "licenses", "end", "status", "validation"}

func renameGroup(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	id := v.r.PathValue("id")
	renamed, err := send(v, api.updateGroup, v.change(groupNameBody{form.Get("name")}), id)
	if p := wrongInput(err); p != nil {
		return v.showGroup(p.Status, groupPage{Name: form.Get("name"), Errors: v.place(p, nameFieldOf)})
	}
	if err != nil {
		return err
	}
	v.note("console_done_saved", "name", renamed.Name)
	return v.redirect("/console/groups/" + id)
}

func confirmGroupDeletion(v *visit) error {
	g, err := send(v, api.getGroup, v.call(), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, groupDeletionTemplate(v, g))
}

func deleteGroup(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	deleted, err := send(v, api.deleteGroup, v.change(nil), v.r.PathValue("id"))
	if err != nil {
		return err
	}
	v.note("console_done_group_deleted", "name", form.Get("name"), "n", v.N(deleted.Moved))
	return v.redirect("/console/groups")
}
