package licenses

import (
	"net/http"
	"strings"
	"time"

	"trueup/internal/httpapi"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// GraphError is the response to every error of the façade.
type GraphError struct {
	Failure GraphFailure `json:"error" doc:"The error."`

	status int
}

// GraphFailure is an error in the format of Microsoft Graph.
type GraphFailure struct {
	Code    string             `json:"code" doc:"The class of the error, as Microsoft Graph names it." example:"Request_BadRequest"`
	Message string             `json:"message" doc:"The error and what to do, in the reader's language."`
	Details []GraphErrorDetail `json:"details,omitempty" doc:"All that is wrong with the request; of more than 500, the first 500."`
	Inner   GraphInnerError    `json:"innerError" doc:"What helps to find the cause."`
}

// GraphErrorDetail is one thing that is wrong.
type GraphErrorDetail struct {
	Code    string `json:"code" doc:"For a licence, the class of the violation: CountViolation, MutuallyExclusiveViolation, DependencyViolation, ProhibitedInUsageLocationViolation, Other. For others, the rule that a value violates." example:"CountViolation"`
	Message string `json:"message" doc:"What is wrong and what to do, in the reader's language."`
	Target  string `json:"target,omitempty" doc:"What it is about: the skuId of the licence, the place of the value in the body as a JSON pointer, or the parameter." example:"05e9a617-0261-4cee-bb44-138d3ef5d965"`
}

// GraphInnerError identifies an error.
type GraphInnerError struct {
	Code            string `json:"code" doc:"Identifies the problem and never changes, as code does in the problem documents of other routes." example:"license_refused"`
	Date            string `json:"date" doc:"When it happened, in UTC." example:"2026-11-21T09:30:00"`
	RequestID       string `json:"request-id" doc:"The id of the request in the logs." example:"JKJaXmPLvHcESHA="`
	ClientRequestID string `json:"client-request-id" doc:"The id that the caller gave with the header client-request-id, or else the id of the request." example:"JKJaXmPLvHcESHA="`
}

// Error implements error, which huma requires of error responses.
func (e *GraphError) Error() string { return e.Failure.Inner.Code }

// GetStatus returns the HTTP status.
func (e *GraphError) GetStatus() int { return e.status }

// ContentType returns the media type of all responses of Graph.
func (e *GraphError) ContentType(string) string { return "application/json" }

// graphCodes has the code of Graph for each status.
var graphCodes = map[int]string{
	http.StatusBadRequest:            "Request_BadRequest",
	http.StatusUnauthorized:          "InvalidAuthenticationToken",
	http.StatusForbidden:             "Authorization_RequestDenied",
	http.StatusNotFound:              "Request_ResourceNotFound",
	http.StatusMethodNotAllowed:      "Request_BadRequest",
	http.StatusConflict:              "Request_Conflict",
	http.StatusRequestEntityTooLarge: "RequestEntityTooLarge",
	http.StatusUnsupportedMediaType:  "UnsupportedMediaType",
	http.StatusInternalServerError:   "InternalServerError",
	http.StatusServiceUnavailable:    "ServiceUnavailable",
}

// graphDetailCodes has the code of Graph for errors of a request that have one of their own.
var graphDetailCodes = map[string]string{
	"parameter_unknown":      "Request_UnsupportedQuery",
	"graph_filter_property":  "Request_UnsupportedQuery",
	"graph_token_invalid":    "Directory_ExpiredPageToken",
	"taken":                  "Request_MultipleObjectsWithSameKeyValue",
	"user_object_id_shared":  "Request_MultipleObjectsWithSameKeyValue",
	"idempotency_key_reused": "Request_MultipleObjectsWithSameKeyValue",
}

// graphError returns a problem in the format of Graph.
func (o *operations) graphError(p *httpapi.Problem, clientID string) httpapi.ForeignError {
	at := time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC) // of the examples in the document
	if o.Clock != nil {
		at = o.Now()
	}
	if clientID == "" {
		clientID = p.RequestID
	}
	status := p.Status
	if status == http.StatusUnprocessableEntity {
		status = http.StatusBadRequest
	}
	if other, has := graphStatuses[p.Code]; has {
		status = other
	}
	e := &GraphError{status: status, Failure: GraphFailure{
		Code: graphCodes[status], Message: p.Detail,
		Inner: GraphInnerError{Code: p.Code, Date: at.UTC().Format("2006-01-02T15:04:05"), RequestID: p.RequestID, ClientRequestID: clientID},
	}}
	if e.Failure.Code == "" {
		e.Failure.Code = strings.ReplaceAll(http.StatusText(status), " ", "")
	}
	codes := []string{p.Code}
	for _, v := range p.Errors {
		d := GraphErrorDetail{Code: v.Code, Message: v.Message, Target: v.Parameter + v.Pointer}
		if word, is := subscription.ErrorOf[v.Code]; is {
			d.Code, d.Target = string(word), v.Value
		}
		e.Failure.Details = append(e.Failure.Details, d)
		codes = append(codes, v.Code)
	}
	for _, code := range codes {
		if better, has := graphDetailCodes[code]; has {
			e.Failure.Code = better
			break
		}
	}
	if len(e.Failure.Details) > 0 {
		e.Failure.Message = summary(e.Failure.Details)
	}
	return e
}

// summary returns the messages of the details in one text: many clients show nothing else.
func summary(details []GraphErrorDetail) string {
	const most = 5
	var parts []string
	for _, d := range details[:min(len(details), most)] {
		part := d.Message
		if d.Target != "" {
			part = text.Shorten(d.Target, 100) + ": " + part
		}
		parts = append(parts, part)
	}
	if len(details) > most {
		parts = append(parts, "…")
	}
	return strings.Join(parts, " ")
}
