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

// What a Store answers besides faults.
var (
	// ErrBusy means that another attempt owns the run, or that another run is open.
	ErrBusy = errors.New("refresher: owned by another attempt")
	// ErrLost means that the attempt no longer owns the run: it must stop and
	// touch nothing more.
	ErrLost = errors.New("refresher: the attempt lost its run")
)

// PairPage is one page of pairs. Next is empty on the last page; a page can be
// shorter than its limit, even empty, and still have a next one.
type PairPage struct {
	Items []Known
	Next  string
}

// Checked is the answer to one pair, to be stored.
type Checked struct {
	Pair        agreement.PairKey
	Tag         string // of the pair that was read
	AgreementID string // that the pair belonged to when it was read
	State       entitlement.State
	Reason      string
	At          time.Time
	Aside       bool // to be put aside; never of StateError

	// Not for StateError, which leaves the pair's entitlements as they are.
	Entitlements []entitlement.Entitlement // at most MaxLines
	Effective    int64                     // their total effective quantity
	Fingerprint  string                    // equal when the entitlements are, in any order

	Mark Mark
}

// What a pair can have at most, so that a Store can keep its entitlements and an
// answer put aside together.
const (
	MaxLines = 1000     // entitlements
	MaxTexts = 64 << 10 // bytes of all their texts
)

// Store keeps runs, and what is known of pairs. Reads are strongly consistent
// and every method may be repeated after a fault. Obligations:
//
//   - At most one run is open: StateQueued or StateRunning.
//   - A method that takes an attempt, a Run as Claim returned it or as changed
//     since, changes nothing and returns ErrLost when the run's record has another
//     Attempt or has ended. That is decided in the transaction of each write, not
//     before it. The time does not matter: an attempt owns its run until
//     another has claimed it.
//   - A pair is never seen with half of an answer: state, reason, time,
//     entitlements and mark change in one transaction.
//   - A pair that is removed takes with it all that is stored here. A new one
//     is pending, without entitlements and mark, also when the same numbers were
//     there before.
type Store interface {
	Records

	// Requested returns the run that Request would return now.
	Requested(ctx context.Context, run Run) (Run, error)
	// Request stores run, which is queued, with the event if none is open. It returns
	// the run with the same id, of any state; or the open run; or else run. If the key of
	// the change was used before, it stores nothing and returns the first reply, or
	// errs.Invalid idempotency_key_reused. The reply is remembered also if no run is
	// stored; the event, whose ID may be empty for none, is not. once.ErrOutdated if the
	// run is another one than the reply shows; its progress does not matter.
	Request(ctx context.Context, run Run, c once.Change) (stored Run, first []byte, err error)
	// Follow notes with an open run which one to queue when it ends. It replaces what
	// was noted, and neither Save nor Finish loses it. ErrLost when the
	// run is not open any more.
	Follow(ctx context.Context, id string, next Run) error
	// Open returns the open run; ID is empty when there is none.
	Open(ctx context.Context) (Run, error)
	// Claim starts an attempt: the record as it was read becomes claimed, but for
	// what Follow noted. Its Token is the smallest that is larger than every token
	// given before and not smaller than the Token of claimed. ErrBusy when another
	// attempt claimed it since, or it ended. The time of the lease is the caller's to judge.
	Claim(ctx context.Context, read, claimed Run) (Run, error)
	// Renew extends the lease of an attempt to until.
	Renew(ctx context.Context, attempt Run, until time.Time) error
	// Save stores the attempt's record, with its lease, counts and position.
	Save(ctx context.Context, attempt Run) error
	// Finish ends the run with the events, and queues what Follow noted, in one
	// transaction; the Next of the record is empty from then on. When
	// attempt.Refreshed, Freshness has At = StartedAt and Seen of it, unless these
	// are later already. It returns the id of the run that is queued now, empty for none.
	Finish(ctx context.Context, attempt Run, events []audit.Event) (queued string, err error)

	// Changes returns the number of the last change to agreements and pairs that a
	// refresh may have to look at. What a Store of this kind writes is no such change.
	Changes(ctx context.Context) (int64, error)
	// Count returns how many pairs there are in a license group; in all for the empty one.
	Count(ctx context.Context, groupID string) (int, error)
	// Pairs lists pairs of a license group, or of all for the empty one, in an order that
	// does not change. A pair that is there, in that group, throughout a listing is
	// in it once. A cursor is good for as long as the run is.
	Pairs(ctx context.Context, groupID string, limit int, cursor string) (PairPage, error)
	// Answer stores answers, at most BatchSize and one for a pair. A pair that is
	// gone, was removed and added again since it was read (its Tag is another), or
	// belongs to another agreement now, gets nothing and is returned; one whose
	// agreement was deleted a moment ago may still be there, for nobody to see. An
	// answer that is not put aside removes the one that was, but for StateError; one
	// that is replaces it, and only the mark changes besides. After a fault some
	// pairs may have their answers.
	Answer(ctx context.Context, attempt Run, answers []Checked) (gone []agreement.PairKey, err error)
	// Summarize sets the Validation of each of the agreements that still exist to
	// the worst of its pairs: exactly, also when pairs come and go at that moment or
	// another call is about the same agreement.
	Summarize(ctx context.Context, attempt Run, agreementIDs []string) error
	// Apply makes answers that the attempt's run put aside those of their pairs,
	// with their marks. It does nothing to a pair that has none of that run.
	Apply(ctx context.Context, attempt Run, pairs []Known) error

	// Held lists the runs with HoldOn.
	Held(ctx context.Context) ([]Run, error)
	// Discard turns HoldOn of a run that has ended into HoldDiscarded, on behalf of an
	// attempt of another.
	Discard(ctx context.Context, attempt Run, held string) error
	// Confirm opens a held run again: the record as it was read becomes confirmed,
	// which is queued, with the event. ErrBusy when another run is open; errs.Stale
	// version_stale when it was written since.
	Confirm(ctx context.Context, read, confirmed Run, event audit.Event) (Run, error)
}

// BatchSize is how many pairs are asked about, and stored, at a time.
const BatchSize = 100
