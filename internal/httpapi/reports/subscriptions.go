package reports

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/day"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/subscription"
)

// OverviewWithSubscriptions is the overview of agreements and products, and of subscriptions.
type OverviewWithSubscriptions struct {
	report.Overview
	Subscriptions SubscriptionsOverview `json:"subscriptions" doc:"The subscriptions, as old as the other numbers."`
}

// SubscriptionsOverview is the numbers of all subscriptions, and those that end soon.
type SubscriptionsOverview struct {
	report.SubscriptionReportTotals
	Expiring    []ExpiringSubscription `json:"expiring" doc:"At most 10 subscriptions that end soon and do not renew automatically, the earliest first; without those that are not watched."`
	ExpiringAll int                    `json:"expiringAll" minimum:"0" doc:"The number of subscriptions that end soon." example:"1"`
}

// ExpiringSubscription is a subscription that ends soon.
type ExpiringSubscription struct {
	ID       string   `json:"id" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Name     string   `json:"name" doc:"The name of the subscription." example:"Microsoft 365 E3"`
	EndsOn   day.Date `json:"endsOn" format:"date" doc:"Its last day." example:"2027-06-30"`
	Assigned int      `json:"assigned" minimum:"0" doc:"The number of users or devices that use a licence." example:"87"`
}

// subscriptionsOverview summarises the subscriptions of a view.
func (o *operations) subscriptionsOverview(ctx context.Context, v viewed) (SubscriptionsOverview, error) {
	all, err := v.Subscriptions(ctx, v.Now)
	if err != nil {
		return SubscriptionsOverview{}, err
	}
	calendar := v.Settings.Calendar
	s := subscription.Summarise(all.All, v.Now, o.Zone, calendar.Soon)
	out := SubscriptionsOverview{SubscriptionReportTotals: report.SubscriptionTotalsOf(s), Expiring: []ExpiringSubscription{}, ExpiringAll: len(s.Ending)}
	for _, c := range s.Ending[:min(len(s.Ending), report.OverviewRows)] {
		out.Expiring = append(out.Expiring, ExpiringSubscription{c.ID, c.Name, c.Seats.End(calendar.Today), c.Used})
	}
	return out, nil
}

// SubscriptionsQuery is the parameters of a Subscription report.
type SubscriptionsQuery struct {
	httpapi.SubscriptionFilter
	Sort report.SubscriptionColumn `query:"sort" doc:"The sort column; empty cells come last. The default order is by name."`
	httpapi.Sorted
	Dated
	Recent
}

// subscribed returns a Subscription report with the view that it is of.
func (o *operations) subscribed(ctx context.Context, lang i18n.Lang, in SubscriptionsQuery) (report.Subscriptions, viewed, error) {
	v, err := o.view(ctx, in.date, in.Recent, lang, position.Options{})
	if err != nil {
		return report.Subscriptions{}, v, err
	}
	all, err := v.Subscriptions(ctx, v.Now)
	if err != nil {
		return report.Subscriptions{}, v, err
	}
	return all.Report(in.Selection(), by(in.Sort, in.Sorted), v.Settings), v, nil
}

// SubscriptionsPage is one page of a Subscription report. The totals cover all pages.
type SubscriptionsPage struct {
	report.Subscriptions
	NextCursor string `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
}

type getSubscriptionsInput struct {
	httpapi.Reader
	httpapi.Paging
	SubscriptionsQuery
}

type getSubscriptionsOutput struct {
	Aged
	Body SubscriptionsPage
}

func (o *operations) getSubscriptionReport(api huma.API, op huma.Operation) {
	op.Summary = "Read the Subscription report"
	op.Description = "Returns the licences of each subscription, how many are assigned and free, what they cost in a month, and what the unused ones cost. The totals cover all pages. " +
		"A report of now has the subscriptions as they are, and dataAt is when they were read. A day whose reports were stored by a release without this report answers 404 with the code subscriptions_not_stored."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getSubscriptionsInput) (*getSubscriptionsOutput, error) {
		s, order := in.Selection(), by(in.Sort, in.Sorted)
		named := []string{"report", report.NameSubscriptions, string(in.date), string(s.Kind), string(s.Status), string(s.Conflict), s.Text, order.Column, strconv.FormatBool(order.Descending)}
		from, err := start(in.Paging, named)
		if err != nil {
			return nil, err
		}
		r, v, err := o.subscribed(ctx, in.Lang(), in.SubscriptionsQuery)
		if err != nil {
			return nil, err
		}
		page := SubscriptionsPage{Subscriptions: r}
		page.Rows, page.NextCursor, err = pageOf(page.Rows, in.Paging, from, r.Version(), named)
		return &getSubscriptionsOutput{Aged{v.Age}, page}, err
	})
}

// SubscriptionsFile is the parameters of a file of the Subscription report, which a saved view has, too.
type SubscriptionsFile struct {
	SubscriptionsQuery
	Chosen[report.SubscriptionColumn]
}

type downloadSubscriptionsInput struct {
	FileReader
	SubscriptionsFile
}

// Resolve implements huma.Resolver.
func (in *SubscriptionsFile) Resolve(c huma.Context) []error {
	return append(in.Dated.Resolve(c), in.repeated()...)
}

func (o *operations) subscriptionsTable(ctx context.Context, in *downloadSubscriptionsInput) (printed, error) {
	r, v, err := o.subscribed(ctx, in.FileReader.lang(), in.SubscriptionsQuery)
	if err != nil {
		return printed{}, err
	}
	return printed{r.Table(v.Words), v.Calendar.Today, v.Age}, nil
}
