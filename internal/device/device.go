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

// SameDevice reports whether a changed description is still of the same device: it has every id in the
// directory that the device had, or the same name if the device had none. Files and inventories would find
// another PC by other ids, which would then have the licence.
func (d *Device) SameDevice(as Device) bool {
	if d.ObjectID == "" && d.DeviceID == "" {
		return text.Fold(d.Name) == text.Fold(as.Name)
	}
	return (d.ObjectID == "" || d.ObjectID == as.ObjectID) && (d.DeviceID == "" || d.DeviceID == as.DeviceID)
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

	Subscription string // the id of the subscription that it holds; empty for none
	// Pending is a change of the members of a group with a subscription, which waits for a global admin
	// (R10.3); nil for none.
	Pending *Members
	Waiting bool // whether there is a pending change, also if it is left out

	CreatedAt time.Time
	Version   int64 // starts at 1 and grows with every change; the ETag
}

// Members is the members of a group.
type Members struct {
	Devices map[string]time.Time
	Groups  []string
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
	Joined   time.Time // the earliest time at which it joined one of the groups
	Licensed bool
}

// All returns every device of a group and of the groups within it, once, in the order in which they
// joined; devices that joined at the same moment by their ids. groups must have all groups by id; a group
// that does not exist, or that contains itself, adds nothing.
func All(id string, groups map[string]Group) []Member {
	joined := map[string]time.Time{}
	visit(id, groups, map[string]bool{}, DepthMax, joined)
	members := make([]Member, 0, len(joined))
	for deviceID, at := range joined {
		members = append(members, Member{DeviceID: deviceID, Joined: at})
	}
	slices.SortFunc(members, func(a, b Member) int {
		return cmp.Or(a.Joined.Compare(b.Joined), cmp.Compare(a.DeviceID, b.DeviceID))
	})
	return members
}

func visit(id string, groups map[string]Group, seen map[string]bool, depth int, joined map[string]time.Time) {
	g, exists := groups[id]
	if !exists || seen[id] || depth == 0 {
		return
	}
	seen[id] = true
	for deviceID, at := range g.Devices {
		if was, has := joined[deviceID]; !has || at.Before(was) {
			joined[deviceID] = at
		}
	}
	for _, within := range g.Groups {
		visit(within, groups, seen, depth-1, joined)
	}
}

// Licensed marks which members have a licence: as many as the quantity, the first to have joined. None
// has one of an expired subscription.
func Licensed(members []Member, seats subscription.Seats, active bool) []Member {
	for i := range members {
		members[i].Licensed = active && i < seats.Quantity
	}
	return members
}

// Joined returns when the members joined, in order, for Seats.ConflictsOfDevices.
func Joined(members []Member) []time.Time {
	times := make([]time.Time, len(members))
	for i, m := range members {
		times[i] = m.Joined
	}
	return times
}
