package reports

import (
	"bytes"
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/cursor"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/position"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/snapshot"
)

// by returns the order by a column, if one is given.
func by[Column ~string](column Column, s httpapi.Sorted) report.Order {
	return report.Order{Column: string(column), Descending: column != "" && s.Descending()}
}

// Licensed selects licenses.
type Licensed struct {
	Type      agreement.Type `query:"type" doc:"Only licences of this type."`
	Groups    []string       `query:"group" maxItems:"100" doc:"Only licences of these license groups: ids, separated by commas." example:"unassigned"`
	Publisher string         `query:"publisher" maxLength:"256" doc:"Only products of this publisher, by any name in the catalog, without regard to case." example:"Adobe"`
}

// Dated chooses the moment of a report.
type Dated struct {
	Date string `query:"date" doc:"The report of this day, as stored by the last refresh of the day. The default is the current report." example:"2026-11-21"`

	date day.Date
}

// Resolve implements huma.Resolver.
func (d *Dated) Resolve(huma.Context) []error { return parseDate("date", d.Date, &d.date) }

// parseDate parses the date in a parameter, if one is given.
func parseDate(parameter, given string, into *day.Date) []error {
	if given == "" {
		return nil
	}
	date, ok := day.Parse(given)
	if !ok {
		return httpapi.Refusals([]errs.Violation{{Code: "date_invalid", Field: httpapi.ParameterField + parameter, Value: given}})
	}
	*into = date
	return nil
}

// Matching disables rules by which a license covers an installation.
type Matching struct {
	Prefix    bool `query:"prefix" default:"true" doc:"Whether a licence covers updates of its version, for example 2.05 covers 2.05.1234."`
	Downgrade bool `query:"downgrade" default:"true" doc:"Whether a licence covers older versions, by downgrade rights."`
	Upgrade   bool `query:"upgrade" default:"true" doc:"Whether a licence of an operating system covers the version to which its publisher gives the upgrade free of charge, for example Windows 10 Pro covers Windows 11 Pro."`
	Assurance bool `query:"assurance" default:"true" doc:"Whether a licence with Software Assurance covers newer versions: all during its term, after it those released before its end. A subscription whose name has a version covers newer ones as long as it runs."`
	Edition   bool `query:"edition" default:"true" doc:"Whether a licence covers lower editions of its family."`
	Include   bool `query:"include" default:"true" doc:"Whether a licence of a suite or subscription covers what it includes."`
	Candidate bool `query:"candidate" default:"true" doc:"Whether a licence covers installations that may be its product, because their title does not tell."`

	Unversioned bool `query:"unversioned" default:"true" doc:"Whether a licence of any version covers installations whose version the inventory does not tell."`

	Adjustment bool `query:"adjustment" default:"true" doc:"Whether manual adjustments of licences count. They never count in a report of one license type, of license groups or of groups of devices."`
}

func (m Matching) options() position.Options {
	return position.Options{
		NoPrefix: !m.Prefix, NoDowngrade: !m.Downgrade, NoUpgrade: !m.Upgrade, NoAssurance: !m.Assurance,
		NoEdition: !m.Edition, NoInclude: !m.Include, NoCandidate: !m.Candidate, NoUnversioned: !m.Unversioned, NoAdjustment: !m.Adjustment,
	}
}

// viewed is the data of a report, and its settings.
type viewed struct {
	*snapshot.View
	report.Settings
	Age string // see Aged
}

// view returns the organisation's data on a day, or the current data if date is empty.
func (o *operations) view(ctx context.Context, date day.Date, how Recent, lang i18n.Lang, p position.Options) (viewed, error) {
	v, age, err := o.data(ctx, date, how)
	if err != nil {
		return viewed{}, err
	}
	now := o.Now()
	return viewed{v, report.Settings{Now: now, Calendar: v.CalendarAt(now), Today: v.TodayAt(now), Zone: o.Zone, Products: v.Products, Position: p, Words: report.WordsIn(lang)}, ageOf(age)}, nil
}

// data returns the data of a view and their age. If the licence data are old, it requests a refresh (R8.6).
func (o *operations) data(ctx context.Context, date day.Date, how Recent) (v *snapshot.View, age time.Duration, err error) {
	if date != "" {
		v, err = o.Snapshots.On(ctx, date)
		return v, 0, err
	}
	v, freshness, age, err := o.Snapshots.Recent(ctx, how.most())
	// Without agreements and without a refresh so far there is no licence data that could be old, and a
	// refresh would keep a day of zeros.
	if err == nil && (len(v.Data.Agreements) > 0 || !freshness.At.IsZero()) {
		o.refreshOld(ctx, freshness)
	}
	return v, age, err
}

// The minimum interval between the refreshes that reports request, and the time limit of a
// request.
const (
	askEvery = 10 * time.Minute
	askFor   = time.Second
)

// refreshOld requests a refresh if the licence data is old (R8.6), at most once per askEvery. A
// failure does not affect the report.
func (o *operations) refreshOld(ctx context.Context, f refresher.Freshness) {
	now := o.Now()
	last := o.asked.Load()
	if !f.Old(now) || now.UnixMilli()-last < askEvery.Milliseconds() || !o.asked.CompareAndSwap(last, now.UnixMilli()) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	if err := o.Refresh(ctx); err != nil {
		o.Log.WarnContext(ctx, "refresh not started", "error", err)
	}
}

// filter returns the filter of the parameters of a report of these data. It returns a violation for each
// license group that neither they nor the store have: a report without its licences would be taken for the
// right one.
func (o *operations) filter(ctx context.Context, in Licensed, of ...viewed) (report.Filter, error) {
	if err := o.knowGroups(ctx, in.Groups, of); err != nil {
		return report.Filter{}, err
	}
	publisher, others, err := o.Snapshots.Publisher(ctx, in.Publisher)
	return report.Filter{Type: in.Type, Groups: in.Groups, Publisher: publisher, AlsoPublisher: others}, err
}

// knowGroups returns a violation for each id of a license group that does not exist. Groups of an earlier
// day may be deleted since, and data of now may be older than a new group.
func (o *operations) knowGroups(ctx context.Context, ids []string, of []viewed) error {
	unknown := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return id == group.UnassignedID || slices.ContainsFunc(of, func(v viewed) bool { _, known := v.Data.Groups[id]; return known })
	})
	if len(unknown) == 0 {
		return nil
	}
	stored, err := o.Groups.Groups(ctx)
	if err != nil {
		return err
	}
	var broken []errs.Violation
	for _, id := range unknown {
		if !slices.ContainsFunc(stored, func(g group.Group) bool { return g.ID == id }) {
			broken = append(broken, errs.Violation{Code: "group_not_found", Field: httpapi.ParameterField + "group", Value: id})
		}
	}
	return errs.Violated(broken)
}

// place is the content of a report's cursor: how many rows were shown, of which version of the
// data.
type place struct {
	Rows    int    `json:"n"`
	Version string `json:"v"`
}

// start decodes the cursor of a report with these parameters.
func start(in httpapi.Paging, asked []string) (from place, err error) {
	_, err = cursor.Decode(in.Cursor, &from, asked...)
	if err == nil && from.Rows < 0 {
		err = errs.New(errs.Invalid, "cursor_invalid")
	}
	return from, err
}

// pageOf returns the rows of a page, and the cursor of the next one. The order of rows may
// differ between versions of the data, so a cursor of another version is errs.Invalid
// cursor_outdated.
func pageOf[R any](rows []R, in httpapi.Paging, from place, version string, asked []string) (page []R, next string, err error) {
	if in.Cursor != "" && from.Version != version {
		return nil, "", errs.New(errs.Invalid, "cursor_outdated")
	}
	begin := min(from.Rows, len(rows))
	end := min(begin+in.Limit, len(rows))
	if end < len(rows) {
		next = cursor.Encode(place{end, version}, asked...)
	}
	return slices.Clone(rows[begin:end]), next, nil
}

// asked returns all parameters that rows and their order depend on.
func asked(name string, date day.Date, f report.Filter, o report.Order, p position.Options) []string {
	return slices.Concat([]string{
		"report", name, string(date), string(f.Type), string(f.Status), f.Publisher, string(f.Verdict), o.Column,
		strconv.FormatBool(o.Descending), strconv.FormatBool(p.NoPrefix), strconv.FormatBool(p.NoDowngrade), strconv.FormatBool(p.NoUpgrade), strconv.FormatBool(p.NoAssurance),
		strconv.FormatBool(p.NoEdition), strconv.FormatBool(p.NoInclude), strconv.FormatBool(p.NoCandidate), strconv.FormatBool(p.NoUnversioned), strconv.FormatBool(p.NoAdjustment),
	}, f.Groups, []string{"on"}, f.DeviceGroups)
}

// PurchasesQuery is the parameters of a License purchase report.
type PurchasesQuery struct {
	Licensed
	Status agreement.Status      `query:"status" doc:"Only terms with this status."`
	Sort   report.PurchaseColumn `query:"sort" doc:"The sort column; empty cells come last. The default order is by name, product and term."`
	httpapi.Sorted
	Dated
	Recent
}

func (o *operations) purchasesFilter(ctx context.Context, in PurchasesQuery, of viewed) (report.Filter, error) {
	f, err := o.filter(ctx, in.Licensed, of)
	f.Status = in.Status
	return f, err
}

// InstallationsQuery is the parameters of a License installation report.
type InstallationsQuery struct {
	Licensed
	Verdict position.Verdict          `query:"verdict" doc:"Only products with this verdict."`
	Sort    report.InstallationColumn `query:"sort" doc:"The sort column; empty cells come last. The default order is by publisher, product and version."`
	httpapi.Sorted
	OnDevices
	Matching
	Dated
	Recent
}

// installationsOf returns the data and the filter of a License installation report.
func (o *operations) installationsOf(ctx context.Context, in InstallationsQuery, lang i18n.Lang) (viewed, report.Filter, error) {
	if err := in.check(in.date); err != nil {
		return viewed{}, report.Filter{}, err
	}
	v, err := o.view(ctx, in.date, in.Recent, lang, in.options())
	if err != nil {
		return viewed{}, report.Filter{}, err
	}
	if v, err = o.onDevices(ctx, v, in.OnDevices, in.Recent); err != nil {
		return viewed{}, report.Filter{}, err
	}
	f, err := o.filter(ctx, in.Licensed, v)
	f.Verdict, f.DeviceGroups = in.Verdict, in.DeviceGroups
	return v, f, err
}

// PurchasesPage is one page of a License purchase report. The totals cover all pages.
type PurchasesPage struct {
	report.Purchases
	NextCursor string `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
}

// InstallationsPage is one page of a License installation report. The totals cover all pages.
type InstallationsPage struct {
	report.Installations
	NextCursor string `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
}

type getPurchasesInput struct {
	httpapi.Reader
	httpapi.Paging
	PurchasesQuery
}

type getPurchasesOutput struct {
	Aged
	Body PurchasesPage
}

const datedText = " Every report contains a notice about its limits, the time of its licence data, and whether it is stale. If the data is older than 24 hours, reading the report starts a refresh, except before the first agreement."

func (o *operations) reportOperations() httpapi.Operations {
	return httpapi.Operations{
		"getOverview":                o.getOverview,
		"getLicensePurchases":        o.getLicensePurchases,
		"getLicenseInstallations":    o.getLicenseInstallations,
		"explainLicenseInstallation": o.explainLicenseInstallation,
		"listMissedDevices":          o.listMissedDevices,
		"getSubscriptionReport":      o.getSubscriptionReport,
	}
}

func (o *operations) getLicensePurchases(api huma.API, op huma.Operation) {
	op.Summary = "Read the License purchase report"
	op.Description = "Returns the licensed software of the selected license groups: one row per product of an agreement and term. The totals cover all pages." + datedText
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getPurchasesInput) (*getPurchasesOutput, error) {
		order := by(in.Sort, in.Sorted)
		named := asked(report.NamePurchases, in.date, report.Filter{Type: in.Type, Groups: in.Groups, Publisher: in.Publisher, Status: in.Status}, order, position.Options{})
		from, err := start(in.Paging, named)
		if err != nil {
			return nil, err
		}
		v, err := o.view(ctx, in.date, in.Recent, in.Lang(), position.Options{})
		if err != nil {
			return nil, err
		}
		f, err := o.purchasesFilter(ctx, in.PurchasesQuery, v)
		if err != nil {
			return nil, err
		}
		page := PurchasesPage{Purchases: v.Purchases(f, order, v.Settings)}
		page.Rows, page.NextCursor, err = pageOf(page.Rows, in.Paging, from, v.VersionOf(f), named)
		return &getPurchasesOutput{Aged{v.Age}, page}, err
	})
}

type getInstallationsInput struct {
	httpapi.Reader
	httpapi.Paging
	InstallationsQuery
}

type getInstallationsOutput struct {
	Aged
	Body InstallationsPage
}

func (o *operations) getLicenseInstallations(api huma.API, op huma.Operation) {
	op.Summary = "Read the License installation report"
	op.Description = "Compares licences with installations, by product. Type and license groups select the licences, which are compared with all installations, or with those on the PCs of groups of devices; publisher and verdict select the products to show. The totals cover all pages." + datedText
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getInstallationsInput) (*getInstallationsOutput, error) {
		order, steps := by(in.Sort, in.Sorted), in.options()
		named := asked(report.NameInstallations, in.date, report.Filter{Type: in.Type, Groups: in.Groups, Publisher: in.Publisher, Verdict: in.Verdict, DeviceGroups: in.DeviceGroups}, order, steps)
		from, err := start(in.Paging, named)
		if err != nil {
			return nil, err
		}
		v, f, err := o.installationsOf(ctx, in.InstallationsQuery, in.Lang())
		if err != nil {
			return nil, err
		}
		page := InstallationsPage{Installations: v.Installations(f, order, v.Settings)}
		page.Rows, page.NextCursor, err = pageOf(page.Rows, in.Paging, from, v.VersionOf(f), named)
		return &getInstallationsOutput{Aged{v.Age}, page}, err
	})
}

type explainInput struct {
	httpapi.Reader
	Product string `path:"product" maxLength:"64" doc:"The id of a product in the report." example:"1f0c2b3a4d5e6f70"`
	Licensed
	OnDevices
	Matching
	Dated
	Recent
}

func (o *operations) explainLicenseInstallation(api huma.API, op huma.Operation) {
	op.Summary = "Explain a product of the License installation report"
	op.Description = "Returns the agreement pairs, statements, agreements and detected titles that the numbers of a product were counted from, as a waterfall from owned licences to surplus or shortfall. With deviceGroup it has no titles, because they are not known for each PC." + datedText +
		" An explanation that is too large for a response is stored for a day, and the response redirects to it."
	op.Errors = append(op.Errors, http.StatusNotFound)
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[report.Explanation](), true, "")
	op.Responses = map[string]*huma.Response{
		"200": {Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{httpapi.FormatJSON.Media: {Schema: schema}}},
		"303": httpapi.Redirected(),
	}
	huma.Register(api, op, func(ctx context.Context, in *explainInput) (*reportFile, error) {
		if err := in.check(in.date); err != nil {
			return nil, err
		}
		v, err := o.view(ctx, in.date, in.Recent, in.Lang(), in.options())
		if err != nil {
			return nil, err
		}
		if v, err = o.onDevices(ctx, v, in.OnDevices, in.Recent); err != nil {
			return nil, err
		}
		f, err := o.filter(ctx, in.Licensed, v)
		if err != nil {
			return nil, err
		}
		f.DeviceGroups = in.DeviceGroups
		explanation, found := v.Data.Explain(in.Product, f, v.Settings)
		if !found {
			return nil, errs.New(errs.NotFound, "product_not_found", "id", in.Product)
		}
		var body bytes.Buffer
		if err := huma.DefaultJSONFormat.Marshal(&body, explanation); err != nil {
			return nil, err
		}
		if httpapi.FormatJSON.Fits(body.Bytes()) {
			return &reportFile{Aged{v.Age}, http.StatusOK, httpapi.FileHeaders{ContentType: httpapi.FormatJSON.Media}, body.Bytes()}, nil
		}
		file, err := httpapi.FormatJSON.Store(ctx, o.Reports, v.Settings.Words.Lang, "explanation-"+in.Product+"-"+string(v.Settings.Calendar.Today)+"."+httpapi.FormatJSON.Extension, body.Bytes())
		if err != nil {
			return nil, err
		}
		return aged(v.Age, file), nil
	})
}

type getOverviewInput struct {
	httpapi.Reader
	Recent
}

type getOverviewOutput struct {
	Aged
	Body OverviewWithSubscriptions
}

func (o *operations) getOverview(api huma.API, op huma.Operation) {
	op.Summary = "Read the overview"
	op.Description = "Returns the totals of agreements and products, products that are short, terms that end soon, the last refreshes, and the numbers of subscriptions, with conflicts and those that end soon." + datedText
	huma.Register(api, op, func(ctx context.Context, in *getOverviewInput) (*getOverviewOutput, error) {
		v, err := o.view(ctx, "", in.Recent, in.Lang(), position.Options{})
		if err != nil {
			return nil, err
		}
		runs, err := o.Snapshots.Runs(ctx)
		if err != nil {
			return nil, err
		}
		subscriptions, err := o.subscriptionsOverview(ctx, v)
		if err != nil {
			return nil, err
		}
		return &getOverviewOutput{Aged{v.Age}, OverviewWithSubscriptions{v.Overview(runs, v.Settings), subscriptions}}, nil
	})
}
