package dynamo

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/errs"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// Subscriptions stores subscriptions and their seats. It is safe for concurrent use.
type Subscriptions struct {
	db *engine
	// known has the descriptions that this process read last. They are large and seldom change, and
	// every assignment needs them.
	known atomic.Pointer[descriptions]
}

// descriptions are all subscriptions, sorted by folded name, of the moment at which the item of the
// count had the tip.
type descriptions struct {
	tip string
	all []subscription.Subscription
}

var _ subscription.Store = (*Subscriptions)(nil)

// Subscriptions implements subscription.Store. If no description has changed since the last call, it
// reads only the seats, and the tip that says so.
func (s *Subscriptions) Subscriptions(ctx context.Context) ([]subscription.Holding, error) {
	return s.selected(ctx, func(string) bool { return true })
}

// SubscriptionsOf implements subscription.Store.
func (s *Subscriptions) SubscriptionsOf(ctx context.Context, ids []string) ([]subscription.Holding, error) {
	return s.selected(ctx, func(id string) bool { return slices.Contains(ids, id) })
}

// Descriptions implements subscription.Store.
func (s *Subscriptions) Descriptions(ctx context.Context) ([]subscription.Subscription, error) {
	known := s.lastDescriptions()
	seats, err := s.seats(ctx, nil)
	if err == nil && seats.tip != known.tip {
		known, err = s.describeAll(ctx, seats.tip)
	}
	if err != nil {
		return nil, err
	}
	return known.all, nil
}

// lastDescriptions returns the descriptions that this process read last.
func (s *Subscriptions) lastDescriptions() *descriptions {
	if known := s.known.Load(); known != nil {
		return known
	}
	return &descriptions{}
}

// selected returns the subscriptions with the ids that has selects.
func (s *Subscriptions) selected(ctx context.Context, has func(id string) bool) ([]subscription.Holding, error) {
	known := s.lastDescriptions()
	some := known.with(has)
	seats, err := s.seats(ctx, some)
	if err != nil {
		return nil, err
	}
	if seats.tip != known.tip {
		if known, err = s.describeAll(ctx, seats.tip); err != nil {
			return nil, err
		}
		some = known.with(has)
		if seats, err = s.seats(ctx, some); err != nil {
			return nil, err
		}
	}
	return seats.of(some), nil
}

// with returns the descriptions with the ids that has selects.
func (d *descriptions) with(has func(id string) bool) (some []subscription.Subscription) {
	for _, one := range d.all {
		if has(one.ID) {
			some = append(some, one)
		}
	}
	return some
}

// seats reads the seats of subscriptions, and the tip of all descriptions.
func (s *Subscriptions) seats(ctx context.Context, of []subscription.Subscription) (seatsRead, error) {
	r := newSeatsRead()
	err := s.db.getAll(ctx, r.keys(of), "", nil, r.add)
	return r, err
}

// seatsRead is seats as they were read, of subscriptions that exist, and the tip of all descriptions; empty if
// there was never a subscription.
type seatsRead struct {
	found map[string]subscription.Seats
	tip   string
}

func newSeatsRead() seatsRead { return seatsRead{found: map[string]subscription.Seats{}} }

// keys returns the keys of the items that add takes.
func (r *seatsRead) keys(of []subscription.Subscription) []item {
	keys := []item{key(subscriptionsPK, subscriptionCountSK)}
	for _, one := range of {
		keys = append(keys, key(seatsKey(one.ID)))
	}
	return keys
}

func (r *seatsRead) add(it item) error {
	if attr(it, "pk") == string(subscriptionsPK) {
		r.tip = attr(it, "tip")
		return nil
	}
	i, err := decode[seatsItem](it)
	r.found[cutPrefix(it, "pk", seatsPrefix)] = i.seats()
	return err
}

// of returns descriptions with their seats. It leaves out subscriptions that were deleted meanwhile.
func (r *seatsRead) of(some []subscription.Subscription) []subscription.Holding {
	all := make([]subscription.Holding, 0, len(some))
	for _, one := range some {
		if seats, exists := r.found[one.ID]; exists {
			all = append(all, subscription.Holding{Subscription: one, Seats: seats})
		}
	}
	return all
}

// describeAll reads all descriptions, and remembers them. tip was read before: if it is still the tip later, no description
// has changed meanwhile, although the pages of the query are not of one moment.
func (s *Subscriptions) describeAll(ctx context.Context, tip string) (*descriptions, error) {
	found, byID := &descriptions{tip: tip}, map[string]subscription.Subscription{}
	err := s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :s)"),
		ExpressionAttributeValues: item{":p": str(string(subscriptionsPK)), ":s": str(subscriptionPrefix)},
	}, func(it item) (bool, error) {
		i, err := decode[subscriptionItem](it)
		described := i.subscription()
		byID[described.ID] = described
		return true, err
	})
	for _, id := range slices.SortedFunc(maps.Keys(byID), func(a, b string) int {
		return cmp.Or(cmp.Compare(text.Fold(byID[a].Name), text.Fold(byID[b].Name)), cmp.Compare(a, b))
	}) {
		found.all = append(found.all, byID[id])
	}
	if err != nil {
		return nil, err
	}
	s.known.Store(found)
	return found, nil
}

// Subscription implements subscription.Store.
func (s *Subscriptions) Subscription(ctx context.Context, id string) (subscription.Holding, error) {
	return s.db.holding(ctx, id)
}

// holding reads a subscription and its seats; errs.NotFound subscription_not_found.
func (db *engine) holding(ctx context.Context, id string) (h subscription.Holding, err error) {
	found := 0
	err = db.getAll(ctx, []item{key(subscriptionKey(id)), key(seatsKey(id))}, "", nil, func(it item) error {
		found++
		if attr(it, "pk") == string(subscriptionsPK) {
			i, err := decode[subscriptionItem](it)
			h.Subscription = i.subscription()
			return err
		}
		i, err := decode[seatsItem](it)
		h.Seats = i.seats()
		return err
	})
	if err != nil {
		return subscription.Holding{}, err
	}
	if found < 2 { // one transaction creates and deletes both
		return subscription.Holding{}, subscriptionNotFound(id)
	}
	return h, nil
}

func subscriptionNotFound(id string) error {
	return errs.New(errs.NotFound, "subscription_not_found", "id", id)
}
