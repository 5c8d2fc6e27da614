package importer

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement/pairfile"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/sheet"
	"trueup/internal/testkit/golden"
)

func TestR16_6_StoredReports(t *testing.T) {
	t.Parallel()
	r := Report{Import: "i1", Findings: []sheet.Finding{{
		Severity: sheet.SeverityError, Line: 4, Position: 2, Column: pairfile.ColumnLicense, Value: "01_07001", Code: "number_characters",
		Args: map[string]string{"characters": "_"},
	}}}
	encoded, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	golden.Versions(t, "report", "json", intake.FindingsVersion, func() []byte { return encoded }, func(version int, sample []byte) {
		got, err := DecodeReport(bytes.NewReader(sample))
		if diff := cmp.Diff(r, got); diff != "" || err != nil {
			t.Errorf("version %d: %v (-want +got)\n%s", version, err, diff)
		}
		if version == intake.FindingsVersion && string(encoded) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
	if got, err := DecodeReport(strings.NewReader(`{"version":2,"import":"i1","findings":[]}`)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("a report of a later release is read as %v, %v", got, err)
	}
	golden.Shape(t, "report", intake.FindingsVersion, storedReport{})
}

// Users, scripts and uploads announced by an earlier release put files with these names.
func TestR16_6_MetadataOfUploads(t *testing.T) {
	t.Parallel()
	want := []string{"agreements/", "import", "program", "on-error", "dry-run"}
	if diff := cmp.Diff(want, []string{kind.Agreements.Prefix, MetaImport, MetaProgram, MetaOnError, MetaDryRun}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
