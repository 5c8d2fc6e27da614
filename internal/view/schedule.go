package view

import (
	"time"

	"trueup/internal/day"
	"trueup/internal/i18n"
)

// Every is how often a view is sent.
type Every string

// The intervals.
const (
	Daily   Every = "day"
	Weekly  Every = "week"
	Monthly Every = "month"
)

// Intervals lists every interval, in the order of the documentation.
var Intervals = []Every{Daily, Weekly, Monthly}

// Weekday is a day of the week.
type Weekday string

// Weekdays lists the days of the week, from Monday.
var Weekdays = []Weekday{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

// Format is the format of a file.
type Format string

// The formats.
const (
	XLSX Format = "xlsx"
	CSV  Format = "csv"
)

// Formats lists every format, in the order of the documentation.
var Formats = []Format{XLSX, CSV}

// Schedule is when a view is sent, and how.
type Schedule struct {
	Every   Every
	Weekday Weekday // of Weekly
	Day     int     // of Monthly, 1 to 31; the last day of a month that is shorter
	Format  Format
	Lang    i18n.Lang
}

// LastDay is the last day of the longest month.
const LastDay = 31

// DueHour is the hour of the day at which files are due, in the time zone of the organisation. It is after
// the time of the nightly refresh unless that was chosen later, and exists on every day.
const DueHour = 6

// Moment returns when the file of a day is due.
func Moment(date day.Date, zone *time.Location) time.Time {
	t, _ := date.Time()
	return time.Date(t.Year(), t.Month(), t.Day(), DueHour, 0, 0, 0, zone).UTC()
}

// After returns the first due day after a day.
func (s Schedule) After(date day.Date) day.Date {
	t, _ := date.Time()
	for range 31 + 31 { // a month has a due day
		t = t.AddDate(0, 0, 1)
		if s.isDue(t) {
			break
		}
	}
	return day.Of(t)
}

// UpTo returns the last due day up to a day.
func (s Schedule) UpTo(date day.Date) day.Date {
	t, _ := date.Time()
	for range 31 + 31 {
		if s.isDue(t) {
			break
		}
		t = t.AddDate(0, 0, -1)
	}
	return day.Of(t)
}

func (s Schedule) isDue(t time.Time) bool {
	switch s.Every {
	case Weekly:
		return Weekdays[(int(t.Weekday())+6)%7] == s.Weekday
	case Monthly:
		last := time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		return t.Day() == min(s.Day, last)
	case Daily:
	}
	return true
}

// Begin returns when the first file is due if the schedule is set at a moment: on its next day, from
// tomorrow.
func (s Schedule) Begin(now time.Time, zone *time.Location) time.Time {
	return Moment(s.After(day.In(now, zone)), zone)
}

// Due returns the day of the file that is due at a moment, and when the next one is. If several days were
// missed, it is the latest. A file that was asked for is of its own day, whatever the schedule says.
func (s Schedule) Due(next, now time.Time, zone *time.Location) (date day.Date, after time.Time) {
	date = day.In(next, zone)
	latest := s.UpTo(day.In(now, zone))
	if Moment(latest, zone).After(now) {
		t, _ := latest.Time()
		latest = s.UpTo(day.Of(t.AddDate(0, 0, -1)))
	}
	date = max(date, latest)
	return date, Moment(s.After(date), zone)
}
