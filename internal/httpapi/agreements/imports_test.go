package agreements

import (
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/i18n"
	"trueup/internal/importer"
)

// TestImportKeepsToTheDocument: whatever a file's metadata contains, an import shows one of the
// values that the document lists.
func TestImportKeepsToTheDocument(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		program, wantProgram agreement.Program
		onError, wantOnError importer.OnError
	}{
		{"", "unknown", "", "reject"},
		{"gold", "unknown", "ignore", "reject"},
		{"unknown", "unknown", "reject", "reject"},
		{"open-value", "open-value", "skip", "skip"},
		{"open", "open", "reject", "reject"},
		{"select-enterprise", "select-enterprise", "skip", "skip"},
	} {
		got := importOf(i18n.English, importer.Import{Program: test.program, OnError: test.onError})
		if got.Program != test.wantProgram || got.OnError != test.wantOnError {
			t.Errorf("%q, %q: shown as %q, %q", test.program, test.onError, got.Program, got.OnError)
		}
	}
}
