package feeder

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/catalog"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/testkit/golden"
)

// The sample of version 1 was written by the code before results had a stored type.
func TestR16_6_StoredResults(t *testing.T) {
	t.Parallel()
	r := Result{
		File: "catalog/a.csv", At: time.Date(2026, 11, 21, 12, 0, 0, 5e6, time.UTC), Rows: 9, Added: 4, Unchanged: 3, Rejected: 2, Publishers: 1, Titles: 5,
		Findings: []Finding{
			{
				Finding:  catalog.Finding{Line: 9, Field: "publisher", Value: "a\tb", Code: "characters_control", Args: errs.Pairs("character", "U+0009")},
				Messages: map[i18n.Lang]string{i18n.English: "One", i18n.Dutch: "Een"},
			},
			{Finding: catalog.Finding{Code: "feed_too_large"}, Messages: map[i18n.Lang]string{i18n.English: "Two"}},
		},
	}
	written, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	golden.Versions(t, "catalog-result", "json", resultVersion, func() []byte { return written }, func(version int, sample []byte) {
		if diff := cmp.Diff(string(sample), string(written)); diff != "" && version == resultVersion {
			t.Errorf("the format changed without a new version (-sample +written)\n%s", diff)
		}
		// Readers outside trueup find every field of an earlier version.
		var stored storedResult
		if err := json.Unmarshal(sample, &stored); err != nil || stored.File != r.File || len(stored.Findings) != len(r.Findings) {
			t.Errorf("version %d: %+v, %v", version, stored, err)
		}
	})
	golden.Shape(t, "catalog-result", resultVersion, storedResult{})
}
