package catalog

import (
	"bytes"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"trueup/internal/testkit/golden"
)

// A copy names its starting catalog, which differs between releases. Apart from that, a restored
// copy is saved again as it was.
func TestR16_6_StoredCopies(t *testing.T) {
	t.Parallel()
	golden.Versions(t, "catalog-copy", "bin", 1, func() []byte { return many(100, true).Save() }, func(version int, sample []byte) {
		line, rest, _ := bytes.Cut(sample, []byte("\n"))
		fields := strings.Fields(string(line))
		fields[len(fields)-1] = startDigest()
		sample = append([]byte(strings.Join(fields, " ")+"\n"), rest...)
		c := &Catalog{}
		if err := c.Restore(sample); err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		if diff := gocmp.Diff(everything(many(100, true)), everything(c)); diff != "" {
			t.Errorf("version %d (-saved +restored)\n%s", version, diff)
		}
		if string(c.Save()) != string(sample) {
			t.Error("the format changed without a new version")
		}
	})
}
