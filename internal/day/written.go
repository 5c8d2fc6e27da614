package day

import (
	"strconv"
	"strings"
	"time"
)

// Written is a date as people and programs write it, in numbers. Which number is the month may be
// open: see IsOpen.
type Written struct {
	numbers [3]int // in the order written
	year    int    // index of the year: 0 or 2
	slashes bool
}

// ParseWritten reads 2026-11-21, 2026/11/21, 21.11.2026, 21-11-2026, 21/11/2026 or 11/21/2026. It ignores
// a time of day after a space or a T. ok is false for anything else.
func ParseWritten(value string) (w Written, ok bool) {
	if len(value) > 40 {
		return w, false
	}
	if date, _, timed := strings.Cut(value, "T"); timed {
		value = date
	}
	value, _, _ = strings.Cut(value, " ")
	i := strings.IndexAny(value, "/.-")
	if i < 0 {
		return w, false
	}
	texts := strings.Split(value, value[i:i+1])
	if len(texts) != 3 {
		return w, false
	}
	for n, t := range texts {
		number, err := strconv.ParseUint(t, 10, 16)
		if err != nil {
			return w, false
		}
		w.numbers[n] = int(number)
	}
	switch {
	case len(texts[0]) == 4 && len(texts[1]) <= 2 && len(texts[2]) <= 2:
		w.year = 0
	case len(texts[2]) == 4 && len(texts[0]) <= 2 && len(texts[1]) <= 2:
		w.year = 2
	default:
		return w, false
	}
	w.slashes = value[i] == '/'
	return w, true
}

// IsYearFirst reports whether the date begins with its year.
func (w Written) IsYearFirst() bool { return w.year == 0 }

// IsOpen reports whether the order of day and month differs between countries: the date has slashes and
// ends with its year. Other dates that end with their year begin with the day.
func (w Written) IsOpen() bool { return w.slashes && w.year == 2 }

// DayFirst reports whether an open date can only begin with the day, and MonthFirst whether it can only
// begin with the month.
func (w Written) DayFirst() bool { return w.IsOpen() && w.numbers[0] > 12 }

// MonthFirst is described at DayFirst.
func (w Written) MonthFirst() bool { return w.IsOpen() && w.numbers[1] > 12 }

// The years that Written.Date accepts.
const (
	firstWritten = 1900
	lastWritten  = 2199
)

// Date returns the day. dayFirst says whether an open date begins with the day. ok is false if there is
// no such day.
func (w Written) Date(dayFirst bool) (date Date, ok bool) {
	y, m, d := w.numbers[0], w.numbers[1], w.numbers[2]
	if w.year == 2 {
		m, d, y = w.numbers[0], w.numbers[1], w.numbers[2]
		if dayFirst || !w.slashes {
			m, d = d, m
		}
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if y < firstWritten || y > lastWritten || t.Year() != y || int(t.Month()) != m || t.Day() != d {
		return "", false
	}
	return Of(t), true
}

// The day numbers that Numbered accepts: 1968 to 2105. Other numbers are quantities.
const (
	firstNumber = 25_000
	lastNumber  = 75_000
)

// Numbered reads the number of days since an epoch, as a workbook has it, with a fraction for the time
// of day. ok is false for anything else.
func Numbered(value string, epoch Date) (date Date, ok bool) {
	start, hasEpoch := epoch.Time()
	days, err := strconv.ParseFloat(value, 64)
	if !hasEpoch || err != nil || !(days >= firstNumber && days <= lastNumber) {
		return "", false
	}
	return Of(start.AddDate(0, 0, int(days))), true
}
