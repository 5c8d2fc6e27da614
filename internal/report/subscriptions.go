package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// Subscribed is the subscriptions at one moment.
type Subscribed struct {
	At  time.Time // when they were read
	All []subscription.Count
}

// Totals returns the numbers of the subscriptions in a report of a day in the zone.
func (s *Subscribed) Totals(date day.Date, zone *time.Location) SubscriptionReportTotals {
	return subscriptionTotals(s.All, s.on(date, zone), zone)
}

// on returns the moment at which subscriptions are judged in a report of a day: when they were read, but
// not after the day. A refresh can end on the next day.
func (s *Subscribed) on(date day.Date, zone *time.Location) time.Time {
	if d, ok := date.Time(); ok && day.In(s.At, zone) > date {
		return time.Date(d.Year(), d.Month(), d.Day()+1, 0, 0, 0, -1, zone)
	}
	return s.At
}

// Subscriptions is the Subscription report: what each subscription costs, and what its unused licences
// cost (R9.7).
type Subscriptions struct {
	Head
	Filter subscription.Selection   `json:"filter" doc:"The filter of the report."`
	Order  Order                    `json:"order" doc:"The sort order."`
	Totals SubscriptionReportTotals `json:"totals" doc:"The totals of all rows."`
	Rows   []SubscriptionRow        `json:"rows" doc:"The subscriptions."`
}

// SubscriptionRow is one subscription. Costs are in hundredths of the currency.
type SubscriptionRow struct {
	ID           string                      `json:"id" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Subscription string                      `json:"subscription" doc:"The name of the subscription." example:"Microsoft 365 E3"`
	Kind         subscription.Kind           `json:"kind" doc:"Who holds its licences: users, or the devices of one group."`
	PartNumber   string                      `json:"partNumber,omitempty" doc:"The publisher's part number; absent if unknown." example:"SPE_E3"`
	SKU          string                      `json:"sku,omitempty" doc:"The publisher's id; absent if unknown." example:"05e9a617-0261-4cee-bb44-138d3ef5d965"`
	Status       subscription.Status         `json:"status" doc:"The status on the day of the report."`
	EndsOn       day.Date                    `json:"endsOn" doc:"The last day of the current term; empty without an end." example:"2027-06-30"`
	DaysLeft     *int                        `json:"daysLeft" doc:"The days until the last day: 0 on it, negative after it; null without an end." example:"40"`
	AutoRenew    bool                        `json:"autoRenew" doc:"Whether a new term begins after the last day." example:"false"`
	RenewsOn     day.Date                    `json:"renewsOn" doc:"The first day of the next term, with automatic renewal; empty without." example:"2027-07-01"`
	Quantity     int                         `json:"quantity" minimum:"0" doc:"The number of licences." example:"120"`
	Assigned     int                         `json:"assigned" minimum:"0" doc:"The number of users or devices that use a licence." example:"87"`
	Available    int                         `json:"available" doc:"The number of free licences; negative if there are too few." example:"33"`
	Unused       int                         `json:"unused" minimum:"0" doc:"The number of free licences; 0 if there are too few." example:"33"`
	Currency     string                      `json:"currency" doc:"The ISO 4217 code of the currency of the costs; empty if the price is unknown." example:"EUR"`
	Price        *int64                      `json:"pricePerMonth" minimum:"0" doc:"What one licence costs in a month, in hundredths of the currency; null if unknown." example:"3690"`
	Cost         *int64                      `json:"costPerMonth" minimum:"0" doc:"What all licences cost in a month, in hundredths of the currency; null if unknown." example:"442800"`
	UnusedCost   *int64                      `json:"unusedCostPerMonth" minimum:"0" doc:"What the unused licences cost in a month, in hundredths of the currency; null if unknown." example:"121770"`
	Conflicts    []subscription.ConflictKind `json:"conflicts" doc:"What has to be solved; empty for most."`
}

// SubscriptionReportTotals is the numbers of several subscriptions.
type SubscriptionReportTotals struct {
	Subscriptions      int           `json:"subscriptions" minimum:"0" doc:"The number of subscriptions." example:"12"`
	Quantity           int           `json:"quantity" minimum:"0" doc:"The number of licences." example:"3200"`
	Assigned           int           `json:"assigned" minimum:"0" doc:"The number of users and devices that use a licence." example:"2950"`
	Unused             int           `json:"unused" minimum:"0" doc:"The number of licences that nobody uses." example:"255"`
	Short              int           `json:"short" minimum:"0" doc:"The number of missing licences." example:"5"`
	Conflicts          int           `json:"conflicts" minimum:"0" doc:"The number of conflicts: see GET /conflicts." example:"2"`
	Overdue            int           `json:"overdue" minimum:"0" doc:"The number of conflicts that are 90 days old." example:"0"`
	CostPerMonth       []MonthlyCost `json:"costPerMonth" doc:"What all licences cost, by currency; without subscriptions whose price is not known."`
	UnusedCostPerMonth []MonthlyCost `json:"unusedCostPerMonth" doc:"What the licences cost that nobody uses, by currency."`
}

// MonthlyCost is what licences cost in a month.
type MonthlyCost struct {
	Amount   int64  `json:"amount" minimum:"0" doc:"In hundredths of the currency." example:"369000"`
	Currency string `json:"currency" doc:"The ISO 4217 code of the currency." example:"EUR"`
}

// SubscriptionTotalsOf returns a summary in the form of reports.
func SubscriptionTotalsOf(s subscription.Summary) SubscriptionReportTotals {
	return SubscriptionReportTotals{
		Subscriptions: s.Subscriptions, Quantity: s.Quantity, Assigned: s.Used, Unused: s.Unused, Short: s.Short, Conflicts: s.Conflicts, Overdue: s.Overdue,
		CostPerMonth: monthly(s.Costs), UnusedCostPerMonth: monthly(s.UnusedCosts),
	}
}

func subscriptionTotals(all []subscription.Count, at time.Time, zone *time.Location) SubscriptionReportTotals {
	return SubscriptionTotalsOf(subscription.Summarise(all, at, zone, ""))
}

func monthly(costs subscription.Costs) []MonthlyCost {
	list := []MonthlyCost{}
	for _, currency := range slices.Sorted(maps.Keys(costs)) {
		list = append(list, MonthlyCost{costs[currency], currency})
	}
	return list
}

// Report returns the Subscription report of the day of the settings, which need a Zone. The default order is by name.
func (s *Subscribed) Report(f subscription.Selection, o Order, settings Settings) Subscriptions {
	r := Subscriptions{
		Head: Head{
			Report: NameSubscriptions, DataAt: new(s.At.UTC()), MadeAt: settings.Now.UTC(), Stale: settings.Now.Sub(s.At) > entitlement.FreshFor,
			Notice: settings.Words.say("report_notice"),
		},
		Filter: f, Order: o, Rows: []SubscriptionRow{},
	}
	var selected []subscription.Count
	at := s.on(settings.today(), settings.Zone)
	for _, c := range s.All {
		if f.Selects(c, at, settings.Zone) {
			selected = append(selected, c)
			r.Rows = append(r.Rows, subscriptionRow(c, at, settings.Zone))
		}
	}
	r.Totals = subscriptionTotals(selected, at, settings.Zone)
	r.Rows = sortedBy(r.Rows, func(row *SubscriptionRow) string { return text.Fold(row.Subscription) + "\x00" + row.ID })
	sortRows(r.Rows, subscriptionColumns, o)
	return r
}

// Version returns a value that changes when the rows change.
func (r *Subscriptions) Version() string {
	sum := sha256.New()
	for i := range r.Rows {
		for _, c := range subscriptionColumns {
			v := c.get(&r.Rows[i])
			fmt.Fprintf(sum, "%q %d ", v.text, v.number)
		}
		fmt.Fprintln(sum, r.Rows[i].ID)
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

func subscriptionRow(c subscription.Count, at time.Time, zone *time.Location) SubscriptionRow {
	today := day.In(at, zone)
	row := SubscriptionRow{
		ID: c.ID, Subscription: c.Name, Kind: c.Kind, PartNumber: c.PartNumber, SKU: c.SKU,
		Status: c.Seats.Status(today), EndsOn: c.Seats.End(today), AutoRenew: c.Seats.AutoRenew, RenewsOn: c.Seats.RenewsOn(today),
		Quantity: c.Seats.Quantity, Assigned: c.Used, Available: c.Free(), Unused: c.Unused(), Conflicts: []subscription.ConflictKind{},
	}
	if days, ok := daysBetween(today, row.EndsOn); ok {
		row.DaysLeft = &days
	}
	if c.Price.Currency != "" {
		row.Currency, row.Price, row.Cost, row.UnusedCost = c.Price.Currency, new(c.Price.Amount), new(c.Price.Of(row.Quantity)), new(c.Price.Of(row.Unused))
	}
	for _, conflict := range c.Conflicts(at, zone) {
		row.Conflicts = append(row.Conflicts, conflict.Kind)
	}
	return row
}

// SubscriptionColumn is the key of a column by which a Subscription report can be sorted.
type SubscriptionColumn string

// SubscriptionColumns is like PurchaseColumns.
func SubscriptionColumns() []SubscriptionColumn { return keys[SubscriptionColumn](subscriptionColumns) }

var subscriptionColumns = []column[SubscriptionRow]{
	{"subscription", func(r *SubscriptionRow) cell { return textCell(r.Subscription) }},
	{"kind", func(r *SubscriptionRow) cell { return codeCell(kindPrefix, string(r.Kind)) }},
	{"partNumber", func(r *SubscriptionRow) cell { return textCell(r.PartNumber) }},
	{"sku", func(r *SubscriptionRow) cell { return textCell(r.SKU) }},
	{"status", func(r *SubscriptionRow) cell { return codeCell("status", string(r.Status)) }},
	{"endsOn", func(r *SubscriptionRow) cell { return dateCell(r.EndsOn) }},
	{"daysLeft", func(r *SubscriptionRow) cell { return optionalCell(r.DaysLeft) }},
	{"autoRenew", func(r *SubscriptionRow) cell {
		if r.AutoRenew {
			return codeCell(renewPrefix, "on")
		}
		return codeCell(renewPrefix, "off")
	}},
	{"renewsOn", func(r *SubscriptionRow) cell { return dateCell(r.RenewsOn) }},
	{"quantity", func(r *SubscriptionRow) cell { return numberCell(r.Quantity) }},
	{"assigned", func(r *SubscriptionRow) cell { return numberCell(r.Assigned) }},
	{"available", func(r *SubscriptionRow) cell { return numberCell(r.Available) }},
	{"unused", func(r *SubscriptionRow) cell { return numberCell(r.Unused) }},
	{"currency", func(r *SubscriptionRow) cell { return textCell(r.Currency) }},
	{"pricePerMonth", func(r *SubscriptionRow) cell { return moneyCell(r.Price) }},
	{"costPerMonth", func(r *SubscriptionRow) cell { return moneyCell(r.Cost) }},
	{"unusedCostPerMonth", func(r *SubscriptionRow) cell { return moneyCell(r.UnusedCost) }},
	{"conflicts", func(r *SubscriptionRow) cell { return codesCell(conflictCodes(r.Conflicts)) }},
}

// The beginnings of the codes of kinds, of automatic renewal and of conflicts.
const (
	kindPrefix     = "subscription_kind"
	renewPrefix    = "subscription_renewal"
	conflictPrefix = "subscription_conflict"
)

func conflictCodes(kinds []subscription.ConflictKind) (codes []string) {
	for _, k := range kinds {
		codes = append(codes, code(conflictPrefix, string(k)))
	}
	return codes
}

// Table returns the report as rows and columns. Costs in several currencies are no sum, so they are
// totals in words.
func (r *Subscriptions) Table(w Words) Table {
	t := table(r.Head, w, subscriptionColumns, r.Rows, r.said(w), nil, map[string]int{
		"quantity": r.Totals.Quantity, "assigned": r.Totals.Assigned, "available": r.Totals.Quantity - r.Totals.Assigned, "unused": r.Totals.Unused,
	})
	for i, c := range t.Columns {
		switch c.Key {
		case "costPerMonth":
			t.Totals[i] = costCell(r.Totals.CostPerMonth)
		case "unusedCostPerMonth":
			t.Totals[i] = costCell(r.Totals.UnusedCostPerMonth)
		case "currency":
			if len(r.Totals.CostPerMonth) == 1 {
				t.Totals[i].Text = r.Totals.CostPerMonth[0].Currency
			}
		}
	}
	return t
}

// costCell returns costs as a number if they are in one currency, and otherwise as text with the currencies.
func costCell(costs []MonthlyCost) Cell {
	if len(costs) == 1 {
		return Cell{Number: int(costs[0].Amount), Kind: sheet.KindHundredths}
	}
	said := make([]string, len(costs))
	for i, c := range costs {
		said[i] = Cell{Number: int(c.Amount), Kind: sheet.KindHundredths}.String() + " " + c.Currency
	}
	return Cell{Text: strings.Join(said, "; "), Kind: sheet.KindAmounts}
}

// said returns the filter in words.
func (r *Subscriptions) said(w Words) []string {
	f := r.Filter
	return sayAll(w, codeCell(kindPrefix, string(f.Kind)), codeCell("status", string(f.Status)), codeCell(conflictPrefix, string(f.Conflict)), quoted(f.Text))
}

// quoted returns the text of a filter as a cell that says that it is text.
func quoted(s string) cell {
	if s == "" {
		return cell{}
	}
	return textCell(`"` + s + `"`)
}
