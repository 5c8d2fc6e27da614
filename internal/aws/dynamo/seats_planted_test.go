package dynamo_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// seatFault is a fault of the store. It tests that the check finds faults.
type seatFault int

const (
	seatsSound    seatFault = iota
	seatsFirst              // the seats are changed in one transaction, and then the users in another one
	seatsLookedUp           // the seats are looked up first, and then changed without a condition
	seatsCalled             // seatsFirst, below the calls of package licensing
	seatsStale              // calls remember that no licence is free
)

// rounds returns the number of rounds of a history. Each round can show the fault.
func (f seatFault) rounds() int {
	if f == seatsSound {
		return seatRounds
	}
	return 1
}

// steps returns the number of steps of each client in a round. A check takes longest if it finds no
// order, and then much longer with each operation.
func (f seatFault) steps() int {
	switch f {
	case seatsFirst, seatsCalled:
		return 2
	case seatsLookedUp, seatsStale:
		return 4 // the more steps, the more histories show them
	default:
		return seatSteps
	}
}

// subscriptions returns the ids of subscriptions.
func (f seatFault) subscriptions() []string {
	if f == seatsLookedUp || f == seatsStale {
		return []string{"s1"}
	}
	return []string{"s1", "s2", "s3"}
}

// reads returns how many of a hundred steps only read.
func (f seatFault) reads() int {
	if f == seatsLookedUp {
		return 0
	}
	if f == seatsStale {
		return 10
	}
	return 40
}

// requests returns the faults of requests.
func (f seatFault) requests() faultproxy.Faults {
	if f == seatsSound {
		return faults
	}
	return nil // conflicts would keep clients apart
}

// plant returns the option of a client that has the fault; nil for none.
func (f seatFault) plant(t *testing.T) func(*dynamodb.Options) {
	if f == seatsSound || f == seatsStale {
		return nil
	}
	p := &plantedSeats{direct: storetest.Client(t), fault: f, sent: map[string]*dynamodb.TransactWriteItemsInput{}}
	return func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("planted", p.handle), middleware.Before)
		})
	}
}

// plantedSeats plants a fault in a client of the table.
type plantedSeats struct {
	direct *dynamodb.Client
	fault  seatFault

	mu   sync.Mutex
	sent map[string]*dynamodb.TransactWriteItemsInput // by token: a repetition must be equal
}

func (p *plantedSeats) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	transaction, ok := in.Parameters.(*dynamodb.TransactWriteItemsInput)
	if !ok {
		return next.HandleInitialize(ctx, in)
	}
	if p.fault == seatsLookedUp {
		in.Parameters = p.withoutConditions(ctx, transaction)
		return next.HandleInitialize(ctx, in)
	}
	var seats, rest []int
	for i, action := range transaction.TransactItems {
		if action.Update != nil && strings.HasPrefix(stringOf(action.Update.Key, "pk"), "SEATS#") {
			seats = append(seats, i)
		} else {
			rest = append(rest, i)
		}
	}
	if len(seats) == 0 {
		return next.HandleInitialize(ctx, in)
	}
	n := len(transaction.TransactItems)
	_, err := p.direct.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: picked(transaction.TransactItems, seats)})
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, placed(err, seats, n)
	}
	time.Sleep(5 * time.Millisecond)
	second := *transaction
	second.TransactItems = picked(transaction.TransactItems, rest)
	in.Parameters = &second
	out, metadata, err := next.HandleInitialize(ctx, in)
	return out, metadata, placed(err, rest, n)
}

func picked(all []types.TransactWriteItem, indexes []int) (some []types.TransactWriteItem) {
	for _, i := range indexes {
		some = append(some, all[i])
	}
	return some
}

// placed returns the error of a transaction with some of n actions as one of all of them.
func placed(err error, indexes []int, n int) error {
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) {
		reasons := make([]types.CancellationReason, n)
		for i, at := range indexes {
			if i < len(cancelled.CancellationReasons) {
				reasons[at] = cancelled.CancellationReasons[i]
			}
		}
		cancelled.CancellationReasons = reasons
	}
	return err
}

// withoutConditions looks up the seats, and removes the conditions that hold.
func (p *plantedSeats) withoutConditions(ctx context.Context, in *dynamodb.TransactWriteItemsInput) *dynamodb.TransactWriteItemsInput {
	p.mu.Lock()
	sent := p.sent[*in.ClientRequestToken]
	p.mu.Unlock()
	if sent != nil {
		return sent
	}
	out := *in
	out.TransactItems = slices.Clone(in.TransactItems)
	for i, action := range out.TransactItems {
		if action.Update == nil || action.Update.ExpressionAttributeValues[":needed"] == nil {
			continue
		}
		found, err := p.direct.GetItem(ctx, &dynamodb.GetItemInput{TableName: action.Update.TableName, Key: action.Update.Key})
		if err != nil || integer(found.Item["avail"]) < integer(action.Update.ExpressionAttributeValues[":needed"]) {
			continue
		}
		bare := *action.Update
		bare.ConditionExpression = nil
		bare.ExpressionAttributeValues = map[string]types.AttributeValue{
			":more": action.Update.ExpressionAttributeValues[":more"], ":less": action.Update.ExpressionAttributeValues[":less"],
		}
		out.TransactItems[i].Update = &bare
		time.Sleep(50 * time.Millisecond)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[*in.ClientRequestToken] = &out
	return &out
}

// integer returns the value of a number.
func integer(v types.AttributeValue) (n int) {
	if number, ok := v.(*types.AttributeValueMemberN); ok {
		n, _ = strconv.Atoi(number.Value)
	}
	return n
}

// TestSeatsAreChecked plants faults that the check of TestSeatsAreLinearizable must find.
func TestSeatsAreChecked(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]seatFault{
		"seats, then users": seatsFirst, "looks up, then assigns": seatsLookedUp, "seats, then users, by calls": seatsCalled, "refuses by what it saw before": seatsStale,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := map[porcupine.CheckResult]int{}
			for seed := uint64(0); seed < plantedHistories && found[porcupine.Illegal] < plantedFound; seed++ {
				h := makeSeatHistory(t, seed, fault)
				found[porcupine.CheckOperationsTimeout(seatModel, h.ops, linearTimeout)]++
			}
			if found[porcupine.Illegal] < plantedFound {
				t.Errorf("%v of %d histories", found, plantedHistories)
			}
			t.Logf("%v", found)
		})
	}
}
