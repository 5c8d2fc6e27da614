package inventory

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"trueup/internal/errs"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/text"
)

// Kind classifies a title.
type Kind string

// The kinds. A Product counts as installed, and an Undecidable title may be one.
const (
	Unknown     Kind = ""                            // neither a rule nor the dictionary knows the title
	Product     Kind = Kind(product.KindProduct)     // an installed product
	Undecidable Kind = Kind(product.KindUndecidable) // the name does not tell which of several products it is
	Component   Kind = Kind(product.KindComponent)   // a part of a product that another title counts
	Update      Kind = Kind(product.KindUpdate)      // an update, hotfix or service pack
	Language    Kind = Kind(product.KindLanguage)    // a language pack, MUI part or proofing tool
	Driver      Kind = Kind(product.KindDriver)      // of a device, with its tools
	Runtime     Kind = Kind(product.KindRuntime)     // needed by other programs: redistributables, runtimes, client libraries
	Free        Kind = Kind(product.KindFree)        // needs no license
	Ignored     Kind = "ignored"                     // by a rule of an admin
	Alias       Kind = "alias"                       // of a rule only: the title is another name of Title
)

// Kinds are the kinds that an admin's rule can have.
var Kinds = []Kind{Product, Component, Update, Language, Driver, Runtime, Free, Ignored, Alias}

// TitleKinds are the kinds of titles, except Unknown.
var TitleKinds = []Kind{Product, Undecidable, Component, Update, Language, Driver, Runtime, Free, Ignored}

// installs reports whether titles of the kind count as installations of a product.
func (k Kind) installs() bool { return k == Product || k == Undecidable }

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
	Kind Kind
	// Rule is the ID of the admin's rule, or of the row or rule of the dictionary, that decided. It is
	// empty when Unknown, and "decision/" and the row after an admin's Choice.
	Rule    string
	Alias   string           // ID of the rule that gave the title another name; empty for none
	Product position.Product // the Product, the product of a Component, or what an Undecidable title counts as until it is decided
}

// Rules is an immutable, ordered list of admins' rules, followed by the dictionary of products.
// The first rule that matches decides; only if none does, the dictionary.
type Rules struct {
	// ID changes when a rule, the order, the dictionary or what is counted changes. A tally with
	// another ID has to be counted again.
	ID         string
	rules      []compiled
	choices    map[string]choices // by row
	dictionary *product.Dictionary
}

type compiled struct {
	Rule
	publisher, name, version product.Pattern // nil for any
}

// MaxRules is the maximum number of an admin's rules.
const MaxRules = 2000

// NewRules returns admins' rules and decisions, on top of the dictionary. An error is errs.Invalid
// with every violation: rule_id, rule_kind, rule_name, rule_pattern, rule_product, rule_title,
// length_max, choice_kind, choices_many, or rules_many. New ones are parsed before (ParseRule).
func NewRules(admin []Rule, decisions []Choices) (*Rules, error) {
	if len(admin) > MaxRules {
		return nil, errs.New(errs.Invalid, "rules_many", "max", strconv.Itoa(MaxRules))
	}
	rules, violations := compileRules(admin)
	chosen := map[string]choices{}
	for _, c := range decisions {
		compiled, wrong := compileChoices(c)
		chosen[c.ID] = compiled
		violations = append(violations, wrong...)
	}
	if err := errs.Violated(violations); err != nil {
		return nil, err
	}
	return newRules(rules, chosen, digest(admin, decisions)), nil
}

// starting is a variable without an initial value, so that programs that recognise no titles are
// linked without the dictionary.
var starting struct {
	once  sync.Once
	rules *Rules
}

// StartingRules returns the rules of an organisation without rules of its own: the dictionary.
func StartingRules() *Rules {
	starting.once.Do(func() { starting.rules = newRules(nil, nil, digest(nil, nil)) })
	return starting.rules
}

func newRules(rules []compiled, chosen map[string]choices, id string) *Rules {
	return &Rules{ID: id, rules: rules, choices: chosen, dictionary: builtin.Load()}
}

// countVersion is part of Rules.ID. A change of what is counted increases it, so that stored files are
// counted again.
const countVersion = 3

// digest returns the Rules.ID.
func digest(admin []Rule, decisions []Choices) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d %s\n", countVersion, builtin.ID())
	for _, r := range admin {
		fmt.Fprintf(sum, "%q\n", []string{
			r.ID, string(r.Kind), r.Publisher, r.Name, r.Version, r.Product.Publisher, r.Product.Family, r.Product.Edition, r.Product.Version,
			r.Title.Publisher, r.Title.Name, r.Title.Version,
		})
	}
	for _, d := range decisions {
		for _, c := range d.All {
			fmt.Fprintf(sum, "%q\n", []string{
				d.ID, c.Versions, string(c.Kind), c.Product.Publisher, c.Product.Family, c.Product.Edition, c.Product.Version,
			})
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
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

// compileRule compiles a rule, or returns every violation, except of its ID: rule_kind, rule_name,
// rule_pattern, rule_product, rule_title or length_max.
func compileRule(r Rule) (c compiled, violations []errs.Violation) {
	wrong := func(code, field, value string, args ...string) {
		violations = append(violations, violation(code, field, value, args...))
	}
	c = compiled{Rule: r}
	if !slices.Contains(Kinds, r.Kind) {
		wrong("rule_kind", "kind", string(r.Kind))
	}
	if text.IsBlank(strings.ReplaceAll(r.Name, "*", "")) {
		wrong("rule_name", "name", r.Name)
	}
	patterns := []*product.Pattern{&c.publisher, &c.name, &c.version}
	for i, t := range r.texts() {
		if len(*t.written) > MaxRuleText {
			wrong("length_max", t.field, *t.written, "max", strconv.Itoa(MaxRuleText))
			continue
		}
		if i >= len(patterns) || *t.written == "" {
			continue
		}
		var ok bool
		if *patterns[i], ok = product.CompilePattern(*t.written); !ok {
			wrong("rule_pattern", t.field, *t.written)
		}
	}
	if r.Kind == Product && (text.IsBlank(r.Product.Publisher) || text.IsBlank(r.Product.Family)) {
		wrong("rule_product", "product", r.Product.Family)
	}
	if r.Kind == Alias && text.IsBlank(r.Title.Name) {
		wrong("rule_title", "title", r.Title.Name)
	}
	return c, violations
}

// Recognize classifies a title. After an alias, the later rules and the dictionary see its real
// name.
func (rules *Rules) Recognize(t Title) Decision { return rules.follow(t, nil) }

// recognizeAll classifies titles, concurrently.
func (rules *Rules) recognizeAll(titles []Title) []Decision {
	decisions := make([]Decision, len(titles))
	var all sync.WaitGroup
	for first := range counters {
		all.Go(func() {
			for i := first; i < len(titles); i += counters {
				decisions[i] = rules.Recognize(titles[i])
			}
		})
	}
	all.Wait()
	return decisions
}

// trace is what applied to a title.
type trace struct {
	rules  []string // IDs of admins' rules: aliases, and the rule that decides
	choice int      // number of the Choice that decides, from 1; 0 for none
}

// follow is Recognize, and fills seen if it is not nil.
func (rules *Rules) follow(t Title, seen *trace) (d Decision) {
	publisher, name, version := text.Fold(t.Publisher), text.Fold(t.Name), text.Fold(t.Version)
	for i := range rules.rules {
		r := &rules.rules[i]
		if publisher != "" && !matches(r.publisher, publisher) || !matches(r.version, version) {
			continue
		}
		values, ok := r.name.Match(name)
		if !ok {
			continue
		}
		if seen != nil {
			seen.rules = append(seen.rules, r.ID)
		}
		if r.Kind == Alias {
			if d.Alias == "" {
				d.Alias = r.ID
			}
			t = Title{Publisher: cmp.Or(r.Title.Publisher, t.Publisher), Name: r.Title.Name, Version: cmp.Or(r.Title.Version, t.Version)}
			publisher, name, version = text.Fold(t.Publisher), text.Fold(t.Name), text.Fold(t.Version)
			continue
		}
		d.Kind, d.Rule, d.Product = r.Kind, r.ID, r.Product
		d.Product.Version = values.Fill(d.Product.Version, version)
		d.Product = rules.canonical(d.Product)
		return d
	}
	if m, ok := rules.dictionary.Recognize(product.Title(t)); ok {
		d.Kind, d.Rule = Kind(m.Kind), m.Rule
		if d.Kind.installs() {
			d.Product = m.Product
		}
		if d.Kind == Undecidable {
			d = rules.decide(d, t, seen)
		}
	}
	return d
}

// canonical returns the product as a licence of that name is named, so that the installations of an
// admin's rule meet their licences.
func (rules *Rules) canonical(p position.Product) position.Product {
	return rules.dictionary.Ruled(p)
}

// matches reports whether a pattern matches folded text; nil matches any.
func matches(p product.Pattern, folded string) bool {
	if p == nil {
		return true
	}
	_, ok := p.Match(folded)
	return ok
}

// Sentence returns the code and arguments of the message of package i18n: whether the title is
// counted, and by which rule.
func (d Decision) Sentence() (code string, args errs.Args) {
	what := string(d.Kind)
	switch {
	case d.isDecided():
		what += "_by_decision"
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
