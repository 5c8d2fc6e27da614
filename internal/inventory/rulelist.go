package inventory

import (
	"slices"

	"trueup/internal/errs"
)

// RuleList is the admins' rules, in order, and all rules with the starting rules.
type RuleList struct {
	Version int64
	Admin   []Rule
	All     *Rules
}

// Find returns an admin's rule and its position, from 1; errs.NotFound rule_not_found if there is
// none.
func (l RuleList) Find(id string) (r Rule, position int, err error) {
	i := slices.IndexFunc(l.Admin, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, 0, errs.New(errs.NotFound, "rule_not_found", "id", id)
	}
	return l.Admin[i], i + 1, nil
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

// Without returns the admins' rules except one.
func (l RuleList) Without(id string) []Rule {
	return slices.DeleteFunc(slices.Clone(l.Admin), func(r Rule) bool { return r.ID == id })
}

// Starting returns the starting rules of trueup, in order.
func Starting() []Rule {
	var rules []Rule
	for _, r := range StartingRules().rules {
		rules = append(rules, r.Rule)
	}
	return rules
}
