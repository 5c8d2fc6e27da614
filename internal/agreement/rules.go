package agreement

import (
	"fmt"
	"strings"
)

// Check says which check reports a rule. Packages pairfile and importer have further ones.
type Check string

// The checks.
const (
	CheckDraft Check = "draft" // Parse: a row, a JSON body or a form
	CheckOther Check = "other" // ParseOther: a JSON body or a form
	CheckHand  Check = "hand"  // a change by hand: the call, and its values against the store
)

// Rule is one possible error or warning about an agreement or a file of agreements. Pass and Fail
// are minimal examples that satisfy and break it, as rows of a file unless the rule is about
// something else.
type Rule struct {
	Code    string // stable: clients and translations depend on it
	Spec    string // chapter of the specification, for example "R2.1"
	Warning bool   // whether what breaks it is accepted with a warning
	Check   Check
	Field   string   // name, authorization, license, pair, pairs, program, row, header, file, group, metadata or a term of type other
	Args    []string // values in the message next to the value
	Summary string
	Pass    string
	Fail    string
}

// DraftRules are the rules of a draft of a volume agreement, and of names in general.
var DraftRules = []Rule{
	{
		Code: "name_required", Spec: "R2.1", Check: CheckDraft, Field: "name",
		Summary: "An agreement and a license group have a name.",
		Pass:    "Office agreements", Fail: " ",
	},
	{
		Code: "name_too_long", Spec: "R2.1", Check: CheckDraft, Field: "name", Args: []string{"max", "length"},
		Summary: "A name has at most 256 characters, counting repeated spaces once and leaving out characters that another finding says to remove.",
		Pass:    "Office agreements", Fail: "257 letters",
	},
	{
		Code: "name_characters", Spec: "R2.1", Check: CheckDraft, Field: "name", Args: []string{"characters"},
		Summary: "A name has none of these: " + ForbiddenInNames,
		Pass:    "01-07001,01-07001,Sales 50% - floor 2", Fail: "01-07001,01-07001,Sales & Marketing",
	},
	{
		Code: "name_control", Spec: "R2.1", Check: CheckDraft, Field: "name", Args: []string{"characters"},
		Summary: "A name has no control characters and no other invisible ones, such as a tab or a zero-width space.",
		Pass:    "01-07001,01-07001,Office agreements", Fail: "01-07001,01-07001,Office\tagreements",
	},
	{
		Code: "not_ascii", Spec: "R3.3", Check: CheckDraft, Field: "name, authorization, license", Args: []string{"characters"},
		Summary: "A CSV file has only ASCII characters in its cells. In the console and the API a name may have letters of any script.",
		Pass:    "01-07001,01-07001,Reseau", Fail: "01-07001,01-07001,Réseau",
	},
	{
		Code: "dash", Spec: "R3.7", Check: CheckDraft, Field: "name, authorization, license", Args: []string{"characters"},
		Summary: "A number, and a name in a CSV file, has hyphens, not dashes that look like them.",
		Pass:    "01-07001,01-07001,Office - Ghent", Fail: "01–07001,01-07001,Office",
	},
	{
		Code: "cell_error", Spec: "R3.7", Check: CheckDraft, Field: "name, authorization, license",
		Summary: "A cell is not an error of a spreadsheet, such as #REF! or #####.",
		Pass:    "01-07001,01-07001", Fail: "#######,01-07001",
	},
	{
		Code: "pairs_required", Spec: "R2.2", Check: CheckDraft, Field: "pairs",
		Summary: "A volume agreement has at least one pair.",
		Pass:    "one pair", Fail: "no pair",
	},
	{
		Code: "number_required", Spec: "R2.2", Check: CheckDraft, Field: "authorization, license",
		Summary: "A pair has both numbers.",
		Pass:    "01-07001,01-07001", Fail: "01-07001,,Office agreements",
	},
	{
		Code: "number_characters", Spec: "R2.2", Check: CheckDraft, Field: "authorization, license", Args: []string{"characters"},
		Summary: "A number has only the letters A to Z, digits and hyphens.",
		Pass:    "01-07001,01-07001", Fail: "01/07001,01-07001",
	},
	{
		Code: "number_only_hyphens", Spec: "R2.2", Check: CheckDraft, Field: "authorization, license",
		Summary: "A number has at least one letter or digit.",
		Pass:    "-7,-7", Fail: "--,01-07001",
	},
	{
		Code: "number_scientific", Spec: "R3.7", Check: CheckDraft, Field: "authorization, license",
		Summary: "A number is not in scientific notation: a spreadsheet has dropped digits.",
		Pass:    "01-07001,01-07001", Fail: "1.23457E+14,01-07001",
	},
	{
		Code: "number_decimal", Spec: "R3.7", Check: CheckDraft, Field: "authorization, license",
		Summary: "A number has no decimal point or comma.",
		Pass:    "1234567,1234567", Fail: "1234567.0,1234567",
	},
	{
		Code: "number_thousands", Spec: "R3.7", Check: CheckDraft, Field: "authorization, license", Args: []string{"number"},
		Summary: "A number has no separators between groups of digits.",
		Pass:    "1234567,1234567", Fail: `"1,234,567",1234567`,
	},
	{
		Code: "number_date", Spec: "R3.7", Check: CheckDraft, Field: "authorization, license",
		Summary: "A number is not a date, which a spreadsheet may have made of it.",
		Pass:    "01-07001,01-07001", Fail: "01/07/2001,01-07001",
	},
	{
		Code: "number_not_alone", Spec: "R3.7", Check: CheckDraft, Field: "authorization, license",
		Summary: "A cell has one number, without words.",
		Pass:    "01-07001,01-07001", Fail: "No. 01-07001,01-07001",
	},
	{
		Code: "pair_too_long", Spec: "R2.2", Check: CheckDraft, Field: "pair", Args: []string{"max", "length"},
		Summary: "Both numbers of a pair have at most 16 characters together, leaving out characters that another finding says to remove. The setting PAIR_MAX_CHARS lifts this to at most 32.",
		Pass:    "01-07001,01-07001", Fail: "01-07001,01-070011",
	},
	{
		Code: "numbers_differ", Spec: "R3.5", Check: CheckDraft, Field: "license", Args: []string{"authorization"},
		Summary: "Under the program open-value both numbers are the same.",
		Pass:    "01-07001,0107001", Fail: "01-07001,01-07002",
	},
	{
		Code: "pair_given_twice", Spec: "R2.3", Check: CheckDraft, Field: "pair", Args: []string{"first"},
		Summary: "Pairs added by hand are different from each other.",
		Pass:    "01-07001 + 01-07001, 01-07002 + 01-07002", Fail: "01-07001 + 01-07001, 0107001 + 0107001",
	},
	{
		Code: "program_unknown", Spec: "R3.5", Check: CheckDraft, Field: "program", Args: []string{"value"},
		Summary: "A program is one of " + programList + ", or is not given.",
		Pass:    "open-value", Fail: "gold",
	},
}

// RulesTable returns rules as a Markdown table, for the documentation.
func RulesTable(rules []Rule) string {
	var b strings.Builder
	b.WriteString("| code | rule | reported | about | quotes | what it says |\n|---|---|---|---|---|---|\n")
	for _, r := range rules {
		severity := "error"
		if r.Warning {
			severity = "warning"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s, %s | %s | %s | %s |\n",
			r.Code, r.Spec, r.Check, severity, r.Field, strings.Join(r.Args, ", "), strings.ReplaceAll(r.Summary, "|", `\|`))
	}
	return b.String()
}
