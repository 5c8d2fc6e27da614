package licenses

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/cursor"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
)

// SuggestionFilter selects suggestions to take licences back.
type SuggestionFilter struct {
	InactiveDays int    `query:"inactiveDays" minimum:"1" maximum:"3650" default:"90" doc:"Only users who have not signed in for so many days. A user without a known sign-in counts from its creation." example:"90"`
	HeldDays     int    `query:"heldDays" minimum:"0" maximum:"3650" default:"30" doc:"Only licences that the user has held for so many days: new starters are left alone." example:"30"`
	Subscription string `query:"subscription" maxLength:"64" doc:"Only licences of the subscription with this id."`
}

// parts returns the parameters that a cursor is bound to.
func (f SuggestionFilter) parts() []string {
	return []string{"suggestions", strconv.Itoa(f.InactiveDays), strconv.Itoa(f.HeldDays), f.Subscription}
}

// LicenseSuggestion is a licence that its holder seems not to use.
type LicenseSuggestion struct {
	User             HolderName `json:"user" doc:"The user."`
	Department       string     `json:"department,omitempty" doc:"The user's department."`
	Subscription     string     `json:"subscription" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	SubscriptionName string     `json:"subscriptionName" doc:"The name of the subscription." example:"Microsoft 365 E3"`
	AssignedAt       time.Time  `json:"assignedAt" doc:"Since when the user holds the licence." example:"2026-01-21T09:30:00Z"`
	LastActiveAt     time.Time  `json:"lastActiveAt" doc:"The last known sign-in, or when the user was added if there is none." example:"2026-05-02T08:00:00Z"`
	NeverSignedIn    bool       `json:"neverSignedIn" doc:"Whether no sign-in is known." example:"false"`
	Saves            *Price     `json:"saves,omitempty" doc:"What the licence costs in a month; absent if the price is unknown."`
}

// SuggestionTotals is the totals of suggestions, of all pages.
type SuggestionTotals struct {
	Users    int     `json:"users" minimum:"0" doc:"The number of users." example:"12"`
	Licenses int     `json:"licenses" minimum:"0" doc:"The number of licences." example:"15"`
	Unpriced int     `json:"unpriced" minimum:"0" doc:"The number of licences without a known price, which saves does not include." example:"2"`
	Saves    []Price `json:"saves" doc:"What the licences cost together in a month, by currency."`
}

// SuggestionPage is one page of suggestions, with the totals of all pages.
type SuggestionPage struct {
	Items      []LicenseSuggestion `json:"items" doc:"The suggestions of this page, those of the longest inactive users first."`
	NextCursor string              `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
	Totals     SuggestionTotals    `json:"totals" doc:"The totals of all pages."`
	Message    string              `json:"message" doc:"How to take the licences back, in the reader's language."`
}

type listSuggestionsInput struct {
	httpapi.Reader
	httpapi.Paging
	SuggestionFilter
}

func (o *operations) suggestionOperations() httpapi.Operations {
	return httpapi.Operations{
		"listSuggestions":       o.listSuggestions,
		"exportSuggestionsCSV":  exporting(o, httpapi.FormatCSV, "suggestions to take licences back", "license-suggestions", o.exportSuggestions),
		"exportSuggestionsXLSX": exporting(o, httpapi.FormatXLSX, "suggestions to take licences back", "license-suggestions", o.exportSuggestions),
	}
}

// after is the position of a suggestion in the list.
type after struct {
	Active       int64  `json:"a"` // LastActive in milliseconds
	User         string `json:"u"`
	Subscription string `json:"s"`
}

func positionOf(s subscription.Suggestion) after {
	return after{s.LastActive.UnixMilli(), s.User.ID, s.Subscription}
}

func (a after) compare(b after) int {
	return cmp.Or(cmp.Compare(a.Active, b.Active), cmp.Compare(a.User, b.User), cmp.Compare(a.Subscription, b.Subscription))
}

// suggestions returns the suggestions that a filter selects, in order.
func (o *operations) suggestions(ctx context.Context, f SuggestionFilter, subscriptions map[string]subscription.Holding) ([]subscription.Suggestion, error) {
	if _, known := subscriptions[f.Subscription]; f.Subscription != "" && !known {
		return nil, errs.Violated([]errs.Violation{{Code: subscription.SubscriptionGone, Field: httpapi.ParameterField + "subscription", Value: f.Subscription}})
	}
	now, mayHold := o.Now(), true
	users, _, err := o.Register.All(ctx, subscription.Query{
		Subscription: f.Subscription, Licensed: &mayHold, Enabled: &mayHold, InactiveDays: f.InactiveDays, Sort: subscription.SortSeen, Now: now,
	})
	if err != nil {
		return nil, err
	}
	rule := subscription.Reclaim{InactiveDays: f.InactiveDays, HeldDays: f.HeldDays, Now: now, Zone: o.Zone}
	var found []subscription.Suggestion
	for u := range users {
		for _, s := range rule.Suggest(u, subscriptions) {
			if f.Subscription == "" || s.Subscription == f.Subscription {
				found = append(found, s)
			}
		}
	}
	slices.SortFunc(found, func(a, b subscription.Suggestion) int { return positionOf(a).compare(positionOf(b)) })
	return found, nil
}

func (o *operations) listSuggestions(api huma.API, op huma.Operation) {
	op.Summary = "List suggestions to take licences back"
	op.Description = "Lists the licences of users who may sign in but have not done so for some time, with what they cost in a month. Left out are users who are excluded from suggestions, and subscriptions that are not watched. " +
		"Nothing is removed automatically: rehearse POST /license-removals with dryRun for the users and subscriptions that you choose, then repeat it with acknowledge."
	type output struct{ Body SuggestionPage }
	huma.Register(api, op, func(ctx context.Context, in *listSuggestionsInput) (*output, error) {
		var from after
		follows, err := cursor.Decode(in.Cursor, &from, in.parts()...)
		if err != nil {
			return nil, err
		}
		subscriptions, err := o.holdings(ctx)
		if err != nil {
			return nil, err
		}
		found, err := o.suggestions(ctx, in.SuggestionFilter, subscriptions)
		if err != nil {
			return nil, err
		}
		page := SuggestionPage{Items: []LicenseSuggestion{}, Totals: totalsOf(found), Message: i18n.Text(in.Lang(), i18n.SuggestionsRemove, nil)}
		for i, s := range found {
			if follows && positionOf(s).compare(from) <= 0 {
				continue
			}
			if len(page.Items) == in.Limit {
				page.NextCursor = cursor.Encode(positionOf(found[i-1]), in.parts()...)
				break
			}
			page.Items = append(page.Items, suggestionOf(s, subscriptions))
		}
		return &output{page}, nil
	})
}

func suggestionOf(s subscription.Suggestion, subscriptions map[string]subscription.Holding) LicenseSuggestion {
	out := LicenseSuggestion{
		User: nameOf(s.User), Department: s.User.Department, Subscription: s.Subscription, SubscriptionName: subscriptions[s.Subscription].Name,
		AssignedAt: s.HeldSince.UTC(), LastActiveAt: s.LastActive.UTC(), NeverSignedIn: s.User.Seen.IsZero(),
	}
	if s.Saves.Currency != "" {
		out.Saves = &Price{s.Saves.Amount, s.Saves.Currency}
	}
	return out
}

func totalsOf(found []subscription.Suggestion) SuggestionTotals {
	users, costs := map[string]bool{}, subscription.Costs{}
	totals := SuggestionTotals{Licenses: len(found), Saves: []Price{}}
	for _, s := range found {
		users[s.User.ID] = true
		costs.Add(s.Saves, 1)
		if s.Saves.Currency == "" {
			totals.Unpriced++
		}
	}
	totals.Users = len(users)
	for _, currency := range slices.Sorted(maps.Keys(costs)) {
		totals.Saves = append(totals.Saves, Price{costs[currency], currency})
	}
	return totals
}

type exportSuggestionsInput struct {
	FileReader
	SuggestionFilter
}

func (o *operations) exportSuggestions(ctx context.Context, in *exportSuggestionsInput) (t httpapi.Export, err error) {
	subscriptions, err := o.holdings(ctx)
	if err != nil {
		return t, err
	}
	found, err := o.suggestions(ctx, in.SuggestionFilter, subscriptions)
	t.Columns = []string{"userPrincipalName", "displayName", "department", "subscriptionName", "assignedAt", "lastActiveAt", "neverSignedIn", "savesPerMonth", "currency", "subscription", "id"}
	t.Rows = func(yield func([]sheet.Value) bool) {
		for _, s := range found {
			row := cells(s.User.UPN, s.User.Name, s.User.Department, subscriptions[s.Subscription].Name, timeText(s.HeldSince), timeText(s.LastActive), truth(s.User.Seen.IsZero()), "", s.Saves.Currency, s.Subscription, s.User.ID)
			if s.Saves.Currency != "" {
				row[7] = money(s.Saves.Amount)
			}
			if !yield(row) {
				return
			}
		}
	}
	return t, err
}
