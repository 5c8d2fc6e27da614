// Package statements keeps the statements (kind.Statements) that admins put in the uploads bucket
// (R7.4): it receives the files, and a refresh reads the statements in use. It does not depend on
// AWS.
//
// # One record for each version of a file
//
// A version of a file is read once and has one record, whatever events S3 delivers and wherever a
// function dies. A file with a single wrong row is refused as a whole, with findings line by
// line: half a statement looks like an organisation that lost half of its licences.
//
// The latest accepted version of a key is in use; a refused one replaces nothing. Versions are
// ordered by when they were put, not by when their events arrived (intake.Object.Order).
//
// # Where data is
//
// The content of a statement is written to the reports bucket before its record says that it is
// accepted, under a key whose content never changes. So the content of an accepted record always
// exists, and can be cached in memory.
package statements

import (
	"context"
	"time"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/once"
	"trueup/internal/sheet"
)

// MetaStatement is the user metadata of an upload that names the announced statement.
const MetaStatement = "statement"

// State is the state of a version of a file.
type State string

// The states. Received waits for the file; all but received and accepted are final.
const (
	StateReceived State = "received" // announced through the API, the file has not arrived
	StateAccepted State = "accepted" // in use
	StateRefused  State = "refused"  // the file has errors and nothing of it is used
	StateReplaced State = "replaced" // a later version of the same file was accepted
	StateRemoved  State = "removed"  // a user took it out of use
)

// States is every state, in the order of the documentation.
var States = []State{StateReceived, StateAccepted, StateRefused, StateReplaced, StateRemoved}

// Record is the record of one version of a file. Lines + Skipped + Unchanged + Rejected = Rows,
// unless it is only announced. Lines counts the stored lines of an accepted file, and the good
// lines of a refused one.
type Record struct {
	intake.Head // At is when the file was put, or when it was announced if it has not arrived

	State State

	Kind entitlement.Kind // empty if the file is not a statement
	Date day.Date         // the day that the statement describes

	Rows, Lines, Skipped, Unchanged, Rejected int
	Errors, Warnings, Hints                   int // findings, see Findings

	EndedAt time.Time // when it was read; zero before
	// Removed is when it was taken out of use; zero if it was not.
	Removed time.Time
}

// Name is the file's name.
func (r Record) Name() string { return kind.Statements.Below(r.Object.Key) }

// Waiting implements intake.Record.
func (r Record) Waiting() bool { return r.State == StateReceived }

// Final reports whether reading the file is over.
func (r Record) Final() bool { return !r.Waiting() }

// contentKey returns the key of the content in the reports bucket.
func (r Record) contentKey() string { return kind.Statements.Results + r.ID + ".json" }

// findingsKey returns the key of the findings in the reports bucket.
func (r Record) findingsKey() string { return kind.Statements.Results + r.ID + ".findings.json" }

// Page is one page of records, newest first. Next is empty on the last page.
type Page struct {
	Items []Record
	Next  string
}

// Store keeps the records. Reads are strongly consistent.
type Store interface {
	// AnnounceStatement stores a received record with its event and the idempotency entry in one
	// transaction. If the key was used before, it stores nothing and returns the first response,
	// or errs.Invalid idempotency_key_reused.
	AnnounceStatement(ctx context.Context, r Record, c once.Change) (first []byte, err error)
	// Statement returns one record; errs.NotFound statement_not_found.
	Statement(ctx context.Context, id string) (Record, error)
	// Statements lists records, newest first. A damaged cursor is errs.Invalid cursor_invalid.
	Statements(ctx context.Context, limit int, cursor string) (Page, error)
	// KeepStatement stores the accepted or refused record of a file, with the event, in one
	// transaction. The first call wins. An accepted record becomes replaced if a later version
	// was already accepted or removed; otherwise it replaces the one in use. It returns the
	// stored record.
	KeepStatement(ctx context.Context, r Record, event audit.Event) (Record, error)
	// RemoveStatement takes an accepted record out of use, with the event; errs.Stale
	// version_stale if it changed since it was read. Older versions of the file never come into
	// use again.
	RemoveStatement(ctx context.Context, read Record, at time.Time, event audit.Event) (Record, error)
	// StatementsInUse returns the accepted records.
	StatementsInUse(ctx context.Context) ([]Record, error)
}

// ParseFileName checks the name of a file to be announced, as sheet.CheckFileName does.
func ParseFileName(name string) []errs.Violation {
	return sheet.CheckFileName(name, "statement_file_extension", kind.Statements.Extensions()...)
}
