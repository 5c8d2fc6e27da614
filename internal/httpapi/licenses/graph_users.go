package licenses

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/errs"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// GraphUser is a user in the format of Microsoft Graph. Properties without a value are left out.
type GraphUser struct {
	Context    string               `json:"@odata.context,omitempty" doc:"The address that describes the user, if the response is one user."`
	Type       string               `json:"@odata.type,omitempty" doc:"The type, where objects of several types can be returned." example:"#microsoft.graph.user"`
	ID         string               `json:"id,omitempty" doc:"The id in the directory that the user was read from. For a user without one, trueup's id in the form of a GUID. Either finds the user." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"`
	UPN        string               `json:"userPrincipalName,omitempty" doc:"The sign-in name." example:"ann.peeters@example.org"`
	Name       string               `json:"displayName,omitempty" doc:"The name for readers." example:"Ann Peeters"`
	Department string               `json:"department,omitempty" doc:"The department." example:"Sales"`
	Location   string               `json:"usageLocation,omitempty" doc:"The country in which the licences are used." example:"BE"`
	UserType   string               `json:"userType,omitempty" enum:"Member,Guest" doc:"Member of the organisation, or Guest." example:"Member"`
	Enabled    *bool                `json:"accountEnabled,omitempty" doc:"Whether the user may sign in." example:"true"`
	CreatedAt  time.Time            `json:"createdDateTime,omitzero" doc:"When the user was added here." example:"2026-11-21T09:30:00Z"`
	Licenses   []GraphUserLicense   `json:"assignedLicenses,omitzero" doc:"The licences."`
	States     []GraphLicenseState  `json:"licenseAssignmentStates,omitzero" doc:"The licences, and since when the user has each."`
	SignIn     *GraphSignInActivity `json:"signInActivity,omitempty" doc:"The last known sign-in."`
}

// GraphUserLicense is a licence of a user.
type GraphUserLicense struct {
	DisabledPlans []string `json:"disabledPlans" doc:"The servicePlanIds of the services that are off for the user."`
	SkuID         string   `json:"skuId" doc:"The skuId of the licence." example:"05e9a617-0261-4cee-bb44-138d3ef5d965"`
}

// GraphLicenseState is a licence of a user with its state.
type GraphLicenseState struct {
	GraphUserLicense
	State     string    `json:"state" enum:"Active" doc:"Active." example:"Active"`
	Error     string    `json:"error" enum:"None" doc:"None." example:"None"`
	UpdatedAt time.Time `json:"lastUpdatedDateTime" doc:"When the licence was assigned." example:"2026-11-21T09:30:00Z"`
}

// GraphSignInActivity is when a user signed in.
type GraphSignInActivity struct {
	Last time.Time `json:"lastSignInDateTime" doc:"The last known sign-in." example:"2026-11-21T09:30:00Z"`
}

// Properties of users of Graph: those of a response without $select, and those that Graph has and nobody here.
var (
	graphUserStandard = []string{"id", "displayName", "userPrincipalName"}
	graphUserEmpty    = []string{
		"ageGroup", "businessPhones", "city", "companyName", "country", "employeeId", "givenName", "jobTitle", "mail", "mailNickname", "manager", "mobilePhone", "officeLocation",
		"onPremisesSyncEnabled", "otherMails", "preferredLanguage", "proxyAddresses", "state", "surname",
	}
)

func graphUserType(t subscription.UserType) string {
	if t == subscription.Guest {
		return "Guest"
	}
	return "Member"
}

func graphUserOf(u subscription.User, subscriptions map[string]subscription.Holding) GraphUser {
	enabled := !u.Disabled
	out := GraphUser{
		ID: graphGUID(u.ObjectID, u.ID), UPN: u.UPN, Name: u.Name, Department: u.Department, Location: u.Location, UserType: graphUserType(u.Type),
		Enabled: &enabled, CreatedAt: u.CreatedAt.UTC(), Licenses: []GraphUserLicense{}, States: []GraphLicenseState{},
	}
	if !u.Seen.IsZero() {
		out.SignIn = &GraphSignInActivity{u.Seen.UTC()}
	}
	for _, subscriptionID := range slices.Sorted(maps.Keys(u.Licenses)) {
		g, h := u.Licenses[subscriptionID], subscriptions[subscriptionID]
		h.ID = subscriptionID // also if it was deleted meanwhile
		license := GraphUserLicense{DisabledPlans: []string{}, SkuID: skuID(h)}
		for _, off := range g.Off {
			license.DisabledPlans = append(license.DisabledPlans, servicePlanID(subscription.Service{ID: off}))
		}
		out.Licenses = append(out.Licenses, license)
		out.States = append(out.States, GraphLicenseState{license, "Active", "None", g.At.UTC()})
	}
	return out
}

type graphListUsersInput struct {
	GraphRequest
	GraphPaging
	Filter string `query:"$filter" maxLength:"2048" doc:"Comparisons joined by and: eq with id, userPrincipalName, displayName, department, usageLocation, userType and accountEnabled; startswith(property,'text'); assignedLicenses/any(x:x/skuId eq …); assignedLicenses/$count eq 0. Texts are compared without regard to case." example:"startswith(displayName,'Ann') and accountEnabled eq true"`
}

type graphUsersOutput struct{ Body GraphCollection[GraphUser] }

func (o *operations) graphListUsers(api huma.API, op huma.Operation) {
	graphRead(&op, "List users (Graph)", "Lists users, without those that are deleted. Every change made before the call is in the list. Other query options of OData are refused.")
	huma.Register(api, op, func(ctx context.Context, in *graphListUsersInput) (*graphUsersOutput, error) {
		keep, err := selection[GraphUser](in.GraphRequest, graphUserStandard, graphUserEmpty)
		if err != nil {
			return nil, err
		}
		subscriptions, err := o.described(ctx)
		if err != nil {
			return nil, err
		}
		filter, err := parseUserFilter(in.Filter, func(sku string) (ids []string) { return idsOf(ofProduct(subscriptions, sku)) })
		if err != nil {
			return nil, err
		}
		last, err := in.after("users", "$filter", in.Filter)
		if err != nil {
			return nil, err
		}
		users, total, err := o.graphUsers(ctx, filter, last, in.Top+1, in.Count == yes)
		if err != nil {
			return nil, err
		}
		page, err := graphCollection(in.GraphRequest, in.GraphPaging, keep, graphPage[subscription.User, GraphUser]{
			set: "users", path: "users", params: []string{"$filter", in.Filter}, items: users, total: total, key: func(u subscription.User) string { return u.ID },
			convert: func(u subscription.User) GraphUser { return graphUserOf(u, subscriptions) },
		})
		if err != nil {
			return nil, err
		}
		return &graphUsersOutput{*page}, nil
	})
}

// graphUsers returns the first n users that a filter selects after an id, sorted by id, and with counted how many it
// selects in all. A filter that names a user principal name reads one user.
func (o *operations) graphUsers(ctx context.Context, f userFilter, last string, n int, counted bool) (users []subscription.User, total int, err error) {
	var all iter.Seq[subscription.User]
	if f.upn != "" {
		found, err := o.People.ByUPN(ctx, []string{f.upn})
		if err != nil || found[0].Version == 0 {
			return nil, 0, err
		}
		all = slices.Values(found)
	} else {
		q := subscription.Query{Sort: subscription.SortID, Now: o.Now()}
		if len(f.all) == 0 {
			q.Most, counted = n, false // the register counts
		}
		if !counted {
			q.After = last
		}
		var totals subscription.Totals
		if all, totals, err = o.Register.All(ctx, q); err != nil {
			return nil, 0, err
		}
		if len(f.all) == 0 {
			return slices.Collect(all), totals.Users, nil
		}
	}
	for u := range all {
		if !f.selects(&u) {
			continue
		}
		total++
		if u.ID > last && len(users) < n {
			users = append(users, u)
		}
		if len(users) == n && !counted {
			break
		}
	}
	return users, total, nil
}

// graphUser returns the user, deleted or not, that a client of Graph names: by the id in the directory, trueup's
// id, in the form of a GUID or not, or the user principal name. It returns errs.NotFound user_not_found, or
// errs.Conflict user_object_id_shared if several users have this id in the directory.
func (o *operations) graphUser(ctx context.Context, key string, deleted bool) (subscription.User, error) {
	fits := func(u subscription.User) bool {
		if deleted {
			return u.Version > 0 && u.Restorable(o.Now())
		}
		return u.Version > 0 && u.DeletedAt.IsZero()
	}
	lookup := key
	if !isUPN(key) {
		lookup = ownID(key)
	}
	found, err := o.usersByKey(ctx, []string{lookup})
	if err != nil {
		return subscription.User{}, err
	}
	if fits(found[0]) {
		return found[0], nil
	}
	if lookup == key { // no GUID
		return subscription.User{}, noUser(key)
	}
	all, _, err := o.Register.All(ctx, subscription.Query{ObjectID: key, Deleted: deleted, Now: o.Now()})
	if err != nil {
		return subscription.User{}, err
	}
	with := slices.Collect(all)
	switch {
	case len(with) == 0:
		return subscription.User{}, noUser(key)
	case deleted: // the one that was deleted last
		return slices.MaxFunc(with, func(a, b subscription.User) int { return a.DeletedAt.Compare(b.DeletedAt) }), nil
	case len(with) > 1:
		return subscription.User{}, errs.New(errs.Conflict, "user_object_id_shared", "users", text.Shorten(with[0].UPN+", "+with[1].UPN, 200))
	}
	return with[0], nil
}

// GraphUserKey is the path parameter of a user.
type GraphUserKey struct {
	Key string `path:"id" maxLength:"320" doc:"The id or the user principal name of the user." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"`
}

type graphGetUserInput struct {
	GraphRequest
	GraphUserKey
}

type graphUserOutput struct{ Body GraphUser }

func (o *operations) graphGetUser(api huma.API, op huma.Operation) {
	graphRead(&op, "Read a user (Graph)", "Returns one user.", http.StatusNotFound, http.StatusConflict)
	huma.Register(api, op, func(ctx context.Context, in *graphGetUserInput) (*graphUserOutput, error) {
		keep, err := selection[GraphUser](in.GraphRequest, graphUserStandard, graphUserEmpty)
		if err != nil {
			return nil, err
		}
		u, err := o.graphUser(ctx, in.Key, false)
		if err != nil {
			return nil, err
		}
		subscriptions, err := o.described(ctx)
		if err != nil {
			return nil, err
		}
		out := &graphUserOutput{graphUserOf(u, subscriptions)}
		keepProperties(&out.Body, keep)
		out.Body.Context = in.context("users") + "/$entity"
		return out, nil
	})
}

// GraphLicenseDetails is a licence of a user with its services.
type GraphLicenseDetails struct {
	ID         string             `json:"id,omitempty" doc:"Identifies the licence of the user." example:"6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0_05e9a617-0261-4cee-bb44-138d3ef5d965"`
	SkuID      string             `json:"skuId,omitempty" doc:"The skuId of the licence." example:"05e9a617-0261-4cee-bb44-138d3ef5d965"`
	PartNumber string             `json:"skuPartNumber,omitempty" doc:"The part number; the name of the subscription if it has none." example:"SPE_E3"`
	Plans      []GraphServicePlan `json:"servicePlans,omitzero" doc:"The services. Those that are off for the user, or not offered in the usage location, are Disabled."`
}

type graphLicenseDetailsInput struct {
	GraphRequest
	GraphPaging
	GraphUserKey
}

type graphLicenseDetailsOutput struct {
	Body GraphCollection[GraphLicenseDetails]
}

func (o *operations) graphListLicenseDetails(api huma.API, op huma.Operation) {
	graphRead(&op, "List the licences of a user (Graph)", "Lists the licences of a user with their services.", http.StatusNotFound, http.StatusConflict)
	huma.Register(api, op, func(ctx context.Context, in *graphLicenseDetailsInput) (*graphLicenseDetailsOutput, error) {
		keep, err := selection[GraphLicenseDetails](in.GraphRequest, nil, nil)
		if err != nil {
			return nil, err
		}
		u, err := o.graphUser(ctx, in.Key, false)
		if err != nil {
			return nil, err
		}
		subscriptions, err := o.described(ctx)
		if err != nil {
			return nil, err
		}
		guid := graphGUID(u.ObjectID, u.ID)
		path := "users/" + guid + "/licenseDetails"
		last, err := in.after(path)
		if err != nil {
			return nil, err
		}
		held := first[subscription.Holding]{n: in.Top + 1, key: ownKey}
		total := 0
		for subscriptionID := range u.Licenses {
			if h, known := subscriptions[subscriptionID]; known { // not deleted meanwhile
				total++
				if h.ID > last {
					held.add(h)
				}
			}
		}
		held.cut()
		page, err := graphCollection(in.GraphRequest, in.GraphPaging, keep, graphPage[subscription.Holding, GraphLicenseDetails]{
			set: "users('" + guid + "')/licenseDetails", path: path, items: held.items, total: total, key: ownKey,
			convert: func(h subscription.Holding) GraphLicenseDetails { return licenseDetailsOf(u, h) },
		})
		if err != nil {
			return nil, err
		}
		return &graphLicenseDetailsOutput{*page}, nil
	})
}

// ownKey is the key by which collections of subscriptions are sorted.
func ownKey(h subscription.Holding) string { return h.ID }

func licenseDetailsOf(u subscription.User, h subscription.Holding) GraphLicenseDetails {
	d := GraphLicenseDetails{ID: graphGUID(u.ObjectID, u.ID) + "_" + graphGUID("", h.ID), SkuID: skuID(h), PartNumber: partNumber(h), Plans: []GraphServicePlan{}}
	on := h.On(u)
	for _, service := range h.Services {
		plan := graphPlan(service, planSuccess)
		if !slices.ContainsFunc(on, func(s subscription.Service) bool { return s.ID == service.ID }) {
			plan.Status = planDisabled
		}
		d.Plans = append(d.Plans, plan)
	}
	return d
}
