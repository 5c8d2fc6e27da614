package inventories

import (
	"context"
	"fmt"

	"trueup/internal/inventory"
	"trueup/internal/once"
)

// RulesHead says where the admins' rules are stored.
type RulesHead struct {
	Version int64  // grows with every change of a rule or of the order; 0 if there never was one
	Key     string // key of the object
}

// Rules returns the rules in use.
func (c *Counts) Rules(ctx context.Context) (inventory.RuleList, error) {
	head, err := c.store.RulesHead(ctx)
	if err != nil {
		return inventory.RuleList{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded && c.rulesHead == head { // the version alone is not enough: after a restore it may belong to other rules
		return c.rules, nil
	}
	list := inventory.RuleList{Version: head.Version, All: inventory.StartingRules()}
	if head.Version > 0 {
		b, err := c.read(ctx, head.Key, rulesPrefix)
		if err != nil {
			return inventory.RuleList{}, err
		}
		if list.Admin, list.Decisions, err = decodeRules(b); err != nil {
			return inventory.RuleList{}, fmt.Errorf("%s: %w", head.Key, err)
		}
		if list.All, err = inventory.NewRules(list.Admin, list.Decisions); err != nil {
			return inventory.RuleList{}, fmt.Errorf("%s: %w", head.Key, err)
		}
	}
	c.rules, c.rulesHead, c.loaded = list, head, true
	return list, nil
}

// SetRules replaces the admins' rules and decisions that were read. Errors are those of
// inventory.NewRules, and errs.Stale if they have changed since. If the Idempotency-Key was used
// before, it changes nothing and returns the first response.
func (c *Counts) SetRules(
	ctx context.Context, read inventory.RuleList, admin []inventory.Rule, decisions []inventory.Choices, made once.Change,
) (list inventory.RuleList, first []byte, err error) {
	list = inventory.RuleList{Version: read.Version + 1, Admin: admin, Decisions: decisions}
	if list.All, err = inventory.NewRules(admin, decisions); err != nil {
		return inventory.RuleList{}, nil, err
	}
	b, err := encodeRules(admin, decisions)
	if err != nil {
		return inventory.RuleList{}, nil, err
	}
	key, err := c.keep(ctx, rulesPrefix, ".json", "application/json", b)
	if err != nil {
		return inventory.RuleList{}, nil, err
	}
	first, err = c.store.SetRulesHead(ctx, RulesHead{Version: list.Version, Key: key}, made)
	return list, first, err
}
