package register

import (
	"bytes"
	"context"
	"math/rand/v2"
	"runtime"
	"testing"

	"trueup/internal/journal"
)

// savedCopy returns a copy of a small register with all kinds of data.
func savedCopy(t testing.TB) []byte {
	t.Helper()
	m := newModel(21)
	r := &Register{source: m}
	for len(m.store) < 60 || len(m.head.Payload) == 0 || len(r.table.inDeleted) == 0 {
		m.step()
		m.sync(t, r)
	}
	return r.Save()
}

// A damaged copy is rejected, or is a valid copy of some register: every query gets an
// answer.
func FuzzRestore(f *testing.F) {
	f.Add([]byte{})
	f.Add((&Register{}).Save())
	saved := savedCopy(f)
	f.Add(saved)
	f.Add(saved[:len(saved)/2])
	f.Fuzz(func(t *testing.T, saved []byte) { tryRestore(t, saved) })
}

func tryRestore(t *testing.T, saved []byte) (refused bool) {
	t.Helper()
	m := newModel(uint64(len(saved)))
	r := &Register{source: m}
	m.create(3)
	m.sync(t, r)
	before := r.Save()
	if err := r.Restore(saved); err != nil {
		if !bytes.Equal(before, r.Save()) {
			t.Fatal("a copy was refused, and the register is another")
		}
		return true
	}
	var later journal.Position
	for i := range later {
		later[i].Seq = 1 << 62
	}
	for range 10 {
		q := m.query()
		q.Limit = 5
		q.Cursor = must(t, r, q, &later).Next
		if q.Cursor != "" && len(q.Cursor) < 4096 { // names in a forged copy may be of any length
			must(t, r, q, &later)
		}
	}
	m.create(5)
	m.sync(t, r)
	r.table.compact()
	r.Save()
	return false
}

func TestDamagedCopies(t *testing.T) {
	t.Parallel()
	saved := savedCopy(t)
	for n := 0; n < len(saved); n += 1 + n/200 {
		if !tryRestore(t, saved[:n]) {
			t.Fatalf("a copy that was cut after %d bytes of %d was accepted", n, len(saved))
		}
	}
	if !tryRestore(t, append(bytes.Clone(saved), 0)) {
		t.Fatal("a copy with a byte too many was accepted")
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		bad := bytes.Clone(saved)
		for range 1 + rng.IntN(3) {
			bad[rng.IntN(len(bad))] = byte(rng.Uint32())
		}
		tryRestore(t, bad)
	}
}

// Short copies with huge counts are rejected before memory is allocated for them. Not
// parallel: the test counts the allocations of the process.
func TestCopiesThatPromiseTooMuch(t *testing.T) {
	many := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	for _, bad := range [][]byte{
		append([]byte{copyVersion}, many...),                   // words
		append([]byte{copyVersion, 0}, many...),                // names
		append([]byte{copyVersion, 0, 0}, many...),             // numbers
		append([]byte{copyVersion, 0, 0, 0}, many...),          // rows
		append([]byte{copyVersion, 0, 0, 0, 0}, many...),       // groups
		append([]byte{copyVersion, 0, 0, 0, 0, 1, 0}, many...), // ids of a group
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if (&Register{}).Restore(bad) == nil {
			t.Errorf("%x was accepted", bad)
		}
		runtime.ReadMemStats(&after)
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
			t.Errorf("%x: %d bytes allocated", bad, allocated)
		}
	}
	if (&Register{}).Restore([]byte{copyVersion + 1, 0, 0, 0, 0, 0}) == nil {
		t.Error("a copy of another version was accepted")
	}
}

// Entries that cannot be applied leave the register unchanged.
func TestPrepareFails(t *testing.T) {
	t.Parallel()
	m := newModel(2)
	r := &Register{source: m}
	m.create(5)
	m.sync(t, r)
	before := r.Save()
	for name, entry := range map[string]string{
		"unknown line": "a one\nx two\n",
		"bad pair":     "a one *A+B\n",
	} {
		if _, err := r.Prepare(context.Background(), journal.Head{}, []journal.Entry{{Seq: 2, Body: entry}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	r.source = failing{}
	if _, err := r.Prepare(context.Background(), journal.Head{}, []journal.Entry{{Seq: 2, Body: "a one\n"}}); err == nil {
		t.Error("the source failed and the register did not")
	}
	if !bytes.Equal(before, r.Save()) {
		t.Error("the register is another")
	}
}
