package inventory

import (
	"context"
	"fmt"
	"slices"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/once"
)

// RulesHead says where the rules of admins are.
type RulesHead struct {
	Version int64  // grows with every change of one rule or of their order; 0 for none ever
	Key     string // of the object
}

// RuleList is the rules of admins, in order, and what they make of the starting
// rules.
type RuleList struct {
	Version int64
	Admin   []Rule
	All     *Rules
}

// Rules returns the rules that count now.
func (c *Counts) Rules(ctx context.Context) (RuleList, error) {
	head, err := c.store.RulesHead(ctx)
	if err != nil {
		return RuleList{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded && c.rulesHead == head { // not its version alone: a restored store may give it to other rules
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

// SetRules replaces the rules of admins that were read by others. Errors are
// those of NewRules, and errs.Stale when they have changed since. When the
// Idempotency-Key was used before nothing is changed, and first is what was
// answered then.
func (c *Counts) SetRules(ctx context.Context, read RuleList, admin []Rule, event audit.Event, answer once.Entry) (list RuleList, first []byte, err error) {
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
	first, err = c.store.SetRulesHead(ctx, RulesHead{Version: list.Version, Key: key}, event, answer)
	return list, first, err
}

// Find returns a rule of an admin and its position, from 1; errs.NotFound
// rule_not_found when there is none.
func (l RuleList) Find(id string) (r Rule, position int, err error) {
	i := slices.IndexFunc(l.Admin, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, 0, errs.New(errs.NotFound, "rule_not_found", "id", id)
	}
	return l.Admin[i], i + 1, nil
}

// With returns the rules of admins with a rule put at a position, from 1; 0, and
// everything beyond the end, is the end. A rule of that ID is taken out first.
func (l RuleList) With(r Rule, position int) []Rule {
	rules := l.Without(r.ID)
	if position < 1 || position > len(rules) {
		return append(rules, r)
	}
	return slices.Insert(rules, position-1, r)
}

// Without returns the rules of admins but for one.
func (l RuleList) Without(id string) []Rule {
	return slices.DeleteFunc(slices.Clone(l.Admin), func(r Rule) bool { return r.ID == id })
}

// Starting returns the rules that trueup brings, in order.
func Starting() []Rule {
	var rules []Rule
	for _, r := range StartingRules().rules {
		rules = append(rules, r.Rule)
	}
	return rules
}
