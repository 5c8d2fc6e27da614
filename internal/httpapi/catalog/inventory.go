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
	"trueup/internal/inventories"
	"trueup/internal/inventory"
	"trueup/internal/text"
)

// Inventory is the total of all sources.
type Inventory struct {
	Devices  int               `json:"devices" minimum:"0" doc:"The number of PCs with at least one title. PCs of different sources count as different PCs." example:"1997"`
	Titles   int               `json:"titles" minimum:"0" doc:"The number of different titles, regardless of version. A title in several sources counts once for each." example:"412"`
	Unknown  int               `json:"unknown" minimum:"0" doc:"The number of titles that neither a rule nor the dictionary of products knows, counting each version. An admin has to decide them." example:"31"`
	Counting bool              `json:"counting" doc:"Whether rules have changed and files are being counted again." example:"false"`
	Sources  []InventorySource `json:"sources" doc:"All sources, sorted by name."`
}

// InventorySource is one source of files. A newer file replaces the older one of the same
// source.
type InventorySource struct {
	ID      string          `json:"id" doc:"The source's id, for paths: it has only digits and lower-case letters, whatever the name has." example:"7k2m9x4w0q8t5v3n"`
	Source  string          `json:"source" doc:"The folder below inventory/. Without a folder, the system that the file comes from; unknown if the file does not name it." example:"intune"`
	Last    InventoryFile   `json:"last" doc:"The newest file, and its result."`
	Counted *InventoryCount `json:"counted,omitempty" doc:"The last file that could be counted; its counts are used. Absent if there was none."`
	Version int64           `json:"version" minimum:"0" doc:"Grows with every change." example:"3"`
}

// InventoryFile is a file of a source.
type InventoryFile struct {
	File   string            `json:"file" doc:"The key of the file in the uploads bucket." example:"inventory/appinvrawdata.csv"`
	Size   int64             `json:"size" minimum:"0" doc:"The size in bytes." example:"1048576"`
	At     time.Time         `json:"at" doc:"When the file was uploaded." example:"2026-11-21T09:30:00Z"`
	By     string            `json:"by" doc:"Who uploaded the file."`
	ReadAt time.Time         `json:"readAt" doc:"When the file was read." example:"2026-11-21T09:30:04Z"`
	State  inventories.State `json:"state" doc:"The result. A refused file replaces nothing." example:"counted"`
	Reason *httpapi.Reason   `json:"reason,omitempty" doc:"Why the file was refused."`
}

// PlatformCount is the number of devices with a platform.
type PlatformCount struct {
	Platform string `json:"platform" doc:"The platform." example:"iOS"`
	Devices  int    `json:"devices" minimum:"0" doc:"The number of devices." example:"120"`
}

// InventoryCount is a file that was counted.
type InventoryCount struct {
	File           string          `json:"file" doc:"The key of the file in the uploads bucket." example:"inventory/appinvrawdata.csv"`
	At             time.Time       `json:"at" doc:"When the file was uploaded." example:"2026-11-21T09:30:00Z"`
	CountedAt      time.Time       `json:"countedAt" doc:"When the file was last counted." example:"2026-11-21T09:30:04Z"`
	Shape          inventory.Shape `json:"shape" doc:"The format of the file." example:"intune-raw"`
	Estimated      bool            `json:"estimated" doc:"Whether the file contains totals instead of PCs (such as AppInvAggregate), so that the numbers of PCs and products are minimums, and several versions of a product on one PC each count." example:"false"`
	Rows           int             `json:"rows" minimum:"0" doc:"The number of rows, one per title and PC, including rows that could not be read." example:"199700"`
	BadRows        int             `json:"badRows" minimum:"0" doc:"The number of rows that could not be read." example:"2"`
	Devices        int             `json:"devices" minimum:"0" doc:"The number of PCs with at least one title." example:"1997"`
	MacOS          bool            `json:"macOS" doc:"Whether devices with macOS count, besides those with Windows (INVENTORY_MACOS)." example:"false"`
	OtherPlatforms []PlatformCount `json:"otherPlatforms,omitempty" doc:"The devices with other platforms, by platform. They do not count. Absent if there are none."`
	Titles         int             `json:"titles" minimum:"0" doc:"The number of different titles, regardless of version." example:"412"`
	Unknown        int             `json:"unknown" minimum:"0" doc:"The number of titles that neither a rule nor the dictionary of products knows, counting each version." example:"31"`
	Products       int             `json:"products" minimum:"0" doc:"The number of different products." example:"57"`
	ByCurrentRules bool            `json:"byCurrentRules" doc:"Whether the file was counted by the current rules. If not, it is being counted again, unless kept says why it cannot be." example:"true"`
	Kept           *httpapi.Reason `json:"kept,omitempty" doc:"Why the file cannot be counted by the current rules."`
}

func sourceOf(lang i18n.Lang, rules *inventory.Rules, r inventories.Record) InventorySource {
	f := r.Last
	out := InventorySource{ID: r.ID(), Source: r.Source, Version: r.Version, Last: InventoryFile{
		File: f.Key, Size: f.Size, At: f.At, By: f.By, ReadAt: f.ReadAt, State: f.State, Reason: reasonOf(lang, f.Reason, f.Args),
	}}
	if g := r.Good; g != nil {
		out.Counted = &InventoryCount{
			File: g.Key, At: g.At, CountedAt: g.ReadAt, Shape: g.Shape, Estimated: g.Estimated, Rows: g.Rows, BadRows: g.BadRows,
			Devices: g.Devices, Titles: g.Titles, Unknown: g.Unknown, Products: g.Products, MacOS: g.MacOS, ByCurrentRules: !r.Outdated(rules),
		}
		for _, other := range g.OtherPlatforms {
			out.Counted.OtherPlatforms = append(out.Counted.OtherPlatforms, PlatformCount(other))
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

func (o *operations) inventoryOperations() httpapi.Operations {
	return httpapi.Operations{
		"getInventory":        o.getInventory,
		"createInventory":     o.createInventory,
		"getInventorySource":  o.getInventorySource,
		"listInventoryTitles": o.listInventoryTitles,
		"recognizeTitle":      o.recognizeTitle,
	}
}

func (o *operations) getInventory(api huma.API, op huma.Operation) {
	op.Summary = "Read the inventory"
	op.Description = "Returns every source of inventory files, with the result of its newest file and its current counts, and the totals of all sources."
	huma.Register(api, op, func(ctx context.Context, in *getInventoryInput) (*getInventoryOutput, error) {
		records, rules, err := o.inventoried(ctx)
		if err != nil {
			return nil, err
		}
		summary, lang := inventories.Summarize(records), in.Lang()
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

func (o *operations) inventoried(ctx context.Context) ([]inventories.Record, inventory.RuleList, error) {
	records, err := o.Inventory.Records(ctx)
	if err != nil {
		return nil, inventory.RuleList{}, err
	}
	rules, err := o.Counts.Rules(ctx)
	return records, rules, err
}

// BadRow is a row that could not be read.
type BadRow struct {
	File    string `json:"file,omitempty" doc:"The name of the file inside the archive, if an archive was uploaded." example:"AppInvRawData.csv"`
	Line    int    `json:"line,omitempty" minimum:"0" doc:"The first line of the row, from 1; absent if the error concerns a whole file of an archive." example:"17"`
	Code    string `json:"code" doc:"The reason. Codes never change." example:"inventory_row_columns"`
	Message string `json:"message" doc:"The reason, in the reader's language."`
}

// InventoryNote is a remark about a file that was counted.
type InventoryNote struct {
	File    string `json:"file,omitempty" doc:"The name of the file inside the archive, if an archive was uploaded and the remark concerns one of its files." example:"AppInvRawData.csv"`
	Code    string `json:"code" doc:"The remark. Codes never change." example:"inventory_note_part"`
	Message string `json:"message" doc:"The remark, in the reader's language."`
}

// InventorySourceRead is a source with remarks about its current file, and the rows that could not
// be read.
type InventorySourceRead struct {
	InventorySource
	Notes   []InventoryNote `json:"notes" doc:"What to know about the current file, such as that it is only a part of a list; at most 20."`
	BadRows []BadRow        `json:"badRows" doc:"The first unreadable rows of the current file, at most 100."`
}

// SourceName is the path parameter of a source.
type SourceName struct {
	Source string `path:"source" maxLength:"1024" doc:"The source's id, or its name. API Gateway decodes paths: a name with a slash or a question mark cannot be in one." example:"intune"`
}

type getInventorySourceInput struct {
	httpapi.Reader
	SourceName
}

type getInventorySourceOutput struct{ Body InventorySourceRead }

func (o *operations) getInventorySource(api huma.API, op huma.Operation) {
	op.Summary = "Read a source of the inventory"
	op.Description = "Returns one source, with remarks about its current file and the first unreadable rows."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getInventorySourceInput) (*getInventorySourceOutput, error) {
		records, rules, err := o.inventoried(ctx)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(records, func(r inventories.Record) bool { return r.Source == in.Source })
		if i < 0 {
			i = slices.IndexFunc(records, func(r inventories.Record) bool { return r.ID() == in.Source })
		}
		if i < 0 {
			return nil, errs.New(errs.NotFound, "inventory_source_not_found", "id", text.Shorten(in.Source, 100))
		}
		tallies, err := o.Counts.TalliesOf(ctx, records)
		if err != nil {
			return nil, err
		}
		lang := in.Lang()
		out := &getInventorySourceOutput{InventorySourceRead{InventorySource: sourceOf(lang, rules.All, records[i]), Notes: []InventoryNote{}, BadRows: []BadRow{}}}
		for _, c := range tallies {
			if c.Source != records[i].Source {
				continue
			}
			for _, n := range c.Tally.Notes {
				out.Body.Notes = append(out.Body.Notes, InventoryNote{File: n.File, Code: n.Code, Message: i18n.Text(lang, n.Code, n.Args)})
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
	Source    string `json:"source" doc:"The source of the title." example:"intune"`
	Publisher string `json:"publisher,omitempty" doc:"The publisher as detected; absent if the file has none." example:"Microsoft Corporation"`
	Name      string `json:"name" doc:"The name as detected." example:"Microsoft Visio Professional 2019 - en-us"`
	Version   string `json:"version,omitempty" doc:"The version as detected; absent if the file has none." example:"16.0.10416.20058"`
	Devices   int    `json:"devices" minimum:"0" doc:"The number of PCs with the title." example:"17"`
	Recognition
}

// Recognition is how a title was recognised, and why.
type Recognition struct {
	Kind        TitleKind `json:"kind" doc:"The kind of the title. Products count as installed; undecidable titles wait for a decision of an admin." example:"product"`
	Product     *Product  `json:"product,omitempty" doc:"The product; for a component, the product that it belongs to, as far as known."`
	Rule        string    `json:"rule,omitempty" doc:"The id of the rule that decided; absent if no rule matched." example:"visio-professional"`
	Alias       string    `json:"alias,omitempty" doc:"The id of the rule that first replaced the title by another one." example:"own-7k2m9x4w0q"`
	Explanation string    `json:"explanation" doc:"How the title was counted, or why not, and by which rule, in the reader's language."`
}

// TitleKind is the kind of a title in the API.
type TitleKind string

// unknownKind is the kind of titles that no rule recognises.
const unknownKind TitleKind = "unknown"

func kindOf(d inventory.Decision) TitleKind { return cmp.Or(TitleKind(d.Kind), unknownKind) }

// titleKinds returns every TitleKind.
func titleKinds() []TitleKind {
	kinds := []TitleKind{unknownKind}
	for _, k := range inventory.TitleKinds {
		kinds = append(kinds, TitleKind(k))
	}
	return kinds
}

func recognitionOf(lang i18n.Lang, d inventory.Decision) Recognition {
	code, args := d.Sentence()
	return Recognition{
		Kind: kindOf(d), Product: productOf(d.Product), Rule: d.Rule, Alias: d.Alias, Explanation: i18n.Text(lang, code, args),
	}
}

type listInventoryTitlesInput struct {
	httpapi.Reader
	httpapi.Paging
	Source  string    `query:"source" maxLength:"1024" doc:"Only titles of this source." example:"intune"`
	Kind    TitleKind `query:"kind" doc:"Only titles of this kind; unknown selects titles that neither a rule nor the dictionary of products knows."`
	Query   string    `query:"q" maxLength:"256" doc:"Only titles whose publisher, name or version contains this text, without regard to case." example:"visio"`
	Product string    `query:"product" maxLength:"256" doc:"Only titles of products whose name, with publisher and version, contains this text, without regard to case." example:"visio professional"`
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
	op.Description = "Lists the detected titles, each version separately, the titles on most PCs first, with the recognition of each and its reason. " +
		"A cursor is no longer valid after a file was counted: start again."
	huma.Register(api, op, func(ctx context.Context, in *listInventoryTitlesInput) (*listInventoryTitlesOutput, error) {
		records, err := o.Inventory.Records(ctx)
		if err != nil {
			return nil, err
		}
		query := []string{op.OperationID, in.Source, string(in.Kind), in.Query, in.Product}
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
			if in.Kind != "" && in.Kind != kindOf(t.Decision) ||
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
	Publisher string `query:"publisher" maxLength:"1024" doc:"The publisher as detected." example:"Microsoft Corporation"`
	Name      string `query:"name" required:"true" minLength:"1" maxLength:"1024" doc:"The name as detected." example:"Microsoft Visio Professional 2019 - en-us"`
	Version   string `query:"version" maxLength:"1024" doc:"The version as detected." example:"16.0.10416.20058"`
}

type recognizeOutput struct{ Body Recognition }

func (o *operations) recognizeTitle(api huma.API, op huma.Operation) {
	op.Summary = "Test the rules"
	op.Description = "Returns how the current rules recognise a title, and why."
	huma.Register(api, op, func(ctx context.Context, in *recognizeInput) (*recognizeOutput, error) {
		rules, err := o.Counts.Rules(ctx)
		if err != nil {
			return nil, err
		}
		decision := rules.All.Recognize(inventory.Title{Publisher: in.Publisher, Name: in.Name, Version: in.Version})
		return &recognizeOutput{recognitionOf(in.Lang(), decision)}, nil
	})
}
