// Package importer turns a CSV file of agreement pairs into agreements: the
// use case behind the uploads bucket. No AWS here.
//
// # Exactly once, and all or nothing
//
// An import is identified by the object it reads (intake.Object). Whatever S3
// delivers and wherever a function dies, the object is applied once:
//
//   - Claim makes one attempt the owner of the import for a lease. An attempt
//     has a number of its own and a stage, "<import>.<attempt>".
//   - The whole file is checked before anything is written.
//   - The attempt then takes the writer's lease of the organisation, looks up
//     the names and pairs, and stages its rows: every item carries the stage.
//     Readers ignore items of a stage that is not committed, and writers treat
//     those of a dead stage as if they were not there.
//   - Commit flips the import to succeeded, and with it every staged row, in
//     one transaction that holds only while the attempt still owns the import.
//
// An attempt never resumes another's stage; it overwrites it, and first sees to
// it that the stage can never be committed. So whatever a sleeper does that
// wakes up after its leases have ended, nobody sees a part of an import.
package importer

import (
	"context"
	"strconv"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/once"
	"trueup/internal/sheet"
)

// State is where an import is in its life.
type State string

// The states of R3.8. Succeeded and rejected are final; failed is final too
// unless Import.Retryable says that a redelivery may try again.
const (
	StateReceived  State = "received"  // announced through the API, the file is not there yet
	StateRunning   State = "running"   // being checked or written
	StateSucceeded State = "succeeded" // applied (or, dry run, checked without an error)
	StateRejected  State = "rejected"  // the file has errors and nothing of it was stored
	StateFailed    State = "failed"    // not the file's fault, or the file was gone
)

// States is every state, in the order of the documentation.
var States = []State{StateReceived, StateRunning, StateSucceeded, StateRejected, StateFailed}

// OnError says what to do with a file some rows of which are wrong (R3.7).
type OnError string

// The choices of R3.7.
const (
	OnErrorReject OnError = "reject" // store nothing; the default
	OnErrorSkip   OnError = "skip"   // store the good rows, report the bad ones
)

// OnErrors is every choice, in the order of the documentation.
var OnErrors = []OnError{OnErrorReject, OnErrorSkip}

// Import is the record of one import (R3.8). Always Added + Unchanged +
// Rejected = Rows once State is succeeded or rejected.
type Import struct {
	intake.Head

	File       string // last part of the object's key
	Group      string // license group name as asked for; empty means Unassigned
	GroupID    string // the group it went to; known once it succeeded
	Program    agreement.Program
	OnError    OnError
	DryRun     bool
	State      State
	Reason     string    // stable code, why it was rejected or failed as a whole; empty for row errors
	ReasonArgs errs.Args // what its message quotes
	Retryable  bool      // failed, but a redelivered event tries again

	StartedAt  time.Time
	FinishedAt time.Time

	Rows      int // data rows: not blank, not the header
	Added     int // pairs stored (or that would be, in a dry run)
	Unchanged int // pairs already there, or repeated in the file
	Rejected  int // rows with an error, or all rows of a file that was refused whole
	Created   int // agreements made
	Extended  int // agreements that got more pairs
	Errors    int // findings that are errors
	Warnings  int // findings that are warnings

	Attempt   int       // counts the times it was tried; 0 before the file was there
	Lease     time.Time // until when a running attempt owns the import
	Annotated bool      // the annotated copy exists, under AnnotatedKey
}

// Stage names what one attempt of an import stages: "<import>.<attempt>".
type Stage string

// Stage returns the stage of the current attempt.
func (i Import) Stage() Stage { return i.stage(i.Attempt) }

func (i Import) stage(attempt int) Stage {
	return Stage(i.ID + "." + strconv.Itoa(attempt))
}

// ReportKey is the object in the reports bucket that holds the Report as JSON.
// It exists once the import is succeeded or rejected.
func (i Import) ReportKey() string {
	return "imports/" + i.ID + "/" + strconv.Itoa(i.Attempt) + "/report.json"
}

// AnnotatedKey is the object in the reports bucket that holds the annotated
// copy in a language, if Annotated.
func (i Import) AnnotatedKey(language string) string {
	return "imports/" + i.ID + "/" + strconv.Itoa(i.Attempt) + "/annotated." + language + ".csv"
}

// Waiting implements intake.Record.
func (i Import) Waiting() bool { return i.State == StateReceived }

// Final reports whether a redelivered event changes nothing any more.
func (i Import) Final() bool {
	return i.State == StateSucceeded || i.State == StateRejected || i.State == StateFailed && !i.Retryable
}

// Page is one page of imports, newest first. Next is empty on the last page.
type Page struct {
	Items []Import
	Next  string
}

// Report is every finding of an import, in the order of the file. It is
// stored as JSON in the reports bucket; codes become sentences when read.
type Report struct {
	Import   string
	Findings []sheet.Finding
}

// Records is what the API needs of imports.
type Records interface {
	// Announce stores a received import with its audit event and the
	// idempotency entry in one transaction. When the key was used before it
	// stores nothing and returns the first response, or errs.Invalid
	// idempotency_key_reused when the body was another.
	Announce(ctx context.Context, imp Import, event audit.Event, entry once.Entry) (first []byte, err error)
	// Import returns one record; errs.NotFound import_not_found.
	Import(ctx context.Context, id string) (Import, error)
	// Imports lists records, newest first.
	Imports(ctx context.Context, limit int, cursor string) (Page, error)
}
