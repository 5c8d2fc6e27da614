package dynamo_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"trueup/internal/journal"
)

// planted is a fault of the store or the register. It tests that the test finds faults.
type planted int

const (
	sound     planted = iota
	staleList         // two of three lists are made without a read of the journal's head
	twoSteps          // a name or a pair is looked up first and then written without a condition
)

// shares returns how many of a hundred operations create an agreement and how many list.
// The operations that show the fault have larger shares.
func (p planted) shares() (creates, lists int) {
	switch p {
	case staleList:
		return 25, 45
	case twoSteps:
		return 60, 20
	default:
		return 25, 20
	}
}

// names returns how many names there are.
func (p planted) names() int {
	if p == twoSteps {
		return 2
	}
	return 5
}

// rememberedHead is a journal that does not read its head again while it is frozen.
type rememberedHead struct {
	journal.Log
	frozen bool
	last   *journal.Head
}

func (l *rememberedHead) Head(ctx context.Context, name journal.Name) (head journal.Head, err error) {
	if l.frozen && l.last != nil {
		return *l.last, nil
	}
	if head, err = l.Log.Head(ctx, name); err == nil {
		l.last = &head
	}
	return head, err
}

// checkThenWrite plants a fault in a client of the table: it looks up each name or pair
// once, and if it does not exist then, puts it without a condition.
func checkThenWrite(direct *dynamodb.Client) func(*middleware.Stack) error {
	var mu sync.Mutex
	looked := map[string]bool{} // whether the name or pair was free, by its key and the agreement
	free := func(ctx context.Context, put *types.Put) bool {
		mu.Lock()
		defer mu.Unlock()
		place := map[string]types.AttributeValue{"pk": put.Item["pk"], "sk": put.Item["sk"]}
		wanted := fmt.Sprint(stringOf(put.Item, "pk"), stringOf(put.Item, "id"), stringOf(put.Item, "agreement"))
		if _, known := looked[wanted]; !known {
			found, err := direct.GetItem(ctx, &dynamodb.GetItemInput{TableName: put.TableName, Key: place})
			looked[wanted] = err == nil && found.Item == nil
			time.Sleep(50 * time.Millisecond)
		}
		return looked[wanted]
	}
	change := func(ctx context.Context, in *dynamodb.TransactWriteItemsInput) *dynamodb.TransactWriteItemsInput {
		out := *in
		out.TransactItems = slices.Clone(in.TransactItems)
		for i, action := range out.TransactItems {
			if action.Put == nil {
				continue
			}
			pk := stringOf(action.Put.Item, "pk")
			if (strings.HasPrefix(pk, "NAME#") || strings.HasPrefix(pk, "PAIR#")) && free(ctx, action.Put) {
				bare := *action.Put
				bare.ConditionExpression, bare.ExpressionAttributeNames, bare.ExpressionAttributeValues = nil, nil, nil
				out.TransactItems[i].Put = &bare
			}
		}
		return &out
	}
	return func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("check, then write", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			if transaction, ok := in.Parameters.(*dynamodb.TransactWriteItemsInput); ok {
				in.Parameters = change(ctx, transaction)
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	}
}

// stringOf returns a string attribute; empty if there is none.
func stringOf(it map[string]types.AttributeValue, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// How many histories with a planted fault must be found illegal, and the maximum of
// histories to try. Some are legal: whether operations conflict depends on the machine.
const (
	plantedFound     = 5
	plantedHistories = 30
)

// TestLinearizabilityIsChecked plants faults that the check must find.
func TestLinearizabilityIsChecked(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]planted{"lists from a stale copy": staleList, "checks, then writes": twoSteps} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := map[porcupine.CheckResult]int{}
			for seed := uint64(0); seed < plantedHistories && found[porcupine.Illegal] < plantedFound; seed++ {
				h := makeHistory(t, seed, fault)
				found[porcupine.CheckOperationsTimeout(linearModel, h.ops, linearTimeout)]++
			}
			if found[porcupine.Illegal] < plantedFound {
				t.Errorf("%v of %d histories", found, plantedHistories)
			}
			t.Logf("%v", found)
		})
	}
}
