package agreements

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/id"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/once"
	"trueup/internal/text"
)

// NewImport announces a file. Package agreement validates its texts, in Resolve; describeRules
// adds the limits to the OpenAPI document.
type NewImport struct {
	FileName string            `json:"fileName" minLength:"1" doc:"The file's name, ending in .csv, without a folder." example:"office.csv"`
	Size     int64             `json:"size" minimum:"1" doc:"The file's size in bytes; the upload must have exactly this size." example:"2048"`
	Group    string            `json:"group,omitempty" doc:"The license group for new agreements, by name; it is created if it does not exist. The default is Unassigned agreements." example:"Sales"`
	Program  agreement.Program `json:"program,omitempty" doc:"The program of every pair in the file. By default it is derived from the numbers."`
	OnError  importer.OnError  `json:"onError,omitempty" doc:"What to do with a file in which some rows have errors. The default is reject."`
	DryRun   bool              `json:"dryRun,omitempty" doc:"Whether to check and report only." example:"false"`
}

type createImportInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body NewImport
}

// Resolve checks what the schema cannot: every rule of R3.3 and R4.1 that can be checked before
// the file is uploaded. It implements huma.Resolver.
func (in *createImportInput) Resolve(huma.Context) []error {
	var found []errs.Violation
	body := in.Body
	if body.FileName != "" { // the schema reports a missing or empty name
		found = pairfile.ParseFileName(body.FileName)
	}
	found = append(found, httpapi.CheckSize(kind.Agreements, body.Size, "file_too_large", 1)...)
	if body.Group != "" {
		_, violations := agreement.ParseName(body.Group, false)
		for _, v := range violations {
			v.Field = "group"
			found = append(found, v)
		}
		if strings.Trim(strings.TrimSpace(body.Group), ".") == "" {
			// Some HTTP clients would resolve "." and ".." in the path.
			found = append(found, errs.Violation{Code: "upload_group_dots", Field: "group", Value: body.Group})
		}
	}
	if found == nil && len(body.objectKey()) > intake.MaxKeyBytes {
		found = append(found, errs.Violation{Code: "upload_key_long", Field: "group", Args: errs.Pairs("max", strconv.Itoa(intake.MaxKeyBytes))})
	}
	return httpapi.Refusals(found)
}

// objectKey returns the key of the uploaded object (R3.1).
func (n NewImport) objectKey() string { return kind.Agreements.Key(text.Collapse(n.Group), n.FileName) }

// CreatedImport is an announced import and the upload of its file.
type CreatedImport struct {
	Import Import         `json:"import" doc:"The record. Its state is received until the file is uploaded."`
	Upload httpapi.Upload `json:"upload" doc:"How to upload the file."`
}

type createImportOutput struct {
	Location     string `header:"Location" doc:"The address of the import."`
	CacheControl string `header:"Cache-Control" hidden:"true"`
	Body         httpapi.Reply[CreatedImport]
}

func (o *operations) createImport(api huma.API, op huma.Operation) {
	op.Summary = "Announce an import"
	op.Description = "Announces a CSV file of agreement pairs and returns how to upload it. The import starts when the file is uploaded."
	op.DefaultStatus = http.StatusCreated
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createImportInput) (*createImportOutput, error) {
		now := o.Now()
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[CreatedImport]) (httpapi.Reply[CreatedImport], error) {
			return o.announce(ctx, in, now, call)
		})
		if err != nil {
			return nil, err
		}
		return &createImportOutput{Location: "/imports/" + created.Value.Import.ID, CacheControl: "no-store", Body: created}, nil
	})
}

// announce stores the import.
func (o *operations) announce(ctx context.Context, in *createImportInput, now time.Time, call httpapi.Call[CreatedImport]) (httpapi.Reply[CreatedImport], error) {
	event := o.Event(ctx, now, "import.announced")
	imp := received(in.Body, now, id.New(now, o.NewID()), event.By)
	imp.Object.Bucket, imp.Object.Principal = o.UploadsBucket, o.Uploader()
	event.Subject = "import/" + imp.ID
	event.After = map[string]string{
		"file": imp.File, "group": imp.Group, "program": string(imp.Program),
		"on-error": string(imp.OnError), "dry-run": strconv.FormatBool(imp.DryRun),
	}
	return httpapi.Announce(ctx, call, httpapi.Announcement{
		Kind: kind.Agreements, Bucket: o.Uploads, Key: imp.Object.Key, Size: imp.Object.Size, Metadata: uploadMetadata(imp), Event: event,
	}, func(u httpapi.Upload) CreatedImport {
		return CreatedImport{Import: importOf(in.Lang(), imp), Upload: u}
	}, func(ctx context.Context, c once.Change) ([]byte, error) { return o.Imports.Announce(ctx, imp, c) })
}

// received returns the record of an import whose file is not uploaded yet.
func received(n NewImport, now time.Time, id, by string) importer.Import {
	imp := importer.Import{
		Head: intake.Head{
			ID: id, Object: intake.Object{Key: n.objectKey(), Size: n.Size, By: by}, Via: audit.SourceAPI, At: now, Version: 1,
		},
		File: n.FileName, Group: text.Collapse(n.Group),
		Program: agreement.ProgramUnknown, OnError: importer.OnErrorReject, DryRun: n.DryRun,
		State: importer.StateReceived,
	}
	if n.Program != "" {
		imp.Program = n.Program
	}
	if n.OnError != "" {
		imp.OnError = n.OnError
	}
	return imp
}

// uploadMetadata returns the object's metadata, by which the import finds its record and its
// options (R3.1). All of it is ASCII.
func uploadMetadata(imp importer.Import) map[string]string {
	metadata := map[string]string{importer.MetaImport: imp.ID, importer.MetaOnError: string(imp.OnError)}
	if imp.Program != agreement.ProgramUnknown {
		metadata[importer.MetaProgram] = string(imp.Program)
	}
	if imp.DryRun {
		metadata[importer.MetaDryRun] = "true"
	}
	return metadata
}
