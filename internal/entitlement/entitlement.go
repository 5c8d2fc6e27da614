// Package entitlement defines what agreements entitle the organisation to, according to the
// Volume Licensing Service Center (VLSC) or a publisher's statement.
//
// A Source returns one Answer for each pair. A Statement is a downloaded file; Attribute assigns
// its lines to pairs, so that no licence is counted twice. Package statement reads the files,
// package vlsc has the sources.
package entitlement

import (
	"context"
	"time"
	"unicode"

	"trueup/internal/agreement"
	"trueup/internal/day"
)

// Entitlement is a product version and the number of licences for it.
type Entitlement struct {
	Publisher string // Microsoft, except in a general license statement
	Pool      string // product pool: Applications, Systems, Servers; empty if unknown
	Family    string // product family, such as "Office Professional Plus"
	Version   string // such as "2021"; empty if unknown
	Type      string // license type in the source's spelling; empty if unknown
	Effective int    // effective quantity, upgrades applied: 0 to MaxQuantity
	ActiveSA  int    // active Software Assurance quantity, 0 to MaxQuantity
	// Unresolved is the unresolved quantity of an old summary. It is kept for explanation and
	// never counted.
	Unresolved int
	Start, End day.Date // first and last day of the term; empty if unknown
	// SAEnd is the last day of Software Assurance, if the source has it (see SAOn).
	SAEnd day.Date
}

// FreshFor is the age after which licence data is stale (R8.6).
const FreshFor = 24 * time.Hour

// MaxQuantity is the largest quantity of one line, as for an agreement (R2.6). A larger one is an
// error.
const MaxQuantity = 10_000_000

// TextMaxChars is the maximum length of a text of an entitlement, in characters.
const TextMaxChars = 255

// IsInvisible reports whether texts of an entitlement must not contain r: control and format
// characters and line separators, except the two joiners that some scripts need.
func IsInvisible(r rune) bool {
	return r != '\u200c' && r != '\u200d' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// SAOn returns the Software Assurance quantity that is active on a day.
func (e Entitlement) SAOn(date day.Date) int {
	if e.SAEnd != "" && e.SAEnd < date {
		return 0
	}
	return e.ActiveSA
}

// State is the result of a question about a pair (R7.2).
type State string

// The states of an answer.
const (
	StateValid   State = "valid"   // the pair exists and has the answer's entitlements
	StateInvalid State = "invalid" // the source knows that the pair does not exist; it has no entitlements
	StateError   State = "error"   // the source has no answer; the previous entitlements stay
)

// Answer is a source's answer for one pair.
type Answer struct {
	Pair  agreement.PairKey
	State State
	// Reason is a stable code: why the pair is not valid. Empty for a valid pair.
	Reason       string
	Entitlements []Entitlement // for a valid pair only; may be empty
}

// The reasons that trueup sets. Sources may add their own codes.
const (
	// ReasonNoStatement: no statement has the pair's license number. This does not prove that the
	// pair is invalid, because a statement lists only what its reader may see.
	ReasonNoStatement = "statement_without_pair"
	// ReasonWithdrawn: the pair had entitlements, and no statement mentions it now.
	ReasonWithdrawn = "statement_withdrawn"
	// ReasonTooMuch: the pair's entitlements exceed the storage limits.
	ReasonTooMuch     = "source_too_much"
	ReasonUnreachable = "source_unreachable" // no connection, or a broken one
	ReasonTimeout     = "source_timeout"     // no answer in time
	ReasonFailed      = "source_failed"      // the source reported a failure
	ReasonDenied      = "source_denied"      // the source rejected our credentials
	ReasonRefused     = "source_refused"     // the source rejected the request
	ReasonQuota       = "source_quota"       // over quota, and the wait is too long
	ReasonDamaged     = "source_damaged"     // the answer violates the contract
)

// OfPair reports whether a reason concerns the pair only: the source is available, and a retry
// does not help.
func OfPair(reason string) bool { return reason == ReasonNoStatement || reason == ReasonTooMuch }

// Fault is the error of a source that answered no pair.
type Fault struct {
	Reason string // as in Answer
	Err    error  // for logs; contains no credentials
}

// Error returns the text of the cause, for logs.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Source returns the entitlements of pairs (R7.4).
type Source interface {
	// Ask returns one answer for each pair: answers[i] is for pairs[i], also for a pair that
	// occurs twice. A pair that could not be asked about, or whose answer is not fully trusted,
	// has StateError and a reason. If no pair was answered, Ask returns a *Fault and no answers,
	// so that a fault never looks like an organisation without entitlements. Ask only reads, so
	// it may be repeated. It returns soon after ctx is done.
	Ask(ctx context.Context, pairs []agreement.Pair) ([]Answer, error)
}
