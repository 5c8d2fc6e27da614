package faultproxy

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// answer returns a reply with the body and headers of DynamoDB.
func answer(status int, body any) (*reply, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return &reply{status, http.Header{
		"Content-Type": {"application/x-amz-json-1.0"},
		"X-Amz-Crc32":  {strconv.FormatUint(uint64(crc32.ChecksumIEEE(encoded)), 10)},
	}, encoded}, nil
}

// reason is why an action of a transaction was cancelled, or None.
type reason struct {
	Code    string
	Message string `json:",omitempty"`
}

// exception is the body of an error.
type exception struct {
	Type    string   `json:"__type"`
	Message string   `json:"message"`
	Reasons []reason `json:"CancellationReasons,omitempty"`
}

func (e exception) reply(status int) (*reply, error) {
	r, err := answer(status, e)
	if err != nil {
		return nil, err
	}
	_, name, _ := strings.Cut(e.Type, "#")
	r.header.Set("X-Amzn-Errortype", name)
	return r, nil
}

const service = "com.amazonaws.dynamodb.v20120810#"

// conflict is the reason of an action whose item another transaction holds.
var conflict = reason{"TransactionConflict", "Transaction is ongoing for the item"}

// failure returns DynamoDB's error for a fault of an operation.
func failure(kind Kind, operation string, body []byte, source *rand.Rand) (*reply, error) {
	switch kind {
	case TransactionConflict:
		if slices.Contains(transactions, operation) {
			return cancelled(conflict, body, source)
		}
		return exception{Type: service + "TransactionConflictException", Message: conflict.Message}.reply(http.StatusBadRequest)
	case TransactionThrottled:
		return cancelled(reason{"ThrottlingError", "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically scaling your index so please try again shortly."}, body, source)
	case ThroughputExceeded:
		return exception{Type: service + "ProvisionedThroughputExceededException", Message: "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."}.reply(http.StatusBadRequest)
	case Throttling:
		return exception{Type: "com.amazon.coral.availability#ThrottlingException", Message: "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly."}.reply(http.StatusBadRequest)
	case InternalError:
		return exception{Type: service + "InternalServerError", Message: "The request processing has failed because of an unknown error, exception or failure."}.reply(http.StatusInternalServerError)
	case AccessDenied:
		return exception{Type: "com.amazon.coral.service#AccessDeniedException", Message: "User is not authorized to perform: dynamodb:" + operation}.reply(http.StatusBadRequest)
	}
	return nil, fmt.Errorf("%s is not an error of the service", kind)
}

// cancelled returns the error of a transaction cancelled for one of its actions.
func cancelled(why reason, body []byte, source *rand.Rand) (*reply, error) {
	var request struct{ TransactItems []json.RawMessage }
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	if len(request.TransactItems) == 0 {
		return nil, fmt.Errorf("a transaction without actions")
	}
	unlucky := make([]bool, len(request.TransactItems))
	unlucky[source.IntN(len(unlucky))] = true
	return cancelledAt(unlucky, why)
}

// cancelledAt returns the error of a transaction cancelled for some of its actions.
func cancelledAt(unlucky []bool, why reason) (*reply, error) {
	reasons := make([]reason, len(unlucky))
	codes := make([]string, len(reasons))
	for i := range reasons {
		if reasons[i].Code = "None"; unlucky[i] {
			reasons[i] = why
		}
		codes[i] = reasons[i].Code
	}
	return exception{
		Type:    service + "TransactionCanceledException",
		Message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]",
		Reasons: reasons,
	}.reply(http.StatusBadRequest)
}

// half sends a part of a batch to the engine and returns the rest as unprocessed. It returns
// false if nothing was left out, or the engine rejected the part.
func (p *Proxy) half(ctx context.Context, header http.Header, operation string, body []byte, source *rand.Rand) (*reply, bool, error) {
	var request map[string]json.RawMessage
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, false, err
	}
	batch, err := decodeBatch(operation, request["RequestItems"])
	if err != nil {
		return nil, false, err
	}
	done, left := batch.split(source)
	if len(left) == 0 { // a batch of one
		reply, err := p.forward(ctx, header, body)
		return reply, false, err
	}
	if request["RequestItems"], err = done.encode(); err != nil {
		return nil, false, err
	}
	if body, err = json.Marshal(request); err != nil {
		return nil, false, err
	}
	reply, err := p.forward(ctx, header, body)
	if err != nil || reply.status != http.StatusOK {
		return reply, false, err
	}
	field := "UnprocessedItems"
	if operation == "BatchGetItem" {
		field = "UnprocessedKeys"
	}
	var response map[string]json.RawMessage
	if err := json.Unmarshal(reply.body, &response); err != nil {
		return nil, false, err
	}
	if more := response[field]; more != nil { // the engine left something unprocessed itself
		engines, err := decodeBatch(operation, more)
		if err != nil {
			return nil, false, err
		}
		left = append(left, engines...)
	}
	if response[field], err = left.encode(); err != nil {
		return nil, false, err
	}
	reply, err = answer(http.StatusOK, response)
	return reply, true, err
}

// entry is one put, delete or key of a batch. Its fields are shared by the keys of one table,
// such as ConsistentRead; nil in a batch of writes.
type entry struct {
	table  string
	fields map[string]json.RawMessage
	value  json.RawMessage
}

type batch []entry

func decodeBatch(operation string, items json.RawMessage) (batch, error) {
	var tables map[string]json.RawMessage
	if err := json.Unmarshal(items, &tables); err != nil {
		return nil, err
	}
	var b batch
	for _, table := range slices.Sorted(maps.Keys(tables)) { // sorted: the split must be repeatable
		list := tables[table]
		var fields map[string]json.RawMessage
		if operation == "BatchGetItem" {
			if err := json.Unmarshal(list, &fields); err != nil {
				return nil, err
			}
			list = fields["Keys"]
		}
		var values []json.RawMessage
		if err := json.Unmarshal(list, &values); err != nil {
			return nil, err
		}
		for _, value := range values {
			b = append(b, entry{table, fields, value})
		}
	}
	return b, nil
}

// split leaves out at least one entry, and keeps at least one.
func (b batch) split(source *rand.Rand) (done, left batch) {
	if len(b) < 2 {
		return b, nil
	}
	out := source.Perm(len(b))[:1+source.IntN(len(b)-1)]
	for i, e := range b {
		if slices.Contains(out, i) {
			left = append(left, e)
		} else {
			done = append(done, e)
		}
	}
	return done, left
}

func (b batch) encode() (json.RawMessage, error) {
	tables := map[string]any{}
	values := map[string][]json.RawMessage{}
	for _, e := range b {
		values[e.table] = append(values[e.table], e.value)
		tables[e.table] = values[e.table]
		if e.fields != nil {
			fields := map[string]any{}
			for name, value := range e.fields {
				fields[name] = value
			}
			fields["Keys"] = values[e.table]
			tables[e.table] = fields
		}
	}
	return json.Marshal(tables)
}
