package reminder

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/testkit/golden"
)

// Terms of every version must stay readable.
func TestR16_6_StoredTerms(t *testing.T) {
	t.Parallel()
	var all []Term
	golden.Fill(t, &all)
	current, err := EncodeTerms("2026-11-30", all)
	if err != nil {
		t.Fatal(err)
	}
	golden.Shape(t, "terms", termsVersion, storedTerms{})
	golden.Versions(t, "terms", "json", termsVersion, func() []byte { return current }, func(_ int, sample []byte) {
		got, err := DecodeTerms(sample)
		if diff := cmp.Diff(all, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
	for _, damaged := range []string{"", "{", `{"version":2}`} {
		if _, err := DecodeTerms([]byte(damaged)); err == nil {
			t.Errorf("%q was read", damaged)
		}
	}
}
