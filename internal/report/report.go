// Package report makes the reports: what was bought (Purchases), how that
// compares with what is installed (Installations), and both in a few numbers
// (Overview); as JSON, CSV, XLSX and a page to print. A Snapshot is the reports
// of one day, as the objects they are kept in.
//
// Everything is computed from Data, live or as a snapshot kept it. Each number
// comes from one function: agreements are counted by agreement.Totals.Add,
// licences and installations by position.Compute and position.Totals.Add,
// whatever screen or file shows them. A report's columns stand in one table,
// from which it is sorted and written in every format.
//
// The files are written without html/template and without a spreadsheet
// library. Both look methods up by name at run time, which keeps the linker from
// leaving out what a function does not use: they make its zipped binary 1.8 and
// 2.3 MB larger than the 4.7 MB it has, over the 5 MB that start quickly; all of
// this package adds 0.1 MB. The tests read the files back with
// such a library and an HTML parser.
package report

import (
	"slices"
	"strings"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/text"
)

// Data is what reports are made from: the organisation at one moment.
type Data struct {
	At        time.Time // when the entitlements were last refreshed; zero when they never were
	ChangedAt time.Time // when agreement pairs last changed; zero when not known

	Agreements []agreement.Agreement
	Groups     map[string]string // names of the license groups by id; the built-in one has none
	Held       []Held
	Installed  []position.Line // on how many PCs each product is
	// Titles is on how many PCs each title is that those were counted by. A PC may
	// have several titles of a product: they explain, and are never added up.
	Titles []position.Line
	Runs   []Run // the last refreshes, the newest first
}

// Held is an entitlement and who has it.
type Held struct {
	Entitlement entitlement.Entitlement
	Source      position.Source      // the pair or the statement that says so
	AgreementID string               // of the pair; empty for a statement's line that belongs to none. One that is gone counts nothing
	Validation  agreement.Validation // of the pair
}

// orphaned reports that the agreement which had the entitlement, a when found, is gone.
func (h *Held) orphaned(a *agreement.Agreement) bool { return a == nil && h.AgreementID != "" }

// Run is a refresh as the overview shows it.
type Run struct {
	ID      string     `json:"id"`
	Trigger string     `json:"trigger"`
	State   string     `json:"state"`
	Start   time.Time  `json:"start"`
	End     *time.Time `json:"end"` // null while it runs
}

// Settings is how and when a report is made.
type Settings struct {
	Now      time.Time
	Calendar agreement.Calendar
	Position position.Options
	Words    Words
}

// Words says codes in the reader's language.
type Words struct {
	Lang string // BCP 47, for the page
	Text func(code string, args errs.Args) string
}

// say is the message of a code without arguments.
func (w Words) say(code string) string { return w.Text(code, nil) }

// The names of the reports.
const (
	NamePurchases     = "license-purchases"
	NameInstallations = "license-installations"
	NameOverview      = "overview"
	NameComparison    = "comparison"
)

// FreshFor is how old licence data may be before a report calls it stale (R8.6).
const FreshFor = 24 * time.Hour

// Head is what every report begins with.
type Head struct {
	Report string    `json:"report"`
	DataAt time.Time `json:"dataAt"` // the moment of the data; 0001-01-01 when it was never refreshed
	MadeAt time.Time `json:"madeAt"`
	Stale  bool      `json:"stale"`
	Notice string    `json:"notice"` // R8.7
}

func (d *Data) head(name string, s Settings) Head {
	return Head{
		Report: name, DataAt: d.At.UTC(), MadeAt: s.Now.UTC(),
		Stale: d.Stale(s.Now), Notice: s.Words.say("report_notice"),
	}
}

// Stale reports that the data is older than 24 hours (R8.6) or than the last
// change of a pair (R7.3).
func (d *Data) Stale(now time.Time) bool {
	return now.Sub(d.At) > FreshFor || d.ChangedAt.After(d.At)
}

// Filter selects what a report is about. Empty fields select everything.
type Filter struct {
	Type      agreement.Type   `json:"type,omitempty"`
	Groups    []string         `json:"groups,omitempty"`    // ids of license groups
	Status    agreement.Status `json:"status,omitempty"`    // of purchases
	Publisher string           `json:"publisher,omitempty"` // compared as names are
	Verdict   position.Verdict `json:"verdict,omitempty"`   // of installations
}

// Order is what rows are sorted by: a column's key, empty for the report's own order.
type Order struct {
	Column     string `json:"column,omitempty"`
	Descending bool   `json:"descending,omitempty"`
}

// scope is the license type and groups of a filter, which decide what licences
// a report counts.
type scope struct {
	kind   agreement.Type
	groups []string
}

func (f Filter) scope() scope { return scope{f.Type, f.Groups} }

func (s scope) has(kind agreement.Type, groupID string) bool {
	return (s.kind == "" || s.kind == kind) && (len(s.groups) == 0 || slices.Contains(s.groups, groupID))
}

// hasPublisher reports that the filter lets a publisher's rows through.
func (f Filter) hasPublisher(folded string, of string) bool {
	return f.Publisher == "" || folded == text.Fold(of)
}

// groupOf is the license group that a held entitlement belongs to: its
// agreement's, or Unassigned.
func groupOf(a *agreement.Agreement) string {
	if a == nil {
		return group.UnassignedID
	}
	return a.GroupID
}

// groupName is a license group's name in the reader's language.
func (d *Data) groupName(id string, w Words) string {
	if id == group.UnassignedID {
		return w.say("unassigned_agreements")
	}
	return d.Groups[id]
}

// SetInventory sets what is installed: the products, and the titles they were
// counted by. source is what the counts came from, such as a file's key.
func (d *Data) SetInventory(t *inventory.Tally, source string) {
	d.Installed, d.Titles = t.Lines(), nil
	for i := range d.Installed {
		d.Installed[i].Source.ID = source
	}
	for _, c := range t.Titles {
		if c.Decision.Kind != inventory.Product {
			continue
		}
		d.Titles = append(d.Titles, position.Line{
			Product: c.Decision.Product, Quantity: c.Devices,
			Source: position.Source{Kind: position.KindInventory, ID: source, Text: text.Collapse(c.Name + " " + c.Version)},
		})
	}
}

// byID finds agreements.
func (d *Data) byID() map[string]*agreement.Agreement {
	m := make(map[string]*agreement.Agreement, len(d.Agreements))
	for i := range d.Agreements {
		m[d.Agreements[i].ID] = &d.Agreements[i]
	}
	return m
}

// licenses returns the licences within the scope that count on the calendar's day.
func (d *Data) licenses(in scope, c agreement.Calendar) []position.Line {
	lines := make([]position.Line, 0, len(d.Held)+len(d.Agreements))
	agreements := d.byID()
	for i := range d.Held {
		h := &d.Held[i]
		a := agreements[h.AgreementID]
		line, counts := position.Entitled(h.Entitlement, h.Source, h.AgreementID, c)
		if counts && !h.orphaned(a) && in.has(line.Type(), groupOf(a)) {
			lines = append(lines, line)
		}
	}
	for _, a := range d.Agreements {
		line, counts := position.Bought(a, c)
		if counts && in.has(a.Type, a.GroupID) {
			lines = append(lines, line)
		}
	}
	return lines
}

// productName is how reports write a product: with its version, without its publisher.
func productName(p position.Product) string {
	return strings.TrimSpace(p.Name() + " " + p.Version)
}

// code is the message code of a value, such as "status_not_started".
func code(kind string, value string) string {
	return kind + "_" + strings.ReplaceAll(value, "-", "_")
}

// Renew makes the head of a report that was kept in a snapshot say what holds
// now: in the reader's language, and whether its data is stale. changedAt is when
// agreement pairs last changed.
func (h *Head) Renew(s Settings, changedAt time.Time) {
	d := Data{At: h.DataAt, ChangedAt: changedAt}
	*h = d.head(h.Report, s)
}

// Renew is Head.Renew, and says the built-in group's name in the reader's language.
func (r *Purchases) Renew(s Settings, changedAt time.Time) {
	r.Head.Renew(s, changedAt)
	renewGroups(r.Rows, s.Words)
}

// Renew is Head.Renew, and says the built-in group's name in the reader's language.
func (o *Overview) Renew(s Settings, changedAt time.Time) {
	o.Head.Renew(s, changedAt)
	renewGroups(o.Expiring, s.Words)
}

func renewGroups(rows []Purchase, w Words) {
	for i := range rows {
		if rows[i].GroupID == group.UnassignedID {
			rows[i].Group = w.say("unassigned_agreements")
		}
	}
}
