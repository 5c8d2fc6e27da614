package directories

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/directory"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/sheet"
	"trueup/internal/testkit/golden"
)

func TestR16_6_StoredFindings(t *testing.T) {
	t.Parallel()
	findings := []sheet.Finding{
		{Severity: sheet.SeverityError, Line: 4, Position: 2, Column: "userPrincipalName", Value: "an@example.org", Code: "directory_user_repeated", Args: errs.Pairs("line", "2")},
		{Severity: sheet.SeverityWarning, Code: "directory_part"},
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

// Records name objects under these keys, and admins write these names and values.
func TestR16_6_NamesOfObjects(t *testing.T) {
	t.Parallel()
	r := Record{Head: intake.Head{ID: "f1", Object: intake.Object{Key: kind.Users.Key("", "a.csv")}}}
	want := []string{"users/f1.findings.json", "users/f1.progress.json", "directory-file", "missing", "acknowledge", "licenses", "confirm"}
	if diff := cmp.Diff(want, []string{r.findingsKey(), r.progressKey(), MetaFile, MetaMissing, MetaAcknowledge, MetaLicenses, MetaConfirm}); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		metadata map[string]string
		want     Settings
		code     string
	}{
		"none":                     {nil, Settings{}, ""},
		"of another program":       {map[string]string{"mtime": "1", "import": "x"}, Settings{}, ""},
		"the defaults":             {map[string]string{"missing": "keep", "licenses": "report"}, Settings{}, ""},
		"adopt":                    {map[string]string{"licenses": " Adopt "}, Settings{Adopt: true}, ""},
		"all":                      {map[string]string{"licenses": "replace", "missing": "delete", "acknowledge": "service-data, conflict", "confirm": "12"}, Settings{Delete: true, Adopt: true, Replace: true, Lower: true, Confirmed: 12}, ""},
		"replace, unacknowledged":  {map[string]string{"licenses": "replace", "acknowledge": "conflict"}, Settings{}, "directory_acknowledgement"},
		"delete, unacknowledged":   {map[string]string{"missing": "delete"}, Settings{}, "directory_acknowledgement"},
		"a misspelt value":         {map[string]string{"missing": "delte", "acknowledge": "service-data"}, Settings{}, "directory_setting"},
		"a number below 0":         {map[string]string{"confirm": "-1"}, Settings{}, "directory_setting"},
		"more than a file can say": {map[string]string{"confirm": "100001"}, Settings{}, "directory_setting"},
	} {
		got, err := parseSettings(kind.Users, c.metadata)
		if errs.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" && c.code == "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if again, err := parseSettings(kind.Users, got.Metadata()); c.code == "" && (err != nil || again != got) {
			t.Errorf("%s: the metadata %v is read as %+v, %v", name, got.Metadata(), again, err)
		}
	}
}

// Every kind has a reader that accepts files as large as the kind allows, and its own folder of results.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, k := range Kinds {
		if k.MaxBytes > directory.MaxBytes || len(accepted(k)) == 0 {
			t.Errorf("%s: %d bytes, lists %v", k.Name, k.MaxBytes, accepted(k))
		}
		if got, ok := KindOf(k.Key("folder", "a.csv")); !ok || got.Name != k.Name {
			t.Errorf("%s is found as %q", k.Name, got.Name)
		}
	}
	if _, ok := KindOf("agreements/users/a.csv"); ok {
		t.Error("a file of agreements is received")
	}
}
