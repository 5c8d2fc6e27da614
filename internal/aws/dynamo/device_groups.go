package dynamo

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/text"
)

// groupsOfDevices is all groups of devices, without their devices, and the tip of the moment before they
// were read.
//
// Whether a change is allowed depends on other groups: no group may contain itself, a change waits if a
// group above holds a subscription, and the devices of nested groups use licences. So every change of a
// group, of its members or of the subscription that it holds is written on the condition that the tip is
// still the one read first, and writes another one. Changes of groups are few, and are made one after
// another. What was read between the tip and the write is of one moment then.
type groupsOfDevices struct {
	tip    string // empty if there was never a group
	groups map[string]device.Group
}

func (s *Devices) groups(ctx context.Context) (all groupsOfDevices, err error) {
	count, err := s.db.get(ctx, deviceGroupsPK, deviceGroupCountSK)
	if err != nil {
		return all, err
	}
	all = groupsOfDevices{attr(count, "tip"), map[string]device.Group{}}
	err = s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :s)"),
		ExpressionAttributeValues: item{":p": str(string(deviceGroupsPK)), ":s": str(groupPrefix)},
	}, func(it item) (bool, error) {
		i, err := decode[deviceGroupItem](it)
		all.groups[i.ID] = i.group()
		return true, err
	})
	return all, err
}

// move adds the action that writes another tip, and adds n to the number of groups.
func (s *Devices) move(e *edit, all groupsOfDevices, n int) {
	condition, values := "tip = :was", item{":n": num(int64(n)), ":tip": str(rand.Text()), ":was": str(all.tip)}
	if all.tip == "" {
		condition = "attribute_not_exists(pk)"
		delete(values, ":was")
	} else if n > 0 {
		condition += " AND n < :max"
		values[":max"] = num(device.GroupsMax)
	}
	e.add(&action{Update: &types.Update{
		TableName: &s.db.table, Key: key(deviceGroupsPK, deviceGroupCountSK), UpdateExpression: aws.String("SET tip = :tip ADD n :n"),
		ConditionExpression: &condition, ExpressionAttributeValues: values,
	}}, func(met item) error {
		i, err := decode[deviceGroupCountItem](met)
		if err == nil && n > 0 && i.N >= device.GroupsMax {
			err = errs.New(errs.Conflict, "device_group_limit", "max", strconv.Itoa(device.GroupsMax))
		}
		return err
	})
}

// Groups implements device.Store.
func (s *Devices) Groups(ctx context.Context) (map[string]device.Group, error) {
	all, err := s.groups(ctx)
	return all.groups, err
}

// Group implements device.Store.
func (s *Devices) Group(ctx context.Context, id string) (g device.Group, err error) {
	found := false
	err = s.db.together(ctx, []item{key(deviceGroupKey(id)), key(membersKey(id)), key(pendingKey(id))}, func(it item) error {
		var err error
		switch sk(attr(it, "sk")) {
		case membersSK:
			var i membersItem
			i, err = decode[membersItem](it)
			g.Devices = joinedTimes(i.Devices)
		case pendingSK:
			var i pendingItem
			i, err = decode[pendingItem](it)
			g.Pending = &device.Members{Devices: joinedTimes(i.Devices), Groups: i.Groups, By: i.By, At: fromMillis(i.At)}
		default:
			var i deviceGroupItem
			i, err = decode[deviceGroupItem](it)
			found = true
			head := i.group()
			head.Devices, head.Pending = g.Devices, g.Pending
			g = head
		}
		return err
	})
	if err == nil && !found {
		return device.Group{}, deviceGroupNotFound(id)
	}
	return g, err
}

func deviceGroupNotFound(id string) error {
	return errs.New(errs.NotFound, "device_group_not_found", "id", id)
}

// Members implements device.Store.
func (s *Devices) Members(ctx context.Context, id string) ([]device.Member, error) {
	all, err := s.groups(ctx)
	if err != nil {
		return nil, err
	}
	if _, exists := all.groups[id]; !exists {
		return nil, deviceGroupNotFound(id)
	}
	members, err := s.members(ctx, all, id)
	return members[id], err
}

// members returns the devices of some groups and of the groups within them, by the ids of the former.
func (s *Devices) members(ctx context.Context, all groupsOfDevices, ids ...string) (map[string][]device.Member, error) {
	within := map[string]bool{}
	var keys []item
	for _, id := range ids {
		for _, other := range device.Within(id, all.groups) {
			if !within[other] { // DynamoDB rejects a key that is given twice
				within[other] = true
				keys = append(keys, key(membersKey(other)))
			}
		}
	}
	groups := maps.Clone(all.groups)
	err := s.db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[membersItem](it)
		id := cutPrefix(it, "pk", deviceGroupPrefix)
		g := groups[id]
		g.Devices = joinedTimes(i.Devices)
		groups[id] = g
		return err
	})
	members := map[string][]device.Member{}
	for _, id := range ids {
		members[id] = device.All(id, groups)
	}
	return members, err
}

// DevicesOf implements device.Store.
func (s *Devices) DevicesOf(ctx context.Context, groups []string) (devices []device.Device, unknown []string, err error) {
	all, err := s.groups(ctx)
	if err != nil {
		return nil, nil, err
	}
	within := map[string]bool{}
	for _, id := range groups {
		if _, exists := all.groups[id]; !exists {
			unknown = append(unknown, id)
			continue
		}
		for _, other := range device.Within(id, all.groups) {
			within[other] = true
		}
	}
	if unknown != nil {
		return nil, unknown, nil
	}
	var keys []item
	for id := range within {
		keys = append(keys, key(membersKey(id)))
	}
	ids := map[string]bool{}
	err = s.db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[membersItem](it)
		for id := range i.Devices {
			ids[id] = true
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	devices, err = s.DevicesByID(ctx, slices.Collect(maps.Keys(ids)))
	devices = slices.DeleteFunc(devices, func(d device.Device) bool { return d.Version == 0 }) // deleted meanwhile
	slices.SortFunc(devices, func(a, b device.Device) int {
		return cmp.Or(strings.Compare(text.Fold(a.Name), text.Fold(b.Name)), strings.Compare(a.ID, b.ID))
	})
	return devices, nil, err
}

// CreateGroup implements device.Store.
func (s *Devices) CreateGroup(ctx context.Context, g device.Group, c once.Change) (first []byte, err error) {
	return s.db.edit(ctx, c.Event.At, func(e *edit) error {
		all, err := s.groups(ctx)
		if err != nil {
			return err
		}
		e.remember(c.Entry)
		e.add(s.db.put(newDeviceGroupItem(g), "attribute_not_exists(pk)", nil), nil)
		e.add(s.db.put(newDeviceGroupNameItem(g.ID, g.Name), "attribute_not_exists(pk)", nil), deviceGroupNameTaken(g.Name))
		s.claim(e, g.ID, nil, directoryIDs(g.ObjectID, ""))
		s.move(e, all, 1)
		e.audit(changed(c.Event, "device-group/"+g.ID, nil, describedDeviceGroup(g)))
		return nil
	})
}

func deviceGroupNameTaken(name string) func(item) error {
	return func(item) error {
		return &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{{Code: "device_group_name_taken", Field: "name", Value: name}}}
	}
}

// groupChange changes a group. It gets the stored group with its members, and all groups. It adds its
// actions, may change the event, and returns what the event says before and after, nil and nil if nothing
// changes.
type groupChange func(ctx context.Context, e *edit, event *audit.Event, g *device.Group, all groupsOfDevices) (was, is map[string]string, err error)

// editingGroup returns the edit that makes a change of a group. read has version 0 if the caller did not
// read the group.
func (s *Devices) editingGroup(read device.Group, change groupChange) once.Edit[device.Group] {
	return once.Edit[device.Group]{
		Preview: func(ctx context.Context) (device.Group, error) {
			return s.build(ctx, newEdit(s.db, time.Time{}), read, audit.Event{}, change)
		},
		Apply: func(ctx context.Context, c once.Change) (after device.Group, first []byte, err error) {
			first, err = s.db.edit(ctx, c.Event.At, func(e *edit) (err error) {
				if after, err = s.build(ctx, e, read, c.Event, change); err != nil {
					return err
				}
				e.remember(c.Entry)
				return c.Check(after)
			})
			if err != nil {
				return device.Group{}, nil, err
			}
			return after, first, nil
		},
	}
}

// editGroup makes a change of a group whose caller has no Idempotency-Key.
func (s *Devices) editGroup(ctx context.Context, read device.Group, event audit.Event, change groupChange) (device.Group, error) {
	after, _, err := s.editingGroup(read, change).Apply(ctx, once.Change{Event: event})
	return after, err
}

// build adds the actions of a change of a group to an edit, and returns the group as they store it.
func (s *Devices) build(ctx context.Context, e *edit, read device.Group, event audit.Event, change groupChange) (after device.Group, err error) {
	all, err := s.groups(ctx)
	if err != nil {
		return after, err
	}
	g, err := s.Group(ctx, read.ID)
	switch {
	case err != nil:
		return after, err
	case read.Version != 0 && g.Version != read.Version:
		return after, errs.New(errs.Stale, "version_stale")
	}
	after = g
	was, is, err := change(ctx, e, &event, &after, all)
	if err != nil || was == nil && is == nil {
		after.Version = g.Version
		return after, err
	}
	after.Version = g.Version + 1
	e.add(s.db.put(newDeviceGroupItem(after), "version = :was", item{":was": num(g.Version)}), nil)
	s.move(e, all, 0)
	e.audit(changed(event, "device-group/"+g.ID, was, is))
	return after, nil
}

// DescribeGroup implements device.Store.
func (s *Devices) DescribeGroup(ctx context.Context, read, after device.Group, event audit.Event) (device.Group, error) {
	return s.editGroup(ctx, read, event, func(_ context.Context, e *edit, _ *audit.Event, g *device.Group, all groupsOfDevices) (was, is map[string]string, err error) {
		if err := g.Become(after.Type, all.groups); err != nil {
			return nil, nil, err
		}
		before := *g
		g.Name, g.Type, g.ObjectID = after.Name, after.Type, after.ObjectID
		if folded := text.Fold(before.Name); folded != text.Fold(g.Name) {
			e.add(s.db.put(newDeviceGroupNameItem(g.ID, g.Name), "attribute_not_exists(pk)", nil), deviceGroupNameTaken(g.Name))
			p, sort := deviceGroupNameKey(folded)
			e.add(s.db.releasing(p, sort, g.ID), nil)
		}
		s.claim(e, g.ID, directoryIDs(before.ObjectID, ""), directoryIDs(g.ObjectID, ""))
		if was, is = differing(describedDeviceGroup(before), describedDeviceGroup(*g)); len(was)+len(is) == 0 {
			return nil, nil, nil
		}
		return was, is, nil
	})
}

// DeleteGroup implements device.Store.
func (s *Devices) DeleteGroup(ctx context.Context, read device.Group, event audit.Event) error {
	_, err := s.db.edit(ctx, event.At, func(e *edit) error {
		all, err := s.groups(ctx)
		if err != nil {
			return err
		}
		g, exists := all.groups[read.ID]
		switch {
		case !exists:
			return deviceGroupNotFound(read.ID)
		case g.Version != read.Version:
			return errs.New(errs.Stale, "version_stale")
		case g.Subscription != "":
			return errs.New(errs.Conflict, "device_group_in_use")
		}
		for _, id := range slices.Sorted(maps.Keys(all.groups)) {
			if slices.Contains(all.groups[id].Groups, g.ID) {
				return errs.New(errs.Conflict, "device_group_nested", "group", all.groups[id].Name)
			}
		}
		p, sort := deviceGroupKey(g.ID)
		e.add(s.db.releasing(p, sort, g.ID), nil)
		p, sort = deviceGroupNameKey(text.Fold(g.Name))
		e.add(s.db.releasing(p, sort, g.ID), nil)
		s.claim(e, g.ID, directoryIDs(g.ObjectID, ""), nil)
		e.add(s.deleting(membersKey(g.ID)), nil)
		e.add(s.deleting(pendingKey(g.ID)), nil)
		s.move(e, all, -1)
		said := describedDeviceGroup(g)
		said["devices"] = strconv.Itoa(g.Count)
		e.audit(changed(event, "device-group/"+g.ID, said, nil))
		return nil
	})
	return err
}

// deleting returns the action that deletes an item, if there is one.
func (s *Devices) deleting(p pk, sort sk) *action {
	return &action{Delete: &types.Delete{TableName: &s.db.table, Key: key(p, sort)}}
}

// describedDeviceGroup returns the attributes of a group that an audit event shows, without members.
func describedDeviceGroup(g device.Group) map[string]string {
	said := map[string]string{"name": g.Name, "type": string(g.Type)}
	if g.ObjectID != "" {
		said["objectId"] = g.ObjectID
	}
	return said
}
