package pairfile

import (
	"trueup/internal/agreement"
	"trueup/internal/sheet"
)

// CheckFile reports the rules of a file: Read.
const CheckFile agreement.Check = "file"

// Rules are the rules of a file. Its rows also have those of a draft.
var Rules = []agreement.Rule{
	{
		Code: "file_name_too_long", Spec: "R3.3", Check: CheckFile, Field: "file", Args: []string{"max", "length"},
		Summary: "A file's name has at most 128 characters.",
		Pass:    "agreements.csv", Fail: "129 characters",
	},
	{
		Code: "file_name_extension", Spec: "R3.1", Check: CheckFile, Field: "file",
		Summary: "A file's name ends in .csv, in any case, and has something before it.",
		Pass:    "office.CSV", Fail: "office.txt",
	},
	{
		Code: "file_name_slash", Spec: "R3.1", Check: CheckFile, Field: "file",
		Summary: "A file's name has no slash and no backslash.",
		Pass:    "office.csv", Fail: `sales\office.csv`,
	},
	{
		Code: "file_name_control", Spec: "R3.1", Check: CheckFile, Field: "file",
		Summary: "A file's name has no control characters.",
		Pass:    "office.csv", Fail: "off\tice.csv",
	},
	{
		Code: "file_too_large", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "A file has at most 4 MiB (4,194,304 bytes).",
		Pass:    "4 MiB", Fail: "4 MiB and a byte",
	},
	{
		Code: "file_empty", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "A file has at least one pair.",
		Pass:    "01-07001,01-07001", Fail: "Authorization number,License number",
	},
	{
		Code: "file_too_many_rows", Spec: "R3.3", Check: CheckFile, Field: "file", Args: []string{"max", "count"},
		Summary: "A file has at most 5,000 different pairs, 5,000 rows with errors and 20,000 rows. Split it.",
		Pass:    "5,000 pairs", Fail: "5,001 pairs",
	},
	{
		Code: "file_utf16", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is Unicode text (UTF-16). Save it as CSV, not as Unicode text.",
		Pass:    "01-07001,01-07001", Fail: "UTF-16, with or without a byte-order mark",
	},
	{
		Code: "file_xlsx", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is a workbook (XLSX or OpenDocument). Open it and save the sheet as CSV.",
		Pass:    "01-07001,01-07001", Fail: "an XLSX workbook",
	},
	{
		Code: "file_xls", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is an old (XLS) or a protected workbook. Open it and save the sheet as CSV.",
		Pass:    "01-07001,01-07001", Fail: "an XLS workbook",
	},
	{
		Code: "file_zip", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is a ZIP archive. Unpack it and upload the CSV files in it one by one.",
		Pass:    "01-07001,01-07001", Fail: "a ZIP archive",
	},
	{
		Code: "file_gzip", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is compressed (gzip). Unpack it and upload the CSV file in it.",
		Pass:    "01-07001,01-07001", Fail: "a gzip file",
	},
	{
		Code: "file_pdf", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is a PDF document. Type or export the pairs as CSV.",
		Pass:    "01-07001,01-07001", Fail: "%PDF-1.7",
	},
	{
		Code: "file_rtf", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is rich text (RTF). Save it as plain text.",
		Pass:    "01-07001,01-07001", Fail: `{\rtf1\ansi 01-07001,01-07001}`,
	},
	{
		Code: "file_word", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is a document of a word processor (DOCX, DOC or ODT). Save it as plain text.",
		Pass:    "01-07001,01-07001", Fail: "a Word document",
	},
	{
		Code: "file_document", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is a presentation or a drawing (PowerPoint, Visio or OpenDocument). Type or export the pairs as CSV.",
		Pass:    "01-07001,01-07001", Fail: "a PowerPoint presentation",
	},
	{
		Code: "file_numbers", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is a document of Apple Numbers, Pages or Keynote. Export the sheet as CSV.",
		Pass:    "01-07001,01-07001", Fail: "a Numbers document",
	},
	{
		Code: "file_html", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is a web page or XML. Export the pairs as CSV.",
		Pass:    "01-07001,01-07001", Fail: "<html><body>01-07001</body></html>",
	},
	{
		Code: "file_nul", Spec: "R3.3", Check: CheckFile, Field: "file",
		Summary: "The file is not plain text: it has NUL bytes. The finding has the line of the first one.",
		Pass:    "01-07001,01-07001", Fail: "01-07001,01-07001\x00",
	},
	{
		Code: "header_incomplete", Spec: "R3.2", Check: CheckFile, Field: "header", Args: []string{"column"},
		Summary: "A header line names both number columns.",
		Pass:    "Name,License,Authorization\nOffice agreements,01-07001,01-07001", Fail: "Agreement name,License number\nOffice agreements,01-07001",
	},
	{
		Code: "header_too_wide", Spec: "R3.2", Check: CheckFile, Field: "header", Args: []string{"max", "count"},
		Summary: "A header line has at most 256 columns.",
		Pass:    "Authorization number,License number\n01-07001,01-07001", Fail: "257 columns",
	},
	{
		Code: "header_ambiguous", Spec: "R3.2", Check: CheckFile, Field: "header", Args: []string{"column", "first", "second"},
		Summary: "A header line has one column for each field; two that could be the same are not guessed between.",
		Pass:    "Agreement number,License number,Customer number\n01-07001,01-07001,C1", Fail: "Agreement number,License number,Licence no.\n01-07001,01-07001,4410983",
	},
	{
		Code: "header_unknown", Spec: "R3.2", Check: CheckFile, Field: "header",
		Summary: "A first line of several cells without a number is a header with known column names.",
		Pass:    "Authorization number,License number\n01-07001,01-07001", Fail: "Nummer;Klant;Naam\n01-07001;01-07001;Kantoor",
	},
	{
		Code: "header_not_first", Spec: "R3.2", Check: CheckFile, Field: "header",
		Summary: "A header is the first line of a file. A repetition of the header is a wrong row; with any other header below the first line nothing of the file is read.",
		Pass:    "Authorization,License\n01-07001,01-07001", Fail: "Agreements of Contoso\nAuthorization,License\n01-07001,01-07001",
	},
	{
		Code: "columns", Spec: "R3.2", Check: CheckFile, Field: "row", Args: []string{"count", "separator"},
		Summary: "A row has two columns (the numbers) or three (and a name).",
		Pass:    "01-07001,01-07001", Fail: "01-07001,01-07001,Office,Brussels",
	},
	{
		Code: "unclosed_quote", Spec: "R3.2", Check: CheckFile, Field: "name, authorization, license",
		Summary: "A quoted cell ends with a quote.",
		Pass:    `01-07001,01-07001,"Office"`, Fail: `01-07001,01-07001,"Office`,
	},
	{
		Code: "stray_quote", Spec: "R3.2", Check: CheckFile, Field: "name, authorization, license",
		Summary: "Quotes must be around a whole cell.",
		Pass:    `"01-07001","01-07001"`, Fail: `01-"07001",01-07001`,
	},
	{
		Code: "line_break", Spec: "R3.2", Check: CheckFile, Field: "name, authorization, license", Args: []string{"lines"},
		Summary: "A cell has no line break in it. A cell with line breaks and separators is an unclosed quote of its first line. A column that is not read may have line breaks, unless its lines look like rows.",
		Pass:    "01-07001,01-07001,\"Office agreements\"", Fail: "01-07001,01-07001,\"Office\nagreements\"",
	},
	{
		Code: "pair_under_two_names", Spec: "R2.3", Check: CheckFile, Field: "row", Args: []string{"line", "name"},
		Summary: "A pair belongs to one agreement: an earlier row has it under another name.",
		Pass:    "01-07001,01-07001,Office\n01-07002,01-07002,Servers", Fail: "01-07001,01-07001,Office\n0107001,0107001,Servers",
	},
	{
		Code: "header_skipped", Spec: "R3.2", Warning: true, Check: CheckFile, Field: "header",
		Summary: "The first line is a header and was skipped.",
		Pass:    "01-07001,01-07001", Fail: "Overeenkomstnummer;Inschrijvingsnummer;Naam\n01-07001;01-07001;Kantoor",
	},
	{
		Code: "columns_ignored", Spec: "R3.2", Warning: true, Check: CheckFile, Field: "header", Args: []string{"columns"},
		Summary: "The header names columns that are not known; they are not read.",
		Pass:    "01-07001,01-07001", Fail: "Authorization,License,Name,Cost centre\n01-07001,01-07001,Office,C100",
	},
	{
		Code: "columns_superseded", Spec: "R3.2", Warning: true, Check: CheckFile, Field: "header", Args: []string{"columns"},
		Summary: "The header names columns that are not read, because another one names the same field more exactly.",
		Pass:    "Authorization,License,Name\n01-07001,01-07001,Office", Fail: "Authorization,License,Name,Description\n01-07001,01-07001,Office,All offices",
	},
	{
		Code: "line_in_quotes", Spec: "R3.2", Warning: true, Check: CheckFile, Field: "row",
		Summary: "The whole line is in quotes; it is read without them.",
		Pass:    `"01-07001","01-07001"`, Fail: `"01-07001,01-07001"`,
	},
	{
		Code: "number_without_digit", Spec: "R3.2", Warning: true, Check: CheckFile, Field: "authorization, license",
		Summary: "A number without any digit is unlikely; it is accepted.",
		Pass:    "01-07001,01-07001", Fail: "Total,1",
	},
	{
		Code: "number_like_date", Spec: "R3.7", Warning: true, Check: CheckFile, Field: "authorization, license",
		Summary: "A number looks like a date, which a spreadsheet may have made of it; it is accepted.",
		Pass:    "01-07001,01-07001", Fail: "01-Jul,01-07001",
	},
	{
		Code: "pair_repeated", Spec: "R3.6", Warning: true, Check: CheckFile, Field: "row", Args: []string{"line"},
		Summary: "Another row has the same pair under the same name, or one of the two has no name; this one changes nothing.",
		Pass:    "01-07001,01-07001,Office\n01-07002,01-07002,Office", Fail: "01-07001,01-07001,Office\n0107001,0107001,office",
	},
}

// severityOf returns the severity of a finding with the code.
func severityOf(code string) sheet.Severity {
	for _, rules := range [][]agreement.Rule{agreement.DraftRules, Rules} {
		for i := range rules {
			if rules[i].Code == code && rules[i].Warning {
				return sheet.SeverityWarning
			}
			if rules[i].Code == code {
				return sheet.SeverityError
			}
		}
	}
	panic("pairfile: no rule " + code)
}
