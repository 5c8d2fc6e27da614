// Package agreement is the domain of licence agreements: what an agreement and an agreement
// pair are, and every rule that a draft of one must satisfy.
//
// A row of a CSV file, a JSON body and an HTML form each fill a Draft. Only Parse turns it
// into a Volume agreement, or into the list of all its violations; ParseOther does so for
// agreements of type other. The rules are data (Rules), so that documentation, form hints,
// OpenAPI and the annotated copy of an import read them from the same place.
//
// RULES.md lists the rules. Package pairfile reads files of pairs.
//
// The package is independent of any technology: it imports the standard library and
// packages that are independent too (audit, day, errs, once, sheet and text).
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

// Types lists every type, in the order of the documentation.
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

// Programs lists every program, in the order of the documentation.
var Programs = []Program{ProgramOpenValue, ProgramOpen, ProgramSelectEnterprise, ProgramUnknown}

// programList lists the programs as rules quote them.
const programList = string(ProgramOpenValue + ", " + ProgramOpen + ", " + ProgramSelectEnterprise + ", " + ProgramUnknown)

// Agreement is a stored licence agreement as lists show it, without the sensitive details
// (R2.7).
type Agreement struct {
	ID         string
	Type       Type
	Name       string
	GroupID    string
	PairCount  int        // 0 for TypeOther
	Validation Validation // of its pairs; empty for TypeOther
	Terms                 // empty for TypeVolume, whose products come from entitlements (R2.5)
	CreatedAt  time.Time
	CreatedBy  string // the import or the person that created it
	Version    int64  // starts at 1 and grows with every change; the ETag
}

// Terms is the data of an agreement of type other (R2.6), without its details.
type Terms struct {
	Publisher    string
	ProductTitle string
	Licenses     int      // number of licenses, 1 to 10,000,000
	Start, End   day.Date // empty if not given
}

// VolumePublisher is the publisher of every volume agreement.
const VolumePublisher = "Microsoft"

// PublisherOf returns the publisher as lists show, sort and filter it.
func (a Agreement) PublisherOf() string {
	if a.Type == TypeVolume {
		return VolumePublisher
	}
	return a.Publisher
}

// Validation is the result of checking the pairs of an agreement with the Volume Licensing
// Service Center (R7.2): the worst result of any pair.
type Validation string

// The validations, best first.
const (
	ValidationValid   Validation = "valid"
	ValidationPending Validation = "pending" // not checked yet
	ValidationError   Validation = "error"   // checked, without an answer
	ValidationInvalid Validation = "invalid"
)

// Validations lists every validation, in the order of the documentation.
var Validations = []Validation{ValidationValid, ValidationPending, ValidationError, ValidationInvalid}

// Worst returns the worse of two validations. An empty one is none.
func (v Validation) Worst(other Validation) Validation {
	order := [...]Validation{"", ValidationValid, ValidationPending, ValidationError, ValidationInvalid}
	return order[max(slices.Index(order[:], v), slices.Index(order[:], other), 0)]
}

// With returns the agreement as it is after pairs are added to it.
func (a Agreement) With(pairs []Pair) Agreement {
	a.Version++
	a.PairCount += len(pairs)
	a.Validation = a.Validation.Worst(ValidationPending)
	return a
}

// Sort is the sort key of a list of agreements. Agreements with equal keys are sorted by
// name, then by id.
type Sort string

// The sorts of R2.10. The default is SortName.
const (
	SortName      Sort = "name"
	SortPublisher Sort = "publisher"
	SortEnd       Sort = "end" // agreements without an end come last
	SortCreated   Sort = "created"
)

// Sorts lists every sort, in the order of the documentation.
var Sorts = []Sort{SortName, SortPublisher, SortEnd, SortCreated}

// Query selects agreements. Empty fields select all.
type Query struct {
	GroupID    string
	Type       Type
	Publisher  string   // compared in folded form, as names are
	Aliases    []string // other names of the publisher
	Status     Status
	Validation Validation
	EndsBefore day.Date // only agreements that end before this date
	Text       string   // contained in name, publisher, product title or a number of a pair (R2.10)

	Sort       Sort
	Descending bool
	Calendar   day.Calendar
	Limit      int    // page size, 1 to 200
	Cursor     string // Next of the previous page of the same query; empty for the first
}

// Page is one page of agreements. Next is empty on the last page. Totals are the totals of
// all pages.
type Page struct {
	Items  []Agreement
	Next   string
	Totals Totals
}

// Register finds agreements. Reads are exact at the moment of the call. A listing returns
// an agreement that exists throughout with the same name exactly once; what an import adds
// after the first page was read does not appear on later pages. A cursor that is damaged or
// belongs to another query is errs.Invalid cursor_invalid.
type Register interface {
	// List lists agreements.
	List(ctx context.Context, q Query) (Page, error)
	// ByGroup returns the number of agreements of each license group that has any, and the
	// deletions of license groups until then.
	ByGroup(ctx context.Context) (counts map[string]int, now Deletions, err error)
	// Deletions returns the deletions of license groups until the last read of this process,
	// without reading.
	Deletions() Deletions
	// Moved returns how many agreements the deletion of a license group has moved to
	// Unassigned. That is known only for some time after the deletion.
	Moved(ctx context.Context, groupID string) (n int, known bool, err error)
}

// Deletions are the license groups that were deleted until some moment. Equal ones are of moments
// between which none was deleted.
type Deletions struct {
	N    int64
	Last string // identifies the last one
}

// PairPage is one page of an agreement's pairs, sorted by PairKey.
type PairPage struct {
	Items []Pair
	Next  string
}

// Target is the license group chosen for an agreement (R2.9). The zero Target is
// Unassigned.
type Target struct {
	GroupID string // an existing group
	NewName string // a group by name, parsed with ParseName; created if missing
}

// New is an agreement to store.
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

// Edit is a change of an agreement; nil fields stay unchanged.
type Edit struct {
	Name    *string // as ParseName returns it
	Group   *Target
	Terms   *Terms  // only for type other: all terms, as ParseOther returns them
	Details *string // only for type other, as ParseOther returns them; empty for none
	At      time.Time
}

// MaxPairsByHand is the maximum number of pairs that one call can add or remove: more do
// not fit one transaction. A file takes MaxFileRows.
const MaxPairsByHand = 80

// Store keeps agreements. All pages of a listing of pairs show the same moment: what an
// import adds after the first page was read does not appear on later pages. A cursor that
// is damaged or belongs to another query is errs.Invalid cursor_invalid.
//
// Writes are all or nothing, and store the audit event in the same transaction; the store
// fills in its Subject, Before and After. They take the agreement as read: errs.Stale
// version_stale if it has changed since. A name or pair in use is errs.Conflict with a
// violation each (name_taken, pair_taken); one that an import is storing at that moment is
// errs.Unavailable import_running.
type Store interface {
	// Agreement returns one agreement. It returns errs.NotFound agreement_not_found.
	Agreement(ctx context.Context, id string) (Agreement, error)
	// Pairs lists the pairs of one agreement. It returns errs.NotFound agreement_not_found.
	Pairs(ctx context.Context, id string, limit int, cursor string) (PairPage, error)
	// Details returns the details of the agreement; empty if there are none. They are
	// sensitive: no other read returns them, and audit events do not quote them (R2.7). The
	// audit event is stored before they are read. It returns errs.NotFound
	// agreement_not_found.
	Details(ctx context.Context, read Agreement, event audit.Event) (string, error)

	// Create stores a new agreement. It returns errs.NotFound group_not_found.
	Create(n New) once.Edit[Agreement]
	// Update changes or moves an agreement. It returns errs.NotFound group_not_found.
	Update(ctx context.Context, read Agreement, e Edit, event audit.Event) (Agreement, error)
	// Delete removes an agreement. Its name and pairs can then be used again.
	Delete(ctx context.Context, read Agreement, event audit.Event) error
	// AddPairs adds pairs to a volume agreement (R2.4), at most MaxPairsByHand.
	AddPairs(read Agreement, pairs []Pair) once.Edit[Agreement]
	// RemovePairs removes pairs from a volume agreement, at most MaxPairsByHand. It returns
	// errs.NotFound pair_not_found, or errs.Conflict pairs_last if none would be left.
	RemovePairs(ctx context.Context, read Agreement, pairs []PairKey, event audit.Event) (Agreement, error)
}
