package inventories

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/unicode"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/once"
	"trueup/internal/retry"
	"trueup/internal/sheet"
)

// RulesFiles receives files of ExportRules. It implements feeder.Rules.
type RulesFiles struct{ Counts *Counts }

// IsFile reports whether a file is meant as one of ExportRules: whether it begins like JSON. A table of
// titles does not, and a file with a typing error must not be read as one.
func (RulesFiles) IsFile(data []byte) bool {
	data = bytes.TrimSpace(asUTF8(data))
	return bytes.HasPrefix(data, []byte("{")) || bytes.HasPrefix(data, []byte("["))
}

// asUTF8 returns a file without byte-order mark, in UTF-8 if it is UTF-16: editors and PowerShell save
// files as UTF-16.
func asUTF8(data []byte) []byte {
	bigEndian, wide := sheet.UTF16(data[:min(len(data), 4096)])
	if !wide {
		return bytes.TrimPrefix(data, []byte(sheet.BOM))
	}
	order := unicode.LittleEndian
	if bigEndian {
		order = unicode.BigEndian
	}
	converted, _ := unicode.UTF16(order, unicode.UseBOM).NewDecoder().Bytes(data) // what is no UTF-16 is replaced
	return converted
}

// addingRules is the policy for a change that is made again after a concurrent one.
var addingRules = retry.Policy{Attempts: 10, First: 10 * time.Millisecond, Longest: 500 * time.Millisecond}

// Add adds the rules and decisions of an exported file. A rule with a known ID and a decision about a
// known row replace it, and new rules come last, in the order of the file. Either all are added or none:
// one error in the findings, and none is. If nothing changes, nothing is written. It returns how many the
// file has, and how many were there already. Findings that are warnings are those of inventory.Warnings and
// inventory.ChoiceWarnings. An error that is errs.Invalid is rules_many.
func (f RulesFiles) Add(ctx context.Context, data []byte, event func() audit.Event) (rows, unchanged int, found []sheet.Finding, err error) {
	content, wrong := decodeRulesFile(asUTF8(data))
	if wrong != nil {
		return 0, 0, []sheet.Finding{*wrong}, nil
	}
	rows = len(content.rules) + len(content.decisions)
	if found = content.parse(); found != nil {
		return rows, 0, found, nil
	}
	tallies, err := f.Counts.Tallies(ctx)
	if err != nil {
		return rows, 0, nil, err
	}
	err = retry.Do(ctx, addingRules, func() error {
		list, err := f.Counts.Rules(ctx)
		if err != nil {
			return err
		}
		var admin []inventory.Rule
		var decided []inventory.Choices
		admin, decided, unchanged = merged(list, content.rules, content.decisions)
		rules, err := inventory.NewRules(admin, decided)
		if err != nil {
			return err
		}
		if found = content.warnings(rules, tallies); unchanged == rows {
			return nil
		}
		e := event()
		e.Action, e.Subject = "rules.imported", "inventory-rules"
		e.After = map[string]string{
			"rules": strconv.Itoa(len(content.rules)), "decisions": strconv.Itoa(len(content.decisions)), "unchanged": strconv.Itoa(unchanged),
		}
		_, _, err = f.Counts.SetRules(ctx, list, admin, decided, once.Change{Event: e})
		if errs.KindOf(err) == errs.Stale {
			return retry.Again(err)
		}
		return err
	})
	return rows, unchanged, found, err
}

// parse parses the rules and decisions, and returns what is wrong with them, by line.
func (c *rulesContent) parse() (found []sheet.Finding) {
	add := func(line int, violations []errs.Violation) {
		for _, v := range violations {
			found = append(found, sheet.Finding{
				Severity: sheet.SeverityError, Line: line, Column: sheet.Column(v.Field), Value: v.Value, Code: v.Code, Args: v.Args,
			})
		}
	}
	ids := map[string]bool{}
	for i := range c.rules {
		r, violations := inventory.ParseRule(c.rules[i])
		if broken := inventory.ParseRuleID(r.ID); broken != nil {
			violations = append(violations, broken...)
		} else if ids[r.ID] {
			violations = append(violations, errs.Violation{Code: "rule_id", Field: "id", Value: r.ID})
		}
		ids[r.ID], c.rules[i] = true, r
		add(c.ruleLines[i], violations)
	}
	for i := range c.decisions {
		lines := c.choiceLines[i]
		if _, err := inventory.UndecidableRow(c.decisions[i].ID); err != nil {
			e := errs.As(err)
			add(lines[0], []errs.Violation{{Code: e.Code, Field: "id", Args: e.Args}})
			continue
		}
		parsed, violations := inventory.ParseChoices(c.decisions[i])
		c.decisions[i] = parsed
		for _, v := range violations {
			n, field := choiceOf(v.Field)
			v.Field = field
			add(lines[n], []errs.Violation{v})
		}
	}
	return found
}

// choiceOf splits the field of a violation of inventory.ParseChoices, such as choices/0/versions.
func choiceOf(field string) (choice int, rest string) {
	_, after, _ := strings.Cut(field, "/")
	number, rest, found := strings.Cut(after, "/")
	if choice, err := strconv.Atoi(number); err == nil && found {
		return choice, rest
	}
	return 0, field
}

// warnings returns the warnings about the rules and decisions of the file among all of them.
func (c *rulesContent) warnings(rules *inventory.Rules, tallies []inventory.Counted) (found []sheet.Finding) {
	lines := make(map[string]int, len(c.rules))
	ids := make([]string, len(c.rules))
	for i, r := range c.rules {
		lines[r.ID], ids[i] = c.ruleLines[i], r.ID
	}
	for _, w := range rules.Warnings(ids, tallies) {
		found = append(found, sheet.Finding{Severity: sheet.SeverityWarning, Line: lines[w.Rule], Code: w.Code, Args: w.Args})
	}
	for i, d := range c.decisions {
		row, err := inventory.UndecidableRow(d.ID)
		if err != nil {
			continue // reported by parse
		}
		for _, w := range rules.ChoiceWarnings(row, tallies) {
			found = append(found, sheet.Finding{Severity: sheet.SeverityWarning, Line: c.choiceLines[i][0], Code: w.Code, Args: w.Args})
		}
	}
	return found
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
