package licenses

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/licensing"
	"trueup/internal/once"
	"trueup/internal/subscription"
)

// GraphNewLicense is a licence to assign.
type GraphNewLicense struct {
	DisabledPlans []string `json:"disabledPlans,omitempty" maxItems:"200" doc:"The servicePlanIds of the services that are off afterwards; all others are on, also for a user who has the licence." example:"[\"57ff2da0-773e-42df-b2af-ffb7a2317929\"]"`
	SkuID         string   `json:"skuId" maxLength:"64" doc:"The skuId of the licence." example:"05e9a617-0261-4cee-bb44-138d3ef5d965"`
}

// GraphLicenseChange is licences to assign to a user and to remove. Both lists are required, and can be empty.
type GraphLicenseChange struct {
	Add    []GraphNewLicense `json:"addLicenses" maxItems:"40" doc:"The licences to assign."`
	Remove []string          `json:"removeLicenses" maxItems:"40" doc:"The skuIds of the licences to remove." example:"[]"`
}

type graphAssignInput struct {
	GraphRequest
	httpapi.Repeatable
	Preference
	GraphUserKey
	Body GraphLicenseChange
}

// Resolve implements huma.Resolver.
func (in *graphAssignInput) Resolve(ctx huma.Context) []error {
	_ = in.GraphRequest.Resolve(ctx)
	var added, removed []string
	for _, a := range in.Body.Add {
		added = append(added, strings.ToLower(a.SkuID))
	}
	for _, sku := range in.Body.Remove {
		removed = append(removed, strings.ToLower(sku))
	}
	broken := slices.Concat(repeated("addLicenses", "/skuId", added), repeated("removeLicenses", "", removed))
	for i, sku := range removed {
		if first := slices.Index(added, sku); first >= 0 {
			broken = append(broken, errs.Violation{Code: "graph_added_and_removed", Field: "removeLicenses/" + strconv.Itoa(i), Value: sku})
		}
	}
	return httpapi.Refusals(broken)
}

type graphChangedUser struct {
	Applied string `header:"Preference-Applied" doc:"The preferences that were followed."`
	Body    httpapi.Reply[GraphUser]
}

func (o *operations) graphAssignLicense(api huma.API, op huma.Operation) {
	op.Summary = "Assign and remove licences of a user (Graph)"
	op.Description = "Assigns and removes licences of one user: all of it, or nothing. Violations are details of the error, in the words of Microsoft Graph. " +
		"Removing licences needs the permission to remove licences, too, and the header Prefer. With an Idempotency-Key, a licence to remove that the user does not have is no error."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *graphAssignInput) (*graphChangedUser, error) {
		permission := access.AssignLicense
		if len(in.Body.Remove) > 0 {
			if err := httpapi.Allow(ctx, access.RemoveLicense); err != nil {
				return nil, err
			}
			if len(in.Body.Add) == 0 {
				permission = access.RemoveLicense
			}
		}
		now := o.Now()
		changed, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID+" "+in.Key, in.Body, func(call httpapi.Call[GraphUser]) (reply httpapi.Reply[GraphUser], err error) {
			u, err := o.graphUser(ctx, in.Key, false)
			if err != nil {
				return reply, err
			}
			subscriptions, err := o.described(ctx)
			if err != nil {
				return reply, err
			}
			if in.IdempotencyKey == "" {
				if err := notHeld(u, in.Body.Remove, subscriptions); err != nil {
					return reply, err
				}
			}
			r := licensing.Request{
				UserIDs: []string{u.ID}, Call: o.call(ctx, now, in.Repeatable, op.OperationID+" "+u.ID), Today: o.today(now), Acknowledged: in.acknowledged(),
				Event: o.events(ctx, permission, now),
			}
			r.Each = func(u subscription.User, free map[string]subscription.Holding) subscription.Want {
				return o.graphWant(u, in.Body, free, r.Call)
			}
			results, err := o.licensing.Change(ctx, r)
			if err != nil {
				return reply, graphChange(err)
			}
			if err := graphRefusal(results[0].Decision, subscriptions); err != nil {
				return reply, err
			}
			shown := graphUserOf(results[0].After, subscriptions)
			shown.Context = in.context("users") + "/$entity"
			if reply, err = call.Reply(shown); err != nil || len(reply.Entry.Response) > maxRemembered {
				return reply, err // a repetition does the work again, with the same outcome
			}
			return reply.Remember(ctx, o.Kernel, now)
		})
		if err != nil {
			return nil, err
		}
		return &graphChangedUser{in.applied(), changed}, nil
	})
}

// notHeld returns errs.NotFound license_not_held if the user has none of the licences of a product to remove.
func notHeld(u subscription.User, skus []string, subscriptions map[string]subscription.Holding) error {
	for _, sku := range skus {
		if len(heldOf(u, sku, subscriptions)) == 0 {
			return errs.New(errs.NotFound, "license_not_held")
		}
	}
	return nil
}

// heldOf returns the ids of the subscriptions with licences of a product that the user has.
func heldOf(u subscription.User, sku string, subscriptions map[string]subscription.Holding) (ids []string) {
	for _, id := range idsOf(ofProduct(subscriptions, sku)) {
		if _, holds := u.Licenses[id]; holds {
			ids = append(ids, id)
		}
	}
	return ids
}

// unknownSKU stands before the id of a product that nobody bought. No id of a subscription begins with it.
const unknownSKU = "skuId/"

// graphWant returns the change of a user's licences in terms of subscriptions. Of several subscriptions of a product
// it takes the one of which the user has a licence, or else the first one that has a free licence for the user.
func (o *operations) graphWant(u subscription.User, body GraphLicenseChange, free map[string]subscription.Holding, call subscription.Call) (want subscription.Want) {
	for _, sku := range body.Remove {
		want.Remove = append(want.Remove, heldOf(u, sku, free)...)
	}
	for _, license := range body.Add {
		candidates := withSKU(free, license.SkuID, o.date(call.At))
		if len(candidates) == 0 {
			// It is refused, also if it is the id of a subscription whose product has another one.
			want.Add = append(want.Add, subscription.Assignment{Subscription: unknownSKU + license.SkuID})
			continue
		}
		chosen := candidates[0]
		if i := slices.IndexFunc(candidates, func(h subscription.Holding) bool { _, holds := u.Licenses[h.ID]; return holds }); i >= 0 {
			chosen = candidates[i]
		} else if i := slices.IndexFunc(candidates, func(h subscription.Holding) bool { return o.hasLicense(u, h, free, call) }); i >= 0 {
			chosen = candidates[i]
		}
		want.Add = append(want.Add, subscription.Assignment{Subscription: chosen.ID, Off: plansOff(chosen, license.DisabledPlans)})
	}
	return want
}

// hasLicense reports whether a subscription has a licence that the user may have, if it were the only one.
func (o *operations) hasLicense(u subscription.User, h subscription.Holding, free map[string]subscription.Holding, call subscription.Call) bool {
	if h.Seats.Available < 1 {
		return false
	}
	d := subscription.Decide(u, subscription.Want{Add: []subscription.Assignment{{Subscription: h.ID}}}, free, call, o.date(call.At))
	// What the user's other services require or exclude is the same for each subscription of the product.
	return !slices.ContainsFunc(d.Violations, func(v subscription.Violation) bool {
		return slices.Contains([]string{subscription.SubscriptionEnded, subscription.LocationForbidden, subscription.ForDevicesOnly}, v.Code)
	})
}

// plansOff returns the ids of the services that a client of Graph names. One that the subscription does not have
// stays as it is, and is refused.
func plansOff(h subscription.Holding, plans []string) (ids []string) {
	for _, plan := range plans {
		id := plan
		for _, s := range h.Services {
			if strings.EqualFold(servicePlanID(s), plan) {
				id = s.ID
				break
			}
		}
		ids = append(ids, id)
	}
	return ids
}

// graphRefusal returns the error for a decision that changes nothing, with skuIds in place of ids of subscriptions.
func graphRefusal(d subscription.Decision, subscriptions map[string]subscription.Holding) error {
	e := errs.As(refusal(d, subscriptions))
	if e == nil {
		return nil
	}
	for i, v := range e.Violations {
		e.Violations[i].Value = strings.TrimPrefix(v.Value, unknownSKU)
		if h, known := subscriptions[v.Value]; known {
			e.Violations[i].Value = skuID(h)
		}
	}
	return e
}

type graphDeleteInput struct {
	GraphRequest
	Preference
	GraphUserKey
}

type graphDeleted struct {
	Applied string `header:"Preference-Applied" doc:"The preferences that were followed."`
}

func (o *operations) graphDeleteUser(api huma.API, op huma.Operation) {
	op.Summary = "Delete a user (Graph)"
	op.Description = "Deletes a user and frees all its licences at the same moment. For 30 days the user can be restored. It needs the header Prefer."
	op.DefaultStatus = http.StatusNoContent
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	huma.Register(api, op, func(ctx context.Context, in *graphDeleteInput) (*graphDeleted, error) {
		now := o.Now()
		u, err := o.graphUser(ctx, in.Key, false)
		if err != nil {
			return nil, err
		}
		results, err := o.licensing.Delete(ctx, licensing.Deletion{
			UserIDs: []string{u.ID}, Acknowledged: in.acknowledged(), Call: o.call(ctx, now, httpapi.Repeatable{}, op.OperationID), Today: o.today(now), Event: o.events(ctx, access.DeleteUser, now),
		})
		if err != nil {
			return nil, graphChange(err)
		}
		if results[0].Outcome == subscription.Refused {
			return nil, noUser(in.Key)
		}
		return &graphDeleted{in.applied()}, nil
	})
}

type graphRestoreInput struct {
	GraphRequest
	httpapi.Repeatable
	GraphUserKey
}

type graphRestoredUser struct {
	Body httpapi.Reply[GraphUser]
}

func (o *operations) graphRestoreUser(api huma.API, op huma.Operation) {
	op.Summary = "Restore a deleted user (Graph)"
	op.Description = "Restores a user within 30 days of its deletion, with the former licences that may be assigned now: assignedLicenses has them. A body is not read. " +
		"If another user has the name now, POST /users/{id}/restoration restores the user with another one."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	huma.Register(api, op, func(ctx context.Context, in *graphRestoreInput) (*graphRestoredUser, error) {
		now := o.Now()
		subscriptions, err := o.described(ctx)
		if err != nil {
			return nil, err
		}
		restored, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID+" "+in.Key, struct{}{}, func(call httpapi.Call[GraphUser]) (reply httpapi.Reply[GraphUser], err error) {
			u, err := o.graphUser(ctx, in.Key, true)
			if err != nil {
				return reply, err
			}
			r := licensing.Restoration{
				UserID: u.ID, Licenses: true, Call: o.call(ctx, now, in.Repeatable, op.OperationID), Today: o.today(now),
				Event: o.EventAs(ctx, access.DeleteUser, now, licensing.UserRestored),
			}
			r.Entry = func(d subscription.Decision) (once.Entry, error) {
				shown := graphUserOf(d.After, subscriptions)
				shown.Context, shown.Type = in.base+graphPrefix+"$metadata#directoryObjects/$entity", "#microsoft.graph.user"
				reply, err = call.Reply(shown)
				return reply.Entry, err
			}
			d, earlier, err := o.licensing.Restore(ctx, r)
			if err == nil && earlier == nil && d.Outcome == subscription.Refused {
				err = graphRefusal(d, subscriptions)
			}
			return reply.OrFirst(earlier, err)
		})
		if err != nil {
			return nil, err
		}
		return &graphRestoredUser{restored}, nil
	})
}
