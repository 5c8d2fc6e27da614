package lambda

import (
	"errors"
	"fmt"
	"time"
)

// Schedule calls a function asynchronously, again and again. What was due while
// nothing ran is not made up for, as by a schedule that was switched off.
type Schedule struct {
	Next  func(after time.Time) time.Time // when it is due
	Event func(due time.Time) []byte
}

// Every returns the Next of what is due so often.
func Every(d time.Duration) func(time.Time) time.Time {
	return func(after time.Time) time.Time { return after.Add(d) }
}

// Daily returns the Next of what is due every day at that time of the zone's
// clocks. A day on which they skip it is left out, and one on which they show
// it twice has it once, as EventBridge Scheduler does.
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

// longestSleep is how late a call can be when the clock was set, or the machine
// slept: timers know nothing of either.
const longestSleep = time.Minute

// follow calls the function whenever it is due.
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
