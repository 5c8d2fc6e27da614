package subscription

import (
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

	Costs, UnusedCosts Costs   // in a month
	Ending             []Count // that end until a day and do not renew automatically, the earliest first
}

// Summarise adds up subscriptions at a moment. soon is the last day whose end counts as Ending. Subscriptions
// that are not watched are not in Ending.
func Summarise(all []Count, now time.Time, zone *time.Location, soon day.Date) Summary {
	s := Summary{Subscriptions: len(all), Costs: Costs{}, UnusedCosts: Costs{}}
	today := day.In(now, zone)
	for _, c := range all {
		s.Quantity += c.Seats.Quantity
		s.Used += c.Used
		s.Unused += c.Unused()
		s.Short += max(-c.Free(), 0)
		s.Costs.Add(c.Price, c.Seats.Quantity)
		s.UnusedCosts.Add(c.Price, c.Unused())
		for _, conflict := range c.Conflicts(now, zone) {
			s.Conflicts++
			if conflict.Overdue {
				s.Overdue++
			}
		}
		if end := c.EndsOn(today); end != "" && end <= soon && !c.Unwatched {
			later := slices.IndexFunc(s.Ending, func(other Count) bool { return other.Seats.End(today) > end })
			if later < 0 {
				later = len(s.Ending)
			}
			s.Ending = slices.Insert(s.Ending, later, c)
		}
	}
	return s
}
