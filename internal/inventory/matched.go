package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"trueup/internal/errs"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/text"
)

// Matched is what a rule or a choice applies to in the current files.
type Matched struct {
	Titles  int // each version, in each source
	Devices int // PCs with them; a PC counts once for each title
}

func (m *Matched) add(c Count) {
	m.Titles++
	m.Devices += c.Devices
}

// Matched returns, by ID, what the admins' rules with the ids apply to: titles that follow the rule, which
// are not those that an earlier rule decides. Rules that no title follows are absent.
func (rules *Rules) Matched(ids []string, tallies []Counted) map[string]Matched {
	matched := map[string]Matched{}
	// Titles that an alias renames follow rules that do not match them as detected.
	candidates := slices.DeleteFunc(slices.Clone(rules.rules), func(c compiled) bool {
		return c.Kind != Alias && !slices.Contains(ids, c.ID)
	})
	for _, counted := range tallies {
		for _, t := range counted.Tally.Titles {
			if !anyMatches(candidates, t.Title) {
				continue
			}
			var seen trace
			rules.follow(t.Title, &seen)
			for _, id := range seen.rules {
				m := matched[id]
				m.add(t)
				matched[id] = m
			}
		}
	}
	maps.DeleteFunc(matched, func(id string, _ Matched) bool { return !slices.Contains(ids, id) })
	return matched
}

// MatchedChoices returns what each of the admins' choices for an undecidable row applies to. It looks at the
// titles that were counted as the row, or by a decision about it.
func (rules *Rules) MatchedChoices(row string, tallies []Counted) []Matched {
	matched := make([]Matched, len(rules.choices[row]))
	for _, counted := range tallies {
		for _, t := range counted.Tally.Titles {
			if t.Decision.Rule != row && t.Decision.Rule != decided+row {
				continue
			}
			var seen trace
			if d := rules.follow(t.Title, &seen); d.Rule == decided+row {
				matched[seen.choice-1].add(t)
			}
		}
	}
	return matched
}

// ChoiceWarnings returns the warnings about the admins' choices for an undecidable row: no title has the
// versions of a choice, none is of the row at all, or a choice counts titles as a product that is no candidate.
// Without any title in the files only the latter.
func (rules *Rules) ChoiceWarnings(row *product.Row, tallies []Counted) (all []Warning) {
	matched := rules.MatchedChoices(row.ID, tallies)
	none := !slices.ContainsFunc(tallies, func(c Counted) bool { return c.Tally.counted(row.ID) })
	if none && hasTitles(tallies) {
		all = append(all, Warning{Code: "decision_matches_nothing"})
	}
	for i, c := range rules.choices[row.ID] {
		number := strconv.Itoa(i + 1)
		if c.Versions != "" && matched[i].Titles == 0 && !none {
			all = append(all, Warning{Code: "choice_matches_nothing", Args: errs.Pairs("choice", number)})
		}
		if c.Kind == Product && !rules.isCandidate(row, c.Product) {
			all = append(all, Warning{Code: "choice_no_candidate", Args: errs.Pairs("choice", number, "product", ProductName(c.Product))})
		}
	}
	return all
}

// counted reports whether titles were counted as an undecidable row, or by a decision about it.
func (t *Tally) counted(row string) bool {
	return slices.ContainsFunc(t.Titles, func(c Count) bool { return c.Decision.Rule == row || c.Decision.Rule == decided+row })
}

func hasTitles(tallies []Counted) bool {
	return slices.ContainsFunc(tallies, func(c Counted) bool { return len(c.Tally.Titles) > 0 })
}

// isCandidate reports whether a product, in any version, is a candidate of an undecidable row.
func (rules *Rules) isCandidate(row *product.Row, p position.Product) bool {
	named, ok := rules.dictionary.Of(rules.canonical(p))
	return ok && slices.Contains(row.Candidates, named.ID)
}

// unused returns a warning for each rule that no title follows, at most maxWarnings, except for rules that
// never apply. Without any title there is nothing to say.
func (rules *Rules) unused(ids []string, never []shadowed, tallies []Counted) (all []Warning) {
	if !hasTitles(tallies) {
		return nil
	}
	matched := rules.Matched(ids, tallies)
	unused := slices.DeleteFunc(slices.Clone(rules.rules), func(r compiled) bool {
		return !slices.Contains(ids, r.ID) || matched[r.ID].Titles > 0 || slices.ContainsFunc(never, func(s shadowed) bool { return s.rule == r.ID })
	})
	for _, r := range most(unused) {
		all = append(all, r.unused(tallies))
	}
	return all
}

// unused returns the warning about a rule that no title follows. It names the title on most PCs that has the
// name of the rule, and what else the rule asks for.
func (r compiled) unused(tallies []Counted) Warning {
	var near Count
	for _, counted := range tallies {
		for _, c := range counted.Tally.Titles {
			if c.Devices <= near.Devices {
				continue
			}
			if _, named := r.name.Match(text.Fold(c.Name)); named && !anyMatches([]compiled{r}, c.Title) {
				near = c
			}
		}
	}
	args := errs.Pairs("rule", r.ID, "title", text.Quote(near.Name))
	switch publisher := text.Fold(near.Publisher); {
	case near.Devices == 0:
		return Warning{r.ID, "rule_matches_nothing", errs.Pairs("rule", r.ID)}
	case publisher != "" && !matches(r.publisher, publisher):
		args["publisher"] = text.Quote(near.Publisher)
		return Warning{r.ID, "rule_matches_no_publisher", args}
	default:
		args["version"] = cmp.Or(text.Quote(near.Version), "-")
		return Warning{r.ID, "rule_matches_no_version", args}
	}
}
