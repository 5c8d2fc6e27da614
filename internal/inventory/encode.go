package inventory

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"trueup/internal/errs"
	"trueup/internal/pack"
	"trueup/internal/position"
)

// An encoded tally is a line that names its format, a checksum, and numbers and texts in the
// order of the fields of Tally. A number is a varint, a text its length and its bytes. Frequent
// texts, of publishers, kinds and rules, are stored once; repetitions are their index. The first
// format has neither users nor other platforms, the second neither notes nor macOS, and the third no
// PCs by user.
const (
	firstFormat  = "trueup inventory 1\n"
	secondFormat = "trueup inventory 2\n"
	thirdFormat  = "trueup inventory 3\n"
	tallyFormat  = "trueup inventory 4\n"
)

// Encode encodes a tally, with about 60 bytes a title.
func (t *Tally) Encode() []byte {
	w := writer{pack.Sealing(tallyFormat, 60*len(t.Titles)), map[string]uint64{}}
	w.Text(string(t.Shape))
	w.Text(t.Rules)
	w.flag(t.Estimated)
	w.number(t.Rows)
	w.number(t.BadRows)
	w.number(t.Devices)
	w.number(len(t.Bad))
	for _, b := range t.Bad {
		w.Text(b.File)
		w.number(b.Line)
		w.Text(b.Code)
		w.args(b.Args)
	}
	w.number(len(t.Notes))
	for _, n := range t.Notes {
		w.Text(n.File)
		w.Text(n.Code)
		w.args(n.Args)
	}
	w.flag(t.MacOS)
	w.number(len(t.Products))
	for _, p := range t.Products {
		w.product(p.Product)
		w.number(p.Devices)
		w.number(p.Users)
		w.number(len(p.ByUser))
		for _, u := range p.ByUser {
			w.number(u.PCs)
			w.number(u.Users)
		}
	}
	w.number(t.UnknownDevices)
	w.number(len(t.OtherPlatforms))
	for _, p := range t.OtherPlatforms {
		w.Text(p.Platform)
		w.number(p.Devices)
	}
	w.number(len(t.Titles))
	for _, c := range t.Titles {
		w.again(c.Publisher)
		w.Text(c.Name)
		w.Text(c.Version)
		w.number(c.Devices)
		w.again(string(c.Decision.Kind))
		w.again(c.Decision.Rule)
		w.again(c.Decision.Alias)
		w.product(c.Decision.Product)
	}
	return w.Sealed()
}

// errTally means that bytes are not a tally of a known version, or are damaged.
var errTally = errors.New("inventory: the stored tally is damaged or has an unknown format")

// Decode decodes what Encode of this or an earlier version wrote. Damage is an error, never a wrong number.
func Decode(b []byte) (*Tally, error) {
	format, body, err := openTally(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTally, err)
	}
	r := reader{Reader: pack.NewReader(body)}
	t := &Tally{Shape: Shape(r.Text()), Rules: r.Text(), Estimated: r.flag(), Rows: r.number(), BadRows: r.number(), Devices: r.number()}
	for range r.Count(1) {
		t.Bad = append(t.Bad, BadRow{File: r.Text(), Line: r.number(), Code: r.Text(), Args: r.args()})
	}
	if format == tallyFormat || format == thirdFormat {
		for range r.Count(1) {
			t.Notes = append(t.Notes, Note{File: r.Text(), Code: r.Text(), Args: r.args()})
		}
		t.MacOS = r.flag()
	}
	n := r.Count(1)
	t.Products = slices.Grow(t.Products, n)
	for range n {
		p := ProductCount{Product: r.product(), Devices: r.number()}
		if format != firstFormat {
			p.Users = r.number()
		}
		if format == tallyFormat {
			for range r.Count(2) {
				p.ByUser = append(p.ByUser, position.UserPCs{PCs: r.number(), Users: r.number()})
			}
		}
		t.Products = append(t.Products, p)
	}
	if format != firstFormat {
		t.UnknownDevices = r.number()
		for range r.Count(1) {
			t.OtherPlatforms = append(t.OtherPlatforms, PlatformCount{Platform: r.Text(), Devices: r.number()})
		}
	}
	n = r.Count(1)
	t.Titles = slices.Grow(t.Titles, n)
	for range n {
		c := Count{Title: Title{Publisher: r.again(), Name: r.Text(), Version: r.Text()}, Devices: r.number()}
		c.Decision = Decision{Kind: Kind(r.again()), Rule: r.again(), Alias: r.again(), Product: r.product()}
		t.Titles = append(t.Titles, c)
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: %w", errTally, err)
	}
	return t, nil
}

// openTally returns the format of an encoded tally, and its content.
func openTally(b []byte) (format string, body []byte, err error) {
	for _, format = range []string{tallyFormat, thirdFormat, secondFormat, firstFormat} {
		if body, err = pack.Open(format, b); !errors.Is(err, pack.ErrFormat) {
			break
		}
	}
	return format, body, err
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
	*pack.Writer
	often map[string]uint64
}

func (w *writer) number(n int) { w.Uvarint(uint64(n)) }

func (w *writer) flag(b bool) {
	if b {
		w.number(1)
		return
	}
	w.number(0)
}

func (w *writer) args(args errs.Args) {
	w.number(len(args))
	for _, name := range sortedNames(args) {
		w.Text(name)
		w.Text(args[name])
	}
}

// again writes a frequent text: its index, or for a new text the next index and the text.
func (w *writer) again(s string) {
	at, known := w.often[s]
	if !known {
		at = uint64(len(w.often))
		w.often[s] = at
	}
	w.number(int(at))
	if !known {
		w.Text(s)
	}
}

func (w *writer) product(p position.Product) {
	w.again(p.Publisher)
	w.again(p.Family)
	w.again(p.Edition)
	w.again(p.Version)
}

// reader reads what writer wrote. After a failure every value is zero.
type reader struct {
	*pack.Reader[[]byte]
	often []string
}

func (r *reader) number() int {
	n := r.Uvarint()
	if n > math.MaxInt64 {
		r.Fail()
		return 0
	}
	return int(n)
}

func (r *reader) flag() bool { return r.number() == 1 }

func (r *reader) args() (args errs.Args) {
	for range r.Count(1) {
		if args == nil {
			args = errs.Args{}
		}
		name := r.Text()
		args[name] = r.Text()
	}
	return args
}

func (r *reader) again() string {
	at := r.number()
	switch {
	case r.Failed() || at > len(r.often):
		r.Fail()
		return ""
	case at == len(r.often):
		r.often = append(r.often, r.Text())
	}
	return r.often[at]
}

func (r *reader) product() position.Product {
	return position.Product{Publisher: r.again(), Family: r.again(), Edition: r.again(), Version: r.again()}
}
