package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/intake/kind"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/sheet"
)

// uploadFor is how long the address of an upload is valid.
const uploadFor = 15 * time.Minute

// DownloadFor is how long the address of a download is valid.
const DownloadFor = 5 * time.Minute

// CSVMediaType is the media type of a CSV file.
const CSVMediaType = "text/csv"

// Separated is the input of operations that return a CSV file.
type Separated struct {
	Separator sheet.Separator `query:"separator" doc:"The separator of a CSV file. The default is the one that spreadsheet programs expect in the language of the file: a semicolon for Dutch and French, otherwise a comma. Prices have a decimal comma in a file with semicolons, and otherwise a point. Other formats have none."`
}

// SeparatorIn returns the separator of a file in a language.
func (s Separated) SeparatorIn(lang i18n.Lang) sheet.Separator {
	return cmp.Or(s.Separator, sheet.Separator(i18n.Text(lang, "csv_separator", nil)))
}

// Announcement is a file that a caller is about to upload.
type Announcement struct {
	Kind     kind.Kind
	Bucket   objects.Bucket
	Key      string
	Size     int64             // bytes; the upload has exactly this size
	Metadata map[string]string // by which the receiver finds the record of the file
	Event    audit.Event
}

// CheckSize returns the violation of a file to be announced that is larger than its kind allows.
// unit is the number of bytes in which the message of the code states the limit.
func CheckSize(k kind.Kind, size int64, code string, unit int64) []errs.Violation {
	most := k.MaxUpload()
	if size <= most {
		return nil
	}
	return []errs.Violation{{
		Code: code, Field: "size", Value: strconv.FormatInt(size, 10), Args: errs.Pairs("max", strconv.FormatInt(most/unit, 10)),
	}}
}

// Announce presigns the upload of a file, and replies with what show makes of it. store keeps
// the record of the file, if it has one, with the event and the reply.
func Announce[T any](ctx context.Context, call Call[T], a Announcement, show func(Upload) T, store func(context.Context, once.Change) (first []byte, err error)) (Reply[T], error) {
	upload, err := a.Bucket.PresignPut(ctx, a.Key, a.Kind.MediaType(a.Key), a.Size, a.Metadata, uploadFor)
	if err != nil {
		return Reply[T]{}, err
	}
	reply, err := call.Reply(show(uploadOf(upload)))
	if err != nil {
		return reply, err
	}
	return reply.OrFirst(store(ctx, reply.Change(a.Event)))
}

// Upload is the request that uploads a file, with the file as its body.
type Upload struct {
	Method    string            `json:"method" enum:"PUT" doc:"The method to use."`
	URL       string            `json:"url" format:"uri" doc:"The address of the upload. Anyone who has this address can upload the file."`
	Headers   map[string]string `json:"headers" doc:"Headers that must be sent unchanged."`
	ExpiresAt time.Time         `json:"expiresAt" doc:"When the address expires." example:"2026-11-21T09:45:00Z"`
}

func uploadOf(u objects.Upload) Upload {
	return Upload{Method: http.MethodPut, URL: u.URL, Headers: u.Headers, ExpiresAt: u.Expires.UTC()}
}

// Finding is one error, warning or hint about a file.
type Finding struct {
	Severity   sheet.Severity `json:"severity" doc:"A row with an error is rejected; a row with a warning or a hint is not."`
	Line       int            `json:"line" minimum:"0" doc:"The line of the file, from 1; 0 for the file as a whole." example:"4"`
	Position   int            `json:"position" minimum:"0" doc:"The column's number, from 1; 0 for the whole row." example:"2"`
	Column     sheet.Column   `json:"column,omitempty" doc:"The column; absent for the whole row." example:"license"`
	ColumnName string         `json:"columnName,omitempty" doc:"The column's name in the reader's language." example:"License number"`
	Value      string         `json:"value,omitempty" doc:"The value as written, shortened if it is long." example:"01_07001"`
	Code       string         `json:"code" doc:"The rule. Codes never change." example:"number_characters"`
	Message    string         `json:"message" doc:"What was found and what to do, in the reader's language."`
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
	Code    string `json:"code" doc:"The reason. Codes never change." example:"file_xlsx"`
	Message string `json:"message" doc:"What happened and what to do, in the reader's language."`
}
