package dynamo

import (
	"cmp"
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

// The limits of a transaction that deletes devices. A transaction has 100 actions and 4 MB. A device takes five actions:
// itself, its name, two ids and an event. A group that it leaves takes four: its head, the lists of members
// and of pending members, and an event. The lists take 35 bytes for each member. DynamoDB Local does not count the size of
// items that are updated, so no test would fail there.
const (
	deletionsAtOnce = 19
	deletionActions = maxTransaction - 1 // one is for the tip
	deviceActions   = 5
	leavingActions  = 4
	deviceGroupsMax = 20      // groups that a device can leave
	leavingMembers  = 100_000 // members of all groups that devices leave: 3.5 MB
)

// DeleteDevice implements device.Store.
func (s *Devices) DeleteDevice(ctx context.Context, read device.Device, confirmed bool, event audit.Event) error {
	refused, err := s.DeleteDevices(ctx, []device.Deletion{{Device: read, Event: event}}, confirmed)
	return cmp.Or(err, refused[0])
}

// DeleteDevices implements device.Store.
func (s *Devices) DeleteDevices(ctx context.Context, deletions []device.Deletion, confirmed bool) (refused []error, err error) {
	refused = make([]error, len(deletions))
	for from := 0; from < len(deletions); {
		to := min(from+deletionsAtOnce, len(deletions))
		done, err := s.deleteSome(ctx, deletions[from:to], refused[from:to], confirmed)
		if err != nil {
			return refused, err
		}
		from += done
	}
	return refused, nil
}

// deleteSome deletes as many of some devices as fit one transaction, in their order, and returns how many were
// deleted or refused.
func (s *Devices) deleteSome(ctx context.Context, deletions []device.Deletion, refused []error, confirmed bool) (done int, err error) {
	_, err = s.db.edit(ctx, deletions[0].Event.At, func(e *edit) error {
		all, err := s.groups(ctx)
		if err != nil {
			return err
		}
		ids := make([]string, len(deletions))
		for i, d := range deletions {
			ids[i] = d.Device.ID
		}
		within, err := s.containing(ctx, all, ids...)
		if err != nil {
			return err
		}
		b := deletionBatch{s: s, e: e, all: all, leaving: map[string]*leaving{}}
		for i, d := range deletions {
			if done = i; refused[i] == nil {
				fits, err := b.add(ctx, d, within[d.Device.ID], confirmed, &refused[i])
				if err != nil {
					return err
				}
				if !fits {
					break
				}
			}
			done = i + 1
		}
		if len(e.actions) == 0 {
			return nil
		}
		for _, id := range slices.Sorted(maps.Keys(b.leaving)) {
			s.leave(e, *b.leaving[id])
		}
		s.move(e, all, 0)
		return nil
	})
	return done, err
}

// deletionBatch is the devices that one transaction deletes.
type deletionBatch struct {
	s        *Devices
	e        *edit
	all      groupsOfDevices
	proposed bool                // whether all has the changes that wait
	leaving  map[string]*leaving // by the id of the group
	devices  int
	members  int // of the groups, also of pending changes
}

// leaving is a group that deleted devices leave.
type leaving struct {
	group device.Group
	in    map[sk][]string // the ids of the devices that its lists name
	event audit.Event     // of the first device
}

// add adds the deletion of a device to the transaction, and returns whether it fits. It sets refused if the
// device cannot be deleted, also when the transaction finds out. in is the groups that have the device.
func (b *deletionBatch) add(ctx context.Context, d device.Deletion, in map[string][]sk, confirmed bool, refused *error) (fits bool, err error) {
	if len(in) > deviceGroupsMax {
		*refused = errs.New(errs.Conflict, "device_in_groups", "count", strconv.Itoa(len(in)), "max", strconv.Itoa(deviceGroupsMax))
		return true, nil
	}
	groups := slices.Sorted(maps.Keys(in))
	from := slices.DeleteFunc(slices.Clone(groups), func(id string) bool { return !slices.Contains(in[id], membersSK) })
	if !confirmed && len(from) > 0 {
		if !b.proposed {
			if err := b.s.proposals(ctx, b.all); err != nil {
				return false, err
			}
			b.proposed = true
		}
		if holder := holder(b.all, from); holder != "" {
			*refused = errs.New(errs.Conflict, "device_licensed", "group", holder)
			return true, nil
		}
	}
	further, own := map[string]*leaving{}, 0
	more := 0
	for _, id := range groups {
		l := b.leaving[id]
		if l == nil {
			g, err := b.s.Group(ctx, id)
			if err != nil {
				return false, err
			}
			l = &leaving{group: g, in: map[sk][]string{}, event: d.Event}
			further[id] = l
			more += l.members()
		}
		own += l.members()
	}
	if own > leavingMembers {
		*refused = errs.New(errs.Conflict, "device_in_large_groups", "count", strconv.Itoa(len(in)), "devices", strconv.Itoa(own), "max", strconv.Itoa(leavingMembers))
		return true, nil
	}
	if (b.devices+1)*deviceActions+(len(b.leaving)+len(further))*leavingActions > deletionActions || b.members+more > leavingMembers {
		return false, nil
	}
	maps.Copy(b.leaving, further)
	b.devices, b.members = b.devices+1, b.members+more
	for id, lists := range in {
		for _, list := range lists {
			b.leaving[id].in[list] = append(b.leaving[id].in[list], d.Device.ID)
		}
	}
	b.s.delete(b.e, d, from, refused)
	return true, nil
}

// members returns how many members the lists of the group have.
func (l *leaving) members() int {
	if l.group.Pending == nil {
		return len(l.group.Devices)
	}
	return len(l.group.Devices) + len(l.group.Pending.Devices)
}

// delete adds the actions that delete a device which groups have as a member. refused is set, and the
// transaction built again, if the device is not as it was read.
func (s *Devices) delete(e *edit, d device.Deletion, groups []string, refused *error) {
	read := d.Device
	e.add(&action{Delete: &types.Delete{
		TableName: &s.db.table, Key: key(deviceKey(read.ID)), ConditionExpression: aws.String("version = :was"),
		ExpressionAttributeValues: item{":was": num(read.Version)},
	}}, func(met item) error {
		*refused = staleDevice(read.ID)(met)
		return nil
	})
	name := newDeviceNameItem(read)
	e.add(s.db.releasing(pk(name.PK), sk(name.SK), read.ID), nil)
	s.claim(e, read.ID, directoryIDs(read.ObjectID, read.DeviceID), nil)
	said := describedDevice(read)
	if len(groups) > 0 {
		said["groups"] = strings.Join(groups, ", ")
	}
	e.audit(changed(d.Event, "device/"+read.ID, said, nil))
}

// holder returns the name of a group that holds a subscription and contains one of the given groups; empty
// for none. all has the changes that wait, see proposals.
func holder(all groupsOfDevices, ids []string) string {
	for _, id := range ids {
		if holders := device.Holders(id, all.groups); len(holders) > 0 {
			return all.groups[holders[0]].Name
		}
	}
	return ""
}

// leave takes deleted devices out of a group. A pending change ends if nothing is left of it.
func (s *Devices) leave(e *edit, l leaving) {
	g := l.group
	was := g.Version
	before, gone := g.Members(), slices.Concat(l.in[membersSK], l.in[pendingSK])
	after := before.Without(gone, nil)
	ends := g.Pending != nil && g.Proposed().Without(gone, nil).Same(after)
	for _, list := range []sk{membersSK, pendingSK} {
		if len(l.in[list]) > 0 && (list == membersSK || !ends) {
			e.add(s.removing(g.ID, list, l.in[list]), nil)
		}
	}
	if ends {
		s.settle(e, &g)
	}
	g.Count = len(after.Devices)
	g.Version++
	e.add(s.db.put(newDeviceGroupItem(g), "version = :was", item{":was": num(was)}), nil)
	if len(l.in[membersSK]) == 0 {
		return
	}
	event := l.event
	event.ID, event.Action = id.Of(event.At, event.ID, g.ID), device.ActionMembersChanged
	said, says := describedMembers(before, after)
	e.audit(changed(event, "device-group/"+g.ID, said, says))
}

// containing returns the groups that have some devices, or that would have them after a pending change: by the id of the
// device and of the group, the sort keys of the lists that name it. It reads the lists of all groups, whatever the
// number of devices: an item for each member would need thousands of writes for a change of a group.
func (s *Devices) containing(ctx context.Context, all groupsOfDevices, ids ...string) (map[string]map[string][]sk, error) {
	var keys []item
	for groupID, g := range all.groups {
		if g.Count > 0 {
			keys = append(keys, key(membersKey(groupID)))
		}
		if g.Waiting {
			keys = append(keys, key(pendingKey(groupID)))
		}
	}
	places, names := devicePlaces(ids)
	within := map[string]map[string][]sk{}
	err := s.db.getAll(ctx, keys, "pk, sk, "+strings.Join(places, ", "), names, func(it item) error {
		found, err := decode[membersItem](it)
		group := cutPrefix(it, "pk", deviceGroupPrefix)
		for id := range found.Devices {
			if within[id] == nil {
				within[id] = map[string][]sk{}
			}
			within[id][group] = append(within[id][group], sk(attr(it, "sk")))
		}
		return err
	})
	return within, err
}

// devicePlaces returns the places of devices in a list of members, and the names for their placeholders.
func devicePlaces(ids []string) (places []string, names map[string]string) {
	names = map[string]string{}
	for i, id := range ids {
		names["#"+strconv.Itoa(i)] = id
		places = append(places, "devices.#"+strconv.Itoa(i))
	}
	return places, names
}

// removing returns the action that removes devices from the members, or the pending members, of a group.
func (s *Devices) removing(groupID string, sort sk, ids []string) *action {
	places, names := devicePlaces(ids)
	exist := make([]string, len(places))
	for i, place := range places {
		exist[i] = "attribute_exists(" + place + ")"
	}
	return &action{Update: &types.Update{
		TableName: &s.db.table, Key: key(pk(deviceGroupPrefix+groupID), sort), UpdateExpression: aws.String("REMOVE " + strings.Join(places, ", ")),
		ConditionExpression: aws.String(strings.Join(exist, " AND ")), ExpressionAttributeNames: names,
	}}
}
