// Package errs gives every expected failure a kind, a stable code and, for bad
// input, the full list of violations.
//
// An error is either a *Error of this package, whose translated code may be shown to a user, or a
// fault: worth a retry, logged, and never shown.
package errs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kind classifies an error. One table in package httpapi maps kinds to HTTP statuses.
type Kind uint8

// The kinds. Fault is the zero value: an unclassified error.
const (
	Fault           Kind = iota
	Invalid              // the input breaks a rule; correct it and send it again
	Unauthenticated      // no valid token
	Denied               // a valid token whose roles do not allow the call
	NotFound             // the thing does not exist
	Conflict             // the input is valid but conflicts with stored data
	Stale                // the caller's version is not the current one
	Unconditional        // the caller must name the version to change
	TooLarge             // the input exceeds a size limit
	Unavailable          // temporarily unavailable; the same call may succeed later
)

// Args are the values in a message, by placeholder name.
type Args map[string]string

// Violation says which rule a value breaks.
type Violation struct {
	// Code is the rule's stable code, for example "name_characters".
	Code string `json:"code"`
	// Field is the path of the value in its draft, for example "name" or "pairs/0/license".
	Field string `json:"field"`
	// Value is the offending value, shortened if it is long; empty if there is none.
	Value string `json:"value,omitempty"`
	// Args are the values in the message, for example {"max": "16"}.
	Args Args `json:"args,omitempty"`
}

// Error is an expected failure. Code is stable; package httpapi translates it for users.
type Error struct {
	Kind       Kind
	Code       string
	Args       Args
	Violations []Violation
	cause      error
}

// New returns an error of the kind with the code. args alternates placeholder names and values.
// It panics if the last value is missing.
func New(kind Kind, code string, args ...string) *Error {
	return &Error{Kind: kind, Code: code, Args: Pairs(args...)}
}

// Wrap is New with a cause, which is logged and never shown.
func Wrap(cause error, kind Kind, code string, args ...string) *Error {
	e := New(kind, code, args...)
	e.cause = cause
	return e
}

// Violated returns an Invalid error with all violations, or nil if there are none.
func Violated(violations []Violation) error {
	if len(violations) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid_input", Violations: violations}
}

// Pairs turns alternating names and values into Args, nil for none.
func Pairs(namesAndValues ...string) Args {
	if len(namesAndValues) == 0 {
		return nil
	}
	if len(namesAndValues)%2 != 0 {
		panic("errs: a name without a value: " + namesAndValues[len(namesAndValues)-1])
	}
	args := make(Args, len(namesAndValues)/2)
	for i := 0; i < len(namesAndValues); i += 2 {
		args[namesAndValues[i]] = namesAndValues[i+1]
	}
	return args
}

// Error implements error, for logs. Users read the translated message instead.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	for _, name := range slices.Sorted(maps.Keys(e.Args)) {
		fmt.Fprintf(&b, " %s=%q", name, e.Args[name])
	}
	for _, v := range e.Violations {
		fmt.Fprintf(&b, "; %s: %s", v.Field, v.Code)
	}
	if e.cause != nil {
		fmt.Fprintf(&b, ": %v", e.cause)
	}
	return b.String()
}

// Unwrap returns the cause, if any.
func (e *Error) Unwrap() error { return e.cause }

// As returns the *Error inside err, or nil if err is a fault or nil.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// KindOf returns the kind of err; Fault if it is not an *Error.
func KindOf(err error) Kind {
	if e := As(err); e != nil {
		return e.Kind
	}
	return Fault
}

// CodeOf returns the code of err; empty if it is not an *Error.
func CodeOf(err error) string {
	if e := As(err); e != nil {
		return e.Code
	}
	return ""
}
