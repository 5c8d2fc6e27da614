package reminder

import (
	"slices"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/subscription"
)

// Input is what reminders are computed from.
type Input struct {
	Now    time.Time
	Zone   *time.Location // of the organisation, whose days count
	Within int            // days; what ends later is left out. At most MaxWithin

	// Agreements are those of type other that end within these days, and those that Terms name. Others may be
	// among them. A term of an agreement that is not there is left out: the agreement was deleted.
	Agreements    []agreement.Agreement
	Terms         []Term
	Subscriptions []subscription.Holding // with who uses them
	Failure       *Failure               // the last refresh that ended, if it is not complete; nil otherwise
	// CompletedAt is when the last complete refresh of the whole organisation began; zero if there was none:
	// a new organisation has no late refresh.
	CompletedAt time.Time
}

// Failure is a refresh of the whole organisation that ended and is not complete, after which none has completed.
type Failure struct {
	Run     string // id
	EndedAt time.Time
	Reason  string // a stable code
	Args    errs.Args
}

// Of returns the reminders of a moment, sorted by Place.
func Of(in Input) []Reminder {
	today := day.In(in.Now, in.Zone)
	all := slices.Concat(in.refreshes(), in.subscriptions(today), in.agreements(today))
	return sorted(all)
}

// sorted sorts reminders by their places, which it computes once: thousands of agreements can end on one day.
func sorted(all []Reminder) []Reminder {
	type placed struct {
		Reminder
		place Place
	}
	places := make([]placed, len(all))
	for i, r := range all {
		places[i] = placed{r, r.Place().folded()}
	}
	slices.SortFunc(places, func(a, b placed) int { return a.place.order(b.place) })
	for i, p := range places {
		all[i] = p.Reminder
	}
	return all
}

// left returns the days until a date, and whether it is one of the days for which reminders are wanted.
func (in Input) left(today, date day.Date) (days int, wanted bool) {
	days, ok := DaysBetween(today, date)
	return days, ok && days >= 0 && days <= in.Within
}

// DaysBetween returns the number of days from one date to another, negative if it is earlier; false if one is
// not a day.
func DaysBetween(from, to day.Date) (n int, ok bool) {
	a, first := from.Time()
	b, second := to.Time()
	return int(b.Sub(a) / (24 * time.Hour)), first && second
}

func (in Input) agreements(today day.Date) (found []Reminder) {
	byID := make(map[string]*agreement.Agreement, len(in.Agreements))
	for i := range in.Agreements {
		a := &in.Agreements[i]
		byID[a.ID] = a
		if days, wanted := in.left(today, a.End); wanted {
			r := of(a, a.End, days)
			r.Product = a.ProductTitle
			found = append(found, r)
		}
	}
	for _, t := range in.Terms {
		a := byID[t.Agreement]
		if days, wanted := in.left(today, t.End); a != nil && wanted {
			r := of(a, t.End, days)
			r.Products = t.Products
			found = append(found, r)
		}
	}
	return found
}

// of returns the reminder of an agreement.
func of(a *agreement.Agreement, date day.Date, days int) Reminder {
	return Reminder{Kind: Agreement, Subject: a.ID, Name: a.Name, Date: date, DaysLeft: days, Type: a.Type, Publisher: a.PublisherOf()}
}

// subscriptions returns the reminders of subscriptions that are watched, and of their conflicts.
func (in Input) subscriptions(today day.Date) (found []Reminder) {
	for _, h := range in.Subscriptions {
		if h.Unwatched {
			continue
		}
		c := h.Count()
		if end := c.EndsOn(today); end != "" {
			if days, wanted := in.left(today, end); wanted {
				found = append(found, Reminder{Kind: Subscription, Subject: h.ID, Name: h.Name, Date: end, DaysLeft: days})
			}
		}
		for _, conflict := range c.Conflicts(in.Now, in.Zone) {
			if conflict.DaysLeft > in.Within {
				continue
			}
			found = append(found, Reminder{
				Kind: Conflict, Cause: Cause(conflict.Kind), Subject: h.ID, Name: h.Name, Date: conflict.EndsOn(in.Zone), DaysLeft: conflict.DaysLeft, Overdue: conflict.Overdue,
			})
		}
	}
	return found
}

func (in Input) refreshes() (found []Reminder) {
	if f := in.Failure; f != nil {
		found = append(found, Reminder{Kind: Refresh, Cause: Failed, Subject: f.Run, Date: day.In(f.EndedAt, in.Zone), Reason: f.Reason, ReasonArgs: f.Args})
	}
	if !in.CompletedAt.IsZero() && in.Now.Sub(in.CompletedAt) > OverdueAfter {
		found = append(found, Reminder{Kind: Refresh, Cause: Late, Date: day.In(in.CompletedAt, in.Zone)})
	}
	return found
}

// Due returns the reminders that are to be sent: those that have reached an offset of which nothing was sent, nor of
// a smaller one. sent has the smallest offset that was sent, by id of the reminder. Offsets that were
// crossed while nothing was sent are left out, except the last one.
func Due(all []Reminder, sent map[string]int) (due []Reminder) {
	for _, r := range all {
		if last, was := sent[r.ID()]; r.IsDue() && (!was || r.Offset() < last) {
			due = append(due, r)
		}
	}
	return due
}
