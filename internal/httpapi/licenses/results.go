package licenses

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/licensing"
	"trueup/internal/subscription"
)

// LicenseViolation says why a licence is not assigned or not removed.
type LicenseViolation struct {
	Subscription string             `json:"subscription,omitempty" doc:"The id of the subscription; absent for a reason that is about the user." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Error        subscription.Error `json:"error" doc:"The class of the reason, in the words of Microsoft Graph. UniquenessViolation is never reported, because trueup keeps no proxy addresses."`
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

// UserResult is what a call comes to for one user.
type UserResult struct {
	User       string               `json:"user" doc:"The user, as given in the request." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	UPN        string               `json:"userPrincipalName,omitempty" doc:"The user principal name; absent if there is no such user." example:"ann.peeters@example.org"`
	Status     int                  `json:"status" doc:"The HTTP status that a call for this user alone would return." example:"200"`
	Outcome    subscription.Outcome `json:"outcome,omitempty" doc:"What happened; absent if it is unknown because the call was interrupted: repeat the call."`
	Assigned   []string             `json:"assigned,omitempty" doc:"The ids of the subscriptions with a licence more."`
	Changed    []string             `json:"changed,omitempty" doc:"The ids of the subscriptions whose licence has other services off than before."`
	Removed    []string             `json:"removed,omitempty" doc:"The ids of the subscriptions with a licence less."`
	Left       []string             `json:"leftWaiting,omitempty" doc:"The ids of the subscriptions for whose licences the user does not wait any more, without having got one."`
	Violations []LicenseViolation   `json:"violations,omitempty" doc:"Why nothing changed: all reasons. That no licence is free is a reason only for a user whom nothing else refuses."`
	Warnings   []UserWarning        `json:"warnings,omitempty" doc:"What an admin should know about the user's licences."`
	Message    string               `json:"message,omitempty" doc:"What to do about an unknown outcome, in the reader's language."`
}

// UserResults is the result of each user in a call about many.
type UserResults struct {
	Items  []UserResult `json:"items" doc:"One result for each user, in the order of the request."`
	Totals UserTotals   `json:"totals" doc:"The totals. The outcomes add up to the number of users."`
	Short  []Shortage   `json:"short,omitempty" doc:"The subscriptions of which licences have to be bought for the users who are refused or wait only because too few are free."`
	DryRun bool         `json:"dryRun" doc:"Whether nothing was changed, because the request asked for a rehearsal." example:"false"`
}

// Shortage is a subscription with too few licences for the users of a call.
type Shortage struct {
	Subscription string `json:"subscription" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Name         string `json:"name" doc:"The name of the subscription." example:"Microsoft 365 E3"`
	Missing      int    `json:"missing" minimum:"1" doc:"The number of licences to buy so that every user gets them who is refused or waits only because too few are free." example:"3"`
}

// UserTotals is the number of users with each outcome, and of violations of each class.
type UserTotals struct {
	Users      int            `json:"users" minimum:"0" doc:"The number of users in the request." example:"20"`
	Assigned   int            `json:"assigned" minimum:"0" doc:"Users who got licences, or other services." example:"17"`
	Removed    int            `json:"removed" minimum:"0" doc:"Users who only lost licences, or places in waiting lists." example:"0"`
	Waiting    int            `json:"waiting" minimum:"0" doc:"Users who wait for a licence." example:"0"`
	Deleted    int            `json:"deleted" minimum:"0" doc:"Users who were deleted." example:"0"`
	Unchanged  int            `json:"unchanged" minimum:"0" doc:"Users who had what was asked for." example:"1"`
	Refused    int            `json:"refused" minimum:"0" doc:"Users for whom nothing changed, because it may not." example:"2"`
	Unknown    int            `json:"unknown" minimum:"0" doc:"Users whose outcome is unknown, because the call was interrupted." example:"0"`
	Violations map[string]int `json:"violations" doc:"The number of users with a violation of each class."`
}

// results converts the results of a call about many users. subscriptions are as they are after it.
func (o *operations) results(lang i18n.Lang, given []string, found []licensing.Result, failed error, dryRun bool, subscriptions map[string]subscription.Holding) UserResults {
	n := licensing.Count(found)
	out := UserResults{Items: make([]UserResult, len(found)), DryRun: dryRun, Totals: UserTotals{
		Users: len(found), Removed: n.Of[subscription.Removed], Waiting: n.Of[subscription.Waiting], Deleted: n.Of[subscription.Deleted],
		Unchanged: n.Of[subscription.Unchanged], Refused: n.Of[subscription.Refused], Unknown: n.Of[""], Violations: map[string]int{},
	}}
	t := &out.Totals
	t.Assigned = t.Users - t.Removed - t.Waiting - t.Deleted - t.Unchanged - t.Refused - t.Unknown
	for class, users := range n.Violations {
		t.Violations[string(class)] = users
	}
	for i, r := range found {
		out.Items[i] = resultOf(lang, given[i], r, failed, subscriptions)
	}
	out.Short = shortages(licensing.Missing(found, subscriptions, dryRun), subscriptions)
	return out
}

// resultOf converts the result for one user. failed is the fault of a call that was interrupted.
func resultOf(lang i18n.Lang, given string, r licensing.Result, failed error, subscriptions map[string]subscription.Holding) UserResult {
	d := r.Decision
	item := UserResult{User: given, UPN: d.After.UPN, Status: http.StatusOK, Outcome: d.Outcome, Assigned: d.Added, Changed: d.Changed, Removed: d.Removed, Left: d.Left}
	switch d.Outcome { //nolint:exhaustive // the others need no more
	case subscription.Waiting:
		item.Status = http.StatusAccepted
	case subscription.Refused:
		item.Status, item.Violations = http.StatusConflict, violationsOf(lang, d.Violations, subscriptions)
		for _, v := range d.Violations {
			if v.Code == subscription.UserNotFound {
				item.Status = http.StatusNotFound
			}
		}
	case "":
		e := errs.As(failed)
		if e == nil || e.Kind == errs.Fault {
			e = errs.Wrap(failed, errs.Unavailable, "try_again")
		}
		item.Status, item.Message = httpapi.StatusOf(e.Kind), i18n.Text(lang, e.Code, e.Args)
	}
	item.Warnings = warningsOf(lang, d.Warnings, d.After, subscriptions)
	return item
}

// shortages lists how many licences are missing, by subscription.
func shortages(missing map[string]int, subscriptions map[string]subscription.Holding) (short []Shortage) {
	for _, id := range slices.Sorted(maps.Keys(missing)) {
		short = append(short, Shortage{id, cmp.Or(subscriptions[id].Name, id), missing[id]})
	}
	return short
}
