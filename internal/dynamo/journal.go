package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/journal"
	"trueup/internal/once"
)

// A journal's head and its entries share a partition. Every append asks that
// the head is where it was read, so entries have no gaps, and whoever appends
// knows that nothing came between what he read and what he writes.

type headItem struct {
	PK     string   `dynamodbav:"pk"`
	SK     string   `dynamodbav:"sk"`
	Seq    int64    `dynamodbav:"seq"`
	Weight int64    `dynamodbav:"weight"`
	Saved  int64    `dynamodbav:"saved"`
	Gone   []string `dynamodbav:"gone"`

	// Of journal Agreements: how many changes made licence data stale, and when
	// the last one did, in milliseconds (R7.3).
	Changes int64 `dynamodbav:"changes"`
	Changed int64 `dynamodbav:"changed"`
}

func headOf(it item) (journal.Head, error) {
	i, err := decode[headItem](it)
	return journal.Head{Seq: i.Seq, Weight: i.Weight, Saved: i.Saved, Gone: i.Gone}, err
}

// Head implements journal.Log.
func (s *Store) Head(ctx context.Context, name journal.Name) (journal.Head, error) {
	p, sort := headKey(name)
	it, err := s.get(ctx, p, sort)
	if err != nil {
		return journal.Head{}, fmt.Errorf("read the head of journal %s: %w", name, err)
	}
	return headOf(it)
}

// Entries implements journal.Log.
func (s *Store) Entries(ctx context.Context, name journal.Name, after, upTo int64) ([]journal.Entry, error) {
	p, from := entryKey(name, after+1)
	_, to := entryKey(name, upTo)
	entries := make([]journal.Entry, 0, upTo-after)
	err := s.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":p": str(string(p)), ":from": str(string(from)), ":to": str(string(to))},
	}, func(it item) (bool, error) {
		seq, err := number(it, "seq")
		if err == nil && seq != after+int64(len(entries))+1 {
			err = fmt.Errorf("entry %d follows %d", seq, after+int64(len(entries)))
		}
		entries = append(entries, journal.Entry{Seq: seq, Body: attr(it, "body")})
		return true, err
	})
	if err == nil && int64(len(entries)) != upTo-after {
		err = fmt.Errorf("%d of %d entries are there", len(entries), upTo-after)
	}
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", name, err)
	}
	return entries, nil
}

// Append implements journal.Log.
func (s *Store) Append(ctx context.Context, name journal.Name, head journal.Head, body string, weight int, answer once.Entry, events ...audit.Event) (first []byte, err error) {
	var actions []types.TransactWriteItem
	for _, event := range events {
		actions = append(actions, s.put(newAuditItem(event), "", nil))
	}
	if answer.Key != "" {
		var now time.Time
		if len(events) > 0 {
			now = events[0].At
		}
		actions = append(actions, s.remembering(answer, now))
	}
	err = s.transactWith(ctx, actions, record{name: name, head: head, body: body, weight: weight, exact: true})
	if condition := conditionOf(err); condition != nil && answer.Key != "" {
		if old, met := condition.failed[len(events)]; met {
			return answered(old, answer)
		}
	}
	return nil, err
}

// Saved implements journal.Log.
func (s *Store) Saved(ctx context.Context, name journal.Name, head journal.Head) error {
	err := s.one(ctx, func() error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.table, Key: key(headKey(name)), UpdateExpression: aws.String("SET saved = :w"),
			ConditionExpression:       aws.String("attribute_not_exists(saved) OR saved < :w"),
			ExpressionAttributeValues: item{":w": num(head.Weight)},
		})
		return err
	})
	return ignoreCondition(err)
}

// record is an entry that a transaction appends.
type record struct {
	name   journal.Name
	head   journal.Head // that was read before what the transaction was made from
	body   string
	weight int
	gone   []string // what the head's Gone becomes; nil to leave it
	// outdated is when the transaction made licence data stale; zero when it does not.
	outdated time.Time
	// exact means that the transaction is only good if there was no other entry
	// since head; otherwise it is also good after any that deleted no group.
	exact bool
	// ignoresGone means that deleted groups do not matter to the transaction.
	ignoresGone bool
}

// gate is where this process's appends to one journal pass one at a time: at
// most one of those under way at once could succeed.
type gate struct {
	mu   sync.Mutex   // held while a request is under way, but not between attempts
	head journal.Head // the newest this process has seen; guarded by mu
}

func (s *Store) gate(name journal.Name) *gate {
	g, _ := s.gates.LoadOrStore(name, &gate{})
	return g.(*gate)
}

// transactWith is transact of actions and the record. journal.ErrMoved means
// that the transaction has to be made anew from a newer head.
func (s *Store) transactWith(ctx context.Context, actions []types.TransactWriteItem, r record) error {
	g := s.gate(r.name)
	return s.persist(ctx, func() error { return s.appendOnce(ctx, g, actions, &r) })
}

// appendOnce tries after the newest head this process has seen. errPassing
// means that nothing but a newer head, or others' transactions, stood against it.
func (s *Store) appendOnce(ctx context.Context, g *gate, actions []types.TransactWriteItem, r *record) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !r.exact && g.head.Seq > r.head.Seq {
		if !r.ignoresGone && !slices.Equal(g.head.Gone, r.head.Gone) {
			return journal.ErrMoved
		}
		r.head = g.head
	}
	in := s.transaction(append(slices.Clip(actions), s.recording(*r)...))
	err := s.try(ctx, in)
	// A transaction that met another's was not done, and is made anew. One of
	// which nobody knows what became of it has to be repeated as it is.
	if passing := (errPassing{}); passes(err) && !errors.As(err, &passing) {
		g.mu.Unlock()
		err = s.persist(ctx, func() error { return s.try(ctx, in) })
		g.mu.Lock()
	}
	condition := conditionOf(err)
	switch {
	case err == nil:
		if r.head.Seq++; r.head.Seq > g.head.Seq {
			r.head.Weight += int64(r.weight)
			if r.gone != nil {
				r.head.Gone = r.gone
			}
			g.head = r.head
		}
		return nil
	case condition == nil:
		return err
	}
	old, met := condition.failed[len(actions)]
	if !met {
		return err
	}
	head, err := headOf(old)
	if err != nil {
		return err
	}
	if head.Seq > g.head.Seq {
		g.head = head
	}
	if delete(condition.failed, len(actions)); len(condition.failed) > 0 {
		return condition
	}
	if r.exact || !r.ignoresGone && !slices.Equal(head.Gone, r.head.Gone) {
		return journal.ErrMoved
	}
	r.head = head
	return errPassing{errBehind}
}

// errBehind means that the journal has moved on and nothing else is wrong.
var errBehind = errors.New("dynamo: another change came first")

// recording is the actions that append a record: the head's comes first.
func (s *Store) recording(r record) []types.TransactWriteItem {
	const allOld = types.ReturnValuesOnConditionCheckFailureAllOld
	next := r.head.Seq + 1
	set, add := "SET seq = :next", " ADD weight :w"
	head := &types.Update{
		TableName: &s.table, Key: key(headKey(r.name)),
		ConditionExpression:                 aws.String("seq = :seq"),
		ExpressionAttributeValues:           item{":next": num(next), ":seq": num(r.head.Seq), ":w": num(int64(r.weight))},
		ReturnValuesOnConditionCheckFailure: allOld,
	}
	if r.head.Seq == 0 {
		head.ConditionExpression = aws.String("attribute_not_exists(seq)")
		delete(head.ExpressionAttributeValues, ":seq")
	}
	if r.gone != nil {
		set += ", gone = :gone"
		head.ExpressionAttributeValues[":gone"] = list(r.gone)
	}
	if !r.outdated.IsZero() {
		set, add = set+", changed = :now", add+", changes :one"
		head.ExpressionAttributeValues[":now"], head.ExpressionAttributeValues[":one"] = num(millis(r.outdated)), num(1)
	}
	head.UpdateExpression = aws.String(set + add)
	entry := key(entryKey(r.name, next))
	entry["seq"], entry["body"] = num(next), str(r.body)
	return []types.TransactWriteItem{{Update: head}, s.putItem(entry, "", nil)}
}

func list(values []string) types.AttributeValue {
	l := &types.AttributeValueMemberL{Value: make([]types.AttributeValue, len(values))}
	for i, v := range values {
		l.Value[i] = str(v)
	}
	return l
}
