package device

import (
	"context"
	"time"

	"trueup/internal/audit"
	"trueup/internal/once"
	"trueup/internal/subscription"
)

// The limits of an organisation.
const (
	GroupsMax = 500
	// PageMax is the maximum number of devices of a page.
	PageMax = 200
)

// Query selects devices, sorted by folded name.
type Query struct {
	Prefix string // of the name, compared in folded form; empty for all
	Limit  int    // 1 to PageMax
	Cursor string // Next of the page before; empty for the first page
}

// Page is a part of a list of devices. It has fewer than Limit devices if some were deleted meanwhile.
type Page struct {
	Items []Device
	Next  string // empty for the last page
}

// DirectoryID is an id of a device or a group in the directory. Exactly one of its parts is set. Files name
// devices by them.
type DirectoryID struct {
	ObjectID string // of a device or a group
	DeviceID string // of a device
}

// Deletion is a device to delete, as it was read, with the audit event of its deletion.
type Deletion struct {
	Device Device
	Event  audit.Event
}

// Change is a change of the members of a group.
type Change struct {
	By string    // who makes the change, as in audit events
	At time.Time // when
	// Confirmed says that a global admin makes the change. A change by others waits if the group, or
	// one that contains it, holds a subscription (R10.3).
	Confirmed bool
	// To returns the members that the group is to have. It gets those that Group.Proposed returns, and is
	// called again if they change before the write. Its errors are returned.
	To func(Members) (Members, error)
}

// The actions of audit events of changes of members.
const (
	ActionMembersChanged  = "device_group.members_changed"
	ActionChangeProposed  = "device_group.change_proposed"
	ActionChangeWithdrawn = "device_group.change_withdrawn"
)

// Subscribed and Users are the parts of the stores that Subscriptions needs. The functions of AWS Lambda that only
// read subscriptions are smaller without the others.
type (
	Subscribed interface {
		Subscriptions(ctx context.Context) ([]subscription.Holding, error)
	}
	Users interface {
		Use(ctx context.Context, subscriptions []*subscription.Holding) error
	}
)

// Subscriptions returns all subscriptions with who uses them, see Store.Use.
func Subscriptions(ctx context.Context, subscriptions Subscribed, devices Users) ([]subscription.Holding, error) {
	all, err := subscriptions.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	each := make([]*subscription.Holding, len(all))
	for i := range all {
		each[i] = &all[i]
	}
	return all, devices.Use(ctx, each)
}

// Store keeps devices and their groups. Reads are strongly consistent. Writes are all or nothing; each
// stores the audit event in the same transaction, and fills in its Subject, Before and After. Writes of a
// device or group that was read return errs.Stale version_stale if it has changed since, and
// errs.NotFound device_not_found or device_group_not_found.
type Store interface {
	// Devices returns a page of devices; errs.Invalid cursor_invalid.
	Devices(ctx context.Context, q Query) (Page, error)
	// DevicesByID returns devices in the order of the ids; one that does not exist has Version 0.
	DevicesByID(ctx context.Context, ids []string) ([]Device, error)
	// AllDevices returns every device with a prefix of the name, see Query.
	AllDevices(ctx context.Context, prefix string) ([]Device, error)
	// GroupsOf returns the groups that have a device as a member of their own, sorted by folded name, as
	// Groups does.
	GroupsOf(ctx context.Context, deviceID string) ([]Group, error)
	// ByDirectoryID returns the ids of the devices or groups that have the given ids in the directory, in
	// their order; empty for one that nothing has.
	ByDirectoryID(ctx context.Context, ids []DirectoryID) ([]string, error)
	// CreateDevice stores a new device. It returns errs.Conflict taken, with a violation
	// device_object_id_taken or device_id_taken, if another device has one of its ids in the directory.
	CreateDevice(ctx context.Context, d Device, c once.Change) (first []byte, err error)
	// EditDevice stores another description of a device. It returns the device as stored, or the errors of
	// CreateDevice. confirmed says that a global admin does it; others get errs.Conflict device_identity if
	// the description may be of another device, see KeepsIdentity, and one of its groups, or one that contains
	// it, holds a subscription.
	EditDevice(ctx context.Context, read, after Device, confirmed bool, event audit.Event) (Device, error)
	// DeleteDevice removes a device, and takes it out of its groups and of pending changes, each with an
	// audit event. confirmed says that a global admin does it; others get errs.Conflict device_licensed if
	// one of the groups, or one that contains it, holds a subscription. A device in more than 20 groups is
	// errs.Conflict device_in_groups; groups that have more than 100,000 members together, also in pending changes, are
	// errs.Conflict device_in_large_groups.
	DeleteDevice(ctx context.Context, read Device, confirmed bool, event audit.Event) error
	// DeleteDevices is DeleteDevice for many different devices, each of them all or nothing. It reads the groups once for several. refused has the
	// errors of DeleteDevice in the order of the deletions, nil for a device that was deleted.
	DeleteDevices(ctx context.Context, deletions []Deletion, confirmed bool) (refused []error, err error)

	// Groups returns all groups by id, without their devices and pending changes: Count and Waiting say
	// what they have.
	Groups(ctx context.Context) (map[string]Group, error)
	// Group returns one group; errs.NotFound device_group_not_found.
	Group(ctx context.Context, id string) (Group, error)
	// Members returns the devices of a group and of the groups within it, as All does.
	Members(ctx context.Context, id string) ([]Member, error)
	// DevicesOf returns the devices of some groups and of the groups within them, each once, sorted by folded
	// name and id. unknown has the ids of the groups that do not exist; then there are no devices.
	DevicesOf(ctx context.Context, groups []string) (devices []Device, unknown []string, err error)
	// CreateGroup stores a new group without members. It returns errs.Conflict taken with a violation
	// device_group_name_taken or device_object_id_taken, or errs.Conflict device_group_limit.
	CreateGroup(ctx context.Context, g Group, c once.Change) (first []byte, err error)
	// DescribeGroup stores another name, type and id in the directory. It returns the errors of CreateGroup, or
	// errs.Conflict group_type_unsupported.
	DescribeGroup(ctx context.Context, read, after Group, event audit.Event) (Group, error)
	// DeleteGroup removes a group. It returns errs.Conflict device_group_in_use if it holds a subscription,
	// or device_group_nested if it is a member of another group.
	DeleteGroup(ctx context.Context, read Group, event audit.Event) error
	// ChangeMembers changes the members of a group, or stores the change as pending, in place of an earlier
	// one. A change to the members that the group has withdraws the pending one. It sets the Action of the
	// event to one of the Actions. The result is the group as stored. It returns errs.Invalid with the
	// violations of Members.Check and device_unknown, or errs.Conflict device_group_pending if the change is
	// confirmed or need not wait while another one is pending. read has Version 0 if the caller did not read
	// the group.
	ChangeMembers(read Group, c Change) once.Edit[Group]
	// Settle makes the pending change, or drops it; devices and groups join at the given moment. It returns
	// errs.Conflict device_group_not_pending, or errs.Conflict device_group_change_impossible with what
	// Members.Check finds now: the change can only be dropped then.
	Settle(read Group, confirm bool, at time.Time) once.Edit[Group]
	// Assign assigns a subscription to a group, as the function Assign judges it with what is stored in the
	// moment of the write.
	Assign(ctx context.Context, read Group, a Assignment, event audit.Event) (Group, error)
	// Unassign takes the subscription of a group back, as the function Unassign judges it. The apps and
	// their data become read-only on all its devices (R10.2).
	Unassign(ctx context.Context, read Group, event audit.Event) (Group, error)
	// Use fills in who uses subscriptions for devices: Group and Joined. It leaves others as they are. It reads the
	// members of groups only if there are too few licences, or groups within, so Seats must be those of the moment.
	Use(ctx context.Context, subscriptions []*subscription.Holding) error
}
