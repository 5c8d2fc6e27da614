package subscription

import (
	"strconv"
	"time"

	"trueup/internal/access"
	"trueup/internal/day"
	"trueup/internal/errs"
)

// Holding is a subscription with its seats and, for devices, with those that use them.
type Holding struct {
	Subscription
	Seats Seats

	// Group is the id of the group of devices that holds a subscription for devices, and Joined has when
	// its devices joined, in order. The moments can be zero if there are enough licences: only a shortage
	// depends on them. A Store leaves both empty: device.Store.Use fills them in.
	Group  string
	Joined []time.Time
}

// ByID returns subscriptions by their ids.
func ByID(all []Holding) map[string]Holding {
	byID := make(map[string]Holding, len(all))
	for _, h := range all {
		byID[h.ID] = h
	}
	return byID
}

// Used returns how many users or devices use a licence. They can be more than there are licences.
func (h Holding) Used() int {
	if h.Kind == ForDevices {
		return len(h.Joined)
	}
	return h.Seats.Assigned
}

// Free returns the licences that are left, negative if there are too few.
func (h Holding) Free() int { return h.Seats.Quantity - h.Used() }

// Conflicts returns the conflicts at a moment: none, one, or both.
func (h Holding) Conflicts(now time.Time, zone *time.Location) []Conflict {
	return h.Count().Conflicts(now, zone)
}

// Way is a way to end a conflict (R9.4).
type Way string

// The ways.
const (
	WayRenew         Way = "renew"
	WayBuy           Way = "buy"
	WayRemove        Way = "remove-licenses" // from users
	WayDelete        Way = "delete-users"
	WayRemoveDevices Way = "remove-devices" // from the group
	WayUnassign      Way = "unassign"       // the licences of all devices of the group
)

// Ways lists every way, in the order of the documentation.
var Ways = []Way{WayRenew, WayBuy, WayRemove, WayDelete, WayRemoveDevices, WayUnassign}

// Permission returns what a person must be allowed to do for it.
func (w Way) Permission() access.Permission {
	switch w {
	case WayRemove:
		return access.RemoveLicense
	case WayDelete:
		return access.DeleteUser
	case WayRemoveDevices, WayUnassign:
		return access.DeviceLicenses
	default:
		return access.Buy
	}
}

// waysOut returns what ends a conflict of a subscription: only a renewal if it has expired.
func waysOut(c ConflictKind, k Kind) []Way {
	switch {
	case c == Expiration:
		return []Way{WayRenew}
	case k == ForDevices:
		return []Way{WayBuy, WayRemoveDevices, WayUnassign}
	default:
		return []Way{WayBuy, WayRemove, WayDelete}
	}
}

// WithQuantity returns the seats with another number of licences, as of a moment. Without an
// acknowledgement, a number that begins a conflict or makes it larger is errs.Conflict
// quantity_below_assigned, or quantity_below_devices.
func (h Holding) WithQuantity(n int, acknowledged bool, at time.Time) (Seats, error) {
	switch {
	case n == h.Seats.Quantity:
		return h.Seats, nil
	case n < h.Used() && n < h.Seats.Quantity && !acknowledged:
		return h.Seats, h.below(n)
	}
	return h.quantity(n, at), nil
}

// quantity returns the seats with another number of licences.
func (h Holding) quantity(n int, at time.Time) Seats {
	if h.Kind == ForDevices {
		return h.Seats.WithDeviceQuantity(n, h.Joined, at)
	}
	return h.Seats.WithQuantity(n, at)
}

// below returns the error of a number of licences that is too small for those who use one.
func (h Holding) below(n int) error {
	code := "quantity_below_assigned"
	if h.Kind == ForDevices {
		code = "quantity_below_devices"
	}
	return errs.New(errs.Conflict, code, "quantity", strconv.Itoa(n), "assigned", strconv.Itoa(h.Used()))
}

// Purchased returns the seats with n more licences. It returns errs.Invalid quantity_range if there
// would be more than QuantityMax.
func (h Holding) Purchased(n int, at time.Time) (Seats, error) {
	if n > QuantityMax-h.Seats.Quantity {
		return h.Seats, errs.Violated([]errs.Violation{quantityRange(int64(h.Seats.Quantity) + int64(n))})
	}
	return h.quantity(h.Seats.Quantity+n, at), nil
}

// Renewed returns the seats with a later end and with a number of licences; 0 keeps the number. It
// returns errs.Conflict renewal_not_later if the end is not later than that of the current term, or in the
// past, subscription_endless without an end, and quantity_below_assigned or quantity_below_devices for
// fewer licences than are used.
func (h Holding) Renewed(until day.Date, n int, at time.Time, today day.Date) (Seats, error) {
	was := h.Seats.Version
	s, err := h.Seats.renewed(until, today)
	if err != nil || n == 0 {
		return s, err
	}
	if n < h.Used() {
		return h.Seats, h.below(n)
	}
	h.Seats = s
	s = h.quantity(n, at)
	s.Version = was + 1 // one change, of the term and the quantity
	return s, nil
}
