package catalog

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"trueup/internal/text"
)

// shelf is a list of names, sorted by their letters; each name has an owner of type E. It is
// stored in chunks, because adding a name rewrites its chunk.
type shelf[E any] struct{ chunks []chunk[E] }

// chunk is a sorted part of the names. Their letters are one text, so that a search covers many
// names at once.
type chunk[E any] struct {
	letters string  // "\n" before, between and after the letters of the names
	starts  []int32 // offset of the letters of each name, and the end
	lines   []line[E]
	grams   *grams // nil if there are too few names
}

// line is one name.
type line[E any] struct {
	name  string
	of    *E
	alias bool // not the owner's first name
}

// A chunk has at most chunkMost names. It has grams if it has at least filtered names.
const (
	chunkMost = 64
	filtered  = 32
)

// entry is a name to add to a shelf.
type entry[E any] struct {
	letters string
	line[E]
}

func (a entry[E]) compare(b entry[E]) int {
	return cmp.Or(strings.Compare(a.letters, b.letters), strings.Compare(a.name, b.name))
}

func (c *chunk[E]) at(i int) string { return c.letters[c.starts[i] : c.starts[i+1]-1] }

func (c *chunk[E]) entry(i int) entry[E] { return entry[E]{c.at(i), c.lines[i]} }

// newChunk returns a chunk of sorted entries.
func newChunk[E any](entries []entry[E]) chunk[E] {
	size := 1
	for _, e := range entries {
		size += len(e.letters) + 1
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteByte('\n')
	c := chunk[E]{starts: make([]int32, 0, len(entries)+1), lines: make([]line[E], len(entries))}
	for i, e := range entries {
		c.starts = append(c.starts, int32(b.Len()))
		c.lines[i] = e.line
		b.WriteString(e.letters)
		b.WriteByte('\n')
	}
	c.starts = append(c.starts, int32(b.Len()))
	c.letters = b.String()
	if len(entries) >= filtered {
		c.grams = gramsOf(c.letters)
	}
	return c
}

// chunked splits sorted entries into chunks.
func chunked[E any](entries []entry[E]) []chunk[E] {
	most := chunkMost
	if len(entries) > most { // leave room to grow
		most = chunkMost * 3 / 4
	}
	var chunks []chunk[E]
	for part := range slices.Chunk(entries, most) {
		chunks = append(chunks, newChunk(part))
	}
	return chunks
}

// insert adds names; it sorts entries. The shelf must not contain the same names.
func (s *shelf[E]) insert(entries []entry[E]) {
	slices.SortFunc(entries, entry[E].compare)
	if len(s.chunks) == 0 {
		s.chunks = chunked(entries)
		return
	}
	// From the end, so that splitting a chunk does not move a chunk that is still to be handled.
	for len(entries) > 0 {
		last := entries[len(entries)-1]
		at := max(0, sort.Search(len(s.chunks), func(i int) bool { return last.compare(s.chunks[i].entry(0)) < 0 })-1)
		from := 0
		if at > 0 {
			first := s.chunks[at].entry(0)
			from = sort.Search(len(entries), func(i int) bool { return entries[i].compare(first) >= 0 })
		}
		merged := s.chunks[at].merged(entries[from:])
		if len(merged) <= chunkMost {
			s.chunks[at] = newChunk(merged)
		} else {
			s.chunks = slices.Replace(s.chunks, at, at+1, chunked(merged)...)
		}
		entries = entries[:from]
	}
}

// merged returns the names of the chunk and the others, sorted.
func (c *chunk[E]) merged(others []entry[E]) []entry[E] {
	all := make([]entry[E], 0, len(c.lines)+len(others))
	i := 0
	for _, e := range others {
		for ; i < len(c.lines) && c.entry(i).compare(e) <= 0; i++ {
			all = append(all, c.entry(i))
		}
		all = append(all, e)
	}
	for ; i < len(c.lines); i++ {
		all = append(all, c.entry(i))
	}
	return all
}

// from calls use for the names whose letters are at least wanted, in order, until use returns
// false.
func (s *shelf[E]) from(wanted string, use func(letters string, l *line[E]) bool) {
	at := sort.Search(len(s.chunks), func(i int) bool {
		c := &s.chunks[i]
		return c.at(len(c.lines)-1) >= wanted
	})
	for ; at < len(s.chunks); at++ {
		c := &s.chunks[at]
		i := sort.Search(len(c.lines), func(i int) bool { return c.at(i) >= wanted })
		for ; i < len(c.lines); i++ {
			if !use(c.at(i), &c.lines[i]) {
				return
			}
		}
	}
}

// line returns the line of a name; nil if there is none.
func (s *shelf[E]) line(name string) (found *line[E]) {
	if len(s.chunks) == 0 {
		return nil
	}
	wanted, folded := letters(name), text.Fold(name)
	s.from(wanted, func(letters string, l *line[E]) bool {
		if letters == wanted && text.Fold(l.name) == folded {
			found = l
		}
		return letters == wanted && found == nil
	})
	return found
}

// find returns the owner of a name; nil if there is none.
func (s *shelf[E]) find(name string) *E {
	if l := s.line(name); l != nil {
		return l.of
	}
	return nil
}

// grams is a set of hashes of features of a chunk's letters: runs of one, two and three bytes,
// two letters on each side of a space, beginnings of words, and whole words. It may have false
// positives, but no false negatives.
type grams [64]uint64

// gramBits is the size of a gram's hash in bits.
const gramBits = 12

// eachGram calls use with the hash of every gram of letters except beginnings and words. The ends
// of a name count as spaces, so every word is surrounded by spaces.
func eachGram(letters string, use func(hash uint64)) {
	run := uint64(0)
	for i := range len(letters) {
		b := uint64(letters[i])
		if b == '\n' {
			b = ' '
		}
		run = run<<8 | b
		use(gramHash(run & 0xff))
		if i > 0 {
			use(gramHash(run & 0xffff))
		}
		if i > 1 {
			use(gramHash(run & 0xffffff))
		}
		if i > 3 && run>>16&0xff == ' ' { // two letters of a word and two of the next
			use(gramHash(run & 0xffffffffff))
		}
	}
}

// eachBeginning calls use with the hashes of the first two and three bytes of every word. Two
// hashes are better than one: a false positive would occur in all chunks, because they have the
// same words.
func eachBeginning(letters string, use func(hash uint64)) {
	for word := range strings.FieldsSeq(letters) {
		run := uint64(1) << 41
		for i := range min(len(word), 3) {
			if run = run<<8 | uint64(word[i]); i > 0 {
				use(gramHash(run))
			}
		}
	}
}

// eachWord calls use with the hash of every word of letters.
func eachWord(letters string, use func(hash uint64)) {
	for word := range strings.FieldsSeq(letters) {
		run := uint64(1) << 40 // larger than any gram
		for i := range len(word) {
			run = run*31 + uint64(word[i])
		}
		use(gramHash(run))
	}
}

func gramHash(run uint64) uint64 { return run * 0x9e3779b97f4a7c15 >> (64 - gramBits) }

func gramsOf(letters string) *grams {
	g := new(grams)
	add := func(hash uint64) { g[hash>>6] |= 1 << (hash & 63) }
	eachGram(letters, add)
	eachBeginning(letters, add)
	eachWord(letters, add)
	return g
}

// mayHave reports whether the chunk may contain letters with these grams.
func (c *chunk[E]) mayHave(hashes []uint64) bool {
	if c.grams == nil {
		return true
	}
	for _, hash := range hashes {
		if c.grams[hash>>6]&(1<<(hash&63)) == 0 {
			return false
		}
	}
	return true
}
