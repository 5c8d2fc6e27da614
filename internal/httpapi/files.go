package httpapi

import (
	"net/http"
	"time"

	"trueup/internal/i18n"
	"trueup/internal/objects"
	"trueup/internal/sheet"
)

// UploadFor is how long the address of an upload is valid.
const UploadFor = 15 * time.Minute

// DownloadFor is how long the address of a download is valid.
const DownloadFor = 5 * time.Minute

// CSVMediaType is the media type of an uploaded CSV file.
const CSVMediaType = "text/csv"

// Upload is the request that uploads a file, with the file as its body.
type Upload struct {
	Method    string            `json:"method" enum:"PUT" doc:"The method to use."`
	URL       string            `json:"url" format:"uri" doc:"Where to send the file; whoever has this address can send it."`
	Headers   map[string]string `json:"headers" doc:"Headers to send along, exactly as they are."`
	ExpiresAt time.Time         `json:"expiresAt" doc:"Until when the address works." example:"2026-11-21T09:45:00Z"`
}

// UploadOf converts a presigned upload.
func UploadOf(u objects.Upload) Upload {
	return Upload{Method: http.MethodPut, URL: u.URL, Headers: u.Headers, ExpiresAt: u.Expires.UTC()}
}

// Finding is one error or warning about a file.
type Finding struct {
	Severity   sheet.Severity `json:"severity" doc:"A row with an error is rejected; a warning is only said."`
	Line       int            `json:"line" minimum:"0" doc:"The line of the file, from 1; 0 for the file as a whole." example:"4"`
	Position   int            `json:"position" minimum:"0" doc:"The column's number, from 1; 0 for the whole row." example:"2"`
	Column     sheet.Column   `json:"column,omitempty" doc:"The column; missing for the whole row." example:"license"`
	ColumnName string         `json:"columnName,omitempty" doc:"The column's name in the reader's language." example:"License number"`
	Value      string         `json:"value,omitempty" doc:"The value as written, shortened if it is long." example:"01_07001"`
	Code       string         `json:"code" doc:"Which rule it is about; it never changes." example:"number_characters"`
	Message    string         `json:"message" doc:"What is wrong and what to do, in the reader's language."`
}

// FindingOf returns a finding in the language.
func FindingOf(lang i18n.Lang, f sheet.Finding) Finding {
	return Finding{
		Severity: f.Severity, Line: f.Line, Position: f.Position, Column: f.Column, ColumnName: i18n.Column(lang, string(f.Column)),
		Value: f.Value, Code: f.Code, Message: i18n.Text(lang, f.Code, f.Args),
	}
}

// Reason is a code and its text.
type Reason struct {
	Code    string `json:"code" doc:"Which reason it is; it never changes." example:"file_xlsx"`
	Message string `json:"message" doc:"What happened and what to do, in the reader's language."`
}
