// Package retention deletes data that the organisation no longer wants to keep.
//
// It runs once a night, and each step may be repeated and interrupted: what it did not delete, the
// next night deletes. A step that fails does not stop the next one, nor the refresh.
//
// Files are deleted Restorable days later than the items of the table that name them. So a table
// that is restored to an earlier point in time finds its files.
package retention

import (
	"context"
	"log/slog"
	"time"

	"trueup/internal/day"
)

// Restorable is the number of days to which a table can be restored, and one more because days
// begin at different times in different zones.
const Restorable = 35 + 1

// Cutoff says what is old.
type Cutoff struct {
	// Data is the first day whose data is kept; empty if all data is kept.
	Data day.Date
	// Files is the first day whose files are kept: Restorable days before Data; empty if all data
	// is kept.
	Files day.Date
	// Replaced is the first day whose files are kept although other files have replaced them:
	// Restorable days ago.
	Replaced day.Date
	// Yesterday is the first day whose files are kept although no item names them, if nothing explains a number
	// with them: an item that names them may be about to be stored.
	Yesterday day.Date
}

// CutoffOn returns the cutoff on a day if data is kept for a number of days; 0 keeps all of it.
func CutoffOn(today day.Date, days int) Cutoff {
	c := Cutoff{Replaced: DaysBefore(today, Restorable), Yesterday: DaysBefore(today, 1)}
	if days > 0 {
		c.Data, c.Files = DaysBefore(today, days), DaysBefore(today, days+Restorable)
	}
	return c
}

// DaysBefore returns the day that is n days before another.
func DaysBefore(date day.Date, n int) day.Date {
	begin, _ := date.Time()
	return day.Of(begin.AddDate(0, 0, -n))
}

// Step deletes the old data of one kind.
type Step struct {
	Name string // in the log
	// Forget deletes data that is older than the cutoff, and returns how many items or files it
	// deleted, also if it returns an error.
	Forget func(ctx context.Context, c Cutoff) (deleted int, err error)
}

// Before returns the step of data without files: forget deletes what is from before the first day
// that is kept.
func Before(name string, zone *time.Location, forget func(ctx context.Context, before time.Time) (int, error)) Step {
	return Step{Name: name, Forget: func(ctx context.Context, c Cutoff) (int, error) {
		begin, ok := c.Data.Time()
		if !ok {
			return 0, nil
		}
		return forget(ctx, time.Date(begin.Year(), begin.Month(), begin.Day(), 0, 0, 0, 0, zone))
	}}
}

// Sweeper deletes old data.
type Sweeper struct {
	Days  int // for how many days data is kept; 0 keeps all of it
	Steps []Step
	Zone  *time.Location // decides what day it is today
	Clock func() time.Time
	Limit time.Duration // for all steps; the next night continues
	Log   *slog.Logger
}

// Sweep deletes old data until its limit. Faults are logged only: nothing depends on the data being
// gone, and the next night tries again.
func (s *Sweeper) Sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.Limit)
	defer cancel()
	cutoff := CutoffOn(day.In(s.Clock(), s.Zone), s.Days)
	for _, step := range s.Steps {
		deleted, err := step.Forget(ctx, cutoff)
		if deleted > 0 {
			s.Log.InfoContext(ctx, "old data deleted", "kind", step.Name, "deleted", deleted, "before", string(cutoff.Data))
		}
		if err != nil {
			s.Log.WarnContext(ctx, "old data not deleted", "kind", step.Name, "error", err)
		}
	}
}

// WithNight returns a nightly job that deletes old data first. The job gets the rest of the time.
func (s *Sweeper) WithNight(job func(context.Context, time.Time) error) func(context.Context, time.Time) error {
	return func(ctx context.Context, due time.Time) error {
		s.Sweep(ctx)
		return job(ctx, due)
	}
}
