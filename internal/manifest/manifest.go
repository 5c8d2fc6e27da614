// Package manifest is what is deployed, as plain data: each function's trigger,
// access, size and settings, the buckets and their triggers. The CDK app, the
// local stack and the tests read it; nothing else says it again.
package manifest

import (
	"slices"
	"time"

	"trueup/internal/config"
)

// Resource is something a function may be granted access to.
type Resource string

// The resources.
const (
	Table   Resource = "table"   // the table and its indexes
	Uploads Resource = "uploads" // the bucket admins put files in
	Reports Resource = "reports" // the bucket of reports
)

// ExportsPrefix is where files that are too large for an answer are put in the
// reports bucket. They are fetched at once, and kept for a day.
const ExportsPrefix = "exports/"

// Action is an IAM action.
type Action string

// Grant allows a function some actions on a resource. Prefix limits actions on
// objects to the keys that start with it; empty means every key.
type Grant struct {
	Resource Resource
	Prefix   string
	Actions  []Action
}

// Trigger says what calls a function.
type Trigger string

// The triggers. A function has one; an object function can also have a schedule.
const (
	HTTP    Trigger = "http"   // API Gateway, routes of package route
	Objects Trigger = "object" // objects created in the uploads bucket, asynchronous
)

// The sources that events of our own name: {"source": …}.
const (
	ScheduleSource = "trueup.schedule" // called every so often
	// NightlySource is called once a night, with the moment it was due as "time",
	// in RFC 3339.
	NightlySource = "trueup.nightly"
	// CallSource is one function calling another; what for is in the rest of the event.
	CallSource = "trueup.call"
)

// NightlyAt is when functions are called once a night, unless the operator chose
// another hour. It is a time that every day has: clocks that are put forward
// leave out an hour before it, in which nobody would be called.
const NightlyAt = "04:15"

// Function is one Lambda function; its code is functions/<Name>.
type Function struct {
	Name        string
	Summary     string
	Trigger     Trigger
	Prefixes    []string      // Objects: keys that start with one of them
	Every       time.Duration // also called this often, with an event of ScheduleSource; 0 for never
	Nightly     bool          // also called once a night, with an event of NightlySource
	Calls       []string      // functions that it calls without waiting for an answer, with events of CallSource
	Memory      int           // MB
	Scratch     int           // MB of scratch files; 0 for the 512 that every function has
	Secret      bool          // reads the secret of the service that knows entitlements, if there is one
	Timeout     time.Duration
	Concurrency int // reserved concurrent executions; 0 for unreserved
	Retries     int // of an asynchronous call, before it goes to the dead-letter queue
	Settings    []string
	// Added are those of Settings that the release before did not set. They may be
	// empty: a deployment exchanges a function's code before its settings.
	Added  []string
	Grants []Grant
}

// Required are the settings that a function cannot do without, and those of the
// others that have a value.
func (f Function) Required(lookup func(string) string) []string {
	return slices.DeleteFunc(slices.Clone(f.Settings), func(name string) bool {
		return slices.Contains(f.Added, name) && lookup(name) == ""
	})
}

const (
	get       Action = "dynamodb:GetItem"
	batchGet  Action = "dynamodb:BatchGetItem"
	query     Action = "dynamodb:Query"
	scan      Action = "dynamodb:Scan"
	put       Action = "dynamodb:PutItem"
	update    Action = "dynamodb:UpdateItem"
	remove    Action = "dynamodb:DeleteItem"
	check     Action = "dynamodb:ConditionCheckItem" // in a transaction, of an item that it does not write
	getObject Action = "s3:GetObject"
	getOlder  Action = "s3:GetObjectVersion"
	putObject Action = "s3:PutObject"
	// Who may not list a bucket is told that what is not there is forbidden.
	listBucket Action = "s3:ListBucket"
)

// Functions is every function.
var Functions = []Function{
	{
		Name:        "import",
		Summary:     "Imports CSV files of agreement pairs, and of publishers and titles, from the uploads bucket.",
		Trigger:     Objects,
		Prefixes:    []string{"agreements/", "catalog/"},
		Every:       15 * time.Minute,    // gives up abandoned imports, removes what deletions left behind, saves copies
		Calls:       []string{"refresh"}, // when there are new pairs
		Memory:      512,
		Timeout:     5 * time.Minute, // a file takes seconds; the rest is waiting for other files
		Concurrency: 10,
		Retries:     2,
		Settings:    []string{config.Table, config.UploadsBucket, config.ReportsBucket, config.PairMaxChars, config.ImportLease, config.RefreshFunction},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove, check}},
			{Resource: Uploads, Prefix: "agreements/", Actions: []Action{getObject, getOlder, listBucket}},
			{Resource: Uploads, Prefix: "catalog/", Actions: []Action{getObject, getOlder, listBucket}},
			{Resource: Reports, Prefix: "imports/", Actions: []Action{putObject}},
			{Resource: Reports, Prefix: "catalog/", Actions: []Action{putObject}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, putObject, listBucket}},
		},
	},
	{
		Name:     "inventory",
		Summary:  "Counts the titles and products in files of inventory from the uploads bucket.",
		Trigger:  Objects,
		Prefixes: []string{"inventory/"},
		Every:    15 * time.Minute, // counts anew what a change of the rules has not reached
		// Counting takes 256 MB at most. Lambda gives CPU with memory: this is more than
		// one CPU, so that an archive is unpacked while it is counted, and the most that
		// a new account may have.
		Memory: 3008,
		// An archive of 2 GB, and 4 GB of what is counted (inventory.MaxScratch), which
		// is twenty times what 10 million rows in no order take.
		Scratch: 6656,
		Timeout: 15 * time.Minute, // 10 million rows take seconds; the largest file some minutes
		// One at a time, so that no file is counted twice at once, and a small account
		// has enough left. What counts does not depend on it: records do.
		Concurrency: 1,
		Retries:     2,
		Settings:    []string{config.Table, config.UploadsBucket, config.ReportsBucket},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, query, put}},
			{Resource: Uploads, Prefix: "inventory/", Actions: []Action{getObject, getOlder, listBucket}},
			{Resource: Reports, Prefix: "inventory/", Actions: []Action{getObject, putObject, listBucket}},
		},
	},
	{
		Name:     "refresh",
		Summary:  "Refreshes licence data: reads statements from the uploads bucket, asks what pairs entitle to, and publishes the reports of the day.",
		Trigger:  Objects,
		Prefixes: []string{"entitlements/"},
		Every:    5 * time.Minute, // begins what waits, and what nobody requested
		Nightly:  true,
		Calls:    []string{"refresh"}, // what takes longer than one invocation
		Memory:   1024,
		Secret:   true,
		Timeout:  15 * time.Minute,
		// One works at the refresh, whose record says who; the others read statements.
		Concurrency: 3,
		Retries:     2,
		Settings: []string{
			config.Table, config.UploadsBucket, config.ReportsBucket, config.RefreshFunction, config.RefreshTimeZone,
			config.VLSCEndpoint, config.VLSCTokenURL, config.VLSCSecret, config.ExpiringDays,
		},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove, check}},
			{Resource: Uploads, Prefix: "entitlements/", Actions: []Action{getObject, getOlder, listBucket}},
			{Resource: Reports, Prefix: "statements/", Actions: []Action{getObject, putObject, listBucket}},
			// It only puts; the version before this one, which may still run while a
			// deployment is under way, also reads.
			{Resource: Reports, Prefix: "snapshots/", Actions: []Action{getObject, putObject, listBucket}},
			{Resource: Reports, Prefix: "inventory/", Actions: []Action{getObject, listBucket}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, putObject, listBucket}},
		},
	},
	{
		Name:    "reports",
		Summary: "Serves reports, refreshes of licence data and statements over HTTP.",
		Trigger: HTTP,
		Calls:   []string{"refresh"},
		Memory:  1024, // data of 100,000 agreements, as it is and of a day
		Timeout: 20 * time.Second,
		Settings: []string{
			config.Table, config.UploadsBucket, config.ReportsBucket, config.ExpiringDays, config.RefreshFunction,
		},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove}},
			{Resource: Uploads, Prefix: "entitlements/", Actions: []Action{putObject}}, // signs uploads
			{Resource: Reports, Prefix: "statements/", Actions: []Action{getObject, listBucket}},
			{Resource: Reports, Prefix: "snapshots/", Actions: []Action{getObject, listBucket}},
			{Resource: Reports, Prefix: "inventory/", Actions: []Action{getObject, listBucket}},
			{Resource: Reports, Prefix: ExportsPrefix, Actions: []Action{getObject, putObject, listBucket}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
	{
		Name:    "agreements",
		Summary: "Serves agreements, imports and audit events over HTTP.",
		Trigger: HTTP,
		Calls:   []string{"refresh"}, // when pairs came or went
		Memory:  512,
		Timeout: 20 * time.Second,
		Settings: []string{
			config.Table, config.UploadsBucket, config.ReportsBucket, config.PairMaxChars, config.ExpiringDays, config.InventoryRequired,
			config.RefreshFunction,
		},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove, check}},
			{Resource: Uploads, Prefix: "agreements/", Actions: []Action{putObject}}, // signs uploads
			{Resource: Reports, Prefix: "imports/", Actions: []Action{getObject, listBucket}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
	{
		Name:     "catalog",
		Summary:  "Serves the catalog of publishers and product titles, and the inventory, over HTTP.",
		Trigger:  HTTP,
		Memory:   512,
		Timeout:  20 * time.Second,
		Calls:    []string{"inventory"},
		Settings: []string{config.Table, config.UploadsBucket, config.ReportsBucket, config.InventoryFunction},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, query, put, update}},
			{Resource: Uploads, Prefix: "inventory/", Actions: []Action{putObject}}, // signs uploads
			{Resource: Reports, Prefix: "inventory/", Actions: []Action{getObject, putObject, listBucket}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
	{
		Name:     "groups",
		Summary:  "Serves license groups over HTTP.",
		Trigger:  HTTP,
		Memory:   512,
		Timeout:  20 * time.Second,
		Settings: []string{config.Table, config.ReportsBucket},
		Added:    []string{config.ReportsBucket}, // without it, no copy of the register is read
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove, check}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
}

// Asynchronous reports whether f is called without waiting for an answer, so
// that only a queue can keep what it could not do.
func (f Function) Asynchronous() bool {
	return f.Trigger == Objects || f.Every > 0 || f.Nightly ||
		slices.ContainsFunc(Functions, func(caller Function) bool { return slices.Contains(caller.Calls, f.Name) })
}

// Find returns the function with that name.
func Find(name string) (Function, bool) {
	for _, f := range Functions {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}
