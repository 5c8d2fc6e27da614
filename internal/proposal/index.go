package proposal

import (
	"math"
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"

	"trueup/internal/product"
	"trueup/internal/text"
)

// index finds the products of a dictionary by the words of their names. Undecidable rows are not in
// it: their titles are decided in another way.
type index struct {
	dictionary *product.Dictionary
	names      []indexed
	numbers    map[string]int // of words
	words      []word         // by number
	byFront    map[string][]int
	paid       map[string]bool // publishers with a product or an undecidable title
}

// indexed is a name of a row: as the dictionary writes it, or on licences.
type indexed struct {
	row    *product.Row
	words  []int // numbers
	weight float64
}

// word is a word of the names.
type word struct {
	text   string
	names  []int   // in which it is
	weight float64 // how much it tells about a product: a rare one more than a common one
}

// indexOf returns the index of a dictionary. It takes tens of milliseconds to build, so the dictionary keeps it.
func indexOf(d *product.Dictionary) *index { return product.Derived(d, newIndex) }

func newIndex(d *product.Dictionary) *index {
	x := &index{dictionary: d, numbers: map[string]int{}, byFront: map[string][]int{}, paid: map[string]bool{}}
	for i := range d.Rows {
		row := &d.Rows[i]
		if row.Kind != product.KindFree {
			x.paid[row.Publisher] = true
		}
		if row.Kind == product.KindUndecidable {
			continue
		}
		seen := map[string]bool{}
		x.add(row, row.Name(), seen)
		for _, p := range row.Names() {
			x.add(row, p.Name, seen)
		}
	}
	for number := range x.words {
		w := &x.words[number]
		w.weight = x.weightOf(len(w.names))
		x.byFront[front(w.text)] = append(x.byFront[front(w.text)], number)
	}
	for i := range x.names {
		for _, number := range x.names[i].words {
			x.names[i].weight += x.words[number].weight
		}
	}
	return x
}

// add adds a name of a row. Seen holds the row's names so far.
func (x *index) add(row *product.Row, written string, seen map[string]bool) {
	rest, _ := product.SplitVersion(strings.Fields(product.Stem(text.Fold(written))))
	words := wordsOf(strings.Join(rest, " "))
	key := strings.Join(words, " ")
	if len(words) == 0 || seen[key] {
		return
	}
	seen[key] = true
	n := indexed{row: row}
	for _, w := range words {
		number, known := x.numbers[w]
		if !known {
			number = len(x.words)
			x.numbers[w] = number
			x.words = append(x.words, word{text: w})
		}
		x.words[number].names = append(x.words[number].names, len(x.names))
		n.words = append(n.words, number)
	}
	x.names = append(x.names, n)
}

// weightOf returns the weight of a word in a number of names, 0 for an unknown word.
func (x *index) weightOf(names int) float64 {
	return math.Log(1 + float64(len(x.names))/float64(1+names))
}

// abbreviations are words that people and publishers write in two ways.
var abbreviations = map[string]string{"pro": "professional", "std": "standard", "ent": "enterprise", "prem": "premium"}

// empty are words that tell nothing about a product.
var empty = setOf("edition version release build the for and")

// wordsOf returns the words of a folded name, each once.
func wordsOf(folded string) (words []string) {
	seen := map[string]bool{}
	for _, w := range strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if long, ok := abbreviations[w]; ok {
			w = long
		}
		if !empty[w] && !seen[w] {
			seen[w] = true
			words = append(words, w)
		}
	}
	return words
}

// frontRunes is the number of letters at the front of a word in which a typing error is not found.
const frontRunes = 2

func front(word string) string {
	n := 0
	for i := range word {
		if n == frontRunes {
			return word[:i]
		}
		n++
	}
	return word
}

// like is a known word that resembles a word.
type like struct {
	number     int
	similarity float64 // 1 for the word itself
}

// similar returns the known words that a word may stand for: itself, or else those with few other
// letters.
func (x *index) similar(written string) (words []like) {
	if number, ok := x.numbers[written]; ok {
		return []like{{number, 1}}
	}
	for _, number := range x.byFront[front(written)] {
		if s := similarity(written, x.words[number].text); s > 0 {
			words = append(words, like{number, s})
		}
	}
	return words
}

// similarity returns the share of the letters that two words have in common, and 0 if they differ too
// much for a typing error or another language: one letter of five, two of eight. Numbers do not
// resemble each other.
func similarity(a, b string) float64 {
	length := max(len(a), len(b))
	most := 0
	switch {
	case length >= 8:
		most = 2
	case length >= 5:
		most = 1
	}
	if most == 0 || length-min(len(a), len(b)) > most || strings.ContainsFunc(a+b, unicode.IsDigit) {
		return 0
	}
	distance := levenshtein.ComputeDistance(a, b)
	if distance > most {
		return 0
	}
	return 1 - float64(distance)/float64(length)
}
