package dynamo

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/audit"
)

// Callers keeps the names of callers. Transactions with audit events store them, too: see nameCaller. It is
// safe for concurrent use.
type Callers struct{ db *engine }

var _ audit.Callers = (*Callers)(nil)

// callerItem is the name of a caller, as in the newest audit event that has one or at the newest sign-in. It is
// not written in the transaction of the event: transactions of one caller would conflict with each other.
type callerItem struct {
	itemKey
	ID   string `dynamodbav:"id"`
	Name string `dynamodbav:"name"`
	Seen int64  `dynamodbav:"seen"` // when an event or a sign-in had the name; newer events may have it, too: see callerSeen
}

const (
	// callerSeen is how old the item of a caller may be when another event has the same name.
	callerSeen = oneDay
	// callerTimeout limits how long the item of a caller may delay a change.
	callerTimeout = time.Second
	// maxCallers limits how many names a process remembers.
	maxCallers = 1000
)

// Names implements audit.Callers.
func (s *Callers) Names(ctx context.Context, ids []string) (map[string]string, error) {
	var keys []item
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) { // a batch must not ask for one key twice
		keys = append(keys, key(callerKey(id)))
	}
	names := map[string]string{}
	err := s.db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[callerItem](it)
		names[i.ID] = i.Name
		return err
	})
	return names, err
}

// SetName implements audit.Callers. It stores the name even if this process has stored it: another process may
// have stored an older one since then.
func (s *Callers) SetName(ctx context.Context, id, name string, at time.Time) error {
	i := newCallerItem(id, name, millis(at))
	if err := s.db.transact(ctx, []*action{s.db.put(i, "", nil)}); err != nil {
		return err
	}
	s.db.callers.remember(i)
	return nil
}

func newCallerItem(id, name string, seen int64) callerItem {
	return callerItem{keyed(callerKey(id)), id, name, seen}
}

// Forget deletes the names of callers without events and sign-ins since a time, and returns how many it deleted.
// Events of the console follow a sign-in within half a day, which is less than what Forget allows for.
func (s *Callers) Forget(ctx context.Context, before time.Time) (deleted int, err error) {
	// Processes that store the same name at the same time may leave the item of the older event: hence twice.
	before = before.Add(-2 * callerSeen)
	var old []item
	err = s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("pk, sk, seen"),
		KeyConditionExpression: aws.String("pk = :p"), FilterExpression: aws.String("seen < :t"),
		ExpressionAttributeValues: item{":p": str(string(callersPK)), ":t": num(millis(before))},
	}, func(it item) (bool, error) {
		old = append(old, it)
		return true, nil
	})
	if err != nil {
		return 0, err
	}
	for batch := range slices.Chunk(old, maxTransaction) {
		if err := s.db.removeAll(ctx, batch, "seen"); err != nil {
			return deleted, err
		}
		deleted += len(batch)
	}
	return deleted, nil
}

// callers remembers which names a process has stored. It is safe for concurrent use.
type callers struct {
	mu     sync.Mutex
	stored map[string]callerItem // by id
}

// claim reports whether the item of a caller has to be stored, and remembers it as stored.
func (c *callers) claim(i callerItem) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, ok := c.stored[i.ID]; ok && last.Name == i.Name && i.Seen-last.Seen < callerSeen.Milliseconds() {
		return false
	}
	c.add(i)
	return true
}

// remember is claim for an item that was stored in any case.
func (c *callers) remember(i callerItem) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(i)
}

// add adds an item; the caller has locked.
func (c *callers) add(i callerItem) {
	if c.stored == nil || len(c.stored) >= maxCallers {
		c.stored = map[string]callerItem{}
	}
	c.stored[i.ID] = i
}

// forget makes the next event of a caller store the item again.
func (c *callers) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.stored, id)
}

// nameCaller stores the name of the caller in the audit events of a transaction that was done: once in
// each process, when the name changes, and after callerSeen. It sends at most one request, before the
// caller gets the response, because Lambda may freeze the process after that. A fault does not fail the
// change: the next event of the caller tries again.
func (db *engine) nameCaller(ctx context.Context, done []*action) {
	for _, a := range done {
		i, ok := callerOf(a)
		if !ok {
			continue
		}
		if db.callers.claim(i) {
			ctx, cancel := context.WithTimeout(ctx, callerTimeout)
			defer cancel()
			// A transaction of one write: every function that comes here has the code for it.
			if err := db.try(ctx, db.transaction([]*action{db.put(i, "", nil)}), unrepeated); err != nil {
				db.callers.forget(i.ID)
			}
		}
		return // the events of a transaction have one caller
	}
}

// callerOf returns the item of the caller in an audit event. It reports false for another action, for an
// event without a name, and for what trueup does by itself for a person, whose name may be older.
func callerOf(a *action) (callerItem, bool) {
	if a.Put == nil || a.Put.Item["by_name"] == nil {
		return callerItem{}, false
	}
	e, err := decode[auditItem](a.Put.Item)
	called := e.Source == audit.SourceAPI || e.Source == audit.SourceConsole
	if err != nil || !called || !strings.HasPrefix(e.PK, auditPrefix) {
		return callerItem{}, false
	}
	return newCallerItem(e.By, e.ByName, e.At), true
}
