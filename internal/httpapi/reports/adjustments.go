package reports

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/once"
	"trueup/internal/position"
	"trueup/internal/report"
	"trueup/internal/snapshot"
	"trueup/internal/text"
)

// AdjustmentText is the content of an adjustment. Package report validates it, in Resolve.
type AdjustmentText struct {
	Quantity int64  `json:"quantity" doc:"Added to the licences of the product, or subtracted if negative; never 0. No more licences are subtracted than there are." example:"-5"`
	Note     string `json:"note" doc:"Why: one line, which reports and their explanations show." example:"Sold with the branch in Lille"`
	End      string `json:"end,omitempty" doc:"The last day on which it counts, in the organisation's time zone. If absent or empty, it counts until it is deleted." example:"2027-06-30"`
}

func (t AdjustmentText) draft() report.AdjustmentDraft {
	return report.AdjustmentDraft{Quantity: t.Quantity, Note: t.Note, End: t.End}
}

// Adjustment is a manual correction of a product's licences.
type Adjustment struct {
	ID        string   `json:"id" doc:"The id of the product, as in the License installation report." example:"1f0c2b3a4d5e6f70"`
	Publisher string   `json:"publisher" doc:"The publisher of the product." example:"Microsoft"`
	Product   string   `json:"product" doc:"The product with its version." example:"Office Professional Plus 2021"`
	Quantity  int      `json:"quantity" doc:"Added to the licences of the product, or subtracted if negative." example:"-5"`
	Note      string   `json:"note" doc:"Why." example:"Sold with the branch in Lille"`
	End       day.Date `json:"end,omitempty" format:"date" doc:"The last day on which it counts; absent if it has no end." example:"2027-06-30"`
}

func adjustmentOf(a report.Adjustment) Adjustment {
	return Adjustment{ID: a.ID(), Publisher: a.Product.Publisher, Product: a.ProductName(), Quantity: a.Quantity, Note: a.Note, End: a.End}
}

// ListedAdjustment is an adjustment in the list.
type ListedAdjustment struct {
	Adjustment
	State report.AdjustmentState `json:"state" doc:"counted; ended: its last day is over; unmatched: it counts, but its product is neither licensed nor installed." example:"counted"`
}

// AdjustmentList is all adjustments.
type AdjustmentList struct {
	Items              []ListedAdjustment `json:"items" doc:"The adjustments, by publisher and product. At most 300."`
	AdjustmentsVersion int64              `json:"adjustmentsVersion" minimum:"0" doc:"The version of all adjustments, which grows with every change of one of them; 0 if there was never one." example:"4"`
}

// ChangedAdjustment is an adjustment that was set.
type ChangedAdjustment struct {
	Adjustment
	AdjustmentsVersion int64 `json:"adjustmentsVersion" minimum:"1" doc:"The version of all adjustments." example:"4"`
}

// DeletedAdjustment is the response to the deletion of an adjustment.
type DeletedAdjustment struct {
	ID                 string `json:"id" doc:"The id of the product." example:"1f0c2b3a4d5e6f70"`
	AdjustmentsVersion int64  `json:"adjustmentsVersion" minimum:"1" doc:"The version of all adjustments." example:"5"`
}

func (o *operations) adjustmentOperations() httpapi.Operations {
	return httpapi.Operations{
		"listAdjustments":  o.listAdjustments,
		"setAdjustment":    o.setAdjustment,
		"deleteAdjustment": o.deleteAdjustment,
	}
}

type listAdjustmentsInput struct{ httpapi.Reader }

func (o *operations) listAdjustments(api huma.API, op huma.Operation) {
	op.Summary = "List manual adjustments"
	op.Description = "Lists the manual adjustments of products' licences, also those that have ended. All adjustments have one version, and the ETag is its tag: send it in If-Match with the next change. An adjustment can end without a new version."
	huma.Register(api, op, func(ctx context.Context, in *listAdjustmentsInput) (*httpapi.Versioned[AdjustmentList], error) {
		v, err := o.view(ctx, "", current, in.Lang(), position.Options{})
		if err != nil {
			return nil, err
		}
		body := AdjustmentList{Items: []ListedAdjustment{}, AdjustmentsVersion: v.Adjusted.Version}
		states := v.Data.AdjustmentStates(v.Settings)
		for i, a := range v.Data.Adjustments {
			body.Items = append(body.Items, ListedAdjustment{adjustmentOf(a), states[i]})
		}
		slices.SortStableFunc(body.Items, func(a, b ListedAdjustment) int {
			return cmp.Or(cmp.Compare(text.Fold(a.Publisher), text.Fold(b.Publisher)), cmp.Compare(text.Fold(a.Product), text.Fold(b.Product)))
		})
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), body.AdjustmentsVersion), body), nil
	})
}

// AdjustedProduct is the path parameter of the product of an adjustment.
type AdjustedProduct struct {
	ID string `path:"product" maxLength:"64" doc:"The id of a product, from a row of the License installation report or from the list of adjustments." example:"1f0c2b3a4d5e6f70"`
}

type setAdjustmentInput struct {
	httpapi.Reader
	AdjustedProduct
	httpapi.Revision
	httpapi.Repeatable
	Body AdjustmentText

	wanted report.Adjustment // without its product
}

// Resolve implements huma.Resolver.
func (in *setAdjustmentInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.wanted, broken = report.ParseAdjustment(in.Body.draft())
	return httpapi.Refusals(broken)
}

func (o *operations) setAdjustment(api huma.API, op huma.Operation) {
	op.Summary = "Set the manual adjustment of a product"
	op.Description = "Adds to or subtracts from the licences of a product of the License installation report, or replaces its earlier adjustment. " +
		"It counts in reports of all licences within five seconds, as a step of its own. All adjustments have one version, which If-Match compares."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *setAdjustmentInput) (*httpapi.Versioned[httpapi.Reply[ChangedAdjustment]], error) {
		now := o.Now()
		set, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID+" "+in.ID, in.Body, func(call httpapi.Call[ChangedAdjustment]) (httpapi.Reply[ChangedAdjustment], error) {
			return o.adjust(ctx, in, now, call)
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), set.Value.AdjustmentsVersion), set), nil
	})
}

// adjust stores an adjustment instead of earlier ones of the product.
func (o *operations) adjust(ctx context.Context, in *setAdjustmentInput, now time.Time, call httpapi.Call[ChangedAdjustment]) (reply httpapi.Reply[ChangedAdjustment], err error) {
	err = httpapi.Revise(ctx, in.Revision, o.adjusted(ctx, in.Lang()), func(v viewed) error {
		at := adjustmentsOf(v.View, in.ID)
		a := in.wanted
		if a.Product, err = productOf(v, in.ID, at); err != nil {
			return err
		}
		if err := notOver(a.End, v, at); err != nil {
			return err
		}
		next, err := v.Adjusted.Replacing(at, &a)
		if err != nil {
			return err
		}
		if reply, err = call.Reply(ChangedAdjustment{adjustmentOf(a), next.Version}); err != nil {
			return err
		}
		event := o.Event(ctx, now, "adjustment.set")
		event.Subject, event.Before, event.After = "adjustment/"+a.ID(), before(v.View, at), adjustmentValues(a)
		first, err := o.Adjustments.SetAdjustments(ctx, next, reply.Change(event))
		reply, err = reply.OrFirst(first, err)
		return err
	})
	return reply, err
}

// adjusted returns a function that reads the current data and the version of the adjustments, for
// Revise.
func (o *operations) adjusted(ctx context.Context, lang i18n.Lang) func() (viewed, int64, error) {
	return func() (viewed, int64, error) {
		v, err := o.view(ctx, "", current, lang, position.Options{})
		if err != nil {
			return viewed{}, 0, err
		}
		return v, v.Adjusted.Version, nil
	}
}

// adjustmentsOf returns the indexes of the adjustments of a product, by its id or by the one that it
// had when the adjustment was stored. There can be several after two products were merged.
func adjustmentsOf(v *snapshot.View, id string) (at []int) {
	for i, stored := range v.Adjusted.All {
		if stored.ID() == id || v.Data.Adjustments[i].ID() == id {
			at = append(at, i)
		}
	}
	return at
}

// productOf returns the product with an id: of the report, or of the adjustments at some indexes.
func productOf(v viewed, id string, at []int) (position.Product, error) {
	if p, ok := v.Data.Product(id, v.Settings); ok {
		return p, nil
	}
	if len(at) > 0 {
		return v.Data.Adjustments[at[0]].Product, nil
	}
	return position.Product{}, errs.New(errs.NotFound, "adjustment_product", "id", text.Shorten(id, 100))
}

// notOver refuses an end in the past, unless an adjustment that is replaced has the same end.
func notOver(end day.Date, v viewed, at []int) error {
	today := v.Settings.Today
	if end == "" || end >= today || slices.ContainsFunc(at, func(i int) bool { return v.Adjusted.All[i].End == end }) {
		return nil
	}
	return errs.Violated([]errs.Violation{{Code: "adjustment_end_past", Field: "end", Value: string(end), Args: errs.Pairs("today", string(today))}})
}

type deleteAdjustmentInput struct {
	httpapi.Reader
	AdjustedProduct
	httpapi.Revision
}

func (o *operations) deleteAdjustment(api huma.API, op huma.Operation) {
	op.Summary = "Delete the manual adjustment of a product"
	op.Description = "Deletes the adjustment of a product, which then has the licences that agreements and statements give. All adjustments have one version, which If-Match compares."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteAdjustmentInput) (*httpapi.Versioned[DeletedAdjustment], error) {
		now := o.Now()
		var body DeletedAdjustment
		err := httpapi.Revise(ctx, in.Revision, o.adjusted(ctx, in.Lang()), func(v viewed) error {
			at := adjustmentsOf(v.View, in.ID)
			if len(at) == 0 {
				return errs.New(errs.NotFound, "adjustment_not_found", "id", text.Shorten(in.ID, 100))
			}
			next, err := v.Adjusted.Replacing(at, nil)
			if err != nil {
				return err
			}
			body = DeletedAdjustment{ID: v.Data.Adjustments[at[0]].ID(), AdjustmentsVersion: next.Version}
			event := o.Event(ctx, now, "adjustment.deleted")
			event.Subject, event.Before = "adjustment/"+body.ID, before(v.View, at)
			_, err = o.Adjustments.SetAdjustments(ctx, next, once.Change{Event: event})
			return err
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), body.AdjustmentsVersion), body), nil
	})
}

// before returns the adjustments at some indexes for an audit event; nil for none.
func before(v *snapshot.View, at []int) map[string]string {
	var values map[string]string
	for n, i := range at {
		for name, value := range adjustmentValues(v.Data.Adjustments[i]) {
			if n > 0 {
				name += strconv.Itoa(n + 1)
			}
			if values == nil {
				values = map[string]string{}
			}
			values[name] = value
		}
	}
	return values
}

// adjustmentValues returns an adjustment for an audit event.
func adjustmentValues(a report.Adjustment) map[string]string {
	values := map[string]string{
		"product": text.Collapse(a.Product.Publisher + " " + a.ProductName()), "quantity": strconv.Itoa(a.Quantity), "note": a.Note,
	}
	if a.End != "" {
		values["end"] = string(a.End)
	}
	return values
}

// describeAdjustments adds the rules of package report to the OpenAPI document.
func describeAdjustments(document *huma.OpenAPI) {
	one, most, limit := 1, agreement.NoteMaxChars, float64(agreement.LicensesMax)
	least := -limit
	properties := document.Components.Schemas.Map()["AdjustmentText"].Properties
	properties["quantity"].Minimum, properties["quantity"].Maximum = &least, &limit
	properties["note"].MinLength, properties["note"].MaxLength = &one, &most
}
