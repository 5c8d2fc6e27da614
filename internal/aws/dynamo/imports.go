package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/importer"
	"trueup/internal/once"
)

// announcedFor is how long an announced import is kept when its file never comes.
const announcedFor = 7 * 24 * time.Hour

// Announce implements importer.Records.
func (s *Store) Announce(ctx context.Context, imp importer.Import, event audit.Event, entry once.Entry) ([]byte, error) {
	record := newImportItem(imp)
	record.Version = 1
	record.Expires = imp.At.Add(announcedFor).Unix()
	return s.storeAnnounced(ctx, record, event, entry, imp.At)
}

// Import implements importer.Records.
func (s *Store) Import(ctx context.Context, id string) (importer.Import, error) {
	p, sort := importKey(id)
	it, err := s.get(ctx, p, sort)
	if err != nil {
		return importer.Import{}, err
	}
	if it == nil {
		return importer.Import{}, errs.New(errs.NotFound, "import_not_found", "id", id)
	}
	i, err := decode[importItem](it)
	return i.importRecord(), err
}

// Imports implements importer.Records.
func (s *Store) Imports(ctx context.Context, limit int, after string) (importer.Page, error) {
	items, next, err := newestFirst(ctx, s, importsPK, "imports", limit, after, func(it item) (importer.Import, error) {
		i, err := decode[importItem](it)
		return i.importRecord(), err
	})
	return importer.Page{Items: items, Next: next}, err
}

// Open implements importer.Store.
func (s *Store) Open(ctx context.Context) ([]importer.Import, error) {
	var open []importer.Import
	err := s.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": str(string(openImportsPK))},
	}, func(it item) (bool, error) {
		imp, err := s.Import(ctx, cutPrefix(it, "sk", importPrefix))
		if errs.KindOf(err) == errs.NotFound {
			return true, nil
		}
		open = append(open, imp)
		return true, err
	})
	return open, err
}

// Claim implements importer.Store.
func (s *Store) Claim(ctx context.Context, read, claimed importer.Import) (importer.Import, error) {
	claimed.Version = read.Version + 1
	condition, values := "attribute_not_exists(pk)", item(nil)
	if read.Version > 0 {
		condition = "version = :v AND (attribute_not_exists(lease) OR lease = :l)"
		values = item{":v": num(read.Version), ":l": num(millis(read.Lease))}
	}
	open := key(openImportKey(claimed.ID))
	err := s.transact(ctx, []*action{
		s.put(newImportItem(claimed), condition, values),
		s.putItem(open, "", nil),
	})
	if conditionOf(err) != nil {
		return read, importer.ErrBusy
	}
	return claimed, err
}

// Renew implements importer.Store.
func (s *Store) Renew(ctx context.Context, imp importer.Import, until time.Time) error {
	p, sort := importKey(imp.ID)
	err := s.one(ctx, func() error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.table, Key: key(p, sort),
			UpdateExpression: aws.String("SET lease = :l"), ConditionExpression: aws.String("#s = :r AND attempt = :a"),
			ExpressionAttributeNames:  map[string]string{"#s": "state"},
			ExpressionAttributeValues: item{":l": num(millis(until)), ":r": str(string(importer.StateRunning)), ":a": num(int64(imp.Attempt))},
		})
		return err
	})
	if conditionOf(err) != nil {
		return importer.ErrLost
	}
	if err != nil {
		return err
	}
	err = s.one(ctx, func() error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.table, Key: key(writerPK, writerSK),
			UpdateExpression: aws.String("SET lease = :l"), ConditionExpression: aws.String("holder = :h"),
			ExpressionAttributeValues: item{":l": num(millis(until)), ":h": str(string(imp.Stage()))},
		})
		return err
	})
	return ignoreCondition(err) // it may not hold it; whether it should is for Commit to say
}

// Finish implements importer.Store.
func (s *Store) Finish(ctx context.Context, imp importer.Import, events []audit.Event) error {
	actions, record := s.finishing(imp, events)
	return finished(s.transact(ctx, actions), record, imp)
}

// finishing is the part of a transaction that ends an attempt. One of its actions
// stores the record, if the attempt still owns the import.
func (s *Store) finishing(imp importer.Import, events []audit.Event) (actions []*action, record *action) {
	imp.Lease = time.Time{}
	imp.Version++
	record = s.put(newImportItem(imp), "#s = :r AND attempt = :a",
		item{":r": str(string(importer.StateRunning)), ":a": num(int64(imp.Attempt))})
	record.Put.ExpressionAttributeNames = map[string]string{"#s": "state"}
	record.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	actions = []*action{
		record,
		{Delete: &types.Delete{TableName: &s.table, Key: key(openImportKey(imp.ID))}},
	}
	for _, e := range events {
		actions = append(actions, s.put(newAuditItem(e), "", nil))
	}
	return actions, record
}

// finished returns what the error of a transaction with the action record means for
// the attempt: none when the record is stored already as this attempt wanted it.
func finished(err error, record *action, imp importer.Import) error {
	old, failed := refused(err, record)
	if !failed {
		return err
	}
	i, err := decode[importItem](old)
	if err == nil && i.Attempt == imp.Attempt && i.State == imp.State {
		return nil
	}
	return importer.ErrLost
}

// AcquireWriter implements importer.Store.
func (s *Store) AcquireWriter(ctx context.Context, stage importer.Stage, now, until time.Time) error {
	err := s.one(ctx, func() error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.table, Key: key(writerPK, writerSK),
			UpdateExpression:          aws.String("SET holder = :h, lease = :l"),
			ConditionExpression:       aws.String("attribute_not_exists(pk) OR lease < :now OR holder = :h"),
			ExpressionAttributeValues: item{":h": str(string(stage)), ":l": num(millis(until)), ":now": num(millis(now))},
		})
		return err
	})
	if conditionOf(err) != nil {
		return importer.ErrBusy
	}
	return err
}

// ReleaseWriter implements importer.Store.
func (s *Store) ReleaseWriter(ctx context.Context, stage importer.Stage) error {
	err := s.one(ctx, func() error {
		_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &s.table, Key: key(writerPK, writerSK), ConditionExpression: aws.String("holder = :h"),
			ExpressionAttributeValues: item{":h": str(string(stage))},
		})
		return err
	})
	return ignoreCondition(err) // somebody else's is not released
}

// put is the action that stores v, an item type, if the condition holds.
func (s *Store) put(v any, condition string, values item) *action {
	return s.putItem(marshal(v), condition, values)
}

func (s *Store) putItem(it item, condition string, values item) *action {
	put := &types.Put{TableName: &s.table, Item: it, ExpressionAttributeValues: values}
	if condition != "" {
		put.ConditionExpression = &condition
	}
	return &action{Put: put}
}
