package inventory

import (
	"crypto/sha256"
	_ "embed" // the starting rules
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"trueup/internal/errs"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// Kind classifies a title.
type Kind string

// The kinds. Only a Product counts as installed.
const (
	Unknown   Kind = ""          // no rule matches the title
	Product   Kind = "product"   // an installed product
	Component Kind = "component" // a part of a product that another title counts
	Update    Kind = "update"    // an update, hotfix or service pack
	Language  Kind = "language"  // a language pack, MUI part or proofing tool
	Driver    Kind = "driver"    // of a device, with its tools
	Runtime   Kind = "runtime"   // needed by other programs: redistributables, runtimes, client libraries
	Free      Kind = "free"      // needs no license
	Ignored   Kind = "ignored"   // by a rule of an admin
	Alias     Kind = "alias"     // of a rule only: the title is another name of Title
)

// Kinds are the kinds that a rule can have.
var Kinds = []Kind{Product, Component, Update, Language, Driver, Runtime, Free, Ignored, Alias}

// Rule recognises titles. The three fields Publisher, Name and Version are patterns: * stands for
// any text, {year} for four digits, optionally followed by R2, {number} for digits with dots. A
// rule matches if all of them match; case and repeated spaces are ignored.
type Rule struct {
	ID        string // unique; explanations name it
	Kind      Kind
	Publisher string // empty for any; a title without a publisher matches every one
	Name      string
	Version   string // empty for any

	// Product is the counted product, or the known part of the product that a Component belongs
	// to. Its Version may contain {year}, {number} and {major}, which is the title's version up
	// to the first dot.
	Product position.Product
	// Title is the real name of an Alias. The rules after it recognise that name. An empty
	// Publisher or Version stays as detected.
	Title Title
}

// Decision says how a title was recognised, and by which rule.
type Decision struct {
	Kind    Kind
	Rule    string           // ID of the rule that decided; empty when Unknown
	Alias   string           // ID of the rule that gave the title another name; empty for none
	Product position.Product // the Product, or the product of a Component
}

// Rules is an immutable, ordered list of rules. The first that matches decides.
type Rules struct {
	// ID changes when a rule or the order changes. A tally with another ID has to be counted
	// again.
	ID    string
	rules []compiled
}

type compiled struct {
	Rule
	publisher, name, version product.Pattern // nil for any
}

// MaxRules is the maximum number of an admin's rules.
const MaxRules = 2000

// NewRules returns an admin's rules followed by the starting rules, so the admin's take
// precedence. An error is errs.Invalid with every violation: rule_id, rule_kind, rule_name,
// rule_pattern, rule_product, rule_title, or rules_many.
func NewRules(admin []Rule) (*Rules, error) {
	if len(admin) > MaxRules {
		return nil, errs.New(errs.Invalid, "rules_many", "max", strconv.Itoa(MaxRules))
	}
	starting := StartingRules()
	rules, violations := compileRules(admin)
	if err := errs.Violated(violations); err != nil {
		return nil, err
	}
	return newRules(append(rules, starting.rules...)), nil
}

func newRules(rules []compiled) *Rules {
	sum := sha256.New()
	for _, r := range rules {
		fmt.Fprintf(sum, "%q\n", []string{
			r.ID, string(r.Kind), r.Publisher, r.Name, r.Version, r.Product.Publisher, r.Product.Family, r.Product.Edition, r.Product.Version,
			r.Title.Publisher, r.Title.Name, r.Title.Version,
		})
	}
	return &Rules{ID: hex.EncodeToString(sum.Sum(nil)[:12]), rules: rules}
}

func compileRules(rules []Rule) (all []compiled, violations []errs.Violation) {
	ids := map[string]bool{}
	for i, r := range rules {
		c, broken := compileRule(r)
		if r.ID == "" || ids[r.ID] || len(r.ID) > MaxRuleText {
			broken = append(broken, errs.Violation{Code: "rule_id", Field: "id", Value: text.Shorten(r.ID, 100)})
		}
		ids[r.ID] = true
		for _, v := range broken {
			v.Field = fmt.Sprintf("rules/%d/%s", i, v.Field)
			violations = append(violations, v)
		}
		all = append(all, c)
	}
	return all, violations
}

// MaxRuleText is the maximum length of a text of a rule, in bytes.
const MaxRuleText = 256

// Check returns every violation of a rule, except of its ID: rule_kind, rule_name, rule_pattern,
// rule_product, rule_title or length_max, by field, such as name or product/family.
func (r Rule) Check() []errs.Violation {
	_, violations := compileRule(r)
	return violations
}

func compileRule(r Rule) (c compiled, violations []errs.Violation) {
	wrong := func(code, field, value string, args ...string) {
		violations = append(violations, errs.Violation{Code: code, Field: field, Value: text.Shorten(value, 100), Args: errs.Pairs(args...)})
	}
	c = compiled{Rule: r}
	if !slices.Contains(Kinds, r.Kind) {
		wrong("rule_kind", "kind", string(r.Kind))
	}
	if strings.Trim(r.Name, "* ") == "" {
		wrong("rule_name", "name", r.Name)
	}
	for _, field := range []struct {
		name, written string
		compiled      *product.Pattern // nil for a text that is not a pattern
	}{
		{"publisher", r.Publisher, &c.publisher},
		{"name", r.Name, &c.name},
		{"version", r.Version, &c.version},
		{"product/publisher", r.Product.Publisher, nil},
		{"product/family", r.Product.Family, nil},
		{"product/edition", r.Product.Edition, nil},
		{"product/version", r.Product.Version, nil},
		{"title/publisher", r.Title.Publisher, nil},
		{"title/name", r.Title.Name, nil},
		{"title/version", r.Title.Version, nil},
	} {
		if len(field.written) > MaxRuleText {
			wrong("length_max", field.name, field.written, "max", strconv.Itoa(MaxRuleText))
			continue
		}
		if field.written == "" || field.compiled == nil {
			continue
		}
		var ok bool
		if *field.compiled, ok = product.CompilePattern(field.written); !ok {
			wrong("rule_pattern", field.name, field.written)
		}
	}
	if r.Kind == Product && (r.Product.Publisher == "" || r.Product.Family == "") {
		wrong("rule_product", "product", r.Product.Family)
	}
	if r.Kind == Alias && text.Collapse(r.Title.Name) == "" {
		wrong("rule_title", "title", r.Title.Name)
	}
	return c, violations
}

// Recognize classifies a title. After an alias, the later rules see its real name.
func (rules *Rules) Recognize(t Title) (d Decision) {
	publisher, name, version := text.Fold(t.Publisher), text.Fold(t.Name), text.Fold(t.Version)
	for i := range rules.rules {
		r := &rules.rules[i]
		if r.publisher != nil && publisher != "" && !matches(r.publisher, publisher) {
			continue
		}
		values, ok := r.name.Match(name)
		if !ok || r.version != nil && !matches(r.version, version) {
			continue
		}
		if r.Kind == Alias {
			if d.Alias == "" {
				d.Alias = r.ID
			}
			name = text.Fold(r.Title.Name)
			if r.Title.Publisher != "" {
				publisher = text.Fold(r.Title.Publisher)
			}
			if r.Title.Version != "" {
				version = text.Fold(r.Title.Version)
			}
			continue
		}
		d.Kind, d.Rule, d.Product = r.Kind, r.ID, r.Product
		d.Product.Version = values.Fill(d.Product.Version, version)
		return d
	}
	return d
}

func matches(p product.Pattern, folded string) bool {
	_, ok := p.Match(folded)
	return ok
}

// Sentence returns the code and arguments of the message of package i18n: whether the title is
// counted, and by which rule.
func (d Decision) Sentence() (code string, args errs.Args) {
	what := string(d.Kind)
	switch {
	case d.Kind == Unknown:
		what = "unknown"
	case d.Kind == Component && d.Product.Family != "":
		what = "part"
	}
	return "inventory_is_" + what, errs.Pairs("rule", d.Rule, "product", ProductName(d.Product))
}

// ProductName returns the name of a product for users: "Microsoft Office Professional Plus 2019".
// It does not repeat a publisher with which the family begins.
func ProductName(p position.Product) string {
	publisher := p.Publisher
	if strings.HasPrefix(p.Family, publisher) {
		publisher = ""
	}
	return text.Collapse(strings.Join([]string{publisher, p.Family, p.Edition, p.Version}, " "))
}

//go:embed rules.csv
var startingCSV string

// StartingRules returns the starting rules of trueup: for the updates, components and runtimes
// that most titles of a Windows PC are, and for well-known products.
var StartingRules = sync.OnceValue(func() *Rules {
	rules, err := parseRules(startingCSV)
	if err != nil {
		panic(err) // a test parses them
	}
	return newRules(rules)
})

// The columns of rules.csv.
var ruleColumns = []string{"id", "kind", "publisher", "name", "version", "of publisher", "of family", "of edition", "of version"}

// parseRules reads rules.csv. A line that starts with # is a comment; none of its cells may start
// with a quote.
func parseRules(file string) ([]compiled, error) {
	var rules []Rule
	header := true
	for r := range sheet.Records(file, ',') {
		cells := r.Cells
		if strings.HasPrefix(cells[0], "#") {
			continue
		}
		if r.Flaw != "" || len(cells) != len(ruleColumns) || header && !slices.Equal(cells, ruleColumns) {
			return nil, fmt.Errorf("inventory: line %d of the rules does not have the columns %q", r.Line, ruleColumns)
		}
		if !header {
			rules = append(rules, Rule{
				ID: cells[0], Kind: Kind(cells[1]), Publisher: cells[2], Name: cells[3], Version: cells[4],
				Product: position.Product{Publisher: cells[5], Family: cells[6], Edition: cells[7], Version: cells[8]},
			})
		}
		header = false
	}
	if header {
		return nil, errors.New("inventory: the rules have no header")
	}
	all, violations := compileRules(rules)
	return all, errs.Violated(violations)
}
