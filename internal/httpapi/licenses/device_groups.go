package licenses

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/cursor"
	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/text"
)

// DeviceGroup is a group of devices.
type DeviceGroup struct {
	ID           string           `json:"id" doc:"The id of the group. It never changes." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	ObjectID     string           `json:"objectId,omitempty" doc:"The id of the group in the directory." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"`
	Name         string           `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Meeting rooms"`
	Type         device.GroupType `json:"type" doc:"security; dynamic: a security group whose members follow from a rule; distribution: a distribution list; microsoft365: a Microsoft 365 group, which cannot hold a subscription."`
	Devices      int              `json:"devices" minimum:"0" doc:"The number of devices of the group itself, without those of the groups within it." example:"40"`
	Groups       []string         `json:"groups" doc:"The ids of the groups within it. Their devices are devices of this group, too."`
	Subscription string           `json:"subscription,omitempty" doc:"The id of the subscription that the group holds."`
	Waiting      bool             `json:"waiting" doc:"Whether a change of the members waits for a global admin." example:"false"`
	CreatedAt    time.Time        `json:"createdAt" doc:"When the group was added." example:"2026-11-21T09:30:00Z"`
	Version      int64            `json:"version" minimum:"1" doc:"Grows with every change of the group and its members." example:"3"`
}

func deviceGroupOf(g device.Group) DeviceGroup {
	groups := g.Groups
	if groups == nil {
		groups = []string{}
	}
	return DeviceGroup{
		ID: g.ID, ObjectID: g.ObjectID, Name: g.Name, Type: g.Type, Devices: g.Count, Groups: groups, Subscription: g.Subscription,
		Waiting: g.Waiting, CreatedAt: g.CreatedAt.UTC(), Version: g.Version,
	}
}

// WaitingMembers is a change of the members of a group that waits for a global admin.
type WaitingMembers struct {
	By      string    `json:"by" doc:"Who proposed it, as in audit events."`
	At      time.Time `json:"at" doc:"When it was proposed." example:"2026-11-21T09:30:00Z"`
	Joining []string  `json:"joining" doc:"The ids of the devices that would join."`
	Leaving []string  `json:"leaving" doc:"The ids of the devices that would leave."`
	Groups  []string  `json:"groups" doc:"The ids of all groups that would be within the group."`
}

// DeviceGroupWithChange is a group with the change that waits.
type DeviceGroupWithChange struct {
	DeviceGroup
	Change *WaitingMembers `json:"change,omitempty" doc:"The change of the members that waits for a global admin; absent if there is none."`
}

func withChange(g device.Group) DeviceGroupWithChange {
	out := DeviceGroupWithChange{DeviceGroup: deviceGroupOf(g)}
	if p := g.Pending; p != nil {
		c := WaitingMembers{By: p.By, At: p.At.UTC(), Joining: []string{}, Leaving: []string{}, Groups: []string{}}
		joining, leaving := g.Members().Change(*p)
		c.Joining, c.Leaving, c.Groups = append(c.Joining, joining...), append(c.Leaving, leaving...), append(c.Groups, p.Groups...)
		out.Change = &c
	}
	return out
}

// DeviceGroupID is the path parameter of a group of devices.
type DeviceGroupID struct {
	ID string `path:"id" maxLength:"64" doc:"The id of the group of devices." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

func (o *operations) deviceGroupOperations() httpapi.Operations {
	return httpapi.Operations{
		"listDeviceGroups": o.listDeviceGroups, "getDeviceGroup": o.getDeviceGroup, "listDeviceGroupDevices": o.listDeviceGroupDevices,
		"createDeviceGroup": o.createDeviceGroup, "updateDeviceGroup": o.updateDeviceGroup, "deleteDeviceGroup": o.deleteDeviceGroup,
		"assignDeviceLicenses": o.assignDeviceLicenses, "unassignDeviceLicenses": o.unassignDeviceLicenses,
		"addDeviceGroupMembers":     o.changingMembers("Add members to a device group", "Adds devices and groups to a group. Members that it has already stay.", device.Members.With),
		"removeDeviceGroupMembers":  o.changingMembers("Remove members of a device group", "Removes devices and groups from a group. What is not a member is ignored.", without),
		"confirmDeviceGroupMembers": o.settling("Confirm a change of the members of a device group", "Makes the change of the members that waits.", true, "device_group.change_confirmed"),
		"rejectDeviceGroupMembers":  o.settling("Reject a change of the members of a device group", "Drops the change of the members that waits.", false, "device_group.change_rejected"),
	}
}

// deviceGroup returns a function that reads a group and its version, for Revise.
func (o *operations) deviceGroup(ctx context.Context, groupID string) func() (device.Group, int64, error) {
	return func() (device.Group, int64, error) {
		g, err := o.Devices.Group(ctx, groupID)
		return g, g.Version, err
	}
}

// DeviceGroupList is all groups of devices.
type DeviceGroupList struct {
	Items []DeviceGroup `json:"items" doc:"The groups, sorted by name, in one page."`
}

type listDeviceGroupsInput struct {
	httpapi.Reader
}

func (o *operations) listDeviceGroups(api huma.API, op huma.Operation) {
	op.Summary = "List device groups"
	op.Description = "Lists all groups of devices. There are at most 500, so the list has one page."
	type output struct{ Body DeviceGroupList }
	huma.Register(api, op, func(ctx context.Context, _ *listDeviceGroupsInput) (*output, error) {
		groups, err := o.deviceGroups(ctx)
		return &output{DeviceGroupList{httpapi.PageOf(groups, "", deviceGroupOf).Items}}, err
	})
}

// deviceGroups returns all groups of devices, sorted by name.
func (o *operations) deviceGroups(ctx context.Context) ([]device.Group, error) {
	groups, err := o.Devices.Groups(ctx)
	return slices.SortedFunc(maps.Values(groups), func(a, b device.Group) int { return cmp.Compare(text.Fold(a.Name), text.Fold(b.Name)) }), err
}

type getDeviceGroupInput struct {
	httpapi.Reader
	DeviceGroupID
}

func (o *operations) getDeviceGroup(api huma.API, op huma.Operation) {
	op.Summary = "Read a device group"
	op.Description = "Returns one group of devices, with the change of its members that waits for a global admin."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getDeviceGroupInput) (*httpapi.Versioned[DeviceGroupWithChange], error) {
		g, err := o.Devices.Group(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), g.Version), withChange(g)), nil
	})
}

// MemberDevice is a device of a group.
type MemberDevice struct {
	Device   Device    `json:"device" doc:"The device."`
	JoinedAt time.Time `json:"joinedAt" doc:"When it joined the group, or the first of the groups within it." example:"2026-11-21T09:30:00Z"`
	Licensed bool      `json:"licensed" doc:"Whether the device has a licence of the subscription that the group holds, or a group that contains it. If there are fewer licences than devices, those that joined last have none; nor has any device if the subscription has expired." example:"true"`
}

// GroupDevices selects devices of a group.
type GroupDevices struct {
	DeviceGroupID
	Licensed Switch `query:"licensed" doc:"true: only devices with a licence. false: only devices without one."`
}

// membersOf returns the selected devices of a group, in the order in which they joined.
func (o *operations) membersOf(ctx context.Context, in GroupDevices) ([]device.Member, error) {
	members, err := o.members(ctx, in.ID)
	if want := in.Licensed.value(); want != nil {
		members = slices.DeleteFunc(members, func(m device.Member) bool { return m.Licensed != *want })
	}
	return members, err
}

// devicesOf returns the devices of members. A device that was deleted since has Version 0.
func (o *operations) devicesOf(ctx context.Context, members []device.Member) ([]device.Device, error) {
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.DeviceID
	}
	return o.Devices.DevicesByID(ctx, ids)
}

type listDeviceGroupDevicesInput struct {
	httpapi.Reader
	httpapi.Paging
	GroupDevices
}

// lastMember is the last device of a page.
type lastMember struct {
	Joined int64 // in milliseconds since 1970
	ID     string
}

func (l lastMember) compare(to lastMember) int {
	return cmp.Or(cmp.Compare(l.Joined, to.Joined), cmp.Compare(l.ID, to.ID))
}

func (o *operations) listDeviceGroupDevices(api huma.API, op huma.Operation) {
	op.Summary = "List the devices of a device group"
	op.Description = "Lists the devices of a group and of the groups within it, once, in the order in which they joined, and says which have a licence."
	op.Errors = append(op.Errors, http.StatusNotFound)
	type output struct{ Body httpapi.Page[MemberDevice] }
	huma.Register(api, op, func(ctx context.Context, in *listDeviceGroupDevicesInput) (*output, error) {
		query := []string{"device-group-devices", in.ID, string(in.Licensed)}
		var last lastMember
		further, err := cursor.Decode(in.Cursor, &last, query...)
		if err != nil {
			return nil, err
		}
		members, err := o.membersOf(ctx, in.GroupDevices)
		if err != nil {
			return nil, err
		}
		at := func(m device.Member) lastMember { return lastMember{m.Joined.UnixMilli(), m.DeviceID} }
		if further { // members are sorted by this
			from, found := slices.BinarySearchFunc(members, last, func(m device.Member, l lastMember) int { return at(m).compare(l) })
			if found {
				from++
			}
			members = members[from:]
		}
		next := ""
		if len(members) > in.Limit {
			members = members[:in.Limit]
			next = cursor.Encode(at(members[in.Limit-1]), query...)
		}
		devices, err := o.devicesOf(ctx, members)
		if err != nil {
			return nil, err
		}
		page := httpapi.Page[MemberDevice]{Items: []MemberDevice{}, NextCursor: next}
		for i, d := range devices {
			if d.Version > 0 { // not deleted meanwhile
				page.Items = append(page.Items, MemberDevice{deviceOf(in.Lang(), d), members[i].Joined.UTC(), members[i].Licensed})
			}
		}
		return &output{page}, nil
	})
}

// NewDeviceGroup is a group of devices to add. Package device validates it, in Resolve.
type NewDeviceGroup struct {
	Name     string           `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Meeting rooms"`
	Type     device.GroupType `json:"type,omitempty" doc:"security (the default), dynamic, distribution or microsoft365."`
	ObjectID string           `json:"objectId,omitempty" doc:"The id of the group in the directory. No other group or device may have it." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"`
}

type createDeviceGroupInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body NewDeviceGroup

	parsed device.Group
}

// Resolve implements huma.Resolver.
func (in *createDeviceGroupInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.parsed, broken = device.ParseGroup(device.GroupDraft{ObjectID: in.Body.ObjectID, Name: in.Body.Name, Type: in.Body.Type})
	return httpapi.Refusals(broken)
}

type createdDeviceGroup struct {
	Location string `header:"Location" doc:"The address of the group."`
	ETag     string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body     httpapi.Reply[DeviceGroup]
}

func (o *operations) createDeviceGroup(api huma.API, op huma.Operation) {
	op.Summary = "Add a device group"
	op.Description = "Adds a group of devices, without members."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createDeviceGroupInput) (*createdDeviceGroup, error) {
		now := o.Now()
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[DeviceGroup]) (reply httpapi.Reply[DeviceGroup], err error) {
			g := in.parsed
			g.ID, g.CreatedAt, g.Version = id.New(now, o.NewID()), now, 1
			if reply, err = call.Reply(deviceGroupOf(g)); err != nil {
				return reply, err
			}
			return reply.OrFirst(o.Devices.CreateGroup(ctx, g, reply.Change(o.EventAs(ctx, access.ManageUsers, now, "device_group.created"))))
		})
		if err != nil {
			return nil, err
		}
		g := created.Value
		return &createdDeviceGroup{Location: "/device-groups/" + g.ID, ETag: httpapi.ETag(in.Lang(), g.Version), Body: created}, nil
	})
}

// DeviceGroupChange is a change of the description of a group of devices. What is absent stays as it is.
type DeviceGroupChange struct {
	Name     *string           `json:"name,omitempty" doc:"Unique, without regard to case and repeated spaces." example:"Meeting rooms"`
	Type     *device.GroupType `json:"type,omitempty" doc:"security, dynamic, distribution or microsoft365."`
	ObjectID *string           `json:"objectId,omitempty" doc:"The id of the group in the directory; empty to remove it."`
}

type updateDeviceGroupInput struct {
	httpapi.Reader
	DeviceGroupID
	httpapi.Revision
	Body DeviceGroupChange
}

func (o *operations) updateDeviceGroup(api huma.API, op huma.Operation) {
	op.Summary = "Change a device group"
	op.Description = "Changes the name, the type or the id in the directory of a group of devices. Its members stay."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *updateDeviceGroupInput) (*httpapi.Versioned[DeviceGroupWithChange], error) {
		now := o.Now()
		var after device.Group
		err := httpapi.Revise(ctx, in.Revision, o.deviceGroup(ctx, in.ID), func(read device.Group) error {
			draft := device.GroupDraft{ObjectID: read.ObjectID, Name: read.Name, Type: read.Type}
			set(&draft.Name, in.Body.Name)
			set(&draft.Type, in.Body.Type)
			set(&draft.ObjectID, in.Body.ObjectID)
			parsed, broken := device.ParseGroup(draft)
			if err := errs.Violated(broken); err != nil {
				return err
			}
			var err error
			after, err = o.Devices.DescribeGroup(ctx, read, parsed, o.EventAs(ctx, access.ManageUsers, now, "device_group.changed"))
			return err
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), after.Version), withChange(after)), nil
	})
}

type deleteDeviceGroupInput struct {
	httpapi.Reader
	DeviceGroupID
	httpapi.Revision
}

func (o *operations) deleteDeviceGroup(api huma.API, op huma.Operation) {
	op.Summary = "Delete a device group"
	op.Description = "Deletes a group of devices that holds no subscription and is a member of no other group. Its devices stay."
	op.DefaultStatus = http.StatusNoContent
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteDeviceGroupInput) (*struct{}, error) {
		now := o.Now()
		return nil, httpapi.Revise(ctx, in.Revision, o.deviceGroup(ctx, in.ID), func(read device.Group) error {
			return o.Devices.DeleteGroup(ctx, read, o.EventAs(ctx, access.ManageUsers, now, "device_group.deleted"))
		})
	})
}

// DeviceGroupMembers names devices and groups.
type DeviceGroupMembers struct {
	Devices []string `json:"devices,omitempty" maxItems:"1000" doc:"The ids of devices." example:"[\"0v5z3m8k2qd7c1x9w4t6p3r8s2\"]"`
	Groups  []string `json:"groups,omitempty" maxItems:"100" doc:"The ids of groups of devices."`
}

type deviceGroupMembersInput struct {
	httpapi.Reader
	DeviceGroupID
	httpapi.Repeatable
	httpapi.Revision
	Body DeviceGroupMembers
}

// Resolve implements huma.Resolver.
func (in *deviceGroupMembersInput) Resolve(huma.Context) []error {
	return httpapi.Refusals(repeated("devices", "", in.Body.Devices), repeated("groups", "", in.Body.Groups))
}

func without(m device.Members, devices, groups []string, _ time.Time) device.Members {
	return m.Without(devices, groups)
}

// changingMembers returns a function that adds the operation of a change of members.
func (o *operations) changingMembers(summary, description string, change func(m device.Members, devices, groups []string, at time.Time) device.Members) func(huma.API, huma.Operation) {
	return func(api huma.API, op huma.Operation) {
		op.Summary = summary
		op.Description = description + " All of it is done, or nothing. If the group, or one that contains it, holds a subscription, the change waits for a global admin, unless a global admin makes it; " +
			"further changes are added to the one that waits. A change back to the members that the group has ends the waiting."
		op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
		httpapi.Receiving(&op, httpapi.MaxBody)
		huma.Register(api, op, func(ctx context.Context, in *deviceGroupMembersInput) (*changedMembers, error) {
			now := o.Now()
			event := o.memberEvent(ctx, now, device.ActionMembersChanged)
			c := device.Change{By: event.By, At: now, Confirmed: mayConfirm(ctx), To: func(m device.Members) (device.Members, error) {
				return change(m, in.Body.Devices, in.Body.Groups, now), nil
			}}
			changed, err := o.editMembers(ctx, in.Reader, in.Repeatable, in.Revision, op.OperationID, in.ID, in.Body, event, func(read device.Group) once.Edit[device.Group] {
				return o.Devices.ChangeMembers(read, c)
			})
			return changed, in.Body.located(err)
		})
	}
}

// changedMembers is a group after a change of its members.
type changedMembers struct {
	ETag string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body httpapi.Reply[DeviceGroupWithChange]
}

// editMembers makes a change of the members of a group with the version that was read, once for an
// Idempotency-Key. given is what else the request says.
func (o *operations) editMembers(
	ctx context.Context, reader httpapi.Reader, repeatable httpapi.Repeatable, revision httpapi.Revision, operation, groupID string, given any,
	event audit.Event, edit func(read device.Group) once.Edit[device.Group],
) (*changedMembers, error) {
	reply, err := httpapi.Once(ctx, o.Kernel, repeatable, event.At, operation+" "+groupID, given, func(call httpapi.Call[DeviceGroupWithChange]) (reply httpapi.Reply[DeviceGroupWithChange], err error) {
		err = httpapi.Revise(ctx, revision, o.deviceGroup(ctx, groupID), func(read device.Group) (err error) {
			reply, _, err = httpapi.Apply(ctx, call, event, edit(read), withChange)
			return err
		})
		return reply, err
	})
	if err != nil {
		return nil, err
	}
	return &changedMembers{ETag: httpapi.ETag(reader.Lang(), reply.Value.Version), Body: reply}, nil
}

// located returns an error whose violations name the places of devices and groups in the body. The store
// names their places in the list of all members.
func (b DeviceGroupMembers) located(err error) error {
	e := errs.As(err)
	if e == nil || len(e.Violations) == 0 {
		return err
	}
	located := *e
	located.Violations = slices.Clone(e.Violations)
	for i, v := range located.Violations {
		field, _, _ := strings.Cut(v.Field, "/")
		given := b.Devices
		if field == "groups" {
			given = b.Groups
		}
		located.Violations[i].Field = field
		if n := slices.Index(given, v.Value); n >= 0 && v.Value != "" {
			located.Violations[i].Field = field + "/" + strconv.Itoa(n)
		}
	}
	return &located
}

type settleDeviceGroupInput struct {
	httpapi.Reader
	DeviceGroupID
	httpapi.Repeatable
	httpapi.Revision
}

// settling returns a function that adds the operation that ends the waiting of a change of members.
func (o *operations) settling(summary, description string, confirm bool, action string) func(huma.API, huma.Operation) {
	return func(api huma.API, op huma.Operation) {
		op.Summary = summary
		op.Description = description + " If-Match with an ETag is required, and * is refused: the change could be another one than the one that was read."
		op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired)
		huma.Register(api, op, func(ctx context.Context, in *settleDeviceGroupInput) (*changedMembers, error) {
			if err := in.Required(); err != nil {
				return nil, err
			}
			now := o.Now()
			event := o.EventAs(ctx, access.DeviceLicenses, now, action)
			return o.editMembers(ctx, in.Reader, in.Repeatable, in.Revision, op.OperationID, in.ID, in.IfMatch, event, func(read device.Group) once.Edit[device.Group] {
				return o.Devices.Settle(read, confirm, now)
			})
		})
	}
}
