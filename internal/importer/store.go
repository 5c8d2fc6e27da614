package importer

import (
	"context"
	"errors"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/group"
)

// What a Store answers besides faults.
var (
	// ErrBusy means another attempt owns the import, or another import the
	// writer's lease. The same call may succeed later.
	ErrBusy = errors.New("importer: owned by another attempt")
	// ErrLost means the attempt no longer owns the import: it must stop and
	// touch nothing more.
	ErrLost = errors.New("importer: the attempt lost its lease")
	// ErrTaken means a name, pair or group was taken by somebody else after it
	// was looked up. Nothing was committed.
	ErrTaken = errors.New("importer: taken meanwhile")
)

// Wanted is what an import needs to know of the store before it plans.
type Wanted struct {
	Group string              // folded name of the license group; empty for Unassigned
	Names []string            // folded names, without repetition
	Pairs []agreement.PairKey // without repetition
}

// Known is what the store knew about the Wanted.
type Known struct {
	Group      group.Group                               // ID is empty when there is no such group
	Groups     int                                       // how many groups there are besides Unassigned
	Agreements map[string]agreement.Agreement            // by folded name
	Owners     map[agreement.PairKey]agreement.Agreement // whose the pair is; ID and Name only

	// What nobody has though the row is there: staged and not committed, which the
	// holder of the writer's lease may take, because it can only be what a dead
	// attempt left behind, or a pair of an agreement that was deleted.
	DeadNames map[string]Dead
	DeadPairs map[agreement.PairKey]Dead
	// Commits is how many imports were committed at that moment.
	Commits int64
}

// Dead is a name or a pair that nobody has any more, though the row is still there.
type Dead struct {
	Stage  Stage  // that it was written under; empty when it was written by hand
	Owner  string // the agreement
	Orphan bool   // the agreement was deleted; otherwise the stage was not committed when it was read
}

// Plan is everything one import writes.
type Plan struct {
	Stage    Stage
	At       time.Time
	By       string
	Group    group.Group // where new agreements go
	NewGroup bool        // Group is to be made
	Create   []Creation
	Extend   []Extension
	Known    Known
}

// Creation is a new agreement.
type Creation struct {
	ID    string
	Name  string
	Pairs []agreement.Pair
}

// Extension adds pairs to an agreement.
type Extension struct {
	Agreement agreement.Agreement
	Pairs     []agreement.Pair
}

// Leftovers names what earlier attempts of one import may have left behind:
// every name and pair of its file.
type Leftovers struct {
	Stages []Stage
	IDs    []string // of agreements they may have staged
	Names  []string
	Pairs  []agreement.PairKey
}

// Store keeps import records and writes agreements on behalf of imports. Every
// method may be repeated after a fault. Obligations:
//
//   - What Stage wrote is invisible to every reader until Commit, then all of
//     it is visible at once, and it never blocks anybody after its attempt is dead.
//   - No write of an attempt that lost its lease changes what a reader sees.
type Store interface {
	Records

	// Claim starts an attempt: the record as it was read (Version 0 for none)
	// becomes claimed, which is running. ErrBusy when it was written since.
	Claim(ctx context.Context, read, claimed Import) (Import, error)
	// Renew extends the leases of the attempt (and the writer's lease, if its
	// stage holds it) to until. ErrLost when it does not own the import any more.
	Renew(ctx context.Context, imp Import, until time.Time) error
	// Finish ends an attempt that has nothing staged: the record becomes imp
	// (rejected, failed, or a dry run's succeeded). ErrLost as Renew.
	Finish(ctx context.Context, imp Import, events []audit.Event) error
	// Open returns the imports that are running, dead or alive.
	Open(ctx context.Context) ([]Import, error)

	// AcquireWriter takes the organisation's writer's lease for a stage, if it
	// is free or its holder's has ended before now. Only its holder stages.
	// ErrBusy when another holds it.
	AcquireWriter(ctx context.Context, stage Stage, now, until time.Time) error
	// ReleaseWriter gives the lease back, if the stage holds it.
	ReleaseWriter(ctx context.Context, stage Stage) error

	// Lookup reads what a plan is made from, strongly consistent.
	Lookup(ctx context.Context, w Wanted) (Known, error)
	// Stage writes the rows of a plan, invisible. A stage whose rows it
	// overwrites can never be committed from then on. ErrTaken.
	Stage(ctx context.Context, p Plan) error
	// Commit makes the stage visible, stores imp as succeeded with the events,
	// and gives back the writer's lease, in one transaction. ErrTaken, ErrLost.
	Commit(ctx context.Context, p Plan, imp Import, events []audit.Event) error
	// Clear removes what dead stages left behind, as far as the leftovers name it.
	Clear(ctx context.Context, l Leftovers) error
	// ClearAll removes whatever any attempt of an import left behind, by
	// reading the whole table: for an import whose file cannot be read any more.
	ClearAll(ctx context.Context, id string) error
}
