// Package once makes a POST with an Idempotency-Key do its work once, and
// answer a repetition with the bytes of the first answer (SPEC 13).
package once

import (
	"context"
	"time"
)

// Entry is what is remembered of a call, in the transaction that does its work.
// The zero Entry remembers nothing.
type Entry struct {
	Key      string // caller's subject and Idempotency-Key; empty for none
	BodyHash string
	Response []byte // what the first call answered
	Expires  time.Time
}

// Store remembers answers. A key that was used with another body is
// errs.Invalid idempotency_key_reused.
type Store interface {
	// First returns what the first call with the entry's key answered, nil when
	// there was none or it has expired by now.
	First(ctx context.Context, e Entry, now time.Time) ([]byte, error)
	// Remember keeps the answer of a call that was no single transaction and may
	// be repeated. When another call was first it returns what that one answered.
	Remember(ctx context.Context, e Entry, now time.Time) (first []byte, err error)
}
