package report

import (
	"cmp"
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/position"
)

// Overview is a summary of both reports, with the products and terms that need attention.
type Overview struct {
	Head
	Agreements AgreementTotals `json:"agreements" doc:"The totals of all agreements."`
	Products   ProductTotals   `json:"products" doc:"The totals of all products."`
	Short      []Installation  `json:"short" doc:"At most 10 products that are short or unlicensed, the largest shortfalls first."`
	Expiring   []Purchase      `json:"expiring" doc:"At most 10 terms that end soon, the earliest first."`               // what ends soon, the next first
	Runs       []Run           `json:"runs" doc:"The last refreshes, the newest first."`                                 // the last refreshes
	ShortAll   int             `json:"shortAll" doc:"The number of products that are short or unlicensed." example:"12"` // how many Short would be without a limit
	ExpireAll  int             `json:"expiringAll" doc:"The number of terms that end soon." example:"3"`
	LeftOut    LeftOut         `json:"leftOut" doc:"What the License installation report does not judge."`

	UnmatchedAdjustments int `json:"unmatchedAdjustments" doc:"Manual adjustments whose product is neither licensed nor installed." example:"0"`
}

// OverviewRows limits the products and the terms listed in an overview.
const OverviewRows = 10

// Overview returns the overview of all data.
func (d *Data) Overview(s Settings) Overview {
	return d.OverviewOf(d.Purchases(Filter{}, Order{}, s), d.Installations(Filter{}, Order{}, s), s)
}

// OverviewOf summarises the reports of all data with the zero Filter and the zero Order. It does not
// change them.
func (d *Data) OverviewOf(bought Purchases, installed Installations, s Settings) Overview {
	o := Overview{
		Head: d.Head(NameOverview, s), Agreements: bought.Totals.Agreements, Products: installed.Totals,
		LeftOut: d.LeftOut, UnmatchedAdjustments: installed.UnmatchedAdjustments, Short: []Installation{}, Expiring: []Purchase{}, Runs: append([]Run{}, d.Runs...),
	}
	short := rowsWith(installed.Rows, func(i *Installation) bool {
		return i.Verdict == position.VerdictShort || i.Verdict == position.VerdictUnlicensed
	})
	slices.SortStableFunc(short, func(a, b *Installation) int { return cmp.Compare(b.Shortfall, a.Shortfall) })
	expiring := rowsWith(bought.Rows, func(p *Purchase) bool { return p.Status == agreement.StatusExpiring })
	slices.SortStableFunc(expiring, func(a, b *Purchase) int { return cmp.Compare(a.End, b.End) })
	o.ShortAll, o.ExpireAll = len(short), len(expiring)
	for _, row := range short[:min(len(short), OverviewRows)] {
		o.Short = append(o.Short, *row)
	}
	for _, row := range expiring[:min(len(expiring), OverviewRows)] {
		o.Expiring = append(o.Expiring, *row)
	}
	return o
}

// rowsWith returns the rows for which has is true. Rows are large to copy and to sort.
func rowsWith[R any](rows []R, has func(*R) bool) (found []*R) {
	for i := range rows {
		if has(&rows[i]) {
			found = append(found, &rows[i])
		}
	}
	return found
}

// Point is one day of a trend.
type Point struct {
	Date       day.Date        `json:"date" format:"date" doc:"The day." example:"2026-11-21"`
	Agreements AgreementTotals `json:"agreements" doc:"The totals of all agreements."`
	Products   CountedTotals   `json:"products" doc:"The totals of the products that are measured and decided."`
}

// Point returns the numbers of the overview for a trend.
func (o *Overview) Point(date day.Date) Point {
	return Point{date, o.Agreements, o.Products.CountedTotals}
}
