package inventory

import (
	"cmp"
	"slices"

	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/text"
)

// Overtaken is a detected title that an admin's rule takes from a product of the dictionary. Titles of one
// name that the dictionary recognises as one product are one, whatever their publisher and version.
type Overtaken struct {
	Title
	Devices int              // PCs with the title, in all sources; a PC with several versions can count for each
	Rule    string           // the admin's rule
	Product position.Product // what the title would count as, or is undecidable about
}

// Overtaken returns the titles that the admins' rules with the ids take from products and undecidable
// titles of the dictionary, those on most PCs first. A rule that counts a title as the same product
// takes nothing.
func (rules *Rules) Overtaken(ids []string, tallies []Counted) []Overtaken {
	own := slices.DeleteFunc(slices.Clone(rules.rules), func(c compiled) bool { return !slices.Contains(ids, c.ID) })
	byName := map[[2]string]*Overtaken{}
	for _, counted := range tallies {
		for _, t := range counted.Tally.Titles {
			if !anyMatches(own, t.Title) {
				continue
			}
			o, ok := rules.overtaken(ids, t.Title)
			if !ok {
				continue
			}
			key := [2]string{text.Fold(t.Name), ProductName(o.Product)}
			if byName[key] == nil {
				byName[key] = &o
			}
			byName[key].Devices += t.Devices
		}
	}
	all := make([]Overtaken, 0, len(byName))
	for _, o := range byName {
		all = append(all, *o)
	}
	slices.SortFunc(all, func(a, b Overtaken) int { return cmp.Or(cmp.Compare(b.Devices, a.Devices), a.compare(b.Title)) })
	return all
}

// overtaken compares how a title is recognised with what the dictionary alone knows of it.
func (rules *Rules) overtaken(ids []string, t Title) (o Overtaken, ok bool) {
	m, known := rules.dictionary.Recognize(product.Title(t))
	if !known || !Kind(m.Kind).installs() {
		return Overtaken{}, false
	}
	d := rules.Recognize(t)
	rule := d.Rule
	if slices.Contains(ids, d.Alias) {
		rule = d.Alias
	}
	if !slices.Contains(ids, rule) || d.Kind.installs() && d.Product == m.Product {
		return Overtaken{}, false
	}
	return Overtaken{Title: t, Rule: rule, Product: m.Product}, true
}

// anyMatches reports whether one of the rules matches a title as detected. It is quick to say that
// none does.
func anyMatches(rules []compiled, t Title) bool {
	publisher, name, version := text.Fold(t.Publisher), text.Fold(t.Name), text.Fold(t.Version)
	return slices.ContainsFunc(rules, func(r compiled) bool {
		if publisher != "" && !matches(r.publisher, publisher) || !matches(r.version, version) {
			return false
		}
		_, ok := r.name.Match(name)
		return ok
	})
}
