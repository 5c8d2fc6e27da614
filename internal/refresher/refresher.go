// Package refresher asks a source for the entitlements of every agreement pair and stores the
// answers. It is the use case behind the nightly refresh, Refresh now, and the refresh after
// imports and deletions: Requests requests and confirms runs, and Worker processes them. It does
// not depend on AWS.
//
// # One run at a time, in several attempts
//
// At most one run is open (queued or running); a request while a run is open returns that run.
// An attempt claims the run with a lease, asks about pairs in batches and saves its position.
// It stops when the run has ended or the time of its function runs short; if it crashes, its
// lease expires. The next attempt continues from the saved position. Every write names the
// attempt, and the store rejects writes of an attempt whose run was claimed by another.
//
// # Full and pending runs
//
// A run of KindFull asks about every pair. After an import or a change, a run of KindPending asks
// only about the pairs that were added since the last complete run, so that its cost depends on
// the change and not on the size of the organisation. If the source could not answer some of them,
// the next pending run asks about them again. Store.Changes returns a point, and
// Store.Pairs lists the pairs that were added after a point. If the changes since the point are
// no longer known, a pending run goes through all pairs and asks about those without an answer.
// Publish then adds the answers to the snapshot of the last full run.
//
// # Exact counts
//
// The answer for a pair is stored in one write with its Mark: the run and the pass it came
// from, and what it counts for. The position is saved after the answers before it, together
// with their counts. An attempt that continues from a position may find answers that its
// predecessor stored beyond it. It does not ask again, but counts them from their marks. So the
// counts need no transaction of their own and are exact wherever attempts crashed.
//
// # When entitlements drop
//
// An incomplete answer of the source looks like an organisation that lost licences. If the
// pairs that had any would lose more than a fifth of their total effective quantity in one run,
// nothing of the drop is applied until a person confirms it. The total is known only after all
// pairs were asked. So an answer that reduces the quantity of its pair is put aside, next to
// the current entitlements; every other answer is applied at once. At the end the answers put
// aside are either applied, or kept aside: the run is held.
//
// Putting all answers aside would double the writes of every night, for a drop that is rare. A
// limit per batch would be wrong: a batch can drop by half when the total does not, and the
// reverse. The totals are counted like all counts, so the decision is exact after any
// interruption. Pairs without an answer are in neither total: they lose nothing, and must not
// hide the loss of others.
//
// An answer put aside is deleted with its pair and replaced by the next answer for the pair. So
// a later run without the drop discards it. Confirm reopens the held run and applies what is
// left.
package refresher

import (
	"context"
	"errors"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
)

// Trigger is why a run was requested.
type Trigger string

// The triggers of R7.1.
const (
	TriggerSchedule Trigger = "schedule" // nightly
	TriggerNow      Trigger = "now"      // a person requested it, or a report found its data old (R8.6)
	TriggerImport   Trigger = "import"   // pairs were added (R3.10), or Due found a change that no run has read
	TriggerDeletion Trigger = "deletion" // pairs were removed (R2.10)
)

// Triggers lists every trigger, in the order of the documentation.
var Triggers = []Trigger{TriggerSchedule, TriggerNow, TriggerImport, TriggerDeletion}

// Kind is which pairs a run asks about.
type Kind string

// The kinds of R7.1.
const (
	// KindFull asks about every pair of the run's scope: the nightly run, and a run that a
	// person requested. The first run of an organisation is full, whatever was requested.
	KindFull Kind = "full"
	// KindPending asks only about pairs that were added since the last complete run of the
	// whole organisation that left none, and that have no answer.
	KindPending Kind = "pending"
)

// Kinds lists every kind, in the order of the documentation.
var Kinds = []Kind{KindFull, KindPending}

// State is the state of a run.
type State string

// The states of R7.1. The last three are final, except for a held run that is confirmed.
const (
	StateQueued    State = "queued"    // requested or confirmed, not claimed yet
	StateRunning   State = "running"   // claimed; without a lease while it waits for its next attempt
	StateSucceeded State = "succeeded" // every pair was answered and every answer applied
	StatePartial   State = "partial"   // some pairs have no answer, or answers are held
	StateFailed    State = "failed"    // the source answered no pair, or no attempt could finish
)

// States lists every state, in the order of the documentation.
var States = []State{StateQueued, StateRunning, StateSucceeded, StatePartial, StateFailed}

// Hold is the state of a run's held answers.
type Hold string

// The holds. HoldNone means that the run never held answers.
const (
	HoldNone      Hold = ""
	HoldOn        Hold = "held"      // until Confirm, or until a later run has answered the pairs
	HoldConfirmed Hold = "confirmed" // a person confirmed the answers
	HoldDiscarded Hold = "discarded" // no held answer is left
)

// Holds lists every hold except HoldNone, in the order of the documentation.
var Holds = []Hold{HoldOn, HoldConfirmed, HoldDiscarded}

// Run is the record of one refresh (R7.1). Always Checked = Valid + Invalid + Failed.
type Run struct {
	ID      string
	Kind    Kind
	Trigger Trigger
	GroupID string // only the pairs of this license group; empty for the whole organisation, and always empty for KindPending
	By      string // the API's subject, or the trigger
	// Date is the day whose snapshot the run writes (R8.5). For a nightly run it is the day on
	// which the schedule was due, even if the event came late. For other runs it is the day on
	// which the run starts, or continues after a confirmation; empty before.
	Date day.Date
	// Token is set by Store.Claim and larger for every new attempt at any run; 0 before. Store
	// the token with every write and never overwrite a larger one; then an attempt that lost
	// its run cannot undo newer work. It is at least the time of the claim in Unix
	// milliseconds, so that it still grows after the store was restored to an earlier point in
	// time (R16.2).
	Token int64

	RequestedAt time.Time
	StartedAt   time.Time // start of the first attempt
	EndedAt     time.Time

	State      State
	Reason     string    // stable code: why the run did not succeed; while running, why the latest failed batch failed
	ReasonArgs errs.Args // arguments of the reason's message
	Stopped    bool      // the source became unavailable before every pair was asked about
	Hold       Hold

	// Total is the number of pairs: counted at the start, again when more pairs turn out to be
	// there, and corrected when all were asked. It is never less than Checked.
	Total int
	Counts

	Position
	Seen int64 // Store.Changes when the run started
	// Reached is the point of the changes at which the run started, as Store.Changes returned
	// it; empty if an earlier release started the run.
	Reached string
	// Since limits a run of KindPending to pairs that were added after this point; empty for no
	// limit.
	Since string

	Attempt   int       // number of claims
	Fruitless int       // attempts since the position was last saved
	Lease     time.Time // end of the lease of a running attempt; zero without one
	Next      *Run      // follows this open run: queued when this run ends; nil for none
	Version   int64     // number of writes of the record; the ETag
}

// Counts are the totals of a set of pairs.
type Counts struct {
	Checked int // pairs that were asked about
	Valid   int // pairs that exist
	Invalid int // pairs that do not exist
	Failed  int // pairs without an answer; their entitlements are unchanged
	OfPair  int // failed pairs that no repetition helps, see entitlement.OfPair
	Changed int // pairs whose entitlements changed
	Aside   int // answers put aside because they reduce the quantity of their pair

	// Before and After are total effective quantities before and after the answers. They
	// include only answered pairs that had a quantity.
	Before, After int64
}

func (c *Counts) add(o Counts) {
	c.Checked += o.Checked
	c.Valid += o.Valid
	c.Invalid += o.Invalid
	c.Failed += o.Failed
	c.OfPair += o.OfPair
	c.Changed += o.Changed
	c.Aside += o.Aside
	c.Before += o.Before
	c.After += o.After
}

// Drops reports whether the effective quantity drops by more than a fifth.
func (c Counts) Drops() bool { return (c.Before-c.After)*5 > c.Before }

// Position is the progress of a run.
type Position struct {
	// Pass counts the completed passes over the pairs. The first pass asks about every pair,
	// later passes retry those that failed. It is passDone when nothing is left to ask.
	Pass   int
	Cursor string // of Store.Pairs in this pass; empty at the start of a pass
}

// retries is how often a run retries pairs that failed.
const retries = 2

// passDone is the value of Pass when nothing is left to ask.
const passDone = retries + 1

// Final reports whether the run has ended.
func (r Run) Final() bool {
	return r.State == StateSucceeded || r.State == StatePartial || r.State == StateFailed
}

// Subject returns the subject of audit events about the run.
func (r Run) Subject() string { return "refresh/" + r.ID }

// Complete reports whether a run asked about all pairs of its scope and all its answers were
// applied.
func (r Run) Complete() bool {
	return (r.State == StateSucceeded || r.State == StatePartial) && !r.Stopped && r.Hold != HoldOn && r.Hold != HoldDiscarded
}

// Settled reports whether the licence data includes every change that was made before the run
// (R7.3).
func (r Run) Settled() bool { return r.Complete() && r.GroupID == "" }

// Refreshed reports whether all licence data is as fresh as the run.
func (r Run) Refreshed() bool { return r.Settled() && r.Kind != KindPending }

// LeavesPairs reports whether the run is a pending one that ended without answers for some of its
// pairs and that a repetition may get. The next pending run asks about them again.
func (r Run) LeavesPairs() bool {
	return r.Kind == KindPending && r.Settled() && r.Failed > r.OfPair
}

// scope returns the pairs that the run may ask about.
func (r Run) scope() Scope { return Scope{GroupID: r.GroupID, Since: r.Since} }

// The reasons that the refresher sets itself. When the source is unavailable, the reason is one
// of package entitlement.
const (
	ReasonHeld        = "refresh_held"         // entitlements drop by too much; with before and after
	ReasonPairsFailed = "refresh_pairs_failed" // all pairs were asked, some have no answer; with failed and checked
	ReasonInterrupted = "refresh_interrupted"  // too many attempts in a row saved no position; with attempts
)

// Page is one page of runs, newest first. Next is empty on the last page.
type Page struct {
	Items []Run
	Next  string
}

// Freshness is the age of the licence data (R7.3).
type Freshness struct {
	At      time.Time // start of the last complete full run of the whole organisation; zero if there was none
	Seen    int64     // Store.Changes when the last complete run of the whole organisation started
	Changes int64     // Store.Changes now
	// Settled and Full are Reached of the last complete run of the whole organisation that left no
	// pairs (Run.LeavesPairs), and of the last full one. They are empty if there was none.
	Settled, Full string
	// ChangedAt is the time of the last change; zero if nothing ever changed.
	ChangedAt time.Time
}

// Stale reports whether something changed after the licence data was read.
func (f Freshness) Stale() bool { return f.Changes > f.Seen }

// Old reports whether the licence data is older than entitlement.FreshFor.
func (f Freshness) Old(now time.Time) bool { return now.Sub(f.At) > entitlement.FreshFor }

// Records are the reads of runs that the API needs.
type Records interface {
	// Run returns one record; errs.NotFound refresh_not_found.
	Run(ctx context.Context, id string) (Run, error)
	// Runs lists records, newest first. A damaged cursor is errs.Invalid cursor_invalid.
	Runs(ctx context.Context, limit int, cursor string) (Page, error)
	// Freshness returns how old the licence data is.
	Freshness(ctx context.Context) (Freshness, error)
}

// Answered is a pair with its current answer, for display and counting.
type Answered struct {
	Pair         agreement.Pair
	AgreementID  string
	State        agreement.Validation // pending, valid, invalid or error
	Reason       string               // of State
	At           time.Time            // of State; zero while pending
	Held         bool                 // an answer that reduces its quantity is pending confirmation
	Entitlements []entitlement.Entitlement
}

// Answers reads the current answers of all pairs.
type Answers interface {
	// Answers calls yield with all pairs, in several slices and in no particular order. Each
	// slice is strongly consistent. A pair that is added or removed during the call may be
	// missing or present. Answers stops at an error of yield and returns it.
	Answers(ctx context.Context, yield func([]Answered) error) error
}

// ErrForgotten means that the changes after a point are no longer known, because they are too
// old.
var ErrForgotten = errors.New("refresher: the changes are no longer known")

// Changed reads what changed after a point.
type Changed interface {
	// ChangedSince returns the pairs that were added or removed after a point of
	// Store.Changes, and the current answers for those that exist. Reads are strongly
	// consistent. It returns ErrForgotten if the changes are too old to be known.
	ChangedSince(ctx context.Context, point string) (pairs []agreement.PairKey, answered []Answered, err error)
}

// Known is a stored pair, as input of a question.
type Known struct {
	Pair agreement.Pair
	// Tag differs between a pair and an earlier or later pair with the same numbers (removed
	// and added again).
	Tag         string
	AgreementID string
	State       agreement.Validation // pending, valid, invalid or error
	Reason      string               // of State
	Effective   int64                // total effective quantity of its entitlements
	Fingerprint string               // of its entitlements, as in Checked; empty if it never had any
	Mark        Mark                 // of the latest answer, applied or put aside
	Aside       string               // id of the run whose answer is put aside; empty for none
}

// Mark records what an answer counted for, and is stored with it. It is zero for a pair that
// was never asked about.
type Mark struct {
	Run  string
	Pass int
	Counts
}
