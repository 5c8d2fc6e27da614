package statement

import (
	"math"
	"strconv"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/text"
)

// quantityOf reads a whole number from 0 to entitlement.MaxQuantity (text.Whole).
func quantityOf(c cell) (int, bool) {
	if c.number {
		value, err := strconv.ParseFloat(c.text, 64)
		if err != nil || value != math.Trunc(value) || value < 0 || value > entitlement.MaxQuantity {
			return 0, false
		}
		return int(value), true
	}
	n, ok := text.Whole(c.text)
	return n, ok && n <= entitlement.MaxQuantity
}

// dayOf reads a cell that can only be a date: one that starts with the year, or a workbook's
// number of days since its epoch.
func dayOf(c cell, epoch day.Date) (day.Date, bool) {
	if !c.number {
		d, _, ok := splitDate(c.text)
		if !ok || d.order != yearFirst {
			return "", false
		}
		return d.date(true)
	}
	const earliest, latest = 25_000, 75_000 // 1968 to 2105: other numbers are quantities
	start, hasEpoch := epoch.Time()
	days, err := strconv.ParseFloat(c.text, 64)
	if !hasEpoch || err != nil || days < earliest || days > latest {
		return "", false
	}
	return day.Of(start.AddDate(0, 0, int(days))), true
}

// dateOf reads a date: 2026-11-21, 2026/11/21, 21.11.2026 or 21-11-2026. With slashes and the
// year last the month comes first, 11/21/2026, unless dayFirst is set. A time of day is ignored.
func dateOf(value string, dayFirst bool) (day.Date, bool) {
	d, slashes, ok := splitDate(value)
	if !ok {
		return "", false
	}
	return d.date(dayFirst || !slashes)
}

// parts are the three numbers of a date, in the order written.
type parts struct {
	numbers [3]int
	order   int
}

const (
	yearFirst = iota
	yearLast
)

// splitDate splits a date. slashes reports whether it has slashes and the year at the end, so
// that the order of month and day is ambiguous.
func splitDate(value string) (d parts, slashes, ok bool) {
	if len(value) > 40 {
		return d, false, false
	}
	if date, _, timed := strings.Cut(value, "T"); timed {
		value = date
	}
	value, _, _ = strings.Cut(value, " ")
	i := strings.IndexAny(value, "/.-")
	if i < 0 {
		return d, false, false
	}
	separator := value[i]
	texts := strings.Split(value, string(separator))
	if len(texts) != 3 {
		return d, false, false
	}
	for i, t := range texts {
		n, err := strconv.ParseUint(t, 10, 16)
		if err != nil {
			return d, false, false
		}
		d.numbers[i] = int(n)
	}
	switch {
	case len(texts[0]) == 4 && len(texts[1]) <= 2 && len(texts[2]) <= 2:
		d.order = yearFirst
	case len(texts[2]) == 4 && len(texts[0]) <= 2 && len(texts[1]) <= 2:
		d.order = yearLast
	default:
		return d, false, false
	}
	return d, separator == '/' && d.order == yearLast, true
}

func (p parts) date(dayFirst bool) (day.Date, bool) {
	y, m, d := p.numbers[0], p.numbers[1], p.numbers[2]
	if p.order == yearLast {
		m, d, y = p.numbers[0], p.numbers[1], p.numbers[2]
		if dayFirst {
			m, d = d, m
		}
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if y < 1900 || y > 2199 || t.Year() != y || int(t.Month()) != m || t.Day() != d {
		return "", false
	}
	return day.Of(t), true
}

// supportOf reads SupportPurchased, in which 0 means yes and 1 no. An empty value means no.
func supportOf(value string) (purchased, ok bool) {
	switch text.Letters(value) {
	case "0", "yes", "ja", "oui":
		return true, true
	case "", "1", "no", "nee", "non":
		return false, value == "" || text.Letters(value) != ""
	}
	return false, false
}

// isAllCountries reports whether a row is about the whole organisation.
func isAllCountries(value string) bool {
	switch text.Letters(value) {
	case "allcountries", "allcountriesregions", "allcountriesandregions", "allelanden", "allelandenregios", "allelandenenregios",
		"touslespays", "touslespaysregions", "touslespaysetregions":
		return true
	}
	return false
}
