package report

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"trueup/internal/position"
	"trueup/internal/product"
)

// Installations is the License installation report (R8.2): licences and installations by product.
type Installations struct {
	Head
	Filter Filter          `json:"filter" doc:"The filter of the report."`
	Order  Order           `json:"order" doc:"The sort order."`
	Steps  []position.Step `json:"steps" doc:"The rules by which a licence may cover an installation in this report, and adjustment if manual adjustments count: they do not in a report of one license type, of license groups or of groups of devices."`
	Totals ProductTotals   `json:"totals" doc:"The totals of all rows that are measured and decided."`

	Verdicts VerdictCounts `json:"verdicts" doc:"How many products the report has of each verdict, whatever verdict the filter selects."`

	Rows []Installation `json:"rows" doc:"The products."`

	LeftOut LeftOut `json:"leftOut" doc:"What the report does not judge. A report of groups of devices does not tell the numbers of titles and of other platforms, which are 0."`

	Searched *Searched `json:"searched,omitempty" doc:"What was found of the groups of devices; absent in a report of all installations."`

	UnmatchedAdjustments int `json:"unmatchedAdjustments" doc:"Manual adjustments whose product is neither licensed nor installed." example:"0"`
}

// Installation is one product version.
//
// Licenses + MovedIn - MovedOut - Installed + Uncounted = Difference = Surplus - Shortfall. A
// product can have both a surplus and a shortfall, if its own licences moved to where they cover
// more.
type Installation struct {
	ID         string           `json:"id" doc:"The id of the product, the same in every report." example:"1f0c2b3a4d5e6f70"`
	Publisher  string           `json:"publisher" doc:"The publisher of the product." example:"Microsoft"`
	Product    string           `json:"product" doc:"The product with its version." example:"Office Professional Plus 2021"`
	Metric     product.Metric   `json:"metric,omitempty" doc:"What a licence of the product is for; absent if the product is not in the dictionary." example:"device"`
	Mixed      []Quantity       `json:"mixed,omitempty" doc:"The licences by what they are for, without adjustments; absent if all are for the same and for one each. The sum of cores, processors and servers says little."`
	Volume     int              `json:"volume" doc:"Licences of volume agreements." example:"120"`
	Other      int              `json:"other" doc:"Licences bought another way." example:"0"`
	Adjusted   int              `json:"adjusted" doc:"Licences added by manual adjustments, or subtracted if negative." example:"0"`
	Licenses   int              `json:"licenses" doc:"All licences, with adjustments." example:"120"`
	MovedIn    int              `json:"movedIn" doc:"Installations that licences of other versions and products cover. A licence for a user covers up to five PCs of its user." example:"0"`
	MovedInBy  []MovedBy        `json:"movedInBy,omitempty" doc:"The rules by which they cover them, in the order in which they are tried; absent if there are none."`
	MovedOut   int              `json:"movedOut" doc:"Licences of this version in use only for other versions and products." example:"20"`
	Measure    position.Measure `json:"measure" doc:"What installed counts: devices are PCs; users are the distinct users, if licences are for users and the inventory tells them."`
	Installed  int              `json:"installed" doc:"The number of PCs with the product, or of its users." example:"90"`
	Surplus    int              `json:"surplus" doc:"Licences that cover no installation." example:"10"`
	Shortfall  int              `json:"shortfall" doc:"Installations that no licence covers." example:"0"`
	Difference int              `json:"difference" doc:"licenses + movedIn - movedOut - installed + uncounted, which is surplus - shortfall." example:"10"`
	Uncounted  int              `json:"uncounted" doc:"What closes the sum of a product that is not measured or undecided: the installations that are undecided, or the difference between licences and installations that cannot be compared. 0 for other verdicts." example:"0"`
	Coverage   *int             `json:"coverage" doc:"The percentage of installations that are covered, rounded down; null if there are none, and if the product is not measured or undecided." example:"100"`
	Verdict    position.Verdict `json:"verdict" doc:"The verdict on the product."`
}

// MovedBy is the installations that licences of other versions and products cover by one rule.
type MovedBy struct {
	Step     position.Step `json:"step" doc:"The rule." example:"downgrade"`
	Quantity int           `json:"quantity" doc:"The number of installations." example:"20"`
}

// VerdictCounts is the number of products by verdict.
type VerdictCounts struct {
	Covered     int `json:"covered" doc:"Products with the verdict covered." example:"41"`
	Short       int `json:"short" doc:"Products with the verdict short." example:"3"`
	Unlicensed  int `json:"unlicensed" doc:"Products with the verdict unlicensed." example:"7"`
	Unused      int `json:"unused" doc:"Products with the verdict unused." example:"12"`
	Undecided   int `json:"undecided" doc:"Products with the verdict undecided." example:"1"`
	NotMeasured int `json:"notMeasured" doc:"Products with the verdict not-measured." example:"5"`
}

func (c *VerdictCounts) add(v position.Verdict) {
	switch v {
	case position.VerdictCovered:
		c.Covered++
	case position.VerdictShort:
		c.Short++
	case position.VerdictUnlicensed:
		c.Unlicensed++
	case position.VerdictUnused:
		c.Unused++
	case position.VerdictUndecided:
		c.Undecided++
	case position.VerdictNotMeasured:
		c.NotMeasured++
	}
}

// Quantity is the licences of a product for one metric.
type Quantity struct {
	Metric   product.Metric `json:"metric,omitempty" doc:"What the licences are for; unknown if their name does not tell." example:"core"`
	Pack     int            `json:"pack,omitempty" doc:"The number of cores or processors in each licence, by its name, such as 2 for a 2-Core Pack; absent if the name does not tell." example:"2"`
	Licenses int            `json:"licenses" doc:"The number of licences." example:"16"`
}

// ProductTotals is position.Totals with JSON names.
type ProductTotals struct {
	CountedTotals
	Adjusted            int `json:"adjusted" doc:"Licences added by manual adjustments, or subtracted if negative. volume + other + adjusted = licenses."`
	NotMeasuredProducts int `json:"notMeasuredProducts" doc:"Products with the verdict not-measured, which are in no other total."`
	UndecidedProducts   int `json:"undecidedProducts" doc:"Products with the verdict undecided, which are in no other total."`
}

// CountedTotals is the totals of the products that are measured and decided. Trends have only
// these.
type CountedTotals struct {
	Products           int `json:"products" doc:"The number of products."`
	Owned              int `json:"licenses" doc:"All licences."`
	Used               int `json:"used" doc:"Licences that cover an installation."`
	Surplus            int `json:"surplus" doc:"Licences that cover no installation."`
	Volume             int `json:"volume" doc:"Licences of volume agreements."`
	Other              int `json:"other" doc:"Licences bought another way."`
	Needed             int `json:"installed" doc:"Installations on PCs."`
	Covered            int `json:"covered" doc:"Installations that a licence covers."`
	Shortfall          int `json:"shortfall" doc:"Installations that no licence covers."`
	CoveredProducts    int `json:"coveredProducts" doc:"Products with the verdict covered."`
	ShortProducts      int `json:"shortProducts" doc:"Products with the verdict short."`
	UnusedProducts     int `json:"unusedProducts" doc:"Products with the verdict unused."`
	UnlicensedProducts int `json:"unlicensedProducts" doc:"Products with the verdict unlicensed."`
}

// Installations returns the License installation report. License type and groups of the filter
// select the licences, which are compared with everything installed. Publisher and verdict select
// the rows shown and summed. The default order is by publisher, name and version.
func (d *Data) Installations(f Filter, o Order, s Settings) Installations {
	r := Installations{Head: d.Head(NameInstallations, s), Filter: f, Order: o, Steps: f.options(s).Steps(), LeftOut: d.LeftOut, Searched: d.Searched}
	rows := d.compute(f, s)
	r.UnmatchedAdjustments = d.unmatchedAdjustments(rows, f, s)
	all := f
	all.Verdict = ""
	rows = all.selected(rows)
	for i := range rows {
		r.Verdicts.add(rows[i].Verdict)
	}
	r.Rows, r.Totals = installations(f.selected(rows))
	sortRows(r.Rows, installationColumns, o)
	return r
}

// Compared returns a hash of what Installations compares with this filter and these settings: the
// licences, the adjustments and everything installed. Reports of equal data have equal rows, whatever
// else is different.
func (d *Data) Compared(f Filter, s Settings) string {
	return position.Digest(d.licenses(f, s), d.Installed)
}

// compute returns all rows of the position of the licences that the filter selects.
func (d *Data) compute(f Filter, s Settings) []position.Row {
	return position.Compute(s.Products, d.licenses(f, s), d.Installed, f.options(s))
}

// selected returns the rows with the publisher and verdict of the filter. It changes the slice.
func (f Filter) selected(rows []position.Row) []position.Row {
	has := f.publishers()
	return slices.DeleteFunc(rows, func(row position.Row) bool {
		return !has(row.Product.Publisher) || f.Verdict != "" && f.Verdict != row.Verdict
	})
}

func installations(rows []position.Row) ([]Installation, ProductTotals) {
	var totals position.Totals
	shown := make([]Installation, len(rows))
	for i := range rows {
		totals.Add(&rows[i])
		shown[i] = installation(&rows[i])
	}
	return shown, productTotals(totals)
}

func productTotals(t position.Totals) ProductTotals {
	return ProductTotals{
		CountedTotals: CountedTotals{
			Products: t.Products, Owned: t.Owned, Used: t.Used, Surplus: t.Surplus, Volume: t.Volume, Other: t.Other,
			Needed: t.Needed, Covered: t.Covered, Shortfall: t.Shortfall, CoveredProducts: t.CoveredProducts,
			ShortProducts: t.ShortProducts, UnusedProducts: t.UnusedProducts, UnlicensedProducts: t.UnlicensedProducts,
		},
		Adjusted: t.Adjusted, NotMeasuredProducts: t.NotMeasuredProducts, UndecidedProducts: t.UndecidedProducts,
	}
}

func installation(r *position.Row) Installation {
	i := Installation{
		ID: productID(r.Product), Publisher: r.Product.Publisher, Product: productName(r.Product),
		Metric: r.Metric, Mixed: mixed(r), Volume: r.Volume, Other: r.Other, Adjusted: r.Adjusted, Licenses: r.Owned,
		MovedIn: r.In.Total(), MovedInBy: movedBy(&r.In), MovedOut: r.Out.Total(),
		Measure: r.Measure, Installed: r.Needed, Uncounted: r.Uncounted, Surplus: r.Surplus, Shortfall: r.Shortfall, Difference: r.Surplus - r.Shortfall, Verdict: r.Verdict,
	}
	if r.Needed > 0 && r.Verdict.Counted() {
		percent := 100 * r.Covered / r.Needed
		i.Coverage = &percent
	}
	return i
}

// movedBy returns the steps that move licences.
func movedBy(m *position.Moved) (steps []MovedBy) {
	for _, step := range position.Steps {
		if n := m.By(step); n > 0 {
			steps = append(steps, MovedBy{step, n})
		}
	}
	return steps
}

// mixed returns the licences by metric and pack, if there are several or packs.
func mixed(r *position.Row) (all []Quantity) {
	if len(r.Quantities) < 2 && !slices.ContainsFunc(r.Quantities, func(q position.Quantity) bool { return q.Pack > 1 }) {
		return nil
	}
	for _, q := range r.Quantities {
		all = append(all, Quantity(q))
	}
	return all
}

// metricCell is the metric of a product, or each metric with its number of licences.
func metricCell(i *Installation) cell {
	if len(i.Mixed) == 0 {
		return codeCell("metric", string(i.Metric))
	}
	c := cell{kind: kindParts}
	for _, q := range i.Mixed {
		p := part{code("metric", string(q.Metric)), q.Licenses, q.Pack}
		c.parts = append(c.parts, p)
		c.text += p.code + " "
	}
	return c
}

// productID returns the id of a product, for URLs and across reports.
func productID(p position.Product) string {
	sum := sha256.Sum256([]byte(strings.Join(position.Key(p), "\x00")))
	return hex.EncodeToString(sum[:8])
}

var installationColumns = []column[Installation]{
	{"product", func(i *Installation) cell { return textCell(i.Product) }},
	{"publisher", func(i *Installation) cell { return textCell(i.Publisher) }},
	{"metric", metricCell},
	{"volume", func(i *Installation) cell { return numberCell(i.Volume) }},
	{"other", func(i *Installation) cell { return numberCell(i.Other) }},
	{"adjusted", func(i *Installation) cell { return numberCell(i.Adjusted) }},
	{"licenses", func(i *Installation) cell { return numberCell(i.Licenses) }},
	{"movedIn", func(i *Installation) cell { return numberCell(i.MovedIn) }},
	{"movedOut", func(i *Installation) cell { return numberCell(i.MovedOut) }},
	{"measure", func(i *Installation) cell { return codeCell("measure", string(i.Measure)) }},
	{"installed", func(i *Installation) cell { return numberCell(i.Installed) }},
	{"uncounted", func(i *Installation) cell { return numberCell(i.Uncounted) }},
	{"surplus", func(i *Installation) cell { return numberCell(i.Surplus) }},
	{"shortfall", func(i *Installation) cell { return numberCell(i.Shortfall) }},
	{"difference", func(i *Installation) cell { return numberCell(i.Difference) }},
	{"coverage", func(i *Installation) cell { return optionalCell(i.Coverage) }},
	{"verdict", func(i *Installation) cell { return codeCell("verdict", string(i.Verdict)) }},
}

// Table returns the report as rows and columns.
func (r *Installations) Table(w Words) Table {
	sum := func(of func(*Installation) int) (n int) {
		for i := range r.Rows {
			if r.Rows[i].Verdict.Counted() {
				n += of(&r.Rows[i])
			}
		}
		return n
	}
	t := r.Totals
	table := table(r.Head, w, installationColumns, r.Rows, r.Filter.said(w), r.Steps, map[string]int{
		"volume": t.Volume, "other": t.Other, "licenses": t.Owned, "installed": t.Needed,
		"adjusted": t.Adjusted,
		"movedIn":  sum(func(i *Installation) int { return i.MovedIn }),
		"movedOut": sum(func(i *Installation) int { return i.MovedOut }),
		"surplus":  t.Surplus, "shortfall": t.Shortfall, "difference": t.Surplus - t.Shortfall,
	})
	table.beforeNotice(slices.Concat(r.Searched.sentences(w), outsideTotals(t, w), r.LeftOut.sentences(w), r.unmatched(w)))
	return table
}
