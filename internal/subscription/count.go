package subscription

import (
	"time"

	"trueup/internal/day"
)

// Count is the numbers of a subscription at a moment: a Holding without its services and without the
// list of its devices, so that it can be kept for each day.
type Count struct {
	ID         string
	Name       string
	Kind       Kind
	SKU        string // empty if unknown
	PartNumber string // empty if unknown
	Price      Price  // zero if unknown
	Unwatched  bool

	// Seats.ShortSince is since when there are too few licences for users or devices. It says nothing
	// if there are enough.
	Seats Seats
	Used  int // users or devices that use a licence
}

// Count returns the numbers of the subscription.
func (h Holding) Count() Count {
	c := Count{
		ID: h.ID, Name: h.Name, Kind: h.Kind, SKU: h.SKU, PartNumber: h.PartNumber, Price: h.Price, Unwatched: h.Unwatched,
		Seats: h.Seats, Used: h.Used(),
	}
	if h.Kind == ForDevices {
		c.Seats.ShortSince = h.Seats.ShortOfDevices(h.Joined)
	}
	return c
}

// Counts returns the numbers of subscriptions.
func Counts(all []Holding) []Count {
	counts := make([]Count, len(all))
	for i, h := range all {
		counts[i] = h.Count()
	}
	return counts
}

// Free returns the licences that are left, negative if there are too few.
func (c Count) Free() int { return c.Seats.Quantity - c.Used }

// Unused returns the licences that are left; 0 if there are too few.
func (c Count) Unused() int { return max(c.Free(), 0) }

// EndsOn returns the last day of a subscription that ends on this day or later, and that does not renew
// automatically; empty for any other.
func (c Count) EndsOn(today day.Date) day.Date {
	if end := c.Seats.End(today); end >= today && c.Seats.RenewsOn(today) == "" {
		return end
	}
	return ""
}

// Conflicts returns the conflicts at a moment: none, one, or both.
func (c Count) Conflicts(now time.Time, zone *time.Location) []Conflict {
	found := c.Seats.conflicts(c.Used, max(-c.Free(), 0), c.Seats.ShortSince, now, zone)
	for i, conflict := range found {
		found[i].WaysOut = waysOut(conflict.Kind, c.Kind)
	}
	return found
}
