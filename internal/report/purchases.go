package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/position"
	"trueup/internal/text"
)

// Purchases is the License purchase report (R8.1): the licensed software of the
// chosen license groups.
type Purchases struct {
	Head
	Filter Filter         `json:"filter"`
	Order  Order          `json:"order"`
	Totals PurchaseTotals `json:"totals"`
	Rows   []Purchase     `json:"rows"`
}

// Purchase is one product of one agreement, in one term. A volume agreement
// whose entitlements are not known has one row without a product, one that
// belongs to a statement and no agreement has no AgreementID.
type Purchase struct {
	AgreementID string               `json:"agreementId,omitempty"`
	Type        agreement.Type       `json:"type"`
	GroupID     string               `json:"groupId"`
	Group       string               `json:"group"`
	Name        string               `json:"name"` // of the agreement, or of the statement
	Publisher   string               `json:"publisher"`
	Product     string               `json:"product"` // with its version; empty when not available (R2.5)
	Quantity    int                  `json:"quantity"`
	SA          int                  `json:"sa"` // how many of them have active Software Assurance
	Start       agreement.Date       `json:"start"`
	End         agreement.Date       `json:"end"`
	DaysLeft    *int                 `json:"daysLeft"` // to the last day: 0 on it, negative after it; null without one
	Status      agreement.Status     `json:"status"`   // of the row's term
	Validation  agreement.Validation `json:"validation,omitempty"`
	Counted     int                  `json:"counted"` // how many of Quantity the position counts: those whose term runs
	Sources     []Share              `json:"sources"` // what Quantity was counted from (R8.3)
}

// Share is what one source adds to a number.
type Share struct {
	position.Source
	Quantity int `json:"quantity"`
	SA       int `json:"sa,omitempty"`
}

// PurchaseTotals is what the rows add up to.
type PurchaseTotals struct {
	Agreements AgreementTotals `json:"agreements"` // each of the rows' agreements once
	Rows       int             `json:"rows"`
	Quantity   int             `json:"quantity"`
	SA         int             `json:"sa"`
	Counted    int             `json:"counted"`
}

// AgreementTotals is agreement.Totals with the names of its fields in JSON.
type AgreementTotals struct {
	Agreements int `json:"agreements"`
	Volume     int `json:"volume"`
	Other      int `json:"other"`
	Pairs      int `json:"pairs"`
	Licenses   int `json:"licenses"`
	NotStarted int `json:"notStarted"`
	Active     int `json:"active"`
	Expiring   int `json:"expiring"`
	Expired    int `json:"expired"`
	NoTerm     int `json:"noTerm"`
	Valid      int `json:"valid"`
	Pending    int `json:"pending"`
	Error      int `json:"error"`
	Invalid    int `json:"invalid"`
}

// Purchases makes the License purchase report. The rows' own order is by name,
// product and term.
func (d *Data) Purchases(f Filter, o Order, s Settings) Purchases {
	r := Purchases{Head: d.head(NamePurchases, s), Filter: f, Order: o}
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
	r.Totals.Agreements = AgreementTotals(agreements)
	return r
}

// purchaseKey is what makes a row.
type purchaseKey struct {
	agreement, publisher, product string
	start, end                    agreement.Date
}

func (d *Data) purchases(f Filter, s Settings) []Purchase {
	rows := make([]Purchase, 0, len(d.Held)+len(d.Agreements))
	at := make(map[purchaseKey]int, len(d.Held))
	entitled := make(map[string]bool, len(d.Held)) // agreements with a row
	agreements := d.byID()
	for i := range d.Held {
		h := &d.Held[i]
		a := agreements[h.AgreementID]
		if h.orphaned(a) {
			continue
		}
		line, counts := position.Entitled(h.Entitlement, h.Source, h.AgreementID, s.Calendar)
		entitled[h.AgreementID] = true
		row := Purchase{
			AgreementID: h.AgreementID, Type: line.Type(), GroupID: groupOf(a), Name: h.Source.Text,
			Publisher: line.Product.Publisher, Product: productName(line.Product),
			Start: h.Entitlement.Start, End: h.Entitlement.End, Validation: h.Validation,
		}
		key := purchaseKey{publisher: text.Fold(row.Publisher), product: text.Fold(row.Product), start: row.Start, end: row.End}
		if a != nil {
			row.Name, row.Validation, key.agreement = a.Name, a.Validation, a.ID
		} else {
			key.agreement = row.Name // statements are told apart by what they are called
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
			line, counts := position.Bought(*a, s.Calendar)
			row.add(line, counts)
		case entitled[a.ID]:
			continue
		}
		rows = append(rows, row)
	}

	publisher := text.Fold(f.Publisher)
	rows = slices.DeleteFunc(rows, func(row Purchase) bool {
		terms := agreement.Terms{Start: row.Start, End: row.End}
		return !f.scope().has(row.Type, row.GroupID) || !f.hasPublisher(publisher, row.Publisher) ||
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

// add counts a source of the row.
func (p *Purchase) add(l position.Line, counts bool) {
	p.Quantity += l.Quantity
	p.SA += l.SA
	if counts {
		p.Counted += l.Quantity
	}
	p.Sources = append(p.Sources, Share{l.Source, l.Quantity, l.SA})
}

// finish fills in what follows from the rest.
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

// daysBetween counts days; false when there is no such day.
func daysBetween(from, to agreement.Date) (int, bool) {
	a, errA := time.Parse(time.DateOnly, string(from))
	b, errB := time.Parse(time.DateOnly, string(to))
	return int(b.Sub(a) / (24 * time.Hour)), errA == nil && errB == nil
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

// Table is the report as rows and columns.
func (r *Purchases) Table(w Words) Table {
	return table(r.Head, w, purchaseColumns, r.Rows, r.Filter, nil, map[string]int{
		"quantity": r.Totals.Quantity, "sa": r.Totals.SA, "counted": r.Totals.Counted,
	})
}
