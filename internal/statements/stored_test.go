package statements

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/entitlement/statement"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/sheet"
	"trueup/internal/testkit/golden"
)

func TestR16_6_StoredFindings(t *testing.T) {
	t.Parallel()
	findings := []sheet.Finding{
		{
			Severity: sheet.SeverityError, Line: 4, Position: 2, Column: statement.ColumnEffective, Value: "-1", Code: "statement_quantity",
			Args: errs.Pairs("max", "10000000"),
		},
		{Severity: sheet.SeverityWarning, Line: 5, Code: "statement_total"},
	}
	encoded, err := encodeFindings(findings)
	if err != nil {
		t.Fatal(err)
	}
	golden.Versions(t, "findings", "json", intake.FindingsVersion, func() []byte { return encoded }, func(version int, sample []byte) {
		got, err := decodeFindings(sample)
		if diff := cmp.Diff(findings, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-want +got)\n%s", version, err, diff)
		}
		if version == intake.FindingsVersion && string(encoded) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
	golden.Shape(t, "findings", intake.FindingsVersion, []intake.StoredFinding{})
	if got, err := decodeFindings([]byte(`{"version":2,"findings":[]}`)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("findings of a later release are read as %v, %v", got, err)
	}
}

// Uploads announced by an earlier release carry this name, and records name objects under these
// keys.
func TestR16_6_NamesOfObjects(t *testing.T) {
	t.Parallel()
	r := Record{Head: intake.Head{ID: "s1"}}
	want := []string{"statement", "entitlements/", "statements/s1.json", "statements/s1.findings.json"}
	if diff := cmp.Diff(want, []string{MetaStatement, kind.Statements.Prefix, r.contentKey(), r.findingsKey()}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
