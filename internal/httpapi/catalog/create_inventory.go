package catalog

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
)

// NewInventoryFile announces an inventory file.
type NewInventoryFile struct {
	FileName string `json:"fileName" minLength:"1" doc:"The file's name, without a folder." example:"appinvrawdata.zip"`
	Source   string `json:"source,omitempty" doc:"A name for the PCs in the file. The file replaces the previous file with the same source. The default is the system that the file comes from." example:"head office"`
	Size     int64  `json:"size" minimum:"1" doc:"The file's size in bytes; the upload must have exactly this size." example:"1048576"`
}

// key returns the key of the uploaded object (R6.1).
func (n NewInventoryFile) key() string { return kind.Inventory.Key(n.Source, n.FileName) }

type createInventoryInput struct {
	httpapi.Repeatable
	Body NewInventoryFile
}

// Resolve implements huma.Resolver.
func (in *createInventoryInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	body, most := in.Body, errs.Pairs("max", strconv.Itoa(intake.MaxStepChars))
	if body.FileName != "" && !intake.IsStep(body.FileName) { // the schema reports a missing or empty name
		broken = append(broken, errs.Violation{Code: "inventory_file_name", Field: "fileName", Value: body.FileName, Args: most})
	}
	if body.Source != "" && (!intake.IsStep(body.Source) || strings.TrimSpace(body.Source) != body.Source) {
		broken = append(broken, errs.Violation{Code: "inventory_source_name", Field: "source", Value: body.Source, Args: most})
	}
	return httpapi.Refusals(broken, httpapi.CheckSize(kind.Inventory, body.Size, "number_max", 1))
}

// CreatedInventoryFile is the upload of an announced file.
type CreatedInventoryFile struct {
	File   string         `json:"file" doc:"The key of the file in the uploads bucket. The source's record contains it once the file was read." example:"inventory/head office/appinvrawdata.zip"`
	Upload httpapi.Upload `json:"upload" doc:"How to upload the file."`
}

type createInventoryOutput struct {
	CacheControl string `header:"Cache-Control" hidden:"true"`
	Body         httpapi.Reply[CreatedInventoryFile]
}

func (o *operations) createInventory(api huma.API, op huma.Operation) {
	op.Summary = "Announce an inventory file"
	op.Description = "Returns how to upload an inventory file: discovered apps of Intune as CSV or ZIP; lists of Configuration Manager, PowerShell, wmic, OCS, Lansweeper and other systems as CSV; JSON of GLPI, osquery, Fleet or Microsoft Graph. It is counted when it is uploaded, and replaces the previous file of the same source."
	op.DefaultStatus = http.StatusCreated
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createInventoryInput) (*createInventoryOutput, error) {
		now := o.Now()
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[CreatedInventoryFile]) (httpapi.Reply[CreatedInventoryFile], error) {
			event := o.Event(ctx, now, "inventory.announced")
			event.Subject, event.After = "inventory", map[string]string{"file": in.Body.key(), "size": strconv.FormatInt(in.Body.Size, 10)}
			return httpapi.Announce(ctx, call, httpapi.Announcement{
				Kind: kind.Inventory, Bucket: o.Uploads, Key: in.Body.key(), Size: in.Body.Size, Event: event,
			}, func(u httpapi.Upload) CreatedInventoryFile {
				return CreatedInventoryFile{File: in.Body.key(), Upload: u}
			}, o.Inventory.AnnounceFile)
		})
		if err != nil {
			return nil, err
		}
		return &createInventoryOutput{CacheControl: "no-store", Body: created}, nil
	})
}
