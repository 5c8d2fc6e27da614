// Package text normalises and shortens text. Names that a person would consider the same compare
// equal.
package text

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Collapse trims s and turns every run of white space into one space.
func Collapse(s string) string {
	if isCollapsed(s) {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

// Fold returns the form under which names are compared and sorted: composed
// (NFC), case-folded, without surrounding or repeated spaces.
func Fold(s string) string {
	s = Collapse(s)
	if IsASCII(s) {
		return strings.ToLower(s)
	}
	// Lower first: Fold turns Cherokee letters of either case into the other.
	// Folding can undo composition and the other way round, so compose last too.
	return norm.NFC.String(cases.Fold().String(strings.ToLower(norm.NFC.String(s))))
}

// WithoutAccents returns s in compatibility form and without combining marks, so that a search
// for "resume" finds "résumé".
func WithoutAccents(s string) string {
	if IsASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
}

// Letters returns the lower-case letters and digits of s, without accents. Column names of
// headers are recognised in this form, so "Numéro d'autorisation" and "NUMERO D AUTORISATION" are
// the same.
func Letters(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(Readable(s)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// Readable returns s as valid UTF-8. Bytes that are not UTF-8 are decoded as Windows-1252, the
// encoding in which spreadsheet programs in Western Europe save CSV.
func Readable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			r = windows1252(s[i])
		}
		b.WriteRune(r)
		i += size
	}
	return b.String()
}

// windows1252 decodes a byte. The tables of all code pages in x/text are linked together, and are
// larger than the rest of this package.
func windows1252(b byte) rune {
	if b < 0x80 || b >= 0xa0 {
		return rune(b)
	}
	return specials[b-0x80]
}

// specials are the characters of Windows-1252 that differ from Latin 1. Bytes without a character
// are utf8.RuneError.
var specials = [...]rune{
	'€', utf8.RuneError, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', utf8.RuneError, 'Ž', utf8.RuneError,
	utf8.RuneError, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', utf8.RuneError, 'ž', 'Ÿ',
}

// Shorten returns s cut to at most max characters; the last one is an ellipsis if s was cut. It
// reads no more of s than it returns.
func Shorten(s string, max int) string {
	if len(s) <= max {
		return s
	}
	n, cut := 0, 0
	for i := range s {
		if n == max-1 {
			cut = i
		}
		if n == max {
			return s[:cut] + "…"
		}
		n++
	}
	return s
}

// QuoteMaxChars is the maximum length of a quoted value, in characters.
const QuoteMaxChars = 256

// Quote returns a value for use in a message: readable, and at most QuoteMaxChars characters
// long.
func Quote(value string) string {
	// Cut before making it readable: the value may be megabytes.
	if most := QuoteMaxChars*utf8.UTFMax + utf8.UTFMax; len(value) > most {
		value = value[:most]
	}
	return Shorten(Readable(value), QuoteMaxChars)
}

// IsASCII reports whether every byte of s is ASCII.
func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isCollapsed reports whether Collapse would return s unchanged. It may report false for text
// that is collapsed but not ASCII.
func isCollapsed(s string) bool {
	previous := byte(' ')
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c >= utf8.RuneSelf || c == ' ' && previous == ' ' {
			return false
		}
		previous = c
	}
	return s == "" || previous != ' '
}

// IsInvisible reports whether r cannot be seen and changes the text around it: control and format
// characters, line and paragraph separators, and bytes that are not UTF-8. A joiner is not.
func IsInvisible(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return r == utf8.RuneError || !IsJoiner(r) && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// IsJoiner reports whether r is one of the two invisible characters that names may have, because the
// spelling of Persian and of Indian scripts uses them.
func IsJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// IsBlank reports whether s has only white space and joiners.
func IsBlank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsSpace(r) && !IsJoiner(r) })
}

// invisibleMax limits the characters that Invisible lists.
const invisibleMax = 10

// Invisible lists the invisible characters of s for a message, each once: "U+200B U+202E". It is empty
// if there are none. White space around s does not count.
func Invisible(s string) string {
	var found []string
	for _, r := range strings.TrimSpace(s) {
		if !IsInvisible(r) || len(found) == invisibleMax {
			continue
		}
		if code := fmt.Sprintf("U+%04X", r); !slices.Contains(found, code) {
			found = append(found, code)
		}
	}
	return strings.Join(found, " ")
}
