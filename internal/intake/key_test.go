package intake_test

import (
	"strings"
	"testing"

	"trueup/internal/intake"
)

func TestIsStep(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"a.csv": true, "head office": true, ".hidden": true, "...a": true, "日本": true, strings.Repeat("é", intake.MaxStepChars): true,
		"": false, ".": false, "..": false, ". .": false, " ": false, "a/b": false, `a\b`: false, "a\nb": false, "a\xff": false, "a\u202egpj.csv": false, "a\u2066b": false, "a\u200bb": false,
		strings.Repeat("a", intake.MaxStepChars+1): false,
	} {
		if got := intake.IsStep(s); got != want {
			t.Errorf("%q is a step: %v", s, got)
		}
	}
}
