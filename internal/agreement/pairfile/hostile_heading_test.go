package pairfile

import (
	"strings"
	"testing"
)

// TestSplitTakesNoExponentialTime splits a token of words that can be split in several ways.
func TestSplitTakesNoExponentialTime(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("open", 15) + "x"
	for range 10_000 {
		if _, ok := split(token); ok {
			t.Fatalf("%s consists of words", token)
		}
	}
	if m, ok := split("agreementnumber"); !ok || m == 0 {
		t.Error("agreementnumber does not consist of words")
	}
}
