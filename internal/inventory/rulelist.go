package inventory

import (
	"slices"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/position"
	"trueup/internal/product/builtin"
	"trueup/internal/text"
)

// RuleList is the admins' rules, in order, their decisions, and all of it with the dictionary.
type RuleList struct {
	Version   int64
	Admin     []Rule
	Decisions []Choices // by row
	All       *Rules
}

// Find returns an admin's rule and its position, from 1. Errors are errs.NotFound rule_not_found, and
// errs.Conflict for an id that explanations show and that is no admin's: rule_built_in for a rule of
// the dictionary, rule_is_decision for a decision about undecidable titles.
func (l RuleList) Find(id string) (r Rule, position int, err error) {
	i := slices.IndexFunc(l.Admin, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, 0, notOfAdmin(id)
	}
	return l.Admin[i], i + 1, nil
}

// notOfAdmin says what an id is that no admin's rule has.
func notOfAdmin(id string) *errs.Error {
	if row, ok := strings.CutPrefix(id, decided); ok {
		return errs.New(errs.Conflict, "rule_is_decision", "id", text.Shorten(row, 100))
	}
	if builtin.Load().HasRule(id) {
		return errs.New(errs.Conflict, "rule_built_in", "id", id)
	}
	return errs.New(errs.NotFound, "rule_not_found", "id", text.Shorten(id, 100))
}

// With returns the admins' rules with a rule at a position, from 1. Position 0 or beyond the end
// is the end. An existing rule with the ID is removed first.
func (l RuleList) With(r Rule, position int) []Rule {
	rules := l.Without(r.ID)
	if position < 1 || position > len(rules) {
		return append(rules, r)
	}
	return slices.Insert(rules, position-1, r)
}

// Without returns the admins' rules except some.
func (l RuleList) Without(ids ...string) []Rule {
	return slices.DeleteFunc(slices.Clone(l.Admin), func(r Rule) bool { return slices.Contains(ids, r.ID) })
}

// Starting returns the rules of the dictionary, by ID. Rules of one product have the same ID. Their
// names have alternatives: [a|b].
func Starting() []Rule {
	dictionary := builtin.Load()
	rules := make([]Rule, 0, len(dictionary.Rules))
	for _, known := range dictionary.Rules {
		r := Rule{ID: known.ID, Kind: Kind(known.Kind), Name: known.Name, Publisher: known.By}
		if known.Publisher >= 0 && !known.Anywhere && known.By == "" {
			r.Publisher = dictionary.Publishers[known.Publisher].Name
		}
		if known.Row >= 0 {
			row := &dictionary.Rows[known.Row]
			r.Product = position.Product{Publisher: row.Publisher, Family: row.Family, Edition: row.Edition, Version: known.Version}
		}
		rules = append(rules, r)
	}
	slices.SortStableFunc(rules, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
	return rules
}
