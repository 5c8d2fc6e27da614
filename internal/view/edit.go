package view

import (
	"time"

	"trueup/internal/day"
)

// New returns a new view.
func New(id string, owner Owner, d Definition, now time.Time, zone *time.Location) View {
	v := View{ID: id, Owner: owner, Definition: d, CreatedAt: now, ChangedAt: now, Version: 1}
	if d.Schedule != nil {
		v.Sending.Next = d.Schedule.Begin(now, zone)
	}
	return v
}

// Edited returns the view with another definition. Another schedule begins from its next day, also if the
// earlier one has stopped.
func (v View) Edited(d Definition, now time.Time, zone *time.Location) View {
	after := v.changed(now)
	after.Definition = d
	switch {
	case d.Schedule == nil: // nor a message, which would be in the language of the schedule
		after.Sending = Sending{Last: v.Sending.Last, LastAt: v.Sending.LastAt}
	case !v.SameSchedule(d):
		return after.resumed(now, zone)
	}
	return after
}

// Resumed returns the view with a schedule that runs again, from its next day.
func (v View) Resumed(now time.Time, zone *time.Location) View {
	return v.changed(now).resumed(now, zone)
}

// resumed keeps the message that is due about a file, but not about the stop.
func (v View) resumed(now time.Time, zone *time.Location) View {
	was := v.Sending
	v.Sending = Sending{Last: was.Last, LastAt: was.LastAt, Announce: was.Announce && was.Stopped.Reason == "", Next: v.Schedule.Begin(now, zone)}
	return v
}

// Asked returns the view with a file that is due now, and whether one can be: there is one file for each day.
func (v View) Asked(now time.Time, zone *time.Location) (_ View, ok bool) {
	if v.Sending.Last >= day.In(now, zone) {
		return v, false
	}
	v = v.changed(now)
	v.Sending.Next = now
	return v, true
}

// StoppedBy returns the view with a schedule that has stopped. announce says whether a message is due.
func (v View) StoppedBy(s Stop, announce bool) View {
	v.Version++
	v.Sending = Sending{Last: v.Sending.Last, LastAt: v.Sending.LastAt, Stopped: s, Announce: announce}
	return v
}

// Begun returns the view with one more attempt at the file that is due.
func (v View) Begun() View {
	v.Version++
	v.Sending.Attempts++
	return v
}

// Ended returns the view after an attempt that made no file, but whose process did not die.
func (v View) Ended() View {
	v.Version++
	v.Sending.Attempts--
	return v
}

// Passed returns the view without the file of a day, with the time at which the next one is due.
func (v View) Passed(date day.Date, next time.Time) View {
	v.Version++
	v.Sending.Attempts, v.Sending.Skipped, v.Sending.Next = 0, date, next
	return v
}

// Made returns the view after the file of a day was made, with the time at which the next one is due. The
// message about it is due.
func (v View) Made(date day.Date, at, next time.Time) View {
	v.Version++
	v.Sending = Sending{Last: date, LastAt: at, Next: next, Announce: true}
	return v
}

// Announced returns the view after the message was sent.
func (v View) Announced() View {
	v.Version++
	v.Sending.Announce = false
	return v
}

func (v View) changed(now time.Time) View {
	v.ChangedAt = now
	v.Version++
	v.Sending.Attempts = 0
	return v
}

// Pending returns the key by which pending work of the schedule is sorted: when it is due, at once for a
// message; zero for none.
func (s Sending) Pending() time.Time {
	switch {
	case s.Announce && s.LastAt.Before(s.Stopped.At):
		return s.Stopped.At
	case s.Announce:
		return s.LastAt
	}
	return s.Next
}
