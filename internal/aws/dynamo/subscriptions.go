package dynamo

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/errs"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// Subscriptions stores subscriptions and their seats. It is safe for concurrent use.
type Subscriptions struct{ db *engine }

var _ subscription.Store = (*Subscriptions)(nil)

// Subscriptions implements subscription.Store.
func (s *Subscriptions) Subscriptions(ctx context.Context) ([]subscription.Holding, error) {
	var described []subscription.Subscription
	var keys []item
	err := s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :s)"),
		ExpressionAttributeValues: item{":p": str(string(subscriptionsPK)), ":s": str(subscriptionPrefix)},
	}, func(it item) (bool, error) {
		i, err := decode[subscriptionItem](it)
		described = append(described, i.subscription())
		keys = append(keys, key(seatsKey(i.ID)))
		return true, err
	})
	if err != nil {
		return nil, err
	}
	seats := make(map[string]subscription.Seats, len(keys))
	err = s.db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[seatsItem](it)
		seats[cutPrefix(it, "pk", seatsPrefix)] = i.seats()
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]subscription.Holding, 0, len(described))
	for _, one := range described {
		if found, exists := seats[one.ID]; exists { // or deleted since the query
			all = append(all, subscription.Holding{Subscription: one, Seats: found})
		}
	}
	slices.SortFunc(all, func(a, b subscription.Holding) int {
		return cmp.Or(cmp.Compare(text.Fold(a.Name), text.Fold(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// Subscription implements subscription.Store.
func (s *Subscriptions) Subscription(ctx context.Context, id string) (h subscription.Holding, err error) {
	found := 0
	err = s.db.getAll(ctx, []item{key(subscriptionKey(id)), key(seatsKey(id))}, "", nil, func(it item) error {
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
