package report

import (
	"slices"
	"strconv"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/position"
	"trueup/internal/product"
)

// Explanation explains the numbers of one product (R8.3), from owned licences to surplus or
// shortfall. The quantities of Steps add up to the difference.
type Explanation struct {
	Head
	Row   Installation `json:"row" doc:"The row of the product in the report."`
	Steps []Bar        `json:"steps" doc:"The steps from owned licences to surplus or shortfall. Their quantities add up to the difference."`
	// Titles is what was detected of the product, title by title. Together they may
	// be more than the PCs that have it, as a PC may have several.
	Titles   []Share  `json:"titles" doc:"The detected titles of the product. A PC may have several."`
	ListedOn day.Date `json:"listedOn,omitempty" doc:"The day of Microsoft's list of subscriptions that has the product and says what it includes; absent if it is not from the list." example:"2026-11-28"`
	// Notes say what the numbers do not show.
	Notes []string `json:"notes" doc:"What to know about the numbers, in the reader's language."`
}

// BarName is the name of a step of an explanation.
type BarName string

// The steps, in their order.
const (
	BarPairs       BarName = "pairs"
	BarStatements  BarName = "statements"
	BarAgreements  BarName = "agreements"
	BarAdjustments BarName = "adjustments"
	BarMovedIn     BarName = "movedIn"
	BarMovedOut    BarName = "movedOut"
	BarIncluded    BarName = "included" // licences in use only for products that a suite includes
	BarInstalled   BarName = "installed"
	BarUndecided   BarName = "undecided"   // closes the sum of undecided installations
	BarNotMeasured BarName = "notMeasured" // closes the sum of licences that are not compared with PCs
)

// BarNames lists every name, in the order of the steps.
var BarNames = []BarName{
	BarPairs, BarStatements, BarAgreements, BarAdjustments, BarMovedIn, BarMovedOut, BarIncluded, BarInstalled, BarUndecided, BarNotMeasured,
}

// Bar is one step of an explanation. Quantity is positive or negative.
type Bar struct {
	Step     BarName `json:"step" doc:"The name of the step."`
	Quantity int     `json:"quantity" doc:"The quantity that the step adds, or subtracts if negative." example:"120"`
	Sources  []Share `json:"sources" doc:"The sources of the quantity; empty for moved licences. Adjustments may be more than the quantity, which takes no more licences than there are."`
	Moves    []Move  `json:"moves" doc:"Licences moved from or to other versions and products. Those of the step included do not add up: a licence covers one of each product that it includes."`
}

// Move is a number of licences of one product that cover installations of another.
type Move struct {
	Product  string        `json:"product" doc:"The other product." example:"Office Professional Plus 2024"`
	ID       string        `json:"id" doc:"The id of the other product." example:"1f0c2b3a4d5e6f71"`
	Step     position.Step `json:"step" doc:"The rule that allows the move."`
	Quantity int           `json:"quantity" doc:"What the move adds to the step: the installations that the licences cover in the step movedIn, otherwise the licences." example:"20"`
	Licenses int           `json:"licenses" doc:"The number of licences." example:"20"`
	Covered  int           `json:"covered" doc:"The number of installations that they cover: more than licenses if licences for users cover several PCs of a user." example:"20"`
	ListedOn day.Date      `json:"listedOn,omitempty" doc:"The day of Microsoft's list of subscriptions that says that the licence includes the product; absent if the list is not the reason." example:"2026-11-28"`
}

// Explain explains one product of the License installation report with the same filter. It
// returns false if the report has no such product.
func (d *Data) Explain(productID string, f Filter, s Settings) (Explanation, bool) {
	rows := f.selected(d.compute(f, s))
	for i := range rows {
		if shown := installation(&rows[i]); shown.ID == productID {
			return Explanation{
				Head: d.Head(NameInstallations, s), Row: shown, Steps: waterfall(&rows[i], s.Products),
				Titles: d.titlesOf(rows[i].Product), ListedOn: listedOn(s.Products, rows[i].Product), Notes: d.notes(&rows[i], &shown, s.Words),
			}, true
		}
	}
	return Explanation{}, false
}

// listedOn returns the day of Microsoft's list that has a product; empty if it is not from the list.
func listedOn(products *product.Dictionary, p position.Product) day.Date {
	row, ok := products.Of(p)
	if !ok || row.Listed.IsZero() {
		return ""
	}
	return day.Of(row.Listed)
}

// notes returns what the numbers of a row do not show: a Windows that came with its PC is in no
// statement, licences for different things were added up, each licence is for several cores, and
// licences for users cover several PCs, or were compared with PCs.
func (d *Data) notes(r *position.Row, shown *Installation, w Words) []string {
	said := []string{}
	if r.Metric == product.MetricOS && r.Shortfall > 0 {
		said = append(said, w.say("report_note_preinstalled"))
	}
	if len(shown.Mixed) > 0 {
		note := "report_note_mixed"
		if len(shown.Mixed) == 1 {
			note = "report_note_packs"
		}
		said = append(said, w.Text(note, errs.Pairs("licenses", sayParts(metricCell(shown).parts, w))))
	}
	if licenses, covered := r.Shared(); covered > licenses {
		said = append(said, w.Text("report_note_users", errs.Pairs(
			"pcs", strconv.Itoa(r.Needed), "users", strconv.Itoa(r.Users()), "licenses", strconv.Itoa(licenses), "covered", strconv.Itoa(covered), "most", strconv.Itoa(position.PCsOfUser),
		)))
	}
	switch {
	case r.UnknownUsers && d.Searched != nil:
		said = append(said, w.say("report_note_users_of_groups"))
	case r.UnknownUsers:
		said = append(said, w.say("report_note_unknown_users"))
	}
	return said
}

func (d *Data) titlesOf(p position.Product) []Share {
	key := position.Key(p)
	of := slices.DeleteFunc(slices.Clone(d.Titles), func(l position.Line) bool { return !slices.Equal(position.Key(l.Product), key) })
	return append([]Share{}, shares(of, position.KindInventory)...)
}

// waterfall returns the steps that add up to the difference of a row. A row outside the totals has
// one more, which closes the sum.
func waterfall(r *position.Row, products *product.Dictionary) []Bar {
	bars := []Bar{
		{Step: BarPairs, Quantity: r.Pairs, Sources: shares(r.Licenses, position.KindPair)},
		{Step: BarStatements, Quantity: r.Statements, Sources: shares(r.Licenses, position.KindStatement)},
		{Step: BarAgreements, Quantity: r.Agreements, Sources: shares(r.Licenses, position.KindAgreement)},
		{Step: BarAdjustments, Quantity: r.Adjusted, Sources: shares(r.Licenses, position.KindAdjustment)},
		{Step: BarMovedIn, Quantity: r.In.Total()},
		{Step: BarMovedOut, Quantity: r.Suite - r.Out.Total()},
		{Step: BarIncluded, Quantity: -r.Suite},
		{Step: BarInstalled, Quantity: -r.Needed, Sources: installedShares(r)},
	}
	switch r.Verdict {
	case position.VerdictUndecided:
		bars = append(bars, Bar{Step: BarUndecided, Quantity: r.Uncounted})
	case position.VerdictNotMeasured:
		bars = append(bars, Bar{Step: BarNotMeasured, Quantity: r.Uncounted})
	case position.VerdictCovered, position.VerdictShort, position.VerdictUnused, position.VerdictUnlicensed:
	}
	for _, m := range r.Moves {
		name, other := BarMovedIn, m.From
		switch {
		case m.From != r.Product:
		case m.Suite:
			name, other = BarIncluded, m.To
		default:
			name, other = BarMovedOut, m.To
		}
		bar := &bars[slices.IndexFunc(bars, func(b Bar) bool { return b.Step == name })]
		move := Move{Product: productName(other), ID: productID(other), Step: m.Step, Quantity: m.Quantity, Licenses: m.Quantity, Covered: m.Covered}
		if name == BarMovedIn {
			move.Quantity = m.Covered
		}
		if m.Suite {
			move.ListedOn = listedOn(products, m.From)
		}
		bar.Moves = append(bar.Moves, move)
	}
	for i := range bars {
		if bars[i].Sources == nil {
			bars[i].Sources = []Share{}
		}
		if bars[i].Moves == nil {
			bars[i].Moves = []Move{}
		}
	}
	return bars
}

// installedShares returns the inventory sources of a row, in the measure of the row.
func installedShares(r *position.Row) []Share {
	lines := slices.Clone(r.Installations)
	for i := range lines {
		lines[i].Quantity = r.Demand(lines[i])
	}
	return shares(lines, position.KindInventory)
}

func shares(lines []position.Line, kind position.SourceKind) (shares []Share) {
	for _, l := range lines {
		if l.Source.Kind == kind {
			shares = append(shares, Share{l.Source, l.Quantity, l.ActiveSA()})
		}
	}
	return shares
}
