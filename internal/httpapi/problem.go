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

// Problem is what every error answers: a problem document of RFC 9457 with a
// stable code.
type Problem struct {
	Type      string       `json:"type" format:"uri" doc:"Always about:blank: code says which problem it is." example:"about:blank"`
	Title     string       `json:"title" doc:"The status in words." example:"Unprocessable Entity"`
	Status    int          `json:"status" doc:"The HTTP status." example:"422"`
	Detail    string       `json:"detail" doc:"What is wrong and what to do, in the reader's language." example:"The request is not valid. Correct what is listed under errors and send it again."`
	Code      string       `json:"code" doc:"Which problem it is. It never changes; programs should look at this." example:"invalid_input"`
	RequestID string       `json:"requestId" doc:"Names this request in the logs." example:"JKJaXmPLvHcESHA="`
	Errors    []FieldError `json:"errors,omitempty" doc:"For bad input, everything that is wrong with it."`
}

// FieldError says what is wrong with one value of the request.
type FieldError struct {
	Pointer   string `json:"pointer,omitempty" doc:"Where in the body the value is, as a JSON pointer (RFC 6901)." example:"/fileName"`
	Parameter string `json:"parameter,omitempty" doc:"Which path, query or header parameter it is, when it is not in the body." example:"limit"`
	Code      string `json:"code" doc:"Which rule the value breaks. It never changes." example:"file_name_extension"`
	Message   string `json:"message" doc:"What is wrong and what to do, in the reader's language."`
	Value     string `json:"value,omitempty" doc:"The value, shortened if it is long." example:"agreements.xlsx"`
}

// Error implements error, as huma wants of what it answers.
func (p *Problem) Error() string { return p.Code }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType names the media type of RFC 9457.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// statuses is the table from the kind of an error to its HTTP status.
var statuses = map[errs.Kind]int{
	errs.Fault:           http.StatusInternalServerError,
	errs.Invalid:         http.StatusUnprocessableEntity,
	errs.Unauthenticated: http.StatusUnauthorized,
	errs.Denied:          http.StatusForbidden,
	errs.NotFound:        http.StatusNotFound,
	errs.Conflict:        http.StatusConflict,
	errs.Stale:           http.StatusPreconditionFailed,
	errs.TooLarge:        http.StatusRequestEntityTooLarge,
	errs.Unavailable:     http.StatusServiceUnavailable,
}

// StatusOf returns the HTTP status of a kind of error.
func StatusOf(kind errs.Kind) int { return statuses[kind] }

// retryAfter is how many seconds a caller is asked to wait before trying again.
const retryAfter = "2"

const (
	// ParameterField begins the Field of a violation that is about a parameter
	// and not about the body.
	ParameterField = "?"
	// WholeBody is the Field of a violation that is about all of the body. An
	// empty Field is the member of that name: JSON allows it.
	WholeBody = "#"
)

// parameterOf names the parameter an error without violations is about.
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

// fault is the problem of an error nobody expected; it says nothing of it.
func fault(lang i18n.Lang, requestID string) *Problem {
	return problem(lang, requestID, http.StatusInternalServerError, "internal_error", nil)
}

// expected is the problem of an expected failure.
func expected(lang i18n.Lang, requestID string, e *errs.Error) *Problem {
	p := problem(lang, requestID, statuses[e.Kind], e.Code, e.Args)
	p.Errors = slices.Grow(p.Errors, len(e.Violations))
	for _, v := range e.Violations {
		p.Errors = append(p.Errors, fieldError(lang, v))
	}
	if name, ok := parameterOf[e.Code]; ok {
		p.Errors = append(p.Errors, FieldError{Parameter: name, Code: e.Code, Message: p.Detail})
	}
	return p
}

func fieldError(lang i18n.Lang, v errs.Violation) FieldError {
	e := FieldError{Code: v.Code, Message: i18n.Text(lang, v.Code, v.Args), Value: text.Shorten(v.Value, 100)}
	if name, ok := strings.CutPrefix(v.Field, ParameterField); ok {
		e.Parameter = name
	} else if v.Field != WholeBody {
		e.Pointer = "/" + v.Field
	}
	return e
}

// newError makes the problem of whatever went wrong in a request: an error an
// operation returned, or what huma found wrong with the input. It logs the cause of
// each status of 500 and above.
func newError(ctx huma.Context, status int, message string, causes ...error) huma.StatusError {
	lang := i18n.Language(ctx.Header("Accept-Language"))
	id := access.CallFrom(ctx.Context()).RequestID
	if status < http.StatusInternalServerError {
		return refused(ctx, lang, id, status, message, causes)
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
	return headed(ctx, p)
}

// LogFailure logs why an answer has a status of 500 or above: something that is not
// available for the moment, or a fault. What else the line says is in more.
func LogFailure(ctx context.Context, status int, cause error, more ...any) {
	log, ok := ctx.Value(logKey{}).(*slog.Logger)
	if !ok {
		return
	}
	line := append(append(whereabouts(ctx), "error", cause), more...)
	if status == http.StatusServiceUnavailable {
		log.WarnContext(ctx, "unavailable", line...)
		return
	}
	log.ErrorContext(ctx, "fault", line...)
}

// headed sets the headers a status comes with.
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
	_ = huma.DefaultJSONFormat.Marshal(w, p) // a reader that went away is not our fault
}

func (p *Problem) writeTo(ctx huma.Context) {
	ctx.SetHeader("Content-Type", problemType)
	ctx.SetStatus(p.Status)
	_ = huma.DefaultJSONFormat.Marshal(ctx.BodyWriter(), p)
}
