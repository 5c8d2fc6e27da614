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

// ParseRule checks a rule as entered, and returns it with the spaces of its texts collapsed. It returns
// every violation that NewRules would, except of the ID, and besides: text_invisible, rule_product_unused,
// rule_title_unused, rule_placeholder, choice_product and product_version. Fields are such as name or product/family.
//
// Stored rules are not checked in this way: the dictionary of a later release may call their products
// free, and then they still have to be read.
func ParseRule(r Rule) (Rule, []errs.Violation) {
	violations := parseTexts(r.texts())
	_, broken := compileRule(r)
	violations = append(violations, broken...)
	if !r.Kind.namesProduct() && r.Product != (position.Product{}) && slices.Contains(Kinds, r.Kind) {
		violations = append(violations, violation("rule_product_unused", "product", r.Product.Name()))
	}
	if r.Kind != Alias && r.Title != (Title{}) && slices.Contains(Kinds, r.Kind) {
		violations = append(violations, violation("rule_title_unused", "title", r.Title.Name))
	}
	violations = append(violations, r.checkPlaceholders()...)
	if r.Kind == Product && !slices.ContainsFunc(violations, isAboutProduct) {
		violations = append(violations, checkCounted(r.Product)...)
	}
	return r, violations
}

// placeholders removes the placeholders that the version of a rule's product can have.
var placeholders = strings.NewReplacer("{year}", "", "{number}", "", "{major}", "")

// checkPlaceholders returns the placeholders of the product's version that are none, or that would always
// be empty.
func (r *Rule) checkPlaceholders() (violations []errs.Violation) {
	version := r.Product.Version
	if strings.ContainsAny(placeholders.Replace(version), "{}") {
		violations = append(violations, violation("rule_pattern", "product/version", version))
	}
	for _, mark := range []string{"{year}", "{number}"} {
		if strings.Contains(version, mark) && !strings.Contains(r.Name, mark) {
			violations = append(violations, violation("rule_placeholder", "product/version", version, "placeholder", mark))
		}
	}
	return violations
}

// ParseRuleID checks the ID of a rule from a file, because an address of the API has it: rule_id.
func ParseRuleID(id string) []errs.Violation {
	if len(id) >= 1 && len(id) <= maxRuleID && strings.Trim(id, ruleIDCharacters) == "" {
		return nil
	}
	return []errs.Violation{violation("rule_id", "id", id)}
}

const (
	maxRuleID        = 64
	ruleIDCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
)

// ParseChoices is ParseRule for choices. Its further violations are choices_many, choice_kind and
// choice_unreachable, and fields are such as choices/0/versions. The ID is not checked.
func ParseChoices(c Choices) (Choices, []errs.Violation) {
	if broken := checkNumber(c); broken != nil {
		return c, broken
	}
	c.All = slices.Clone(c.All)
	var violations []errs.Violation
	for i := range c.All {
		one := &c.All[i]
		broken := parseChoice(one)
		if first := slices.IndexFunc(c.All[:i], func(before Choice) bool { return before.leavesNone(one.Versions) }); first >= 0 {
			broken = append(broken, violation("choice_unreachable", "versions", one.Versions, "first", strconv.Itoa(first+1)))
		}
		for _, v := range broken {
			v.Field = choiceField(i, v.Field)
			violations = append(violations, v)
		}
	}
	return c, violations
}

func parseChoice(c *Choice) []errs.Violation {
	violations := parseTexts([]ruleText{
		{"versions", &c.Versions},
		{"product/publisher", &c.Product.Publisher},
		{"product/family", &c.Product.Family},
		{"product/edition", &c.Product.Edition},
		{"product/version", &c.Product.Version},
	})
	_, broken := compileChoice(*c)
	violations = append(violations, broken...)
	switch {
	case c.Kind == Free && c.Product != (position.Product{}):
		return append(violations, violation("rule_product_unused", "product", c.Product.Name()))
	case c.Kind == Product && !slices.ContainsFunc(violations, isAboutProduct):
		return append(violations, checkCounted(c.Product)...)
	}
	return violations
}

// leavesNone reports whether the choice takes every title that a later choice of some versions could take.
func (c Choice) leavesNone(versions string) bool {
	if c.Versions == "" {
		return true
	}
	pattern, ok := product.CompilePattern(c.Versions)
	return ok && takesAll(pattern, examplesOf(versions))
}

// namesProduct reports whether rules of the kind name a product.
func (k Kind) namesProduct() bool { return k == Product || k == Component }

// ruleText is a text of a rule, and its field.
type ruleText struct {
	field   string
	written *string
}

// texts returns the texts of a rule: first the three patterns.
func (r *Rule) texts() []ruleText {
	return []ruleText{
		{"publisher", &r.Publisher},
		{"name", &r.Name},
		{"version", &r.Version},
		{"product/publisher", &r.Product.Publisher},
		{"product/family", &r.Product.Family},
		{"product/edition", &r.Product.Edition},
		{"product/version", &r.Product.Version},
		{"title/publisher", &r.Title.Publisher},
		{"title/name", &r.Title.Name},
		{"title/version", &r.Title.Version},
	}
}

// parseTexts collapses spaces, as in names of agreements, and refuses characters that cannot be seen: two
// products that look the same must be the same.
func parseTexts(texts []ruleText) (violations []errs.Violation) {
	for _, t := range texts {
		if hidden := text.Invisible(*t.written); hidden != "" {
			violations = append(violations, violation("text_invisible", t.field, *t.written, "characters", hidden))
		}
		*t.written = text.Collapse(*t.written)
	}
	return violations
}

// checkCounted checks the product that titles count as. It must need a licence, and its name must not
// tell another version: the name would decide.
func checkCounted(p position.Product) []errs.Violation {
	d := builtin.Products()
	if row, known := d.Of(d.Ruled(p)); known && row.Kind != product.KindProduct {
		return []errs.Violation{violation("choice_product", "product", p.Name())}
	}
	if name, differs := d.VersionInName(p.Publisher, p.Name(), p.Version); differs {
		return []errs.Violation{violation("product_version", "product/version", p.Version, "name", name)}
	}
	return nil
}

func isAboutProduct(v errs.Violation) bool { return strings.HasPrefix(v.Field, "product") }

func violation(code, field, value string, args ...string) errs.Violation {
	return errs.Violation{Code: code, Field: field, Value: text.Shorten(value, 100), Args: errs.Pairs(args...)}
}
