package report

import (
	"cmp"
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/position"
)

// Overview is both reports in a few numbers, and what needs somebody's attention.
type Overview struct {
	Head
	Agreements AgreementTotals `json:"agreements"`
	Products   ProductTotals   `json:"products"`
	Short      []Installation  `json:"short"`    // short or unlicensed, those that lack most first
	Expiring   []Purchase      `json:"expiring"` // what ends soon, the next first
	Runs       []Run           `json:"runs"`     // the last refreshes
	ShortAll   int             `json:"shortAll"` // how many Short would be without a limit
	ExpireAll  int             `json:"expiringAll"`
}

// OverviewRows is how many products and agreements the overview names at most.
const OverviewRows = 10

// Overview makes the overview of everything.
func (d *Data) Overview(s Settings) Overview {
	return d.overview(d.Purchases(Filter{}, Order{}, s), d.Installations(Filter{}, Order{}, s), s)
}

// overview sums up reports of everything.
func (d *Data) overview(bought Purchases, installed Installations, s Settings) Overview {
	o := Overview{
		Head: d.head(NameOverview, s), Agreements: bought.Totals.Agreements, Products: installed.Totals,
		Short: []Installation{}, Expiring: []Purchase{}, Runs: append([]Run{}, d.Runs...),
	}
	for _, row := range installed.Rows {
		if row.Verdict == position.VerdictShort || row.Verdict == position.VerdictUnlicensed {
			o.Short = append(o.Short, row)
		}
	}
	slices.SortStableFunc(o.Short, func(a, b Installation) int { return cmp.Compare(b.Shortfall, a.Shortfall) })
	for _, row := range bought.Rows {
		if row.Status == agreement.StatusExpiring {
			o.Expiring = append(o.Expiring, row)
		}
	}
	slices.SortStableFunc(o.Expiring, func(a, b Purchase) int { return cmp.Compare(a.End, b.End) })
	o.ShortAll, o.ExpireAll = len(o.Short), len(o.Expiring)
	o.Short = o.Short[:min(len(o.Short), OverviewRows)]
	o.Expiring = o.Expiring[:min(len(o.Expiring), OverviewRows)]
	return o
}

// Point is one day of a trend.
type Point struct {
	Date       agreement.Date  `json:"date"`
	Agreements AgreementTotals `json:"agreements"`
	Products   ProductTotals   `json:"products"`
}

// Point is what a trend keeps of the overview.
func (o *Overview) Point(date agreement.Date) Point { return Point{date, o.Agreements, o.Products} }
