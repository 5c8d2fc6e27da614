package licensing

import (
	"context"
	"strconv"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/subscription"
)

// Request is a change of the licences of users.
type Request struct {
	UserIDs []string // without repetitions
	Want    subscription.Want
	// Each returns the change of one user, with the licences that are free at that moment. Nil for Want
	// for all. A user can be asked about more than once.
	Each  func(u subscription.User, free map[string]subscription.Holding) subscription.Want
	Call  subscription.Call
	Today subscription.Today
	// Acknowledged says that the caller knows what is lost with a licence: service data, except
	// documents in SharePoint Online (L10).
	Acknowledged bool
	DryRun       bool
	// Taken is, by subscription, how many licences earlier parts of a rehearsal have taken, negative if they
	// released some. Only a rehearsal in parts needs it: the table does not have what it takes.
	Taken map[string]int
	// Event returns the audit event of a change of a user. It has a new ID at each call.
	Event func(action string) audit.Event
}

func (r Request) day() day.Date { return day.In(r.Today.Now, r.Today.Zone) }

// The actions of audit events.
const (
	LicensesChanged = "user.licenses_changed"
	UserCreated     = "user.created"
	UserEdited      = "user.edited"
	UserDeleted     = "user.deleted"
	UserRestored    = "user.restored"
	WaitingJoined   = "user.waiting_joined"
	WaitingServed   = "user.waiting_served"
	WaitingLeft     = "user.waiting_left"
)

// Change assigns and removes licences, and returns a result for each user in the order of the request.
// After a fault it returns the results so far beside the error: the others have no Outcome.
//
// It returns errs.Conflict acknowledgement_required, and has changed nothing, if users would lose
// licences and the request does not acknowledge what is lost with them. A licence that a user gets
// during the call is not removed without: then the error comes beside the results so far.
//
// Licences that it releases are assigned to users who wait for them, see Serve.
func (l *Licensing) Change(ctx context.Context, r Request) ([]Result, error) {
	decide := func(u subscription.User, free map[string]subscription.Holding) (subscription.Decision, error) {
		want := r.Want
		if r.Each != nil {
			want = r.Each(u, free)
		}
		return subscription.Decide(u, want, free, r.Call, r.day()), nil
	}
	if r.Want.Wait {
		var err error
		if decide, err = l.bounded(ctx, decide); err != nil {
			return nil, err
		}
	}
	assigns := subscription.SeatsOf(r.Want.Add)
	if r.Each != nil {
		assigns = subscription.AllSeats
	}
	t := task{ids: r.UserIDs, judge: existing(decide), assigns: assigns, today: r.Today, dryRun: r.DryRun, taken: r.Taken, event: func(d subscription.Decision) audit.Event {
		return called(r.Event(actionOf(d)), r.Call)
	}}
	if !r.Acknowledged && !r.DryRun && (r.Each != nil || r.Want.Replace || len(r.Want.Remove) > 0) {
		rehearsal := t
		rehearsal.dryRun = true
		results, _, err := l.do(ctx, rehearsal)
		if err != nil {
			return nil, err
		}
		if err := unacknowledged("acknowledgement_required", results, losing); err != nil {
			return nil, err
		}
		t.judge = existing(func(u subscription.User, free map[string]subscription.Holding) (subscription.Decision, error) {
			d, err := decide(u, free)
			if err == nil {
				err = unacknowledged("acknowledgement_required", []Result{{u.ID, d}}, losing)
			}
			return d, err
		})
	}
	results, _, err := l.do(ctx, t)
	if !r.DryRun {
		l.serveReleased(ctx, results, r.Today, r.Event)
	}
	return results, err
}

// actionOf returns the action of the audit event of a change of licences.
func actionOf(d subscription.Decision) string {
	switch {
	case d.Outcome == subscription.Waiting:
		return WaitingJoined
	case len(d.Added)+len(d.Removed)+len(d.Changed) == 0:
		return WaitingLeft
	}
	return LicensesChanged
}

// Outcomes counts results.
type Outcomes struct {
	// Of is the number of users with each outcome. One without an outcome is of an interrupted call.
	Of map[subscription.Outcome]int
	// Violations is the number of refused users by class of the reason. A user with reasons of two classes counts
	// in both.
	Violations map[subscription.Error]int
}

// Count counts the outcomes of results.
func Count(results []Result) Outcomes {
	n := Outcomes{map[subscription.Outcome]int{}, map[subscription.Error]int{}}
	for _, r := range results {
		n.Of[r.Outcome]++
		if r.Outcome != subscription.Refused {
			continue
		}
		classes := map[subscription.Error]bool{}
		for _, v := range r.Violations {
			classes[v.Error()] = true
		}
		for class := range classes {
			n.Violations[class]++
		}
	}
	return n
}

// Tally sums up results of the parts of a call, by subscription.
type Tally struct {
	// Wanted is how many users would get a licence who were refused only because too few were free.
	Wanted map[string]int
	// Taken is how many licences were assigned, less those that were released.
	Taken map[string]int
}

// Add adds the results of a part.
func (t *Tally) Add(results []Result) {
	if t.Wanted == nil {
		t.Wanted, t.Taken = map[string]int{}, map[string]int{}
	}
	for _, r := range results {
		for _, id := range r.Wanted {
			t.Wanted[id]++
		}
		for _, id := range r.Added {
			t.Taken[id]++
		}
		for _, id := range r.Removed {
			t.Taken[id]--
		}
	}
}

// Missing returns, by subscription, how many licences have to be bought so that every user gets them who
// was refused only because too few are free. Subscriptions of which none is missing are left out. seats are
// those after the call. A rehearsal changes nothing: its seats are those before it.
func (t *Tally) Missing(seats map[string]subscription.Holding, rehearsal bool) map[string]int {
	missing := map[string]int{}
	for id, n := range t.Wanted {
		left := seats[id].Seats.Available
		if rehearsal {
			left -= t.Taken[id]
		}
		if n > left {
			missing[id] = n - left
		}
	}
	return missing
}

// Missing returns the Tally.Missing of the results of a call.
func Missing(results []Result, seats map[string]subscription.Holding, rehearsal bool) map[string]int {
	var t Tally
	t.Add(results)
	return t.Missing(seats, rehearsal)
}

// called returns the event with the id of the call or job that made the change (L18).
func called(e audit.Event, c subscription.Call) audit.Event {
	e.After = map[string]string{"call": c.ID}
	return e
}

// losing reports whether a user loses licences.
func losing(d subscription.Decision) bool { return len(d.Removed) > 0 }

// unacknowledged returns the error with a code for results in which users lose data.
func unacknowledged(code string, results []Result, loses func(subscription.Decision) bool) error {
	users, licenses := 0, 0
	for _, r := range results {
		if loses(r.Decision) {
			users++
			licenses += len(r.Removed)
		}
	}
	if users == 0 {
		return nil
	}
	return errs.New(errs.Conflict, code, "users", strconv.Itoa(users), "licenses", strconv.Itoa(licenses))
}

// Creation is a new user with licences.
type Creation struct {
	User     subscription.User // as subscription.ParseUser returns it, with an ID
	Licenses []subscription.Assignment
	Call     subscription.Call
	Today    subscription.Today
	Event    audit.Event
	// Entry returns the entry of the call, from the user as it will be stored; nil for none.
	Entry func(subscription.User) (once.Entry, error)
}

// Create stores a user with its licences, or nothing. It returns the first response if the key of the
// entry was used before.
func (l *Licensing) Create(ctx context.Context, c Creation) (subscription.Decision, []byte, error) {
	t := task{ids: []string{c.User.ID}, assigns: subscription.SeatsOf(c.Licenses), today: c.Today, event: func(subscription.Decision) audit.Event { return called(c.Event, c.Call) }}
	if c.Entry != nil {
		t.remember = func(d subscription.Decision) (once.Entry, error) { return c.Entry(d.After) }
	}
	t.judge = func(stored subscription.User, free map[string]subscription.Holding) (subscription.Decision, error) {
		if stored.Version > 0 { // an earlier attempt of this call, whose reply was lost
			return subscription.Decision{Outcome: subscription.Created, After: stored, Warnings: stored.Warnings(free)}, nil
		}
		return subscription.DecideCreation(c.User, c.Licenses, free, c.Call, day.In(c.Today.Now, c.Today.Zone)), nil
	}
	return one(l.do(ctx, t))
}

// Edit stores another description of a user: every field of subscription.UserDraft. It returns
// errs.Stale version_stale if the user has changed since it was read.
func (l *Licensing) Edit(ctx context.Context, read, after subscription.User, today subscription.Today, event audit.Event) (subscription.Decision, error) {
	t := task{ids: []string{read.ID}, assigns: subscription.NoSeats, today: today, event: func(subscription.Decision) audit.Event { return event }}
	t.judge = existing(func(stored subscription.User, free map[string]subscription.Holding) (subscription.Decision, error) {
		if stored.Version != read.Version {
			return subscription.Decision{}, stale()
		}
		return subscription.DecideEdit(stored, after, free), nil
	})
	d, _, err := one(l.do(ctx, t))
	return d, err
}

// Descriptions are descriptions of users that a list of a directory has.
type Descriptions struct {
	UserIDs []string // of users that exist, and new ids of the others; without repetitions
	// Over returns a stored user with its new description: every field of subscription.UserDraft. For a
	// user that does not exist it gets one that has only an ID, and returns it as
	// subscription.ParseUser does. A user can be asked about more than once.
	Over  func(stored subscription.User) subscription.User
	Call  subscription.Call
	Today subscription.Today
	Event func(action string) audit.Event // see Request
}

// Describe creates users, and changes the descriptions of others. A user that the same call created
// before counts as created. See Change for its results.
func (l *Licensing) Describe(ctx context.Context, r Descriptions) ([]Result, error) {
	t := task{ids: r.UserIDs, assigns: subscription.NoSeats, today: r.Today}
	t.event = func(d subscription.Decision) audit.Event {
		if d.Outcome == subscription.Created {
			return called(r.Event(UserCreated), r.Call)
		}
		return called(r.Event(UserEdited), r.Call)
	}
	edit := existing(func(stored subscription.User, free map[string]subscription.Holding) (subscription.Decision, error) {
		d := subscription.DecideEdit(stored, r.Over(stored), free)
		if d.Outcome == subscription.Unchanged && stored.Version == 1 && stored.CreatedAt.Equal(r.Call.At) {
			d.Outcome = subscription.Created
		}
		return d, nil
	})
	t.judge = func(u subscription.User, free map[string]subscription.Holding) (subscription.Decision, error) {
		if u.Version > 0 {
			return edit(u, free)
		}
		created := r.Over(u)
		created.ID = u.ID
		return subscription.DecideCreation(created, nil, free, r.Call, day.In(r.Today.Now, r.Today.Zone)), nil
	}
	results, _, err := l.do(ctx, t)
	return results, err
}

// Deletion is the deletion of users.
type Deletion struct {
	UserIDs []string
	// Version is the version of the only user as read, or 0 to delete any version.
	Version      int64
	Acknowledged bool // see Request
	Call         subscription.Call
	Today        subscription.Today
	Event        func(action string) audit.Event
	DryRun       bool
}

// Delete deletes users, which releases their licences. See Change for its results and errors. Without
// an acknowledgement the error is errs.Conflict deletion_acknowledgement_required, also for users without
// licences, since deleting them deletes their data. A user who is deleted already is unchanged.
func (l *Licensing) Delete(ctx context.Context, r Deletion) ([]Result, error) {
	t := task{ids: r.UserIDs, assigns: subscription.NoSeats, today: r.Today, dryRun: r.DryRun, event: func(subscription.Decision) audit.Event { return called(r.Event(UserDeleted), r.Call) }}
	t.judge = func(u subscription.User, _ map[string]subscription.Holding) (subscription.Decision, error) {
		switch {
		case u.Version == 0:
			return subscription.RefusedUser(u, subscription.UserNotFound), nil
		case r.Version > 0 && r.Version != u.Version:
			return subscription.Decision{}, stale()
		}
		return subscription.DecideDeletion(u, r.Today.Now), nil
	}
	if !r.Acknowledged && !r.DryRun {
		rehearsal := t
		rehearsal.dryRun = true
		results, _, err := l.do(ctx, rehearsal)
		if err != nil {
			return nil, err
		}
		deleted := func(d subscription.Decision) bool { return d.Outcome == subscription.Deleted }
		if err := unacknowledged("deletion_acknowledgement_required", results, deleted); err != nil {
			return nil, err
		}
	}
	results, _, err := l.do(ctx, t)
	if !r.DryRun {
		l.serveReleased(ctx, results, r.Today, r.Event)
	}
	return results, err
}

// Restoration is the restoration of a deleted user.
type Restoration struct {
	UserID   string
	UPN      string // as subscription.ParseUser returns it; empty to keep the name
	Licenses bool   // whether to assign the former licences
	Call     subscription.Call
	Today    subscription.Today
	Event    audit.Event
	Entry    func(subscription.Decision) (once.Entry, error) // see Creation
}

// Restore restores a deleted user. Violations of a restored user say which former licences it did not
// get.
func (l *Licensing) Restore(ctx context.Context, r Restoration) (subscription.Decision, []byte, error) {
	assigns := subscription.NoSeats
	if r.Licenses {
		assigns = subscription.AllSeats // which the user had is not known yet
	}
	t := task{ids: []string{r.UserID}, assigns: assigns, today: r.Today, remember: r.Entry, event: func(subscription.Decision) audit.Event { return called(r.Event, r.Call) }}
	t.judge = func(u subscription.User, free map[string]subscription.Holding) (subscription.Decision, error) {
		switch {
		case u.Version == 0:
			return subscription.RefusedUser(u, subscription.UserNotFound), nil
		case u.DeletedAt.IsZero():
			return subscription.RefusedUser(u, subscription.UserNotRestorable), nil
		}
		return subscription.DecideRestoration(u, r.UPN, r.Licenses, free, r.Call, day.In(r.Today.Now, r.Today.Zone)), nil
	}
	return one(l.do(ctx, t))
}
