package catalog

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/cursor"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/inventory"
	"trueup/internal/position"
)

// Product is a product as it is counted.
type Product struct {
	Publisher string `json:"publisher,omitempty" doc:"The publisher of the product." example:"Microsoft"`
	Family    string `json:"family,omitempty" doc:"The product without edition and version." example:"Visio"`
	Edition   string `json:"edition,omitempty" doc:"The edition; absent if there is only one." example:"Professional"`
	Version   string `json:"version,omitempty" doc:"The version; absent for any. In a rule, {year}, {number} and {major} insert parts of the title." example:"2019"`
}

// productOf returns nil for an empty product.
func productOf(p position.Product) *Product {
	if p == (position.Product{}) {
		return nil
	}
	return &Product{Publisher: p.Publisher, Family: p.Family, Edition: p.Edition, Version: p.Version}
}

// TitleName is the title that an alias is replaced by.
type TitleName struct {
	Publisher string `json:"publisher,omitempty" doc:"The publisher; if absent, the detected one is kept." example:"Contoso"`
	Name      string `json:"name" doc:"The name that later rules recognise." example:"Contoso Expenses"`
	Version   string `json:"version,omitempty" doc:"The version; if absent, the detected one is kept." example:"5.2"`
}

// RuleText is the content of a rule. Package inventory validates it, in Resolve.
type RuleText struct {
	Kind      inventory.Kind `json:"kind" doc:"The kind of the matching titles. ignored: of no interest; alias: another name of a title; component: a part of a product." example:"product"`
	Publisher string         `json:"publisher,omitempty" maxLength:"256" doc:"A pattern of the publisher. If absent, any publisher matches. A title without a publisher matches every pattern." example:"contoso*"`
	Name      string         `json:"name" maxLength:"256" doc:"A pattern of the name: * matches any text, {year} a year, {number} digits with dots. A backslash makes one of * { } \\ literal: \\{x\\} matches {x}." example:"expense manager {number}*"`
	Version   string         `json:"version,omitempty" maxLength:"256" doc:"A pattern of the version. If absent, any version matches." example:"5.*"`
	Product   *Product       `json:"product,omitempty" doc:"The product to count, which must need a licence, or the product that a component belongs to. Other kinds have none."`
	Title     *TitleName     `json:"title,omitempty" doc:"The title that replaces the matching title, for an alias. Other kinds have none."`
}

// ruleKinds returns every kind of a rule, the ones that admins add most first.
func ruleKinds() []inventory.Kind {
	first := []inventory.Kind{inventory.Ignored, inventory.Alias, inventory.Component}
	return append(first, slices.DeleteFunc(slices.Clone(inventory.Kinds), func(k inventory.Kind) bool { return slices.Contains(first, k) })...)
}

func (t RuleText) rule() inventory.Rule {
	r := inventory.Rule{Kind: t.Kind, Publisher: t.Publisher, Name: t.Name, Version: t.Version, Product: t.Product.product()}
	if n := t.Title; n != nil {
		r.Title = inventory.Title{Publisher: n.Publisher, Name: n.Name, Version: n.Version}
	}
	return r
}

func ruleTextOf(r inventory.Rule) RuleText {
	t := RuleText{Kind: r.Kind, Publisher: r.Publisher, Name: r.Name, Version: r.Version, Product: productOf(r.Product)}
	if r.Title != (inventory.Title{}) {
		t.Title = &TitleName{Publisher: r.Title.Publisher, Name: r.Title.Name, Version: r.Title.Version}
	}
	return t
}

// NewRule is a rule and its position.
type NewRule struct {
	RuleText
	Position int `json:"position,omitempty" minimum:"1" maximum:"2000" doc:"The position among the rules of admins, from 1; the first matching rule decides. By default the last: after the other rules of admins, and before the dictionary of products." example:"1"`
}

// Rule is a rule that recognises titles.
type Rule struct {
	ID       string `json:"id" doc:"The id of the rule, which explanations contain. It never changes." example:"own-7k2m9x4w0q"`
	Position int    `json:"position" minimum:"1" doc:"The position in its list, from 1." example:"1"`
	RuleText
}

// ChangedRule is a rule that was added or changed.
type ChangedRule struct {
	Rule
	RulesVersion int64            `json:"rulesVersion" minimum:"1" doc:"The version of all rules of admins. It grows with every change of one of them." example:"4"`
	Matches      TitleMatches     `json:"matches" doc:"What follows the rule in the current files of inventory."`
	Warnings     []httpapi.Reason `json:"warnings" doc:"Warnings about the rule, in the reader's language: no detected title follows it, an earlier rule takes all its titles, or it takes titles from products and undecidable titles of the dictionary (the 10 on most PCs). The rule was stored nevertheless."`
}

// TitleMatches is what a rule or a choice applies to.
type TitleMatches struct {
	Titles  int `json:"titles" minimum:"0" doc:"The number of titles, each version in each source." example:"3"`
	Devices int `json:"devices" minimum:"0" doc:"The number of PCs with these titles. A PC counts once for each title." example:"20"`
}

// RulePage is a page of rules.
type RulePage struct {
	Items        []Rule `json:"items" doc:"The rules of this page, in the order in which they are applied."`
	NextCursor   string `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
	RulesVersion int64  `json:"rulesVersion" minimum:"0" doc:"The version of all rules of admins; 0 if there was never one." example:"4"`
}

// Origin says who wrote a rule.
type Origin string

// The origins.
const (
	originAdmin  Origin = "admin"
	originTrueup Origin = "trueup"
)

var origins = []Origin{originAdmin, originTrueup}

type listRulesInput struct {
	httpapi.Reader
	httpapi.Paging
	Origin Origin `query:"origin" default:"admin" doc:"Rules of admins, which are applied first, or the rules of the dictionary of products, whose names have alternatives: [a|b]."`
}

// rulesPage is the content of a cursor of rules.
type rulesPage struct {
	After int
}

func (o *operations) ruleOperations() httpapi.Operations {
	return httpapi.Operations{
		"listRules":   o.listRules,
		"createRule":  o.createRule,
		"replaceRule": o.replaceRule,
		"deleteRule":  o.deleteRule,
		"deleteRules": o.deleteRules,
	}
}

func (o *operations) listRules(api huma.API, op huma.Operation) {
	op.Summary = "List the rules that recognise titles"
	op.Description = "Lists rules in the order in which they are applied. The ETag is of the version of all rules and decisions of admins. A cursor is no longer valid after a rule was changed: start again."
	huma.Register(api, op, func(ctx context.Context, in *listRulesInput) (*httpapi.Versioned[RulePage], error) {
		list, err := o.Counts.Rules(ctx)
		if err != nil {
			return nil, err
		}
		query := []string{op.OperationID, string(in.Origin), strconv.FormatInt(list.Version, 10)}
		var at rulesPage
		if _, err := cursor.Decode(in.Cursor, &at, query...); err != nil {
			return nil, err
		}
		rules := list.Admin
		if in.Origin == originTrueup {
			rules = inventory.Starting()
		}
		begin := min(max(at.After, 0), len(rules))
		end := min(begin+in.Limit, len(rules))
		body := RulePage{Items: []Rule{}, RulesVersion: list.Version}
		for i := begin; i < end; i++ {
			body.Items = append(body.Items, Rule{ID: rules[i].ID, Position: i + 1, RuleText: ruleTextOf(rules[i])})
		}
		if end < len(rules) {
			body.NextCursor = cursor.Encode(rulesPage{end}, query...)
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), list.Version), body), nil
	})
}

type createRuleInput struct {
	httpapi.Reader
	httpapi.Repeatable
	httpapi.Revision
	Body NewRule

	rule inventory.Rule // without an ID
}

// Resolve implements huma.Resolver.
func (in *createRuleInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.rule, broken = inventory.ParseRule(in.Body.rule())
	return httpapi.Refusals(broken)
}

func (o *operations) createRule(api huma.API, op huma.Operation) {
	op.Summary = "Add a rule that recognises titles"
	op.Description = "Adds a rule of an admin: an alias, a title to ignore, a component that belongs to a product, or a product. " +
		"All rules have one version, which If-Match compares. Files are then counted again by the changed rules."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createRuleInput) (*httpapi.Versioned[httpapi.Reply[ChangedRule]], error) {
		rule := in.rule
		rule.ID = o.newRuleID()
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, o.Now(), op.OperationID, in.Body, func(call httpapi.Call[ChangedRule]) (httpapi.Reply[ChangedRule], error) {
			return o.setRule(ctx, in.Lang(), in.Revision, call, rule, in.Body.Position, func(inventory.RuleList) error { return nil })
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), created.Value.RulesVersion), created), nil
	})
}

// RuleID is the path parameter of a rule.
type RuleID struct {
	ID string `path:"id" maxLength:"64" doc:"The rule's id." example:"own-7k2m9x4w0q"`
}

type replaceRuleInput struct {
	httpapi.Reader
	RuleID
	httpapi.Revision
	Body NewRule

	rule inventory.Rule
}

// Resolve implements huma.Resolver.
func (in *replaceRuleInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.rule, broken = inventory.ParseRule(in.Body.rule())
	in.rule.ID = in.ID
	return httpapi.Refusals(broken)
}

func (o *operations) replaceRule(api huma.API, op huma.Operation) {
	op.Summary = "Change or move a rule that recognises titles"
	op.Description = "Replaces a rule of an admin. With a position it is moved there; otherwise it keeps its position. A rule of the dictionary of products cannot be changed; to override one, add a rule of an admin, which is applied first. Files are then counted again by the changed rules."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *replaceRuleInput) (*httpapi.Versioned[ChangedRule], error) {
		reply, err := o.setRule(ctx, in.Lang(), in.Revision, httpapi.Call[ChangedRule]{}, in.rule, in.Body.Position, func(list inventory.RuleList) error {
			_, _, err := list.Find(in.ID)
			return err
		})
		if err != nil {
			return nil, err
		}
		changed := reply.Value
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), changed.RulesVersion), changed), nil
	})
}

// setRule adds or replaces a rule of an admin if check allows it, at a position. Position 0
// keeps the position of an existing rule and puts a new one last.
func (o *operations) setRule(ctx context.Context, lang i18n.Lang, r httpapi.Revision, call httpapi.Call[ChangedRule], rule inventory.Rule, at int, check func(inventory.RuleList) error) (reply httpapi.Reply[ChangedRule], err error) {
	tallies, err := o.Counts.Tallies(ctx)
	if err != nil {
		return reply, err
	}
	now := o.Now()
	return revise(ctx, o, r, call, func(list inventory.RuleList) (*edit, ChangedRule, error) {
		if err := check(list); err != nil {
			return nil, ChangedRule{}, err
		}
		event := o.Event(ctx, now, "rule.added")
		event.Subject, event.After = "inventory-rule/"+rule.ID, ruleValues(rule, 0)
		place := at
		if before, was, err := list.Find(rule.ID); err == nil {
			event.Action, event.Before = "rule.changed", ruleValues(before, was)
			if place == 0 {
				place = was
			}
		}
		admin := list.With(rule, place)
		_, is, _ := inventory.RuleList{Admin: admin}.Find(rule.ID) // it was just added
		event.After["position"] = strconv.Itoa(is)
		rules, err := rulesOf(admin, list.Decisions)
		if err != nil {
			return nil, ChangedRule{}, err
		}
		ids := []string{rule.ID}
		return &edit{admin, list.Decisions, event}, ChangedRule{
			Rule{rule.ID, is, ruleTextOf(rule)},
			list.Version + 1,
			TitleMatches(rules.Matched(ids, tallies)[rule.ID]), reasons(lang, rules.Warnings(ids, tallies)),
		}, nil
	})
}

// newRuleID returns the id of a new rule.
func (o *operations) newRuleID() string { return "own-" + strings.ToLower(o.NewID()[:10]) }

// ruleValues returns the fields of a rule for an audit event.
func ruleValues(r inventory.Rule, position int) map[string]string {
	values := map[string]string{"position": strconv.Itoa(position)}
	for field, value := range map[string]string{
		"kind": string(r.Kind), "publisher": r.Publisher, "name": r.Name, "version": r.Version, "product": inventory.ProductName(r.Product),
		"title": strings.TrimSpace(r.Title.Publisher + " " + r.Title.Name + " " + r.Title.Version),
	} {
		if value != "" {
			values[field] = value
		}
	}
	return values
}

// DeletedRule is the response to the deletion of a rule.
type DeletedRule struct {
	ID           string `json:"id" doc:"The rule's id." example:"own-7k2m9x4w0q"`
	RulesVersion int64  `json:"rulesVersion" minimum:"1" doc:"The version of all rules of admins." example:"5"`
}

type deleteRuleInput struct {
	httpapi.Reader
	RuleID
	httpapi.Revision
}

func (o *operations) deleteRule(api huma.API, op huma.Operation) {
	op.Summary = "Delete a rule that recognises titles"
	op.Description = "Deletes a rule of an admin. The rules of the dictionary of products cannot be deleted; to override one, add a rule of an admin, which is applied first. Files are then counted again by the changed rules."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteRuleInput) (*httpapi.Versioned[DeletedRule], error) {
		now := o.Now()
		deleted, err := revise(ctx, o, in.Revision, httpapi.Call[DeletedRule]{}, func(list inventory.RuleList) (*edit, DeletedRule, error) {
			rule, at, err := list.Find(in.ID)
			if err != nil {
				return nil, DeletedRule{}, err
			}
			event := o.Event(ctx, now, "rule.deleted")
			event.Subject, event.Before = "inventory-rule/"+rule.ID, ruleValues(rule, at)
			return &edit{list.Without(in.ID), list.Decisions, event}, DeletedRule{in.ID, list.Version + 1}, nil
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), deleted.Value.RulesVersion), deleted.Value), nil
	})
}

// describeInventory adds limits that only the resolvers check to the OpenAPI document.
func describeInventory(document *huma.OpenAPI) {
	schemas := document.Components.Schemas.Map()
	one, text, choices := 1, inventory.MaxRuleText, inventory.MaxChoices
	schemas["DecisionChoices"].Properties["choices"].MinItems, schemas["DecisionChoices"].Properties["choices"].MaxItems = &one, &choices
	for _, schema := range []string{"Product", "TitleName"} {
		for _, property := range schemas[schema].Properties {
			property.MaxLength = &text
		}
	}
	schemas["ProposalAcceptance"].Examples = []any{exampleAcceptances}
	schemas["NewRule"].Properties["name"].MinLength = &one
	ids, most := schemas["RuleDeletions"].Properties["ids"], httpapi.MaxIDs
	ids.MinItems, ids.MaxItems, ids.UniqueItems = &one, &most, true
	schemas["TitleName"].Properties["name"].MinLength = &one
	name, size := intake.MaxStepChars, float64(kind.Inventory.MaxUpload())
	upload := schemas["NewInventoryFile"].Properties
	upload["fileName"].MaxLength, upload["source"].MaxLength, upload["size"].Maximum = &name, &name, &size
}
