package console

import (
	"net/http"
	"net/url"
)

// overviewPage is what the overview shows.
type overviewPage struct {
	overview
	Trend      []trendPoint
	Inventory  inventory
	Imports    []imported
	Statements int // statements so far, at most one; only read before the first PC
}

// showOverview shows the position, or before the first PC the steps that lead to one (R2.8).
func showOverview(v *visit) error {
	var (
		m        overviewPage
		days     trend
		received importPage
	)
	all := v.calls()
	fetch(all, api.getOverview, nil, &m.overview)
	fetch(all, api.getTrend, nil, &days)
	fetch(all, api.getInventory, nil, &m.Inventory)
	fetch(all, api.listImports, url.Values{"limit": {"5"}}, &received)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Trend, m.Imports = days.Points, received.Items
	if m.Inventory.Devices > 0 {
		return v.render(http.StatusOK, overviewTemplate(v, m))
	}
	statements, err := send(v, api.listStatements, v.call())
	if err != nil {
		return err
	}
	m.Statements = len(statements.Items)
	return v.render(http.StatusOK, checklistTemplate(v, m.steps()))
}

// step is a step of the checklist.
type step struct {
	Title, Text string // codes
	Done        bool
	Form        string // where its file goes: agreements, statements or inventory; empty for none
}

// steps returns the way to the first position.
func (m *overviewPage) steps() []step {
	return []step{
		{"console_step_agreements", "console_step_agreements_text", m.Agreements.Agreements > 0, "agreements"},
		{"console_step_statement", "console_step_statement_text", m.Statements > 0, "statements"},
		{"console_step_inventory", "console_step_inventory_text", false, "inventory"},
		{"console_step_look", "console_step_look_text", false, ""},
	}
}

// wait is something that waits for a person, with the address at which it is done.
type wait struct{ Text, Href string }

// waits returns what waits for a person, with numbers.
func (m *overviewPage) waits(v *visit) (list []wait) {
	add := func(n int, href, text string) {
		if n > 0 {
			list = append(list, wait{text, href})
		}
	}
	s, l := m.Subscriptions, m.LeftOut
	add(s.Conflicts, "/console/conflicts", v.T("console_waits_conflicts", "n", v.N(s.Conflicts), "overdue", v.N(s.Overdue)))
	add(m.Agreements.Expiring, "/console/agreements?status=expiring&sort=end", v.T("console_waits_agreements", "n", v.N(m.Agreements.Expiring)))
	add(s.ExpiringAll, "/console/subscriptions?sort=endsOn", v.T("console_waits_subscriptions", "n", v.N(s.ExpiringAll)))
	add(l.UnknownTitles, "/console/unknown", v.T("console_waits_unknown", "n", v.N(l.UnknownTitles), "devices", v.N(l.UnknownDevices)))
	add(l.UndecidedTitles, "/console/undecided", v.T("console_waits_undecided", "n", v.N(l.UndecidedTitles), "devices", v.N(l.UndecidedDevices)))
	return list
}

// attention is the number of products that need something.
func (m *overviewPage) attention() int {
	return m.Products.ShortProducts + m.Products.UnlicensedProducts
}
