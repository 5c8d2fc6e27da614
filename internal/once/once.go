// Package once makes a POST with an Idempotency-Key do its work once. A repetition gets the
// response of the first call, byte for byte (SPEC 13).
package once

import (
	"context"
	"errors"
	"reflect"
	"time"

	"trueup/internal/audit"
)

// Entry is the record of a call. It is stored in the transaction that does the work. The zero
// Entry stores nothing.
type Entry struct {
	Key      string // caller's subject and Idempotency-Key; empty for none
	BodyHash string
	Response []byte // response of the first call
	Expires  time.Time
}

// Store keeps responses. A key that was used with another body is errs.Invalid
// idempotency_key_reused.
type Store interface {
	// First returns the response of the first call with the entry's key; nil if there was none or
	// it has expired.
	First(ctx context.Context, e Entry, now time.Time) ([]byte, error)
	// Remember stores the response of a call whose work is repeatable and not a single
	// transaction. If another call stored its response first, it returns that response.
	Remember(ctx context.Context, e Entry, now time.Time) (first []byte, err error)
}

// Change is what a store writes together with a change, in the same transaction.
type Change struct {
	Event audit.Event // the store fills in its Subject, Before and After
	Entry Entry
	// Of is the result that the response in Entry shows, as Edit.Preview returned it.
	// It is nil if the response does not depend on what is stored.
	Of any
}

// ErrOutdated means that a change would have a result other than its response shows,
// because the data that it depends on have changed since. Nothing was written.
var ErrOutdated = errors.New("once: the result of the change differs from its response")

// Check returns ErrOutdated if the response shows another result.
func (c Change) Check(result any) error {
	if c.Of != nil && !reflect.DeepEqual(c.Of, result) {
		return ErrOutdated
	}
	return nil
}

// Edit is a change that a store can make, with a result of type T.
type Edit[T any] struct {
	// Preview returns the result that the change would have now, from which a response can
	// be built. It writes nothing.
	Preview func(ctx context.Context) (T, error)
	// Apply makes the change and returns its result. If the entry's key was used before, it
	// writes nothing, and first is the first response. It may return ErrOutdated.
	Apply func(ctx context.Context, c Change) (result T, first []byte, err error)
}
