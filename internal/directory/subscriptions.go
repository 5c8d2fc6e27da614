package directory

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/directory/columns"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// forDevices is the end of part numbers of licences for devices, such as OFFICE_PROPLUS_DEVICE1, and
// deviceTitle the end of their titles.
var (
	forDevices  = text.Pattern(`(?i)_DEVICES?\d*$`)
	deviceTitle = text.Pattern(`(?i)\((?:device|per device)\)$`)
)

// subscription reads the record as a subscription.
func (r *reading) subscription() error {
	c := &r.record
	if isTypeName(c.get(columns.Type)) || isTypeName(c.get(columns.Quantity)) {
		return r.stop(c.line, "directory_type_names")
	}
	r.what = firstOf(c.get(columns.Title), c.get(columns.PartNumber), c.get(columns.SKU))
	if r.isTotal() {
		r.Skipped++
		return nil
	}
	if strings.EqualFold(c.get(columns.AppliesTo), "Company") {
		r.Skipped++
		r.find(sheet.SeverityHint, columns.AppliesTo, r.what, "directory_company")
		return nil
	}
	s := SubscriptionRow{Line: c.line, Assigned: -1}
	s.Draft = subscription.Draft{
		Name: firstOf(c.get(columns.Title), c.get(columns.PartNumber)), Kind: subscription.ForUsers,
		SKU: strings.ToLower(c.get(columns.SKU)), PartNumber: c.get(columns.PartNumber), Services: r.services(),
	}
	if forDevices().MatchString(s.Draft.PartNumber) || deviceTitle().MatchString(s.Draft.Name) {
		s.Draft.Kind = subscription.ForDevices
	}
	r.quantities(&s)
	s.SeatsDraft.EndsOn = r.end(&s)
	parsed, violations := subscription.Parse(s.Draft)
	s.Subscription = parsed
	r.violated(violations)
	seats, violations := subscription.ParseSeats(s.SeatsDraft, r.options.Now)
	s.Seats = seats
	r.violated(violations)
	if r.wrong == 0 {
		r.repeatedSubscription(&s)
	}
	if !r.done() {
		return nil
	}
	if r.sink.Subscription == nil {
		return nil
	}
	return r.sink.Subscription(s)
}

// totals are the words of a row of totals, in the form of text.Letters.
var totals = []string{"total", "totals", "grandtotal", "totaal", "eindtotaal", "totalgeneral", "gesamt", "gesamtergebnis", "totalgeral", "totaux"}

// isTotal reports whether the row adds up the others.
func (r *reading) isTotal() bool {
	title := text.Letters(text.Shorten(r.record.get(columns.Title), 32))
	for _, word := range totals {
		if title == word {
			return true
		}
	}
	return false
}

// services returns the services of the subscription that can be switched off for a user.
func (r *reading) services() (services []subscription.Service) {
	for _, s := range r.record.services {
		if !strings.EqualFold(s.AppliesTo, "Company") {
			services = append(services, subscription.Service{ID: strings.ToLower(strings.TrimSpace(s.ID)), Name: s.Name})
		}
	}
	return services
}

// quantities reads the numbers of licences. What has expired is not in the quantity, unless all has.
func (r *reading) quantities(s *SubscriptionRow) {
	quantity, given := r.whole(columns.Quantity)
	if !given && r.wrong == 0 {
		r.reject(columns.Quantity, "", "directory_number")
	}
	expired, _ := r.whole(columns.Expired)
	suspended, _ := r.whole(columns.Suspended)
	lockedOut, _ := r.whole(columns.LockedOut)
	s.SeatsDraft.Quantity, s.Expired = quantity, int(min(expired+suspended+lockedOut, math.MaxInt32))
	s.Lapsed = slices.Contains(lapsed, text.Letters(text.Shorten(r.record.get(columns.Status), 32)))
	if quantity == 0 && s.Expired > 0 {
		s.SeatsDraft.Quantity, s.Lapsed = int64(s.Expired), true
	}
	if assigned, given := r.whole(columns.Assigned); given {
		s.Assigned = int(assigned)
	}
}

// whole reads a whole number of 0 or more. given is false if the row does not state it.
func (r *reading) whole(f columns.Field) (n int64, given bool) {
	value := r.record.get(f)
	if value == "" {
		return 0, false
	}
	if number, ok := text.Whole(value); ok {
		return int64(min(number, math.MaxInt32)), true // the domain bounds it
	}
	if number, err := strconv.ParseFloat(value, 64); err == nil && r.epoch != "" && number >= 0 && number == math.Trunc(number) && number < math.MaxInt32 {
		return int64(number), true // of a workbook, in scientific notation
	}
	r.reject(f, value, "directory_number")
	return 0, false
}

// lapsed are the states, in the form of text.Letters, of a subscription of which no licence can be assigned.
var lapsed = []string{"warning", "suspended", "lockedout", "deleted", "expired", "disabled"}

// end reads the day of renewal: the last day of the term; empty if there is none.
//
// If all licences have expired, the day is in the past. What the row states may be a later one: the day on
// which the licences go into their next state. The day before the file was made, in every time zone, stands for it.
func (r *reading) end(s *SubscriptionRow) string {
	value := r.record.get(columns.End)
	date, known := r.dateOf(value)
	if moment, err := time.Parse(time.RFC3339, value); err == nil {
		date, known = day.Of(moment), true
	}
	if s.Lapsed && (known || value == "") {
		if past := day.Of(r.options.Now.Add(-36 * time.Hour)); !known || date > past {
			return string(past)
		}
	}
	if known {
		return string(date)
	}
	return value // the domain says that it is no day
}

// repeatedSubscription rejects a subscription that came before: the numbers of both cannot be right.
func (r *reading) repeatedSubscription(s *SubscriptionRow) {
	line, repeated := r.repeats('s', s.Subscription.SKU)
	if !repeated {
		line, repeated = r.repeats('t', s.Subscription.Name)
	}
	if repeated {
		r.reject(columns.Title, s.Subscription.Name, "directory_subscription_repeated", "line", strconv.Itoa(line))
	}
}

// isFuture reports whether a day is after the moment of the file, whatever the time zone.
func isFuture(date day.Date, now time.Time) bool { return date > day.Of(now.Add(clockSkew)) }
