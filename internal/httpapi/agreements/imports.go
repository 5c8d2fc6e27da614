package agreements

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/importer"
)

// Import is the record of one imported file.
type Import struct {
	ID         string            `json:"id" doc:"The id of the import. Ids sort by time." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	FileName   string            `json:"fileName" doc:"The name of the file." example:"office.csv"`
	Group      string            `json:"group,omitempty" doc:"The requested license group, by name; absent for Unassigned agreements." example:"Sales"`
	GroupID    string            `json:"groupId,omitempty" doc:"The license group of new agreements, once the import has succeeded. It is absent if there are none and the group does not exist." example:"unassigned"`
	Program    agreement.Program `json:"program" doc:"The program given with the file; unknown if none was given."`
	OnError    importer.OnError  `json:"onError" doc:"reject stores nothing of a file with an error; skip stores the rows without errors."`
	DryRun     bool              `json:"dryRun" doc:"Whether the import only checks and reports." example:"false"`
	By         string            `json:"by" doc:"Who uploaded the file."`
	Via        audit.Source      `json:"via" doc:"How the file arrived: import is a file put into the bucket directly."`
	State      importer.State    `json:"state" doc:"received: waiting for the file; rejected: nothing is stored; failed: not caused by the content of the file, or the file was gone."`
	Final      bool              `json:"final" doc:"Whether the record will not change any more." example:"true"`
	Reason     *httpapi.Reason   `json:"reason,omitempty" doc:"Why the whole file was rejected or failed; absent if single rows have errors."`
	ReceivedAt time.Time         `json:"receivedAt" doc:"When the import was announced, or the file was uploaded." example:"2026-11-21T09:30:00Z"`
	StartedAt  time.Time         `json:"startedAt,omitzero" doc:"When the last attempt started." example:"2026-11-21T09:30:02Z"`
	FinishedAt time.Time         `json:"finishedAt,omitzero" doc:"When the import ended." example:"2026-11-21T09:30:04Z"`
	Rows       int               `json:"rows" minimum:"0" doc:"The number of rows with data; always added + unchanged + rejected." example:"3"`
	Added      int               `json:"added" minimum:"0" doc:"The number of stored pairs; in a dry run, of pairs that would be stored." example:"2"`
	Unchanged  int               `json:"unchanged" minimum:"0" doc:"The number of pairs that were already stored, or are repeated in the file." example:"1"`
	Rejected   int               `json:"rejected" minimum:"0" doc:"The number of rows that are not stored." example:"0"`
	Created    int               `json:"agreementsCreated" minimum:"0" doc:"The number of created agreements." example:"1"`
	Extended   int               `json:"agreementsExtended" minimum:"0" doc:"The number of existing agreements that got more pairs." example:"0"`
	Errors     int               `json:"errors" minimum:"0" doc:"The number of findings that are errors." example:"0"`
	Warnings   int               `json:"warnings" minimum:"0" doc:"The number of findings that are warnings." example:"1"`
	Annotated  bool              `json:"annotated" doc:"Whether an annotated copy exists." example:"true"`
	Version    int64             `json:"version" minimum:"0" doc:"Grows with every change." example:"4"`
}

func importOf(lang i18n.Lang, i importer.Import) Import {
	out := Import{
		ID: i.ID, FileName: i.File, Group: i.Group, GroupID: i.GroupID,
		Program: programOf(i.Program), OnError: onErrorOf(i.OnError), DryRun: i.DryRun,
		By: i.Object.By, Via: i.Via, State: i.State, Final: i.Final(),
		ReceivedAt: i.At.UTC(), StartedAt: i.StartedAt.UTC(), FinishedAt: i.FinishedAt.UTC(),
		Rows: i.Rows, Added: i.Added, Unchanged: i.Unchanged, Rejected: i.Rejected,
		Created: i.Created, Extended: i.Extended, Errors: i.Errors, Warnings: i.Warnings,
		Annotated: i.Annotated, Version: i.Version,
	}
	if i.Reason != "" {
		out.Reason = &httpapi.Reason{Code: i.Reason, Message: i18n.Text(lang, i.Reason, i.ReasonArgs)}
	}
	return out
}

// programOf and onErrorOf return the options of an import. The metadata of a file that was put
// into the bucket directly may be missing or invalid: invalid metadata is a finding, and missing
// metadata means the default.
func programOf(p agreement.Program) agreement.Program {
	switch p {
	case agreement.ProgramOpenValue, agreement.ProgramOpen, agreement.ProgramSelectEnterprise:
		return p
	default:
		return agreement.ProgramUnknown
	}
}

func onErrorOf(o importer.OnError) importer.OnError {
	if o == importer.OnErrorSkip {
		return o
	}
	return importer.OnErrorReject
}

func (o *operations) importOperations() httpapi.Operations {
	return httpapi.Operations{
		"createImport":       o.createImport,
		"listImports":        o.listImports,
		"getImport":          o.getImport,
		"listImportFindings": o.listImportFindings,
		"getAnnotatedCopy":   o.getAnnotatedCopy,
	}
}

func (o *operations) listImports(api huma.API, op huma.Operation) {
	op.Summary = "List imports"
	op.Description = "Lists imports, the newest first."
	httpapi.List(api, op, func(ctx context.Context, limit int, cursor string) ([]importer.Import, string, error) {
		page, err := o.Imports.Imports(ctx, limit, cursor)
		return page.Items, page.Next, err
	}, importOf)
}

// ImportID is the path parameter of an import.
type ImportID struct {
	ID string `path:"id" maxLength:"64" doc:"The import's id." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// RecordID returns the id.
func (i ImportID) RecordID() string { return i.ID }

type getImportInput struct {
	httpapi.Reader
	ImportID
	httpapi.Condition
}

func (o *operations) getImport(api huma.API, op huma.Operation) {
	op.Summary = "Read an import"
	op.Description = "Returns the record of one import. Poll it with If-None-Match until it is final."
	httpapi.Read[getImportInput](api, op, func(ctx context.Context, id string) (importer.Import, int64, error) {
		i, err := o.Imports.Import(ctx, id)
		return i, i.Version, err
	}, func(_ context.Context, lang i18n.Lang, i importer.Import) (Import, error) {
		return importOf(lang, i), nil
	})
}

type getAnnotatedCopyInput struct {
	httpapi.AnnotatedCopy
	ImportID
}

func (o *operations) getAnnotatedCopy(api huma.API, op huma.Operation) {
	httpapi.DescribeAnnotatedCopy(&op, "an import")
	huma.Register(api, op, func(ctx context.Context, in *getAnnotatedCopyInput) (*httpapi.Redirection, error) {
		i, err := o.Imports.Import(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if !i.Annotated {
			return nil, errs.New(errs.NotFound, "annotated_copy_unavailable")
		}
		return httpapi.RedirectToCopy(ctx, o.Reports, i.AnnotatedKey(string(in.Language())), i.File)
	})
}
