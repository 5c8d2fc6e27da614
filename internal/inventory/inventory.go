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
package inventory

import (
	"context"
	"strconv"
	"time"

	"trueup/internal/audit"
)

// Summary is what a file of inventory adds up to. The zero Summary is that of
// an organisation that has not sent one yet.
type Summary struct {
	Devices int // PCs with at least one title
	Titles  int // different titles of a publisher, on any PC
	At      time.Time
	Source  string // the key of the file
}

// Known reports whether the inventory knows at least one PC and one title (R2.8).
func (s Summary) Known() bool { return s.Devices > 0 && s.Titles > 0 }

// Counted is what the last good file of one source adds up to.
type Counted struct {
	Source string // what a newer file replaces the older one of (R6.1)
	Key    string // of the file
	At     time.Time
	Tally  *Tally
}

// Store keeps the summary.
type Store interface {
	// Summary returns the last summary; the zero Summary when there is none.
	Summary(ctx context.Context) (Summary, error)
	// SetSummary replaces the summary, and stores the audit events in the same
	// transaction.
	SetSummary(ctx context.Context, s Summary, events ...audit.Event) error
}

// Summarize keeps what a file adds up to as the summary of that source and
// moment. The event's Subject and After are filled in.
func Summarize(ctx context.Context, store Store, t *Tally, source string, at time.Time, event audit.Event) (Summary, error) {
	s := t.Summary(source, at)
	event.Subject = "inventory"
	event.After = map[string]string{
		"source": source, "devices": strconv.Itoa(s.Devices), "titles": strconv.Itoa(s.Titles), "badRows": strconv.Itoa(t.BadRows),
	}
	if err := store.SetSummary(ctx, s, event); err != nil {
		return Summary{}, err
	}
	return s, nil
}
