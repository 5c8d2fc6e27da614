// Package journal keeps copies in memory of what many changes add up to, exact
// at every reading.
//
// A journal is an ordered list of changes without gaps: every change is an
// entry with the next number, stored in the same transaction as the change
// itself. A Replica is a process's copy of what the entries add up to. Before
// each reading it looks, with one strongly consistent read, whether there are
// entries it does not know, and applies them. So that a process that starts
// does not read them all, a copy is saved as an object from time to time. The
// object is a shortcut and no more: without it, or with an old one, the
// entries lead to the same state.
package journal

import (
	"context"
	"errors"

	"trueup/internal/audit"
	"trueup/internal/once"
)

// Name names a journal.
type Name string

// The journals.
const (
	Agreements Name = "agreements" // what register.Register is made from
	Catalog    Name = "catalog"    // what catalog.Catalog is made from
)

// Head is where a journal stands.
type Head struct {
	Seq    int64 // of the last entry; 0 when there is none
	Weight int64 // what all entries weigh: how many things they change
	Saved  int64 // Weight when the copy was last saved; 0 for never

	// Gone are the license groups that were deleted and whose agreements still
	// name them: they count as Unassigned (R4.3). Only in journal Agreements.
	Gone []string
}

// Entry is one change.
type Entry struct {
	Seq  int64
	Body string
}

// ErrMoved means that the journal has got entries since its head was read.
var ErrMoved = errors.New("journal: it has moved on")

// Log keeps journals. Reads are strongly consistent.
type Log interface {
	// Head returns where a journal stands.
	Head(ctx context.Context, name Name) (Head, error)
	// Entries returns the entries after one and up to another, in order and
	// without gaps.
	Entries(ctx context.Context, name Name, after, upTo int64) ([]Entry, error)
	// Append stores the next entry after head, which weighs as much as the things
	// it changes, with the audit events of the change and the answer that an
	// Idempotency-Key stands for, in one transaction. ErrMoved when the journal is
	// not at head any more. When the key was used before nothing is stored and
	// first is what was answered then.
	Append(ctx context.Context, name Name, head Head, body string, weight int, answer once.Entry, events ...audit.Event) (first []byte, err error)
	// Saved notes that a copy of the state at head was saved.
	Saved(ctx context.Context, name Name, head Head) error
}

// MaxBody is how long the body of an entry is at most, in bytes: what fits an
// item of the table.
const MaxBody = 390_000
