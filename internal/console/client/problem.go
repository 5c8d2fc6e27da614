package client

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

// Problem is an error response of the API: a problem document of RFC 9457, or a response of API
// Gateway itself, which has only a status.
type Problem struct {
	Status    int          `json:"status"`
	Code      string       `json:"code"`   // empty from API Gateway
	Detail    string       `json:"detail"` // in the language of the call; empty from API Gateway
	RequestID string       `json:"requestId"`
	Errors    []FieldError `json:"errors"`
}

// FieldError is an error in one value of a call.
type FieldError struct {
	Pointer   string `json:"pointer"`   // JSON pointer into the body; empty for a parameter, or for the whole body
	Parameter string `json:"parameter"` // parameter of the path, query or header
	Code      string `json:"code"`
	Message   string `json:"message"` // in the language of the call
	Value     string `json:"value"`
}

// Error implements error.
func (p *Problem) Error() string { return http.StatusText(p.Status) + " " + p.Code }

// Has reports whether one of the errors in the values has the code.
func (p *Problem) Has(code string) bool {
	for _, e := range p.Errors {
		if e.Code == code {
			return true
		}
	}
	return p.Code == code
}

// problem reads an error response.
func problem(response *http.Response, body []byte) *Problem {
	var p Problem
	if json.Unmarshal(body, &p) != nil {
		p = Problem{}
	}
	p.Status = response.StatusCode
	if p.RequestID == "" {
		p.RequestID = response.Header.Get("Apigw-Requestid")
	}
	return &p
}

// Unreachable is the error of a call without a response. It is not known whether the call had an effect.
type Unreachable struct{ cause error }

// Error implements error.
func (u *Unreachable) Error() string { return "the API does not respond: " + u.cause.Error() }

// Unwrap returns the cause.
func (u *Unreachable) Unwrap() error { return u.cause }

// withoutAddress returns the cause of an error of package http. The error itself has the address, whose
// query can have names of people, or the signature of an upload.
func withoutAddress(err error) error {
	var in *url.Error
	if errors.As(err, &in) {
		return in.Err
	}
	return err
}
