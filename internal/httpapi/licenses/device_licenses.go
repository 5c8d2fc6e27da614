package licenses

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/subscription"
)

// members returns the devices of a group and of the groups within it, with those marked that have a licence.
func (o *operations) members(ctx context.Context, groupID string) ([]device.Member, error) {
	members, err := o.Devices.Members(ctx, groupID)
	if err != nil {
		return nil, err
	}
	groups, err := o.Devices.Groups(ctx)
	if err != nil {
		return nil, err
	}
	licensed := map[string]bool{}
	for _, holder := range device.Holders(groupID, groups) {
		h, err := o.Subscriptions.Subscription(ctx, groups[holder].Subscription)
		if errs.KindOf(err) == errs.NotFound {
			continue // its licences were taken back meanwhile
		}
		if err != nil {
			return nil, err
		}
		all, err := o.Devices.Members(ctx, holder)
		if err != nil {
			return nil, err
		}
		for _, m := range device.Licensed(all, h.Seats, h.Seats.Status(o.date(o.Now())) == subscription.Active) {
			licensed[m.DeviceID] = licensed[m.DeviceID] || m.Licensed
		}
	}
	for i, m := range members {
		members[i].Licensed = licensed[m.DeviceID]
	}
	return members, nil
}

// GroupSubscription names the subscription to assign to a group of devices.
type GroupSubscription struct {
	Subscription string `json:"subscription" minLength:"1" maxLength:"64" doc:"The id of a subscription for devices that no group holds." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Devices      *int   `json:"devices,omitempty" minimum:"0" maximum:"2500000" doc:"How many devices the caller has seen in the group and the groups within it. If there is another number now, the response is 409 devices_differ with that number, and nothing changes. The ETag of the group does not change with the devices of groups within it." example:"40"`
}

type assignDeviceLicensesInput struct {
	httpapi.Reader
	DeviceGroupID
	httpapi.Revision
	Body GroupSubscription
}

func (o *operations) assignDeviceLicenses(api huma.API, op huma.Operation) {
	op.Summary = "Assign a subscription to a device group"
	op.Description = "Gives every device of the group, and of the groups within it, a licence of a subscription for devices. A group holds one subscription at most, and a subscription belongs to one group. " +
		"A group with more devices than licences is refused, and so is one with another number of devices than `devices` says. The group keeps the subscription if it holds it already."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *assignDeviceLicensesInput) (*httpapi.Versioned[DeviceGroupWithChange], error) {
		now := o.Now()
		var after device.Group
		err := httpapi.Revise(ctx, in.Revision, o.deviceGroup(ctx, in.ID), func(read device.Group) (err error) {
			a := device.Assignment{Subscription: in.Body.Subscription, Devices: in.Body.Devices, Today: o.today(now)}
			after, err = o.Devices.Assign(ctx, read, a, o.EventAs(ctx, access.DeviceLicenses, now, "device_group.subscription_assigned"))
			if e := errs.As(err); e != nil && e.Code == "subscription_not_found" {
				return errs.Violated([]errs.Violation{{Code: subscription.SubscriptionGone, Field: "subscription", Value: in.Body.Subscription}})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), after.Version), withChange(after)), nil
	})
}

// ReadOnlyAcknowledgement says that the caller knows that the apps become read-only.
type ReadOnlyAcknowledgement string

const acknowledgeReadOnly ReadOnlyAcknowledgement = "read-only" // R10.2

var readOnlyAcknowledgements = []ReadOnlyAcknowledgement{acknowledgeReadOnly}

type unassignDeviceLicensesInput struct {
	httpapi.Reader
	DeviceGroupID
	httpapi.Revision
	Acknowledge ReadOnlyAcknowledgement `query:"acknowledge" doc:"read-only: required, because the apps and their data become read-only on all devices of the group."`
}

func (o *operations) unassignDeviceLicenses(api huma.API, op huma.Operation) {
	op.Summary = "Take the subscription of a device group back"
	op.Description = "Takes the licences of all devices of a group back. The apps and their data become read-only on these devices, which has to be acknowledged. The subscription can be assigned to another group then."
	op.DefaultStatus = http.StatusNoContent
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *unassignDeviceLicensesInput) (*struct{}, error) {
		now := o.Now()
		return nil, httpapi.Revise(ctx, in.Revision, o.deviceGroup(ctx, in.ID), func(read device.Group) error {
			if err := device.Unassign(read); err != nil {
				return err
			}
			if in.Acknowledge != acknowledgeReadOnly {
				return o.unacknowledged(ctx, read)
			}
			_, err := o.Devices.Unassign(ctx, read, o.EventAs(ctx, access.DeviceLicenses, now, "device_group.subscription_unassigned"))
			return err
		})
	})
}

// unacknowledged returns the error that says what happens to the devices of a group whose licences are taken
// back.
func (o *operations) unacknowledged(ctx context.Context, g device.Group) error {
	members, err := o.Devices.Members(ctx, g.ID)
	if err != nil {
		return err
	}
	return errs.New(errs.Conflict, "read_only_acknowledgement_required", "group", g.Name, "devices", strconv.Itoa(len(members)))
}
