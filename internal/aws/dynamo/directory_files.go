package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/directories"
	"trueup/internal/directory"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/once"
)

// directoryFileItem is the record of one version of a file.
type directoryFileItem struct {
	itemKey
	Record   directoryFileRecord `dynamodbav:"record"`
	State    directories.State   `dynamodbav:"state"`
	Counts   directoryFileCounts `dynamodbav:"counts"`
	Attempts int                 `dynamodbav:"attempts"`
	Position int                 `dynamodbav:"position"`
	Version  int64               `dynamodbav:"version"`
	Expires  int64               `dynamodbav:"expires,omitempty"` // schema.TTL, if no file is uploaded
}

// directoryFileRecord is what is known of a file, except its counts.
type directoryFileRecord struct {
	ID        string         `dynamodbav:"id"`
	Key       string         `dynamodbav:"key"`
	Object    string         `dynamodbav:"object"` // version of the object
	ETag      string         `dynamodbav:"etag"`
	Sequencer string         `dynamodbav:"sequencer"`
	Size      int64          `dynamodbav:"size"`
	Principal string         `dynamodbav:"principal,omitempty"`
	Put       int64          `dynamodbav:"put"`
	By        string         `dynamodbav:"by"`
	Via       audit.Source   `dynamodbav:"via"`
	List      directory.Kind `dynamodbav:"list"`
	Part      bool           `dynamodbav:"part"`
	Reason    string         `dynamodbav:"reason"`
	Args      errs.Args      `dynamodbav:"args,omitempty"`
	Errors    int            `dynamodbav:"errors"`
	Warnings  int            `dynamodbav:"warnings"`
	Hints     int            `dynamodbav:"hints"`
	Annotated bool           `dynamodbav:"annotated,omitempty"`
	Deleting  int            `dynamodbav:"deleting,omitempty"`
	At        int64          `dynamodbav:"at"`
	Ended     int64          `dynamodbav:"ended"`
}

type directoryFileCounts struct {
	Rows      int `dynamodbav:"rows"`
	Created   int `dynamodbav:"created"`
	Changed   int `dynamodbav:"changed"`
	Unchanged int `dynamodbav:"unchanged"`
	Skipped   int `dynamodbav:"skipped"`
	Rejected  int `dynamodbav:"rejected"`
	Deleted   int `dynamodbav:"deleted"`
	Held      int `dynamodbav:"held"`
	Assigned  int `dynamodbav:"assigned"`
	Removed   int `dynamodbav:"removed"`
	Refused   int `dynamodbav:"refused"`
	Differ    int `dynamodbav:"differ"`
}

func newDirectoryFileItem(r directories.Record) directoryFileItem {
	o := r.Object
	return directoryFileItem{
		itemKey: keyed(directoryFileKey(r.ID)), State: r.State, Counts: directoryFileCounts(r.Counts), Attempts: r.Attempts, Position: r.Position, Version: r.Version,
		Record: directoryFileRecord{
			ID: r.ID, Key: o.Key, Object: o.Version, ETag: o.ETag, Sequencer: o.Sequencer, Size: o.Size, Principal: o.Principal, Put: millis(o.At), By: o.By, Via: r.Via,
			List: r.List, Part: r.Part, Reason: r.Reason, Args: r.Args, Errors: r.Errors, Warnings: r.Warnings, Hints: r.Hints, Annotated: r.Annotated, Deleting: r.Deleting, At: millis(r.At), Ended: millis(r.EndedAt),
		},
	}
}

func (i directoryFileItem) file() directories.Record {
	r := i.Record
	return directories.Record{
		Head: intake.Head{
			ID: r.ID, Via: r.Via, At: fromMillis(r.At), Version: i.Version,
			Object: intake.Object{Key: r.Key, Version: r.Object, ETag: r.ETag, Sequencer: r.Sequencer, Size: r.Size, At: fromMillis(r.Put), By: r.By, Principal: r.Principal},
		},
		State: i.State, List: r.List, Part: r.Part, Reason: r.Reason, Args: r.Args, Counts: directories.Counts(i.Counts),
		Errors: r.Errors, Warnings: r.Warnings, Hints: r.Hints, Annotated: r.Annotated, Deleting: r.Deleting, Attempts: i.Attempts, Position: i.Position, EndedAt: fromMillis(r.Ended),
	}
}

// openDirectoryFileItem names a file that is not final.
type openDirectoryFileItem struct{ itemKey }

// newestFileItem has the order of the newest version of a file that was begun.
type newestFileItem struct {
	itemKey
	Order string `dynamodbav:"order"`
}

// DirectoryFiles stores the records of lists of users, devices and subscriptions. It is safe for
// concurrent use.
type DirectoryFiles struct {
	db *engine
	heldLease
}

var _ directories.Store = (*DirectoryFiles)(nil)

func newDirectoryFiles(db *engine) *DirectoryFiles {
	return &DirectoryFiles{db, heldLease{db, keyed(directoryLeasePK, directoryLeaseSK), directories.ErrLost}}
}

// AnnounceFile implements directories.Store.
func (s *DirectoryFiles) AnnounceFile(ctx context.Context, r directories.Record, c once.Change) ([]byte, error) {
	record := newDirectoryFileItem(r)
	record.Expires = r.At.Add(announcedFor).Unix()
	return storeAnnounced(ctx, s.db, record, c, r.At)
}

// File implements directories.Store.
func (s *DirectoryFiles) File(ctx context.Context, id string) (directories.Record, error) {
	p, sort := directoryFileKey(id)
	it, err := s.db.get(ctx, p, sort)
	if err != nil {
		return directories.Record{}, err
	}
	if it == nil {
		return directories.Record{}, errs.New(errs.NotFound, "directory_file_not_found", "id", id)
	}
	i, err := decode[directoryFileItem](it)
	return i.file(), err
}

// Files implements directories.Store.
func (s *DirectoryFiles) Files(ctx context.Context, limit int, after string) (directories.Page, error) {
	items, next, err := newestFirst(ctx, s.db, directoryFilesPK, "directory-files", limit, after, func(it item) (directories.Record, error) {
		i, err := decode[directoryFileItem](it)
		return i.file(), err
	})
	return directories.Page{Items: items, Next: next}, err
}

// Open implements directories.Store.
func (s *DirectoryFiles) Open(ctx context.Context) ([]directories.Record, error) {
	var open []directories.Record
	err := s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": str(string(openDirectoryFilesPK))},
	}, func(it item) (bool, error) {
		r, err := s.File(ctx, cutPrefix(it, "sk", filePrefix))
		if errs.KindOf(err) == errs.NotFound {
			return true, nil
		}
		if err == nil && !r.Final() { // ended since the query
			open = append(open, r)
		}
		return true, err
	})
	return open, err
}

// SaveFile implements directories.Store.
func (s *DirectoryFiles) SaveFile(ctx context.Context, r directories.Record, events ...audit.Event) error {
	actions, record := s.saving(r)
	for _, e := range events {
		actions = append(actions, s.db.put(newAuditItem(e), "", nil))
	}
	if err := s.db.transact(ctx, actions); conditionOf(err) != nil {
		return s.lost(err, record, r)
	} else if err != nil {
		return err
	}
	return nil
}

// BeginFile implements directories.Store.
func (s *DirectoryFiles) BeginFile(ctx context.Context, r directories.Record) (begun bool, err error) {
	actions, record := s.saving(r)
	newest := s.db.put(newestFileItem{keyed(newestFileKey(r.Object.Key)), r.Object.Order()}, "attribute_not_exists(pk) OR #o <= :o", item{":o": str(r.Object.Order())})
	newest.Put.ExpressionAttributeNames = map[string]string{"#o": "order"}
	err = s.db.transact(ctx, append(actions, newest))
	if _, older := refused(err, newest); older {
		return false, nil
	}
	if conditionOf(err) != nil {
		err = s.lost(err, record, r)
	}
	return err == nil, err
}

// saving returns the actions that store a record. The action record stores it if it has not changed.
func (s *DirectoryFiles) saving(r directories.Record) (actions []*action, record *action) {
	condition, values := versioned(r.Version)
	record = s.db.put(newDirectoryFileItem(r), condition, values)
	record.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	open := s.db.put(openDirectoryFileItem{keyed(openDirectoryFileKey(r.ID))}, "", nil)
	if r.Final() {
		open = &action{Delete: &types.Delete{TableName: &s.db.table, Key: key(openDirectoryFileKey(r.ID))}}
	}
	return []*action{record, open}, record
}

// lost returns the error of a write of a record that has changed: nil if an earlier try of this call stored
// it.
func (s *DirectoryFiles) lost(err error, record *action, r directories.Record) error {
	old, changed := refused(err, record)
	if !changed {
		return err
	}
	i, err := decode[directoryFileItem](old)
	if err == nil && i.Version == r.Version && i.Attempts == r.Attempts && i.Position == r.Position && i.State == r.State && i.Record.Ended == millis(r.EndedAt) && i.file().Object.Same(r.Object) {
		return nil
	}
	return directories.ErrLost
}
