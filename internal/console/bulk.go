package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Limits of changes of many agreements.
const (
	inOneCall = 100   // that the API takes
	mostAtAll = 1_000 // that match filters; more would take longer than a request may
	toType    = 10    // from which the number must be typed before they are deleted
	named     = 10    // that the page that asks names
)

// ticked is an agreement that was ticked in the list, with the group that it was in. The list sends both, so
// that a move can be undone.
type ticked struct{ id, groupID string }

// String returns the value of a ticked row.
func (t ticked) String() string { return t.id + "@" + t.groupID }

// chosen returns the agreements that are chosen in the list: the ticked rows, or all that match its filters.
func (v *visit) chosen(values url.Values) ([]ticked, error) {
	if values.Get("all") != "" {
		return v.matching(values.Get("filters"))
	}
	var rows []ticked
	for _, value := range values["ids"] {
		id, groupID, _ := strings.Cut(value, "@")
		rows = append(rows, ticked{id, groupID})
	}
	return rows, nil
}

// matching returns the agreements that match filters, written as a query.
func (v *visit) matching(filters string) (rows []ticked, err error) {
	given, err := url.ParseQuery(filters)
	if err != nil {
		return nil, &unreadable{err}
	}
	query := url.Values{"limit": {"200"}}
	for _, name := range agreementFilters {
		query.Set(name, given.Get(name))
	}
	c := v.call()
	c.Query = query
	for len(rows) < mostAtAll {
		page, err := send(v, api.listAgreements, c)
		if err != nil {
			return nil, err
		}
		for _, a := range page.Items {
			rows = append(rows, ticked{a.ID, a.GroupID})
		}
		if page.NextCursor == "" {
			break
		}
		query.Set("cursor", page.NextCursor)
	}
	return rows, nil
}

// inBatches changes agreements in as many calls as are needed. Each call has a key of its own, made from the
// key of the form.
func (v *visit) inBatches(rows []ticked, change func(ids []string, key string) (agreementResults, error)) (all agreementResults, err error) {
	n := 0
	for batch := range slices.Chunk(rows, inOneCall) {
		n++
		var ids []string
		for _, row := range batch {
			ids = append(ids, row.id)
		}
		results, err := change(ids, v.r.PostForm.Get("key")+"-"+strconv.Itoa(n))
		if err != nil {
			return all, err
		}
		all.Succeeded += results.Succeeded
		all.Failed += results.Failed
	}
	return all, nil
}

// bulkBody is the body of a change of many agreements.
type bulkBody struct {
	IDs   []string     `json:"ids"`
	Group *groupChoice `json:"group,omitempty"` // of a move
}

// groupChoice chooses a license group by id, or by a name under which it is created if there is none.
type groupChoice struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

func moveAgreements(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	rows, err := v.chosen(form)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return v.redirect(v.back())
	}
	group := form.Get("group")
	results, err := v.inBatches(rows, func(ids []string, key string) (agreementResults, error) {
		c := v.call()
		c.Body, c.Key = bulkBody{ids, &groupChoice{ID: group}}, key
		return send(v, api.moveAgreements, c)
	})
	if err != nil {
		return err
	}
	n := note{Code: "console_done_moved", Args: map[string]string{"n": v.N(results.Succeeded)}}
	if results.Failed > 0 {
		n = note{Code: "console_done_moved_some", Args: map[string]string{"n": v.N(results.Succeeded), "failed": v.N(results.Failed)}}
	} else if form.Get("undoes") == "" {
		n.Undo = undoOf(rows, group, v.key)
	}
	v.leave(n)
	return v.redirect(v.back())
}

// undoOf returns the form of the move that takes a move back; empty if one move cannot, because the
// agreements came from several groups.
func undoOf(rows []ticked, group, key string) string {
	from := rows[0].groupID
	undo := url.Values{"group": {from}, "key": {key}, "undoes": {"true"}}
	for _, row := range rows {
		if row.groupID != from || from == "" || from == group {
			return ""
		}
		undo.Add("ids", ticked{row.id, group}.String())
	}
	return undo.Encode()
}

// deletionsPage is the page that asks before agreements are deleted.
type deletionsPage struct {
	Count  int
	Chosen url.Values  // fields that choose them again
	Named  []agreement // the first of them
	Errors formErrors
}

func confirmDeletions(v *visit) error {
	return v.askDeletions(http.StatusOK, v.query, formErrors{})
}

// chosenRows returns the fields of a list that choose rows: the ticked ones, or all that match filters.
func chosenRows(values url.Values) url.Values {
	chosen := url.Values{}
	for _, name := range []string{"ids", "all", "filters"} {
		if list, ok := values[name]; ok && (name == "ids") == (values.Get("all") == "") {
			chosen[name] = list
		}
	}
	return chosen
}

func (v *visit) askDeletions(status int, values url.Values, e formErrors) error {
	rows, err := v.chosen(values)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return v.redirect("/console/agreements")
	}
	m := deletionsPage{Count: len(rows), Chosen: chosenRows(values), Named: make([]agreement, min(named, len(rows))), Errors: e}
	all := v.calls()
	for i, row := range rows[:len(m.Named)] {
		fetch(all, api.getAgreement, nil, &m.Named[i], row.id)
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return v.render(status, deletionsTemplate(v, m))
}

// deleteAgreements deletes the chosen agreements. If they are many, their number must have been typed, so
// that a filter that meanwhile matches others deletes nothing.
func deleteAgreements(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	rows, err := v.chosen(form)
	if err != nil {
		return err
	}
	if len(rows) >= toType && int(whole(form.Get("count"))) != len(rows) {
		var e formErrors
		e.add("count", v.T("console_type_number", "n", v.N(len(rows))))
		return v.askDeletions(http.StatusUnprocessableEntity, form, e)
	}
	results, err := v.inBatches(rows, func(ids []string, key string) (agreementResults, error) {
		c := v.call()
		c.Body, c.Key = bulkBody{IDs: ids}, key
		return send(v, api.deleteAgreements, c)
	})
	if err != nil {
		return err
	}
	if results.Failed > 0 {
		v.note("console_done_deleted_some", "n", v.N(results.Succeeded), "failed", v.N(results.Failed))
	} else {
		v.note("console_done_deleted", "n", v.N(results.Succeeded))
	}
	return v.redirect("/console/agreements")
}
