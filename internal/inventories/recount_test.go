package inventories_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"trueup/internal/inventories"
	"trueup/internal/inventory"
)

// recounts returns what a function that changes rules starts recounts with. Calls are appended to called.
func (w *world) recounts(called *[]string) inventories.Recounts {
	return inventories.Recounts{
		Store: w, Clock: func() time.Time { return w.now }, NewID: func() string { return "call " + strconv.Itoa(len(*called)+1) },
		Call: func(_ context.Context, holder string) error { *called = append(*called, holder); return nil },
	}
}

// received returns a world with files of two sources, counted by the starting rules.
func received(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	for i, key := range []string{"inventory/x/a.csv", "inventory/y/a.csv"} {
		if err := w.receiver().Receive(t.Context(), w.put(key, devices(i+1), noon)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// finished reports what is wrong after all recounts: files by other than the current rules, or a lease.
func (w *world) finished(t *testing.T) (wrong []string) {
	t.Helper()
	rules, err := inventories.NewCounts(w, w.reports).Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for source, record := range w.records {
		if record.Outdated(rules.All) || record.Next != nil {
			wrong = append(wrong, source+" is counted by other rules")
		}
	}
	if w.holder != "" {
		wrong = append(wrong, w.holder+" has the lease")
	}
	return wrong
}

func ignoring(name string) inventory.Rule {
	return inventory.Rule{ID: "r1", Kind: inventory.Ignored, Name: name}
}

// TestR6_3_NoChangeIsLost: the rules change at each call of the store by a recount, and the change is counted,
// whether it found the lease held or free.
func TestR6_3_NoChangeIsLost(t *testing.T) {
	t.Parallel()
	held, free := 0, 0
	for at := 1; ; at++ {
		w := received(t)
		var called []string
		change := func(name string) {
			w.ruled(t, ignoring(name))
			if err := w.recounts(&called).Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		change("*one*")
		n := 0
		w.calls = func() {
			if n++; n == at {
				w.calls = nil
				change("*visio*")
			}
		}
		if err := w.receiver().Recount(t.Context(), called[0]); err != nil {
			t.Fatal(err)
		}
		if w.calls != nil { // the recount ended before
			break
		}
		if len(called) == 1 {
			held++
		}
		for i := 1; i < len(called); i++ {
			free++
			if err := w.receiver().Recount(t.Context(), called[i]); err != nil {
				t.Fatal(err)
			}
		}
		if wrong := w.finished(t); wrong != nil || len(called) > 2 || w.kinds(t)[inventory.Ignored] != 2 {
			t.Errorf("a change at call %d, %d calls: %v", at, len(called), wrong)
		}
	}
	if held < 10 || free < 2 {
		t.Errorf("%d changes found the lease held, %d found it free", held, free)
	}
}

// TestR6_3_HolderDies: a holder that dies at any write blocks others until its lease has ended, and not
// longer. A change meanwhile is not lost: Lambda repeats the event, or the schedule counts.
func TestR6_3_HolderDies(t *testing.T) {
	t.Parallel()
	blocked := 0
	for at := 1; ; at++ {
		for _, done := range []bool{false, true} {
			for _, repeated := range []bool{false, true} {
				w := received(t)
				var called []string
				start := func() {
					if err := w.recounts(&called).Start(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				w.ruled(t, ignoring("*one*"))
				start()
				w.faults = faults{at: at, done: done, dies: true}
				err := w.receiver().Recount(t.Context(), called[0])
				w.faults = faults{}
				if err == nil {
					if at != 10 || blocked == 0 {
						t.Errorf("%d writes, %d deaths with the lease", at-1, blocked)
					}
					return
				}
				w.ruled(t, ignoring("*visio*"))
				holder := ""
				if repeated {
					holder = called[0]
				}
				if w.holder != "" {
					blocked++
					start()
					if err := w.receiver().Recount(t.Context(), "another"); err != nil || len(called) != 1 || w.kinds(t)[inventory.Product] != 2 {
						t.Errorf("write %d: others do not wait: %v, calls %v", at, err, called)
					}
				}
				if !repeated {
					w.now = w.now.Add(46 * time.Second)
				}
				if err := w.receiver().Recount(t.Context(), holder); err != nil {
					t.Fatal(err)
				}
				if wrong := w.finished(t); wrong != nil || w.kinds(t)[inventory.Ignored] != 2 {
					t.Errorf("write %d, done %v, repeated %v: %v", at, done, repeated, wrong)
				}
			}
		}
	}
}

// A call that fails leaves the lease free, so that the next change calls again.
func TestR6_3_CallFails(t *testing.T) {
	t.Parallel()
	w := received(t)
	var called []string
	failing := w.recounts(&called)
	failing.Call = func(context.Context, string) error { return errFault }
	for range 2 {
		if err := failing.Start(t.Context()); !errors.Is(err, errFault) || w.holder != "" {
			t.Errorf("%v, %q has the lease", err, w.holder)
		}
	}
	w.ruled(t, ignoring("*visio*"))
	if err := w.receiver().Recount(t.Context(), ""); err != nil { // the schedule
		t.Fatal(err)
	}
	if wrong := w.finished(t); wrong != nil {
		t.Error(wrong)
	}
}

// TestR6_3_ManyChanges: changes during one recount start no other, and few files are counted more than once.
func TestR6_3_ManyChanges(t *testing.T) {
	t.Parallel()
	w := received(t)
	var called []string
	for i := range 100 {
		w.ruled(t, ignoring(fmt.Sprintf("*visio %d*", i)))
		if err := w.recounts(&called).Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, holder := range called {
		if err := w.receiver().Recount(t.Context(), holder); err != nil {
			t.Fatal(err)
		}
	}
	if wrong := w.finished(t); wrong != nil || len(called) != 1 {
		t.Errorf("%d calls: %v", len(called), wrong)
	}
}
