package licenses

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/id"
)

// DeviceReason is a reason why a licence has no effect on a device.
type DeviceReason struct {
	Code    device.Ineligible `json:"code" doc:"Identifies the reason and never changes." example:"device_not_joined"`
	Message string            `json:"message" doc:"The reason and what to do, in the reader's language."`
}

// Device is a PC, or another device of the directory.
type Device struct {
	ID           string         `json:"id" doc:"The id of the device. It never changes." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	ObjectID     string         `json:"objectId,omitempty" doc:"The id of the device's object in the directory." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"`
	DeviceID     string         `json:"deviceId,omitempty" doc:"The id that the device has in the directory and in lists of software." example:"9b0e1c2d-7f7a-4a57-8f0e-4d2f6f1f2a11"`
	Name         string         `json:"displayName" doc:"The name for readers. Several devices can have the same name." example:"PC-0042"`
	OS           string         `json:"operatingSystem,omitempty" doc:"The operating system." example:"Windows"`
	OSVersion    string         `json:"operatingSystemVersion,omitempty" doc:"The version of the operating system." example:"10.0.22631.4460"`
	Join         device.Join    `json:"joinType,omitempty" doc:"joined: Microsoft Entra joined; hybrid: Microsoft Entra hybrid joined; registered: a device of a person. Absent if it is not known." example:"joined"`
	Enabled      bool           `json:"enabled" doc:"Whether the device may sign in." example:"true"`
	LastSignInAt time.Time      `json:"lastSignInAt,omitzero" doc:"The last known sign-in." example:"2026-11-21T09:30:00Z"`
	Eligible     bool           `json:"eligible" doc:"Whether a licence has effect on the device: Windows 10 version 1803 or later, joined or hybrid joined, and enabled. A device that is not eligible takes a licence, too." example:"true"`
	Reasons      []DeviceReason `json:"reasons" doc:"Why the device is not eligible: all reasons; empty if it is."`
	CreatedAt    time.Time      `json:"createdAt" doc:"When the device was added." example:"2026-11-21T09:30:00Z"`
	Version      int64          `json:"version" minimum:"1" doc:"Grows with every change of the device." example:"3"`
}

func deviceOf(lang i18n.Lang, d device.Device) Device {
	out := Device{
		ID: d.ID, ObjectID: d.ObjectID, DeviceID: d.DeviceID, Name: d.Name, OS: d.OS, OSVersion: d.OSVersion, Join: d.Join,
		Enabled: !d.Disabled, Reasons: []DeviceReason{}, CreatedAt: d.CreatedAt.UTC(), Version: d.Version,
	}
	if !d.Seen.IsZero() {
		out.LastSignInAt = d.Seen.UTC()
	}
	for _, reason := range d.Ineligible() {
		out.Reasons = append(out.Reasons, DeviceReason{reason, i18n.Text(lang, string(reason), nil)})
	}
	out.Eligible = len(out.Reasons) == 0
	return out
}

// DeviceID is the path parameter of a device.
type DeviceID struct {
	ID string `path:"id" maxLength:"64" doc:"The device's id." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

func (o *operations) deviceOperations() httpapi.Operations {
	return httpapi.Operations{
		"listDevices": o.listDevices, "getDevice": o.getDevice, "createDevice": o.createDevice, "updateDevice": o.updateDevice, "deleteDevice": o.deleteDevice,
	}
}

// device returns a function that reads a device and its version, for Revise. It returns errs.NotFound
// device_not_found.
func (o *operations) device(ctx context.Context, deviceID string) func() (device.Device, int64, error) {
	return func() (device.Device, int64, error) {
		found, err := o.Devices.DevicesByID(ctx, []string{deviceID})
		if err != nil {
			return device.Device{}, 0, err
		}
		if found[0].Version == 0 {
			return device.Device{}, 0, errs.New(errs.NotFound, "device_not_found", "id", deviceID)
		}
		return found[0], found[0].Version, nil
	}
}

// DeviceFilter selects devices.
type DeviceFilter struct {
	Prefix string `query:"prefix" maxLength:"256" doc:"Only devices whose display name starts with this text, without regard to case." example:"PC-0"`
}

type listDevicesInput struct {
	httpapi.Reader
	httpapi.Paging
	DeviceFilter
}

func (o *operations) listDevices(api huma.API, op huma.Operation) {
	op.Summary = "List devices"
	op.Description = "Lists devices, sorted by name, with the reasons why a licence has no effect on them. A page can have fewer devices than asked for, and another page follow it."
	type output struct{ Body httpapi.Page[Device] }
	huma.Register(api, op, func(ctx context.Context, in *listDevicesInput) (*output, error) {
		found, err := o.Devices.Devices(ctx, device.Query{Prefix: in.Prefix, Limit: in.Limit, Cursor: in.Cursor})
		if err != nil {
			return nil, err
		}
		return &output{httpapi.PageOf(found.Items, found.Next, func(d device.Device) Device { return deviceOf(in.Lang(), d) })}, nil
	})
}

// DeviceInGroups is a device with its groups.
type DeviceInGroups struct {
	Device
	Groups []DeviceGroupName `json:"groups" doc:"The groups that have the device as a member of their own, sorted by name."`
}

// DeviceGroupName names a group of devices.
type DeviceGroupName struct {
	ID   string `json:"id" doc:"The id of the group." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Name string `json:"name" doc:"The name of the group." example:"Meeting rooms"`
}

type getDeviceInput struct {
	httpapi.Reader
	DeviceID
}

func (o *operations) getDevice(api huma.API, op huma.Operation) {
	op.Summary = "Read a device"
	op.Description = "Returns one device, with its groups."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getDeviceInput) (*httpapi.Versioned[DeviceInGroups], error) {
		d, version, err := o.device(ctx, in.ID)()
		if err != nil {
			return nil, err
		}
		groups, err := o.Devices.GroupsOf(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		out := DeviceInGroups{Device: deviceOf(in.Lang(), d), Groups: []DeviceGroupName{}}
		for _, g := range groups {
			out.Groups = append(out.Groups, DeviceGroupName{g.ID, g.Name})
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), version), out), nil
	})
}

// NewDevice is a device to add. Package device validates it, in Resolve.
type NewDevice struct {
	Name         string      `json:"displayName" doc:"The name for readers. Several devices can have the same name." example:"PC-0042"`
	ObjectID     string      `json:"objectId,omitempty" doc:"The id of the device's object in the directory. No other device or group may have it." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"`
	DeviceID     string      `json:"deviceId,omitempty" doc:"The id that the device has in the directory and in lists of software. No other device may have it." example:"9b0e1c2d-7f7a-4a57-8f0e-4d2f6f1f2a11"`
	OS           string      `json:"operatingSystem,omitempty" doc:"The operating system." example:"Windows"`
	OSVersion    string      `json:"operatingSystemVersion,omitempty" doc:"The version of the operating system." example:"10.0.22631.4460"`
	Join         device.Join `json:"joinType,omitempty" doc:"joined, hybrid or registered; not known if absent." example:"joined"`
	Enabled      *bool       `json:"enabled,omitempty" default:"true" doc:"Whether the device may sign in."`
	LastSignInAt string      `json:"lastSignInAt,omitempty" doc:"The last known sign-in: a time, or a day." example:"2026-11-21T09:30:00Z"`
}

func (n NewDevice) draft() device.Draft {
	seen, _ := signIn(n.LastSignInAt) // violations: in Resolve
	return device.Draft{
		ObjectID: n.ObjectID, DeviceID: n.DeviceID, Name: n.Name, OS: n.OS, OSVersion: n.OSVersion, Join: n.Join,
		Disabled: n.Enabled != nil && !*n.Enabled, Seen: seen,
	}
}

type createDeviceInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body NewDevice

	parsed device.Device
}

// Resolve implements huma.Resolver.
func (in *createDeviceInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.parsed, broken = device.Parse(in.Body.draft())
	_, more := signIn(in.Body.LastSignInAt)
	return httpapi.Refusals(broken, more)
}

type createdDevice struct {
	Location string `header:"Location" doc:"The address of the device."`
	ETag     string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body     httpapi.Reply[Device]
}

func (o *operations) createDevice(api huma.API, op huma.Operation) {
	op.Summary = "Add a device"
	op.Description = "Adds a device. It is a member of no group yet."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createDeviceInput) (*createdDevice, error) {
		now, lang := o.Now(), in.Lang()
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[Device]) (reply httpapi.Reply[Device], err error) {
			d := in.parsed
			d.ID, d.CreatedAt, d.Version = id.New(now, o.NewID()), now, 1
			if reply, err = call.Reply(deviceOf(lang, d)); err != nil {
				return reply, err
			}
			return reply.OrFirst(o.Devices.CreateDevice(ctx, d, reply.Change(o.EventAs(ctx, access.ManageUsers, now, "device.created"))))
		})
		if err != nil {
			return nil, err
		}
		d := created.Value
		return &createdDevice{Location: "/devices/" + d.ID, ETag: httpapi.ETag(lang, d.Version), Body: created}, nil
	})
}

// DeviceChange is a change of the description of a device. What is absent stays as it is.
type DeviceChange struct {
	Name         *string `json:"displayName,omitempty" doc:"The name for readers." example:"PC-0042"`
	ObjectID     *string `json:"objectId,omitempty" doc:"The id of the device's object in the directory; empty to remove it."`
	DeviceID     *string `json:"deviceId,omitempty" doc:"The id that the device has in the directory and in lists of software; empty to remove it."`
	OS           *string `json:"operatingSystem,omitempty" doc:"The operating system; empty to remove it." example:"Windows"`
	OSVersion    *string `json:"operatingSystemVersion,omitempty" doc:"The version of the operating system; empty to remove it." example:"10.0.22631.4460"`
	Join         *string `json:"joinType,omitempty" doc:"joined, hybrid or registered; empty if it is not known." example:"hybrid"`
	Enabled      *bool   `json:"enabled,omitempty" doc:"Whether the device may sign in." example:"false"`
	LastSignInAt *string `json:"lastSignInAt,omitempty" doc:"The last known sign-in: a time, or a day; empty to remove it." example:"2026-11-21T09:30:00Z"`
}

// draft returns the description of a device after the change.
func (c DeviceChange) draft(d device.Device) device.Draft {
	after := device.Draft{ObjectID: d.ObjectID, DeviceID: d.DeviceID, Name: d.Name, OS: d.OS, OSVersion: d.OSVersion, Join: d.Join, Disabled: d.Disabled, Seen: d.Seen}
	set(&after.Name, c.Name)
	set(&after.ObjectID, c.ObjectID)
	set(&after.DeviceID, c.DeviceID)
	set(&after.OS, c.OS)
	set(&after.OSVersion, c.OSVersion)
	if c.Join != nil {
		after.Join = device.Join(*c.Join)
	}
	if c.Enabled != nil {
		after.Disabled = !*c.Enabled
	}
	if c.LastSignInAt != nil {
		after.Seen, _ = signIn(*c.LastSignInAt)
	}
	return after
}

type updateDeviceInput struct {
	httpapi.Reader
	DeviceID
	httpapi.Revision
	Body DeviceChange
}

// Resolve implements huma.Resolver.
func (in *updateDeviceInput) Resolve(huma.Context) []error {
	_, broken := device.Parse(in.Body.draft(device.Device{Name: "-"})) // the stored fields are valid
	var more []errs.Violation
	if in.Body.LastSignInAt != nil {
		_, more = signIn(*in.Body.LastSignInAt)
	}
	return httpapi.Refusals(broken, more)
}

func (o *operations) updateDevice(api huma.API, op huma.Operation) {
	op.Summary = "Change a device"
	op.Description = "Changes the description of a device. Its groups and licences stay. If one of its groups, or one that contains it, holds a subscription, only a global admin can give the device other ids, or another name if it has none: the licence would be that of another PC."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *updateDeviceInput) (*httpapi.Versioned[Device], error) {
		now := o.Now()
		var after device.Device
		err := httpapi.Revise(ctx, in.Revision, o.device(ctx, in.ID), func(read device.Device) error {
			parsed, broken := device.Parse(in.Body.draft(read))
			if err := errs.Violated(broken); err != nil {
				return err
			}
			parsed.ID, parsed.CreatedAt, parsed.Version = read.ID, read.CreatedAt, read.Version
			if parsed == read {
				after = read
				return nil
			}
			var err error
			after, err = o.Devices.EditDevice(ctx, read, parsed, mayConfirm(ctx), o.EventAs(ctx, access.ManageUsers, now, "device.changed"))
			return err
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), after.Version), deviceOf(in.Lang(), after)), nil
	})
}

type deleteDeviceInput struct {
	httpapi.Reader
	DeviceID
	httpapi.Revision
}

func (o *operations) deleteDevice(api huma.API, op huma.Operation) {
	op.Summary = "Delete a device"
	op.Description = "Deletes a device, and removes it from its groups. If one of them, or a group that contains it, holds a subscription, only a global admin can delete the device."
	op.DefaultStatus = http.StatusNoContent
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteDeviceInput) (*struct{}, error) {
		now := o.Now()
		return nil, httpapi.Revise(ctx, in.Revision, o.device(ctx, in.ID), func(read device.Device) error {
			return o.Devices.DeleteDevice(ctx, read, mayConfirm(ctx), o.memberEvent(ctx, now, "device.deleted"))
		})
	})
}

// memberEvent returns the audit event of a change of a group's members. Its role is the one by which the
// change need not wait, if the caller has it.
func (o *operations) memberEvent(ctx context.Context, now time.Time, action string) audit.Event {
	if mayConfirm(ctx) {
		return o.EventAs(ctx, access.DeviceLicenses, now, action)
	}
	return o.EventAs(ctx, access.ManageUsers, now, action)
}

// mayConfirm reports whether the caller may change which devices have a licence (R10.3).
func mayConfirm(ctx context.Context) bool {
	return access.CallFrom(ctx).Principal.May(access.DeviceLicenses)
}
