package licenses

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/cursor"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/licensing"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
)

// Place is a place in a waiting list.
type Place struct {
	Since       time.Time `json:"since" doc:"Since when the user waits." example:"2026-11-21T09:30:00Z"`
	By          string    `json:"by" doc:"Who had the user wait, as in audit events."`
	ServicesOff []string  `json:"servicesOff" doc:"The ids of the services that are off when the licence is assigned." example:"[\"TEAMS1\"]"`
}

func placeOf(g subscription.Grant) Place {
	off := slices.Clone(g.Off)
	if off == nil {
		off = []string{}
	}
	return Place{g.At.UTC(), g.By, off}
}

// UserPlace is the place of a user in the waiting list of a subscription.
type UserPlace struct {
	Subscription string `json:"subscription" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Name         string `json:"name" doc:"The name of the subscription." example:"Microsoft 365 E3"`
	Place
}

// WaitingUser is a user who waits for a licence.
type WaitingUser struct {
	User HolderName `json:"user" doc:"The user."`
	Place
	Violations []LicenseViolation `json:"violations" doc:"Why the user is passed over although a licence comes free, and keeps the place: all reasons. Empty for a user who is served."`
}

type listWaitingUsersInput struct {
	httpapi.Reader
	httpapi.Paging
	SubscriptionID
}

func (o *operations) waitingOperations() httpapi.Operations {
	return httpapi.Operations{"listWaitingUsers": o.listWaitingUsers, "removeWaitingUser": o.removeWaitingUser}
}

// served is the position of a user in a waiting list.
type served struct {
	Since int64  `json:"s"` // in milliseconds
	User  string `json:"u"`
}

func servedAt(u subscription.User, id string) served {
	return served{u.Waiting[id].At.UnixMilli(), u.ID}
}

func (s served) compare(other served) int {
	return cmp.Or(cmp.Compare(s.Since, other.Since), cmp.Compare(s.User, other.User))
}

// queue returns the users who wait for a licence of a subscription, in order, and all subscriptions. It
// returns errs.NotFound subscription_not_found.
func (o *operations) queue(ctx context.Context, id string) (users []subscription.User, subscriptions map[string]subscription.Holding, err error) {
	if _, err := o.Subscriptions.Subscription(ctx, id); err != nil {
		return nil, nil, err
	}
	if subscriptions, err = o.holdings(ctx); err != nil {
		return nil, nil, err
	}
	users, err = licensing.Queue(ctx, o.Register, id)
	return users, subscriptions, err
}

func (o *operations) listWaitingUsers(api huma.API, op huma.Operation) {
	op.Summary = "List who waits for a licence of a subscription"
	op.Description = "Lists the users who wait for a licence, in the order in which they are served: those who wait longest first. Whoever releases or buys licences serves the first users, and a schedule serves the others. " +
		"Violations say who is passed over, and why."
	op.Errors = append(op.Errors, http.StatusNotFound)
	type output struct{ Body httpapi.Page[WaitingUser] }
	huma.Register(api, op, func(ctx context.Context, in *listWaitingUsersInput) (*output, error) {
		var from served
		follows, err := cursor.Decode(in.Cursor, &from, "waiting", in.ID)
		if err != nil {
			return nil, err
		}
		users, subscriptions, err := o.queue(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if follows {
			users = slices.DeleteFunc(users, func(u subscription.User) bool { return servedAt(u, in.ID).compare(from) <= 0 })
		}
		next := ""
		if len(users) > in.Limit {
			users = users[:in.Limit]
			next = cursor.Encode(servedAt(users[in.Limit-1], in.ID), "waiting", in.ID)
		}
		return &output{httpapi.PageOf(users, next, func(u subscription.User) WaitingUser { return o.waitingUser(in.Lang(), u, in.ID, subscriptions) })}, nil
	})
}

func (o *operations) waitingUser(lang i18n.Lang, u subscription.User, id string, subscriptions map[string]subscription.Holding) WaitingUser {
	blocked := licensing.Blocked(u, id, subscriptions, o.date(o.Now()))
	return WaitingUser{nameOf(u), placeOf(u.Waiting[id]), violationsOf(lang, blocked, subscriptions)}
}

func (o *operations) exportWaiting(ctx context.Context, in *exportHoldersInput) (t httpapi.Export, err error) {
	users, subscriptions, err := o.queue(ctx, in.ID)
	t.Columns = []string{"userPrincipalName", "displayName", "subscription", "since", "by", "servicesOff", "violations", "id"}
	t.Rows = func(yield func([]sheet.Value) bool) {
		for _, u := range users {
			shown := o.waitingUser(in.lang(), u, in.ID, subscriptions)
			var reasons []string
			for _, v := range shown.Violations {
				reasons = append(reasons, v.Message)
			}
			if !yield(cells(u.UPN, u.Name, subscriptions[in.ID].Name, timeText(shown.Since), shown.By, strings.Join(shown.ServicesOff, " "), strings.Join(reasons, " "), u.ID)) {
				return
			}
		}
	}
	return t, err
}

// WaitingUserID is the path parameters of a place in a waiting list.
type WaitingUserID struct {
	SubscriptionID
	User string `path:"user" maxLength:"320" doc:"The user's id or user principal name." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

type removeWaitingUserInput struct {
	httpapi.Reader
	WaitingUserID
}

func (o *operations) removeWaitingUser(api huma.API, op huma.Operation) {
	op.Summary = "Remove a user from a waiting list"
	op.Description = "Removes the place of a user who waits for a licence. A licence that the user has got meanwhile stays. Many users are removed with POST /license-removals."
	op.DefaultStatus = http.StatusNoContent
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	huma.Register(api, op, func(ctx context.Context, in *removeWaitingUserInput) (*struct{}, error) {
		d, _, err := o.changeOne(ctx, in.User, licensing.Request{
			Each: func(u subscription.User, _ map[string]subscription.Holding) (w subscription.Want) {
				if _, waits := u.Waiting[in.ID]; waits { // nobody waits for a licence that is held
					w.Remove = []string{in.ID}
				}
				return w
			},
			Acknowledged: true, // nothing is lost
			Call:         o.call(ctx, o.Now(), httpapi.Repeatable{}, op.OperationID), Event: o.events(ctx, access.AssignLicense, o.Now()),
		})
		if err == nil && d.Outcome == subscription.Unchanged {
			err = errs.New(errs.NotFound, "user_not_waiting")
		}
		return nil, err
	})
}
