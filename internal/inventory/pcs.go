package inventory

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trueup/internal/pack"
	"trueup/internal/position"
)

// PCs is which products each PC of a file has, for reports of groups of devices (R8.2). Of several
// versions a PC has the highest (R6.7), so its numbers are those of the Tally. It has no titles and no
// users. The zero PCs has no PCs.
type PCs struct {
	products []position.Product // the empty product stands for titles that are not recognised
	sets     [][]int32          // distinct sets of products, by their numbers
	all      []pc               // sorted by key

	incomplete bool // there are more than MaxPCs; then all is empty
}

// pc is a device with at least one title.
type pc struct {
	key   string   // as appendDevice writes it
	names []string // keys of further names, sorted
	set   int32    // the number of its set of products
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
	all     []pc
	names   map[int32][]string // of the partition, by the index of the device
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
		g.all = nil
		return nil
	}
	clear(g.names)
	if t.chunk, err = t.pass.called.each(partition, t.chunk, g.name(t.numbers)); err != nil {
		return err
	}
	for key, number := range t.numbers {
		names := g.names[number]
		slices.Sort(names)
		g.all = append(g.all, pc{key, names, t.devices[number].set})
	}
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
	type set struct{ part, number int32 }
	var sets []set // by PC
	for i, g := range parts {
		if g.full {
			return PCs{incomplete: true}
		}
		for _, one := range g.all {
			sets = append(sets, set{int32(i), one.set})
			one.set = int32(len(sets)) - 1
			p.all = append(p.all, one)
		}
	}
	slices.SortFunc(p.all, func(a, b pc) int { return strings.Compare(a.key, b.key) })
	numbers := map[string]int32{}
	of := map[set]int32{} // most PCs have the set of another
	for i := range p.all {
		one := sets[p.all[i].set]
		number, known := of[one]
		if !known {
			number = p.number(numbers, parts[one.part].sets[one.number])
			of[one] = number
		}
		p.all[i].set = number
	}
	return p
}

// number returns the number of a set, which it adds if it is new.
func (p *PCs) number(numbers map[string]int32, present []int32) int32 {
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

// Encode encodes the PCs, with about 34 bytes each.
func (p *PCs) Encode() []byte {
	w := writer{pack.Sealing(pcsFormat, 40*len(p.all)), map[string]uint64{}}
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
	w.number(len(p.all))
	for _, one := range p.all {
		w.Text(one.key)
		w.number(len(one.names))
		for _, name := range one.names {
			w.Text(name)
		}
		w.number(int(one.set))
	}
	return w.Sealed()
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
	p.all = make([]pc, 0, r.Count(3))
	for range cap(p.all) {
		one := pc{key: r.Text()}
		for range r.Count(1) {
			one.names = append(one.names, r.Text())
		}
		one.set = r.below(len(p.sets))
		p.all = append(p.all, one)
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
