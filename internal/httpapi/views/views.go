package views

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/cursor"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/view"
)

// ViewSchedule is when a file is made of a view.
type ViewSchedule struct {
	Every    view.Every   `json:"every" doc:"How often a file is made: each day, once a week or once a month. It is made at about six in the morning, in the organisation's time zone." example:"week"`
	Weekday  view.Weekday `json:"weekday,omitempty" doc:"The day of a weekly file; absent for other schedules." example:"monday"`
	Day      int          `json:"day,omitempty" minimum:"1" doc:"The day of a monthly file; absent for other schedules. In a month that is shorter it is the last day." example:"1"`
	Format   view.Format  `json:"format" doc:"The format of the file." example:"xlsx"`
	Language i18n.Lang    `json:"language" doc:"The language of the file and of the message about it." example:"nl"`
}

func (s *ViewSchedule) schedule() *view.Schedule {
	if s == nil {
		return nil
	}
	return &view.Schedule{Every: s.Every, Weekday: s.Weekday, Day: s.Day, Format: s.Format, Lang: s.Language}
}

// ViewDefinition is what a person chooses.
type ViewDefinition struct {
	Name     string            `json:"name" doc:"The name, which is unique among the views of its owner, without regard to case and repeated spaces." example:"Ends this quarter"`
	Report   view.Report       `json:"report" doc:"The report." example:"license-purchases"`
	Filters  map[string]string `json:"filters,omitempty" doc:"The filters, as the parameters of the report have them: the name of a parameter and its value. Without date, lang, separator, limit and cursor: a view shows the current data."`
	Sort     string            `json:"sort,omitempty" doc:"The sort column of the report; absent for its own order." example:"end"`
	Order    string            `json:"order,omitempty" enum:"asc,desc" doc:"Ascending or descending; the default is ascending." example:"asc"`
	Columns  []string          `json:"columns,omitempty" maxItems:"50" doc:"The columns of files, in this order; absent for all."`
	Shared   bool              `json:"shared,omitempty" doc:"Whether everyone who reads sees the view and its files. It needs the right to manage agreements."`
	Schedule *ViewSchedule     `json:"schedule,omitempty" doc:"When a file is made; absent for never. It needs the right to manage agreements."`
}

func (d ViewDefinition) draft() view.Draft {
	return view.Draft{
		Name: d.Name, Report: d.Report, Filters: d.Filters, Sort: d.Sort, Order: d.Order, Columns: d.Columns, Shared: d.Shared, Schedule: d.Schedule.schedule(),
	}
}

// ViewStop is why a schedule has stopped.
type ViewStop struct {
	Reason  view.Reason `json:"reason" doc:"owner-gone: the owner was deleted or disabled; owner-role: the owner may no longer manage agreements; owner-unseen: the owner's roles are not known, because of too long without a request; view-invalid: the report refuses the filters, for example because a license group was deleted; stopped-admin: a global admin stopped it; stopped-owner: the owner stopped it."`
	Message string      `json:"message" doc:"What happened and what to do, in the reader's language. What the report says is in the language of the schedule."`
	At      time.Time   `json:"at" doc:"When it stopped." example:"2026-11-23T05:00:04Z"`
	By      string      `json:"by,omitempty" doc:"The name of the global admin who stopped it." example:"ann@example.org"`
}

// ViewSending is how far the schedule of a view is.
type ViewSending struct {
	State   view.State `json:"state" doc:"active, or stopped."`
	NextAt  time.Time  `json:"nextAt,omitzero" doc:"When the next file is due; absent if the schedule has stopped." example:"2026-11-30T05:00:00Z"`
	Skipped day.Date   `json:"skipped,omitempty" format:"date" doc:"The last day whose file was not made, because 3 attempts ended without a result, for example because memory ran out; absent if there was none, and after a later file." example:"2026-11-23"`
	Stopped *ViewStop  `json:"stopped,omitempty" doc:"Why it has stopped; absent if it has not."`
}

// View is a saved view.
type View struct {
	ID string `json:"id" doc:"The id of the view." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	ViewDefinition
	Own       bool         `json:"own" doc:"Whether it is the caller's." example:"true"`
	OwnerName string       `json:"ownerName,omitempty" doc:"The name of the owner; absent if the token had none." example:"ann@example.org"`
	CreatedAt time.Time    `json:"createdAt" doc:"When it was saved." example:"2026-11-21T09:30:00Z"`
	ChangedAt time.Time    `json:"changedAt" doc:"When a person last changed it." example:"2026-11-21T09:30:00Z"`
	Sending   *ViewSending `json:"sending,omitempty" doc:"How far its schedule is; absent without a schedule."`
	LastDay   day.Date     `json:"lastDay,omitempty" format:"date" doc:"The day of the last file; absent if there is none." example:"2026-11-23"`
	LastAt    time.Time    `json:"lastAt,omitzero" doc:"When that file was made." example:"2026-11-23T05:00:04Z"`
	Version   int64        `json:"version" minimum:"1" doc:"Grows with every change, also when a file is made." example:"1"`
}

// of returns a view as a caller sees it.
func of(lang i18n.Lang, caller *access.Principal, v view.View) View {
	shown := View{
		ID: v.ID, Own: v.Owner.Subject == caller.Subject, OwnerName: v.Owner.Name, CreatedAt: v.CreatedAt.UTC(), ChangedAt: v.ChangedAt.UTC(),
		LastDay: v.Sending.Last, LastAt: v.Sending.LastAt, Version: v.Version,
		ViewDefinition: ViewDefinition{
			Name: v.Name, Report: v.Report, Filters: v.Filters, Sort: v.Sort, Order: v.Order, Columns: v.Columns, Shared: v.Shared,
		},
	}
	if s := v.Schedule; s != nil {
		shown.Schedule = &ViewSchedule{Every: s.Every, Weekday: s.Weekday, Day: s.Day, Format: s.Format, Language: s.Lang}
		shown.Sending = &ViewSending{State: v.Sending.State(), NextAt: v.Sending.Next, Skipped: v.Sending.Skipped}
		if stopped := v.Sending.Stopped; stopped.Reason != "" {
			shown.Sending.Stopped = &ViewStop{Reason: stopped.Reason, Message: stopped.Sentence(lang), At: stopped.At, By: stopped.ByName}
		}
	}
	return shown
}

// ViewScope selects whose views are listed.
type ViewScope string

// The scopes.
const (
	scopeOwn       ViewScope = "own"
	scopeShared    ViewScope = "shared"
	scopeScheduled ViewScope = "scheduled"
)

var scopes = []ViewScope{scopeOwn, scopeShared, scopeScheduled}

func (o *operations) viewOperations() httpapi.Operations {
	return httpapi.Operations{
		"listViews": o.listViews,
		"getView":   o.getView,
	}
}

type listViewsInput struct {
	httpapi.Reader
	httpapi.Paging
	Scope ViewScope `query:"scope" default:"own" doc:"own: the caller's views; shared: the shared views of everyone; scheduled: all views with a schedule, for global admins."`
}

type listViewsOutput struct{ Body httpapi.Page[View] }

func (o *operations) listViews(api huma.API, op huma.Operation) {
	op.Summary = "List saved views"
	op.Description = "Lists the caller's own views or the shared ones, by name. A person has at most 100 views. Listing the own views also keeps the caller's roles for a day: where an identity provider other than the user pool signs people in, " +
		"files are made with the roles that the owner had within the last 30 days."
	huma.Register(api, op, func(ctx context.Context, in *listViewsInput) (*listViewsOutput, error) {
		page, err := o.listed(ctx, in)
		if err != nil {
			return nil, err
		}
		lang, caller := in.Lang(), access.CallFrom(ctx).Principal
		return &listViewsOutput{httpapi.PageOf(page.Items, page.Next, func(v view.View) View { return of(lang, caller, v) })}, nil
	})
}

func (o *operations) listed(ctx context.Context, in *listViewsInput) (view.Page[view.View], error) {
	switch in.Scope {
	case scopeShared:
		return o.Views.Shared(ctx, in.Limit, in.Cursor)
	case scopeScheduled:
		if err := httpapi.Allow(ctx, access.OverseeViews); err != nil {
			return view.Page[view.View]{}, err
		}
		return o.Views.Scheduled(ctx, in.Limit, in.Cursor)
	case scopeOwn:
	}
	return o.own(ctx, in.Paging)
}

// own returns a page of the caller's views, and keeps the caller's roles.
func (o *operations) own(ctx context.Context, in httpapi.Paging) (page view.Page[view.View], err error) {
	caller, now := access.CallFrom(ctx).Principal, o.Now()
	var after string // the id of the last view of the page before
	if _, err := cursor.Decode(in.Cursor, &after, "own-views", caller.Subject); err != nil {
		return page, err
	}
	all, seen, err := o.Views.Own(ctx, caller.Subject)
	if err != nil {
		return page, err
	}
	if len(all) > 0 && seen.Changed(now, caller.Roles) {
		if err := o.see(ctx, caller, now); err != nil {
			return page, err
		}
	}
	from := slices.IndexFunc(all, func(v view.View) bool { return v.ID == after }) + 1
	page.Items = all[from:min(from+in.Limit, len(all))]
	if end := from + in.Limit; end < len(all) {
		page.Next = cursor.Encode(all[end-1].ID, "own-views", caller.Subject)
	}
	return page, nil
}

// see keeps the roles of a caller who owns views: files hold what the owner may read (R8.8).
func (o *operations) see(ctx context.Context, caller *access.Principal, now time.Time) error {
	return o.Views.See(ctx, caller.Subject, view.Seen{At: now, Roles: caller.Roles})
}

// ViewID is the path parameter of a saved view.
type ViewID struct {
	ID string `path:"id" maxLength:"64" doc:"The view's id." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// view returns a view that the caller may read: an own one, a shared one, or for who oversees views one with a
// schedule. Another one does not exist for the caller.
func (o *operations) view(ctx context.Context, id string) (view.View, error) {
	v, err := o.Views.View(ctx, id)
	if err != nil {
		return view.View{}, err
	}
	caller := access.CallFrom(ctx).Principal
	if v.Owner.Subject == caller.Subject || v.Shared || v.Schedule != nil && caller.May(access.OverseeViews) {
		return v, nil
	}
	return view.View{}, errs.New(errs.NotFound, "view_not_found")
}

// ownView returns a view of the caller.
func (o *operations) ownView(ctx context.Context, id string) (view.View, int64, error) {
	v, err := o.view(ctx, id)
	if err == nil && v.Owner.Subject != access.CallFrom(ctx).Principal.Subject {
		err = errs.New(errs.Denied, "view_of_another")
	}
	return v, v.Version, err
}

type getViewInput struct {
	httpapi.Reader
	httpapi.Condition
	ViewID
}

func (o *operations) getView(api huma.API, op huma.Operation) {
	op.Summary = "Read a saved view"
	op.Description = "Returns a view of the caller, or a shared one. Global admins can read all views with a schedule."
	op.Errors = append(op.Errors, http.StatusNotFound)
	httpapi.NotModified(&op)
	huma.Register(api, op, func(ctx context.Context, in *getViewInput) (*httpapi.Tagged[View], error) {
		v, err := o.view(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		lang := in.Lang()
		return httpapi.Current(in.Condition, httpapi.ETag(lang, v.Version), of(lang, access.CallFrom(ctx).Principal, v)), nil
	})
}
