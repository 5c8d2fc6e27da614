package licensing

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/subscription"
)

const (
	// few is the number of waiting users of a subscription that a call looks at which releases licences.
	// The schedule serves the others.
	few = 25
	// servingTimeout is how long such a call serves users at most.
	servingTimeout = 2 * time.Second
)

// bounded returns a judge that refuses a place in a waiting list that is full.
func (l *Licensing) bounded(ctx context.Context, decide judge) (judge, error) {
	waiting, err := l.Register.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	joined := map[string]map[string]bool{} // ids of users, by subscription
	return func(u subscription.User, free map[string]subscription.Holding) (subscription.Decision, error) {
		d, err := decide(u, free)
		if err != nil || d.Outcome != subscription.Waiting || d.After.Version == u.Version {
			return d, err
		}
		for _, id := range (subscription.Change{Before: u, After: d.After}).Joins() {
			if joined[id] == nil {
				joined[id] = map[string]bool{}
			}
			if !joined[id][u.ID] && waiting[id]+len(joined[id]) >= subscription.PlacesMax {
				return subscription.Decision{Outcome: subscription.Refused, After: u, Wanted: d.Wanted, Violations: []subscription.Violation{
					{Subscription: id, Code: subscription.WaitingListFull, Args: errs.Pairs("max", strconv.Itoa(subscription.PlacesMax))},
				}}, nil
			}
			joined[id][u.ID] = true
		}
		return d, nil
	}, nil
}

// Queue returns the users who wait for a licence of a subscription, in the order in which they are served:
// by the time at which they began to wait, then by id.
func Queue(ctx context.Context, register subscription.Register, id string) ([]subscription.User, error) {
	all, totals, err := register.All(ctx, subscription.Query{Waiting: id})
	if err != nil {
		return nil, err
	}
	users := slices.AppendSeq(make([]subscription.User, 0, totals.Users), all)
	slices.SortFunc(users, func(a, b subscription.User) int {
		return cmp.Or(a.Waiting[id].At.Compare(b.Waiting[id].At), cmp.Compare(a.ID, b.ID))
	})
	return users, nil
}

// Blocked returns why a user who waits for a licence of a subscription could not have it although one were
// free; nil if nothing else refuses it.
func Blocked(u subscription.User, id string, subscriptions map[string]subscription.Holding, today day.Date) []subscription.Violation {
	if h, known := subscriptions[id]; known && h.Seats.Available < 1 {
		h.Seats.Available = 1
		subscriptions = maps.Clone(subscriptions)
		subscriptions[id] = h
	}
	return serve(u, id, subscriptions, subscription.Call{}, today).Violations
}

// serve judges a user who waits. Who does not wait any more is unchanged.
func serve(u subscription.User, id string, free map[string]subscription.Holding, call subscription.Call, today day.Date) subscription.Decision {
	place, waits := u.Waiting[id]
	switch _, exists := free[id]; {
	case !waits:
		return subscription.Decision{Outcome: subscription.Unchanged, After: u}
	case !exists: // deleted meanwhile
		return subscription.Decide(u, subscription.Want{Remove: []string{id}}, free, call, today)
	}
	call.By = place.By
	return subscription.Decide(u, subscription.Want{Add: []subscription.Assignment{{Subscription: id, KeepOff: true}}}, free, call, today)
}

// Serving is the assignment of free licences to users who wait for them.
type Serving struct {
	Subscriptions []string // empty for all
	// First is how many users of each subscription are looked at, the longest waiting first; 0 for all.
	First int
	Today subscription.Today
	Event func(action string) audit.Event // see Request
}

// Serve assigns free licences to the users who wait for them, in the order of Queue, and returns how many
// it assigned. A user whom another reason refuses keeps the place, and later ones are served. Places for a
// subscription that was deleted are removed. It is safe to call at the same time in several processes,
// and after a fault: nobody is served twice, and no more licences are assigned than there are.
func (l *Licensing) Serve(ctx context.Context, s Serving) (served int, err error) {
	waiting, err := l.Register.Waiting(ctx)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	all, err := l.Subscriptions.Subscriptions(ctx)
	if err != nil {
		return 0, err
	}
	seats := subscription.ByID(all)
	today := day.In(s.Today.Now, s.Today.Zone)
	for _, id := range slices.Sorted(maps.Keys(waiting)) {
		h, exists := seats[id]
		if len(s.Subscriptions) > 0 && !slices.Contains(s.Subscriptions, id) ||
			exists && (h.Seats.Available < 1 || h.Seats.Status(today) != subscription.Active) {
			continue
		}
		n, err := l.serveOne(ctx, s, id, h.Seats.Available)
		served += n
		if err != nil {
			return served, err
		}
	}
	return served, nil
}

// serveOne serves the users who wait for a licence of one subscription.
func (l *Licensing) serveOne(ctx context.Context, s Serving, id string, free int) (served int, err error) {
	queue, err := Queue(ctx, l.Register, id)
	if err != nil {
		return 0, err
	}
	if s.First > 0 {
		queue = queue[:min(len(queue), s.First)]
	}
	today := day.In(s.Today.Now, s.Today.Zone)
	for len(queue) > 0 {
		n := min(len(queue), max(few, min(free, window)))
		event := s.Event(WaitingServed)
		call := subscription.Call{ID: event.ID, At: s.Today.Now}
		t := task{assigns: func(of string) bool { return of == id }, today: s.Today, event: func(d subscription.Decision) audit.Event {
			action := WaitingServed
			if len(d.Added) == 0 {
				action = WaitingLeft
			}
			return called(s.Event(action), call)
		}}
		for _, u := range queue[:n] {
			t.ids = append(t.ids, u.ID)
		}
		t.judge = existing(func(u subscription.User, free map[string]subscription.Holding) (subscription.Decision, error) {
			return serve(u, id, free, call, today), nil
		})
		results, _, err := l.do(ctx, t)
		none := false
		for _, r := range results {
			served += len(r.Added)
			none = none || len(r.Wanted) > 0
		}
		if err != nil || none {
			return served, err
		}
		queue = queue[n:]
	}
	return served, nil
}

// serveReleased serves users who wait for licences that a call has released.
func (l *Licensing) serveReleased(ctx context.Context, results []Result, today subscription.Today, event func(string) audit.Event) {
	released := map[string]bool{}
	for _, r := range results {
		for _, id := range r.Removed {
			released[id] = true
		}
	}
	if len(released) > 0 {
		l.ServeFirst(ctx, slices.Sorted(maps.Keys(released)), today, event)
	}
}

// ServeFirst serves the first users who wait for licences of subscriptions, for a call that has released
// or bought some. The change is made, so the call does not fail when this does: the schedule serves whom it
// did not.
func (l *Licensing) ServeFirst(ctx context.Context, subscriptions []string, today subscription.Today, event func(string) audit.Event) {
	ctx, cancel := context.WithTimeout(ctx, servingTimeout)
	defer cancel()
	if _, err := l.Serve(ctx, Serving{Subscriptions: subscriptions, First: few, Today: today, Event: event}); err != nil {
		l.Log.WarnContext(ctx, "waiting users not served", "error", err)
	}
}
