package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/text"
)

// Problem is the response to every error: a problem document of RFC 9457 with a stable code.
type Problem struct {
	Type      string       `json:"type" format:"uri" doc:"Always about:blank; code identifies the problem." example:"about:blank"`
	Title     string       `json:"title" doc:"The HTTP status in words." example:"Unprocessable Entity"`
	Status    int          `json:"status" doc:"The HTTP status." example:"422"`
	Detail    string       `json:"detail" doc:"The problem and what to do, in the reader's language." example:"The request is not valid. Correct what is listed under errors and send it again."`
	Code      string       `json:"code" doc:"Identifies the problem and never changes, so programs should use it." example:"invalid_input"`
	RequestID string       `json:"requestId" doc:"The id of the request in the logs." example:"JKJaXmPLvHcESHA="`
	Errors    []FieldError `json:"errors,omitempty" doc:"All errors of invalid input; of more than 500, the first 500."`
}

// FieldError is an error in one value of the request.
type FieldError struct {
	Pointer   string `json:"pointer,omitempty" doc:"The place of the value in the body, as a JSON pointer (RFC 6901)." example:"/fileName"`
	Parameter string `json:"parameter,omitempty" doc:"The path, query or header parameter, if the value is not in the body." example:"limit"`
	Code      string `json:"code" doc:"The rule that the value violates. Codes never change." example:"file_name_extension"`
	Message   string `json:"message" doc:"The error and what to do, in the reader's language."`
	Value     string `json:"value,omitempty" doc:"The value, shortened if it is long." example:"agreements.xlsx"`
}

// Error implements error, which huma requires of error responses.
func (p *Problem) Error() string { return p.Code }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type of RFC 9457.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// statuses maps the kind of an error to its HTTP status.
var statuses = map[errs.Kind]int{
	errs.Fault:           http.StatusInternalServerError,
	errs.Invalid:         http.StatusUnprocessableEntity,
	errs.Unauthenticated: http.StatusUnauthorized,
	errs.Denied:          http.StatusForbidden,
	errs.NotFound:        http.StatusNotFound,
	errs.Conflict:        http.StatusConflict,
	errs.Stale:           http.StatusPreconditionFailed,
	errs.Unconditional:   http.StatusPreconditionRequired,
	errs.TooLarge:        http.StatusRequestEntityTooLarge,
	errs.Unavailable:     http.StatusServiceUnavailable,
}

// StatusOf returns the HTTP status of a kind of error.
func StatusOf(kind errs.Kind) int { return statuses[kind] }

// retryAfter is the Retry-After header: seconds to wait before a retry.
const retryAfter = "2"

const (
	// ParameterField is the prefix of the Field of a violation in a parameter, as opposed to the
	// body.
	ParameterField = "?"
	// WholeBody is the Field of a violation of the body as a whole. An empty Field is the member
	// with an empty name, which JSON allows.
	WholeBody = "#"
)

// parameterOf maps the code of an error without violations to the parameter that causes it.
var parameterOf = map[string]string{
	"cursor_invalid":         "cursor",
	"cursor_outdated":        "cursor",
	"idempotency_key_reused": "Idempotency-Key",
}

func problem(lang i18n.Lang, requestID string, status int, code string, args errs.Args) *Problem {
	return &Problem{
		Type:      "about:blank",
		Title:     http.StatusText(status),
		Status:    status,
		Detail:    i18n.Text(lang, code, args),
		Code:      code,
		RequestID: requestID,
	}
}

// fault returns the problem of an unexpected error, without any detail of the error.
func fault(lang i18n.Lang, requestID string) *Problem {
	return problem(lang, requestID, http.StatusInternalServerError, "internal_error", nil)
}

// maxErrors is the maximum number of errors in a response. Bodies with long lists can have more.
const maxErrors = 500

// expected returns the problem of an expected error.
func expected(lang i18n.Lang, requestID string, e *errs.Error) *Problem {
	p := problem(lang, requestID, statuses[e.Kind], e.Code, e.Args)
	listed := e.Violations[:min(len(e.Violations), maxErrors)]
	p.Errors = slices.Grow(p.Errors, len(listed))
	for _, v := range listed {
		p.Errors = append(p.Errors, fieldError(lang, v))
	}
	if name, ok := parameterOf[e.Code]; ok {
		p.Errors = append(p.Errors, FieldError{Parameter: name, Code: e.Code, Message: p.Detail})
	}
	return p
}

// spelledOut maps the patterns of parameters to messages, because few readers know regular expressions.
var spelledOut = map[string]string{
	`^(\*|(W/)?"[^"]*"(\s*,\s*(W/)?"[^"]*")*)$`: "pattern_etag",
	`^[A-Za-z0-9._:-]+$`:                        "pattern_key",
}

func fieldError(lang i18n.Lang, v errs.Violation) FieldError {
	message := v.Code
	if spelled, ok := spelledOut[v.Args["pattern"]]; ok {
		message = spelled
	}
	e := FieldError{Code: v.Code, Message: i18n.Text(lang, message, v.Args), Value: text.Shorten(v.Value, 100)}
	if name, ok := strings.CutPrefix(v.Field, ParameterField); ok {
		e.Parameter = name
	} else if v.Field != WholeBody {
		e.Pointer = "/" + v.Field
	}
	return e
}

// newError returns the problem of an error in a request: one that an operation returned, or one
// that huma found in the input. It logs the cause of each status of 500 and above.
func newError(ctx huma.Context, status int, message string, causes ...error) huma.StatusError {
	lang := i18n.Language(ctx.Header("Accept-Language"))
	id := access.CallFrom(ctx.Context()).RequestID
	if status < http.StatusInternalServerError {
		return translated(ctx, refused(ctx, lang, id, status, message, causes))
	}
	cause := errors.Join(causes...)
	if cause == nil {
		cause = errors.New(message)
	}
	e := errs.As(cause)
	if e == nil && errors.Is(cause, context.DeadlineExceeded) {
		e = errs.Wrap(cause, errs.Unavailable, "try_again")
	}
	p := fault(lang, id)
	if e != nil && e.Kind != errs.Fault {
		p = expected(lang, id, e)
	}
	if p.Status >= http.StatusInternalServerError {
		LogFailure(ctx.Context(), p.Status, cause)
	}
	return translated(ctx, headed(ctx, p))
}

// LogFailure logs the cause of a status of 500 or above: something unavailable, or a fault. The
// line has the attributes in more, too.
func LogFailure(ctx context.Context, status int, cause error, more ...any) {
	log, ok := ctx.Value(logKey{}).(*slog.Logger)
	if !ok {
		return
	}
	line := append(append(whereabouts(ctx), "error", cause), more...)
	if status == http.StatusServiceUnavailable {
		warn := func() { log.WarnContext(ctx, "unavailable", line...) }
		if a, collected := ctx.Value(attemptKey{}).(*attempt); collected {
			a.log = warn // if the answer is sent
			return
		}
		warn()
		return
	}
	log.ErrorContext(ctx, "fault", line...)
}

// headed sets the headers that belong to a status.
func headed(ctx huma.Context, p *Problem) *Problem {
	if p.Status == http.StatusServiceUnavailable {
		ctx.SetHeader("Retry-After", retryAfter)
	}
	return p
}

// write sends the problem without huma.
func (p *Problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = huma.DefaultJSONFormat.Marshal(w, p) // a client that disconnected is not an error
}

// writeTo sends an error without huma's choice of a format.
func writeTo(ctx huma.Context, e ForeignError) {
	ctx.SetHeader("Content-Type", e.ContentType("application/json"))
	ctx.SetStatus(e.GetStatus())
	_ = huma.DefaultJSONFormat.Marshal(ctx.BodyWriter(), e)
}
