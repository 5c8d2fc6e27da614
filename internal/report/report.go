// Package report creates the reports: purchases (Purchases), their comparison with the installed
// software (Installations), and a summary of both (Overview), as JSON, CSV, XLSX and a printable
// page. A Snapshot stores the reports of one day as objects.
//
// Everything is computed from Data, live or from a snapshot. Each number comes from one function,
// wherever it is shown: agreements are counted by agreement.Totals.Add, licences and
// installations by position.Compute and position.Totals.Add. One table per report defines its
// columns for sorting and for every format.
//
// The files are written without html/template and without a spreadsheet library. Both look up
// methods by name at run time, which prevents the linker from removing unused code: they make a
// function's zipped binary 1.8 and 2.3 MB larger than its 4.7 MB, above the 5 MB that start
// quickly; all of this package adds 0.1 MB. The tests read the files back with such a library and
// an HTML parser.
package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/text"
)

// Data is the input of reports: the organisation at one moment.
type Data struct {
	At      time.Time // when the entitlements were last refreshed; zero for never
	Changed bool      // agreement pairs have changed since At

	Agreements []agreement.Agreement
	Groups     map[string]string // names of the license groups by id, except the built-in group
	Held       []Held            // stored as a separate object of a snapshot, because only refreshes change it
	Installed  []position.Line   // number of PCs by product
	// Titles is the number of PCs by detected title. A PC may have several titles of a product,
	// so they explain Installed and are never added up.
	Titles []position.Line
	Runs   []Run // the latest refreshes, newest first

	Adjustments []Adjustment
	LeftOut     LeftOut

	// Subscribed is nil for current data, whose subscriptions are read when they are asked for, and for
	// a day on which a release stored the reports that did not store subscriptions.
	Subscribed *Subscribed

	// Searched is set if Installed is limited to PCs of groups of devices.
	Searched *Searched
}

// LeftOut is what the installation report does not judge (R6.5): titles, and PCs that have at
// least one of them.
type LeftOut struct {
	UnknownTitles    int `json:"unknownTitles" doc:"Detected titles that are not known, so that no product counts them." example:"2326"`
	UnknownDevices   int `json:"unknownDevices" doc:"PCs with such a title." example:"22"`
	UndecidedTitles  int `json:"undecidedTitles" doc:"Detected titles that do not tell which of several products they are." example:"3"`
	UndecidedDevices int `json:"undecidedDevices" doc:"PCs with such a title. A PC counts once for each name." example:"20"`
	OtherPlatforms   int `json:"otherPlatforms" doc:"Devices of other platforms, which are not counted." example:"14"`
	// MacOS is about what is counted, and belongs to the number before.
	MacOS bool `json:"macOS,omitempty" doc:"Whether devices with macOS are counted in one of the sources, besides those with Windows. Absent if not." example:"true"`
}

// Held is an entitlement with its source and agreement.
type Held struct {
	Entitlement entitlement.Entitlement
	Source      position.Source      // the pair or the statement
	AgreementID string               // of the pair; empty for a statement line without a pair. A deleted agreement's entitlement does not count
	Validation  agreement.Validation // of the pair
	NotVolume   bool                 // of a General License Statement, see position.Line
}

// line returns the licences of the entitlement, and whether they count on the calendar's day.
func (h *Held) line(s Settings) (position.Line, bool) {
	line, counts := position.Entitled(s.Products, h.Entitlement, h.Source, h.AgreementID, s.Calendar)
	line.NotVolume = h.NotVolume
	return line, counts
}

// orphaned reports whether the agreement of the entitlement was deleted. a is nil if it was not
// found.
func (h *Held) orphaned(a *agreement.Agreement) bool { return a == nil && h.AgreementID != "" }

// Run is a refresh in an overview.
type Run struct {
	ID      string     `json:"id" doc:"The id of the refresh." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Trigger string     `json:"trigger" doc:"The reason of the refresh." example:"schedule"`
	State   string     `json:"state" doc:"queued, running, succeeded, partial or failed." example:"succeeded"`
	Start   time.Time  `json:"start" doc:"When it started, or was requested." example:"2026-11-21T02:00:00Z"`
	End     *time.Time `json:"end" doc:"When it ended; null while it is running." example:"2026-11-21T02:03:00Z"`
}

// Settings are the time, calendar, dictionary of products, options and language of a report.
type Settings struct {
	Now      time.Time
	Calendar day.Calendar
	// Today is the day in the organisation's time zone, on which adjustments count; empty for the
	// calendar's. The terms of agreements follow the calendar, which is in UTC for current data.
	Today    day.Date
	Zone     *time.Location      // of the organisation; only reports of subscriptions need it
	Products *product.Dictionary // required
	Position position.Options
	Words    Words
}

// today returns the day on which adjustments count.
func (s Settings) today() day.Date { return cmp.Or(s.Today, s.Calendar.Today) }

// Words translates codes into the reader's language.
type Words struct {
	Lang string // BCP 47 tag, for the page
	Text func(code string, args errs.Args) string
}

// WordsIn returns the words of reports in a language.
func WordsIn(lang i18n.Lang) Words {
	return Words{Lang: string(lang), Text: func(code string, args errs.Args) string { return i18n.Text(lang, code, args) }}
}

// say returns the message of a code without arguments.
func (w Words) say(code string) string { return w.Text(code, nil) }

// The names of the reports.
const (
	NamePurchases     = "license-purchases"
	NameInstallations = "license-installations"
	NameOverview      = "overview"
	NameComparison    = "comparison"
	NameSubscriptions = "subscriptions"
)

// Head is the common start of every report.
type Head struct {
	Report string     `json:"report" doc:"The name of the report." example:"license-installations"`
	DataAt *time.Time `json:"dataAt" doc:"The time of the licence data; null if there was no refresh." example:"2026-11-21T02:00:00Z"`
	MadeAt time.Time  `json:"madeAt" doc:"When the report was created." example:"2026-11-21T09:30:00Z"`
	Stale  bool       `json:"stale" doc:"Whether the licence data is older than 24 hours, or agreement pairs have changed since." example:"false"`
	Notice string     `json:"notice" doc:"The limits of the report, in the reader's language."` // R8.7
}

// Head returns the head of the report with that name.
func (d *Data) Head(name string, s Settings) Head {
	h := Head{Report: name, MadeAt: s.Now.UTC(), Stale: d.Stale(s.Now), Notice: s.Words.say("report_notice")}
	if !d.At.IsZero() {
		h.DataAt = new(d.At.UTC())
	}
	return h
}

// Stale reports whether the data are older than 24 hours (R8.6) or than the last change of a pair
// (R7.3).
func (d *Data) Stale(now time.Time) bool {
	return d.Changed || now.Sub(d.At) > entitlement.FreshFor
}

// Filter selects the content of a report. Empty fields select everything.
type Filter struct {
	Type      agreement.Type   `json:"type,omitempty" doc:"Only licences of this type."`
	Groups    []string         `json:"groups,omitempty" doc:"Only licences of these license groups, by id."`
	Status    agreement.Status `json:"status,omitempty" doc:"Only terms with this status."`
	Publisher string           `json:"publisher,omitempty" doc:"Only products of this publisher." example:"Adobe"` // compared in folded form
	Verdict   position.Verdict `json:"verdict,omitempty" doc:"Only products with this verdict."`                   // only for installations
	// DeviceGroups says what the installations are limited to. It does not limit them: Data has only those.
	DeviceGroups []string `json:"deviceGroups,omitempty" doc:"Only installations on the PCs of these groups of devices, by id."`

	AlsoPublisher []string `json:"-"` // other names of Publisher
}

// Order is the sort order of rows: a column's key, or empty for the report's default order.
type Order struct {
	Column     string `json:"column,omitempty" doc:"The sort column; absent for the default order of the report." example:"product"`
	Descending bool   `json:"descending,omitempty" doc:"Whether the order is descending." example:"false"`
}

// scope is the part of a filter that selects licences: license type and groups.
type scope struct {
	kind   agreement.Type
	groups []string
}

func (f Filter) scope() scope { return scope{f.Type, f.Groups} }

func (s scope) has(kind agreement.Type, groupID string) bool {
	return (s.kind == "" || s.kind == kind) && (len(s.groups) == 0 || slices.Contains(s.groups, groupID))
}

// options returns the options of the position. Adjustments have no license type and no group, so they
// count only in a report of all licences and all installations.
func (f Filter) options(s Settings) position.Options {
	o := s.Position
	o.NoAdjustment = o.NoAdjustment || f.Type != "" || len(f.Groups) > 0 || len(f.DeviceGroups) > 0
	return o
}

// publishers returns a function that reports whether the filter selects a publisher.
func (f Filter) publishers() func(name string) bool {
	if f.Publisher == "" {
		return func(string) bool { return true }
	}
	folded := map[string]bool{text.Fold(f.Publisher): true}
	for _, name := range f.AlsoPublisher {
		folded[text.Fold(name)] = true
	}
	return func(name string) bool { return folded[text.Fold(name)] }
}

// groupOf returns the license group of a held entitlement: its agreement's, or Unassigned.
func groupOf(a *agreement.Agreement) string {
	if a == nil {
		return group.UnassignedID
	}
	return a.GroupID
}

// groupName returns the name of a license group in the reader's language.
func (d *Data) groupName(id string, w Words) string {
	if id == group.UnassignedID {
		return w.say("unassigned_agreements")
	}
	return d.Groups[id]
}

// AddInventory adds the inventory of one source: the installed products and the detected titles.
// file is the key of the inventory file.
func (d *Data) AddInventory(t *inventory.Tally, file string) {
	for _, line := range t.Lines() {
		line.Source.ID = file
		d.Installed = append(d.Installed, line)
	}
	d.LeftOut.add(t.LeftOut())
	for _, c := range t.Titles {
		if !c.Decision.Counts() {
			continue
		}
		d.Titles = append(d.Titles, position.Line{
			Product: c.Decision.Product, Quantity: c.Devices,
			Source: position.Source{Kind: position.KindInventory, ID: file, Text: text.Collapse(c.Name + " " + c.Version)},
		})
	}
}

// byID returns the agreements by id.
func (d *Data) byID() map[string]*agreement.Agreement {
	m := make(map[string]*agreement.Agreement, len(d.Agreements))
	for i := range d.Agreements {
		m[d.Agreements[i].ID] = &d.Agreements[i]
	}
	return m
}

// licenses returns the licences that the filter selects and that count on the day of the report, and
// the adjustments of that day, which the options of the position may disable.
func (d *Data) licenses(f Filter, s Settings) []position.Line {
	in := f.scope()
	lines := make([]position.Line, 0, len(d.Held)+len(d.Agreements))
	agreements := d.byID()
	for i := range d.Held {
		h := &d.Held[i]
		a := agreements[h.AgreementID]
		line, counts := h.line(s)
		if counts && !h.orphaned(a) && in.has(line.Type(), groupOf(a)) {
			lines = append(lines, line)
		}
	}
	for i := range d.Agreements {
		a := &d.Agreements[i]
		if a.Type != agreement.TypeOther || !in.has(a.Type, a.GroupID) {
			continue // nothing is looked up for it
		}
		if line, counts := position.Bought(s.Products, *a, s.Calendar); counts {
			lines = append(lines, line)
		}
	}
	for _, a := range d.Adjustments {
		if !a.Ended(s.today()) {
			lines = append(lines, a.line())
		}
	}
	return lines
}

// productName returns the product's name with its version, without its publisher.
func productName(p position.Product) string {
	return strings.TrimSpace(p.Name() + " " + p.Version)
}

// code returns the message code of a value, such as "status_not_started".
func code(kind string, value string) string {
	return kind + "_" + strings.ReplaceAll(value, "-", "_")
}
