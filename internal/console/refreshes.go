package console

import "net/http"

func listRefreshes(v *visit) error {
	c := v.call()
	c.Query = v.only("cursor")
	page, err := send(v, api.listRefreshes, c)
	if err != nil {
		return err
	}
	for _, r := range page.Items {
		v.poll = v.poll || !r.Final
	}
	return v.render(http.StatusOK, refreshesTemplate(v, page))
}

// startRefresh starts a refresh, or shows the one that runs already (R7.1).
func startRefresh(v *visit) error {
	form, err := v.form()
	if err != nil {
		return err
	}
	body := map[string]string{}
	if id := form.Get("group"); id != "" {
		body["groupId"] = id
	}
	started, err := send(v, api.createRefresh, v.change(body))
	if err != nil {
		return err
	}
	return v.redirect("/console/refreshes/" + started.ID)
}

// refreshView is what the page of a refresh shows.
type refreshView struct {
	refresh
	Group string // name of the license group; empty for the whole organisation
}

func showRefresh(v *visit) error {
	var m refreshView
	var groups groupList
	all := v.calls()
	fetch(all, api.getRefresh, nil, &m.refresh, v.r.PathValue("id"))
	fetch(all, api.listGroups, nil, &groups)
	if err := all.Wait(); err != nil {
		return err
	}
	if m.GroupID != "" {
		m.Group = groupName(groups.Items, m.GroupID)
	}
	if v.poll = !m.Final; m.asked() {
		v.know(m.By)
	}
	return v.render(http.StatusOK, refreshTemplate(v, m))
}

// confirmRefresh applies a drop of entitlements that was held back.
func confirmRefresh(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if _, err := send(v, api.confirmRefresh, v.change(nil), id); err != nil {
		return err
	}
	v.note("console_done_confirmed")
	return v.redirect("/console/refreshes/" + id)
}

// asked reports whether a person asked for the refresh.
func (r *refresh) asked() bool { return r.Trigger == "now" }

// held reports whether a drop of entitlements waits for a confirmation.
func (r *refresh) held() bool { return r.Hold != nil && r.Hold.State == "held" }
