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
	return s.with(ctx, subscription.AllSeats)
}

// Descriptions implements subscription.Store.
func (s *Subscriptions) Descriptions(ctx context.Context) ([]subscription.Subscription, error) {
	known := s.lastDescriptions()
	seats, err := s.seats(ctx, known, subscription.NoSeats)
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

// with returns all subscriptions with the seats that are needed.
func (s *Subscriptions) with(ctx context.Context, need subscription.Need) ([]subscription.Holding, error) {
	known := s.lastDescriptions()
	seats, err := s.seats(ctx, known, need)
	if err != nil {
		return nil, err
	}
	if seats.tip != known.tip {
		if known, err = s.describeAll(ctx, seats.tip); err != nil {
			return nil, err
		}
		if seats, err = s.seats(ctx, known, need); err != nil {
			return nil, err
		}
	}
	return seats.of(known), nil
}

// seats reads the seats that are needed, and the tip of all descriptions.
func (s *Subscriptions) seats(ctx context.Context, known *descriptions, need subscription.Need) (seatsRead, error) {
	r := newSeatsRead(need)
	err := s.db.getAll(ctx, r.keys(known), "", nil, r.add)
	return r, err
}

// seatsRead is the seats that are needed, of subscriptions that exist, and the tip of all descriptions; empty if there was
// never a subscription.
type seatsRead struct {
	need  subscription.Need
	found map[string]subscription.Seats
	tip   string
}

func newSeatsRead(need subscription.Need) seatsRead {
	return seatsRead{need: need, found: map[string]subscription.Seats{}}
}

// keys returns the keys of the items that add takes.
func (r *seatsRead) keys(known *descriptions) []item {
	keys := []item{key(subscriptionsPK, subscriptionCountSK)}
	for _, one := range known.all {
		if r.need(one.ID) {
			keys = append(keys, key(seatsKey(one.ID)))
		}
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
func (r *seatsRead) of(known *descriptions) []subscription.Holding {
	all := make([]subscription.Holding, 0, len(known.all))
	for _, one := range known.all {
		if seats, exists := r.found[one.ID]; exists || !r.need(one.ID) {
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
