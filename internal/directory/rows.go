package directory

import (
	"time"

	"trueup/internal/device"
	"trueup/internal/subscription"
)

// Stated says which properties a row states. What it does not state stays as it is stored.
type Stated uint16

// The properties. A property that is stated may be empty, except Name, Enabled, Seen and Registered.
const (
	StatedObjectID Stated = 1 << iota
	StatedName
	StatedLocation
	StatedDepartment
	StatedType
	StatedEnabled
	StatedSeen
	StatedRegistered
	StatedSystem // the operating system and its version
	StatedJoin
)

// Has reports whether a property is stated.
func (s Stated) Has(property Stated) bool { return s&property != 0 }

func (s *Stated) set(property Stated, is bool) {
	if is {
		*s |= property
	}
}

// UserRow is a user.
type UserRow struct {
	Line   int
	Draft  subscription.UserDraft // as written, with country names and words in other languages translated
	User   subscription.User      // Draft, parsed: valid
	Stated Stated
	// Licenses are those that the file states; nil if it states none, empty if the user has none.
	Licenses []LicenseRef
	Deleted  bool // the directory has deleted the user, and can restore it
}

// Over returns a stored user with what the row states, and everything else as stored.
func (u UserRow) Over(stored subscription.User) subscription.User {
	stored.UPN = u.User.UPN
	if u.Stated.Has(StatedObjectID) && u.User.ObjectID != "" {
		stored.ObjectID = u.User.ObjectID
	}
	if u.Stated.Has(StatedName) {
		stored.Name = u.User.Name
	}
	if u.Stated.Has(StatedLocation) {
		stored.Location = u.User.Location
	}
	if u.Stated.Has(StatedDepartment) {
		stored.Department = u.User.Department
	}
	if u.Stated.Has(StatedType) {
		stored.Type = u.User.Type
	}
	if u.Stated.Has(StatedEnabled) {
		stored.Disabled = u.User.Disabled
	}
	if u.Stated.Has(StatedSeen) && u.User.Seen.After(stored.Seen) {
		stored.Seen = u.User.Seen
	}
	return stored
}

// LicenseRef names a licence of a user as a file does: by one or more of these.
type LicenseRef struct {
	SKU        string // the publisher's id, a GUID in lower case
	PartNumber string // for example SPE_E3
	Title      string // the name of the product in the admin centre, or a part number
	// Off are the ids of the services that are switched off; nil if the file does not say.
	Off []string
}

// ActivityRow is the last activity of a user.
type ActivityRow struct {
	Line    int
	UPN     string
	Seen    time.Time // the latest activity in any service; zero if there is none in the period of the report
	Deleted bool
}

// DeviceRow is a device. It has at least a name.
type DeviceRow struct {
	Line       int
	ObjectID   string // in the directory; empty if unknown
	DeviceID   string // which software inventories name as well; empty if unknown
	Name       string
	OS         string // for example Windows
	OSVersion  string // for example 10.0.22631.4460
	Join       device.Join
	Enabled    bool
	Seen       time.Time // last sign-in; zero if unknown
	Registered time.Time // zero if unknown
	Stated     Stated
}

// GroupRow is a group of the directory.
type GroupRow struct {
	Line     int
	ObjectID string
	Name     string
	Unified  bool   // a Microsoft 365 group
	Dynamic  bool   // its members follow from Rule
	Security bool   // can be used to assign licences
	Mail     bool   // has an address: a distribution list, if it is not Security
	Rule     string // of a dynamic group
}

// MemberType is the type of a member of a group.
type MemberType string

// The types of members. Others are skipped.
const (
	MemberUser   MemberType = "user"
	MemberDevice MemberType = "device"
	MemberGroup  MemberType = "group"
)

// MemberTypes lists every type, in the order of the documentation.
var MemberTypes = []MemberType{MemberUser, MemberDevice, MemberGroup}

// MemberRow is a member of a group.
type MemberRow struct {
	Line     int
	GroupID  string // the object id of the group; empty in a file with the members of one group
	Type     MemberType
	ObjectID string
	DeviceID string // of a device; may be empty
	Name     string
	UPN      string // of a user; may be empty
}

// SubscriptionRow is a subscription.
type SubscriptionRow struct {
	Line         int
	Draft        subscription.Draft        // Name is the title, or else the part number
	Subscription subscription.Subscription // Draft, parsed: valid, without ID
	SeatsDraft   subscription.SeatsDraft
	Seats        subscription.Seats // SeatsDraft, parsed: valid, as of Options.Now
	// Assigned is the number of users with a licence; -1 if the file does not state it. It is compared
	// with the users that trueup knows, never stored.
	Assigned int
	Expired  int  // licences that have expired and are not in the quantity
	Lapsed   bool // all licences have expired; the quantity is their number, and the end is in the past
}
