package console

import rules "trueup/internal/agreement"

// Limits that fields tell browsers. The API checks them.
const (
	nameMax     = rules.NameMaxChars
	titleMax    = rules.TitleMaxChars
	licensesMax = rules.LicensesMax
	detailsMax  = rules.DetailsMaxChars
	sourceMax   = 128 // characters of the name of a source
	patternMax  = 256 // characters of a pattern, a product's name and its parts
)

// detailsField describes the field for details.
func detailsField(v *visit, f agreementForm, label string) field {
	return field{ID: "details", Name: "details", Label: label, Value: f.Details, Max: detailsMax, Hint: v.T("console_details_hint"), Optional: true}
}

// columnNames are the codes of the names of columns that do not have one in reports.
var columnNames = map[string]string{"pairs": "console_pairs", "created": "console_created", "licenses": "console_licenses"}

// columnName returns the name of a column.
func (v *visit) columnName(name string) string {
	if code, ok := columnNames[name]; ok {
		return v.T(code)
	}
	return v.T("report_column_" + snake(name))
}
