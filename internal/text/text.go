// Package text folds and shortens text the same way everywhere: names that a
// person would call the same compare equal.
package text

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Collapse trims s and turns every run of white space into one space.
func Collapse(s string) string { return strings.Join(strings.Fields(s), " ") }

// Fold returns the form under which names are compared and sorted: composed
// (NFC), case-folded, without surrounding or repeated spaces.
func Fold(s string) string {
	s = Collapse(s)
	if isLowerASCII(s) {
		return s
	}
	if isASCII(s) {
		return strings.ToLower(s)
	}
	// Folding can undo composition and the other way round, so compose last too.
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
}

// Shorten returns s cut to at most max runes, with an ellipsis when it was cut.
func Shorten(s string, max int) string {
	if len(s) <= max || utf8.RuneCountInString(s) <= max {
		return s
	}
	n := 0
	for i := range s {
		if n == max-1 {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isLowerASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || 'A' <= s[i] && s[i] <= 'Z' {
			return false
		}
	}
	return true
}
