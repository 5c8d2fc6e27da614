// Package entitlement is what agreements entitle the organisation to, as the
// Volume Licensing Service Center (VLSC) or a statement of a publisher says.
//
// A Source is asked about pairs and gives each of them one Answer. A Statement
// is a file that somebody downloaded; Attribute says which of its lines belong
// to which pair, so that no license is counted twice. Package statement reads
// the files, package vlsc has the sources.
package entitlement

import (
	"context"
	"unicode"

	"trueup/internal/agreement"
	"trueup/internal/day"
)

// Entitlement is one line of what somebody is entitled to: a product in a
// version, and how many licenses of it.
type Entitlement struct {
	Publisher string // Microsoft, but in a general license statement
	Pool      string // product pool: Applications, Systems, Servers; empty when not said
	Family    string // product family, such as "Office Professional Plus"
	Version   string // such as "2021"; empty when not said
	Type      string // license type as the source spells it; empty when not said
	Effective int    // effective quantity, upgrades applied: 0 to MaxQuantity
	ActiveSA  int    // active Software Assurance quantity, 0 to MaxQuantity
	// Unresolved is the unresolved quantity, when an old summary has it: kept and
	// explained, never counted.
	Unresolved int
	Start, End day.Date // of the term; empty when not said
	// SAEnd is the last day of Software Assurance, when the source says it (see SAOn).
	SAEnd day.Date
}

// MaxQuantity is the most licenses that one line may say, as of an agreement
// (R2.6). More is an error of whoever wrote it.
const MaxQuantity = 10_000_000

// TextMaxChars is the longest text that an entitlement may have.
const TextMaxChars = 255

// IsInvisible reports characters that the texts of an entitlement may not have:
// those that nobody sees and that change the text around them, but for the two
// joiners that are spelling in some scripts.
func IsInvisible(r rune) bool {
	return r != '\u200c' && r != '\u200d' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// SAOn returns how much Software Assurance is active on a day.
func (e Entitlement) SAOn(date day.Date) int {
	if e.SAEnd != "" && e.SAEnd < date {
		return 0
	}
	return e.ActiveSA
}

// State is what became of asking about a pair (R7.2).
type State string

// The states of an answer.
const (
	StateValid   State = "valid"   // the pair exists; its entitlements are those of the answer
	StateInvalid State = "invalid" // the source knows that it does not; it entitles to nothing
	StateError   State = "error"   // the source could not say; what was known before stays
)

// Answer is what a source says about one pair.
type Answer struct {
	Pair  agreement.PairKey
	State State
	// Reason is a stable code that says why a pair is not valid; empty when it is.
	Reason       string
	Entitlements []Entitlement // only of a valid pair, which may have none
}

// The reasons of a source's own. The others are those that it was given.
const (
	// ReasonNoStatement: no statement has the pair's license number. A statement
	// lists what its reader may see, so this is no proof that a pair is invalid.
	ReasonNoStatement = "statement_without_pair"
	// ReasonWithdrawn: a pair that has entitlements is in no statement any more.
	ReasonWithdrawn = "statement_withdrawn"
	// ReasonTooMuch: more is said of the pair than can be kept.
	ReasonTooMuch     = "source_too_much"
	ReasonUnreachable = "source_unreachable" // no connection, or it broke
	ReasonTimeout     = "source_timeout"     // no answer in time
	ReasonFailed      = "source_failed"      // it said that it failed
	ReasonDenied      = "source_denied"      // it does not accept our credentials
	ReasonRefused     = "source_refused"     // it does not accept the request
	ReasonQuota       = "source_quota"       // we asked too much, and waiting takes too long
	ReasonDamaged     = "source_damaged"     // the answer is not what the contract says
)

// OfPair reports whether a reason for not being able to say is one of the pair
// alone: the source is there, and asking again does not help.
func OfPair(reason string) bool { return reason == ReasonNoStatement || reason == ReasonTooMuch }

// Fault is the error of a source that answered nothing.
type Fault struct {
	Reason string // as of an answer
	Err    error  // for logs; without credentials
}

// Error is for logs.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Source says what pairs entitle to (R7.4).
type Source interface {
	// Ask returns one answer for each pair, in the order of the pairs: answers[i]
	// is about pairs[i], a pair that is given twice too. A pair that the source
	// could not be asked about, or whose answer cannot be trusted in every detail,
	// has StateError and a reason. Ask returns a *Fault, and no answers, when not
	// one pair was answered; so a fault never looks like an organisation without
	// entitlements. It reads only: asking again is always safe. Ask returns soon
	// after ctx is done.
	Ask(ctx context.Context, pairs []agreement.Pair) ([]Answer, error)
}
