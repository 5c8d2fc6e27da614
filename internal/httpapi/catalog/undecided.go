package catalog

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// Undecided is the undecidable titles of one name: each may be one of the candidates.
type Undecided struct {
	ID         string           `json:"id" doc:"The id of the name, for decisions." example:"adobe-acrobat-undecidable"`
	Name       string           `json:"name" doc:"The name with its publisher, without a version." example:"Adobe Acrobat"`
	Devices    int              `json:"devices" minimum:"0" doc:"The number of PCs with a title that is not decided. A PC with several versions can count for each." example:"20"`
	Candidates []Candidate      `json:"candidates" doc:"What the titles may be. A licence for any of them covers a title until it is decided."`
	Titles     []UndecidedTitle `json:"titles" doc:"The titles that are not decided, the ones on most PCs first, at most 100."`
}

// Candidate is what an undecidable title may be.
type Candidate struct {
	Kind    ChoiceKind `json:"kind" doc:"Whether it needs a licence." example:"product"`
	Product Product    `json:"product" doc:"The product, which a decision can name."`
}

// UndecidedTitle is a title in a source.
type UndecidedTitle struct {
	Source    string `json:"source" doc:"The source of the title." example:"intune"`
	Publisher string `json:"publisher,omitempty" doc:"The publisher as detected; absent if the file has none." example:"Adobe"`
	Name      string `json:"name" doc:"The name as detected." example:"Adobe Acrobat (64-bit)"`
	Version   string `json:"version,omitempty" doc:"The version as detected; absent if the file has none." example:"23.006.20360"`
	Devices   int    `json:"devices" minimum:"0" doc:"The number of PCs with the title." example:"17"`
}

// maxUndecidedTitles is the maximum number of titles shown for one name.
const maxUndecidedTitles = 100

// UndecidedList is all undecided titles.
type UndecidedList struct {
	Items []Undecided `json:"items" doc:"The names, the ones on most PCs first."`
}

// ChoiceKind is what an undecidable title can be.
type ChoiceKind string

var choiceKinds = []ChoiceKind{ChoiceKind(inventory.Free), ChoiceKind(inventory.Product)}

// Choice is what an admin decided that titles of some versions are. Package inventory validates it.
type Choice struct {
	Versions string     `json:"versions,omitempty" maxLength:"256" doc:"A pattern of the versions to which it applies: of the detected version, or of the version in the product's name. If absent, every version." example:"23.*"`
	Kind     ChoiceKind `json:"kind" doc:"product, or free if no licence is needed." example:"product"`
	Product  *Product   `json:"product,omitempty" doc:"The product, usually a candidate, if the kind is product. Without a version it has the version of the title."`
}

// Choices is the body of a decision.
type Choices struct {
	Choices []Choice `json:"choices" doc:"The first whose versions match counts, so a choice for every version comes last. Titles that none matches stay undecided. At most 50."`
}

// TitleDecision is a decision about the undecidable titles of one name.
type TitleDecision struct {
	ID   string `json:"id" doc:"The id of the name." example:"adobe-acrobat-undecidable"`
	Name string `json:"name" doc:"The name with its publisher, without a version." example:"Adobe Acrobat"`
	Choices
}

// ChangedDecision is a decision that was made or changed.
type ChangedDecision struct {
	TitleDecision
	RulesVersion int64            `json:"rulesVersion" minimum:"1" doc:"The version of all rules and decisions of admins." example:"4"`
	Matches      []TitleMatches   `json:"matches" doc:"What each choice applies to in the current files of inventory, in the order of the choices."`
	Warnings     []httpapi.Reason `json:"warnings" doc:"Warnings about the decision, in the reader's language: no detected title has the versions of a choice, or a product is none of the candidates. The decision was stored nevertheless."`
}

// TitleDecisionList is all decisions.
type TitleDecisionList struct {
	Items        []TitleDecision `json:"items" doc:"The decisions, sorted by id."`
	RulesVersion int64           `json:"rulesVersion" minimum:"0" doc:"The version of all rules and decisions of admins; 0 if there was never one." example:"4"`
}

func (c Choices) of(id string) inventory.Choices {
	all := inventory.Choices{ID: id}
	for _, one := range c.Choices {
		all.All = append(all.All, inventory.Choice{Versions: one.Versions, Kind: inventory.Kind(one.Kind), Product: one.Product.product()})
	}
	return all
}

func titleDecisionOf(c inventory.Choices) TitleDecision {
	d := TitleDecision{ID: c.ID, Name: c.ID, Choices: Choices{Choices: []Choice{}}}
	if row, err := inventory.UndecidableRow(c.ID); err == nil {
		d.Name = nameOf(row)
	}
	for _, one := range c.All {
		d.Choices.Choices = append(d.Choices.Choices, Choice{Versions: one.Versions, Kind: ChoiceKind(one.Kind), Product: productOf(one.Product)})
	}
	return d
}

func nameOf(row *product.Row) string {
	return inventory.ProductName(position.Product{Publisher: row.Publisher, Family: row.Family, Edition: row.Edition})
}

func (o *operations) decisionOperations() httpapi.Operations {
	return httpapi.Operations{
		"listUndecided":      o.listUndecided,
		"listTitleDecisions": o.listTitleDecisions,
		"getTitleDecision":   o.getTitleDecision,
		"decideTitle":        o.decideTitle,
		"undecideTitle":      o.undecideTitle,
	}
}

type listUndecidedInput struct{ httpapi.Reader }

type listUndecidedOutput struct{ Body UndecidedList }

func (o *operations) listUndecided(api huma.API, op huma.Operation) {
	op.Summary = "List undecided titles"
	op.Description = "Lists the titles whose names do not tell which of several products they are, and whether it needs a licence, such as Adobe Acrobat. " +
		"They never count as unlicensed. An admin can decide each once for all PCs."
	huma.Register(api, op, func(ctx context.Context, _ *listUndecidedInput) (*listUndecidedOutput, error) {
		tallies, err := o.Counts.Tallies(ctx)
		if err != nil {
			return nil, err
		}
		return &listUndecidedOutput{UndecidedList{undecided(tallies)}}, nil
	})
}

// undecided returns the undecided titles of all sources.
func undecided(tallies []inventory.Counted) []Undecided {
	byRow := map[string]*Undecided{}
	for _, counted := range tallies {
		for _, t := range counted.Tally.Titles {
			if t.Decision.Kind != inventory.Undecidable {
				continue
			}
			u := byRow[t.Decision.Rule]
			if u == nil {
				u = newUndecided(t.Decision.Rule)
				byRow[t.Decision.Rule] = u
			}
			u.Titles = append(u.Titles, UndecidedTitle{counted.Source, t.Publisher, t.Name, t.Version, t.Devices})
		}
		for _, p := range counted.Tally.Products {
			if row, ok := builtin.Products().Of(p.Product); ok && byRow[row.ID] != nil {
				byRow[row.ID].Devices += p.Devices
			}
		}
	}
	all := make([]Undecided, 0, len(byRow))
	for _, u := range byRow {
		slices.SortStableFunc(u.Titles, func(a, b UndecidedTitle) int { return cmp.Compare(b.Devices, a.Devices) })
		u.Titles = u.Titles[:min(len(u.Titles), maxUndecidedTitles)]
		all = append(all, *u)
	}
	slices.SortFunc(all, func(a, b Undecided) int { return cmp.Or(cmp.Compare(b.Devices, a.Devices), cmp.Compare(a.ID, b.ID)) })
	return all
}

func newUndecided(id string) *Undecided {
	u := &Undecided{ID: id, Name: id, Candidates: []Candidate{}}
	row, err := inventory.UndecidableRow(id)
	if err != nil {
		return u // counted by an earlier dictionary, and about to be counted again
	}
	u.Name = nameOf(row)
	for _, candidate := range row.Candidates {
		if c, ok := builtin.Products().Find(candidate); ok {
			u.Candidates = append(u.Candidates, Candidate{ChoiceKind(c.Kind), Product{Publisher: c.Publisher, Family: c.Family, Edition: c.Edition}})
		}
	}
	return u
}

type listTitleDecisionsInput struct{ httpapi.Reader }

func (o *operations) listTitleDecisions(api huma.API, op huma.Operation) {
	op.Summary = "List decisions about undecidable titles"
	op.Description = "Lists what admins decided about undecidable titles. The ETag is of the version of all rules and decisions."
	huma.Register(api, op, func(ctx context.Context, in *listTitleDecisionsInput) (*httpapi.Versioned[TitleDecisionList], error) {
		list, err := o.Counts.Rules(ctx)
		if err != nil {
			return nil, err
		}
		body := TitleDecisionList{Items: []TitleDecision{}, RulesVersion: list.Version}
		for _, c := range list.Decisions {
			body.Items = append(body.Items, titleDecisionOf(c))
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), list.Version), body), nil
	})
}

// UndecidedID is the path parameter of undecidable titles.
type UndecidedID struct {
	ID string `path:"title" maxLength:"100" doc:"The id of the name." example:"adobe-acrobat-undecidable"`
}

// RecordID returns the id.
func (i UndecidedID) RecordID() string { return i.ID }

type getTitleDecisionInput struct {
	httpapi.Reader
	UndecidedID
	httpapi.Condition
}

func (o *operations) getTitleDecision(api huma.API, op huma.Operation) {
	op.Summary = "Read a decision about undecidable titles"
	op.Description = "Returns what admins decided about the undecidable titles of one name. Its tag is of all rules and decisions, which have one version."
	httpapi.Read[getTitleDecisionInput](api, op, func(ctx context.Context, id string) (inventory.Choices, int64, error) {
		list, err := o.Counts.Rules(ctx)
		if err != nil {
			return inventory.Choices{}, 0, err
		}
		decided, err := list.Choices(id)
		return decided, list.Version, err
	}, func(_ context.Context, _ i18n.Lang, c inventory.Choices) (TitleDecision, error) {
		return titleDecisionOf(c), nil
	})
}

type decideTitleInput struct {
	httpapi.Reader
	UndecidedID
	httpapi.Revision
	Body Choices

	chosen inventory.Choices
}

// Resolve implements huma.Resolver.
func (in *decideTitleInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.chosen, broken = inventory.ParseChoices(in.Body.of(in.ID))
	return httpapi.Refusals(broken)
}

func (o *operations) decideTitle(api huma.API, op huma.Operation) {
	op.Summary = "Decide what undecidable titles are"
	op.Description = "Decides once for all PCs, or for each group of versions, whether undecidable titles are a product or free. It replaces an earlier decision. " +
		"Rules and decisions have one version, which If-Match compares. Files are then counted again."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *decideTitleInput) (*httpapi.Versioned[ChangedDecision], error) {
		tallies, err := o.Counts.Tallies(ctx)
		if err != nil {
			return nil, err
		}
		row, err := inventory.UndecidableRow(in.ID)
		if err != nil {
			return nil, err
		}
		body := ChangedDecision{TitleDecision: titleDecisionOf(in.chosen), Matches: []TitleMatches{}}
		decided, err := o.decide(ctx, in.Revision, in.chosen, "title.decided", func(list inventory.RuleList) error {
			rules, err := rulesOf(list.Admin, list.Deciding(in.chosen))
			if err != nil {
				return err
			}
			body.Matches = body.Matches[:0]
			for _, m := range rules.MatchedChoices(row.ID, tallies) {
				body.Matches = append(body.Matches, TitleMatches(m))
			}
			body.Warnings = reasons(in.Lang(), rules.ChoiceWarnings(row, tallies))
			return nil
		})
		if err != nil {
			return nil, err
		}
		body.RulesVersion = decided.Value.RulesVersion
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), body.RulesVersion), body), nil
	})
}

type undecideTitleInput struct {
	httpapi.Reader
	UndecidedID
	httpapi.Revision
}

func (o *operations) undecideTitle(api huma.API, op huma.Operation) {
	op.Summary = "Withdraw a decision about undecidable titles"
	op.Description = "Removes a decision, so that the titles are undecided again. Files are then counted again."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *undecideTitleInput) (*httpapi.Versioned[DeletedRule], error) {
		deleted, err := o.decide(ctx, in.Revision, inventory.Choices{ID: in.ID}, "title.undecided", func(list inventory.RuleList) error {
			_, err := list.Choices(in.ID)
			return err
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), deleted.Value.RulesVersion), deleted.Value), nil
	})
}

// decide stores choices if check allows it, and returns the new version of the rules. Without any
// choice the decision is removed.
func (o *operations) decide(ctx context.Context, r httpapi.Revision, chosen inventory.Choices, action string, check func(inventory.RuleList) error) (httpapi.Reply[DeletedRule], error) {
	now := o.Now()
	return revise(ctx, o, r, httpapi.Call[DeletedRule]{}, func(list inventory.RuleList) (*edit, DeletedRule, error) {
		if err := check(list); err != nil {
			return nil, DeletedRule{}, err
		}
		event := o.Event(ctx, now, action)
		event.Subject = "inventory-title/" + chosen.ID
		if before, err := list.Choices(chosen.ID); err == nil {
			event.Before = choiceValues(before)
		}
		if len(chosen.All) > 0 {
			event.After = choiceValues(chosen)
		}
		return &edit{list.Admin, list.Deciding(chosen), event}, DeletedRule{chosen.ID, list.Version + 1}, nil
	})
}

// choiceValues returns choices for an audit event.
func choiceValues(c inventory.Choices) map[string]string {
	values := map[string]string{}
	for i, one := range c.All {
		what := cmp.Or(inventory.ProductName(one.Product), string(one.Kind))
		if one.Versions != "" {
			what += " (" + one.Versions + ")"
		}
		values["choice"+strconv.Itoa(i+1)] = what
	}
	return values
}
