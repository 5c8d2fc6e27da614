// Package agreement is the domain of licence agreements: what an agreement and
// an agreement pair are, and every rule a draft of one must satisfy.
//
// A row of a CSV file, a JSON body and an HTML form each only fill a Draft;
// Parse is the one gate that turns it into a Volume agreement or into the list
// of everything that is wrong with it. The rules are data (Rules), so that
// documentation, form hints, OpenAPI and the annotated copy of an import read
// them from the same place.
//
// ReadFile checks a whole CSV file and reports everything that is wrong with
// it, by line and column; File.Annotate gives it back with the reports beside
// the rows. Every row of a file counts once: it is good, it repeats an earlier
// one, or it is rejected. RULES.md lists the rules.
//
// The package knows no technology: it imports the standard library and the
// house's own errs and text.
package agreement

import (
	"context"
	"time"
)

// Type says how an agreement was bought.
type Type string

// The types of SPEC chapter 1.
const (
	TypeVolume Type = "volume" // Microsoft Volume Licensing, made of agreement pairs
	TypeOther  Type = "other"  // any publisher, bought any way
)

// Program is the volume licensing program a pair belongs to.
type Program string

// The programs of SPEC chapter 1.
const (
	ProgramUnknown          Program = "unknown"
	ProgramOpenValue        Program = "open-value"        // agreement number, the same number repeated
	ProgramOpen             Program = "open"              // authorization number, related license number
	ProgramSelectEnterprise Program = "select-enterprise" // agreement number, related enrollment number
)

// programList is the programs as rules quote them.
const programList = string(ProgramOpenValue + ", " + ProgramOpen + ", " + ProgramSelectEnterprise + ", " + ProgramUnknown)

// Agreement is a stored licence agreement as lists show it. Sensitive details
// are no part of it (R2.7).
type Agreement struct {
	ID        string
	Type      Type
	Name      string
	GroupID   string
	PairCount int // pairs it has; 0 for TypeOther
	CreatedAt time.Time
	CreatedBy string // the import or the person that made it
	Version   int64  // starts at 1, grows with every change; the ETag
}

// Query selects agreements, sorted by folded name.
type Query struct {
	GroupID string // only this group's; empty for all
	Prefix  string // only names that start with this, compared as names are
	Limit   int    // page size, 1 to 200
	Cursor  string // where the previous page of the same query ended; empty for the first
}

// Page is one page of agreements. Next is empty on the last page.
type Page struct {
	Items []Agreement
	Next  string
}

// PairPage is one page of an agreement's pairs, sorted by PairKey.
type PairPage struct {
	Items []Pair
	Next  string
}

// Store keeps agreements. Every page of a listing shows one moment: what an
// import adds after the first page was read does not appear halfway through.
// A cursor that is damaged or belongs to another query is errs.Invalid with
// code cursor_invalid.
type Store interface {
	// Agreement returns one agreement; errs.NotFound agreement_not_found.
	Agreement(ctx context.Context, id string) (Agreement, error)
	// Agreements lists agreements.
	Agreements(ctx context.Context, q Query) (Page, error)
	// Pairs lists the pairs of one agreement; errs.NotFound agreement_not_found.
	Pairs(ctx context.Context, id string, limit int, cursor string) (PairPage, error)
}
