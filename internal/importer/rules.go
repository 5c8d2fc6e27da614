package importer

import (
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
)

// The checks of an import.
const (
	CheckUpload agreement.Check = "upload" // the key of a file and its metadata
	CheckStore  agreement.Check = "store"  // the rows against the store
)

// Rules lists every rule of agreements and of their files.
var Rules = slices.Concat(agreement.DraftRules, agreement.OtherRules, pairfile.Rules, importRules, agreement.HandRules)

// importRules are the rules of a file's key and metadata, with those as examples, and the rules
// that need the store, with examples that say what is stored.
var importRules = []agreement.Rule{
	{
		Code: "on_error_unknown", Spec: "R3.7", Check: CheckUpload, Field: "metadata", Args: []string{"value"},
		Summary: "The metadata on-error is reject or skip, in any case, or is not given.",
		Pass:    "on-error: skip", Fail: "on-error: ignore",
	},
	{
		Code: "folder_too_deep", Spec: "R3.1", Check: CheckUpload, Field: "group", Args: []string{"folder"},
		Summary: "A file is under agreements/ or in one folder there, which is named as the license group.",
		Pass:    "agreements/Sales/a.csv", Fail: "agreements/Sales/North/a.csv",
	},
	{
		Code: "group_name_invalid", Spec: "R4.1", Check: CheckUpload, Field: "group", Args: []string{"group"},
		Summary: "A license group's name satisfies the rules of an agreement's name.",
		Pass:    "agreements/Sales/a.csv", Fail: "agreements/Sales & Marketing/a.csv",
	},
	{
		Code: "file_inventory", Spec: "R6.1", Check: CheckUpload, Field: "file",
		Summary: "The file is an inventory of software. Put it under inventory/.",
		Pass:    "01-07001,01-07001", Fail: "DeviceName,ApplicationName\nPC-1,Visio",
	},
	{
		Code: "file_statement", Spec: "R5.1", Check: CheckUpload, Field: "file",
		Summary: "The file is a statement of entitlements. Put it under entitlements/.",
		Pass:    "01-07001,01-07001", Fail: "License ID,Product family,Effective quantity\n8123456,Visio,35",
	},
	{
		Code: "pair_taken", Spec: "R2.3", Check: CheckStore, Field: "row", Args: []string{"agreement"},
		Summary: "The pair belongs to another agreement.",
		Pass:    "01-07001,01-07001,Office", Fail: "01-07001,01-07001,Office with the pair stored under Servers",
	},
	{
		Code: "name_is_other", Spec: "R3.4", Check: CheckStore, Field: "name", Args: []string{"agreement"},
		Summary: "The name is that of an agreement of type other, which has no pairs.",
		Pass:    "01-07001,01-07001,Office", Fail: "01-07001,01-07001,Office with Office stored as type other",
	},
	{
		Code: "taken_meanwhile", Spec: "R3.9", Check: CheckStore, Field: "row", Args: []string{"agreement"},
		Summary: "The pair was added to another agreement while the file was imported.",
		Pass:    "01-07001,01-07001,Office", Fail: "01-07001,01-07001,Office in two files at once",
	},
	{
		Code: "group_limit", Spec: "R4.2", Check: CheckStore, Field: "file", Args: []string{"group"},
		Summary: "There are at most 500 license groups besides Unassigned agreements. An import creates one only for new agreements.",
		Pass:    "agreements/Sales/a.csv", Fail: "agreements/Sales/a.csv with 500 other groups stored",
	},
	{
		Code: "pair_already_stored", Spec: "R3.6", Warning: true, Check: CheckStore, Field: "row", Args: []string{"agreement"},
		Summary: "The agreement has the pair already; the row changes nothing.",
		Pass:    "01-07001,01-07001,Office", Fail: "01-07001,01-07001,Office with the pair stored under Office",
	},
	{
		Code: "group_ignored", Spec: "R3.4", Warning: true, Check: CheckStore, Field: "row", Args: []string{"agreement"},
		Summary: "The agreement is in another license group and stays there; an import moves nothing.",
		Pass:    "agreements/Sales/a.csv", Fail: "agreements/Sales/a.csv with Office stored in Marketing",
	},
}
