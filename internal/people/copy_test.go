package people

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"

	"trueup/internal/journal"
	"trueup/internal/subscription"
)

// savedCopy returns a copy of a small register with all kinds of data.
func savedCopy(t testing.TB) []byte {
	t.Helper()
	m := newModel(21)
	r := &Register{source: m}
	for len(m.store) < 40 || r.table.deleted.Len() == 0 || r.table.guests.Len() == 0 || r.table.disabled.Len() == 0 {
		m.step()
		m.deliver(t, r, true)
	}
	return r.Save()
}

// A damaged copy is rejected, or is a valid copy of some register: every query gets an answer.
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
	m.deliver(t, r, true)
	before := r.Save()
	if err := r.Restore(saved); err != nil {
		if !bytes.Equal(before, r.Save()) {
			t.Fatal("a copy was refused, and the register is another")
		}
		return true
	}
	for range 10 {
		q := m.query()
		q.Limit = 5
		q.Cursor = must(t, r, q).Next
		if q.Cursor != "" && len(q.Cursor) < 4096 { // names in a forged copy may be of any length
			must(t, r, q)
		}
	}
	r.table.counts(r.table.holders)
	all, _ := r.table.all(subscription.Query{})
	for range all {
	}
	m.create(5)
	m.deliver(t, r, true)
	r.table.compact()
	r.Save()
	return false
}

func TestDamagedCopies(t *testing.T) {
	t.Parallel()
	saved := savedCopy(t)
	if tryRestore(t, saved) {
		t.Fatal("a good copy was refused")
	}
	for n := 0; n < len(saved); n += 1 + n/200 {
		if !tryRestore(t, saved[:n]) {
			t.Fatalf("a copy that was cut after %d bytes of %d was accepted", n, len(saved))
		}
	}
	if !tryRestore(t, append(bytes.Clone(saved), 0)) {
		t.Fatal("a copy with a byte too many was accepted")
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		bad := bytes.Clone(saved)
		for range 1 + rng.IntN(3) {
			bad[rng.IntN(len(bad))] = byte(rng.Uint32())
		}
		tryRestore(t, bad)
	}
}

// Short copies with huge counts are rejected before memory is allocated for them. Not parallel: the
// test counts the allocations of the process.
func TestCopiesThatPromiseTooMuch(t *testing.T) {
	many := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	for _, bad := range [][]byte{
		append([]byte{copyVersion}, many...),          // words
		append([]byte{copyVersion, 0}, many...),       // places
		append([]byte{copyVersion, 0, 0}, many...),    // texts
		append([]byte{copyVersion, 0, 0, 0}, many...), // rows
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
	if (&Register{}).Restore([]byte{copyVersion + 1, 0, 0, 0, 0}) == nil {
		t.Error("a copy of another version was accepted")
	}
}

type failing struct{ Source }

func (failing) UsersByID(context.Context, []string) (map[string]subscription.User, error) {
	return nil, errors.New("no answer")
}

// Entries that cannot be applied leave the register unchanged.
func TestPrepareFails(t *testing.T) {
	t.Parallel()
	m := newModel(2)
	r := &Register{source: m}
	m.create(5)
	m.deliver(t, r, true)
	before := r.Save()
	for name, body := range map[string]string{
		"unknown line":  "u one 1\nx two 1\n",
		"no version":    "u one\n",
		"bad version":   "u one x\n",
		"version 0":     "u one 0\n",
		"another field": "u one 1 2\n",
		"no id":         "u  1\n",
		"an empty line": "\n",
	} {
		if _, err := r.Prepare(t.Context(), journal.Head{}, []journal.Entry{{Seq: 2, Body: body}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	r.source = failing{}
	if _, err := r.Prepare(t.Context(), journal.Head{}, []journal.Entry{{Seq: 2, Body: "u one 1\n"}}); err == nil {
		t.Error("the source failed and the register did not")
	}
	if !bytes.Equal(before, r.Save()) {
		t.Error("the register is another")
	}
}
