package subscription

import (
	"cmp"
	"slices"
	"time"

	"trueup/internal/day"
)

// Summary is the numbers of all subscriptions, and those that need attention.
type Summary struct {
	Subscriptions  int
	Quantity, Used int // licences, and users or devices that use one
	Unused, Short  int // of subscriptions with more licences than use, and with fewer
	Conflicts      int
	Overdue        int // conflicts that are ConflictDays old

	Costs, UnusedCosts Costs     // in a month
	Ending             []Holding // that end until a day and do not renew automatically, the earliest first
}

// Summarise adds up subscriptions at a moment. soon is the last day whose end counts as Ending. Subscriptions
// that are not watched are not in Ending.
func Summarise(all []Holding, now time.Time, zone *time.Location, soon day.Date) Summary {
	s := Summary{Subscriptions: len(all), Costs: Costs{}, UnusedCosts: Costs{}}
	today := day.In(now, zone)
	for _, h := range all {
		unused := max(h.Free(), 0)
		s.Quantity += h.Seats.Quantity
		s.Used += h.Used()
		s.Unused += unused
		s.Short += max(-h.Free(), 0)
		s.Costs.Add(h.Price, h.Seats.Quantity)
		s.UnusedCosts.Add(h.Price, unused)
		for _, c := range h.Conflicts(now, zone) {
			s.Conflicts++
			if c.Overdue {
				s.Overdue++
			}
		}
		if end := h.Seats.End(today); end != "" && end >= today && end <= soon && h.Seats.RenewsOn(today) == "" && !h.Unwatched {
			s.Ending = append(s.Ending, h)
		}
	}
	slices.SortStableFunc(s.Ending, func(a, b Holding) int { return cmp.Compare(a.Seats.End(today), b.Seats.End(today)) })
	return s
}
