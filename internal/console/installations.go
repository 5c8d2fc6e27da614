package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Filters of the License installation report. Switches are the steps that can be switched off.
var (
	installationFilters  = []string{"type", "group", "publisher", "verdict"}
	installationSwitches = []string{"prefix", "downgrade", "upgrade", "assurance", "edition", "include", "candidate", "unversioned", "adjustment"}
)

// verdicts in the order of the filter.
var verdicts = []string{"short", "unlicensed", "unused", "covered", "undecided", "not-measured"}

// installationsPage is what the report shows.
type installationsPage struct {
	installations
	Whole  productTotals  // of all verdicts
	Short  []installation // the most missing
	Spare  []installation // the most unused
	Groups []group
	Sort   sorting
	View   *savedView // that the page shows; nil for none
}

func showInstallations(v *visit) error {
	opened, err := v.opened()
	if err != nil {
		return err
	}
	m := installationsPage{View: opened, Sort: v.sorting("difference", false)} // the worst first
	filters := slices.Concat(installationFilters, installationSwitches, []string{"date"})
	query := v.only(append(filters, "cursor")...)
	m.Sort.ask(query)
	whole := func(column string) url.Values {
		values := v.only(slices.DeleteFunc(slices.Clone(filters), func(name string) bool { return name == "verdict" })...)
		values.Set("limit", "6")
		sorting{column, true}.ask(values)
		return values
	}
	var (
		groups       groupList
		short, spare installations
	)
	all := v.calls()
	fetch(all, api.getLicenseInstallations, query, &m.installations)
	fetch(all, api.getLicenseInstallations, whole("shortfall"), &short)
	fetch(all, api.getLicenseInstallations, whole("surplus"), &spare)
	fetch(all, api.listGroups, nil, &groups)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Groups, m.Whole = groups.Items, short.Totals
	m.Short = without(short.Rows, shortfall)
	m.Spare = without(spare.Rows, surplus)
	return v.render(http.StatusOK, installationsTemplate(v, m))
}

func shortfall(r installation) int { return r.Shortfall }
func surplus(r installation) int   { return r.Surplus }

// without returns the rows whose value is not 0.
func without(rows []installation, value func(installation) int) []installation {
	return slices.DeleteFunc(rows, func(r installation) bool { return value(r) == 0 })
}

// segments returns the filter by verdict with the number of products of each.
func (m *installationsPage) segments(v *visit) []option {
	list := v.options("verdict_", verdicts...)
	w := m.Whole
	for i, count := range []int{w.ShortProducts, w.UnlicensedProducts, w.UnusedProducts, w.CoveredProducts, w.UndecidedProducts, w.NotMeasuredProducts} {
		list[i].Count, list[i].Icon = count, list[i].Value
	}
	return append([]option{{Label: v.T("console_all"), Count: w.all()}}, list...)
}

// all is the number of products of all verdicts. Products has only those with a position.
func (t *productTotals) all() int { return t.Products + t.UndecidedProducts + t.NotMeasuredProducts }

// exportInstallations, exportPurchases and exportComparison respond with the report as a file, with the
// filters of the page.
func exportInstallations(v *visit) error {
	return v.export("/reports/license-installations", append(slices.Concat(installationFilters, installationSwitches), "sort", "order", "date")...)
}

func exportPurchases(v *visit) error {
	return v.export("/reports/license-purchases", append(slices.Clone(purchaseFilters), "sort", "order", "date")...)
}

func exportComparison(v *visit) error {
	return v.export("/reports/comparison", append(slices.Clone(comparisonFilters), "from", "to", "sort", "order")...)
}

// formats are the formats of files of reports.
var formats = []string{"xlsx", "csv", "html"}

func (v *visit) export(path string, parameters ...string) error {
	format := v.r.PathValue("format")
	if !slices.Contains(formats, format) {
		return errNotFound
	}
	query := v.only(parameters...)
	query.Set("lang", string(v.lang))
	if format == "csv" {
		query.Set("separator", v.T("csv_separator"))
	}
	return v.forward(path+"."+format, nil, query)
}

// exported returns the address of the report at an address as a file.
func exported(report, format string) string {
	path, query, _ := strings.Cut(report, "?")
	if query != "" {
		query = "?" + query
	}
	return path + "/export/" + format + query
}

// explanationPage is what the explanation of a product shows.
type explanationPage struct {
	explanation
	Bars []fallBar
}

func explainInstallation(v *visit) error {
	var m explanationPage
	c := v.call()
	c.Query = v.only(slices.Concat([]string{"type", "group", "date"}, installationSwitches)...)
	var err error
	if m.explanation, err = send(v, api.explainLicenseInstallation, c, v.r.PathValue("product")); err != nil {
		return err
	}
	m.Bars = fall(m.Steps)
	return v.render(http.StatusOK, explanationTemplate(v, m))
}

// explain returns the address of the explanation of a product, with the filters of the report.
func (v *visit) explain(id string) string {
	return address("/console/reports/installations/"+id, v.only(slices.Concat([]string{"type", "group", "date"}, installationSwitches)...))
}

// fallBar is a bar of a waterfall: where it begins and how long it is, as percentages of the picture. Less
// and LessX are the part below zero, which is missing.
type fallBar struct {
	explanationStep
	Class, X, Width, LessX, Less string
}

// fall lays out steps as a waterfall: each begins where the one before it ends.
func fall(steps []explanationStep) (bars []fallBar) {
	level, lowest, highest := 0, 0, 1
	for _, s := range steps {
		level += s.Quantity
		lowest, highest = min(lowest, level), max(highest, level)
	}
	level = 0
	for _, s := range steps {
		if s.Quantity == 0 {
			continue
		}
		from := min(level, level+s.Quantity)
		upTo := max(level, level+s.Quantity)
		level += s.Quantity
		b := fallBar{explanationStep: s, Class: "f-spare"}
		if s.Quantity < 0 {
			b.Class = "f-used"
		}
		at := func(n int) string { return share(n-lowest, highest-lowest) }
		b.X, b.Width = at(max(0, from)), share(max(0, upTo)-max(0, from), highest-lowest)
		b.LessX, b.Less = at(min(0, from)), share(min(0, upTo)-min(0, from), highest-lowest)
		bars = append(bars, b)
	}
	return bars
}
