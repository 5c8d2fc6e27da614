package proposal

import (
	"slices"
	"strings"

	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/text"
)

// Placeholders of patterns, and of the version of a rule's product. See package product.
const (
	yearMark   = "{year}"
	numberMark = "{number}"
	majorMark  = "{major}"
)

// Placeholders are the versions of a product that Entry.Rules replaces.
var Placeholders = []string{yearMark, numberMark, majorMark}

// name is the name of a title in parts.
type name struct {
	shown   string // as detected, without version, language and architecture
	base    string // shown, folded: the same for every version
	version string // in the name; empty if there is none
	spelling
}

// spelling is how an entry's titles are written, apart from the digits of their version.
type spelling struct {
	pattern string // of the folded names
	version string // yearMark or numberMark, if the names have a version
}

func newName(detected string) name {
	words := strings.Fields(detected)
	folded := strings.Fields(text.Fold(detected))
	stem := strings.Fields(product.Stem(strings.Join(folded, " ")))
	rest, version := product.SplitVersion(stem)
	n := name{base: strings.Join(rest, " "), version: version}
	at, length := find(folded, strings.Fields(text.Fold(version)))
	n.spelling = newSpelling(folded, at, length)
	if len(words) == len(folded) {
		end := len(stem)
		if end > len(folded) || strings.Join(folded[:end], " ") != strings.Join(stem, " ") {
			end = len(folded) // a trade mark sign is missing: show the whole name
		}
		shown := append([]string{}, words[:end]...)
		if at > 0 {
			shown = append(shown[:at], shown[min(at+length, end):]...)
		}
		n.shown = strings.Join(shown, " ")
	}
	if n.shown == "" {
		n.shown = text.Collapse(detected)
	}
	return n
}

// find returns where the words of a version are in the words of a name, from the end; 0 if nowhere.
func find(words, version []string) (at, length int) {
	if len(version) == 0 {
		return 0, 0
	}
	for at := len(words) - len(version); at > 0; at-- {
		if strings.TrimPrefix(words[at], "v") == version[0] && strings.Join(words[at+1:at+len(version)], " ") == strings.Join(version[1:], " ") {
			return at, len(version)
		}
	}
	return 0, 0
}

// newSpelling replaces the digits of a version, which is length words from word at.
func newSpelling(words []string, at, length int) spelling {
	var s spelling
	var written []string
	for i, word := range words {
		if at == 0 || i < at || i >= at+length {
			written = append(written, Literal(word))
			continue
		}
		number := strings.TrimLeft(word, "vrsp")
		mark := numberMark
		if i == at && len(number) == 4 && !strings.Contains(number, ".") {
			mark = yearMark
		}
		if i == at {
			s.version = mark
		}
		switch {
		case i == at+1 && s.version == yearMark && word == "r2": // yearMark includes it
		case i > at && mark == s.version: // a second placeholder of a kind would replace the version
			written = append(written, Literal(word))
		default:
			written = append(written, word[:len(word)-len(number)]+mark)
		}
	}
	s.pattern = shorten(strings.Join(written, " "))
	if text.IsBlank(strings.ReplaceAll(s.pattern, "*", "")) { // no character can be seen
		s.pattern = shorten(escapes.Replace(strings.Join(words, " ")))
	}
	if !strings.Contains(s.pattern, s.version) { // the end of a long name is cut
		s.version = ""
	}
	return s
}

var escapes = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `{`, `\{`, `}`, `\}`)

// Literal returns the pattern that matches text as it is. A star stands for each character that cannot
// be seen, because a rule with such a character would be refused (inventory.ParseRule).
func Literal(written string) string {
	return strings.Map(func(r rune) rune {
		if text.IsInvisible(r) {
			return '*'
		}
		return r
	}, escapes.Replace(written))
}

// shorten returns a pattern that is not too long for a rule. It matches any text after what it
// keeps.
func shorten(pattern string) string {
	if len(pattern) <= inventory.MaxRuleText {
		return pattern
	}
	kept := strings.ToValidUTF8(pattern[:inventory.MaxRuleText-1], "")
	if at := strings.LastIndexByte(kept, ' '); at > 0 { // not inside a placeholder
		kept = kept[:at+1]
	} else {
		kept = strings.TrimRight(kept, `\`)
	}
	return kept + "*"
}

// narrow returns 0 for a spelling with a year, and 1 for others.
func narrow(s spelling) int {
	if s.version == yearMark {
		return 0
	}
	return 1
}

// Rules returns the rules that make the entry's titles a product, free or ignored: one for each
// spelling, which are mostly one, years first. They take the titles of every version. Titles of other kinds than
// product have no product. A placeholder as the version
// of p stands for the version in the name, whichever it has, and {major} for the detected version
// where a name has none.
func (e Entry) Rules(kind inventory.Kind, p position.Product, newID func() string) []inventory.Rule {
	if kind != inventory.Product {
		p = position.Product{}
	}
	rules := make([]inventory.Rule, 0, len(e.spellings))
	// A year is a number too, so a rule for years that came after one for numbers would never apply.
	spellings := slices.Clone(e.spellings)
	slices.SortStableFunc(spellings, func(a, b spelling) int { return narrow(a) - narrow(b) })
	for _, s := range spellings {
		r := inventory.Rule{ID: newID(), Kind: kind, Publisher: shorten(Literal(e.Publisher)), Name: s.pattern, Product: p}
		if slices.Contains(Placeholders, p.Version) {
			r.Product.Version = s.version
			if s.version == "" && p.Version == majorMark {
				r.Product.Version = majorMark
			}
		}
		rules = append(rules, r)
	}
	return rules
}
