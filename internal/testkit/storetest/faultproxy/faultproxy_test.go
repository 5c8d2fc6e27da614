package faultproxy_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/google/go-cmp/cmp"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

func TestMain(m *testing.M) { storetest.Main(m) }

const attempts = 3

// setup is a table behind a proxy.
type setup struct {
	*testing.T
	proxy  *faultproxy.Proxy
	client *dynamodb.Client // through the proxy, like the SDK's default except for short waits
	direct *dynamodb.Client
	table  *string
}

func newRig(t *testing.T, faults ...faultproxy.Fault) setup {
	t.Helper()
	t.Parallel()
	proxy := faultproxy.New(storetest.Endpoint(t), 1, faults)
	t.Cleanup(proxy.Close)
	client := engine.NewClient(proxy.URL, func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = attempts, time.Millisecond
		})
	})
	return setup{t, proxy, client, storetest.Client(t), aws.String(storetest.Table(t))}
}

// once injects the fault into the next request only.
func (r setup) once(kind faultproxy.Kind) {
	r.proxy.SetHooks(faultproxy.Hooks{After: func(int, string) { r.proxy.SetFaults(nil) }})
	r.proxy.SetFaults(faultproxy.Faults{{Kind: kind, Rate: 1}})
}

func (r setup) put(ctx context.Context, sk string) error {
	_, err := r.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: r.table, Item: key(sk), ConditionExpression: aws.String("attribute_not_exists(pk)"),
	})
	return err
}

// add adds 1 to n of three items in one transaction.
func (r setup) add() error {
	update := func(sk string) types.TransactWriteItem {
		return types.TransactWriteItem{Update: &types.Update{
			TableName: r.table, Key: key(sk), UpdateExpression: aws.String("ADD n :one"),
			ExpressionAttributeValues: map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}},
		}}
	}
	_, err := r.client.TransactWriteItems(r.Context(), &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: aws.String(rand.Text()),
		TransactItems:      []types.TransactWriteItem{update("1"), update("2"), update("3")},
	})
	return err
}

// state returns n by sort key for the items in the table.
func (r setup) state() map[string]string {
	r.Helper()
	state := map[string]string{}
	for _, item := range storetest.Dump(r, r.direct, *r.table) {
		n := item["n"]
		if n == nil {
			n = ""
		}
		state[item["sk"].(string)] = fmt.Sprint(n)
	}
	return state
}

func (r setup) wantState(want map[string]string) {
	r.Helper()
	if diff := cmp.Diff(want, r.state()); diff != "" {
		r.Errorf("state (-want +got):\n%s", diff)
	}
}

func (r setup) wantRequests(requests, faults int, kind faultproxy.Kind) {
	r.Helper()
	if got := r.proxy.Requests(); got != requests {
		r.Errorf("the SDK sent %d requests, want %d", got, requests)
	}
	if diff := cmp.Diff(map[faultproxy.Kind]int{kind: faults}, r.proxy.Counts()); diff != "" {
		r.Errorf("faults (-want +got):\n%s", diff)
	}
}

func key(sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "a"},
		"sk": &types.AttributeValueMemberS{Value: sk},
	}
}

func sortKeys(items []map[string]types.AttributeValue) []string {
	var sks []string
	for _, item := range items {
		sks = append(sks, item["sk"].(*types.AttributeValueMemberS).Value)
	}
	slices.Sort(sks)
	return sks
}

func TestCancelledTransactionIsNotRetried(t *testing.T) {
	for kind, code := range map[faultproxy.Kind]string{
		faultproxy.TransactionConflict:  "TransactionConflict",
		faultproxy.TransactionThrottled: "ThrottlingError",
	} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t, faultproxy.Fault{Kind: kind, Rate: 1})
			err := r.add()
			var cancelled *types.TransactionCanceledException
			if !errors.As(err, &cancelled) {
				t.Fatalf("got %v, want a TransactionCanceledException", err)
			}
			var codes []string
			for _, why := range cancelled.CancellationReasons {
				codes = append(codes, aws.ToString(why.Code))
			}
			slices.Sort(codes)
			if want := []string{"None", "None", code}; !slices.Equal(codes, want) {
				t.Errorf("reasons are %q, want %q", codes, want)
			}
			if !strings.Contains(cancelled.ErrorMessage(), code) {
				t.Errorf("the message is %q, want the reasons in it", cancelled.ErrorMessage())
			}
			r.wantRequests(1, 1, kind)
			r.wantState(map[string]string{})
		})
	}
}

func TestConflictOfReadTransaction(t *testing.T) {
	r := newRig(t, faultproxy.Fault{Kind: faultproxy.TransactionConflict, Rate: 1})
	_, err := r.client.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{
		TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: r.table, Key: key("1")}}},
	})
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) || len(cancelled.CancellationReasons) != 1 {
		t.Errorf("got %v, want a TransactionCanceledException with one reason", err)
	}
}

func TestConflictOfSingleWriteIsNotRetried(t *testing.T) {
	r := newRig(t, faultproxy.Fault{Kind: faultproxy.TransactionConflict, Rate: 1})
	var conflict *types.TransactionConflictException
	if err := r.put(t.Context(), "1"); !errors.As(err, &conflict) {
		t.Errorf("got %v, want a TransactionConflictException", err)
	}
	r.wantRequests(1, 1, faultproxy.TransactionConflict)
	r.wantState(map[string]string{})
}

func TestErrorsThatTheSDKRetries(t *testing.T) {
	for kind, code := range map[faultproxy.Kind]string{
		faultproxy.ThroughputExceeded: "ProvisionedThroughputExceededException",
		faultproxy.Throttling:         "ThrottlingException",
		faultproxy.InternalError:      "InternalServerError",
	} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t, faultproxy.Fault{Kind: kind, Rate: 1})
			var api smithy.APIError
			if err := r.put(t.Context(), "1"); !errors.As(err, &api) || api.ErrorCode() != code {
				t.Errorf("got %v, want %s", err, code)
			}
			r.wantRequests(attempts, attempts, kind)
			r.wantState(map[string]string{})

			r.once(kind)
			if err := r.put(t.Context(), "1"); err != nil {
				t.Errorf("after one fault: %v", err)
			}
			r.wantState(map[string]string{"1": ""})
		})
	}
}

func TestAccessDeniedIsNotRetried(t *testing.T) {
	r := newRig(t, faultproxy.Fault{Kind: faultproxy.AccessDenied, Rate: 1})
	var api smithy.APIError
	if err := r.put(t.Context(), "1"); !errors.As(err, &api) || api.ErrorCode() != "AccessDeniedException" {
		t.Errorf("got %v, want AccessDeniedException", err)
	}
	r.wantRequests(1, 1, faultproxy.AccessDenied)
	r.wantState(map[string]string{})
}

// TestCutReplyOfConditionalPut: the SDK retries the write, and the retry finds the item that the
// first attempt wrote.
func TestCutReplyOfConditionalPut(t *testing.T) {
	r := newRig(t)
	r.once(faultproxy.CutReply)
	var failed *types.ConditionalCheckFailedException
	if err := r.put(t.Context(), "1"); !errors.As(err, &failed) {
		t.Errorf("got %v, want a ConditionalCheckFailedException", err)
	}
	r.wantRequests(2, 1, faultproxy.CutReply)
	r.wantState(map[string]string{"1": ""})
}

func TestCutReplyOfTransactionWithToken(t *testing.T) {
	r := newRig(t)
	r.once(faultproxy.CutReply)
	if err := r.add(); err != nil {
		t.Error(err)
	}
	r.wantRequests(2, 1, faultproxy.CutReply)
	r.wantState(map[string]string{"1": "1", "2": "1", "3": "1"})
}

func TestEveryReplyCut(t *testing.T) {
	r := newRig(t, faultproxy.Fault{Kind: faultproxy.CutReply, Rate: 1})
	var exceeded *retry.MaxAttemptsError
	if err := r.put(t.Context(), "1"); !errors.As(err, &exceeded) {
		t.Errorf("got %v, want that the SDK gives up", err)
	}
	r.wantRequests(attempts, attempts, faultproxy.CutReply)
	r.wantState(map[string]string{"1": ""})
}

// TestCutBodyIsNotRetried: the SDK treats half an answer as one that it cannot decode: it
// reports neither a connection error nor a service error, and does not retry.
func TestCutBodyIsNotRetried(t *testing.T) {
	for name, call := range map[string]func(setup) error{
		"write":       func(r setup) error { return r.put(r.Context(), "1") },
		"transaction": func(r setup) error { return r.add() },
		"read": func(r setup) error {
			_, err := r.client.GetItem(r.Context(), &dynamodb.GetItemInput{TableName: r.table, Key: key("1")})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.once(faultproxy.CutBody)
			err := call(r)
			var unreadable *smithy.DeserializationError
			if !errors.As(err, &unreadable) || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v, want a DeserializationError for an unexpected end", err)
			}
			r.wantRequests(1, 1, faultproxy.CutBody)
			if written := len(r.state()) > 0; written == (name == "read") {
				t.Errorf("written: %t", written)
			}
		})
	}
}

func TestUnprocessedWrites(t *testing.T) {
	r := newRig(t, faultproxy.Fault{Kind: faultproxy.Unprocessed, Rate: 1})
	requests := map[string][]types.WriteRequest{}
	want := map[string]string{}
	for i := range 10 {
		sk := fmt.Sprint(i)
		requests[*r.table] = append(requests[*r.table], types.WriteRequest{PutRequest: &types.PutRequest{Item: key(sk)}})
		want[sk] = ""
	}
	out, err := r.client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: requests})
	if err != nil {
		t.Fatalf("got %v: unprocessed items are no error", err)
	}
	left := out.UnprocessedItems[*r.table]
	if len(left) == 0 || len(left) == 10 {
		t.Fatalf("%d of 10 items are unprocessed, want some", len(left))
	}
	r.wantRequests(1, 1, faultproxy.Unprocessed)
	done := r.state()
	for _, request := range left {
		sk := sortKeys([]map[string]types.AttributeValue{request.PutRequest.Item})[0]
		if _, written := done[sk]; written {
			t.Errorf("item %s is unprocessed and written", sk)
		}
		done[sk] = ""
	}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Errorf("written and unprocessed together (-want +got):\n%s", diff)
	}
	for rounds := 0; len(out.UnprocessedItems) > 0; rounds++ {
		if rounds == 20 {
			t.Fatal("a batch never ends")
		}
		out, err = r.client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: out.UnprocessedItems})
		if err != nil {
			t.Fatal(err)
		}
	}
	r.wantState(want)
}

func TestUnprocessedReads(t *testing.T) {
	r := newRig(t)
	if err := r.add(); err != nil {
		t.Fatal(err)
	}
	r.proxy.SetFaults(faultproxy.Faults{{Kind: faultproxy.Unprocessed, Rate: 1}})
	request := map[string]types.KeysAndAttributes{*r.table: {
		Keys:                 []map[string]types.AttributeValue{key("1"), key("2"), key("3")},
		ConsistentRead:       aws.Bool(true),
		ProjectionExpression: aws.String("sk"),
	}}
	out, err := r.client.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: request})
	if err != nil {
		t.Fatalf("got %v: unprocessed keys are no error", err)
	}
	read, left := out.Responses[*r.table], out.UnprocessedKeys[*r.table]
	if len(read) == 0 || len(left.Keys) == 0 {
		t.Fatalf("%d read and %d unprocessed, want some of each", len(read), len(left.Keys))
	}
	if len(read[0]) != 1 {
		t.Errorf("got %v, want only what the projection names", read[0])
	}
	if !aws.ToBool(left.ConsistentRead) || aws.ToString(left.ProjectionExpression) != "sk" {
		t.Errorf("unprocessed keys have lost how they are to be read: %+v", left)
	}
	got := slices.Concat(sortKeys(read), sortKeys(left.Keys))
	slices.Sort(got)
	if want := []string{"1", "2", "3"}; !slices.Equal(got, want) {
		t.Errorf("read and unprocessed are %q, want %q", got, want)
	}
}

// TestUnprocessedThatCannotHappen: DynamoDB never leaves out a whole batch, and an invalid one
// is an error.
func TestUnprocessedThatCannotHappen(t *testing.T) {
	r := newRig(t, faultproxy.Fault{Kind: faultproxy.Unprocessed, Rate: 1})
	write := func(table, sk string) types.WriteRequest {
		return types.WriteRequest{PutRequest: &types.PutRequest{Item: key(sk)}}
	}
	out, err := r.client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{*r.table: {write(*r.table, "1")}},
	})
	if err != nil || len(out.UnprocessedItems) > 0 {
		t.Errorf("a batch of one: got %v and %v", out, err)
	}
	r.wantState(map[string]string{"1": ""})
	var missing *types.ResourceNotFoundException
	_, err = r.client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{"no-such-table": {write("no-such-table", "1"), write("no-such-table", "2")}},
	})
	if !errors.As(err, &missing) {
		t.Errorf("got %v, want a ResourceNotFoundException", err)
	}
	if got := r.proxy.Counts(); len(got) != 0 {
		t.Errorf("counted %v, want nothing", got)
	}
}

// TestAnswersCarryTheirChecksum requires that the SDK, which only logs a wrong checksum, logs
// nothing.
func TestAnswersCarryTheirChecksum(t *testing.T) {
	r := newRig(t,
		faultproxy.Fault{Kind: faultproxy.Unprocessed, Rate: 1},
		faultproxy.Fault{Kind: faultproxy.TransactionConflict, Rate: 1},
	)
	client := engine.NewClient(r.proxy.URL, func(o *dynamodb.Options) {
		o.DisableValidateResponseChecksum = false
		o.Logger = logging.LoggerFunc(func(_ logging.Classification, format string, v ...any) {
			t.Errorf("the SDK logs: "+format, v...)
		})
	})
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: r.table, Item: key("1")})
	if err == nil {
		t.Error("the write has met no conflict")
	}
	_, err = client.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
		*r.table: {Keys: []map[string]types.AttributeValue{key("1"), key("2")}},
	}})
	if err != nil {
		t.Error(err)
	}
	want := map[faultproxy.Kind]int{faultproxy.Unprocessed: 1, faultproxy.TransactionConflict: 1}
	if diff := cmp.Diff(want, r.proxy.Counts()); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// TestDelayedWriteHappensAfterItsClientGaveUp: the request of a client that has given up is
// executed later.
func TestDelayedWriteHappensAfterItsClientGaveUp(t *testing.T) {
	r := newRig(t, faultproxy.Fault{Kind: faultproxy.Delay, Rate: 1, Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.put(ctx, "1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
	r.proxy.Close() // waits for the request
	r.wantRequests(1, 1, faultproxy.Delay)
	r.wantState(map[string]string{"1": ""})
}

func TestDelay(t *testing.T) {
	r := newRig(t, faultproxy.Fault{Kind: faultproxy.Delay, Rate: 1, Delay: 200 * time.Millisecond})
	begin := time.Now()
	if err := r.put(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 200*time.Millisecond {
		t.Errorf("took %s, want at least the delay", took)
	}
	r.wantState(map[string]string{"1": ""})
}

func TestHooksSeeEachRequestBeforeAndAfter(t *testing.T) {
	r := newRig(t)
	var seen []string
	r.proxy.SetHooks(faultproxy.Hooks{
		Before: func(n int, operation string) {
			seen = append(seen, fmt.Sprintf("before %d %s: %d items", n, operation, len(r.state())))
		},
		After: func(n int, operation string) {
			seen = append(seen, fmt.Sprintf("after %d %s: %d items", n, operation, len(r.state())))
		},
	})
	for _, sk := range []string{"1", "2"} {
		if err := r.put(t.Context(), sk); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"before 1 PutItem: 0 items", "after 1 PutItem: 1 items",
		"before 2 PutItem: 1 items", "after 2 PutItem: 2 items",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("hooks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"PutItem": 2}, r.proxy.Operations()); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
}

func TestEngineGone(t *testing.T) {
	t.Parallel()
	proxy := faultproxy.New("http://127.0.0.1:1", 1, faultproxy.Faults{{Kind: faultproxy.CutReply, Rate: 1}})
	t.Cleanup(proxy.Close)
	client := engine.NewClient(proxy.URL, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	_, err := client.ListTables(t.Context(), &dynamodb.ListTablesInput{})
	if status := (interface{ HTTPStatusCode() int })(nil); !errors.As(err, &status) || status.HTTPStatusCode() != 502 {
		t.Errorf("got %v, want status 502", err)
	}
	if got := proxy.Counts(); len(got) != 0 {
		t.Errorf("counted %v, want nothing", got)
	}
}
