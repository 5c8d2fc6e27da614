package dynamo

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/device"
	"trueup/internal/subscription"
)

// Use implements device.Store.
func (s *Devices) Use(ctx context.Context, subscriptions []*subscription.Holding) error {
	if !slices.ContainsFunc(subscriptions, func(h *subscription.Holding) bool { return h.Kind == subscription.ForDevices }) {
		return nil
	}
	all, err := s.groups(ctx)
	if err != nil {
		return err
	}
	groups := holders(all)
	var held []string
	for _, h := range subscriptions {
		if h.Kind == subscription.ForDevices {
			h.Group, h.Joined = groups[h.ID], nil
			g := all.groups[h.Group]
			if g.Count > h.Seats.Quantity || len(g.Groups) > 0 { // a device can be in several of the groups
				held = append(held, h.Group)
			} else if g.Count > 0 {
				h.Joined = make([]time.Time, g.Count)
			}
		}
	}
	members, err := s.members(ctx, all, held...)
	for _, h := range subscriptions {
		if used, read := members[h.Group]; read && h.Kind == subscription.ForDevices {
			h.Joined = device.Joined(used)
		}
	}
	return err
}

// holders returns the ids of the groups that hold a subscription, by the id of the latter.
func holders(all groupsOfDevices) map[string]string {
	groups := map[string]string{}
	for id, g := range all.groups {
		if g.Subscription != "" {
			groups[g.Subscription] = id
		}
	}
	return groups
}

// Assign implements device.Store. The group and the subscription belong to each other in both directions:
// the group names the subscription, and the holder's item the group. One transaction writes both, on
// the condition that the subscription has no holder, and that its licences are as they were read.
func (s *Devices) Assign(ctx context.Context, read device.Group, a device.Assignment, event audit.Event) (device.Group, error) {
	return s.editGroup(ctx, read, event, func(ctx context.Context, e *edit, _ *audit.Event, g *device.Group, all groupsOfDevices) (was, is map[string]string, err error) {
		h, err := s.db.holding(ctx, a.Subscription)
		if err != nil {
			return nil, nil, err
		}
		h.Group = holders(all)[h.ID]
		members, err := s.members(ctx, all, g.ID)
		if err != nil {
			return nil, nil, err
		}
		devices := members[g.ID]
		if err := device.Assign(*g, h, devices, a); err != nil || g.Subscription == h.ID {
			return nil, nil, err
		}
		g.Subscription = h.ID
		// Another version makes a change of the quantity at the same moment decide again, with these devices.
		e.add(&action{Update: &types.Update{
			TableName: &s.db.table, Key: key(seatsKey(h.ID)), ConditionExpression: aws.String("version = :v"), UpdateExpression: aws.String("SET version = :next"),
			ExpressionAttributeValues: item{":v": num(h.Seats.Version), ":next": num(h.Seats.Version + 1)},
		}}, nil)
		e.add(s.db.put(holderItem{keyed(holderKey(h.ID)), g.ID}, "attribute_not_exists(pk)", nil), nil)
		return map[string]string{}, map[string]string{
			"subscription": h.ID, "subscriptionName": h.Name, "devices": strconv.Itoa(len(devices)), "quantity": strconv.Itoa(h.Seats.Quantity),
		}, nil
	})
}

// Unassign implements device.Store.
func (s *Devices) Unassign(ctx context.Context, read device.Group, event audit.Event) (device.Group, error) {
	return s.editGroup(ctx, read, event, func(_ context.Context, e *edit, _ *audit.Event, g *device.Group, _ groupsOfDevices) (was, is map[string]string, err error) {
		if err := device.Unassign(*g); err != nil {
			return nil, nil, err
		}
		was = map[string]string{"subscription": g.Subscription}
		e.add(&action{Delete: &types.Delete{
			TableName: &s.db.table, Key: key(holderKey(g.Subscription)), ConditionExpression: aws.String("#g = :id"),
			ExpressionAttributeNames: map[string]string{"#g": "group"}, ExpressionAttributeValues: item{":id": str(g.ID)},
		}}, nil)
		g.Subscription = ""
		return was, nil, nil
	})
}
