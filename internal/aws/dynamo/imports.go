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

// announcedFor is how long the record of an announced file is kept if no file is uploaded.
const announcedFor = 7 * 24 * time.Hour

// Imports stores the records of imports, and the agreements, names and pairs that they
// add. It is safe for concurrent use.
type Imports struct {
	db         *engine
	visibility *visibility
	journals   *journals
	tombstones *tombstones
	groups     *storedGroups
	agreements *storedAgreements
}

var _ importer.Store = (*Imports)(nil)

// Announce implements importer.Records.
func (s *Imports) Announce(ctx context.Context, imp importer.Import, c once.Change) ([]byte, error) {
	record := newImportItem(imp)
	record.Version = 1
	record.Expires = imp.At.Add(announcedFor).Unix()
	return storeAnnounced(ctx, s.db, record, c, imp.At)
}

// Import implements importer.Records.
func (s *Imports) Import(ctx context.Context, id string) (importer.Import, error) {
	p, sort := importKey(id)
	it, err := s.db.get(ctx, p, sort)
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
func (s *Imports) Imports(ctx context.Context, limit int, after string) (importer.Page, error) {
	items, next, err := newestFirst(ctx, s.db, importsPK, "imports", limit, after, func(it item) (importer.Import, error) {
		i, err := decode[importItem](it)
		return i.importRecord(), err
	})
	return importer.Page{Items: items, Next: next}, err
}

// Open implements importer.Store.
func (s *Imports) Open(ctx context.Context) ([]importer.Import, error) {
	var open []importer.Import
	err := s.db.query(ctx, &dynamodb.QueryInput{
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

// openImportItem names an import that is running.
type openImportItem struct{ itemKey }

// Claim implements importer.Store.
func (s *Imports) Claim(ctx context.Context, read, claimed importer.Import) (importer.Import, error) {
	claimed.Version = read.Version + 1
	condition, values := "attribute_not_exists(pk)", item(nil)
	if read.Version > 0 {
		condition = "version = :v AND (attribute_not_exists(lease) OR lease = :l)"
		values = item{":v": num(read.Version), ":l": num(millis(read.Lease))}
	}
	err := s.db.transact(ctx, []*action{
		s.db.put(newImportItem(claimed), condition, values),
		s.db.put(openImportItem{keyed(openImportKey(claimed.ID))}, "", nil),
	})
	if conditionOf(err) != nil {
		return read, importer.ErrBusy
	}
	return claimed, err
}

// Renew implements importer.Store.
func (s *Imports) Renew(ctx context.Context, imp importer.Import, until time.Time) error {
	p, sort := importKey(imp.ID)
	err := s.db.update(ctx, &dynamodb.UpdateItemInput{
		Key:              key(p, sort),
		UpdateExpression: aws.String("SET lease = :l"), ConditionExpression: aws.String("#s = :r AND attempt = :a"),
		ExpressionAttributeNames:  map[string]string{"#s": "state"},
		ExpressionAttributeValues: item{":l": num(millis(until)), ":r": str(string(importer.StateRunning)), ":a": num(int64(imp.Attempt))},
	})
	if conditionOf(err) != nil {
		return importer.ErrLost
	}
	if err != nil {
		return err
	}
	err = s.db.update(ctx, &dynamodb.UpdateItemInput{
		Key:              key(writerPK, writerSK),
		UpdateExpression: aws.String("SET lease = :l"), ConditionExpression: aws.String("holder = :h"),
		ExpressionAttributeValues: item{":l": num(millis(until)), ":h": str(string(imp.Stage()))},
	})
	return ignoreCondition(err) // the import may not hold the lease; Commit checks it
}

// Finish implements importer.Store.
func (s *Imports) Finish(ctx context.Context, imp importer.Import, events []audit.Event) error {
	actions, record := s.finishing(imp, events)
	return finished(s.db.transact(ctx, actions), record, imp)
}

// finishing returns the actions that end an attempt. The action record, which is one of
// them, stores the record if the attempt still owns the import.
func (s *Imports) finishing(imp importer.Import, events []audit.Event) (actions []*action, record *action) {
	imp.Lease = time.Time{}
	imp.Version++
	record = s.db.put(newImportItem(imp), "#s = :r AND attempt = :a",
		item{":r": str(string(importer.StateRunning)), ":a": num(int64(imp.Attempt))})
	record.Put.ExpressionAttributeNames = map[string]string{"#s": "state"}
	record.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	actions = []*action{
		record,
		{Delete: &types.Delete{TableName: &s.db.table, Key: key(openImportKey(imp.ID))}},
	}
	for _, e := range events {
		actions = append(actions, s.db.put(newAuditItem(e), "", nil))
	}
	return actions, record
}

// finished returns the error of an attempt whose transaction returned err: nil if an
// earlier try of this attempt stored the record, importer.ErrLost if the attempt no longer
// owns the import.
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
func (s *Imports) AcquireWriter(ctx context.Context, stage importer.Stage, now, until time.Time) error {
	err := s.db.acquire(ctx, keyed(writerPK, writerSK), string(stage), now, until)
	if conditionOf(err) != nil {
		return importer.ErrBusy
	}
	return err
}

// ReleaseWriter implements importer.Store.
func (s *Imports) ReleaseWriter(ctx context.Context, stage importer.Stage) error {
	err := s.db.one(ctx, func() error {
		_, err := s.db.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &s.db.table, Key: key(writerPK, writerSK), ConditionExpression: aws.String("holder = :h"),
			ExpressionAttributeValues: item{":h": str(string(stage))},
		})
		return err
	})
	return ignoreCondition(err) // the lease of another stage is not released
}
