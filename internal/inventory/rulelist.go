package inventory

import (
	"context"
	"fmt"
	"slices"

	"trueup/internal/errs"
	"trueup/internal/once"
)

// RulesHead says where the admins' rules are stored.
type RulesHead struct {
	Version int64  // grows with every change of a rule or of the order; 0 if there never was one
	Key     string // key of the object
}

// RuleList is the admins' rules, in order, and all rules with the starting rules.
type RuleList struct {
	Version int64
	Admin   []Rule
	All     *Rules
}

// Rules returns the rules in use.
func (c *Counts) Rules(ctx context.Context) (RuleList, error) {
	head, err := c.store.RulesHead(ctx)
	if err != nil {
		return RuleList{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded && c.rulesHead == head { // the version alone is not enough: after a restore it may belong to other rules
		return c.rules, nil
	}
	list := RuleList{Version: head.Version, All: StartingRules()}
	if head.Version > 0 {
		b, err := c.read(ctx, head.Key, rulesPrefix)
		if err != nil {
			return RuleList{}, err
		}
		if list.Admin, err = decodeRules(b); err != nil {
			return RuleList{}, fmt.Errorf("%s: %w", head.Key, err)
		}
		if list.All, err = NewRules(list.Admin); err != nil {
			return RuleList{}, fmt.Errorf("%s: %w", head.Key, err)
		}
	}
	c.rules, c.rulesHead, c.loaded = list, head, true
	return list, nil
}

// SetRules replaces the admins' rules that were read. Errors are those of NewRules, and
// errs.Stale if the rules have changed since. If the Idempotency-Key was used before, it changes
// nothing and returns the first response.
func (c *Counts) SetRules(ctx context.Context, read RuleList, admin []Rule, made once.Change) (list RuleList, first []byte, err error) {
	list = RuleList{Version: read.Version + 1, Admin: admin}
	if list.All, err = NewRules(admin); err != nil {
		return RuleList{}, nil, err
	}
	b, err := encodeRules(admin)
	if err != nil {
		return RuleList{}, nil, err
	}
	key, err := c.keep(ctx, rulesPrefix, ".json", "application/json", b)
	if err != nil {
		return RuleList{}, nil, err
	}
	first, err = c.store.SetRulesHead(ctx, RulesHead{Version: list.Version, Key: key}, made)
	return list, first, err
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
