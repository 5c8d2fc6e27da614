package dynamo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"trueup/internal/audit"
	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/once"
)

// ChangeMembers implements device.Store.
func (s *Devices) ChangeMembers(read device.Group, c device.Change) once.Edit[device.Group] {
	id := read.ID
	return s.editingGroup(read, func(ctx context.Context, e *edit, event *audit.Event, g *device.Group, all groupsOfDevices) (was, is map[string]string, err error) {
		if err := s.proposals(ctx, all); err != nil {
			return nil, nil, err
		}
		has, from := g.Members(), g.Proposed()
		if g.Pending != nil {
			from = from.Existing(all.groups)
		}
		to, err := c.To(from)
		if err != nil {
			return nil, nil, err
		}
		waits := !c.Confirmed && len(device.Holders(id, all.groups)) > 0
		switch {
		case g.Pending != nil && to.Same(has):
			event.Action = device.ActionChangeWithdrawn
			s.settle(e, g)
		case g.Pending != nil && !waits:
			return nil, nil, errs.New(errs.Conflict, "device_group_pending")
		case to.Same(from):
			return nil, nil, nil
		default:
			if err := s.check(ctx, has, to, id, all); err != nil {
				return nil, nil, err
			}
			event.Action = device.ActionMembersChanged
			if waits {
				event.Action = device.ActionChangeProposed
				s.propose(e, g, to, c)
			} else {
				s.become(e, g, to)
			}
		}
		was, is = describedMembers(from, to)
		return joined(map[string]string{}, was), joined(map[string]string{}, is), nil
	})
}

// proposals reads which groups are to be within others after changes that are pending.
func (s *Devices) proposals(ctx context.Context, all groupsOfDevices) error {
	var keys []item
	for id, g := range all.groups {
		if g.Waiting {
			keys = append(keys, key(pendingKey(id)))
		}
	}
	return s.db.getAll(ctx, keys, "pk, #g", map[string]string{"#g": "groups"}, func(it item) error {
		i, err := decode[pendingItem](it)
		id := cutPrefix(it, "pk", deviceGroupPrefix)
		g := all.groups[id]
		g.Pending = &device.Members{Groups: i.Groups}
		all.groups[id] = g
		return err
	})
}

// propose stores a change that waits for a global admin.
func (s *Devices) propose(e *edit, g *device.Group, to device.Members, c device.Change) {
	devices := joinedMillis(to.Devices)
	g.Pending = &device.Members{Devices: joinedTimes(devices), Groups: to.Groups, By: c.By, At: fromMillis(millis(c.At))}
	g.Waiting = true
	e.add(s.db.put(pendingItem{keyed(pendingKey(g.ID)), devices, to.Groups, c.By, millis(c.At)}, "", nil), nil)
}

// check returns the violations of the members that a group is to have. Devices that it has exist: their
// deletion removes them.
func (s *Devices) check(ctx context.Context, has, to device.Members, id string, all groupsOfDevices) error {
	found := to.Check(id, all.groups)
	if len(found) == 0 {
		joined, _ := has.Change(to)
		devices, err := s.DevicesByID(ctx, joined)
		if err != nil {
			return err
		}
		for i, d := range devices {
			if d.Version == 0 {
				found = append(found, errs.Violation{Code: "device_unknown", Field: "devices", Value: joined[i]})
			}
		}
	}
	return errs.Violated(found)
}

// become gives a group its members.
func (s *Devices) become(e *edit, g *device.Group, to device.Members) {
	joined := joinedMillis(to.Devices)
	g.Devices, g.Groups, g.Nested, g.Count = joinedTimes(joined), to.Groups, joinedTimes(joinedMillis(to.Nested)), len(to.Devices)
	e.add(s.db.put(membersItem{keyed(membersKey(g.ID)), joined}, "", nil), nil)
}

// settle ends the pending change of a group.
func (s *Devices) settle(e *edit, g *device.Group) {
	g.Pending, g.Waiting = nil, false
	e.add(s.deleting(pendingKey(g.ID)), nil)
}

// Settle implements device.Store.
func (s *Devices) Settle(read device.Group, confirm bool, at time.Time) once.Edit[device.Group] {
	return s.editingGroup(read, func(_ context.Context, e *edit, _ *audit.Event, g *device.Group, all groupsOfDevices) (was, is map[string]string, err error) {
		if g.Pending == nil {
			return nil, nil, errs.New(errs.Conflict, "device_group_not_pending")
		}
		to := g.Settled(all.groups, at)
		was, is = describedMembers(g.Members(), to)
		was = joined(was, map[string]string{"proposedBy": g.Pending.By})
		s.settle(e, g)
		if !confirm {
			return joined(was, is), nil, nil
		}
		if found := to.Check(g.ID, all.groups); len(found) > 0 {
			for i := range found {
				found[i].Field = "" // the request has no members
			}
			return nil, nil, &errs.Error{Kind: errs.Conflict, Code: "device_group_change_impossible", Violations: found}
		}
		s.become(e, g, to)
		return was, is, nil
	})
}

// describedMembers returns what an audit event says of a change of members.
func describedMembers(before, after device.Members) (was, is map[string]string) {
	joined, left := before.Change(after)
	was = map[string]string{"devices": strconv.Itoa(len(before.Devices)), "groups": strings.Join(before.Groups, ", ")}
	is = map[string]string{"devices": strconv.Itoa(len(after.Devices)), "groups": strings.Join(after.Groups, ", ")}
	was, is = differing(was, is)
	if len(joined) > 0 {
		is["joined"] = few(joined)
	}
	if len(left) > 0 {
		was["left"] = few(left)
	}
	return was, is
}

// few returns a list of ids. An event names 100 at most: pages of events have many.
func few(ids []string) string {
	const most = 100
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s, and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
}
