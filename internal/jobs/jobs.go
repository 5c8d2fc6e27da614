// Package jobs changes the licences of up to MaxUsers users in the background. Package licensing changes
// them; this package keeps how far a job is and what happened to each user. It does not depend on AWS.
//
// # A job survives its process
//
// A job is a Record and an Input: the users in order, as they were selected when the job was made. A worker
// holds the lease on jobs and takes them in the order in which they were made. It changes users in parts.
// After each part it stores the results of the part, and then the position. A process that dies leaves an
// open record, which the next call or the schedule continues at its position.
//
// Invariants: the results have one outcome for each user before the position, in the order of the input;
// the counts are those of the results; a user of a part that was interrupted is judged again with the same
// call, so a licence that the job assigned counts as assigned, and is assigned once. Only a licence that
// the job removed just before its process died is seen no more: that user counts as unchanged.
package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/licensing"
	"trueup/internal/once"
	"trueup/internal/subscription"
)

// MaxUsers is the maximum number of users of a job.
const MaxUsers = 100_000

// Prefix is the prefix of the keys of inputs and results in the reports bucket.
const Prefix = "license-jobs/"

// MaxAttempts is the number of times that work on a job is begun. A job that cannot be done must not
// occupy the function forever.
const MaxAttempts = 20

// State is how far a job is.
type State string

// The states.
const (
	StateReceived  State = "received"  // waits for earlier jobs
	StateRunning   State = "running"   // or interrupted, and continued later
	StateSucceeded State = "succeeded" // each user has an outcome
	StateFailed    State = "failed"    // given up: users from the position on have no outcome
)

// States lists every state, in the order of the documentation.
var States = []State{StateReceived, StateRunning, StateSucceeded, StateFailed}

// Action is what a job does.
type Action string

// The actions.
const (
	ActionAssign Action = "assign"
	ActionRemove Action = "remove"
)

// Actions lists every action, in the order of the documentation.
var Actions = []Action{ActionAssign, ActionRemove}

// Input is what a job does to whom. It never changes.
type Input struct {
	Licenses []subscription.Assignment // to assign
	Remove   []string                  // subscriptions whose licences are removed
	Replace  bool                      // see subscription.Want
	UserIDs  []string                  // without repetitions
	// Given has users as the caller named them, by their position in UserIDs, where that is not the id.
	Given map[int]string
}

// want returns the change of each user.
func (in Input) want() subscription.Want {
	return subscription.Want{Add: in.Licenses, Remove: in.Remove, Replace: in.Replace}
}

// given returns how the caller named n users, from a position on.
func (in Input) given(from, n int) []string {
	names := slices.Clone(in.UserIDs[from : from+n])
	for i := range names {
		if name, ok := in.Given[from+i]; ok {
			names[i] = name
		}
	}
	return names
}

// Selection is how the users of a job were selected. Empty fields select all.
type Selection struct {
	Text         string
	Subscription string
	Without      string
	Licensed     *bool
	Location     string
	Department   string
	Enabled      *bool
	Type         subscription.UserType
	InactiveDays int
	Conflict     bool
	Sort         subscription.Sort
	Descending   bool
}

// Counts are the users of a job with each outcome.
type Counts struct {
	Assigned, Removed, Unchanged, Refused int
	// Violations is the number of refused users by class of the reason. A user with reasons of two classes
	// counts in both.
	Violations map[subscription.Error]int
}

// Record is the record of a job.
type Record struct {
	ID string // the call in the licences that the job assigns
	At time.Time
	// By, ByName, Role and RequestID are those of the call that made the job, for its audit events.
	By, ByName, Role, RequestID string
	Source                      audit.Source // likewise

	Action        Action
	Replace       bool
	Subscriptions []string // of which licences are assigned or removed
	DryRun        bool
	Selection     *Selection // nil for a list of users
	Users         int

	State State
	// Position is the number of users who have an outcome, which Counts counts.
	Position int
	Counts   Counts
	// Parts are the stored results, in order. Their users add up to Position.
	Parts []StoredPart
	// Short is, by subscription, how many licences have to be bought for the users who were refused only
	// because too few were free. It is known when the job has succeeded.
	Short    map[string]int
	Reason   string    // code of why the job failed
	Args     errs.Args // values in the message of Reason
	Attempts int
	Worker   string    // a new id for each attempt
	EndedAt  time.Time // zero before
	Version  int64     // grows with every change
}

// StoredPart names the results of some users, which are an object of their own. The worker is in its key: a
// process that lost the lease must not replace the results that another one has counted.
type StoredPart struct {
	Users  int
	Worker string
}

// Final reports whether work on the job is over.
func (r Record) Final() bool { return r.State == StateSucceeded || r.State == StateFailed }

// add counts the results of a part.
func (c *Counts) add(results []licensing.Result) {
	n := licensing.Count(results)
	refused, unchanged, removed := n.Of[subscription.Refused], n.Of[subscription.Unchanged], n.Of[subscription.Removed]
	c.Refused, c.Unchanged, c.Removed = c.Refused+refused, c.Unchanged+unchanged, c.Removed+removed
	c.Assigned += len(results) - refused - unchanged - removed
	if c.Violations == nil {
		c.Violations = map[subscription.Error]int{}
	}
	for class, users := range n.Violations {
		c.Violations[class] += users
	}
}

// event returns a new audit event of the job.
func (r Record) event(id string, at time.Time, action string) audit.Event {
	return audit.Event{ID: id, At: at, By: r.By, ByName: r.ByName, Role: r.Role, RequestID: r.RequestID, Action: action, Source: r.Source}
}

// Page is one page of records, newest first. Next is empty on the last page.
type Page struct {
	Items []Record
	Next  string
}

// ErrLost means that another process holds the lease now, or has changed the record. The process must
// stop and write nothing more.
var ErrLost = errors.New("jobs: the lease is lost")

// Store keeps the records and the lease. Reads are strongly consistent. Every method may be repeated
// after a fault.
type Store interface {
	// Job returns one record; errs.NotFound license_job_not_found.
	Job(ctx context.Context, id string) (Record, error)
	// Jobs lists records, newest first. A damaged cursor is errs.Invalid cursor_invalid.
	Jobs(ctx context.Context, limit int, cursor string) (Page, error)
	// Open returns the records that are not Final, the oldest first.
	Open(ctx context.Context) ([]Record, error)
	// CreateJob stores a new record with its event and the idempotency entry in one transaction. If the
	// entry exists, it returns the first answer and stores nothing.
	CreateJob(ctx context.Context, r Record, c once.Change) (first []byte, err error)
	// SaveJob stores a record with events, in one transaction. The record has the version that was read
	// plus one. ErrLost if it has changed since.
	SaveJob(ctx context.Context, r Record, events ...audit.Event) error

	// Acquire takes the lease until a moment, if it is free, has expired before now, or is the holder's.
	Acquire(ctx context.Context, holder string, now, until time.Time) (acquired bool, err error)
	// Renew moves the end of the lease. ErrLost if the holder does not hold it.
	Renew(ctx context.Context, holder string, until time.Time) error
	// Release ends the lease if the holder holds it.
	Release(ctx context.Context, holder string) error
}
