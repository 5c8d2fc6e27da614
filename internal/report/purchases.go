package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/position"
	"trueup/internal/text"
)

// Purchases is the License purchase report (R8.1): the licensed software of the selected license
// groups.
type Purchases struct {
	Head
	Filter Filter         `json:"filter" doc:"The filter of the report."`
	Order  Order          `json:"order" doc:"The sort order."`
	Totals PurchaseTotals `json:"totals" doc:"The totals of all rows."`
	Rows   []Purchase     `json:"rows" doc:"The products of agreements."`
}

// Purchase is one product of one agreement in one term. A volume agreement without known
// entitlements has one row without a product. A statement line without an agreement has no
// AgreementID.
type Purchase struct {
	AgreementID string               `json:"agreementId,omitempty" doc:"The id of the agreement; absent for a row of a statement that names no agreement." example:"k3v8t2q9x7w4m5n6"`
	Type        agreement.Type       `json:"type" doc:"volume: Microsoft Volume Licensing; other: any other kind of purchase."`
	GroupID     string               `json:"groupId" doc:"The id of the license group." example:"unassigned"`
	Group       string               `json:"group" doc:"The name of the license group. The name of the built-in group is in the reader's language." example:"Unassigned agreements"`
	Name        string               `json:"name" doc:"The name of the agreement, or of the statement." example:"Office agreements"`
	Publisher   string               `json:"publisher" doc:"The publisher of the software." example:"Microsoft"`
	Product     string               `json:"product" doc:"The product with its version; empty if not available." example:"Office Professional Plus 2021"`
	Quantity    int                  `json:"quantity" doc:"The number of licences." example:"120"`
	SA          int                  `json:"sa" doc:"The number of licences with active Software Assurance." example:"40"`
	Start       day.Date             `json:"start" doc:"The first day of the term; empty if unknown." example:"2026-01-01"`
	End         day.Date             `json:"end" doc:"The last day of the term; empty if unknown." example:"2026-12-31"`
	DaysLeft    *int                 `json:"daysLeft" doc:"The days until the last day: 0 on it, negative after it; null if unknown." example:"40"`
	Status      agreement.Status     `json:"status" doc:"The status of the term."` // of the row's term
	Validation  agreement.Validation `json:"validation,omitempty" doc:"The result of the Volume Licensing Service Center for the pairs; absent for type other." example:"valid"`
	Counted     int                  `json:"counted" doc:"The number of licences that count in the position, because their term is running." example:"120"`
	Sources     []Share              `json:"sources" doc:"The sources of the quantity."` // what Quantity was counted from (R8.3)
}

// Share is the contribution of one source to a number.
type Share struct {
	position.Source
	Quantity int `json:"quantity" doc:"The quantity from this source." example:"120"`
	SA       int `json:"sa,omitempty" doc:"The number of licences with active Software Assurance." example:"40"`
}

// PurchaseTotals is the sum of the rows.
type PurchaseTotals struct {
	Agreements AgreementTotals `json:"agreements" doc:"The agreements of all rows, each counted once."`
	Rows       int             `json:"rows" doc:"The number of rows." example:"240"`
	Quantity   int             `json:"quantity" doc:"The number of licences of all rows." example:"5200"`
	SA         int             `json:"sa" doc:"The number of licences with active Software Assurance." example:"400"`
	Counted    int             `json:"counted" doc:"The number of licences that count in the position." example:"5000"`
}

// AgreementTotals has one shape in reports and in the list of agreements.
type AgreementTotals = agreement.Totals

// Purchases returns the License purchase report. The default order is by name, product and term.
func (d *Data) Purchases(f Filter, o Order, s Settings) Purchases {
	r := Purchases{Head: d.Head(NamePurchases, s), Filter: f, Order: o}
	r.Rows = d.purchases(f, s)
	sortRows(r.Rows, purchaseColumns, o)
	var agreements agreement.Totals
	byID, seen := d.byID(), map[string]bool{}
	for i := range r.Rows {
		row := &r.Rows[i]
		r.Totals.Rows++
		r.Totals.Quantity += row.Quantity
		r.Totals.SA += row.SA
		r.Totals.Counted += row.Counted
		if a := byID[row.AgreementID]; a != nil && !seen[a.ID] {
			seen[a.ID] = true
			agreements.Add(a, s.Calendar)
		}
	}
	r.Totals.Agreements = agreements
	return r
}

// purchaseKey identifies a row.
type purchaseKey struct {
	agreement, publisher, product string
	kind                          agreement.Type // statements of both types may have one name
	start, end                    day.Date
}

func (d *Data) purchases(f Filter, s Settings) []Purchase {
	rows := make([]Purchase, 0, len(d.Held)+len(d.Agreements))
	at := make(map[purchaseKey]int, len(d.Held))
	entitled := make(map[string]bool, len(d.Held)) // ids of agreements with a row
	agreements := d.byID()
	for i := range d.Held {
		h := &d.Held[i]
		a := agreements[h.AgreementID]
		if h.orphaned(a) {
			continue
		}
		line, counts := h.line(s)
		entitled[h.AgreementID] = true
		row := Purchase{
			AgreementID: h.AgreementID, Type: line.Type(), GroupID: groupOf(a), Name: h.Source.Text,
			Publisher: line.Product.Publisher, Product: productName(line.Product),
			Start: h.Entitlement.Start, End: h.Entitlement.End, Validation: h.Validation,
		}
		key := purchaseKey{publisher: text.Fold(row.Publisher), product: text.Fold(row.Product), kind: row.Type, start: row.Start, end: row.End}
		if a != nil {
			row.Name, row.Validation, key.agreement = a.Name, a.Validation, a.ID
		} else {
			key.agreement = row.Name // statements are distinguished by name
		}
		n, ok := at[key]
		if !ok {
			n = len(rows)
			at[key] = n
			rows = append(rows, row)
		}
		rows[n].add(line, counts)
	}
	for i := range d.Agreements {
		a := &d.Agreements[i]
		row := Purchase{
			AgreementID: a.ID, Type: a.Type, GroupID: a.GroupID, Name: a.Name, Publisher: a.PublisherOf(),
			Product: text.Collapse(a.ProductTitle), Start: a.Start, End: a.End, Validation: a.Validation,
		}
		switch {
		case a.Type == agreement.TypeOther:
			line, counts := position.Bought(s.Products, *a, s.Calendar)
			row.add(line, counts)
		case entitled[a.ID]:
			continue
		}
		rows = append(rows, row)
	}

	has := f.publishers()
	rows = slices.DeleteFunc(rows, func(row Purchase) bool {
		terms := agreement.Terms{Start: row.Start, End: row.End}
		return !f.scope().has(row.Type, row.GroupID) || !has(row.Publisher) ||
			f.Status != "" && f.Status != terms.Status(s.Calendar)
	})
	for i := range rows {
		rows[i].finish(d, s)
	}
	return sortedBy(rows, func(p *Purchase) string {
		return strings.Join([]string{
			text.Fold(p.Name), p.AgreementID, text.Fold(p.Publisher), text.Fold(p.Product), string(p.Start), string(p.End),
		}, "\x00")
	})
}

// add adds a source to the row.
func (p *Purchase) add(l position.Line, counts bool) {
	p.Quantity += l.Quantity
	p.SA += l.ActiveSA()
	if counts {
		p.Counted += l.Quantity
	}
	p.Sources = append(p.Sources, Share{l.Source, l.Quantity, l.ActiveSA()})
}

// finish sets the derived fields and sorts the sources.
func (p *Purchase) finish(d *Data, s Settings) {
	p.Group = d.groupName(p.GroupID, s.Words)
	p.Status = agreement.Terms{Start: p.Start, End: p.End}.Status(s.Calendar)
	if days, ok := daysBetween(s.Calendar.Today, p.End); ok {
		p.DaysLeft = &days
	}
	slices.SortFunc(p.Sources, func(a, b Share) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Text, b.Text), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Quantity, b.Quantity), cmp.Compare(a.SA, b.SA))
	})
	if p.Sources == nil {
		p.Sources = []Share{}
	}
}

// daysBetween returns the number of days between two dates; false if one of them is not a date.
func daysBetween(from, to day.Date) (int, bool) {
	a, okA := from.Time()
	b, okB := to.Time()
	return int(b.Sub(a) / (24 * time.Hour)), okA && okB
}

var purchaseColumns = []column[Purchase]{
	{"name", func(p *Purchase) cell { return textCell(p.Name) }},
	{"type", func(p *Purchase) cell { return codeCell("license_type", string(p.Type)) }},
	{"group", func(p *Purchase) cell { return textCell(p.Group) }},
	{"publisher", func(p *Purchase) cell { return textCell(p.Publisher) }},
	{"product", func(p *Purchase) cell {
		if p.Product == "" {
			return cell{kind: kindCode, text: "not_available"}
		}
		return textCell(p.Product)
	}},
	{"quantity", func(p *Purchase) cell { return numberCell(p.Quantity) }},
	{"sa", func(p *Purchase) cell { return numberCell(p.SA) }},
	{"start", func(p *Purchase) cell { return dateCell(p.Start) }},
	{"end", func(p *Purchase) cell { return dateCell(p.End) }},
	{"daysLeft", func(p *Purchase) cell { return optionalCell(p.DaysLeft) }},
	{"status", func(p *Purchase) cell { return codeCell("status", string(p.Status)) }},
	{"validation", func(p *Purchase) cell { return codeCell("validation", string(p.Validation)) }},
	{"counted", func(p *Purchase) cell { return numberCell(p.Counted) }},
}

// Table returns the report as rows and columns.
func (r *Purchases) Table(w Words) Table {
	return table(r.Head, w, purchaseColumns, r.Rows, r.Filter.said(w), nil, map[string]int{
		"quantity": r.Totals.Quantity, "sa": r.Totals.SA, "counted": r.Totals.Counted,
	})
}
