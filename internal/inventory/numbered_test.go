package inventory

import "testing"

// TestR6_2_RowsWithNumbersAreBounded: a file with very many rows with ids does not fill the memory.
func TestR6_2_RowsWithNumbersAreBounded(t *testing.T) {
	t.Parallel()
	r := &reading{counter: newCounter(t.TempDir()), numbered: make(map[uint64]int, maxNumbered)}
	if n := r.notYet(1, "windows", []byte("first"), 5); n != 5 {
		t.Fatalf("the first row: %d", n)
	}
	if r.full {
		t.Error("there is room")
	}
	for key := uint64(0); len(r.numbered) < maxNumbered; key++ {
		r.numbered[key] = 1
	}
	for _, test := range []struct {
		id           string
		number, want int
	}{{"first", 7, 2}, {"first", 6, 0}, {"new", 4, 4}, {"new", 4, 4}} {
		if n := r.notYet(1, "windows", []byte(test.id), test.number); n != test.want {
			t.Errorf("%d of %s: %d, want %d", test.number, test.id, n, test.want)
		}
	}
	if r.noteAll(); len(r.tally.Notes) == 0 || r.tally.Notes[len(r.tally.Notes)-1].Code != noteNumbers || r.tally.Notes[len(r.tally.Notes)-1].Args["rows"] != "1048576" {
		t.Errorf("%+v", r.tally.Notes)
	}
	if len(r.numbered) != maxNumbered {
		t.Errorf("%d rows are remembered", len(r.numbered))
	}
}
