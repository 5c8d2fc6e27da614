// Package importer turns CSV files of agreement pairs in the uploads bucket into agreements. It
// does not depend on AWS.
//
// # Exactly once, and all or nothing
//
// An import is identified by the object that it reads (intake.Object). The object is applied
// once, whatever events S3 delivers and wherever a function dies:
//
//   - Claim gives one attempt a lease on the import. An attempt has its own number and a stage,
//     "<import>.<attempt>".
//   - The whole file is checked before anything is written.
//   - The attempt acquires the writer's lease of the organisation, looks up the names and pairs,
//     and stages its rows: every item names the stage. Readers ignore items of uncommitted
//     stages. Writers treat items of a dead stage as absent.
//   - Commit marks the import as succeeded, which makes all staged rows visible, in one
//     transaction that fails if the attempt no longer owns the import.
//
// An attempt never resumes the stage of another. It overwrites the rows, and first makes sure
// that the other stage can never be committed. So even if a stalled attempt resumes after its
// leases have expired, readers never see a part of an import.
package importer

import (
	"context"
	"strconv"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/once"
	"trueup/internal/sheet"
)

// State is the state of an import.
type State string

// The states of R3.8. Succeeded and rejected are final; failed is final unless Import.Retryable
// is set.
const (
	StateReceived  State = "received"  // announced through the API, the file has not arrived
	StateRunning   State = "running"   // being checked or written
	StateSucceeded State = "succeeded" // applied; for a dry run, checked without errors
	StateRejected  State = "rejected"  // the file has errors and nothing of it was stored
	StateFailed    State = "failed"    // for a reason outside the file, or the file was deleted
)

// States is every state, in the order of the documentation.
var States = []State{StateReceived, StateRunning, StateSucceeded, StateRejected, StateFailed}

// OnError says what to do with a file that has wrong rows (R3.7).
type OnError string

// The choices of R3.7.
const (
	OnErrorReject OnError = "reject" // store nothing; the default
	OnErrorSkip   OnError = "skip"   // store the good rows, report the bad ones
)

// OnErrors is every choice, in the order of the documentation.
var OnErrors = []OnError{OnErrorReject, OnErrorSkip}

// Import is the record of one import (R3.8). Added + Unchanged + Rejected = Rows once State is
// succeeded or rejected.
type Import struct {
	intake.Head

	File       string // last part of the object's key
	Group      string // name of the license group as requested; empty means Unassigned
	GroupID    string // the license group of its new agreements, once it succeeded; empty if that does not exist
	Program    agreement.Program
	OnError    OnError
	DryRun     bool
	State      State
	Reason     string    // stable code of a failure or rejection as a whole; empty for row errors
	ReasonArgs errs.Args // values in its message
	Retryable  bool      // failed, but a redelivered event retries

	StartedAt  time.Time
	FinishedAt time.Time

	Rows      int // data rows: not blank, not the header
	Added     int // pairs stored, or that a dry run would store
	Unchanged int // pairs already stored, or repeated in the file
	Rejected  int // rows with an error; all rows of a refused file
	Created   int // agreements created
	Extended  int // agreements that got more pairs
	Errors    int // findings that are errors
	Warnings  int // findings that are warnings

	Attempt   int       // number of attempts; 0 before the file arrived
	Lease     time.Time // end of the running attempt's lease
	Annotated bool      // the annotated copy exists, under AnnotatedKey
}

// Stage identifies the items that one attempt stages: "<import>.<attempt>".
type Stage string

// Stage returns the stage of the current attempt.
func (i Import) Stage() Stage { return i.stage(i.Attempt) }

func (i Import) stage(attempt int) Stage {
	return Stage(i.ID + "." + strconv.Itoa(attempt))
}

// ReportKey returns the key in the reports bucket of the Report as JSON. It exists once the
// import is succeeded or rejected.
func (i Import) ReportKey() string {
	return i.results() + "report.json"
}

// AnnotatedKey returns the key in the reports bucket of the annotated copy in a language, if
// Annotated.
func (i Import) AnnotatedKey(language string) string {
	return i.results() + "annotated." + language + ".csv"
}

// results returns the prefix of the keys of the current attempt's results.
func (i Import) results() string {
	return kind.Agreements.Results + i.ID + "/" + strconv.Itoa(i.Attempt) + "/"
}

// Waiting implements intake.Record.
func (i Import) Waiting() bool { return i.State == StateReceived }

// Final reports whether a redelivered event has no effect.
func (i Import) Final() bool {
	return i.State == StateSucceeded || i.State == StateRejected || i.State == StateFailed && !i.Retryable
}

// Page is one page of imports, newest first. Next is empty on the last page.
type Page struct {
	Items []Import
	Next  string
}

// Report lists the findings of an import, in the order of the file. It is stored as JSON in the
// reports bucket with codes, which are translated when it is read.
type Report struct {
	Import   string
	Findings []sheet.Finding
}

// Records is the part of the Store that the API uses.
type Records interface {
	// Announce stores a received import with its audit event and the idempotency entry in one
	// transaction. If the key was used before, it stores nothing and returns the first response,
	// or errs.Invalid idempotency_key_reused if the body differs.
	Announce(ctx context.Context, imp Import, c once.Change) (first []byte, err error)
	// Import returns one record; errs.NotFound import_not_found.
	Import(ctx context.Context, id string) (Import, error)
	// Imports lists records, newest first.
	Imports(ctx context.Context, limit int, cursor string) (Page, error)
}
