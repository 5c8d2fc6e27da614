// Package day has dates without a time, and the calendar that gives a term its status.
package day

import (
	"strings"
	"time"
)

// Date is a day as YYYY-MM-DD, so that dates compare as text; empty for no date.
type Date string

// Of returns the day of t, in UTC.
func Of(t time.Time) Date { return Date(t.UTC().Format(time.DateOnly)) }

// The years that Parse accepts.
const (
	firstYear = 1900
	lastYear  = 2999
)

// Parse reads a day, as YYYY-MM-DD from 1900 to 2999. Spaces around it are ignored.
func Parse(typed string) (Date, bool) {
	trimmed := strings.TrimSpace(typed)
	t, err := time.Parse(time.DateOnly, trimmed)
	if err != nil || t.Year() < firstYear || t.Year() > lastYear {
		return "", false
	}
	return Date(trimmed), true
}

// Calendar is the input for the status of a term, next to the term itself.
type Calendar struct {
	Today Date
	Soon  Date // the last day whose end counts as expiring
}

// NewCalendar returns the calendar of a moment. Terms that end within expiringDays days are
// expiring.
func NewCalendar(now time.Time, expiringDays int) Calendar {
	return Calendar{Today: Of(now), Soon: Of(now.UTC().AddDate(0, 0, expiringDays))}
}
