package report

import (
	"cmp"
	"slices"
	"time"

	"trueup/internal/errs"
	"trueup/internal/position"
	"trueup/internal/text"
)

// Comparison is the difference between two License installation reports (R8.5). Head is from the
// later report.
type Comparison struct {
	Head
	From   *time.Time      `json:"from" doc:"The time of the earlier licence data; null if there was no refresh." example:"2026-10-21T02:00:00Z"`
	Filter Filter          `json:"filter" doc:"The filter of the report."`
	Order  Order           `json:"order" doc:"The sort order."`
	Steps  []position.Step `json:"steps" doc:"The rules by which a licence may cover an installation in this report."`
	Before ProductTotals   `json:"before" doc:"The totals of all products before."`
	After  ProductTotals   `json:"after" doc:"The totals of all products after."`
	Rows   []Difference    `json:"rows" doc:"The products that differ."`
}

// Difference is a product in two reports. Before or After is null if the report lacks the
// product.
type Difference struct {
	ID        string        `json:"id" doc:"The id of the product, the same in every report." example:"1f0c2b3a4d5e6f70"`
	Publisher string        `json:"publisher" doc:"The publisher of the product." example:"Microsoft"`
	Product   string        `json:"product" doc:"The product with its version." example:"Office Professional Plus 2021"`
	Before    *Installation `json:"before" doc:"The earlier row; null if there was none."`
	After     *Installation `json:"after" doc:"The later row; null if there is none."`
}

// Compare compares two reports with the same filter and steps. The default order of rows is by
// publisher and product.
func Compare(before, after Installations, o Order, w Words) Comparison {
	c := Comparison{
		Head: after.Head, From: before.DataAt, Filter: after.Filter, Order: o, Steps: after.Steps,
		Before: before.Totals, After: after.Totals, Rows: []Difference{},
	}
	c.Report, c.Notice = NameComparison, w.say("report_notice")
	was := make(map[string]*Installation, len(before.Rows))
	for i := range before.Rows {
		was[before.Rows[i].ID] = &before.Rows[i]
	}
	for i := range after.Rows {
		row := &after.Rows[i]
		old := was[row.ID]
		delete(was, row.ID)
		if old == nil || !old.sameNumbers(row) {
			c.Rows = append(c.Rows, Difference{row.ID, row.Publisher, row.Product, old, row})
		}
	}
	for i := range before.Rows {
		if row := &before.Rows[i]; was[row.ID] != nil {
			c.Rows = append(c.Rows, Difference{row.ID, row.Publisher, row.Product, row, nil})
		}
	}
	slices.SortStableFunc(c.Rows, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(text.Fold(a.Publisher), text.Fold(b.Publisher)), cmp.Compare(text.Fold(a.Product), text.Fold(b.Product)), cmp.Compare(a.ID, b.ID))
	})
	sortRows(c.Rows, differenceColumns, o)
	return c
}

// sameNumbers reports whether all numbers and the verdict are equal. It ignores spelling.
func (i *Installation) sameNumbers(j *Installation) bool {
	return i.Volume == j.Volume && i.Other == j.Other && i.Adjusted == j.Adjusted && i.Measure == j.Measure && i.MovedIn == j.MovedIn && i.MovedOut == j.MovedOut &&
		i.Installed == j.Installed && i.Surplus == j.Surplus && i.Shortfall == j.Shortfall && i.Verdict == j.Verdict
}

// side returns a column for one side of a difference.
func side(of func(*Difference) *Installation, get func(*Installation) cell) func(*Difference) cell {
	return func(d *Difference) cell {
		if i := of(d); i != nil {
			return get(i)
		}
		return cell{}
	}
}

var differenceColumns = func() []column[Difference] {
	before := func(d *Difference) *Installation { return d.Before }
	after := func(d *Difference) *Installation { return d.After }
	licenses := func(i *Installation) cell { return numberCell(i.Licenses) }
	installed := func(i *Installation) cell { return numberCell(i.Installed) }
	difference := func(i *Installation) cell { return numberCell(i.Difference) }
	verdict := func(i *Installation) cell { return codeCell("verdict", string(i.Verdict)) }
	return []column[Difference]{
		{"product", func(d *Difference) cell { return textCell(d.Product) }},
		{"publisher", func(d *Difference) cell { return textCell(d.Publisher) }},
		{"licensesBefore", side(before, licenses)},
		{"licensesAfter", side(after, licenses)},
		{"installedBefore", side(before, installed)},
		{"installedAfter", side(after, installed)},
		{"differenceBefore", side(before, difference)},
		{"differenceAfter", side(after, difference)},
		{"verdictBefore", side(before, verdict)},
		{"verdictAfter", side(after, verdict)},
	}
}()

// Table returns the comparison as rows and columns. Its totals include the products without
// changes.
func (c *Comparison) Table(w Words) Table {
	t := table(c.Head, w, differenceColumns, c.Rows, c.Filter.said(w), c.Steps, map[string]int{
		"licensesBefore": c.Before.Owned, "licensesAfter": c.After.Owned,
		"installedBefore": c.Before.Needed, "installedAfter": c.After.Needed,
		"differenceBefore": c.Before.Surplus - c.Before.Shortfall, "differenceAfter": c.After.Surplus - c.After.Shortfall,
	})
	t.Totals[0].Text = w.say("report_total_of_all")
	t.beforeNotice(outsideTotals(c.After, w))
	if c.From != nil {
		t.About = slices.Insert(t.About, 1, w.Text("report_compared_with", errs.Pairs("moment", moment(*c.From)))) // after the time of the report's own data
	}
	return t
}
