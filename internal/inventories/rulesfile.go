package inventories

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/once"
	"trueup/internal/retry"
)

// RulesFiles receives files of ExportRules. It implements feeder.Rules.
type RulesFiles struct{ Counts *Counts }

// IsFile reports whether a file is meant as one of ExportRules: whether it begins like JSON. A table of
// titles does not, and a file with a typing error must not be read as one.
func (RulesFiles) IsFile(data []byte) bool {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	return bytes.HasPrefix(data, []byte("{")) || bytes.HasPrefix(data, []byte("["))
}

// addingRules is the policy for a change that is made again after a concurrent one.
var addingRules = retry.Policy{Attempts: 10, First: 10 * time.Millisecond, Longest: 500 * time.Millisecond}

// Add adds the rules and decisions of an exported file. A rule with a known ID and a decision about a
// known row replace it, and new rules come last, in the order of the file. Either all are added or none;
// if nothing changes, nothing is written. It returns how many the file has, and how many were there
// already. Errors are errs.Invalid rules_file, and those of inventory.NewRules and
// inventory.UndecidableRow.
func (f RulesFiles) Add(ctx context.Context, data []byte, event func() audit.Event) (rows, unchanged int, err error) {
	rules, decisions, err := decodeRulesFile(data)
	if err != nil {
		return 0, 0, err
	}
	rows = len(rules) + len(decisions)
	for _, d := range decisions {
		if _, err := inventory.UndecidableRow(d.ID); err != nil {
			return rows, 0, err
		}
	}
	err = retry.Do(ctx, addingRules, func() error {
		list, err := f.Counts.Rules(ctx)
		if err != nil {
			return err
		}
		var admin []inventory.Rule
		var decided []inventory.Choices
		if admin, decided, unchanged = merged(list, rules, decisions); unchanged == rows {
			return nil
		}
		e := event()
		e.Action, e.Subject = "rules.imported", "inventory-rules"
		e.After = map[string]string{"rules": strconv.Itoa(len(rules)), "decisions": strconv.Itoa(len(decisions)), "unchanged": strconv.Itoa(unchanged)}
		_, _, err = f.Counts.SetRules(ctx, list, admin, decided, once.Change{Event: e})
		if errs.KindOf(err) == errs.Stale {
			return retry.Again(err)
		}
		return err
	})
	return rows, unchanged, err
}

// merged returns the admins' rules and decisions with others, and how many of the others are among them.
func merged(list inventory.RuleList, rules []inventory.Rule, decisions []inventory.Choices) (admin []inventory.Rule, decided []inventory.Choices, unchanged int) {
	admin = slices.Clone(list.Admin)
	for _, r := range rules {
		at := slices.IndexFunc(admin, func(other inventory.Rule) bool { return other.ID == r.ID })
		switch {
		case at < 0:
			admin = append(admin, r)
		case admin[at] == r:
			unchanged++
		default:
			admin[at] = r
		}
	}
	for _, d := range decisions {
		if before, err := list.Choices(d.ID); err == nil && slices.Equal(before.All, d.All) {
			unchanged++
		}
		list.Decisions = list.Deciding(d)
	}
	return admin, list.Decisions, unchanged
}
