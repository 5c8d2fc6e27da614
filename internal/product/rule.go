package product

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"trueup/internal/text"
)

// rule is a Rule whose alternatives are compiled on first use: a process meets few of them.
type rule struct {
	*Rule

	class class

	once   sync.Once
	byWord map[string][]alternative // the ones with the most literals first
	by     Pattern
}

// alternative is one of the patterns of a rule.
type alternative struct {
	name     Pattern
	start    string // what every stem that matches begins with: most stems do not
	version  string // the version with placeholders; empty for the default
	literals int    // characters that are no placeholders
	isShort  bool   // matches only a version after its words, see shortWord
}

// class says which rules decide: those of the first class that has a match.
type class int

const (
	classRow   class = iota // a product, a free program or an undecidable title
	classNoise              // noise of a publisher
	classBroad              // noise of any publisher, and a publisher's that matches as much
)

func classOf(r *Rule) class {
	switch {
	case r.Row >= 0:
		return classRow
	case !r.Broad && (r.Publisher >= 0 || r.By != ""):
		return classNoise
	}
	return classBroad
}

func (r *rule) compile() {
	r.byWord = map[string][]alternative{}
	r.by, _ = CompilePattern(r.By)
	all, _ := Alternatives(r.Name) // the generator has rejected bad ones
	for _, a := range all {
		name, ok := CompilePattern(a.Name)
		if !ok {
			continue
		}
		compiled := alternative{name: name, start: name.start(), version: cmp.Or(r.Version, a.Version), literals: literals(name), isShort: r.isAnyones() && isShort(name)}
		words := IndexWords(a.Name)
		for _, word := range r.Words {
			if word == "" && len(words) == 0 || slices.Contains(words, word) {
				r.byWord[word] = append(r.byWord[word], compiled)
			}
		}
	}
	for _, found := range r.byWord {
		slices.SortStableFunc(found, func(a, b alternative) int { return cmp.Compare(b.literals, a.literals) })
	}
}

// literals returns the number of literal characters of a pattern.
func literals(p Pattern) (n int) {
	for _, parts := range p {
		for _, part := range parts {
			n += utf8.RuneCountInString(part.text)
		}
	}
	return n
}

// shortWord is the length of a name, with its space, that other programs begin with by accident, too:
// "vuze vr studio" is not Vuze. A rule of free programs of any publisher takes such a name only
// with a version after it.
const shortWord = 5

func (r *rule) isAnyones() bool {
	return r.Kind == KindFree && r.By == "" && (r.Publisher < 0 || r.Anywhere)
}

// isShort reports whether a pattern is a short name and any text.
func isShort(p Pattern) bool {
	return len(p) == 2 && len(p[0]) == 1 && len(p[1]) == 0 && p[0][0].placeholder == "" && utf8.RuneCountInString(p[0][0].text) <= shortWord &&
		text.IsASCII(p[0][0].text) && strings.HasSuffix(p[0][0].text, " ")
}

// versionFollows reports whether a text begins with a version, or tells a variant: "3.0", "v2",
// "version 4", "(64 bit)", "- 1.1", "media player 3.0".
func versionFollows(s string) bool {
	return s == "" || s[0] == '(' || strings.ContainsAny(s, "0123456789")
}

// detected is what a title tells besides its name: its publisher by index, -1 if it is not known, and by
// folded name, and its version.
type detected struct {
	publisher int
	folded    string
	version   string
}

// isOf reports whether the rule applies to titles of a publisher.
func (r *rule) isOf(t detected) bool {
	switch {
	case r.Anywhere:
		return true
	case r.By != "":
		_, ok := r.by.Match(t.folded)
		return ok
	case r.Publisher >= 0:
		return r.Publisher == t.publisher
	}
	return true
}

// isSince reports whether a title's version is one to which the rule applies. The number in a name
// counts if it tells more than the first part of a version.
func (r *rule) isSince(v Values, version string) bool {
	if r.From == "" {
		return true
	}
	if strings.Contains(v.Number, ".") || version == "" {
		version = v.Number
	}
	return !isBefore(version, r.From)
}

// isBefore reports whether a number with dots is lower than another. A part that is no number counts
// as 0: nothing is known of it.
func isBefore(version, other string) bool {
	for version != "" || other != "" {
		var a, b string
		a, version, _ = strings.Cut(version, ".")
		b, other, _ = strings.Cut(other, ".")
		if x, y := leadingNumber(a), leadingNumber(b); x != y {
			return x < y
		}
	}
	return false
}

// leadingNumber returns the number at the front of s; 0 if there is none.
func leadingNumber(s string) int {
	n, _ := strconv.Atoi(s[:min(digits(s, ""), 9)])
	return n
}

// found is the best match so far: of the first class, then with the most literals, then for fewer
// versions, then by id.
type found struct {
	rule        *rule
	alternative *alternative
	values      Values
	rest        string // what a star at the end of a pattern without placeholders took
}

// search tries the rules that are found by a word of the stem.
func (f *found) search(rules []*rule, word, stem string, t detected) {
	for _, r := range rules {
		if f.rule != nil && r.class > f.rule.class {
			continue
		}
		r.once.Do(r.compile)
		if !r.isOf(t) {
			continue
		}
		all := r.byWord[word]
		for i := range all {
			a := &all[i]
			if f.rule != nil && !f.isWorseThan(r, a) {
				break // the next ones have no more literals
			}
			if !strings.HasPrefix(stem, a.start) {
				continue
			}
			if v, ok := a.name.Match(stem); ok && r.isSince(v, t.version) && (!a.isShort || versionFollows(a.rest(stem))) {
				*f = found{r, a, v, a.rest(stem)}
				break
			}
		}
	}
}

// rest returns what the star took of a stem that matches, if the pattern is one text and a star.
func (a *alternative) rest(stem string) string {
	if p := a.name; len(p) == 2 && len(p[0]) == 1 && len(p[1]) == 0 && p[0][0].placeholder == "" {
		return stem[len(p[0][0].text):]
	}
	return ""
}

// versionValues returns the values of the match. A number directly after the name of a product of numbered
// versions is its version although a star took it.
func (f *found) versionValues(scheme Scheme) Values {
	v := f.values
	if scheme != SchemeMajor && scheme != SchemeMinor {
		return v
	}
	rest := strings.TrimLeft(f.rest, " "+lost)
	if word := strings.TrimPrefix(firstWord(rest), "v"); v == (Values{}) && word != "" && digits(word, ".") == len(word) {
		v.Number = word
	}
	return v
}

func (f *found) isWorseThan(r *rule, a *alternative) bool {
	switch {
	case r.class != f.rule.class:
		return r.class < f.rule.class
	case a.literals != f.alternative.literals:
		return a.literals > f.alternative.literals
	case r.From != f.rule.From:
		return r.From > f.rule.From
	}
	return r.ID < f.rule.ID
}
