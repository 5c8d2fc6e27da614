package dynamo

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/id"
)

// deviceGroupsMax is the maximum number of groups that a deletion takes a device out of. Each takes four
// actions of the transaction.
const deviceGroupsMax = 20

// DeleteDevice implements device.Store.
func (s *Devices) DeleteDevice(ctx context.Context, read device.Device, confirmed bool, event audit.Event) error {
	_, err := s.db.edit(ctx, event.At, func(e *edit) error {
		all, err := s.groups(ctx)
		if err != nil {
			return err
		}
		within, err := s.containing(ctx, all, read.ID)
		if err != nil {
			return err
		}
		e.add(&action{Delete: &types.Delete{
			TableName: &s.db.table, Key: key(deviceKey(read.ID)), ConditionExpression: aws.String("version = :was"),
			ExpressionAttributeValues: item{":was": num(read.Version)},
		}}, staleDevice(read.ID))
		name := newDeviceNameItem(read)
		e.add(s.db.releasing(pk(name.PK), sk(name.SK), read.ID), nil)
		s.claim(e, read.ID, directoryIDs(read.ObjectID, read.DeviceID), nil)
		if len(within) > deviceGroupsMax {
			return errs.New(errs.Conflict, "device_in_groups", "count", strconv.Itoa(len(within)), "max", strconv.Itoa(deviceGroupsMax))
		}
		from := slices.DeleteFunc(slices.Sorted(maps.Keys(within)), func(id string) bool { return !slices.Contains(within[id], membersSK) })
		if holder, err := s.holder(ctx, all, from); err != nil {
			return err
		} else if holder != "" && !confirmed {
			return errs.New(errs.Conflict, "device_licensed", "group", holder)
		}
		for _, id := range slices.Sorted(maps.Keys(within)) {
			if err := s.leave(ctx, e, id, within[id], read.ID, event); err != nil {
				return err
			}
		}
		s.move(e, all, 0)
		said := describedDevice(read)
		if len(from) > 0 {
			said["groups"] = strings.Join(from, ", ")
		}
		e.audit(changed(event, "device/"+read.ID, said, nil))
		return nil
	})
	return err
}

// holder returns the name of a group that holds a subscription and contains one of the given groups; empty
// for none.
func (s *Devices) holder(ctx context.Context, all groupsOfDevices, ids []string) (name string, err error) {
	if len(ids) == 0 {
		return "", nil
	}
	if err := s.proposals(ctx, all); err != nil {
		return "", err
	}
	for _, id := range ids {
		if holders := device.Holders(id, all.groups); len(holders) > 0 {
			return all.groups[holders[0]].Name, nil
		}
	}
	return "", nil
}

// leave takes a deleted device out of a group, whose given items name it. A pending change ends if nothing
// is left of it.
func (s *Devices) leave(ctx context.Context, e *edit, groupID string, in []sk, deviceID string, event audit.Event) error {
	g, err := s.Group(ctx, groupID)
	if err != nil {
		return err
	}
	was := g.Version
	before := g.Members()
	after, gone := before.Without([]string{deviceID}, nil), []string{deviceID}
	ends := g.Pending != nil && g.Proposed().Without(gone, nil).Same(after)
	for _, sort := range in {
		if sort == membersSK || !ends {
			e.add(s.removing(groupID, sort, deviceID), nil)
		}
	}
	if ends {
		s.settle(e, &g)
	}
	g.Count = len(after.Devices)
	g.Version++
	e.add(s.db.put(newDeviceGroupItem(g), "version = :was", item{":was": num(was)}), nil)
	if !slices.Contains(in, membersSK) {
		return nil
	}
	event.ID, event.Action = id.Of(event.At, event.ID, groupID), device.ActionMembersChanged
	said, says := describedMembers(before, after)
	e.audit(changed(event, "device-group/"+groupID, said, says))
	return nil
}

// containing returns the groups that have a device, or that would have it after a pending change, with the
// sort keys of the items that name it.
func (s *Devices) containing(ctx context.Context, all groupsOfDevices, deviceID string) (map[string][]sk, error) {
	var keys []item
	for groupID, g := range all.groups {
		if g.Count > 0 {
			keys = append(keys, key(membersKey(groupID)))
		}
		if g.Waiting {
			keys = append(keys, key(pendingKey(groupID)))
		}
	}
	within := map[string][]sk{}
	err := s.db.getAll(ctx, keys, "pk, sk, devices.#id", map[string]string{"#id": deviceID}, func(it item) error {
		if it["devices"] != nil {
			id := cutPrefix(it, "pk", deviceGroupPrefix)
			within[id] = append(within[id], sk(attr(it, "sk")))
		}
		return nil
	})
	return within, err
}

// removing returns the action that removes a device from the members, or the pending members, of a group.
func (s *Devices) removing(groupID string, sort sk, deviceID string) *action {
	return &action{Update: &types.Update{
		TableName: &s.db.table, Key: key(pk(deviceGroupPrefix+groupID), sort), UpdateExpression: aws.String("REMOVE devices.#id"),
		ConditionExpression: aws.String("attribute_exists(devices.#id)"), ExpressionAttributeNames: map[string]string{"#id": deviceID},
	}}
}
