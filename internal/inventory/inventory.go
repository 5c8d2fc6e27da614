// Package inventory counts the software found on managed PCs.
//
// Read turns a file of inventory into a Tally: on how many distinct devices each title and each
// product is. It reads a file once, as a stream, in memory that depends on the number of
// different titles and hardly on the number of rows and devices (R6.2). The titles of each device
// go through a scratch file, so that counts are exact in any order of rows (R6.3): see counter.
//
// Rules turn titles into products. They are data, in order, and the first that matches decides,
// so that one rule explains each count (Decision). An admin's rules come before the starting
// rules of trueup. Most titles of a Windows PC are updates, parts of suites and runtimes, which
// are not products; titles that match no rule are in Tally.Queue.
//
// A tally holds no devices. The number of devices of a product does not follow from the numbers
// of its titles, which may be on the same devices, so a change of rules reads the file in the
// uploads bucket again: this is exact and takes seconds, and there is one way of counting.
// Tally.Rules names the rules that were used.
//
// Files come from sources with separate PCs: the last good file of each source counts (R6.1). A
// Receiver counts a file, and a Record holds the result. Tallies and an admin's rules are objects
// in the reports bucket named by their checksums, which never change; a record in the table names
// the current one. An object is written before anything names it, so a process that dies in
// between has changed nothing.
package inventory

import (
	"context"
	"time"

	"trueup/internal/audit"
	"trueup/internal/once"
)

// Summary is the total of the sources. The zero Summary is the one of an organisation without
// inventory.
type Summary struct {
	Devices int // PCs with at least one title
	Titles  int // different titles of a publisher, on any PC
}

// Known reports whether the inventory knows at least one PC and one title (R2.8).
func (s Summary) Known() bool { return s.Devices > 0 && s.Titles > 0 }

// Summarize adds up sources. Their PCs are distinct; a title in several sources counts in each.
func Summarize(records []Record) (s Summary) {
	for _, r := range records {
		if r.Good != nil {
			s.Devices += r.Good.Devices
			s.Titles += r.Good.Titles
		}
	}
	return s
}

// Counted is the tally of the last good file of one source.
type Counted struct {
	Source string // a newer file of the same source replaces the older one (R6.1)
	Key    string // of the file
	At     time.Time
	Tally  *Tally
}

// Store keeps the records of sources and the head of the admins' rules. Reads are strongly
// consistent.
type Store interface {
	// Summary is Summarize of the records.
	Summary(ctx context.Context) (Summary, error)
	// Records returns the record of every source, sorted by source.
	Records(ctx context.Context) ([]Record, error)
	// SaveRecord stores a record and the audit events in one transaction. Its Version is one more
	// than the version that was read; errs.Stale if that one has changed.
	SaveRecord(ctx context.Context, r Record, events ...audit.Event) error
	// AnnounceFile stores the audit event of an announced file and the idempotency entry in one
	// transaction. If the key was used before, it returns the first response.
	AnnounceFile(ctx context.Context, c once.Change) (first []byte, err error)
	// RulesHead returns the head of the admins' rules; the zero RulesHead if there are none.
	RulesHead(ctx context.Context) (RulesHead, error)
	// SetRulesHead stores a new head. Its Version is one more than that of the head that was
	// read; errs.Stale if that one has changed. The event and the idempotency entry are stored in
	// the same transaction. If the key was used before, it stores nothing and returns the first
	// response.
	SetRulesHead(ctx context.Context, head RulesHead, c once.Change) (first []byte, err error)
}
