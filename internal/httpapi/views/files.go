package views

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/view"
)

// ViewFile is a file of a saved view.
type ViewFile struct {
	Report   view.Report `json:"report" doc:"The report that it holds, which begins its name. A view that was changed since may show another one." example:"license-purchases"`
	Day      day.Date    `json:"day" format:"date" doc:"The day on which it was due, by which it is downloaded." example:"2026-11-23"`
	At       time.Time   `json:"at" doc:"When it was made." example:"2026-11-23T05:00:04Z"`
	Format   view.Format `json:"format" doc:"Its format." example:"xlsx"`
	Language i18n.Lang   `json:"language" doc:"Its language." example:"nl"`
	Size     int         `json:"size" minimum:"0" doc:"Its size in bytes." example:"18422"`
}

func fileOf(f view.File) ViewFile {
	return ViewFile{Report: f.Report, Day: f.Day, At: f.At.UTC(), Format: f.Format, Language: f.Lang, Size: f.Size}
}

func (o *operations) fileOperations() httpapi.Operations {
	return httpapi.Operations{
		"listViewFiles": o.listViewFiles,
		"getViewFile":   o.getViewFile,
	}
}

type listViewFilesInput struct {
	httpapi.Paging
	ViewID
}

type listViewFilesOutput struct{ Body httpapi.Page[ViewFile] }

func (o *operations) listViewFiles(api huma.API, op huma.Operation) {
	op.Summary = "List the files of a saved view"
	op.Description = "Lists the files that were made on the schedule of a view, the newest first. Who can read the view can read its files."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *listViewFilesInput) (*listViewFilesOutput, error) {
		v, err := o.view(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		page, err := o.Views.Files(ctx, in.ID, in.Limit, in.Cursor)
		if err != nil {
			return nil, err
		}
		return &listViewFilesOutput{httpapi.PageOf(page.Items, page.Next, func(f view.File) ViewFile { return fileOf(f.Of(v)) })}, nil
	})
}

type getViewFileInput struct {
	ViewID
	Day string `path:"day" maxLength:"10" doc:"The day of the file." example:"2026-11-23"`
}

func (o *operations) getViewFile(api huma.API, op huma.Operation) {
	op.Summary = "Download a file of a saved view"
	op.Description = "Redirects to the file of a day. Do not send the token to that address: S3 refuses a request with both."
	op.Errors = append(op.Errors, http.StatusNotFound)
	op.DefaultStatus = http.StatusSeeOther
	huma.Register(api, op, func(ctx context.Context, in *getViewFileInput) (*httpapi.Redirection, error) {
		v, err := o.view(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		date, ok := day.Parse(in.Day)
		if !ok {
			return nil, errs.New(errs.NotFound, "view_file_not_found")
		}
		file, err := o.Views.File(ctx, in.ID, date)
		if err != nil {
			return nil, err
		}
		return httpapi.RedirectToCopy(ctx, o.Reports, file.Key(), file.Of(v).Name())
	})
}
