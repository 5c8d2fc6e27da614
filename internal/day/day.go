// Package day has dates without a time, and the calendar that gives a term its status.
package day

import (
	"strings"
	"time"
)

// Date is a day as YYYY-MM-DD, so that dates compare as text; empty for no date.
type Date string

// Of returns the day of t, in UTC.
func Of(t time.Time) Date { return In(t, time.UTC) }

// In returns the day of t in a time zone. It panics without one: the organisation's days are
// those of its zone, and a silent default would be wrong for hours of each day.
func In(t time.Time, zone *time.Location) Date {
	return Date(t.In(zone).Format(time.DateOnly))
}

// Time returns the first moment of the day in UTC; false if d is not a day.
func (d Date) Time() (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, string(d))
	return t, err == nil
}

// The years that Parse accepts.
const (
	firstYear = 1900
	lastYear  = 2999
)

// Parse reads a day, as YYYY-MM-DD from 1900 to 2999. Spaces around it are ignored.
func Parse(typed string) (Date, bool) {
	date := Date(strings.TrimSpace(typed))
	t, ok := date.Time()
	if !ok || t.Year() < firstYear || t.Year() > lastYear {
		return "", false
	}
	return date, true
}

// Calendar is the input for the status of a term, next to the term itself.
type Calendar struct {
	Today Date
	Soon  Date // the last day whose end counts as expiring
}

// Window is the number of days before its end in which a term is expiring (R2.11).
type Window int

// At returns the calendar of a moment, whose day is the one in the organisation's time zone.
func (w Window) At(now time.Time, zone *time.Location) Calendar { return w.On(In(now, zone)) }

// On returns the calendar of a day.
func (w Window) On(today Date) Calendar {
	begin, _ := today.Time()
	return Calendar{Today: today, Soon: Of(begin.AddDate(0, 0, int(w)))}
}
