package report

import (
	"slices"

	"trueup/internal/position"
)

// Explanation explains the numbers of one product (R8.3), from owned licences to surplus or
// shortfall. The quantities of Steps add up to the difference.
type Explanation struct {
	Head
	Row   Installation `json:"row" doc:"The row of the product in the report."`
	Steps []Bar        `json:"steps" doc:"The steps from owned licences to surplus or shortfall. Their quantities add up to the difference."`
	// Titles is what was detected of the product, title by title. Together they may
	// be more than the PCs that have it, as a PC may have several.
	Titles []Share `json:"titles" doc:"The detected titles of the product. A PC may have several."`
}

// BarName is the name of a step of an explanation.
type BarName string

// The steps, in their order.
const (
	BarPairs      BarName = "pairs"
	BarStatements BarName = "statements"
	BarAgreements BarName = "agreements"
	BarMovedIn    BarName = "movedIn"
	BarMovedOut   BarName = "movedOut"
	BarInstalled  BarName = "installed"
)

// BarNames lists every name, in the order of the steps.
var BarNames = []BarName{BarPairs, BarStatements, BarAgreements, BarMovedIn, BarMovedOut, BarInstalled}

// Bar is one step of an explanation. Quantity is positive or negative.
type Bar struct {
	Step     BarName `json:"step" doc:"The name of the step."`
	Quantity int     `json:"quantity" doc:"The quantity that the step adds, or subtracts if negative." example:"120"`
	Sources  []Share `json:"sources" doc:"The sources of the quantity; empty for moved licences."`
	Moves    []Move  `json:"moves" doc:"Licences moved from or to other versions."` // of what moved
}

// Move is a number of licences of one version that cover installations of another.
type Move struct {
	Product  string        `json:"product" doc:"The other product." example:"Office Professional Plus 2024"`
	ID       string        `json:"id" doc:"The id of the other product." example:"1f0c2b3a4d5e6f71"`
	Step     position.Step `json:"step" doc:"The rule that allows the move."`
	Quantity int           `json:"quantity" doc:"The number of licences." example:"20"`
}

// Explain explains one product of the License installation report with the same filter. It
// returns false if the report has no such product.
func (d *Data) Explain(productID string, f Filter, s Settings) (Explanation, bool) {
	rows := d.positions(f, s)
	for i := range rows {
		if shown := installation(&rows[i]); shown.ID == productID {
			return Explanation{
				Head: d.Head(NameInstallations, s), Row: shown, Steps: waterfall(&rows[i]),
				Titles: d.titlesOf(rows[i].Product),
			}, true
		}
	}
	return Explanation{}, false
}

func (d *Data) titlesOf(p position.Product) []Share {
	key := p.Key()
	of := slices.DeleteFunc(slices.Clone(d.Titles), func(l position.Line) bool { return !slices.Equal(l.Product.Key(), key) })
	return append([]Share{}, shares(of, position.KindInventory)...)
}

func waterfall(r *position.Row) []Bar {
	bars := []Bar{
		{Step: BarPairs, Quantity: r.Pairs, Sources: shares(r.Licenses, position.KindPair)},
		{Step: BarStatements, Quantity: r.Statements, Sources: shares(r.Licenses, position.KindStatement)},
		{Step: BarAgreements, Quantity: r.Agreements, Sources: shares(r.Licenses, position.KindAgreement)},
		{Step: BarMovedIn, Quantity: r.In.Total()},
		{Step: BarMovedOut, Quantity: -r.Out.Total()},
		{Step: BarInstalled, Quantity: -r.Needed, Sources: shares(r.Installations, position.KindInventory)},
	}
	for _, m := range r.Moves {
		bar, other := &bars[3], m.From
		if m.From == r.Product {
			bar, other = &bars[4], m.To
		}
		bar.Moves = append(bar.Moves, Move{Product: productName(other), ID: productID(other), Step: m.Step, Quantity: m.Quantity})
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

func shares(lines []position.Line, kind position.SourceKind) (shares []Share) {
	for _, l := range lines {
		if l.Source.Kind == kind {
			shares = append(shares, Share{l.Source, l.Quantity, l.SA})
		}
	}
	return shares
}
