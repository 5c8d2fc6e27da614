package device

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"trueup/internal/errs"
)

// Members returns the members that the group has.
func (g Group) Members() Members {
	return Members{Devices: g.Devices, Groups: g.Groups, Nested: g.Nested}
}

// Proposed returns the members that a further change begins with: those of the pending change, or else
// those that the group has.
func (g Group) Proposed() Members {
	if g.Pending != nil {
		return Members{Devices: g.Pending.Devices, Groups: g.Pending.Groups, Nested: g.Nested}
	}
	return g.Members()
}

// With returns the members with further devices and groups. Those that are members keep the moment at which
// they joined; others join at the given one.
func (m Members) With(devices, groups []string, at time.Time) Members {
	after := Members{Devices: maps.Clone(m.Devices), Groups: slices.Concat(m.Groups, groups), Nested: maps.Clone(m.Nested)}
	for _, id := range groups {
		if !slices.Contains(m.Groups, id) {
			if after.Nested == nil {
				after.Nested = map[string]time.Time{}
			}
			after.Nested[id] = at
		}
	}
	if after.Devices == nil {
		after.Devices = map[string]time.Time{}
	}
	for _, id := range devices {
		if _, has := after.Devices[id]; !has {
			after.Devices[id] = at
		}
	}
	slices.Sort(after.Groups)
	after.Groups = slices.Compact(after.Groups)
	return after
}

// Only returns those of the members that are among some devices and groups.
func (m Members) Only(devices, groups []string) Members {
	after := Members{Devices: map[string]time.Time{}}
	for _, id := range devices {
		if at, has := m.Devices[id]; has {
			after.Devices[id] = at
		}
	}
	for _, id := range m.Groups {
		if slices.Contains(groups, id) {
			after.Groups = append(after.Groups, id)
		}
	}
	after.Nested = m.nestedOf(after.Groups)
	return after
}

// nestedOf returns since when some groups are within the group.
func (m Members) nestedOf(groups []string) map[string]time.Time {
	var nested map[string]time.Time
	for _, id := range groups {
		if at, known := m.Nested[id]; known {
			if nested == nil {
				nested = map[string]time.Time{}
			}
			nested[id] = at
		}
	}
	return nested
}

// Without returns the members without some devices and groups.
func (m Members) Without(devices, groups []string) Members {
	after := Members{Devices: maps.Clone(m.Devices)}
	for _, id := range devices {
		delete(after.Devices, id)
	}
	for _, id := range m.Groups {
		if !slices.Contains(groups, id) {
			after.Groups = append(after.Groups, id)
		}
	}
	after.Nested = m.nestedOf(after.Groups)
	return after
}

// Same reports whether two lists have the same devices and groups.
func (m Members) Same(as Members) bool {
	joined, left := m.Change(as)
	return len(joined)+len(left) == 0 && slices.Equal(m.Groups, as.Groups)
}

// Change returns the ids of the devices that join and of those that leave if m becomes another list,
// sorted.
func (m Members) Change(to Members) (joined, left []string) {
	return missing(to.Devices, m.Devices), missing(m.Devices, to.Devices)
}

// missing returns the keys of a that b does not have, sorted.
func missing(a, b map[string]time.Time) (ids []string) {
	for id := range a {
		if _, has := b[id]; !has {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Check judges the members that a group is to have. groups must have all groups by id, with the groups
// within them. It returns every violation: device_group_devices for more than GroupDevicesMax devices,
// and, with the fields "groups" or "groups/0", device_group_groups for more than GroupGroupsMax groups,
// device_group_unknown, device_group_not_nestable for a group whose type cannot hold a subscription,
// device_group_cycle for a group that would contain itself, and device_group_depth for groups nested deeper
// than DepthMax.
func (m Members) Check(id string, groups map[string]Group) (found []errs.Violation) {
	add := func(code, field, value string, args ...string) {
		found = append(found, errs.Violation{Code: code, Field: field, Value: value, Args: errs.Pairs(args...)})
	}
	if n := len(m.Devices); n > GroupDevicesMax {
		add("device_group_devices", "devices", "", "max", strconv.Itoa(GroupDevicesMax), "count", strconv.Itoa(n))
	}
	if n := len(m.Groups); n > GroupGroupsMax {
		add("device_group_groups", "groups", "", "max", strconv.Itoa(GroupGroupsMax), "count", strconv.Itoa(n))
		return found
	}
	above := levels(id, containers(groups, Group.within))
	within := func(id string) []string { return groups[id].Groups }
	for i, member := range m.Groups {
		field := "groups/" + strconv.Itoa(i)
		g, exists := groups[member]
		_, contains := above[member]
		switch {
		case !exists:
			add("device_group_unknown", field, member)
		case !g.Type.CanHold():
			add("device_group_not_nestable", field, member, "group", g.Name)
		case contains:
			add("device_group_cycle", field, member)
		case deepest(above)+deepest(levels(member, within)) > DepthMax:
			add("device_group_depth", field, member, "max", strconv.Itoa(DepthMax))
		}
	}
	return found
}

// Holders returns the ids of the groups that hold a subscription and contain a group, itself included,
// sorted. A change of its members changes which devices have a licence. A group that is within another one
// only after a pending change counts as well: otherwise devices could join it between the moment at which a
// global admin reads the change and the confirmation.
func Holders(id string, groups map[string]Group) (ids []string) {
	for container := range levels(id, containers(groups, Group.proposed)) {
		if groups[container].Subscription != "" {
			ids = append(ids, container)
		}
	}
	slices.Sort(ids)
	return ids
}

// Within returns the ids of a group and of all groups within it, as far as All follows them, sorted.
func Within(id string, groups map[string]Group) []string {
	return slices.Sorted(maps.Keys(levels(id, func(id string) []string { return groups[id].Groups })))
}

// within returns the ids of the groups within a group.
func (g Group) within() []string { return g.Groups }

// proposed returns the ids of the groups that are within a group now, or after a pending change.
func (g Group) proposed() []string {
	if g.Pending == nil {
		return g.Groups
	}
	return slices.Concat(g.Groups, g.Pending.Groups)
}

// containers returns the function that gives the groups that a group is a member of. members returns the
// groups within a group.
func containers(groups map[string]Group, members func(Group) []string) func(id string) []string {
	of := map[string][]string{}
	for id, g := range groups {
		for _, member := range members(g) {
			of[member] = append(of[member], id)
		}
	}
	return func(id string) []string { return of[id] }
}

// levels returns the groups that are reached from one, with the length of the longest way to each, from
// 1 for the group itself. No way is followed further than DepthMax.
func levels(from string, next func(id string) []string) map[string]int {
	at := map[string]int{from: 1}
	for level, reached := 1, []string{from}; level < DepthMax && len(reached) > 0; level++ {
		further := map[string]bool{}
		for _, id := range reached {
			for _, other := range next(id) {
				further[other] = true
				at[other] = level + 1
			}
		}
		reached = slices.Collect(maps.Keys(further))
	}
	return at
}

// deepest returns the length of the longest way.
func deepest(levels map[string]int) int { return slices.Max(slices.Collect(maps.Values(levels))) }

// Become judges whether a group can get a type. groups must have all groups by id. It returns
// errs.Conflict group_type_unsupported if the group holds a subscription, or is a member of another group,
// and the type allows neither.
func (g Group) Become(t GroupType, groups map[string]Group) error {
	nested := len(containers(groups, Group.within)(g.ID)) > 0
	if (g.Subscription != "" || nested) && !t.CanHold() {
		return errs.New(errs.Conflict, "group_type_unsupported", "group", g.Name)
	}
	return nil
}

// Settled returns the members that a group has after a pending change. Members keep the moment at which they
// joined, and others join at the given one, not when the change was proposed: devices that joined since were
// there before them. Groups that were deleted are left out. groups must have all
// groups by id.
func (g Group) Settled(groups map[string]Group, at time.Time) Members {
	to := g.Proposed().Existing(groups)
	for id := range to.Devices {
		joined, has := g.Devices[id]
		if !has {
			joined = at
		}
		to.Devices[id] = joined
	}
	stay := Members{Devices: to.Devices, Nested: g.Nested}
	for _, id := range to.Groups {
		if slices.Contains(g.Groups, id) {
			stay.Groups = append(stay.Groups, id)
		}
	}
	stay.Nested = stay.nestedOf(stay.Groups)
	return stay.With(nil, to.Groups, at)
}

// Existing returns a copy of the members without groups that were deleted. groups must have all groups by id.
func (m Members) Existing(groups map[string]Group) Members {
	after := Members{Devices: maps.Clone(m.Devices)}
	for _, id := range m.Groups {
		if _, exists := groups[id]; exists {
			after.Groups = append(after.Groups, id)
		}
	}
	after.Nested = m.nestedOf(after.Groups)
	return after
}

// Unassign judges whether the licences of a group can be taken back. It returns errs.Conflict
// device_group_no_subscription.
func Unassign(g Group) error {
	if g.Subscription == "" {
		return errs.New(errs.Conflict, "device_group_no_subscription", "group", g.Name)
	}
	return nil
}
