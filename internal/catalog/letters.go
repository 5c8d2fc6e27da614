package catalog

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"trueup/internal/text"
)

// letters returns the search form of a name or of a typed text: folded, without accents and trade
// marks, and with a space between a word and adjacent punctuation, so that words are always
// delimited by spaces: "Visual C++ (x64)" is "visual c ++ ( x64 )".
func letters(s string) string {
	if text.IsASCII(s) {
		return spaced(text.Fold(s))
	}
	if plain := spaced(text.Fold(text.WithoutAccents(tradeMarks.Replace(s)))); plain != "" {
		return plain
	}
	return text.Fold(s) // nothing else is left, as of a lone trade mark
}

var tradeMarks = strings.NewReplacer("™", "", "®", "", "©", "")

// spaced inserts a space between adjacent words and punctuation.
func spaced(s string) string {
	previous := space
	from := 0
	var b strings.Builder
	for i, r := range s {
		kind := kindOf(r)
		if kind != previous && kind != space && previous != space {
			b.WriteString(s[from:i])
			b.WriteByte(' ')
			from = i
		}
		previous = kind
	}
	if from == 0 {
		return s
	}
	b.WriteString(s[from:])
	return b.String()
}

// The kinds of characters in a folded name.
const (
	space = iota
	word
	punctuation
)

func kindOf(r rune) int {
	switch {
	case r == ' ':
		return space
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)):
		return word
	}
	return punctuation
}
