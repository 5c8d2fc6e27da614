// Package manifest describes the deployment as plain data: the trigger, access, size and settings
// of each function, the buckets and their triggers. It is the only source for the CDK app, the
// local stack and the tests.
package manifest

import (
	"slices"
	"time"

	"trueup/internal/config"
	"trueup/internal/intake/kind"
)

// Resource is a resource that a function may be granted access to.
type Resource string

// The resources.
const (
	Table    Resource = "table"    // the table and its indexes
	Uploads  Resource = "uploads"  // the bucket for uploads of admins
	Reports  Resource = "reports"  // the bucket for reports
	Sessions Resource = "sessions" // the table of the console's sessions, which has no indexes
	Notices  Resource = "notices"  // the notification topic, to which people subscribe (R8.9)
	UserPool Resource = "userpool" // the user pool, if it signs people in
)

// IsBucket reports whether the resource is a bucket.
func (r Resource) IsBucket() bool { return r == Uploads || r == Reports }

// ExportsPrefix is the prefix in the reports bucket for files that are too large for a response.
// Clients download them at once; they are kept for a day.
const ExportsPrefix = "exports/"

// AnnotatedPrefix is the prefix in the reports bucket that is deleted when uploads are.
const AnnotatedPrefix = kind.AnnotatedPrefix

// UploadsKept is for how many days uploads, and what has the same personal data, are kept.
const UploadsKept = kind.KeptDays

// JobsPrefix is the prefix in the reports bucket of the users and the results of jobs that change licences.
const JobsPrefix = "license-jobs/"

// RemindersPrefix is the prefix in the reports bucket of what reminders are computed from once a day.
const RemindersPrefix = "reminders/"

// ViewsPrefix is the prefix in the reports bucket of the files of saved views.
const ViewsPrefix = "views/"

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

// The triggers. A function has one; a function that does not serve HTTP can also have a schedule.
const (
	HTTP    Trigger = "http"     // API Gateway, routes of package route
	Objects Trigger = "object"   // files of its kinds (Prefixes), asynchronous
	Clock   Trigger = "schedule" // only its schedule, asynchronous
)

// The sources of trueup's own events: {"source": …}.
const (
	ScheduleSource = "trueup.schedule" // sent at a fixed interval
	// NightlySource is sent once a night, with the scheduled time as "time", in RFC 3339.
	NightlySource = "trueup.nightly"
	// CallSource is sent by another function. The rest of the event says for what.
	CallSource = "trueup.call"
)

// NightlyAt is the default time of the nightly calls. It exists on every day: daylight saving
// time skips an earlier hour, and a call scheduled in a skipped hour would not be made.
const NightlyAt = "04:15"

// Function is one Lambda function; its code is functions/<Name>.
type Function struct {
	Name    string
	Summary string
	Trigger Trigger
	Every   time.Duration // interval of events of ScheduleSource; 0 for none
	Nightly bool          // also receives an event of NightlySource once a night
	// Refreshes says that the work of the night is a refresh, whose results raise alarms.
	Refreshes bool
	Calls     []string // functions that it calls asynchronously, with events of CallSource
	Memory    int      // MB
	Scratch   int      // MB of scratch files; 0 for the default of 512
	Timeout   time.Duration
	// AtOnce is how many files an Objects function receives at once. It is 2, the minimum of the
	// event source of a queue, so that a new account with 10 concurrent executions serves the API
	// while files arrive. Correctness never depends on it.
	AtOnce int
	// Reserved is the number of concurrent executions that are reserved if the operator chooses
	// to reserve them: for files, its schedule and its calls. 0 reserves none.
	Reserved int
	Retries  int // of an asynchronous call, before it goes to the dead-letter queue
	Settings []string
	// Added lists the Settings that the previous release did not set. They may be empty, because
	// a deployment replaces a function's code before its settings.
	Added  []string
	Grants []Grant
}

// ToLoad returns the settings to load: all, except names of resources and functions in Added that
// the previous release did not set. Other settings in Added have their defaults.
func (f Function) ToLoad(lookup func(string) string) []string {
	return slices.DeleteFunc(slices.Clone(f.Settings), func(name string) bool {
		s, _ := config.Find(name)
		return s.Required() && slices.Contains(f.Added, name) && lookup(name) == ""
	})
}

// ReadsSecret reports whether f reads the secret of the entitlement service, if there is one.
func (f Function) ReadsSecret() bool { return slices.Contains(f.Settings, config.VLSCSecret) }

// IsConsole reports whether f is the console. Only the console reads the secret of its client, if there
// is one.
func (f Function) IsConsole() bool { return slices.Contains(f.Settings, config.ConsoleSecret) }

const (
	get       Action = "dynamodb:GetItem"
	batchGet  Action = "dynamodb:BatchGetItem"
	query     Action = "dynamodb:Query"
	scan      Action = "dynamodb:Scan"
	put       Action = "dynamodb:PutItem"
	update    Action = "dynamodb:UpdateItem"
	remove    Action = "dynamodb:DeleteItem"
	check     Action = "dynamodb:ConditionCheckItem" // in a transaction, for an item that it does not write
	getObject Action = "s3:GetObject"
	getOlder  Action = "s3:GetObjectVersion"
	putObject Action = "s3:PutObject"
	// Without permission to list the bucket, S3 answers 403 instead of 404 for a missing object.
	listBucket   Action = "s3:ListBucket"
	deleteObject Action = "s3:DeleteObject"
	publish      Action = "sns:Publish"
	listUsers    Action = "cognito-idp:ListUsers"
	getUser      Action = "cognito-idp:AdminGetUser"
	listGroups   Action = "cognito-idp:AdminListGroupsForUser"
)

// receive returns the grants for the files that a function receives: reading the files, and the
// actions on their results.
func receive(function string, onResults ...Action) (grants []Grant) {
	kinds := kind.Of(function)
	for _, k := range kinds {
		grants = append(grants, Grant{Resource: Uploads, Prefix: k.Prefix, Actions: []Action{getObject, getOlder, listBucket}})
	}
	for _, k := range kinds {
		if k.Results != "" {
			grants = append(grants, results(k, onResults...))
		}
	}
	return grants
}

// results returns a grant on the results of a kind of file.
func results(k kind.Kind, actions ...Action) Grant {
	return Grant{Resource: Reports, Prefix: k.Results, Actions: actions}
}

// announce returns the grant to presign uploads of a kind of file.
func announce(k kind.Kind) Grant {
	return Grant{Resource: Uploads, Prefix: k.Prefix, Actions: []Action{putObject}}
}

// requestTimeout is the timeout of the functions that serve HTTP: API Gateway waits at most 30 s, and
// a read waits as long for what is unavailable.
const requestTimeout = 29 * time.Second

// Functions lists every function.
var Functions = []Function{
	{
		Name:     "import",
		Summary:  "Imports CSV files of agreement pairs, and of publishers and titles, and exported rules, from the uploads bucket.",
		Trigger:  Objects,
		Every:    15 * time.Minute,    // ends abandoned imports, finishes deletions, saves copies
		Calls:    []string{"refresh"}, // when there are new pairs
		Memory:   512,
		Timeout:  5 * time.Minute, // a file takes seconds; the rest is waiting for other files
		AtOnce:   2,
		Reserved: 3,
		Retries:  2,
		Settings: []string{config.Table, config.UploadsBucket, config.ReportsBucket, config.PairMaxChars, config.ImportLease, config.RefreshFunction},
		Grants: slices.Concat(
			[]Grant{{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove, check}}},
			receive("import", putObject),
			[]Grant{
				results(kind.Inventory, getObject, putObject, listBucket), // imported rules
				{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, putObject, listBucket}},
			},
		),
	},
	{
		Name:    "inventory",
		Summary: "Counts the titles and products in files of inventory from the uploads bucket.",
		Trigger: Objects,
		Every:   15 * time.Minute, // counts again what a change of the rules has not reached
		// Counting takes 110 MB, and 0.34 kB for each of at most inventory.MaxPCs PCs. Lambda gives CPU in proportion to memory. This size
		// gives more than one CPU, so that unpacking and counting run in parallel, and is the
		// maximum in a new account.
		Memory: 3008,
		// An archive of 2 GB, and 4 GB of counted data (inventory.MaxScratch), which is twenty
		// times what 10 million rows in random order take.
		Scratch: 6656,
		Timeout: 15 * time.Minute, // 10 million rows take seconds; the largest file takes some minutes
		// A file that is counted twice at the same time is stored once: the record decides.
		AtOnce:   2,
		Reserved: 3,
		Retries:  2,
		Settings: []string{config.Table, config.UploadsBucket, config.ReportsBucket, config.InventoryMacOS},
		Added:    []string{config.InventoryMacOS},
		Grants: slices.Concat(
			[]Grant{{Resource: Table, Actions: []Action{get, query, put}}},
			receive("inventory", getObject, putObject, listBucket),
		),
	},
	{
		Name:    "refresh",
		Summary: "Refreshes licence data: reads statements from the uploads bucket, asks what pairs entitle to, and publishes the reports of the day.",
		Trigger: Objects,
		Every:   5 * time.Minute, // starts pending refreshes, requested or scheduled
		Nightly: true, Refreshes: true,
		Calls:   []string{"refresh"}, // to continue work that takes longer than one invocation
		Memory:  1024,
		Timeout: 15 * time.Minute,
		AtOnce:  2,
		// One runs the refresh, and the refresh record says which; the others read statements or
		// find that no refresh is due.
		Reserved: 4,
		Retries:  2,
		Settings: []string{
			config.Table, config.UploadsBucket, config.ReportsBucket, config.RefreshFunction, config.RefreshTimeZone,
			config.VLSCEndpoint, config.VLSCTokenURL, config.VLSCSecret, config.ExpiringDays, config.RetentionDays,
		},
		Added: []string{config.RetentionDays},
		Grants: slices.Concat(
			[]Grant{{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove, check}}},
			receive("refresh", getObject, putObject, listBucket),
			[]Grant{
				// The function puts objects and deletes old ones. The previous version, which may still
				// run during a deployment, also reads them.
				{Resource: Reports, Prefix: "snapshots/", Actions: []Action{getObject, putObject, deleteObject, listBucket}},
				results(kind.Inventory, getObject, listBucket),
				{Resource: Reports, Prefix: kind.Inventory.Results + "tallies/", Actions: []Action{deleteObject}},
				{Resource: Reports, Prefix: kind.Inventory.Results + "pcs/", Actions: []Action{deleteObject}},
				{Resource: Reports, Prefix: JobsPrefix, Actions: []Action{deleteObject, listBucket}},
				{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, putObject, listBucket}},
			},
		),
	},
	{
		Name:    "reports",
		Summary: "Serves reports, refreshes of licence data and statements over HTTP.",
		Trigger: HTTP,
		Calls:   []string{"refresh"},
		Memory:  1024, // data of 100,000 agreements: the current data and a day's
		Timeout: requestTimeout,
		Settings: []string{
			config.Table, config.UploadsBucket, config.ReportsBucket, config.ExpiringDays, config.RefreshFunction, config.RefreshTimeZone,
			config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient, config.Role,
		},
		// Until the time zone is set, adjustments end with the day in UTC. The runtime
		// provided.al2023 has the data of time zones, for which this binary has no room.
		Added: []string{config.RefreshTimeZone, config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient, config.Role},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove}},
			announce(kind.Statements),
			results(kind.Statements, getObject, listBucket),
			{Resource: Reports, Prefix: "snapshots/", Actions: []Action{getObject, listBucket}},
			results(kind.Inventory, getObject, listBucket),
			{Resource: Reports, Prefix: ExportsPrefix, Actions: []Action{getObject, putObject, listBucket}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
	{
		Name:    "agreements",
		Summary: "Serves agreements, imports and audit events over HTTP.",
		Trigger: HTTP,
		Calls:   []string{"refresh"}, // when pairs were added or removed
		Memory:  512,
		Timeout: requestTimeout,
		Settings: []string{
			config.Table, config.UploadsBucket, config.ReportsBucket, config.PairMaxChars, config.ExpiringDays, config.InventoryRequired,
			config.RefreshFunction, config.RefreshTimeZone, config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient, config.Role,
		},
		Added: []string{config.RefreshTimeZone, config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient, config.Role}, // until the zone is set, days are those of UTC
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove, check}},
			announce(kind.Agreements),
			results(kind.Agreements, getObject, listBucket),
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
	{
		Name:     "catalog",
		Summary:  "Serves the catalog of publishers and product titles, and the inventory, over HTTP.",
		Trigger:  HTTP,
		Memory:   512,
		Timeout:  requestTimeout,
		Calls:    []string{"inventory"},
		Settings: []string{config.Table, config.UploadsBucket, config.ReportsBucket, config.InventoryFunction, config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient},
		Added:    []string{config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, query, put, update}},
			announce(kind.Inventory),
			results(kind.Inventory, getObject, putObject, listBucket),
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
	{
		Name:     "licenses",
		Summary:  "Serves subscriptions, users, their licences and conflicts over HTTP.",
		Trigger:  HTTP,
		Calls:    []string{"directory"}, // for a job
		Memory:   1024,                  // the register of 100,000 users, and an export of them
		Timeout:  requestTimeout,
		Settings: []string{config.Table, config.UploadsBucket, config.ReportsBucket, config.DirectoryFunction, config.RefreshTimeZone, config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient, config.Role},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove, check}},
			announce(kind.Users),
			announce(kind.Subscriptions),
			{Resource: Reports, Prefix: ExportsPrefix, Actions: []Action{getObject, putObject, listBucket}},
			results(kind.Users, getObject, listBucket), // findings
			results(kind.Devices, getObject, listBucket),
			results(kind.Subscriptions, getObject, listBucket),
			{Resource: Reports, Prefix: AnnotatedPrefix, Actions: []Action{getObject, listBucket}},
			{Resource: Reports, Prefix: JobsPrefix, Actions: []Action{getObject, putObject, listBucket}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
	{
		Name:    "directory",
		Summary: "Applies lists of users, devices and subscriptions from the uploads bucket, does jobs that change licences, and checks every night that the licences add up.",
		Trigger: Objects,
		Every:   5 * time.Minute, // serves users who wait for licences, continues interrupted files and jobs, saves copies
		Nightly: true,            // counts the users of each subscription
		Memory:  1024,            // the register of 100,000 users, and an index of them
		Scratch: 1536,            // two copies of the largest file: one is being written while another is read
		Timeout: 15 * time.Minute,
		// One execution works on all files, and one on all jobs, as their leases say. The others end at once.
		AtOnce:   2,
		Reserved: 3,
		Retries:  2,
		Settings: []string{config.Table, config.UploadsBucket, config.ReportsBucket, config.RefreshTimeZone},
		Grants: slices.Concat(
			[]Grant{{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove, check}}},
			receive("directory", getObject, putObject, listBucket),
			[]Grant{{Resource: Reports, Prefix: JobsPrefix, Actions: []Action{getObject, putObject, listBucket}}, {Resource: Reports, Prefix: AnnotatedPrefix, Actions: []Action{putObject}}, {Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, putObject, listBucket}}},
		),
	},
	{
		Name:     "groups",
		Summary:  "Serves license groups over HTTP.",
		Trigger:  HTTP,
		Memory:   512,
		Timeout:  requestTimeout,
		Settings: []string{config.Table, config.ReportsBucket, config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient},
		Added:    []string{config.ReportsBucket, config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient}, // without the bucket, no copy of the register is read
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove, check}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
	{
		Name:    "reminders",
		Summary: "Serves reminders and calendar feeds over HTTP.",
		Trigger: HTTP,
		Memory:  512,
		Timeout: requestTimeout,
		Settings: []string{
			config.Table, config.ReportsBucket, config.RefreshTimeZone, config.API, config.ConsoleOrigin,
			config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient,
		},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove}},
			{Resource: Reports, Prefix: RemindersPrefix, Actions: []Action{getObject, listBucket}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
	{
		// Apart from the function that serves HTTP: this one may publish and has no routes, that one the other
		// way round.
		Name:    "notices",
		Summary: "Sends reminders to the notification topic: once a day what ends soon, and at once that refreshes fail.",
		Trigger: Clock,
		Every:   time.Hour,
		Memory:  1024, // the register of 100,000 agreements, and the ends of their entitlements
		Timeout: 15 * time.Minute,
		Retries: 2,
		Settings: []string{
			config.Table, config.ReportsBucket, config.NoticesTopic, config.RefreshTimeZone, config.ReminderLanguage, config.ConsoleOrigin,
		},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put}},
			{Resource: Notices, Actions: []Action{publish}},
			{Resource: Reports, Prefix: RemindersPrefix, Actions: []Action{getObject, putObject, listBucket}},
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
		},
	},
	{
		Name:    "views",
		Summary: "Serves saved views and their files over HTTP.",
		Trigger: HTTP,
		Calls:   []string{"delivery"}, // to make a file now
		Memory:  512,
		Timeout: requestTimeout,
		Settings: []string{
			config.Table, config.ReportsBucket, config.DeliveryFunction, config.RefreshTimeZone,
			config.SignInClaim, config.SignInRoles, config.SignInEntra, config.ConsoleClient,
		},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, put, update, remove}},
			{Resource: Reports, Prefix: ViewsPrefix, Actions: []Action{getObject, listBucket}}, // for the addresses of downloads
		},
	},
	{
		Name:    "delivery",
		Summary: "Makes files of saved views on their schedules, and announces them.",
		Trigger: Clock,
		Every:   time.Hour,
		Nightly: true,                // deletes old files
		Calls:   []string{"refresh"}, // if the licence data of a report are old
		Memory:  1024,                // as for the function that serves the same reports
		Timeout: 15 * time.Minute,
		// One execution makes files, as its lease says. Others end at once.
		Reserved: 1,
		Retries:  2,
		Settings: []string{
			config.Table, config.ReportsBucket, config.RefreshFunction, config.RefreshTimeZone, config.ExpiringDays, config.RetentionDays,
			config.NoticesTopic, config.ConsoleOrigin, config.UserPool, config.SignInClaim, config.SignInRoles,
		},
		Grants: []Grant{
			{Resource: Table, Actions: []Action{get, batchGet, query, scan, put, update, remove}},
			{Resource: Reports, Prefix: ViewsPrefix, Actions: []Action{putObject, deleteObject, listBucket}},
			{Resource: Reports, Prefix: "snapshots/", Actions: []Action{getObject, listBucket}},
			results(kind.Inventory, getObject, listBucket),
			{Resource: Reports, Prefix: "copies/", Actions: []Action{getObject, listBucket}},
			{Resource: Notices, Actions: []Action{publish}},
			{Resource: UserPool, Actions: []Action{listUsers, getUser, listGroups}},
		},
	},
	{
		Name:    "console",
		Summary: "Serves the web console, as a client of the HTTP API.",
		Trigger: HTTP,
		Memory:  512,
		Timeout: requestTimeout,
		// The name of the bucket is for the content policy of pages with uploads, which browsers send there.
		Settings: []string{
			config.SessionsTable, config.API, config.ConsoleOrigin, config.ConsoleIssuer, config.ConsoleClient, config.ConsoleScopes, config.ConsoleSecret,
			config.UploadsBucket, config.SignInClaim, config.SignInRoles, config.SignInEntra, config.Samples,
		},
		// Everything else is what the person may do at the HTTP API, with the person's token.
		Grants: []Grant{{Resource: Sessions, Actions: []Action{get, put, update, remove}}},
	},
}
