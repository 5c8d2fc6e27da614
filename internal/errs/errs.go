// Package errs gives every expected failure a kind, a stable code and, for bad
// input, the full list of violations.
//
// Inside the house an error is either a *Error from this package, which a
// caller may show to a person after translating its code, or anything else,
// which is a fault: worth a retry, logged, and never shown.
package errs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Kind says what sort of failure an error is. One table in package httpapi
// maps kinds to HTTP statuses.
type Kind uint8

// The kinds. Fault is the zero value: an error nobody classified.
const (
	Fault           Kind = iota
	Invalid              // the input breaks a rule; correct it and send it again
	Unauthenticated      // no valid token
	Denied               // a valid token whose roles do not allow this
	NotFound             // there is no such thing
	Conflict             // the input is fine but clashes with what is stored
	Stale                // the caller's version is not the current one
	TooLarge             // the input is over a size limit
	Unavailable          // not now; the same call may succeed later
)

// Args are the values a message quotes, by placeholder name.
type Args map[string]string

// Violation says which rule one value broke.
type Violation struct {
	// Code is the rule's stable code, for example "name_characters".
	Code string `json:"code"`
	// Field is the path of the value inside its draft, for example "name" or
	// "pairs/0/license".
	Field string `json:"field"`
	// Value is the offending value, shortened if it is long; empty when there is none.
	Value string `json:"value,omitempty"`
	// Args are what the message quotes, for example {"max": "16"}.
	Args Args `json:"args,omitempty"`
}

// Error is an expected failure. Code is stable and is translated at the edge.
type Error struct {
	Kind       Kind
	Code       string
	Args       Args
	Violations []Violation
	cause      error
}

// New returns an error of the kind with the code. The args alternate
// placeholder names and values; it panics when one is missing its value.
func New(kind Kind, code string, args ...string) *Error {
	return &Error{Kind: kind, Code: code, Args: Pairs(args...)}
}

// Wrap is New with a cause, which is logged and never shown.
func Wrap(cause error, kind Kind, code string, args ...string) *Error {
	e := New(kind, code, args...)
	e.cause = cause
	return e
}

// Violated returns an Invalid error that carries every violation, or nil when there are none.
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

// Error implements error for logs; people read the translated message instead.
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

// As returns the *Error inside err, or nil when err is a fault or nil.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// KindOf returns the kind of err; Fault when it is not an *Error.
func KindOf(err error) Kind {
	if e := As(err); e != nil {
		return e.Kind
	}
	return Fault
}

// CodeOf returns the code of err; empty when it is not an *Error.
func CodeOf(err error) string {
	if e := As(err); e != nil {
		return e.Code
	}
	return ""
}
