package device

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"trueup/internal/errs"
)

// Members returns the members that the group has.
func (g *Group) Members() Members { return Members{Devices: g.Devices, Groups: g.Groups} }

// Proposed returns the members that a further change begins with: those of the pending change, or else
// those that the group has.
func (g *Group) Proposed() Members {
	if g.Pending != nil {
		return Members{Devices: g.Pending.Devices, Groups: g.Pending.Groups}
	}
	return g.Members()
}

// With returns the members with further devices and groups. A device that is a member keeps the moment
// at which it joined; others join at the given one.
func (m Members) With(devices, groups []string, at time.Time) Members {
	after := Members{Devices: maps.Clone(m.Devices), Groups: slices.Concat(m.Groups, groups)}
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
// device_group_unknown, device_group_cycle for a group that would contain itself, and device_group_depth
// for groups nested deeper than DepthMax.
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
	above := levels(id, containers(groups))
	within := func(id string) []string { return groups[id].Groups }
	for i, member := range m.Groups {
		field := "groups/" + strconv.Itoa(i)
		_, exists := groups[member]
		_, contains := above[member]
		switch {
		case !exists:
			add("device_group_unknown", field, member)
		case contains:
			add("device_group_cycle", field, member)
		case deepest(above)+deepest(levels(member, within)) > DepthMax:
			add("device_group_depth", field, member, "max", strconv.Itoa(DepthMax))
		}
	}
	return found
}

// Holders returns the ids of the groups that hold a subscription and contain a group, itself included,
// sorted. A change of its members changes which devices have a licence.
func Holders(id string, groups map[string]Group) (ids []string) {
	for container := range levels(id, containers(groups)) {
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

// containers returns the function that gives the groups that a group is a member of.
func containers(groups map[string]Group) func(id string) []string {
	of := map[string][]string{}
	for id, g := range groups {
		for _, member := range g.Groups {
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

// Become judges whether a group can get a type. It returns errs.Conflict group_type_unsupported
// if the group holds a subscription that the type cannot hold.
func (g *Group) Become(t GroupType) error {
	if g.Subscription != "" && !t.CanHold() {
		return errs.New(errs.Conflict, "group_type_unsupported", "group", g.Name)
	}
	return nil
}

// Unassign judges whether the licences of a group can be taken back. It returns errs.Conflict
// device_group_no_subscription.
func Unassign(g Group) error {
	if g.Subscription == "" {
		return errs.New(errs.Conflict, "device_group_no_subscription", "group", g.Name)
	}
	return nil
}
