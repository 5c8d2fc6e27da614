package subscription

import (
	"context"
	"slices"
	"time"

	"trueup/internal/audit"
	"trueup/internal/once"
)

// Store keeps subscriptions with their seats. Reads are strongly consistent. Writes are all or
// nothing; each stores the audit event in the same transaction, fills in its Subject, and adds to its
// Before and After, which may have notes of the caller.
type Store interface {
	// Subscriptions returns all subscriptions, sorted by folded name. The seats of one subscription
	// are those of one moment. Callers must not change the slices of a description.
	Subscriptions(ctx context.Context) ([]Holding, error)
	// Descriptions returns all subscriptions without their seats, sorted by folded name. If no description has
	// changed since the last call, it reads one item. Callers must not change them.
	Descriptions(ctx context.Context) ([]Subscription, error)
	// Subscription returns one subscription; errs.NotFound subscription_not_found.
	Subscription(ctx context.Context, id string) (Holding, error)

	// Create stores a new subscription. It returns errs.Conflict taken with a violation
	// subscription_name_taken, or errs.Conflict subscription_limit.
	Create(ctx context.Context, h Holding, c once.Change) (first []byte, err error)
	// Describe stores another description of a subscription; its Version, CreatedAt and Kind stay.
	// It returns errs.Stale version_stale if the description has changed since it was read,
	// errs.Conflict taken with a violation subscription_name_taken, or errs.NotFound
	// subscription_not_found. It returns the description as stored.
	Describe(ctx context.Context, read, after Subscription, event audit.Event) (Subscription, error)
	// Reseat changes the quantity or the term of a subscription. It calls change with what is stored,
	// again if that changes before the write, and returns its error. change must keep Assigned, and
	// return Version increased unless nothing changes: then nothing is written but the entry. It
	// returns errs.NotFound subscription_not_found.
	Reseat(id string, change func(Holding) (Seats, error)) once.Edit[Holding]
	// Delete removes a subscription without users, which no group of devices holds. It returns errs.Stale version_stale,
	// errs.NotFound subscription_not_found, or errs.Conflict subscription_in_use.
	Delete(ctx context.Context, read Subscription, event audit.Event) error
}

// SubscriptionsMax is the maximum number of subscriptions of an organisation.
const SubscriptionsMax = 500

// Change is the creation, change, deletion or restoration of one user, with the licences that the
// user gets or loses.
type Change struct {
	Before User // as read; Version 0 for a new user
	After  User // Version is one higher
	Event  audit.Event
}

// Need reports whether a caller needs the seats of a subscription.
type Need func(id string) bool

// AllSeats and NoSeats need all seats and none.
func AllSeats(string) bool { return true }
func NoSeats(string) bool  { return false }

// SeatsOf needs the seats of the subscriptions of which licences are assigned.
func SeatsOf(licenses []Assignment) Need {
	return func(id string) bool {
		return slices.ContainsFunc(licenses, func(a Assignment) bool { return a.Subscription == id })
	}
}

// People keeps users. Reads are strongly consistent.
type People interface {
	// Users returns the users with the given ids, in the order of the ids; a user that does not exist
	// has Version 0. Deleted users are returned at least while they can be restored, and for some days
	// more: callers compare the clock, see User.Restorable.
	Users(ctx context.Context, ids []string) ([]User, error)
	// UsersAndSubscriptions is Users and Store.Subscriptions in one read. It reads only the seats that are needed: the
	// other subscriptions have none, as if nothing were assigned or free.
	UsersAndSubscriptions(ctx context.Context, ids []string, seats Need) ([]User, []Holding, error)
	// ByUPN returns the users that have the given user principal names, in the order of the names; an
	// unused name gives a user with Version 0.
	ByUPN(ctx context.Context, names []string) ([]User, error)

	// Apply makes changes of different users in one transaction, with their licences and audit events,
	// or none of them. Fitting says how many changes fit.
	//
	// It returns a Refusal, and has changed nothing, if users, names or seats are not as the changes
	// need them. If the entry's key was used before, it changes nothing and first is the first
	// response. It is safe to retry after a fault: a change that was made is reported as Moved.
	//
	// A place in a waiting list is given only while no licence of the subscription is free: otherwise it
	// is refused for its Seats. The other changes must not assign or release licences of it.
	//
	// Licences that some of the changes release are free for the others. A name that one of the
	// changes releases can be taken by another one.
	//
	// It fills in the Subject of each event, and adds the ids of licences and services to its Before
	// and After, and which other fields changed. It stores no personal data in events.
	Apply(ctx context.Context, changes []Change, today Today, entry once.Entry) (first []byte, refused *Refusal, err error)
}

// Today is the moment and the day for which seats are judged.
type Today struct {
	Now  time.Time
	Zone *time.Location
}

// Refusal says why Apply changed nothing. At least one part is not empty. What it does not name may
// also be refused: DynamoDB may report only some of the conditions that did not hold.
type Refusal struct {
	Moved []string // ids of users that have another version now, or that exist already
	Names []string // ids of users whose new user principal name belongs to another user
	// Seats has each subscription with too few licences for the transaction, without an active term, or
	// with a free licence although a user was to wait for it, as found; with Version 0 if it does not exist any more.
	Seats map[string]Seats
}

// MaxActions is the number of actions of a transaction that changes of users may take: the others
// are for the journal, the idempotency key and the audit event of a call.
const MaxActions = 96

// The size of a transaction in bytes. DynamoDB allows 4 MB.
const (
	maxTransactionBytes = 3_600_000
	// userBytes is more than a user and its audit event have without the ids of services that are off.
	userBytes = 16_000
)

// Fitting returns how many of the first changes fit one transaction, at most limit. Each takes an
// action for the user, one for the audit event, and one for each user principal name that is taken or
// released; each subscription of which licences are assigned or released, or whose waiting list gets a
// user, takes one. What is off is stored with the user, and before and after in the event. A single change of
// a valid user fits.
func Fitting(changes []Change, limit int) int {
	actions, bytes := 0, 0
	touched := map[string]bool{}
	for i, c := range changes {
		if i == limit {
			return i
		}
		actions += 2
		taken, released := c.Names()
		for _, name := range []string{taken, released} {
			if name != "" {
				actions++
			}
		}
		for id := range c.Delta() {
			if !touched[id] {
				touched[id] = true
				actions++
			}
		}
		for _, id := range c.Joins() {
			if !touched[id] {
				touched[id] = true
				actions++
			}
		}
		bytes += userBytes + offBytes(c.Before.Waiting) + offBytes(c.After.Waiting) + 2*offBytes(c.After.Licenses) + offBytes(c.After.Former) + offBytes(c.Before.Licenses)
		if actions > MaxActions || bytes > maxTransactionBytes {
			return i
		}
	}
	return len(changes)
}

// Names returns the folded user principal names that the change takes and releases; empty for none.
func (c Change) Names() (taken, released string) {
	taken, released = c.After.Claims(), c.Before.Claims()
	if taken == released {
		return "", ""
	}
	return taken, released
}

// Joins returns the subscriptions in whose waiting lists the change gives the user a place.
func (c Change) Joins() (ids []string) {
	for id := range c.After.Waiting {
		if _, had := c.Before.Waiting[id]; !had {
			ids = append(ids, id)
		}
	}
	return ids
}

// Delta returns the number of licences that the change takes of each subscription, negative if it
// releases one. A change never takes more than one of a subscription.
func (c Change) Delta() map[string]int {
	delta := map[string]int{}
	for id := range c.After.Licenses {
		if _, had := c.Before.Licenses[id]; !had {
			delta[id]++
		}
	}
	for id := range c.Before.Licenses {
		if _, has := c.After.Licenses[id]; !has {
			delta[id]--
		}
	}
	return delta
}
