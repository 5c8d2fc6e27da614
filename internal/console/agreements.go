package console

import (
	"net/http"
	"slices"
)

// agreementFilters are the filters of the list, as the API names them.
var agreementFilters = []string{"q", "group", "type", "publisher", "status", "validation", "endsBefore"}

// agreementColumns are the columns that can be chosen, in their order. The name is always there.
var agreementColumns = []string{"type", "group", "publisher", "product", "licenses", "pairs", "start", "end", "status", "validation", "created"}

// usualColumns are shown unless others are chosen.
var usualColumns = []string{"type", "group", "publisher", "licenses", "end", "status", "validation"}

// agreementsPage is what the list shows.
type agreementsPage struct {
	agreementPage
	Whole   agreementTotals // of all values of the filter by status
	Groups  []group
	Sort    sorting
	Columns []string
	InGroup string // the license group of the list; empty for all
}

func listAgreements(v *visit) error {
	m := agreementsPage{Sort: v.sorting("name", false), Columns: v.agreementColumns(usualColumns)}
	query := v.only(append(agreementFilters, "cursor")...)
	m.Sort.ask(query)
	var groups groupList
	all := v.calls()
	fetch(all, api.listAgreements, query, &m.agreementPage)
	fetch(all, api.listGroups, nil, &groups)
	var others agreementPage
	if v.filtered("status") {
		whole := v.only(slices.DeleteFunc(slices.Clone(agreementFilters), func(name string) bool { return name == "status" })...)
		whole.Set("limit", "1")
		fetch(all, api.listAgreements, whole, &others)
	}
	if err := all.Wait(); err != nil {
		return err
	}
	m.Groups, m.Whole = groups.Items, m.Totals
	if v.filtered("status") {
		m.Whole = others.Totals
	}
	return v.render(http.StatusOK, agreementsTemplate(v, m))
}

// agreementColumns returns the columns in the query, or else the usual ones.
func (v *visit) agreementColumns(usual []string) []string {
	var list []string
	for _, name := range v.columns(nil) {
		if slices.Contains(agreementColumns, name) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	if list == nil {
		return usual
	}
	return list
}

// columnChoice returns the columns that the list offers.
func (m *agreementsPage) columnChoice(v *visit) columnChoice {
	c := columnChoice{Chosen: m.Columns, Kept: append(slices.Clone(agreementFilters), "sort", "order")}
	for _, name := range agreementColumns {
		c.Offered = append(c.Offered, option{Value: name, Label: v.columnName(name)})
	}
	return c
}

// statusSegments returns the filter by status with the number of agreements of each.
func (m *agreementsPage) statusSegments(v *visit) []option {
	list := v.options("status_", "active", "expiring", "expired", "not-started", "no-term")
	for i, count := range []int{m.Whole.Active, m.Whole.Expiring, m.Whole.Expired, m.Whole.NotStarted, m.Whole.NoTerm} {
		list[i].Count, list[i].Icon = count, statusIcon[list[i].Value]
	}
	return append([]option{{Label: v.T("console_all"), Count: m.Whole.Agreements}}, list...)
}

// groupOptions returns license groups as values of a choice.
func groupOptions(groups []group) (list []option) {
	for _, g := range groups {
		list = append(list, option{Value: g.ID, Label: g.Name})
	}
	return list
}

// groupName returns the name of a license group, or its id if the list does not have it.
func groupName(groups []group, id string) string {
	for _, g := range groups {
		if g.ID == id {
			return g.Name
		}
	}
	return id
}

// offersAll reports whether the list offers to choose all agreements that match: there are more pages, and
// not too many.
func (m *agreementsPage) offersAll() bool {
	return m.Totals.Agreements > len(m.Items) && m.Totals.Agreements <= mostAtAll
}

// filters returns the filters of the list as a query.
func (m *agreementsPage) filters(v *visit) string {
	given := v.only(agreementFilters...)
	if m.InGroup != "" {
		given.Set("group", m.InGroup)
	}
	return given.Encode()
}
