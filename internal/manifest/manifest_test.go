package manifest_test

import (
	"slices"
	"strings"
	"testing"

	"trueup/internal/importer"
	"trueup/internal/manifest"
)

// Who may not list a bucket is told that what is not there is forbidden, and
// would answer a fault instead of "it is gone".
func TestWhoReadsObjectsIsToldWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Functions {
		for _, g := range f.Grants {
			if slices.Contains(g.Actions, "s3:GetObject") && !slices.Contains(g.Actions, "s3:ListBucket") {
				t.Errorf("%s reads objects of %s and may not list it", f.Name, g.Resource)
			}
		}
	}
}

// R3.1, R3.8: functions are granted the keys that package importer uses.
func TestPrefixesAreThoseOfTheImporter(t *testing.T) {
	t.Parallel()
	imp := importer.Import{ID: "id", Attempt: 1}
	keys := map[manifest.Resource][]string{
		manifest.Uploads: {importer.Key("", "a.csv"), importer.Key("Sales", "a.csv")},
		manifest.Reports: {imp.ReportKey(), imp.AnnotatedKey("en")},
	}
	for _, f := range manifest.Functions {
		if f.Trigger == manifest.Objects && f.Prefix != importer.KeyPrefix {
			t.Errorf("%s is called for %q, which is not where files are put", f.Name, f.Prefix)
		}
		for _, g := range f.Grants {
			for _, key := range keys[g.Resource] {
				if g.Prefix == "" || !strings.HasPrefix(key, g.Prefix) {
					t.Errorf("%s is granted %q of %s, and %q is not below it", f.Name, g.Prefix, g.Resource, key)
				}
			}
		}
	}
}
