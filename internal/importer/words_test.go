package importer

import (
	"slices"
	"strings"
	"testing"

	"trueup/internal/agreement/pairfile"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/sheet"
)

// TestAnnotatedCopyCanBeUploadedAgain checks that the header of an annotated copy is recognised,
// in every language. pairfile may not know the names of an added language; then the copy has the
// English names.
func TestAnnotatedCopyCanBeUploadedAgain(t *testing.T) {
	t.Parallel()
	known := []i18n.Lang{i18n.English, i18n.Dutch, i18n.French}
	file := pairfile.Read([]byte("License number;Agreement name;Authorization number\nL-1;Servers;A-1\n"), pairfile.Options{FileName: "a.csv"})
	for _, lang := range i18n.Langs {
		text := annotateText(lang)
		for column, name := range map[sheet.Column]string{
			pairfile.ColumnAuthorization: text.Authorization,
			pairfile.ColumnLicense:       text.License,
			pairfile.ColumnName:          text.Name,
			pairfile.ColumnMessages:      text.Messages,
		} {
			if got, ok := pairfile.KnownHeader(name); ok && got != column || !ok && slices.Contains(known, lang) {
				t.Errorf("%s: the header %q reads as %q, %v; want %q", lang, name, got, ok, column)
			}
		}
		finding := sheet.Finding{Severity: sheet.SeverityError, Line: 2, Code: "pair_taken", Args: errs.Pairs("agreement", "Clients")}
		copied := file.Annotate([]sheet.Finding{finding}, text)
		if sentence := i18n.Text(lang, "pair_taken", finding.Args); !strings.Contains(string(copied), sentence) || !strings.Contains(sentence, "Clients") {
			t.Errorf("%s: the copy does not say %q:\n%s", lang, sentence, copied)
		}
		again := pairfile.Read(copied, pairfile.Options{FileName: "a.csv"})
		if len(again.Rows) != 1 || again.Rows[0].Name != file.Rows[0].Name || again.Rows[0].Pair != file.Rows[0].Pair {
			t.Errorf("%s: the copy reads as %+v, the file as %+v", lang, again.Rows, file.Rows)
		}
	}
	if name := i18n.Column(i18n.English, string(sheet.ColumnNone)); name != "" {
		t.Errorf("no column is called %q", name)
	}
}
