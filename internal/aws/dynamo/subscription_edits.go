package dynamo

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// Create implements subscription.Store.
func (s *Subscriptions) Create(ctx context.Context, h subscription.Holding, c once.Change) (first []byte, err error) {
	return s.db.edit(ctx, c.Event.At, func(e *edit) error {
		e.remember(c.Entry)
		e.add(s.db.put(newSubscriptionItem(h.Subscription), "attribute_not_exists(pk)", nil), nil)
		e.add(s.db.put(newSeatsItem(h.ID, h.Seats), "attribute_not_exists(pk)", nil), nil)
		e.add(s.db.put(newSubscriptionNameItem(h.ID, h.Name), "attribute_not_exists(pk)", nil), subscriptionNameTaken(h.Name))
		e.add(s.counting(1), func(item) error {
			return errs.New(errs.Conflict, "subscription_limit", "max", strconv.Itoa(subscription.SubscriptionsMax))
		})
		e.audit(changed(c.Event, "subscription/"+h.ID, nil, joined(describedSubscription(h.Subscription), describedSeats(h.Seats))))
		return nil
	})
}

// counting returns the action that adds to the number of subscriptions, and tells readers that
// descriptions have changed.
func (s *Subscriptions) counting(n int) *action {
	update := &types.Update{
		TableName: &s.db.table, Key: key(subscriptionsPK, subscriptionCountSK), UpdateExpression: aws.String("SET tip = :tip ADD n :n"),
		ExpressionAttributeValues: item{":n": num(int64(n)), ":tip": str(rand.Text())},
	}
	if n > 0 {
		update.ConditionExpression = aws.String("attribute_not_exists(n) OR n < :max")
		update.ExpressionAttributeValues[":max"] = num(subscription.SubscriptionsMax)
	}
	return &action{Update: update}
}

func subscriptionNameTaken(name string) func(item) error {
	return func(item) error {
		return &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{{Code: "subscription_name_taken", Field: "name", Value: name}}}
	}
}

// staleSubscription returns a function that returns the error for a description that is not as it was
// read.
func staleSubscription(id string) func(item) error {
	return func(met item) error {
		if met == nil {
			return subscriptionNotFound(id)
		}
		return errs.New(errs.Stale, "version_stale")
	}
}

// Describe implements subscription.Store.
func (s *Subscriptions) Describe(ctx context.Context, read, after subscription.Subscription, event audit.Event) (subscription.Subscription, error) {
	after.ID, after.Kind, after.CreatedAt, after.Version = read.ID, read.Kind, read.CreatedAt, read.Version+1
	_, err := s.db.edit(ctx, event.At, func(e *edit) error {
		e.add(s.db.put(newSubscriptionItem(after), "version = :was", item{":was": num(read.Version)}), staleSubscription(read.ID))
		if was, is := text.Fold(read.Name), text.Fold(after.Name); was != is {
			e.add(s.db.put(newSubscriptionNameItem(read.ID, after.Name), "attribute_not_exists(pk)", nil), subscriptionNameTaken(after.Name))
			e.add(s.releasingName(was, read.ID), nil)
		}
		e.add(s.counting(0), nil)
		before, now := differing(describedSubscription(read), describedSubscription(after))
		e.audit(changed(event, "subscription/"+read.ID, before, now))
		return nil
	})
	return after, err
}

func (s *Subscriptions) releasingName(folded, id string) *action {
	p, sort := subscriptionNameKey(folded)
	return s.db.releasing(p, sort, id)
}

// Reseat implements subscription.Store.
func (s *Subscriptions) Reseat(id string, change func(subscription.Holding) (subscription.Seats, error)) once.Edit[subscription.Holding] {
	return once.Edit[subscription.Holding]{
		Preview: func(ctx context.Context) (subscription.Holding, error) {
			h, err := s.Subscription(ctx, id)
			if err == nil {
				h.Seats, err = change(h)
			}
			return h, err
		},
		Apply: func(ctx context.Context, c once.Change) (subscription.Holding, []byte, error) {
			return s.reseat(ctx, id, change, c)
		},
	}
}

// reseat changes the seats on the condition that nothing of them has changed since they were read: what
// change decides may depend on every number. While users are assigned, that is often not so; then the
// next attempt begins with the seats that the failed one met.
func (s *Subscriptions) reseat(ctx context.Context, id string, change func(subscription.Holding) (subscription.Seats, error), c once.Change) (after subscription.Holding, first []byte, err error) {
	var met item
	var before subscription.Holding
	first, err = s.db.edit(ctx, c.Event.At, func(e *edit) (err error) {
		if met == nil {
			before, err = s.Subscription(ctx, id)
		} else {
			var i seatsItem
			i, err = decode[seatsItem](met)
			before.Seats = i.seats()
		}
		if err != nil {
			return err
		}
		after = before
		if after.Seats, err = change(before); err != nil {
			return err
		}
		if err := c.Check(after); err != nil {
			return err
		}
		e.remember(c.Entry)
		was, is := before.Seats, after.Seats
		if is.Version == was.Version {
			return nil
		}
		if is.Assigned != was.Assigned || is.Available != is.Quantity-is.Assigned {
			return fmt.Errorf("dynamo: a change of the seats %+v of subscription %s to %+v", was, id, is)
		}
		e.add(s.db.put(newSeatsItem(id, is), "version = :version AND assigned = :assigned", item{
			":version": num(was.Version), ":assigned": num(int64(was.Assigned)),
		}), func(old item) error {
			if old == nil {
				return subscriptionNotFound(id)
			}
			met = old
			return nil
		})
		said, says := differing(describedSeats(was), describedSeats(is))
		e.audit(changed(c.Event, "subscription/"+id, said, says))
		return nil
	})
	return after, first, err
}

// Delete implements subscription.Store.
func (s *Subscriptions) Delete(ctx context.Context, read subscription.Subscription, event audit.Event) error {
	_, err := s.db.edit(ctx, event.At, func(e *edit) error {
		e.add(&action{Delete: &types.Delete{
			TableName: &s.db.table, Key: key(subscriptionKey(read.ID)), ConditionExpression: aws.String("version = :was"),
			ExpressionAttributeValues: item{":was": num(read.Version)},
		}}, staleSubscription(read.ID))
		e.add(&action{Delete: &types.Delete{
			TableName: &s.db.table, Key: key(seatsKey(read.ID)), ConditionExpression: aws.String("assigned = :none"),
			ExpressionAttributeValues: item{":none": num(0)},
		}}, func(met item) error {
			if met == nil {
				return subscriptionNotFound(read.ID)
			}
			i, err := decode[seatsItem](met)
			if err != nil {
				return err
			}
			return errs.New(errs.Conflict, "subscription_in_use", "count", strconv.Itoa(i.Assigned))
		})
		e.add(&action{ConditionCheck: &types.ConditionCheck{
			TableName: &s.db.table, Key: key(holderKey(read.ID)), ConditionExpression: aws.String("attribute_not_exists(pk)"),
		}}, func(item) error { return errs.New(errs.Conflict, "subscription_in_use") })
		e.add(s.releasingName(text.Fold(read.Name), read.ID), nil)
		e.add(s.counting(-1), nil)
		e.audit(changed(event, "subscription/"+read.ID, describedSubscription(read), nil))
		return nil
	})
	return err
}

// changed returns an event about a change, with what its caller noted in addition.
func changed(event audit.Event, subject string, before, after map[string]string) audit.Event {
	event.Subject, event.Before, event.After = subject, joined(event.Before, before), joined(event.After, after)
	return event
}

// joined returns the entries of two maps; nil if there are none.
func joined(a, b map[string]string) map[string]string {
	if len(a)+len(b) == 0 {
		return nil
	}
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	return all
}

// differing returns the entries of two maps that differ.
func differing(before, after map[string]string) (was, is map[string]string) {
	was, is = maps.Clone(before), maps.Clone(after)
	for field, value := range before {
		if now, has := after[field]; has && now == value {
			delete(was, field)
			delete(is, field)
		}
	}
	return was, is
}

// describedSubscription returns the attributes of a description that an audit event shows.
func describedSubscription(s subscription.Subscription) map[string]string {
	said := map[string]string{"name": s.Name, "kind": string(s.Kind)}
	for field, value := range map[string]string{
		"sku": s.SKU, "partNumber": s.PartNumber, "agreementId": s.AgreementID, "countries": strings.Join(s.Countries, ", "),
	} {
		if value != "" {
			said[field] = value
		}
	}
	if s.Price != (subscription.Price{}) {
		said["price"] = fmt.Sprintf("%d.%02d %s", s.Price.Amount/100, s.Price.Amount%100, s.Price.Currency)
	}
	if s.Unwatched {
		said["watch"] = "false"
	}
	for _, v := range s.Services {
		parts := []string{v.Name}
		for _, list := range []struct {
			what string
			ids  []string
		}{{"requires", v.Requires}, {"excludes", v.Excludes}, {"only in", v.Countries}} {
			if len(list.ids) > 0 {
				parts = append(parts, list.what+" "+strings.Join(list.ids, ", "))
			}
		}
		said["services/"+v.ID] = strings.Join(parts, "; ")
	}
	return said
}

// describedSeats returns the numbers and the term of a subscription that an audit event shows.
func describedSeats(s subscription.Seats) map[string]string {
	said := map[string]string{"quantity": strconv.Itoa(s.Quantity), "autoRenew": strconv.FormatBool(s.AutoRenew)}
	if s.EndsOn != "" {
		said["endsOn"] = string(s.EndsOn)
	}
	if s.Months > 0 {
		said["termMonths"] = strconv.Itoa(s.Months)
	}
	return said
}
