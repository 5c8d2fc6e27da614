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
)

// deviceGroupsMax is the maximum number of groups that a deletion takes a device out of. Each takes three
// actions of the transaction.
const deviceGroupsMax = 30

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
		var from []string
		for _, id := range slices.Sorted(maps.Keys(within)) {
			g := all.groups[id]
			for _, sort := range within[id] {
				if sort == membersSK {
					if holders := device.Holders(id, all.groups); !confirmed && len(holders) > 0 {
						return errs.New(errs.Conflict, "device_licensed", "group", all.groups[holders[0]].Name)
					}
					g.Count--
					from = append(from, id)
				}
				e.add(s.removing(id, sort, read.ID), nil)
			}
			was := g.Version
			g.Version++
			e.add(s.db.put(newDeviceGroupItem(g), "version = :was", item{":was": num(was)}), nil)
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

// containing returns the groups that have a device, or that would have it after a pending change, with the
// sort keys of the items that name it.
func (s *Devices) containing(ctx context.Context, all groupsOfDevices, deviceID string) (map[string][]sk, error) {
	var keys []item
	for id, g := range all.groups {
		if g.Count > 0 {
			keys = append(keys, key(membersKey(id)))
		}
		if g.Waiting {
			keys = append(keys, key(pendingKey(id)))
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
