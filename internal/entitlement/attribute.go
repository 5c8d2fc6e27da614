package entitlement

import (
	"cmp"
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/text"
)

// Attribution assigns the lines of statements. Every line of a statement in use is in exactly one
// of the four fields.
type Attribution struct {
	// ByPair has an entry for each pair that a statement mentions, with its entitlements.
	ByPair map[agreement.PairKey][]Entitlement
	// Whole has the lines of volume licensing without License ID. They are for the whole
	// organisation, including all pairs; Remainder returns what counts of them.
	Whole []Entitlement
	// General has the lines of General License Statements. They are licences bought outside volume
	// licensing, so they count in addition to pairs and Whole.
	General []Entitlement
	// Unmatched has the lines whose License ID matches no pair: the agreement has not been added.
	// They do not count, and can be shown to an admin.
	Unmatched []Line
}

// Attribute assigns each line of the statements to at most one pair. pairs must be all pairs of
// the organisation, also when only some are refreshed, because the result depends on all of them.
//
//   - A line belongs to the pair whose license number is its License ID or, if there is none, to the
//     pair whose authorization number is. Numbers are compared as in pairs (R2.2). If several pairs
//     match, the first in the order of PairKey gets the lines, and the others are mentioned with
//     none: the enrollments of one agreement share its entitlements.
//   - The newest statement that mentions a License ID replaces all older lines for it. The same holds
//     for the lines of a publisher without License ID, among statements of one kind. Of two with the
//     same date the one with the greater name counts.
//   - A license statement and a license summary about one product of the whole organisation list the
//     same licences, so they are not added up: the one with more effective licences counts. A General
//     License Statement lists other licences.
//
// Publishers, families and versions are compared in folded form. The caller replaces other
// spellings of a publisher first.
func Attribute(statements []Statement, pairs []agreement.Pair) Attribution {
	return AttributeAdded(statements, pairs, nil)
}

// AttributeAdded is Attribute when only the pairs in added are asked about, and all others keep
// their entitlements. Lines that would belong to another pair without the added ones stay with
// that pair, so that no line counts for two pairs. An added pair that matches such a line gets an
// empty list.
func AttributeAdded(statements []Statement, pairs []agreement.Pair, added map[agreement.PairKey]bool) Attribution {
	newest := slices.Clone(statements)
	slices.SortStableFunc(newest, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(b.Date, a.Date), cmp.Compare(b.Name, a.Name), cmp.Compare(a.Kind, b.Kind))
	})
	owners, kept := ownersOf(pairs), owners{}
	if len(added) > 0 {
		kept = ownersOf(slices.DeleteFunc(slices.Clone(pairs), func(p agreement.Pair) bool { return added[p.Key()] }))
	}
	a := Attribution{ByPair: map[agreement.PairKey][]Entitlement{}}
	whole := map[Kind][]Entitlement{}
	said := map[scope]int{} // index in newest of the statement that counts
	for i, s := range newest {
		for _, line := range s.Lines {
			about := scopeOf(s.Kind, line)
			if first, ok := said[about]; ok && first != i {
				continue
			}
			said[about] = i
			if about.licenseID == "" {
				whole[s.Kind] = append(whole[s.Kind], line.Entitlement)
				continue
			}
			keys := owners.of(about.licenseID)
			if before := kept.of(about.licenseID); before != nil {
				keys = slices.Concat(before, slices.DeleteFunc(slices.Clone(keys), func(key agreement.PairKey) bool { return !added[key] }))
			}
			if len(keys) == 0 {
				a.Unmatched = append(a.Unmatched, line)
				continue
			}
			a.ByPair[keys[0]] = append(a.ByPair[keys[0]], line.Entitlement)
			for _, key := range keys[1:] {
				if _, ok := a.ByPair[key]; !ok {
					a.ByPair[key] = nil
				}
			}
		}
	}
	a.General = whole[KindGeneralStatement]
	a.Whole = larger(whole)
	return a
}

// scope identifies lines that are replaced together by a newer statement.
type scope struct {
	licenseID string // squeezed, as numbers are compared
	kind      Kind   // with publisher, for lines without License ID
	publisher string // folded
}

func scopeOf(kind Kind, line Line) scope {
	if line.LicenseID != "" {
		return scope{licenseID: cmp.Or(agreement.Squeeze(line.LicenseID), line.LicenseID)} // an invalid number matches no pair
	}
	return scope{kind: kind, publisher: text.Fold(line.Publisher)}
}

// owners finds pairs by one of their numbers.
type owners struct {
	byLicense, byAuthorization map[string][]agreement.PairKey // squeezed number to pairs, sorted
}

func ownersOf(pairs []agreement.Pair) owners {
	o := owners{
		byLicense:       make(map[string][]agreement.PairKey, len(pairs)),
		byAuthorization: make(map[string][]agreement.PairKey, len(pairs)),
	}
	for _, p := range pairs {
		license, authorization := agreement.Squeeze(p.License), agreement.Squeeze(p.Authorization)
		o.byLicense[license] = append(o.byLicense[license], p.Key())
		o.byAuthorization[authorization] = append(o.byAuthorization[authorization], p.Key())
	}
	for _, index := range []map[string][]agreement.PairKey{o.byLicense, o.byAuthorization} {
		for number, keys := range index {
			slices.Sort(keys)
			index[number] = slices.Compact(keys)
		}
	}
	return o
}

func (o owners) of(number string) []agreement.PairKey {
	if keys := o.byLicense[number]; keys != nil {
		return keys
	}
	return o.byAuthorization[number]
}

// Product is a product version with folded names. Quantities are added up by Product.
type Product struct{ Publisher, Family, Version string }

// Product returns the product of an entitlement.
func (e Entitlement) Product() Product {
	return Product{Publisher: text.Fold(e.Publisher), Family: text.Fold(e.Family), Version: text.Fold(e.Version)}
}

// larger keeps, for each product, the lines of the kind of volume licensing with the largest total.
func larger(whole map[Kind][]Entitlement) (lines []Entitlement) {
	kinds := []Kind{KindLicenseStatement, KindLicenseSummary} // the first wins a tie
	totals := map[Kind]map[Product]int{}
	for _, kind := range kinds {
		totals[kind] = map[Product]int{}
		for _, e := range whole[kind] {
			totals[kind][e.Product()] += e.Effective
		}
	}
	best := func(p Product) (best Kind) {
		most := -1
		for _, kind := range kinds {
			if total, ok := totals[kind][p]; ok && total > most {
				best, most = kind, total
			}
		}
		return best
	}
	for _, kind := range kinds {
		for _, e := range whole[kind] {
			if best(e.Product()) == kind {
				lines = append(lines, e)
			}
		}
	}
	return lines
}

// Remainder returns the entitlements of the whole organisation that count in addition to its
// pairs, whatever the source of the pairs' entitlements. Statements include the pairs' licences,
// so only the excess is left: for whole W and pairs P of one product, max(0, W − P), for
// effective quantity and Software Assurance separately. Together they are max(W, P), never W + P.
// The quantities of pairs are subtracted from the first lines of the product, and lines with
// nothing left are dropped. Unresolved quantities are not counted and stay with their lines.
func Remainder(whole, pairs []Entitlement) []Entitlement {
	type quantity struct{ effective, activeSA int }
	held := make(map[Product]quantity, len(pairs))
	for _, e := range pairs {
		p := e.Product()
		q := held[p]
		held[p] = quantity{q.effective + e.Effective, q.activeSA + e.ActiveSA}
	}
	var left []Entitlement
	for _, e := range whole {
		p := e.Product()
		q := held[p]
		effective, activeSA := min(q.effective, e.Effective), min(q.activeSA, e.ActiveSA)
		held[p] = quantity{q.effective - effective, q.activeSA - activeSA}
		e.Effective -= effective
		e.ActiveSA -= activeSA
		if e.Effective > 0 || e.ActiveSA > 0 {
			left = append(left, e)
		}
	}
	return left
}
