package directory

import (
	"trueup/internal/directory/columns"
	"trueup/internal/sheet"
)

// fieldNames are the columns of findings: the names of the fields of the API.
var fieldNames = [columns.Fields]sheet.Column{
	columns.UPN: "userPrincipalName", columns.Name: "displayName", columns.Location: "usageLocation", columns.Department: "department", columns.Type: "type",
	columns.Enabled: "enabled", columns.Blocked: "enabled", columns.ObjectID: "objectId", columns.Licenses: "licenses", columns.DeletedAt: "deletedAt", columns.Deleted: "deleted",
	columns.Seen: "lastSignIn", columns.Refreshed: "refreshedOn", columns.DeviceID: "deviceId", columns.System: "operatingSystem", columns.SystemVersion: "operatingSystemVersion",
	columns.Join: "join", columns.Registered: "registeredAt", columns.SKU: "sku", columns.PartNumber: "partNumber", columns.Title: "name", columns.Quantity: "quantity", columns.Expired: "expired",
	columns.Suspended: "expired", columns.Assigned: "assigned", columns.End: "endsOn", columns.AppliesTo: "kind", columns.GroupTypes: "type", columns.Security: "type", columns.Mail: "type", columns.Rule: "rule", columns.Entity: "type",
}

// fieldOf returns the field of a violation of the domain: "name" is the title of a subscription, and
// services belong to no column.
func fieldOf(name string) columns.Field {
	for f := columns.None + 1; f < columns.Fields; f++ {
		if string(fieldNames[f]) == name {
			return f
		}
	}
	return columns.None
}

// cell is a field of a row.
type cell struct {
	text     string
	position int  // of the column, from 1; 0 in JSON
	given    bool // whether the row states it, perhaps as empty
}

// record is a row of a table or an object.
type record struct {
	line     int
	cells    [columns.Fields]cell
	activity []cell

	// What only objects have.
	licenses []LicenseRef // nil if the object has no list of licences
	services []service
	members  []record
}

func (r *record) reset(line int) {
	activity := r.activity[:0]
	*r = record{line: line, activity: activity}
}

// fill sets the fields from the values of a row whose columns are those of a header.
func (r *record) fill(h *columns.Header, positions bool, value func(column int) string) {
	set := func(at int) cell {
		c := cell{text: value(at), given: true}
		if positions {
			c.position = at + 1
		}
		return c
	}
	for f, at := range h.At {
		if at >= 0 {
			r.cells[f] = set(at)
		}
	}
	for _, at := range h.Activity {
		r.activity = append(r.activity, set(at))
	}
}

func (r *record) get(f columns.Field) string { return r.cells[f].text }
