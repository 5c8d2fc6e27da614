package licenses

import (
	"cmp"
	"context"
	"crypto/sha256"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/licensing"
	"trueup/internal/subscription"
)

// maxUsers is the maximum number of users in one call.
const maxUsers = 1000

// Mode says what happens to licences that a call does not name.
type Mode string

// The modes.
const (
	modeAdd     Mode = "add"
	modeReplace Mode = "replace"
)

var modes = []Mode{modeAdd, modeReplace}

// LicenseViolation says why a licence is not assigned or not removed.
type LicenseViolation struct {
	Subscription string             `json:"subscription,omitempty" doc:"The id of the subscription; absent for a reason that is about the user." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Error        subscription.Error `json:"error" doc:"The class of the reason, in the words of Microsoft Graph."`
	Code         string             `json:"code" doc:"Identifies the reason and never changes." example:"no_license_free"`
	Message      string             `json:"message" doc:"The reason and what to do, in the reader's language."`
}

func violationsOf(lang i18n.Lang, violations []subscription.Violation, subscriptions map[string]subscription.Holding) []LicenseViolation {
	shown := make([]LicenseViolation, 0, len(violations))
	for _, v := range violations {
		shown = append(shown, LicenseViolation{v.Subscription, v.Error(), v.Code, i18n.Text(lang, v.Code, argsOf(v, subscriptions))})
	}
	return shown
}

// argsOf returns the values in the message of a violation, with names for ids.
func argsOf(v subscription.Violation, subscriptions map[string]subscription.Holding) errs.Args {
	args := errs.Args{"subscription": cmp.Or(subscriptions[v.Subscription].Name, v.Subscription)}
	maps.Copy(args, v.Args)
	for _, name := range []string{"service", "other"} {
		if id, has := args[name]; has {
			args[name], _ = serviceNamed(subscriptions, v.Subscription, id)
		}
	}
	return args
}

// refusal returns the error for a decision about one user that changes nothing, or nil.
func (o *operations) refusal(_ context.Context, d subscription.Decision, subscriptions map[string]subscription.Holding) error {
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
		all = append(all, subscription.Assignment{Subscription: a.Subscription, Off: a.ServicesOff})
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
func repeated(field, part string, values []string) (broken []errs.Violation) {
	first := map[string]int{}
	for i, value := range values {
		if j, seen := first[value]; seen {
			broken = append(broken, errs.Violation{Code: "id_repeated", Field: field + "/" + strconv.Itoa(i) + part, Value: value, Args: errs.Pairs("first", strconv.Itoa(j+1))})
			continue
		}
		first[value] = i
	}
	return broken
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

// UserResult is what a call comes to for one user.
type UserResult struct {
	User       string               `json:"user" doc:"The user, as given in the request." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	UPN        string               `json:"userPrincipalName,omitempty" doc:"The user principal name; absent if there is no such user." example:"ann.peeters@example.org"`
	Status     int                  `json:"status" doc:"The HTTP status that a call for this user alone would return." example:"200"`
	Outcome    subscription.Outcome `json:"outcome,omitempty" doc:"What happened; absent if it is unknown because the call was interrupted: repeat the call."`
	Assigned   []string             `json:"assigned,omitempty" doc:"The ids of the subscriptions with a licence more."`
	Changed    []string             `json:"changed,omitempty" doc:"The ids of the subscriptions of which other services are off."`
	Removed    []string             `json:"removed,omitempty" doc:"The ids of the subscriptions with a licence less."`
	Violations []LicenseViolation   `json:"violations,omitempty" doc:"Why nothing changed: all reasons."`
	Warnings   []UserWarning        `json:"warnings,omitempty" doc:"What an admin should know about the user's licences."`
	Message    string               `json:"message,omitempty" doc:"What to do about an unknown outcome, in the reader's language."`
}

// UserResults is the result of each user in a call about many.
type UserResults struct {
	Items  []UserResult `json:"items" doc:"One result for each user, in the order of the request."`
	Totals UserTotals   `json:"totals" doc:"The totals. The outcomes add up to the number of users."`
	// Short is what a repetition of the call would need.
	Short  []Shortage `json:"short,omitempty" doc:"The subscriptions of which licences are missing, for the users who were refused."`
	DryRun bool       `json:"dryRun" doc:"Whether nothing was changed, because the request asked for a rehearsal." example:"false"`
	Notice string     `json:"notice,omitempty" doc:"What the result means, in the reader's language."`
}

// Shortage is a subscription with too few licences for a call.
type Shortage struct {
	Subscription string `json:"subscription" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Name         string `json:"name" doc:"The name of the subscription." example:"Microsoft 365 E3"`
	Missing      int    `json:"missing" minimum:"1" doc:"The number of users who were refused because none was free." example:"3"`
}

// UserTotals is the number of users with each outcome, and of violations of each class.
type UserTotals struct {
	Users      int            `json:"users" minimum:"0" doc:"The number of users in the request." example:"20"`
	Assigned   int            `json:"assigned" minimum:"0" doc:"Users who got licences, or other services." example:"17"`
	Removed    int            `json:"removed" minimum:"0" doc:"Users who only lost licences." example:"0"`
	Deleted    int            `json:"deleted" minimum:"0" doc:"Users who were deleted." example:"0"`
	Unchanged  int            `json:"unchanged" minimum:"0" doc:"Users who had what was asked for." example:"1"`
	Refused    int            `json:"refused" minimum:"0" doc:"Users for whom nothing changed, because it may not." example:"2"`
	Unknown    int            `json:"unknown" minimum:"0" doc:"Users whose outcome is unknown, because the call was interrupted." example:"0"`
	Violations map[string]int `json:"violations" doc:"The number of users with a violation of each class."`
}

// results converts the results of a call about many users.
func (o *operations) results(lang i18n.Lang, given []string, found []licensing.Result, failed error, subscriptions map[string]subscription.Holding) UserResults {
	out := UserResults{Items: make([]UserResult, len(found)), Totals: UserTotals{Users: len(found), Violations: map[string]int{}}}
	missing := map[string]int{}
	for i, r := range found {
		d := r.Decision
		item := UserResult{User: given[i], UPN: d.After.UPN, Status: http.StatusOK, Outcome: d.Outcome, Assigned: d.Added, Changed: d.Changed, Removed: d.Removed}
		switch d.Outcome {
		case subscription.Refused:
			out.Totals.Refused++
			item.Status, item.Violations = http.StatusConflict, violationsOf(lang, d.Violations, subscriptions)
			classes := map[string]bool{}
			for _, v := range d.Violations {
				classes[string(v.Error())] = true
				if v.Code == subscription.UserNotFound {
					item.Status = http.StatusNotFound
				}
				if v.Code == subscription.NoLicenseFree {
					missing[v.Subscription]++
				}
			}
			for class := range classes {
				out.Totals.Violations[class]++
			}
		case subscription.Unchanged:
			out.Totals.Unchanged++
		case subscription.Removed:
			out.Totals.Removed++
		case subscription.Deleted:
			out.Totals.Deleted++
		case "":
			out.Totals.Unknown++
			e := errs.As(failed)
			if e == nil || e.Kind == errs.Fault {
				e = errs.New(errs.Unavailable, "try_again")
			}
			item.Status, item.Message = httpapi.StatusOf(e.Kind), i18n.Text(lang, e.Code, e.Args)
		default:
			out.Totals.Assigned++
		}
		item.Warnings = warningsOf(lang, d.Warnings, d.After, subscriptions)
		out.Items[i] = item
	}
	for _, id := range slices.Sorted(maps.Keys(missing)) {
		out.Short = append(out.Short, Shortage{id, subscriptions[id].Name, missing[id]})
	}
	return out
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

// users validates the users of a call.
func checkUsers(users []string) []errs.Violation {
	if len(users) == 0 {
		return []errs.Violation{{Code: "users_required", Field: "users"}}
	}
	if len(users) > maxUsers {
		return []errs.Violation{{Code: "users_too_many", Field: "users", Args: errs.Pairs("max", strconv.Itoa(maxUsers))}}
	}
	return repeated("users", "", users)
}

// UserResultsReply is the response to a call about many users.
type userResultsOutput struct{ Body httpapi.Reply[UserResults] }

// many answers a call about many users. It is not one transaction: after an interruption it can be
// repeated, and completed users report the same outcome.
func (o *operations) many(
	ctx context.Context, in httpapi.Reader, r httpapi.Repeatable, operation string, body any, given []string,
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
		results := o.results(lang, given, found, failed, subscriptions)
		if reply, err = call.Reply(results); err != nil || results.Totals.Unknown > 0 {
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
	Users       []string        `json:"users" doc:"The ids or user principal names of the users, at most 1,000." example:"[\"ann.peeters@example.org\"]"`
	Mode        Mode            `json:"mode,omitempty" default:"add" doc:"add: other licences stay; replace: licences that are not listed are removed."`
	Licenses    []Assignment    `json:"licenses" maxItems:"40" doc:"The licences to assign; empty with replace to remove all."`
	Acknowledge Acknowledgement `json:"acknowledge,omitempty" doc:"service-data: required if users lose licences."`
	DryRun      bool            `json:"dryRun,omitempty" doc:"Whether to rehearse: the results are those of now, and nothing changes." example:"false"`
}

type assignLicensesInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body LicenseAssignments
}

// Resolve implements huma.Resolver.
func (in *assignLicensesInput) Resolve(huma.Context) []error {
	broken := slices.Concat(checkUsers(in.Body.Users), repeatedSubscriptions("licenses", in.Body.Licenses))
	if len(in.Body.Licenses) == 0 && in.Body.Mode != modeReplace {
		broken = append(broken, errs.Violation{Code: "licenses_to_assign", Field: "licenses"})
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
		"A user who has the licence already is unchanged. Replacing needs the permission to remove licences, too."
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *assignLicensesInput) (*userResultsOutput, error) {
		if in.Body.Mode == modeReplace {
			if err := allowed(ctx, access.RemoveLicense); err != nil {
				return nil, err
			}
		}
		out, err := o.many(ctx, in.Reader, in.Repeatable, op.OperationID, in.Body, in.Body.Users, func(ids []string, now time.Time) ([]licensing.Result, error) {
			return o.licensing.Change(ctx, licensing.Request{
				UserIDs: ids, Want: subscription.Want{Add: assignments(in.Body.Licenses), Replace: in.Body.Mode == modeReplace},
				Call: o.call(ctx, now, in.Repeatable, op.OperationID), Today: o.today(now), Acknowledged: in.Body.Acknowledge == acknowledgeData, DryRun: in.Body.DryRun,
				Event: o.events(ctx, access.AssignLicense, now),
			})
		})
		return out, err
	})
}

// allowed returns the error for a caller without a permission that only some calls of a route need.
func allowed(ctx context.Context, permission access.Permission) error {
	if access.CallFrom(ctx).Principal.May(permission) {
		return nil
	}
	return errs.New(errs.Denied, "permission_denied", "roles", access.RoleNames(access.RolesWith(permission)))
}

// LicenseRemovals is licences to remove of many users.
type LicenseRemovals struct {
	Users         []string        `json:"users" doc:"The ids or user principal names of the users, at most 1,000." example:"[\"ann.peeters@example.org\"]"`
	Subscriptions []string        `json:"subscriptions" minItems:"1" maxItems:"40" doc:"The ids of the subscriptions whose licences are removed." example:"[\"0v5z3m8k2qd7c1x9w4t6p3r8s2\"]"`
	Acknowledge   Acknowledgement `json:"acknowledge,omitempty" doc:"service-data: required if users lose licences."`
	DryRun        bool            `json:"dryRun,omitempty" doc:"Whether to rehearse: the results are those of now, and nothing changes." example:"false"`
}

type removeLicensesInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body LicenseRemovals
}

// Resolve implements huma.Resolver.
func (in *removeLicensesInput) Resolve(huma.Context) []error {
	return httpapi.Refusals(checkUsers(in.Body.Users), repeated("subscriptions", "", in.Body.Subscriptions))
}

func (o *operations) removeLicenses(api huma.API, op huma.Operation) {
	op.Summary = "Remove licences of many users"
	op.Description = "Removes licences of up to 1,000 users, and returns what happened for each and why. The service data of the users is deleted for good, except documents in SharePoint Online: that has to be acknowledged."
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *removeLicensesInput) (*userResultsOutput, error) {
		return o.many(ctx, in.Reader, in.Repeatable, op.OperationID, in.Body, in.Body.Users, func(ids []string, now time.Time) ([]licensing.Result, error) {
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

// ServicesOff is the services that are off for a user.
type ServicesOff struct {
	ServicesOff []string `json:"servicesOff,omitempty" maxItems:"200" doc:"The ids of services to switch off; not all of them." example:"[\"TEAMS1\"]"`
}

type assignLicenseInput struct {
	httpapi.Reader
	LicenseID
	Body ServicesOff
}

type assignLicenseOutput struct {
	Status int
	ETag   string `header:"ETag" doc:"The tag of this version of the user, for If-Match."`
	Body   User
}

func (o *operations) assignLicense(api huma.API, op huma.Operation) {
	op.Summary = "Assign a licence to a user"
	op.Description = "Assigns one licence, or changes which of its services are off. The status is 201 for a new licence, and 200 for one that the user has."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	op.Responses = map[string]*huma.Response{"201": {Description: "The licence is new.", Content: nil}}
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *assignLicenseInput) (*assignLicenseOutput, error) {
		d, subscriptions, err := o.changeOne(ctx, in.ID, licensing.Request{
			Want: subscription.Want{Add: []subscription.Assignment{{Subscription: in.Subscription, Off: in.Body.ServicesOff}}},
			Call: o.call(ctx, o.Now(), httpapi.Repeatable{}, op.OperationID), Event: o.events(ctx, access.AssignLicense, o.Now()),
		})
		if err != nil {
			return nil, err
		}
		out := &assignLicenseOutput{Status: http.StatusOK, ETag: httpapi.ETag(in.Lang(), d.After.Version), Body: userOf(in.Lang(), d.After, subscriptions)}
		if len(d.Added) > 0 {
			out.Status = http.StatusCreated
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
	if subscriptions, err = o.holdings(ctx); err != nil {
		return d, nil, err
	}
	d = results[0].Decision
	return d, subscriptions, o.refusal(ctx, d, subscriptions)
}

type removeLicenseInput struct {
	httpapi.Reader
	LicenseID
	AcknowledgedParameter
}

func (o *operations) removeLicense(api huma.API, op huma.Operation) {
	op.Summary = "Remove a licence of a user"
	op.Description = "Removes one licence. The service data of the user is deleted for good, except documents in SharePoint Online: that has to be acknowledged."
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
	Users       []string        `json:"users" doc:"The ids or user principal names of the users, at most 1,000." example:"[\"ann.peeters@example.org\"]"`
	Acknowledge Acknowledgement `json:"acknowledge,omitempty" doc:"service-data: required."`
	DryRun      bool            `json:"dryRun,omitempty" doc:"Whether to rehearse: the results are those of now, and nothing changes." example:"false"`
}

type deleteUsersInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body UserDeletions
}

// Resolve implements huma.Resolver.
func (in *deleteUsersInput) Resolve(huma.Context) []error {
	return httpapi.Refusals(checkUsers(in.Body.Users))
}

func (o *operations) deleteUsers(api huma.API, op huma.Operation) {
	op.Summary = "Delete many users"
	op.Description = "Deletes up to 1,000 users, frees their licences, and returns what happened for each. Their service data is deleted for good, except documents in SharePoint Online: that has to be acknowledged. For 30 days the users can be restored."
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *deleteUsersInput) (*userResultsOutput, error) {
		return o.many(ctx, in.Reader, in.Repeatable, op.OperationID, in.Body, in.Body.Users, func(ids []string, now time.Time) ([]licensing.Result, error) {
			return o.licensing.Delete(ctx, licensing.Deletion{
				UserIDs: ids, Acknowledged: in.Body.Acknowledge == acknowledgeData, DryRun: in.Body.DryRun, Today: o.today(now), Event: o.events(ctx, access.DeleteUser, now),
			})
		})
	})
}
