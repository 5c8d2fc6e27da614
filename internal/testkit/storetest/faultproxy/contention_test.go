package faultproxy_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/testkit/storetest/faultproxy"
)

// actions returns one action of each kind, on items with the sort keys put, update, delete and
// check; only the first two write something.
func (r setup) actions() []types.TransactWriteItem {
	return []types.TransactWriteItem{
		{Put: &types.Put{TableName: r.table, Item: key("put")}},
		r.update("update"),
		{Delete: &types.Delete{TableName: r.table, Key: key("delete")}},
		{ConditionCheck: &types.ConditionCheck{TableName: r.table, Key: key("check"), ConditionExpression: aws.String("attribute_not_exists(pk)")}},
	}
}

func (r setup) transact(token string, actions ...types.TransactWriteItem) error {
	in := &dynamodb.TransactWriteItemsInput{TransactItems: actions}
	if token != "" {
		in.ClientRequestToken = &token
	}
	_, err := r.client.TransactWriteItems(r.Context(), in)
	return err
}

func (r setup) update(sk string) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: r.table, Key: key(sk), UpdateExpression: aws.String("SET changed = :c"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":c": &types.AttributeValueMemberBOOL{Value: true}},
	}}
}

// holding starts a transaction of the actions. Its token is the table's name because the engine
// shares tokens among tables. It returns once the transaction holds its items; end lets it
// continue.
func (r setup) holding() (end func()) {
	r.Helper()
	holds, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var first atomic.Bool
	r.proxy.WhileHeld(func() {
		if first.CompareAndSwap(false, true) {
			close(holds)
			<-release
		}
	})
	r.proxy.Contend(faultproxy.Contention{})
	go func() { done <- r.transact(*r.table, r.actions()...) }()
	select {
	case <-holds:
	case err := <-done:
		r.Fatalf("the transaction held nothing: %v", err)
	}
	return func() {
		r.Helper()
		close(release)
		if err := <-done; err != nil {
			r.Errorf("the transaction that held the items: %v", err)
		}
	}
}

// codes returns the reasons of a cancelled transaction, or nil for another error.
func codes(err error) (codes []string) {
	var cancelled *types.TransactionCanceledException
	if errors.As(err, &cancelled) {
		for _, why := range cancelled.CancellationReasons {
			codes = append(codes, aws.ToString(why.Code))
		}
	}
	return codes
}

func (r setup) wantConflicts(n int) {
	r.Helper()
	if got := r.proxy.Counts()[faultproxy.TransactionConflict]; got != n {
		r.Errorf("%d conflicts, want %d", got, n)
	}
}

func TestTransactionMeetsAnItemThatIsHeld(t *testing.T) {
	r := newRig(t)
	end := r.holding()
	others := r.actions()
	for i, name := range []string{"put", "update", "delete", "check"} {
		err := r.transact("", r.update("free"), others[i], r.update("free too"))
		if got, want := codes(err), []string{"None", "TransactionConflict", "None"}; !slices.Equal(got, want) {
			t.Errorf("%s: reasons %q, want %q (%v)", name, got, want, err)
		}
	}
	err := r.transact("", r.update("put"), r.update("check"))
	if got, want := codes(err), []string{"TransactionConflict", "TransactionConflict"}; !slices.Equal(got, want) {
		t.Errorf("two items: reasons %q, want %q (%v)", got, want, err)
	}
	check := others[3].ConditionCheck
	if err := r.transact("", types.TransactWriteItem{ConditionCheck: check}); len(codes(err)) != 1 {
		t.Errorf("two condition checks of an item: %v, want a conflict", err)
	}
	r.wantConflicts(6)
	r.wantState(map[string]string{})
	if err := r.transact("", r.update("free")); err != nil {
		t.Errorf("a transaction that was cancelled holds an item: %v", err)
	}
	end()
	r.wantState(map[string]string{"put": "", "update": "", "free": ""})
	if err := r.transact("", others...); err != nil {
		t.Errorf("after the transaction: %v", err)
	}
	r.wantConflicts(6)
}

func TestSingleRequestsMeetAnItemThatIsHeld(t *testing.T) {
	r := newRig(t)
	end := r.holding()
	ctx := t.Context()
	for name, write := range map[string]func(sk string) error{
		"PutItem": func(sk string) error {
			_, err := r.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: r.table, Item: key(sk)})
			return err
		},
		"UpdateItem": func(sk string) error {
			_, err := r.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: r.table, Key: key(sk)})
			return err
		},
		"DeleteItem": func(sk string) error {
			_, err := r.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: r.table, Key: key(sk)})
			return err
		},
	} {
		var conflict *types.TransactionConflictException
		if err := write("check"); !errors.As(err, &conflict) {
			t.Errorf("%s: %v, want a TransactionConflictException", name, err)
		}
		if err := write("free"); err != nil {
			t.Errorf("%s of another item: %v", name, err)
		}
	}
	r.wantConflicts(3)
	if _, err := r.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: r.table, Key: key("put")}); err != nil {
		t.Errorf("GetItem: %v", err)
	}
	if _, err := r.client.Query(ctx, &dynamodb.QueryInput{
		TableName: r.table, KeyConditionExpression: aws.String("pk = :p"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":p": key("put")["pk"]},
	}); err != nil {
		t.Errorf("Query: %v", err)
	}
	end()
}

// read reads two items with TransactGetItems.
func (r setup) read(first, second string) error {
	get := func(sk string) types.TransactGetItem {
		return types.TransactGetItem{Get: &types.Get{TableName: r.table, Key: key(sk)}}
	}
	_, err := r.client.TransactGetItems(r.Context(), &dynamodb.TransactGetItemsInput{
		TransactItems: []types.TransactGetItem{get(first), get(second)},
	})
	return err
}

func TestReadTransactionMeetsAnItemThatIsHeld(t *testing.T) {
	r := newRig(t)
	end := r.holding()
	err := r.read("free", "check")
	if got, want := codes(err), []string{"None", "TransactionConflict"}; !slices.Equal(got, want) {
		t.Errorf("reasons %q, want %q (%v)", got, want, err)
	}
	if err := r.read("free", "free too"); err != nil {
		t.Errorf("of other items: %v", err)
	}
	end()
	if err := r.read("free", "check"); err != nil {
		t.Errorf("after the transaction: %v", err)
	}
	r.wantConflicts(1)
}

// TestTransactionIsRepeatedWhileItIsInFlight: a request repeated while the first is in flight
// neither conflicts with it nor is executed; afterwards it gets the same answer as the first.
func TestTransactionIsRepeatedWhileItIsInFlight(t *testing.T) {
	r := newRig(t)
	end := r.holding()
	var inProgress *types.TransactionInProgressException
	if err := r.transact(*r.table, r.actions()...); !errors.As(err, &inProgress) {
		t.Errorf("got %v, want a TransactionInProgressException", err)
	}
	end()
	if err := r.transact(*r.table, r.actions()...); err != nil {
		t.Errorf("after the transaction: %v", err)
	}
	r.wantConflicts(0)
}

// TestItemsAreHeldWhenTheClientIsGone: a transaction whose client has gone holds its items to
// the end.
func TestItemsAreHeldWhenTheClientIsGone(t *testing.T) {
	r := newRig(t)
	holds, release := make(chan struct{}, 1), make(chan struct{})
	r.proxy.WhileHeld(func() {
		holds <- struct{}{}
		<-release
	})
	r.proxy.Contend(faultproxy.Contention{})
	ctx, die := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := r.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: r.actions()})
		done <- err
	}()
	select {
	case <-holds:
	case err := <-done:
		t.Fatalf("the transaction held nothing: %v", err)
	}
	die()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want that the client is gone", err)
	}
	if err := r.transact("", r.update("put")); len(codes(err)) != 1 {
		t.Errorf("got %v, want a conflict", err)
	}
	close(release)
	for range 1000 { // the transaction ends after its client has gone
		if len(r.state()) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.wantState(map[string]string{"put": "", "update": ""})
}

// TestCountersUnderContention: whatever the conflicts, no update is lost and none is applied
// twice.
func TestCountersUnderContention(t *testing.T) {
	r := newRig(t)
	r.proxy.Contend(faultproxy.Contention{Hold: 5 * time.Millisecond, Latency: time.Millisecond})
	const writers, each = 6, 5
	var group errgroup.Group
	for range writers {
		group.Go(func() error {
			for range each {
				for {
					err := r.add()
					if err == nil {
						break
					}
					if !slices.Contains(codes(err), "TransactionConflict") {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	r.wantState(map[string]string{"1": "30", "2": "30", "3": "30"})
	if r.proxy.Counts()[faultproxy.TransactionConflict] == 0 {
		t.Error("six writers of the same items never conflicted")
	}
}

func TestLatencyDelaysEveryRequest(t *testing.T) {
	r := newRig(t)
	const latency = 30 * time.Millisecond
	r.proxy.Contend(faultproxy.Contention{Latency: latency})
	begin := time.Now()
	for _, sk := range []string{"1", "2", "3"} {
		if err := r.put(t.Context(), sk); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begin); took < 3*latency {
		t.Errorf("three requests took %s", took)
	}
}
