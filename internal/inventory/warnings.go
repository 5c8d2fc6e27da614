package inventory

import (
	"slices"
	"strconv"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/product"
	"trueup/internal/text"
)

// Warning is a warning about an admin's rule that is stored nevertheless: the code and arguments of
// a message of package i18n.
type Warning struct {
	Rule string // empty for several rules
	Code string
	Args errs.Args
}

// maxWarnings is the maximum number of warnings with one code, so that none hides another kind.
const maxWarnings = 10

// alternatives matches what is a choice in the dictionary's patterns, and text in those of admins.
var alternatives = text.Pattern(`\[[^\]]*\|[^\]]*\]`)

// Warnings returns the warnings about the admins' rules with the ids: a name is written like a pattern
// of the dictionary, an earlier rule takes all titles of the rule, no title follows the rule, or the rule
// takes titles from products and undecidable titles of the dictionary. The titles on most PCs come first.
func (rules *Rules) Warnings(ids []string, tallies []Counted) (all []Warning) {
	for _, r := range most(rules.copied(ids)) {
		all = append(all, Warning{r.ID, "rule_alternatives", nil})
	}
	never := rules.shadowed(ids)
	for _, s := range most(never) {
		all = append(all, Warning{s.rule, "rule_never_applies", errs.Pairs("rule", s.rule, "first", s.first)})
	}
	all = append(all, rules.unused(ids, never, tallies)...)
	taken := rules.Overtaken(ids, tallies)
	for _, t := range most(taken) {
		all = append(all, Warning{t.Rule, "rule_takes_title", errs.Pairs(
			"title", text.Quote(t.Name), "devices", strconv.Itoa(t.Devices), "product", ProductName(t.Product))})
	}
	if more := len(taken) - maxWarnings; more > 0 {
		all = append(all, Warning{"", "rule_takes_more", errs.Pairs("count", strconv.Itoa(more))})
	}
	return all
}

// most returns what warnings of one code are about, at most maxWarnings.
func most[T any](all []T) []T { return all[:min(len(all), maxWarnings)] }

// copied returns the rules with a name like a pattern of the dictionary.
func (rules *Rules) copied(ids []string) (all []compiled) {
	for _, r := range rules.rules {
		if slices.Contains(ids, r.ID) && alternatives().MatchString(r.Name) {
			all = append(all, r)
		}
	}
	return all
}

// shadowed is a rule that never applies, and an earlier one that takes all its titles.
type shadowed struct{ rule, first string }

func (rules *Rules) shadowed(ids []string) (all []shadowed) {
	for i, r := range rules.rules {
		if !slices.Contains(ids, r.ID) {
			continue
		}
		names, publishers, versions := examplesOf(r.Name), examplesOf(r.Publisher), examplesOf(r.Version)
		for _, first := range rules.rules[:i] {
			if takesAll(first.name, names) && takesAll(first.publisher, publishers) && takesAll(first.version, versions) {
				all = append(all, shadowed{r.ID, first.ID})
				break
			}
		}
	}
	return all
}

// takesAll reports whether a pattern takes every text of which the others are examples; nil takes any. It
// says no if it is not certain.
func takesAll(wide product.Pattern, examples []string) bool {
	for _, example := range examples {
		if !matches(wide, example) {
			return false
		}
	}
	return true
}

// examplesOf returns texts that a pattern takes, for takesAll.
func examplesOf(pattern string) []string {
	if pattern == "" {
		pattern = "*"
	}
	all := make([]string, len(examples))
	for i, example := range examples {
		all[i] = text.Fold(example.Replace(pattern))
	}
	return all
}

// anything is a text that only a star takes: no new pattern has this character (text_invisible).
const anything = "\u0001"

// examples make texts of a pattern. They have different digits, so that a pattern that takes both takes
// them by a placeholder.
var examples = []*strings.Replacer{
	strings.NewReplacer(`\*`, "*", `\{`, "{", `\}`, "}", `\\`, `\`, "*", anything, "{year}", "1996", "{number}", "1.9"),
	strings.NewReplacer(`\*`, "*", `\{`, "{", `\}`, "}", `\\`, `\`, "*", anything, "{year}", "2053 r2", "{number}", "57053"),
}
