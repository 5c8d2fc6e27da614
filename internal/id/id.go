// Package id makes ids that sort by time. An id is 26 characters: 10 for the time in
// milliseconds and 16 of a hash. The characters are digits and lower-case letters
// without i, l, o and u, in the order of ASCII.
package id

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// Length is the length of an id, in characters.
const Length = 26

// timeLength is the length of the time in an id, in characters.
const timeLength = 10

var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New returns an id for a thing with a time, such as an announced import or an audit event. The
// same time and seed give the same id.
func New(at time.Time, seed string) string { return Of(at, "", seed) }

// Of returns the id of a thing that several texts identify. New and Of give different ids.
func Of(at time.Time, parts ...string) string {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(at.UnixMilli(), 0))<<14) // 50 bits of time fill 10 characters
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return encoding.EncodeToString(ms[:])[:timeLength] + Encode(sum[:10])
}

// First returns a lower bound: ids of that time or later are not below it, earlier ids are. It
// compares times in whole milliseconds.
func First(at time.Time) string { return Of(at.Add(time.Millisecond - 1))[:timeLength] }

// Encode returns b in the alphabet of ids.
func Encode(b []byte) string { return encoding.EncodeToString(b) }
