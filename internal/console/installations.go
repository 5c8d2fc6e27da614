package console

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/a-h/templ"
)

// Filters of the License installation report. Switches are the steps that can be switched off.
var (
	installationFilters  = []string{"type", "group", "publisher", "verdict", "deviceGroup"}
	installationSwitches = []string{"prefix", "downgrade", "upgrade", "assurance", "edition", "include", "candidate", "unversioned", "adjustment"}
)

// explanationParameters select what the numbers of a product are made of.
var explanationParameters = slices.Concat([]string{"type", "group", "deviceGroup", "date"}, installationSwitches)

// verdicts in the order of the filter.
var verdicts = []string{"short", "unlicensed", "unused", "covered", "undecided", "not-measured"}

// installationsPage is what the report shows.
type installationsPage struct {
	installations
	Whole        productTotals  // of all verdicts
	Short        []installation // the most missing
	Spare        []installation // the most unused
	Groups       []group
	DeviceGroups []deviceGroup
	Sort         sorting
	Columns      []column[installation]
	View         *savedView // that the page shows; nil for none
}

// installationColumns are the columns of the report, as in its files.
var installationColumns = []column[installation]{
	{key: "product", cell: installationName},
	textColumn("publisher", func(r installation) string { return r.Publisher }),
	codeColumn("metric", "metric_", func(r installation) string { return r.Metric }),
	numberColumn("volume", "", func(r installation) int { return r.Volume }),
	numberColumn("other", "", func(r installation) int { return r.Other }),
	numberColumn("adjusted", "", func(r installation) int { return r.Adjusted }),
	{key: "licenses", label: "console_licenses", number: true, cell: installationLicenses},
	numberColumn("movedIn", "", func(r installation) int { return r.MovedIn }),
	numberColumn("movedOut", "", func(r installation) int { return r.MovedOut }),
	codeColumn("measure", "measure_", func(r installation) string { return r.Measure }),
	numberColumn("installed", "", func(r installation) int { return r.Installed }),
	numberColumn("uncounted", "", func(r installation) int { return r.Uncounted }),
	numberColumn("surplus", "", func(r installation) int { return r.Surplus }),
	numberColumn("shortfall", "", func(r installation) int { return r.Shortfall }),
	{
		key: "difference", number: true,
		cell: func(v *visit, r installation) templ.Component { return plain(v.Signed(r.Difference)) },
		class: func(r installation) string {
			if r.Difference < 0 {
				return "num strong t-unl"
			}
			return "num strong"
		},
	},
	{key: "coverage", number: true, cell: installationCoverage, class: func(installation) string { return "cov" }},
	{key: "verdict", cell: func(v *visit, r installation) templ.Component { return verdictChip(v, r.Verdict) }},
}

func showInstallations(v *visit) error {
	opened, err := v.opened()
	if err != nil {
		return err
	}
	m := installationsPage{View: opened, Sort: v.sorting("difference", false)} // the worst first
	m.Columns = chosen(v, installationColumns, "verdict", "licenses", "installed", "difference", "coverage")
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
		ofDevices    deviceGroupList
		short, spare installations
	)
	all := v.calls()
	fetch(all, api.getLicenseInstallations, query, &m.installations)
	fetch(all, api.getLicenseInstallations, whole("shortfall"), &short)
	fetch(all, api.getLicenseInstallations, whole("surplus"), &spare)
	fetch(all, api.listGroups, nil, &groups)
	fetch(all, people.listDeviceGroups, nil, &ofDevices)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Groups, m.DeviceGroups, m.Whole = groups.Items, ofDevices.Items, short.Totals
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
	list, all := v.options("verdict_", verdicts...), 0
	c := m.Verdicts
	for i, count := range []int{c.Short, c.Unlicensed, c.Unused, c.Covered, c.Undecided, c.NotMeasured} {
		list[i].Count, list[i].Icon = count, list[i].Value
		all += count
	}
	return append([]option{{Label: v.T("console_all"), Count: all}}, list...)
}

// deviceGroupOptions returns groups of devices as values of a choice.
func (m *installationsPage) deviceGroupOptions() (list []option) {
	for _, g := range m.DeviceGroups {
		list = append(list, option{Value: g.ID, Label: g.Name})
	}
	return list
}

// missed is the number of devices that the report misses.
func (s *searched) missed() int { return s.NotFound + s.Ambiguous }

// missedView is what the list of devices that a report misses shows.
type missedView struct {
	missedPage
	Groups []deviceGroup // for names
}

// listMissed lists the devices of a group whose installations are not in the report.
func listMissed(v *visit) error {
	var m missedView
	var groups deviceGroupList
	all := v.calls()
	fetch(all, api.listMissedDevices, v.only("deviceGroup", "cursor"), &m.missedPage)
	fetch(all, people.listDeviceGroups, nil, &groups)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Groups = groups.Items
	return v.render(http.StatusOK, missedTemplate(v, m))
}

// all is the number of products of all verdicts. Products has only those with a position.
func (t *productTotals) all() int { return t.Products + t.UndecidedProducts + t.NotMeasuredProducts }

// exportInstallations, exportPurchases and exportComparison respond with the report as a file, with the
// filters of the page.
func exportInstallations(v *visit) error {
	return v.export("/reports/license-installations", slices.Concat(installationFilters, installationSwitches, arranged, []string{"date"})...)
}

func exportPurchases(v *visit) error {
	return v.export("/reports/license-purchases", slices.Concat(purchaseFilters, arranged, []string{"date"})...)
}

func exportComparison(v *visit) error {
	return v.export("/reports/comparison", slices.Concat(comparisonFilters, arranged, []string{"from", "to"})...)
}

// explanationPage is what the explanation of a product shows.
type explanationPage struct {
	explanation
	Bars []fallBar
}

func explainInstallation(v *visit) error {
	var m explanationPage
	c := v.call()
	c.Query = v.only(explanationParameters...)
	var err error
	if m.explanation, err = send(v, api.explainLicenseInstallation, c, v.r.PathValue("product")); err != nil {
		return err
	}
	m.Bars = fall(m.Steps)
	return v.render(http.StatusOK, explanationTemplate(v, m))
}

// explain returns the address of the explanation of a product, with the filters of the report.
func (v *visit) explain(id string) string {
	return address("/console/reports/installations/"+id, v.only(explanationParameters...))
}

// mostSources is the most entries of a list that an explanation shows: a page must fit in a response of 6 MB.
const mostSources = 1000

// first returns the entries that an explanation shows.
func first[T any](list []T) []T { return list[:min(len(list), mostSources)] }

// beyond is the number of entries that first leaves out.
func beyond[T any](list []T) int { return len(list) - len(first(list)) }

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
