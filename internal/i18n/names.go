package i18n

import (
	"strconv"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/sheet"
)

// Codes of the names of things.
const (
	UnassignedAgreements = "unassigned_agreements" // the built-in license group
	NotAvailable         = "not_available"         // a volume agreement's product title (R2.5)
)

var nameMessages = map[string]message{
	UnassignedAgreements: {"Unassigned agreements", "Niet-toegewezen overeenkomsten", "Accords non attribués"},
	NotAvailable:         {"Not available", "Niet beschikbaar", "Non disponible"},

	// Columns of an import file. As headers of an annotated copy they must be
	// known to pairfile.KnownHeader, so that the copy can be uploaded again.
	"column_authorization": {"Authorization number", "Autorisatienummer", "Numéro d'autorisation"},
	"column_license":       {"License number", "Licentienummer", "Numéro de licence"},
	"column_name":          {"Agreement name", "Naam overeenkomst", "Nom de l'accord"},
	"column_messages":      {"Errors and warnings", "Fouten en waarschuwingen", "Erreurs et avertissements"},

	"separator_comma":     {"commas", "komma's", "des virgules"},
	"separator_semicolon": {"semicolons", "puntkomma's", "des points-virgules"},
	"separator_tab":       {"tabs", "tabs", "des tabulations"},
}

// separators names the argument "separator", which is one character.
var separators = map[string]string{",": "separator_comma", ";": "separator_semicolon", "\t": "separator_tab"}

// Column returns the name of a column of an import file; empty for
// sheet.ColumnNone.
func Column(lang Lang, column sheet.Column) string {
	if column == sheet.ColumnNone {
		return ""
	}
	return Text(lang, "column_"+string(column), nil)
}

// Finding returns the sentence of a finding.
func Finding(lang Lang, f sheet.Finding) string { return Text(lang, f.Code, f.Args) }

// Annotation returns the words of an annotated copy.
func Annotation(lang Lang) pairfile.AnnotateText {
	return pairfile.AnnotateText{
		Authorization: Column(lang, pairfile.ColumnAuthorization),
		License:       Column(lang, pairfile.ColumnLicense),
		Name:          Column(lang, pairfile.ColumnName),
		Messages:      Column(lang, pairfile.ColumnMessages),
		Message:       func(f sheet.Finding) string { return Finding(lang, f) },
	}
}

// limits are the placeholders every message may use without an argument.
var limits = errs.Args{
	"limitFileMiB":   strconv.Itoa(pairfile.MaxBytes >> 20),
	"limitFileName":  strconv.Itoa(pairfile.FileNameMaxChars),
	"limitForbidden": agreement.ForbiddenInNames,
	"limitGroups":    strconv.Itoa(group.Max),
	"limitName":      strconv.Itoa(agreement.NameMaxChars),
	"limitRows":      strconv.Itoa(pairfile.MaxRows),
}

// argument returns what a placeholder stands for.
func argument(lang Lang, name string, args errs.Args) (string, bool) {
	value, ok := args[name]
	if !ok {
		value, ok = limits[name]
	}
	if code, named := separators[value]; named && name == "separator" {
		value = Text(lang, code, nil)
	}
	return value, ok
}
