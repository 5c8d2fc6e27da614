package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/register"
)

// A stripe of a journal has a head, which every append writes on the condition
// that it is as it was read. So the entries of a stripe have no gaps, and each
// knows the one before it. The heads of all stripes are in one partition and are
// read by one query; the entries of each stripe have a partition of their own.
//
// The first stripe is the whole journal of releases that knew no stripes. They may
// append to it while this release is being deployed.

// journalRetention is how long entries are kept that are not the only record of
// a change. A process or a saved copy that is further behind reads the table.
const journalRetention = 30 * 24 * time.Hour

// trimmed reports whether the old entries of a journal are deleted.
func trimmed(name journal.Name) bool { return name == register.JournalName }

type headItem struct {
	PK     string `dynamodbav:"pk"`
	SK     string `dynamodbav:"sk"`
	Seq    int64  `dynamodbav:"seq"`
	Weight int64  `dynamodbav:"weight"`
	Saved  int64  `dynamodbav:"saved"`

	// Gone are the license groups that were deleted and not emptied, and Deleted those
	// of them that this release knows of. A release without stripes takes a group out
	// of Gone when it has moved the agreements that it knows: not those that other
	// stripes say are in the group.
	Gone    []string `dynamodbav:"gone"`
	Deleted []string `dynamodbav:"deleted"`

	// Tip is the id of entry TipSeq. Releases that gave entries no id leave both as
	// they are when they append: then TipSeq is not Seq.
	Tip    string `dynamodbav:"tip"`
	TipSeq int64  `dynamodbav:"tip_seq"`

	// In the first stripe: the weight of all stripes in the newest saved copy, and
	// when it was saved, in milliseconds. Saved is of copies without stripes.
	Copied   int64 `dynamodbav:"copied"`
	CopiedAt int64 `dynamodbav:"copied_at"`

	// In the first stripe of journal Agreements: how often it was checked where
	// agreements are stored, and when it was last, in milliseconds.
	Checks  int   `dynamodbav:"checks"`
	Checked int64 `dynamodbav:"checked"`

	// Of journal Agreements: how many changes made licence data stale, and when
	// the last one did, in milliseconds (R7.3).
	Changes int64 `dynamodbav:"changes"`
	Changed int64 `dynamodbav:"changed"`
}

// gone returns the license groups that were deleted and not emptied.
func (i *headItem) gone() []string {
	all := slices.Clone(i.Deleted)
	for _, id := range i.Gone {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

func (i *headItem) point() journal.Point {
	p := journal.Point{Seq: i.Seq}
	if i.TipSeq == i.Seq {
		p.Tip = i.Tip
	}
	return p
}

// heads calls each for the head of every stripe that has one, in one query.
func (s *Store) heads(ctx context.Context, name journal.Name, each func(stripe int, i headItem) error) error {
	p, first := headKey(name, 0)
	err := s.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :head)"),
		ExpressionAttributeValues: item{":p": str(string(p)), ":head": str(string(first))},
	}, func(it item) (bool, error) {
		stripe, ok := stripeOf(attr(it, "sk"))
		if !ok {
			return false, fmt.Errorf("a head has the key %q", attr(it, "sk"))
		}
		i, err := decode[headItem](it)
		if err == nil {
			err = each(stripe, i)
		}
		return true, err
	})
	if err != nil {
		return fmt.Errorf("read the heads of journal %s: %w", name, err)
	}
	return nil
}

// Head implements journal.Log.
func (s *Store) Head(ctx context.Context, name journal.Name) (head journal.Head, err error) {
	err = s.heads(ctx, name, func(stripe int, i headItem) error {
		head.Position[stripe] = i.point()
		head.Weight += i.Weight
		if stripe == 0 {
			head.Saved, head.SavedAt, head.FirstSaved, head.Payload = i.Copied, fromMillis(i.CopiedAt), i.Saved, i.gone()
		}
		return nil
	})
	if err != nil {
		return journal.Head{}, err
	}
	s.watch(name, &head.Position)
	return head, nil
}

// watch forgets what this process took for facts when the journal has lost
// entries: the table was restored to a point in time.
func (s *Store) watch(name journal.Name, now *journal.Position) {
	s.seen.Lock()
	defer s.seen.Unlock()
	was := s.seen.at[name]
	// A head that was read before another may come after it: then this forgets what it
	// need not, which only costs reads.
	if !now.Continues(&was) {
		s.commits.Clear()
		s.seq.Store(unknownSeq)
	}
	s.seen.at[name] = *now
}

// Entries implements journal.Log. It reads one page.
func (s *Store) Entries(ctx context.Context, name journal.Name, stripe int, after, upTo int64) ([]journal.Entry, error) {
	p, from := entryKey(name, stripe, after+1)
	_, to := entryKey(name, stripe, upTo)
	in := &dynamodb.QueryInput{
		TableName: &s.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":p": str(string(p)), ":from": str(string(from)), ":to": str(string(to))},
		Limit:                     aws.Int32(entriesPerPage),
	}
	if s.pageSize > 0 {
		in.Limit = &s.pageSize
	}
	out, err := s.ask(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", name, err)
	}
	entries := make([]journal.Entry, 0, len(out.Items))
	for _, it := range out.Items {
		e, err := decode[entryItem](it)
		if err != nil {
			return nil, fmt.Errorf("read journal %s: %w", name, err)
		}
		if e.Seq != after+int64(len(entries))+1 {
			break
		}
		entries = append(entries, journal.Entry{Stripe: stripe, Seq: e.Seq, Prev: e.Prev, Tip: e.Tip, Body: e.Body})
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("journal %s: entry %d of stripe %d: %w", name, after+1, stripe, journal.ErrTrimmed)
	}
	return entries, nil
}

// entriesPerPage bounds what is applied at a time. An entry of an import has up to
// 390 kB, and then a page of 1 MB has fewer.
const entriesPerPage = 200

// Append implements journal.Log.
func (s *Store) Append(ctx context.Context, name journal.Name, head journal.Head, body string, weight int, answer once.Entry, events ...audit.Event) (first []byte, err error) {
	var actions []*action
	var now time.Time
	for _, event := range events {
		actions = append(actions, s.put(newAuditItem(event), "", nil))
		now = event.At
	}
	remember := s.remembering(answer, now)
	err = s.appendFirst(ctx, append(actions, remember), head, record{name: name, body: body, weight: weight, at: now})
	if old, used := refused(err, remember); used {
		return answered(old, answer)
	}
	return nil, err
}

// appendFirst appends a record to the first stripe, whose head was read:
// journal.ErrMoved when it is another one now.
func (s *Store) appendFirst(ctx context.Context, actions []*action, head journal.Head, r record) error {
	update, entry := s.recording(r, 0, head.Position[0])
	err := s.transact(ctx, append(actions, update, entry))
	condition := conditionOf(err)
	if condition == nil {
		return err
	}
	if _, moved := refused(err, update); moved && len(condition.failed) == 1 {
		return journal.ErrMoved
	}
	return condition
}

// Saved implements journal.Log.
func (s *Store) Saved(ctx context.Context, name journal.Name, head journal.Head, at time.Time) error {
	err := s.one(ctx, func() error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.table, Key: key(headKey(name, 0)), UpdateExpression: aws.String("SET copied = :w, copied_at = :at"),
			ConditionExpression:       aws.String("attribute_not_exists(copied) OR copied <= :w"),
			ExpressionAttributeValues: item{":w": num(head.Weight), ":at": num(millis(at))},
		})
		return err
	})
	return ignoreCondition(err)
}

// entryItem is an entry of a journal. Entries of releases without stripes have neither
// Prev nor Tip, and those of journal Catalog never expire.
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
	name   journal.Name
	body   string
	weight int
	at     time.Time // when the transaction is made
	// outdates says that the transaction makes licence data stale.
	outdates bool
	// within are license groups: the transaction is made only if none of them was deleted.
	within []string
	gone   []string // what Gone of the first stripe becomes; nil to leave it
}

// recording is the actions that append a record to a stripe after a point: the one
// that updates the head, and the one that puts the entry.
func (s *Store) recording(r record, stripe int, after journal.Point) (head, entry *action) {
	next, tip := after.Seq+1, rand.Text()
	set, add := "SET seq = :next, tip = :tip, tip_seq = :next", " ADD weight :w"
	update := &types.Update{
		TableName: &s.table, Key: key(headKey(r.name, stripe)),
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
	if r.gone != nil {
		set += ", gone = :gone, deleted = :gone"
		update.ExpressionAttributeValues[":gone"] = list(r.gone)
	}
	if r.outdates {
		set, add = set+", changed = :now", add+", changes :one"
		update.ExpressionAttributeValues[":now"], update.ExpressionAttributeValues[":one"] = num(millis(r.at)), num(1)
	}
	update.UpdateExpression = aws.String(set + add)
	partition, sort := entryKey(r.name, stripe, next)
	i := entryItem{PK: string(partition), SK: string(sort), Seq: next, Prev: after.Tip, Tip: tip, Body: r.body}
	if trimmed(r.name) {
		i.Expires = r.at.Add(journalRetention).Unix()
	}
	return &action{Update: update}, s.put(i, "", nil)
}

func list(values []string) types.AttributeValue {
	l := &types.AttributeValueMemberL{Value: make([]types.AttributeValue, len(values))}
	for i, v := range values {
		l.Value[i] = str(v)
	}
	return l
}

// Retire has DynamoDB delete the entries of the first stripe of journal Agreements
// that a release without stripes appended, which have no date on which they
// expire. It does some of them at each call.
func (s *Store) Retire(ctx context.Context, now time.Time) error {
	p, sort := headKey(register.JournalName, 0)
	head, err := s.get(ctx, p, sort)
	if err != nil || head == nil {
		return err
	}
	seq, err := number(head, "seq")
	if err != nil {
		return err
	}
	done, err := number(head, "retired")
	if err != nil || done >= seq {
		return err
	}
	upTo := min(seq, done+retiredPerCall)
	for n := done + 1; n <= upTo; n++ {
		err := ignoreCondition(s.one(ctx, func() error {
			_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
				TableName: &s.table, Key: key(entryKey(register.JournalName, 0, n)), UpdateExpression: aws.String("SET expires = :at"),
				ConditionExpression:       aws.String("attribute_exists(pk) AND attribute_not_exists(expires)"),
				ExpressionAttributeValues: item{":at": num(now.Add(journalRetention).Unix())},
			})
			return err
		}))
		if err != nil {
			return err
		}
	}
	return ignoreCondition(s.one(ctx, func() error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.table, Key: key(p, sort), UpdateExpression: aws.String("SET retired = :n"),
			ConditionExpression:       aws.String("attribute_not_exists(retired) OR retired < :n"),
			ExpressionAttributeValues: item{":n": num(upTo)},
		})
		return err
	}))
}

// retiredPerCall is some seconds of work.
const retiredPerCall = 500

// stripeOf returns the stripe whose head has a sort key.
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

// errBehind means that the journal has moved on and nothing else is wrong.
var errBehind = errors.New("dynamo: another change came first")
