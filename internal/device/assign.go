package device

import (
	"strconv"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/subscription"
)

// Assignment asks for the assignment of a subscription to a group.
type Assignment struct {
	Subscription string // the id
	// Devices is how many devices the caller has seen in the group and the groups within it; nil if the caller does
	// not say. The ETag of the group does not change with the devices of groups within it.
	Devices *int
	Today   subscription.Today
}

// Assign judges whether a group may hold a subscription (R10.1). members is all its devices. It returns errs.Conflict with the code
// group_type_unsupported, group_has_subscription, subscription_has_group, subscription_for_users,
// subscription_expired, devices_differ if the caller has seen another number of devices, or devices_too_many; nil also if the
// group holds the subscription already.
func Assign(g Group, h subscription.Holding, members []Member, a Assignment) error {
	today := day.In(a.Today.Now, a.Today.Zone)
	switch {
	case h.Kind != subscription.ForDevices:
		return errs.New(errs.Conflict, "subscription_for_users")
	case !g.Type.CanHold():
		return errs.New(errs.Conflict, "group_type_unsupported", "group", g.Name)
	case g.Subscription == h.ID:
		return nil
	case g.Subscription != "":
		return errs.New(errs.Conflict, "group_has_subscription", "group", g.Name)
	case h.Group != "":
		return errs.New(errs.Conflict, "subscription_has_group", "subscription", h.Name)
	case h.Seats.Status(today) == subscription.Expired:
		return errs.New(errs.Conflict, "subscription_expired", "date", string(h.Seats.End(today)))
	case a.Devices != nil && *a.Devices != len(members):
		return errs.New(errs.Conflict, "devices_differ", "devices", strconv.Itoa(len(members)), "seen", strconv.Itoa(*a.Devices))
	case len(members) > h.Seats.Quantity:
		return errs.New(errs.Conflict, "devices_too_many", "devices", strconv.Itoa(len(members)), "quantity", strconv.Itoa(h.Seats.Quantity))
	}
	return nil
}
