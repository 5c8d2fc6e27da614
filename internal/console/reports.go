package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// switchName returns the name of a step that can be switched off.
func (v *visit) switchName(name string) string {
	if name == "adjustment" {
		return v.T("report_column_adjusted")
	}
	return v.T("step_" + name)
}

// because says in a sentence why a product has its verdict.
func (v *visit) because(r installation) string {
	have := v.N(r.Licenses + r.MovedIn - r.MovedOut)
	switch {
	case r.Shortfall > 0:
		return v.T("console_because_missing", "licenses", have, "installed", v.N(r.Installed), "n", v.N(r.Shortfall))
	case r.Surplus > 0:
		return v.T("console_because_left", "licenses", have, "installed", v.N(r.Installed), "n", v.N(r.Surplus))
	}
	return v.T("console_because_equal", "licenses", have, "installed", v.N(r.Installed))
}

// purchaseFilters are the filters of the License purchase report.
var purchaseFilters = []string{"type", "group", "publisher", "status"}

// purchasesPage is what the License purchase report shows.
type purchasesPage struct {
	purchases
	Whole   purchaseTotals // of all values of the filter by status
	Groups  []group
	Sort    sorting
	Columns []column[purchase]
	View    *savedView // that the page shows; nil for none
}

// keptOfReport are the parameters of the page of a report that its filters leave as they are.
var keptOfReport = append(slices.Clone(arranged), "date", "view")

// purchaseColumns are the columns of the report, as in its files.
var purchaseColumns = []column[purchase]{
	{key: "name", cell: purchaseName},
	codeColumn("type", "license_type_", func(r purchase) string { return r.Type }),
	{key: "group", cell: func(_ *visit, r purchase) templ.Component { return purchaseGroup(r) }},
	textColumn("publisher", func(r purchase) string { return r.Publisher }),
	{key: "product", cell: purchaseProduct},
	numberColumn("quantity", "", func(r purchase) int { return r.Quantity }),
	numberColumn("sa", "", func(r purchase) int { return r.SA }),
	dayColumn("start", func(r purchase) string { return r.Start }),
	dayColumn("end", func(r purchase) string { return r.End }),
	{key: "daysLeft", cell: purchaseDaysLeft},
	{key: "status", cell: func(v *visit, r purchase) templ.Component { return statusChip(v, r.Status) }},
	{key: "validation", cell: func(v *visit, r purchase) templ.Component { return validationChip(v, r.Validation) }},
	numberColumn("counted", "", func(r purchase) int { return r.Counted }),
}

func showPurchases(v *visit) error {
	opened, err := v.opened()
	if err != nil {
		return err
	}
	m := purchasesPage{View: opened, Sort: v.sorting("daysLeft", false)} // what ends first
	m.Columns = chosen(v, purchaseColumns, "product", "group", "quantity", "sa", "status", "daysLeft")
	query := v.only(append(slices.Clone(purchaseFilters), "date", "cursor")...)
	m.Sort.ask(query)
	whole := v.only("type", "group", "publisher", "date")
	whole.Set("limit", "1")
	var (
		groups groupList
		others purchases
	)
	all := v.calls()
	fetch(all, api.getLicensePurchases, query, &m.purchases)
	fetch(all, api.getLicensePurchases, whole, &others)
	fetch(all, api.listGroups, nil, &groups)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Groups, m.Whole = groups.Items, others.Totals
	return v.render(http.StatusOK, purchasesTemplate(v, m))
}

// latest is the length of a term in days that fills the bar of the days that are left.
const latest = 365

// trendPage is what the trend shows.
type trendPage struct{ Points []trendPoint }

func showTrend(v *visit) error {
	c := v.call()
	c.Query = v.only("from", "to")
	days, err := send(v, api.getTrend, c)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, trendTemplate(v, trendPage(days)))
}

// mostTrendRows is the maximum number of days that the table of a trend shows one by one.
const mostTrendRows = 100

// weekly reports whether the table has one day of each week.
func (m *trendPage) weekly() bool { return len(m.Points) > mostTrendRows }

// newestFirst returns the points of the table with the newest first.
func (m *trendPage) newestFirst() (points []trendPoint) {
	for i, p := range slices.Backward(m.Points) {
		if !m.weekly() || (len(m.Points)-1-i)%7 == 0 {
			points = append(points, p)
		}
	}
	return points
}

// comparisonFilters are the filters of the comparison.
var comparisonFilters = append([]string{"type", "group", "publisher"}, installationSwitches...)

// mostChanged is the most products that the comparison shows. The files have all.
const mostChanged = 200

// comparisonPage is what the comparison of two days shows.
type comparisonPage struct {
	comparison
	Days     []string // with a snapshot, the newest first
	From, To string   // To is empty for now
	Changed  []difference
	Groups   []group
	Sort     sorting              // zero for what got worse by most first
	Columns  []column[difference] // that were chosen; nil for the usual table
	View     *savedView           // that the page shows; nil for none
}

// differenceColumns are the columns of the comparison, as in its files. The usual table has both sides of a number
// in one column.
var differenceColumns = []column[difference]{
	{key: "product", cell: differenceName},
	textColumn("publisher", func(d difference) string { return d.Publisher }),
	numberColumn("licensesBefore", "", func(d difference) int { return d.Before.Licenses }),
	numberColumn("licensesAfter", "", func(d difference) int { return d.After.Licenses }),
	numberColumn("installedBefore", "", func(d difference) int { return d.Before.Installed }),
	numberColumn("installedAfter", "", func(d difference) int { return d.After.Installed }),
	numberColumn("differenceBefore", "", func(d difference) int { return d.Before.Difference }),
	numberColumn("differenceAfter", "", func(d difference) int { return d.After.Difference }),
	{key: "verdictBefore", cell: func(v *visit, d difference) templ.Component { return verdictOf(v, d.Before) }},
	{key: "verdictAfter", cell: func(v *visit, d difference) templ.Component { return verdictOf(v, d.After) }},
}

// showComparison compares two days, or a day with now. Without a choice it is the oldest day of the last
// month with now.
func showComparison(v *visit) error {
	var (
		m      comparisonPage
		days   snapshotList
		groups groupList
	)
	var err error
	if m.View, err = v.opened(); err != nil {
		return err
	}
	all := v.calls()
	fetch(all, api.listSnapshots, nil, &days)
	fetch(all, api.listGroups, nil, &groups)
	if err := all.Wait(); err != nil {
		return err
	}
	for _, d := range days.Items {
		m.Days = append(m.Days, d.Date)
	}
	slices.SortFunc(m.Days, func(a, b string) int { return strings.Compare(b, a) })
	m.Groups, m.From, m.To = groups.Items, v.q("from"), v.q("to")
	if len(m.Days) == 0 {
		return v.render(http.StatusOK, comparisonTemplate(v, m))
	}
	if m.From == "" {
		m.From = m.Days[min(len(m.Days)-1, 30)]
	}
	c := v.call()
	c.Query = v.only(comparisonFilters...)
	c.Query.Set("from", m.From)
	c.Query.Set("to", m.To)
	if v.filtered("sort") {
		m.Sort = v.sorting("", false)
		m.Sort.ask(c.Query)
	}
	if v.filtered(columnsParameter) {
		if m.Columns = chosen(v, differenceColumns); !v.filtered(columnsParameter) {
			m.Columns = nil // none of them is a column
		}
	}
	if m.comparison, err = send(v, api.compareLicenseInstallations, c); err != nil {
		return err
	}
	m.Changed = changed(m.Rows)
	if m.Sort.By == "" {
		slices.SortStableFunc(m.Changed, func(a, b difference) int { return a.change() - b.change() })
	}
	return v.render(http.StatusOK, comparisonTemplate(v, m))
}

// said says how many products changed, and in which order they are.
func (m *comparisonPage) said(v *visit) string {
	n, of := v.N(len(m.Changed)), v.N(max(len(m.Changed), m.After.all()))
	if m.Sort.By != "" {
		return v.T("console_shown", "n", v.N(min(len(m.Changed), mostChanged)), "of", of)
	}
	return v.T("console_changed_of", "n", n, "of", of)
}

// columnChoice returns the columns that the comparison offers. The usual table has the worst first.
func (m *comparisonPage) columnChoice(v *visit) columnChoice {
	c := offer(v, differenceColumns, m.Columns, slices.Concat(comparisonFilters, keptOfReport, []string{"from", "to"})...)
	c.Without = []string{"sort", "order"}
	return c
}

// changed returns the products that changed.
func changed(rows []difference) (changed []difference) {
	for _, r := range rows {
		if r.Before.Difference != r.After.Difference || r.Before.Verdict != r.After.Verdict {
			changed = append(changed, r)
		}
	}
	return changed
}

// change is by how many licences a product got better, or worse if negative.
func (d *difference) change() int { return d.After.Difference - d.Before.Difference }

// dayOptions returns days as values of a choice.
func (v *visit) dayOptions(days []string) (list []option) {
	for _, d := range days {
		list = append(list, option{Value: d, Label: v.Day(d)})
	}
	return list
}

// fromTo returns a number before and after, or once if it is the same.
func (v *visit) fromTo(before, after int) string {
	if before == after {
		return v.N(after)
	}
	return v.N(before) + " → " + v.N(after)
}
