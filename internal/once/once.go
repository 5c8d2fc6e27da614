// Package once makes a POST with an Idempotency-Key do its work once, and
// answer a repetition with the bytes of the first answer (SPEC 13).
package once

import "time"

// Entry is what is remembered of a call, in the transaction that does its work.
// The zero Entry remembers nothing.
type Entry struct {
	Key      string // caller's subject and Idempotency-Key; empty for none
	BodyHash string
	Response []byte // what the first call answered
	Expires  time.Time
}
