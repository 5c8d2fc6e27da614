package dynamo

import (
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/text"
)

// The items of the table, one type for each kind. Times are milliseconds since 1970. Types
// that only one file uses are in that file; the table in patterns.go names all of them.

// itemKey is the key of an item.
type itemKey struct {
	PK string `dynamodbav:"pk"`
	SK string `dynamodbav:"sk"`
}

func keyed(p pk, s sk) itemKey { return itemKey{string(p), string(s)} }

type agreementItem struct {
	PK        string                 `dynamodbav:"pk"`
	SK        string                 `dynamodbav:"sk"`
	ID        string                 `dynamodbav:"id"`
	Type      agreement.Type         `dynamodbav:"type"`
	Name      string                 `dynamodbav:"name"`
	Group     string                 `dynamodbav:"group"`
	Checked   agreement.Validation   `dynamodbav:"validation,omitempty"` // of a volume agreement; none is pending
	Publisher string                 `dynamodbav:"publisher,omitempty"`
	Product   string                 `dynamodbav:"product,omitempty"`
	Licenses  int                    `dynamodbav:"licenses,omitempty"`
	Start     day.Date               `dynamodbav:"start,omitempty"`
	End       day.Date               `dynamodbav:"end,omitempty"`
	Pairs     int                    `dynamodbav:"pairs"`
	Added     map[importer.Stage]int `dynamodbav:"added"` // number of pairs that the latest imports add; each counts after its stage is committed
	Created   int64                  `dynamodbav:"created"`
	CreatedBy string                 `dynamodbav:"created_by"`
	Version   int64                  `dynamodbav:"version"`
	Stage     importer.Stage         `dynamodbav:"stage,omitempty"`
	// Summaries counts how often a refresh summarized the pairs. A summary is not a new
	// version of the agreement.
	Summaries int64 `dynamodbav:"summaries,omitempty"`
}

// stages adds the stages that must be learnt before the item can be read.
func (i agreementItem) stages(to map[importer.Stage]bool) {
	to[i.Stage] = true
	for stage := range maps.Keys(i.Added) {
		to[stage] = true
	}
}

// describe sets the terms of the agreement.
func (i *agreementItem) describe(t agreement.Terms) {
	i.Publisher, i.Product, i.Licenses, i.Start, i.End = t.Publisher, t.ProductTitle, t.Licenses, t.Start, t.End
}

// newAgreementItem sets the key, the version and the empty Added of a new agreement.
func newAgreementItem(i agreementItem) agreementItem {
	partition, sort := agreementKey(i.ID)
	i.PK, i.SK, i.Added, i.Version = string(partition), string(sort), map[importer.Stage]int{}, 1
	return i
}

type nameItem struct {
	PK    string         `dynamodbav:"pk"`
	SK    string         `dynamodbav:"sk"`
	ID    string         `dynamodbav:"id"`   // of the agreement
	Name  string         `dynamodbav:"name"` // folded
	Stage importer.Stage `dynamodbav:"stage,omitempty"`
}

// newNameItem returns the item of an agreement's name. stage is empty for an edit by hand.
func newNameItem(id, name string, stage importer.Stage) nameItem {
	folded := text.Fold(name)
	partition, sort := nameKey(folded)
	return nameItem{PK: string(partition), SK: string(sort), ID: id, Name: folded, Stage: stage}
}

type pairItem struct {
	PK            string            `dynamodbav:"pk"`
	SK            string            `dynamodbav:"sk"`
	ByOwnerPK     string            `dynamodbav:"o_pk"`
	ByOwnerSK     string            `dynamodbav:"o_sk"`
	Agreement     string            `dynamodbav:"agreement"`
	Authorization string            `dynamodbav:"authorization"`
	License       string            `dynamodbav:"license"`
	Program       agreement.Program `dynamodbav:"program"`
	Created       int64             `dynamodbav:"created"`
	Stage         importer.Stage    `dynamodbav:"stage,omitempty"`
	// Life identifies the edit or the import that added the pair: a pair that is removed
	// and added again has another life. Further attributes store the results of refreshes,
	// see answerItem.
	Life string `dynamodbav:"life,omitempty"`
}

// newPairItem returns the item of a pair that no refresh has checked. life identifies the
// edit or the import that adds it. stage is empty for an edit by hand.
func newPairItem(owner string, pair agreement.Pair, at time.Time, life string, stage importer.Stage) pairItem {
	k := pair.Key()
	partition, sort := pairKey(k)
	return pairItem{
		PK: string(partition), SK: string(sort),
		ByOwnerPK: byOwnerPK(owner, shardOf(string(k), schema.Shards)), ByOwnerSK: string(k),
		Agreement: owner, Authorization: pair.Authorization, License: pair.License, Program: pair.Program,
		Created: millis(at), Stage: stage, Life: life,
	}
}

func (i pairItem) pair() agreement.Pair {
	return agreement.Pair{Authorization: i.Authorization, License: i.License, Program: i.Program}
}

type groupItem struct {
	PK      string `dynamodbav:"pk"`
	SK      string `dynamodbav:"sk"`
	ID      string `dynamodbav:"id"`
	Name    string `dynamodbav:"name"`
	Created int64  `dynamodbav:"created"`
	Version int64  `dynamodbav:"version"`
}

func (i groupItem) group() group.Group {
	return group.Group{ID: i.ID, Name: i.Name, CreatedAt: fromMillis(i.Created), Version: i.Version}
}

// groupNameItem records which group has a name.
type groupNameItem struct {
	itemKey
	ID   string `dynamodbav:"id"`   // of the group
	Name string `dynamodbav:"name"` // folded
}

// newGroupNameItem returns the item of a group's name.
func newGroupNameItem(id, name string) groupNameItem {
	folded := text.Fold(name)
	return groupNameItem{keyed(groupNameKey(folded)), id, folded}
}

// groupCountItem has the number of groups.
type groupCountItem struct {
	itemKey
	N int `dynamodbav:"n"`
}

type importItem struct {
	PK      string         `dynamodbav:"pk"`
	SK      string         `dynamodbav:"sk"`
	Record  importRecord   `dynamodbav:"record"`
	State   importer.State `dynamodbav:"state"`
	Attempt int            `dynamodbav:"attempt"`
	Lease   int64          `dynamodbav:"lease,omitempty"`
	Version int64          `dynamodbav:"version"`
	Expires int64          `dynamodbav:"expires,omitempty"` // schema.TTL, if no file is uploaded
}

// importRecord is the part of an import that no condition checks.
type importRecord struct {
	ID         string            `dynamodbav:"id"`
	File       string            `dynamodbav:"file"`
	Group      string            `dynamodbav:"group"`
	GroupID    string            `dynamodbav:"group_id"`
	Program    agreement.Program `dynamodbav:"program"`
	OnError    importer.OnError  `dynamodbav:"on_error"`
	DryRun     bool              `dynamodbav:"dry_run"`
	By         string            `dynamodbav:"by"`
	Via        audit.Source      `dynamodbav:"via"`
	Bucket     string            `dynamodbav:"bucket"`
	Key        string            `dynamodbav:"key"`
	Object     string            `dynamodbav:"object"` // version of the object
	ETag       string            `dynamodbav:"etag"`
	Sequencer  string            `dynamodbav:"sequencer"`
	Size       int64             `dynamodbav:"size"`
	Principal  string            `dynamodbav:"principal,omitempty"`
	EventTime  int64             `dynamodbav:"event_time"`
	Reason     string            `dynamodbav:"reason"`
	ReasonArgs errs.Args         `dynamodbav:"reason_args,omitempty"`
	Retryable  bool              `dynamodbav:"retryable"`
	Received   int64             `dynamodbav:"received"`
	Started    int64             `dynamodbav:"started"`
	Finished   int64             `dynamodbav:"finished"`
	Rows       int               `dynamodbav:"rows"`
	Added      int               `dynamodbav:"added"`
	Unchanged  int               `dynamodbav:"unchanged"`
	Rejected   int               `dynamodbav:"rejected"`
	Creations  int               `dynamodbav:"creations"`
	Extensions int               `dynamodbav:"extensions"`
	Errors     int               `dynamodbav:"errors"`
	Warnings   int               `dynamodbav:"warnings"`
	Annotated  bool              `dynamodbav:"annotated"`
}

func newImportItem(imp importer.Import) importItem {
	partition, sort := importKey(imp.ID)
	o := imp.Object
	return importItem{
		PK: string(partition), SK: string(sort),
		State: imp.State, Attempt: imp.Attempt, Lease: millis(imp.Lease), Version: imp.Version,
		Record: importRecord{
			ID: imp.ID, File: imp.File, Group: imp.Group, GroupID: imp.GroupID, Program: imp.Program, OnError: imp.OnError,
			DryRun: imp.DryRun, By: o.By, Via: imp.Via, Bucket: o.Bucket, Key: o.Key, Object: o.Version, ETag: o.ETag,
			Sequencer: o.Sequencer, Size: o.Size, Principal: o.Principal, EventTime: millis(o.At), Reason: imp.Reason, ReasonArgs: imp.ReasonArgs, Retryable: imp.Retryable,
			Received: millis(imp.At), Started: millis(imp.StartedAt), Finished: millis(imp.FinishedAt),
			Rows: imp.Rows, Added: imp.Added, Unchanged: imp.Unchanged, Rejected: imp.Rejected, Creations: imp.Created,
			Extensions: imp.Extended, Errors: imp.Errors, Warnings: imp.Warnings, Annotated: imp.Annotated,
		},
	}
}

func (i importItem) importRecord() importer.Import {
	r := i.Record
	return importer.Import{
		Head: intake.Head{
			ID: r.ID, Via: r.Via, At: fromMillis(r.Received), Version: i.Version,
			Object: intake.Object{
				Bucket: r.Bucket, Key: r.Key, Version: r.Object, ETag: r.ETag, Sequencer: r.Sequencer, Size: r.Size,
				At: fromMillis(r.EventTime), By: r.By, Principal: r.Principal,
			},
		},
		File: r.File, Group: r.Group, GroupID: r.GroupID, Program: r.Program, OnError: r.OnError, DryRun: r.DryRun,
		State: i.State, Reason: r.Reason, ReasonArgs: r.ReasonArgs, Retryable: r.Retryable,
		StartedAt: fromMillis(r.Started), FinishedAt: fromMillis(r.Finished),
		Rows: r.Rows, Added: r.Added, Unchanged: r.Unchanged, Rejected: r.Rejected, Created: r.Creations, Extended: r.Extensions,
		Errors: r.Errors, Warnings: r.Warnings, Annotated: r.Annotated,
		Attempt: i.Attempt, Lease: fromMillis(i.Lease),
	}
}

type auditItem struct {
	PK        string            `dynamodbav:"pk"`
	SK        string            `dynamodbav:"sk"`
	At        int64             `dynamodbav:"at"`
	By        string            `dynamodbav:"by"`
	ByName    string            `dynamodbav:"by_name,omitempty"`
	Role      string            `dynamodbav:"role,omitempty"`
	Action    string            `dynamodbav:"action"`
	Subject   string            `dynamodbav:"subject"`
	Before    map[string]string `dynamodbav:"before,omitempty"`
	After     map[string]string `dynamodbav:"after,omitempty"`
	RequestID string            `dynamodbav:"request,omitempty"`
	Source    audit.Source      `dynamodbav:"source"`
}

func newAuditItem(e audit.Event) auditItem {
	partition, sort := auditKey(e.ID)
	return auditItem{
		PK: string(partition), SK: string(sort), At: millis(e.At), By: e.By, ByName: e.ByName, Role: e.Role, Action: e.Action,
		Subject: e.Subject, Before: e.Before, After: e.After, RequestID: e.RequestID, Source: e.Source,
	}
}

func (i auditItem) event() audit.Event {
	return audit.Event{
		ID: i.SK, At: fromMillis(i.At), By: i.By, ByName: i.ByName, Role: i.Role, Action: i.Action, Subject: i.Subject,
		Before: i.Before, After: i.After, RequestID: i.RequestID, Source: i.Source,
	}
}

// marshal returns v as an item. It panics if the type of v cannot be an item.
func marshal(v any) item {
	it, err := attributevalue.MarshalMap(v)
	if err != nil {
		panic(err)
	}
	return it
}

func decode[T any](it item) (T, error) {
	var v T
	err := attributevalue.UnmarshalMap(it, &v)
	return v, err
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
