package inventory

import (
	"fmt"
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
			if _, err := r.counter.add(&install{device: []byte(fmt.Sprint("id", i)), alias: []byte(fmt.Sprint("pc", i)), name: []byte("Visio")}); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.read(strings.NewReader(file)); err != nil {
			t.Fatal(err)
		}
		tally, err := r.finish()
		if err != nil || (len(tally.Notes) == 1) != full || full && tally.Notes[0].Code != noteNames {
			t.Errorf("full %v: %v, %v", full, err, tally.Notes)
		}
	}
}
