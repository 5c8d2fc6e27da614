package refresher

import (
	"context"
	"errors"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/entitlement"
	"trueup/internal/once"
)

// Results of a Store that are not faults.
var (
	// ErrBusy means that another attempt owns the run, or that another run is open.
	ErrBusy = errors.New("refresher: owned by another attempt")
	// ErrLost means that the attempt no longer owns the run: it must stop and write nothing
	// more.
	ErrLost = errors.New("refresher: the attempt lost its run")
)

// Scope selects pairs. The zero Scope selects all.
type Scope struct {
	GroupID string // only pairs of this license group; empty for all
	// Since selects only pairs that were added after this point, as Store.Changes returned it;
	// empty for all. A scope has no GroupID and Since at the same time.
	Since string
}

// PairPage is one page of pairs. Next is empty on the last page. A page can be shorter than
// its limit, or empty, and still have a next one.
type PairPage struct {
	Items []Known
	Next  string
}

// Checked is the answer for one pair, to be stored.
type Checked struct {
	Pair        agreement.PairKey
	Tag         string // of the pair as read
	AgreementID string // the agreement that the pair belonged to when read
	State       entitlement.State
	Reason      string
	At          time.Time
	Aside       bool // whether to put the answer aside; never for StateError

	// Not for StateError, which leaves the pair's entitlements as they are.
	Entitlements []entitlement.Entitlement // at most MaxLines
	Effective    int64                     // their total effective quantity
	Fingerprint  string                    // the same for the same entitlements, in any order

	Mark Mark
}

// Limits of a pair, so that a Store can keep its entitlements together with an answer put
// aside.
const (
	MaxLines = 1000     // entitlements
	MaxTexts = 64 << 10 // bytes of all their texts
)

// Queue is the part of a Store that requests and confirms runs.
type Queue interface {
	Records

	// Requested returns the run that Request would return now. It stores nothing.
	Requested(ctx context.Context, run Run) (Run, error)
	// Request stores run, which is queued, if none is open. It returns the run with the same
	// id, in any state; else the open run; else run. In an open run it records the run that
	// Following returns, in one transaction with the reply; neither Save nor Finish loses
	// it. If the key of the change was used before, Request stores nothing and returns the
	// first reply, or errs.Invalid idempotency_key_reused. The reply is stored even if no
	// run is; the event (none if its ID is empty) is not. Its Subject is filled in. It
	// returns once.ErrOutdated if the run or the one that follows is not the one that the
	// reply shows; progress does not matter.
	Request(ctx context.Context, run Run, c once.Change) (stored Run, first []byte, err error)
	// Confirm opens a held run again: confirmed, which is queued, replaces the record as
	// read, with the event. It returns ErrBusy if another run is open, or errs.Stale
	// version_stale if the record was written since.
	Confirm(ctx context.Context, read, confirmed Run, event audit.Event) (Run, error)
}

// Store keeps runs, and the answers for pairs. Reads are strongly consistent, and every
// method may be repeated after a fault. Obligations:
//
//   - At most one run is open: StateQueued or StateRunning.
//   - A method that takes an attempt, a Run as Claim returned it or as changed since,
//     changes nothing and returns ErrLost if the record of the run has another Attempt
//     or has ended. The transaction of each write decides this, not a read before it.
//     The time does not matter: an attempt owns its run until another has claimed it.
//   - A pair is never seen with half of an answer: state, reason, time, entitlements
//     and mark change in one transaction.
//   - Removing a pair removes all data stored here for it. A new pair is pending,
//     without entitlements and mark, even if the same numbers were there before.
type Store interface {
	Queue

	// Open returns the open run; its ID is empty if there is none.
	Open(ctx context.Context) (Run, error)
	// Latest returns the run of the whole organisation that ended last, and the one that ended last
	// and is settled. Both are zero if there is none. It does not read other runs, so that a frequent
	// schedule can ask. While a run is open, it may return an earlier one.
	Latest(ctx context.Context) (last, settled Run, err error)
	// Claim starts an attempt: claimed replaces the record as read, except the run that
	// follows. Its Token is the smallest one larger than every earlier token and not
	// smaller than claimed.Token. It returns ErrBusy if another attempt has claimed the run
	// since, or if it has ended. The caller checks whether the lease has expired.
	Claim(ctx context.Context, read, claimed Run) (Run, error)
	// Renew extends the lease of an attempt to the time until.
	Renew(ctx context.Context, attempt Run, until time.Time) error
	// Save stores the attempt's record, with its lease, counts and position.
	Save(ctx context.Context, attempt Run) error
	// Finish ends the run with the events, and queues the run that follows it, in one
	// transaction; Next of the record is empty from then on. If attempt.Settled, Freshness
	// gets Seen of the attempt, and also Settled = Reached unless attempt.LeavesPairs. If
	// attempt.Refreshed, it gets At = StartedAt and Full = Reached. A later value is kept. It
	// returns the id of the run that is queued now; empty if none.
	Finish(ctx context.Context, attempt Run, events []audit.Event) (queued string, err error)

	// Changes returns the number of the latest change to agreements and pairs that a
	// refresh may have to process, and the point that the changes have reached. Writes by a
	// Store do not count as such changes.
	Changes(ctx context.Context) (n int64, point string, err error)
	// Count returns the number of pairs of a scope. It returns ErrForgotten if the changes
	// after Since are too old to be known.
	Count(ctx context.Context, s Scope) (int, error)
	// Pairs lists the pairs of a scope in a fixed order. A pair that is in the scope
	// throughout a listing is listed once. A cursor is valid until the run ends. It returns
	// ErrForgotten as Count does.
	Pairs(ctx context.Context, s Scope, limit int, cursor string) (PairPage, error)
	// Answer stores answers, at most BatchSize and one per pair. It skips and returns pairs
	// that are gone, were removed and added again since they were read (another Tag), or
	// now belong to another agreement. A pair whose agreement was just deleted may still be
	// stored, but is not visible. An answer removes the one that was put aside, except for
	// StateError; one to be put aside replaces it, and otherwise changes only the mark.
	// After a fault some pairs may have their answers.
	Answer(ctx context.Context, attempt Run, answers []Checked) (gone []agreement.PairKey, err error)
	// Summarize sets the Validation of each existing agreement to the worst of its pairs.
	// The result is exact, even with concurrent changes of pairs or calls for the same
	// agreement.
	Summarize(ctx context.Context, attempt Run, agreementIDs []string) error
	// Apply replaces the answers of pairs and their marks with the answers that the
	// attempt's run put aside. It skips pairs without an answer that this run put aside.
	Apply(ctx context.Context, attempt Run, pairs []Known) error

	// Held lists the runs with HoldOn.
	Held(ctx context.Context) ([]Run, error)
	// Discard changes HoldOn of a run that has ended to HoldDiscarded, on behalf of an
	// attempt of another run.
	Discard(ctx context.Context, attempt Run, held string) error
}

// BatchSize is the number of pairs that are checked, and stored, at a time.
const BatchSize = 100
