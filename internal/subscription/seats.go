package subscription

import (
	"strconv"
	"time"

	"trueup/internal/day"
	"trueup/internal/errs"
)

// WithQuantity returns the seats with another number of licences, as of a moment.
func (s Seats) WithQuantity(n int, at time.Time) Seats {
	was := s.Available
	s.Quantity, s.Available, s.AsOf = n, n-s.Assigned, at
	if s.Available < 0 && was >= 0 {
		s.ShortSince = at // a further reduction does not restart the clock
	}
	s.Version++
	return s
}

// Stated returns the seats with a quantity that was stated again at a moment: a file that is older must not
// change it later.
func (s Seats) Stated(at time.Time) Seats {
	if s.AsOf.Before(at) {
		s.AsOf = at
		s.Version++
	}
	return s
}

func quantityRange(n int64) errs.Violation {
	return errs.Violation{Code: "quantity_range", Field: "quantity", Value: strconv.FormatInt(n, 10), Args: errs.Pairs("max", strconv.Itoa(QuantityMax))}
}

// WithAutoRenew returns the seats with automatic renewal on or off. Switching it off keeps the end of
// the current term. It returns errs.Conflict subscription_expired for an expired subscription, which
// only a renewal makes active, and errs.Conflict term_unknown without an end or the length of a term.
func (s Seats) WithAutoRenew(on bool, today day.Date) (Seats, error) {
	switch {
	case on == s.AutoRenew:
		return s, nil
	case !on:
		s.EndsOn, s.AutoRenew = s.End(today), false
	case s.Status(today) == Expired:
		return s, errs.New(errs.Conflict, "subscription_expired", "date", string(s.EndsOn))
	case s.EndsOn == "" || s.Months == 0:
		return s, errs.New(errs.Conflict, "term_unknown")
	default:
		s.AutoRenew = true
	}
	s.Version++
	return s, nil
}

// renewed returns the seats with a later end. It returns errs.Conflict renewal_not_later if the end
// is not later than that of the current term, or in the past.
func (s Seats) renewed(until, today day.Date) (Seats, error) {
	if s.EndsOn == "" {
		return s, errs.New(errs.Conflict, "subscription_endless")
	}
	if end := s.End(today); until <= end || until < today {
		return s, errs.New(errs.Conflict, "renewal_not_later", "date", string(max(end, today)))
	}
	s.EndsOn = until
	s.Version++
	return s, nil
}
