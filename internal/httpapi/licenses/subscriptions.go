package licenses

import (
	"context"
	"fmt"
	"hash/crc32"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/day"
	"trueup/internal/device"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/subscription"
)

// Service is a part of a subscription, which can be switched off for a user.
type Service struct {
	ID        string   `json:"id" doc:"Identifies the service in all subscriptions that contain it. Microsoft calls it the service plan." example:"TEAMS1"`
	Name      string   `json:"name,omitempty" doc:"The name for readers; the id if absent." example:"Microsoft Teams"`
	Requires  []string `json:"requires,omitempty" maxItems:"10" doc:"The ids of services that must be on for a user with this service."`
	Excludes  []string `json:"excludes,omitempty" maxItems:"10" doc:"The ids of services that must not be on for a user with this service."`
	Countries []string `json:"countries,omitempty" maxItems:"250" doc:"The only usage locations in which it is offered, as ISO 3166-1 alpha-2 codes; everywhere if absent or empty." example:"[\"BE\",\"NL\"]"`
}

// Price is what one licence costs.
type Price struct {
	Amount   int64  `json:"amount" minimum:"0" maximum:"100000000" doc:"The price of one licence for a month, in hundredths of the currency." example:"3690"`
	Currency string `json:"currency" doc:"The ISO 4217 code of the currency." example:"EUR"`
}

// Subscription is a number of licences for a set of services.
type Subscription struct {
	ID          string                 `json:"id" doc:"The id of the subscription. It never changes." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Name        string                 `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Microsoft 365 E3"`
	Kind        subscription.Kind      `json:"kind" doc:"user: licences of users; device: licences of the devices of one device group."`
	SKU         string                 `json:"sku,omitempty" doc:"The publisher's id of what was bought." example:"05e9a617-0261-4cee-bb44-138d3ef5d965"`
	PartNumber  string                 `json:"partNumber,omitempty" doc:"The publisher's part number." example:"SPE_E3"`
	Services    []Service              `json:"services" doc:"What a licence contains."`
	Countries   []string               `json:"countries,omitempty" doc:"The only usage locations in which a licence can be assigned; everywhere if absent."`
	Price       *Price                 `json:"price,omitempty" doc:"What one licence costs, if known."`
	AgreementID string                 `json:"agreementId,omitempty" doc:"The id of the agreement that it was bought under, if known." example:"k3v8t2q9x7w4m5n6"`
	Watched     bool                   `json:"watched" doc:"Whether reminders and suggestions include it." example:"true"`
	Quantity    int                    `json:"quantity" minimum:"0" doc:"The number of licences." example:"100"`
	Assigned    int                    `json:"assigned" minimum:"0" doc:"The number of users with a licence, or of devices of the group, which can be more than there are licences." example:"87"`
	Available   int                    `json:"available" doc:"quantity - assigned: negative if there are too few licences." example:"13"`
	Waiting     *int                   `json:"waiting,omitempty" minimum:"0" doc:"The number of users who wait for a licence; absent in responses to changes." example:"3"`
	DeviceGroup string                 `json:"deviceGroup,omitempty" doc:"The id of the group of devices that holds the subscription; absent if none does." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	QuantityAt  time.Time              `json:"quantityAt" doc:"When the number of licences was stated." example:"2026-11-21T09:30:00Z"`
	Status      subscription.Status    `json:"status" doc:"Licences can be assigned while it is active."`
	EndsOn      day.Date               `json:"endsOn,omitempty" format:"date" doc:"The last day of the current term; absent if it has no end." example:"2027-06-30"`
	TermMonths  int                    `json:"termMonths,omitempty" minimum:"1" doc:"The length of a term in months, if known." example:"12"`
	AutoRenew   bool                   `json:"autoRenew" doc:"Whether a term follows each term." example:"true"`
	RenewsOn    day.Date               `json:"renewsOn,omitempty" format:"date" doc:"The first day of the next term, with automatic renewal." example:"2027-07-01"`
	Conflicts   []SubscriptionConflict `json:"conflicts" doc:"What has to be solved; empty for most."`
	CreatedAt   time.Time              `json:"createdAt" doc:"When it was added." example:"2026-11-21T09:30:00Z"`
	Version     int64                  `json:"version" minimum:"1" doc:"Grows with every change of the subscription, its quantity and its term." example:"2"`
}

// SubscriptionConflict is a conflict of a subscription.
type SubscriptionConflict struct {
	Kind     subscription.ConflictKind `json:"kind" doc:"shortage: more users or devices than licences; expired: not renewed, although in use."`
	Since    time.Time                 `json:"since" doc:"When it began." example:"2026-11-21T09:30:00Z"`
	DaysLeft int                       `json:"daysLeft" minimum:"0" maximum:"90" doc:"The number of days until it is overdue. It is one less after each midnight in the organisation's time zone." example:"83"`
	Overdue  bool                      `json:"overdue" doc:"Whether it is 90 days old. Nothing is removed automatically." example:"false"`
	ShortBy  int                       `json:"shortBy,omitempty" minimum:"0" doc:"The number of missing licences." example:"5"`
	WaysOut  []WayOut                  `json:"waysOut" doc:"What ends it."`
}

// WayOut is one way to end a conflict.
type WayOut struct {
	Action     subscription.Way  `json:"action" doc:"What ends the conflict: renew; buy more licences; for users remove-licenses or delete-users; for devices remove-devices from the group, or unassign the licences of all its devices."`
	Permission access.Permission `json:"permission" doc:"What the person must be allowed to do: buy (buy more licences, or renew), remove-license, delete-user, device-licenses." example:"buy"`
	Roles      []access.Role     `json:"roles" doc:"The roles that allow it." example:"[\"global-admin\",\"billing-admin\"]"`
	Message    string            `json:"message" doc:"What to do, in the reader's language."`
}

// versionOf returns the version of a subscription with its seats. Either grows by one with a change, so
// the sum is different after every change.
func versionOf(h subscription.Holding) int64 { return h.Version + h.Seats.Version }

func (o *operations) subscriptionOf(lang i18n.Lang, now time.Time, h subscription.Holding) Subscription {
	today, s := o.date(now), h.Seats
	used, free := h.Used(), h.Free()
	out := Subscription{
		ID: h.ID, Name: h.Name, Kind: h.Kind, SKU: h.SKU, PartNumber: h.PartNumber, Services: []Service{}, Countries: h.Countries,
		AgreementID: h.AgreementID, Watched: !h.Unwatched,
		Quantity: s.Quantity, Assigned: used, Available: free, DeviceGroup: h.Group, QuantityAt: s.AsOf.UTC(),
		Status: s.Status(today), EndsOn: s.End(today), TermMonths: s.Months, AutoRenew: s.AutoRenew, RenewsOn: s.RenewsOn(today),
		Conflicts: []SubscriptionConflict{}, CreatedAt: h.CreatedAt.UTC(), Version: versionOf(h),
	}
	for _, v := range h.Services {
		out.Services = append(out.Services, Service{v.ID, v.Name, v.Requires, v.Excludes, v.Countries})
	}
	if h.Price.Currency != "" {
		out.Price = &Price{h.Price.Amount, h.Price.Currency}
	}
	for _, c := range h.Conflicts(now, o.Zone) {
		out.Conflicts = append(out.Conflicts, conflictOf(lang, c))
	}
	return out
}

// waits fills in how many users wait, by subscription. Only users wait.
func (s *Subscription) waits(waiting map[string]int) {
	if n := waiting[s.ID]; s.Kind == subscription.ForUsers {
		s.Waiting = &n
	}
}

func conflictOf(lang i18n.Lang, c subscription.Conflict) SubscriptionConflict {
	out := SubscriptionConflict{Kind: c.Kind, Since: c.Since.UTC(), DaysLeft: c.DaysLeft, Overdue: c.Overdue, ShortBy: c.ShortBy}
	for _, w := range c.WaysOut {
		out.WaysOut = append(out.WaysOut, WayOut{w, w.Permission(), access.RolesWith(w.Permission()), i18n.Text(lang, wayOut[w], nil)})
	}
	return out
}

// wayOut has the code of the message of each way out.
var wayOut = map[subscription.Way]string{
	subscription.WayRenew: i18n.WayRenew, subscription.WayBuy: i18n.WayBuy, subscription.WayRemove: i18n.WayRemove, subscription.WayDelete: i18n.WayDelete,
	subscription.WayRemoveDevices: i18n.WayRemoveDevices, subscription.WayUnassign: i18n.WayUnassign,
}

// tag returns the ETag of a subscription. Its version does not change when licences are assigned, when
// devices join or leave its group, when the date changes its status or conflicts, or when users begin to
// wait, so the ETag includes them.
func (s Subscription) tag(lang i18n.Lang, today day.Date) string {
	begin, _ := today.Time()
	parts := []int{s.Assigned, int(begin.Unix() / 86400)}
	if s.Waiting != nil && *s.Waiting > 0 {
		parts = append(parts, *s.Waiting)
	}
	if s.Kind == subscription.ForDevices {
		devices := crc32.NewIEEE()
		fmt.Fprint(devices, s.DeviceGroup)
		for _, c := range s.Conflicts {
			fmt.Fprint(devices, c.Since)
		}
		parts = append(parts, int(devices.Sum32()))
	}
	return httpapi.ETag(lang, s.Version, parts...)
}

func (o *operations) subscriptionOperations() httpapi.Operations {
	return httpapi.Operations{
		"listSubscriptions": o.listSubscriptions,
		"getSubscription":   o.getSubscription,
	}
}

type listSubscriptionsInput struct {
	httpapi.Reader
	httpapi.SubscriptionFilter
}

// SubscriptionList is all selected subscriptions.
type SubscriptionList struct {
	Items  []Subscription     `json:"items" doc:"The subscriptions, sorted by name, in one page."`
	Totals SubscriptionTotals `json:"totals" doc:"The totals of the list."`
}

// SubscriptionTotals is the totals of subscriptions.
type SubscriptionTotals struct {
	Subscriptions int `json:"subscriptions" minimum:"0" doc:"The number of subscriptions." example:"12"`
	Quantity      int `json:"quantity" minimum:"0" doc:"The number of licences." example:"3200"`
	Assigned      int `json:"assigned" minimum:"0" doc:"The number of assigned licences, with the devices of groups." example:"2950"`
	Unused        int `json:"unused" minimum:"0" doc:"The number of licences that nobody has: of all subscriptions with more licences than users or devices." example:"255"`
	Short         int `json:"short" minimum:"0" doc:"The number of missing licences: of all subscriptions with more users or devices than licences." example:"5"`
	Conflicts     int `json:"conflicts" minimum:"0" doc:"The number of conflicts." example:"2"`
}

type listSubscriptionsOutput struct{ Body SubscriptionList }

func (o *operations) listSubscriptions(api huma.API, op huma.Operation) {
	op.Summary = "List subscriptions"
	op.Description = "Lists subscriptions with their licences, sorted by name. There are at most 500, so the list has one page."
	huma.Register(api, op, func(ctx context.Context, in *listSubscriptionsInput) (*listSubscriptionsOutput, error) {
		list, err := o.subscriptions(ctx, in.Lang(), o.Now(), in.SubscriptionFilter)
		if err != nil {
			return nil, err
		}
		waiting, err := o.Register.Waiting(ctx)
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			list.Items[i].waits(waiting)
		}
		return &listSubscriptionsOutput{list}, nil
	})
}

// subscriptions returns the subscriptions that a filter selects.
func (o *operations) subscriptions(ctx context.Context, lang i18n.Lang, now time.Time, f httpapi.SubscriptionFilter) (SubscriptionList, error) {
	all, err := o.used(ctx)
	list := SubscriptionList{Items: []Subscription{}}
	var selected []subscription.Count
	for _, h := range all {
		if c := h.Count(); f.Selection().Selects(c, now, o.Zone) {
			selected = append(selected, c)
			list.Items = append(list.Items, o.subscriptionOf(lang, now, h))
		}
	}
	t := subscription.Summarise(selected, now, o.Zone, "")
	list.Totals = SubscriptionTotals{t.Subscriptions, t.Quantity, t.Used, t.Unused, t.Short, t.Conflicts}
	return list, err
}

// used returns all subscriptions with who uses them.
func (o *operations) used(ctx context.Context) ([]subscription.Holding, error) {
	return device.Subscriptions(ctx, o.Subscriptions, o.Devices)
}

// inUse returns one subscription with who uses it; errs.NotFound subscription_not_found.
func (o *operations) inUse(ctx context.Context, id string) (subscription.Holding, error) {
	h, err := o.Subscriptions.Subscription(ctx, id)
	if err == nil {
		err = o.Devices.Use(ctx, []*subscription.Holding{&h})
	}
	return h, err
}

// SubscriptionID is the path parameter of a subscription.
type SubscriptionID struct {
	ID string `path:"id" maxLength:"64" doc:"The subscription's id." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

type getSubscriptionInput struct {
	httpapi.Reader
	httpapi.Condition
	SubscriptionID
}

func (o *operations) getSubscription(api huma.API, op huma.Operation) {
	op.Summary = "Read a subscription"
	op.Description = "Returns one subscription with its licences."
	op.Errors = append(op.Errors, http.StatusNotFound)
	httpapi.NotModified(&op)
	huma.Register(api, op, func(ctx context.Context, in *getSubscriptionInput) (*httpapi.Tagged[Subscription], error) {
		h, err := o.inUse(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		lang, now := in.Lang(), o.Now()
		waiting, err := o.Register.Waiting(ctx)
		if err != nil {
			return nil, err
		}
		s := o.subscriptionOf(lang, now, h)
		s.waits(waiting)
		return httpapi.Current(in.Condition, s.tag(lang, o.date(now)), s), nil
	})
}
