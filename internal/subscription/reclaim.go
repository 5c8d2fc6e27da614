package subscription

import (
	"cmp"
	"slices"
	"time"

	"trueup/internal/day"
)

// Reclaim says which licences are suggested to be taken back. Nothing is ever removed automatically.
type Reclaim struct {
	InactiveDays int // without a sign-in
	HeldDays     int // for which the licence must have been held: new starters are left alone
	Now          time.Time
	Zone         *time.Location // of the organisation, which decides when an exclusion ends
}

// Suggestion is a licence that its holder seems not to use.
type Suggestion struct {
	User         User
	Subscription string
	LastActive   time.Time // the last sign-in, or the creation of the user if there was none
	HeldSince    time.Time
	Saves        Price // in a month; zero if the price is unknown
}

// Suggest returns the licences of a user that are suggested to be taken back: of a user who may sign in,
// has not done so for InactiveDays, is not excluded, and has held the licence for HeldDays.
// Licences of users who may not sign in show as a warning of the user. Subscriptions that are not
// watched, or that are unknown, are left out. The suggestions are sorted by what they save, the most first.
func (r Reclaim) Suggest(u User, subscriptions map[string]Holding) (found []Suggestion) {
	if u.Disabled || !u.DeletedAt.IsZero() || u.IsExcluded(day.In(r.Now, r.Zone)) || !u.Inactive(r.InactiveDays, r.Now) {
		return nil
	}
	held := r.Now.AddDate(0, 0, -r.HeldDays)
	for id, g := range u.Licenses {
		h, known := subscriptions[id]
		if !known || h.Unwatched || g.At.After(held) {
			continue
		}
		found = append(found, Suggestion{User: u, Subscription: id, LastActive: u.LastActive(), HeldSince: g.At, Saves: h.Price})
	}
	slices.SortFunc(found, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Saves.Amount, a.Saves.Amount), cmp.Compare(a.Subscription, b.Subscription))
	})
	return found
}

// IsExcluded reports whether a user is left out of suggestions on a day.
func (u *User) IsExcluded(today day.Date) bool {
	return u.Excluded && (u.ExcludedUntil == "" || today <= u.ExcludedUntil)
}

// Costs adds up prices, by currency.
type Costs map[string]int64

// Add adds a number of licences at a price. A price that is unknown adds nothing.
func (c Costs) Add(p Price, licenses int) {
	if p.Currency != "" {
		c[p.Currency] += p.Of(licenses)
	}
}
