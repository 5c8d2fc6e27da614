package source

import (
	"maps"
	"slices"
	"strings"

	"trueup/internal/product"
	"trueup/internal/text"
)

// A title that a row leaves tests nothing if no wrong pattern could take it either. So one of them must
// be a near miss: a title that the row's patterns take when they are loosened to their first word, or to
// another long word. A pattern that takes every title with its first word cannot be loosened, so its row needs
// none. And a near miss must be a title of its own: not the same end added to the name of every row.

// maxAlike is the number of rows whose near misses may add the same end to their names: "Viewer" and
// "Outlook Add-in" are real titles of many makers.
const maxAlike = 15

// usualEnds are ends that the dictionary itself understands, behind the name of any product. Rows whose
// patterns end with a star rely on it, and their near misses test that.
var usualEnds = []string{"free", "viewer", "language pack"}

// minShared is the length of a word that is distinctive anywhere in a title.
const minShared = 4

// nearMisses checks that one of the titles that a row leaves is a near miss.
func (c *checker) nearMisses(e Entry) {
	var names [][]string
	isLoose := false
	for _, p := range e.Installed {
		all, _ := product.Alternatives(p.Name) // a bad pattern is reported elsewhere
		for _, a := range all {
			isLoose = isLoose || strings.HasSuffix(a.Name, "*") && len(strings.Fields(strings.TrimSuffix(a.Name, "*"))) == 1
			names = append(names, wordsOf(strings.NewReplacer("{number}", " ", "{year}", " ").Replace(a.Name)))
		}
	}
	for _, written := range e.Takes {
		names = append(names, wordsOf(written))
	}
	isNear := func(written string) bool {
		words := wordsOf(written)
		return slices.ContainsFunc(names, func(name []string) bool { return resembles(words, name) })
	}
	if !isLoose && !slices.ContainsFunc(e.Leaves, isNear) {
		c.addf("it needs a near miss: a title that it leaves and that resembles one that it takes")
	}
	for _, written := range e.Leaves {
		if end := addedEnd(wordsOf(written), names); end != "" && !slices.Contains(c.ends[end], c.at) {
			c.ends[end] = append(c.ends[end], c.at)
		}
	}
}

// alike reports near misses that add the same end to the names of too many rows.
func (c *checker) alike() {
	for _, end := range slices.Sorted(maps.Keys(c.ends)) {
		if rows := c.ends[end]; len(rows) > maxAlike && !slices.Contains(usualEnds, end) {
			c.at = rows[0]
			c.addf("its near miss and those of %d others add %q to the name: write titles of their own", len(rows)-1, end)
		}
	}
}

// resembles reports whether titles begin with the same word or share a long one.
func resembles(words, name []string) bool {
	if len(words) == 0 || len(name) == 0 {
		return false
	}
	return words[0] == name[0] && words[0] != "the" ||
		slices.ContainsFunc(words, func(w string) bool { return len(w) >= minShared && slices.Contains(name, w) })
}

// addedEnd returns what a title adds to the longest of the names that it begins with; empty if there is
// none. Names count without the numbers at their ends.
func addedEnd(words []string, names [][]string) string {
	longest := 0
	for _, name := range names {
		for len(name) > 0 && strings.Trim(name[len(name)-1], "v0123456789") == "" {
			name = name[:len(name)-1]
		}
		if len(name) > longest && len(name) < len(words) && slices.Equal(words[:len(name)], name) {
			longest = len(name)
		}
	}
	if longest == 0 {
		return ""
	}
	return strings.Join(words[longest:], " ")
}

// wordsOf returns the words of a title or of an example, folded and without punctuation.
func wordsOf(written string) []string {
	name, _, _ := strings.Cut(written, "|")
	return strings.FieldsFunc(product.Stem(text.Fold(name)), func(r rune) bool { return strings.ContainsRune(" *(){}[],.:;/\\'\"&+-", r) })
}
