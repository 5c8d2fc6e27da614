package catalog

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/cursor"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/product"
	"trueup/internal/proposal"
	"trueup/internal/text"
)

// QueueEntry is the unknown titles of one name and publisher.
type QueueEntry struct {
	ID           string           `json:"id" doc:"The id of the entry, which depends on name and publisher." example:"0f1e2d3c4b5a6978"`
	Publisher    string           `json:"publisher,omitempty" doc:"The publisher as detected; absent if the files have none." example:"Adobe Systems"`
	Name         string           `json:"name" doc:"The name as detected on most PCs, without version, language and architecture." example:"Acrobat Profesional"`
	Linux        bool             `json:"linux" doc:"Whether it is a package of a Linux distribution." example:"false"`
	Devices      int              `json:"devices" minimum:"0" doc:"The number of PCs with one of the titles. A PC with several versions can count for each." example:"17"`
	Versions     []QueueVersion   `json:"versions" doc:"The versions, the ones on most PCs first, at most 20."`
	VersionCount int              `json:"versionCount" minimum:"1" doc:"The number of all versions." example:"3"`
	Likelihood   int              `json:"likelihood" minimum:"0" maximum:"100" doc:"How likely it is that the titles need a licence." example:"70"`
	Reasons      []httpapi.Reason `json:"reasons" doc:"The facts from which the likelihood was computed."`
	Proposals    []Proposal       `json:"proposals" doc:"The products that the titles may be, the most similar first, at most 3."`
}

// QueueVersion is a version of an entry.
type QueueVersion struct {
	Version string `json:"version,omitempty" doc:"The version as detected, or else in the name; absent if there is none." example:"11.0.2"`
	Devices int    `json:"devices" minimum:"0" doc:"The number of PCs with this version." example:"12"`
}

// Proposal is a product of the dictionary, or of Microsoft's list of subscriptions, that resembles a name.
type Proposal struct {
	ID      string     `json:"id,omitempty" doc:"The id with which the proposal is accepted; absent for a typed name." example:"0f1e2d3c4b5a6978.adobe-acrobat-pro"`
	Kind    ChoiceKind `json:"kind" doc:"Whether it needs a licence." example:"product"`
	Product Product    `json:"product" doc:"The product. The version of the proposal for an entry can have the placeholders {year}, {number} and {major}, as in a rule."`
	Score   int        `json:"score" minimum:"0" maximum:"100" doc:"How much the name resembles the product; 100 if the name is known." example:"92"`
}

func proposalOf(entry string, p proposal.Proposal) Proposal {
	out := Proposal{
		Kind: ChoiceKind(p.Kind), Score: p.Score,
		Product: Product{Publisher: p.Product.Publisher, Family: p.Product.Family, Edition: p.Product.Edition, Version: p.Product.Version},
	}
	if entry != "" {
		out.ID = entry + proposalSeparator + p.Row
	}
	return out
}

// proposalSeparator is between the id of an entry and the id of a row in the id of a proposal.
const proposalSeparator = "."

func queueEntryOf(lang i18n.Lang, e proposal.Entry) QueueEntry {
	out := QueueEntry{
		ID: e.ID, Publisher: e.Publisher, Name: e.Name, Linux: e.Linux, Devices: e.Devices, Versions: []QueueVersion{}, VersionCount: e.AllVersions,
		Likelihood: e.Likelihood, Reasons: []httpapi.Reason{}, Proposals: []Proposal{},
	}
	for _, v := range e.Versions {
		out.Versions = append(out.Versions, QueueVersion(v))
	}
	for _, f := range e.Facts {
		out.Reasons = append(out.Reasons, *reasonOf(lang, string(f), nil))
	}
	for _, p := range e.Proposals() {
		out.Proposals = append(out.Proposals, proposalOf(e.ID, p))
	}
	return out
}

// LinuxFilter selects entries by whether they are packages of Linux distributions.
type LinuxFilter string

// The filters.
const (
	withoutLinux LinuxFilter = "without"
	onlyLinux    LinuxFilter = "only"
)

var linuxFilters = []LinuxFilter{withoutLinux, onlyLinux}

// QueuePage is a page of the queue.
type QueuePage struct {
	Items        []QueueEntry `json:"items" doc:"The entries of this page: by the number of PCs times the likelihood."`
	NextCursor   string       `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
	Total        int          `json:"total" minimum:"0" doc:"The number of entries on all pages." example:"31"`
	RulesVersion int64        `json:"rulesVersion" minimum:"0" doc:"The version of all rules of admins; 0 if there was never one." example:"4"`
}

type listQueueInput struct {
	httpapi.Reader
	httpapi.Paging
	Source string      `query:"source" maxLength:"1024" doc:"Only titles of this source." example:"intune"`
	Query  string      `query:"q" maxLength:"256" doc:"Only entries whose publisher, name or listed versions contain this text, without regard to case." example:"acrobat"`
	Linux  LinuxFilter `query:"linux" default:"without" doc:"Packages of Linux distributions only, or everything else: one Linux PC has thousands of them."`
}

func (o *operations) queueOperations() httpapi.Operations {
	return httpapi.Operations{
		"listQueue":       o.listQueue,
		"acceptProposals": o.acceptProposals,
		"proposeProducts": o.proposeProducts,
		"exportRules":     o.exportRules,
	}
}

func (o *operations) listQueue(api huma.API, op huma.Operation) {
	op.Summary = "List the queue of unknown titles"
	op.Description = "Lists the titles that neither a rule nor the dictionary of products knows, all versions of a name and publisher as one entry, with the likelihood that they need a licence and the products that they may be. " +
		"The ETag is of the version of all rules and decisions, for acceptances. A cursor is no longer valid after a file was counted or a rule was changed: start again."
	huma.Register(api, op, func(ctx context.Context, in *listQueueInput) (*httpapi.Versioned[QueuePage], error) {
		records, rules, err := o.inventoried(ctx)
		if err != nil {
			return nil, err
		}
		query := []string{op.OperationID, in.Source, in.Query, string(in.Linux), rules.All.ID}
		for _, r := range records {
			if r.Good != nil {
				query = append(query, r.Source, r.Good.Tally)
			}
		}
		var at titlesPage
		if _, err := cursor.Decode(in.Cursor, &at, query...); err != nil {
			return nil, err
		}
		tallies, err := o.Counts.TalliesOf(ctx, records)
		if err != nil {
			return nil, err
		}
		products, err := o.Catalog.Products(ctx)
		if err != nil {
			return nil, err
		}
		entries := in.entries(products, tallies, rules.All)
		body := QueuePage{Items: []QueueEntry{}, Total: len(entries), RulesVersion: rules.Version}
		begin := min(max(at.After, 0), len(entries))
		end := min(begin+in.Limit, len(entries))
		lang := in.Lang()
		for _, e := range entries[begin:end] {
			body.Items = append(body.Items, queueEntryOf(lang, e))
		}
		if end < len(entries) {
			body.NextCursor = cursor.Encode(titlesPage{end}, query...)
		}
		return httpapi.VersionedOf(httpapi.ETag(lang, rules.Version), body), nil
	})
}

// entries returns the entries that the parameters select, in order.
func (in *listQueueInput) entries(products *product.Dictionary, tallies []inventory.Counted, rules *inventory.Rules) []proposal.Entry {
	if in.Source != "" {
		tallies = slices.DeleteFunc(slices.Clone(tallies), func(c inventory.Counted) bool { return c.Source != in.Source })
	}
	query := text.Fold(in.Query)
	return slices.DeleteFunc(proposal.Queue(products, tallies, rules), func(e proposal.Entry) bool {
		return e.Linux != (in.Linux == onlyLinux) || !e.Has(query)
	})
}

type proposeInput struct {
	Publisher string `query:"publisher" maxLength:"256" doc:"The publisher, as typed." example:"Adobe"`
	Name      string `query:"name" required:"true" minLength:"1" maxLength:"256" doc:"The name of the product, as typed or on a statement." example:"Acrobat Profesional"`
}

// Proposals are products that resemble a name.
type Proposals struct {
	Items []Proposal `json:"items" doc:"The products, the most similar first, at most 3."`
}

type proposeOutput struct{ Body Proposals }

func (o *operations) proposeProducts(api huma.API, op huma.Operation) {
	op.Summary = "Propose products for a name"
	op.Description = "Returns the products of the dictionary, and of Microsoft's list of subscriptions, that a name on an agreement or a statement may stand for: first the product that is known by this name, with score 100, then similar ones."
	huma.Register(api, op, func(ctx context.Context, in *proposeInput) (*proposeOutput, error) {
		products, err := o.Catalog.Products(ctx)
		if err != nil {
			return nil, err
		}
		out := &proposeOutput{Proposals{Items: []Proposal{}}}
		for _, p := range proposal.Named(products, in.Publisher, in.Name) {
			out.Body.Items = append(out.Body.Items, proposalOf("", p))
		}
		return out, nil
	})
}
