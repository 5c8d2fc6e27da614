// Package inventories receives inventory files (kind.Inventory) and keeps their counts. Package
// inventory counts a file. It does not depend on AWS.
//
// Files come from sources with separate PCs: the last good file of each source counts (R6.1). A
// Receiver counts a file, and a Record holds the result. Tallies and an admin's rules are objects
// in the reports bucket named by their checksums, which never change; a record in the table names
// the current one. An object is written before anything names it, so a process that dies in
// between has changed nothing.
//
// When rules change, every file is counted again. The new counts wait in the records (Record.Next) until
// every file has one, and then replace the old ones in one transaction: readers get all sources by the old
// rules or all by the new ones. A file that cannot be read for a while holds back the others; one that is
// gone does not. A file that arrives is counted by the rules of that time.
//
// One process at a time counts again: it holds a lease, and looks at the rules again after it has released it.
// A change of rules while the lease is held starts nothing (Recounts), so 100 changes need few recounts, and
// none is lost: it is stored before its caller looks at the lease. A lease ends by the clock. If its holder
// died, Lambda repeats its event, or the schedule continues.
package inventories

import (
	"context"
	"time"

	"trueup/internal/audit"
	"trueup/internal/inventory"
	"trueup/internal/once"
)

// Summarize adds up sources. Their PCs are distinct; a title in several sources counts in each.
func Summarize(records []Record) (s inventory.Summary) {
	for _, r := range records {
		if r.Good != nil {
			s.Devices += r.Good.Devices
			s.Titles += r.Good.Titles
		}
	}
	return s
}

// Store keeps the records of sources and the head of the admins' rules. Reads are strongly
// consistent.
type Store interface {
	// Summary is Summarize of the records.
	Summary(ctx context.Context) (inventory.Summary, error)
	// Records returns the record of every source, sorted by source.
	Records(ctx context.Context) ([]Record, error)
	// SaveRecords stores records and audit events, at most 100 in all, in one transaction. The Version
	// of a record is one more than the version that was read; errs.Stale if one of these has changed.
	SaveRecords(ctx context.Context, records []Record, events ...audit.Event) error
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
	// AcquireRecount gives the lease on recounts to a holder until a time, or extends it: if it is
	// free, has ended before now or is the holder's. Otherwise the error is ErrRecounting.
	AcquireRecount(ctx context.Context, holder string, now, until time.Time) error
	// ReleaseRecount releases the lease if the holder has it.
	ReleaseRecount(ctx context.Context, holder string) error
}
