package directory

import (
	"cmp"
	"slices"
	"strings"

	"trueup/internal/day"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// Index finds the subscriptions that files name. Several subscriptions can have one SKU, such as an old
// one and its successor.
type Index struct {
	bySKU  map[string][]*subscription.Holding
	byPart map[string][]*subscription.Holding
	byName map[string][]*subscription.Holding
	titles map[string][]string
	today  day.Date
	seats  map[string]subscription.Holding // newer than those above; nil for none
}

// With returns the index with other seats, by the ids of subscriptions: those that are left while the users
// of a file get their licences.
func (x *Index) With(seats map[string]subscription.Holding) *Index {
	with := *x
	with.seats = seats
	return &with
}

// seatsOf returns the latest seats of a subscription.
func (x *Index) seatsOf(s *subscription.Holding) subscription.Seats {
	if h, known := x.seats[s.ID]; known {
		return h.Seats
	}
	return s.Seats
}

// NewIndex returns an index of the subscriptions for users, on a day. titles has the part numbers of each
// product title, in the form of text.Letters, as Microsoft's list of subscriptions tells; it may be nil.
// Without it, a title is found only if a subscription has that name.
func NewIndex(subscriptions []subscription.Holding, titles map[string][]string, today day.Date) *Index {
	x := &Index{
		bySKU: map[string][]*subscription.Holding{}, byPart: map[string][]*subscription.Holding{}, byName: map[string][]*subscription.Holding{},
		titles: titles, today: today,
	}
	for i := range subscriptions {
		s := &subscriptions[i]
		if s.Kind != subscription.ForUsers {
			continue
		}
		for _, e := range []struct {
			into map[string][]*subscription.Holding
			key  string
		}{{x.bySKU, strings.ToLower(s.SKU)}, {x.byPart, text.Fold(s.PartNumber)}, {x.byName, text.Letters(s.Name)}} {
			if e.key != "" {
				e.into[e.key] = append(e.into[e.key], s)
			}
		}
	}
	return x
}

// candidates returns the subscriptions that a file names, by the most exact name that fits.
func (x *Index) candidates(ref LicenseRef) []*subscription.Holding {
	letters := text.Letters(ref.Title)
	for _, found := range [][]*subscription.Holding{
		x.bySKU[strings.ToLower(ref.SKU)],
		x.byPart[text.Fold(ref.PartNumber)],
		x.byName[letters],
		x.titled(letters),
	} {
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// titled returns the subscriptions with a part number of a product title.
func (x *Index) titled(letters string) (found []*subscription.Holding) {
	for _, part := range x.titles[letters] {
		for _, s := range x.byPart[text.Fold(part)] {
			if !slices.Contains(found, s) { // part numbers that differ in case only
				found = append(found, s)
			}
		}
	}
	return found
}

// find returns the subscription that a file names for a user: one that the user holds, or else one that
// is active, and of several the one with most licences free. nil if none is known.
func (x *Index) find(ref LicenseRef, user *subscription.User, taken map[string]bool) *subscription.Holding {
	found := slices.DeleteFunc(slices.Clone(x.candidates(ref)), func(s *subscription.Holding) bool { return taken[s.ID] })
	if len(found) == 0 {
		return nil
	}
	rank := func(s *subscription.Holding) int {
		_, holds := user.Licenses[s.ID]
		active := x.seatsOf(s).Status(x.today) == subscription.Active
		switch {
		case holds && active:
			return 0
		case holds:
			return 1
		case active:
			return 2
		}
		return 3
	}
	return slices.MinFunc(found, func(a, b *subscription.Holding) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(x.seatsOf(b).Available, x.seatsOf(a).Available), cmp.Compare(a.ID, b.ID))
	})
}

// Adoption is how the licences that a file states differ from those that a user holds here.
type Adoption struct {
	// Want makes the user hold what the file states. It removes licences only if that was asked for.
	Want subscription.Want
	// Missing are stated and not held, Extra are held and not stated, and Services are held with other
	// services off: ids of subscriptions, sorted.
	Missing, Extra, Services []string
	// Unknown are licences of which no subscription is known here.
	Unknown []LicenseRef
	// UnknownServices are ids of services, sorted, that the file states to be off and no stated
	// subscription has.
	UnknownServices []string
}

// Differs reports whether the file and the user differ.
func (a Adoption) Differs() bool {
	return len(a.Missing)+len(a.Extra)+len(a.Services)+len(a.Unknown) > 0
}

// Adopt compares the licences that a file states for a user with those that the user holds. Nil licences
// state nothing and differ in nothing. remove says whether Want takes back what is not stated: that loses
// the user's data and needs an acknowledgement. While a licence of the file is unknown, Want removes
// nothing: what is held may be the one that the file means.
func (x *Index) Adopt(stated []LicenseRef, user subscription.User, remove bool) (a Adoption) {
	if stated == nil {
		return a
	}
	taken := map[string]bool{}
	for _, ref := range stated {
		s := x.find(ref, &user, taken)
		if s == nil {
			if len(x.candidates(ref)) == 0 {
				a.Unknown = append(a.Unknown, ref)
			}
			continue // stated twice
		}
		taken[s.ID] = true
		off := x.off(ref, s, &a)
		held, holds := user.Licenses[s.ID]
		switch {
		case !holds:
			a.Missing = append(a.Missing, s.ID)
			a.Want.Add = append(a.Want.Add, subscription.Assignment{Subscription: s.ID, Off: off})
		case ref.Off != nil && !slices.Equal(held.Off, off):
			a.Services = append(a.Services, s.ID)
			a.Want.Add = append(a.Want.Add, subscription.Assignment{Subscription: s.ID, Off: off})
		}
	}
	for id := range user.Licenses {
		if !taken[id] {
			a.Extra = append(a.Extra, id)
		}
	}
	for _, list := range []*[]string{&a.Missing, &a.Extra, &a.Services, &a.UnknownServices} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	if remove && len(a.Unknown) == 0 {
		a.Want.Remove = slices.Clone(a.Extra)
	}
	slices.SortFunc(a.Want.Add, func(p, q subscription.Assignment) int { return cmp.Compare(p.Subscription, q.Subscription) })
	return a
}

// off returns the services of a subscription that a file states to be off, sorted. A file may name
// services that the description of the subscription here does not have.
func (x *Index) off(ref LicenseRef, s *subscription.Holding, a *Adoption) (off []string) {
	for _, id := range ref.Off {
		i := slices.IndexFunc(s.Services, func(v subscription.Service) bool { return strings.EqualFold(v.ID, id) })
		if i < 0 {
			a.UnknownServices = append(a.UnknownServices, id)
			continue
		}
		off = append(off, s.Services[i].ID)
	}
	slices.Sort(off)
	return slices.Compact(off)
}
