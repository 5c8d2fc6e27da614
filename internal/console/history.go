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

// changes returns what an event changed, with names of license groups instead of their ids.
func (v *visit) changes(e auditEvent, groups []group) (list []change) {
	names := slices.Sorted(maps.Keys(e.After))
	for name := range e.Before {
		if _, both := e.After[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		c := change{name, e.Before[name], e.After[name]}
		if code, ok := fieldNames[name]; ok {
			c.Name = v.T(code)
		}
		c.Before, c.After = v.written(name, c.Before, groups), v.written(name, c.After, groups)
		list = append(list, c)
	}
	return list
}

// action returns what an event did, in words.
func (v *visit) action(action string) string {
	if code := "console_action_" + strings.ReplaceAll(action, ".", "_"); i18n.Known(code) {
		return v.T(code)
	}
	return action
}

// who returns the name of the person who did it, or the id if the token had no name.
func (e *auditEvent) who() string {
	if e.ByName != "" {
		return e.ByName
	}
	return e.By
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
