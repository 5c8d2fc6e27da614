package catalog

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/proposal"
	"trueup/internal/text"
)

// AcceptedKind is what the titles of an entry are.
type AcceptedKind string

var acceptedKinds = []AcceptedKind{AcceptedKind(inventory.Product), AcceptedKind(inventory.Free), AcceptedKind(inventory.Ignored)}

// Acceptances is decisions about entries of the queue. The limits keep a body within the number of
// values that is read.
type Acceptances struct {
	Proposals []string     `json:"proposals,omitempty" maxItems:"240" doc:"Ids of proposals that are accepted, at most one for each entry." example:"[\"0f1e2d3c4b5a6978.adobe-acrobat-pro\"]"`
	Entries   []string     `json:"entries,omitempty" maxItems:"240" doc:"Ids of entries that are all of the kind, and of the product." example:"[\"1f1e2d3c4b5a6978\"]"`
	Kind      AcceptedKind `json:"kind,omitempty" doc:"What the entries are. Required with entries." example:"ignored"`
	Product   *Product     `json:"product,omitempty" doc:"The product of the entries, which must need a licence, if they are of the kind product. The version {number} stands for the version in the name."`

	product position.Product // parsed
}

// exampleAcceptances is a body for the OpenAPI document.
var exampleAcceptances = map[string]any{"proposals": []string{"0f1e2d3c4b5a6978.adobe-acrobat-pro"}, "entries": []string{"1f1e2d3c4b5a6978"}, "kind": inventory.Ignored}

// choices returns the entries and what each is, in the order of the body.
func (a *Acceptances) choices() []choice {
	var all []choice
	for _, id := range a.Proposals {
		entry, row, _ := strings.Cut(id, proposalSeparator)
		all = append(all, choice{id: id, entry: entry, row: row})
	}
	for _, id := range a.Entries {
		all = append(all, choice{id: id, entry: id, kind: inventory.Kind(a.Kind), product: a.product})
	}
	return all
}

// choice is what an entry is: the product of a row of the dictionary, or a kind and a product.
type choice struct {
	id      string // as in the body
	entry   string
	row     string
	kind    inventory.Kind
	product position.Product
}

// rules returns the rules for an entry; nil if there is no such product.
func (c choice) rules(e proposal.Entry, newID func() string) []inventory.Rule {
	if c.row == "" {
		return e.Rules(c.kind, c.product, newID)
	}
	p, ok := e.Proposal(c.row)
	if !ok {
		return nil
	}
	return e.Rules(p.Kind, p.Product, newID)
}

func (a *Acceptances) check() (broken []errs.Violation) {
	if len(a.Proposals)+len(a.Entries) == 0 {
		return append(a.checkProduct(), errs.Violation{Code: "acceptances_required", Field: httpapi.WholeBody})
	}
	for i, id := range a.Proposals {
		if entry, row, _ := strings.Cut(id, proposalSeparator); entry == "" || row == "" {
			broken = append(broken, errs.Violation{Code: "proposal_id", Field: "proposals/" + strconv.Itoa(i), Value: text.Shorten(id, 100)})
		}
	}
	if len(a.Entries) > 0 && a.Kind == "" {
		broken = append(broken, errs.Violation{Code: "field_required", Field: "kind"})
	}
	return slices.Concat(broken, a.repeated(), a.checkProduct())
}

// checkProduct parses the product like one of a rule of the kind. Without entries it has no use.
func (a *Acceptances) checkProduct() []errs.Violation {
	rule, broken := inventory.ParseRule(inventory.Rule{
		Kind: cmp.Or(inventory.Kind(a.Kind), inventory.Ignored), Name: "any {year} {number}", Product: a.Product.product(),
	})
	a.product = rule.Product
	if version := a.product.Version; strings.ContainsAny(version, "{}") && !slices.Contains(proposal.Placeholders, version) && broken == nil {
		broken = append(broken, errs.Violation{Code: "rule_pattern", Field: "product/version", Value: text.Shorten(version, 100)})
	}
	return broken
}

// repeated returns a violation for each entry that another one repeats.
func (a *Acceptances) repeated() (broken []errs.Violation) {
	seen := map[string]bool{}
	for i, c := range a.choices() {
		field := "proposals/" + strconv.Itoa(i)
		if i >= len(a.Proposals) {
			field = "entries/" + strconv.Itoa(i-len(a.Proposals))
		}
		if seen[c.entry] {
			broken = append(broken, errs.Violation{Code: "entry_repeated", Field: field, Value: text.Shorten(c.id, 100)})
		}
		seen[c.entry] = true
	}
	return broken
}

// Accepted is what was made of decisions about the queue.
type Accepted struct {
	Items        []AcceptedEntry  `json:"items" doc:"The entries for which rules were added."`
	NotFound     []string         `json:"notFound" doc:"The ids of proposals and entries that do not exist, for example because another admin has accepted them meanwhile."`
	RulesVersion int64            `json:"rulesVersion" minimum:"0" doc:"The version of all rules of admins." example:"4"`
	Warnings     []httpapi.Reason `json:"warnings" doc:"Titles that the rules take from products of the dictionary (the 10 on most PCs), and rules that never apply, because an earlier rule takes all their titles; in the reader's language."`
}

// AcceptedEntry is an entry with its rules.
type AcceptedEntry struct {
	Entry string   `json:"entry" doc:"The id of the entry." example:"0f1e2d3c4b5a6978"`
	Rules []string `json:"rules" doc:"The ids of its rules: mostly one, and more if the name is written in several ways." example:"[\"own-7k2m9x4w0q\"]"`
}

type acceptInput struct {
	httpapi.Reader
	httpapi.Repeatable
	httpapi.Revision
	Body Acceptances
}

// Resolve implements huma.Resolver.
func (in *acceptInput) Resolve(huma.Context) []error { return httpapi.Refusals(in.Body.check()) }

func (o *operations) acceptProposals(api huma.API, op huma.Operation) {
	op.Summary = "Accept proposals for unknown titles"
	op.Description = "Decides what entries of the queue are: proposals as they are, or a product, free or ignored. It adds rules of an admin that recognise the titles of each entry in every version, all of them in one change, or none. " +
		"Entries that do not exist any more are skipped and listed. Files are then counted again by the changed rules."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *acceptInput) (*httpapi.Versioned[httpapi.Reply[Accepted]], error) {
		accepted, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, o.Now(), op.OperationID, in.Body, func(call httpapi.Call[Accepted]) (httpapi.Reply[Accepted], error) {
			return o.accept(ctx, in, call)
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), accepted.Value.RulesVersion), accepted), nil
	})
}

// accept adds the rules of all choices in one change.
func (o *operations) accept(ctx context.Context, in *acceptInput, call httpapi.Call[Accepted]) (reply httpapi.Reply[Accepted], err error) {
	tallies, err := o.Counts.Tallies(ctx)
	if err != nil {
		return reply, err
	}
	products, err := o.Catalog.Products(ctx)
	if err != nil {
		return reply, err
	}
	now := o.Now()
	return revise(ctx, o, in.Revision, call, func(list inventory.RuleList) (*edit, Accepted, error) {
		made := o.made(in.Body.choices(), proposal.Queue(products, tallies, list.All))
		made.RulesVersion = list.Version
		if len(made.rules) == 0 {
			return nil, made.Accepted, nil
		}
		admin := slices.Concat(list.Admin, made.rules)
		rules, err := rulesOf(admin, list.Decisions)
		if err != nil {
			return nil, Accepted{}, err
		}
		made.Warnings = reasons(in.Lang(), rules.Warnings(made.ids(), tallies))
		made.RulesVersion = list.Version + 1
		event := o.Event(ctx, now, "proposals.accepted")
		event.Subject, event.After = "inventory-rules", made.values()
		return &edit{admin, list.Decisions, event}, made.Accepted, nil
	})
}

// made is the rules of choices.
type made struct {
	Accepted

	names []string // of the entries
	rules []inventory.Rule
}

func (o *operations) made(choices []choice, queue []proposal.Entry) made {
	entries := make(map[string]proposal.Entry, len(queue))
	for _, e := range queue {
		entries[e.ID] = e
	}
	m := made{Accepted: Accepted{Items: []AcceptedEntry{}, NotFound: []string{}, Warnings: []httpapi.Reason{}}}
	for _, c := range choices {
		e, ok := entries[c.entry]
		var rules []inventory.Rule
		if ok {
			rules = c.rules(e, o.newRuleID)
		}
		if len(rules) == 0 {
			m.NotFound = append(m.NotFound, c.id)
			continue
		}
		item := AcceptedEntry{Entry: e.ID}
		for _, r := range rules {
			item.Rules = append(item.Rules, r.ID)
		}
		m.Items, m.names, m.rules = append(m.Items, item), append(m.names, e.Name), append(m.rules, rules...)
	}
	return m
}

func (m made) ids() []string {
	ids := make([]string, len(m.rules))
	for i, r := range m.rules {
		ids[i] = r.ID
	}
	return ids
}

// maxEventText is the maximum length of the names in an audit event, in characters.
const maxEventText = 1000

// values returns one audit event for all rules: an event for each would not fit in the transaction of
// the change.
func (m made) values() map[string]string {
	return map[string]string{
		"entries": strconv.Itoa(len(m.Items)), "rules": strconv.Itoa(len(m.rules)), "names": text.Shorten(strings.Join(m.names, "; "), maxEventText),
	}
}
