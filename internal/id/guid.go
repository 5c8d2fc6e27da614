package id

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// alphabet is the characters of ids, in order.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// guidBytes is the number of bytes of a GUID.
const guidBytes = 16

// IsGUID reports whether a text is a GUID with hyphens and without braces, in any case.
func IsGUID(s string) bool {
	_, ok := guidOf(s)
	return ok
}

// GUID returns an id in the form of a GUID, in lower case, for formats whose ids are GUIDs. FromGUID returns the
// id again. ok is false for a text that is no id of this package, and for one of a time after the year 10888.
func GUID(id string) (guid string, ok bool) {
	if len(id) != Length {
		return "", false
	}
	var b [guidBytes]byte
	// An id has 130 bits, of which the first two are 0.
	held, bits := uint(0), -2
	at := 0
	for i := range len(id) {
		value := strings.IndexByte(alphabet, id[i])
		if value < 0 {
			return "", false
		}
		held = held<<5 | uint(value)
		bits += 5
		if i == 0 && held>>3 != 0 {
			return "", false
		}
		if bits >= 8 {
			bits -= 8
			b[at] = byte(held >> bits)
			at++
			held &= 1<<bits - 1
		}
	}
	return formatGUID(b), true
}

// FromGUID returns the id that GUID has the given form of. ok is false for a text that is no GUID. Every GUID is
// the form of one id, which need not be that of anything.
func FromGUID(guid string) (id string, ok bool) {
	b, ok := guidOf(guid)
	if !ok {
		return "", false
	}
	var text strings.Builder
	held, bits := uint(0), 2
	for _, next := range b {
		held = held<<8 | uint(next)
		for bits += 8; bits >= 5; {
			bits -= 5
			text.WriteByte(alphabet[held>>bits])
			held &= 1<<bits - 1
		}
	}
	return text.String(), true
}

// NamedGUID returns a GUID for a text that is none, in lower case: always the same one for the same text.
func NamedGUID(name string) string {
	sum := sha256.Sum256([]byte(name))
	b := [guidBytes]byte(sum[:guidBytes])
	b[6] = b[6]&0x0f | 0x80 // version 8 of RFC 9562: a method of our own
	b[8] = b[8]&0x3f | 0x80
	return formatGUID(b)
}

// hyphens are the places of the hyphens in a GUID.
var hyphens = [...]int{8, 13, 18, 23}

func formatGUID(b [guidBytes]byte) string {
	digits := hex.EncodeToString(b[:])
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}

func guidOf(s string) (b [guidBytes]byte, ok bool) {
	if len(s) != 2*guidBytes+len(hyphens) {
		return b, false
	}
	for _, at := range hyphens {
		if s[at] != '-' {
			return b, false
		}
	}
	n, err := hex.Decode(b[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:]))
	return b, err == nil && n == guidBytes
}
