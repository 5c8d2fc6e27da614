package catalog

import (
	"encoding/binary"
	"errors"
	"slices"
)

// A saved copy is, after a line that names its format and the starting catalog
// that it began with:
//
//   - how many chunks, names and titles all shelves of titles have together;
//   - the shelf of publishers;
//   - the ids of the publishers' names, in the order of the shelf;
//   - the shelf of titles of each publisher, in the order of their first names.
//
// Numbers are varints. A shelf is how many names it has and how many things
// they lead to; for each name the length of its letters, its own length, and
// what it leads to, which is 0 for a first name, whose order numbers the things,
// and n for the n-th of them; then the letters as chunks have them, one after
// the other, the names, and the grams of each chunk that has them.
func formatLine() string { return "catalog 1 " + startDigest() + "\n" }

var (
	errFormat  = errors.New("catalog: the copy has another format, or began with another starting catalog")
	errDamaged = errors.New("catalog: the copy is damaged")
)

// Save implements journal.State.
func (c *Catalog) Save() []byte {
	c.ready()
	publishers := firsts[publisher, *publisher](&c.publishers)
	var chunks, lines, titles int
	for _, p := range publishers {
		n := p.titles.size()
		chunks += (n + chunkMost - 1) / chunkMost
		lines += n
		titles += p.count
	}
	w := []byte(formatLine())
	for _, n := range []int{chunks, lines, titles} {
		w = binary.AppendUvarint(w, uint64(n))
	}
	w = save[publisher, *publisher](w, &c.publishers)
	for _, chunk := range c.publishers.chunks {
		for _, l := range chunk.lines {
			i := idOf(l.name)
			w = append(w, i[:]...)
		}
	}
	for _, p := range publishers {
		w = save[title, *title](w, &p.titles)
	}
	return w
}

// named is what a shelf's names lead to.
type named[E any] interface {
	*E
	called(name string)
	also(alias string)
}

func (p *publisher) called(name string) { p.name = name }
func (p *publisher) also(alias string)  { p.aliases = append(p.aliases, alias) }
func (t *title) called(name string)     { t.name = name }
func (t *title) also(alias string)      { t.aliases = append(t.aliases, alias) }

func (s *shelf[E]) size() (n int) {
	for _, c := range s.chunks {
		n += len(c.lines)
	}
	return n
}

// firsts returns what the names of a shelf lead to, in the order of first names.
func firsts[E any, P named[E]](s *shelf[E]) (all []P) {
	for _, c := range s.chunks {
		for _, l := range c.lines {
			if !l.alias {
				all = append(all, l.of)
			}
		}
	}
	return all
}

func save[E any, P named[E]](w []byte, s *shelf[E]) []byte {
	all := firsts[E, P](s)
	number := make(map[P]uint64, len(all))
	for i, of := range all {
		number[of] = uint64(i + 1)
	}
	w = binary.AppendUvarint(w, uint64(s.size()))
	w = binary.AppendUvarint(w, uint64(len(all)))
	var entries []entry[E]
	for _, c := range s.chunks {
		for i, l := range c.lines {
			e := c.entry(i)
			entries = append(entries, e)
			leads := uint64(0)
			if l.alias {
				leads = number[l.of]
			}
			w = binary.AppendUvarint(w, uint64(len(e.letters)))
			w = binary.AppendUvarint(w, uint64(len(l.name)))
			w = binary.AppendUvarint(w, leads)
		}
	}
	var whole []chunk[E]
	for part := range slices.Chunk(entries, chunkMost) {
		whole = append(whole, newChunk(part))
	}
	for _, c := range whole {
		w = append(w, c.letters...)
	}
	for _, e := range entries {
		w = append(w, e.name...)
	}
	for _, c := range whole {
		if c.grams != nil {
			for _, bits := range c.grams {
				w = binary.LittleEndian.AppendUint64(w, bits)
			}
		}
	}
	return w
}

// Restore implements journal.State. A copy that began with another starting
// catalog is an error: what the entries add up to is different now.
func (c *Catalog) Restore(saved []byte) (err error) {
	format := formatLine()
	if len(saved) < len(format) || string(saved[:len(format)]) != format {
		return errFormat
	}
	r := &reader{rest: string(saved[len(format):])}
	chunks, lines, titles := r.count(1), r.count(3), r.count(1)
	var publishers shelf[publisher]
	var own slabs[publisher]
	all := restore[publisher, *publisher](r, &publishers, &own)
	names := publishers.size()
	byID := make(map[id]*publisher, names)
	ids := r.bytes(names * len(id{}))
	if r.failed {
		return errDamaged
	}
	for _, chunk := range publishers.chunks {
		for _, l := range chunk.lines {
			byID[id([]byte(ids[:len(id{})]))] = l.of
			ids = ids[len(id{}):]
		}
	}
	shared := newSlabs[title](chunks, lines, titles)
	for i := range all {
		p := &all[i]
		p.count = len(restore[title, *title](r, &p.titles, shared))
		if r.failed {
			break
		}
	}
	if r.failed || r.rest != "" {
		return errDamaged
	}
	c.start.Do(func() {}) // it is in the copy
	c.publishers, c.byID = publishers, byID
	return nil
}

// slabs are where the parts of many shelves are allocated at once.
type slabs[E any] struct {
	chunks []chunk[E]
	starts []int32
	lines  []line[E]
	all    []E
}

func newSlabs[E any](chunks, lines, all int) *slabs[E] {
	return &slabs[E]{make([]chunk[E], chunks), make([]int32, lines+chunks), make([]line[E], lines), make([]E, all)}
}

// cut takes the first n of what is left of a slab, or new ones.
func cut[T any](slab *[]T, n int) []T {
	if n > len(*slab) {
		return make([]T, n)
	}
	taken := (*slab)[:n:n]
	*slab = (*slab)[n:]
	return taken
}

// restore reads a shelf and returns what its names lead to.
func restore[E any, P named[E]](r *reader, s *shelf[E], from *slabs[E]) []E {
	size, things := r.count(3), r.count(0)
	if things > size {
		r.failed = true
	}
	if r.failed {
		return nil
	}
	all, lines := cut(&from.all, things), cut(&from.lines, size)
	s.chunks = cut(&from.chunks, (size+chunkMost-1)/chunkMost)
	table := reader{rest: r.rest} // read twice: the letters come after it
	lettersSize := len(s.chunks)
	for range size {
		lettersSize += r.number() + 1
		r.number()
		r.number()
	}
	letters, next := r.bytes(lettersSize), 0
	for at := range s.chunks {
		n := min(chunkMost, len(lines))
		c := &s.chunks[at]
		c.lines, lines = lines[:n:n], lines[n:]
		c.starts = cut(&from.starts, n+1)
		end := 1
		for i := range n {
			c.starts[i] = int32(end)
			end += table.number() + 1
			name, leads := r.bytes(table.number()), table.number()
			of := next
			if leads > 0 {
				of = leads - 1
			}
			if r.failed || end > len(letters) || of >= things || letters[c.starts[i]-1] != '\n' || letters[end-1] != '\n' {
				r.failed = true
				return nil
			}
			if c.lines[i] = (line[E]{name, &all[of], leads > 0}); leads > 0 {
				P(&all[of]).also(name)
			} else {
				P(&all[of]).called(name)
				next++
			}
		}
		c.starts[n] = int32(end)
		c.letters, letters = letters[:end], letters[end:]
	}
	if next != things {
		r.failed = true
	}
	for at := range s.chunks {
		if c := &s.chunks[at]; len(c.lines) >= filtered {
			c.grams = r.grams()
		}
	}
	return all
}

// reader reads a copy. What it reads after it has failed means nothing.
type reader struct {
	rest   string
	failed bool
}

func (r *reader) bytes(n int) string {
	if n > len(r.rest) {
		r.failed, r.rest = true, ""
		return ""
	}
	read := r.rest[:n]
	r.rest = r.rest[n:]
	return read
}

func (r *reader) number() int {
	n := 0
	for i := range min(len(r.rest), 5) {
		b := r.rest[i]
		if n |= int(b&0x7f) << (7 * i); b < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
	}
	r.failed, r.rest = true, ""
	return 0
}

// count reads how many of something there are, each of which takes at least so
// many bytes of the rest.
func (r *reader) count(each int) int {
	n := r.number()
	if n*max(each, 1) > len(r.rest) {
		r.failed = true
		return 0
	}
	return n
}

func (r *reader) grams() *grams {
	g := new(grams)
	raw := r.bytes(8 * len(g))
	if r.failed {
		return nil
	}
	for i := range g {
		g[i] = binary.LittleEndian.Uint64([]byte(raw[8*i:][:8]))
	}
	return g
}
