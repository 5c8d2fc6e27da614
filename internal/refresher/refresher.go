// Package refresher asks a source what every agreement pair entitles to and
// stores the answers: the use case behind the nightly refresh, Refresh now, and
// the refresh after imports and deletions. No AWS here.
//
// # One run at a time, of many attempts
//
// At most one run is open, queued or running; whoever requests another gets
// that one. An attempt claims it for a lease, asks about pairs in batches and
// saves how far it has come. It ends when the run has ended or when its
// function's time runs short; when it dies, its lease ends. Either way the next
// attempt goes on from there. Every write names the attempt, and a store
// refuses those of one whose run another has claimed.
//
// # Counted once
//
// The answer to a pair and a Mark of which run and pass it came from are stored
// in one write. A position is saved after the answers before it, with what they
// add to the counts. So an attempt that goes on from a position finds those
// that its predecessor stored beyond it: it does not ask again and counts them
// from their marks. The counts need no transaction of their own, and come out
// the same wherever attempts died.
//
// # When entitlements drop
//
// A source that answers half looks like an organisation that lost half of its
// licenses. When the pairs that had any would lose more than a fifth of their
// total effective quantity in one run, nothing of the drop is applied until
// somebody confirms it. Whether they do is known only when all pairs were
// asked. So an answer that takes quantity from its pair is put aside, beside
// what the pair had; every other answer is applied at once. At the end the
// answers put aside are applied, or stay there: the run is held.
//
// Putting all answers aside would do, too, but double the writes of every night,
// for 20 % that hardly ever come. Applying each batch by its own share would
// not: a batch can drop by half while the whole does not, and the other way
// around. The totals are counted as everything is, so the verdict is exact
// after any interruption, and an attempt that finds the asking done comes to
// the same one. Pairs without an answer are in neither total: they lose nothing,
// and must not make the loss of others look small.
//
// What is put aside belongs to its pair: it goes with the pair, and the next
// answer to the pair replaces it. So a later run without the drop discards it,
// and Confirm, which opens the held run once more, applies what is left of it.
package refresher

import (
	"context"
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
	TriggerNow      Trigger = "now"      // somebody asked for it, or a report found its data old (R8.6)
	TriggerImport   Trigger = "import"   // there are new pairs (R3.10)
	TriggerDeletion Trigger = "deletion" // pairs are gone (R2.10)
)

// Triggers is every trigger, in the order of the documentation.
var Triggers = []Trigger{TriggerSchedule, TriggerNow, TriggerImport, TriggerDeletion}

// State is where a run is in its life.
type State string

// The states of R7.1. The last three are final, but for a held run that is confirmed.
const (
	StateQueued    State = "queued"    // requested or confirmed, and not claimed yet
	StateRunning   State = "running"   // claimed; without a lease when it waits for its next attempt
	StateSucceeded State = "succeeded" // every pair was answered and every answer applied
	StatePartial   State = "partial"   // some pairs were not answered, or answers are held back
	StateFailed    State = "failed"    // the source answered no pair, or no attempt came to its end
)

// States is every state, in the order of the documentation.
var States = []State{StateQueued, StateRunning, StateSucceeded, StatePartial, StateFailed}

// Hold says whether answers of a run are held back.
type Hold string

// The holds. Empty means that none ever were.
const (
	HoldNone      Hold = ""
	HoldOn        Hold = "held"      // until Confirm, or until a later run has answered the pairs anew
	HoldConfirmed Hold = "confirmed" // somebody confirmed them
	HoldDiscarded Hold = "discarded" // nothing is left of them
)

// Holds is every hold of a run that holds answers back, in the order of the documentation.
var Holds = []Hold{HoldOn, HoldConfirmed, HoldDiscarded}

// Run is the record of one refresh (R7.1). Always Checked = Valid + Invalid + Failed.
type Run struct {
	ID      string
	Trigger Trigger
	GroupID string // only the pairs of this license group; empty for the whole organisation
	By      string // who: the API's subject, or what the trigger stands for
	// Date is the day that it belongs to, whose snapshot it writes (R8.5): of an
	// event of the schedule the one on which it was due, however late it came; of any
	// other the one on which it begins, and empty before.
	Date day.Date
	// Token is another and larger one for every attempt at any run, given by
	// Store.Claim; 0 before. Who keeps with what it writes the token it wrote it
	// with, and replaces none that is larger, is never undone by an attempt that
	// lost its run. It is not smaller than the moment of the claim in milliseconds, so that
	// it is larger than all before it also when the store was restored to an
	// earlier point in time (R16.2).
	Token int64

	RequestedAt time.Time
	StartedAt   time.Time // of the first attempt
	EndedAt     time.Time

	State      State
	Reason     string    // stable code, why it did not succeed; of a running one, why the last batch failed that did
	ReasonArgs errs.Args // what its message quotes
	Stopped    bool      // the source stopped answering, and not every pair was asked about
	Hold       Hold

	Total int // pairs there are: as counted at the start, and as checked once all of them were
	Counts

	Position
	Seen int64 // Store.Changes when it started

	Attempt   int       // counts the times it was claimed
	Fruitless int       // attempts since the position was last saved
	Lease     time.Time // until when a running attempt owns it; zero when none does
	Next      *Run      // requested meanwhile: queued when this one ends
	Version   int64     // counts the writes of the record; the ETag
}

// Counts is what pairs add up to.
type Counts struct {
	Checked int // pairs that were asked about
	Valid   int // of them, pairs that exist
	Invalid int // pairs that do not
	Failed  int // pairs without an answer, which keep what they had
	Changed int // pairs whose entitlements are others than before
	Aside   int // answers put aside because they take quantity from their pair

	// Before and After are the effective quantities that the pairs which had any,
	// and were answered, had and would have.
	Before, After int64
}

func (c *Counts) add(o Counts) {
	c.Checked += o.Checked
	c.Valid += o.Valid
	c.Invalid += o.Invalid
	c.Failed += o.Failed
	c.Changed += o.Changed
	c.Aside += o.Aside
	c.Before += o.Before
	c.After += o.After
}

// Drops reports whether more than a fifth of the effective quantity would go.
func (c Counts) Drops() bool { return (c.Before-c.After)*5 > c.Before }

// Position is how far a run has come.
type Position struct {
	// Pass counts the times it went through all pairs: first it asks about each,
	// and then again about those that failed. passDone when it asks no more.
	Pass   int
	Cursor string // of Store.Pairs in this pass; empty at its beginning
}

// retries is how often pairs that failed are asked about again in a run.
const retries = 2

// passDone is the pass in which nothing is asked any more.
const passDone = retries + 1

// Final reports whether the run has ended.
func (r Run) Final() bool {
	return r.State == StateSucceeded || r.State == StatePartial || r.State == StateFailed
}

// Complete reports whether a run came by all pairs of its scope, and everything
// that the source answered is applied.
func (r Run) Complete() bool {
	return (r.State == StateSucceeded || r.State == StatePartial) && !r.Stopped && r.Hold != HoldOn && r.Hold != HoldDiscarded
}

// Refreshed reports whether the licence data are as fresh as the run (R7.3).
func (r Run) Refreshed() bool { return r.Complete() && r.GroupID == "" }

// The reasons of a run's own. The others are those of entitlement.Answer, when
// the source stopped answering.
const (
	ReasonHeld        = "refresh_held"         // entitlements drop by too much; with before, after and pairs
	ReasonPairsFailed = "refresh_pairs_failed" // all pairs were asked, some without an answer; with failed and checked
	ReasonInterrupted = "refresh_interrupted"  // attempt after attempt came to nothing
)

// Page is one page of runs, newest first. Next is empty on the last page.
type Page struct {
	Items []Run
	Next  string
}

// Freshness says how old the licence data are (R7.3).
type Freshness struct {
	At      time.Time // start of the last run of the whole organisation that was complete; zero for never
	Seen    int64     // Changes when it started
	Changes int64     // the last change there is
	// ChangedAt is when that was; zero when nothing ever changed.
	ChangedAt time.Time
}

// Stale reports whether something changed after the licence data were read.
func (f Freshness) Stale() bool { return f.Changes > f.Seen }

// Old reports whether the licence data are older than a day (R8.6).
func (f Freshness) Old(now time.Time) bool { return now.Sub(f.At) > 24*time.Hour }

// Records is what the API needs of runs.
type Records interface {
	// Run returns one record; errs.NotFound refresh_not_found.
	Run(ctx context.Context, id string) (Run, error)
	// Runs lists records, newest first. A cursor that is damaged is errs.Invalid
	// cursor_invalid.
	Runs(ctx context.Context, limit int, cursor string) (Page, error)
	// Freshness returns how old the licence data are.
	Freshness(ctx context.Context) (Freshness, error)
}

// Answered is a pair with what is known of it, to be shown and counted.
type Answered struct {
	Pair         agreement.Pair
	AgreementID  string
	State        agreement.Validation // pending, valid, invalid or error
	Reason       string               // of that state
	At           time.Time            // of that state; zero while pending
	Held         bool                 // an answer that takes quantity from it waits to be confirmed
	Entitlements []entitlement.Entitlement
}

// Answers is what is known of all pairs.
type Answers interface {
	// Answers calls yield with every pair, some at a time and in no particular order,
	// strongly consistent each, and ends with its error if it returns one. A pair that comes or goes meanwhile
	// may be missing or there.
	Answers(ctx context.Context, yield func([]Answered) error) error
}

// Known is a pair as it is stored, to be asked about.
type Known struct {
	Pair agreement.Pair
	// Tag tells the pair from another with the same numbers that was there before
	// it was removed, or will be there after.
	Tag         string
	AgreementID string
	State       agreement.Validation // pending, valid, invalid or error
	Reason      string               // of that state
	Effective   int64                // total effective quantity of its entitlements
	Fingerprint string               // of its entitlements, as Checked has it; empty when it never had any
	Mark        Mark                 // of the last answer, applied or put aside
	Aside       string               // id of the run that put an answer aside which is still there; empty for none
}

// Mark is what an answer counted for, kept with it. The zero Mark is that of a
// pair that was never asked about.
type Mark struct {
	Run  string
	Pass int
	Counts
}
