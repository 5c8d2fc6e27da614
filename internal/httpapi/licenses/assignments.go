package licenses

import (
	"context"
	"crypto/sha256"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/id"
	"trueup/internal/licensing"
	"trueup/internal/subscription"
)

// Mode says what happens to licences that a call does not name.
type Mode string

// The modes.
const (
	modeAdd     Mode = "add"
	modeReplace Mode = "replace"
)

var modes = []Mode{modeAdd, modeReplace}

// refusal returns the error for a decision about one user that changes nothing, or nil.
func refusal(d subscription.Decision, subscriptions map[string]subscription.Holding) error {
	if d.Outcome != subscription.Refused {
		return nil
	}
	if first := d.Violations[0]; len(d.Violations) == 1 && first.Subscription == "" {
		kind := errs.Conflict
		if first.Code == subscription.UserNotFound {
			kind = errs.NotFound
		}
		args := errs.Args{"user": d.After.UPN}
		maps.Copy(args, first.Args)
		if first.Code == subscription.UserNameTaken {
			return &errs.Error{Kind: kind, Code: "taken", Violations: []errs.Violation{{Code: first.Code, Field: "userPrincipalName", Value: d.After.UPN, Args: args}}}
		}
		return &errs.Error{Kind: kind, Code: first.Code, Args: args}
	}
	refused := &errs.Error{Kind: errs.Conflict, Code: "license_refused"}
	for _, v := range d.Violations {
		refused.Violations = append(refused.Violations, errs.Violation{Code: v.Code, Field: httpapi.WholeBody, Value: v.Subscription, Args: argsOf(v, subscriptions)})
	}
	return refused
}

func assignments(given []Assignment) (all []subscription.Assignment) {
	for _, a := range given {
		all = append(all, a.ServicesOff.assignment(a.Subscription))
	}
	return all
}

// repeatedSubscriptions returns a violation for each subscription that is given twice.
func repeatedSubscriptions(field string, given []Assignment) []errs.Violation {
	ids := make([]string, len(given))
	for i, a := range given {
		ids[i] = a.Subscription
	}
	return repeated(field, "/subscription", ids)
}

// repeated returns a violation for each value that is given twice.
func repeated(field, part string, values []string) []errs.Violation {
	return httpapi.Repeated("item_repeated", field, part, values)
}

// call returns what identifies a call in the licences that it assigns. A repetition with the same
// Idempotency-Key has the same id.
func (o *operations) call(ctx context.Context, now time.Time, r httpapi.Repeatable, operation string) subscription.Call {
	subject := access.CallFrom(ctx).Principal.Subject
	c := subscription.Call{ID: id.New(now, o.NewID()), By: subject, At: now}
	if r.IdempotencyKey != "" {
		sum := sha256.Sum256([]byte(subject + "\x00" + operation + "\x00" + r.IdempotencyKey))
		c.ID = id.Encode(sum[:16])
	}
	return c
}

// identify returns the ids of users that are given by id or user principal name. A user that does not
// exist keeps the given text. It returns a violation for a user that is given twice, in two ways.
func (o *operations) identify(ctx context.Context, given []string) ([]string, error) {
	ids := slices.Clone(given)
	if slices.ContainsFunc(given, isUPN) {
		users, err := o.usersByKey(ctx, given)
		if err != nil {
			return nil, err
		}
		for i, u := range users {
			if u.Version > 0 {
				ids[i] = u.ID
			}
		}
	}
	return ids, errs.Violated(repeated("users", "", ids))
}

// userResultsOutput is the response to a call about many users.
type userResultsOutput struct{ Body httpapi.Reply[UserResults] }

// maxRemembered is the maximum size of a response that is stored, in bytes. An item has at most 400 KB.
const maxRemembered = 300_000

// many answers a call about many users. It is not one transaction: after an interruption it can be
// repeated, and completed users report the same outcome.
func (o *operations) many(
	ctx context.Context, in httpapi.Reader, r httpapi.Repeatable, operation string, body any, given []string, dryRun bool,
	do func(ids []string, now time.Time) ([]licensing.Result, error),
) (*userResultsOutput, error) {
	now, lang := o.Now(), in.Lang()
	reply, err := httpapi.Once(ctx, o.Kernel, r, now, operation, body, func(call httpapi.Call[UserResults]) (reply httpapi.Reply[UserResults], err error) {
		ids, err := o.identify(ctx, given)
		if err != nil {
			return reply, err
		}
		found, failed := do(ids, now)
		if found == nil || failed != nil && !slices.ContainsFunc(found, func(r licensing.Result) bool { return r.Outcome != "" }) {
			return reply, failed // nothing was done
		}
		if failed != nil {
			httpapi.LogFailure(ctx, http.StatusServiceUnavailable, failed, "items", len(found))
		}
		subscriptions, err := o.holdings(ctx)
		if err != nil {
			return reply, err
		}
		results := o.results(lang, given, found, failed, dryRun, subscriptions)
		// A long response does not fit an item of the table. A repetition then does the work again, with
		// the same outcomes.
		if reply, err = call.Reply(results); err != nil || results.Totals.Unknown > 0 || len(reply.Entry.Response) > maxRemembered {
			return reply, err
		}
		return reply.Remember(ctx, o.Kernel, now)
	})
	if err != nil {
		return nil, err
	}
	return &userResultsOutput{reply}, nil
}

// LicenseAssignments is licences to assign to many users.
type LicenseAssignments struct {
	Users       []string        `json:"users" minItems:"1" maxItems:"1000" doc:"The ids or user principal names of the users." example:"[\"ann.peeters@example.org\"]"`
	Mode        Mode            `json:"mode,omitempty" default:"add" doc:"add: other licences stay; replace: licences that are not listed are removed."`
	Licenses    []Assignment    `json:"licenses" maxItems:"40" doc:"The licences to assign; empty with replace to remove all."`
	Acknowledge Acknowledgement `json:"acknowledge,omitempty" doc:"service-data: required if users lose licences."`
	Wait        bool            `json:"wait,omitempty" doc:"Whether users who are refused only because no licence is free wait for one. Only with one licence and the mode add." example:"false"`
	DryRun      bool            `json:"dryRun,omitempty" doc:"Whether to rehearse: the results are those of the call if it were made now, and nothing changes." example:"false"`
}

type assignLicensesInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body LicenseAssignments
}

// Resolve implements huma.Resolver.
func (in *assignLicensesInput) Resolve(huma.Context) []error {
	broken := slices.Concat(repeated("users", "", in.Body.Users), repeatedSubscriptions("licenses", in.Body.Licenses))
	if len(in.Body.Licenses) == 0 && in.Body.Mode != modeReplace {
		broken = append(broken, errs.Violation{Code: "licenses_to_assign", Field: "licenses"})
	}
	if in.Body.Wait && (len(in.Body.Licenses) != 1 || in.Body.Mode == modeReplace) {
		broken = append(broken, errs.Violation{Code: "wait_for_one", Field: "wait"})
	}
	return httpapi.Refusals(broken)
}

func (o *operations) assignmentOperations() httpapi.Operations {
	return httpapi.Operations{
		"assignLicenses": o.assignLicenses, "removeLicenses": o.removeLicenses, "assignLicense": o.assignLicense, "removeLicense": o.removeLicense,
	}
}

func (o *operations) assignLicenses(api huma.API, op huma.Operation) {
	op.Summary = "Assign licences to many users"
	op.Description = "Assigns licences to up to 1,000 users, and returns what happened for each and why. Each user gets all of it or nothing; when licences run out, earlier users of the list win. " +
		servicesOffText + " " + waitText + " Replacing needs the permission to remove licences, too, and ends all waiting for licences that are not listed."
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *assignLicensesInput) (*userResultsOutput, error) {
		if in.Body.Mode == modeReplace {
			if err := httpapi.Allow(ctx, access.RemoveLicense); err != nil {
				return nil, err
			}
		}
		return o.many(ctx, in.Reader, in.Repeatable, op.OperationID, in.Body, in.Body.Users, in.Body.DryRun, func(ids []string, now time.Time) ([]licensing.Result, error) {
			return o.licensing.Change(ctx, licensing.Request{
				UserIDs: ids, Want: subscription.Want{Add: assignments(in.Body.Licenses), Replace: in.Body.Mode == modeReplace, Wait: in.Body.Wait},
				Call: o.call(ctx, now, in.Repeatable, op.OperationID), Today: o.today(now), Acknowledged: in.Body.Acknowledge == acknowledgeData, DryRun: in.Body.DryRun,
				Event: o.events(ctx, access.AssignLicense, now),
			})
		})
	})
}

// LicenseRemovals is licences to remove of many users.
type LicenseRemovals struct {
	Users         []string        `json:"users" minItems:"1" maxItems:"1000" doc:"The ids or user principal names of the users." example:"[\"ann.peeters@example.org\"]"`
	Subscriptions []string        `json:"subscriptions" minItems:"1" maxItems:"40" doc:"The ids of the subscriptions whose licences are removed." example:"[\"0v5z3m8k2qd7c1x9w4t6p3r8s2\"]"`
	Acknowledge   Acknowledgement `json:"acknowledge,omitempty" doc:"service-data: required if users lose licences."`
	DryRun        bool            `json:"dryRun,omitempty" doc:"Whether to rehearse: the results are those of the call if it were made now, and nothing changes." example:"false"`
}

type removeLicensesInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body LicenseRemovals
}

// Resolve implements huma.Resolver.
func (in *removeLicensesInput) Resolve(huma.Context) []error {
	return httpapi.Refusals(repeated("users", "", in.Body.Users), repeated("subscriptions", "", in.Body.Subscriptions))
}

func (o *operations) removeLicenses(api huma.API, op huma.Operation) {
	op.Summary = "Remove licences of many users"
	op.Description = "Removes licences of up to 1,000 users, and returns what happened for each and why. Users who wait for one of the licences do not wait any more. The service data of the users is deleted for good, except documents in SharePoint Online: that has to be acknowledged."
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *removeLicensesInput) (*userResultsOutput, error) {
		return o.many(ctx, in.Reader, in.Repeatable, op.OperationID, in.Body, in.Body.Users, in.Body.DryRun, func(ids []string, now time.Time) ([]licensing.Result, error) {
			return o.licensing.Change(ctx, licensing.Request{
				UserIDs: ids, Want: subscription.Want{Remove: in.Body.Subscriptions}, Call: o.call(ctx, now, in.Repeatable, op.OperationID),
				Today: o.today(now), Acknowledged: in.Body.Acknowledge == acknowledgeData, DryRun: in.Body.DryRun, Event: o.events(ctx, access.RemoveLicense, now),
			})
		})
	})
}

// LicenseID is the path parameters of a licence of a user.
type LicenseID struct {
	UserID
	Subscription string `path:"subscription" maxLength:"64" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// ServicesOff is the services that are off for a user. It is a pointer because an empty list is not the
// same as none.
type ServicesOff struct {
	ServicesOff *[]string `json:"servicesOff,omitempty" maxItems:"200" doc:"The ids of the services that are off afterwards; not all of them. An empty list switches all on. If absent, what is off for a user who has the licence stays off, and a new licence has all services on." example:"[\"TEAMS1\"]"`
}

// servicesOffText is a sentence of the descriptions of operations that assign licences.
const servicesOffText = "A user who has the licence keeps it: without servicesOff, the services that are off for the user stay off; with it, exactly the listed services are off."

// waitText is a sentence of the descriptions of operations that assign licences.
const waitText = "With wait, a user who is refused only because no licence is free gets a place in the waiting list of the subscription, or keeps the one it has; users are served in order as licences come free. A place reserves nothing: a call takes a free licence at once, also while others wait."

// assignment returns the assignment of a licence.
func (s ServicesOff) assignment(subscriptionID string) subscription.Assignment {
	if s.ServicesOff == nil {
		return subscription.Assignment{Subscription: subscriptionID, KeepOff: true}
	}
	return subscription.Assignment{Subscription: subscriptionID, Off: *s.ServicesOff}
}

type assignLicenseInput struct {
	httpapi.Reader
	LicenseID
	Wait Only `query:"wait" doc:"The user waits for a licence if none is free, and nothing else refuses it."`
	Body ServicesOff
}

type assignLicenseOutput struct {
	Status int
	ETag   string `header:"ETag" doc:"The tag of this version of the user, for If-Match."`
	Body   User
}

func (o *operations) assignLicense(api huma.API, op huma.Operation) {
	op.Summary = "Assign a licence to a user"
	op.Description = "Assigns one licence, or changes which of its services are off. " + servicesOffText + " " + waitText + " The status is 201 for a new licence, 200 for one that the user has, and 202 for a user who waits."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	op.Responses = map[string]*huma.Response{"201": {Description: "The licence is new."}, "202": {Description: "No licence is free, and the user waits for one."}}
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *assignLicenseInput) (*assignLicenseOutput, error) {
		d, subscriptions, err := o.changeOne(ctx, in.ID, licensing.Request{
			Want: subscription.Want{Add: []subscription.Assignment{in.Body.assignment(in.Subscription)}, Wait: in.Wait == only},
			Call: o.call(ctx, o.Now(), httpapi.Repeatable{}, op.OperationID), Event: o.events(ctx, access.AssignLicense, o.Now()),
		})
		if err != nil {
			return nil, err
		}
		out := &assignLicenseOutput{Status: http.StatusOK, ETag: httpapi.ETag(in.Lang(), d.After.Version), Body: userOf(in.Lang(), d.After, subscriptions)}
		switch {
		case len(d.Added) > 0:
			out.Status = http.StatusCreated
		case d.Outcome == subscription.Waiting:
			out.Status = http.StatusAccepted
		}
		return out, nil
	})
}

// changeOne changes the licences of one user, and returns the error for a refusal.
func (o *operations) changeOne(ctx context.Context, key string, r licensing.Request) (d subscription.Decision, subscriptions map[string]subscription.Holding, err error) {
	u, err := o.user(ctx, key)
	if err != nil {
		return d, nil, err
	}
	r.UserIDs, r.Today = []string{u.ID}, o.today(r.Call.At)
	results, err := o.licensing.Change(ctx, r)
	if err != nil {
		return d, nil, err
	}
	if subscriptions, err = o.described(ctx); err != nil {
		return d, nil, err
	}
	d = results[0].Decision
	return d, subscriptions, refusal(d, subscriptions)
}

type removeLicenseInput struct {
	httpapi.Reader
	LicenseID
	AcknowledgedParameter
}

func (o *operations) removeLicense(api huma.API, op huma.Operation) {
	op.Summary = "Remove a licence of a user"
	op.Description = "Removes one licence, or the user's place in the waiting list. The service data of the user is deleted for good, except documents in SharePoint Online: that has to be acknowledged."
	op.DefaultStatus = http.StatusNoContent
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	huma.Register(api, op, func(ctx context.Context, in *removeLicenseInput) (*struct{}, error) {
		d, _, err := o.changeOne(ctx, in.ID, licensing.Request{
			Want: subscription.Want{Remove: []string{in.Subscription}}, Acknowledged: in.acknowledged(),
			Call: o.call(ctx, o.Now(), httpapi.Repeatable{}, op.OperationID), Event: o.events(ctx, access.RemoveLicense, o.Now()),
		})
		if err == nil && d.Outcome == subscription.Unchanged {
			err = errs.New(errs.NotFound, "license_not_held")
		}
		return nil, err
	})
}

// UserDeletions is users to delete.
type UserDeletions struct {
	Users       []string        `json:"users" minItems:"1" maxItems:"1000" doc:"The ids or user principal names of the users." example:"[\"ann.peeters@example.org\"]"`
	Acknowledge Acknowledgement `json:"acknowledge,omitempty" doc:"service-data: required."`
	DryRun      bool            `json:"dryRun,omitempty" doc:"Whether to rehearse: the results are those of the call if it were made now, and nothing changes." example:"false"`
}

type deleteUsersInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body UserDeletions
}

// Resolve implements huma.Resolver.
func (in *deleteUsersInput) Resolve(huma.Context) []error {
	return httpapi.Refusals(repeated("users", "", in.Body.Users))
}

func (o *operations) deleteUsers(api huma.API, op huma.Operation) {
	op.Summary = "Delete many users"
	op.Description = "Deletes up to 1,000 users, frees their licences, and returns what happened for each. A user who is deleted already is unchanged. Their service data is deleted for good, except documents in SharePoint Online: that has to be acknowledged. For 30 days the users can be restored."
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *deleteUsersInput) (*userResultsOutput, error) {
		return o.many(ctx, in.Reader, in.Repeatable, op.OperationID, in.Body, in.Body.Users, in.Body.DryRun, func(ids []string, now time.Time) ([]licensing.Result, error) {
			return o.licensing.Delete(ctx, licensing.Deletion{
				UserIDs: ids, Acknowledged: in.Body.Acknowledge == acknowledgeData, DryRun: in.Body.DryRun, Call: o.call(ctx, now, in.Repeatable, op.OperationID), Today: o.today(now), Event: o.events(ctx, access.DeleteUser, now),
			})
		})
	})
}
