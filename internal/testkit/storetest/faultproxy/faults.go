package faultproxy

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"
)

// Kind is a kind of fault.
type Kind string

// The kinds, and the operations that they apply to.
const (
	// TransactionConflict: another transaction holds an item. Writes of one item get
	// TransactionConflictException; transactions are cancelled with reason TransactionConflict
	// at one action and None at the others.
	TransactionConflict Kind = "transaction-conflict"
	// TransactionThrottled: a transaction cancelled with reason ThrottlingError at one action.
	TransactionThrottled Kind = "transaction-throttled"
	// ThroughputExceeded: ProvisionedThroughputExceededException, status 400.
	ThroughputExceeded Kind = "throughput-exceeded"
	// Throttling: ThrottlingException, status 400.
	Throttling Kind = "throttling"
	// InternalError: InternalServerError, status 500; nothing is executed.
	InternalError Kind = "internal-error"
	// AccessDenied: AccessDeniedException, status 400, which the SDK does not retry.
	AccessDenied Kind = "access-denied"
	// CutReply: the request is executed, then the connection closes before the first byte of the
	// reply.
	CutReply Kind = "cut-reply"
	// CutBody: the request is executed, then the connection closes in the middle of the reply's
	// body.
	CutBody Kind = "cut-body"
	// Unprocessed: a part of a batch, never all of it, is not executed and is returned as
	// UnprocessedItems or UnprocessedKeys. A batch of one passes.
	Unprocessed Kind = "unprocessed"
	// Delay: the request reaches the engine late.
	Delay Kind = "delay"
)

var (
	singleWrites = []string{"PutItem", "UpdateItem", "DeleteItem"}
	transactions = []string{"TransactWriteItems", "TransactGetItems"}
	batches      = []string{"BatchWriteItem", "BatchGetItem"}
	all          = slices.Concat(singleWrites, transactions, batches, []string{"GetItem", "Query", "Scan"})

	possible = map[Kind][]string{
		TransactionConflict:  slices.Concat(singleWrites, transactions),
		TransactionThrottled: transactions,
		ThroughputExceeded:   all,
		Throttling:           all,
		InternalError:        all,
		AccessDenied:         all,
		CutReply:             all,
		CutBody:              all,
		Unprocessed:          batches,
		Delay:                all,
	}
)

// Fault is one kind of fault and how often it happens.
type Fault struct {
	Kind       Kind
	Rate       float64       // share of the requests, 0 to 1
	Operations []string      // such as PutItem; empty for all possible operations
	Delay      time.Duration // of kind Delay
}

func (f Fault) appliesTo(operation string) bool {
	if len(f.Operations) > 0 {
		return slices.Contains(f.Operations, operation)
	}
	return slices.Contains(possible[f.Kind], operation)
}

// Faults are the faults to inject. A request gets at most one fault, so the rates for one
// operation add up to at most 1.
type Faults []Fault

// check panics on impossible faults: a test with a fault that never happens would prove nothing.
func (fs Faults) check() {
	for _, f := range fs {
		can, known := possible[f.Kind]
		if !known {
			panic(fmt.Sprintf("faultproxy: unknown kind %q", f.Kind))
		}
		for _, operation := range f.Operations {
			if !slices.Contains(can, operation) {
				panic(fmt.Sprintf("faultproxy: %s cannot happen to %s", f.Kind, operation))
			}
		}
		if f.Rate < 0 {
			panic(fmt.Sprintf("faultproxy: %s has rate %g", f.Kind, f.Rate))
		}
		if (f.Kind == Delay) != (f.Delay > 0) {
			panic(fmt.Sprintf("faultproxy: %s has delay %s", f.Kind, f.Delay))
		}
	}
	for _, operation := range all {
		sum := 0.0
		for _, f := range fs {
			if f.appliesTo(operation) {
				sum += f.Rate
			}
		}
		if sum > 1+1e-9 { // 0.7 + 0.2 + 0.1 is a little more than 1
			panic(fmt.Sprintf("faultproxy: the rates of %s add up to %g", operation, sum))
		}
	}
}

// pick returns the fault of the n-th request of an operation, or the zero Fault, and the random
// source for the fault's own choices. They depend only on the arguments, so requests of other
// operations in between do not affect them.
func (fs Faults) pick(seed uint64, operation string, n int) (Fault, *rand.Rand) {
	hash := fnv.New64a()
	fmt.Fprintf(hash, "%s %d", operation, n)
	source := rand.New(rand.NewPCG(seed, hash.Sum64()))
	at := source.Float64()
	for _, f := range fs {
		if !f.appliesTo(operation) {
			continue
		}
		if at < f.Rate {
			return f, source
		}
		at -= f.Rate
	}
	return Fault{}, source
}
