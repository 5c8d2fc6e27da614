package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/journal"
)

// journals reads the heads of journals and appends entries. It is safe for concurrent use.
//
// Each stripe of a journal has a head. Every append updates the head on the condition that
// it has not changed since it was read. So the entries of a stripe have no gaps, and each
// has the id of the one before it. The heads of all stripes are in one partition, and one
// query reads them; the entries of each further stripe have their own partition.
//
// Releases without stripes use only the first stripe. They may append to it while this
// release is deployed.
//
// journals does not know what a journal is about. Its writers choose how long entries are
// kept, further attributes of the heads, and conditions of the entries.
type journals struct {
	db *engine
	// striped are the journals with stripes. All other journals have the first stripe only, so
	// that reading their only head is enough.
	striped  map[journal.Name]payload
	restored func() // called after the table was restored; may be called without need

	stripes sync.Map // journal.Name → *stripes
	seen    seen
}

// seen has the positions of journals when this process last read their heads.
type seen struct {
	sync.Mutex
	at map[journal.Name]journal.Position
}

func newJournals(db *engine, striped map[journal.Name]payload, restored func()) *journals {
	return &journals{db: db, striped: striped, restored: restored, seen: seen{at: map[journal.Name]journal.Position{}}}
}

// payload returns the Payload of journal.Head from the head of a journal's first stripe.
type payload func(head item) ([]string, error)

// noPayload is the payload of a journal whose head has nothing for its readers.
func noPayload(item) ([]string, error) { return nil, nil }

// headItem is the head of a stripe. Writers of its journal may add attributes.
type headItem struct {
	PK     string `dynamodbav:"pk"`
	SK     string `dynamodbav:"sk"`
	Seq    int64  `dynamodbav:"seq"`
	Weight int64  `dynamodbav:"weight"`
	Saved  int64  `dynamodbav:"saved"`

	// Tip is the id of entry TipSeq. Releases without entry ids do not change them when
	// they append: then TipSeq differs from Seq.
	Tip    string `dynamodbav:"tip"`
	TipSeq int64  `dynamodbav:"tip_seq"`

	// In the first stripe: the weight of all stripes in the newest saved copy, and when
	// it was saved, in milliseconds. Saved is the weight of copies of releases without stripes.
	Copied   int64 `dynamodbav:"copied"`
	CopiedAt int64 `dynamodbav:"copied_at"`
}

func (i *headItem) point() journal.Point {
	p := journal.Point{Seq: i.Seq}
	if i.TipSeq == i.Seq {
		p.Tip = i.Tip
	}
	return p
}

// heads reads the heads of a journal in one request, and calls each for every head.
func (j *journals) heads(ctx context.Context, name journal.Name, each func(stripe int, head item) error) error {
	p, first := headKey(name, 0)
	if j.striped[name] == nil {
		head, err := j.db.get(ctx, p, first)
		if err != nil {
			return fmt.Errorf("read the head of journal %s: %w", name, err)
		}
		if head == nil {
			return nil
		}
		return each(0, head)
	}
	err := j.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :head)"),
		ExpressionAttributeValues: item{":p": str(string(p)), ":head": str(string(first))},
	}, func(it item) (bool, error) {
		stripe, ok := stripeOf(attr(it, "sk"))
		if !ok {
			return false, fmt.Errorf("unexpected key %q of a head", attr(it, "sk"))
		}
		return true, each(stripe, it)
	})
	if err != nil {
		return fmt.Errorf("read the heads of journal %s: %w", name, err)
	}
	return nil
}

// head returns the head of a journal, summed over its stripes.
func (j *journals) head(ctx context.Context, name journal.Name) (head journal.Head, err error) {
	err = j.heads(ctx, name, func(stripe int, it item) error {
		i, err := decode[headItem](it)
		if err != nil {
			return err
		}
		head.Position[stripe] = i.point()
		head.Weight += i.Weight
		if stripe > 0 {
			return nil
		}
		head.Saved, head.SavedAt, head.FirstSaved = i.Copied, fromMillis(i.CopiedAt), i.Saved
		if payload := j.striped[name]; payload != nil {
			head.Payload, err = payload(it)
		}
		return err
	})
	if err != nil {
		return journal.Head{}, err
	}
	j.watch(name, &head.Position)
	return head, nil
}

// watch records the position of a journal. If the journal has lost entries, the table was
// restored to an earlier point in time.
func (j *journals) watch(name journal.Name, now *journal.Position) {
	j.seen.Lock()
	defer j.seen.Unlock()
	was := j.seen.at[name]
	// Concurrent calls may record heads out of order: then restored is called without need.
	if !now.Continues(&was) {
		j.restored()
	}
	j.seen.at[name] = *now
}

// appendFirst runs actions and appends a record to the first stripe, after head. It returns
// journal.ErrMoved if the head has changed and all other conditions hold.
func (j *journals) appendFirst(ctx context.Context, actions []*action, head journal.Head, r record) error {
	update, entry := j.recording(r, 0, head.Position[0])
	err := j.db.transact(ctx, append(actions, update, entry))
	condition := conditionOf(err)
	if condition == nil {
		return err
	}
	if _, moved := refused(err, update); moved && len(condition.failed) == 1 {
		return journal.ErrMoved
	}
	return condition
}

// entryItem is an entry of a journal. Entries of releases without stripes have neither
// Prev nor Tip.
type entryItem struct {
	PK      string `dynamodbav:"pk"`
	SK      string `dynamodbav:"sk"`
	Seq     int64  `dynamodbav:"seq"`
	Prev    string `dynamodbav:"prev,omitempty"`
	Tip     string `dynamodbav:"tip"`
	Body    string `dynamodbav:"body"`
	Expires int64  `dynamodbav:"expires,omitempty"` // schema.TTL
}

// record is an entry that a transaction appends.
type record struct {
	name    journal.Name
	body    string
	weight  int
	expires time.Time  // when the entry may be deleted; zero if it is the only record of its change
	head    headChange // further changes of the head
	guard   guard      // nil for none
}

// guard has conditions of a record that depend on the stripe.
type guard interface {
	// conditions returns the conditions of the record in a stripe.
	conditions(stripe int) []*action
	// failed returns the error of a transaction in which some of these conditions did not
	// hold. found has the items that they met.
	failed(ctx context.Context, conditions []*action, found map[*action]item) error
}

// headChange is a change of attributes of a head that the journal itself does not use. set
// and add extend the SET and ADD clauses of the update expression; each starts with a comma.
type headChange struct {
	set, add string
	values   item
}

// recording returns the actions that append a record to a stripe after a point: the update
// of the head and the put of the entry.
func (j *journals) recording(r record, stripe int, after journal.Point) (head, entry *action) {
	next, tip := after.Seq+1, rand.Text()
	set, add := "SET seq = :next, tip = :tip, tip_seq = :next", " ADD weight :w"
	update := &types.Update{
		TableName: &j.db.table, Key: key(headKey(r.name, stripe)),
		ConditionExpression:                 aws.String("attribute_not_exists(seq)"),
		ExpressionAttributeValues:           item{":next": num(next), ":tip": str(tip), ":w": num(int64(r.weight))},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if after.Seq > 0 {
		update.ConditionExpression = aws.String("seq = :seq")
		update.ExpressionAttributeValues[":seq"] = num(after.Seq)
	}
	if after.Tip != "" {
		*update.ConditionExpression += " AND tip = :was"
		update.ExpressionAttributeValues[":was"] = str(after.Tip)
	}
	maps.Copy(update.ExpressionAttributeValues, r.head.values)
	update.UpdateExpression = aws.String(set + r.head.set + add + r.head.add)
	partition, sort := entryKey(r.name, stripe, next)
	i := entryItem{PK: string(partition), SK: string(sort), Seq: next, Prev: after.Tip, Tip: tip, Body: r.body}
	if !r.expires.IsZero() {
		i.Expires = r.expires.Unix()
	}
	return &action{Update: update}, j.db.put(i, "", nil)
}

// stripeOf returns the stripe whose head has the sort key.
func stripeOf(sort string) (int, bool) {
	if sort == string(headSK) {
		return 0, true
	}
	if len(sort) != len(headSK)+3 {
		return 0, false
	}
	n, err := strconv.Atoi(sort[len(headSK)+1:])
	return n, err == nil && n > 0 && n < journal.Stripes
}

// errBehind means that a transaction failed only because of a concurrent append.
var errBehind = errors.New("dynamo: a concurrent change was stored first")
