package dynamo

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/jobs"
	"trueup/internal/once"
	"trueup/internal/subscription"
)

// licenseJobItem is the record of a job.
type licenseJobItem struct {
	itemKey
	Order    licenseJobOrder  `dynamodbav:"order"`
	State    jobs.State       `dynamodbav:"state"`
	Position int              `dynamodbav:"position"`
	Counts   licenseJobCounts `dynamodbav:"counts"`
	Parts    []licenseJobPart `dynamodbav:"parts"`
	Short    map[string]int   `dynamodbav:"short,omitempty"`
	Reason   string           `dynamodbav:"reason"`
	Args     errs.Args        `dynamodbav:"args,omitempty"`
	Attempts int              `dynamodbav:"attempts"`
	Worker   string           `dynamodbav:"worker"`
	Ended    int64            `dynamodbav:"ended"`
	Version  int64            `dynamodbav:"version"`
}

// licenseJobOrder is what never changes of a job.
type licenseJobOrder struct {
	ID            string               `dynamodbav:"id"`
	At            int64                `dynamodbav:"at"`
	By            string               `dynamodbav:"by"`
	ByName        string               `dynamodbav:"by_name,omitempty"`
	Role          string               `dynamodbav:"role"`
	Request       string               `dynamodbav:"request"`
	Source        audit.Source         `dynamodbav:"source,omitempty"` // empty in version 1, which knew only the API
	Action        jobs.Action          `dynamodbav:"action"`
	Replace       bool                 `dynamodbav:"replace"`
	Subscriptions []string             `dynamodbav:"subscriptions"`
	DryRun        bool                 `dynamodbav:"dry_run"`
	Users         int                  `dynamodbav:"users"`
	Selection     *licenseJobSelection `dynamodbav:"selection,omitempty"`
}

type licenseJobSelection struct {
	Text         string                `dynamodbav:"text,omitempty"`
	Subscription string                `dynamodbav:"subscription,omitempty"`
	Without      string                `dynamodbav:"without,omitempty"`
	Licensed     *bool                 `dynamodbav:"licensed,omitempty"`
	Location     string                `dynamodbav:"location,omitempty"`
	Department   string                `dynamodbav:"department,omitempty"`
	Enabled      *bool                 `dynamodbav:"enabled,omitempty"`
	Type         subscription.UserType `dynamodbav:"type,omitempty"`
	InactiveDays int                   `dynamodbav:"inactive_days,omitempty"`
	Conflict     bool                  `dynamodbav:"conflict,omitempty"`
	Sort         subscription.Sort     `dynamodbav:"sort,omitempty"`
	Descending   bool                  `dynamodbav:"descending,omitempty"`
}

type licenseJobCounts struct {
	Assigned   int                        `dynamodbav:"assigned"`
	Removed    int                        `dynamodbav:"removed"`
	Unchanged  int                        `dynamodbav:"unchanged"`
	Refused    int                        `dynamodbav:"refused"`
	Violations map[subscription.Error]int `dynamodbav:"violations,omitempty"`
}

type licenseJobPart struct {
	Users  int    `dynamodbav:"users"`
	Worker string `dynamodbav:"worker"`
}

func newLicenseJobItem(r jobs.Record) licenseJobItem {
	i := licenseJobItem{
		itemKey: keyed(licenseJobKey(r.ID)), State: r.State, Position: r.Position, Counts: licenseJobCounts(r.Counts), Short: r.Short,
		Reason: r.Reason, Args: r.Args, Attempts: r.Attempts, Worker: r.Worker, Ended: millis(r.EndedAt), Version: r.Version,
		Order: licenseJobOrder{
			ID: r.ID, At: millis(r.At), By: r.By, ByName: r.ByName, Role: r.Role, Request: r.RequestID, Source: r.Source, Action: r.Action, Replace: r.Replace,
			Subscriptions: r.Subscriptions, DryRun: r.DryRun, Users: r.Users, Selection: (*licenseJobSelection)(r.Selection),
		},
	}
	for _, p := range r.Parts {
		i.Parts = append(i.Parts, licenseJobPart(p))
	}
	return i
}

func (i licenseJobItem) job() jobs.Record {
	o := i.Order
	r := jobs.Record{
		ID: o.ID, At: fromMillis(o.At), By: o.By, ByName: o.ByName, Role: o.Role, RequestID: o.Request, Source: cmp.Or(o.Source, audit.SourceAPI), Action: o.Action, Replace: o.Replace,
		Subscriptions: o.Subscriptions, DryRun: o.DryRun, Users: o.Users, Selection: (*jobs.Selection)(o.Selection),
		State: i.State, Position: i.Position, Counts: jobs.Counts(i.Counts), Short: i.Short, Reason: i.Reason, Args: i.Args,
		Attempts: i.Attempts, Worker: i.Worker, EndedAt: fromMillis(i.Ended), Version: i.Version,
	}
	for _, p := range i.Parts {
		r.Parts = append(r.Parts, jobs.StoredPart(p))
	}
	return r
}

// openLicenseJobItem names a job that is not final.
type openLicenseJobItem struct{ itemKey }

// LicenseJobs stores the records of license jobs. It is safe for concurrent use.
type LicenseJobs struct {
	db *engine
	heldLease
}

var _ jobs.Store = (*LicenseJobs)(nil)

func newLicenseJobs(db *engine) *LicenseJobs {
	return &LicenseJobs{db, heldLease{db, keyed(licenseJobLeasePK, licenseJobLeaseSK), jobs.ErrLost}}
}

// CreateJob implements jobs.Store.
func (s *LicenseJobs) CreateJob(ctx context.Context, r jobs.Record, c once.Change) (first []byte, err error) {
	remember := remembering(s.db, c.Entry, r.At)
	err = s.db.transact(ctx, []*action{
		s.db.put(newLicenseJobItem(r), "attribute_not_exists(pk)", nil),
		s.db.put(openLicenseJobItem{keyed(openLicenseJobKey(r.ID))}, "", nil),
		s.db.put(newAuditItem(c.Event), "attribute_not_exists(pk)", nil),
		remember,
	})
	if old, used := refused(err, remember); used {
		return answered(old, c.Entry)
	}
	return nil, err
}

// Job implements jobs.Store.
func (s *LicenseJobs) Job(ctx context.Context, id string) (jobs.Record, error) {
	p, sort := licenseJobKey(id)
	it, err := s.db.get(ctx, p, sort)
	if err != nil {
		return jobs.Record{}, err
	}
	if it == nil {
		return jobs.Record{}, errs.New(errs.NotFound, "license_job_not_found")
	}
	i, err := decode[licenseJobItem](it)
	return i.job(), err
}

// Jobs implements jobs.Store.
func (s *LicenseJobs) Jobs(ctx context.Context, limit int, after string) (jobs.Page, error) {
	items, next, err := newestFirst(ctx, s.db, licenseJobsPK, "license-jobs", limit, after, func(it item) (jobs.Record, error) {
		i, err := decode[licenseJobItem](it)
		return i.job(), err
	})
	return jobs.Page{Items: items, Next: next}, err
}

// Open implements jobs.Store. It reads the records together. Ids grow with time.
func (s *LicenseJobs) Open(ctx context.Context) ([]jobs.Record, error) {
	var keys []item
	err := s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": str(string(openLicenseJobsPK))},
	}, func(it item) (bool, error) {
		keys = append(keys, key(licenseJobKey(cutPrefix(it, "sk", licenseJobPrefix))))
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	var open []jobs.Record
	err = s.db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[licenseJobItem](it)
		if r := i.job(); err == nil && !r.Final() { // a final one has ended since the query
			open = append(open, r)
		}
		return err
	})
	slices.SortFunc(open, func(a, b jobs.Record) int { return cmp.Compare(a.ID, b.ID) })
	return open, err
}

// SaveJob implements jobs.Store.
func (s *LicenseJobs) SaveJob(ctx context.Context, r jobs.Record, events ...audit.Event) error {
	condition, values := versioned(r.Version)
	record := s.db.put(newLicenseJobItem(r), condition, values)
	record.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	actions := []*action{record}
	if r.Final() {
		actions = append(actions, &action{Delete: &types.Delete{TableName: &s.db.table, Key: key(openLicenseJobKey(r.ID))}})
	}
	for _, e := range events {
		actions = append(actions, s.db.put(newAuditItem(e), "", nil))
	}
	err := s.db.transact(ctx, actions)
	old, changed := refused(err, record)
	if !changed {
		return err
	}
	if i, err := decode[licenseJobItem](old); err != nil || !i.same(newLicenseJobItem(r)) {
		return jobs.ErrLost
	}
	return nil // an earlier try of this call stored it
}

// same reports whether two records of a job are from the same call of SaveJob. Each worker has an id of its
// own, and saves a position and a state once.
func (i licenseJobItem) same(as licenseJobItem) bool {
	return i.Version == as.Version && i.Worker == as.Worker && i.Position == as.Position && i.State == as.State && i.Ended == as.Ended
}
