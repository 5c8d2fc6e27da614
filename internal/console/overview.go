package console

import (
	"net/http"
	"net/url"
	"strings"
)

// overviewPage is what the overview shows.
type overviewPage struct {
	overview
	Trend     []trendPoint
	Inventory inventory
	Imports   []imported
	Files     []statement // the newest statements; only read before the first PC
	Awaited   string      // kind of the file that the person has just uploaded on this page; empty for none
	Views     []savedView // of the person, whose schedules may have stopped
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
		if v.q("wait") != "" || m.Products.Installed == 0 && m.LeftOut == (leftOut{}) {
			// The report may be from before the file was counted.
			c := v.call()
			c.Fresh = true
			var err error
			if m.overview, err = send(v, api.getOverview, c); err != nil {
				return err
			}
		}
		return v.render(http.StatusOK, overviewTemplate(v, m))
	}
	// The list of agreements has the one that was just added; the report may be some seconds old.
	var statements statementPage
	var agreements agreementPage
	all = v.calls()
	fetch(all, api.listStatements, nil, &statements)
	fetch(all, api.listAgreements, url.Values{"limit": {"1"}}, &agreements)
	if err := all.Wait(); err != nil {
		return err
	}
	m.Agreements = agreements.Totals
	m.Files, m.Awaited = statements.Items, v.q("wait")
	steps := m.steps()
	for _, s := range steps {
		v.poll = v.poll || s.Waits
	}
	return v.render(http.StatusOK, checklistTemplate(v, steps))
}

// afterUpload returns the page to return to after an upload. The checklist then shows when the file was read.
func (v *visit) afterUpload(kind string) string {
	back := v.back()
	if path, _, _ := strings.Cut(back, "?"); path == "/console/overview" {
		return to(path, "wait", kind)
	}
	return back
}

// step is a step of the checklist.
type step struct {
	Title, Text string // codes
	Done        bool
	Waits       bool   // whether its file is being read
	Wrong       string // address that says why its last file was rejected; empty if none was
	Form        string // where its file goes: agreements, statements or inventory; empty for none
}

// steps returns the way to the first position.
func (m *overviewPage) steps() []step {
	agreements := step{Title: "console_step_agreements", Text: "console_step_agreements_text", Form: "agreements", Done: m.Agreements.Agreements > 0}
	if len(m.Imports) > 0 && m.Imports[0].State == "rejected" && !agreements.Done {
		agreements.Wrong = "/console/imports/" + m.Imports[0].ID
	}
	read := step{Title: "console_step_statement", Text: "console_step_statement_text", Form: "statements"}
	refused := false
	for _, f := range m.Files {
		read.Done = read.Done || f.State == "accepted"
		refused = refused || f.State == "refused"
		read.Waits = read.Waits || f.State == "received" && m.Awaited == read.Form
	}
	if refused && !read.Done {
		read.Wrong = "/console/statements"
	}
	counted := step{Title: "console_step_inventory", Text: "console_step_inventory_text", Form: "inventory"}
	if len(m.Inventory.Sources) > 0 { // without a PC
		counted.Wrong = "/console/inventory"
	} else {
		counted.Waits = m.Awaited == counted.Form
	}
	return []step{agreements, read, counted, {Title: "console_step_look", Text: "console_step_look_text"}}
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
