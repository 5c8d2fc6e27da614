package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"trueup/internal/console/client"
)

// chosenUsers is the people that were ticked in the list of users, or all that match its filters.
type chosenUsers struct {
	People []holderName // the first of them
	Count  int
	Chosen url.Values // fields that choose them again
}

// chosenUsersOf reads the choice of a form or of the query.
func chosenUsersOf(values url.Values) chosenUsers { return chosenUsers{Chosen: chosenRows(values)} }

// choosesAll reports whether the people are all that match filters.
func (m *chosenUsers) choosesAll() bool { return m.Chosen.Get("all") != "" }

// matchingUsers returns the query of the filters.
func (m *chosenUsers) matchingUsers() (url.Values, error) {
	given, err := url.ParseQuery(m.Chosen.Get("filters"))
	if err != nil {
		return nil, &unreadable{err}
	}
	query := url.Values{}
	for _, name := range userFilters {
		query.Set(name, given.Get(name))
	}
	return query, nil
}

// findUsers starts the calls that count the people and read the first of them. The function that it returns
// takes the responses over.
func (v *visit) findUsers(all *calls, m *chosenUsers) (found func(), err error) {
	some := make([]user, min(named, len(m.Chosen["ids"])))
	if !m.choosesAll() {
		for i, id := range m.Chosen["ids"][:len(some)] {
			fetch(all, people.getUser, nil, &some[i], id)
		}
		return func() { m.Count, m.People = len(m.Chosen["ids"]), names(some) }, nil
	}
	query, err := m.matchingUsers()
	if err != nil {
		return nil, err
	}
	query.Set("limit", strconv.Itoa(named))
	var page userPage
	fetch(all, people.listUsers, query, &page)
	return func() { m.Count, m.People = page.Totals.Users, names(page.Items) }, nil
}

// names returns what people call users.
func names(users []user) (list []holderName) {
	for i := range users {
		list = append(list, users[i].called())
	}
	return list
}

// userIDs returns the ids of the chosen users. If all that match filters are chosen, it returns at most as many as
// one call accepts.
func (v *visit) userIDs(m *chosenUsers) ([]string, error) {
	if !m.choosesAll() {
		return m.Chosen["ids"], nil
	}
	c := v.call()
	var err error
	if c.Query, err = m.matchingUsers(); err != nil {
		return nil, err
	}
	c.Query.Set("limit", wholePage)
	var ids []string
	for {
		page, err := send(v, people.listUsers, c)
		if err != nil {
			return nil, err
		}
		for _, u := range page.Items {
			ids = append(ids, u.ID)
		}
		if page.NextCursor == "" || len(ids) >= usersAtOnce {
			return ids[:min(len(ids), usersAtOnce)], nil
		}
		c.Query.Set("cursor", page.NextCursor)
	}
}

// userBulkPage is the page that deletes or restores many users: it says what that does first, and after it
// what happened to each.
type userBulkPage struct {
	chosenUsers
	Restores bool
	Most     int          // how many one change takes
	Freed    int          // licences that a deletion frees
	Licenses bool         // whether a restoration assigns the former licences again
	Results  *userResults // what happened
	Restored int          // users that were restored: the API restores one at a time, so it does not count them
	Errors   formErrors
}

// now is how many users the change is about.
func (m *userBulkPage) now() int { return min(m.Count, m.Most) }

// restoredAtOnce is how many users are restored at once: each is a call.
const restoredAtOnce = 100

// deleteUsers asks before many users are deleted, with what that frees, and deletes them.
func deleteUsers(v *visit) error {
	return v.changeUsers(userBulkPage{Most: usersAtOnce}, func(m *userBulkPage, ids []string, form url.Values) (userResults, error) {
		return v.sendDeletions(ids, form.Get("acknowledge"), false)
	})
}

// sendDeletions deletes users, or rehearses it.
func (v *visit) sendDeletions(ids []string, acknowledge string, rehearse bool) (userResults, error) {
	body := map[string]any{"users": ids, "dryRun": rehearse}
	if acknowledge != "" {
		body["acknowledge"] = acknowledge
	}
	return send(v, people.deleteUsers, v.change(body))
}

// restoreUsers asks before many users are restored, and restores them.
func restoreUsers(v *visit) error {
	return v.changeUsers(userBulkPage{Restores: true, Licenses: true, Most: restoredAtOnce}, func(m *userBulkPage, ids []string, form url.Values) (userResults, error) {
		m.Licenses = form.Get("licenses") != ""
		results, restored, err := v.restoreEach(ids, m.Licenses)
		m.Restored = restored
		return results, err
	})
}

// changeUsers shows the page at a GET, and at a POST does what it says. If the people are many, their number
// must have been typed, so that filters that meanwhile match others change nothing.
func (v *visit) changeUsers(m userBulkPage, do func(m *userBulkPage, ids []string, form url.Values) (userResults, error)) error {
	values := v.query
	if v.r.Method == http.MethodPost {
		form, err := v.form()
		if err != nil {
			return err
		}
		values = form
	}
	m.chosenUsers = chosenUsersOf(values)
	all := v.calls()
	found, err := v.findUsers(all, &m.chosenUsers)
	if err != nil {
		return err
	}
	if err := all.Wait(); err != nil {
		return err
	}
	if found(); m.Count == 0 {
		return v.redirect("/console/users")
	}
	ids, err := v.userIDs(&m.chosenUsers)
	if err != nil {
		return err
	}
	ids = ids[:min(len(ids), m.Most)]
	if v.r.Method == http.MethodGet {
		return v.askUsers(http.StatusOK, m, ids)
	}
	if m.now() >= toType && int(whole(values.Get("count"))) != m.now() {
		m.Errors.add("count", v.T("console_type_users", "n", v.N(m.now())))
		return v.askUsers(http.StatusUnprocessableEntity, m, ids)
	}
	results, err := do(&m, ids, values)
	if p := wrongInput(err); p != nil {
		if slices.Contains(unacknowledged, p.Code) {
			m.Errors.add("acknowledge", v.T("console_acknowledge_first"))
		} else {
			m.Errors = v.place(p, func(string) string { return "" })
		}
		return v.askUsers(p.Status, m, ids)
	}
	if err != nil {
		return err
	}
	m.Results = &results
	return v.render(http.StatusOK, userBulkTemplate(v, m))
}

// askUsers responds with the page that asks. A rehearsal says how many licences a deletion frees.
func (v *visit) askUsers(status int, m userBulkPage, ids []string) error {
	if !m.Restores {
		rehearsed, err := v.sendDeletions(ids, "", true)
		if err != nil {
			return err
		}
		for _, r := range rehearsed.Items {
			m.Freed += len(r.Removed)
		}
	}
	return v.render(status, userBulkTemplate(v, m))
}

// restoreEach restores users one by one, a few at the same time, because the API restores one. Each call has
// a key of its own, made from the key of the form. A user who cannot be restored has the reason as result. It
// returns how many were restored, and an error if no outcome is known.
func (v *visit) restoreEach(ids []string, licenses bool) (results userResults, n int, err error) {
	results.Items = make([]userResult, len(ids))
	failed := make([]error, len(ids))
	var wait sync.WaitGroup
	turns := make(chan struct{}, 3) // a fresh account runs 10 functions at the same time
	for i, id := range ids {
		turns <- struct{}{}
		wait.Go(func() {
			defer func() { <-turns }()
			c := v.call()
			c.Body, c.Key = map[string]any{"licenses": licenses}, v.r.PostForm.Get("key")+"-"+strconv.Itoa(i)
			restored, err := send(v, people.restoreUser, c, id)
			results.Items[i], failed[i] = v.restored(id, restored, err)
		})
	}
	wait.Wait()
	for _, r := range results.Items {
		switch r.Outcome {
		case "restored":
			n++
		case "refused":
			results.Totals.Refused++
		default:
			results.Totals.Unknown++
		}
	}
	if results.Totals.Unknown == len(ids) {
		return results, 0, errors.Join(failed...)
	}
	return results, n, nil
}

// restored returns the result of one restoration, and the error if its outcome is not known.
func (v *visit) restored(id string, u restoredUser, err error) (userResult, error) {
	r := userResult{User: id, UserPrincipalName: u.User.UserPrincipalName, Violations: u.Violations}
	var p *client.Problem
	switch {
	case err == nil:
		r.Outcome = "restored"
	case errors.As(err, &p) && p.Status < http.StatusInternalServerError && p.Status != http.StatusTooManyRequests:
		r.Outcome = "refused"
		for _, x := range p.Errors {
			r.Violations = append(r.Violations, violation{Message: x.Message})
		}
		if len(p.Errors) == 0 {
			r.Violations = []violation{{Message: p.Detail}}
		}
	default:
		r.Message = v.T("console_perhaps_changed")
		return r, err
	}
	return r, nil
}
