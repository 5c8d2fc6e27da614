// Package device is the domain of subscription licences for devices (SPEC 10): devices, the groups that
// hold a subscription, and which devices have a licence.
//
// A subscription for devices belongs to one group, and a group has one at most. Every device of the group
// and of the groups within it uses a licence, once, so there is no counter that could be wrong. A group is
// refused if it has more devices than licences; a group that grows later is a conflict whose devices
// without a licence are the last to have joined.
package device

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"trueup/internal/subscription"
	"trueup/internal/text"
)

// Join says how a device is joined to the directory.
type Join string

// The ways of joining.
const (
	JoinUnknown    Join = ""
	JoinDirectory  Join = "joined"     // Microsoft Entra joined
	JoinHybrid     Join = "hybrid"     // Microsoft Entra hybrid joined
	JoinRegistered Join = "registered" // a device of a person
)

// Joins lists every known way, in the order of the documentation.
var Joins = []Join{JoinDirectory, JoinHybrid, JoinRegistered}

// Device is a PC, or another device of the directory.
type Device struct {
	ID       string
	ObjectID string // in the directory; empty for a device that was entered by hand
	DeviceID string // which inventories of software name as well, in lower case; empty if unknown
	Name     string // never empty

	OS, OSVersion string // for example Windows and 10.0.22631.4460; empty if unknown
	Join          Join
	Disabled      bool
	Seen          time.Time // zero if unknown
	CreatedAt     time.Time
	Version       int64 // starts at 1 and grows with every change; the ETag
}

// KeepsIdentity reports whether a changed description is certainly of the same device: it has the same ids in
// the directory, and the same name if it has none. Lists and inventories would find another PC by an id that
// is changed or added, which would then have the licence.
func (d *Device) KeepsIdentity(after Device) bool {
	return d.ObjectID == after.ObjectID && d.DeviceID == after.DeviceID &&
		(d.ObjectID != "" || d.DeviceID != "" || text.Fold(d.Name) == text.Fold(after.Name))
}

// Ineligible says why a licence of a device has no effect. It still takes one.
type Ineligible string

// The reasons.
const (
	NotWindows     Ineligible = "device_not_windows"
	WindowsTooOld  Ineligible = "device_windows_old"    // before Windows 10 version 1803
	WindowsUnknown Ineligible = "device_system_unknown" // the version of Windows
	NotJoined      Ineligible = "device_not_joined"     // neither Entra joined nor hybrid joined
	JoinNotKnown   Ineligible = "device_join_unknown"
	IsDisabled     Ineligible = "device_disabled"
)

// Reasons lists every reason, in the order of the documentation.
var Reasons = []Ineligible{NotWindows, WindowsTooOld, WindowsUnknown, NotJoined, JoinNotKnown, IsDisabled}

// firstBuild is the build of Windows 10 version 1803, the first one that reads licences of devices.
const firstBuild = 17134

// Ineligible returns why a licence of the device has no effect: all reasons, none for an eligible device.
// Microsoft documents them for Microsoft 365 Apps; the version of Apps is not known here.
func (d *Device) Ineligible() (reasons []Ineligible) {
	build, known := d.build()
	switch {
	case d.OS != "" && !strings.EqualFold(d.OS, "Windows"):
		reasons = append(reasons, NotWindows)
	case d.OS == "" || !known:
		reasons = append(reasons, WindowsUnknown)
	case build < firstBuild:
		reasons = append(reasons, WindowsTooOld)
	}
	switch d.Join {
	case JoinDirectory, JoinHybrid:
	case JoinUnknown:
		reasons = append(reasons, JoinNotKnown)
	default:
		reasons = append(reasons, NotJoined)
	}
	if d.Disabled {
		reasons = append(reasons, IsDisabled)
	}
	return reasons
}

// build returns the build in a version of Windows such as 10.0.22631.4460: the third number.
func (d *Device) build() (n int, ok bool) {
	parts := strings.Split(d.OSVersion, ".")
	if len(parts) < 3 {
		return 0, false
	}
	n, err := strconv.Atoi(parts[2])
	return n, err == nil
}

// GroupType is the type of a group in the directory.
type GroupType string

// The types. Microsoft 365 groups cannot hold licences of devices, and cannot be members of other groups.
const (
	Security     GroupType = "security"
	Dynamic      GroupType = "dynamic" // a security group whose members follow from a rule
	Distribution GroupType = "distribution"
	Microsoft365 GroupType = "microsoft365"
)

// GroupTypes lists every type, in the order of the documentation.
var GroupTypes = []GroupType{Security, Dynamic, Distribution, Microsoft365}

// CanHold reports whether a group of the type can hold a subscription.
func (t GroupType) CanHold() bool { return t != Microsoft365 }

// Group is a group of devices.
type Group struct {
	ID       string
	ObjectID string // in the directory; empty for a group that was made by hand
	Name     string // unique, compared in folded form
	Type     GroupType

	Devices map[string]time.Time // when each device joined, by id; lists of groups leave it out
	Count   int                  // number of Devices, also if they are left out
	Groups  []string             // ids of the groups within it, sorted
	Nested  map[string]time.Time // since when each of Groups is within it, by id; absent if that is not known

	Subscription string // the id of the subscription that it holds; empty for none
	// Pending is a change of the members of a group with a subscription, which waits for a global admin
	// (R10.3); nil for none.
	Pending *Members
	Waiting bool // whether there is a pending change, also if it is left out

	CreatedAt time.Time
	Version   int64 // starts at 1 and grows with every change; the ETag
}

// Members is the members of a group, with the moments at which they joined it.
type Members struct {
	Devices map[string]time.Time
	Groups  []string
	Nested  map[string]time.Time
	By      string // who proposed the change
	At      time.Time
}

// The limits of a group, so that it fits an item of the table.
const (
	GroupDevicesMax = 5_000
	GroupGroupsMax  = 100
	// DepthMax is how deep groups can be nested. Deeper ones are not followed.
	DepthMax = 10
)

// Member is a device of a group, or of a group within it.
type Member struct {
	DeviceID string
	// Joined is since when it is a device of the group: by itself, or by one within it that it had joined and
	// that was there then.
	Joined   time.Time
	Licensed bool
}

// All returns every device of a group and of the groups within it, once, in the order in which they
// joined; devices that joined at the same moment by their ids. groups must have all groups by id; a group
// that does not exist, or that contains itself, adds nothing.
func All(id string, groups map[string]Group) []Member {
	joined := map[string]time.Time{}
	visit(id, groups, time.Time{}, map[string]time.Time{}, DepthMax, joined)
	ids := slices.SortedFunc(maps.Keys(joined), func(a, b string) int {
		return cmp.Or(joined[a].Compare(joined[b]), cmp.Compare(a, b))
	})
	members := make([]Member, len(ids))
	for i, deviceID := range ids {
		members[i] = Member{DeviceID: deviceID, Joined: joined[deviceID]}
	}
	return members
}

// visit adds the devices of a group that is within the group that is asked for since a moment. seen has since
// when groups that were visited before are: a later moment adds nothing.
func visit(id string, groups map[string]Group, since time.Time, seen map[string]time.Time, depth int, joined map[string]time.Time) {
	g, exists := groups[id]
	before, visited := seen[id]
	if !exists || depth == 0 || visited && !since.Before(before) {
		return
	}
	seen[id] = since
	for deviceID, at := range g.Devices {
		at = later(at, since)
		if was, has := joined[deviceID]; !has || at.Before(was) {
			joined[deviceID] = at
		}
	}
	for _, within := range g.Groups {
		visit(within, groups, later(since, g.Nested[within]), seen, depth-1, joined)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Licensed marks which members have a licence: as many as the quantity, the first to have joined. None
// has one of an expired subscription.
func Licensed(members []Member, seats subscription.Seats, active bool) []Member {
	for i := range members {
		members[i].Licensed = active && i < seats.Quantity
	}
	return members
}

// Joined returns when the members joined, in order, for subscription.Holding.
func Joined(members []Member) []time.Time {
	times := make([]time.Time, len(members))
	for i, m := range members {
		times[i] = m.Joined
	}
	return times
}
