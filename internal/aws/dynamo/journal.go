package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/register"
)

// Journal reads all journals, and appends entries of the catalog. The transactions that
// change agreements append the entries of the journal of agreements. Journal is safe for
// concurrent use.
//
// Each stripe of a journal has a head. Every append updates the head on the condition that
// it has not changed since it was read. So the entries of a stripe have no gaps, and each
// has the id of the one before it. The heads of all stripes are in one partition, and one
// query reads them; the entries of each further stripe have their own partition.
//
// Releases without stripes use only the first stripe. They may append to it while this
// release is deployed.
type Journal struct{ journals *journals }

var (
	_ journal.Log = (*Journal)(nil)
	_ catalog.Log = (*Journal)(nil)
)

// journals reads the heads of journals and appends entries. It is safe for concurrent use.
type journals struct {
	db         *engine
	tombstones *tombstones
	restored   func() // called after the table was restored; may be called without need

	striped sync.Map // journal.Name → *stripes
	seen    seen
}

// seen has the positions of journals when this process last read their heads.
type seen struct {
	sync.Mutex
	at map[journal.Name]journal.Position
}

func newJournals(db *engine, tombstones *tombstones, restored func()) *journals {
	return &journals{db: db, tombstones: tombstones, restored: restored, seen: seen{at: map[journal.Name]journal.Position{}}}
}

// journalRetention is how long entries of a trimmed journal are kept. A process or a saved
// copy that is further behind reads the table.
const journalRetention = 30 * 24 * time.Hour

// trimmed reports whether old entries of a journal are deleted. Entries of other journals
// are the only record of a change.
func trimmed(name journal.Name) bool { return name == register.JournalName }

// headItem is the head of a stripe: its position, and attributes of its journal.
type headItem struct {
	PK     string `dynamodbav:"pk"`
	SK     string `dynamodbav:"sk"`
	Seq    int64  `dynamodbav:"seq"`
	Weight int64  `dynamodbav:"weight"`
	Saved  int64  `dynamodbav:"saved"`

	// The payload of journal register.JournalName: the license groups that were deleted but
	// not yet emptied. Gone is shared with releases without stripes; Deleted is only written
	// by releases with stripes. A release without stripes removes a group from Gone without
	// moving the agreements that other stripes put into the group.
	Gone    []string `dynamodbav:"gone"`
	Deleted []string `dynamodbav:"deleted"`

	// Tip is the id of entry TipSeq. Releases without entry ids do not change them when
	// they append: then TipSeq differs from Seq.
	Tip    string `dynamodbav:"tip"`
	TipSeq int64  `dynamodbav:"tip_seq"`

	// In the first stripe: the weight of all stripes in the newest saved copy, and when
	// it was saved, in milliseconds. Saved is the weight of copies of releases without stripes.
	Copied   int64 `dynamodbav:"copied"`
	CopiedAt int64 `dynamodbav:"copied_at"`

	// In the first stripe of journal register.JournalName: how often Upkeep checked the
	// groups that agreements are stored under, and when it last did, in milliseconds.
	Checks  int   `dynamodbav:"checks"`
	Checked int64 `dynamodbav:"checked"`

	// In the first stripe of journal register.JournalName: Upkeep.Retire has checked the
	// expiry of the entries up to this one.
	Retired int64 `dynamodbav:"retired"`

	// In journal register.JournalName: how many changes of this stripe made licence data
	// stale, and when the last one did, in milliseconds (R7.3).
	Changes int64 `dynamodbav:"changes"`
	Changed int64 `dynamodbav:"changed"`
}

// gone returns the license groups that were deleted but not yet emptied.
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

// heads reads the heads of a journal in one query, and calls each for every head.
func (j *journals) heads(ctx context.Context, name journal.Name, each func(stripe int, i headItem) error) error {
	p, first := headKey(name, 0)
	err := j.db.query(ctx, &dynamodb.QueryInput{
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
func (s *Journal) Head(ctx context.Context, name journal.Name) (journal.Head, error) {
	return s.journals.head(ctx, name)
}

// head returns the head of a journal, summed over its stripes.
func (j *journals) head(ctx context.Context, name journal.Name) (head journal.Head, err error) {
	err = j.heads(ctx, name, func(stripe int, i headItem) error {
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

// Entries implements journal.Log. It reads one page.
func (s *Journal) Entries(ctx context.Context, name journal.Name, stripe int, after, upTo int64) ([]journal.Entry, error) {
	p, from := entryKey(name, stripe, after+1)
	_, to := entryKey(name, stripe, upTo)
	in := &dynamodb.QueryInput{
		TableName: &s.journals.db.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":p": str(string(p)), ":from": str(string(from)), ":to": str(string(to))},
		Limit:                     aws.Int32(entriesPerPage),
	}
	if s.journals.db.pageSize > 0 {
		in.Limit = &s.journals.db.pageSize
	}
	out, err := s.journals.db.ask(ctx, in)
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

// entriesPerPage limits how many entries are applied at a time. An entry of an import has
// up to 390 kB, so a page of 1 MB may have fewer.
const entriesPerPage = 200

// Append implements catalog.Log.
func (s *Journal) Append(ctx context.Context, name journal.Name, head journal.Head, body string, weight int, answer once.Entry, events ...audit.Event) (first []byte, err error) {
	var actions []*action
	var now time.Time
	for _, event := range events {
		actions = append(actions, s.journals.db.put(newAuditItem(event), "", nil))
		now = event.At
	}
	remember := remembering(s.journals.db, answer, now)
	err = s.journals.appendFirst(ctx, append(actions, remember), head, record{name: name, body: body, weight: weight, at: now})
	if old, used := refused(err, remember); used {
		return answered(old, answer)
	}
	return nil, err
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

// Saved implements journal.Log.
func (s *Journal) Saved(ctx context.Context, name journal.Name, head journal.Head, at time.Time) error {
	err := s.journals.db.update(ctx, &dynamodb.UpdateItemInput{
		Key: key(headKey(name, 0)), UpdateExpression: aws.String("SET copied = :w, copied_at = :at"),
		ConditionExpression:       aws.String("attribute_not_exists(copied) OR copied <= :w"),
		ExpressionAttributeValues: item{":w": num(head.Weight), ":at": num(millis(at))},
	})
	return ignoreCondition(err)
}

// entryItem is an entry of a journal. Entries of releases without stripes have neither
// Prev nor Tip. Entries of the catalog never expire.
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
	at     time.Time // base of the expiry of the entry
	// head has further changes of the head.
	head headChange
	// within are license groups that must not be deleted; else the transaction fails.
	within []string
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
	if trimmed(r.name) {
		i.Expires = r.at.Add(journalRetention).Unix()
	}
	return &action{Update: update}, j.db.put(i, "", nil)
}

// list returns strings as an attribute.
func list(values []string) types.AttributeValue {
	l := &types.AttributeValueMemberL{Value: make([]types.AttributeValue, len(values))}
	for i, v := range values {
		l.Value[i] = str(v)
	}
	return l
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
var errBehind = errors.New("dynamo: another change came first")
