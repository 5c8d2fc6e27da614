package catalog

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/cursor"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/text"
)

// Inventory is the total of all sources.
type Inventory struct {
	Devices  int               `json:"devices" minimum:"0" doc:"PCs with at least one title. Those of different sources are different PCs." example:"1997"`
	Titles   int               `json:"titles" minimum:"0" doc:"Different titles, all versions of one together; one that is in several sources counts in each." example:"412"`
	Unknown  int               `json:"unknown" minimum:"0" doc:"Titles that no rule knows, each version on its own: they wait for an admin." example:"31"`
	Counting bool              `json:"counting" doc:"Whether rules have changed, and files are being counted anew by them." example:"false"`
	Sources  []InventorySource `json:"sources" doc:"Every source, sorted by name."`
}

// InventorySource is one source of files. A newer file replaces the older one of the same
// source.
type InventorySource struct {
	Source  string          `json:"source" doc:"The folder below inventory/; without one, the system that the file comes from; unknown for a file that does not say." example:"intune"`
	Last    InventoryFile   `json:"last" doc:"The newest file that arrived, and what became of it."`
	Counted *InventoryCount `json:"counted,omitempty" doc:"The last file that could be counted: what counts. Missing as long as there was none."`
	Version int64           `json:"version" minimum:"0" doc:"Grows with every change." example:"3"`
}

// InventoryFile is a file of a source.
type InventoryFile struct {
	File   string          `json:"file" doc:"Its key in the uploads bucket." example:"inventory/appinvrawdata.csv"`
	Size   int64           `json:"size" minimum:"0" doc:"Bytes." example:"1048576"`
	At     time.Time       `json:"at" doc:"When it was put." example:"2026-11-21T09:30:00Z"`
	By     string          `json:"by" doc:"Who put it."`
	ReadAt time.Time       `json:"readAt" doc:"When it was read." example:"2026-11-21T09:30:04Z"`
	State  inventory.State `json:"state" doc:"A file that is refused replaces nothing." example:"counted"`
	Reason *httpapi.Reason `json:"reason,omitempty" doc:"Why it was refused."`
}

// InventoryCount is a file that was counted.
type InventoryCount struct {
	File           string          `json:"file" doc:"Its key in the uploads bucket." example:"inventory/appinvrawdata.csv"`
	At             time.Time       `json:"at" doc:"When it was put." example:"2026-11-21T09:30:00Z"`
	CountedAt      time.Time       `json:"countedAt" doc:"When it was counted, for the last time." example:"2026-11-21T09:30:04Z"`
	Shape          inventory.Shape `json:"shape" doc:"What it looks like." example:"intune-raw"`
	Estimated      bool            `json:"estimated" doc:"Whether the file tells numbers and not PCs (AppInvAggregate), so that PCs and products are the least there can be." example:"false"`
	Rows           int             `json:"rows" minimum:"0" doc:"A title on a PC each; those that could not be read too." example:"199700"`
	BadRows        int             `json:"badRows" minimum:"0" doc:"Rows that could not be read." example:"2"`
	Devices        int             `json:"devices" minimum:"0" doc:"PCs with at least one title." example:"1997"`
	Titles         int             `json:"titles" minimum:"0" doc:"Different titles, all versions of one together." example:"412"`
	Unknown        int             `json:"unknown" minimum:"0" doc:"Titles that no rule knows, each version on its own." example:"31"`
	Products       int             `json:"products" minimum:"0" doc:"Different products." example:"57"`
	ByCurrentRules bool            `json:"byCurrentRules" doc:"Whether the rules that count now counted it. Otherwise it is being counted anew, unless kept says why it cannot be." example:"true"`
	Kept           *httpapi.Reason `json:"kept,omitempty" doc:"Why it cannot be counted by the rules that count now."`
}

func sourceOf(lang i18n.Lang, rules *inventory.Rules, r inventory.Record) InventorySource {
	f := r.Last
	out := InventorySource{Source: r.Source, Version: r.Version, Last: InventoryFile{
		File: f.Key, Size: f.Size, At: f.At, By: f.By, ReadAt: f.ReadAt, State: f.State, Reason: reasonOf(lang, f.Reason, f.Args),
	}}
	if g := r.Good; g != nil {
		out.Counted = &InventoryCount{
			File: g.Key, At: g.At, CountedAt: g.ReadAt, Shape: g.Shape, Estimated: g.Estimated, Rows: g.Rows, BadRows: g.BadRows,
			Devices: g.Devices, Titles: g.Titles, Unknown: g.Unknown, Products: g.Products, ByCurrentRules: !r.Outdated(rules),
		}
		if r.Outdated(rules) {
			out.Counted.Kept = reasonOf(lang, g.Kept, nil)
		}
	}
	return out
}

// reasonOf returns the reason of a code, or nil if the code is empty.
func reasonOf(lang i18n.Lang, code string, args errs.Args) *httpapi.Reason {
	if code == "" {
		return nil
	}
	return &httpapi.Reason{Code: code, Message: i18n.Text(lang, code, args)}
}

type getInventoryInput struct{ httpapi.Reader }

type getInventoryOutput struct{ Body Inventory }

func (o *operations) getInventory(api huma.API, op huma.Operation) {
	op.Summary = "Read the inventory"
	op.Description = "Every source of inventory files, what became of the newest file of each, what counts, and what they add up to."
	huma.Register(api, op, func(ctx context.Context, in *getInventoryInput) (*getInventoryOutput, error) {
		records, rules, err := o.inventoried(ctx)
		if err != nil {
			return nil, err
		}
		summary, lang := inventory.Summarize(records), in.Lang()
		out := &getInventoryOutput{Inventory{Devices: summary.Devices, Titles: summary.Titles, Sources: []InventorySource{}}}
		for _, r := range records {
			out.Body.Sources = append(out.Body.Sources, sourceOf(lang, rules.All, r))
			if r.Good != nil {
				out.Body.Unknown += r.Good.Unknown
				out.Body.Counting = out.Body.Counting || r.Outdated(rules.All) && r.Good.Kept == ""
			}
		}
		return out, nil
	})
}

func (o *operations) inventoried(ctx context.Context) ([]inventory.Record, inventory.RuleList, error) {
	records, err := o.Inventory.Records(ctx)
	if err != nil {
		return nil, inventory.RuleList{}, err
	}
	rules, err := o.Counts.Rules(ctx)
	return records, rules, err
}

// BadRow is a row that could not be read.
type BadRow struct {
	File    string `json:"file,omitempty" doc:"Its file inside the archive, if it is one." example:"AppInvRawData.csv"`
	Line    int    `json:"line,omitempty" minimum:"0" doc:"The line where it begins, from 1; missing for a whole file of an archive." example:"17"`
	Code    string `json:"code" doc:"Why; it never changes." example:"inventory_row_columns"`
	Message string `json:"message" doc:"Why, in the reader's language."`
}

// InventorySourceRead is a source with the rows that could not be read.
type InventorySourceRead struct {
	InventorySource
	BadRows []BadRow `json:"badRows" doc:"The first rows that could not be read of the file that counts, at most 100."`
}

// SourceName is the path parameter of a source.
type SourceName struct {
	Source string `path:"source" maxLength:"1024" doc:"The source's name." example:"intune"`
}

type getInventorySourceInput struct {
	httpapi.Reader
	SourceName
}

type getInventorySourceOutput struct{ Body InventorySourceRead }

func (o *operations) getInventorySource(api huma.API, op huma.Operation) {
	op.Summary = "Read a source of the inventory"
	op.Description = "One source, with the first rows that could not be read of the file that counts."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getInventorySourceInput) (*getInventorySourceOutput, error) {
		records, rules, err := o.inventoried(ctx)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(records, func(r inventory.Record) bool { return r.Source == in.Source })
		if i < 0 {
			return nil, errs.New(errs.NotFound, "inventory_source_not_found", "id", text.Shorten(in.Source, 100))
		}
		tallies, err := o.Counts.TalliesOf(ctx, records)
		if err != nil {
			return nil, err
		}
		lang := in.Lang()
		out := &getInventorySourceOutput{InventorySourceRead{InventorySource: sourceOf(lang, rules.All, records[i]), BadRows: []BadRow{}}}
		for _, c := range tallies {
			if c.Source != in.Source {
				continue
			}
			for _, b := range c.Tally.Bad {
				out.Body.BadRows = append(out.Body.BadRows, BadRow{File: b.File, Line: b.Line, Code: b.Code, Message: i18n.Text(lang, b.Code, b.Args)})
			}
		}
		return out, nil
	})
}

// InventoryTitle is a title in a source.
type InventoryTitle struct {
	Source    string `json:"source" doc:"Whose title it is." example:"intune"`
	Publisher string `json:"publisher,omitempty" doc:"As it was detected; missing when the file has none." example:"Microsoft Corporation"`
	Name      string `json:"name" doc:"As it was detected." example:"Microsoft Visio Professional 2019 - en-us"`
	Version   string `json:"version,omitempty" doc:"As it was detected; missing when the file has none." example:"16.0.10416.20058"`
	Devices   int    `json:"devices" minimum:"0" doc:"PCs that have it." example:"17"`
	Recognition
}

// Recognition is how a title was recognised, and why.
type Recognition struct {
	Kind        string   `json:"kind" enum:"unknown,product,component,update,language,driver,runtime,free,ignored" doc:"What it is; only a product counts as installed." example:"product"`
	Product     *Product `json:"product,omitempty" doc:"Of a product; or what a component belongs to, in so far as it is known."`
	Rule        string   `json:"rule,omitempty" doc:"The id of the rule that decided; missing when none did." example:"visio-professional"`
	Alias       string   `json:"alias,omitempty" doc:"The id of the rule that gave the title another name first." example:"own-7k2m9x4w0q"`
	Explanation string   `json:"explanation" doc:"Counted as what, or not counted, and because of which rule, in the reader's language."`
}

// unknownKind is the API's name of the kind of titles that no rule recognises.
const unknownKind = "unknown"

func recognitionOf(lang i18n.Lang, d inventory.Decision) Recognition {
	code, args := d.Sentence()
	return Recognition{
		Kind: cmp.Or(string(d.Kind), unknownKind), Product: productOf(d.Product), Rule: d.Rule, Alias: d.Alias, Explanation: i18n.Text(lang, code, args),
	}
}

type listInventoryTitlesInput struct {
	httpapi.Reader
	httpapi.Paging
	Source  string `query:"source" maxLength:"1024" doc:"Only titles of this source." example:"intune"`
	Kind    string `query:"kind" enum:"unknown,product,component,update,language,driver,runtime,free,ignored" doc:"Only titles of this kind; unknown are those that wait for a rule."`
	Query   string `query:"q" maxLength:"256" doc:"Only titles whose publisher, name or version contains this, without regard to case." example:"visio"`
	Product string `query:"product" maxLength:"256" doc:"Only titles of products whose name, with publisher and version, contains this, without regard to case." example:"visio professional"`
}

type listInventoryTitlesOutput struct{ Body httpapi.Page[InventoryTitle] }

// titleOf is a title of a source.
type titleOf struct {
	source string
	inventory.Count
}

// titlesPage is the content of a cursor of titles.
type titlesPage struct {
	After int
}

func (o *operations) listInventoryTitles(api huma.API, op huma.Operation) {
	op.Summary = "List the titles of the inventory"
	op.Description = "What was detected, each version on its own, those on most PCs first, with what each was recognised as and why. " +
		"When a file was counted meanwhile, a cursor is no longer good: begin again."
	huma.Register(api, op, func(ctx context.Context, in *listInventoryTitlesInput) (*listInventoryTitlesOutput, error) {
		records, err := o.Inventory.Records(ctx)
		if err != nil {
			return nil, err
		}
		query := []string{op.OperationID, in.Source, in.Kind, in.Query, in.Product}
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
		found := in.titles(tallies)
		found = found[min(max(at.After, 0), len(found)):]
		next := ""
		if len(found) > in.Limit {
			found = found[:in.Limit]
			next = cursor.Encode(titlesPage{at.After + in.Limit}, query...)
		}
		lang := in.Lang()
		return &listInventoryTitlesOutput{httpapi.PageOf(found, next, func(t titleOf) InventoryTitle {
			return InventoryTitle{
				Source: t.source, Publisher: t.Publisher, Name: t.Name, Version: t.Version, Devices: t.Devices, Recognition: recognitionOf(lang, t.Decision),
			}
		})}, nil
	})
}

// titles returns the titles that the parameters select, in order.
func (in *listInventoryTitlesInput) titles(tallies []inventory.Counted) (found []titleOf) {
	query, product := text.Fold(in.Query), text.Fold(in.Product)
	for _, c := range tallies {
		if in.Source != "" && in.Source != c.Source {
			continue
		}
		for _, t := range c.Tally.Titles {
			if in.Kind != "" && in.Kind != cmp.Or(string(t.Decision.Kind), unknownKind) ||
				query != "" && !strings.Contains(text.Fold(strings.Join([]string{t.Publisher, t.Name, t.Version}, " ")), query) ||
				product != "" && !strings.Contains(text.Fold(inventory.ProductName(t.Decision.Product)), product) {
				continue
			}
			found = append(found, titleOf{c.Source, t})
		}
	}
	slices.SortStableFunc(found, func(a, b titleOf) int { return cmp.Compare(b.Devices, a.Devices) })
	return found
}

type recognizeInput struct {
	httpapi.Reader
	Publisher string `query:"publisher" maxLength:"1024" doc:"As it may be detected." example:"Microsoft Corporation"`
	Name      string `query:"name" required:"true" minLength:"1" maxLength:"1024" doc:"As it may be detected." example:"Microsoft Visio Professional 2019 - en-us"`
	Version   string `query:"version" maxLength:"1024" doc:"As it may be detected." example:"16.0.10416.20058"`
}

type recognizeOutput struct{ Body Recognition }

func (o *operations) recognizeTitle(api huma.API, op huma.Operation) {
	op.Summary = "Try the rules out"
	op.Description = "What a title would be recognised as by the rules that count now, and why."
	huma.Register(api, op, func(ctx context.Context, in *recognizeInput) (*recognizeOutput, error) {
		rules, err := o.Counts.Rules(ctx)
		if err != nil {
			return nil, err
		}
		decision := rules.All.Recognize(inventory.Title{Publisher: in.Publisher, Name: in.Name, Version: in.Version})
		return &recognizeOutput{recognitionOf(in.Lang(), decision)}, nil
	})
}
