package dynamo_test

import (
	"context"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/licensing"
	"trueup/internal/objects"
	"trueup/internal/subscription"
)

var quiet = slog.New(slog.DiscardHandler)

// noCopies is a bucket without saved copies of users.
type noCopies struct{ objects.Bucket }

func (noCopies) Open(context.Context, string, string, string) (objects.Object, error) {
	return objects.Object{}, objects.ErrNotFound
}

// calls reports whether the next change is a call of package licensing, and not one of the store.
func (f seatFault) calls(rng *mathrand.Rand) bool {
	switch f {
	case seatsSound:
		return rng.IntN(3) == 0
	case seatsCalled, seatsStale:
		return true
	default:
		return false
	}
}

// people returns what calls of package licensing read seats and users from.
func (f seatFault) people(table *dynamo.Table) subscription.People {
	if f == seatsStale {
		return &staleReads{People: table.People}
	}
	return table.People
}

// staleReads plants a fault: it remembers that no licence of the only subscription is free.
type staleReads struct {
	subscription.People

	mu   sync.Mutex
	none []subscription.Holding
}

func (s *staleReads) UsersAndSubscriptions(ctx context.Context, ids []string, need subscription.Need) ([]subscription.User, []subscription.Holding, error) {
	users, all, err := s.People.UsersAndSubscriptions(ctx, ids, need)
	if err != nil || !need(all[0].ID) {
		return users, all, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.none == nil && all[0].Seats.Available < 1 {
		s.none = all
	}
	if s.none != nil {
		all = s.none
	}
	return users, all, nil
}

// attempt is what a client knows about one user of a call. A client that received no result can make the same call
// again.
type attempt struct {
	client     int
	call, id   string // of the call and the user
	want       subscription.Want
	start, end int64                  // end is 0 without a result
	decision   *subscription.Decision // the result; nil for none
	loses      int                    // the licences that the user would lose, which refused the call; 0 for none
}

func (a attempt) key() string { return a.call + " user/" + a.id }

func (a attempt) wrote() bool {
	return a.decision != nil && len(a.decision.Added)+len(a.decision.Removed) > 0
}

func (a attempt) record(h *seatHistory, op seatOp, out seatOut) {
	op.id, op.want, op.call = a.id, a.want, a.call
	h.ops = append(h.ops, porcupine.Operation{ClientId: a.client, Input: &op, Call: a.start, Output: &out, Return: a.end})
}

// changeLicenses changes the licences of one user or of several by package licensing.
func (c *seatClient) changeLicenses(ctx context.Context) {
	users, want := c.some(1), subscription.Want{}
	for _, i := range c.rng.Perm(len(c.subs))[:min(1+c.rng.IntN(2), len(c.subs))] {
		want.Add = append(want.Add, subscription.Assignment{Subscription: c.subs[i], KeepOff: true})
	}
	acknowledged := true
	switch c.rng.IntN(8) {
	case 0, 1:
		want = subscription.Want{Remove: []string{c.subscription()}}
	case 2, 3: // of a user who has something to lose
		if c.fault != seatsSound {
			break // more operations would take longer to check
		}
		want.Replace, acknowledged = true, false
		all, _ := c.readUsers(ctx, c.users...)
		for _, u := range all {
			if len(u.Licenses) > 0 {
				users = []string{u.ID}
			}
		}
	case 4, 5:
		users = c.some(3)
	case 6:
		users = c.some(2)
		want.Replace = true
	}
	c.called++
	call := fmt.Sprintf("call %d.%d", c.number, c.called)
	if !c.request(ctx, call, users, want, acknowledged) || c.rng.IntN(4) == 0 {
		c.request(ctx, call, users, want, acknowledged)
	}
}

// request makes a call, and reports whether it had a result. The process may die while it waits.
func (c *seatClient) request(ctx context.Context, call string, users []string, want subscription.Want, acknowledged bool) (answered bool) {
	if c.fault == seatsSound && c.rng.IntN(6) == 0 {
		dying, dead := context.WithTimeout(ctx, time.Duration(c.rng.Int64N(int64(60*time.Millisecond))))
		defer func() { dead(); c.start() }()
		ctx = dying
	}
	start := c.now()
	results, err := c.licenses.Change(ctx, licensing.Request{
		UserIDs: users, Want: want, Call: subscription.Call{ID: call, By: "tester", At: noon}, Today: today, Acknowledged: acknowledged, Event: edited,
	})
	end := c.now()
	loses := 0
	if errs.CodeOf(err) == "acknowledgement_required" {
		loses, _ = strconv.Atoi(errs.As(err).Args["licenses"])
		err = nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && errs.KindOf(err) != errs.Unavailable && ctx.Err() == nil && c.fault == seatsSound {
		c.t.Errorf("seed %d: %v", c.seed, err)
	}
	for i, id := range users {
		a := attempt{client: c.number, call: call, id: id, want: want, start: start, loses: loses}
		if i < len(results) && results[i].Outcome != "" {
			a.decision, a.end = &results[i].Decision, end
		}
		if loses > 0 {
			a.end = end
		}
		if c.calls == nil {
			c.calls = map[string][]attempt{}
		}
		c.calls[a.key()] = append(c.calls[a.key()], a)
	}
	return err == nil
}

// settleCalls records the calls of a round. stored has the number of audit events of each call and user: each is of a
// change, and a change that no result tells is one of an attempt without such a result.
func (h *seatHistory) settleCalls(stored map[string]int) {
	for key, attempts := range h.calls {
		left := stored[key]
		var silent []attempt
		for _, a := range attempts {
			h.recordResult(a)
			if a.wrote() {
				left--
				continue
			}
			if a.end == 0 {
				a.end = h.now()
			}
			silent = append(silent, a)
		}
		if (left < 0 || left > len(silent)) && h.fault == seatsSound {
			h.t.Errorf("seed %d: %s has %d audit events of %d attempts, %d of them without a change", h.seed, key, stored[key], len(attempts), len(silent))
		}
		for range min(left, len(silent)) { // in any of them
			done := silent[0]
			done.end = silent[len(silent)-1].end
			done.record(h, seatOp{kind: opLicenses}, seatOut{unanswered: true})
		}
	}
	h.calls = nil
}

// recordResult records the result of a call for a user. A refusal is a statement about each subscription, at a moment
// of its own (L9).
func (h *seatHistory) recordResult(a attempt) {
	switch {
	case a.loses > 0:
		a.record(h, seatOp{kind: opLoses, loses: a.loses}, seatOut{})
	case a.decision == nil:
	case a.decision.Outcome != subscription.Refused:
		a.record(h, seatOp{kind: opLicenses}, seatOut{decision: *a.decision})
	}
	if a.decision == nil {
		return
	}
	for _, v := range a.decision.Violations {
		switch v.Code {
		case subscription.NoLicenseFree:
			a.record(h, seatOp{kind: opNoneFree, subscription: v.Subscription}, seatOut{})
		case subscription.UserDeleted:
			a.record(h, seatOp{kind: opDeleted}, seatOut{})
		default:
			h.t.Errorf("seed %d: %s is refused: %+v", h.seed, a.key(), v)
		}
	}
}
