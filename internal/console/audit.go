package console

import (
	"net/http"
	"slices"
)

// auditFilters are the filters of the list of audit events, as the API names them.
var auditFilters = []string{"from", "to", "byName", "by", "action", "subject"}

// auditActions are the actions that the filter offers. An address may have any other.
var auditActions = []string{
	"agreement.created", "agreement.updated", "agreement.moved", "agreement.deleted", "group.created", "group.renamed", "group.deleted", "reminder_feed.made", "reminder_feed.revoked",
	"import.announced", "import.succeeded", "import.partial", "import.rejected", "import.failed", "statement.announced", "statement.accepted", "statement.refused", "statement.removed",
	"inventory.announced", "inventory.received", "inventory.refused", "inventory.recounted", "rule.added", "rule.changed", "rule.deleted", "rules.deleted", "rules.imported",
	"title.decided", "title.undecided", "publisher.added", "publisher.merged", "title.added", "title.merged", "adjustment.set", "adjustment.deleted", "refresh.requested", "refresh.confirmed",
}

// auditView is what the list of audit events shows.
type auditView struct {
	auditPage
	Groups []group
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
