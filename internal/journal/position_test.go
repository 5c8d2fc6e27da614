package journal

import (
	"bytes"
	"encoding/base64"
	"math"
	"math/rand/v2"
	"testing"
)

func TestPositionsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		var p Position
		for i := range rng.IntN(Stripes + 1) {
			p[i].Seq = rng.Int64N(1 << rng.IntN(63))
		}
		text := p.String()
		got, ok := Parse(text)
		if !ok || got != p {
			t.Fatalf("%v is written %q and read %v", p, text, got)
		}
	}
	var longest Position
	for i := range longest {
		longest[i] = Point{Seq: math.MaxInt64, Tip: "not written"}
	}
	got, ok := Parse(longest.String())
	for i := range longest {
		longest[i].Tip = ""
	}
	if !ok || got != longest {
		t.Errorf("read %v", got)
	}
	if zero := (Position{}); zero.String() != "" {
		t.Errorf("nothing is written %q", zero.String())
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no base64":          "*",
		"padding":            "AQ==",
		"a number cut":       "gA",
		"a number too large": "____________AQ", // more than 64 bits
		"a negative number":  "gICAgICAgICAAQ",
		"too many stripes":   base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{1}, Stripes+1)),
	} {
		if p, ok := Parse(text); ok {
			t.Errorf("%s: %q is read as %v", name, text, p)
		}
	}
}

func FuzzParse(f *testing.F) {
	var p Position
	p[0].Seq, p[16].Seq = 300, math.MaxInt64
	f.Add(p.String())
	f.Add("")
	f.Add("gICAgICAgICAAQ")
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := Parse(text)
		if !ok {
			return
		}
		for i := range p {
			if p[i].Seq < 0 || p[i].Tip != "" {
				t.Fatalf("%q is read as %v", text, p)
			}
		}
		if again, ok := Parse(p.String()); !ok || again != p {
			t.Fatalf("%q is read as %v, and then as %v", text, p, again)
		}
	})
}

func TestPositionsAreCompared(t *testing.T) {
	t.Parallel()
	at := func(points ...Point) (p Position) {
		copy(p[:], points)
		return p
	}
	for name, c := range map[string]struct {
		now, was           Position
		reaches, continues bool
	}{
		"the same":                         {at(Point{1, "a"}), at(Point{1, "a"}), true, true},
		"nothing yet":                      {at(), at(), true, true},
		"more":                             {at(Point{2, "b"}, Point{1, "c"}), at(Point{1, "a"}), true, true},
		"less":                             {at(Point{1, "a"}), at(Point{2, "b"}), false, false},
		"more in one stripe, less in one":  {at(Point{9, "a"}, Point{1, "b"}), at(Point{1, "x"}, Point{2, "c"}), false, false},
		"as much, of another branch":       {at(Point{1, "a"}), at(Point{1, "b"}), true, false},
		"one stripe is of another branch":  {at(Point{9, "a"}, Point{1, "b"}), at(Point{1, "x"}, Point{1, "c"}), true, false},
		"the id is not known here":         {at(Point{1, ""}), at(Point{1, "b"}), true, true},
		"the id was not known then":        {at(Point{1, "a"}), at(Point{1, ""}), true, true},
		"a stripe that nothing is left in": {at(), at(Point{1, "a"}), false, false},
	} {
		if got := c.now.Reaches(&c.was); got != c.reaches {
			t.Errorf("%s: reaches %v", name, got)
		}
		if got := c.now.Continues(&c.was); got != c.continues {
			t.Errorf("%s: continues %v", name, got)
		}
	}
}
