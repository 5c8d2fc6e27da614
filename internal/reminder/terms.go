package reminder

import (
	"cmp"
	"slices"
	"strings"

	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/text"
)

// Term is the end of a volume agreement for some of its products. Agreements of this type have no term of their
// own: their entitlements have (R2.5).
type Term struct {
	Agreement string // id
	End       day.Date
	Products  int
}

// Terms collects the ends of volume agreements from the entitlements of their pairs. The zero value is empty.
type Terms struct {
	ends map[termKey]day.Date // the latest end of each product; empty if a term has no end
}

// termKey identifies a product of an agreement.
type termKey struct{ agreement, product string }

// Add adds the entitlements of a pair. Lines without licences say nothing about a term.
func (t *Terms) Add(agreementID string, entitlements []entitlement.Entitlement) {
	for _, e := range entitlements {
		if e.Effective == 0 && e.ActiveSA == 0 {
			continue
		}
		if t.ends == nil {
			t.ends = map[termKey]day.Date{}
		}
		key := termKey{agreementID, text.Fold(strings.Join([]string{e.Publisher, e.Family, e.Version}, "\t"))}
		if end, known := t.ends[key]; !known || end != "" && (e.End == "" || e.End > end) {
			t.ends[key] = e.End
		}
	}
}

// Between returns the terms that end from one day to another, sorted by agreement and day. A product whose
// licences were renewed has a later end, and no term for the earlier one.
func (t *Terms) Between(from, to day.Date) []Term {
	type place struct {
		agreement string
		end       day.Date
	}
	products := map[place]int{}
	for key, end := range t.ends {
		if end != "" && end >= from && end <= to {
			products[place{key.agreement, end}]++
		}
	}
	found := make([]Term, 0, len(products))
	for p, n := range products {
		found = append(found, Term{p.agreement, p.end, n})
	}
	slices.SortFunc(found, func(a, b Term) int {
		return cmp.Or(cmp.Compare(a.Agreement, b.Agreement), cmp.Compare(a.End, b.End))
	})
	return found
}
