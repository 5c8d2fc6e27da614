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
	Views      []savedView // of the person, whose schedules may have stopped
	Statements int // statements so far, at most one; only read before the first PC
}

// showOverview shows the position, or before the first PC the steps that lead to one (R2.8).
func showOverview(v *visit) error {
	var (
		m        overviewPage
		days     trend
		received importPage
		own      savedViewPage
	)
	all := v.calls()
	fetch(all, api.getOverview, nil, &m.overview)
	fetch(all, api.getTrend, nil, &days)
	fetch(all, api.getInventory, nil, &m.Inventory)
	fetch(all, api.listImports, url.Values{"limit": {"5"}}, &received)
	// The call also keeps the roles of the person, with which files of views are made (ADR 0043).
	fetch(all, saved.listViews, url.Values{"limit": {"200"}}, &own)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Views = own.Items
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

// attention is the number of products that need something.
func (m *overviewPage) attention() int {
	return m.Products.ShortProducts + m.Products.UnlicensedProducts
}
