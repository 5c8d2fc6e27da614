package console

import (
	"net/http"
	"slices"
	"time"
)

// auditFilters are the filters of the list of audit events, as the API names them.
var auditFilters = []string{"from", "to", "byName", "by", "action", "subject", "subscription", "call"}

// auditActions are all actions of audit events, in the order of the filter. An address may have another one.
var auditActions = []string{
	"agreement.created", "agreement.updated", "agreement.moved", "agreement.deleted", "agreement.details_read", "pairs.added", "pairs.removed",
	"group.created", "group.renamed", "group.deleted", "reminder_feed.made", "reminder_feed.revoked",
	"import.announced", "import.succeeded", "import.rejected", "import.failed",
	"statement.announced", "statement.accepted", "statement.refused", "statement.replaced", "statement.removed",
	"inventory.announced", "inventory.received", "inventory.refused", "inventory.recounted",
	"rule.added", "rule.changed", "rule.deleted", "rules.deleted", "rules.imported", "proposals.accepted", "title.decided", "title.undecided",
	"publisher.added", "publisher.merged", "title.added", "title.merged", "catalog.fed", "subscriptions.listed",
	"adjustment.set", "adjustment.deleted", "refresh.requested", "refresh.succeeded", "refresh.partial", "refresh.failed", "refresh.confirmed",
	"user.created", "user.edited", "user.deleted", "user.restored", "user.licenses_changed", "user.waiting_joined", "user.waiting_left", "user.waiting_served",
	"license_job.created", "license_job.succeeded", "license_job.failed",
	"subscription.created", "subscription.changed", "subscription.edited", "subscription.read_from_file", "subscription.licenses_purchased", "subscription.quantity_set",
	"subscription.renewed", "subscription.auto_renew_set", "subscription.deleted",
	"device.created", "device.changed", "device.deleted", "device_group.created", "device_group.changed", "device_group.deleted", "device_group.members_changed",
	"device_group.change_proposed", "device_group.change_withdrawn", "device_group.change_confirmed", "device_group.change_rejected",
	"device_group.subscription_assigned", "device_group.subscription_unassigned",
	"view.created", "view.changed", "view.deleted", "view.shared", "view.unshared", "view.scheduled", "view.unscheduled", "view.stopped", "view.resumed", "view.requested", "view.sent",
	"directory.announced", "directory.succeeded", "directory.refused", "directory.superseded", "directory.failed",
}

// auditView is what the list of audit events shows.
type auditView struct {
	auditPage
	Groups []group
}

// changesOf returns the address of the audit events of a call, from the day on which it was made.
func changesOf(call string, at time.Time) string {
	return to("/console/audit", "call", call, "from", at.UTC().Format(time.DateOnly))
}

func listAudit(v *visit) error {
	var m auditView
	var groups groupList
	all := v.calls()
	fetch(all, api.listAuditEvents, v.only(append(slices.Clone(auditFilters), "cursor")...), &m.auditPage)
	fetch(all, api.listGroups, nil, &groups)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Groups = groups.Items
	v.knowEvents(m.Items)
	return v.render(http.StatusOK, auditTemplate(v, m))
}

// actionOptions returns the actions of the filter, with the one in the address.
func (v *visit) actionOptions() (list []option) {
	actions := auditActions
	if asked := v.q("action"); asked != "" && !slices.Contains(actions, asked) {
		actions = append(slices.Clone(actions), asked)
	}
	for _, a := range actions {
		list = append(list, option{Value: a, Label: v.action(a)})
	}
	return list
}

// exportAudit sends the events that match the filters as a file.
func exportAudit(v *visit) error {
	query := v.only(auditFilters...)
	query.Set("separator", v.T("csv_separator"))
	return v.forward("/audit.csv", nil, query)
}
