package importer_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"trueup/internal/importer"
)

func TestFirstID(t *testing.T) {
	t.Parallel()
	for range 1000 {
		at := noon.Add(time.Duration(rand.Int64N(int64(2 * time.Millisecond))))
		bound := time.Duration(rand.Int64N(int64(2 * time.Millisecond)))
		first := importer.FirstID(noon.Add(bound))
		ms := at.Truncate(time.Millisecond)
		if id := importer.NewID(at, at.String()); (id >= first) != !ms.Before(noon.Add(bound)) {
			t.Errorf("the id %s of %v, the first of %v is %s", id, at, bound, first)
		}
	}
}
