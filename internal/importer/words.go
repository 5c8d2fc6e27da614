package importer

import (
	"strconv"

	"trueup/internal/agreement/pairfile"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/sheet"
)

// annotateText returns the texts of an annotated copy in a language.
func annotateText(lang i18n.Lang) pairfile.AnnotateText {
	return pairfile.AnnotateText{
		Authorization: i18n.Column(lang, string(pairfile.ColumnAuthorization)),
		License:       i18n.Column(lang, string(pairfile.ColumnLicense)),
		Name:          i18n.Column(lang, string(pairfile.ColumnName)),
		Messages:      i18n.Column(lang, string(pairfile.ColumnMessages)),
		Column: func(position int) string {
			return i18n.Text(lang, "column_at", errs.Pairs("position", strconv.Itoa(position)))
		},
		Message: func(f sheet.Finding) string { return i18n.Text(lang, f.Code, f.Args) },
	}
}
