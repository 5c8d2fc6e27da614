package httpapi

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
	"trueup/internal/i18n"
	"trueup/internal/importer"
	"trueup/internal/objects"
	"trueup/internal/sheet"
)

// Finding is one thing the check of a file has to say.
type Finding struct {
	Severity   sheet.Severity `json:"severity" enum:"error,warning" doc:"A row with an error is rejected; a warning is only said."`
	Line       int            `json:"line" minimum:"0" doc:"The line of the file, from 1; 0 for the file as a whole." example:"4"`
	Position   int            `json:"position" minimum:"0" doc:"The column's number, from 1; 0 for the whole row." example:"2"`
	Column     sheet.Column   `json:"column,omitempty" doc:"The column; missing for the whole row." example:"license"`
	ColumnName string         `json:"columnName,omitempty" doc:"The column's name in the reader's language." example:"License number"`
	Value      string         `json:"value,omitempty" doc:"The value as written, shortened if it is long." example:"01_07001"`
	Code       string         `json:"code" doc:"Which rule it is about; it never changes." example:"number_characters"`
	Message    string         `json:"message" doc:"What is wrong and what to do, in the reader's language."`
}

func findingOf(lang i18n.Lang, f sheet.Finding) Finding {
	return Finding{
		Severity: f.Severity, Line: f.Line, Position: f.Position, Column: f.Column, ColumnName: i18n.Column(lang, f.Column),
		Value: f.Value, Code: f.Code, Message: i18n.Finding(lang, f),
	}
}

type listImportFindingsInput struct {
	Reader
	ImportID
	Paging
	Severity sheet.Severity `query:"severity" enum:"error,warning" doc:"Only findings of this severity."`
}

type listImportFindingsOutput struct{ Body Page[Finding] }

func (o *operations) listImportFindings(api huma.API, op huma.Operation) {
	op.Summary = "List the findings of an import"
	op.Description = "Every error and warning of the file, in the order of the file. Empty until the import has succeeded or was rejected."
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
		lang := in.lang()
		return &listImportFindingsOutput{page(found, next, func(f sheet.Finding) Finding { return findingOf(lang, f) })}, nil
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

// findingsCursor is where the next page starts, with a checksum that binds it
// to the attempt and the filter: another attempt has another report.
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
