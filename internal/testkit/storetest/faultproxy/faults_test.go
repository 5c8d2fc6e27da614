package faultproxy

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// kinds returns the faults of the first n requests of an operation.
func (fs Faults) kinds(seed uint64, operation string, n int) []Kind {
	kinds := make([]Kind, n)
	for i := range kinds {
		fault, _ := fs.pick(seed, operation, i+1)
		kinds[i] = fault.Kind
	}
	return kinds
}

var mixed = Faults{
	{Kind: CutReply, Rate: 0.1},
	{Kind: TransactionConflict, Rate: 0.3, Operations: []string{"TransactWriteItems"}},
	{Kind: Throttling, Rate: 0.2, Operations: []string{"TransactWriteItems", "PutItem"}},
}

func TestRunsCanBeRepeated(t *testing.T) {
	t.Parallel()
	first := mixed.kinds(7, "PutItem", 200)
	if !slices.Equal(first, mixed.kinds(7, "PutItem", 200)) {
		t.Error("the same seed gives other faults")
	}
	if slices.Equal(first, mixed.kinds(8, "PutItem", 200)) {
		t.Error("another seed gives the same faults")
	}
	if slices.Equal(first, mixed.kinds(7, "UpdateItem", 200)) {
		t.Error("another operation gives the same faults")
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	const n = 20_000
	for _, test := range []struct {
		operation string
		want      map[Kind]float64
	}{
		{"TransactWriteItems", map[Kind]float64{CutReply: 0.1, TransactionConflict: 0.3, Throttling: 0.2, "": 0.4}},
		{"PutItem", map[Kind]float64{CutReply: 0.1, Throttling: 0.2, "": 0.7}},
		{"Query", map[Kind]float64{CutReply: 0.1, "": 0.9}},
		{"CreateTable", map[Kind]float64{"": 1}},
	} {
		t.Run(test.operation, func(t *testing.T) {
			t.Parallel()
			got := map[Kind]float64{}
			for _, kind := range mixed.kinds(1, test.operation, n) {
				got[kind] += 1.0 / n
			}
			for kind, want := range test.want {
				if math.Abs(got[kind]-want) > 0.02 {
					t.Errorf("%q happens to %.3f, want %.3f", kind, got[kind], want)
				}
				delete(got, kind)
			}
			if len(got) > 0 {
				t.Errorf("these cannot happen: %v", got)
			}
		})
	}
}

func TestFaultsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		faults Faults
		ok     bool
	}{
		{"none", nil, true},
		{"rates of 1 together, rounded", Faults{{Kind: Throttling, Rate: 0.7}, {Kind: CutReply, Rate: 0.2}, {Kind: InternalError, Rate: 0.1}}, true},
		{"rates over 1 for different operations", Faults{{Kind: TransactionConflict, Rate: 0.9}, {Kind: Unprocessed, Rate: 0.9}}, true},
		{"rates over 1 for one operation", Faults{{Kind: TransactionConflict, Rate: 0.6}, {Kind: Throttling, Rate: 0.6}}, false},
		{"rate below 0", Faults{{Kind: Throttling, Rate: -0.1}}, false},
		{"unknown kind", Faults{{Kind: "flood", Rate: 0.1}}, false},
		{"operation that the kind cannot happen to", Faults{{Kind: Unprocessed, Rate: 0.1, Operations: []string{"PutItem"}}}, false},
		{"misspelt operation", Faults{{Kind: Throttling, Rate: 0.1, Operations: []string{"Putitem"}}}, false},
		{"delay of nothing", Faults{{Kind: Delay, Rate: 0.1}}, false},
		{"delay of another kind", Faults{{Kind: CutReply, Rate: 0.1, Delay: time.Second}}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if got := recover(); (got == nil) != test.ok {
					t.Errorf("got panic %v, want one: %t", got, !test.ok)
				}
			}()
			test.faults.check()
		})
	}
}

// TestSplit: parts of every size occur, and the parts add up to the whole.
func TestSplit(t *testing.T) {
	t.Parallel()
	whole := make(batch, 4)
	for i := range whole {
		whole[i].table = fmt.Sprint(i)
	}
	sizes := map[int]int{}
	for n := range 300 {
		_, source := mixed.pick(1, "BatchWriteItem", n)
		done, left := whole.split(source)
		if len(done)+len(left) != len(whole) {
			t.Fatalf("%d done and %d left of %d", len(done), len(left), len(whole))
		}
		sizes[len(left)]++
	}
	if len(sizes) != 3 || sizes[0] > 0 || sizes[4] > 0 {
		t.Errorf("sizes of what is left are %v, want 1 to 3", sizes)
	}
}
