package inventory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"trueup/internal/errs"
	"trueup/internal/position"
)

// An encoded tally is a header, a checksum of all that follows, and numbers
// and texts in the order of the fields of Tally. A number is a varint, a text
// its length and its bytes. Texts that come often, of publishers, kinds and
// rules, are listed once and named by their place in the list.
const tallyMagic = "trueup inventory 1\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode writes a tally as one file, some 60 bytes a title.
func (t *Tally) Encode() []byte {
	w := writer{often: map[string]uint64{}}
	w.text(string(t.Shape))
	w.text(t.Rules)
	w.flag(t.Estimated)
	w.number(t.Rows)
	w.number(t.BadRows)
	w.number(t.Devices)
	w.number(len(t.Bad))
	for _, b := range t.Bad {
		w.text(b.File)
		w.number(b.Line)
		w.text(b.Code)
		w.number(len(b.Args))
		for _, name := range sortedNames(b.Args) {
			w.text(name)
			w.text(b.Args[name])
		}
	}
	w.number(len(t.Products))
	for _, p := range t.Products {
		w.product(p.Product)
		w.number(p.Devices)
	}
	w.number(len(t.Titles))
	for _, c := range t.Titles {
		w.again(c.Publisher)
		w.text(c.Name)
		w.text(c.Version)
		w.number(c.Devices)
		w.again(string(c.Decision.Kind))
		w.again(c.Decision.Rule)
		w.again(c.Decision.Alias)
		w.product(c.Decision.Product)
	}
	return seal(w.out)
}

// seal puts the header and the checksum before what follows.
func seal(body []byte) []byte {
	out := append([]byte(tallyMagic), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(out[len(tallyMagic):], crc32.Checksum(body, castagnoli))
	return append(out, body...)
}

// errTally means that bytes are no tally of this version, or damaged.
var errTally = errors.New("inventory: not an encoded tally, or a damaged one")

// Decode reads what Encode wrote. Damage is an error, never a wrong number.
func Decode(b []byte) (*Tally, error) {
	const header = len(tallyMagic) + 4
	if len(b) < header || string(b[:len(tallyMagic)]) != tallyMagic ||
		binary.LittleEndian.Uint32(b[len(tallyMagic):]) != crc32.Checksum(b[header:], castagnoli) {
		return nil, errTally
	}
	r := reader{left: b[header:]}
	t := &Tally{Shape: Shape(r.text()), Rules: r.text(), Estimated: r.flag(), Rows: r.number(), BadRows: r.number(), Devices: r.number()}
	for range r.count() {
		bad := BadRow{File: r.text(), Line: r.number(), Code: r.text()}
		for range r.count() {
			if bad.Args == nil {
				bad.Args = errs.Args{}
			}
			name := r.text()
			bad.Args[name] = r.text()
		}
		t.Bad = append(t.Bad, bad)
	}
	n := r.count()
	t.Products = slices.Grow(t.Products, n)
	for range n {
		t.Products = append(t.Products, ProductCount{Product: r.product(), Devices: r.number()})
	}
	n = r.count()
	t.Titles = slices.Grow(t.Titles, n)
	for range n {
		c := Count{Title: Title{Publisher: r.again(), Name: r.text(), Version: r.text()}, Devices: r.number()}
		c.Decision = Decision{Kind: Kind(r.again()), Rule: r.again(), Alias: r.again(), Product: r.product()}
		t.Titles = append(t.Titles, c)
	}
	if r.damaged || len(r.left) > 0 {
		return nil, fmt.Errorf("%w: its checksum is right", errTally)
	}
	return t, nil
}

func sortedNames(args errs.Args) []string {
	names := make([]string, 0, len(args))
	for name := range args {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

type writer struct {
	out   []byte
	often map[string]uint64
}

func (w *writer) number(n int) { w.out = binary.AppendUvarint(w.out, uint64(n)) }

func (w *writer) text(s string) {
	w.number(len(s))
	w.out = append(w.out, s...)
}

func (w *writer) flag(b bool) {
	if b {
		w.number(1)
		return
	}
	w.number(0)
}

// again writes a text that comes often: its place in the list, or the place
// after the last and the text.
func (w *writer) again(s string) {
	at, known := w.often[s]
	if !known {
		at = uint64(len(w.often))
		w.often[s] = at
	}
	w.number(int(at))
	if !known {
		w.text(s)
	}
}

func (w *writer) product(p position.Product) {
	w.again(p.Publisher)
	w.again(p.Family)
	w.again(p.Edition)
	w.again(p.Version)
}

// reader reads what writer wrote. Past damage everything is zero.
type reader struct {
	left    []byte
	often   []string
	damaged bool
}

func (r *reader) number() int {
	n, length := binary.Uvarint(r.left)
	if length <= 0 || n > math.MaxInt64 {
		r.damaged, r.left = true, nil
		return 0
	}
	r.left = r.left[length:]
	return int(n)
}

// count reads how many things follow, each of which takes a byte or more.
func (r *reader) count() int {
	n := r.number()
	if n > len(r.left) {
		r.damaged, r.left = true, nil
		return 0
	}
	return n
}

func (r *reader) text() string {
	n := r.count()
	s := string(r.left[:n])
	r.left = r.left[n:]
	return s
}

func (r *reader) flag() bool { return r.number() == 1 }

func (r *reader) again() string {
	at := r.number()
	switch {
	case r.damaged || at > len(r.often):
		r.damaged, r.left = true, nil
		return ""
	case at == len(r.often):
		r.often = append(r.often, r.text())
	}
	return r.often[at]
}

func (r *reader) product() position.Product {
	return position.Product{Publisher: r.again(), Family: r.again(), Edition: r.again(), Version: r.again()}
}
