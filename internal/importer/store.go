package importer

import (
	"context"
	"errors"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/group"
)

// Errors of a Store, next to faults.
var (
	// ErrBusy means that another attempt owns the import, or another import has the writer's
	// lease. The same call may succeed later.
	ErrBusy = errors.New("importer: owned by another attempt")
	// ErrLost means that the attempt no longer owns the import. It must stop and write nothing
	// more.
	ErrLost = errors.New("importer: the attempt lost its lease")
	// ErrTaken means that a name, pair or group was taken concurrently, after the lookup. Nothing
	// was committed.
	ErrTaken = errors.New("importer: taken meanwhile")
)

// Wanted lists what an import looks up in the store before it plans.
type Wanted struct {
	Group string              // folded name of the license group; empty for Unassigned
	Names []string            // folded names, without duplicates
	Pairs []agreement.PairKey // without duplicates
	IDs   []string            // of agreements, without duplicates
}

// Known is the result of a lookup.
type Known struct {
	Group      group.Group                               // ID is empty if there is no such group
	Groups     int                                       // number of groups, without Unassigned
	Agreements map[string]agreement.Agreement            // by folded name
	Owners     map[agreement.PairKey]agreement.Agreement // owner of each pair
	ByID       map[string]agreement.Agreement            // those of Wanted.IDs that exist

	// Names and pairs without an owner whose row exists: left by a dead attempt, uncommitted, or
	// by a deleted agreement. The holder of the writer's lease may take them.
	DeadNames map[string]Dead
	DeadPairs map[agreement.PairKey]Dead
	// Commits is the number of imports committed at the time of the lookup.
	Commits int64
}

// Dead is a name or a pair without an owner whose row still exists.
type Dead struct {
	Stage  Stage  // stage of the row; empty if it was written by hand
	Owner  string // agreement that the row names
	Orphan bool   // the agreement was deleted; otherwise the stage was uncommitted when read
}

// Plan is everything that one import writes.
type Plan struct {
	Stage    Stage
	At       time.Time
	By       string
	Group    group.Group // group of new agreements
	NewGroup bool        // Group has to be created
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

// Leftovers lists what earlier attempts of one import may have left behind: every name and pair
// of its file.
type Leftovers struct {
	Stages []Stage
	IDs    []string // agreements that they may have staged
	Names  []string
	Pairs  []agreement.PairKey
}

// Numbers finds agreements by their numbers.
type Numbers interface {
	// ByAuthorization returns, for each of the authorization numbers in the form of PairKey, the
	// ids of the agreements that have a pair with it.
	ByAuthorization(ctx context.Context, numbers []string) (map[string][]string, error)
}

// Store keeps import records and writes agreements for imports. Every method may be repeated
// after a fault. An implementation guarantees:
//
//   - What Stage writes is invisible to readers until Commit, which makes all of it visible at
//     once. It blocks no other writer after its attempt is dead.
//   - No write of an attempt that lost its lease changes what a reader sees.
type Store interface {
	Records

	// Claim starts an attempt: it replaces the record that was read (Version 0 for none) with
	// claimed, which is running. ErrBusy if the record changed since it was read.
	Claim(ctx context.Context, read, claimed Import) (Import, error)
	// Renew extends the lease of the attempt, and the writer's lease if its stage holds it, until
	// the given time. ErrLost if it no longer owns the import.
	Renew(ctx context.Context, imp Import, until time.Time) error
	// Finish ends an attempt that staged nothing with the record imp: rejected, failed, or a
	// succeeded dry run. ErrLost as for Renew.
	Finish(ctx context.Context, imp Import, events []audit.Event) error
	// Open returns the running imports, including dead ones.
	Open(ctx context.Context) ([]Import, error)

	// AcquireWriter acquires the organisation's writer's lease for a stage, if it is free or has
	// expired before now. Only its holder may stage. ErrBusy if another stage holds it.
	AcquireWriter(ctx context.Context, stage Stage, now, until time.Time) error
	// ReleaseWriter releases the lease if the stage holds it.
	ReleaseWriter(ctx context.Context, stage Stage) error

	// Lookup reads the input of a plan, strongly consistent.
	Lookup(ctx context.Context, w Wanted) (Known, error)
	// Stage writes the rows of a plan, invisible to readers. A stage whose rows it overwrites can
	// no longer be committed. ErrTaken.
	Stage(ctx context.Context, p Plan) error
	// Commit makes the stage visible, stores imp as succeeded with the events, and releases the
	// writer's lease, in one transaction. ErrTaken, ErrLost.
	Commit(ctx context.Context, p Plan, imp Import, events []audit.Event) error
	// Clear removes the leftovers of dead stages.
	Clear(ctx context.Context, l Leftovers) error
	// ClearAll removes what any attempt of an import left behind, by reading the whole table. It
	// is for an import whose file can no longer be read. The attempt of imp does the work and has
	// staged nothing. If it is interrupted, ClearAll of the next attempt continues at the stored
	// position, so that a table of any size is cleared in several invocations. After an attempt that
	// stored no position, it starts over.
	ClearAll(ctx context.Context, imp Import) error
}
