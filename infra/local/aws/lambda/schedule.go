package lambda

import (
	"errors"
	"fmt"
	"time"
)

// Schedule calls a function asynchronously at recurring times. Times that were due while
// the host did not run are skipped, as with a disabled schedule.
type Schedule struct {
	Next  func(after time.Time) time.Time // the next due time
	Event func(due time.Time) []byte
}

// Every returns the Next of a schedule with a fixed interval.
func Every(d time.Duration) func(time.Time) time.Time {
	return func(after time.Time) time.Time { return after.Add(d) }
}

// Daily returns the Next of a schedule that is due every day at a local time of the zone.
// If the clocks skip that time, the day is left out; if it occurs twice, the schedule is
// due once. EventBridge Scheduler does the same.
func Daily(hour, minute int, zone *time.Location) func(time.Time) time.Time {
	return func(after time.Time) time.Time {
		year, month, day := after.In(zone).Date()
		for ; ; day++ {
			due := time.Date(year, month, day, hour, minute, 0, 0, zone)
			if due.After(after) && due.Hour() == hour && due.Minute() == minute {
				return due
			}
		}
	}
}

// longestSleep limits how late a call can be after the clock was changed or the machine
// was suspended: timers do not notice either.
const longestSleep = time.Minute

// follow calls the function at each due time until the host closes.
func (h *Host) follow(function string, s Schedule) {
	due := s.Next(h.options.Now())
	for {
		timer := time.NewTimer(min(due.Sub(h.options.Now()), longestSleep))
		select {
		case <-timer.C:
		case <-h.closing:
			timer.Stop()
			return
		}
		now := h.options.Now()
		if now.Before(due) {
			continue
		}
		if _, err := h.InvokeAsync(function, s.Event(due)); err != nil && !errors.Is(err, ErrClosed) {
			fmt.Fprintf(h.options.Console, "%s: schedule: %v\n", function, err)
		}
		due = s.Next(now)
	}
}
