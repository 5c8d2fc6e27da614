package agreement

// OtherRules are the rules of a draft of type other. The examples are the value that the rule is
// about.
var OtherRules = []Rule{
	{
		Code: "publisher_required", Spec: "R2.6", Check: CheckOther, Field: "publisher",
		Summary: "An agreement of type other has a publisher.",
		Pass:    "Adobe", Fail: " ",
	},
	{
		Code: "publisher_too_long", Spec: "R2.6", Check: CheckOther, Field: "publisher", Args: []string{"max", "length"},
		Summary: "A publisher has at most 256 characters, repeated spaces counted once.",
		Pass:    "Adobe", Fail: "257 letters",
	},
	{
		Code: "publisher_control", Spec: "R2.6", Check: CheckOther, Field: "publisher", Args: []string{"characters"},
		Summary: "A publisher has no control characters and no other invisible ones. Every other character is fine.",
		Pass:    "Smith & Sons (UK)", Fail: "Ado\tbe",
	},
	{
		Code: "title_required", Spec: "R2.6", Check: CheckOther, Field: "productTitle",
		Summary: "An agreement of type other has a product title.",
		Pass:    "Photoshop", Fail: " ",
	},
	{
		Code: "title_too_long", Spec: "R2.6", Check: CheckOther, Field: "productTitle", Args: []string{"max", "length"},
		Summary: "A product title has at most 256 characters, repeated spaces counted once.",
		Pass:    "Photoshop", Fail: "257 letters",
	},
	{
		Code: "title_control", Spec: "R2.6", Check: CheckOther, Field: "productTitle", Args: []string{"characters"},
		Summary: "A product title has no control characters and no other invisible ones. Every other character is fine.",
		Pass:    "C++ Builder #12", Fail: "Photo\u200bshop",
	},
	{
		Code: "licenses_required", Spec: "R2.6", Check: CheckOther, Field: "licenses",
		Summary: "An agreement of type other has a license count.",
		Pass:    "1", Fail: "no number",
	},
	{
		Code: "licenses_range", Spec: "R2.6", Check: CheckOther, Field: "licenses", Args: []string{"max"},
		Summary: "A license count is a whole number from 1 to 10,000,000.",
		Pass:    "10000000", Fail: "0",
	},
	{
		Code: "date_invalid", Spec: "R2.6", Check: CheckOther, Field: "start, end",
		Summary: "A date is a day of the calendar as YYYY-MM-DD, from 1900 to 2999.",
		Pass:    "2028-02-29", Fail: "2026-02-29",
	},
	{
		Code: "end_before_start", Spec: "R2.6", Check: CheckOther, Field: "end", Args: []string{"start"},
		Summary: "The license end date is the license start date or later.",
		Pass:    "2026-01-01 to 2026-01-01", Fail: "2026-01-01 to 2025-12-31",
	},
	{
		Code: "details_too_long", Spec: "R2.6", Check: CheckOther, Field: "details", Args: []string{"max", "length"},
		Summary: "Details have at most 4,000 characters. A line end counts as one.",
		Pass:    "4,000 letters", Fail: "4,001 letters",
	},
	{
		Code: "details_control", Spec: "R2.6", Check: CheckOther, Field: "details", Args: []string{"characters"},
		Summary: "Details are text with line breaks and tabs, and no other control characters.",
		Pass:    "Key:\tABC\r\nContact: me", Fail: "Key:\x00ABC",
	},
	{
		Code: "terms_of_volume", Spec: "R2.5", Check: CheckOther, Field: "publisher, productTitle, licenses, start, end, details",
		Summary: "A volume agreement has no publisher, product title, license count, dates or details of its own.",
		Pass:    "type other with publisher Adobe", Fail: "type volume with publisher Adobe",
	},
	{
		Code: "pairs_of_other", Spec: "R2.6", Check: CheckHand, Field: "pairs, program",
		Summary: "An agreement of type other has no pairs and no program.",
		Pass:    "a pair for a volume agreement", Fail: "a pair for an agreement of type other",
	},
}

// HandRules are further rules of a change by hand: the limits of one call, and the stored data.
var HandRules = []Rule{
	{
		Code: "name_taken", Spec: "R2.1", Check: CheckHand, Field: "name", Args: []string{"agreement"},
		Summary: "No other agreement has the name, without regard to case and spaces.",
		Pass:    "Office", Fail: "OFFICE with Office stored",
	},
	{
		Code: "pairs_too_many", Spec: "R2.4", Check: CheckHand, Field: "pairs", Args: []string{"max"},
		Summary: "One call takes at most 80 pairs; a file takes 5,000.",
		Pass:    "80 pairs", Fail: "81 pairs",
	},
	{
		Code: "pairs_last", Spec: "R2.4", Check: CheckHand, Field: "pair",
		Summary: "The last pair of an agreement cannot be removed.",
		Pass:    "one of two pairs removed", Fail: "the only pair removed",
	},
	{
		Code: "publisher_unknown", Spec: "R2.6", Check: CheckHand, Field: "publisher", Args: []string{"publisher"},
		Summary: "The publisher is in the catalog.",
		Pass:    "Adobe", Fail: "Adobbe with only Adobe in the catalog",
	},
	{
		Code: "title_unknown", Spec: "R2.6", Check: CheckHand, Field: "productTitle", Args: []string{"publisher"},
		Summary: "The product title is in the catalog under its publisher.",
		Pass:    "Photoshop of Adobe", Fail: "Visio of Adobe",
	},
	{
		Code: "inventory_required", Spec: "R2.8", Check: CheckHand, Field: "type",
		Summary: "Agreements of type other can be added once the inventory knows a PC and a software title. The setting INVENTORY_REQUIRED lifts this.",
		Pass:    "type other with a PC and a title in the inventory", Fail: "type other with an empty inventory",
	},
	{
		Code: "group_choice", Spec: "R2.9", Check: CheckHand, Field: "group",
		Summary: "A license group is chosen by its id or by a name, not by both.",
		Pass:    "an id", Fail: "an id and a name",
	},
	{
		Code: "group_name_taken", Spec: "R4.1", Check: CheckHand, Field: "name",
		Summary: "No other license group has the name, without regard to case and spaces.",
		Pass:    "Sales", Fail: "SALES with Sales stored",
	},
	{
		Code: "group_built_in", Spec: "R4.3", Check: CheckHand, Field: "group",
		Summary: "Unassigned agreements cannot be renamed or deleted.",
		Pass:    "Sales deleted", Fail: "unassigned deleted",
	},
}
