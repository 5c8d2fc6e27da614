package inventory

import (
	"fmt"
	"hash/maphash"
	"strings"
	"testing"
)

// TestMoreNamesThanAreLearned: the source tells it.
func TestMoreNamesThanAreLearned(t *testing.T) {
	t.Parallel()
	const file = "DeviceId,DeviceName,ApplicationName\nd1,PC-1,Visio\n"
	for _, full := range []bool{false, true} {
		r := &reading{ctx: t.Context(), options: Options{Rules: StartingRules()}, counter: newCounter(t.TempDir())}
		names := maxAliases - 1
		if full {
			names++
		}
		for i := range names {
			r.counter.names.learn(r.counter.seed, maphash.String(r.counter.seed, fmt.Sprint("id", i)), []byte(fmt.Sprint("\x09id", i)), []byte(fmt.Sprint("pc", i)))
		}
		if err := r.read(strings.NewReader(file)); err != nil {
			t.Fatal(err)
		}
		r.noteAll()
		tally, err := r.finish()
		if err != nil || (len(tally.Notes) == 1) != full || full && tally.Notes[0].Code != noteNames {
			t.Errorf("full %v: %v, %v", full, err, tally.Notes)
		}
	}
}
