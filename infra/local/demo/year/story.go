package year

import (
	"hash/fnv"
	"math"
	"slices"
	"time"

	"trueup/internal/day"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/subscription"
)

// Curve is how a number developed: days ago, and the share of today's number on that day in percent, the longest ago first.
// Between two days it is on a straight line, so neighbouring days make a step. The zero Curve never changes.
type Curve [][2]float64

// of returns the number that is today's today, some days ago.
func (c Curve) of(today, ago int) int {
	days, share := float64(ago), 100.0
	next := slices.IndexFunc(c, func(s [2]float64) bool { return s[0] <= days })
	switch {
	case len(c) == 0:
	case next == 0:
		share = c[0][1]
	case next < 0:
		share = c[len(c)-1][1]
	default:
		from, to := c[next-1], c[next]
		share = from[1] + (to[1]-from[1])*(from[0]-days)/(from[0]-to[0])
	}
	return int(math.Round(float64(today) * share / 100))
}

// Story is how the numbers of an organisation became those of today.
type Story struct {
	Installed     map[string]Curve        // by product with its version; the empty name is for all others
	Licences      map[string]Curve        // of entitlements, by product family with its version
	Agreements    map[string]int          // by name: how many days ago it was added; others were there before
	Subscriptions map[string]Subscription // by name; the empty name is for all others
}

// Subscription is how a subscription developed. While it has no licences it is not bought yet.
type Subscription struct{ Quantity, Used Curve }

// data returns the organisation some days ago, at a moment of that day. now is shared, and does not change.
func (s Story) data(now *report.Data, ago int, at time.Time) *report.Data {
	began := at.UTC()
	if weekday := at.Weekday(); weekday == time.Saturday || weekday == time.Sunday { // nothing is bought or installed
		ago += (int(weekday) + 2) % 7
	}
	then := *now
	then.At, then.Changed = began, false
	then.Runs = nil
	then.Agreements, then.Held, then.Installed, then.Titles = nil, nil, nil, nil
	gone := map[string]bool{}
	for _, a := range now.Agreements {
		if added, later := s.Agreements[a.Name]; later && added < ago {
			gone[a.ID] = true
			continue
		}
		if a.CreatedAt.After(began) {
			a.CreatedAt = began
		}
		then.Agreements = append(then.Agreements, a)
	}
	for _, h := range now.Held {
		e := &h.Entitlement
		if c, changed := s.Licences[named(e.Family, e.Version)]; changed {
			e.Effective, e.ActiveSA = c.of(e.Effective, ago), c.of(e.ActiveSA, ago)
		}
		if e.Effective > 0 && !gone[h.AgreementID] {
			then.Held = append(then.Held, h)
		}
	}
	for _, l := range now.Installed {
		if l = s.line(l, ago); l.Quantity > 0 {
			then.Installed = append(then.Installed, l)
		}
	}
	for _, l := range now.Titles {
		if l = s.line(l, ago); l.Quantity > 0 {
			then.Titles = append(then.Titles, l)
		}
	}
	others := s.Installed[""]
	for _, n := range []*int{&then.LeftOut.UnknownTitles, &then.LeftOut.UnknownDevices, &then.LeftOut.UndecidedTitles, &then.LeftOut.UndecidedDevices, &then.LeftOut.OtherPlatforms} {
		*n = others.of(*n, ago)
	}
	then.Subscribed = s.subscribed(now.Subscribed, ago, began)
	return &then
}

// line returns a line of installations some days ago. PCs that are not used on a day are not counted, so that
// large numbers vary a little.
func (s Story) line(l position.Line, ago int) position.Line {
	name := named(l.Product.Name(), l.Product.Version)
	c, own := s.Installed[name]
	if !own {
		c = s.Installed[""]
	}
	n := c.of(l.Quantity, ago)
	sum := fnv.New32a()
	_, _ = sum.Write([]byte{byte(ago), byte(ago >> 8)})
	_, _ = sum.Write([]byte(name))
	n -= int(sum.Sum32()>>8) % (1 + n/150)
	users, left := 0, n
	var by []position.UserPCs
	one := -1
	for _, u := range l.ByUser {
		if u.PCs == 1 {
			one = len(by)
			by = append(by, u)
			continue
		}
		u.Users = u.Users * n / l.Quantity
		left -= u.PCs * u.Users
		users += u.Users
		if u.Users > 0 {
			by = append(by, u)
		}
	}
	if one >= 0 {
		by[one].Users = left
		users += left
	}
	if l.Users > 0 {
		l.Users = users
	}
	l.Quantity, l.ByUser = n, by
	return l
}

// subscribed returns the subscriptions some days ago.
func (s Story) subscribed(now *report.Subscribed, ago int, at time.Time) *report.Subscribed {
	then := report.Subscribed{At: at}
	for _, c := range now.All {
		of, own := s.Subscriptions[c.Name]
		if !own {
			of = s.Subscriptions[""]
		}
		c.Seats.Quantity, c.Used = of.Quantity.of(c.Seats.Quantity, ago), of.Used.of(c.Used, ago)
		if c.Kind != subscription.ForDevices {
			c.Seats.Assigned = c.Used
			c.Seats.Available = c.Seats.Quantity - c.Used
		}
		if c.Seats.ShortSince.After(at) {
			c.Seats.ShortSince = at
		}
		if c.Seats.Quantity > 0 {
			then.All = append(then.All, c)
		}
	}
	return &then
}

// named returns a name with a version, if there is one.
func named(name, version string) string {
	if version == "" {
		return name
	}
	return name + " " + version
}

// daysBetween returns how many days a day is before another.
func daysBetween(earlier, later day.Date) int {
	from, _ := earlier.Time()
	to, _ := later.Time()
	return int(to.Sub(from).Hours() / 24)
}
