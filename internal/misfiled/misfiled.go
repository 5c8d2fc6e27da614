// Package misfiled recognises a file that was put in the folder of another kind.
//
// The table is the only place that knows how each kind is recognised and in which order. A further
// kind of file is a row here, and a message for each folder in which it can be found.
package misfiled

import (
	"slices"

	"trueup/internal/agreement/pairfile"
	"trueup/internal/directory/columns"
	"trueup/internal/entitlement/statement"
	"trueup/internal/intake/kind"
	"trueup/internal/inventory"
)

// row is what is known of the files of one kind.
type row struct {
	kind   kind.Kind
	folder string // first word of codes about files in the folder of the kind, such as file
	name   string // what these codes call a file of the kind; empty if it is not recognised elsewhere
	// is recognises a file of the kind by its start, or by the whole of it.
	is func(data []byte) bool
	// besideRows means that is decides also about a file with rows that are right in another folder.
	besideRows bool
}

// table lists every kind, in the order in which a file is compared with them. It is a function, so that
// programs that receive no files do not contain the readers of all kinds.
func table() []row {
	return []row{
		// An inventory has publishers and titles too, and a short title beside a PC looks like a pair.
		{kind.Inventory, "inventory", "inventory", inventory.IsFile, true},
		{kind.Agreements, "file", "agreements", pairfile.IsFile, false},
		{kind.Statements, "statement", "statement", statement.IsFile, false},
		// Files of other kinds have the columns of a catalog too, so it is not recognised.
		{kind.Catalog, "feed", "", nil, false},
		{kind.Users, "directory", "users", columns.IsUsers, false},
		{kind.Devices, "directory", "devices", columns.IsDevices, false},
		{kind.Subscriptions, "directory", "subscriptions", columns.IsSubscriptions, false},
	}
}

// Code returns the code of the message that says what a file is and where it belongs, such as
// feed_inventory for an inventory in the folder of kind.Catalog; empty for a file that is not
// recognised as one of another kind. data is the file or its start. hasRows says whether the file has
// rows that are right in its folder: some kinds are not recognised then.
func Code(folder kind.Kind, data []byte, hasRows bool) string {
	rows := table()
	own := slices.IndexFunc(rows, func(r row) bool { return r.kind.Name == folder.Name })
	for i, r := range rows {
		if i != own && r.is != nil && (r.besideRows || !hasRows) && r.is(data) {
			return rows[own].folder + "_" + r.name
		}
	}
	return ""
}

// InInventory is Code for a file in the folder of kind.Inventory. It suits the option Other of package
// inventory.
func InInventory(data []byte) string { return Code(kind.Inventory, data, false) }
