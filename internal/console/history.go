package console

import (
	"maps"
	"slices"
	"strings"

	"trueup/internal/i18n"
)

// change is one value before and after an event.
type change struct{ Name, Before, After string }

// fieldNames are the codes of the names of values in audit events.
var fieldNames = map[string]string{
	"name": "console_name", "group": "report_column_group", "publisher": "report_column_publisher", "productTitle": "report_column_product",
	"licenses": "console_licenses", "start": "report_column_start", "end": "report_column_end", "pairs": "console_pairs",
	"added": "console_added", "removed": "console_removed", "details": "console_details",
	"kind": "console_kind", "position": "console_order", "quantity": "console_licenses", "note": "console_note", "version": "console_version", "product": "report_column_product",
	"aliases": "console_aliases", "source": "console_source",
}

// agreementChanges returns what an event changed, with names of license groups instead of their ids.
func (v *visit) agreementChanges(groups []group) func(auditEvent) []change {
	return func(e auditEvent) []change {
		list := v.changes(e, fieldNames)
		for i, name := range namesOf(e) {
			c := &list[i]
			c.Before, c.After = v.written(name, c.Before, groups), v.written(name, c.After, groups)
		}
		return list
	}
}

// directoryNames are the codes of the names of values in audit events about people, subscriptions and devices.
var directoryNames = map[string]string{
	"name": "console_name", "userPrincipalName": "console_upn", "displayName": "console_display_name", "usageLocation": "console_location", "department": "console_department",
	"type": "report_column_type", "enabled": "console_enabled", "objectId": "console_object_id", "licenses": "console_licenses", "quantity": "console_licenses", "endsOn": "report_column_ends_on",
	"autoRenew": "report_column_auto_renew", "kind": "report_column_kind", "partNumber": "report_column_part_number", "sku": "report_column_sku", "countries": "console_countries",
	"services": "console_services", "reference": "console_reference", "price": "report_column_price_per_month", "call": "console_call", "conflict": "report_column_conflicts",
}

// directoryChanges returns what an event about people or subscriptions changed, with names of subscriptions
// instead of their ids.
func (v *visit) directoryChanges(subscriptions []subscription) func(auditEvent) []change {
	return func(e auditEvent) []change {
		list := v.changes(e, directoryNames)
		for i := range list {
			c := &list[i]
			for _, s := range subscriptions {
				for _, text := range []*string{&c.Name, &c.Before, &c.After} {
					*text = strings.ReplaceAll(*text, s.ID, s.Name)
				}
			}
			if off, ok := strings.CutPrefix(c.Name, "servicesOff/"); ok {
				c.Name = v.T("console_services_off") + ", " + off
			}
		}
		return list
	}
}

// namesOf returns the names of the values in an event, sorted.
func namesOf(e auditEvent) []string {
	names := slices.Sorted(maps.Keys(e.After))
	for name := range e.Before {
		if _, both := e.After[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// changes returns what an event changed. codes has the codes of the names of values; others are looked for
// among all of them.
func (v *visit) changes(e auditEvent, codes map[string]string) (list []change) {
	for _, name := range namesOf(e) {
		c := change{name, e.Before[name], e.After[name]}
		for _, known := range []map[string]string{codes, fieldNames, directoryNames} {
			if code, ok := known[name]; ok {
				c.Name = v.T(code)
				break
			}
		}
		list = append(list, c)
	}
	return list
}

// action returns what an event did, in words.
func (v *visit) action(action string) string {
	if code := actionCode(action); i18n.KnownPage(code) {
		return v.T(code)
	}
	return action
}

// actionCode returns the code of the name of an action.
func actionCode(action string) string {
	return "console_action_" + strings.ReplaceAll(action, ".", "_")
}

// whoDid returns the name that an event has, or else the known name of the person who did it, or the id.
func (v *visit) whoDid(e auditEvent) string {
	if e.ByName != "" {
		return e.ByName
	}
	return v.who(e.By)
}

// written returns a value of an event as pages write it.
func (v *visit) written(name, value string, groups []group) string {
	switch {
	case value == "":
		return ""
	case name == "group":
		return groupName(groups, value)
	case name == "details": // events say that there are some, not which (R2.7)
		return v.T("console_details_kept")
	}
	return v.Day(value) // anything but a day stays as it is
}
