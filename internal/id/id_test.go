package id_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"trueup/internal/id"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestFirst(t *testing.T) {
	t.Parallel()
	for range 1000 {
		at := noon.Add(time.Duration(rand.Int64N(int64(2 * time.Millisecond))))
		bound := time.Duration(rand.Int64N(int64(2 * time.Millisecond)))
		first := id.First(noon.Add(bound))
		ms := at.Truncate(time.Millisecond)
		if made := id.New(at, at.String()); (made >= first) != !ms.Before(noon.Add(bound)) {
			t.Errorf("the id %s of %v, the first of %v is %s", made, at, bound, first)
		}
	}
}
