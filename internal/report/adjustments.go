package report

import (
	"context"
	"strconv"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/position"
)

// MaxAdjustments is the maximum number of manual adjustments. All of them are one item of the table,
// which every current report reads. Whoever needs more should add agreements.
const MaxAdjustments = 300

// maxAdjustmentBytes is the maximum size of all adjustments, so that the item stays below the
// 400 KB that DynamoDB allows. Only very long notes reach it.
const maxAdjustmentBytes = 300_000

// adjustmentBytes is what an adjustment takes besides its texts: the names of its fields, quantity
// and end.
const adjustmentBytes = 120

// Adjustment is a manual correction of a product's licences (R8.10).
type Adjustment struct {
	Product  position.Product
	Quantity int      // added to the licences, or subtracted if negative
	Note     string   // why
	End      day.Date // last day on which it counts; empty for no end
}

// ID returns the id of the product, which is also the id of its row in the License installation
// report.
func (a Adjustment) ID() string { return productID(a.Product) }

// ProductName returns the product's name with its version, without its publisher.
func (a Adjustment) ProductName() string { return productName(a.Product) }

// Ended reports whether the adjustment no longer counts on a day.
func (a Adjustment) Ended(today day.Date) bool { return a.End != "" && a.End < today }

// line returns the adjustment as a line of licences.
func (a Adjustment) line() position.Line {
	return position.Line{
		Product: a.Product, Quantity: a.Quantity,
		Source: position.Source{Kind: position.KindAdjustment, ID: a.ID(), Text: a.Note},
	}
}

// AdjustmentDraft is an unchecked adjustment, as entered.
type AdjustmentDraft struct {
	Quantity int64
	Note     string
	End      string // empty for none
}

// ParseAdjustment is the only way from a draft to an adjustment, which has no product yet. It
// returns every violation, with the fields "quantity", "note" and "end": adjustment_quantity,
// those of agreement.ParseNote, or date_invalid.
func ParseAdjustment(d AdjustmentDraft) (a Adjustment, violations []errs.Violation) {
	if d.Quantity == 0 || d.Quantity < -agreement.LicensesMax || d.Quantity > agreement.LicensesMax {
		violations = append(violations, errs.Violation{
			Code: "adjustment_quantity", Field: "quantity", Value: strconv.FormatInt(d.Quantity, 10), Args: errs.Pairs("max", strconv.Itoa(agreement.LicensesMax)),
		})
	}
	note, wrong := agreement.ParseNote("note", d.Note)
	violations = append(violations, wrong...)
	a = Adjustment{Quantity: int(d.Quantity), Note: note}
	if typed := strings.TrimSpace(d.End); typed != "" {
		end, ok := day.Parse(typed)
		if !ok {
			violations = append(violations, errs.Violation{Code: "date_invalid", Field: "end", Value: typed})
		}
		a.End = end
	}
	return a, violations
}

// Adjustments is all manual adjustments.
type Adjustments struct {
	Version int64 // grows with every change of one of them; 0 if there was never one
	All     []Adjustment
}

// AdjustmentStore stores the manual adjustments.
type AdjustmentStore interface {
	// Adjustments returns all of them.
	Adjustments(ctx context.Context) (Adjustments, error)
	// SetAdjustments replaces all of them. Their Version follows the stored one; errs.Stale if it
	// does not. If the Idempotency-Key was used before, it changes nothing and returns the first
	// response.
	SetAdjustments(ctx context.Context, a Adjustments, c once.Change) (first []byte, err error)
}

// Replacing returns the adjustments of the next version: without those at some indexes, and with
// another one, unless it is nil. errs.Conflict adjustments_many if there are too many.
func (a Adjustments) Replacing(at []int, by *Adjustment) (Adjustments, error) {
	next := Adjustments{Version: a.Version + 1, All: make([]Adjustment, 0, len(a.All)+1)}
	for i, kept := range a.All {
		if len(at) > 0 && at[0] == i {
			at = at[1:]
			continue
		}
		next.All = append(next.All, kept)
	}
	if by == nil {
		return next, nil
	}
	next.All = append(next.All, *by)
	if len(next.All) > MaxAdjustments || next.bytes() > maxAdjustmentBytes {
		return Adjustments{}, errs.New(errs.Conflict, "adjustments_many", "max", strconv.Itoa(MaxAdjustments))
	}
	return next, nil
}

// bytes returns about how large the adjustments are when stored.
func (a Adjustments) bytes() (n int) {
	for _, one := range a.All {
		p := one.Product
		n += adjustmentBytes + len(one.Note) + len(p.Publisher) + len(p.Family) + len(p.Edition) + len(p.Version)
	}
	return n
}

// AdjustmentState says whether an adjustment counts.
type AdjustmentState string

// The states.
const (
	AdjustmentCounted   AdjustmentState = "counted"   // it changes the licences of its product
	AdjustmentEnded     AdjustmentState = "ended"     // its last day is over
	AdjustmentUnmatched AdjustmentState = "unmatched" // nothing but it is known of its product: neither licences nor installations
)

// AdjustmentStates lists every state.
var AdjustmentStates = []AdjustmentState{AdjustmentCounted, AdjustmentEnded, AdjustmentUnmatched}

// AdjustmentStates returns the states of Adjustments, in their order, by the report of all licences.
func (d *Data) AdjustmentStates(s Settings) []AdjustmentState {
	if len(d.Adjustments) == 0 {
		return nil
	}
	matched := matchedAdjustments(d.compute(Filter{}, s))
	states := make([]AdjustmentState, len(d.Adjustments))
	for i, a := range d.Adjustments {
		switch {
		case a.Ended(s.today()):
			states[i] = AdjustmentEnded
		case matched[a.ID()]:
			states[i] = AdjustmentCounted
		default:
			states[i] = AdjustmentUnmatched
		}
	}
	return states
}

// matchedAdjustments returns the ids of the adjustments whose products have licences or
// installations.
func matchedAdjustments(rows []position.Row) map[string]bool {
	matched := map[string]bool{}
	for i := range rows {
		var adjusted []string
		for _, l := range rows[i].Licenses {
			if l.Source.Kind == position.KindAdjustment {
				adjusted = append(adjusted, l.Source.ID)
			}
		}
		if rows[i].Needed == 0 && len(adjusted) == len(rows[i].Licenses) {
			continue
		}
		for _, id := range adjusted {
			matched[id] = true
		}
	}
	return matched
}

// unmatchedAdjustments returns how many adjustments count in a report of these rows, and have a
// product that has neither licences nor installations.
func (d *Data) unmatchedAdjustments(rows []position.Row, f Filter, s Settings) (n int) {
	if f.options(s).NoAdjustment {
		return 0
	}
	matched := matchedAdjustments(rows)
	for _, a := range d.Adjustments {
		if !a.Ended(s.today()) && !matched[a.ID()] {
			n++
		}
	}
	return n
}

// Product returns the product of a row of the unfiltered License installation report; false if it
// has no row with that id.
func (d *Data) Product(id string, s Settings) (position.Product, bool) {
	for _, row := range d.compute(Filter{}, s) {
		if productID(row.Product) == id {
			return row.Product, true
		}
	}
	return position.Product{}, false
}
