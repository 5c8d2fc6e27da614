// Package inventory is what is known of the software found on managed PCs.
//
// Read turns a file of inventory into a Tally: on how many distinct devices
// each title is, and each product. A file is read once, as a stream, in memory
// that depends on the number of different titles and hardly on that of rows
// and devices (R6.2). What a file says of each device goes through a scratch
// file, so that counts are exact in whatever order the rows come (R6.3): see
// counter.
//
// Rules turn titles into products. They are data, in order, and the first that
// matches decides, so that every count can be explained by one of them
// (Decision). An admin's rules come before those trueup brings. Most of what
// a Windows PC lists are updates, parts of suites and runtimes, which are not
// products; what no rule knows waits in Tally.Queue.
//
// A tally holds no devices. How many have a product whose titles are on the
// same ones cannot be told from the numbers of these titles, so counting by
// changed rules reads the file again, which the uploads bucket keeps: it is
// exact, it takes seconds, and there is one way of counting. Tally.Rules says
// which rules counted.
//
// Files come from sources, each of PCs of its own: what counts is the last
// file of each that could be counted (R6.1). A Receiver takes a file, and a
// Record says what became of it. Tallies and an admin's rules are objects in
// the reports bucket named by their checksums, which never change; the table
// has a record that names one. So an object is there before anything names it,
// and whoever dies in between has changed nothing.
package inventory

import (
	"context"
	"time"

	"trueup/internal/audit"
	"trueup/internal/once"
)

// Summary is what the sources add up to. The zero Summary is that of an
// organisation that has no inventory yet.
type Summary struct {
	Devices int // PCs with at least one title
	Titles  int // different titles of a publisher, on any PC
}

// Known reports whether the inventory knows at least one PC and one title (R2.8).
func (s Summary) Known() bool { return s.Devices > 0 && s.Titles > 0 }

// Summarize adds sources up. Their PCs are different ones; a title that is in
// several counts in each.
func Summarize(records []Record) (s Summary) {
	for _, r := range records {
		if r.Good != nil {
			s.Devices += r.Good.Devices
			s.Titles += r.Good.Titles
		}
	}
	return s
}

// Counted is what the last good file of one source adds up to.
type Counted struct {
	Source string // what a newer file replaces the older one of (R6.1)
	Key    string // of the file
	At     time.Time
	Tally  *Tally
}

// Store keeps what became of files, and where the rules of admins are. Readings
// are strongly consistent.
type Store interface {
	// Summary is Summarize of the records.
	Summary(ctx context.Context) (Summary, error)
	// Records returns the record of every source, sorted by source.
	Records(ctx context.Context) ([]Record, error)
	// SaveRecord stores a record, whose Version is one more than that of the one it
	// was made from, and the audit events in the same transaction. errs.Stale when
	// that one has changed since.
	SaveRecord(ctx context.Context, r Record, events ...audit.Event) error
	// AnnounceFile stores the audit event of a file that is to be uploaded, and the
	// answer that an Idempotency-Key stands for, in one transaction; first is what was
	// answered when the key was used before.
	AnnounceFile(ctx context.Context, event audit.Event, answer once.Entry) (first []byte, err error)
	// RulesHead says where the rules of admins are; the zero RulesHead when nobody
	// has made one.
	RulesHead(ctx context.Context) (RulesHead, error)
	// SetRulesHead stores where they are from now on; Version is one more than that
	// of the head they were made from, errs.Stale when it has changed since. The
	// event and the answer that an Idempotency-Key stands for are stored in the same
	// transaction; when the key was used before nothing is, and first is what was
	// answered then.
	SetRulesHead(ctx context.Context, head RulesHead, event audit.Event, answer once.Entry) (first []byte, err error)
}
