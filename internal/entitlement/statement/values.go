package statement

import (
	"math"
	"strconv"

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
	if c.number {
		return day.Numbered(c.text, epoch)
	}
	w, ok := day.ParseWritten(c.text)
	if !ok || !w.IsYearFirst() {
		return "", false
	}
	return w.Date(true)
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
