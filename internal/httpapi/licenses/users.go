package licenses

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/day"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/subscription"
)

// UserLicense is a licence that a user holds.
type UserLicense struct {
	Subscription string    `json:"subscription" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Name         string    `json:"name" doc:"The name of the subscription." example:"Microsoft 365 E3"`
	AssignedAt   time.Time `json:"assignedAt" doc:"When it was assigned." example:"2026-11-21T09:30:00Z"`
	AssignedBy   string    `json:"assignedBy" doc:"Who assigned it, as in audit events."`
	ServicesOff  []string  `json:"servicesOff" doc:"The ids of the services that an admin switched off for the user." example:"[\"TEAMS1\"]"`
}

// UserWarning is a remark about a user's licences.
type UserWarning struct {
	Code         subscription.WarningCode `json:"code" doc:"Identifies the remark and never changes." example:"user_disabled"`
	Message      string                   `json:"message" doc:"The remark, in the reader's language."`
	Subscription string                   `json:"subscription,omitempty" doc:"The id of the subscription that it is about."`
	Service      string                   `json:"service,omitempty" doc:"The id of the service that it is about."`
}

// User is a person who can have licences.
type User struct {
	ID           string                `json:"id" doc:"The id of the user. It never changes." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	ObjectID     string                `json:"objectId,omitempty" doc:"The id in the directory that the user was read from." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"`
	UPN          string                `json:"userPrincipalName" doc:"The sign-in name: unique, without regard to case." example:"ann.peeters@example.org"`
	Name         string                `json:"displayName" doc:"The name for readers." example:"Ann Peeters"`
	Location     string                `json:"usageLocation,omitempty" doc:"The country in which the licences are used, as an ISO 3166-1 alpha-2 code. Without one, no licence can be assigned." example:"BE"`
	Department   string                `json:"department,omitempty" doc:"The department." example:"Sales"`
	Type         subscription.UserType `json:"type" doc:"member of the organisation, or guest."`
	Enabled      bool                  `json:"enabled" doc:"Whether the user may sign in." example:"true"`
	LastSignInAt time.Time             `json:"lastSignInAt,omitzero" doc:"The last known sign-in." example:"2026-11-21T09:30:00Z"`
	Excluded     bool                  `json:"excludedFromSuggestions" doc:"Whether the licences of the user are left out of suggestions to take them back, for example during a leave. An exclusion whose last day has passed has no effect." example:"false"`
	Until        day.Date              `json:"excludedUntil,omitempty" format:"date" doc:"The last day of the exclusion, in the organisation's time zone; absent if it has no end." example:"2027-01-31"`
	Licenses     []UserLicense         `json:"licenses" doc:"The licences, sorted by the name of the subscription."`
	Waiting      []UserPlace           `json:"waiting,omitempty" doc:"The licences that the user waits for, the longest first."`
	Warnings     []UserWarning         `json:"warnings,omitempty" doc:"What an admin should know about the licences."`
	CreatedAt    time.Time             `json:"createdAt" doc:"When the user was added." example:"2026-11-21T09:30:00Z"`
	DeletedAt    time.Time             `json:"deletedAt,omitzero" doc:"When the user was deleted." example:"2026-11-21T09:30:00Z"`
	RestoreUntil time.Time             `json:"restorableUntil,omitzero" doc:"Until when a deleted user can be restored." example:"2026-12-21T09:30:00Z"`
	Version      int64                 `json:"version" minimum:"1" doc:"Grows with every change of the user or the licences." example:"3"`
}

func userOf(lang i18n.Lang, u subscription.User, subscriptions map[string]subscription.Holding) User {
	out := User{
		ID: u.ID, ObjectID: u.ObjectID, UPN: u.UPN, Name: u.Name, Location: u.Location, Department: u.Department, Type: u.Type,
		Enabled: !u.Disabled, Excluded: u.Excluded, Until: u.ExcludedUntil, Licenses: []UserLicense{}, Warnings: warningsOf(lang, u.Warnings(subscriptions), u, subscriptions),
		CreatedAt: u.CreatedAt.UTC(), Version: u.Version,
	}
	if !u.Seen.IsZero() {
		out.LastSignInAt = u.Seen.UTC()
	}
	if !u.DeletedAt.IsZero() {
		out.DeletedAt, out.RestoreUntil = u.DeletedAt.UTC(), u.RestorableUntil().UTC()
	}
	for id, g := range u.Licenses {
		off := slices.Clone(g.Off)
		if off == nil {
			off = []string{}
		}
		out.Licenses = append(out.Licenses, UserLicense{id, subscriptions[id].Name, g.At.UTC(), g.By, off})
	}
	slices.SortFunc(out.Licenses, compareLicenses)
	for id, place := range u.Waiting {
		if h, known := subscriptions[id]; known { // a place for a deleted subscription is removed by the schedule
			out.Waiting = append(out.Waiting, UserPlace{id, h.Name, placeOf(place)})
		}
	}
	slices.SortFunc(out.Waiting, func(a, b UserPlace) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Subscription, b.Subscription))
	})
	return out
}

func warningsOf(lang i18n.Lang, warnings []subscription.Warning, u subscription.User, subscriptions map[string]subscription.Holding) (shown []UserWarning) {
	for _, w := range warnings {
		service, _ := serviceNamed(subscriptions, w.Subscription, w.Service)
		args := map[string]string{"subscription": subscriptions[w.Subscription].Name, "service": service, "location": u.Location}
		shown = append(shown, UserWarning{w.Code, i18n.Text(lang, string(w.Code), args), w.Subscription, w.Service})
	}
	return shown
}

// serviceNamed returns the name of a service, for readers: of a subscription, or of any one that has it.
func serviceNamed(subscriptions map[string]subscription.Holding, subscriptionID, serviceID string) (string, bool) {
	if h, known := subscriptions[subscriptionID]; known {
		if s, has := h.Service(serviceID); has {
			return s.Name, true
		}
	}
	for _, h := range subscriptions {
		if s, has := h.Service(serviceID); has {
			return s.Name, true
		}
	}
	return serviceID, false
}

// holdings returns all subscriptions by id.
func (o *operations) holdings(ctx context.Context) (map[string]subscription.Holding, error) {
	all, err := o.Subscriptions.Subscriptions(ctx)
	return subscription.ByID(all), err
}

// described returns all subscriptions by id, without their seats.
func (o *operations) described(ctx context.Context) (map[string]subscription.Holding, error) {
	all, err := o.Subscriptions.Descriptions(ctx)
	byID := make(map[string]subscription.Holding, len(all))
	for _, s := range all {
		byID[s.ID] = subscription.Holding{Subscription: s}
	}
	return byID, err
}

// UserID is the path parameter of a user.
type UserID struct {
	ID string `path:"id" maxLength:"320" doc:"The user's id or user principal name." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// user returns the user with an id or a user principal name. It returns errs.NotFound user_not_found if
// there is none, or one that was deleted so long ago that it cannot be restored.
func (o *operations) user(ctx context.Context, key string) (subscription.User, error) {
	found, err := o.usersByKey(ctx, []string{key})
	if err != nil {
		return subscription.User{}, err
	}
	return o.found(found[0], key)
}

// found returns a user that exists, or that can be restored, and else errs.NotFound user_not_found.
func (o *operations) found(u subscription.User, key string) (subscription.User, error) {
	if u.Version > 0 && (u.DeletedAt.IsZero() || u.Restorable(o.Now())) {
		return u, nil
	}
	return subscription.User{}, noUser(key)
}

// userWithSubscriptions returns what user does, and all subscriptions by id, without their seats. With the user's id
// this is one request.
func (o *operations) userWithSubscriptions(ctx context.Context, key string) (u subscription.User, subscriptions map[string]subscription.Holding, err error) {
	if isUPN(key) {
		if u, err = o.user(ctx, key); err == nil {
			subscriptions, err = o.described(ctx)
		}
		return u, subscriptions, err
	}
	users, all, err := o.People.UsersAndSubscriptions(ctx, []string{key}, subscription.NoSeats)
	if err == nil {
		u, err = o.found(users[0], key)
	}
	return u, subscription.ByID(all), err
}

// usersByKey returns users by their ids or user principal names, in order; a user that does not exist
// has Version 0.
func (o *operations) usersByKey(ctx context.Context, keys []string) ([]subscription.User, error) {
	var ids, names []string
	for _, key := range keys {
		if isUPN(key) {
			names = append(names, key)
		} else {
			ids = append(ids, key)
		}
	}
	var byID, byName []subscription.User
	var err error
	if len(ids) > 0 {
		if byID, err = o.People.Users(ctx, ids); err != nil {
			return nil, err
		}
	}
	if len(names) > 0 {
		if byName, err = o.People.ByUPN(ctx, names); err != nil {
			return nil, err
		}
	}
	users := make([]subscription.User, len(keys))
	for i, key := range keys {
		if isUPN(key) {
			users[i], byName = byName[0], byName[1:]
		} else {
			users[i], byID = byID[0], byID[1:]
		}
	}
	return users, nil
}

type getUserInput struct {
	httpapi.Reader
	httpapi.Condition
	UserID
}

func (o *operations) userOperations() httpapi.Operations {
	return httpapi.Operations{"listUsers": o.listUsers, "getUser": o.getUser}
}

func (o *operations) getUser(api huma.API, op huma.Operation) {
	op.Summary = "Read a user"
	op.Description = "Returns one user with the licences. A deleted user is found by its id while it can be restored."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getUserInput) (*httpapi.Versioned[User], error) {
		u, subscriptions, err := o.userWithSubscriptions(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), u.Version), userOf(in.Lang(), u, subscriptions)), nil
	})
}
