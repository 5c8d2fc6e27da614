package subscription

import (
	"time"

	"trueup/internal/day"
)

// ConflictKind says what is wrong with a subscription.
type ConflictKind string

// The kinds of conflicts. A subscription can have both.
const (
	Shortage   ConflictKind = "shortage" // more users or devices than licences
	Expiration ConflictKind = "expired"  // in use and not renewed
)

// ConflictKinds lists every kind, in the order of the documentation.
var ConflictKinds = []ConflictKind{Shortage, Expiration}

// ConflictDays is the number of days in which a conflict should be solved (R9.4). trueup removes
// nothing when they are over.
const ConflictDays = 90

// Conflict is a subscription with a problem that an admin has to solve. It ends by itself when its cause does.
type Conflict struct {
	Kind  ConflictKind
	Since time.Time // for Expiration, the first moment of the day after the end
	// DaysLeft is the number of days until the conflict is overdue, 0 to ConflictDays: it goes down by
	// one at each midnight in the organisation's time zone.
	DaysLeft int
	Overdue  bool
	ShortBy  int // users or devices without a licence; 0 for Expiration
	WaysOut  []Way
}

// EndsOn returns the day on which the conflict becomes overdue.
func (c Conflict) EndsOn(zone *time.Location) day.Date {
	since, _ := day.In(c.Since, zone).Time()
	return day.Of(since.AddDate(0, 0, ConflictDays))
}

// Conflicts returns the conflicts of the subscription's users at a moment: none, one, or both.
func (s Seats) Conflicts(now time.Time, zone *time.Location) []Conflict {
	return s.conflicts(s.Assigned, s.Short(), s.ShortSince, now, zone)
}

// ShortOfDevices returns since when there are too few licences for devices that joined at these
// moments, in order; zero if there are enough. That is when the first device without a licence
// joined, or when a change of the quantity began the shortage: see WithDeviceQuantity.
func (s Seats) ShortOfDevices(joined []time.Time) time.Time {
	if len(joined) <= s.Quantity {
		return time.Time{}
	}
	first := joined[s.Quantity]
	if s.ShortSince.After(first) {
		return s.ShortSince
	}
	return first
}

// WithDeviceQuantity is WithQuantity for a subscription of devices: a change within a shortage keeps
// its beginning.
func (s Seats) WithDeviceQuantity(n int, joined []time.Time, at time.Time) Seats {
	since := s.ShortOfDevices(joined)
	if since.IsZero() {
		since = at
	}
	s.Quantity, s.Available, s.AsOf = n, n, at
	if n < len(joined) {
		s.ShortSince = since
	}
	s.Version++
	return s
}

func (s Seats) conflicts(used, short int, since, now time.Time, zone *time.Location) (found []Conflict) {
	today := day.In(now, zone)
	if short > 0 {
		found = append(found, conflict(Shortage, since, short, now, zone))
	}
	if used > 0 && s.Status(today) == Expired {
		found = append(found, conflict(Expiration, dayAfter(s.EndsOn, zone), 0, now, zone))
	}
	return found
}

func conflict(kind ConflictKind, since time.Time, shortBy int, now time.Time, zone *time.Location) Conflict {
	days := daysBetween(day.In(since, zone), day.In(now, zone))
	return Conflict{Kind: kind, Since: since, DaysLeft: min(max(ConflictDays-days, 0), ConflictDays), Overdue: days >= ConflictDays, ShortBy: shortBy}
}

// dayAfter returns the first moment of the day after a date.
func dayAfter(date day.Date, zone *time.Location) time.Time {
	t, _ := date.Time()
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, zone)
}

// daysBetween returns the number of days from one date to another.
func daysBetween(from, to day.Date) int {
	a, _ := from.Time()
	b, _ := to.Time()
	return int(b.Sub(a) / (24 * time.Hour))
}
