package entitlement

import (
	"cmp"
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/text"
)

// Attribution says whose the lines of statements are. Every line of a statement
// that counts is in exactly one of the three.
type Attribution struct {
	// ByPair has the pairs that a statement mentions, and what it says of them.
	ByPair map[agreement.PairKey][]Entitlement
	// Whole is what statements without License IDs say of the whole
	// organisation, all pairs together. See Remainder for what of it counts.
	Whole []Entitlement
	// Strangers are lines whose License ID is no pair's: the agreement has not
	// been added. They do not count; an admin can be told.
	Strangers []Line
}

// Attribute gives each line of the statements to one pair at most. The pairs
// must be all of the organisation's, also when only some are refreshed:
// whose a line is depends on which pairs there are.
//
//   - A line belongs to the pair whose license number is its License ID; if there
//     is none, to the pair whose authorization number is. Numbers are compared
//     as pairs are (R2.2). When several pairs have the number, the first in the
//     order of PairKey gets the lines, and the others are mentioned with none:
//     enrollments of one agreement do not each own what it entitles to.
//   - The newest statement that mentions a License ID says everything about it;
//     what older ones say is outdated. The same holds for the lines of a
//     publisher without License ID, among statements of one kind. Of two of the
//     same date the one with the greater name counts.
//   - When kinds of statements speak of the same product of the whole
//     organisation, they may be about the same licenses, so they do not add up:
//     that with more effective licenses counts.
//
// Publishers, families and versions are compared as names are; a caller that
// knows other spellings of a publisher replaces them before.
func Attribute(statements []Statement, pairs []agreement.Pair) Attribution {
	newest := slices.Clone(statements)
	slices.SortStableFunc(newest, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(b.Date, a.Date), cmp.Compare(b.Name, a.Name), cmp.Compare(a.Kind, b.Kind))
	})
	owners := ownersOf(pairs)
	a := Attribution{ByPair: map[agreement.PairKey][]Entitlement{}}
	whole := map[Kind][]Entitlement{}
	said := map[scope]int{} // the place in newest of the statement that counts
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
			if len(keys) == 0 {
				a.Strangers = append(a.Strangers, line)
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
	a.Whole = larger(whole)
	return a
}

// scope is what the newest statement that speaks of it says everything about.
type scope struct {
	licenseID string // in the form in which numbers are compared
	kind      Kind   // and publisher, of lines without License ID
	publisher string // folded
}

func scopeOf(kind Kind, line Line) scope {
	if line.LicenseID != "" {
		return scope{licenseID: cmp.Or(agreement.Squeeze(line.LicenseID), line.LicenseID)} // what is no number is no pair's
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

// Product is what quantities are added up by: a product in a version, in the
// form in which names are compared.
type Product struct{ Publisher, Family, Version string }

// Product returns the product of an entitlement.
func (e Entitlement) Product() Product {
	return Product{Publisher: text.Fold(e.Publisher), Family: text.Fold(e.Family), Version: text.Fold(e.Version)}
}

// larger keeps of each product the lines of the kind that says most of it.
func larger(whole map[Kind][]Entitlement) (lines []Entitlement) {
	kinds := []Kind{KindLicenseStatement, KindGeneralStatement, KindLicenseSummary} // the first wins a tie
	totals := map[Kind]map[Product]int{}
	for kind, entitlements := range whole {
		totals[kind] = map[Product]int{}
		for _, e := range entitlements {
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

// Remainder returns what of the whole organisation's entitlements counts beside
// those of its pairs, whatever source those came from. What a statement says
// of a product includes the pairs' licenses of it, so only what exceeds them is
// left: with whole W and pairs P of one product, effective and Software
// Assurance each, max(0, W − P). Together they are then max(W, P), never W + P.
// The pairs' quantities are taken from the first lines of the product; lines of
// which nothing is left are not returned. Unresolved quantities are not counted
// and stay with the lines that do.
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
