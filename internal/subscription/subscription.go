// Package subscription is the domain of subscription licences for users (SPEC 9): subscriptions and
// the number of licences in each, users and what they hold, and conflicts.
//
// Decide is the only judge of whether a user may get or lose licences. Calls for one user or many,
// files, creation and restoration of users all use it. Stores repeat as conditions what may have
// changed since: the version of the user, and the licences that are free.
//
// Status and conflicts are functions of what is stored and of the calendar. Nothing has to run at
// midnight, and nothing is stored when a conflict begins or ends.
package subscription

import (
	"slices"
	"time"

	"trueup/internal/day"
)

// Kind says who holds the licences of a subscription.
type Kind string

// The kinds.
const (
	ForUsers   Kind = "user"
	ForDevices Kind = "device" // of one device group, see package device
)

// Kinds lists every kind, in the order of the documentation.
var Kinds = []Kind{ForUsers, ForDevices}

// Service is a part of a subscription, which can be switched off for a user.
type Service struct {
	// ID is compared between subscriptions: two subscriptions with a service of this ID contain
	// the same service. Microsoft calls it the service plan.
	ID   string
	Name string // as lists show it; never empty

	Requires []string // ids of services that must be on
	Excludes []string // ids of services that must not be on; the exclusion is mutual
	// Countries are the only usage locations in which the service is offered, as ISO 3166-1
	// alpha-2 codes, sorted; empty for all.
	Countries []string
}

// Price is what one licence costs in a month.
type Price struct {
	Amount   int64  // in hundredths of the currency
	Currency string // ISO 4217, for example EUR
}

// Of returns what a number of licences cost in a month, in hundredths of the currency.
func (p Price) Of(licenses int) int64 { return p.Amount * int64(licenses) }

// Subscription is a number of licences for a set of services. Seats has the number.
type Subscription struct {
	ID         string
	Name       string // unique, compared in folded form
	Kind       Kind
	SKU        string // the publisher's id, for example a GUID of Microsoft; empty if unknown
	PartNumber string // the publisher's part number, for example SPE_E3; empty if unknown

	Services  []Service // at least one for users, without repeated ids
	Countries []string  // the only usage locations in which it can be assigned, sorted; empty for all
	Price     Price     // zero if unknown

	// AgreementID is the volume agreement that the subscription was bought under; empty if unknown.
	AgreementID string
	// Unwatched leaves the subscription out of reminders and of suggestions to save money.
	Unwatched bool

	CreatedAt time.Time
	Version   int64 // starts at 1 and grows with each change of the description; the ETag
}

// Service returns the service with an id.
func (s *Subscription) Service(id string) (Service, bool) {
	i := slices.IndexFunc(s.Services, func(v Service) bool { return v.ID == id })
	if i < 0 {
		return Service{}, false
	}
	return s.Services[i], true
}

// isOffered reports whether something that is limited to countries is offered in a usage location.
func isOffered(countries []string, location string) bool {
	return len(countries) == 0 || slices.Contains(countries, location)
}

// Status says whether licences can be assigned.
type Status string

// The statuses.
const (
	Active  Status = "active"
	Expired Status = "expired"
)

// Statuses lists every status, in the order of the documentation.
var Statuses = []Status{Active, Expired}

// QuantityMax is the maximum number of licences of a subscription.
const QuantityMax = 10_000_000

// Seats is the number of licences of a subscription and its term. Available is Quantity - Assigned
// at every moment. It is negative only after a change of Quantity.
type Seats struct {
	Quantity  int
	Assigned  int // users that hold a licence; always 0 for ForDevices, whose devices are counted
	Available int

	// EndsOn is the last day of the first term, in the organisation's time zone; empty if the
	// subscription has no end. With AutoRenew, terms of Months follow.
	EndsOn    day.Date
	Months    int // length of a term; 0 if unknown
	AutoRenew bool

	// ShortSince is when a change of the quantity last made Available negative; zero if none did. It
	// says nothing unless Available is negative, see Conflicts. For ForDevices, see ShortOfDevices.
	ShortSince time.Time
	// AsOf is the moment for which Quantity was stated: of a call, or of an older file.
	AsOf time.Time

	Version int64 // starts at 1 and grows with each change of quantity or term; the ETag
}

// End returns the last day of the term that a day belongs to; empty if there is no end. Terms end on
// the day of the month of EndsOn, or on the last day of a shorter month: a term that began with the
// end 31 January ends on 28 February and then on 31 March.
func (s Seats) End(today day.Date) day.Date {
	if !s.renews() || s.EndsOn >= today {
		return s.EndsOn
	}
	first, ok := s.EndsOn.Time()
	now, valid := today.Time()
	if !ok || !valid {
		return s.EndsOn
	}
	between := (now.Year()-first.Year())*12 + int(now.Month()) - int(first.Month())
	for terms := max(between/s.Months-1, 0); ; terms++ {
		if end := day.Of(addMonths(first, terms*s.Months)); end >= today {
			return end
		}
	}
}

// renews reports whether a term follows each term.
func (s Seats) renews() bool { return s.AutoRenew && s.Months > 0 && s.EndsOn != "" }

// addMonths returns the same day n months later, or the last day of that month if it is shorter.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// RenewsOn returns the first day of the next term; empty if none follows.
func (s Seats) RenewsOn(today day.Date) day.Date {
	if !s.renews() {
		return ""
	}
	end, _ := s.End(today).Time()
	return day.Of(end.AddDate(0, 0, 1))
}

// Status returns the status on a day. A subscription is active until the end of its last day.
func (s Seats) Status(today day.Date) Status {
	if s.EndsOn != "" && s.End(today) < today {
		return Expired
	}
	return Active
}

// Short returns how many users have no licence because there are too few.
func (s Seats) Short() int { return max(-s.Available, 0) }
