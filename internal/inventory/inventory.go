// Package inventory is what is known of the software found on managed PCs. For
// now that is a summary: how many PCs and how many software titles the last
// file had, which decides whether agreements of type other can be added (R2.8).
//
// A file is read once, as a stream, in bounded memory, whatever its size.
package inventory

import (
	"context"
	"io"
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

// Store keeps the summary.
type Store interface {
	// Summary returns the last summary; the zero Summary when there is none.
	Summary(ctx context.Context) (Summary, error)
	// SetSummary replaces the summary, and stores the audit events in the same
	// transaction.
	SetSummary(ctx context.Context, s Summary, events ...audit.Event) error
}

// Summarize reads a file (see Read), and keeps what it adds up to as the
// summary of that source and moment. The event's Subject and After are filled
// in. badRows are those that could not be read; errs.Invalid inventory_format
// is a file of another kind, which changes nothing.
func Summarize(ctx context.Context, store Store, file io.Reader, source string, at time.Time, event audit.Event) (s Summary, badRows int, err error) {
	s = Summary{At: at, Source: source}
	s.Devices, s.Titles, badRows, err = Read(file)
	if err != nil {
		return Summary{}, badRows, err
	}
	event.Subject = "inventory"
	event.After = map[string]string{
		"source": source, "devices": strconv.Itoa(s.Devices), "titles": strconv.Itoa(s.Titles), "badRows": strconv.Itoa(badRows),
	}
	return s, badRows, store.SetSummary(ctx, s, event)
}
