package importer_test

import (
	"fmt"
	"slices"
	"testing"

	"trueup/internal/importer"
)

// TestR3_9_SuspendedImportAndAnotherFile stalls a function at a store call for longer than its lease. It
// resumes, with its old state, during the import of another file with common pairs, names and an
// agreement. The result must equal a sequential run of both, in either order.
func TestR3_9_SuspendedImportAndAnotherFile(t *testing.T) {
	t.Parallel()
	mine := file("agreements/Marketing/b.csv", "2,2,Office\n3,3,Visio\n4,4,Project\n")
	other := file("agreements/c.csv", "2,2,Office\n5,5,Office\n4,4,Visio\n", importer.MetaOnError, "skip")
	var orders [2][]string
	for i, files := range [][]upload{{mine, other}, {other, mine}} {
		s := prepared(t)
		for _, u := range files {
			s.run(u)
		}
		orders[i] = s.seen()
	}
	_, _, _, calls := withoutFaults(t, mine)
	_, _, _, others := withoutFaults(t, other)
	for asleep := 2; asleep <= calls; asleep++ {
		for _, awake := range []int{1 + asleep*5%others, others} { // the last call commits
			t.Run(fmt.Sprintf("asleep at %d, awake at %d", asleep, awake), func(t *testing.T) {
				t.Parallel()
				s := prepared(t)
				event, another := s.put(mine), s.put(other)
				s.resumeLate(event, asleep, another, awake)
				s.deliverUntilDone(s.Importer, event)
				if got := s.seen(); !slices.Equal(got, orders[0]) && !slices.Equal(got, orders[1]) {
					t.Errorf("the store has %q; one after the other they leave %q or %q", got, orders[0], orders[1])
				}
				s.settled(s.record(idOf(t, event)))
				s.settled(s.record(idOf(t, another)))
			})
		}
	}
}
