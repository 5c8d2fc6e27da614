package agreement

import (
	"fmt"
	"slices"
	"strings"

	"trueup/internal/sheet"
)

// Door says which check reports a rule.
type Door string

// The checks.
const (
	DoorDraft  Door = "draft"  // Parse: a row, a JSON body or a form
	DoorOther  Door = "other"  // ParseOther: a JSON body or a form
	DoorFile   Door = "file"   // pairfile.Read
	DoorUpload Door = "upload" // the importer: the key of a file and its metadata
	DoorStore  Door = "store"  // the importer: the rows against the store
	DoorHand   Door = "hand"   // a change by hand: the call, and its values against the store
)

// Rule is one possible error or warning about an agreement or a file of agreements. Pass and Fail
// are minimal examples that satisfy and break it, as rows of a file unless the rule is about
// something else.
type Rule struct {
	Code     string // stable: clients and translations depend on it
	Spec     string // chapter of the specification, for example "R2.1"
	Severity sheet.Severity
	Door     Door
	Field    string   // name, authorization, license, pair, pairs, program, row, header, file, group, metadata or a term of type other
	Args     []string // values in the message next to the value
	Summary  string
	Pass     string
	Fail     string
}

// Rules lists every rule that Parse, ParseOther, pairfile.Read, the importer and changes by hand
// report.
var Rules = slices.Concat(draftRules, otherRules, fileRules, importRules, handRules)

// draftRules are the rules of a draft of a volume agreement, and of names in general.
var draftRules = []Rule{
	{
		Code: "name_required", Spec: "R2.1", Severity: sheet.SeverityError, Door: DoorDraft, Field: "name",
		Summary: "An agreement and a license group have a name.",
		Pass:    "Office agreements", Fail: " ",
	},
	{
		Code: "name_too_long", Spec: "R2.1", Severity: sheet.SeverityError, Door: DoorDraft, Field: "name", Args: []string{"max", "length"},
		Summary: "A name has at most 256 characters, repeated spaces counted once.",
		Pass:    "Office agreements", Fail: "257 letters",
	},
	{
		Code: "name_characters", Spec: "R2.1", Severity: sheet.SeverityError, Door: DoorDraft, Field: "name", Args: []string{"characters"},
		Summary: "A name has none of these: " + ForbiddenInNames,
		Pass:    "01-07001,01-07001,Sales 50% - floor 2", Fail: "01-07001,01-07001,Sales & Marketing",
	},
	{
		Code: "name_control", Spec: "R2.1", Severity: sheet.SeverityError, Door: DoorDraft, Field: "name", Args: []string{"characters"},
		Summary: "A name has no control characters and no other invisible ones, such as a tab or a zero-width space.",
		Pass:    "01-07001,01-07001,Office agreements", Fail: "01-07001,01-07001,Office\tagreements",
	},
	{
		Code: "not_ascii", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorDraft, Field: "name, authorization, license", Args: []string{"characters"},
		Summary: "A CSV file has only ASCII characters in its cells. In the console and the API a name may have letters of any script.",
		Pass:    "01-07001,01-07001,Reseau", Fail: "01-07001,01-07001,Réseau",
	},
	{
		Code: "pairs_required", Spec: "R2.2", Severity: sheet.SeverityError, Door: DoorDraft, Field: "pairs",
		Summary: "A volume agreement has at least one pair.",
		Pass:    "one pair", Fail: "no pair",
	},
	{
		Code: "number_required", Spec: "R2.2", Severity: sheet.SeverityError, Door: DoorDraft, Field: "authorization, license",
		Summary: "A pair has both numbers.",
		Pass:    "01-07001,01-07001", Fail: "01-07001,,Office agreements",
	},
	{
		Code: "number_characters", Spec: "R2.2", Severity: sheet.SeverityError, Door: DoorDraft, Field: "authorization, license", Args: []string{"characters"},
		Summary: "A number has only the letters A to Z, digits and hyphens.",
		Pass:    "01-07001,01-07001", Fail: "01/07001,01-07001",
	},
	{
		Code: "number_only_hyphens", Spec: "R2.2", Severity: sheet.SeverityError, Door: DoorDraft, Field: "authorization, license",
		Summary: "A number has at least one letter or digit.",
		Pass:    "-7,-7", Fail: "--,01-07001",
	},
	{
		Code: "pair_too_long", Spec: "R2.2", Severity: sheet.SeverityError, Door: DoorDraft, Field: "pair", Args: []string{"max", "length"},
		Summary: "Both numbers of a pair have at most 16 characters together. The setting PAIR_MAX_CHARS lifts this to at most 32.",
		Pass:    "01-07001,01-07001", Fail: "01-07001,01-070011",
	},
	{
		Code: "numbers_differ", Spec: "R3.5", Severity: sheet.SeverityError, Door: DoorDraft, Field: "license", Args: []string{"authorization"},
		Summary: "Under the program open-value both numbers are the same.",
		Pass:    "01-07001,0107001", Fail: "01-07001,01-07002",
	},
	{
		Code: "pair_given_twice", Spec: "R2.3", Severity: sheet.SeverityError, Door: DoorDraft, Field: "pair", Args: []string{"first"},
		Summary: "Pairs added by hand are different from each other.",
		Pass:    "01-07001 + 01-07001, 01-07002 + 01-07002", Fail: "01-07001 + 01-07001, 0107001 + 0107001",
	},
	{
		Code: "program_unknown", Spec: "R3.5", Severity: sheet.SeverityError, Door: DoorDraft, Field: "program", Args: []string{"value"},
		Summary: "A program is one of " + programList + ", or is not given.",
		Pass:    "open-value", Fail: "gold",
	},
}

// fileRules are the rules of a file.
var fileRules = []Rule{
	{
		Code: "file_name_too_long", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file", Args: []string{"max", "length"},
		Summary: "A file's name has at most 128 characters.",
		Pass:    "agreements.csv", Fail: "129 characters",
	},
	{
		Code: "file_name_extension", Spec: "R3.1", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "A file's name ends in .csv, in any case, and has something before it.",
		Pass:    "office.CSV", Fail: "office.txt",
	},
	{
		Code: "file_name_slash", Spec: "R3.1", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "A file's name has no slash and no backslash.",
		Pass:    "office.csv", Fail: `sales\office.csv`,
	},
	{
		Code: "file_name_control", Spec: "R3.1", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "A file's name has no control characters.",
		Pass:    "office.csv", Fail: "off\tice.csv",
	},
	{
		Code: "file_too_large", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "A file has at most 4 MiB (4,194,304 bytes).",
		Pass:    "4 MiB", Fail: "4 MiB and a byte",
	},
	{
		Code: "file_empty", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "A file has at least one pair.",
		Pass:    "01-07001,01-07001", Fail: "Authorization number,License number",
	},
	{
		Code: "file_too_many_rows", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file", Args: []string{"max", "count"},
		Summary: "A file has at most 5,000 pairs. Split it.",
		Pass:    "5,000 rows", Fail: "5,001 rows",
	},
	{
		Code: "file_utf16", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "The file is Unicode text (UTF-16). Save it as CSV, not as Unicode text.",
		Pass:    "01-07001,01-07001", Fail: "UTF-16, with or without a byte-order mark",
	},
	{
		Code: "file_xlsx", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "The file is a workbook (XLSX or OpenDocument). Open it and save the sheet as CSV.",
		Pass:    "01-07001,01-07001", Fail: "an XLSX workbook",
	},
	{
		Code: "file_xls", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "The file is an old (XLS) or a protected workbook. Open it and save the sheet as CSV.",
		Pass:    "01-07001,01-07001", Fail: "an XLS workbook",
	},
	{
		Code: "file_zip", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "The file is a ZIP archive. Unpack it and upload the CSV files in it one by one.",
		Pass:    "01-07001,01-07001", Fail: "a ZIP archive",
	},
	{
		Code: "file_gzip", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "The file is compressed (gzip). Unpack it and upload the CSV file in it.",
		Pass:    "01-07001,01-07001", Fail: "a gzip file",
	},
	{
		Code: "file_pdf", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "The file is a PDF document. Type or export the pairs as CSV.",
		Pass:    "01-07001,01-07001", Fail: "%PDF-1.7",
	},
	{
		Code: "file_html", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "The file is a web page or XML. Export the pairs as CSV.",
		Pass:    "01-07001,01-07001", Fail: "<html><body>01-07001</body></html>",
	},
	{
		Code: "file_nul", Spec: "R3.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "file",
		Summary: "The file is not plain text: it has NUL bytes. Its line is that of the first.",
		Pass:    "01-07001,01-07001", Fail: "01-07001,01-07001\x00",
	},
	{
		Code: "header_incomplete", Spec: "R3.2", Severity: sheet.SeverityError, Door: DoorFile, Field: "header", Args: []string{"column"},
		Summary: "A header line names both number columns.",
		Pass:    "Name,License,Authorization\nOffice agreements,01-07001,01-07001", Fail: "Agreement name,License number\nOffice agreements,01-07001",
	},
	{
		Code: "columns", Spec: "R3.2", Severity: sheet.SeverityError, Door: DoorFile, Field: "row", Args: []string{"count", "separator"},
		Summary: "A row has two columns (the numbers) or three (and a name).",
		Pass:    "01-07001,01-07001", Fail: "01-07001,01-07001,Office,Brussels",
	},
	{
		Code: "unclosed_quote", Spec: "R3.2", Severity: sheet.SeverityError, Door: DoorFile, Field: "name, authorization, license",
		Summary: "A quoted cell ends with a quote.",
		Pass:    `01-07001,01-07001,"Office"`, Fail: `01-07001,01-07001,"Office`,
	},
	{
		Code: "stray_quote", Spec: "R3.2", Severity: sheet.SeverityError, Door: DoorFile, Field: "name, authorization, license",
		Summary: "Quotes stand around a whole cell; a quote inside is doubled.",
		Pass:    `"01-07001","01-07001"`, Fail: `01-"07001",01-07001`,
	},
	{
		Code: "line_break", Spec: "R3.2", Severity: sheet.SeverityError, Door: DoorFile, Field: "name, authorization, license",
		Summary: "A cell has no line break in it. A quote that is not closed looks the same.",
		Pass:    "01-07001,01-07001,\"Office agreements\"", Fail: "01-07001,01-07001,\"Office\nagreements\"",
	},
	{
		Code: "pair_under_two_names", Spec: "R2.3", Severity: sheet.SeverityError, Door: DoorFile, Field: "row", Args: []string{"line", "name"},
		Summary: "A pair belongs to one agreement: an earlier row has it under another name.",
		Pass:    "01-07001,01-07001,Office\n01-07002,01-07002,Servers", Fail: "01-07001,01-07001,Office\n0107001,0107001,Servers",
	},
	{
		Code: "header_skipped", Spec: "R3.2", Severity: sheet.SeverityWarning, Door: DoorFile, Field: "header",
		Summary: "The first line is a header and was skipped.",
		Pass:    "01-07001,01-07001", Fail: "Overeenkomstnummer;Inschrijvingsnummer;Naam\n01-07001;01-07001;Kantoor",
	},
	{
		Code: "columns_ignored", Spec: "R3.2", Severity: sheet.SeverityWarning, Door: DoorFile, Field: "header",
		Summary: "The header names columns that are not known; they are not read.",
		Pass:    "01-07001,01-07001", Fail: "Authorization,License,Name,Cost centre\n01-07001,01-07001,Office,C100",
	},
	{
		Code: "pair_repeated", Spec: "R3.6", Severity: sheet.SeverityWarning, Door: DoorFile, Field: "row", Args: []string{"line"},
		Summary: "An earlier row has the same pair under the same name; this one changes nothing.",
		Pass:    "01-07001,01-07001,Office\n01-07002,01-07002,Office", Fail: "01-07001,01-07001,Office\n0107001,0107001,office",
	},
}

// importRules are the rules of a file's key and metadata, with those as examples, and the rules
// that need the store, with examples that say what is stored.
var importRules = []Rule{
	{
		Code: "on_error_unknown", Spec: "R3.7", Severity: sheet.SeverityError, Door: DoorUpload, Field: "metadata", Args: []string{"value"},
		Summary: "The metadata on-error is reject or skip, or is not given.",
		Pass:    "on-error: skip", Fail: "on-error: ignore",
	},
	{
		Code: "folder_too_deep", Spec: "R3.1", Severity: sheet.SeverityError, Door: DoorUpload, Field: "group", Args: []string{"folder"},
		Summary: "A file is under agreements/ or in one folder there, which is named as the license group.",
		Pass:    "agreements/Sales/a.csv", Fail: "agreements/Sales/North/a.csv",
	},
	{
		Code: "group_name_invalid", Spec: "R4.1", Severity: sheet.SeverityError, Door: DoorUpload, Field: "group", Args: []string{"group"},
		Summary: "A license group's name satisfies the rules of an agreement's name.",
		Pass:    "agreements/Sales/a.csv", Fail: "agreements/Sales & Marketing/a.csv",
	},
	{
		Code: "pair_taken", Spec: "R2.3", Severity: sheet.SeverityError, Door: DoorStore, Field: "row", Args: []string{"agreement"},
		Summary: "The pair belongs to another agreement.",
		Pass:    "01-07001,01-07001,Office", Fail: "01-07001,01-07001,Office with the pair stored under Servers",
	},
	{
		Code: "name_is_other", Spec: "R3.4", Severity: sheet.SeverityError, Door: DoorStore, Field: "name", Args: []string{"agreement"},
		Summary: "The name is that of an agreement of type other, which has no pairs.",
		Pass:    "01-07001,01-07001,Office", Fail: "01-07001,01-07001,Office with Office stored as type other",
	},
	{
		Code: "taken_meanwhile", Spec: "R3.9", Severity: sheet.SeverityError, Door: DoorStore, Field: "row", Args: []string{"agreement"},
		Summary: "The pair was added to another agreement while the file was imported.",
		Pass:    "01-07001,01-07001,Office", Fail: "01-07001,01-07001,Office in two files at once",
	},
	{
		Code: "group_limit", Spec: "R4.2", Severity: sheet.SeverityError, Door: DoorStore, Field: "file", Args: []string{"group"},
		Summary: "There are at most 500 license groups besides Unassigned agreements.",
		Pass:    "agreements/Sales/a.csv", Fail: "agreements/Sales/a.csv with 500 other groups stored",
	},
	{
		Code: "pair_already_stored", Spec: "R3.6", Severity: sheet.SeverityWarning, Door: DoorStore, Field: "row", Args: []string{"agreement"},
		Summary: "The agreement has the pair already; the row changes nothing.",
		Pass:    "01-07001,01-07001,Office", Fail: "01-07001,01-07001,Office with the pair stored under Office",
	},
	{
		Code: "group_ignored", Spec: "R3.4", Severity: sheet.SeverityWarning, Door: DoorStore, Field: "row", Args: []string{"agreement"},
		Summary: "The agreement is in another license group and stays there; an import moves nothing.",
		Pass:    "agreements/Sales/a.csv", Fail: "agreements/Sales/a.csv with Office stored in Marketing",
	},
}

// RuleOf returns the rule with the code; false if there is none.
func RuleOf(code string) (Rule, bool) {
	for _, rule := range Rules {
		if rule.Code == code {
			return rule, true
		}
	}
	return Rule{}, false
}

// RulesTable returns the rules as a Markdown table, for the documentation.
func RulesTable() string {
	var b strings.Builder
	b.WriteString("| code | rule | reported | about | quotes | what it says |\n|---|---|---|---|---|---|\n")
	for _, r := range Rules {
		fmt.Fprintf(&b, "| `%s` | %s | %s, %s | %s | %s | %s |\n",
			r.Code, r.Spec, r.Door, r.Severity, r.Field, strings.Join(r.Args, ", "), strings.ReplaceAll(r.Summary, "|", `\|`))
	}
	return b.String()
}
