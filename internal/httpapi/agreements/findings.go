package agreements

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

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

func (o *operations) listImportFindings(api huma.API, op huma.Operation) {
	op.Summary = "List the findings of an import"
	op.Description = "Lists every error and warning of the file, in the order of the file. The list is empty until the import has succeeded or was rejected."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *listImportFindingsInput) (*listImportFindingsOutput, error) {
		i, err := o.Imports.Import(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		offset, err := findingsOffset(in.Cursor, i, in.Severity)
		if err != nil {
			return nil, err
		}
		found, err := o.findings(ctx, i, in.Severity)
		if err != nil {
			return nil, err
		}
		found = found[min(offset, len(found)):]
		next := ""
		if len(found) > in.Limit {
			found = found[:in.Limit]
			next = findingsCursor(offset+in.Limit, i, in.Severity)
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

// findingsCursor returns the cursor of the next page, with a checksum that binds it to the
// attempt and the filter: another attempt has another report.
func findingsCursor(offset int, i importer.Import, severity sheet.Severity) string {
	n := strconv.Itoa(offset)
	sum := crc32.ChecksumIEEE([]byte(n + "|" + string(i.Stage()) + "|" + string(severity)))
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s|%08x", n, sum))
}

func findingsOffset(cursor string, i importer.Import, severity sheet.Severity) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(cursor)
	number, _, _ := strings.Cut(string(decoded), "|")
	offset, atoi := strconv.Atoi(number)
	if err != nil || atoi != nil || offset < 0 || findingsCursor(offset, i, severity) != cursor {
		return 0, errs.New(errs.Invalid, "cursor_invalid")
	}
	return offset, nil
}
