// Package once makes a POST with an Idempotency-Key do its work once. A repetition gets the
// response of the first call, byte for byte (SPEC 13).
package once

import (
	"context"
	"time"
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
