package agreements

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/cursor"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/importer"
	"trueup/internal/objects"
	"trueup/internal/sheet"
)

type listImportFindingsInput struct {
	httpapi.Reader
	ImportID
	httpapi.Paging
	Severity sheet.Severity `query:"severity" doc:"Only findings of this severity."`
}

type listImportFindingsOutput struct{ Body httpapi.Page[httpapi.Finding] }

// findingsPage is the content of a cursor of findings. Cursors of the release before are rejected
// as cursor_invalid: a client reads the pages of a list in one go, and can start again.
type findingsPage struct {
	After int `json:"after"`
}

func (o *operations) listImportFindings(api huma.API, op huma.Operation) {
	op.Summary = "List the findings of an import"
	op.Description = "Lists every error and warning of the file, in the order of the file. The list is empty until the import has succeeded or was rejected."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *listImportFindingsInput) (*listImportFindingsOutput, error) {
		i, err := o.Imports.Import(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		// Another attempt has another report.
		query := []string{op.OperationID, string(i.Stage()), string(in.Severity)}
		var at findingsPage
		if _, err := cursor.Decode(in.Cursor, &at, query...); err != nil {
			return nil, err
		}
		found, err := o.findings(ctx, i, in.Severity)
		if err != nil {
			return nil, err
		}
		found = found[min(max(at.After, 0), len(found)):]
		next := ""
		if len(found) > in.Limit {
			found = found[:in.Limit]
			next = cursor.Encode(findingsPage{at.After + in.Limit}, query...)
		}
		lang := in.Lang()
		return &listImportFindingsOutput{httpapi.PageOf(found, next, func(f sheet.Finding) httpapi.Finding { return httpapi.FindingOf(lang, f) })}, nil
	})
}

// findings reads the findings of one severity, or all of them, from the report.
func (o *operations) findings(ctx context.Context, i importer.Import, severity sheet.Severity) ([]sheet.Finding, error) {
	if i.State != importer.StateSucceeded && i.State != importer.StateRejected {
		return nil, nil
	}
	object, err := o.Reports.Open(ctx, i.ReportKey(), "", "")
	if errors.Is(err, objects.ErrNotFound) {
		return nil, errs.Wrap(err, errs.NotFound, "report_expired")
	}
	if err != nil {
		return nil, err
	}
	defer object.Body.Close()
	report, err := importer.DecodeReport(object.Body)
	if err != nil {
		return nil, fmt.Errorf("httpapi: read the report %s: %w", i.ReportKey(), err)
	}
	if severity == "" {
		return report.Findings, nil
	}
	var found []sheet.Finding
	for _, f := range report.Findings {
		if f.Severity == severity {
			found = append(found, f)
		}
	}
	return found, nil
}
