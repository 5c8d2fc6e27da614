package inventory

import (
	"math/rand/v2"
	"testing"
)

// The hashes of 10,000 devices are remembered in the same order, in another and with gaps. A new one is
// never taken for a known one, also after the oldest are replaced.
func TestRecent(t *testing.T) {
	t.Parallel()
	r, rng := newRecent(), rand.New(rand.NewPCG(1, 2))
	devices := make([]uint64, 10_000)
	for i := range devices {
		devices[i] = rng.Uint64()
		if r.met(devices[i]) {
			t.Fatalf("hash %d was met before it was added", i)
		}
	}
	forgotten := 0
	for round := range 6 {
		for i, hash := range devices {
			if round > 0 && i%(7*round) > round {
				continue // a title that is not on every device
			}
			if !r.met(hash) {
				forgotten++
			}
		}
		rng.Shuffle(len(devices), func(i, j int) { devices[i], devices[j] = devices[j], devices[i] })
	}
	if forgotten > 0 {
		t.Errorf("%d hashes were forgotten", forgotten)
	}
	for i := range 2 * recentHashes {
		if r.met(rng.Uint64()) {
			t.Fatalf("new hash %d was met", i)
		}
	}
	for i, hash := range devices {
		if r.met(hash) {
			t.Fatalf("hash %d was replaced and met", i)
		}
	}
}
