package catalog

import (
	"slices"
	"sort"
	"strings"
)

// rank says how well a name matches the typed text, best first. The best of several names counts.
// Aliases rank after all first names, which users see, except for an exact match.
//
// Within a rank, publishers with more titles come first, then the order of the letters of the
// matching name.
type rank int

const (
	exact      rank = iota // the name equals the typed text
	prefix                 // the name starts with it
	wholeWord              // the name contains it as a word or words
	wordPrefix             // a word of the name starts with it
	contains               // the name contains it (R5.1)
	aliasPrefix
	aliasWholeWord
	aliasWordPrefix
	aliasContains
	ranks
)

// best holds the best matches of one rank, in order, up to limit.
type best[E any] struct {
	limit   int
	found   []*E
	weights []int
}

func (b *best[E]) full() bool { return len(b.found) >= b.limit }

// add adds a match. Matches are added in the order of their names.
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

// search returns at most limit entries with a name that contains the typed text, best first.
// weight breaks ties; nil for no weights.
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

// enough reports whether later names cannot be among the best of a rank, because without weights
// the results are already in order.
func (q *query[E]) enough(r rank) bool { return q.weight == nil && q.ranks[r].full() }

// settled reports whether names that start with the text fill the result.
func (q *query[E]) settled() bool { return q.letters == "" || len(q.best(prefix)) == q.limit }

// best returns the best matches of the ranks up to worst.
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

// beginnings finds the names that start with the typed text. They are adjacent.
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

// inside finds the typed text within names. When a rank is full it searches only for better
// ranks, and skips chunks that cannot have them.
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

// needle is a text to search for. skip is the number of its bytes before the typed text. grams
// select the chunks that may contain it.
type needle struct {
	text  string
	skip  int
	grams []uint64
	rare  int // index of its rarest byte
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

// commonness returns how common a byte is in names, from 0.
func commonness(b byte) int { return 1 + strings.IndexByte("zxqjkwyhbfvgpmudclntarosie ", b) }

// index is strings.Index from an offset. It searches for the rarest byte, because most needles
// start with a common one.
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

// chunk ranks every match of the needle in a chunk.
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
			continue // found by beginnings
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
