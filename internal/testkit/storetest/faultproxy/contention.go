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

// Contention is a model of how DynamoDB on AWS treats requests that meet on an
// item. The local engine serialises them instead, so that none ever conflicts.
//
// A TransactWriteItems holds every item that it names, also those of condition
// checks, while it is in flight. Meanwhile
//
//   - another TransactWriteItems that names one of them is cancelled,
//   - a TransactGetItems that names one of them is cancelled,
//   - a PutItem, UpdateItem or DeleteItem of one of them gets
//     TransactionConflictException,
//   - a TransactWriteItems with the same ClientRequestToken gets
//     TransactionInProgressException,
//
// and none of them does anything. A cancelled transaction has the reason
// TransactionConflict at each action whose item is held, and None at the others.
// A TransactGetItems is also cancelled when a PutItem, UpdateItem or DeleteItem
// of its item is in flight; the write is not. GetItem, BatchGetItem, Query and
// Scan never conflict. Source: "Transaction conflict handling in DynamoDB" of
// the Developer Guide, and TransactWriteItems of the API Reference.
//
// The model is simpler than the service in two ways. A transaction that is
// cancelled for a conflict holds nothing, whereas the service may hold a part of
// its items until it cancels. And BatchWriteItem, of which the Developer Guide
// does not say how it meets a held item, passes: trueup sends none.
//
// Times are parameters because the local engine carries out some 60 to 100
// transactions a second, as many as AWS does with one hot item. A run that asks
// whether writers of different items hinder each other is therefore scaled: with
// Hold 60 to 100 ms and Latency 30 to 60 ms, five to ten times what AWS takes,
// the engine is not what limits the rate. Rates are compared within a run only.
type Contention struct {
	// Hold is how long a TransactWriteItems holds its items before the engine
	// carries it out, which also counts. On AWS an item takes 50 to 100
	// transactions a second, so about 10 to 20 ms.
	Hold time.Duration
	// Latency is how much later each request reaches the table, refused or not.
	Latency time.Duration
}

// Contend turns the model on, from the next request on. Requests that it refuses
// count as TransactionConflict.
func (p *Proxy) Contend(c Contention) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.contention = &c
}

// holds is what is in flight.
type holds struct {
	mu           sync.Mutex
	transactions map[held]bool
	writes       map[held]int // of single items
	tokens       map[string]bool
}

// held is an item that a request in flight names.
type held struct{ table, pk, sk string }

// action is an action of a transaction, or a request about one item.
type action struct {
	TableName string
	Key, Item map[string]json.RawMessage // Item is that of a put
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
	case <-ctx.Done(): // nobody waits any more
	}
}

// contend asks the engine, unless the request meets another one in flight.
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

// enter holds the items of a request until release is called. It is nil when
// one of them is held, which met says of each, or when a transaction with the
// token is repeated.
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

// add notes that a request begins (1) or ends (-1).
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
