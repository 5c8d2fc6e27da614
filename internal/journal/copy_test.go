package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/pack"
)

func TestCopiesAreReadAsWritten(t *testing.T) {
	t.Parallel()
	full := Head{Weight: math.MaxInt64}
	for i := range full.Position {
		full.Position[i] = Point{Seq: int64(i) * 1_000_000_007, Tip: fmt.Sprint("tip", i)}
	}
	gap := Head{Weight: 3}
	gap.Position[0], gap.Position[16] = Point{Seq: 7}, Point{Seq: 1, Tip: "x"}
	for name, at := range map[string]Head{"empty": {}, "all stripes": full, "the first and the last": gap} {
		for _, state := range []string{"", "state", format + firstFormat} {
			saved := encodeCopy(at, []byte(state))
			got, rest, err := decodeCopy(saved)
			if err != nil || string(rest) != state {
				t.Errorf("%s: %q, %v", name, rest, err)
			}
			if diff := cmp.Diff(at, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if _, _, err := decodeFirstCopy(saved); !errors.Is(err, pack.ErrFormat) {
				t.Errorf("%s is read as of the first format: %v", name, err)
			}
		}
	}
}

// firstCopy returns a copy as a release without stripes wrote it.
func firstCopy(seq, weight int64, state string) []byte {
	w := pack.Sealing(firstFormat, 0)
	w.Uint64(uint64(seq))
	w.Uint64(uint64(weight))
	w.Raw([]byte(state))
	return w.Sealed()
}

func TestFirstCopiesAreRead(t *testing.T) {
	t.Parallel()
	at, state, err := decodeFirstCopy(firstCopy(12, 34, "state"))
	want := Head{Weight: 34}
	want.Position[0].Seq = 12
	if diff := cmp.Diff(want, at); diff != "" || string(state) != "state" || err != nil {
		t.Errorf("%q, %v %s", state, err, diff)
	}
}

// A copy with a flipped bit, missing bytes or extra bytes is rejected, in both formats.
func TestDamagedCopiesAreRefused(t *testing.T) {
	t.Parallel()
	at := Head{Weight: 300}
	at.Position[0], at.Position[2] = Point{Seq: 1000, Tip: "abc"}, Point{Seq: 1, Tip: "d"}
	for name, c := range map[string]struct {
		good   []byte
		decode func([]byte) (Head, []byte, error)
	}{
		"second format": {encodeCopy(at, []byte("state")), decodeCopy},
		"first format":  {firstCopy(1000, 300, "state"), decodeFirstCopy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := c.decode(c.good); err != nil {
				t.Fatal(err)
			}
			for i := range len(c.good) * 8 {
				bad := bytes.Clone(c.good)
				bad[i/8] ^= 1 << (i % 8)
				if _, _, err := c.decode(bad); err == nil {
					t.Errorf("bit %d is wrong, and the copy is read", i)
				}
			}
			for n := range c.good {
				if _, _, err := c.decode(c.good[:n]); err == nil {
					t.Errorf("only %d bytes are read", n)
				}
			}
			if _, _, err := c.decode(append(bytes.Clone(c.good), 0)); err == nil {
				t.Error("a byte too many is read")
			}
		})
	}
}

// Damaged contents with a correct checksum are rejected too.
func FuzzDecodeCopy(f *testing.F) {
	at := Head{Weight: 300}
	at.Position[1] = Point{Seq: 1000, Tip: "abc"}
	f.Add(encodeCopy(at, []byte("state"))[len(format)+4:])
	f.Add([]byte{1, 18})
	f.Add([]byte{1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, rest []byte) {
		w := pack.Sealing(format, len(rest))
		w.Raw(rest)
		at, state, err := decodeCopy(w.Sealed())
		if err != nil {
			return
		}
		again, stateAgain, err := decodeCopy(encodeCopy(at, state))
		if err != nil || !bytes.Equal(state, stateAgain) {
			t.Fatalf("%v, then %v: %v", at, again, err)
		}
		for i := range at.Position {
			if again.Position[i].Seq != at.Position[i].Seq && at.Position[i].Seq > 0 {
				t.Fatalf("%v, then %v", at, again)
			}
		}
	})
}
