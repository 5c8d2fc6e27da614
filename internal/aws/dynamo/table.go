package dynamo

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/journal"
	"trueup/internal/people"
	"trueup/internal/register"
)

// Table gives access to one DynamoDB table, with one type for each contract. The types
// share what the process has read of the table, so a process opens a table once.
// NewRefreshes makes Refreshes, which need a register of agreements.
type Table struct {
	Agreements     *Agreements
	Groups         *Groups
	Imports        *Imports
	Statements     *Statements
	Inventories    *Inventories
	Snapshots      *Snapshots
	Adjustments    *Adjustments
	Subscriptions  *Subscriptions
	People         *People
	Devices        *Devices
	DirectoryFiles *DirectoryFiles
	LicenseJobs    *LicenseJobs
	Reminders      *Reminders
	Feeds          *Feeds
	Views          *Views
	Journal        *Journal
	Audit          *Audit
	Callers        *Callers
	Idempotency    *Idempotency
	Upkeep         *Upkeep

	parts
}

// parts are shared by several types. Each is made from earlier ones.
type parts struct {
	db         *engine
	visibility *visibility
	tombstones *tombstones
	journals   *journals
	groups     *storedGroups
	agreements *storedAgreements
}

func newParts(db *engine) parts {
	p := parts{db: db, visibility: newVisibility(db), tombstones: &tombstones{db}}
	p.journals = newJournals(db, map[journal.Name]payload{register.JournalName: deletedGroups, people.JournalName: noPayload}, p.visibility.forget)
	p.groups = &storedGroups{db, p.journals, p.tombstones}
	p.agreements = &storedAgreements{db, p.visibility, p.journals, p.tombstones, p.groups}
	return p
}

// Option changes how a table is read and written.
type Option func(*engine)

// PageSize makes every Query and Scan read at most n items.
func PageSize(n int) Option { return func(db *engine) { db.pageSize = int32(n) } }

// RetryTimeout sets how long a request is retried, and how long an edit is built again. The
// default is 6 s, for callers that a person waits for.
func RetryTimeout(d time.Duration) Option { return func(db *engine) { db.retryTimeout = d } }

// Open returns the types that read and write the named table. Package schema describes its
// keys and indexes. Open sends no request. It panics if the name is empty, which is a
// mistake in the settings of a function.
func Open(client *dynamodb.Client, table string, options ...Option) *Table {
	if table == "" {
		panic("dynamo: a table without a name")
	}
	db := &engine{client: client, table: table, retryTimeout: 6 * time.Second}
	for _, change := range options {
		change(db)
	}
	p, subscriptions := newParts(db), &Subscriptions{db: db}
	return &Table{
		Agreements: &Agreements{db, p.visibility, p.groups, p.agreements}, Groups: &Groups{db, p.groups},
		Imports:    &Imports{db, p.visibility, p.journals, p.tombstones, p.groups, p.agreements},
		Statements: &Statements{db}, Inventories: &Inventories{db}, Snapshots: &Snapshots{db}, Adjustments: &Adjustments{db},
		Subscriptions: subscriptions, People: &People{db, p.journals, subscriptions}, Devices: &Devices{db}, DirectoryFiles: newDirectoryFiles(db), LicenseJobs: newLicenseJobs(db), Reminders: newReminders(db), Views: newViews(db), Feeds: &Feeds{db}, Journal: &Journal{db, p.journals},
		Audit: &Audit{db: db}, Callers: &Callers{db}, Idempotency: &Idempotency{db}, Upkeep: &Upkeep{db, p.groups, p.agreements}, parts: p,
	}
}
