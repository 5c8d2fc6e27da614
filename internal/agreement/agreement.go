// Package agreement is the domain of licence agreements: what an agreement and
// an agreement pair are, and every rule a draft of one must satisfy.
//
// A row of a CSV file, a JSON body and an HTML form each only fill a Draft;
// Parse is the one gate that turns it into a Volume agreement or into the list
// of everything that is wrong with it, and ParseOther the one for agreements of
// type other. The rules are data (Rules), so that
// documentation, form hints, OpenAPI and the annotated copy of an import read
// them from the same place.
//
// RULES.md lists the rules. Package pairfile reads files of pairs.
//
// The package is independent of any technology: it imports the standard library and
// packages that are too (audit, day, errs, once, sheet and text).
package agreement

import (
	"context"
	"slices"
	"time"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/once"
)

// Type says how an agreement was bought.
type Type string

// The types of SPEC chapter 1.
const (
	TypeVolume Type = "volume" // Microsoft Volume Licensing, made of agreement pairs
	TypeOther  Type = "other"  // any publisher, bought any way
)

// Types is every type, in the order of the documentation.
var Types = []Type{TypeVolume, TypeOther}

// Program is the volume licensing program a pair belongs to.
type Program string

// The programs of SPEC chapter 1.
const (
	ProgramUnknown          Program = "unknown"
	ProgramOpenValue        Program = "open-value"        // agreement number, the same number repeated
	ProgramOpen             Program = "open"              // authorization number, related license number
	ProgramSelectEnterprise Program = "select-enterprise" // agreement number, related enrollment number
)

// Programs is every program, in the order of the documentation.
var Programs = []Program{ProgramOpenValue, ProgramOpen, ProgramSelectEnterprise, ProgramUnknown}

// programList is the programs as rules quote them.
const programList = string(ProgramOpenValue + ", " + ProgramOpen + ", " + ProgramSelectEnterprise + ", " + ProgramUnknown)

// Agreement is a stored licence agreement as lists show it. Sensitive details
// are no part of it (R2.7).
type Agreement struct {
	ID         string
	Type       Type
	Name       string
	GroupID    string
	PairCount  int        // pairs it has; 0 for TypeOther
	Validation Validation // of its pairs; empty for TypeOther
	Terms                 // empty for TypeVolume, whose products come from entitlements (R2.5)
	CreatedAt  time.Time
	CreatedBy  string // the import or the person that made it
	Version    int64  // starts at 1, grows with every change; the ETag
}

// Terms is what an agreement of type other says (R2.6), but for its details.
type Terms struct {
	Publisher    string
	ProductTitle string
	Licenses     int      // how many it entitles to, 1 to 10,000,000
	Start, End   day.Date // empty when not given
}

// VolumePublisher is the publisher of every volume agreement.
const VolumePublisher = "Microsoft"

// PublisherOf is the publisher as lists show, sort and filter it.
func (a Agreement) PublisherOf() string {
	if a.Type == TypeVolume {
		return VolumePublisher
	}
	return a.Publisher
}

// Validation says what the Volume Licensing Service Center made of the pairs
// of an agreement (R7.2): the worst of them.
type Validation string

// The validations, best first.
const (
	ValidationValid   Validation = "valid"
	ValidationPending Validation = "pending" // not asked yet
	ValidationError   Validation = "error"   // asked, without an answer
	ValidationInvalid Validation = "invalid"
)

// Validations is every validation, in the order of the documentation.
var Validations = []Validation{ValidationValid, ValidationPending, ValidationError, ValidationInvalid}

// Worst returns the worse of two validations. Empty is none.
func (v Validation) Worst(other Validation) Validation {
	order := [...]Validation{"", ValidationValid, ValidationPending, ValidationError, ValidationInvalid}
	return order[max(slices.Index(order[:], v), slices.Index(order[:], other), 0)]
}

// With returns the agreement as it is after pairs were added to it.
func (a Agreement) With(pairs []Pair) Agreement {
	a.Version++
	a.PairCount += len(pairs)
	a.Validation = a.Validation.Worst(ValidationPending)
	return a
}

// Sort is what a list of agreements is sorted by. Agreements that are equal in
// it are sorted by name, then by id.
type Sort string

// The sorts of R2.10. The default is SortName.
const (
	SortName      Sort = "name"
	SortPublisher Sort = "publisher"
	SortEnd       Sort = "end" // agreements without an end come last
	SortCreated   Sort = "created"
)

// Sorts is every sort, in the order of the documentation.
var Sorts = []Sort{SortName, SortPublisher, SortEnd, SortCreated}

// Query selects agreements. Empty fields select all.
type Query struct {
	GroupID    string
	Type       Type
	Publisher  string   // compared as names are
	Aliases    []string // further names of the publisher
	Status     Status
	Validation Validation
	EndsBefore day.Date // only agreements that end before this date
	Text       string   // anywhere in name, publisher, product title or a number of a pair (R2.10)

	Sort       Sort
	Descending bool
	Calendar   day.Calendar
	Limit      int    // page size, 1 to 200
	Cursor     string // where the previous page of the same query ended; empty for the first
}

// Page is one page of agreements. Next is empty on the last page. Totals are
// those of all pages.
type Page struct {
	Items  []Agreement
	Next   string
	Totals Totals
}

// Register finds agreements. What it answers is exact at the moment of the
// call. A listing never misses or repeats an agreement that was there, with the
// same name, throughout; what an import adds after the first page was read
// does not appear halfway through. A cursor that is damaged or belongs to another
// query is errs.Invalid cursor_invalid.
type Register interface {
	// List lists agreements.
	List(ctx context.Context, q Query) (Page, error)
	// Find returns one agreement; errs.NotFound agreement_not_found.
	Find(ctx context.Context, id string) (Agreement, error)
	// ByGroup returns how many agreements each license group has that has any, and a
	// number that grows with every deletion of a license group.
	ByGroup(ctx context.Context) (counts map[string]int, deletions int64, err error)
	// Moved returns how many agreements the deletion of a license group has moved to
	// Unassigned. That is known for some time after the deletion only.
	Moved(ctx context.Context, groupID string) (n int, known bool, err error)
}

// PairPage is one page of an agreement's pairs, sorted by PairKey.
type PairPage struct {
	Items []Pair
	Next  string
}

// Target is the license group that somebody chose for an agreement (R2.9). The
// zero Target is Unassigned.
type Target struct {
	GroupID string // an existing group
	NewName string // or a group by name, parsed with ParseName; it is made when missing
}

// New is an agreement to be stored.
type New struct {
	ID      string
	Type    Type
	Name    string // as Parse or ParseOther returns it
	Pairs   []Pair // as Parse returns them, 1 to MaxPairsByHand; none for TypeOther
	Terms   Terms  // as ParseOther returns them; empty for TypeVolume
	Details string // as ParseOther returns them; empty for TypeVolume
	Group   Target
	By      string
	At      time.Time
}

// Edit is what changes of an agreement; nil leaves as it is.
type Edit struct {
	Name    *string // as ParseName returns it
	Group   *Target
	Terms   *Terms  // of an agreement of type other: all of them, as ParseOther returns them
	Details *string // of an agreement of type other, as ParseOther returns them; empty for none
	At      time.Time
}

// MaxPairsByHand is how many pairs one call can add or remove: what fits one
// transaction. A file takes MaxFileRows.
const MaxPairsByHand = 80

// Store keeps agreements. Every page of a listing of pairs shows one moment:
// what an import adds after the first page was read does not appear halfway
// through. A cursor that is damaged or belongs to another query is errs.Invalid
// cursor_invalid.
//
// Writes are all or nothing, and store the audit event in the same transaction;
// its Subject, Before and After are filled in. They take the agreement as it was read:
// errs.Stale version_stale when it has changed since. What somebody else has is
// errs.Conflict with a violation each (name_taken, pair_taken); what an import is
// storing at that moment is errs.Unavailable import_running.
type Store interface {
	// Agreement returns one agreement; errs.NotFound agreement_not_found.
	Agreement(ctx context.Context, id string) (Agreement, error)
	// Pairs lists the pairs of one agreement; errs.NotFound agreement_not_found.
	Pairs(ctx context.Context, id string, limit int, cursor string) (PairPage, error)
	// Details returns the details of the agreement, empty when there are none. They
	// are sensitive: nothing else that is read has them, and audit events do not
	// quote them (R2.7). The audit event is stored before they are read.
	// errs.NotFound agreement_not_found.
	Details(ctx context.Context, read Agreement, event audit.Event) (string, error)

	// Create stores a new agreement. errs.NotFound group_not_found.
	Create(n New) once.Edit[Agreement]
	// Update renames or moves an agreement. errs.NotFound group_not_found.
	Update(ctx context.Context, read Agreement, e Edit, event audit.Event) (Agreement, error)
	// Delete removes an agreement; its name and pairs are free from then on.
	Delete(ctx context.Context, read Agreement, event audit.Event) error
	// AddPairs adds pairs to a volume agreement (R2.4), at most MaxPairsByHand.
	AddPairs(read Agreement, pairs []Pair) once.Edit[Agreement]
	// RemovePairs removes pairs from a volume agreement, at most MaxPairsByHand.
	// errs.NotFound pair_not_found; errs.Conflict pairs_last when none would be left.
	RemovePairs(ctx context.Context, read Agreement, pairs []PairKey, event audit.Event) (Agreement, error)
}
