package product

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"trueup/internal/text"
)

// Alternative is one combination of the alternatives of a pattern.
type Alternative struct {
	Name    string
	Version string // the named alternative, if the pattern has one
}

// Alternatives returns a pattern for each combination of its alternatives: [a|b] are texts, {a|b}
// are versions as well.
func Alternatives(pattern string) ([]Alternative, error) {
	open, closing := firstGroup(pattern)
	if open < 0 {
		return []Alternative{{Name: pattern}}, nil
	}
	length := strings.Index(pattern[open:], closing)
	if length < 0 {
		return nil, fmt.Errorf("product: an alternative has no end: %q", pattern)
	}
	if strings.Contains(pattern[open+1:open+length], "[") {
		return nil, fmt.Errorf("product: alternatives in alternatives: %q", pattern)
	}
	var all []Alternative
	for choice := range strings.SplitSeq(pattern[open+1:open+length], "|") {
		rest, err := Alternatives(pattern[:open] + choice + pattern[open+length+1:])
		if err != nil {
			return nil, err
		}
		for _, a := range rest {
			if closing == "}" {
				a.Version = cmp.Or(a.Version, choice)
			}
			a.Name = text.Collapse(a.Name)
			all = append(all, a)
		}
	}
	return all, nil
}

// firstGroup returns where the first group of alternatives begins, and its closing bracket.
func firstGroup(pattern string) (open int, closing string) {
	for i := range len(pattern) {
		switch {
		case pattern[i] == '[':
			return i, "]"
		case pattern[i] == '{' && (i == 0 || pattern[i-1] != '\\'):
			if inside, _, ok := strings.Cut(pattern[i:], "}"); ok && strings.Contains(inside, "|") {
				return i, "}"
			}
		}
	}
	return -1, ""
}

// touched stands for a star or a placeholder.
const touched = '\x00'

var replacePlaceholders = strings.NewReplacer(`\{`, " ", `\}`, " ", `\*`, " ", "{year}", string(touched), "{number}", string(touched), "*", string(touched))

// prefixRunes is the length of the fronts of words in an index.
const prefixRunes = 3

// IndexWords returns words by which a pattern can be found: every stem that it matches has each of
// them. A word that a star or a placeholder touches at its end counts by its front: "auto*" gives
// "aut*".
func IndexWords(pattern string) (words []string) {
	runes := []rune(replacePlaceholders.Replace(pattern))
	inWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for i := 0; i < len(runes); i++ {
		if !inWord(runes[i]) {
			continue
		}
		end := i
		for end < len(runes) && inWord(runes[end]) {
			end++
		}
		if i == 0 || runes[i-1] != touched {
			switch {
			case end == len(runes) || runes[end] != touched:
				words = append(words, string(runes[i:end]))
			case end-i >= prefixRunes:
				words = append(words, string(runes[i:i+prefixRunes])+"*")
			}
		}
		i = end
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// front returns the front of a word of a stem as IndexWords writes it, or "" if it is too short.
func front(word string) string {
	n := 0
	for i := range word {
		if n == prefixRunes {
			return word[:i] + "*"
		}
		n++
	}
	if n == prefixRunes {
		return word + "*"
	}
	return ""
}
