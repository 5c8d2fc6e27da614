// Package licensing changes users and their licences: of one user, of many, and of lists of any length.
//
// Package subscription judges each user. This package applies the judgements in transactions of many
// users, in the order of the list. A user or a subscription that changed after it was read is judged again.
//
// Invariants: a user gets all of a change or nothing; users that were changed stay changed when a later
// one fails, and a repetition of the call reports the same outcome for them; a licence is refused for
// want of a free one only if none was free at a moment of the call at which the user did not hold it; of
// two users of a call who want the last licence, the earlier one gets it; a rehearsal takes the same steps
// without writing, so it has the results of the call. Users wait for licences until one of these changes, or
// the schedule, serves them: see Serve.
package licensing

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/retry"
	"trueup/internal/subscription"
)

// Licensing changes users and their licences. It is safe for concurrent use.
type Licensing struct {
	Subscriptions subscription.Store
	People        subscription.People
	Register      subscription.Register
	Log           *slog.Logger
}

// Result is the result of a change for one user.
type Result struct {
	UserID string
	subscription.Decision
}

const (
	// window is the number of users that are judged together.
	window = 200
	// largest is the number of users in a transaction, and contended the number after one had to be
	// judged again: others change the same licences, and a short transaction gets in their way less.
	largest, contended = 48, 25
)

// patience is how long a call tries again while every attempt finds something changed.
var patience = retry.Policy{Timeout: 8 * time.Second, First: 5 * time.Millisecond, Longest: 100 * time.Millisecond}

// task is a change of users.
type task struct {
	ids   []string
	judge judge
	today subscription.Today
	event func(subscription.Decision) audit.Event // of a user that changes
	// remember returns the entry of a call about one user, from the decision; nil for none.
	remember func(subscription.Decision) (once.Entry, error)
	dryRun   bool
	taken    map[string]int // see Request
	// assigns needs the seats of the subscriptions of which judge may assign licences: it looks at no others.
	assigns subscription.Need
}

// judge decides about a user as stored, with the seats that earlier users of the call leave. A user that
// does not exist has an ID and Version 0.
type judge func(u subscription.User, free map[string]subscription.Holding) (subscription.Decision, error)

// run is a task under way.
type run struct {
	*Licensing
	task

	free  map[string]subscription.Holding // as last read, less what this run has taken since
	limit int
	first []byte // response of the first call with the same Idempotency-Key
}

// open is a user that has no result yet.
type open struct {
	index int // in the results
	user  subscription.User
}

// do carries out a task. After a fault it returns the results so far: users without a result have an
// empty Outcome.
func (l *Licensing) do(ctx context.Context, t task) (results []Result, first []byte, err error) {
	r := &run{Licensing: l, task: t, limit: largest}
	results = make([]Result, len(t.ids))
	for i, id := range t.ids {
		results[i].UserID = id
	}
	for start := 0; start < len(t.ids) && r.first == nil; start += window {
		some := results[start:min(start+window, len(t.ids))]
		users, err := r.begin(ctx, some, start == 0)
		if err == nil {
			err = r.settle(ctx, users, some)
		}
		if err != nil {
			return results, nil, err
		}
	}
	return results, r.first, nil
}

// begin reads some users, and the seats if seats is true. Its items are not of one moment: a transaction checks
// both, and confirm reads both again before a refusal.
func (r *run) begin(ctx context.Context, results []Result, seats bool) ([]open, error) {
	all := make([]open, len(results))
	for i := range all {
		all[i].index = i
	}
	return r.read(ctx, all, results, seats)
}

func (r *run) readSeats(ctx context.Context) error {
	_, all, err := r.People.UsersAndSubscriptions(ctx, nil, r.assigns)
	if err == nil {
		r.lend(all)
	}
	return err
}

// lend sets what is free, less what earlier parts of a rehearsal have taken.
func (r *run) lend(all []subscription.Holding) {
	r.free = subscription.ByID(all)
	for id, n := range r.taken {
		if h, exists := r.free[id]; exists && r.dryRun {
			h.Seats.Available -= n
			h.Seats.Assigned += n
			r.free[id] = h
		}
	}
}

// settle fills in the results of some users.
func (r *run) settle(ctx context.Context, all []open, results []Result) (err error) {
	for err == nil && len(all) > 0 && r.first == nil {
		before := len(all)
		err = retry.Do(ctx, patience, func() error {
			if all, err = r.round(ctx, all, results); err != nil || len(all) < before || r.first != nil {
				return err
			}
			return retry.Again(errMoving)
		})
	}
	return err
}

// errMoving means that a user or its licences had changed each time before they were written.
var errMoving = errors.New("licensing: users or licences change faster than they are written")

// read reads users as they are now, and in the same request the seats if seats is true.
func (r *run) read(ctx context.Context, of []open, results []Result, seats bool) ([]open, error) {
	ids := make([]string, len(of))
	for i, o := range of {
		ids[i] = results[o.index].UserID
	}
	var users []subscription.User
	var err error
	if seats {
		var all []subscription.Holding
		if users, all, err = r.People.UsersAndSubscriptions(ctx, ids, r.assigns); err == nil {
			r.lend(all)
		}
	} else {
		users, err = r.People.Users(ctx, ids)
	}
	if err != nil {
		return of, err
	}
	now := make([]open, len(of))
	for i, o := range of {
		now[i] = open{o.index, users[i]}
		now[i].user.ID = ids[i]
	}
	return now, nil
}

// round judges users in order, changes those that can be changed, and returns the users that are still
// without a result.
func (r *run) round(ctx context.Context, users []open, results []Result) (left []open, err error) {
	free := maps.Clone(r.free)
	var changes, joins, refused []open
	decisions := map[int]subscription.Decision{}
	for _, o := range users {
		d, err := r.judge(o.user, free)
		if err != nil {
			return users, err
		}
		decisions[o.index] = d
		switch {
		case d.Outcome == subscription.Refused:
			refused = append(refused, o)
		case d.After.Version == o.user.Version: // nothing to write
			results[o.index].Decision = d
		case d.Outcome == subscription.Waiting:
			joins = append(joins, o)
		default:
			changes = append(changes, o)
			take(free, subscription.Change{Before: o.user, After: d.After})
		}
	}
	unwritten, err := r.write(ctx, changes, decisions, results)
	if err == nil && r.first == nil && len(unwritten) == 0 {
		// No licence is free once the others have theirs, and the transaction checks it.
		unwritten, err = r.write(ctx, joins, decisions, results)
	} else {
		unwritten = slices.Concat(unwritten, joins)
	}
	if err != nil || r.first != nil {
		return unwritten, err
	}
	if len(unwritten) > 0 {
		// A refused user may be an earlier one, so it is judged again with the others.
		left = slices.SortedFunc(slices.Values(slices.Concat(unwritten, refused)), func(a, b open) int { return a.index - b.index })
		if err := r.readSeats(ctx); err != nil {
			return left, err
		}
		return r.read(ctx, left, results, false)
	}
	return r.confirm(ctx, refused, results)
}

// take subtracts the licences that a change takes, and adds what it releases.
func take(free map[string]subscription.Holding, c subscription.Change) {
	for id, n := range c.Delta() {
		if h, known := free[id]; known {
			h.Seats.Available -= n
			h.Seats.Assigned += n
			free[id] = h
		}
	}
}

// write makes the changes of users, or only takes their licences in a rehearsal. It returns the users that
// it did not change: all users of a refused transaction, and all after them.
func (r *run) write(ctx context.Context, users []open, decisions map[int]subscription.Decision, results []Result) (unwritten []open, err error) {
	changes := make([]subscription.Change, len(users))
	for i, o := range users {
		d := decisions[o.index]
		changes[i] = subscription.Change{Before: o.user, After: d.After, Event: r.event(d)}
	}
	if r.dryRun {
		for i, o := range users {
			results[o.index].Decision = decisions[o.index]
			take(r.free, changes[i])
		}
		return nil, nil
	}
	for len(changes) > 0 {
		n := subscription.Fitting(changes, r.limit)
		var entry once.Entry
		if r.remember != nil {
			if entry, err = r.remember(decisions[users[0].index]); err != nil {
				return users, err
			}
		}
		first, refusal, err := r.People.Apply(ctx, changes[:n], r.today, entry)
		if err != nil {
			return users, err
		}
		if first != nil {
			r.first = first
			return nil, nil
		}
		if refusal != nil {
			r.limit = contended
			return r.named(refusal, users, results), nil
		}
		for i, o := range users[:n] {
			results[o.index].Decision = decisions[o.index]
			take(r.free, changes[i])
		}
		users, changes = users[n:], changes[n:]
	}
	return nil, nil
}

// named refuses the users whose names belong to others, and returns the rest.
func (r *run) named(refusal *subscription.Refusal, users []open, results []Result) (rest []open) {
	for _, o := range users {
		if id := results[o.index].UserID; slices.Contains(refusal.Names, id) {
			results[o.index].Decision = subscription.RefusedUser(o.user, subscription.UserNameTaken)
			continue
		}
		rest = append(rest, o)
	}
	return rest
}

// confirm judges refused users again with seats that are read now, or in a rehearsal with those that are
// left. It is final for a user that has not changed since: then the user was as judged at the moment of
// that read.
func (r *run) confirm(ctx context.Context, refused []open, results []Result) (left []open, err error) {
	if len(refused) == 0 {
		return nil, nil
	}
	again := refused
	if !r.dryRun {
		if err := r.readSeats(ctx); err != nil {
			return refused, err
		}
		if again, err = r.read(ctx, refused, results, false); err != nil {
			return refused, err
		}
	}
	for i, o := range again {
		d, err := r.judge(o.user, r.free)
		if err != nil {
			return refused, err
		}
		if d.Outcome == subscription.Refused && o.user.Version == refused[i].user.Version {
			results[o.index].Decision = d
			continue
		}
		left = append(left, o)
	}
	return left, nil
}

// one returns the decision of a task about one user.
func one(results []Result, first []byte, err error) (subscription.Decision, []byte, error) {
	if err != nil || first != nil {
		return subscription.Decision{}, first, err
	}
	return results[0].Decision, nil, nil
}

// existing judges users that exist and are not deleted.
func existing(decide judge) judge {
	return func(u subscription.User, free map[string]subscription.Holding) (subscription.Decision, error) {
		switch {
		case u.Version == 0:
			return subscription.RefusedUser(u, subscription.UserNotFound), nil
		case !u.DeletedAt.IsZero():
			return subscription.RefusedUser(u, subscription.UserDeleted), nil
		}
		return decide(u, free)
	}
}

// stale is the error of a change of a version that is not the current one.
func stale() error { return errs.New(errs.Stale, "version_stale") }
