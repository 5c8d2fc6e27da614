package importer

import (
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/sheet"
)

func TestR3_1_MetadataInAnyCase(t *testing.T) {
	t.Parallel()
	a := &attempt{imp: Import{Program: " Open-Value ", OnError: "SKIP"}}
	if found := a.checkRequest(); found != nil || a.imp.Program != agreement.ProgramOpenValue || a.imp.OnError != OnErrorSkip {
		t.Errorf("program %q, on-error %q, %v", a.imp.Program, a.imp.OnError, found)
	}
}

// The reason of a refused file is the error after which no row is read, not the error of a row above it.
func TestR3_7_ReasonOfARefusedFile(t *testing.T) {
	t.Parallel()
	findings := []sheet.Finding{{Severity: sheet.SeverityError, Line: 2, Code: "number_characters"}, {Severity: sheet.SeverityError, Line: 3, Code: "header_not_first"}}
	if f, ok := reason(findings, true); !ok || f.Code != "header_not_first" {
		t.Errorf("the reason is %q", f.Code)
	}
	if f, ok := reason(findings, false); ok {
		t.Errorf("%q is about a row", f.Code)
	}
}
