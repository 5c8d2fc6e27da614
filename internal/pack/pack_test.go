package pack_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"trueup/internal/pack"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	numbers := []uint64{0, 1, 127, 128, 1 << 32, math.MaxUint64}
	signed := []int64{0, -1, 1, math.MinInt64, math.MaxInt64}
	w := pack.Sealing("format 1\n", 10)
	for _, n := range numbers {
		w.Uvarint(n)
		w.Uint64(n)
	}
	for _, n := range signed {
		w.Varint(n)
	}
	w.Text("")
	w.Text("tèxt")
	w.Uvarint(2)
	w.Raw([]byte("ab"))
	body, err := pack.Open("format 1\n", w.Sealed())
	if err != nil {
		t.Fatal(err)
	}
	read(t, pack.NewReader(body), numbers, signed)
	read(t, pack.NewReader(string(body)), numbers, signed)
}

func read[B string | []byte](t *testing.T, r *pack.Reader[B], numbers []uint64, signed []int64) {
	t.Helper()
	for _, n := range numbers {
		if got, fixed := r.Uvarint(), r.Uint64(); got != n || fixed != n {
			t.Errorf("read %d and %d, want %d", got, fixed, n)
		}
	}
	for _, n := range signed {
		if got := r.Varint(); got != n {
			t.Errorf("read %d, want %d", got, n)
		}
	}
	if a, b := r.Text(), r.Text(); a != "" || b != "tèxt" {
		t.Errorf("read %q and %q", a, b)
	}
	again := r.Clone()
	for _, r := range []*pack.Reader[B]{r, again} {
		if n := r.Count(1); n != 2 || string(r.Take(n)) != "ab" || r.End() != nil {
			t.Errorf("%d things, %v", n, r.End())
		}
	}
}

// TestFailures checks that missing values are zero, and that a count cannot make a caller
// allocate out of proportion to the data.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		packed string
		read   func(r *pack.Reader[string]) any
		want   any
	}{
		"no number":          {"", func(r *pack.Reader[string]) any { return r.Uvarint() }, uint64(0)},
		"half a number":      {"\xff", func(r *pack.Reader[string]) any { return r.Uvarint() }, uint64(0)},
		"more than 64 bits":  {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", func(r *pack.Reader[string]) any { return r.Uvarint() }, uint64(0)},
		"too long a number":  {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", func(r *pack.Reader[string]) any { return r.Varint() }, int64(0)},
		"a count of more":    {"\x03ab", func(r *pack.Reader[string]) any { return r.Count(1) }, 0},
		"a count of larger":  {"\x02abc", func(r *pack.Reader[string]) any { return r.Count(2) }, 0},
		"a length over 2 GB": {"\xff\xff\xff\xff\x0fa", func(r *pack.Reader[string]) any { return r.Length() }, 0},
		"a text cut":         {"\x03ab", func(r *pack.Reader[string]) any { return r.Text() }, ""},
		"fewer bytes":        {"ab", func(r *pack.Reader[string]) any { return r.Take(3) }, ""},
		"a negative size":    {"ab", func(r *pack.Reader[string]) any { return r.Take(-1) }, ""},
		"half a fixed":       {"1234567", func(r *pack.Reader[string]) any { return r.Uint64() }, uint64(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := pack.NewReader(c.packed)
			if got := c.read(r); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if !r.Failed() || !errors.Is(r.End(), pack.ErrDamaged) || r.Uvarint() != 0 || r.Text() != "" || r.Rest() != "" {
				t.Error("it goes on after the failure")
			}
		})
	}
	if r := pack.NewReader("\x01a"); r.Uvarint() != 1 || r.End() == nil {
		t.Error("a byte that is left is not seen")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	w := pack.Sealing("format 1\n", 0)
	w.Text("body")
	sealed := w.Sealed()
	for i := range len(sealed) * 8 {
		bad := bytes.Clone(sealed)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := pack.Open("format 1\n", bad); err == nil {
			t.Errorf("bit %d is wrong, and it is opened", i)
		}
	}
	for n := range sealed {
		if _, err := pack.Open("format 1\n", sealed[:n]); err == nil {
			t.Errorf("%d bytes of it are opened", n)
		}
	}
	if _, err := pack.Open("format 2\n", sealed); !errors.Is(err, pack.ErrFormat) {
		t.Errorf("another format: %v", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("\x03abc\xff\x01"), []byte("ultcvxr"))
	f.Fuzz(func(t *testing.T, packed, calls []byte) {
		r, s := pack.NewReader(packed), pack.NewReader(string(packed))
		for _, call := range calls {
			var a, b any
			switch call % 6 {
			case 0:
				a, b = r.Uvarint(), s.Uvarint()
			case 1:
				a, b = r.Varint(), s.Varint()
			case 2:
				a, b = r.Text(), s.Text()
			case 3:
				a, b = r.Count(int(call)), s.Count(int(call))
			case 4:
				a, b = r.Uint64(), s.Uint64()
			case 5:
				a, b = string(r.Take(int(call))), s.Take(int(call))
			}
			if a != b || r.Failed() != s.Failed() || r.Failed() && r.End() == nil {
				t.Fatalf("bytes give %v, a string %v", a, b)
			}
		}
	})
}
