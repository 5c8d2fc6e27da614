package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/once"
	"trueup/internal/retry"
	"trueup/internal/statements"
)

// statementItem is the record of one version of a file.
type statementItem struct {
	PK      string           `dynamodbav:"pk"`
	SK      string           `dynamodbav:"sk"`
	Record  statementRecord  `dynamodbav:"record"`
	State   statements.State `dynamodbav:"state"`
	Removed int64            `dynamodbav:"removed,omitempty"`
	Version int64            `dynamodbav:"version"`
	Expires int64            `dynamodbav:"expires,omitempty"` // schema.TTL, if no file is uploaded
}

// statementRecord is the part of a statement that does not change after the file was read.
type statementRecord struct {
	ID        string           `dynamodbav:"id"`
	Key       string           `dynamodbav:"key"`
	Object    string           `dynamodbav:"object"` // version of the object
	ETag      string           `dynamodbav:"etag"`
	Sequencer string           `dynamodbav:"sequencer"`
	Size      int64            `dynamodbav:"size"`
	Principal string           `dynamodbav:"principal,omitempty"`
	Put       int64            `dynamodbav:"put"`
	By        string           `dynamodbav:"by"`
	Via       audit.Source     `dynamodbav:"via"`
	Kind      entitlement.Kind `dynamodbav:"kind"`
	Date      day.Date         `dynamodbav:"date"`
	Rows      int              `dynamodbav:"rows"`
	Lines     int              `dynamodbav:"lines"`
	Skipped   int              `dynamodbav:"skipped"`
	Unchanged int              `dynamodbav:"unchanged"`
	Rejected  int              `dynamodbav:"rejected"`
	Errors    int              `dynamodbav:"errors"`
	Warnings  int              `dynamodbav:"warnings"`
	Hints     int              `dynamodbav:"hints,omitempty"`
	At        int64            `dynamodbav:"at"`
	Ended     int64            `dynamodbav:"ended"`
}

func newStatementItem(r statements.Record) statementItem {
	partition, sort := statementKey(r.ID)
	o := r.Object
	return statementItem{
		PK: string(partition), SK: string(sort), State: r.State, Removed: millis(r.Removed), Version: r.Version,
		Record: statementRecord{
			ID: r.ID, Key: o.Key, Object: o.Version, ETag: o.ETag, Sequencer: o.Sequencer, Size: o.Size, Principal: o.Principal, Put: millis(o.At), By: o.By, Via: r.Via,
			Kind: r.Kind, Date: r.Date, Rows: r.Rows, Lines: r.Lines, Skipped: r.Skipped, Unchanged: r.Unchanged, Rejected: r.Rejected,
			Errors: r.Errors, Warnings: r.Warnings, Hints: r.Hints, At: millis(r.At), Ended: millis(r.EndedAt),
		},
	}
}

func (i statementItem) statement() statements.Record {
	r := i.Record
	return statements.Record{
		Head: intake.Head{
			ID: r.ID, Via: r.Via, At: fromMillis(r.At), Version: i.Version,
			Object: intake.Object{Key: r.Key, Version: r.Object, ETag: r.ETag, Sequencer: r.Sequencer, Size: r.Size, At: fromMillis(r.Put), By: r.By, Principal: r.Principal},
		},
		State: i.State, Kind: r.Kind, Date: r.Date,
		Rows: r.Rows, Lines: r.Lines, Skipped: r.Skipped, Unchanged: r.Unchanged, Rejected: r.Rejected, Errors: r.Errors, Warnings: r.Warnings, Hints: r.Hints,
		EndedAt: fromMillis(r.Ended), Removed: fromMillis(i.Removed),
	}
}

// newestItem names the statement of a file that is in use. Order is its order, and stays
// when the statement is removed.
type newestItem struct {
	PK    string `dynamodbav:"pk"`
	SK    string `dynamodbav:"sk"`
	ID    string `dynamodbav:"id"` // of the statement in use; empty for none
	Order string `dynamodbav:"order"`
}

// Statements stores the records of statements. It is safe for concurrent use.
type Statements struct{ db *engine }

var _ statements.Store = (*Statements)(nil)

// AnnounceStatement implements statements.Store.
func (s *Statements) AnnounceStatement(ctx context.Context, r statements.Record, c once.Change) ([]byte, error) {
	record := newStatementItem(r)
	record.Version = 1
	record.Expires = r.At.Add(announcedFor).Unix()
	return storeAnnounced(ctx, s.db, record, c, r.At)
}

// Statement implements statements.Store.
func (s *Statements) Statement(ctx context.Context, id string) (statements.Record, error) {
	p, sort := statementKey(id)
	it, err := s.db.get(ctx, p, sort)
	if err != nil {
		return statements.Record{}, err
	}
	if it == nil {
		return statements.Record{}, errs.New(errs.NotFound, "statement_not_found", "id", id)
	}
	i, err := decode[statementItem](it)
	return i.statement(), err
}

// Statements implements statements.Store.
func (s *Statements) Statements(ctx context.Context, limit int, after string) (statements.Page, error) {
	items, next, err := newestFirst(ctx, s.db, statementsPK, "statements", limit, after, func(it item) (statements.Record, error) {
		i, err := decode[statementItem](it)
		return i.statement(), err
	})
	return statements.Page{Items: items, Next: next}, err
}

// KeepStatement implements statements.Store.
func (s *Statements) KeepStatement(ctx context.Context, r statements.Record, event audit.Event) (kept statements.Record, err error) {
	err = retry.Do(ctx, rebuilding, func() (err error) {
		kept, err = s.keep(ctx, r, event)
		if conditionOf(err) != nil { // another version of the file was accepted or removed meanwhile
			return retry.Again(err)
		}
		return err
	})
	return kept, err
}

// keep is one attempt of KeepStatement.
func (s *Statements) keep(ctx context.Context, r statements.Record, event audit.Event) (statements.Record, error) {
	kept, actions := r, []*action(nil)
	if kept.Version++; kept.State == statements.StateAccepted {
		p, sort := newestStatementKey(r.Object.Key)
		it, err := s.db.get(ctx, p, sort)
		if err != nil {
			return statements.Record{}, err
		}
		newest, err := decode[newestItem](it)
		if err != nil {
			return statements.Record{}, err
		}
		if newest.Order >= r.Object.Order() {
			kept.State = statements.StateReplaced
		} else {
			actions = s.succeeding(newest, newestItem{PK: string(p), SK: string(sort), ID: r.ID, Order: r.Object.Order()})
		}
	}
	record := s.db.put(newStatementItem(kept), "attribute_not_exists(pk) OR #s = :r", item{":r": str(string(statements.StateReceived))})
	record.Put.ExpressionAttributeNames = map[string]string{"#s": "state"}
	record.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	err := s.db.transact(ctx, append([]*action{record, s.db.put(newAuditItem(event), "", nil)}, actions...))
	if first, done := refused(err, record); done {
		i, err := decode[statementItem](first)
		return i.statement(), err
	}
	return kept, err
}

// succeeding returns the actions that replace the statement in use of a file.
func (s *Statements) succeeding(was, is newestItem) []*action {
	if was.PK == "" {
		return []*action{s.db.put(is, "attribute_not_exists(pk)", nil)}
	}
	newest := s.db.put(is, "id = :i AND #o = :o", item{":i": str(was.ID), ":o": str(was.Order)})
	newest.Put.ExpressionAttributeNames = map[string]string{"#o": "order"}
	if was.ID == "" {
		return []*action{newest}
	}
	return []*action{newest, {Update: &types.Update{
		TableName: &s.db.table, Key: key(statementKey(was.ID)),
		UpdateExpression:         aws.String("SET #s = :s ADD version :one"),
		ConditionExpression:      aws.String("attribute_exists(pk)"),
		ExpressionAttributeNames: map[string]string{"#s": "state"},
		ExpressionAttributeValues: item{
			":s": str(string(statements.StateReplaced)), ":one": num(1),
		},
	}}}
}

// RemoveStatement implements statements.Store.
func (s *Statements) RemoveStatement(ctx context.Context, read statements.Record, at time.Time, event audit.Event) (statements.Record, error) {
	removed := read
	removed.State, removed.Removed, removed.Version = statements.StateRemoved, at, read.Version+1
	record := s.db.put(newStatementItem(removed), "version = :v", item{":v": num(read.Version)})
	p, sort := newestStatementKey(read.Object.Key)
	newest := s.db.put(newestItem{PK: string(p), SK: string(sort), Order: read.Object.Order()}, "id = :i", item{":i": str(read.ID)})
	err := s.db.transact(ctx, []*action{record, newest, s.db.put(newAuditItem(event), "", nil)})
	if conditionOf(err) != nil {
		return statements.Record{}, errs.Wrap(err, errs.Stale, "version_stale")
	}
	return removed, err
}

// StatementsInUse implements statements.Store.
func (s *Statements) StatementsInUse(ctx context.Context) ([]statements.Record, error) {
	var keys []item
	err := s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": str(string(newestStatementsPK))},
	}, func(it item) (bool, error) {
		if id := attr(it, "id"); id != "" {
			keys = append(keys, key(statementKey(id)))
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	var inUse []statements.Record
	err = s.db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[statementItem](it) // may be replaced meanwhile; it was in use when its key was read
		inUse = append(inUse, i.statement())
		return err
	})
	return inUse, err
}
