package reports

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/report"
	"trueup/internal/snapshot"
)

// ComparisonQuery is the parameters of a comparison.
type ComparisonQuery struct {
	From string `query:"from" required:"true" doc:"The earlier day, which must have a snapshot." example:"2026-10-21"`
	To   string `query:"to" doc:"The later day, which must have a snapshot. The default is now." example:"2026-11-21"`
	Licensed
	Sort report.ComparisonColumn `query:"sort" doc:"The sort column; empty cells come last. The default order is by publisher and product."`
	httpapi.Sorted
	Matching
	Recent

	from, to day.Date
}

// Resolve implements huma.Resolver.
func (in *ComparisonQuery) Resolve(huma.Context) []error {
	return append(parseDate("from", in.From, &in.from), parseDate("to", in.To, &in.to)...)
}

type compareInput struct {
	httpapi.Reader
	ComparisonQuery
}

type compareOutput struct {
	Aged
	Body report.Comparison
}

func (o *operations) historyOperations() httpapi.Operations {
	return httpapi.Operations{
		"compareLicenseInstallations": o.compareLicenseInstallations,
		"getTrend":                    o.getTrend,
		"listSnapshots":               o.listSnapshots,
	}
}

func (o *operations) compareLicenseInstallations(api huma.API, op huma.Operation) {
	op.Summary = "Compare two days"
	op.Description = "Returns the products whose licences or installations differ between the License installation reports of two days, or of a day and now." + datedText
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *compareInput) (*compareOutput, error) {
		c, v, err := o.compared(ctx, in.Lang(), in.ComparisonQuery)
		return &compareOutput{Aged{v.Age}, c}, err
	})
}

func (o *operations) compared(ctx context.Context, lang i18n.Lang, in ComparisonQuery) (report.Comparison, viewed, error) {
	before, err := o.view(ctx, in.from, in.Recent, lang, in.options())
	if err != nil {
		return report.Comparison{}, viewed{}, err
	}
	after, err := o.view(ctx, in.to, in.Recent, lang, in.options())
	if err != nil {
		return report.Comparison{}, viewed{}, err
	}
	f, err := o.filter(ctx, in.Licensed, before, after)
	if err != nil {
		return report.Comparison{}, viewed{}, err
	}
	own := report.Order{}
	c := report.Compare(before.Installations(f, own, before.Settings), after.Installations(f, own, after.Settings), by(in.Sort, in.Sorted), after.Words)
	return c, after, nil
}

// Period is a range of days.
type Period struct {
	From string `query:"from" doc:"The first day. The default is 90 days before the last one." example:"2026-08-23"`
	To   string `query:"to" doc:"The last day. The default is today." example:"2026-11-21"`

	from, to day.Date
}

const (
	trendDays    = 90  // default range
	maxTrendDays = 400 // maximum range
)

// Resolve implements huma.Resolver.
func (in *Period) Resolve(huma.Context) []error {
	return append(parseDate("from", in.From, &in.from), parseDate("to", in.To, &in.to)...)
}

const oneDay = 24 * time.Hour

// days returns the period at a moment. Its default end is tomorrow, which has already begun in
// some time zones.
func (in *Period) days(now time.Time) (from, to day.Date, err error) {
	if to = in.to; to == "" {
		to = day.Of(now.Add(oneDay))
	}
	last, _ := to.Time() // valid here, as is from
	if from = in.from; from == "" {
		from = day.Of(last.AddDate(0, 0, -trendDays))
	}
	first, _ := from.Time()
	switch field := httpapi.ParameterField + "from"; {
	case first.After(last):
		err = errs.Violated([]errs.Violation{{Code: "range_reversed", Field: field, Value: in.From}})
	case last.Sub(first) > maxTrendDays*oneDay:
		err = errs.Violated([]errs.Violation{{Code: "range_too_long", Field: field, Value: in.From, Args: errs.Pairs("max", strconv.Itoa(maxTrendDays))}})
	}
	return from, to, err
}

// Trend is one point per day that has a snapshot.
type Trend struct {
	Points []TrendPoint `json:"points" doc:"The days that have a snapshot, in order."`
}

// TrendPoint is one day of a trend.
type TrendPoint struct {
	report.Point
	Subscriptions *report.SubscriptionReportTotals `json:"subscriptions,omitempty" doc:"The totals of all subscriptions; absent if they are not known, because an earlier release stored the reports of the day."`
}

type getTrendInput struct{ Period }

type getTrendOutput struct{ Body Trend }

func (o *operations) getTrend(api huma.API, op huma.Operation) {
	op.Summary = "Read the trend"
	op.Description = "Returns the totals of the overview, and of the subscriptions, on each day that has a snapshot, for at most 400 days."
	huma.Register(api, op, func(ctx context.Context, in *getTrendInput) (*getTrendOutput, error) {
		stored, err := o.stored(ctx, &in.Period)
		trend := Trend{Points: make([]TrendPoint, len(stored))}
		for i, s := range stored {
			trend.Points[i] = TrendPoint{s.Point, s.Subscriptions}
		}
		return &getTrendOutput{trend}, err
	})
}

func (o *operations) stored(ctx context.Context, in *Period) ([]snapshot.Stored, error) {
	from, to, err := in.days(o.Now())
	if err != nil {
		return nil, err
	}
	return o.Snapshots.Between(ctx, from, to)
}

// Snapshot is a day whose reports are stored.
type Snapshot struct {
	Date   day.Date   `json:"date" format:"date" doc:"The day, a valid date of a report." example:"2026-11-21"`
	DataAt *time.Time `json:"dataAt" doc:"The time of its licence data; null if there was no refresh." example:"2026-11-21T02:00:00Z"`
	Run    string     `json:"run" doc:"The id of the refresh that wrote it." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

type listSnapshotsInput struct{ Period }

type listSnapshotsOutput struct{ Body httpapi.Found[Snapshot] }

func (o *operations) listSnapshots(api huma.API, op huma.Operation) {
	op.Summary = "List snapshots"
	op.Description = "Lists the days whose reports are stored, in order, for at most 400 days. Each refresh stores the reports of its day."
	huma.Register(api, op, func(ctx context.Context, in *listSnapshotsInput) (*listSnapshotsOutput, error) {
		stored, err := o.stored(ctx, &in.Period)
		return &listSnapshotsOutput{httpapi.FoundOf(stored, snapshotOf)}, err
	})
}

func snapshotOf(m snapshot.Stored) Snapshot {
	s := Snapshot{Date: m.Date, Run: m.Run}
	if !m.DataAt.IsZero() {
		s.DataAt = new(m.DataAt.UTC())
	}
	return s
}
