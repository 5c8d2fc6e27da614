package console

import (
	"net/http"

	"trueup/internal/access"
)

func listConflicts(v *visit) error {
	c := v.call()
	c.Query = v.only("kind")
	found, err := send(v, people.listConflicts, c)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, conflictsTemplate(v, found.Items))
}

// conflictView is what the page of a conflict shows: those of one subscription, and its users.
type conflictView struct {
	Conflicts []conflict
	Users     conflictUserPage
}

func showConflict(v *visit) error {
	id := v.r.PathValue("subscription")
	var found conflictList
	var m conflictView
	all := v.calls()
	fetch(all, people.listConflicts, nil, &found)
	if err := all.Wait(); err != nil {
		return err
	}
	for _, c := range found.Items {
		if c.Subscription == id {
			m.Conflicts = append(m.Conflicts, c)
		}
	}
	if len(m.Conflicts) == 0 {
		return errNotFound
	}
	if m.Conflicts[0].SubscriptionKind != "device" {
		c := v.call()
		c.Query = v.only("cursor")
		var err error
		if m.Users, err = send(v, people.listConflictUsers, c, id); err != nil {
			return err
		}
	}
	return v.render(http.StatusOK, conflictTemplate(v, m))
}

// way returns the address at which a person goes a way out of a conflict.
func (c *conflict) way(w wayOut) string {
	switch w.Action {
	case "renew":
		return "/console/subscriptions/" + c.Subscription + "/renewal"
	case "buy":
		return "/console/subscriptions/" + c.Subscription + "/purchase"
	case "remove-licenses":
		return to("/console/subscriptions/"+c.Subscription, "tab", unusedTab)
	case "delete-users":
		return to("/console/users", "subscription", c.Subscription, "sort", "lastSignIn")
	case "remove-devices":
		return "/console/device-groups/" + c.DeviceGroup
	case "unassign":
		return "/console/device-groups/" + c.DeviceGroup + "/unassignment"
	}
	return "/console/subscriptions/" + c.Subscription
}

// mayGo reports whether the person's roles allow a way out.
func (v *visit) mayGo(w wayOut) bool { return v.may(access.Permission(w.Permission)) }

// rolesOf returns the names of the roles that allow a way out.
func (v *visit) rolesOf(w wayOut) string {
	roles := make([]access.Role, len(w.Roles))
	for i, role := range w.Roles {
		roles[i] = access.Role(role)
	}
	return v.roles(roles)
}

// path returns the address of the page of the conflicts of a subscription.
func (c *conflict) path() string { return "/console/conflicts/" + c.Subscription }

// clock is the number of days in which a conflict has to be solved.
const clock = 90

// left returns the tone of the days that are left.
func (c *conflict) left() string {
	if c.Overdue {
		return "unlicensed"
	}
	return "short"
}
