package inventory

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"trueup/internal/pack"
	"trueup/internal/position"
)

// PCs is which products each PC of a file has, for reports of groups of devices (R8.2). Of several
// versions a PC has the highest (R6.7), so its numbers are those of the Tally. It has no titles and no
// users. The zero PCs has no PCs.
type PCs struct {
	products []position.Product // the empty product stands for titles that are not recognised
	sets     [][]int32          // distinct sets of products, by their numbers
	records  []byte             // packed PCs, as appendPC writes them, sorted by key
	encoded  []byte             // as Encode returns it; records is its end

	incomplete bool // there are more than MaxPCs; then there are no records
}

// pc is a device with at least one title. Its bytes are parts of a record.
type pc struct {
	key   []byte   // as appendDevice writes it
	names [][]byte // keys of further names, sorted
	set   int32    // the number of its set of products
}

// appendPC appends a record. A record takes about 34 bytes. PCs are held as records, because there may be
// hundreds of thousands, and a pc with strings of its own takes seven times as much.
func appendPC(w *pack.Writer, key string, names []string, set int32) {
	w.Text(key)
	w.Uvarint(uint64(len(names)))
	for _, name := range names {
		w.Text(name)
	}
	w.Uvarint(uint64(set))
}

// readPC reads a record into one, whose names it reuses, and returns the length of what precedes the set.
func readPC(r *pack.Reader[[]byte], one *pc) int {
	length := r.Len()
	one.key = r.Take(r.Length())
	one.names = one.names[:0]
	for range r.Count(1) {
		one.names = append(one.names, r.Take(r.Length()))
	}
	length -= r.Len()
	one.set = int32(r.Length())
	return length
}

// each calls use with each PC and its offset in the records. use must not retain the PC.
func (p *PCs) each(use func(at int, one *pc)) {
	var one pc
	for r := pack.NewReader(p.records); r.Len() > 0; {
		at := len(p.records) - r.Len()
		readPC(r, &one)
		use(at, &one)
	}
}

// MaxPCs is the maximum number of PCs of a file in which groups of devices can be looked up: five times
// the large organisation of R6.2. The function that serves reports holds them in memory.
const MaxPCs = 500_000

// maxNames is how many names of a PC are kept besides its key. A PC has one or two.
const maxNames = 8

// Complete reports whether all PCs of the file are there.
func (p *PCs) Complete() bool { return !p.incomplete }

// gathered is the PCs of some partitions while a file is counted.
type gathered struct {
	numbers map[string]int32 // of sets, by their products as varints
	sets    [][]int32
	blocks  [][]byte           // the records of a partition each, sorted by key
	number  int                // of PCs in them
	names   map[int32][]string // of the partition, by the index of the device
	packed  []byte             // the records of the partition
	key     []byte
	full    bool // there are more than MaxPCs
}

// newGathered returns a gathered in which set 0 is empty.
func newGathered() *gathered {
	return &gathered{numbers: map[string]int32{"": 0}, sets: [][]int32{nil}, names: map[int32][]string{}}
}

// set returns the number of a set of products. Equal sets are in the same order.
func (g *gathered) set(present []int32) int32 {
	g.key = g.key[:0]
	for _, product := range present {
		g.key = binary.AppendUvarint(g.key, uint64(product))
	}
	number, known := g.numbers[string(g.key)]
	if !known {
		number = int32(len(g.sets))
		g.numbers[string(g.key)] = number
		g.sets = append(g.sets, slices.Clone(present))
	}
	return number
}

// gather adds the PCs of a counted partition.
func (t *counting) gather(partition int) (err error) {
	g := t.gathered
	if g.full = g.full || t.pass.gathered.Add(int64(len(t.devices))) > MaxPCs; g.full {
		g.blocks = nil
		return nil
	}
	clear(g.names)
	if t.chunk, err = t.pass.called.each(partition, t.chunk, g.name(t.numbers)); err != nil {
		return err
	}
	w := pack.NewWriter(g.packed[:0])
	for _, key := range slices.Sorted(maps.Keys(t.numbers)) {
		number := t.numbers[key]
		names := g.names[number]
		slices.Sort(names)
		appendPC(w, key, names, t.devices[number].set)
	}
	g.packed, g.number = w.Bytes(), g.number+len(t.devices)
	g.blocks = append(g.blocks, bytes.Clone(g.packed)) // as large as its records
	return nil
}

// name returns a function that notes a name of a device with that key. numbers has the indexes of
// devices by their keys.
func (g *gathered) name(numbers map[string]int32) func(key, name []byte) error {
	return func(key, name []byte) error {
		number, met := numbers[string(key)]
		if !met {
			return nil // the device has no valid title, or is another one by its name
		}
		folded, flaw := appendDevice(g.key[:0], name)
		g.key = folded
		if flaw != "" || folded[0] == 0 || bytes.Equal(folded, key) {
			return nil
		}
		known := g.names[number]
		if len(known) < maxNames && !slices.Contains(known, string(folded)) {
			g.names[number] = append(known, string(folded))
		}
		return nil
	}
}

// pcs joins what was gathered. The result does not depend on the order in which it was.
func pcs(products []position.Product, parts []*gathered) PCs {
	p := PCs{products: products}
	number, room := 0, 0
	for _, g := range parts {
		if g.full {
			return PCs{incomplete: true}
		}
		number += g.number
		for _, block := range g.blocks {
			room += len(block)
		}
	}
	type set struct {
		part   int
		number int32
	}
	numbers := map[string]int32{}
	of := map[set]int32{} // most PCs have the set of another
	merge(parts, func(part int, one *pc, _ []byte) {
		local := set{part, one.set}
		if _, known := of[local]; !known {
			of[local] = p.numberOf(numbers, parts[part].sets[one.set])
		}
	})
	w := p.header(number, room+room/16) // the number of a set may take a byte more than it did
	begin := len(w.Bytes())
	merge(parts, func(part int, one *pc, head []byte) {
		w.Raw(head)
		w.number(int(of[set{part, one.set}]))
	})
	p.encoded = w.Sealed()
	p.records = p.encoded[begin:]
	return p
}

// merge calls use with each gathered PC in the order of keys, with the index of its part, and the bytes of
// its record that precede the set. It merges the sorted blocks, because a list of all PCs to sort would
// take as much memory as a part of their records.
func merge(parts []*gathered, use func(part int, one *pc, head []byte)) {
	var h heads
	for part, g := range parts {
		for _, block := range g.blocks {
			if first := (&head{part: part, rest: block}); first.next() {
				h = append(h, first)
			}
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		first := h[0]
		use(first.part, &first.pc, first.packed)
		if first.next() {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
}

// head is the first of the remaining PCs of a block.
type head struct {
	pc
	part         int
	packed, rest []byte // its record without the set, and the records after it
}

// next moves to the next PC, and returns false if there is none.
func (h *head) next() bool {
	if len(h.rest) == 0 {
		return false
	}
	r := pack.NewReader(h.rest)
	h.packed = h.rest[:readPC(r, &h.pc)]
	h.rest = r.Rest()
	return true
}

// heads is a heap by key.
type heads []*head

func (h heads) Len() int           { return len(h) }
func (h heads) Less(i, j int) bool { return bytes.Compare(h[i].key, h[j].key) < 0 }
func (h heads) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(one any)      { *h = append(*h, one.(*head)) }
func (h *heads) Pop() any {
	last := len(*h) - 1
	one := (*h)[last]
	*h = (*h)[:last]
	return one
}

// numberOf returns the number of a set, which it adds if it is new.
func (p *PCs) numberOf(numbers map[string]int32, present []int32) int32 {
	key := fmt.Sprint(present)
	number, known := numbers[key]
	if !known {
		number = int32(len(p.sets))
		numbers[key] = number
		p.sets = append(p.sets, present)
	}
	return number
}

// pcsFormat is the first line of encoded PCs: see tallyFormat.
const pcsFormat = "trueup pcs 1\n"

// header returns a writer that has what precedes so many records, and room for their bytes.
func (p *PCs) header(number, room int) *writer {
	w := &writer{pack.Sealing(pcsFormat, room+64*len(p.products)), map[string]uint64{}}
	w.number(len(p.products))
	for _, product := range p.products {
		w.product(product)
	}
	w.number(len(p.sets))
	for _, set := range p.sets {
		w.number(len(set))
		for _, product := range set {
			w.number(int(product))
		}
	}
	w.number(number)
	return w
}

// Encode returns the encoded PCs, about 34 bytes each, which are shared with p.
func (p *PCs) Encode() []byte {
	if p.encoded == nil {
		return p.header(0, 0).Sealed()
	}
	return p.encoded
}

var errPCs = errors.New("inventory: the stored PCs are damaged or have an unknown format")

// DecodePCs decodes what PCs.Encode wrote. Damage is an error, never a wrong number.
func DecodePCs(b []byte) (*PCs, error) {
	body, err := pack.Open(pcsFormat, b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPCs, err)
	}
	r := reader{Reader: pack.NewReader(body)}
	p := new(PCs)
	for range r.Count(4) {
		p.products = append(p.products, r.product())
	}
	for range r.Count(1) {
		var set []int32
		for range r.Count(1) {
			set = append(set, r.below(len(p.products)))
		}
		p.sets = append(p.sets, set)
	}
	number := r.Count(3)
	p.records, p.encoded = r.Rest(), b
	records := reader{Reader: pack.NewReader(p.records)}
	var one pc
	for range number {
		readPC(records.Reader, &one)
		if int(one.set) >= len(p.sets) {
			records.Fail()
		}
	}
	if err := records.End(); err != nil {
		return nil, fmt.Errorf("%w: %w", errPCs, err)
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: %w", errPCs, err)
	}
	return p, nil
}

// below reads a number that is smaller than n.
func (r *reader) below(n int) int32 {
	number := r.number()
	if number >= n {
		r.Fail()
		return 0
	}
	return int32(number)
}
