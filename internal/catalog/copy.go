package catalog

import (
	"errors"
	"slices"

	"trueup/internal/pack"
)

// A saved copy consists of a line that names its format and its starting catalog, and then:
//
//   - the number of chunks, names and titles on all shelves of titles together;
//   - the shelf of publishers;
//   - the ids of the publishers' names, in the order of the shelf;
//   - the shelf of titles of each publisher, in the order of their first names.
//
// Numbers are varints. A shelf starts with its numbers of names and owners. Then follow, for each
// name, the length of its letters, its length, and its owner: 0 for a first name, n for an alias
// of the n-th owner. The order of first names numbers the owners. Then follow the letters in the
// form of chunks, one after the other, the names, and the grams of each chunk that has them.
func formatLine() string { return "catalog 1 " + startDigest() + "\n" }

var errFormat = errors.New("catalog: the saved copy has an unknown format, or includes another starting catalog")

// reader reads a copy. The names in a restored catalog share the copy's memory.
type reader = pack.Reader[string]

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
	w := pack.NewWriter([]byte(formatLine()))
	for _, n := range []int{chunks, lines, titles} {
		w.Uvarint(uint64(n))
	}
	save[publisher, *publisher](w, &c.publishers)
	for _, chunk := range c.publishers.chunks {
		for _, l := range chunk.lines {
			i := idOf(l.name)
			w.Raw(i[:])
		}
	}
	for _, p := range publishers {
		save[title, *title](w, &p.titles)
	}
	return w.Bytes()
}

// named is the owner of names on a shelf.
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

// firsts returns the owners of names on a shelf, in the order of first names.
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

func save[E any, P named[E]](w *pack.Writer, s *shelf[E]) {
	all := firsts[E, P](s)
	number := make(map[P]uint64, len(all))
	for i, of := range all {
		number[of] = uint64(i + 1)
	}
	w.Uvarint(uint64(s.size()))
	w.Uvarint(uint64(len(all)))
	var entries []entry[E]
	for _, c := range s.chunks {
		for i, l := range c.lines {
			e := c.entry(i)
			entries = append(entries, e)
			leads := uint64(0)
			if l.alias {
				leads = number[l.of]
			}
			w.Uvarint(uint64(len(e.letters)))
			w.Uvarint(uint64(len(l.name)))
			w.Uvarint(leads)
		}
	}
	var whole []chunk[E]
	for part := range slices.Chunk(entries, chunkMost) {
		whole = append(whole, newChunk(part))
	}
	for _, c := range whole {
		w.Raw([]byte(c.letters))
	}
	for _, e := range entries {
		w.Raw([]byte(e.name))
	}
	for _, c := range whole {
		if c.grams != nil {
			for _, bits := range c.grams {
				w.Uint64(bits)
			}
		}
	}
}

// Restore implements journal.State. A copy with another starting catalog is an error: the same
// entries have another result now.
func (c *Catalog) Restore(saved []byte) (err error) {
	format := formatLine()
	if len(saved) < len(format) || string(saved[:len(format)]) != format {
		return errFormat
	}
	r := pack.NewReader(string(saved[len(format):]))
	chunks, lines, titles := r.Count(1), r.Count(3), r.Count(1)
	var publishers shelf[publisher]
	var own slabs[publisher]
	all := restore[publisher, *publisher](r, &publishers, &own)
	names := publishers.size()
	byID := make(map[id]*publisher, names)
	ids := r.Take(names * len(id{}))
	if r.Failed() {
		return pack.ErrDamaged
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
		if r.Failed() {
			break
		}
	}
	if err := r.End(); err != nil {
		return err
	}
	c.start.Do(func() {}) // the copy includes it
	c.publishers, c.byID = publishers, byID
	return nil
}

// slabs allocate the parts of many shelves at once.
type slabs[E any] struct {
	chunks []chunk[E]
	starts []int32
	lines  []line[E]
	all    []E
}

func newSlabs[E any](chunks, lines, all int) *slabs[E] {
	return &slabs[E]{make([]chunk[E], chunks), make([]int32, lines+chunks), make([]line[E], lines), make([]E, all)}
}

// cut takes the first n elements of a slab, or allocates them if the slab is too small.
func cut[T any](slab *[]T, n int) []T {
	if n > len(*slab) {
		return make([]T, n)
	}
	taken := (*slab)[:n:n]
	*slab = (*slab)[n:]
	return taken
}

// restore reads a shelf and returns the owners of its names.
func restore[E any, P named[E]](r *reader, s *shelf[E], from *slabs[E]) []E {
	size, things := r.Count(3), r.Count(0)
	if things > size {
		r.Fail()
	}
	if r.Failed() {
		return nil
	}
	all, lines := cut(&from.all, things), cut(&from.lines, size)
	s.chunks = cut(&from.chunks, (size+chunkMost-1)/chunkMost)
	table := r.Clone() // reads the table again, with the letters behind it
	lettersSize := len(s.chunks)
	for range size {
		lettersSize += r.Length() + 1
		r.Length()
		r.Length()
	}
	letters, next := r.Take(lettersSize), 0
	for at := range s.chunks {
		n := min(chunkMost, len(lines))
		c := &s.chunks[at]
		c.lines, lines = lines[:n:n], lines[n:]
		c.starts = cut(&from.starts, n+1)
		end := 1
		for i := range n {
			c.starts[i] = int32(end)
			end += table.Length() + 1
			name, leads := r.Take(table.Length()), table.Length()
			of := next
			if leads > 0 {
				of = leads - 1
			}
			if r.Failed() || end > len(letters) || of >= things || letters[c.starts[i]-1] != '\n' || letters[end-1] != '\n' {
				r.Fail()
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
		r.Fail()
	}
	for at := range s.chunks {
		if c := &s.chunks[at]; len(c.lines) >= filtered {
			c.grams = readGrams(r)
		}
	}
	return all
}

func readGrams(r *reader) *grams {
	g := new(grams)
	for i := range g {
		g[i] = r.Uint64()
	}
	return g
}
