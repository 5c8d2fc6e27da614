package licenses

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/subscription"
)

// Switch is a yes or no in a query, or neither.
type Switch string

const (
	yes Switch = "true"
	no  Switch = "false"
)

var switches = []Switch{yes, no}

// Only selects items with a property in a query; absent, it selects all.
type Only string

const only Only = "true"

var onlys = []Only{only}

func (s Switch) value() *bool {
	if s == "" {
		return nil
	}
	on := s == yes
	return &on
}

// UserFilter selects users.
type UserFilter struct {
	Text         string                `query:"q" maxLength:"256" doc:"Only users that contain this text in their user principal name, display name or department, without regard to case and accents." example:"peeters"`
	Subscription string                `query:"subscription" maxLength:"64" doc:"Only users who hold a licence of the subscription with this id."`
	Without      string                `query:"without" maxLength:"64" doc:"Only users who hold no licence of the subscription with this id."`
	Licensed     Switch                `query:"licensed" doc:"Only users with at least one licence (true), or with none (false)."`
	Location     string                `query:"location" maxLength:"64" doc:"Only users with this usage location, an ISO 3166-1 alpha-2 code." example:"BE"`
	Department   string                `query:"department" maxLength:"256" doc:"Only users of this department, without regard to case and accents." example:"Sales"`
	Enabled      Switch                `query:"enabled" doc:"Only users who may (true) or may not (false) sign in."`
	Type         subscription.UserType `query:"type" doc:"Only members, or only guests."`
	InactiveDays int                   `query:"inactiveDays" minimum:"1" maximum:"3650" doc:"Only users who have not signed in for so many days. A user without a known sign-in counts from its creation." example:"90"`
	Conflict     Only                  `query:"conflict" doc:"Only users with a licence of a subscription that has a conflict."`
	Deleted      Switch                `query:"deleted" doc:"true: the users who can be restored, in place of all others."`
	Sort         subscription.Sort     `query:"sort" default:"displayName" doc:"The sort order; users with equal values are sorted by name."`
	httpapi.Sorted
}

// Resolve implements huma.Resolver.
func (f *UserFilter) Resolve(huma.Context) []error {
	return httpapi.Refusals(f.unknownCountry(httpapi.ParameterField))
}

// unknownCountry returns the violation of a location that is no country. at is where the filter's fields are.
func (f UserFilter) unknownCountry(at string) []errs.Violation {
	if f.Location == "" || subscription.IsCountry(strings.ToUpper(f.Location)) {
		return nil
	}
	return []errs.Violation{{Code: "country_unknown", Field: at + "location", Value: f.Location}}
}

// forUsers returns all subscriptions by id, for lists of users. Only the filter by conflicts needs their seats,
// which take more time to read than everything else.
func (o *operations) forUsers(ctx context.Context, f UserFilter) (map[string]subscription.Holding, error) {
	if f.Conflict == only {
		return o.holdings(ctx)
	}
	return o.described(ctx)
}

// query returns the query of a filter. It returns a violation for each subscription that does not exist: a
// list that ignores a mistyped id would be taken for the right one. at is where the filter's fields are.
func (o *operations) query(f UserFilter, subscriptions map[string]subscription.Holding, at string) (subscription.Query, error) {
	var unknown []errs.Violation
	for _, p := range []struct{ name, id string }{{"subscription", f.Subscription}, {"without", f.Without}} {
		if _, known := subscriptions[p.id]; p.id != "" && !known {
			unknown = append(unknown, errs.Violation{Code: subscription.SubscriptionGone, Field: at + p.name, Value: p.id})
		}
	}
	if err := errs.Violated(unknown); err != nil {
		return subscription.Query{}, err
	}
	q := subscription.Query{
		Text: f.Text, Subscription: f.Subscription, Without: f.Without, Licensed: f.Licensed.value(), Location: strings.ToUpper(f.Location),
		Department: f.Department, Enabled: f.Enabled.value(), Type: f.Type, InactiveDays: f.InactiveDays, Deleted: f.Deleted == yes,
		Sort: f.Sort, Descending: f.Descending(), Now: o.Now(),
	}
	if f.Conflict == only {
		q.InConflict = []string{}
		for id, h := range subscriptions {
			if len(h.Conflicts(q.Now, o.Zone)) > 0 {
				q.InConflict = append(q.InConflict, id)
			}
		}
		slices.Sort(q.InConflict)
	}
	return q, nil
}

// UserPageTotals is the totals of a list of users, of all its pages.
type UserPageTotals struct {
	Users      int `json:"users" minimum:"0" doc:"The number of users." example:"3000"`
	Licensed   int `json:"licensed" minimum:"0" doc:"Users with at least one licence." example:"2900"`
	Unlicensed int `json:"unlicensed" minimum:"0" doc:"Users without a licence." example:"100"`
	Guests     int `json:"guests" minimum:"0" doc:"Guests." example:"40"`
	Disabled   int `json:"disabled" minimum:"0" doc:"Users who may not sign in." example:"12"`
}

// UserPage is one page of users, with the totals of all pages.
type UserPage struct {
	Items      []User         `json:"items" doc:"The users of this page."`
	NextCursor string         `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
	Totals     UserPageTotals `json:"totals" doc:"The totals of all pages."`
}

type listUsersInput struct {
	httpapi.Reader
	httpapi.Paging
	UserFilter
}

type listUsersOutput struct{ Body UserPage }

func (o *operations) listUsers(api huma.API, op huma.Operation) {
	op.Summary = "List users"
	op.Description = "Lists users with their licences. Every change made before the call is in the list."
	huma.Register(api, op, func(ctx context.Context, in *listUsersInput) (*listUsersOutput, error) {
		page, err := o.page(ctx, in.Lang(), in.UserFilter, in.Paging)
		if err != nil {
			return nil, err
		}
		return &listUsersOutput{page}, nil
	})
}

func (o *operations) page(ctx context.Context, lang i18n.Lang, f UserFilter, p httpapi.Paging) (UserPage, error) {
	subscriptions, err := o.forUsers(ctx, f)
	if err != nil {
		return UserPage{}, err
	}
	q, err := o.query(f, subscriptions, httpapi.ParameterField)
	if err != nil {
		return UserPage{}, err
	}
	q.Limit, q.Cursor = p.Limit, p.Cursor
	found, err := o.Register.List(ctx, q)
	if err != nil {
		return UserPage{}, err
	}
	listed := httpapi.PageOf(found.Items, found.Next, func(u subscription.User) User { return userOf(lang, u, subscriptions) })
	return UserPage{listed.Items, listed.NextCursor, UserPageTotals(found.Totals)}, nil
}

type listSubscriptionUsersInput struct {
	httpapi.Reader
	httpapi.Paging
	SubscriptionID
}

// Holder is a user who holds a licence of a subscription.
type Holder struct {
	User        HolderName `json:"user" doc:"The user."`
	AssignedAt  string     `json:"assignedAt" format:"date-time" doc:"When the licence was assigned." example:"2026-11-21T09:30:00Z"`
	AssignedBy  string     `json:"assignedBy" doc:"Who assigned it, as in audit events."`
	ServicesOff []string   `json:"servicesOff" doc:"The ids of the services that an admin switched off for the user."`
	Via         string     `json:"via" doc:"direct: assigned to the user." example:"direct"`
}

// HolderName names a user.
type HolderName struct {
	ID   string `json:"id" doc:"The user's id." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	UPN  string `json:"userPrincipalName" doc:"The sign-in name." example:"ann.peeters@example.org"`
	Name string `json:"displayName" doc:"The name for readers." example:"Ann Peeters"`
}

func nameOf(u subscription.User) HolderName { return HolderName{u.ID, u.UPN, u.Name} }

func (o *operations) listSubscriptionUsers(api huma.API, op huma.Operation) {
	op.Summary = "List who holds licences of a subscription"
	op.Description = "Lists the users with a licence of the subscription, sorted by name, since when they have it, and which services are off."
	op.Errors = append(op.Errors, http.StatusNotFound)
	type output struct{ Body httpapi.Page[Holder] }
	huma.Register(api, op, func(ctx context.Context, in *listSubscriptionUsersInput) (*output, error) {
		if _, err := o.Subscriptions.Subscription(ctx, in.ID); err != nil {
			return nil, err
		}
		found, err := o.Register.List(ctx, subscription.Query{List: "holders", Subscription: in.ID, Sort: subscription.SortName, Now: o.Now(), Limit: in.Limit, Cursor: in.Cursor})
		if err != nil {
			return nil, err
		}
		return &output{httpapi.PageOf(found.Items, found.Next, func(u subscription.User) Holder { return holderOf(u, in.ID) })}, nil
	})
}

func holderOf(u subscription.User, subscriptionID string) Holder {
	g := u.Licenses[subscriptionID]
	off := g.Off
	if off == nil {
		off = []string{}
	}
	return Holder{nameOf(u), timeText(g.At), g.By, off, g.Via}
}

func (o *operations) conflictOperations() httpapi.Operations {
	return httpapi.Operations{
		"listSubscriptionUsers": o.listSubscriptionUsers, "listConflicts": o.listConflicts, "listConflictUsers": o.listConflictUsers,
	}
}

// Conflict is a conflict with its subscription.
type Conflict struct {
	Subscription     string            `json:"subscription" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	SubscriptionName string            `json:"subscriptionName" doc:"The name of the subscription." example:"Microsoft 365 E3"`
	SubscriptionKind subscription.Kind `json:"subscriptionKind" doc:"user: licences of users; device: licences of the devices of one device group."`
	DeviceGroup      string            `json:"deviceGroup,omitempty" doc:"The id of the group of devices that holds the subscription; absent for users." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Quantity         int               `json:"quantity" minimum:"0" doc:"The number of licences." example:"80"`
	Assigned         int               `json:"assigned" minimum:"0" doc:"The number of users or devices that use a licence." example:"85"`
	SubscriptionConflict
}

// ConflictList is all conflicts.
type ConflictList struct {
	Items []Conflict `json:"items" doc:"The conflicts, the most urgent first."`
}

// ConflictFilter selects conflicts.
type ConflictFilter struct {
	Kind subscription.ConflictKind `query:"kind" doc:"Only conflicts of this kind."`
}

type listConflictsInput struct {
	httpapi.Reader
	ConflictFilter
}

func (o *operations) listConflicts(api huma.API, op huma.Operation) {
	op.Summary = "List conflicts"
	op.Description = "Lists the subscriptions with more users or devices than licences, and expired subscriptions that are in use, with the days that are left and the ways out. A conflict ends by itself when its cause does."
	type output struct{ Body ConflictList }
	huma.Register(api, op, func(ctx context.Context, in *listConflictsInput) (*output, error) {
		found, err := o.conflicts(ctx, in.Lang(), in.ConflictFilter)
		if err != nil {
			return nil, err
		}
		return &output{ConflictList{found}}, nil
	})
}

// conflicts returns the conflicts that a filter selects, the oldest first.
func (o *operations) conflicts(ctx context.Context, lang i18n.Lang, f ConflictFilter) ([]Conflict, error) {
	all, err := o.subscriptions(ctx, lang, o.Now(), httpapi.SubscriptionFilter{})
	if err != nil {
		return nil, err
	}
	found := []Conflict{}
	for _, s := range all.Items {
		for _, c := range s.Conflicts {
			if f.Kind == "" || c.Kind == f.Kind {
				found = append(found, Conflict{s.ID, s.Name, s.Kind, s.DeviceGroup, s.Quantity, s.Assigned, c})
			}
		}
	}
	// Subscriptions are sorted by name.
	slices.SortStableFunc(found, func(a, b Conflict) int { return a.Since.Compare(b.Since) })
	return found, nil
}

type listConflictUsersInput struct {
	httpapi.Reader
	httpapi.Paging
	Subscription string `path:"subscription" maxLength:"64" doc:"The id of a subscription with a conflict." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// ConflictUser is a user in a conflict, with one of the services that are on.
type ConflictUser struct {
	User     HolderName    `json:"user" doc:"The user."`
	Services []HeldService `json:"services" doc:"The services that are on for the user, and that the conflict is about."`
}

// HeldService names a service.
type HeldService struct {
	ID   string `json:"id" doc:"The id of the service." example:"TEAMS1"`
	Name string `json:"name" doc:"The name of the service." example:"Microsoft Teams"`
}

func (o *operations) listConflictUsers(api huma.API, op huma.Operation) {
	op.Summary = "List the users in a conflict"
	op.Description = "Lists every user with a licence of a subscription that has a conflict, sorted by name, with the services that are on. A shortage has no particular users: any of them can give up a licence. A conflict of devices has no users: its devices are those of the group."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	type output struct{ Body httpapi.Page[ConflictUser] }
	huma.Register(api, op, func(ctx context.Context, in *listConflictUsersInput) (*output, error) {
		h, err := o.conflicting(ctx, in.Subscription)
		if err != nil {
			return nil, err
		}
		found, err := o.Register.List(ctx, subscription.Query{List: "conflict", Subscription: in.Subscription, Sort: subscription.SortName, Now: o.Now(), Limit: in.Limit, Cursor: in.Cursor})
		if err != nil {
			return nil, err
		}
		return &output{httpapi.PageOf(found.Items, found.Next, func(u subscription.User) ConflictUser {
			c := ConflictUser{User: nameOf(u), Services: []HeldService{}}
			for _, s := range h.On(u) {
				c.Services = append(c.Services, HeldService{s.ID, s.Name})
			}
			return c
		})}, nil
	})
}

// conflicting returns a subscription whose users have a conflict, or errs.NotFound conflict_not_found, or
// errs.Conflict conflict_of_devices.
func (o *operations) conflicting(ctx context.Context, id string) (subscription.Holding, error) {
	h, err := o.inUse(ctx, id)
	switch {
	case err != nil:
		return h, err
	case len(h.Conflicts(o.Now(), o.Zone)) == 0:
		return h, errs.New(errs.NotFound, "conflict_not_found", "subscription", h.Name)
	case h.Kind == subscription.ForDevices:
		return h, errs.New(errs.Conflict, "conflict_of_devices", "subscription", h.Name, "group", h.Group)
	}
	return h, nil
}
