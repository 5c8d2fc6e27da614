// Package directories receives lists of users, devices and subscriptions (kind.Users, kind.Devices and
// kind.Subscriptions) and makes the stored ones agree with them. Package directory reads a file. This
// package does not depend on AWS.
//
// # One record for each version of a file, one file at a time
//
// A version of a file is read once and has one Record, whatever events S3 delivers and wherever a
// function dies. A delivery stores the record and then works on the files that wait, the oldest first,
// while it holds the lease of the organisation. A delivery that finds the lease held ends at once: the
// holder takes its file too. So files are applied in the order in which they were put, and they never
// take more than one execution of the function for longer than a moment. A function that dies leaves an
// open record, which a later delivery, or the schedule, continues where it was saved.
//
// # What a file may do
//
// A list of users creates users and changes their descriptions. What a row does not state stays. It never
// deletes a user that it lacks, and never takes or gives a licence, unless the metadata of the upload
// says so: see Settings. Licences go through package licensing, so none is assigned above the quantity.
// Each difference that stays is a finding.
//
// Users are matched by the id in the directory, then by user principal name.
//
// A list of devices works like one of users. Devices are matched by their ids in the directory, then by
// name. A list of groups creates and changes groups of devices, and one of the members of a group, in a folder
// with its name, replaces them. Whatever changes which devices have a licence waits for a global admin.
package directories

import (
	"context"
	"errors"
	"strings"
	"time"

	"trueup/internal/audit"
	"trueup/internal/directory"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/once"
)

// State is how far a file is.
type State string

// The states.
const (
	StateReceived   State = "received"   // was announced, or waits for earlier files
	StateRunning    State = "running"    // or interrupted, and continued later
	StateSucceeded  State = "succeeded"  // the good rows are stored; Rejected counts the others
	StateRefused    State = "refused"    // as a whole: nothing is stored
	StateSuperseded State = "superseded" // a later version of the file came first: nothing is stored
	StateFailed     State = "failed"     // given up after MaxAttempts
)

// States lists every state, in the order of the documentation.
var States = []State{StateReceived, StateRunning, StateSucceeded, StateRefused, StateSuperseded, StateFailed}

// Kinds are the kinds of files that this package receives.
var Kinds = []kind.Kind{kind.Users, kind.Devices, kind.Subscriptions}

// KindOf returns the kind of a key; false if this package does not receive it.
func KindOf(key string) (kind.Kind, bool) {
	for _, k := range Kinds {
		if strings.HasPrefix(key, k.Prefix) {
			return k, true
		}
	}
	return kind.Kind{}, false
}

// MaxAttempts is the number of times that work on a file is begun. A file that cannot be processed must
// not occupy the function forever.
const MaxAttempts = 20

// Counts are numbers of a file. Always
//
//	Created + Changed + Unchanged + Skipped + Rejected = Rows
//
// for a file that succeeded. Rows that were done just before a process died may count as Unchanged.
type Counts struct {
	Rows      int // not blank
	Created   int // users, subscriptions, devices or groups of devices
	Changed   int // descriptions, quantities or terms; members that joined a group
	Unchanged int
	Skipped   int // about something else, deleted, or unknown here, as a finding says
	Rejected  int // with an error

	// Deleted is users or devices that the file lacks, users that it states to be deleted, and members that
	// left a group.
	Deleted int
	Held    int // users, devices or members that stay until their deletion or removal is confirmed

	Assigned int // users who got licences
	Removed  int // users who only lost licences
	Refused  int // users who could not get the licences that the file states
	Differ   int // users or subscriptions that differ from the file, and stay so
}

// Record is the record of one version of a file.
type Record struct {
	intake.Head // At is when it arrived

	State  State
	List   directory.Kind // what it lists; empty if it was not recognised
	Part   bool           // it has only some pages of a list
	Reason string         // code of why it was refused or failed
	Args   errs.Args      // values in the message of Reason

	Counts

	Errors, Warnings, Hints int // findings, see Service.Findings

	Annotated bool // the annotated copy was made, see AnnotatedCopy

	Attempts int
	// Position is the number of delivered rows that are done and counted. It is less than Rows while the
	// file is running.
	Position int
	EndedAt  time.Time // zero before
	// Deleting is how many users or devices the file was allowed to delete when it began to; 0 before.
	Deleting int
}

// Name is the file's name, with its folder.
func (r Record) Name() string { return r.Object.Key }

// Waiting implements intake.Record.
func (r Record) Waiting() bool {
	return r.State == StateReceived && r.Announced() && r.Object.ETag == ""
}

// Final reports whether work on the file is over.
func (r Record) Final() bool { return r.State != StateReceived && r.State != StateRunning }

// resultsPrefix returns the prefix of the results of the record in the reports bucket.
func (r Record) resultsPrefix() string {
	k, _ := KindOf(r.Object.Key)
	return k.Results
}

// findingsKey returns the key of the findings of a file in the reports bucket.
func (r Record) findingsKey() string { return r.resultsPrefix() + r.ID + ".findings.json" }

// progressKey returns the key of the findings of the rows that are done, while the file is running.
func (r Record) progressKey() string { return r.resultsPrefix() + r.ID + ".progress.json" }

// Page is one page of records, newest first. Next is empty on the last page.
type Page struct {
	Items []Record
	Next  string
}

// ErrLost means that another process holds the lease now, or has changed the record. The process must
// stop and write nothing more.
var ErrLost = errors.New("directories: the lease is lost")

// Store keeps the records and the lease. Reads are strongly consistent. Every method may be repeated
// after a fault.
type Store interface {
	// File returns one record; errs.NotFound directory_file_not_found.
	File(ctx context.Context, id string) (Record, error)
	// Files lists records, newest first. A damaged cursor is errs.Invalid cursor_invalid.
	Files(ctx context.Context, limit int, cursor string) (Page, error)
	// Open returns the records that are not Final, and not Waiting for their file.
	Open(ctx context.Context) ([]Record, error)
	// AnnounceFile stores a Waiting record with its event and the idempotency entry in one
	// transaction. If the entry exists, it returns the first answer and stores nothing. A record
	// whose file is never uploaded disappears after a week.
	AnnounceFile(ctx context.Context, r Record, c once.Change) (first []byte, err error)
	// SaveFile stores a record with events, in one transaction. The record has the version that was read
	// plus one, or 1 if it is new. ErrLost if it has changed since.
	SaveFile(ctx context.Context, r Record, events ...audit.Event) error
	// BeginFile is SaveFile, and makes the record the newest version of its file. It returns false, and
	// has stored nothing, if a later version has begun.
	BeginFile(ctx context.Context, r Record) (begun bool, err error)

	// Acquire takes the lease until a moment, if it is free, has expired before now, or is the holder's.
	Acquire(ctx context.Context, holder string, now, until time.Time) (acquired bool, err error)
	// Renew moves the end of the lease. ErrLost if the holder does not hold it.
	Renew(ctx context.Context, holder string, until time.Time) error
	// Release ends the lease if the holder holds it.
	Release(ctx context.Context, holder string) error
}
