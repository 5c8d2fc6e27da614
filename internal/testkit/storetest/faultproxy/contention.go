package faultproxy

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"trueup/internal/aws/dynamo/schema"
)

// Contention models how DynamoDB on AWS handles concurrent requests for an item. The local
// engine serialises them instead, so that none conflicts.
//
// A TransactWriteItems holds every item that it names, including the items of condition checks,
// while it is in flight. Meanwhile
//
//   - another TransactWriteItems that names one of them is cancelled,
//   - a TransactGetItems that names one of them is cancelled,
//   - a PutItem, UpdateItem or DeleteItem of one of them gets
//     TransactionConflictException,
//   - a TransactWriteItems with the same ClientRequestToken gets
//     TransactionInProgressException,
//
// and none of them writes anything. A cancelled transaction has the reason TransactionConflict
// at each action whose item is held, and None at the others. A TransactGetItems is also
// cancelled if a PutItem, UpdateItem or DeleteItem of its item is in flight; the write is not.
// GetItem, BatchGetItem, Query and Scan never conflict. Source: "Transaction conflict handling
// in DynamoDB" in the Developer Guide, and TransactWriteItems in the API Reference.
//
// The model is simpler than the service in two ways. A transaction that is cancelled for a
// conflict holds nothing, whereas the service may hold some of its items until it cancels. And
// BatchWriteItem always passes, because the Developer Guide does not describe its conflicts and
// trueup does not use it.
//
// Times are parameters because the local engine executes some 60 to 100 transactions a second,
// as many as AWS does with one hot item. A run that measures whether writers of different items
// hinder each other is therefore scaled: with Hold 60 to 100 ms and Latency 30 to 60 ms, five to
// ten times as long as on AWS, the engine does not limit the rate. Compare rates only within a
// run.
type Contention struct {
	// Hold is how long a TransactWriteItems holds its items before the engine executes it, which
	// adds to the time. On AWS an item takes 50 to 100 transactions a second, so about 10 to 20
	// ms.
	Hold time.Duration
	// Latency is the delay of each request, rejected or not.
	Latency time.Duration
}

// Contend enables the model, from the next request on. Rejected requests count as
// TransactionConflict.
func (p *Proxy) Contend(c Contention) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.contention = &c
}

// holds is the items and tokens of requests in flight.
type holds struct {
	mu           sync.Mutex
	transactions map[held]bool
	writes       map[held]int // of single items
	tokens       map[string]bool
}

// held is an item of a request in flight.
type held struct{ table, pk, sk string }

// action is an action of a transaction, or a request about one item.
type action struct {
	TableName string
	Key, Item map[string]json.RawMessage // Item is the item of a put
}

func (a action) held() held {
	key := a.Key
	if key == nil {
		key = a.Item
	}
	return held{a.TableName, string(key[schema.PK]), string(key[schema.SK])}
}

// delayed waits for the latency of the model.
func (p *Proxy) delayed(ctx context.Context, c *Contention) {
	if c == nil || c.Latency == 0 {
		return
	}
	late := time.NewTimer(c.Latency)
	defer late.Stop()
	select {
	case <-late.C:
	case <-ctx.Done(): // the client is gone
	}
}

// contend sends a request to the engine, unless it conflicts with one in flight.
func (p *Proxy) contend(ctx context.Context, c *Contention, operation string, header http.Header, body []byte) (*reply, error) {
	transaction := slices.Contains(transactions, operation)
	if c == nil || !transaction && !slices.Contains(singleWrites, operation) {
		return p.forward(ctx, header, body)
	}
	var request struct {
		action
		ClientRequestToken string
		TransactItems      []map[string]action // by Put, Update, Delete, ConditionCheck, Get
	}
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	items := make([]held, 0, len(request.TransactItems)+1)
	if !transaction {
		items = append(items, request.held())
	}
	for _, one := range request.TransactItems {
		for _, a := range one {
			items = append(items, a.held())
		}
	}
	release, met, repeated := p.holds.enter(operation, request.ClientRequestToken, items)
	if repeated {
		return exception{
			Type: service + "TransactionInProgressException", Message: "The transaction with the given request token is already in progress.",
		}.reply(http.StatusBadRequest)
	}
	if release == nil {
		p.mu.Lock()
		p.counts[TransactionConflict]++
		p.mu.Unlock()
		if !transaction {
			return failure(TransactionConflict, operation, body, nil)
		}
		return cancelledAt(met, conflict)
	}
	defer release()
	if operation == "TransactWriteItems" {
		p.pause(c.Hold)
	}
	return p.forward(ctx, header, body)
}

// enter holds the items of a request until release is called. release is nil if one of them is
// held, which met reports for each, or if a transaction with the same token is in flight.
func (h *holds) enter(operation, token string, items []held) (release func(), met []bool, repeated bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if token != "" && h.tokens[token] {
		return nil, nil, true
	}
	met = make([]bool, len(items))
	for i, item := range items {
		met[i] = h.transactions[item] || operation == "TransactGetItems" && h.writes[item] > 0
	}
	if slices.Contains(met, true) {
		return nil, met, false
	}
	h.add(operation, token, items, 1)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.add(operation, token, items, -1)
	}, met, false
}

// add records the beginning (1) or end (-1) of a request.
func (h *holds) add(operation, token string, items []held, n int) {
	for _, item := range items {
		switch operation {
		case "TransactWriteItems":
			if h.transactions[item] = n > 0; n < 0 {
				delete(h.transactions, item)
			}
		case "TransactGetItems": // holds nothing
		default:
			if h.writes[item] += n; h.writes[item] == 0 {
				delete(h.writes, item)
			}
		}
	}
	if token != "" {
		if h.tokens[token] = n > 0; n < 0 {
			delete(h.tokens, token)
		}
	}
}
