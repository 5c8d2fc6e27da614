package journal

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/testkit/golden"
)

func TestR16_6_StoredCopies(t *testing.T) {
	t.Parallel()
	at := Head{Weight: 300}
	at.Position[0], at.Position[2], at.Position[64] = Point{Seq: 1000, Tip: "abc"}, Point{Seq: 1}, Point{Seq: 7, Tip: "z"}
	first := Head{Weight: 34}
	first.Position[0].Seq = 12
	newest := encodeCopy(at, []byte("state"))
	golden.Versions(t, "copy", "bin", 2, func() []byte { return newest }, func(version int, sample []byte) {
		decode, want := decodeCopy, at
		if version == 1 {
			decode, want = decodeFirstCopy, first
		} else if string(sample) != string(newest) {
			t.Error("the format changed without a new version")
		}
		got, state, err := decode(sample)
		if diff := cmp.Diff(want, got); diff != "" || string(state) != "state" || err != nil {
			t.Errorf("version %d: %q, %v (-want +got)\n%s", version, state, err, diff)
		}
	})
}
