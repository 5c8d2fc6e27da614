package inventory

import (
	"slices"
	"strconv"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/text"
)

// Choices is what admins decided about the titles of an undecidable row of the dictionary.
type Choices struct {
	ID  string   // of the row
	All []Choice // the first whose versions match counts; a title that none matches stays undecidable
}

// Choice is what the titles of some versions are.
type Choice struct {
	Versions string           // pattern of the detected version, or of the version of the product; empty for every version
	Kind     Kind             // Product or Free
	Product  position.Product // of a Product; without Version it has the version of the title
}

// MaxChoices is the maximum number of choices for one row.
const MaxChoices = 50

// decided is the prefix of Decision.Rule of a title that an admin decided. The id of the row follows.
const decided = "decision/"

// UndecidableRow returns the undecidable row with an id; errs.NotFound undecided_not_found if there
// is none.
func UndecidableRow(id string) (*product.Row, error) {
	row, ok := builtin.Products().Find(id)
	if !ok || row.Kind != product.KindUndecidable {
		return nil, errs.New(errs.NotFound, "undecided_not_found", "id", text.Shorten(id, 100))
	}
	return row, nil
}

// choices are compiled Choices.
type choices []choice

type choice struct {
	Choice
	versions product.Pattern // nil for any
}

func compileChoices(c Choices) (all choices, violations []errs.Violation) {
	if violations = checkNumber(c); violations != nil {
		return nil, violations
	}
	for i, one := range c.All {
		compiled, wrong := compileChoice(one)
		for _, v := range wrong {
			v.Field = choiceField(i, v.Field)
			violations = append(violations, v)
		}
		all = append(all, compiled)
	}
	return all, violations
}

func checkNumber(c Choices) []errs.Violation {
	if len(c.All) > 0 && len(c.All) <= MaxChoices {
		return nil
	}
	return []errs.Violation{{Code: "choices_many", Field: "choices", Args: errs.Pairs("max", strconv.Itoa(MaxChoices))}}
}

func choiceField(i int, field string) string { return "choices/" + strconv.Itoa(i) + "/" + field }

// compileChoice compiles a choice like the rule that would do the same for a title of any name.
func compileChoice(c Choice) (compiled choice, violations []errs.Violation) {
	rule, violations := compileRule(Rule{Kind: c.Kind, Name: "any", Version: c.Versions, Product: c.Product})
	if c.Kind != Product && c.Kind != Free {
		violations = slices.DeleteFunc(violations, func(v errs.Violation) bool { return v.Code == "rule_kind" || v.Code == "rule_title" })
		violations = append(violations, violation("choice_kind", "kind", string(c.Kind)))
	}
	if c.Kind == Product && strings.ContainsAny(c.Product.Version, "{}") { // there is no pattern of a name
		violations = append(violations, violation("rule_pattern", "product/version", c.Product.Version))
	}
	for i := range violations {
		if violations[i].Field == "version" {
			violations[i].Field = "versions"
		}
	}
	return choice{c, rule.version}, violations
}

// of returns the index of the choice for a title, by its detected version and the version of its product;
// -1 if there is none.
func (all choices) of(detected, version string) int {
	return slices.IndexFunc(all, func(c choice) bool {
		return matches(c.versions, text.Fold(detected)) || matches(c.versions, text.Fold(version))
	})
}

// decide applies the admins' choices to an undecidable title. It fills seen if it is not nil.
func (rules *Rules) decide(d Decision, t Title, seen *trace) Decision {
	all := rules.choices[d.Rule]
	i := all.of(t.Version, d.Product.Version)
	if i < 0 {
		return d
	}
	if seen != nil {
		seen.choice = i + 1
	}
	c := all[i]
	d.Kind, d.Rule = c.Kind, decided+d.Rule
	if c.Kind == Free {
		d.Product = position.Product{}
		return d
	}
	version := d.Product.Version
	d.Product = c.Product
	if d.Product.Version == "" {
		d.Product.Version = version
	}
	d.Product = rules.canonical(d.Product)
	return d
}

// isDecided reports whether an admin's choice decided.
func (d Decision) isDecided() bool { return strings.HasPrefix(d.Rule, decided) }

// Choices returns the choices for a row; errs.NotFound undecided_not_found if there are none.
func (l RuleList) Choices(id string) (Choices, error) {
	i := slices.IndexFunc(l.Decisions, func(c Choices) bool { return c.ID == id })
	if i < 0 {
		return Choices{}, errs.New(errs.NotFound, "undecided_not_found", "id", text.Shorten(id, 100))
	}
	return l.Decisions[i], nil
}

// Deciding returns the decisions with the choices for a row instead of earlier ones, sorted by row.
// Without any choice the row is undecided again.
func (l RuleList) Deciding(c Choices) []Choices {
	all := slices.DeleteFunc(slices.Clone(l.Decisions), func(other Choices) bool { return other.ID == c.ID })
	if len(c.All) > 0 {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Choices) int { return strings.Compare(a.ID, b.ID) })
	return all
}
