package catalog

import (
	"slices"
	"sort"
	"strings"
)

// rank is how well a name fits what was typed, best first. What has several
// names counts by the best of them. Aliases come after all first names, which
// are what people see, unless one is exactly what was typed.
//
// Within a rank publishers with more titles come first, then what comes first
// by the letters of the name that fits.
type rank int

const (
	exact      rank = iota // the name is what was typed
	prefix                 // it starts with it
	wholeWord              // it has it as a word, or as words
	wordPrefix             // a word of it starts with it
	contains               // it has it somewhere (R5.1)
	aliasPrefix
	aliasWholeWord
	aliasWordPrefix
	aliasContains
	ranks
)

// best is the best limit that were found of one rank, in order.
type best[E any] struct {
	limit   int
	found   []*E
	weights []int
}

func (b *best[E]) full() bool { return len(b.found) >= b.limit }

// add takes what comes later by name than all before.
func (b *best[E]) add(of *E, weight int) {
	if b.full() && weight <= b.weights[len(b.weights)-1] || slices.Contains(b.found, of) {
		return
	}
	at := sort.Search(len(b.weights), func(i int) bool { return b.weights[i] < weight })
	b.found = slices.Insert(b.found, at, of)
	b.weights = slices.Insert(b.weights, at, weight)
	if len(b.found) > b.limit {
		b.found, b.weights = b.found[:b.limit], b.weights[:b.limit]
	}
}

// search returns at most limit of those a name of which contains what was
// typed, best first. The weight of one breaks ties; nil for no weights.
func (s *shelf[E]) search(typed string, limit int, weight func(*E) int) []*E {
	if limit < 1 {
		return nil
	}
	q := query[E]{shelf: s, letters: letters(typed), limit: limit, weight: weight}
	for r := range q.ranks {
		q.ranks[r].limit = limit
	}
	if q.beginnings(); !q.settled() {
		q.inside()
	}
	return q.best(ranks - 1)
}

// query is one search.
type query[E any] struct {
	shelf   *shelf[E]
	letters string
	limit   int
	weight  func(*E) int
	ranks   [ranks]best[E]
}

func (q *query[E]) add(r rank, l *line[E]) {
	if l.alias && r > exact {
		r += aliasPrefix - prefix
	}
	weight := 0
	if q.weight != nil {
		weight = q.weight(l.of)
	}
	q.ranks[r].add(l.of, weight)
}

// enough reports that nothing that comes later by name can be among the best
// of a rank: those in it are in order already.
func (q *query[E]) enough(r rank) bool { return q.weight == nil && q.ranks[r].full() }

// settled reports that the beginnings of names are all it takes.
func (q *query[E]) settled() bool { return q.letters == "" || len(q.best(prefix)) == q.limit }

// best is the best of the ranks up to one.
func (q *query[E]) best(worst rank) []*E {
	var found []*E
	for r := range worst + 1 {
		for _, of := range q.ranks[r].found {
			if len(found) == q.limit {
				return found
			}
			if !slices.Contains(found, of) {
				found = append(found, of)
			}
		}
	}
	return found
}

// beginnings finds the names that start with what was typed: they are
// neighbours.
func (q *query[E]) beginnings() {
	q.shelf.from(q.letters, func(letters string, l *line[E]) bool {
		switch {
		case letters == q.letters:
			q.add(exact, l)
		case strings.HasPrefix(letters, q.letters):
			q.add(prefix, l)
		default:
			return false
		}
		return !q.enough(prefix)
	})
}

// inside finds what was typed in the rest of the names. Once there are enough
// of a rank it looks only for better ones, and skips the chunks without any.
func (q *query[E]) inside() {
	n := needleOf(q.letters, 0)
	narrowed := contains
	for i := range q.shelf.chunks {
		if q.enough(contains) && narrowed == contains {
			n, narrowed = needleOf(" "+q.letters, 1), wordPrefix
			eachBeginning(q.letters, n.need)
		}
		if q.enough(wordPrefix) && narrowed == wordPrefix {
			narrowed = wholeWord
			eachGram(" "+q.letters+" ", n.need)
			eachWord(q.letters, n.need)
		}
		if narrowed == wholeWord && q.enough(wholeWord) {
			return
		}
		if c := &q.shelf.chunks[i]; c.mayHave(n.grams) {
			q.chunk(c, n)
		}
	}
}

// needle is a text to look for, and how many bytes of it come before what was
// typed. Only chunks that may have the grams are looked at.
type needle struct {
	text  string
	skip  int
	grams []uint64
	rare  int // where its rarest byte is
}

func needleOf(text string, skip int) *needle {
	n := &needle{text: text, skip: skip}
	eachGram(text, n.need)
	for i := range len(text) {
		if commonness(text[i]) < commonness(text[n.rare]) {
			n.rare = i
		}
	}
	return n
}

// commonness says how common a byte is in names, from 0.
func commonness(b byte) int { return 1 + strings.IndexByte("zxqjkwyhbfvgpmudclntarosie ", b) }

// index is strings.Index from a place on, which goes from one rare byte to the
// next: most needles begin with a common one.
func (n *needle) index(letters string, from int) int {
	for at := from + n.rare; at < len(letters); at++ {
		next := strings.IndexByte(letters[at:], n.text[n.rare])
		if next < 0 {
			return -1
		}
		at += next
		if strings.HasPrefix(letters[at-n.rare:], n.text) {
			return at - n.rare
		}
	}
	return -1
}

func (n *needle) need(hash uint64) { n.grams = append(n.grams, hash) }

// chunk ranks every place in a chunk where the needle is.
func (q *query[E]) chunk(c *chunk[E], n *needle) {
	for from := 0; ; {
		found := n.index(c.letters, from)
		if found < 0 {
			return
		}
		at := found + n.skip
		from = at + 1
		r := contains
		switch c.letters[at-1] {
		case '\n':
			continue // one of the beginnings
		case ' ':
			r = wordPrefix
			if next := c.letters[at+len(q.letters)]; next == ' ' || next == '\n' {
				r = wholeWord
			}
		}
		if q.enough(r) {
			continue
		}
		line := sort.Search(len(c.lines), func(i int) bool { return int(c.starts[i+1]) > at })
		q.add(r, &c.lines[line])
	}
}
